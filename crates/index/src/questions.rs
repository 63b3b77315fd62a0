//! The questions, answered from the state of a project.

use crate::evaluate::{Bits, Evaluation};
use crate::filter::{Filter, Origin, field};
use crate::piece::Held;
use crate::project::State;
use crate::segment::{DEVICE, REPLAY, Segment, USER};
use crate::text::Wanted;
use crate::value::Value;
use crate::{Appearance, Context, Error, Result};
use model::{ReplayId, Timestamp};
use roaring::RoaringBitmap;
use std::collections::{BinaryHeap, HashMap};

/// Which replays, in which order.
#[derive(Debug, Clone)]
pub struct List {
    pub filter: Filter,
    pub sort: Sort,
    pub is_ascending: bool,
    /// Only what comes behind this one.
    pub after: Option<Cursor>,
    pub limit: usize,
}

/// What a list is sorted by; equal ones by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Started,
    Duration,
    Activity,
    Errors,
    Frustration,
}

impl Sort {
    const fn field(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Duration => "duration",
            Self::Activity => "activity",
            Self::Errors => "errors",
            Self::Frustration => "frustration",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    pub value: f64,
    pub id: ReplayId,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub replays: Vec<Cursor>,
    /// For which the filter holds, on all pages.
    pub total: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    pub field: String,
    pub values: Vec<(Value, u64)>,
}

#[derive(Debug, Clone)]
pub struct StreamQuery {
    /// A user id or a device id.
    pub identity: String,
    /// Only what is older.
    pub before: Option<Timestamp>,
    pub limit: usize,
    /// They stand in many columns; without them an answer is much quicker.
    pub with_properties: bool,
}

/// An event as the index knows it: long values are cut.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    pub name: String,
    pub at: Timestamp,
    pub replay: Option<ReplayId>,
    pub user: Option<String>,
    pub device: Option<String>,
    pub properties: Vec<(String, Value)>,
}

/// Of an order by value, then id.
#[derive(PartialEq)]
struct Ranked {
    value: f64,
    id: ReplayId,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value
            .total_cmp(&other.value)
            .then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

pub fn list(state: &State, list: &List, context: &Context) -> Result<Page> {
    let rows = Evaluation { state, context }.rows(&list.filter)?;
    // One order for both directions: the smallest comes first.
    let sign = if list.is_ascending { 1.0 } else { -1.0 };
    let after = list.after.map(|after| Ranked {
        value: after.value * sign,
        id: after.id,
    });
    let values = state.rows.numbers(list.sort.field());
    let mut best = BinaryHeap::new();
    for row in &rows {
        // What has no value comes last in both directions.
        let value = values.get(row as usize).copied().unwrap_or(f64::NAN) * sign;
        let value = if value.is_nan() { f64::MAX } else { value };
        // Most rows are out by their value alone.
        let is_full = best.len() == list.limit;
        if is_full
            && best
                .peek()
                .is_some_and(|worst: &Ranked| value > worst.value)
        {
            continue;
        }
        let id = state.rows.id(row);
        let ranked = Ranked { value, id };
        if after.as_ref().is_some_and(|after| ranked <= *after) {
            continue;
        }
        best.push(ranked);
        if best.len() > list.limit {
            best.pop();
        }
    }
    let replays = best.into_sorted_vec().into_iter().map(|ranked| Cursor {
        value: ranked.value * sign,
        id: ranked.id,
    });
    Ok(Page {
        replays: replays.collect(),
        total: rows.len(),
    })
}

fn most_frequent(mut values: Vec<(Value, u64)>, limit: usize) -> Vec<(Value, u64)> {
    values.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.compare(&two.0)));
    values.truncate(limit);
    values
}

pub fn facets(
    state: &State,
    filter: &Filter,
    fields: &[String],
    limit: usize,
    context: &Context,
) -> Result<Vec<Facet>> {
    let rows = Evaluation { state, context }.rows(filter)?;
    let facet = |name: &String| {
        let values = counts(state, name, Some(&rows))?;
        Ok(Facet {
            field: name.clone(),
            values: most_frequent(values, limit),
        })
    };
    fields.iter().map(facet).collect()
}

/// Values of a field, with the number of replays that have them.
fn counts(state: &State, name: &str, among: Option<&RoaringBitmap>) -> Result<Vec<(Value, u64)>> {
    let known = field(name).map_err(Error::Filter)?;
    let among = among.unwrap_or(&state.rows.live);
    match known.origin {
        Origin::Row(name) => Ok(state.rows.counts(name, among)),
        Origin::Happening("event", property) => {
            count_happened(&state.events, "event", property, among)
        }
        Origin::Happening(kind, property) => count_happened(&state.facts, kind, property, among),
        Origin::Screen | Origin::Cohort => Ok(Vec::new()),
    }
}

