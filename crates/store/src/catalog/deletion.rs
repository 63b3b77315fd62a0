//! Deletion and retention: jobs that delete, what is left of what is gone, and who
//! asked for it.
//!
//! A job is made together with the mark of every replay that it will delete
//! ([`GoneReplay`]), so that from then on nothing shows the replay and no upload for it
//! is taken; the work itself may take its time and be repeated. Rows go together with
//! their counts in the job's report, so each is counted once, whatever is repeated.

use crate::Result;
use model::{OrganisationId, ProjectId, ReplayId, Timestamp, UserId};
use std::collections::{BTreeMap, HashSet};

/// What was deleted, by the name of the store.
pub type Counts = BTreeMap<String, u64>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionKind {
    Replays,
    User,
    Project,
    /// Of what came to the end of its time.
    Expiry,
}

impl DeletionKind {
    pub const ALL: [Self; 4] = [Self::Replays, Self::User, Self::Project, Self::Expiry];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Replays => "replays",
            Self::User => "user",
            Self::Project => "project",
            Self::Expiry => "expiry",
        }
    }

    /// Why its replays are gone.
    pub const fn reason(self) -> GoneReason {
        match self {
            Self::Expiry => GoneReason::Expired,
            Self::Replays | Self::User | Self::Project => GoneReason::Deleted,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionState {
    Waiting,
    Running,
    Done,
    Failed,
}

impl DeletionState {
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Failed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewDeletion {
    pub organisation: OrganisationId,
    pub project: ProjectId,
    pub kind: DeletionKind,
    /// For [`DeletionKind::User`].
    pub user_id: Option<String>,
    /// The same for the same target; says nothing about it.
    pub target_hash: String,
    /// For [`DeletionKind::Replays`] and [`DeletionKind::Expiry`].
    pub replays: Vec<ReplayId>,
    pub requested_by: Option<UserId>,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pub id: i64,
    pub organisation: OrganisationId,
    pub project: ProjectId,
    pub kind: DeletionKind,
    /// Until the job is done.
    pub user_id: Option<String>,
    pub target_hash: String,
    pub state: DeletionState,
    pub requested_by: Option<UserId>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub error: Option<String>,
    pub replay_total: u64,
    /// Replays that are still to be deleted.
    pub replays_left: u64,
    pub counts: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoneReason {
    Deleted,
    Expired,
}

impl GoneReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Expired => "expired",
        }
    }
}

/// What is left of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneReplay {
    pub project: ProjectId,
    pub reason: GoneReason,
    pub at: Timestamp,
    /// Of the project at that time.
    pub retention_days: u32,
}

/// An analytics event that is to go, with the session it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPlace {
    pub project: ProjectId,
    pub number: u64,
    pub device_id: String,
    pub session_id: Option<String>,
    pub replay: Option<ReplayId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: i64,
    pub organisation: OrganisationId,
    pub project: ProjectId,
    pub at: Timestamp,
    pub user: Option<UserId>,
    pub action: String,
    /// A JSON object.
    pub detail_json: String,
}

