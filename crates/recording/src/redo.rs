//! Writing a recording again with another dictionary, for one that must go.

use crate::columns::Writer;
use crate::format::{Block, MAGIC, Recording, pack};
use crate::{Dictionary, DictionaryId, Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// The plain content of a block that others are packed against, before and after.
struct Plain {
    old: Vec<u8>,
    new: Vec<u8>,
}

/// The same items in the same blocks, none of which refers to a dictionary but `new`.
/// A block that cannot be read, or whose dictionary is not among `old`, is copied:
/// nothing can be read from it afterwards either.
///
/// # Errors
/// [`Error::NotARecording`] and [`Error::Footer`] when `bytes` is no recording.
pub fn with_dictionary(
    bytes: &[u8],
    old: &HashMap<DictionaryId, Arc<Dictionary>>,
    new: &Dictionary,
) -> Result<Vec<u8>> {
    let index = Recording::read(bytes)?.map_err(|_| Error::NotARecording)?;
    let mut out = MAGIC.to_vec();
    let mut blocks = Vec::with_capacity(index.blocks.len());
    let mut kept: HashMap<usize, Plain> = HashMap::new();
    for (at, block) in index.blocks.iter().enumerate() {
        let packed = part(bytes, block).ok_or(Error::NotARecording)?;
        let offset = out.len() as u64;
        let block = Block {
            offset,
            dictionary: new.id(),
            ..block.clone()
        };
        match again(at, &index, packed, &kept, old, new) {
            Ok((plain, repacked)) => {
                out.extend_from_slice(&repacked);
                blocks.push(Block {
                    size_bytes: repacked.len() as u64,
                    plain_bytes: plain.new.len() as u64,
                    crc32: crc32fast::hash(&plain.new),
                    ..block
                });
                kept.insert(at, plain);
            }
            Err(_) => {
                out.extend_from_slice(packed);
                // Or it might be read with a dictionary that it was not written with.
                blocks.push(Block {
                    crc32: !block.crc32,
                    ..block
                });
            }
        }
        // In a long recording all of them would be too much.
        let later = index.blocks.get(at + 1..).unwrap_or_default();
        kept.retain(|at, _| later.iter().any(|block| block.prefix == Some(*at)));
    }
    Recording { blocks }.end(&mut out)?;
    Ok(out)
}

fn part<'a>(bytes: &'a [u8], block: &Block) -> Option<&'a [u8]> {
    let from = usize::try_from(block.offset).ok()?;
    let size = usize::try_from(block.size_bytes).ok()?;
    bytes.get(from..from.checked_add(size)?)
}

fn again(
    at: usize,
    index: &Recording,
    packed: &[u8],
    kept: &HashMap<usize, Plain>,
    old: &HashMap<DictionaryId, Arc<Dictionary>>,
    new: &Dictionary,
) -> Result<(Plain, Vec<u8>)> {
    let block = &index.blocks[at];
    let missing = |what: &str| Error::Block(at, format!("its {what} is missing"));
    let empty = Plain {
        old: Vec::new(),
        new: Vec::new(),
    };
    let prefix = match block.prefix {
        None => &empty,
        Some(prefix) => kept.get(&prefix).ok_or_else(|| missing("prefix"))?,
    };
    let dictionary = old.get(&block.dictionary);
    let dictionary = dictionary.ok_or_else(|| missing("dictionary"))?;
    let plain = block.unpack(at, packed, &prefix.old)?;
    let mut writer = Writer::new(new);
    let mut items = block.items(at, &plain, dictionary)?;
    let mut tape = rrweb::Tape::new();
    while let Some(at_us) = items
        .next(&mut tape)
        .map_err(|damage| Error::Block(at, damage.to_string()))?
    {
        writer.push(at_us, tape.root());
    }
    let written = writer.finish();
    let repacked = pack(at, &written, &prefix.new)?;
    let plain = Plain {
        old: plain,
        new: written,
    };
    Ok((plain, repacked))
}
