//! Writing the next version of a recording: one pass over the events that are new
//! or lie behind something new. Each is parsed once; mirror, analysis and columns
//! see the same parse.

use super::analyses::Analyses;
use super::pages::{Pages, is_full_snapshot, is_meta};
use super::summary::{Slicer, Summary};
use super::{Content, Sealed};
use crate::assets::Collector;
use crate::live::Hot;
use crate::{Error, Result};
use analysis::Fact;
use model::ingest::RawEvent;
use recording::{Assembler, BlockKind, BlockSizes, Cut, Dictionary, Recording};
use rrweb::Tape;
use rrweb::tape::Value;
use std::collections::HashSet;
use std::sync::Arc;
use store::blobs::Bytes;
use store::catalog::assets::WantedAsset;
use xxhash_rust::xxh3::xxh3_64;

/// So many facts are summed up in a few milliseconds, whenever somebody asks.
const FEW_FACTS: usize = 2_000;

/// Interactions of one request, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionBatch {
    pub received_at: model::Timestamp,
    pub body_hash: u64,
    /// A JSON array.
    pub json: String,
}

impl InteractionBatch {
    fn to_json(&self) -> String {
        // As text: the hash may not fit a double.
        format!(
            r#"{{"body_hash":"{}","interactions":{}}}"#,
            self.body_hash, self.json
        )
    }

    pub fn read(at_us: i64, item: Value<'_>) -> Option<Self> {
        Some(Self {
            received_at: model::Timestamp::from_micros(at_us),
            body_hash: item.get("body_hash")?.as_str()?.parse().ok()?,
            json: item.get("interactions")?.to_json(),
        })
    }
}

/// What the next version is made from.
pub(crate) struct Parts {
    pub dictionary: Arc<Dictionary>,
    pub sizes: BlockSizes,
    pub old: Option<Old>,
    pub hot: Hot,
    /// Whether to find out what new events refer to.
    pub wants_assets: bool,
    pub settings: analysis::Settings,
}

/// The version before, as far as it is needed.
pub(crate) struct Old {
    index: Recording,
    bytes: Bytes,
    /// Blocks that are copied as they are.
    keep: usize,
    /// The keyframe that the following blocks build on.
    base: Option<Content>,
    /// Whether that keyframe is the state at the first block to be written again.
    starts_at_base: bool,
    /// Event blocks that are written again, together with new events.
    again: Vec<Content>,
    /// Facts about the event blocks that are kept.
    facts: Vec<Content>,
    interactions: Vec<Content>,
    summary: Summary,
    /// Time from which events are written again.
    from_us: i64,
}

/// The finished object.
pub(crate) struct Assembled {
    pub object: Vec<u8>,
    pub analysis: analysis::Summary,
    /// What new events refer to.
    pub wanted: Vec<WantedAsset>,
}

