//! One request of a protocol that carries more than replays: errors, traces,
//! feedback, files and what is known about a person, next to parts of replays.
//!
//! Every text in here comes from a stranger's device, already cut to a sound length
//! and without control characters. Fields named `json` hold the whole item as the
//! sender wrote it, as one compact JSON object, so that nothing is lost that has no
//! field of its own yet.

use crate::Timestamp;
use crate::ingest::{AnalyticsEvent, Problems, ReplayUpload, Source};
use serde::{Deserialize, Serialize};

/// What one request brought. An item that could not be read costs only itself and is
/// counted in `problems`; each replay counts its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub source: Source,
    pub replays: Vec<ReplaySegment>,
    pub analytics: Vec<AnalyticsEvent>,
    pub identities: Vec<IdentityChange>,
    pub errors: Vec<ErrorEvent>,
    pub spans: Vec<Span>,
    pub feedback: Vec<Feedback>,
    pub attachments: Vec<Attachment>,
    pub visits: Vec<Visit>,
    pub client_losses: Vec<ClientLoss>,
    /// Kinds of items that are not kept, and how many there were of each.
    pub skipped: Vec<SkippedItems>,
    pub problems: Problems,
}

impl Batch {
    pub fn new(source: Source) -> Self {
        Self {
            source,
            replays: Vec::new(),
            analytics: Vec::new(),
            identities: Vec::new(),
            errors: Vec::new(),
            spans: Vec::new(),
            feedback: Vec::new(),
            attachments: Vec::new(),
            visits: Vec::new(),
            client_losses: Vec::new(),
            skipped: Vec::new(),
            problems: Problems::default(),
        }
    }
}

/// The id of a replay whose vendor names it by one id instead of device and session:
/// it stands for both, in [`ReplayUpload`] and in what links to a replay.
pub fn replay_link(vendor_id: &str) -> String {
    format!("{vendor_id}/{vendor_id}")
}

/// Events of one replay, and what the request says about the replay besides.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplaySegment {
    pub upload: ReplayUpload,
    pub facts: ReplayFacts,
    /// A film of the screen, from devices that have no DOM to record.
    pub video: Option<VideoSegment>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplayFacts {
    /// The sender's number of this part. Parts arrive in any order, more than once,
    /// or never.
    pub segment: Option<u64>,
    /// The sender's ids of what was merged into this part, for recognising repeats.
    pub upload_ids: Vec<String>,
    pub is_triggered_by_error: bool,
    /// Of a replay: the earliest `started_at` and the latest `ended_at` of its parts.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// The server's clock minus the client's. Positive when the client's is late.
    /// Includes the time that the request travelled.
    pub clock_offset_ms: Option<i64>,
    /// Pages or screens in the order of the visit; not all are URLs.
    pub urls: Vec<String>,
    pub error_ids: Vec<String>,
    pub trace_ids: Vec<String>,
    pub origin: Origin,
    pub person: Person,
    pub tags: Vec<(String, String)>,
    pub device: Device,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// `None` when only a recording arrived.
    pub json: Option<String>,
}

/// What kind of program sent an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `javascript`, `node`, `python`, `java`, `cocoa`, ...
    pub platform: Option<String>,
    pub release: Option<String>,
    pub dist: Option<String>,
    pub environment: Option<String>,
    pub server_name: Option<String>,
    pub sdk: Option<String>,
    pub sdk_version: Option<String>,
}

/// Who it was, as far as the sender says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: Option<String>,
    pub email: Option<String>,
    pub username: Option<String>,
    pub name: Option<String>,
    /// An address that was written down. Never the connection's.
    pub ip_address: Option<String>,
    /// The sender asks to take the connection's address.
    pub is_ip_wanted: bool,
}

/// Only mobile senders describe their device; of browsers see the user agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub brand: Option<String>,
    pub family: Option<String>,
    pub model: Option<String>,
    pub os: Option<String>,
    pub os_version: Option<String>,
    pub app_version: Option<String>,
}

/// A film of a few seconds. `at` is in the replay's time.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoSegment {
    pub at: Timestamp,
    pub duration_ms: u64,
    pub width: u32,
    pub height: u32,
    pub frame_count: Option<u64>,
    pub frame_rate: Option<f64>,
    /// An mp4 file: it was checked to start like one, nothing more.
    pub mp4: Vec<u8>,
}

