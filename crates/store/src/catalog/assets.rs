//! Archived parts of recorded pages: what is to be fetched, and what was.

use crate::Result;
use model::{ProjectId, ReplayId, Timestamp};

/// An address that a recording refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WantedAsset {
    /// Without fragment.
    pub url: String,
    /// `image`, `style_sheet`, `font` or `media`.
    pub kind: String,
    /// The page or style sheet that refers to it.
    pub referrer: Option<String>,
}

/// How adding addresses is bounded.
#[derive(Debug, Clone, Copy)]
pub struct WantedLimits {
    /// Addresses that a project may have in all.
    pub max_per_project: u64,
    /// An address that was tried before this is tried again: sites change.
    pub refresh_before: Timestamp,
}

/// One address to fetch now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetJob {
    pub id: i64,
    pub project: ProjectId,
    pub wanted: WantedAsset,
    /// Tries that failed before, in a row.
    pub attempts: u32,
}

/// What a try ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetOutcome {
    Archived(Asset),
    Failed {
        reason: String,
        /// `None`: not again, until a recording refers to it later.
        retry_at: Option<Timestamp>,
    },
}

/// An archived content. One content under several addresses is one asset, except
/// style sheets, whose references depend on where they stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub key: String,
    pub content_type: String,
    pub size_bytes: u64,
    pub base_url: Option<String>,
    pub created_at: Timestamp,
}

/// What is known about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetState {
    Archived {
        key: String,
        content_type: String,
    },
    /// Waiting to be fetched, maybe again.
    Waiting,
    Failed {
        reason: String,
    },
    /// No recording that was looked at refers to it.
    Unknown,
}

#[async_trait::async_trait]
pub trait AssetCatalog {
    /// Queues what is new or old, and notes that `replay` refers to it; returns how
    /// many did not fit into the limit.
    ///
    /// # Errors
    /// `NotFound` when there is no such replay.
    async fn want_assets(
        &self,
        project: ProjectId,
        replay: Option<ReplayId>,
        wanted: &[WantedAsset],
        limits: WantedLimits,
        now: Timestamp,
    ) -> Result<u64>;
    /// Due jobs, longest waiting first.
    async fn due_assets(&self, now: Timestamp, limit: usize) -> Result<Vec<AssetJob>>;
    async fn finish_asset(
        &self,
        job: &AssetJob,
        outcome: &AssetOutcome,
        now: Timestamp,
    ) -> Result<()>;
    /// For each address: what it held at `at`, or nearest to it. In the order asked.
    async fn asset_states(
        &self,
        project: ProjectId,
        urls: &[String],
        at: Timestamp,
    ) -> Result<Vec<AssetState>>;
    /// What a replay refers to and what its style sheets do, by address.
    async fn assets_of_replay(
        &self,
        replay: ReplayId,
        limit: usize,
    ) -> Result<Vec<(String, AssetState)>>;
    async fn asset(&self, project: ProjectId, key: &str) -> Result<Option<Asset>>;
    async fn assets_size_bytes(&self, project: ProjectId) -> Result<u64>;
}