fn count_happened(
    pieces: &[Held<Segment>],
    kind: &str,
    property: &str,
    among: &RoaringBitmap,
) -> Result<Vec<(Value, u64)>> {
    let start = format!("{kind}:");
    let mut replays: HashMap<String, (Value, RoaringBitmap)> = HashMap::new();
    for held in pieces {
        let Some(column) = held.piece.column(property)? else {
            continue;
        };
        let replay_column = held.piece.column(REPLAY)?;
        let replay = crate::evaluate::replay_of(held, replay_column.as_deref());
        let mut by_code: Vec<RoaringBitmap> =
            vec![RoaringBitmap::new(); column.dictionary.len() + 1];
        let types = held.piece.types().iter();
        for (_, rows) in types.filter(|(name, _)| name.starts_with(&start)) {
            for row in rows.clone().filter(|row| !held.dead.contains(*row)) {
                if let Some(replay) = replay(row)
                    && among.contains(replay)
                {
                    by_code[column.code(row) as usize].insert(replay);
                }
            }
        }
        for (value, found) in column.dictionary.iter().zip(by_code.into_iter().skip(1)) {
            if !found.is_empty() {
                let known = replays.entry(value.show());
                known
                    .or_insert_with(|| (value.clone(), RoaringBitmap::new()))
                    .1 |= found;
            }
        }
    }
    Ok(replays
        .into_values()
        .map(|(value, replays)| (value, replays.len()))
        .collect())
}

pub fn values(state: &State, name: &str, prefix: &str, limit: usize) -> Result<Vec<(Value, u64)>> {
    let prefix = prefix.to_lowercase();
    let mut values = counts(state, name, None)?;
    values.retain(|(value, _)| value.show().to_lowercase().starts_with(&prefix));
    Ok(most_frequent(values, limit))
}

pub fn names(state: &State, prefix: &str, limit: usize) -> Vec<String> {
    let prefix = prefix.to_lowercase();
    let events = state.events.iter().flat_map(|held| held.piece.types());
    let events = events.filter_map(|(name, _)| name.strip_prefix("event:"));
    let labels = state.rows.names().filter(|name| name.contains('.'));
    let all = events.chain(labels);
    let wanted = all.filter(|name| name.to_lowercase().starts_with(&prefix));
    let mut found: Vec<String> = wanted.map(str::to_owned).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(limit);
    found
}

pub fn screen_hits(
    state: &State,
    replay: ReplayId,
    phrase: &str,
    limit: usize,
) -> Result<Vec<Appearance>> {
    let wanted = Wanted::of(phrase);
    let mut found = Vec::new();
    for held in &state.texts {
        found.extend(held.piece.hits(&wanted, &held.dead, replay, limit)?);
    }
    found.sort_by_key(|hit| (hit.at_ms, hit.node_id));
    found.truncate(limit);
    Ok(found)
}

pub fn stream(state: &State, query: &StreamQuery) -> Result<Vec<StreamEvent>> {
    let before = query.before.map_or(i64::MAX, Timestamp::micros);
    let wanted = Value::text(&query.identity);
    // Newest first, at most `limit` of all pieces.
    let mut newest: Vec<(i64, usize, u32)> = Vec::new();
    for (number, held) in state.events.iter().enumerate() {
        let mut is_wanted: Option<Bits> = None;
        for name in [USER, DEVICE] {
            let Some(column) = held.piece.column(name)? else {
                continue;
            };
            let Some(code) = column.find(&wanted) else {
                continue;
            };
            let rows = is_wanted
                .get_or_insert_with(|| Bits::new(column.first_row as usize + column.codes.len()));
            let last = column.first_row as usize + column.codes.len();
            rows.grow(last);
            for at in 0..column.codes.len() {
                if column.codes.get(at) == code {
                    rows.set(at as u32 + column.first_row);
                }
            }
        }
        let Some(rows) = is_wanted else { continue };
        let times = held.piece.times()?;
        for row in rows
            .to_bitmap()
            .iter()
            .filter(|row| !held.dead.contains(*row))
        {
            let at = times[row as usize];
            if at < before {
                newest.push((at, number, row));
            }
        }
    }
    newest.sort_unstable_by(|one, two| two.cmp(one));
    newest.truncate(query.limit);
    newest
        .into_iter()
        .map(|(at, number, row)| event_of(&state.events[number], row, at, query.with_properties))
        .collect()
}

fn event_of(held: &Held<Segment>, row: u32, at: i64, with_properties: bool) -> Result<StreamEvent> {
    let segment = &held.piece;
    let type_name = segment.types().iter().find(|(_, rows)| rows.contains(&row));
    let name = type_name.and_then(|(name, _)| name.split_once(':'));
    let value = |name: &str| -> Result<Option<Value>> {
        let column = segment.column(name)?;
        Ok(column.and_then(|column| column.value(row).cloned()))
    };
    let mut properties = Vec::new();
    let names = match with_properties {
        true => segment.column_names(),
        false => Vec::new(),
    };
    for name in names {
        if !name.starts_with('\0')
            && let Some(value) = value(name)?
        {
            properties.push((name.to_owned(), value));
        }
    }
    let show = |value: Option<Value>| value.map(|value| value.show());
    Ok(StreamEvent {
        name: name.map_or(String::new(), |(_, name)| name.to_owned()),
        at: Timestamp::from_micros(at),
        replay: show(value(REPLAY)?).and_then(|id| id.parse().ok()),
        user: show(value(USER)?),
        device: show(value(DEVICE)?),
        properties,
    })
}
