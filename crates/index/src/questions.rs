//! The questions, answered from the state of a project.

use crate::deadline::Question;
use crate::evaluate::Evaluation;
use crate::filter::{Filter, Origin, field};
use crate::piece::{Held, Piece};
use crate::segment::{DEVICE, REPLAY, Segment, USER, type_name};
use crate::state::State;
use crate::text::Wanted;
use crate::value::Value;
use crate::{Appearance, Context, Error, Result};
use model::{ReplayId, Timestamp};
use roaring::RoaringBitmap;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

/// Which replays, in which order.
#[derive(Debug, Clone)]
pub struct List {
    pub filter: Filter,
    pub sort: Sort,
    pub is_ascending: bool,
    /// Only what comes behind this one.
    pub after: Option<Cursor>,
    /// Left out, whatever the filter says.
    pub without: HashSet<ReplayId>,
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

/// Whose events.
#[derive(Debug, Clone)]
pub enum StreamOf {
    /// User ids and device ids.
    Identities(Vec<String>),
    /// Of the session that a replay is of.
    Replay(ReplayId),
}

#[derive(Debug, Clone)]
pub struct StreamQuery {
    pub of: StreamOf,
    /// Only what is older, or of this time with a smaller number.
    pub before: Option<(Timestamp, u64)>,
    pub limit: usize,
    /// They stand in many columns; without them an answer is much quicker.
    pub with_properties: bool,
}

/// An event as the index knows it: long values are cut.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// In the catalog; 0 for none.
    pub number: u64,
    pub name: String,
    pub at: Timestamp,
    pub replay: Option<ReplayId>,
    pub user: Option<String>,
    pub device: Option<String>,
    pub properties: Vec<(String, Value)>,
}

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    Event,
    /// A property of events.
    EventProperty,
    Custom,
    /// A field: `tag.<name>` or `user.<name>`.
    Label,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub kind: NameKind,
    pub name: String,
}

/// Of an order by value, then id. In a descending order the ids descend as well, so
/// that each order is the other one backwards.
#[derive(PartialEq)]
struct Ranked {
    value: f64,
    id: u128,
}

impl Ranked {
    fn of(value: f64, id: ReplayId, is_ascending: bool) -> Self {
        let sign = if is_ascending { 1.0 } else { -1.0 };
        // What has no value comes last in both.
        let value = if value.is_nan() {
            f64::MAX
        } else {
            value * sign
        };
        let id = u128::from_be_bytes(*id.as_bytes());
        let id = if is_ascending { id } else { !id };
        Self { value, id }
    }

    fn cursor(&self, is_ascending: bool) -> Cursor {
        let (sign, id) = match is_ascending {
            true => (1.0, self.id),
            false => (-1.0, !self.id),
        };
        let value = if self.value == f64::MAX {
            f64::NAN
        } else {
            self.value * sign
        };
        Cursor {
            value,
            id: ReplayId::from_bytes(id.to_be_bytes()),
        }
    }
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

pub fn cursor_of(state: &State, id: ReplayId, sort: Sort) -> Option<Cursor> {
    let value = state.rows.number_of(state.rows.find(id)?, sort.field());
    let value = value.unwrap_or(f64::NAN);
    Some(Cursor { value, id })
}

/// The rows for which a filter holds, but those to leave out.
fn rows_of(
    question: Question<'_>,
    filter: &Filter,
    without: &HashSet<ReplayId>,
    context: &Context,
) -> Result<RoaringBitmap> {
    let evaluation = Evaluation { question, context };
    evaluation.check(filter)?;
    let mut rows = evaluation.rows(filter)?;
    for id in without {
        if let Some(row) = question.rows.find(*id) {
            rows.remove(row);
        }
    }
    Ok(rows)
}

pub fn list(state: &Question<'_>, list: &List, context: &Context) -> Result<Page> {
    let rows = rows_of(*state, &list.filter, &list.without, context)?;
    if list.limit == 0 {
        return Ok(Page {
            replays: Vec::new(),
            total: rows.len(),
        });
    }
    let is_ascending = list.is_ascending;
    let rank = |value, id| Ranked::of(value, id, is_ascending);
    let after = list.after.map(|after| rank(after.value, after.id));
    let values = state.rows.numbers(list.sort.field());
    // The smallest come first.
    let mut best: BinaryHeap<Ranked> = BinaryHeap::new();
    for row in &rows {
        let value = values.get(row as usize).copied().unwrap_or(f64::NAN);
        let ranked = rank(value, state.rows.id(row));
        let is_behind =
            best.len() == list.limit && best.peek().is_some_and(|worst| ranked > *worst);
        if is_behind || after.as_ref().is_some_and(|after| ranked <= *after) {
            continue;
        }
        best.push(ranked);
        if best.len() > list.limit {
            best.pop();
        }
    }
    let replays = best.into_sorted_vec().into_iter();
    Ok(Page {
        replays: replays.map(|ranked| ranked.cursor(is_ascending)).collect(),
        total: rows.len(),
    })
}

fn most_frequent(mut values: Vec<(Value, u64)>, limit: usize) -> Vec<(Value, u64)> {
    values.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.compare(&two.0)));
    values.truncate(limit);
    values
}

