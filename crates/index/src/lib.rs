//! Finding replays: what is asked (the [`filter`] language), and an index that
//! answers.
//!
//! [`Index`] is a trait of questions, so that another engine can answer them; every
//! one passes the suite in `conformance`, a feature. [`LocalIndex`] is the one inside the
//! binary: rows of replays in memory, what happened in them as immutable columns,
//! texts of screens behind an index of words.
//!
//! The index is never the only place where something is: what came after the last
//! [`Index::flush`] is lost in a crash and fed again from the catalog and the
//! recordings ([`Index::fed_up_to`], [`Index::facts_version`]).
//!
//! This crate knows neither HTTP nor SQL nor what a recording looks like.

pub mod filter;

mod cache;
mod charts;
mod codes;
#[cfg(feature = "conformance")]
pub mod conformance;
mod evaluate;
pub mod feed;
mod file;
mod local;
mod manifest;
mod piece;
mod project;
mod questions;
mod rows;
mod rows_file;
mod segment;
mod sessions;
mod text;
mod value;

pub use charts::{Funnel, Group, Series};
pub use local::{LocalIndex, Options};
pub use questions::{Cursor, Facet, List, Page, Sort, StreamEvent, StreamQuery};
pub use text::{Appearance, Wanted};
pub use value::{MAX_VALUE_BYTES, Matcher, Value};

use filter::{Clock, Filter, Problem};
use model::{ProjectId, ReplayId, Timestamp};
use std::collections::HashMap;
use std::collections::HashSet;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question cannot be answered as it was asked.
    #[error("{}", .0.message)]
    Filter(Problem),
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// What was read is not what was written.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub(crate) fn io(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |error| Self::Io(path.clone(), error)
    }

    pub(crate) fn damaged(what: &str) -> Self {
        Self::Damaged(what.to_owned())
    }

    pub(crate) fn json(error: serde_json::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// What is known about a replay, or a session without one, by field.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: ReplayId,
    /// `None` takes a value away; fields that are not named stay.
    pub values: Vec<(String, Option<Value>)>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// A name of [`filter::HAPPENINGS`].
    pub kind: &'static str,
    /// Of kinds with names; empty otherwise.
    pub name: String,
    pub at: Timestamp,
    /// The session that it belongs to.
    pub replay: Option<ReplayId>,
    pub user: Option<String>,
    pub device: Option<String>,
    pub properties: Vec<(String, Value)>,
    /// What is said about the user with it.
    pub user_properties: Vec<(String, Value)>,
}

/// Whose data is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Replay(ReplayId),
    /// A user id or a device id: all its sessions, and what happened outside of them.
    User(String),
}

/// What questions are relative to.
#[derive(Debug, Clone)]
pub struct Context {
    pub clock: Clock,
    /// User ids by cohort, of the cohorts that a filter names.
    pub cohorts: HashMap<i64, HashSet<String>>,
}

/// What was not indexed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refused {
    /// Properties beyond the names that a project may have.
    pub properties: u64,
}

/// Figures for metrics and benchmarks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub rows: u64,
    pub events: u64,
    pub facts: u64,
    pub texts: u64,
    pub files: u64,
    pub file_bytes: u64,
    pub refused: Refused,
}

/// Everything is about one project. Writing is visible to the next question, and
/// durable after [`flush`](Index::flush).
#[async_trait::async_trait]
pub trait Index: Send + Sync {
    async fn put_rows(&self, project: ProjectId, rows: Vec<Row>) -> Result<()>;
    /// Adds events. `up_to` is remembered as [`fed_up_to`](Index::fed_up_to).
    async fn put_events(
        &self,
        project: ProjectId,
        events: Vec<Occurrence>,
        up_to: Option<u64>,
    ) -> Result<()>;
    /// Replaces all facts and texts of a replay.
    async fn put_facts(
        &self,
        project: ProjectId,
        replay: ReplayId,
        version: u64,
        facts: Vec<Occurrence>,
        texts: Vec<Appearance>,
    ) -> Result<()>;
    /// Writes what is only in memory, and merges files that are due.
    async fn flush(&self, project: ProjectId) -> Result<()>;
    /// The highest `up_to` that is durable.
    async fn fed_up_to(&self, project: ProjectId) -> Result<u64>;
    /// Version of the facts that are there; 0 for none.
    async fn facts_version(&self, project: ProjectId, replay: ReplayId) -> Result<u64>;

    /// Deletes. No question finds it afterwards, and when it returns it is in no file.
    /// Returns how many rows, events, facts and texts there were.
    async fn forget(&self, project: ProjectId, who: Subject) -> Result<u64>;

    /// Replays for which a filter holds.
    async fn list(&self, project: ProjectId, list: List, context: Context) -> Result<Page>;
    /// Values of fields and how many of the replays have them, most frequent first.
    async fn facets(
        &self,
        project: ProjectId,
        filter: Filter,
        fields: Vec<String>,
        limit: usize,
        context: Context,
    ) -> Result<Vec<Facet>>;
    /// Values of a field that begin with `prefix` (case aside), most frequent first.
    async fn values(
        &self,
        project: ProjectId,
        field: String,
        prefix: String,
        limit: usize,
    ) -> Result<Vec<(Value, u64)>>;
    /// Names of events, tags and user properties, for suggestions.
    async fn names(&self, project: ProjectId, prefix: String, limit: usize) -> Result<Vec<String>>;
    /// Where a phrase stood in a replay, by time.
    async fn screen_hits(
        &self,
        project: ProjectId,
        replay: ReplayId,
        phrase: String,
        limit: usize,
    ) -> Result<Vec<Appearance>>;
    /// What a user or device did, newest first.
    async fn stream(&self, project: ProjectId, query: StreamQuery) -> Result<Vec<StreamEvent>>;

    /// Counts and different users between each two boundaries.
    async fn series(
        &self,
        project: ProjectId,
        series: Series,
        context: Context,
    ) -> Result<Vec<Group>>;
    /// Counts and different users by value of a property.
    async fn group_by(
        &self,
        project: ProjectId,
        series: Series,
        property: String,
        context: Context,
    ) -> Result<Vec<Group>>;
    /// How many users did the first step, the first two in this order, and so on.
    async fn funnel(
        &self,
        project: ProjectId,
        funnel: Funnel,
        context: Context,
    ) -> Result<Vec<u64>>;

    async fn stats(&self, project: ProjectId) -> Result<Stats>;
}