/// Something that went wrong, in a page, an app or a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorEvent {
    /// Unique within its project: a repeated item has the same.
    pub event_id: String,
    pub timestamp: Timestamp,
    pub level: Level,
    /// The text of an event that is a message instead of an exception.
    pub message: Option<String>,
    /// From the outermost to its cause; empty for a message.
    pub exceptions: Vec<Exception>,
    /// Grouping that the sender asks for; `{{ default }}` stands for ours.
    pub fingerprint: Vec<String>,
    pub logger: Option<String>,
    /// The page, route or task.
    pub transaction: Option<String>,
    pub url: Option<String>,
    pub link: Link,
    pub origin: Origin,
    pub person: Person,
    pub tags: Vec<(String, String)>,
    /// Source files that were built with a debug id: file and id.
    pub debug_ids: Vec<(String, String)>,
    pub json: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Fatal,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    pub kind: Option<String>,
    pub value: Option<String>,
    pub module: Option<String>,
    /// How it was caught: `auto.browser.global_handlers.onerror`, `generic`, ...
    pub mechanism: Option<String>,
    pub is_handled: Option<bool>,
    /// Made by the SDK to have a stack, so its kind and stack's top say nothing.
    pub is_synthetic: bool,
    /// From the outermost call to where it was thrown.
    pub frames: Vec<Frame>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub function: Option<String>,
    pub module: Option<String>,
    pub file: Option<String>,
    pub absolute_path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub is_in_app: Option<bool>,
    pub context_line: Option<String>,
    /// The built file's id, where the sender puts it into the frame.
    pub debug_id: Option<String>,
}

/// What an item belongs to. Any of it may name something that never arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The vendor's replay id.
    pub replay_id: Option<String>,
    /// The replay was not being sent yet and perhaps never was.
    pub is_replay_buffered: bool,
    pub session_id: Option<String>,
    pub window_id: Option<String>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
}

/// One timed operation of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub trace_id: String,
    pub span_id: String,
    pub parent_span_id: Option<String>,
    /// The outermost operation of one program: a page load, a request served.
    pub is_segment: bool,
    /// Name of the segment that the span is part of, where the sender says.
    pub segment_name: Option<String>,
    pub operation: Option<String>,
    pub name: Option<String>,
    pub status: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub replay_id: Option<String>,
    /// See [`Link::is_replay_buffered`].
    pub is_replay_buffered: bool,
    pub origin: Origin,
    pub measurements: Vec<Measurement>,
    pub json: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub name: String,
    pub value: f64,
    pub unit: Option<String>,
}

/// Words of a user of the recorded site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    pub event_id: String,
    pub timestamp: Timestamp,
    pub message: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub url: Option<String>,
    /// The error that it is about.
    pub error_id: Option<String>,
    pub link: Link,
    pub origin: Origin,
    pub person: Person,
    pub json: String,
}

/// A file that was sent with an error or feedback.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// `None` when the request does not say what it belongs to.
    pub event_id: Option<String>,
    pub file_name: Option<String>,
    /// As the sender calls it. Not to be trusted when the file is served.
    pub content_type: Option<String>,
    /// `event.attachment`, `event.view_hierarchy`, ...
    pub kind: Option<String>,
    pub bytes: Vec<u8>,
}

/// A run of a program, for crash-free rates. Not a replay, and not our session.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// `None` for numbers that were added up by a server.
    pub id: Option<String>,
    pub visitor: Option<String>,
    pub status: VisitStatus,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub is_first: bool,
    pub error_count: u64,
    /// How many visits this stands for.
    pub count: u64,
    pub release: Option<String>,
    pub environment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitStatus {
    Running,
    Exited,
    Errored,
    Unhandled,
    Crashed,
    Abnormal,
}

/// Items that a client dropped by itself, and why: the answer to "where is it?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLoss {
    pub reason: String,
    pub category: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedItems {
    pub kind: String,
    pub count: u64,
}

/// Something that was said about who somebody is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityChange {
    /// Unique within its project: a repeated item has the same.
    pub change_id: Option<String>,
    pub timestamp: Timestamp,
    pub session_id: Option<String>,
    /// The id that was in force: an anonymous one or a user's.
    pub visitor_id: String,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// `visitor_id` is a user; before, the same person had this anonymous id.
    Identified { anonymous_id: String },
    /// Another name for `visitor_id`.
    Alias { other_id: String },
    /// Properties of the person, as JSON objects.
    Properties {
        set: Option<String>,
        set_once: Option<String>,
    },
    /// The person belongs to a group, whose properties are a JSON object.
    Group {
        kind: String,
        key: String,
        set: Option<String>,
    },
}

/// Ids that programs send when they have none. Taken for persons, they would make
/// one of thousands.
const NOBODY: [&str; 17] = [
    "anonymous",
    "guest",
    "distinctid",
    "distinct_id",
    "id",
    "not_authenticated",
    "email",
    "undefined",
    "true",
    "false",
    "null",
    "nan",
    "none",
    "unknown",
    "0",
    "[object object]",
    "00000000-0000-0000-0000-000000000000",
];

/// Whether an id stands for nobody.
pub fn is_nobody(id: &str) -> bool {
    NOBODY.contains(&id.trim().to_ascii_lowercase().as_str())
}
