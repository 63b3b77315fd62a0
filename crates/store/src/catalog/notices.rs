//! Mail to the owners about deletions: what is not sent yet.

use super::User;
use super::deletion::DeletionKind;
use crate::Result;
use model::{OrganisationId, Timestamp, UserId};

/// What somebody asked for, without whose data it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    pub message_id: String,
    pub organisation: OrganisationId,
    pub project_name: String,
    pub kind: DeletionKind,
    /// How many users, or projects.
    pub target_count: u64,
    pub requested_by: UserId,
    pub requested_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: i64,
    pub about: NewNotice,
    /// Tries that failed.
    pub attempts: u64,
}

#[async_trait::async_trait]
pub trait NoticeCatalog {
    /// Due at once. False, and not added, when so many are waiting already.
    async fn add_notice(&self, new: &NewNotice, max_waiting: usize) -> Result<bool>;
    /// The one that has been due longest.
    async fn due_notice(&self, now: Timestamp) -> Result<Option<Notice>>;
    async fn next_due_notice(&self) -> Result<Option<Timestamp>>;
    /// It could not be sent.
    async fn retry_notice(&self, id: i64, due_at: Timestamp) -> Result<()>;
    /// It was sent, or is given up.
    async fn delete_notice(&self, id: i64) -> Result<()>;
    /// Those who were there first, first.
    async fn owners(&self, organisation: OrganisationId, limit: usize) -> Result<Vec<User>>;
}
