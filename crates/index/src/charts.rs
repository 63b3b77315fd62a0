//! Counting what happened: by time, by value, in steps.

use crate::deadline::Question;
use crate::evaluate::{ALWAYS, Asked, Bits};
use crate::filter::{Happened, Problem};
use crate::piece::Held;
use crate::segment::{DEVICE, Segment, USER};
use crate::state::State;
use crate::value::Value;
use crate::{Context, Error, Result};
use model::Timestamp;
use std::collections::HashMap;
use std::ops::Range;

#[derive(Debug, Clone)]
pub struct Series {
    pub what: Happened,
    /// Ascending; each stretch ends where the next begins.
    pub boundaries: Vec<Timestamp>,
    /// Counting users costs more than counting events.
    pub with_users: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// None: no value, or a stretch of time.
    pub value: Option<Value>,
    pub count: u64,
    pub users: u64,
}

#[derive(Debug, Clone)]
pub struct Funnel {
    pub steps: Vec<Happened>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// From the first step to the last.
    pub within_ms: u64,
}

fn pieces_of<'a>(state: &'a State, happened: &Happened) -> &'a [Held<Segment>] {
    match happened.kind.as_str() {
        "event" => &state.events,
        _ => &state.facts,
    }
}

/// Calls with each row and its user: who is named, else the device.
fn each_user(
    held: &Held<Segment>,
    asked: &Asked,
    within: &Range<i64>,
    mut each: impl FnMut(u32, u32),
) -> Result<()> {
    if asked.stretches(&held.piece).is_empty() {
        return Ok(());
    }
    let (users, devices) = (held.piece.column(USER)?, held.piece.column(DEVICE)?);
    asked.each_row(held, within, |row| {
        let user = users.as_ref().map_or(0, |users| users.code(row));
        let person = match user {
            0 => held.devices[devices.as_ref().map_or(0, |devices| devices.code(row)) as usize],
            user => held.users[user as usize],
        };
        each(row, person);
    })
}

pub fn series(state: &Question<'_>, series: &Series, context: &Context) -> Result<Vec<Group>> {
    let asked = Asked::of(&series.what, context, state.until)?;
    let edges: Vec<i64> = series.boundaries.iter().map(|at| at.micros()).collect();
    check_boundaries(&edges)?;
    let stretches = edges.len().saturating_sub(1);
    let mut counts = vec![0u64; stretches];
    let mut users: Vec<Bits> = (0..stretches)
        .map(|_| Bits::new(state.people_count()))
        .collect();
    let (Some(start), Some(end)) = (edges.first(), edges.last()) else {
        return Ok(Vec::new());
    };
    for held in pieces_of(state, &series.what) {
        let times = held.piece.times_us();
        if times.end <= *start || times.start >= *end {
            continue;
        }
        let rows = asked.stretches(&held.piece);
        if rows.is_empty() {
            continue;
        }
        let times = held.piece.times()?;
        // Sorted by time within a type: counting is looking for the edges.
        if !series.with_users && !asked.has_predicates() && held.dead.is_empty() {
            for rows in rows {
                for (at, edge) in edges.windows(2).enumerate() {
                    let found = held
                        .piece
                        .rows_within(rows.clone(), &times, &(edge[0]..edge[1]));
                    counts[at] += u64::from(found.end - found.start);
                }
            }
            continue;
        }
        each_user(held, &asked, &(*start..*end), |row, person| {
            let at = edges.partition_point(|edge| *edge <= times[row as usize]) - 1;
            counts[at] += 1;
            users[at].set(person);
        })?;
    }
    let groups = counts.into_iter().zip(users).map(|(count, users)| Group {
        value: None,
        count,
        users: users.count(),
    });
    Ok(groups.collect())
}

