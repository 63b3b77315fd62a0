//! What must not be kept, and what must not be shown.
//!
//! [`scrub_event`] runs once, before an event is stored: it removes credentials that
//! SDKs record without being asked (the project's ingest key, secret headers of
//! recorded requests) and configuration that only takes space.
//!
//! [`sanitise_event`] runs each time an event leaves for the player: the page that
//! was recorded belongs to strangers, and nothing in it may run, load a document or
//! navigate. It is the server's wall; the content policy of the page that shows the
//! recording is the other. Stored data is not changed by it, so that better rules
//! also protect old recordings.
//!
//! [`collect_references`] says what a recorded page loads, for the archive, and
//! [`rewrite_event`] points it there when the page is shown.
//!
//! [`follow_ups`] adds what a player must do after a snapshot. [`prepare_event`] does
//! all of it but the last step with one reading of the event.
//!
//! All work on one event's JSON text and say nothing where nothing has to change.
//! None panics, or uses the caller's stack in proportion to the input's depth.

mod assets;
mod css;
mod follow_up;
mod playback;
mod prepare;
mod scrub;
mod tree;

pub use assets::{
    AssetKind, Reference, collect_references, page_url_of, rewrite_event, rewrite_style_sheet,
    style_sheet_references,
};
pub use follow_up::follow_ups;
pub use playback::sanitise_event;
pub use prepare::{Prepared, prepare_event};
pub use scrub::{Scrubbed, scrub_event};
