//! From a filter to the rows for which it holds: one bitmap for each condition,
//! combined by and, or and not.

use crate::codes::Column;
use crate::deadline::{Deadline, Question};
use crate::filter::{Comparison, Filter, Happened, Occurs, Origin, Predicate, Problem, field};
use crate::piece::Held;
use crate::rows::Rows;
use crate::segment::{REPLAY, Segment, type_name};
use crate::tally::{self, Groups};
use crate::text::Wanted;
use crate::value::{Matcher, Value};
use crate::{Context, Error, Result};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

pub const ALWAYS: Range<i64> = i64::MIN..i64::MAX;

/// Numbers below a bound, quicker to fill in any order than a roaring bitmap.
pub struct Bits(Vec<u64>);

impl Bits {
    pub fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    pub fn set(&mut self, at: u32) {
        if let Some(word) = self.0.get_mut(at as usize / 64) {
            *word |= 1 << (at % 64);
        }
    }

    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub fn to_bitmap(&self) -> RoaringBitmap {
        let words = self.0.iter().enumerate();
        let set = words.flat_map(|(at, word)| {
            (0..64)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| at as u32 * 64 + bit)
        });
        set.collect()
    }
}

/// What a [`Happened`] asks of a row, resolved once for all pieces.
pub struct Asked {
    types: Types,
    /// By type, what else has the name: any of these holds.
    also: BTreeMap<String, Vec<Tests>>,
    predicates: Tests,
    until: Deadline,
}

type Tests = Vec<(String, Matcher)>;

enum Types {
    One(String),
    /// All that begin so.
    Kind(String),
}

impl Asked {
    pub fn of(happened: &Happened, context: &Context, until: Deadline) -> Result<Self> {
        let known = crate::filter::happening(&happened.kind).map_err(Error::Filter)?;
        let types = match &happened.name {
            Some(name) => Types::One(type_name(known.kind, name)),
            None if known.is_named => Types::Kind(type_name(known.kind, "")),
            None => Types::One(type_name(known.kind, "")),
        };
        let predicate = |predicate: &Predicate| {
            let matcher = Matcher::of(&predicate.test, &context.clock).map_err(Error::Filter)?;
            Ok((predicate.name.clone(), matcher))
        };
        let tests = |of: &Happened| {
            of.predicates
                .iter()
                .map(predicate)
                .collect::<Result<Tests>>()
        };
        let mut also: BTreeMap<String, Vec<Tests>> = BTreeMap::new();
        let name = happened.name.as_ref().filter(|_| known.kind == "event");
        let meanings = name.and_then(|name| context.named_events.get(name));
        for meaning in meanings.into_iter().flatten() {
            let event_type = meaning.name.as_ref().filter(|it| Some(*it) != name);
            if let Some(event_type) = event_type {
                let of_type = also.entry(type_name(known.kind, event_type)).or_default();
                of_type.push(tests(meaning)?);
            }
        }
        Ok(Self {
            types,
            also,
            predicates: tests(happened)?,
            until,
        })
    }

    /// Rows of all types that are asked for, stretch by stretch.
    pub fn stretches(&self, segment: &Segment) -> Vec<Range<u32>> {
        let also = self.also.keys();
        let also = also.filter_map(|name| rows_of(segment, name));
        self.own_stretches(segment)
            .into_iter()
            .chain(also)
            .collect()
    }

    fn own_stretches(&self, segment: &Segment) -> Vec<Range<u32>> {
        let types = segment.types();
        match &self.types {
            Types::One(name) => rows_of(segment, name).into_iter().collect(),
            Types::Kind(start) => {
                let kind = types
                    .iter()
                    .filter(|(name, _)| name.starts_with(start.as_str()));
                kind.map(|(_, rows)| rows.clone()).collect()
            }
        }
    }

    pub fn has_predicates(&self) -> bool {
        !self.predicates.is_empty() || !self.also.is_empty()
    }

