//! Reading a replay: its manifest, its events, its state at a time, and what was
//! found out about it. What is not sealed yet is read from the hot log, so a
//! running replay can be watched.

mod reader;

pub use reader::EventReader;
pub(crate) use reader::events_of;

use crate::assets::Collector;
use crate::live::Hot;
use crate::recordings::analyses::Analyses;
use crate::recordings::pages::Pages;
use crate::recordings::summary::{Slice, Slicer, Summary};
use crate::recordings::{Content, Sealed};
use crate::{Engine, Error, Result};
use analysis::Fact;
use model::ingest::RawEvent;
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use recording::BlockKind;
use rrweb::Tape;
use serde::Serialize;
use std::ops::Range;

/// A recorder takes its first snapshot well within this time.
const FIRST_PAGE_WITHIN_MICROS: i64 = 3_000_000;
/// A version may be replaced between asking for it and opening it.
const OPEN_TRIES: usize = 3;

/// What a player needs before the first event. Times are milliseconds since the
/// epoch, of the client's clock.
#[derive(Debug, Serialize)]
pub struct Manifest {
    pub first_event_ms: i64,
    pub last_event_ms: i64,
    pub chunks: Vec<Chunk>,
    /// Where the recording holds a state of its own. Others are made when asked for.
    pub state_points: Vec<StatePoint>,
    /// Grows when data arrives, or an error is linked.
    pub revision: u64,
    #[serde(flatten)]
    pub analysis: analysis::Summary,
}

/// `to_ms` is exclusive, and the next chunk's `from_ms`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Chunk {
    pub from_ms: i64,
    pub to_ms: i64,
    pub event_count: u64,
    /// As JSON.
    pub size_bytes: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct StatePoint {
    pub at_ms: i64,
    /// In the recording.
    pub size_bytes: u64,
}

/// One consistent view of a replay.
pub(crate) struct View {
    pub row: Replay,
    pub sealed: Option<Sealed>,
    pub hot: Hot,
    /// By which what is not sealed is analysed.
    pub settings: analysis::Settings,
}

/// Facts of a stretch of a replay.
#[derive(Debug)]
pub struct Facts {
    /// Milliseconds since the epoch, and the fact as JSON.
    pub facts: Vec<(i64, String)>,
    /// False when there were more than asked for.
    pub complete: bool,
}

