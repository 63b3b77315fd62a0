//! How often something happened to each of many, be it a replay or a person, and what
//! else a filter asks of it.

use crate::evaluate::{ALWAYS, Asked, Evaluation};
use crate::filter::{Comparison, Happened, Occurs};
use crate::piece::Held;
use crate::segment::Segment;
use crate::value::{Matcher, Value};
use crate::{Context, Error, Result};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Whom what happened is counted for: numbers below a bound.
pub trait Groups {
    fn count(&self) -> usize;
    /// Of each row of a piece; none for what is nobody's.
    fn of<'h>(&'h self, held: &'h Held<Segment>) -> Result<impl Fn(u32) -> Option<u32> + 'h>;
    /// From when `first` and `last` count.
    fn started_ms(&self, group: u32) -> Option<f64>;
}

/// Which of the occurrences count, resolved once.
struct Which {
    at: Vec<Matcher>,
    nth: Vec<(Comparison, u64)>,
}

impl Which {
    fn of(happened: &Happened, context: &Context) -> Result<Self> {
        let mut which = Self {
            at: Vec::new(),
            nth: Vec::new(),
        };
        for occurs in &happened.occurs {
            match occurs {
                Occurs::At(test) => {
                    let matcher = Matcher::of(test, &context.clock).map_err(Error::Filter)?;
                    which.at.push(matcher);
                }
                Occurs::Nth(comparison, number) => which.nth.push((*comparison, *number)),
                _ => {}
            }
        }
        Ok(which)
    }

    fn is_at(&self, at_us: i64) -> bool {
        let at_ms = at_us.div_euclid(1000) as f64;
        self.at.iter().all(|matcher| matcher.passes_number(at_ms))
    }
}

/// # Errors
/// What cannot be asked, whatever the data is.
pub fn check(happened: &Happened, evaluation: &Evaluation<'_>) -> Result<()> {
    let Evaluation { question, context } = evaluation;
    Asked::of(happened, context, question.until)?;
    Which::of(happened, context)?;
    for occurs in &happened.occurs {
        if let Occurs::Relative(_, _, other) = occurs {
            Asked::of(other, context, question.until)?;
        }
    }
    Ok(())
}

/// When each of a group's happened, sorted: says the so-manieth one is.
struct Order(Vec<(u32, i64)>);

impl Order {
    /// As many as were earlier, and this one.
    fn nth(&self, group: u32, at_us: i64) -> u64 {
        let before = |limit: (u32, i64)| self.0.partition_point(|it| *it < limit);
        (before((group, at_us)) - before((group, i64::MIN)) + 1) as u64
    }
}

/// By group.
pub struct Tally {
    counts: Vec<u32>,
    firsts_us: Vec<i64>,
    lasts_us: Vec<i64>,
    /// One for each of what the filter asks, in its order.
    asked: Vec<PerGroup>,
}

enum PerGroup {
    /// Known by counts and times.
    Plain,
    Sums(Vec<f64>),
    Distincts(Vec<u32>),
    Others(Vec<u32>),
}

/// What tells values apart: as in comparisons, case does not, and a text that is a
/// number is one.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Flag(bool),
    Number(u64),
    Text(String),
}

impl Key {
    fn of(value: &Value) -> Self {
        match (value.number(), value) {
            (Some(number), _) => Self::Number((number + 0.0).to_bits()),
            (None, Value::Flag(flag)) => Self::Flag(*flag),
            (None, other) => Self::Text(other.show().to_lowercase()),
        }
    }
}

/// Different values of a property, numbered over all pieces.
#[derive(Default)]
struct Values {
    numbers: HashMap<Key, u32>,
    seen: HashSet<(u32, u32), foldhash::fast::RandomState>,
}

impl Tally {
    /// # Errors
    /// What cannot be asked, and `TooSlow`.
    pub fn of(
        evaluation: &Evaluation<'_>,
        happened: &Happened,
        groups: &impl Groups,
        within: &Range<i64>,
    ) -> Result<Self> {
        let which = Which::of(happened, evaluation.context)?;
        let order = match which.nth.is_empty() {
            true => None,
            false => Some(order(evaluation, happened, groups)?),
        };
        let counts_too = |group: u32, at_us: i64| {
            let holds = |order: &Order| {
                let nth = order.nth(group, at_us);
                which
                    .nth
                    .iter()
                    .all(|(sign, number)| sign.holds(nth, *number))
            };
            which.is_at(at_us) && order.as_ref().is_none_or(holds)
        };
        let size = groups.count();
        let mut tally = Self {
            counts: vec![0; size],
            firsts_us: vec![i64::MAX; size],
            lasts_us: vec![i64::MIN; size],
            asked: Vec::new(),
        };
        each(evaluation, happened, groups, within, |group, at_us| {
            if counts_too(group, at_us) {
                tally.add(group, at_us);
            }
        })?;
        for occurs in &happened.occurs {
            let per_group = match occurs {
                Occurs::Sum(property, ..) => {
                    let mut sums = vec![0.0; size];
                    let property = Some(property.as_str());
                    each_with(
                        evaluation,
                        happened,
                        groups,
                        within,
                        property,
                        |group, at_us, value| {
                            let number = value.and_then(Value::number);
                            if let Some(number) = number.filter(|_| counts_too(group, at_us)) {
                                sums[group as usize] += number;
                            }
                        },
                    )?;
                    PerGroup::Sums(sums)
                }
                Occurs::Distinct(property, ..) => {
                    let mut values = Values::default();
                    let mut distincts = vec![0; size];
                    let property = Some(property.as_str());
                    each_with(
                        evaluation,
                        happened,
                        groups,
                        within,
                        property,
                        |group, at_us, value| {
                            if let Some(value) = value.filter(|_| counts_too(group, at_us)) {
                                let next = values.numbers.len() as u32;
                                let number = *values.numbers.entry(Key::of(value)).or_insert(next);
                                distincts[group as usize] +=
                                    u32::from(values.seen.insert((group, number)));
                            }
                        },
                    )?;
                    PerGroup::Distincts(distincts)
                }
                Occurs::Relative(_, _, other) => {
                    let mut others = vec![0u32; size];
                    each(evaluation, other, groups, within, |group, at_us| {
                        others[group as usize] += u32::from(which.is_at(at_us));
                    })?;
                    PerGroup::Others(others)
                }
                Occurs::Count(..)
                | Occurs::First(..)
                | Occurs::Last(..)
                | Occurs::Nth(..)
                | Occurs::At(_) => PerGroup::Plain,
            };
            tally.asked.push(per_group);
        }
        Ok(tally)
    }