    /// Calls with each living row within a time that fulfils everything.
    pub fn each_row(
        &self,
        held: &Held<Segment>,
        within: &Range<i64>,
        mut each: impl FnMut(u32),
    ) -> Result<()> {
        let segment = &held.piece;
        let times = segment.times_us();
        if times.end <= within.start || times.start >= within.end {
            return Ok(());
        }
        if self.stretches(segment).is_empty() {
            return Ok(());
        }
        let common = OfPiece::new(&self.predicates, segment)?;
        let is_whole = times.start >= within.start && times.end <= within.end;
        let times = if is_whole {
            None
        } else {
            Some(segment.times()?)
        };
        let in_time = |rows: Range<u32>| match &times {
            None => rows,
            Some(times) => segment.rows_within(rows, times, within),
        };
        let is_alive = |row: u32| held.dead.is_empty() || !held.dead.contains(row);
        for rows in self.own_stretches(segment) {
            self.until.each(in_time(rows), |row| {
                if is_alive(row) && common.hold(row) {
                    each(row);
                }
            })?;
        }
        for (name, any_of) in &self.also {
            let Some(rows) = rows_of(segment, name) else {
                continue;
            };
            let any_of = any_of.iter().map(|tests| OfPiece::new(tests, segment));
            let any_of: Vec<OfPiece> = any_of.collect::<Result<_>>()?;
            self.until.each(in_time(rows), |row| {
                let holds = || common.hold(row) && any_of.iter().any(|tests| tests.hold(row));
                if is_alive(row) && holds() {
                    each(row);
                }
            })?;
        }
        Ok(())
    }
}

/// Rows of one type.
fn rows_of(segment: &Segment, name: &str) -> Option<Range<u32>> {
    let types = segment.types();
    let found = types.binary_search_by(|(known, _)| known.as_str().cmp(name));
    found.ok().map(|at| types[at].1.clone())
}

/// Tests, made once for each different value of a piece.
struct OfPiece(Vec<(Option<Arc<Column>>, Vec<bool>)>);

impl OfPiece {
    fn new(tests: &Tests, segment: &Segment) -> Result<Self> {
        let mut all = Vec::new();
        for (name, matcher) in tests {
            let column = segment.column(name)?;
            let mut passes = vec![matcher.is_negated];
            if let Some(column) = &column {
                let values = column.dictionary.iter();
                passes.extend(values.map(|value| matcher.passes(value) != matcher.is_negated));
            }
            all.push((column, passes));
        }
        Ok(Self(all))
    }

    fn hold(&self, row: u32) -> bool {
        self.0.iter().all(|(column, passes)| {
            passes[column.as_ref().map_or(0, |column| column.code(row)) as usize]
        })
    }
}

/// Calls with the number of the replay of a row.
pub fn replay_of<'a>(
    held: &'a Held<Segment>,
    column: Option<&'a Column>,
) -> impl Fn(u32) -> Option<u32> {
    move |row| {
        let number = held.replays[column?.code(row) as usize];
        (number != u32::MAX).then_some(number)
    }
}

/// By number of the replay.
impl Groups for Evaluation<'_> {
    fn count(&self) -> usize {
        self.row_count()
    }

    fn of<'h>(&'h self, held: &'h Held<Segment>) -> Result<impl Fn(u32) -> Option<u32> + 'h> {
        let column = held.piece.column(REPLAY)?;
        Ok(move |row| replay_of(held, column.as_deref())(row))
    }

    fn started_ms(&self, row: u32) -> Option<f64> {
        self.question.rows.number_of(row, "started")
    }
}

pub struct Evaluation<'a> {
    pub question: Question<'a>,
    pub context: &'a Context,
}