fn micros(at_ms: i64) -> i64 {
    at_ms.saturating_mul(1000)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))
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
                    linked_error_count: row.linked_error_count,
                    expires_at: row.expires_at,
                    is_pinned: row.is_pinned,
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
            _ => Some(self.recordings.open(&row).await?),
        };
        let settings = match hot.events.is_empty() {
            true => analysis::Settings::default(),
            false => self.analysis_settings(row.project_id).await?,
        };
        Ok(View {
            row,
            sealed,
            hot,
            settings,
        })
    }

    /// Events with `range_ms.start <= time < range_ms.end`, exactly as recorded.
    pub async fn events(
        &self,
        project: ProjectId,
        id: ReplayId,
        range_ms: Range<i64>,
    ) -> Result<EventReader> {
        let view = self.view(project, id).await?;
        let range_us = micros(range_ms.start)..micros(range_ms.end);
        Ok(view.into_reader(range_us, Vec::new(), None))
    }

    /// The state at `at_ms` as events, then the events after it and before `to_ms`
    /// (the end of the block if not given). `tab` is the number of a tab; without it,
    /// the one that was used last.
    pub async fn events_from_state(
        &self,
        project: ProjectId,
        id: ReplayId,
        at_ms: i64,
        to_ms: Option<i64>,
        tab: Option<usize>,
    ) -> Result<EventReader> {
        let mut view = self.view(project, id).await?;
        self.want_assets_of_hot(&mut view).await?;
        let at_us = micros(at_ms);
        let mut pages = view.pages_at(at_us).await?;
        if !pages.has_page() {
            // A recording begins with an address and a few notes; nobody wants to see
            // the nothing before its first picture.
            let soon_us = at_us.saturating_add(FIRST_PAGE_WITHIN_MICROS);
            pages = view.pages_until(soon_us, Pages::has_page).await?;
        }
        let key = (pages.count() > 1).then(|| pages.key(tab)).flatten();
        let state = blocking(move || pages.state(tab, at_ms)).await?;
        let head = state.into_iter().map(|json| RawEvent {
            kind: rrweb::read_envelope(&json).map_or(rrweb::UNKNOWN_KIND, |envelope| envelope.kind),
            timestamp: Timestamp::from_millis(at_ms),
            json,
        });
        let to_us = match to_ms {
            Some(to_ms) => micros(to_ms),
            None => view.block_end_us(at_us),
        };
        let after = at_us.saturating_add(1);
        Ok(view.into_reader(after..to_us.max(after), head.collect(), key))
    }

    /// Whoever watches a visit that still runs wants its pictures before it is sealed.
    async fn want_assets_of_hot(&self, view: &mut View) -> Result<()> {
        if view.hot.events.is_empty() || !self.assets.is_enabled() {
            return Ok(());
        }
        let hot = std::mem::take(&mut view.hot.events);
        let (hot, wanted) = blocking(move || {
            let (mut collector, mut tape) = (Collector::default(), Tape::new());
            for event in &hot {
                if tape.parse(&event.json).is_ok() {
                    collector.note(tape.root());
                }
            }
            (hot, collector.into_wanted())
        })
        .await?;
        view.hot.events = hot;
        let row = &view.row;
        self.want_assets(row.project_id, Some(row.id), &wanted, Timestamp::now())
            .await
    }

    /// All events of one tab (the first if not given), with the states that the
    /// recording holds in between, so that any player seeks quickly in them.
    pub async fn events_with_states(
        &self,
        project: ProjectId,
        id: ReplayId,
        tab: Option<usize>,
    ) -> Result<(Replay, EventReader)> {
        let mut view = self.view(project, id).await?;
        let row = view.row.clone();
        let pages = view.pages_at(i64::MAX).await?;
        let tab = pages.key(tab.or(Some(0))).filter(|_| pages.count() > 1);
        let mut reader = view.into_reader(i64::MIN..i64::MAX, Vec::new(), tab);
        reader.with_states = true;
        Ok((row, reader))
    }

    /// Heatmap interactions as the SDK sent them, one JSON array per request.
    pub async fn interactions(&self, project: ProjectId, id: ReplayId) -> Result<Vec<String>> {
        let view = self.view(project, id).await?;
        let mut batches = match &view.sealed {
            Some(sealed) => sealed.interactions().await?,
            None => Vec::new(),
        };
        batches.extend(view.hot.interactions);
        batches.sort_by_key(|batch| batch.received_at);
        Ok(batches.into_iter().map(|batch| batch.json).collect())
    }

    /// Facts of the kinds named (all when none is) with `range_ms.start <= time <
    /// range_ms.end`, in time order, at most `limit`.
    pub async fn facts(
        &self,
        project: ProjectId,
        id: ReplayId,
        kinds: &[String],
        range_ms: Range<i64>,
        limit: usize,
    ) -> Result<Facts> {
        let mut view = self.view(project, id).await?;
        let range_us = micros(range_ms.start)..micros(range_ms.end);
        let facts = view.facts(&range_us).await?;
        let mut found = Vec::new();
        let mut complete = true;
        for fact in facts.iter().filter(|fact| range_us.contains(&fact.at_us)) {
            if matches!(fact.body, analysis::Body::Carry { .. }) {
                continue;
            }
            let json = fact.to_json();
            if !kinds.is_empty() && !kinds.iter().any(|kind| is_of_kind(&json, kind)) {
                continue;
            }
            if found.len() >= limit {
                complete = false;
                break;
            }
            found.push((fact.at_us.div_euclid(1000), json));
        }
        Ok(Facts {
            facts: found,
            complete,
        })
    }

    pub async fn manifest(&self, project: ProjectId, id: ReplayId) -> Result<(Replay, Manifest)> {
        let mut view = self.view(project, id).await?;
        let (slices, mut analysis) = view.summary().await?;
        for block in view.sealed.iter().flat_map(Sealed::damaged_events) {
            analysis.gaps.push(analysis::GapRange {
                from_ms: block.from_us.div_euclid(1000),
                to_ms: block.to_us.div_euclid(1000),
                reason: analysis::GapReason::DamagedBlock,
            });
        }
        analysis.gaps.sort_by_key(|gap| gap.from_ms);
        let first_event_ms = view.row.first_event_at.millis();
        let last_event_ms = view.row.last_event_at.millis();
        let states = view.sealed.iter().flat_map(|sealed| {
            let blocks = sealed.index.of_kind(BlockKind::Keyframe);
            blocks.map(|(_, block)| StatePoint {
                at_ms: block.from_us.div_euclid(1000),
                size_bytes: block.size_bytes,
            })
        });
        let manifest = Manifest {
            first_event_ms,
            last_event_ms,
            chunks: chunks_of(&slices, last_event_ms),
            state_points: states.collect(),
            revision: view.row.event_count + view.row.linked_error_count,
            analysis,
        };
        Ok((view.row, manifest))
    }
}

