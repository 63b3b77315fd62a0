//! Reading a replay: its manifest, its events as recorded, and its events made
//! safe for the player. What is not sealed yet is read from the hot log, so a
//! running replay can be watched.

use crate::ingest::mark::{Mark, Pages};
use crate::live::Hot;
use crate::seal::Sealed;
use crate::{Engine, Error, Result};
use model::ingest::RawEvent;
use model::replay::Replay;
use model::{ProjectId, ReplayId};
use serde::Serialize;
use std::collections::VecDeque;
use std::ops::Range;

/// Pauses in the visitor's activity longer than this are idle.
const IDLE_MICROS: i64 = 5_000_000;
/// Meta and a plugin both name a page when it loads; a reload takes longer.
const SAME_PAGE_MICROS: i64 = 1_000_000;
/// A version may be replaced between asking for it and opening it.
const OPEN_TRIES: usize = 3;

/// What a player needs before the first event.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// Milliseconds since the epoch, of the client's clock, like all times here.
    pub first_event_ms: i64,
    pub last_event_ms: i64,
    pub chunks: Vec<Chunk>,
    pub active: Vec<Span>,
    pub pages: Vec<Page>,
    /// Grows when data arrives.
    pub revision: u64,
}

/// `to_ms` is exclusive, and the next chunk's `from_ms`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Chunk {
    pub from_ms: i64,
    pub to_ms: i64,
    pub event_count: u64,
    pub size_bytes: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    pub at_ms: i64,
    pub href: String,
}

/// One consistent view of a replay.
struct View {
    row: Replay,
    sealed: Option<Sealed>,
    hot: Hot,
}

/// Events of a replay in time order, a block at a time.
pub struct EventReader {
    sealed: Option<Sealed>,
    blocks: VecDeque<usize>,
    hot: VecDeque<RawEvent>,
    range_us: Range<i64>,
}

impl Engine {
    async fn view(&self, project: ProjectId, id: ReplayId) -> Result<View> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_view(project, id).await {
                Err(Error::Store(error))
                    if error.kind() == store::Kind::NotFound && tries < OPEN_TRIES => {}
                other => return other,
            }
        }
    }

    async fn try_view(&self, project: ProjectId, id: ReplayId) -> Result<View> {
        let row = self.replay(project, id).await?;
        let mut in_memory = None;
        if let Some(slot) = self.live.get(id) {
            in_memory = slot
                .lock()
                .await
                .as_ref()
                .map(|live| (live.row.clone(), live.frames.clone()));
        }
        let (row, frames) = match in_memory {
            Some((live_row, frames)) => (
                Replay {
                    user_id: row.user_id,
                    ..live_row
                },
                frames,
            ),
            None => (row, Vec::new()),
        };
        let mut hot = Hot::default();
        for frame in &frames {
            frame.read(self, &mut hot)?;
        }
        // Equal times keep the order of arrival.
        hot.events.sort_by_key(|event| event.timestamp);
        let sealed = match row.recording_version {
            0 => None,
            _ => Some(self.sealed(&row).await?),
        };
        Ok(View { row, sealed, hot })
    }

    /// Events with `range_ms.start <= time < range_ms.end`, exactly as recorded.
    pub async fn events(
        &self,
        project: ProjectId,
        id: ReplayId,
        range_ms: Range<i64>,
    ) -> Result<EventReader> {
        let view = self.view(project, id).await?;
        let range_us = range_ms.start.saturating_mul(1000)..range_ms.end.saturating_mul(1000);
        let blocks = view.sealed.as_ref().map(|sealed| {
            let inside = sealed
                .index
                .event_blocks()
                .filter(|(_, block)| block.from_us < range_us.end && block.to_us >= range_us.start);
            inside.map(|(at, _)| at).collect()
        });
        let hot = view
            .hot
            .events
            .into_iter()
            .filter(|event| range_us.contains(&event.timestamp.micros()))
            .collect();
        Ok(EventReader {
            sealed: view.sealed,
            blocks: blocks.unwrap_or_default(),
            hot,
            range_us,
        })
    }

    /// Heatmap interactions as the SDK sent them, one JSON array per request.
    pub async fn interactions(&self, project: ProjectId, id: ReplayId) -> Result<Vec<String>> {
        let view = self.view(project, id).await?;
        let mut batches = Vec::new();
        if let Some(sealed) = &view.sealed {
            for (at, block) in sealed.index.interaction_blocks() {
                batches.extend(sealed.interactions(at, block).await?);
            }
        }
        batches.extend(view.hot.interactions);
        batches.sort_by_key(|batch| batch.received_at);
        Ok(batches.into_iter().map(|batch| batch.json).collect())
    }

    pub async fn manifest(&self, project: ProjectId, id: ReplayId) -> Result<(Replay, Manifest)> {
        let view = self.view(project, id).await?;
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut active: Vec<(i64, i64)> = Vec::new();
        let mut pages = Vec::new();
        for (_, block) in view
            .sealed
            .iter()
            .flat_map(|sealed| sealed.index.event_blocks())
        {
            let from_ms = block.from_us.div_euclid(1000);
            active.extend(&block.activity_us);
            pages.extend(block.pages.iter().cloned());
            match chunks.last_mut() {
                // Two blocks that meet within a millisecond cannot be asked for apart.
                Some(last) if last.from_ms == from_ms => {
                    last.event_count += block.count;
                    last.size_bytes += block.plain_bytes;
                }
                _ => chunks.push(Chunk {
                    from_ms,
                    to_ms: 0,
                    event_count: block.count,
                    size_bytes: block.plain_bytes,
                }),
            }
        }
        let sealed_until_ms = view
            .sealed
            .as_ref()
            .and_then(|sealed| sealed.index.event_blocks().last())
            .map(|(_, block)| block.to_us.div_euclid(1000));
        let mut addresses = Pages::default();
        for event in &view.hot.events {
            let mark = Mark::of(event);
            let micros = event.timestamp.micros();
            if mark.active {
                active.push((micros, micros));
            }
            pages.extend(addresses.href(&mark).map(|href| (micros, href.clone())));
            add_to_chunks(&mut chunks, event, sealed_until_ms);
        }
        let last_event_ms = view.row.last_event_at.millis();
        for at in 0..chunks.len() {
            chunks[at].to_ms = chunks
                .get(at + 1)
                .map_or(last_event_ms + 1, |next| next.from_ms);
        }
        pages.sort_by_key(|(at, _)| *at);
        pages.dedup_by(|next, before| next.1 == before.1 && next.0 - before.0 < SAME_PAGE_MICROS);
        let manifest = Manifest {
            first_event_ms: view.row.first_event_at.millis(),
            last_event_ms,
            chunks,
            active: joined(active),
            pages: pages
                .into_iter()
                .map(|(at, href)| Page {
                    at_ms: at.div_euclid(1000),
                    href,
                })
                .collect(),
            revision: view.row.event_count,
        };
        Ok((view.row, manifest))
    }
}

