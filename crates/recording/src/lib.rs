//! The recording object: the sealed form of one replay, as one file.
//!
//! [`Recording`] is the index of such an object; an [`Assembler`] writes one, or
//! the next version of one. The crate does no I/O: the caller supplies the bytes
//! of a block, so that a seek over an object store is a range read. It does not
//! know what is in an event beyond where a full snapshot begins.
//!
//! # Format, version 2
//!
//! ```text
//! offset  size  content
//! 0       8     magic "REENACT2"
//! 8       ...   blocks, one behind the other
//! ...     n     footer
//! end-16  4     n, little endian
//! end-12  4     CRC-32 (IEEE) of the footer
//! end-8   8     magic "REENACT2"
//! ```
//!
//! Numbers in the footer are LEB128 varints, signed ones zigzag:
//!
//! ```text
//! number of dictionaries, then each: its id (8 bytes, little endian)
//! number of blocks, then each:
//!   2 * kind + (1 when it starts with a full snapshot)
//!   size in bytes; size of the columns; size as JSON; number of items
//!   time of the first item in microseconds since the epoch (signed)
//!   how many blocks back its prefix stands, 0 for none
//!   place of its dictionary in the list, from 1; 0 for none
//!   CRC-32 (IEEE) of the columns (4 bytes, little endian)
//!   microseconds from the first to the last item (signed)
//! ```
//!
//! Kinds: 0 events, 1 keyframe, 2 facts, 3 interactions, 4 summary.
//!
//! A block is one zstd frame. It is compressed with the plain content of another
//! block as prefix (zstd's `refPrefix`) where the footer names one: a keyframe
//! against the keyframe before, an event block against its keyframe, facts against
//! their event block. That is what makes a keyframe cost as much as what changed.
//! At most [`MAX_CHAIN`] blocks are unpacked to read events, and nothing but the
//! facts about them hangs on an event block. The plain content is columns, see
//! [`columns`].
//!
//! Event blocks are in time order; equal times may stand on both sides of a
//! boundary. A keyframe stands directly before the event block that it belongs
//! to and has the state before that block's first event.

mod assemble;
pub mod columns;
mod dictionary;
mod format;
mod redo;

pub use assemble::{Assembler, BlockSizes, Cut, base_of};
pub use dictionary::{Builder, Dictionary, DictionaryId, MIN_USERS};
pub use format::{Block, BlockKind, MAGIC, MAX_CHAIN, Recording, TRAILER_BYTES};
pub use redo::with_dictionary;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not a recording object, or cut short")]
    NotARecording,
    #[error("cannot read the footer of a recording: {0}")]
    Footer(&'static str),
    #[error("cannot read a dictionary: {0}")]
    Dictionary(String),
    #[error("an item is no JSON: {0}")]
    Item(String),
    #[error("block {0} of a recording is damaged: {1}")]
    Block(usize, String),
}