#[async_trait::async_trait]
pub trait DeletionCatalog {
    /// Makes a job, or returns the one that is not done yet and means the same. The
    /// replays are gone for every reader from now on, and so is a project: its ingest
    /// key and tokens lead nowhere.
    async fn add_deletion(&self, new: &NewDeletion) -> Result<Deletion>;
    async fn deletion(&self, id: i64) -> Result<Option<Deletion>>;
    /// Newest first.
    async fn deletions(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Deletion>>;
    /// The oldest that is not done; it is running from now on.
    async fn next_deletion(&self, now: Timestamp) -> Result<Option<Deletion>>;
    /// Adds replays to a job, as [`add_deletion`](Self::add_deletion) does.
    async fn add_deletion_replays(
        &self,
        id: i64,
        replays: &[ReplayId],
        now: Timestamp,
    ) -> Result<()>;
    async fn deletion_replays(&self, id: i64, limit: usize) -> Result<Vec<ReplayId>>;
    async fn add_deletion_counts(&self, id: i64, counts: &Counts) -> Result<()>;
    /// Forgets whom it was about: everything is deleted.
    async fn forget_deletion_user(&self, id: i64) -> Result<()>;
    /// Writes the line of the audit, too.
    async fn finish_deletion(&self, id: i64, error: Option<&str>, now: Timestamp) -> Result<()>;

    async fn gone_replay(&self, id: ReplayId) -> Result<Option<GoneReplay>>;
    /// Are all of these in the project, or were they?
    async fn has_or_had_replays(&self, project: ProjectId, ids: &[ReplayId]) -> Result<bool>;
    /// Forgets replays that went before this, and jobs that ended before this.
    async fn forget_gone_replays(&self, before: Timestamp) -> Result<u64>;
    /// Oldest first.
    async fn expired_replays(
        &self,
        project: ProjectId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<ReplayId>>;
    /// Projects that have anything that expired.
    async fn projects_with_expired(&self, now: Timestamp) -> Result<Vec<ProjectId>>;
    /// `None` takes the pin away. False when there is no such replay.
    async fn pin_replay(
        &self,
        project: ProjectId,
        id: ReplayId,
        pin: Option<(UserId, Timestamp)>,
    ) -> Result<bool>;
    /// Gives everything of the project the end that its present retention means;
    /// returns how many replays changed.
    async fn apply_retention(&self, project: ProjectId) -> Result<u64>;

    /// Deletes rows of replays and all that belongs to them, and crosses them off a job.
    async fn delete_replays(
        &self,
        deletion: i64,
        project: ProjectId,
        ids: &[ReplayId],
    ) -> Result<()>;
    /// Replays that stay and lost an error: the index is to be told.
    async fn deletion_changes(&self, project: ProjectId, limit: usize) -> Result<Vec<ReplayId>>;
    /// The index was told, and keeps nothing else.
    async fn forget_deletion_changes(&self, project: ProjectId, ids: &[ReplayId]) -> Result<()>;
    /// Replays that have a recording object, by id; `after` is the last of the page before.
    async fn sealed_replays(
        &self,
        project: ProjectId,
        after: Option<ReplayId>,
        limit: usize,
    ) -> Result<Vec<ReplayId>>;
    /// Its recording was written again and says the same.
    async fn set_recording_version(&self, id: ReplayId, version: u64) -> Result<()>;
    /// All names of the person who has this one, itself included.
    async fn identities_of(&self, project: ProjectId, identity: &str) -> Result<Vec<String>>;
    /// Replays under these identities that are of nobody else.
    async fn replays_of_identities(
        &self,
        project: ProjectId,
        identities: &[String],
    ) -> Result<Vec<ReplayId>>;
    /// Events under these identities that are of nobody else.
    async fn events_of_identities(
        &self,
        project: ProjectId,
        identities: &[String],
        limit: usize,
    ) -> Result<Vec<EventPlace>>;
    /// Events of a project that expired and do not belong to a pinned replay.
    async fn expired_events(
        &self,
        project: ProjectId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventPlace>>;
    /// Sessions without a recording of which these events are all there are.
    async fn sessions_of_only(
        &self,
        project: ProjectId,
        events: &[EventPlace],
    ) -> Result<Vec<ReplayId>>;
    async fn delete_events(&self, deletion: i64, project: ProjectId, numbers: &[u64])
    -> Result<()>;
    /// Errors that name one of these, and the person.
    async fn delete_person(
        &self,
        deletion: i64,
        project: ProjectId,
        identities: &[String],
    ) -> Result<()>;
    /// Errors, spans and people that expired, at most so many of each; nothing was left
    /// when there are no counts.
    async fn delete_expired(
        &self,
        deletion: i64,
        project: ProjectId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Counts>;
    /// Some rows of a project that is to go; nothing was left when there are no counts.
    async fn delete_project_rows(
        &self,
        deletion: i64,
        project: ProjectId,
        limit: usize,
    ) -> Result<Counts>;

    /// Forgets addresses that no recording leads to; returns how many.
    async fn delete_orphan_assets(&self, project: ProjectId) -> Result<u64>;
    /// Keys of the archived contents that some address holds.
    async fn asset_keys_in_use(&self, project: ProjectId) -> Result<HashSet<String>>;
    /// Is the address still wanted?
    async fn has_asset_job(&self, id: i64) -> Result<bool>;

    /// Overwrites what the database has deleted, wherever it keeps it.
    async fn erase_deleted(&self) -> Result<()>;

    async fn add_audit(&self, entry: &AuditEntry) -> Result<()>;
    /// Newest first.
    async fn audit(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>>;
}
