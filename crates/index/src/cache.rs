//! Unpacked blocks of files, bounded by their size.

use crate::Result;
use crate::codes::{Column, Postings};
use crate::text::{Places, Words};
use std::sync::Arc;

/// A block of a file by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    file: u64,
    block: Box<str>,
}

impl Key {
    pub fn new(file: u64, block: &str) -> Self {
        Self {
            file,
            block: block.into(),
        }
    }
}

#[derive(Debug, Clone)]
enum Unpacked {
    Column(Arc<Column>),
    Times(Arc<Vec<i64>>),
    Postings(Arc<Postings>),
    Words(Arc<Words>),
    Places(Arc<Places>),
}

#[derive(Debug, Clone)]
struct Weigh;

impl quick_cache::Weighter<Key, Unpacked> for Weigh {
    fn weight(&self, key: &Key, unpacked: &Unpacked) -> u64 {
        let bytes = match unpacked {
            Unpacked::Column(column) => column.heap_bytes(),
            Unpacked::Times(times) => times.len() * 8,
            Unpacked::Postings(postings) => postings.heap_bytes(),
            Unpacked::Words(words) => words.heap_bytes(),
            Unpacked::Places(places) => places.heap_bytes(),
        };
        (bytes + key.block.len() + 128) as u64
    }
}

#[derive(Debug)]
pub struct Cache(quick_cache::sync::Cache<Key, Unpacked, Weigh>);

impl Cache {
    pub fn new(max_bytes: u64) -> Self {
        // An estimate of blocks, for the size of its tables.
        let blocks = (max_bytes / (64 << 10)).max(64) as usize;
        // A block of a large piece has tens of megabytes. Several shards would each hold a
        // few of them, and refuse what is larger than a shard: it would be unpacked again
        // for every question.
        let options = quick_cache::OptionsBuilder::new()
            .estimated_items_capacity(blocks)
            .weight_capacity(max_bytes)
            .shards(1)
            .build();
        Self(match options {
            Ok(options) => quick_cache::sync::Cache::with_options(
                options,
                Weigh,
                quick_cache::DefaultHashBuilder::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            // Only what is left out makes it fail.
            Err(_) => quick_cache::sync::Cache::with_weighter(blocks, max_bytes, Weigh),
        })
    }

    pub fn column(&self, key: Key, load: impl FnOnce() -> Result<Column>) -> Result<Arc<Column>> {
        if let Some(Unpacked::Column(found)) = self.0.get(&key) {
            return Ok(found);
        }
        let loaded = Arc::new(load()?);
        self.0.insert(key, Unpacked::Column(loaded.clone()));
        Ok(loaded)
    }

    pub fn times(
        &self,
        key: Key,
        load: impl FnOnce() -> Result<Vec<i64>>,
    ) -> Result<Arc<Vec<i64>>> {
        if let Some(Unpacked::Times(found)) = self.0.get(&key) {
            return Ok(found);
        }
        let loaded = Arc::new(load()?);
        self.0.insert(key, Unpacked::Times(loaded.clone()));
        Ok(loaded)
    }

    /// Made of a column; its key is that of the column.
    pub fn postings(&self, of: Key, make: impl FnOnce() -> Postings) -> Arc<Postings> {
        let key = Key::new(of.file, &format!("\0postings{}", of.block));
        if let Some(Unpacked::Postings(found)) = self.0.get(&key) {
            return found;
        }
        let made = Arc::new(make());
        self.0.insert(key, Unpacked::Postings(made.clone()));
        made
    }

    pub fn words(&self, key: Key, load: impl FnOnce() -> Result<Words>) -> Result<Arc<Words>> {
        if let Some(Unpacked::Words(found)) = self.0.get(&key) {
            return Ok(found);
        }
        let loaded = Arc::new(load()?);
        self.0.insert(key, Unpacked::Words(loaded.clone()));
        Ok(loaded)
    }

    pub fn places(&self, key: Key, load: impl FnOnce() -> Result<Places>) -> Result<Arc<Places>> {
        if let Some(Unpacked::Places(found)) = self.0.get(&key) {
            return Ok(found);
        }
        let loaded = Arc::new(load()?);
        self.0.insert(key, Unpacked::Places(loaded.clone()));
        Ok(loaded)
    }
}
