//! Finding replays: what is asked (the [`filter`] language), and an index that
//! answers.
//!
//! [`Index`] is a trait of questions, so that another engine can answer them; every
//! one passes the suite in `conformance`, a feature. [`LocalIndex`] is the one inside the
//! binary: rows of replays in memory, what happened in them as immutable columns,
//! texts of screens behind an index of words.
//!
//! The index is never the only place where something is. It follows the logs of the
//! catalog and remembers how far it came ([`Index::fed`]): what came after the last
//! [`Index::flush`] is lost in a crash together with the place, and fed again.
//!
//! This crate knows neither HTTP nor SQL nor what a recording looks like.

pub mod filter;

mod cache;
mod charts;
mod codes;
#[cfg(feature = "conformance")]
pub mod conformance;
mod deadline;
mod evaluate;
pub mod feed;
mod file;
mod local;
mod manifest;
mod people;
mod piece;
mod project;
mod questions;
mod rows;
mod rows_file;
mod segment;
mod sessions;
mod state;
mod tally;
mod text;
mod value;

pub use charts::{Funnel, Group, Series};
pub use local::{LocalIndex, Options};
pub use people::{Behaviour, Together};
pub use questions::{
    Cursor, Facet, List, Name, NameKind, Page, Sort, StreamEvent, StreamOf, StreamQuery,
};
pub use state::MAX_NAMES;
pub use text::{Appearance, Wanted};
pub use value::{MAX_VALUE_BYTES, Matcher, Value};

use filter::{Clock, Happened, Problem};
use model::{ProjectId, ReplayId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

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
    /// The question took longer than any may.
    #[error("the question took too long")]
    TooSlow,
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
    /// Of an event, in the catalog; 0 for none.
    pub number: u64,
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

/// Where facts about a replay come from; each layer is replaced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// What its recording says.
    Recording,
    /// What came beside it: errors that are linked to it.
    Beside,
}

/// What is known about a replay from one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub replay: ReplayId,
    pub layer: Layer,
    pub version: u64,
    pub facts: Vec<Occurrence>,
    pub texts: Vec<Appearance>,
}

/// Versions of the facts that are there; 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactsVersions {
    pub recording: u64,
    pub beside: u64,
}

/// How far the logs were followed that the index is fed from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fed {
    pub rows: u64,
    pub events: u64,
    pub facts: u64,
}

impl Fed {
    fn advance(&mut self, to: Self) {
        self.rows = self.rows.max(to.rows);
        self.events = self.events.max(to.events);
        self.facts = self.facts.max(to.facts);
    }
}

/// Whose data is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Replay(ReplayId),
    /// Many at once: files are written anew once.
    Replays(Vec<ReplayId>),
    /// Events by their numbers.
    Events(Vec<u64>),
    /// A user id or a device id: all its sessions, and what happened outside of them.
    User(String),
}

/// What questions are relative to.
#[derive(Debug, Clone)]
pub struct Context {
    pub clock: Clock,
    /// By cohort, of the cohorts that a filter names: user ids, and ids of devices of
    /// which no user is known.
    pub cohorts: HashMap<i64, Arc<HashSet<String>>>,
    /// By name, of the events that a filter names: what else has the name, each with the type of
    /// the event and tests on it. How often it occurs is not looked at.
    pub named_events: HashMap<String, Vec<Happened>>,
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
    /// Names of properties, labels and user properties; a project has a bound of them.
    pub names: u64,
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
    /// Adds events; what is given twice is there twice. `up_to` becomes a part of
    /// [`fed`](Index::fed) together with them: both survive a crash, or none does.
    async fn put_events(
        &self,
        project: ProjectId,
        events: Vec<Occurrence>,
        up_to: Option<u64>,
    ) -> Result<()>;
    /// Replaces the facts and texts of a layer of a replay.
    async fn put_facts(&self, project: ProjectId, facts: Facts) -> Result<()>;
    /// Remembers how far the logs were followed; it never goes back.
    async fn put_fed(&self, project: ProjectId, fed: Fed) -> Result<()>;
    async fn fed(&self, project: ProjectId) -> Result<Fed>;
    /// For each replay, in the order asked.
    async fn facts_versions(
        &self,
        project: ProjectId,
        replays: Vec<ReplayId>,
    ) -> Result<Vec<FactsVersions>>;
    /// Writes what is only in memory, and merges files that are due.
    async fn flush(&self, project: ProjectId) -> Result<()>;
    /// Writes what is only in memory of any project, and gives memory back that
    /// projects took which nobody has asked about for long.
    async fn flush_all(&self) -> Result<()>;

    /// Deletes. No question finds it afterwards, and when it returns it is in no file.
    /// Returns how many rows, events, facts and texts there were.
    async fn forget(&self, project: ProjectId, who: Subject) -> Result<u64>;

    /// The same for a whole project, with its files.
    async fn forget_project(&self, project: ProjectId) -> Result<()>;

    /// Replays for which a filter holds.
    async fn list(&self, project: ProjectId, list: List, context: Context) -> Result<Page>;
    /// Values of fields and how many of the replays have them, most frequent first, at
    /// most `limit` each. The order of the list is of no matter.
    async fn facets(
        &self,
        project: ProjectId,
        among: List,
        fields: Vec<String>,
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
    /// Names that sites and their users made up and that begin with `prefix` (case
    /// aside), for suggestions.
    async fn names(&self, project: ProjectId, prefix: String, limit: usize) -> Result<Vec<Name>>;
    /// Where a replay stands in lists with this order.
    async fn cursor_of(
        &self,
        project: ProjectId,
        replay: ReplayId,
        sort: Sort,
    ) -> Result<Option<Cursor>>;
    /// Where a phrase stood in a replay, by time.
    async fn screen_hits(
        &self,
        project: ProjectId,
        replay: ReplayId,
        phrase: String,
        limit: usize,
    ) -> Result<Vec<Appearance>>;
    /// What was done under any of some user or device ids, newest first.
    async fn stream(&self, project: ProjectId, query: StreamQuery) -> Result<Vec<StreamEvent>>;
    /// Who behaved so: user ids, and ids of devices of which no user is known.
    async fn people(
        &self,
        project: ProjectId,
        behaviour: Behaviour,
        context: Context,
    ) -> Result<Vec<String>>;

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
    /// Those that something was asked or said about lately, the last one at the end.
    async fn recent_projects(&self) -> Result<Vec<ProjectId>>;
}