impl Old {
    /// Reads what has to be written again when events from `first_new_us` on are
    /// new (`None`: no events are new): the block that they fall into and all behind it, because the state that
    /// those start from changes.
    pub async fn read(sealed: &Sealed, bytes: Bytes, first_new_us: Option<i64>) -> Result<Self> {
        let index = sealed.index.clone();
        let blocks: Vec<usize> = index.event_blocks().map(|(at, _)| at).collect();
        let first = match first_new_us {
            None => blocks.len(),
            Some(first_us) => blocks
                .iter()
                .rposition(|at| index.blocks[*at].from_us <= first_us)
                .unwrap_or(0),
        };
        let mut again = Vec::new();
        let mut keep = None;
        for at in &blocks[first..] {
            match sealed.content(*at).await {
                Ok(content) => {
                    keep.get_or_insert(*at);
                    again.push(content);
                }
                // A damaged block stays as it is, and what is new comes behind it:
                // nothing more is lost.
                Err(Error::Recording(error)) => {
                    tracing::error!(%error, "a damaged block stays in a recording");
                    again.clear();
                    keep = None;
                }
                Err(error) => return Err(error),
            }
        }
        // Behind the last events and what was found out about them there are only
        // blocks that are always written again.
        let last = index
            .blocks
            .iter()
            .rposition(|block| matches!(block.kind, BlockKind::Events | BlockKind::Facts));
        let end = last.map_or(0, |last| last + 1);
        let keep = keep.unwrap_or(end);
        let starts_at_base = index.keyframe_of(keep).is_some() && !again.is_empty();
        let base = match recording::base_of(&index.blocks[..keep]) {
            Some(at) => Some(sealed.content(at).await?),
            None => None,
        };
        let from_us = index.blocks.get(keep).filter(|_| !again.is_empty());
        let from_us = from_us.map_or(first_new_us.unwrap_or(i64::MAX), |block| block.from_us);
        Ok(Self {
            keep,
            base,
            starts_at_base,
            again,
            facts: sealed.contents(BlockKind::Facts, ..keep).await?,
            interactions: sealed.contents(BlockKind::Interactions, ..).await?,
            summary: sealed.summary().await?.unwrap_or_default(),
            index,
            bytes,
            from_us,
        })
    }
}

impl Sealed {
    /// None when it is damaged.
    pub async fn summary(&self) -> Result<Option<Summary>> {
        let mut json = None;
        for content in self.contents(BlockKind::Summary, ..).await? {
            content.for_each(|_, item| json = Some(item.to_json()))?;
        }
        // Written by another version of the server: made again at the next seal.
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }
}

/// Writes the next version. Events of `hot` need no order: they are sorted by
/// time; equal times keep old before new, and the order of arrival among the new.
///
/// # Errors
/// When an old block that is written again turns out to be damaged inside.
pub(crate) fn assemble(parts: Parts) -> Result<Assembled> {
    let Parts {
        dictionary,
        sizes,
        old,
        mut hot,
        wants_assets,
        settings,
    } = parts;
    hot.events.sort_by_key(|event| event.timestamp);
    let mut pass = Pass::start(&dictionary, old.as_ref(), wants_assets, settings)?;
    pass.assembler = pass.assembler.with_sizes(sizes);
    let mut new = hot.events.iter().peekable();
    let mut tape = Tape::new();
    for content in old.iter().flat_map(|old| &old.again) {
        let mut items = content.items()?;
        while let Some(at_us) = items
            .next(&mut tape)
            .map_err(|damage| content.damaged(damage))?
        {
            while let Some(event) = new.next_if(|event| event.timestamp.micros() < at_us) {
                pass.new_event(event)?;
            }
            pass.event(at_us, &mut tape, None, false)?;
        }
    }
    for event in new {
        pass.new_event(event)?;
    }
    pass.finish(old.as_ref(), &hot.interactions)
}

/// The state of one pass over the events.
struct Pass<'d> {
    assembler: Assembler<'d>,
    pages: Pages,
    analyses: Analyses,
    settings: analysis::Settings,
    /// Facts of the blocks that are finished, without what was open at their end.
    complete: Vec<Fact>,
    /// Facts that were left open by the version before and stay so.
    open_before: Vec<Fact>,
    /// Facts of the block that is written.
    facts: Vec<Fact>,
    slicer: Slicer,
    assets: Option<Collector>,
    /// A page's address and size, and whether they are new: held back until it is
    /// known whether the snapshot follows that makes the block whole.
    meta: Option<(i64, Tape, bool)>,
    /// For events from the hot log, reused.
    new_tape: Tape,
    json: String,
    /// Hashes of the events of one moment: the same event may have been sealed
    /// before a restart and come again.
    moment: (i64, HashSet<u64>),
    last_us: Option<i64>,
}

