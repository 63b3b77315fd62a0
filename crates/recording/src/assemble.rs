//! Making the next version of a recording.

use crate::columns::Writer;
use crate::format::{Block, BlockKind, MAGIC, MAX_CHAIN, Recording, pack};
use crate::{Dictionary, Error, Result};
use rrweb::tape::Value;

/// When event blocks end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSizes {
    /// JSON bytes after which a block ends, and the next one starts with a keyframe.
    /// The state at any time is made from a block's start, so this bounds what a
    /// seek has to apply.
    pub json_bytes: u64,
    /// JSON bytes from which on a block ends before a full snapshot: what the page
    /// sends for nothing saves a keyframe.
    pub whole_json_bytes: u64,
}

impl Default for BlockSizes {
    fn default() -> Self {
        Self {
            json_bytes: 4 << 20,
            whole_json_bytes: 3 << 20,
        }
    }
}

/// What should happen before an event is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    No,
    /// End the block, and start the next one with a keyframe.
    Keyframe,
    /// End the block: the event begins a full snapshot.
    Whole,
}

/// Writes a recording object. Events are added in time order.
#[derive(Debug)]
pub struct Assembler<'d> {
    dictionary: &'d Dictionary,
    sizes: BlockSizes,
    bytes: Vec<u8>,
    index: Recording,
    open: Option<OpenBlock<'d>>,
    /// The last keyframe: the prefix of its event block and of the next keyframe,
    /// with its plain content and how long its chain is. Nothing hangs on an event
    /// block, so damage in one costs nothing else.
    base: Option<Base>,
    /// The last event block and its plain content: the prefix of the facts about it,
    /// which are full of the same texts.
    last_events: Option<(usize, Vec<u8>)>,
}

#[derive(Debug)]
struct OpenBlock<'d> {
    writer: Writer<'d>,
    starts_whole: bool,
    json_bytes: u64,
    from_us: i64,
    to_us: i64,
}

#[derive(Debug)]
struct Base {
    at: usize,
    plain: Vec<u8>,
    chain: usize,
}

impl<'d> Assembler<'d> {
    pub fn new(dictionary: &'d Dictionary) -> Self {
        Self {
            dictionary,
            sizes: BlockSizes::default(),
            bytes: MAGIC.to_vec(),
            index: Recording::default(),
            open: None,
            base: None,
            last_events: None,
        }
    }

    pub fn with_sizes(self, sizes: BlockSizes) -> Self {
        Self { sizes, ..self }
    }

    /// Begins with the first `keep` blocks of `old`, copied as they are. `base`
    /// is the plain content of the block that [`base_of`] names for them.
    ///
    /// # Errors
    /// [`Error::NotARecording`] when `bytes` is shorter than its index says.
    pub fn after(
        dictionary: &'d Dictionary,
        old: &Recording,
        bytes: &[u8],
        keep: usize,
        base: Option<Vec<u8>>,
    ) -> Result<Self> {
        let mut new = Self::new(dictionary);
        let kept = &old.blocks[..keep];
        if let Some(last) = kept.last() {
            let end = last.offset.saturating_add(last.size_bytes);
            let end = usize::try_from(end).map_err(|_| Error::NotARecording)?;
            new.bytes = bytes.get(..end).ok_or(Error::NotARecording)?.to_vec();
        }
        new.index.blocks = kept.to_vec();
        new.base = base_of(kept).zip(base).map(|(at, plain)| Base {
            at,
            plain,
            chain: old.chain(at).len(),
        });
        Ok(new)
    }

    /// The index of the blocks that are finished.
    pub fn index(&self) -> &Recording {
        &self.index
    }

    /// What to do before an event; `begins_whole` says whether it begins a full
    /// snapshot (its Meta event, or the snapshot when there is none).
    pub fn cut(&self, begins_whole: bool) -> Cut {
        match &self.open {
            Some(open) if begins_whole && open.json_bytes >= self.sizes.whole_json_bytes => {
                Cut::Whole
            }
            Some(open) if open.json_bytes >= self.sizes.json_bytes => {
                if begins_whole {
                    Cut::Whole
                } else {
                    Cut::Keyframe
                }
            }
            _ => Cut::No,
        }
    }

