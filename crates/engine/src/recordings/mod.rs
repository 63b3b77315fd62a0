//! Recording objects in the blob store: reading them block by block, and the
//! dictionaries that their blocks refer to.

pub(crate) mod analyses;
pub(crate) mod assemble;
pub(crate) mod dictionaries;
pub(crate) mod pages;
pub(crate) mod summary;
#[cfg(test)]
mod tests;

use crate::Result;
use assemble::InteractionBatch;
use dictionaries::Dictionaries;
use model::replay::Replay;
use model::{ProjectId, ReplayId};
use recording::{Block, BlockKind, Dictionary, Recording};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use store::Blobs;

/// Read of the end of an object that holds the footer of nearly every recording.
const TAIL_BYTES: u64 = 16 << 10;
/// Unpacked blocks that are kept, all replays together: a player that goes through
/// a block asks for it some ten times.
const CACHE_BYTES: u64 = 64 << 20;
/// Blocks of 4 MB JSON take about 1 MB.
const CACHE_BLOCKS: usize = 256;

/// A block's content by object key and place.
type ContentCache = quick_cache::sync::Cache<(Arc<str>, usize), Arc<Vec<u8>>, BySize>;

#[derive(Clone)]
pub(crate) struct BySize;

impl quick_cache::Weighter<(Arc<str>, usize), Arc<Vec<u8>>> for BySize {
    fn weight(&self, _: &(Arc<str>, usize), content: &Arc<Vec<u8>>) -> u64 {
        content.len() as u64 + 128
    }
}

/// What all recordings share.
pub(crate) struct Recordings {
    pub dictionaries: Dictionaries,
    blobs: Arc<dyn Blobs>,
    cache: ContentCache,
    /// Blocks that were found to be damaged, by object key and place.
    damaged: Mutex<HashSet<(Arc<str>, usize)>>,
}

/// More damage than this is not a matter of single blocks any more.
const MAX_DAMAGED: usize = 10_000;

impl Recordings {
    pub fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self {
            dictionaries: Dictionaries::new(blobs.clone()),
            blobs,
            cache: ContentCache::with_weighter(CACHE_BLOCKS, CACHE_BYTES, BySize),
            damaged: Mutex::default(),
        }
    }
}

/// A recording object that can be read block by block.
pub(crate) struct Sealed {
    pub index: Recording,
    row: Replay,
    key: Arc<str>,
    recordings: Arc<Recordings>,
}

/// An unpacked block.
pub(crate) struct Content {
    at: usize,
    block: Block,
    plain: Arc<Vec<u8>>,
    dictionary: Arc<Dictionary>,
}

impl Content {
    pub fn items(&self) -> Result<recording::columns::Reader<'_>, recording::Error> {
        self.block.items(self.at, &self.plain, &self.dictionary)
    }

    /// Calls `with` for every item, with its time in microseconds.
    pub fn for_each(
        &self,
        mut with: impl FnMut(i64, rrweb::tape::Value<'_>),
    ) -> Result<(), recording::Error> {
        let mut items = self.items()?;
        let mut tape = rrweb::Tape::new();
        while let Some(at_us) = items
            .next(&mut tape)
            .map_err(|damage| recording::Error::Block(self.at, damage.to_string()))?
        {
            with(at_us, tape.root());
        }
        Ok(())
    }

    /// Damage that the reader found.
    pub fn damaged(&self, damage: recording::columns::Damage) -> recording::Error {
        recording::Error::Block(self.at, damage.to_string())
    }
}

impl Sealed {
    /// Unpacks a block and what it needs.
    pub async fn content(&self, at: usize) -> Result<Content> {
        let content = self.unpack(at).await;
        if let Err(crate::Error::Recording(_)) = &content {
            let mut damaged = self.damaged();
            if damaged.len() < MAX_DAMAGED {
                damaged.insert((self.key.clone(), at));
            }
        }
        content
    }

    fn damaged(&self) -> std::sync::MutexGuard<'_, HashSet<(Arc<str>, usize)>> {
        let damaged = &self.recordings.damaged;
        damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Event blocks that could not be read when somebody last tried.
    pub fn damaged_events(&self) -> Vec<&Block> {
        let damaged = self.damaged();
        self.index
            .event_blocks()
            .filter(|(at, _)| damaged.contains(&(self.key.clone(), *at)))
            .map(|(_, block)| block)
            .collect()
    }

