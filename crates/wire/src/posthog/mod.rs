//! The PostHog SDKs: browsers since 1.9x, servers, and mobile devices.
//!
//! | endpoint | read by | answered by |
//! |---|---|---|
//! | `POST /e/`, `/i/v0/e/`, `/s/`, `/batch/`, `/capture/`, ... | [`endpoint`], [`decode_body`], [`Request`] | [`capture_ok`], [`capture_over_quota`], [`capture_rejected`] |
//! | `POST /flags/`, `/decide/` | [`decode_body`], [`Request`] for the token | [`flags`], [`decide`] |
//! | `GET /array/<token>/config.js`, `/config` | [`endpoint`] | [`config_script`], [`config_json`], [`config_rejected`] |
//! | `GET /api/surveys/`, ... | [`endpoint`] | [`nothing`] |
//!
//! Captured requests of three SDK builds are in `fixtures/posthog`. Easy to get wrong:
//!
//! - Compression is told by the first bytes, hardly ever by a header.
//! - Large values inside of events are compressed a second time; they leave this
//!   module plain (`full`, and `legacy-1.96` without).
//! - A request that is sent again has the same event ids, and decodes to the same
//!   bytes (`retry`).
//! - One session has several windows. Each event says which in `windowId`.
//! - Device time is kept. Where an event has an `offset` instead of a time, it counts
//!   back from the arrival (`legacy-1.172`).
//! - Mobile devices send pictures of the screen: see [`wireframe`].

mod body;
mod compressed;
mod config;
mod decode;
mod events;
mod lzstring;
mod reply;
mod request;
pub mod wireframe;

pub use body::decode_body;
pub use config::{config_json, config_rejected, config_script, decide, flags};
pub use decode::{MAX_EVENTS_PER_REQUEST, MAX_REPLAY_EVENTS_PER_REQUEST, Request};
pub use reply::{Quota, capture_ok, capture_over_quota, capture_rejected, cors_headers, nothing};
pub use request::{Absent, Endpoint, Wishes, endpoint, script_version};
