//! The dictionaries of projects: reading them, and making better ones.
//!
//! `dictionaries/<project>/<id>.dictionary` never changes; `dictionaries/<project>/
//! current.json` names the one that new blocks use. A dictionary is made from
//! recent recordings when the project has twice as many as when the last one was
//! made, so the work stays a small part of what sealing costs.
//!
//! `dictionaries/<project>/<id>.replays.json` lists the replays that it was made from.
//! When one of them is deleted, the dictionary may hold what nobody else has any more,
//! and goes with it: see `deletion::dictionaries`.

use super::Sealed;
use crate::{Engine, Result};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use recording::columns::Writer;
use recording::{BlockKind, Builder, Dictionary, DictionaryId, MIN_USERS};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use store::Blobs;
use store::catalog::ReplayQuery;

/// Dictionaries in memory, all projects together.
const MAX_LOADED_BYTES: usize = 64 << 20;
/// Recordings that a dictionary is made from.
const SAMPLES: usize = 48;
/// JSON that is read from one of them: pages repeat themselves early.
const SAMPLE_JSON_BYTES: u64 = 8 << 20;
/// Fewer recordings say little about what a project has in common.
const MIN_REPLAYS: u64 = 6;

pub(crate) struct Dictionaries {
    blobs: Arc<dyn Blobs>,
    loaded: Mutex<Loaded>,
    /// How often recordings of a project were sealed since its last dictionary was
    /// thought of.
    seals: Mutex<HashMap<ProjectId, u64>>,
}

#[derive(Default)]
struct Loaded {
    by_id: HashMap<(ProjectId, DictionaryId), Arc<Dictionary>>,
    current: HashMap<ProjectId, Current>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Current {
    pub id: DictionaryId,
    /// How many replays the project had when it was made.
    replay_count: u64,
}

fn key_of(project: ProjectId, id: DictionaryId) -> String {
    format!("dictionaries/{project}/{id:016x}.dictionary")
}

fn sampled_key(project: ProjectId, id: DictionaryId) -> String {
    format!("dictionaries/{project}/{id:016x}.replays.json")
}

fn current_key(project: ProjectId) -> String {
    format!("dictionaries/{project}/current.json")
}

impl Dictionaries {
    pub fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self {
            blobs,
            loaded: Mutex::default(),
            seals: Mutex::default(),
        }
    }

    fn loaded(&self) -> std::sync::MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A dictionary that a block refers to.
    pub async fn get(&self, project: ProjectId, id: DictionaryId) -> Result<Arc<Dictionary>> {
        if let Some(found) = self.loaded().by_id.get(&(project, id)) {
            return Ok(found.clone());
        }
        let dictionary = Arc::new(if id == 0 {
            Dictionary::default()
        } else {
            Dictionary::from_bytes(&self.blobs.get(&key_of(project, id)).await?)?
        });
        let mut loaded = self.loaded();
        let held: usize = loaded.by_id.values().map(|held| held.memory_bytes()).sum();
        if held + dictionary.memory_bytes() > MAX_LOADED_BYTES {
            loaded.by_id.clear();
        }
        loaded.by_id.insert((project, id), dictionary.clone());
        Ok(dictionary)
    }

    /// The dictionary for new blocks of a project.
    pub async fn current(&self, project: ProjectId) -> Result<Arc<Dictionary>> {
        let id = self.current_entry(project).await?.id;
        self.get(project, id).await
    }