/// A stored fact begins with its kind.
fn is_of_kind(json: &str, kind: &str) -> bool {
    json.strip_prefix("{\"kind\":\"")
        .and_then(|rest| rest.strip_prefix(kind))
        .is_some_and(|rest| rest.starts_with('"'))
}

/// Slices as milliseconds; two that meet within one cannot be asked for apart.
fn chunks_of(slices: &[Slice], last_event_ms: i64) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for slice in slices {
        let from_ms = slice.from_us.div_euclid(1000);
        match chunks.last_mut() {
            Some(last) if last.from_ms >= from_ms => {
                last.event_count += slice.event_count;
                last.size_bytes += slice.size_bytes;
            }
            last => {
                if let Some(last) = last {
                    last.to_ms = from_ms;
                }
                chunks.push(Chunk {
                    from_ms,
                    to_ms: 0,
                    event_count: slice.event_count,
                    size_bytes: slice.size_bytes,
                });
            }
        }
    }
    if let Some(last) = chunks.last_mut() {
        last.to_ms = last_event_ms + 1;
    }
    chunks
}

impl View {
    fn into_reader(
        self,
        range_us: Range<i64>,
        head: Vec<RawEvent>,
        tab: Option<String>,
    ) -> EventReader {
        // Of a state alone nothing follows, and no block need be read for it.
        let sealed = self.sealed.as_ref().filter(|_| !range_us.is_empty());
        let blocks = sealed.map(|sealed| {
            let inside = sealed
                .index
                .event_blocks()
                .filter(|(_, block)| block.from_us < range_us.end && block.to_us >= range_us.start);
            inside.map(|(at, _)| at).collect()
        });
        let mut tape = Tape::new();
        let hot = self.hot.events.into_iter().filter(|event| {
            range_us.contains(&event.timestamp.micros())
                && tab.as_ref().is_none_or(|tab| {
                    tape.parse(&event.json).is_ok() && analysis::tab_key(tape.root()) == *tab
                })
        });
        let hot = hot.collect();
        EventReader {
            head,
            sealed: self.sealed,
            blocks: blocks.unwrap_or_default(),
            hot,
            range_us,
            tab,
            with_states: false,
        }
    }

    /// The end (exclusive) of the block that plays at a time; of everything when
    /// it is not sealed.
    fn block_end_us(&self, at_us: i64) -> i64 {
        let blocks = self
            .sealed
            .iter()
            .flat_map(|sealed| sealed.index.event_blocks());
        blocks
            .map(|(_, block)| block.to_us)
            .find(|to_us| *to_us > at_us)
            .map_or(i64::MAX, |to_us| to_us.saturating_add(1))
    }

    /// The state after all events until `at_us`, inclusive.
    pub async fn pages_at(&mut self, at_us: i64) -> Result<Pages> {
        self.pages_until(at_us, |_| false).await
    }

