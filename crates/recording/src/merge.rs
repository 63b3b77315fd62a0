//! Making the next version of a recording.

use crate::format::{Block, BlockKind, Footer, MAGIC, Recording, decode_events};
use crate::{BLOCK_TARGET_BYTES, BLOCK_TARGET_MICROS, Error, Result};
use model::Timestamp;
use model::ingest::RawEvent;
use std::fmt::Write as _;

/// zstd level of sealed blocks: 1.65 times smaller than gzip at 60 MB/s.
const ZSTD_LEVEL: i32 = 9;

/// Interactions of one request, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionBatch {
    pub received_at: Timestamp,
    pub body_hash: u64,
    /// A JSON array without line breaks.
    pub json: String,
}

/// What an event says for the footer; the caller knows how to read events.
#[derive(Debug, Default)]
pub struct Marks {
    pub active: bool,
    pub href: Option<String>,
}

/// Two moments of activity closer than this are one stretch.
const ACTIVITY_JOIN_MICROS: i64 = 5_000_000;

/// Writes the object that holds `old` (index and whole bytes; `None` for the
/// first version) and the new events and interactions. `new` needs no order:
/// events are sorted by time, and equal times keep old before new and arrival
/// order among the new. Blocks that no new event reaches into are copied as
/// they are.
///
/// A damaged block of `old` that would have to be merged is an error, so that
/// nothing is lost silently; damaged blocks that are only copied stay as they are.
///
/// # Errors
/// [`Error::Block`] as said, [`Error::NotARecording`] when `old` is shorter than its footer says.
pub fn merge(
    old: Option<(&Recording, &[u8])>,
    mut new: Vec<RawEvent>,
    interactions: &[InteractionBatch],
    mut marks: impl FnMut(&RawEvent) -> Marks,
) -> Result<Vec<u8>> {
    new.sort_by_key(|event| event.timestamp);
    let mut writer = Writer {
        bytes: MAGIC.to_vec(),
        footer: Footer::default(),
    };
    let mut waiting = new.into_iter().peekable();
    if let Some((recording, bytes)) = old {
        let blocks: Vec<_> = recording.event_blocks().collect();
        for (position, (at, block)) in blocks.iter().enumerate() {
            // New events up to the end of this block belong into or before it;
            // the last block also takes what fits behind it while it is small.
            let is_last = position + 1 == blocks.len();
            let mut inside = Vec::new();
            while let Some(event) = waiting.next_if(|event| event.timestamp.micros() < block.to_us)
            {
                inside.push(event);
            }
            let open = is_last
                && waiting.peek().is_some()
                && (block.plain_bytes as usize) < BLOCK_TARGET_BYTES / 2
                && block.to_us - block.from_us < BLOCK_TARGET_MICROS / 2;
            let raw = slice_of(block, bytes)?;
            if inside.is_empty() && !open {
                writer.copy(block, raw);
                continue;
            }
            let mut events = decode_events(*at, block, raw)?;
            events.append(&mut inside);
            if open {
                events.extend(waiting.by_ref());
            }
            events.sort_by_key(|event| event.timestamp);
            writer.events(events, &mut marks)?;
        }
        for (_, block) in recording.interaction_blocks() {
            writer.copy(block, slice_of(block, bytes)?);
        }
    }
    writer.events(waiting.collect(), &mut marks)?;
    writer.interactions(interactions)?;
    writer.finish()
}

fn slice_of<'a>(block: &Block, bytes: &'a [u8]) -> Result<&'a [u8]> {
    let from = usize::try_from(block.offset).map_err(|_| Error::NotARecording)?;
    let size = usize::try_from(block.size_bytes).map_err(|_| Error::NotARecording)?;
    let to = from.checked_add(size).ok_or(Error::NotARecording)?;
    bytes.get(from..to).ok_or(Error::NotARecording)
}

struct Writer {
    bytes: Vec<u8>,
    footer: Footer,
}

impl Writer {
    fn copy(&mut self, block: &Block, raw: &[u8]) {
        let mut block = block.clone();
        block.offset = self.bytes.len() as u64;
        self.bytes.extend_from_slice(raw);
        self.footer.blocks.push(block);
    }

    fn events(
        &mut self,
        events: Vec<RawEvent>,
        marks: &mut impl FnMut(&RawEvent) -> Marks,
    ) -> Result<()> {
        let mut plain = String::new();
        let mut open: Option<Block> = None;
        for event in events {
            let micros = event.timestamp.micros();
            if let Some(block) = &open
                && (plain.len() >= BLOCK_TARGET_BYTES
                    || micros - block.from_us >= BLOCK_TARGET_MICROS)
            {
                self.push(open.take(), &mut plain)?;
            }
            let block = open.get_or_insert_with(|| empty_block(BlockKind::Events, micros));
            block.count += 1;
            block.to_us = micros;
            let marks = marks(&event);
            if marks.active {
                match block.activity_us.last_mut() {
                    Some(last) if micros - last.1 <= ACTIVITY_JOIN_MICROS => last.1 = micros,
                    _ => block.activity_us.push((micros, micros)),
                }
            }
            if let Some(href) = marks.href {
                block.pages.push((micros, href));
            }
            line(&mut plain, micros, u64::from(event.kind), &event.json);
        }
        self.push(open, &mut plain)
    }

    fn interactions(&mut self, batches: &[InteractionBatch]) -> Result<()> {
        let Some(first) = batches.first() else {
            return Ok(());
        };
        let mut block = empty_block(BlockKind::Interactions, first.received_at.micros());
        let mut plain = String::new();
        for batch in batches {
            block.count += 1;
            block.to_us = batch.received_at.micros();
            line(
                &mut plain,
                batch.received_at.micros(),
                batch.body_hash,
                &batch.json,
            );
        }
        self.push(Some(block), &mut plain)
    }

    fn push(&mut self, block: Option<Block>, plain: &mut String) -> Result<()> {
        let Some(mut block) = block else {
            return Ok(());
        };
        let at = self.footer.blocks.len();
        let packed = zstd::bulk::compress(plain.as_bytes(), ZSTD_LEVEL)
            .map_err(|error| Error::Block(at, format!("cannot compress: {error}")))?;
        block.offset = self.bytes.len() as u64;
        block.size_bytes = packed.len() as u64;
        block.plain_bytes = plain.len() as u64;
        block.crc32 = crc32fast::hash(plain.as_bytes());
        self.bytes.extend_from_slice(&packed);
        self.footer.blocks.push(block);
        plain.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        let footer =
            serde_json::to_vec(&self.footer).map_err(|error| Error::Footer(error.to_string()))?;
        let size =
            u32::try_from(footer.len()).map_err(|_| Error::Footer("too many blocks".to_owned()))?;
        self.bytes.extend_from_slice(&footer);
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes
            .extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
        self.bytes.extend_from_slice(MAGIC);
        Ok(self.bytes)
    }
}

fn empty_block(kind: BlockKind, micros: i64) -> Block {
    Block {
        kind,
        offset: 0,
        size_bytes: 0,
        plain_bytes: 0,
        crc32: 0,
        count: 0,
        from_us: micros,
        to_us: micros,
        activity_us: Vec::new(),
        pages: Vec::new(),
    }
}

fn line(plain: &mut String, micros: i64, number: u64, json: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(plain, "{micros} {number} {json}");
}
