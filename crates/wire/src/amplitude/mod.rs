//! The Amplitude browser SDKs: session replay (standalone, plugin, unified) and the
//! analytics events next to it.
//!
//! | endpoint | read by | answered by |
//! |---|---|---|
//! | `POST /sessions/v2/track` | [`TrackQuery::parse`], [`decode_track`] | [`track_ok`], [`track_skipped`], [`track_rejected`] |
//! | `GET /config…` | [`ingest_key`] or the path | [`config_json`], [`config_rejected`] |
//! | `POST /2/httpapi`, `/batch` | [`decode_events`] | [`events_ok`], [`events_rejected`] |
//!
//! All are called from other people's pages: see [`cors_headers`] and
//! [`preflight_reply`]. Captured requests of five SDK builds prove each fact; they
//! are in `fixtures/amplitude`.

mod config;
mod cors;
mod decode;
mod events;
mod identities;
mod reply;
mod request;

pub use config::{
    CaptureSettings, ConsoleCapture, InteractionCapture, MaskLevel, NetworkCapture, TargetingRule,
    config_json,
};
pub(crate) use cors::cors_headers_exposing;
pub use cors::{cors_headers, preflight_reply};
pub use decode::decode_track;
pub use events::{MAX_EVENTS_PER_REQUEST, decode_events};
pub use reply::{
    config_ok, config_rejected, events_ok, events_rejected, track_ok, track_rejected, track_skipped,
};
pub use request::{TrackKind, TrackQuery, client_from_headers, ingest_key};