    /// The same, or earlier: as soon as `is_enough`.
    async fn pages_until(
        &mut self,
        at_us: i64,
        is_enough: impl Fn(&Pages) -> bool + Send + 'static,
    ) -> Result<Pages> {
        // A late event may change what a keyframe behind it says.
        let hot = &mut self.hot.events;
        let first_hot_us = hot.first().map(|event| event.timestamp.micros());
        let seek_us = first_hot_us.map_or(at_us, |first| first.min(at_us));
        let mut contents = Vec::new();
        if let Some(sealed) = &self.sealed {
            contents = sealed.contents_for_state(seek_us, at_us).await?;
        }
        let until = hot.partition_point(|event| event.timestamp.micros() <= at_us);
        let (hot, pages) = {
            let hot = std::mem::take(hot);
            blocking(move || {
                let mut pages = Pages::default();
                let mut new = hot[..until].iter().peekable();
                let (mut tape, mut new_tape) = (Tape::new(), Tape::new());
                let mut apply_new = |pages: &mut Pages, event: &RawEvent| {
                    if new_tape.parse(&event.json).is_ok() {
                        pages.apply(event.timestamp.micros(), new_tape.root());
                    }
                };
                'events: for content in &contents {
                    let mut items = content.items()?;
                    while let Some(event_us) = items
                        .next(&mut tape)
                        .map_err(|damage| content.damaged(damage))?
                    {
                        if event_us > at_us {
                            break;
                        }
                        if is_enough(&pages) {
                            break 'events;
                        }
                        while let Some(event) =
                            new.next_if(|event| event.timestamp.micros() < event_us)
                        {
                            apply_new(&mut pages, event);
                        }
                        pages.apply(event_us, tape.root());
                    }
                }
                for event in new {
                    if is_enough(&pages) {
                        break;
                    }
                    apply_new(&mut pages, event);
                }
                Ok::<_, Error>((hot, pages))
            })
            .await??
        };
        self.hot.events = hot;
        Ok(pages)
    }

    /// All facts that lie within a range, and maybe more.
    async fn facts(&mut self, range_us: &Range<i64>) -> Result<Vec<Fact>> {
        let facts = match &self.sealed {
            Some(sealed) => sealed.facts(range_us).await?,
            None => Vec::new(),
        };
        let Some(first) = self.hot.events.first() else {
            return Ok(facts);
        };
        // What is not sealed is analysed for whoever asks.
        let first_us = first.timestamp.micros();
        let mut pages = self.pages_at(first_us.saturating_sub(1)).await?;
        let hot = std::mem::take(&mut self.hot.events);
        let settings = self.settings.clone();
        let (hot, facts) = blocking(move || {
            let mut facts = facts;
            let open: Vec<_> = facts.extract_if(.., |fact: &mut Fact| fact.open).collect();
            let mut analyses = Analyses::resume(settings, &pages, &open);
            let mut tape = Tape::new();
            for event in &hot {
                if tape.parse(&event.json).is_ok() {
                    let at_us = event.timestamp.micros();
                    analyses.event(at_us, tape.root(), &mut pages, &mut facts);
                }
            }
            let last_us = hot
                .last()
                .map_or(first_us, |event| event.timestamp.micros());
            analyses.finish(last_us, &pages, &mut facts);
            facts.sort_by_key(|fact| fact.at_us);
            (hot, facts)
        })
        .await?;
        self.hot.events = hot;
        Ok(facts)
    }

    /// The slices of the events, and what the facts come to.
    async fn summary(&mut self) -> Result<(Vec<Slice>, analysis::Summary)> {
        let sealed = match &self.sealed {
            Some(sealed) => sealed.summary().await?.unwrap_or_default(),
            None => Summary::default(),
        };
        let mut slices = sealed.slices;
        if let (Some(analysis), true) = (sealed.analysis, self.hot.events.is_empty()) {
            return Ok((slices, analysis));
        }
        let facts = self.facts(&(i64::MIN..i64::MAX)).await?;
        let (first, last) = (self.row.first_event_at, self.row.last_event_at);
        let sealed_until_us = slices.last().map_or(i64::MIN, |slice| slice.to_us);
        let mut slicer = Slicer::default();
        for event in &self.hot.events {
            let at_us = event.timestamp.micros();
            let size_bytes = event.json.len() as u64;
            if at_us > sealed_until_us {
                slicer.event(at_us, size_bytes);
            } else {
                add_late(&mut slices, at_us, size_bytes);
            }
        }
        slices.extend(slicer.finish());
        let analysis = analysis::summarise(&facts, first.micros(), last.micros());
        Ok((slices, analysis))
    }
}

