//! Where the recording cannot be trusted, and why.

use crate::chunks::{Chunks, Hole};
use crate::fact::{Body, Gap, GapReason, Integrity, to_ms};
use rrweb::mirror::{Integrity as Counts, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Single changes of nodes that are gone are normal; so many of them within so long
/// mean that a part of the stream is missing.
const LOST_CHANGES: u64 = 10;
const LOST_WITHIN_US: i64 = 5_000_000;
/// A recorder takes its first snapshot well within this time.
const SNAPSHOT_WITHIN_US: i64 = 3_000_000;
/// No recorder is silent for so long: the clock was set, or slept.
const JUMP_US: i64 = 24 * 3_600 * 1_000_000;
/// Events come in order, so time runs backwards only when the stream is odd.
const BACK_US: i64 = 1_000_000;
/// Reasons are a fixed set; this is for the reader of the code.
const MAX_REASONS: usize = 64;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Gaps {
    open: BTreeMap<GapReason, i64>,
    /// First time and number of each problem.
    counts: BTreeMap<String, (i64, u64)>,
    first_us: Option<i64>,
    last_us: Option<i64>,
    /// The running burst of lost changes: start, number.
    lost: Option<(i64, u64)>,
    #[serde(default)]
    pub chunks: Chunks,
}

impl Gaps {
    pub fn event(&mut self, at_us: i64, out: &mut impl FnMut(i64, bool, Body)) {
        self.first_us.get_or_insert(at_us);
        if let Some(last_us) = self.last_us {
            let jumped = at_us.saturating_sub(last_us);
            if !(-BACK_US..=JUMP_US).contains(&jumped) {
                self.add("clock_jump", at_us, 1);
                out(
                    last_us.min(at_us),
                    false,
                    gap(GapReason::ClockJump, last_us.max(at_us)),
                );
            }
        }
        self.last_us = Some(self.last_us.map_or(at_us, |last| last.max(at_us)));
    }

    /// What an event added to the mirror's counts.
    pub fn problems(&mut self, before: &Counts, after: &Counts, at_us: i64) {
        let mut lost = 0;
        for (problem, count) in after.iter() {
            let more = count.saturating_sub(before.count(problem));
            if more == 0 {
                continue;
            }
            self.add(problem.name(), at_us, more);
            match problem {
                Problem::NoFullSnapshot => self.start(GapReason::NoFullSnapshot, at_us),
                Problem::MissingNode | Problem::MissingParent | Problem::OrphanAddDropped => {
                    lost += more
                }
                _ => {}
            }
        }
        if lost == 0 {
            return;
        }
        let (start_us, number) = match self.lost {
            Some((start_us, number)) if at_us.saturating_sub(start_us) <= LOST_WITHIN_US => {
                (start_us, number + lost)
            }
            _ => (at_us, lost),
        };
        self.lost = Some((start_us, number));
        if number >= LOST_CHANGES {
            self.start(GapReason::LostData, start_us);
        }
    }

    /// An event of a page that was never sent. Recorders begin with a few of those.
    pub fn without_page(&mut self, at_us: i64) {
        let first_us = self.first_us.unwrap_or(at_us);
        if at_us.saturating_sub(first_us) > SNAPSHOT_WITHIN_US {
            self.start(GapReason::NoFullSnapshot, first_us);
        }
    }

    /// A full snapshot came that the mirror could read, or not.
    pub fn snapshot(
        &mut self,
        at_us: i64,
        is_readable: bool,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        if is_readable {
            self.lost = None;
            for reason in [
                GapReason::NoFullSnapshot,
                GapReason::LostData,
                GapReason::UnsupportedContent,
                GapReason::NotRecorded,
            ] {
                self.end(reason, at_us, out);
            }
        } else {
            self.start(GapReason::UnsupportedContent, at_us);
        }
    }

    pub fn start(&mut self, reason: GapReason, at_us: i64) {
        self.open.entry(reason).or_insert(at_us);
    }

    pub fn end(&mut self, reason: GapReason, at_us: i64, out: &mut impl FnMut(i64, bool, Body)) {
        if let Some(from_us) = self.open.remove(&reason) {
            out(from_us, false, gap(reason, at_us));
        }
    }

    fn add(&mut self, reason: &str, at_us: i64, more: u64) {
        if let Some((_, count)) = self.counts.get_mut(reason) {
            *count = count.saturating_add(more);
        } else if self.counts.len() < MAX_REASONS {
            self.counts.insert(reason.to_owned(), (at_us, more));
        }
    }

    pub fn write_open(
        &self,
        end_us: i64,
        texts_dropped: u64,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        for (reason, from_us) in &self.open {
            out(*from_us, true, gap(*reason, end_us.max(*from_us)));
        }
        let holes = self.chunks.holes();
        for hole in holes {
            out(hole.from_us, true, gap(GapReason::LostData, hole.until_us));
        }
        if let Some(first) = holes.first() {
            let count = holes.iter().map(Hole::count).fold(0, u64::saturating_add);
            out(first.from_us, true, integrity("missing_upload", count));
        }
        for (reason, (at_us, count)) in &self.counts {
            out(*at_us, true, integrity(reason, *count));
        }
        let (Some(first_us), Some(last_us)) = (self.first_us, self.last_us) else {
            return;
        };
        if texts_dropped > 0 {
            out(first_us, true, integrity("texts_left_out", texts_dropped));
        }
        let until_ms = to_ms(last_us);
        out(first_us, true, Body::Span { until_ms });
    }
}

fn integrity(reason: &str, count: u64) -> Body {
    Body::Integrity(Box::new(Integrity {
        reason: reason.to_owned(),
        count,
    }))
}

fn gap(reason: GapReason, until_us: i64) -> Body {
    Body::Gap(Gap {
        reason,
        until_ms: to_ms(until_us),
    })
}