/// Late events go into the sealed chunk they fall in; the others follow in
/// chunks of the size of blocks.
fn add_to_chunks(chunks: &mut Vec<Chunk>, event: &RawEvent, sealed_until_ms: Option<i64>) {
    let at_ms = event.timestamp.millis();
    let size_bytes = event.json.len() as u64;
    let chunk = if sealed_until_ms.is_some_and(|until| at_ms <= until) {
        let after = chunks.partition_point(|chunk| chunk.from_ms <= at_ms);
        let first_from_ms = chunks
            .first()
            .map_or(at_ms, |chunk| chunk.from_ms.min(at_ms));
        let chunk = &mut chunks[after.saturating_sub(1)];
        if after == 0 {
            chunk.from_ms = first_from_ms;
        }
        chunk
    } else {
        let full = |chunk: &Chunk| {
            chunk.from_ms < at_ms
                && (chunk.size_bytes >= recording::BLOCK_TARGET_BYTES as u64
                    || at_ms - chunk.from_ms >= recording::BLOCK_TARGET_MICROS / 1000
                    || sealed_until_ms.is_some_and(|until| chunk.from_ms <= until))
        };
        if chunks.last().is_none_or(full) {
            chunks.push(Chunk {
                from_ms: at_ms,
                to_ms: 0,
                event_count: 0,
                size_bytes: 0,
            });
        }
        let last = chunks.len() - 1;
        &mut chunks[last]
    };
    chunk.event_count += 1;
    chunk.size_bytes += size_bytes;
}

fn joined(mut spans: Vec<(i64, i64)>) -> Vec<Span> {
    spans.sort_unstable();
    let mut out: Vec<Span> = Vec::new();
    for (from, to) in spans {
        let (from_ms, to_ms) = (from.div_euclid(1000), to.div_euclid(1000));
        match out.last_mut() {
            Some(last) if from_ms - last.to_ms <= IDLE_MICROS / 1000 => {
                last.to_ms = last.to_ms.max(to_ms)
            }
            _ => out.push(Span { from_ms, to_ms }),
        }
    }
    out
}

impl EventReader {
    /// The next events, or `None` at the end. Never empty.
    pub async fn next(&mut self) -> Result<Option<Vec<RawEvent>>> {
        while let (Some(sealed), Some(at)) = (&self.sealed, self.blocks.pop_front()) {
            let block = &sealed.index.footer.blocks[at];
            let mut events = match sealed.events(at, block).await {
                // The rest of the replay still plays.
                Err(Error::Recording(error)) => {
                    tracing::error!(%error, "left a damaged block out of a replay");
                    continue;
                }
                other => other?,
            };
            events.retain(|event| self.range_us.contains(&event.timestamp.micros()));
            // Sealed events came first, so they stand first where times are equal;
            // an event at the block's very end may have equals in the next block.
            let until = block.to_us;
            let late = self
                .hot
                .iter()
                .take_while(|event| event.timestamp.micros() < until)
                .count();
            if late > 0 {
                events.extend(self.hot.drain(..late));
                events.sort_by_key(|event| event.timestamp);
            }
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        let rest: Vec<_> = self.hot.drain(..).collect();
        Ok((!rest.is_empty()).then_some(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn event(millis: i64) -> RawEvent {
        RawEvent {
            kind: 3,
            timestamp: Timestamp::from_millis(millis),
            json: "{}".to_owned(),
        }
    }

    #[test]
    fn hot_events_extend_the_sealed_chunks_or_follow_them() {
        let sealed = || Chunk {
            from_ms: 1_000,
            to_ms: 0,
            event_count: 10,
            size_bytes: 99,
        };
        let mut chunks = vec![sealed()];
        for at in [500, 1_500, 2_001, 70_000] {
            add_to_chunks(&mut chunks, &event(at), Some(2_000));
        }
        let starts: Vec<_> = chunks
            .iter()
            .map(|chunk| (chunk.from_ms, chunk.event_count))
            .collect();
        assert_eq!(starts, [(500, 12), (2_001, 1), (70_000, 1)]);
    }

    #[test]
    fn activity_within_five_seconds_is_one_stretch() {
        let spans = joined(vec![
            (9_000_000, 9_000_000),
            (0, 1_000_000),
            (5_900_000, 6_000_000),
            (30_000_000, 30_000_000),
        ]);
        assert_eq!(
            spans,
            [
                Span {
                    from_ms: 0,
                    to_ms: 9_000
                },
                Span {
                    from_ms: 30_000,
                    to_ms: 30_000
                }
            ]
        );
    }
}
