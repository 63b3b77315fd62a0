//! The rrweb event format, read tolerantly and without building trees.
//!
//! An event is one JSON object (`type`, `timestamp`, `data`, maybe more keys) that
//! a recorder in somebody's browser wrote. The server keeps its text as it came,
//! so this crate works on text: [`read_envelope`] finds the few values a server
//! needs in one pass, [`unpack`] undoes `@rrweb/packer`, [`repair_surrogates`]
//! replaces the half characters JavaScript can write and Rust cannot hold,
//! [`max_depth`] bounds what a later parser has to survive, and [`event_facts`]
//! says what a list of replays wants to know about an event.
//!
//! It knows no vendor's protocol, no storage and no clock. It never panics and
//! never recurses over its input: every function here is safe on hostile bytes.

pub mod depth;
pub mod envelope;
pub mod keyframe;
pub mod mirror;
pub mod packed;
pub mod summary;
pub mod tape;
pub mod text;

pub use depth::{MAX_DEPTH, max_depth};
pub use envelope::{Envelope, UNKNOWN_KIND, kind, read_envelope};
pub use keyframe::keyframe;
pub use mirror::{Integrity, Limits, Mirror, NodeKey, NodeKind, Observer, Problem};
pub use packed::{Unpacked, unpack};
pub use summary::{EventFacts, Viewport, event_facts, facts_of, incremental_source};
pub use tape::{Tape, TapeError};
pub use text::{compact, repair_surrogates};

/// Why a text is not a usable event.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("event is not a JSON object: {0}")]
    NotAnObject(#[source] serde_json::Error),
    #[error("packed event holds characters above U+00FF")]
    NotLatin1,
    #[error("packed event cannot be inflated: {0}")]
    Inflate(#[source] std::io::Error),
    #[error("event is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("packed event is not marked as version v1")]
    UnknownPacking,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
