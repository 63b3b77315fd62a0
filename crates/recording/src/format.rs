//! Layout of the object and reading it.

use crate::{Error, Result};
use model::Timestamp;
use model::ingest::RawEvent;
use serde::{Deserialize, Serialize};

pub const MAGIC: &[u8; 8] = b"REENACT1";
pub const TRAILER_BYTES: usize = 16;
/// A block holds one event at least, and an event may be as large as the
/// largest request; this bounds what a damaged footer can make us allocate.
const MAX_PLAIN_BYTES: u64 = 512 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Events,
    Interactions,
}

/// Where a block lies and what is in it. Times are microseconds, both inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    pub offset: u64,
    pub size_bytes: u64,
    pub plain_bytes: u64,
    pub crc32: u32,
    pub count: u64,
    pub from_us: i64,
    pub to_us: i64,
    /// Stretches of user activity, `[from, to]`; see `rrweb::EventFacts`.
    #[serde(default)]
    pub activity_us: Vec<(i64, i64)>,
    /// Addresses that the page took, `(when, href)`.
    #[serde(default)]
    pub pages: Vec<(i64, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Footer {
    pub blocks: Vec<Block>,
}

/// The index of one recording object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    pub footer: Footer,
}

impl Recording {
    /// Reads the index from the whole object or from any tail of it that holds
    /// the footer. Returns how many bytes are needed when the tail is too short.
    ///
    /// # Errors
    /// [`Error::NotARecording`] and [`Error::Footer`] for anything else.
    pub fn read(tail: &[u8]) -> Result<std::result::Result<Self, usize>> {
        let trailer_at = tail
            .len()
            .checked_sub(TRAILER_BYTES)
            .ok_or(Error::NotARecording)?;
        let trailer = &tail[trailer_at..];
        if &trailer[8..] != MAGIC {
            return Err(Error::NotARecording);
        }
        let footer_bytes = u32_at(trailer, 0) as usize;
        let expected = u32_at(trailer, 4);
        let Some(footer_at) = trailer_at.checked_sub(footer_bytes) else {
            return Ok(Err(footer_bytes + TRAILER_BYTES));
        };
        let footer = &tail[footer_at..trailer_at];
        if crc32fast::hash(footer) != expected {
            return Err(Error::Footer("checksum differs".to_owned()));
        }
        let footer =
            serde_json::from_slice(footer).map_err(|error| Error::Footer(error.to_string()))?;
        Ok(Ok(Self { footer }))
    }

    pub fn event_blocks(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.footer
            .blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| block.kind == BlockKind::Events)
    }

    pub fn interaction_blocks(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.footer
            .blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| block.kind == BlockKind::Interactions)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// Inflates and checks a block.
pub(crate) fn plain_of(at: usize, block: &Block, bytes: &[u8]) -> Result<String> {
    if block.plain_bytes > MAX_PLAIN_BYTES {
        return Err(Error::Block(
            at,
            format!("{} bytes announced", block.plain_bytes),
        ));
    }
    let plain = zstd::bulk::decompress(bytes, block.plain_bytes as usize)
        .map_err(|error| Error::Block(at, error.to_string()))?;
    if plain.len() as u64 != block.plain_bytes || crc32fast::hash(&plain) != block.crc32 {
        return Err(Error::Block(at, "checksum differs".to_owned()));
    }
    String::from_utf8(plain).map_err(|error| Error::Block(at, error.to_string()))
}

/// The events of one block, in time order.
pub fn decode_events(at: usize, block: &Block, bytes: &[u8]) -> Result<Vec<RawEvent>> {
    let plain = plain_of(at, block, bytes)?;
    let bad = || Error::Block(at, "unreadable line".to_owned());
    plain
        .lines()
        .map(|line| {
            let (micros, rest) = line.split_once(' ').ok_or_else(bad)?;
            let (kind, json) = rest.split_once(' ').ok_or_else(bad)?;
            Ok(RawEvent {
                kind: kind.parse().map_err(|_| bad())?,
                timestamp: Timestamp::from_micros(micros.parse().map_err(|_| bad())?),
                json: json.to_owned(),
            })
        })
        .collect()
}

/// The interaction batches of one block, in order of arrival.
pub fn decode_interactions(
    at: usize,
    block: &Block,
    bytes: &[u8],
) -> Result<Vec<crate::InteractionBatch>> {
    let plain = plain_of(at, block, bytes)?;
    let bad = || Error::Block(at, "unreadable line".to_owned());
    plain
        .lines()
        .map(|line| {
            let (micros, rest) = line.split_once(' ').ok_or_else(bad)?;
            let (hash, json) = rest.split_once(' ').ok_or_else(bad)?;
            Ok(crate::InteractionBatch {
                received_at: Timestamp::from_micros(micros.parse().map_err(|_| bad())?),
                body_hash: hash.parse().map_err(|_| bad())?,
                json: json.to_owned(),
            })
        })
        .collect()
}
