//! What a search index needs of the catalog: everything in the order in which it
//! changed, to follow it, and rows by id, to show what was found.

use crate::Result;
use crate::catalog::Event;
use model::replay::Replay;
use model::{ProjectId, ReplayId, UserId};
use std::collections::HashSet;

/// Places in the two logs. Numbers grow and are never used again; 0 is before all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogEnds {
    pub events: u64,
    pub replays: u64,
}

#[async_trait::async_trait]
pub trait SearchCatalog {
    /// Of all projects together.
    async fn log_ends(&self) -> Result<LogEnds>;
    /// Projects in whose logs something stands behind these places.
    async fn projects_changed_after(&self, after: LogEnds) -> Result<Vec<ProjectId>>;
    /// How many entries of a project stand behind these places.
    async fn changes_after(&self, project: ProjectId, after: LogEnds) -> Result<LogEnds>;

    /// Events with their numbers, in order; at most about `max_bytes`, but at least one.
    async fn events_after(
        &self,
        project: ProjectId,
        after: u64,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<(u64, Event)>>;
    /// Replays with the number of their last change, in order.
    async fn replays_changed_after(
        &self,
        project: ProjectId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Replay)>>;

    /// In the order asked; what is not there is left out.
    async fn replays(&self, project: ProjectId, ids: &[ReplayId]) -> Result<Vec<Replay>>;
    /// By their numbers, in the order asked; what is not there is left out.
    async fn events_by_number(
        &self,
        project: ProjectId,
        numbers: &[u64],
    ) -> Result<Vec<(u64, Event)>>;
    /// What a person has looked at.
    async fn seen_replays(&self, project: ProjectId, user: UserId) -> Result<HashSet<ReplayId>>;
}
