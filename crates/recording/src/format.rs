//! Layout of the object, and reading it by range.

use crate::columns::{Reader, Source, put};
use crate::{Dictionary, DictionaryId, Error, Result};
use std::io::{Read, Write};

pub const MAGIC: &[u8; 8] = b"REENACT2";
pub const TRAILER_BYTES: usize = 16;
/// A block holds one event at least, and an event may be as large as the
/// largest request; this bounds what a damaged footer can make us allocate.
const MAX_PLAIN_BYTES: u64 = 512 << 20;
/// Blocks that have to be unpacked before one can be read, itself included. Each
/// costs a seek a few milliseconds.
pub const MAX_CHAIN: usize = 8;
/// 2.6 times smaller than gzip already without a dictionary; 19 gains a tenth and
/// takes ten times as long.
const ZSTD_LEVEL: i32 = 9;
/// Window of the compressor: block and prefix lie in it.
const MAX_WINDOW_LOG: u32 = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BlockKind {
    /// rrweb events.
    Events = 0,
    /// Events that restore the state at the start of the event block behind it.
    Keyframe = 1,
    /// What the server found out about the events, one item a fact.
    Facts = 2,
    /// Requests of interactions, one item a request.
    Interactions = 3,
    /// One item: what a player needs to know before the first event.
    Summary = 4,
}

impl BlockKind {
    fn of(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Events,
            1 => Self::Keyframe,
            2 => Self::Facts,
            3 => Self::Interactions,
            4 => Self::Summary,
            _ => return None,
        })
    }
}

/// Where a block lies and what is in it. Times are microseconds, both inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockKind,
    /// Events: nothing before the block is needed to play it, because it starts
    /// with a full snapshot or there was no page before.
    pub starts_whole: bool,
    pub offset: u64,
    pub size_bytes: u64,
    /// Size of the columns before compression.
    pub plain_bytes: u64,
    /// Size of the items as JSON.
    pub json_bytes: u64,
    /// Of the columns before compression.
    pub crc32: u32,
    pub count: u64,
    pub from_us: i64,
    pub to_us: i64,
    /// The block whose columns are this one's prefix; an earlier one.
    pub prefix: Option<usize>,
    pub dictionary: DictionaryId,
}

/// The index of a recording object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    pub blocks: Vec<Block>,
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
        let Some(footer_at) = trailer_at.checked_sub(footer_bytes) else {
            return Ok(Err(footer_bytes + TRAILER_BYTES));
        };
        let footer = &tail[footer_at..trailer_at];
        if crc32fast::hash(footer) != u32_at(trailer, 4) {
            return Err(Error::Footer("checksum differs"));
        }
        Self::from_footer(footer)
            .map(Ok)
            .ok_or(Error::Footer("unreadable entry"))
    }

    fn from_footer(footer: &[u8]) -> Option<Self> {
        let mut from = Source::new(footer);
        let mut dictionaries = vec![0];
        for _ in 0..from.length()? {
            dictionaries.push(u64::from_le_bytes(from.bytes(8)?.try_into().ok()?));
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut offset = MAGIC.len() as u64;
        for at in 0..from.length()? {
            let head = from.number()?;
            let size_bytes = from.number()?;
            let block = Block {
                kind: BlockKind::of(head >> 1)?,
                starts_whole: head & 1 == 1,
                offset,
                size_bytes,
                plain_bytes: from.number()?,
                json_bytes: from.number()?,
                count: from.number()?,
                from_us: from.signed()?,
                to_us: 0,
                prefix: match from.length()? {
                    0 => None,
                    back => Some(at.checked_sub(back)?),
                },
                dictionary: *dictionaries.get(from.length()?)?,
                crc32: u32::from_le_bytes(from.bytes(4)?.try_into().ok()?),
            };
            let to_us = block.from_us.wrapping_add(from.signed()?);
            offset = offset.checked_add(size_bytes)?;
            blocks.push(Block { to_us, ..block });
        }
        from.is_empty().then_some(Self { blocks })
    }

    /// Writes what stands behind the blocks.
    pub(crate) fn end(&self, bytes: &mut Vec<u8>) -> Result<()> {
        let footer = self.to_footer();
        let size = u32::try_from(footer.len()).map_err(|_| Error::Footer("too many blocks"))?;
        bytes.extend_from_slice(&footer);
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
        bytes.extend_from_slice(MAGIC);
        Ok(())
    }

    fn to_footer(&self) -> Vec<u8> {
        let mut dictionaries: Vec<DictionaryId> = Vec::new();
        for block in &self.blocks {
            if block.dictionary != 0 && !dictionaries.contains(&block.dictionary) {
                dictionaries.push(block.dictionary);
            }
        }
        let mut out = Vec::new();
        put(&mut out, dictionaries.len() as u64);
        for id in &dictionaries {
            out.extend_from_slice(&id.to_le_bytes());
        }
        put(&mut out, self.blocks.len() as u64);
        for (at, block) in self.blocks.iter().enumerate() {
            put(
                &mut out,
                u64::from(block.kind as u8) << 1 | u64::from(block.starts_whole),
            );
            for number in [
                block.size_bytes,
                block.plain_bytes,
                block.json_bytes,
                block.count,
            ] {
                put(&mut out, number);
            }
            crate::columns::put_signed(&mut out, block.from_us);
            put(
                &mut out,
                block.prefix.map_or(0, |prefix| at - prefix) as u64,
            );
            let dictionary = dictionaries.iter().position(|id| *id == block.dictionary);
            put(&mut out, dictionary.map_or(0, |at| at + 1) as u64);
            out.extend_from_slice(&block.crc32.to_le_bytes());
            crate::columns::put_signed(&mut out, block.to_us.wrapping_sub(block.from_us));
        }
        out
    }

    pub fn of_kind(&self, kind: BlockKind) -> impl Iterator<Item = (usize, &Block)> {
        self.blocks
            .iter()
            .enumerate()
            .filter(move |(_, block)| block.kind == kind)
    }

    pub fn event_blocks(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.of_kind(BlockKind::Events)
    }

    /// The blocks that must be unpacked to read block `at`, that one last.
    pub fn chain(&self, at: usize) -> Vec<usize> {
        let mut chain = vec![at];
        let mut next = self.blocks.get(at).and_then(|block| block.prefix);
        while let Some(at) = next {
            chain.push(at);
            // A prefix is an earlier block, so this ends.
            next = self.blocks[at].prefix;
        }
        chain.reverse();
        chain
    }

    /// The keyframe before event block `at`, if it does not start whole.
    pub fn keyframe_of(&self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1)?;
        (self.blocks[before].kind == BlockKind::Keyframe).then_some(before)
    }

    /// The last event block from which the state at `at_us` can be made: it starts
    /// before or then, and with a full snapshot or a keyframe. Without one, the
    /// first event block.
    pub fn seek(&self, at_us: i64) -> Option<usize> {
        let sound = |at: usize, block: &Block| block.starts_whole || self.keyframe_of(at).is_some();
        self.event_blocks()
            .filter(|(at, block)| block.from_us <= at_us && sound(*at, block))
            .last()
            .or_else(|| self.event_blocks().next())
            .map(|(at, _)| at)
    }
}