impl<'d> Pass<'d> {
    fn start(
        dictionary: &'d Dictionary,
        old: Option<&Old>,
        wants_assets: bool,
        settings: analysis::Settings,
    ) -> Result<Self> {
        let mut pass = Self {
            assembler: Assembler::new(dictionary),
            pages: Pages::default(),
            analyses: Analyses::new(settings.clone()),
            settings,
            complete: Vec::new(),
            open_before: Vec::new(),
            facts: Vec::new(),
            slicer: Slicer::default(),
            assets: wants_assets.then(Collector::default),
            meta: None,
            new_tape: Tape::new(),
            json: String::new(),
            moment: (i64::MIN, HashSet::new()),
            last_us: None,
        };
        let Some(old) = old else {
            return Ok(pass);
        };
        if let Some(base) = old.base.as_ref().filter(|_| old.starts_at_base) {
            base.for_each(|at_us, event| {
                pass.pages.apply(at_us, event);
                if let Some(assets) = &mut pass.assets {
                    assets.pass(event);
                }
            })?;
        }
        let base = old.base.as_ref().map(|base| base.plain.to_vec());
        pass.assembler = Assembler::after(dictionary, &old.index, &old.bytes, old.keep, base)?;
        pass.slicer = Slicer::resume(old.summary.slices.clone(), old.from_us);
        let mut open = Vec::new();
        for content in &old.facts {
            // What was open at the end of a block was written again by the next one.
            open.clear();
            content.for_each(
                |at_us, item| match Fact::from_json(at_us, &item.to_json()) {
                    Ok(fact) if fact.open => open.push(fact),
                    Ok(fact) => pass.complete.push(fact),
                    // By another version of the server.
                    Err(error) => tracing::warn!(%error, "left out a fact"),
                },
            )?;
        }
        if old.again.is_empty() {
            // The pages there are not known, so nothing can go on from it.
            pass.open_before = open;
        } else {
            pass.analyses = Analyses::resume(pass.settings.clone(), &pass.pages, &open);
        }
        Ok(pass)
    }

    fn new_event(&mut self, event: &RawEvent) -> Result<()> {
        let mut tape = std::mem::take(&mut self.new_tape);
        let mut text = Some(event.json.as_str());
        if tape.parse(&event.json).is_err() {
            // What no parser takes is kept as text.
            tape.clear();
            tape.push_string(&event.json);
            text = None;
        }
        let result = self.event(event.timestamp.micros(), &mut tape, text, true);
        self.new_tape = tape;
        result
    }