fn check_boundaries(edges: &[i64]) -> Result<()> {
    const MAX_STRETCHES: usize = 2_000;
    let problem = |message: String| {
        Err(Error::Filter(Problem {
            message,
            nearest: None,
        }))
    };
    if edges.len() > MAX_STRETCHES + 1 {
        return problem(format!("at most {MAX_STRETCHES} stretches of time"));
    }
    if !edges.is_sorted() {
        return problem("the range ends before it begins".to_owned());
    }
    Ok(())
}

pub fn group_by(
    state: &Question<'_>,
    series: &Series,
    property: &str,
    context: &Context,
) -> Result<Vec<Group>> {
    let asked = Asked::of(&series.what, context, state.until)?;
    let edges: Vec<i64> = series.boundaries.iter().map(|at| at.micros()).collect();
    check_boundaries(&edges)?;
    let within = match (edges.first(), edges.last()) {
        (Some(start), Some(end)) => *start..*end,
        _ => ALWAYS,
    };
    let people = state.people_count();
    /// A text and a number that look the same are two values.
    type Key = Option<(u8, String)>;
    let mut groups: HashMap<Key, (Option<Value>, u64, Grouped)> = HashMap::new();
    for held in pieces_of(state, &series.what) {
        let column = held.piece.column(property)?;
        let values = column.as_ref().map_or(0, |column| column.dictionary.len());
        let mut by_code: Vec<(u64, Vec<u32>)> = vec![(0, Vec::new()); values + 1];
        each_user(held, &asked, &within, |row, person| {
            let code = column.as_ref().map_or(0, |column| column.code(row));
            let (count, people) = &mut by_code[code as usize];
            *count += 1;
            people.push(person);
        })?;
        for (code, (count, persons)) in by_code.into_iter().enumerate() {
            if count == 0 {
                continue;
            }
            let value = column
                .as_ref()
                .and_then(|column| column.dictionary.get(code.wrapping_sub(1)));
            let key = value.map(|value| match value {
                Value::Flag(_) => (0, value.show()),
                Value::Number(_) => (1, value.show()),
                Value::Text(_) => (2, value.show()),
            });
            let group = groups.entry(key);
            let (_, total, users) =
                group.or_insert_with(|| (value.cloned(), 0, Grouped::Few(Vec::new())));
            *total += count;
            users.add(persons, people);
        }
    }
    let mut groups: Vec<Group> = groups
        .into_values()
        .map(|(value, count, users)| Group {
            value,
            count,
            users: users.count(),
        })
        .collect();
    groups.sort_by(|one, two| two.count.cmp(&one.count).then_with(|| order(one, two)));
    Ok(groups)
}

fn order(one: &Group, two: &Group) -> std::cmp::Ordering {
    match (&one.value, &two.value) {
        (Some(one), Some(two)) => one.compare(two),
        (one, two) => one.is_some().cmp(&two.is_some()),
    }
}

/// Users of a group: a list while there are few.
enum Grouped {
    Few(Vec<u32>),
    Many(Bits),
}

impl Grouped {
    fn add(&mut self, persons: Vec<u32>, people: usize) {
        match self {
            Self::Few(known) if known.len() + persons.len() < people / 32 => known.extend(persons),
            Self::Few(known) => {
                let mut bits = Bits::new(people);
                known
                    .iter()
                    .chain(&persons)
                    .for_each(|person| bits.set(*person));
                *self = Self::Many(bits);
            }
            Self::Many(bits) => persons.iter().for_each(|person| bits.set(*person)),
        }
    }

    fn count(self) -> u64 {
        match self {
            Self::Few(mut persons) => {
                persons.retain(|person| *person != u32::MAX);
                persons.sort_unstable();
                persons.dedup();
                persons.len() as u64
            }
            Self::Many(bits) => bits.count(),
        }
    }
}