pub fn facets(
    state: &Question<'_>,
    list: &List,
    fields: &[String],
    context: &Context,
) -> Result<Vec<Facet>> {
    let rows = rows_of(*state, &list.filter, &list.without, context)?;
    let facet = |name: &String| {
        let values = counts(state, name, Some(&rows))?;
        Ok(Facet {
            field: name.clone(),
            values: most_frequent(values, list.limit),
        })
    };
    fields.iter().map(facet).collect()
}

/// Values of a field, with the number of replays that have them.
fn counts(
    state: &Question<'_>,
    name: &str,
    among: Option<&RoaringBitmap>,
) -> Result<Vec<(Value, u64)>> {
    let known = field(name).map_err(Error::Filter)?;
    let among = among.unwrap_or(&state.rows.live);
    match known.origin {
        Origin::Row(name) => Ok(state.rows.counts(name, among)),
        Origin::Happening("event", property) => {
            count_happened(state, &state.events, "event", property, among)
        }
        Origin::Happening(kind, property) => {
            count_happened(state, &state.facts, kind, property, among)
        }
        Origin::Screen | Origin::Cohort => Ok(Vec::new()),
    }
}

fn count_happened(
    question: &Question<'_>,
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
            question.until.each(rows.clone(), |row| {
                if !held.dead.contains(row)
                    && let Some(replay) = replay(row)
                    && among.contains(replay)
                {
                    by_code[column.code(row) as usize].insert(replay);
                }
            })?;
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

pub fn values(
    state: &Question<'_>,
    name: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<(Value, u64)>> {
    let prefix = prefix.to_lowercase();
    let mut values = counts(state, name, None)?;
    values.retain(|(value, _)| value.show().to_lowercase().starts_with(&prefix));
    Ok(most_frequent(values, limit))
}

pub fn names(state: &State, prefix: &str, limit: usize) -> Vec<Name> {
    let prefix = prefix.to_lowercase();
    let mut found = BTreeSet::new();
    let mut add = |kind: NameKind, name: &str| {
        if !name.is_empty() && name.to_lowercase().starts_with(&prefix) {
            let name = name.to_owned();
            found.insert(Name { kind, name });
        }
    };
    for (pieces, start, kind) in [
        (&state.events, type_name("event", ""), NameKind::Event),
        (&state.facts, type_name("custom", ""), NameKind::Custom),
    ] {
        let types = pieces.iter().flat_map(|held| held.piece.types());
        let names = types.filter_map(|(name, _)| name.strip_prefix(&start));
        names.for_each(|name| add(kind, name));
    }
    for held in &state.events {
        let properties = held.piece.column_names().into_iter();
        // What is said about users is a label of their sessions.
        properties
            .filter(|name| !name.starts_with('\0') && !name.starts_with("user."))
            .for_each(|name| add(NameKind::EventProperty, name));
    }
    let labels = state.rows.names().filter(|name| name.contains('.'));
    labels.for_each(|name| add(NameKind::Label, name));
    found.into_iter().take(limit).collect()
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

pub fn stream(question: &Question<'_>, query: &StreamQuery) -> Result<Vec<StreamEvent>> {
    let (before, before_number) = query.before.map_or((i64::MAX, i64::MAX), |(at, number)| {
        (at.micros(), i64::try_from(number).unwrap_or(i64::MAX))
    });
    // Newest first, at most `limit` of all pieces: time, number, piece, row.
    let mut newest: BinaryHeap<Reverse<(i64, i64, usize, u32)>> = BinaryHeap::new();
    for (piece, held) in question.events.iter().enumerate() {
        question.until.check()?;
        if held.piece.times_us().start > before {
            continue;
        }
        let mut rows = RoaringBitmap::new();
        match &query.of {
            StreamOf::Identities(identities) => {
                for identity in identities {
                    rows |= held.piece.rows_of_user(identity)?;
                }
            }
            StreamOf::Replay(id) => rows = held.piece.rows_of_replay(*id)?,
        }
        rows -= &*held.dead;
        if rows.is_empty() {
            continue;
        }
        let (times, numbers) = (held.piece.times()?, held.piece.numbers()?);
        for row in rows {
            let (at, number) = (times[row as usize], numbers[row as usize]);
            if (at, number) < (before, before_number) {
                newest.push(Reverse((at, number, piece, row)));
                if newest.len() > query.limit {
                    newest.pop();
                }
            }
        }
    }
    let newest = newest.into_sorted_vec().into_iter();
    newest
        .map(|Reverse((at, number, piece, row))| {
            let held = &question.events[piece];
            let event = event_of(held, row, at, query.with_properties)?;
            let number = number.unsigned_abs();
            Ok(StreamEvent { number, ..event })
        })
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
        number: 0,
        name: name.map_or(String::new(), |(_, name)| name.to_owned()),
        at: Timestamp::from_micros(at),
        replay: show(value(REPLAY)?).and_then(|id| id.parse().ok()),
        user: show(value(USER)?),
        device: show(value(DEVICE)?),
        properties,
    })
}
