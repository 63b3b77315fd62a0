//! Things that happened, as immutable columns. Rows are sorted by type and then by
//! time, so what most questions ask for is one stretch of rows.

use crate::cache::{Cache, Key};
use crate::codes::{Column, MISSING, Postings, decode_times, encode_times};
use crate::file::{Blocks, Writer};
use crate::piece::{Piece, Subjects};
use crate::value::Value;
use crate::{Error, Occurrence, Result};
use model::ReplayId;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Columns that are no properties, whose names hold no zero.
pub const USER: &str = "\0user";
pub const DEVICE: &str = "\0device";
pub const REPLAY: &str = "\0replay";
const TIME: &str = "\0time";
/// Numbers of events in the catalog, where there are any.
const NUMBER: &str = "\0number";
/// Set in rows of [`Layer::Beside`](crate::Layer).
pub const BESIDE: &str = "\0beside";

#[derive(Debug)]
pub struct Segment {
    about: About,
    source: Source,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    rows: u32,
    /// Sorted by name.
    types: Vec<(String, Range<u32>)>,
    first_us: i64,
    last_us: i64,
}

#[derive(Debug)]
enum Source {
    Memory {
        times: Arc<Vec<i64>>,
        numbers: Arc<Vec<i64>>,
        columns: BTreeMap<String, Arc<Column>>,
    },
    File {
        blocks: Blocks,
        number: u64,
        cache: Arc<Cache>,
    },
}

