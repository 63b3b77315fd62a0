//! What must not be kept, and what must not be shown.
//!
//! [`scrub_event`], [`scrub_record`] and [`scrub_text`] run once, before something is
//! stored: they remove credentials that SDKs record without being asked (the
//! project's ingest key, secret headers of recorded requests, secret parameters of
//! addresses) and configuration that only takes space.
//!
//! [`Preparer`] works each time events leave for the player: the page that was
//! recorded belongs to strangers, and nothing in it may run, load a document or
//! navigate. It is the server's wall; the content policy of the page that shows the
//! recording is the other. Stored data is not changed by it, so that better rules
//! also protect old recordings. It also adds what a player must do after a snapshot,
//! and points what a page loads to the archive.
//!
//! [`collect_references`] says what a recorded page loads, for the archive.
//!
//! None panics, or uses the caller's stack in proportion to the input's depth.

mod assets;
mod css;
mod follow_up;
mod names;
mod prepare;
mod scrub;
mod scrub_text;
mod tree;
mod walk;
mod wall;

pub use assets::{
    AssetKind, Reference, collect_references, page_url_of, rewrite_style_sheet,
    style_sheet_references,
};
pub use prepare::{Prepared, Preparer};
pub use scrub::{Scrubbed, scrub_event, scrub_record, scrub_text};