    /// `text` is the event as JSON, where it is at hand.
    fn event(
        &mut self,
        at_us: i64,
        tape: &mut Tape,
        text: Option<&str>,
        is_new: bool,
    ) -> Result<()> {
        let is_whole = is_full_snapshot(tape.root());
        if let Some((meta_us, meta, is_new_meta)) = self.meta.take() {
            self.put(meta_us, meta.root(), None, is_whole, is_new_meta)?;
            self.put(at_us, tape.root(), text, false, is_new)?;
            self.new_tape = meta;
        } else if is_meta(tape.root()) {
            self.meta = Some((at_us, std::mem::take(tape), is_new));
        } else {
            self.put(at_us, tape.root(), text, is_whole, is_new)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        at_us: i64,
        event: Value<'_>,
        text: Option<&str>,
        begins_whole: bool,
        is_new: bool,
    ) -> Result<()> {
        let (size_bytes, hash) = match text {
            Some(text) => (text.len(), xxh3_64(text.as_bytes())),
            None => {
                self.json.clear();
                event.write_json(&mut self.json);
                (self.json.len(), xxh3_64(self.json.as_bytes()))
            }
        };
        if self.is_repeated(at_us, hash) {
            return Ok(());
        }
        match &mut self.assets {
            Some(assets) if is_new => assets.note(event),
            Some(assets) => assets.pass(event),
            None => {}
        }
        // A snapshot makes one tab whole, not the others.
        let begins_whole = begins_whole && self.pages.count() <= 1;
        let cut = self.assembler.cut(begins_whole);
        if cut != Cut::No {
            self.end_block(at_us)?;
            if cut == Cut::Keyframe && self.pages.has_page() {
                let events = self.pages.keyframe(at_us.div_euclid(1000));
                self.assembler.keyframe(at_us, &events)?;
            }
        }
        let needs_nothing = begins_whole || !self.pages.has_page();
        self.assembler
            .event(at_us, event, size_bytes, needs_nothing);
        self.slicer.event(at_us, size_bytes as u64);
        self.analyses
            .event(at_us, event, &mut self.pages, &mut self.facts);
        self.last_us = self.last_us.max(Some(at_us));
        Ok(())
    }

    /// Ends the event block and writes the facts about it.
    fn end_block(&mut self, end_us: i64) -> Result<()> {
        self.assembler.end_block()?;
        self.slicer.cut();
        let mut open = Vec::new();
        self.analyses.finish(end_us, &self.pages, &mut open);
        self.analyses = Analyses::resume(self.settings.clone(), &self.pages, &open);
        self.write_facts(open)
    }

    fn write_facts(&mut self, open: Vec<Fact>) -> Result<()> {
        let mut facts = std::mem::take(&mut self.facts);
        facts.sort_by_key(|fact| fact.at_us);
        let lines: Vec<_> = facts
            .iter()
            .chain(&open)
            .map(|fact| (fact.at_us, fact.to_json()))
            .collect();
        let items = lines.iter().map(|(at_us, line)| (*at_us, line.as_str()));
        self.assembler.items(BlockKind::Facts, items)?;
        self.complete.append(&mut facts);
        Ok(())
    }

    /// Whether an event with this hash was there before at the same time.
    fn is_repeated(&mut self, at_us: i64, hash: u64) -> bool {
        if self.moment.0 != at_us {
            self.moment.0 = at_us;
            self.moment.1.clear();
        }
        !self.moment.1.insert(hash)
    }

    fn finish(
        mut self,
        old: Option<&Old>,
        new_interactions: &[InteractionBatch],
    ) -> Result<Assembled> {
        if let Some((meta_us, meta, is_new)) = self.meta.take() {
            self.put(meta_us, meta.root(), None, false, is_new)?;
        }
        let index = self.assembler.index();
        let kept_end = index.event_blocks().map(|(_, block)| block.to_us).max();
        let last_us = self.last_us.max(kept_end).unwrap_or_default();
        let mut open = Vec::new();
        self.analyses.finish(last_us, &self.pages, &mut open);
        let slices = std::mem::take(&mut self.slicer).finish();
        let first_us = slices.first().map_or(last_us, |slice| slice.from_us);
        self.write_facts(open.clone())?;
        let mut facts = std::mem::take(&mut self.complete);
        facts.append(&mut open);
        facts.append(&mut self.open_before);
        let analysis = analysis::summarise(&facts, first_us, last_us);
        let summary = Summary {
            analysis: (facts.len() > FEW_FACTS).then(|| analysis.clone()),
            slices,
        };
        let mut interactions = Vec::new();
        for content in old.iter().flat_map(|old| &old.interactions) {
            content.for_each(|at_us, item| interactions.push((at_us, item.to_json())))?;
        }
        let new_interactions = new_interactions.iter();
        interactions
            .extend(new_interactions.map(|batch| (batch.received_at.micros(), batch.to_json())));
        let items = interactions.iter().map(|(at, json)| (*at, json.as_str()));
        self.assembler.items(BlockKind::Interactions, items)?;
        let json =
            serde_json::to_string(&summary).map_err(|error| Error::Internal(error.to_string()))?;
        self.assembler
            .items(BlockKind::Summary, [(first_us, json.as_str())])?;
        Ok(Assembled {
            object: self.assembler.finish()?,
            analysis,
            wanted: self.assets.map(Collector::into_wanted).unwrap_or_default(),
        })
    }
}
