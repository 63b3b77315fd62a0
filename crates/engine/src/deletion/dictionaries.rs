//! A dictionary holds texts of the recordings that it was made from, and outlives them.
//! When one of these is gone, the recordings that refer to the dictionary are written
//! again without it, and it is deleted.
//!
//! What there is to do is found from what lies in the stores, so a job that a crash cut
//! off goes on where it was: a recording is done when it does not refer to the dictionary
//! any more, and the dictionary goes last.

use crate::recordings::{folder_of, key_of};
use crate::{Engine, Error, Result};
use model::replay::Replay;
use model::{ProjectId, ReplayId};
use recording::{Dictionary, DictionaryId, with_dictionary};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::Kind;
use store::catalog::deletion::Deletion;

const ROWS_AT_ONCE: usize = 500;

impl Engine {
    pub(super) async fn delete_dictionaries(&self, job: &Deletion) -> Result<()> {
        let project = job.project;
        {
            // Who was making one had seen the replays; it is there now.
            let _no_seals = self.deletions.seals.write().await;
            let folder = format!("dictionaries/{project}");
            self.blobs.delete_unfinished(&folder).await?;
        }
        let mut gone = self.dictionaries_of_gone(project).await?;
        let dictionaries = &self.recordings.dictionaries;
        if gone.contains(&dictionaries.current_entry(project).await?.id) {
            self.replace_current_dictionary(project).await?;
            // The same id: all that is in it, others have, too.
            gone.remove(&dictionaries.current_entry(project).await?.id);
        }
        if gone.is_empty() {
            return Ok(());
        }
        // From here on nothing is written with them.
        drop(self.deletions.seals.write().await);
        let mut after = None;
        loop {
            let ids = self.catalog.sealed_replays(project, after, ROWS_AT_ONCE);
            let ids = ids.await?;
            for id in &ids {
                self.write_without(*id, &gone).await?;
            }
            after = ids.last().copied();
            if after.is_none() {
                break;
            }
        }
        for id in &gone {
            dictionaries.delete(project, *id).await?;
        }
        tracing::info!(project.id = %project, count = gone.len(), "deleted dictionaries");
        self.count(job, "dictionaries", gone.len() as u64).await
    }

    /// Those that were made from a replay that is not there any more, or from nobody
    /// knows what.
    async fn dictionaries_of_gone(&self, project: ProjectId) -> Result<HashSet<DictionaryId>> {
        let dictionaries = &self.recordings.dictionaries;
        let mut gone = HashSet::new();
        for id in dictionaries.ids(project).await? {
            let sampled = dictionaries.sampled(project, id).await?;
            if sampled.is_none() {
                gone.insert(id);
            }
            for replay in sampled.unwrap_or_default() {
                if self.catalog.replay(replay).await?.is_none() {
                    gone.insert(id);
                    break;
                }
            }
        }
        Ok(gone)
    }

    async fn write_without(&self, id: ReplayId, gone: &HashSet<DictionaryId>) -> Result<()> {
        // A seal would write the same version.
        let _alone = self.deletions.seals.write().await;
        let row = self.catalog.replay(id).await?;
        let Some(row) = row.filter(|row| row.recording_version > 0) else {
            return Ok(());
        };
        let used = match self.recordings.open(&row).await {
            Ok(sealed) => {
                let blocks = sealed.index.blocks.iter();
                blocks.map(|block| block.dictionary).collect::<HashSet<_>>()
            }
            // Nobody can read it, with or without the dictionary.
            Err(Error::Recording(error)) => {
                tracing::error!(%error, replay.id = %id, "a damaged recording is left as it is");
                return Ok(());
            }
            Err(Error::Store(error)) if error.kind() == Kind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if used.is_disjoint(gone) {
            return Ok(());
        }
        let object = self.written_again(&row, used).await?;
        let version = row.recording_version + 1;
        let key = key_of(&row, version);
        self.blobs.put(&key, object.into()).await?;
        {
            // As after a seal: the catalog, then memory.
            let _order = self.row_writes.lock().await;
            self.catalog.set_recording_version(id, version).await?;
            if let Some(slot) = self.live.get(id)
                && let Some(live) = slot.lock().await.as_mut()
            {
                live.row.recording_version = version;
            }
        }
        for old in self.blobs.list(&folder_of(&row)).await? {
            if old != key {
                self.blobs.delete(&old).await?;
            }
        }
        self.recordings.forget(&[folder_of(&row)]);
        Ok(())
    }

    async fn written_again(&self, row: &Replay, used: HashSet<DictionaryId>) -> Result<Vec<u8>> {
        let project = row.project_id;
        let dictionaries = &self.recordings.dictionaries;
        let bytes = self.blobs.get(&key_of(row, row.recording_version)).await?;
        let mut old: HashMap<DictionaryId, Arc<Dictionary>> = HashMap::new();
        for id in used {
            match dictionaries.get(project, id).await {
                Ok(dictionary) => drop(old.insert(id, dictionary)),
                // Lost: its blocks could not be read before either.
                Err(Error::Store(error)) if error.kind() == Kind::NotFound => {}
                Err(Error::Recording(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let new = dictionaries.current(project).await?;
        let written = tokio::task::spawn_blocking(move || with_dictionary(&bytes, &old, &new));
        let written = written.await;
        Ok(written.map_err(|error| Error::Internal(error.to_string()))??)
    }
}
