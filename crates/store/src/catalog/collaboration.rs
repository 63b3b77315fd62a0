//! What people add to replays, and their own settings.

use crate::Result;
use model::{ProjectId, ReplayId, Timestamp, UserId};

/// Who did something, as others may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub id: UserId,
    pub name: String,
    pub email: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: i64,
    pub replay: ReplayId,
    /// In the replay's own time.
    pub at_ms: i64,
    pub text: String,
    pub author: Author,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    pub replay: ReplayId,
    pub user: UserId,
    pub at_ms: i64,
    pub text: String,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewing {
    pub viewer: Author,
    pub seen_at: Timestamp,
}

/// What one person thinks of how a replay plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub replay: ReplayId,
    pub author: Author,
    pub rating: String,
    pub reason: Option<String>,
    pub text: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRating {
    pub project: ProjectId,
    pub replay: ReplayId,
    pub user: UserId,
    pub rating: String,
    pub reason: Option<String>,
    pub text: String,
    pub now: Timestamp,
}

/// What a list shows beside a replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    pub comment_count: u64,
    /// By the person who asks.
    pub seen: bool,
}

#[async_trait::async_trait]
pub trait Collaboration {
    /// # Errors
    /// `NotFound` when there is no such replay.
    async fn add_comment(&self, comment: &NewComment) -> Result<Comment>;
    /// In the replay's time order.
    async fn comments(&self, replay: ReplayId) -> Result<Vec<Comment>>;
    async fn comment(&self, id: i64) -> Result<Option<Comment>>;
    async fn delete_comment(&self, id: i64) -> Result<()>;

    /// The first time counts.
    ///
    /// # Errors
    /// `NotFound` when there is no such replay.
    async fn put_seen(&self, replay: ReplayId, user: UserId, now: Timestamp) -> Result<()>;
    async fn delete_seen(&self, replay: ReplayId, user: UserId) -> Result<()>;
    /// In the order in which they came.
    async fn viewers(&self, replay: ReplayId) -> Result<Vec<Viewing>>;
    /// For each replay, in the order asked.
    async fn notes(&self, replays: &[ReplayId], user: Option<UserId>) -> Result<Vec<Notes>>;

    /// Replaces what the person said before.
    ///
    /// # Errors
    /// `NotFound` when there is no such replay.
    async fn put_rating(&self, rating: &NewRating) -> Result<()>;
    async fn rating(&self, replay: ReplayId, user: UserId) -> Result<Option<Rating>>;
    /// Newest first.
    async fn ratings(&self, project: ProjectId, limit: usize) -> Result<Vec<Rating>>;

    /// As JSON; the catalog does not look into it.
    async fn person_settings(&self, user: UserId) -> Result<Option<String>>;
    async fn put_person_settings(&self, user: UserId, json: &str) -> Result<()>;
}
