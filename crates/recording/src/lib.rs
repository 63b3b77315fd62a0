//! The recording object: the sealed form of one replay, as one file.
//!
//! [`Recording`] is the index of such an object; [`merge`] makes the next
//! version of one from the old object and newly arrived events. The crate does
//! no I/O: the caller supplies the bytes of a block, so that a seek over an
//! object store is a range read.
//!
//! # Format, version 1
//!
//! ```text
//! offset  size  content
//! 0       8     magic "REENACT1"
//! 8       ...   blocks, one zstd frame each, in the order of the footer
//! ...     n     footer: JSON, see `Footer`
//! end-16  4     n, little endian
//! end-12  4     CRC-32 (IEEE) of the footer
//! end-8   8     magic "REENACT1"
//! ```
//!
//! The plain content of an event block is a list of lines ended by `\n`. A line
//! is `<microseconds since the epoch> <event type> <event as JSON>`. Lines are in
//! time order and blocks do not overlap in time, except that equal times may
//! stand on both sides of a boundary. Interactions stand in blocks of their own,
//! a line `<microseconds at arrival> <hash of the request> <JSON array>`.
//! Each block carries the CRC-32 of its plain content in the footer.

mod format;
mod merge;

pub use format::{
    Block, BlockKind, Footer, MAGIC, Recording, TRAILER_BYTES, decode_events, decode_interactions,
};
pub use merge::{InteractionBatch, Marks, merge};

/// Plain bytes after which a block is closed.
pub const BLOCK_TARGET_BYTES: usize = 4 << 20;
/// Stream time after which a block is closed.
pub const BLOCK_TARGET_MICROS: i64 = 60_000_000;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not a recording object, or cut short")]
    NotARecording,
    #[error("cannot read the footer of a recording: {0}")]
    Footer(String),
    #[error("block {0} of a recording is damaged: {1}")]
    Block(usize, String),
}
