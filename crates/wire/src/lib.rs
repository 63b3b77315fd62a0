//! Protocol adapters: what other people's SDKs send, and what they expect back.
//!
//! Every function is a pure function of its arguments: no I/O, no clock, no state,
//! no HTTP library. Bytes become a [`model::ingest`] upload or a [`Rejection`]; an
//! outcome becomes the exact [`Reply`] that the SDK on the other side understands.
//!
//! - [`encoding`] undoes `Content-Encoding` within a byte limit.
//! - [`amplitude`] speaks the Amplitude browser SDKs' three endpoints.
//! - [`sentry`] and [`posthog`] speak what those SDKs speak; one of their requests
//!   can bring errors, traces and more, so they decode to a [`model::batch::Batch`].
//! - [`plain`] reads bare rrweb events from anybody.
//! - `replay_event` holds the rules every single rrweb event has to pass, shared by
//!   all protocols.
//!
//! Hostile input costs at most what the limits say. One bad event never costs its
//! neighbours: it is dropped or repaired, and counted with a reason. Messages say
//! what was wrong in words, and never quote recorded content.

pub mod amplitude;
pub mod encoding;
pub mod event_name;
pub mod plain;
pub mod posthog;
pub mod sentry;

mod body;
mod form;
mod own_traffic;
mod plain_columns;
mod replay_event;
mod value;

use model::ingest::Reason;

/// The largest event, as JSON text. The Amplitude SDK drops more than this itself.
pub const MAX_EVENT_BYTES: usize = 10_000_000;

/// A request that was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    pub reason: Reason,
    /// For a developer who reads the answer. Holds no recorded content.
    pub message: String,
    /// The field whose absence makes the request useless, for the protocol that
    /// reports it (Amplitude's events API).
    pub missing_field: Option<&'static str>,
}

impl Rejection {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            missing_field: None,
        }
    }

    fn missing(field: &'static str, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            missing_field: Some(field),
        }
    }
}

/// An answer, ready to be written by whatever speaks HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl Reply {
    fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json",
            body: body.to_string().into_bytes(),
        }
    }
}
