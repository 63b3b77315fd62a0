//! One accepted request of an SDK, independent of the protocol it came by.

use crate::Timestamp;
use crate::batch::IdentityChange;
use serde::{Deserialize, Serialize};

/// Which family of SDK sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    Amplitude,
    Rrweb,
    Sentry,
    PostHog,
}

impl Source {
    pub const ALL: [Self; 4] = [Self::Amplitude, Self::Rrweb, Self::Sentry, Self::PostHog];

    /// The source that writes itself so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Amplitude => "amplitude",
            Self::Rrweb => "rrweb",
            Self::Sentry => "sentry",
            Self::PostHog => "posthog",
        }
    }
}

/// One rrweb event: its envelope, and its JSON exactly as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RawEvent {
    /// rrweb's event type; 255 when it is missing or not one byte.
    pub kind: u8,
    pub timestamp: Timestamp,
    /// A JSON object without line breaks outside of strings.
    pub json: String,
}

/// One heatmap interaction (click or scroll) as the SDK aggregated it, as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct RawInteraction {
    pub json: String,
}

/// One product analytics event.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalyticsEvent {
    pub event_type: String,
    pub timestamp: Timestamp,
    pub device_id: String,
    pub user_id: Option<String>,
    /// Text, because custom session ids are not numbers. `None` out of session.
    pub session_id: Option<String>,
    /// The client's id of the event; deduplicates re-sent events of one device.
    pub insert_id: Option<String>,
    /// `<device id>/<session id>` when the SDK tagged the event with a replay.
    pub replay_id: Option<String>,
    /// The whole event as a JSON object.
    pub json: String,
}

/// What the client said about itself. Every field is untrusted text, already cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    pub sdk: Option<String>,
    pub sdk_version: Option<String>,
    pub user_agent: Option<String>,
    /// Two upper-case letters, from a trusted proxy.
    pub country: Option<String>,
    pub user_id: Option<String>,
}

/// Something that was wrong with an upload and how often. The rest was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub reason: Reason,
    pub count: u64,
}

/// Why something was refused, dropped or repaired. One name in metrics, logs
/// and the ingestion monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    // Whole requests refused.
    UnknownKey,
    InvalidId,
    InvalidEncoding,
    InvalidJson,
    TooLarge,
    TooDeep,
    Throttled,
    CaptureDisabled,
    /// For a replay that was deleted or has expired.
    ReplayGone,
    StorageFull,
    // Single events dropped.
    InvalidEvent,
    EventTooLarge,
    OwnTraffic,
    // Parts of a request that hold more than events.
    /// An item of a kind that is not kept.
    UnknownItem,
    InvalidItem,
    /// The end was missing; what came before it was kept.
    Truncated,
    // Single events kept as they came.
    UnknownCompression,
    /// A part of a replay came again with other content; both are kept.
    SegmentConflict,
    // Single events kept after a repair.
    RepairedTimestamp,
    RepairedText,
    RedactedSecret,
}

impl Reason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::InvalidId => "invalid_id",
            Self::InvalidEncoding => "invalid_encoding",
            Self::InvalidJson => "invalid_json",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::Throttled => "throttled",
            Self::CaptureDisabled => "capture_disabled",
            Self::ReplayGone => "replay_gone",
            Self::StorageFull => "storage_full",
            Self::InvalidEvent => "invalid_event",
            Self::EventTooLarge => "event_too_large",
            Self::OwnTraffic => "own_traffic",
            Self::UnknownItem => "unknown_item",
            Self::InvalidItem => "invalid_item",
            Self::Truncated => "truncated",
            Self::UnknownCompression => "unknown_compression",
            Self::SegmentConflict => "segment_conflict",
            Self::RepairedTimestamp => "repaired_timestamp",
            Self::RepairedText => "repaired_text",
            Self::RedactedSecret => "redacted_secret",
        }
    }
}

/// Counts problems by reason; the list stays as long as there are reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn add(&mut self, reason: Reason, count: u64) {
        if count == 0 {
            return;
        }
        match self.0.iter_mut().find(|problem| problem.reason == reason) {
            Some(problem) => problem.count += count,
            None => self.0.push(Problem { reason, count }),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    pub fn count(&self, reason: Reason) -> u64 {
        self.0
            .iter()
            .find(|problem| problem.reason == reason)
            .map_or(0, |problem| problem.count)
    }
}

/// Data of one replay in one request.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayUpload {
    pub source: Source,
    pub device_id: String,
    pub session_id: String,
    pub client: Client,
    pub about: About,
    pub payload: ReplayPayload,
    pub problems: Problems,
}

/// What the sender says about the replay itself. Later uploads add to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The sender's number of this part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<u64>,
    /// When the recording began, which may be before its first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Who it was before anybody logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Only of mobile devices; a browser's user agent says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ReplayPayload {
    Events(Vec<RawEvent>),
    /// `body_hash` finds a request that was sent again: equal interactions in
    /// different requests are real, so they cannot be told apart one by one.
    Interactions {
        interactions: Vec<RawInteraction>,
        body_hash: u64,
    },
}

/// Analytics events of one request; they may belong to several devices.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalyticsUpload {
    pub source: Source,
    pub events: Vec<AnalyticsEvent>,
    /// What the events say about who somebody is.
    pub identities: Vec<IdentityChange>,
    pub problems: Problems,
}