impl Evaluation<'_> {
    pub fn rows(&self, filter: &Filter) -> Result<RoaringBitmap> {
        self.question.until.check()?;
        let live = &self.question.rows.live;
        match filter {
            Filter::All(filters) => {
                let mut rows = live.clone();
                for filter in filters {
                    if rows.is_empty() {
                        break;
                    }
                    rows &= self.rows(filter)?;
                }
                Ok(rows)
            }
            Filter::Any(filters) => {
                let mut rows = RoaringBitmap::new();
                for filter in filters {
                    rows |= self.rows(filter)?;
                }
                Ok(rows)
            }
            Filter::Not(inner) => Ok(live - self.rows(inner)?),
            Filter::Field(predicate) => self.field(predicate),
            Filter::Happened(happened) => self.happened(happened),
            Filter::Screen(phrase) => self.screen(&Wanted::of(&phrase.text)),
            Filter::Cohort(id) => self.cohort(*id),
            Filter::CohortNamed(name) => Err(no_cohort(&format!("{name:?}"))),
        }
    }

    /// Whether it can be asked at all, so that this depends on no data.
    pub fn check(&self, filter: &Filter) -> Result<()> {
        match filter {
            Filter::All(filters) | Filter::Any(filters) => {
                filters.iter().try_for_each(|filter| self.check(filter))
            }
            Filter::Not(inner) => self.check(inner),
            Filter::Field(predicate) => {
                let clock = &self.context.clock;
                let matcher = Matcher::of(&predicate.test, clock).map(drop);
                matcher.map_err(Error::Filter)
            }
            Filter::Happened(happened) => tally::check(happened, self),
            Filter::Screen(_) => Ok(()),
            Filter::Cohort(id) => self.users_of(*id).map(drop),
            Filter::CohortNamed(name) => Err(no_cohort(&format!("{name:?}"))),
        }
    }

    fn users_of(&self, cohort: i64) -> Result<&HashSet<String>> {
        let users = self.context.cohorts.get(&cohort);
        let users = users.ok_or_else(|| no_cohort(&cohort.to_string()))?;
        Ok(users)
    }

    fn field(&self, predicate: &Predicate) -> Result<RoaringBitmap> {
        let known = field(&predicate.name).map_err(Error::Filter)?;
        match known.origin {
            Origin::Row(name) => {
                let rows = &self.question.rows;
                rows.matching(name, &predicate.test, &self.context.clock)
            }
            Origin::Happening(kind, property) => self.any_value(kind, property, predicate),
            Origin::Screen | Origin::Cohort => Ok(RoaringBitmap::new()),
        }
    }

    /// A property of what happened, as a field with many values.
    fn any_value(
        &self,
        kind: &str,
        property: &str,
        predicate: &Predicate,
    ) -> Result<RoaringBitmap> {
        let mut matcher =
            Matcher::of(&predicate.test, &self.context.clock).map_err(Error::Filter)?;
        let is_negated = std::mem::take(&mut matcher.is_negated);
        let happened = Happened {
            kind: kind.to_owned(),
            name: None,
            predicates: Vec::new(),
            occurs: Vec::new(),
        };
        let asked = Asked {
            predicates: vec![(property.to_owned(), matcher)],
            ..Asked::of(&happened, self.context, self.question.until)?
        };
        let found = self.replays_with(kind, &asked)?;
        Ok(match is_negated {
            true => &self.question.rows.live - &found,
            false => found,
        })
    }

    pub fn pieces(&self, kind: &str) -> &[Held<Segment>] {
        match kind {
            "event" => &self.question.events,
            _ => &self.question.facts,
        }
    }

    fn row_count(&self) -> usize {
        self.question
            .rows
            .live
            .max()
            .map_or(0, |last| last as usize + 1)
    }

    fn replays_with(&self, kind: &str, asked: &Asked) -> Result<RoaringBitmap> {
        let mut bits = Bits::new(self.row_count());
        for held in self.pieces(kind) {
            // Loaded only if there are such rows at all.
            if asked.stretches(&held.piece).is_empty() {
                continue;
            }
            let column = held.piece.column(REPLAY)?;
            let replay = replay_of(held, column.as_deref());
            asked.each_row(held, &ALWAYS, |row| {
                if let Some(replay) = replay(row) {
                    bits.set(replay);
                }
            })?;
        }
        Ok(bits.to_bitmap() & &self.question.rows.live)
    }

    fn happened(&self, happened: &Happened) -> Result<RoaringBitmap> {
        let asked = Asked::of(happened, self.context, self.question.until)?;
        let at_least_once =
            |occurs: &Occurs| matches!(occurs, Occurs::Count(Comparison::AtLeast, 1));
        if happened.occurs.iter().all(at_least_once) {
            return self.replays_with(&happened.kind, &asked);
        }
        let holds = tally::holding(self, happened, self, &ALWAYS)?;
        let live = self.question.rows.live.iter();
        Ok(live.filter(|row| holds[*row as usize]).collect())
    }

    fn screen(&self, wanted: &Wanted) -> Result<RoaringBitmap> {
        let mut bits = Bits::new(self.row_count());
        for held in &self.question.texts {
            held.piece.find(wanted, &held.dead, |code| {
                bits.set(held.replays[code as usize]);
            })?;
        }
        Ok(bits.to_bitmap() & &self.question.rows.live)
    }

    fn cohort(&self, id: i64) -> Result<RoaringBitmap> {
        let users = self.users_of(id)?;
        let rows = &self.question.rows;
        let is_in = |row: &u32| who(rows, *row).is_some_and(|who| users.contains(&who));
        Ok(rows.live.iter().filter(is_in).collect())
    }
}

/// The user of a row, or the device when nobody is known.
pub fn who(rows: &Rows, row: u32) -> Option<String> {
    let text = |field| match rows.value(row, field) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    text("user").or_else(|| text("device"))
}

fn no_cohort(which: &str) -> Error {
    Error::Filter(Problem {
        message: format!("there is no cohort {which}"),
        nearest: None,
    })
}

impl Bits {
    pub fn has(&self, at: u32) -> bool {
        self.0
            .get(at as usize / 64)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}