/// The name that rows of a kind are sorted by.
pub fn type_name(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

impl Segment {
    pub fn build(rows: &[Occurrence]) -> Self {
        let names: Vec<String> = rows
            .iter()
            .map(|row| type_name(row.kind, &row.name))
            .collect();
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        order.sort_by(|one, two| {
            let (one, two) = (*one as usize, *two as usize);
            (&names[one], rows[one].at).cmp(&(&names[two], rows[two].at))
        });
        let replays: Vec<Option<Value>> = rows
            .iter()
            .map(|row| row.replay.map(|id| Value::Text(id.to_string())))
            .collect();
        let text = |text: &Option<String>| text.as_deref().map(Value::text);
        let users: Vec<_> = rows.iter().map(|row| text(&row.user)).collect();
        let devices: Vec<_> = rows.iter().map(|row| text(&row.device)).collect();
        let mut cells: HashMap<&str, Vec<(u32, &Value)>, foldhash::fast::RandomState> =
            HashMap::default();
        let mut times = Vec::with_capacity(rows.len());
        let mut numbers = Vec::with_capacity(rows.len());
        let mut types: Vec<(String, Range<u32>)> = Vec::new();
        for (at, from) in order.iter().enumerate() {
            let (at, from) = (at as u32, *from as usize);
            let row = &rows[from];
            times.push(row.at.micros());
            numbers.push(i64::try_from(row.number).unwrap_or(0));
            match types.last_mut().filter(|(name, _)| *name == names[from]) {
                Some((_, range)) => range.end = at + 1,
                None => types.push((names[from].clone(), at..at + 1)),
            }
            for (name, values) in [(REPLAY, &replays), (USER, &users), (DEVICE, &devices)] {
                if let Some(value) = &values[from] {
                    cells.entry(name).or_default().push((at, value));
                }
            }
            for (name, value) in &row.properties {
                let cells = cells.entry(name).or_default();
                // A name that comes twice keeps its first value.
                if cells.last().is_none_or(|(last, _)| *last != at) {
                    cells.push((at, value));
                }
            }
        }
        let columns = cells
            .into_iter()
            .map(|(name, cells)| (name.to_owned(), Arc::new(Column::build(&cells))));
        Self::in_memory(types, times, numbers, columns.collect())
    }

    fn in_memory(
        types: Vec<(String, Range<u32>)>,
        times: Vec<i64>,
        numbers: Vec<i64>,
        columns: BTreeMap<String, Arc<Column>>,
    ) -> Self {
        Self {
            about: About {
                rows: times.len() as u32,
                types,
                first_us: times.iter().min().copied().unwrap_or(0),
                last_us: times.iter().max().copied().unwrap_or(0),
            },
            source: Source::Memory {
                times: Arc::new(times),
                numbers: Arc::new(numbers),
                columns,
            },
        }
    }

    /// Types with their rows; all types of a kind whose occurrences have names.
    pub fn types(&self) -> &[(String, Range<u32>)] {
        &self.about.types
    }

    pub fn times_us(&self) -> Range<i64> {
        self.about.first_us..self.about.last_us.saturating_add(1)
    }

    pub fn times(&self) -> Result<Arc<Vec<i64>>> {
        match &self.source {
            Source::Memory { times, .. } => Ok(times.clone()),
            Source::File {
                blocks,
                number,
                cache,
            } => cache.times(Key::new(*number, TIME), || {
                let (block, plain) = blocks.read(TIME)?.ok_or(Error::damaged("times"))?;
                decode_times(block.rows as usize, &plain)
            }),
        }
    }

    /// Of all rows; zeros where there are none.
    pub fn numbers(&self) -> Result<Arc<Vec<i64>>> {
        match &self.source {
            Source::Memory { numbers, .. } => Ok(numbers.clone()),
            Source::File {
                blocks,
                number,
                cache,
            } => cache.times(Key::new(*number, NUMBER), || match blocks.read(NUMBER)? {
                Some((block, plain)) => decode_times(block.rows as usize, &plain),
                None => Ok(vec![0; self.about.rows as usize]),
            }),
        }
    }

    pub fn column(&self, name: &str) -> Result<Option<Arc<Column>>> {
        match &self.source {
            Source::Memory { columns, .. } => Ok(columns.get(name).cloned()),
            Source::File {
                blocks,
                number,
                cache,
            } => {
                if !blocks.blocks.contains_key(name) {
                    return Ok(None);
                }
                let column = cache.column(Key::new(*number, name), || {
                    let (block, plain) = blocks.read(name)?.ok_or(Error::damaged("column"))?;
                    Column::decode(block.first_row, block.rows as usize, &plain)
                })?;
                Ok(Some(column))
            }
        }
    }

    /// Names of all columns, properties and others.
    pub fn column_names(&self) -> Vec<&str> {
        match &self.source {
            Source::Memory { columns, .. } => columns.keys().map(String::as_str).collect(),
            Source::File { blocks, .. } => {
                let names = blocks.blocks.keys().map(String::as_str);
                names
                    .filter(|name| ![TIME, NUMBER].contains(name))
                    .collect()
            }
        }
    }

    /// Rows of a type within a time; rows of one type are sorted by time.
    pub fn rows_within(&self, rows: Range<u32>, times: &[i64], within: &Range<i64>) -> Range<u32> {
        let part = &times[rows.start as usize..rows.end as usize];
        let start = part.partition_point(|at| *at < within.start) as u32;
        let end = part.partition_point(|at| *at < within.end) as u32;
        rows.start + start..rows.start + end.max(start)
    }

    pub fn rows_with(&self, name: &str, value: &str) -> Result<RoaringBitmap> {
        let Some(column) = self.column(name)? else {
            return Ok(RoaringBitmap::new());
        };
        let Some(code) = column.find(&Value::text(value)) else {
            return Ok(RoaringBitmap::new());
        };
        match &self.source {
            Source::Memory { .. } => {
                let rows = (0..column.codes.len() as u32).map(|at| at + column.first_row);
                Ok(rows.filter(|row| column.code(*row) == code).collect())
            }
            Source::File { number, cache, .. } => {
                let places = cache.postings(Key::new(*number, name), || Postings::of(&column));
                Ok(places.rows(code).iter().copied().collect())
            }
        }
    }

    /// Rows that have one of these numbers.
    pub fn rows_of_numbers(&self, wanted: &HashSet<i64>) -> Result<RoaringBitmap> {
        let numbers = self.numbers()?;
        let rows = numbers
            .iter()
            .zip(0..)
            .filter(|(number, _)| wanted.contains(number));
        Ok(rows.map(|(_, row)| row).collect())
    }

    /// Rows of a replay in one layer.
    pub fn rows_of_layer(&self, id: ReplayId, is_beside: bool) -> Result<RoaringBitmap> {
        let mut rows = self.rows_of_replay(id)?;
        if rows.is_empty() {
            return Ok(rows);
        }
        let marks = self.column(BESIDE)?;
        let mark = |row: u32| marks.as_ref().map_or(MISSING, |marks| marks.code(row));
        let others = rows
            .iter()
            .filter(|row| (mark(*row) != MISSING) != is_beside);
        let others: RoaringBitmap = others.collect();
        rows -= others;
        Ok(rows)
    }

    fn texts_of(&self, column: &str) -> Result<Vec<String>> {
        let column = self.column(column)?;
        let dictionary = column.iter().flat_map(|column| &column.dictionary);
        Ok(dictionary.map(Value::show).collect())
    }
}

impl Piece for Segment {
    fn rows(&self) -> u32 {
        self.about.rows
    }

    fn subjects(&self) -> Result<Subjects> {
        let replays = self.texts_of(REPLAY)?;
        let parse = |id: String| id.parse().map_err(|_| Error::damaged("replay id"));
        Ok(Subjects {
            replays: replays.into_iter().map(parse).collect::<Result<_>>()?,
            users: self.texts_of(USER)?,
            devices: self.texts_of(DEVICE)?,
        })
    }

    fn rows_of_replay(&self, id: ReplayId) -> Result<RoaringBitmap> {
        self.rows_with(REPLAY, &id.to_string())
    }

    fn rows_of_user(&self, identity: &str) -> Result<RoaringBitmap> {
        Ok(self.rows_with(USER, identity)? | self.rows_with(DEVICE, identity)?)
    }

    fn merge(pieces: &[(&Self, &RoaringBitmap)]) -> Result<(Self, Vec<Vec<u32>>)> {
        let names: BTreeSet<&String> = pieces
            .iter()
            .flat_map(|(piece, _)| piece.about.types.iter().map(|(name, _)| name))
            .collect();
        let times: Vec<_> = pieces
            .iter()
            .map(|(piece, _)| piece.times())
            .collect::<Result<_>>()?;
        let mut order: Vec<(i64, u32, u32)> = Vec::new();
        let mut types = Vec::new();
        for name in names {
            let start = order.len();
            for (number, (piece, dead)) in pieces.iter().enumerate() {
                let Ok(at) = piece
                    .about
                    .types
                    .binary_search_by(|(known, _)| known.cmp(name))
                else {
                    continue;
                };
                let rows = piece.about.types[at].1.clone();
                let rows = rows.filter(|row| dead.is_empty() || !dead.contains(*row));
                order.extend(rows.map(|row| (times[number][row as usize], number as u32, row)));
            }
            // Stable, and quick on the sorted runs that it is made of.
            order[start..].sort_by_key(|(at, _, _)| *at);
            if order.len() > start {
                types.push((name.clone(), start as u32..order.len() as u32));
            }
        }
        let mut moved: Vec<Vec<u32>> = pieces
            .iter()
            .map(|(piece, _)| vec![u32::MAX; piece.about.rows as usize])
            .collect();
        for (to, (_, number, row)) in order.iter().enumerate() {
            moved[*number as usize][*row as usize] = to as u32;
        }
        let columns: BTreeSet<&str> = pieces
            .iter()
            .flat_map(|(piece, _)| piece.column_names())
            .collect();
        let mut merged = BTreeMap::new();
        for name in columns {
            let parts: Vec<_> = pieces
                .iter()
                .map(|(piece, _)| piece.column(name))
                .collect::<Result<_>>()?;
            if let Some(column) = merge_column(&parts, &moved, order.len()) {
                merged.insert(name.to_owned(), Arc::new(column));
            }
        }
        let times = order.iter().map(|(at, _, _)| *at).collect();
        let numbers: Vec<_> = pieces
            .iter()
            .map(|(piece, _)| piece.numbers())
            .collect::<Result<_>>()?;
        let numbers = order
            .iter()
            .map(|(_, number, row)| numbers[*number as usize][*row as usize]);
        Ok((
            Self::in_memory(types, times, numbers.collect(), merged),
            moved,
        ))
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut writer = Writer::create(path)?;
        writer.block(TIME, 0, self.about.rows, &encode_times(&self.times()?))?;
        let numbers = self.numbers()?;
        if numbers.iter().any(|number| *number != 0) {
            writer.block(NUMBER, 0, self.about.rows, &encode_times(&numbers))?;
        }
        for name in self.column_names() {
            let Some(column) = self.column(name)? else {
                continue;
            };
            let rows = column.codes.len() as u32;
            writer.block(name, column.first_row, rows, &column.encode())?;
        }
        writer.finish(&self.about)
    }

    fn open(path: &Path, number: u64, cache: &Arc<Cache>) -> Result<Self> {
        let (blocks, about) = Blocks::open::<About>(path)?;
        let mut end = 0;
        for (_, rows) in &about.types {
            if rows.start != end || rows.end < rows.start {
                return Err(Error::damaged("types"));
            }
            end = rows.end;
        }
        let is_whole = |name: &str, block: &crate::file::Block| {
            ![TIME, NUMBER].contains(&name) || (block.first_row == 0 && block.rows == about.rows)
        };
        if end != about.rows
            || !blocks
                .blocks
                .iter()
                .all(|(name, block)| is_whole(name, block))
        {
            return Err(Error::damaged("rows"));
        }
        Ok(Self {
            about,
            source: Source::File {
                blocks,
                number,
                cache: cache.clone(),
            },
        })
    }
}

/// Only values that a row has come along, so that what was deleted is gone.
fn merge_column(parts: &[Option<Arc<Column>>], moved: &[Vec<u32>], rows: usize) -> Option<Column> {
    let mut is_used: Vec<Vec<bool>> = Vec::with_capacity(parts.len());
    let (mut first, mut end) = (rows, 0);
    for (part, moved) in parts.iter().zip(moved) {
        let Some(column) = part else {
            is_used.push(Vec::new());
            continue;
        };
        let mut used = vec![false; column.dictionary.len() + 1];
        let moved = &moved[column.first_row as usize..];
        column.codes.each(|at, code| {
            let to = moved[at];
            if code != MISSING && to != u32::MAX {
                used[code as usize] = true;
                first = first.min(to as usize);
                end = end.max(to as usize + 1);
            }
        });
        is_used.push(used);
    }
    if end == 0 {
        return None;
    }
    let mut all: Vec<(&Value, usize, usize)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let Some(column) = part else { continue };
        let values = column.dictionary.iter().enumerate();
        let used = values.filter(|(at, _)| is_used[number][at + 1]);
        all.extend(used.map(|(at, value)| (value, number, at + 1)));
    }
    all.sort_by(|one, two| one.0.compare(two.0));
    let mut dictionary: Vec<Value> = Vec::new();
    let mut new_code: Vec<Vec<u32>> = is_used
        .iter()
        .map(|used| vec![MISSING; used.len()])
        .collect();
    for (value, number, code) in all {
        if dictionary
            .last()
            .is_none_or(|last| last.compare(value).is_ne())
        {
            dictionary.push(value.clone());
        }
        new_code[number][code] = dictionary.len() as u32;
    }
    let mut codes = vec![MISSING; end - first];
    for (number, part) in parts.iter().enumerate() {
        let Some(column) = part else { continue };
        let moved = &moved[number][column.first_row as usize..];
        let new_code = &new_code[number];
        column.codes.each(|at, code| {
            let to = moved[at];
            if code != MISSING && to != u32::MAX {
                codes[to as usize - first] = new_code[code as usize];
            }
        });
    }
    Some(Column {
        first_row: first as u32,
        dictionary,
        codes: crate::codes::Codes::of(&codes),
    })
}
