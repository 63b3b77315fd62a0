//! The Sentry SDKs: browsers, servers and mobile devices, versions 7 to 11.
//!
//! | endpoint | read by | answered by |
//! |---|---|---|
//! | `POST /api/<project>/envelope/`, any path of a tunnel | [`endpoint`], [`Envelope::parse`], [`credentials`], [`Envelope::decode`] | [`accepted`], [`rejected`] |
//! | `POST /api/<project>/store/` | [`endpoint`], [`credentials`], [`decode_store`] | the same |
//!
//! An envelope is split first and read after its key was checked, because in a
//! tunnel the key is inside. What was learnt from captured traffic, which is in
//! `fixtures/sentry`, and is easy to get wrong:
//!
//! - A recording is deflated or plain, by its first byte (`plain-json-v11`).
//! - Times of events are in milliseconds or, for some, in seconds: both arrive in
//!   milliseconds (`session-v11`). Events are not in order of time and stay as sent.
//! - All parts of a replay have the same `event_id`: parts are told apart by replay
//!   and segment. Segments repeat, are late, or never come.
//! - A server's error names the replay only in the envelope's trace (`backend`), an
//!   error that starts a buffered replay only in a tag (`buffer-v11`).
//! - Device time is kept everywhere, so that errors stay where they were seen; how
//!   far the clock is off is in [`ReplayFacts`](model::batch::ReplayFacts).

mod decode;
mod envelope;
pub(crate) mod event;
mod health;
mod msgpack;
mod replay;
mod reply;
mod request;
mod span;

pub use decode::decode_store;
pub use envelope::{Envelope, MAX_ITEMS};
pub use replay::{MAX_EVENTS_PER_RECORDING, MAX_RECORDING_BYTES};
pub use reply::{ALL_BUT_REPLAYS, Category, RateLimit, accepted, cors_headers, rejected};
pub use request::{Credentials, Endpoint, credentials, dsn_key, endpoint, key_of_dsn};
