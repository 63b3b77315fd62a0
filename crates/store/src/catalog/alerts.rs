//! Alerts: what they found, and the messages about it on their way. Everything is here
//! before it is sent, so that a crash loses nothing.

use crate::Result;
use crate::catalog::collaboration::Author;
use model::{ProjectId, ReplayId, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub id: i64,
    pub project: ProjectId,
    pub owner: Option<Author>,
    pub saved_search: i64,
    pub name: String,
    /// JSON; the catalog does not look into it.
    pub definition: String,
    /// Why it does not run.
    pub paused: Option<String>,
    /// Only what arrives from here on is reported.
    pub since: Timestamp,
    /// Deliveries in a row that were given up.
    pub failures: u64,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// What is written of an alert, new or changed.
#[derive(Debug, Clone)]
pub struct AlertDraft {
    pub saved_search: i64,
    pub name: String,
    pub definition: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    pub replay: ReplayId,
    pub matched_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    pub alert: i64,
    pub project: ProjectId,
    /// By which a receiver knows a second copy.
    pub message_id: String,
    /// `webhook` or `email`.
    pub channel: String,
    pub is_test: bool,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    pub attempts: u64,
    pub due_at: Option<Timestamp>,
    /// What the last try came to.
    pub outcome: Option<String>,
    pub replay_count: u64,
    pub created_at: Timestamp,
    pub tried_at: Option<Timestamp>,
}

/// A message that is to be sent over each of some channels.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub alert: i64,
    pub message_id: String,
    pub channels: Vec<String>,
    pub is_test: bool,
    /// Matches that it reports.
    pub replays: Vec<ReplayId>,
    pub now: Timestamp,
}

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    Delivered,
    /// Again at this time.
    Later(Timestamp),
    GivenUp,
}

#[async_trait::async_trait]
pub trait AlertCatalog {
    /// By name.
    async fn alerts(&self, project: ProjectId) -> Result<Vec<Alert>>;
    async fn alert(&self, project: ProjectId, id: i64) -> Result<Option<Alert>>;
    async fn add_alert(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        draft: &AlertDraft,
        now: Timestamp,
    ) -> Result<i64>;
    /// # Errors
    /// `NotFound` when the project has no such alert.
    async fn update_alert(
        &self,
        project: ProjectId,
        id: i64,
        draft: &AlertDraft,
        now: Timestamp,
    ) -> Result<()>;
    /// Pauses for a reason, or with none runs on: what arrives from then on is reported,
    /// and the count of failures begins again.
    async fn pause_alert(&self, id: i64, reason: Option<&str>, now: Timestamp) -> Result<()>;
    async fn delete_alert(&self, project: ProjectId, id: i64) -> Result<()>;
    /// Those of all projects that run.
    async fn running_alerts(&self) -> Result<Vec<Alert>>;

    /// What was found since a time, reported or not.
    async fn alert_matches(&self, alert: i64, since: Timestamp) -> Result<Vec<Match>>;
    /// What is there already stays as it is.
    async fn put_alert_matches(
        &self,
        alert: i64,
        replays: &[ReplayId],
        now: Timestamp,
    ) -> Result<()>;
    /// Found since a time and not reported, oldest first.
    async fn waiting_matches(
        &self,
        alert: i64,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Match>>;

    /// Puts a message into the queue and marks what it reports, both or none.
    async fn add_message(&self, message: &NewMessage) -> Result<()>;
    async fn replays_of_message(&self, message_id: &str) -> Result<Vec<ReplayId>>;
    /// When the last message that is no test was made.
    async fn last_message_at(&self, alert: i64) -> Result<Option<Timestamp>>;
    /// Messages that are not delivered and not given up.
    async fn pending_deliveries(&self, alert: i64) -> Result<u64>;
    /// Those to be tried now, the first one of each alert that is not paused; tests also
    /// of others.
    async fn due_deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>>;
    /// The next time at which one is due.
    async fn next_due_delivery(&self) -> Result<Option<Timestamp>>;
    /// Writes down a try, and returns how many deliveries in a row were given up.
    async fn finish_delivery(
        &self,
        delivery: &Delivery,
        tried: &Tried,
        outcome: &str,
        now: Timestamp,
    ) -> Result<u64>;
    /// Newest first, older than `before`.
    async fn deliveries(
        &self,
        alert: i64,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Delivery>>;
    /// Deletes what was reported and finished before a time.
    async fn forget_old_alert_matches(&self, before: Timestamp) -> Result<()>;
}