    async fn unpack(&self, at: usize) -> Result<Content> {
        let chain = self.index.chain(at);
        let mut plain = Arc::new(Vec::new());
        let mut known = 0;
        for (position, link) in chain.iter().enumerate().rev() {
            if let Some(found) = self.recordings.cache.get(&(self.key.clone(), *link)) {
                (plain, known) = (found, position + 1);
                break;
            }
        }
        for link in &chain[known..] {
            let block = self.index.blocks[*link].clone();
            let end = block.offset.saturating_add(block.size_bytes);
            let bytes = self
                .recordings
                .blobs
                .get_range(&self.key, block.offset..end)
                .await?;
            let (link, prefix) = (*link, plain);
            let unpacked =
                tokio::task::spawn_blocking(move || block.unpack(link, &bytes, &prefix)).await;
            plain = Arc::new(unpacked.map_err(|error| crate::Error::Internal(error.to_string()))??);
            self.recordings
                .cache
                .insert((self.key.clone(), link), plain.clone());
        }
        let block = self.index.blocks[at].clone();
        let dictionary = self
            .recordings
            .dictionaries
            .get(self.row.project_id, block.dictionary)
            .await?;
        Ok(Content {
            at,
            block,
            plain,
            dictionary,
        })
    }

    /// The blocks of a kind among those with these places; damaged ones are left out
    /// and reported to the log.
    pub async fn contents(
        &self,
        kind: BlockKind,
        places: impl std::ops::RangeBounds<usize>,
    ) -> Result<Vec<Content>> {
        let mut contents = Vec::new();
        let blocks = self.index.of_kind(kind);
        for (at, _) in blocks.filter(|(at, _)| places.contains(at)) {
            match self.content(at).await {
                Ok(content) => contents.push(content),
                Err(crate::Error::Recording(error)) => {
                    tracing::error!(%error, replay.id = %self.row.id, "left a damaged block out");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(contents)
    }
}

impl Sealed {
    pub async fn interactions(&self) -> Result<Vec<InteractionBatch>> {
        let mut batches = Vec::new();
        for content in self.contents(BlockKind::Interactions, ..).await? {
            content.for_each(|at_us, item| batches.extend(InteractionBatch::read(at_us, item)))?;
        }
        Ok(batches)
    }
}

/// The first version of a recording of these events: the whole work of sealing
/// without its reads and writes, for measuring it. [`Recording`] reads the sizes
/// of the parts from the result.
///
/// # Errors
/// When a block cannot be compressed.
pub fn seal_events(
    dictionary: Arc<Dictionary>,
    events: Vec<model::ingest::RawEvent>,
) -> Result<Vec<u8>> {
    let parts = assemble::Parts {
        dictionary,
        sizes: recording::BlockSizes::default(),
        old: None,
        hot: crate::live::Hot {
            events,
            ..Default::default()
        },
        wants_assets: true,
        settings: analysis::Settings::default(),
    };
    Ok(assemble::assemble(parts)?.object)
}

pub(crate) fn folder_of(row: &Replay) -> String {
    folder_of_id(row.project_id, row.id)
}

pub(crate) fn folder_of_id(project: ProjectId, id: ReplayId) -> String {
    format!("recordings/{project}/{id}")
}

pub(crate) fn key_of(row: &Replay, version: u64) -> String {
    format!("{}/{version:08}.recording", folder_of(row))
}

impl Recordings {
    /// Takes what was unpacked of objects under these folders out of memory.
    pub fn forget(&self, folders: &[String]) {
        let is_of = |key: &str| {
            let folder = key.rsplit_once('/').map_or(key, |(folder, _)| folder);
            folders.iter().any(|it| it == folder)
        };
        self.cache.retain(|(key, _), _| !is_of(key));
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.retain(|(key, _)| !is_of(key));
    }

    /// The same for a whole project, dictionaries and all.
    pub fn forget_all(&self, project: ProjectId) {
        let folder = format!("recordings/{project}/");
        self.cache.retain(|(key, _), _| !key.starts_with(&folder));
        self.dictionaries.forget_all(project);
    }

    /// Opens the sealed part of a replay; `recording_version` must not be 0.
    pub async fn open(self: &Arc<Self>, row: &Replay) -> Result<Sealed> {
        let key = key_of(row, row.recording_version);
        let tail = self.blobs.get_tail(&key, TAIL_BYTES).await?;
        let index = match Recording::read(&tail)? {
            Ok(index) => index,
            Err(needed) => {
                let tail = self.blobs.get_tail(&key, needed as u64).await?;
                Recording::read(&tail)?.map_err(|_| recording::Error::NotARecording)?
            }
        };
        Ok(Sealed {
            index,
            row: row.clone(),
            key: key.into(),
            recordings: self.clone(),
        })
    }
}
