//! Names that people give to what SDKs capture by themselves.

use crate::Result;
use crate::catalog::collaboration::Author;
use model::{ProjectId, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEvent {
    pub id: i64,
    pub project: ProjectId,
    /// `None`: a program made it.
    pub owner: Option<Author>,
    /// Of one project no two are the same, case aside.
    pub name: String,
    /// JSON; the catalog does not look into it.
    pub definition: String,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// Lists are by name.
#[async_trait::async_trait]
pub trait NamedEventCatalog {
    async fn named_events(&self, project: ProjectId) -> Result<Vec<NamedEvent>>;
    async fn named_event(&self, project: ProjectId, id: i64) -> Result<Option<NamedEvent>>;
    /// # Errors
    /// `Conflict` when the name is taken.
    async fn add_named_event(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<i64>;
    /// # Errors
    /// `NotFound` when the project has no such one, `Conflict` when the name is taken.
    async fn update_named_event(
        &self,
        project: ProjectId,
        id: i64,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<()>;
    /// # Errors
    /// `NotFound` when the project has no such one.
    async fn delete_named_event(&self, project: ProjectId, id: i64) -> Result<()>;
}
