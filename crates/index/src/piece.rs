//! An immutable part of the index, in memory or in a file.

use crate::Result;
use crate::cache::Cache;
use model::ReplayId;
use roaring::RoaringBitmap;
use std::path::Path;
use std::sync::Arc;

/// Whom the rows of a piece are about, in the order of the codes (from 1) that its
/// columns use.
#[derive(Debug, Default)]
pub struct Subjects {
    pub replays: Vec<ReplayId>,
    pub users: Vec<String>,
    pub devices: Vec<String>,
}

pub trait Piece: Sized + Send + Sync {
    fn rows(&self) -> u32;
    fn subjects(&self) -> Result<Subjects>;
    fn rows_of_replay(&self, id: ReplayId) -> Result<RoaringBitmap>;
    /// Of a user or device.
    fn rows_of_user(&self, identity: &str) -> Result<RoaringBitmap>;
    /// One piece of several without their dead rows, and where each row went
    /// (`u32::MAX`: nowhere).
    fn merge(pieces: &[(&Self, &RoaringBitmap)]) -> Result<(Self, Vec<Vec<u32>>)>;
    /// The file is there whole, and durable, or not at all.
    fn write(&self, path: &Path) -> Result<()>;
    fn open(path: &Path, number: u64, cache: &Arc<Cache>) -> Result<Self>;
}

/// A piece and what the project knows about it.
#[derive(Debug)]
pub struct Held<P> {
    pub piece: Arc<P>,
    /// Rows that are deleted or replaced.
    pub dead: Arc<RoaringBitmap>,
    /// By code of the replay: its number in the project. Code 0 is nobody.
    pub replays: Arc<Vec<u32>>,
    pub users: Arc<Vec<u32>>,
    pub devices: Arc<Vec<u32>>,
    /// Number of its file, if it has one.
    pub file: Option<u64>,
}

impl<P> Clone for Held<P> {
    fn clone(&self) -> Self {
        Self {
            piece: self.piece.clone(),
            dead: self.dead.clone(),
            replays: self.replays.clone(),
            users: self.users.clone(),
            devices: self.devices.clone(),
            file: self.file,
        }
    }
}

/// Pieces of one size class that are merged at once.
const MERGE_AT: usize = 4;
/// Pieces in files are not merged beyond this.
const MAX_FILE_ROWS: u32 = 2_000_000;

/// Which pieces to merge next, if any: of those in memory or of those in files,
/// the smallest size class that has enough.
pub fn due_merge<P: Piece>(pieces: &[Held<P>], in_files: bool) -> Vec<usize> {
    let class = |rows: u32| rows.max(1).ilog2() / 2;
    let mut by_class: std::collections::BTreeMap<u32, Vec<usize>> = Default::default();
    for (at, held) in pieces.iter().enumerate() {
        let rows = held.piece.rows();
        if held.file.is_some() != in_files || (in_files && rows >= MAX_FILE_ROWS / 2) {
            continue;
        }
        by_class.entry(class(rows)).or_default().push(at);
    }
    let due = by_class.into_values().find(|class| class.len() >= MERGE_AT);
    due.unwrap_or_default()
}
