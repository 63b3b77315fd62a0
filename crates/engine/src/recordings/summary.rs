//! What a player needs to know before the first event, kept in the recording.

use serde::{Deserialize, Serialize};

/// The one item of a recording's summary block.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub slices: Vec<Slice>,
    /// Only where the facts are so many that making it again takes time: in a short
    /// recording it would be a good part of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<analysis::Summary>,
}

/// A stretch of events that a player loads at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slice {
    pub from_us: i64,
    pub to_us: i64,
    pub event_count: u64,
    /// As JSON.
    pub size_bytes: u64,
}

/// A slice ends after this much; a player that seeks into it loads no more.
const SLICE_MICROS: i64 = 60_000_000;
const SLICE_BYTES: u64 = 2 << 20;

/// Cuts events, given in time order, into slices.
#[derive(Debug, Default)]
pub(crate) struct Slicer {
    slices: Vec<Slice>,
    is_cut: bool,
}

impl Slicer {
    /// Continues behind the slices that begin before `from_us`, a place where the
    /// slices were cut.
    pub fn resume(mut slices: Vec<Slice>, from_us: i64) -> Self {
        slices.retain(|slice| slice.from_us < from_us);
        Self {
            slices,
            is_cut: true,
        }
    }

    /// The next event begins a slice.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    pub fn event(&mut self, at_us: i64, size_bytes: u64) {
        let is_cut = std::mem::take(&mut self.is_cut);
        let fits = |slice: &&mut Slice| {
            !is_cut && at_us - slice.from_us < SLICE_MICROS && slice.size_bytes < SLICE_BYTES
        };
        match self.slices.last_mut().filter(fits) {
            Some(slice) => {
                slice.to_us = slice.to_us.max(at_us);
                slice.event_count += 1;
                slice.size_bytes += size_bytes;
            }
            None => self.slices.push(Slice {
                from_us: at_us,
                to_us: at_us,
                event_count: 1,
                size_bytes,
            }),
        }
    }

    pub fn finish(self) -> Vec<Slice> {
        self.slices
    }
}