    fn add(&mut self, group: u32, at_us: i64) {
        let at = group as usize;
        self.counts[at] = self.counts[at].saturating_add(1);
        self.firsts_us[at] = self.firsts_us[at].min(at_us);
        self.lasts_us[at] = self.lasts_us[at].max(at_us);
    }

    /// Whether all that was asked is so. When nothing is asked of how often, once is.
    pub fn holds(&self, happened: &Happened, groups: &impl Groups, group: u32) -> bool {
        let at = group as usize;
        let count = self.counts[at];
        let is_after = |at_us: i64, sign: Comparison, limit_ms: u64| {
            let start_ms = groups.started_ms(group).filter(|_| count > 0);
            let at_ms = at_us.div_euclid(1000) as f64;
            start_ms.is_some_and(|start_ms| sign.holds(at_ms - start_ms, limit_ms as f64))
        };
        let says_how_often = |occurs: &Occurs| !matches!(occurs, Occurs::At(_) | Occurs::Nth(..));
        if !happened.occurs.iter().any(says_how_often) && count == 0 {
            return false;
        }
        let mut asked = happened.occurs.iter().zip(&self.asked);
        asked.all(|(occurs, per_group)| match (occurs, per_group) {
            (Occurs::Count(sign, limit), _) => sign.holds(u64::from(count), *limit),
            (Occurs::First(sign, ms), _) => is_after(self.firsts_us[at], *sign, *ms),
            (Occurs::Last(sign, ms), _) => is_after(self.lasts_us[at], *sign, *ms),
            (Occurs::Sum(_, sign, limit), PerGroup::Sums(sums)) => sign.holds(sums[at], *limit),
            (Occurs::Distinct(_, sign, limit), PerGroup::Distincts(distincts)) => {
                sign.holds(u64::from(distincts[at]), *limit)
            }
            (Occurs::Relative(sign, factor, _), PerGroup::Others(others)) => {
                sign.holds(f64::from(count), factor * f64::from(others[at]))
            }
            // Which ones count was decided before.
            _ => true,
        })
    }
}

fn order(evaluation: &Evaluation<'_>, happened: &Happened, groups: &impl Groups) -> Result<Order> {
    let mut all = Vec::new();
    // Also before the time that is asked about.
    each(evaluation, happened, groups, &ALWAYS, |group, at_us| {
        all.push((group, at_us))
    })?;
    all.sort_unstable();
    Ok(Order(all))
}

/// Calls with the group and the time of each occurrence.
fn each(
    evaluation: &Evaluation<'_>,
    happened: &Happened,
    groups: &impl Groups,
    within: &Range<i64>,
    mut call: impl FnMut(u32, i64),
) -> Result<()> {
    each_with(
        evaluation,
        happened,
        groups,
        within,
        None,
        |group, at_us, _| call(group, at_us),
    )
}

/// The same, with the value of a property if one is asked for.
fn each_with(
    evaluation: &Evaluation<'_>,
    happened: &Happened,
    groups: &impl Groups,
    within: &Range<i64>,
    property: Option<&str>,
    mut call: impl FnMut(u32, i64, Option<&Value>),
) -> Result<()> {
    let asked = Asked::of(happened, evaluation.context, evaluation.question.until)?;
    let size = groups.count();
    for held in evaluation.pieces(&happened.kind) {
        // Loaded only if there are such rows at all.
        if asked.stretches(&held.piece).is_empty() {
            continue;
        }
        let column = match property {
            Some(name) => held.piece.column(name)?,
            None => None,
        };
        let times = held.piece.times()?;
        let group_of = groups.of(held)?;
        asked.each_row(held, within, |row| {
            if let Some(group) = group_of(row).filter(|group| (*group as usize) < size) {
                let value = column.as_ref().and_then(|column| column.value(row));
                call(group, times[row as usize], value);
            }
        })?;
    }
    Ok(())
}
