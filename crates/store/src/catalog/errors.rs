//! Errors and timed operations that belong to replays, in any order of arrival.

use crate::Result;
use model::{ProjectId, ReplayId, Timestamp};
use std::ops::Range;

/// One error as it is kept. Fields that hold JSON say so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorRecord {
    /// Unique in its project; a second one is dropped.
    pub event_id: String,
    pub at: Timestamp,
    pub received_at: Timestamp,
    /// The replay that the error names, there or not.
    pub replay: Option<ReplayId>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
    pub source: String,
    pub level: String,
    pub kind: Option<String>,
    pub message: Option<String>,
    pub title: String,
    pub culprit: Option<String>,
    pub platform: Option<String>,
    pub release: Option<String>,
    pub dist: Option<String>,
    pub environment: Option<String>,
    pub is_server_side: bool,
    pub is_handled: Option<bool>,
    pub url: Option<String>,
    pub transaction: Option<String>,
    pub sdk: Option<String>,
    pub sdk_version: Option<String>,
    pub user_json: Option<String>,
    pub tags_json: String,
    pub exceptions_json: String,
    pub debug_ids_json: String,
    /// The event as it was sent. Only [`ErrorCatalog::error`] reads it back.
    pub event_json: Option<String>,
}

/// An error with what it is counted for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewError {
    pub record: ErrorRecord,
    /// Errors with the same one are one issue.
    pub fingerprint: String,
    /// Hashes, to count different ones.
    pub user_hash: Option<u64>,
    pub session_hash: Option<u64>,
}

/// How an error came to a replay; the strongest is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// The error names the replay.
    Named,
    /// The replay lists the error.
    Listed,
    /// Both are part of one trace, and the error names no replay.
    Trace,
}

impl LinkKind {
    pub const ALL: [Self; 3] = [Self::Named, Self::Listed, Self::Trace];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Listed => "listed",
            Self::Trace => "trace",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredError {
    pub id: i64,
    pub issue_id: i64,
    /// To the replay that was asked for, else to any.
    pub link: Option<(ReplayId, LinkKind)>,
    pub record: ErrorRecord,
}

/// What a part of a replay says belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayLinks {
    pub replay: ReplayId,
    pub error_ids: Vec<String>,
    pub trace_ids: Vec<String>,
    pub now: Timestamp,
    /// A time in the replay, by its device.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanRecord {
    pub trace_id: String,
    pub span_id: String,
    pub parent_span_id: Option<String>,
    pub is_segment: bool,
    pub segment_name: Option<String>,
    pub operation: Option<String>,
    pub name: Option<String>,
    pub status: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub received_at: Timestamp,
    pub replay: Option<ReplayId>,
    pub platform: Option<String>,
    pub release: Option<String>,
    pub environment: Option<String>,
    pub is_server_side: bool,
    pub measurements_json: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub id: i64,
    pub project_id: ProjectId,
    pub fingerprint: String,
    pub title: String,
    pub kind: Option<String>,
    pub culprit: Option<String>,
    pub level: String,
    pub platform: Option<String>,
    pub is_server_side: bool,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub first_release: Option<String>,
    pub last_release: Option<String>,
    pub event_count: u64,
    pub user_count: u64,
    pub session_count: u64,
    pub replay_count: u64,
}

/// Descending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IssueOrder {
    #[default]
    LastSeen,
    FirstSeen,
    Events,
    Users,
}

impl Issue {
    /// What the list is ordered by.
    pub fn sort_value(&self, order: IssueOrder) -> i64 {
        let count = |value| i64::try_from(value).unwrap_or(i64::MAX);
        match order {
            IssueOrder::LastSeen => self.last_seen.micros(),
            IssueOrder::FirstSeen => self.first_seen.micros(),
            IssueOrder::Events => count(self.event_count),
            IssueOrder::Users => count(self.user_count),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct IssueQuery {
    pub order: IssueOrder,
    /// Sort value and id of the last one of the page before.
    pub after: Option<(i64, i64)>,
    /// Part of title or culprit.
    pub text: Option<String>,
    pub is_server_side: Option<bool>,
    /// Seen at or after.
    pub from: Option<Timestamp>,
    /// Seen before.
    pub to: Option<Timestamp>,
    /// Seen in this release, and environment.
    pub release: Option<String>,
    pub environment: Option<String>,
    pub limit: usize,
}

/// A replay of an issue, and the moment to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueReplay {
    pub replay: ReplayId,
    pub error_id: i64,
    pub at: Timestamp,
    pub link: LinkKind,
}

/// A film of the screen, a few seconds of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// The segment's number; with a second one where several came with this number.
    pub id: String,
    pub segment: u64,
    pub content_hash: u64,
    pub at: Timestamp,
    pub duration_ms: u64,
    pub width_px: u32,
    pub height_px: u32,
    pub size_bytes: u64,
    pub blob_key: String,
}

#[async_trait::async_trait]
pub trait ErrorCatalog {
    /// Adds errors that are not there yet, to their issues and to the replays that
    /// they belong to; returns how many were new.
    async fn put_errors(&self, project: ProjectId, errors: &[NewError]) -> Result<u64>;
    /// Remembers what replays list, and links what is there already.
    async fn put_links(&self, project: ProjectId, links: &[ReplayLinks]) -> Result<()>;
    /// Adds spans that are not there yet; returns how many were new. One that names a
    /// replay makes its trace a part of it.
    async fn put_spans(&self, project: ProjectId, spans: &[SpanRecord]) -> Result<u64>;

    /// In time order.
    async fn errors_of_replay(&self, replay: ReplayId, limit: usize) -> Result<Vec<StoredError>>;
    /// Of the traces that are part of the replay, by start.
    async fn spans_of_replay(
        &self,
        project: ProjectId,
        replay: ReplayId,
        limit: usize,
    ) -> Result<Vec<SpanRecord>>;
    async fn error(&self, project: ProjectId, id: i64) -> Result<Option<StoredError>>;

    async fn issues(&self, project: ProjectId, query: &IssueQuery) -> Result<Vec<Issue>>;
    async fn issue(&self, project: ProjectId, id: i64) -> Result<Option<Issue>>;
    /// Newest first, after the one with this time and id.
    async fn errors_of_issue(
        &self,
        issue: i64,
        after: Option<(Timestamp, i64)>,
        limit: usize,
    ) -> Result<Vec<StoredError>>;
    /// Newest first.
    async fn replays_of_issue(&self, issue: i64, limit: usize) -> Result<Vec<IssueReplay>>;
    /// How many of its errors are kept of each stretch of time.
    async fn error_counts(&self, issue: i64, stretches: &[Range<Timestamp>]) -> Result<Vec<u64>>;
    /// Releases and how many of its errors are kept of each, most first.
    async fn releases_of_issue(&self, issue: i64, limit: usize) -> Result<Vec<(String, u64)>>;

    /// Keeps the newest errors of each issue that has more, and those of replays.
    async fn forget_errors(&self, kept_per_issue: usize) -> Result<u64>;
    /// Forgets spans, and links that found nothing, that came before this.
    async fn forget_traces(&self, before: Timestamp) -> Result<u64>;

    /// Adds a film unless the same is there; the id in it is given by the catalog.
    ///
    /// # Errors
    /// `Conflict` when too many films have the segment's number.
    async fn put_video(&self, replay: ReplayId, video: &Video) -> Result<Video>;
    /// In time order.
    async fn videos(&self, replay: ReplayId) -> Result<Vec<Video>>;
}