/// A late event goes into the sealed slice it falls in.
fn add_late(slices: &mut [Slice], at_us: i64, size_bytes: u64) {
    let after = slices.partition_point(|slice| slice.from_us <= at_us);
    let Some(slice) = slices.get_mut(after.saturating_sub(1)) else {
        return;
    };
    slice.from_us = slice.from_us.min(at_us);
    slice.event_count += 1;
    slice.size_bytes += size_bytes;
}

impl Sealed {
    /// The keyframe and the events from which the state at `at_us` can be made,
    /// starting with the sound place before `seek_us`. What is damaged is left out.
    async fn contents_for_state(&self, seek_us: i64, at_us: i64) -> Result<Vec<Content>> {
        let mut seek_us = seek_us;
        loop {
            let Some(first) = self.index.seek(seek_us) else {
                return Ok(Vec::new());
            };
            let mut contents = Vec::new();
            let from_us = self.index.blocks[first].from_us;
            if let Some(keyframe) = self.index.keyframe_of(first) {
                match self.content(keyframe).await {
                    Ok(content) => contents.push(content),
                    // The place before is the next best.
                    Err(Error::Recording(error)) if from_us > i64::MIN => {
                        tracing::error!(%error, "a keyframe is damaged");
                        seek_us = from_us.saturating_sub(1);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            for (at, block) in self.index.event_blocks().filter(|(at, _)| *at >= first) {
                if block.from_us > at_us {
                    break;
                }
                match self.content(at).await {
                    Ok(content) => contents.push(content),
                    Err(Error::Recording(error)) => {
                        tracing::error!(%error, "left a damaged block out of a state");
                    }
                    Err(error) => return Err(error),
                }
            }
            return Ok(contents);
        }
    }

    /// Facts of a range and maybe more. What was open at the end of a block is not
    /// among them unless it is the last one.
    pub async fn facts(&self, range_us: &Range<i64>) -> Result<Vec<Fact>> {
        let mut facts = Vec::new();
        let last = self.index.of_kind(BlockKind::Facts).last();
        let last = last.map(|(at, _)| at);
        for (at, block) in self.index.of_kind(BlockKind::Facts) {
            if block.from_us >= range_us.end || block.to_us < range_us.start {
                continue;
            }
            match self.content(at).await {
                Ok(content) => content.for_each(|at_us, item| {
                    let fact = Fact::from_json(at_us, &item.to_json());
                    facts.extend(fact.ok().filter(|fact| !fact.open || Some(at) == last));
                })?,
                Err(Error::Recording(error)) => {
                    tracing::error!(%error, "left out a damaged block of facts");
                }
                Err(error) => return Err(error),
            }
        }
        facts.sort_by_key(|fact| fact.at_us);
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_each_other_without_a_gap() {
        let slice = |from_us, to_us| Slice {
            from_us,
            to_us,
            event_count: 1,
            size_bytes: 10,
        };
        let slices = [
            slice(1_000_500, 2_000_000),
            slice(2_000_100, 2_000_200),
            slice(2_000_300, 9_000_000),
        ];
        let chunks = chunks_of(&slices, 9_000);
        let spans: Vec<_> = chunks
            .iter()
            .map(|chunk| (chunk.from_ms, chunk.to_ms, chunk.event_count))
            .collect();
        assert_eq!(spans, [(1_000, 2_000, 1), (2_000, 9_001, 2)]);
    }
}
