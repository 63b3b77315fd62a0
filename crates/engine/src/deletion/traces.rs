//! What is left of deleted data where it was not by itself: contents that nobody else
//! needs, bytes in files that hold other things as well.

use super::REPLAYS_AT_ONCE;
use crate::{Engine, Result};
use index::Subject;
use model::ProjectId;
use store::catalog::deletion::{Deletion, DeletionKind};

impl Engine {
    pub(super) async fn erase_traces(&self, job: &Deletion) -> Result<()> {
        let assets = self.delete_unowned_assets(job.project).await?;
        self.count(job, "assets", assets).await?;
        if job.kind != DeletionKind::Project {
            self.delete_dictionaries(job).await?;
        }
        self.erase_in_index(job.project).await?;
        self.erase_log(job).await?;
        Ok(self.catalog.erase_deleted().await?)
    }

    /// What the index said of replays that lost an error, and what was replaced in it:
    /// that is only marked as dead in its files.
    async fn erase_in_index(&self, project: ProjectId) -> Result<()> {
        loop {
            let catalog = &self.catalog;
            let changed = catalog.deletion_changes(project, REPLAYS_AT_ONCE).await?;
            for id in &changed {
                self.feed_errors_again(project, *id).await?;
            }
            let purge = vec![Subject::Replays(Vec::new())];
            self.forget_and_delete(project, purge, async { Ok(()) })
                .await?;
            if changed.is_empty() {
                return Ok(());
            }
            catalog.forget_deletion_changes(project, &changed).await?;
        }
    }

    /// Overwrites what is in the log and not needed any more, and deletes copies of
    /// damaged files, of which nobody can tell what is in them.
    pub(super) async fn erase_log(&self, job: &Deletion) -> Result<()> {
        let erased_bytes = self.erase_released().await?;
        let hot_log = self.hot_log.clone();
        let deleted = tokio::task::spawn_blocking(move || hot_log.delete_damaged_copies());
        deleted
            .await
            .map_err(|error| crate::Error::Internal(error.to_string()))??;
        self.count(job, "hot_log_bytes", erased_bytes).await
    }

    /// What was refused lies in the log until then, too.
    pub(crate) async fn erase_released(&self) -> Result<u64> {
        let hot_log = self.hot_log.clone();
        let erased = tokio::task::spawn_blocking(move || hot_log.erase_released());
        let erased = erased.await;
        Ok(erased.map_err(|error| crate::Error::Internal(error.to_string()))??)
    }

    /// Addresses that no recording leads to any more, and files that no address holds.
    async fn delete_unowned_assets(&self, project: ProjectId) -> Result<u64> {
        let _keeping = self.assets.keeping.write().await;
        self.catalog.delete_orphan_assets(project).await?;
        let in_use = self.catalog.asset_keys_in_use(project).await?;
        let folder = format!("assets/{project}");
        self.blobs.delete_unfinished(&folder).await?;
        let mut deleted = 0;
        for key in self.blobs.list(&folder).await? {
            let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
            if !in_use.contains(name) {
                self.blobs.delete(&key).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}