impl Block {
    /// Undoes the compression. `prefix` is the plain content of the block named
    /// so, or empty.
    ///
    /// # Errors
    /// [`Error::Block`] when the bytes are damaged.
    pub fn unpack(&self, at: usize, bytes: &[u8], prefix: &[u8]) -> Result<Vec<u8>> {
        let bad = |why: String| Error::Block(at, why);
        if self.plain_bytes > MAX_PLAIN_BYTES || self.json_bytes > MAX_PLAIN_BYTES {
            return Err(bad(format!("{} bytes announced", self.plain_bytes)));
        }
        let size = self.plain_bytes as usize;
        // Grows with what is really there, whatever is announced.
        let mut plain = Vec::with_capacity(size.min(bytes.len().saturating_mul(64)));
        let decoder = zstd::stream::read::Decoder::with_ref_prefix(bytes, prefix);
        let read = decoder.and_then(|mut decoder| {
            decoder.window_log_max(MAX_WINDOW_LOG)?;
            decoder.take(self.plain_bytes + 1).read_to_end(&mut plain)
        });
        read.map_err(|error| bad(error.to_string()))?;
        if plain.len() != size || crc32fast::hash(&plain) != self.crc32 {
            return Err(bad("checksum differs".to_owned()));
        }
        Ok(plain)
    }

    /// The items of a block whose plain content [`Block::unpack`] gave.
    ///
    /// # Errors
    /// [`Error::Block`] when they cannot be read, or the dictionary is another.
    pub fn items<'a>(
        &self,
        at: usize,
        plain: &'a [u8],
        dictionary: &'a Dictionary,
    ) -> Result<Reader<'a>> {
        if dictionary.id() != self.dictionary {
            return Err(Error::Block(at, "another dictionary".to_owned()));
        }
        Reader::new(plain, dictionary, self.json_bytes)
            .map_err(|damage| Error::Block(at, damage.to_string()))
    }
}

/// Compresses the content of a block.
pub(crate) fn pack(at: usize, plain: &[u8], prefix: &[u8]) -> Result<Vec<u8>> {
    let pack = || {
        let mut encoder =
            zstd::stream::write::Encoder::with_ref_prefix(Vec::new(), ZSTD_LEVEL, prefix)?;
        encoder.set_pledged_src_size(Some(plain.len() as u64))?;
        encoder.include_contentsize(false)?;
        // The default window of the level may be too small for the prefix.
        let needed = (plain.len() + prefix.len())
            .max(1 << 10)
            .next_power_of_two();
        encoder.window_log(needed.ilog2().clamp(10, MAX_WINDOW_LOG))?;
        encoder.write_all(plain)?;
        encoder.finish()
    };
    pack().map_err(|error: std::io::Error| Error::Block(at, format!("cannot compress: {error}")))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}
