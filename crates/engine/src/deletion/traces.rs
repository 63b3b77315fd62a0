//! What is left of deleted data where it was not by itself: contents that nobody else
//! needs, bytes in files that hold other things as well.

use crate::{Engine, Result};
use index::Subject;
use model::ProjectId;
use store::catalog::deletion::Deletion;

impl Engine {
    pub(super) async fn erase_traces(&self, job: &Deletion) -> Result<()> {
        let assets = self.delete_unowned_assets(job.project).await?;
        self.count(job, "assets", assets).await?;
        // Facts that were replaced are only marked as dead in the index's files.
        let purge = vec![Subject::Replays(Vec::new())];
        self.forget_and_delete(job.project, purge, async { Ok(()) })
            .await?;
        let hot_log = self.hot_log.clone();
        let erased = tokio::task::spawn_blocking(move || hot_log.erase_released());
        let erased_bytes = erased
            .await
            .map_err(|error| crate::Error::Internal(error.to_string()))??;
        self.count(job, "hot_log_bytes", erased_bytes).await?;
        Ok(self.catalog.erase_deleted().await?)
    }

    /// Addresses that no recording leads to any more, and files that no address holds.
    async fn delete_unowned_assets(&self, project: ProjectId) -> Result<u64> {
        let _keeping = self.assets.keeping.write().await;
        self.catalog.delete_orphan_assets(project).await?;
        let in_use = self.catalog.asset_keys_in_use(project).await?;
        let mut deleted = 0;
        for key in self.blobs.list(&format!("assets/{project}")).await? {
            let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
            if !in_use.contains(name) {
                self.blobs.delete(&key).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}
