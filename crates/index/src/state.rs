//! What a project knows, in memory: its rows and pieces, and what may be added.

use crate::filter::{FIELDS, HAPPENINGS};
use crate::manifest::{Listed, Manifest};
use crate::piece::{Held, Piece};
use crate::rows::Rows;
use crate::segment::Segment;
use crate::text::TextPiece;
use crate::value::Value;
use crate::{Fed, Layer, Refused, Result};
use model::ReplayId;
use roaring::RoaringBitmap;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Names of properties, labels and user properties that a project may have, besides
/// ours. An attacker invents them without end; each costs a column.
pub const MAX_NAMES: usize = 2_000;
const MAX_NAME_BYTES: usize = 128;
const MAX_PROPERTIES: usize = 256;

impl Layer {
    /// Row field, not for filters: version of the facts.
    pub const fn version_field(self) -> &'static str {
        match self {
            Self::Recording => "\0facts",
            Self::Beside => "\0beside",
        }
    }
}

type Names<T> = HashSet<T, foldhash::fast::RandomState>;

#[derive(Default)]
pub struct State {
    pub rows: Rows,
    pub events: Vec<Held<Segment>>,
    pub facts: Vec<Held<Segment>>,
    pub texts: Vec<Held<TextPiece>>,
    people: HashMap<u64, u32, foldhash::fast::RandomState>,
    pub names: Names<String>,
    pub refused: Refused,
    pub changed_rows: HashSet<ReplayId>,
    pub fed: Fed,
    pub durable_fed: Fed,
    pub next_file: u64,
    pub row_files: Vec<u64>,
}

/// One of the three kinds of pieces.
pub trait Shelf: Piece {
    fn of(state: &mut State, which: Which) -> &mut Vec<Held<Self>>;
    fn read(state: &State, which: Which) -> &Vec<Held<Self>>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Events,
    Facts,
    Texts,
}

impl Shelf for Segment {
    fn of(state: &mut State, which: Which) -> &mut Vec<Held<Self>> {
        match which {
            Which::Events => &mut state.events,
            Which::Facts | Which::Texts => &mut state.facts,
        }
    }

    fn read(state: &State, which: Which) -> &Vec<Held<Self>> {
        match which {
            Which::Events => &state.events,
            Which::Facts | Which::Texts => &state.facts,
        }
    }
}

impl Shelf for TextPiece {
    fn of(state: &mut State, _: Which) -> &mut Vec<Held<Self>> {
        &mut state.texts
    }

    fn read(state: &State, _: Which) -> &Vec<Held<Self>> {
        &state.texts
    }
}

impl State {
    pub fn people_count(&self) -> usize {
        self.people.len()
    }

    /// To be written with the next flush.
    pub fn changed(&mut self, id: ReplayId) {
        self.changed_rows.insert(id);
    }

    fn person(&mut self, kind: u8, identity: &str) -> u32 {
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(identity.as_bytes(), u64::from(kind));
        let next = self.people.len() as u32;
        *self.people.entry(hash).or_insert(next)
    }

    /// Makes a piece part of the project.
    pub fn hold<P: Piece>(
        &mut self,
        piece: Arc<P>,
        dead: RoaringBitmap,
        file: Option<u64>,
    ) -> Result<Held<P>> {
        let subjects = piece.subjects()?;
        let mut replays = vec![u32::MAX];
        replays.extend(subjects.replays.iter().map(|id| self.rows.number(*id)));
        let people = |state: &mut Self, kind, names: Vec<String>| {
            let mut numbers = vec![u32::MAX];
            numbers.extend(names.iter().map(|name| state.person(kind, name)));
            Arc::new(numbers)
        };
        Ok(Held {
            users: people(self, 0, subjects.users),
            devices: people(self, 1, subjects.devices),
            replays: Arc::new(replays),
            piece,
            dead: Arc::new(dead),
            file,
        })
    }

    /// Takes out what may not be indexed, and counts it.
    pub fn admit(&mut self, properties: &mut Vec<(String, Value)>) {
        let before = properties.len();
        properties.truncate(MAX_PROPERTIES);
        properties.retain(|(name, _)| self.admit_name(name));
        self.refused.properties += (before - properties.len()) as u64;
        for (_, value) in properties {
            if let Value::Text(text) = value
                && text.len() > crate::value::MAX_VALUE_BYTES
            {
                *value = Value::text(text);
            }
        }
    }

    pub fn admit_name(&mut self, name: &str) -> bool {
        if self.names.contains(name) {
            return true;
        }
        // Ours have room however many an attacker invents.
        if is_ours(name) {
            return true;
        }
        let is_fine = !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains('\0');
        if !is_fine || self.names.len() >= MAX_NAMES {
            return false;
        }
        self.names.insert(name.to_owned())
    }

    pub fn manifest(&self) -> Manifest {
        fn listed<P>(pieces: &[Held<P>]) -> Vec<Listed> {
            let in_files = pieces.iter().filter_map(|held| Some((held.file?, held)));
            in_files
                .map(|(file, held)| Listed::new(file, &held.dead))
                .collect()
        }
        Manifest {
            format: crate::file::FORMAT,
            next_file: self.next_file,
            fed: self.durable_fed,
            rows: self.row_files.clone(),
            events: listed(&self.events),
            facts: listed(&self.facts),
            texts: listed(&self.texts),
        }
    }

    pub fn memory_rows(&self) -> u64 {
        fn rows<P: Piece>(pieces: &[Held<P>]) -> u64 {
            let in_memory = pieces.iter().filter(|held| held.file.is_none());
            in_memory.map(|held| u64::from(held.piece.rows())).sum()
        }
        rows(&self.events) + rows(&self.facts) + rows(&self.texts) + self.changed_rows.len() as u64
    }
}

pub fn in_memory<P: Shelf>(state: &State, which: Which) -> Vec<Held<P>> {
    let pieces = P::read(state, which).iter();
    pieces.filter(|held| held.file.is_none()).cloned().collect()
}

/// A name that every project has. Asked for every property of every event.
pub fn is_ours(name: &str) -> bool {
    static OURS: LazyLock<Names<&str>> = LazyLock::new(|| {
        let fields = FIELDS.iter().map(|field| field.name);
        let properties = HAPPENINGS.iter().flat_map(|known| known.properties);
        fields.chain(properties.map(|(name, _)| *name)).collect()
    });
    OURS.contains(name)
}

pub fn facts_version(state: &State, replay: ReplayId, layer: Layer) -> u64 {
    let row = state.rows.find(replay);
    let version = row.and_then(|row| state.rows.value(row, layer.version_field()));
    version.and_then(|version| version.number()).unwrap_or(0.0) as u64
}

/// Marks rows as dead; returns how many were not yet.
pub fn kill<P: Piece>(
    pieces: &mut [Held<P>],
    rows: impl Fn(&P) -> Result<RoaringBitmap>,
) -> Result<u64> {
    let mut killed = 0;
    for held in pieces {
        let rows = rows(&held.piece)?;
        if !rows.is_empty() {
            let before = held.dead.len();
            *Arc::make_mut(&mut held.dead) |= rows;
            killed += held.dead.len() - before;
        }
    }
    Ok(killed)
}