    /// Adds an event. `starts_whole` counts for the first of a block and says that
    /// nothing before it is needed: a full snapshot follows, or there was no page
    /// yet. `json_bytes` is its size as JSON.
    pub fn event(&mut self, at_us: i64, value: Value<'_>, json_bytes: usize, starts_whole: bool) {
        let open = self.open.get_or_insert_with(|| OpenBlock {
            writer: Writer::new(self.dictionary),
            starts_whole,
            json_bytes: 0,
            from_us: at_us,
            to_us: at_us,
        });
        open.writer.push(at_us, value);
        open.json_bytes += json_bytes as u64;
        open.to_us = open.to_us.max(at_us);
    }

    /// Ends the event block, if one is open.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub fn end_block(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        self.push(BlockKind::Events, open)
    }

    /// Ends the event block and writes a keyframe for the next one. The parser
    /// fills a tape from each event's JSON.
    ///
    /// # Errors
    /// When an event is no JSON, or a block cannot be compressed.
    pub fn keyframe(&mut self, at_us: i64, events: &[String]) -> Result<()> {
        self.end_block()?;
        if let Some(block) = self.block_of(events.iter().map(|json| (at_us, json.as_str())))? {
            self.push(BlockKind::Keyframe, block)?;
        }
        Ok(())
    }

    /// Writes a block of other items: times and JSON. Nothing when there is none.
    ///
    /// # Errors
    /// When an item is no JSON, or the block cannot be compressed.
    pub fn items<'j>(
        &mut self,
        kind: BlockKind,
        items: impl IntoIterator<Item = (i64, &'j str)>,
    ) -> Result<()> {
        self.end_block()?;
        match self.block_of(items)? {
            Some(block) => self.push(kind, block),
            None => Ok(()),
        }
    }

    fn block_of<'j>(
        &self,
        items: impl IntoIterator<Item = (i64, &'j str)>,
    ) -> Result<Option<OpenBlock<'d>>> {
        let mut open: Option<OpenBlock<'d>> = None;
        let mut tape = rrweb::Tape::new();
        for (at_us, json) in items {
            tape.parse(json)
                .map_err(|error| Error::Item(error.to_string()))?;
            let open = open.get_or_insert_with(|| OpenBlock {
                writer: Writer::new(self.dictionary),
                starts_whole: false,
                json_bytes: 0,
                from_us: at_us,
                to_us: at_us,
            });
            open.writer.push(at_us, tape.root());
            open.json_bytes += json.len() as u64;
            open.from_us = open.from_us.min(at_us);
            open.to_us = open.to_us.max(at_us);
        }
        Ok(open)
    }

    fn push(&mut self, kind: BlockKind, open: OpenBlock<'_>) -> Result<()> {
        let at = self.index.blocks.len();
        let count = open.writer.items();
        let plain = open.writer.finish();
        let base = self.base.as_ref().filter(|base| match kind {
            // A keyframe with too long a chain behind it starts a new one. The last
            // place in a chain is for the event block.
            BlockKind::Keyframe => base.chain < MAX_CHAIN - 1,
            BlockKind::Events => base.at + 1 == at,
            BlockKind::Facts | BlockKind::Interactions | BlockKind::Summary => false,
        });
        let prefix = match (&self.last_events, kind) {
            (Some((at, events)), BlockKind::Facts) => Some((*at, events.as_slice())),
            _ => base.map(|base| (base.at, base.plain.as_slice())),
        };
        let packed = pack(at, &plain, prefix.map_or(&[], |(_, plain)| plain))?;
        let prefix = prefix.map(|(at, _)| at);
        let chain = base.map_or(0, |base| base.chain) + 1;
        self.index.blocks.push(Block {
            kind,
            starts_whole: open.starts_whole,
            offset: self.bytes.len() as u64,
            size_bytes: packed.len() as u64,
            plain_bytes: plain.len() as u64,
            json_bytes: open.json_bytes,
            crc32: crc32fast::hash(&plain),
            count,
            from_us: open.from_us,
            to_us: open.to_us,
            prefix,
            dictionary: self.dictionary.id(),
        });
        self.bytes.extend_from_slice(&packed);
        match kind {
            BlockKind::Keyframe => self.base = Some(Base { at, plain, chain }),
            BlockKind::Events => self.last_events = Some((at, plain)),
            BlockKind::Facts | BlockKind::Interactions | BlockKind::Summary => {}
        }
        Ok(())
    }

    /// The object.
    ///
    /// # Errors
    /// When the last block cannot be compressed.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.end_block()?;
        self.index.end(&mut self.bytes)?;
        Ok(self.bytes)
    }
}

/// The last keyframe among `blocks`: the prefix of what comes behind them.
pub fn base_of(blocks: &[Block]) -> Option<usize> {
    blocks
        .iter()
        .rposition(|block| block.kind == BlockKind::Keyframe)
}