    pub async fn current_entry(&self, project: ProjectId) -> Result<Current> {
        if let Some(current) = self.loaded().current.get(&project) {
            return Ok(*current);
        }
        let current = match self.blobs.get(&current_key(project)).await {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| {
                crate::Error::Internal(format!("cannot read {}: {error}", current_key(project)))
            })?,
            Err(error) if error.kind() == store::Kind::NotFound => Current::default(),
            Err(error) => return Err(error.into()),
        };
        self.loaded().current.insert(project, current);
        Ok(current)
    }

    async fn replace(
        &self,
        project: ProjectId,
        new: Dictionary,
        sampled: &[ReplayId],
        replay_count: u64,
    ) -> Result<()> {
        let id = new.id();
        if id != 0 {
            // First: without the list it would count as made from what is deleted next.
            let sampled: Vec<String> = sampled.iter().map(ToString::to_string).collect();
            let json = serde_json::json!(sampled).to_string();
            self.blobs
                .put(&sampled_key(project, id), json.into())
                .await?;
            self.blobs
                .put(&key_of(project, id), new.to_bytes()?.into())
                .await?;
        }
        let current = Current { id, replay_count };
        let json = serde_json::to_vec(&current)
            .map_err(|error| crate::Error::Internal(error.to_string()))?;
        self.blobs.put(&current_key(project), json.into()).await?;
        let mut loaded = self.loaded();
        loaded.by_id.insert((project, id), Arc::new(new));
        loaded.current.insert(project, current);
        Ok(())
    }

    /// All that the project has, also those that are not used for new blocks any more.
    pub async fn ids(&self, project: ProjectId) -> Result<HashSet<DictionaryId>> {
        let keys = self.blobs.list(&format!("dictionaries/{project}")).await?;
        let names = keys.iter().filter_map(|key| key.rsplit('/').next());
        let ids = names.filter_map(|name| name.split_once('.'));
        Ok(ids
            .filter_map(|(hex, _)| u64::from_str_radix(hex, 16).ok())
            .collect())
    }

    /// The replays that a dictionary was made from; none when that is not known.
    pub async fn sampled(
        &self,
        project: ProjectId,
        id: DictionaryId,
    ) -> Result<Option<Vec<ReplayId>>> {
        let json = match self.blobs.get(&sampled_key(project, id)).await {
            Err(error) if error.kind() == store::Kind::NotFound => return Ok(None),
            other => other?,
        };
        let ids: Vec<String> = serde_json::from_slice(&json).unwrap_or_default();
        let ids: Result<Vec<_>, _> = ids.iter().map(|id| id.parse()).collect();
        Ok(ids.ok().filter(|ids| !ids.is_empty()))
    }

    /// No block may refer to it any more. Deleting one that is gone is no mistake.
    pub async fn delete(&self, project: ProjectId, id: DictionaryId) -> Result<()> {
        self.blobs.delete(&key_of(project, id)).await?;
        self.blobs.delete(&sampled_key(project, id)).await?;
        self.loaded().by_id.remove(&(project, id));
        Ok(())
    }

    /// The project is gone.
    pub fn forget_all(&self, project: ProjectId) {
        let mut loaded = self.loaded();
        loaded.by_id.retain(|(of, _), _| *of != project);
        loaded.current.remove(&project);
        drop(loaded);
        self.seals().remove(&project);
    }

    /// A recording of the project was sealed.
    pub fn sealed(&self, project: ProjectId) {
        *self.seals().entry(project).or_default() += 1;
    }

    fn seals(&self) -> std::sync::MutexGuard<'_, HashMap<ProjectId, u64>> {
        self.seals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Projects that may have twice as many replays as when their dictionary was made.
    async fn due(&self) -> Result<Vec<ProjectId>> {
        let seals: Vec<_> = self.seals().iter().map(|(id, n)| (*id, *n)).collect();
        let mut due = Vec::new();
        for (project, count) in seals {
            let current = self.current_entry(project).await?;
            if count >= MIN_REPLAYS.max(current.replay_count) {
                self.seals().remove(&project);
                due.push(project);
            }
        }
        Ok(due)
    }
}

impl Engine {
    /// Makes new dictionaries where it pays.
    pub(crate) async fn build_dictionaries(&self) {
        let due = match self.recordings.dictionaries.due().await {
            Ok(due) => due,
            Err(error) => return tracing::error!(%error, "cannot read a dictionary"),
        };
        for project in due {
            if let Err(error) = self.build_dictionary(project).await {
                tracing::error!(%error, project.id = %project, "cannot make a dictionary");
            }
        }
    }