/// For each user, in the order of time: a step counts when the one before it was
/// reached, and everything lies within the window.
pub fn funnel(state: &Question<'_>, funnel: &Funnel, context: &Context) -> Result<Vec<u64>> {
    const MAX_STEPS: usize = 20;
    if funnel.steps.len() > MAX_STEPS || funnel.from > funnel.to {
        return Err(Error::Filter(Problem {
            message: format!("a funnel has at most {MAX_STEPS} steps and ends after it begins"),
            nearest: None,
        }));
    }
    let within = funnel.from.micros()..funnel.to.micros();
    let people = state.people_count();
    let mut done: Vec<(u32, i64, u8)> = Vec::new();
    let mut reached_before = Bits::new(0);
    for (number, step) in funnel.steps.iter().enumerate() {
        let asked = Asked::of(step, context, state.until)?;
        let mut did = Bits::new(people);
        for held in pieces_of(state, step) {
            if asked.stretches(&held.piece).is_empty() {
                continue;
            }
            let times = held.piece.times()?;
            each_user(held, &asked, &within, |row, person| {
                // Who did not do the step before cannot have come here.
                if person != u32::MAX && (number == 0 || reached_before.has(person)) {
                    did.set(person);
                    done.push((person, times[row as usize], number as u8));
                }
            })?;
        }
        reached_before = did;
    }
    let window = i64::try_from(funnel.within_ms.saturating_mul(1000)).unwrap_or(i64::MAX);
    let mut reached = vec![0u64; funnel.steps.len()];
    for done in by_person(&done, people) {
        let steps = longest(done, funnel.steps.len(), window);
        reached.iter_mut().take(steps).for_each(|count| *count += 1);
    }
    Ok(reached)
}

/// Times and steps of each person who did any, sorted by time.
fn by_person(done: &[(u32, i64, u8)], people: usize) -> impl Iterator<Item = Vec<(i64, u8)>> {
    let mut starts = vec![0u32; people + 1];
    for (person, ..) in done {
        starts[*person as usize + 1] += 1;
    }
    for at in 0..people {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut sorted = vec![(0i64, 0u8); done.len()];
    for (person, at, step) in done {
        let place = &mut next[*person as usize];
        sorted[*place as usize] = (*at, *step);
        *place += 1;
    }
    (0..people).filter_map(move |person| {
        let own = starts[person] as usize..starts[person + 1] as usize;
        let mut own = sorted[own].to_vec();
        own.sort_unstable();
        (!own.is_empty()).then_some(own)
    })
}

/// How many steps were reached. `done` is sorted by time.
fn longest(done: Vec<(i64, u8)>, steps: usize, window: i64) -> usize {
    // By step: when the chain that reached it last began.
    let mut began: Vec<Option<i64>> = vec![None; steps];
    let mut at = 0;
    while at < done.len() {
        let time = done[at].0;
        let together = done[at..].iter().take_while(|(other, _)| *other == time);
        let together: Vec<u8> = together.map(|(_, step)| *step).collect();
        at += together.len();
        // Later steps first: one moment is not two steps.
        for step in together.iter().rev().map(|step| *step as usize) {
            let start = match step.checked_sub(1) {
                None => Some(time),
                Some(before) => began[before].filter(|start| time - start <= window),
            };
            began[step] = start.or(began[step]);
        }
    }
    began.iter().take_while(|start| start.is_some()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_funnel_counts_steps_in_order_within_the_window() {
        for (done, expected) in [
            (vec![(0, 0), (1, 1), (2, 2)], 3),
            (vec![(0, 1), (1, 0)], 1),
            (vec![(0, 0), (11, 1)], 1),
            // A later start is within the window.
            (vec![(0, 0), (5, 0), (11, 1), (14, 2)], 3),
            (vec![(0, 0), (0, 1)], 1),
            (vec![(0, 1), (1, 2)], 0),
            // The first chain reaches the second step, the second chain does not undo it.
            (vec![(0, 0), (1, 1), (9, 0), (10, 2)], 3),
        ] {
            assert_eq!(longest(done.clone(), 3, 10), expected, "{done:?}");
        }
    }
}
