//! How the state of one project changes, in memory and in files.

use crate::cache::Cache;
use crate::manifest::{self, Listed, Manifest, file_name};
use crate::piece::{Held, Piece, due_merge};
use crate::segment::{BESIDE, Segment};
use crate::sessions;
use crate::state::{Shelf, State, Which, facts_version, in_memory, is_ours, kill};
use crate::text::TextPiece;
use crate::value::Value;
use crate::{Error, Facts, FactsVersions, Fed, Layer, Occurrence, Result, Row, Stats, Subject};
use model::ReplayId;
use roaring::RoaringBitmap;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Rows in memory that make a flush due by themselves.
const MAX_MEMORY_ROWS: u64 = 200_000;
/// Files of rows that are written anew as one.
const MAX_ROW_FILES: usize = 8;

pub struct Project {
    folder: PathBuf,
    cache: Arc<Cache>,
    state: RwLock<State>,
    /// Held while pieces are merged, written or deleted, so that only one does so.
    maintenance: Mutex<()>,
    /// Numbers of files are also keys of the cache, so they are of all projects.
    cache_numbers: Arc<AtomicU64>,
}

impl Project {
    /// Reads what is there. Where something is damaged, the index begins anew and is
    /// fed again from the start: less than everything would be an answer as good as wrong.
    pub fn open(folder: &Path, cache: Arc<Cache>, cache_numbers: Arc<AtomicU64>) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let found = manifest::read(folder);
        let found = found.map(Option::unwrap_or_default).and_then(|manifest| {
            let project = Self::new(folder, cache.clone(), cache_numbers.clone());
            project.load(&manifest).map(|()| project)
        });
        match found {
            Err(error) if is_damage(&error) => {
                tracing::error!(%error, folder = %folder.display(), "the index is made again");
                let project = Self::new(folder, cache, cache_numbers);
                // Whoever asks how far it came must not hear of the old one.
                manifest::write(folder, &project.read().manifest())?;
                project.delete_other_files(&Manifest::default())?;
                Ok(project)
            }
            other => other,
        }
    }

    fn new(folder: &Path, cache: Arc<Cache>, cache_numbers: Arc<AtomicU64>) -> Self {
        Self {
            folder: folder.to_owned(),
            cache,
            state: RwLock::default(),
            maintenance: Mutex::default(),
            cache_numbers,
        }
    }

    fn load(&self, manifest: &Manifest) -> Result<()> {
        self.delete_other_files(manifest)?;
        let mut state = self.write();
        state.next_file = manifest.next_file;
        (state.fed, state.durable_fed) = (manifest.fed, manifest.fed);
        for file in &manifest.rows {
            let path = self.folder.join(file_name(*file));
            crate::rows_file::read(&path, |row, is_gone| match is_gone {
                true => {
                    let number = state.rows.number(row.id);
                    state.rows.remove(number);
                }
                false => {
                    // A row is written whole; what it does not say is gone.
                    if let Some(number) = state.rows.find(row.id) {
                        state.rows.remove(number);
                    }
                    state.rows.put(&row);
                }
            })?;
            state.row_files.push(*file);
        }
        let names = state.rows.names();
        let names = names.filter(|name| !name.starts_with('\0') && !is_ours(name));
        let names: Vec<String> = names.map(str::to_owned).collect();
        state.names.extend(names);
        self.open_pieces::<Segment>(&mut state, Which::Events, &manifest.events)?;
        self.open_pieces::<Segment>(&mut state, Which::Facts, &manifest.facts)?;
        self.open_pieces::<TextPiece>(&mut state, Which::Texts, &manifest.texts)
    }

    fn open_pieces<P: Shelf>(
        &self,
        state: &mut State,
        which: Which,
        listed: &[Listed],
    ) -> Result<()> {
        for listed in listed {
            let path = self.folder.join(file_name(listed.file));
            let number = self.cache_numbers.fetch_add(1, Ordering::Relaxed);
            let piece = Arc::new(P::open(&path, number, &self.cache)?);
            let held = state.hold(piece, listed.dead()?, Some(listed.file))?;
            P::of(state, which).push(held);
        }
        if which != Which::Texts {
            let names = Segment::read(state, which).iter();
            let names: Vec<String> = names
                .flat_map(|held| held.piece.column_names())
                .filter(|name| !name.starts_with('\0') && !is_ours(name))
                .map(str::to_owned)
                .collect();
            state.names.extend(names);
        }
        Ok(())
    }

    /// Of writes that a crash cut off, and of pieces that were merged.
    fn delete_other_files(&self, manifest: &Manifest) -> Result<()> {
        let mut known: HashSet<String> = HashSet::from([manifest::NAME.to_owned()]);
        let pieces = [&manifest.events, &manifest.facts, &manifest.texts];
        let pieces = pieces.into_iter().flatten().map(|listed| listed.file);
        known.extend(manifest.rows.iter().copied().chain(pieces).map(file_name));
        for entry in std::fs::read_dir(&self.folder).map_err(Error::io(&self.folder))? {
            let entry = entry.map_err(Error::io(&self.folder))?;
            if !known.contains(entry.file_name().to_string_lossy().as_ref()) {
                std::fs::remove_file(entry.path()).map_err(Error::io(&entry.path()))?;
            }
        }
        Ok(())
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn maintain(&self) -> MutexGuard<'_, ()> {
        self.maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub fn put_rows(&self, rows: Vec<Row>) -> Result<()> {
        {
            let mut state = self.write();
            for mut row in rows {
                let before = row.values.len();
                row.values.retain(|(name, _)| state.admit_name(name));
                state.refused.properties += (before - row.values.len()) as u64;
                state.rows.put(&row);
                state.changed_rows.insert(row.id);
            }
        }
        self.flush_if_large()
    }

    pub fn put_events(&self, mut events: Vec<Occurrence>, up_to: Option<u64>) -> Result<()> {
        {
            let mut state = self.write();
            for event in &mut events {
                for (name, value) in std::mem::take(&mut event.user_properties) {
                    event.properties.push((format!("user.{name}"), value));
                }
                state.admit(&mut event.properties);
            }
        }
        // The costly part, while others go on reading.
        let piece = Arc::new(Segment::build(&events));
        {
            let mut state = self.write();
            sessions::note(&mut state, &events);
            if !events.is_empty() {
                let held = state.hold(piece, RoaringBitmap::new(), None)?;
                state.events.push(held);
            }
            let events = up_to.unwrap_or(0);
            state.fed.advance(Fed {
                events,
                ..Fed::default()
            });
        }
        self.merge_in_memory::<Segment>(Which::Events)?;
        self.flush_if_large()
    }

    pub fn put_facts(&self, found: Facts) -> Result<()> {
        let Facts {
            replay,
            layer,
            version,
            mut facts,
            texts,
        } = found;
        {
            let mut state = self.write();
            for fact in &mut facts {
                fact.replay = Some(replay);
                state.admit(&mut fact.properties);
                if layer == Layer::Beside {
                    let mark = (BESIDE.to_owned(), Value::Flag(true));
                    fact.properties.push(mark);
                }
            }
        }
        let facts = Arc::new(Segment::build(&facts));
        let texts = Arc::new(TextPiece::build(&texts));
        {
            let mut state = self.write();
            if facts_version(&state, replay, layer) > 0 {
                kill(&mut state.facts, |piece| {
                    piece.rows_of_layer(replay, layer == Layer::Beside)
                })?;
            }
            if layer == Layer::Recording && facts_version(&state, replay, layer) > 0 {
                kill(&mut state.texts, |piece| piece.rows_of_replay(replay))?;
            }
            let version = Some(Value::Number(version as f64));
            state.rows.put(&Row {
                id: replay,
                values: vec![(layer.version_field().to_owned(), version)],
            });
            state.changed_rows.insert(replay);
            if facts.rows() > 0 {
                let held = state.hold(facts, RoaringBitmap::new(), None)?;
                state.facts.push(held);
            }
            if texts.rows() > 0 {
                let held = state.hold(texts, RoaringBitmap::new(), None)?;
                state.texts.push(held);
            }
        }
        self.merge_in_memory::<Segment>(Which::Facts)?;
        self.merge_in_memory::<TextPiece>(Which::Texts)?;
        self.flush_if_large()
    }

    pub fn facts_versions(&self, replays: &[ReplayId]) -> Vec<FactsVersions> {
        let state = self.read();
        let versions = replays.iter().map(|replay| FactsVersions {
            recording: facts_version(&state, *replay, Layer::Recording),
            beside: facts_version(&state, *replay, Layer::Beside),
        });
        versions.collect()
    }

    pub fn fed(&self) -> Fed {
        self.read().fed
    }

    pub fn put_fed(&self, fed: Fed) {
        self.write().fed.advance(fed);
    }

    /// Has something that is only in memory.
    pub fn is_dirty(&self) -> bool {
        let state = self.read();
        state.fed != state.durable_fed || state.memory_rows() > 0
    }

    fn merge_in_memory<P: Shelf>(&self, which: Which) -> Result<()> {
        let _maintenance = self.maintain();
        loop {
            let due: Vec<Held<P>> = {
                let state = self.read();
                let pieces = P::read(&state, which);
                let due = due_merge(pieces, false);
                due.into_iter().map(|at| pieces[at].clone()).collect()
            };
            if due.is_empty() {
                return Ok(());
            }
            self.replace(which, &due, None)?;
        }
    }

    /// Puts one merged piece in the place of several. Needs `maintenance`.
    fn replace<P: Shelf>(&self, which: Which, old: &[Held<P>], file: Option<u64>) -> Result<()> {
        let parts: Vec<_> = old.iter().map(|held| (&*held.piece, &*held.dead)).collect();
        let (merged, moved) = P::merge(&parts)?;
        let rows = merged.rows();
        let merged = match file {
            Some(file) if rows > 0 => {
                let path = self.folder.join(file_name(file));
                merged.write(&path)?;
                let number = self.cache_numbers.fetch_add(1, Ordering::Relaxed);
                P::open(&path, number, &self.cache)?
            }
            _ => merged,
        };
        let mut state = self.write();
        // Rows that died while the merge ran.
        let mut dead = RoaringBitmap::new();
        for (before, moved) in old.iter().zip(&moved) {
            let same = |held: &&Held<P>| Arc::ptr_eq(&held.piece, &before.piece);
            if let Some(now) = P::read(&state, which).iter().find(same) {
                let died = now.dead.iter().map(|row| moved[row as usize]);
                dead.extend(died.filter(|row| *row != u32::MAX));
            }
        }
        let held = match rows {
            0 => None,
            _ => Some(state.hold(Arc::new(merged), dead, file)?),
        };
        let pieces = P::of(&mut state, which);
        let is_old = |held: &Held<P>| old.iter().any(|old| Arc::ptr_eq(&old.piece, &held.piece));
        pieces.retain(|held| !is_old(held));
        pieces.extend(held);
        Ok(())
    }

    fn flush_if_large(&self) -> Result<()> {
        if self.read().memory_rows() < MAX_MEMORY_ROWS {
            return Ok(());
        }
        self.flush()
    }

    pub fn flush(&self) -> Result<()> {
        let _maintenance = self.maintain();
        match self.is_dirty() {
            true => self.flush_held(false),
            false => Ok(()),
        }
    }

    /// Needs `maintenance`. With `purge`, nothing that is dead stays in a file.
    fn flush_held(&self, purge: bool) -> Result<()> {
        // At one moment: what comes in meanwhile is for the next time, place and all.
        let (fed, rows, events) = {
            let mut state = self.write();
            let changed = std::mem::take(&mut state.changed_rows);
            let all = purge || state.row_files.len() >= MAX_ROW_FILES;
            (
                state.fed,
                (!changed.is_empty() || all).then_some((changed, all)),
                in_memory::<Segment>(&state, Which::Events),
            )
        };
        if let Some((changed, all)) = rows
            && let Err(error) = self.write_rows(&changed, all)
        {
            self.write().changed_rows.extend(changed);
            return Err(error);
        }
        self.write_pieces(Which::Events, events, purge)?;
        let facts = in_memory::<Segment>(&self.read(), Which::Facts);
        self.write_pieces(Which::Facts, facts, purge)?;
        let texts = in_memory::<TextPiece>(&self.read(), Which::Texts);
        self.write_pieces(Which::Texts, texts, purge)?;
        let manifest = {
            let mut state = self.write();
            state.durable_fed = fed;
            state.manifest()
        };
        manifest::write(&self.folder, &manifest)?;
        self.delete_other_files(&manifest)
    }

    fn write_rows(&self, changed: &HashSet<ReplayId>, all: bool) -> Result<()> {
        let file = self.next_file();
        let path = self.folder.join(file_name(file));
        let (rows, gone) = {
            let state = self.read();
            let numbers: Vec<u32> = match all {
                true => state.rows.live.iter().collect(),
                false => changed
                    .iter()
                    .filter_map(|id| state.rows.find(*id))
                    .collect(),
            };
            let rows: Vec<Row> = numbers.into_iter().map(|row| state.rows.row(row)).collect();
            let is_gone = |id: &&ReplayId| !all && state.rows.find(**id).is_none();
            let gone: Vec<ReplayId> = changed.iter().filter(is_gone).copied().collect();
            (rows, gone)
        };
        crate::rows_file::write(&path, &rows, &gone)?;
        let mut state = self.write();
        if all {
            state.row_files.clear();
        }
        state.row_files.push(file);
        Ok(())
    }

    /// Writes pieces that are in memory, and what is due among those in files.
    fn write_pieces<P: Shelf>(
        &self,
        which: Which,
        in_memory: Vec<Held<P>>,
        purge: bool,
    ) -> Result<()> {
        let pick = |wanted: &dyn Fn(&Held<P>) -> bool| -> Vec<Held<P>> {
            let state = self.read();
            let found = P::read(&state, which).iter().filter(|held| wanted(held));
            found.cloned().collect()
        };
        if !in_memory.is_empty() {
            self.replace(which, &in_memory, Some(self.next_file()))?;
        }
        // A fifth of it dead: worth writing anew.
        let is_worn = |held: &Held<P>| {
            let dead = held.dead.len();
            dead > 0 && held.file.is_some() && (purge || dead * 5 > u64::from(held.piece.rows()))
        };
        for worn in pick(&is_worn) {
            self.replace(which, &[worn], Some(self.next_file()))?;
        }
        loop {
            let due: Vec<Held<P>> = {
                let state = self.read();
                let pieces = P::read(&state, which);
                let due = due_merge(pieces, true);
                due.into_iter().map(|at| pieces[at].clone()).collect()
            };
            if due.is_empty() {
                return Ok(());
            }
            self.replace(which, &due, Some(self.next_file()))?;
        }
    }

    fn next_file(&self) -> u64 {
        let mut state = self.write();
        state.next_file += 1;
        state.next_file
    }

    pub fn forget(&self, who: &Subject) -> Result<u64> {
        let _maintenance = self.maintain();
        let mut forgotten = 0;
        {
            let mut state = self.write();
            let replays: Vec<ReplayId> = match who {
                Subject::Replay(id) => vec![*id],
                Subject::Replays(ids) => ids.clone(),
                Subject::Events(_) => Vec::new(),
                Subject::User(identity) => sessions::of_user(&state, identity),
            };
            for id in &replays {
                if let Some(row) = state.rows.find(*id) {
                    state.rows.remove(row);
                    state.changed_rows.insert(*id);
                    forgotten += 1;
                }
                forgotten += kill(&mut state.events, |piece| piece.rows_of_replay(*id))?;
                forgotten += kill(&mut state.facts, |piece| piece.rows_of_replay(*id))?;
                forgotten += kill(&mut state.texts, |piece| piece.rows_of_replay(*id))?;
            }
            if let Subject::Events(numbers) = who {
                let numbers: HashSet<i64> = numbers.iter().map(|it| it.cast_signed()).collect();
                forgotten += kill(&mut state.events, |piece| piece.rows_of_numbers(&numbers))?;
            }
            if let Subject::User(identity) = who {
                forgotten += kill(&mut state.events, |piece| piece.rows_of_user(identity))?;
                forgotten += kill(&mut state.facts, |piece| piece.rows_of_user(identity))?;
            }
        }
        self.flush_held(true)?;
        Ok(forgotten)
    }

    /// Forgets everything, in memory and in files.
    pub fn clear(&self) -> Result<()> {
        let _maintenance = self.maintain();
        {
            let mut state = self.write();
            let next_file = state.next_file;
            *state = State::default();
            state.next_file = next_file;
        }
        let nothing = self.read().manifest();
        manifest::write(&self.folder, &nothing)?;
        self.delete_other_files(&nothing)
    }

    pub fn stats(&self) -> Result<Stats> {
        fn alive<P: Piece>(pieces: &[Held<P>]) -> u64 {
            let alive = pieces.iter();
            alive
                .map(|held| u64::from(held.piece.rows()) - held.dead.len())
                .sum()
        }
        let state = self.read();
        let mut stats = Stats {
            names: state.names.len() as u64,
            rows: state.rows.live.len(),
            events: alive(&state.events),
            facts: alive(&state.facts),
            texts: alive(&state.texts),
            refused: state.refused,
            ..Stats::default()
        };
        for entry in std::fs::read_dir(&self.folder).map_err(Error::io(&self.folder))? {
            let entry = entry.map_err(Error::io(&self.folder))?;
            stats.files += 1;
            stats.file_bytes += entry.metadata().map_err(Error::io(&self.folder))?.len();
        }
        Ok(stats)
    }
}

/// A file that is gone is damage, too.
fn is_damage(error: &Error) -> bool {
    match error {
        Error::Damaged(_) => true,
        Error::Io(_, error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}