    async fn build_dictionary(&self, project: ProjectId) -> Result<()> {
        let dictionaries = &self.recordings.dictionaries;
        let current = dictionaries.current_entry(project).await?;
        let replay_count = self.replay_count(project).await?;
        if replay_count < MIN_REPLAYS.max(2 * current.replay_count) {
            return Ok(());
        }
        // A deletion waits, and finds a dictionary made from what it deletes.
        let _seal = self.deletions.seals.read().await;
        match self.dictionary_of_recent(project).await? {
            Some((new, sampled)) => {
                dictionaries
                    .replace(project, new, &sampled, replay_count)
                    .await
            }
            None => Ok(()),
        }
    }

    /// Makes another one for new blocks from what is there now, or lets them use none.
    pub(crate) async fn replace_current_dictionary(&self, project: ProjectId) -> Result<()> {
        let replay_count = self.replay_count(project).await?;
        let new = self.dictionary_of_recent(project).await?;
        let (new, sampled) = new.unwrap_or_default();
        self.recordings
            .dictionaries
            .replace(project, new, &sampled, replay_count)
            .await
    }

    async fn replay_count(&self, project: ProjectId) -> Result<u64> {
        let always = Timestamp::from_micros(i64::MIN)..Timestamp::from_micros(i64::MAX);
        let sums = self.catalog.replay_sums(project, &[always]).await?;
        Ok(sums.first().map_or(0, |sum| sum.replay_count))
    }

    /// With the replays that it was made from; none when too few users were recorded.
    async fn dictionary_of_recent(
        &self,
        project: ProjectId,
    ) -> Result<Option<(Dictionary, Vec<ReplayId>)>> {
        let query = ReplayQuery {
            limit: SAMPLES,
            // Nothing of what is about to be deleted.
            kept_at: Some(Timestamp::now()),
            ..ReplayQuery::default()
        };
        let rows = self.catalog.list_replays(project, &query).await?;
        let users: HashSet<_> = rows.iter().map(user_of).collect();
        if users.len() < MIN_USERS {
            return Ok(None);
        }
        let mut builder = Builder::default();
        let mut sampled = Vec::new();
        for row in rows.iter().filter(|row| row.recording_version > 0) {
            match self.recordings.open(row).await {
                Ok(sealed) => builder = sample(builder, user_of(row), &sealed).await?,
                // Sealed again or deleted in the meantime.
                Err(crate::Error::Store(error)) if error.kind() == store::Kind::NotFound => {
                    continue;
                }
                Err(error) => return Err(error),
            }
            sampled.push(row.id);
        }
        let built = tokio::task::spawn_blocking(move || builder.build(MIN_USERS)).await;
        let built = built.map_err(|error| crate::Error::Internal(error.to_string()))?;
        tracing::info!(project.id = %project, dictionary.id = built.id(), "made a dictionary");
        Ok(Some((built, sampled)))
    }
}

/// Tells users apart; a device without a user counts as one.
fn user_of(row: &Replay) -> u64 {
    let name = row.user_id.as_deref().unwrap_or(&row.device_id);
    xxhash_rust::xxh3::xxh3_64(name.as_bytes())
}

async fn sample(mut builder: Builder, user: u64, sealed: &Sealed) -> Result<Builder> {
    let mut contents = Vec::new();
    let mut json_bytes = 0;
    for (at, block) in sealed.index.of_kind(BlockKind::Events) {
        if json_bytes > SAMPLE_JSON_BYTES {
            break;
        }
        json_bytes += block.json_bytes;
        match sealed.content(at).await {
            Ok(content) => contents.push(content),
            Err(crate::Error::Recording(_)) => {}
            Err(error) => return Err(error),
        }
    }
    contents.extend(sealed.contents(BlockKind::Facts, ..).await?);
    let added = tokio::task::spawn_blocking(move || {
        let empty = Dictionary::default();
        let mut writer = Writer::new(&empty);
        for content in &contents {
            // Damage was reported when the block was read for its own sake.
            let _ = content.for_each(|at_us, event| writer.push(at_us, event));
        }
        builder.add(user, &writer);
        builder
    });
    added
        .await
        .map_err(|error| crate::Error::Internal(error.to_string()))
}
