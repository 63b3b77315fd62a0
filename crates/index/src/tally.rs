//! How often something happened to each of many, be it a replay or a person, and what
//! else a filter asks of it.

use crate::evaluate::{ALWAYS, Asked, Evaluation};
use crate::filter::{Calendar, Comparison, Happened, Occurs, Periods};
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
struct Tally {
    counts: Vec<u32>,
    firsts_us: Vec<i64>,
    lasts_us: Vec<i64>,
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

/// How often, by group and start of the period.
type OftenInPeriods = HashMap<(u32, i64), u64, foldhash::fast::RandomState>;

/// By group, in how many periods it was as often as is asked.
fn in_periods(often: &OftenInPeriods, periods: &Periods, size: usize) -> Vec<u64> {
    let mut numbers = vec![0u64; size];
    let (sign, times) = periods.each;
    for ((group, _), count) in often {
        numbers[*group as usize] += u64::from(sign.holds(*count, times));
    }
    numbers
}

/// For which groups all that is asked is so. When nothing is asked of how often, once is.
///
/// # Errors
/// What cannot be asked, and `TooSlow`.
pub fn holding(
    evaluation: &Evaluation<'_>,
    happened: &Happened,
    groups: &impl Groups,
    within: &Range<i64>,
) -> Result<Vec<bool>> {
    let which = Which::of(happened, evaluation.context)?;
    let order = match which.nth.is_empty() {
        true => None,
        false => Some(order(evaluation, happened, groups)?),
    };
    let counts_too = |group: u32, at_us: i64| {
        let holds = |order: &Order| {
            let nth = order.nth(group, at_us);
            let mut wanted = which.nth.iter();
            wanted.all(|(sign, number)| sign.holds(nth, *number))
        };
        which.is_at(at_us) && order.as_ref().is_none_or(holds)
    };
    let size = groups.count();
    let mut tally = Tally {
        counts: vec![0; size],
        firsts_us: vec![i64::MAX; size],
        lasts_us: vec![i64::MIN; size],
    };
    each(evaluation, happened, groups, within, |group, at_us| {
        if counts_too(group, at_us) {
            tally.add(group, at_us);
        }
    })?;
    let each_value = |property: &str, call: &mut dyn FnMut(u32, &Value)| {
        let property = Some(property);
        each_with(
            evaluation,
            happened,
            groups,
            within,
            property,
            |group, at_us, value| {
                if let Some(value) = value.filter(|_| counts_too(group, at_us)) {
                    call(group, value);
                }
            },
        )
    };
    let says_how_often = |occurs: &Occurs| !matches!(occurs, Occurs::At(_) | Occurs::Nth(..));
    let is_said = happened.occurs.iter().any(says_how_often);
    let counts = tally.counts.iter();
    let mut holds: Vec<bool> = counts.map(|count| is_said || *count > 0).collect();
    // One after the other: what each counts takes memory only while it is asked.
    for occurs in &happened.occurs {
        match occurs {
            Occurs::Count(sign, limit) => {
                keep(&mut holds, |at| {
                    sign.holds(u64::from(tally.counts[at]), *limit)
                });
            }
            Occurs::First(sign, ms) => keep(&mut holds, |at| {
                tally.is_after(groups, at, tally.firsts_us[at], *sign, *ms)
            }),
            Occurs::Last(sign, ms) => keep(&mut holds, |at| {
                tally.is_after(groups, at, tally.lasts_us[at], *sign, *ms)
            }),
            Occurs::Sum(property, sign, limit) => {
                let mut sums = vec![0.0; size];
                each_value(property, &mut |group, value| {
                    sums[group as usize] += value.number().unwrap_or(0.0);
                })?;
                keep(&mut holds, |at| sign.holds(sums[at], *limit));
            }
            Occurs::Distinct(property, sign, limit) => {
                let mut values = Values::default();
                let mut distincts = vec![0u64; size];
                each_value(property, &mut |group, value| {
                    distincts[group as usize] += u64::from(values.is_new(group, value));
                })?;
                keep(&mut holds, |at| sign.holds(distincts[at], *limit));
            }
            Occurs::Periods(periods) => {
                let mut calendar = Calendar::new(periods.period, &evaluation.context.clock.zone);
                let mut often: OftenInPeriods = HashMap::default();
                each(evaluation, happened, groups, within, |group, at_us| {
                    if counts_too(group, at_us) {
                        *often.entry((group, calendar.start_us(at_us))).or_default() += 1;
                    }
                })?;
                let numbers = in_periods(&often, periods, size);
                keep(&mut holds, |at| {
                    periods.comparison.holds(numbers[at], periods.number)
                });
            }
            Occurs::Relative(sign, factor, other) => {
                let mut others = vec![0u32; size];
                each(evaluation, other, groups, within, |group, at_us| {
                    others[group as usize] += u32::from(which.is_at(at_us));
                })?;
                keep(&mut holds, |at| {
                    let (count, other) = (f64::from(tally.counts[at]), f64::from(others[at]));
                    sign.holds(count, factor * other)
                });
            }
            // Which ones count was decided before.
            Occurs::Nth(..) | Occurs::At(_) => {}
        }
    }
    Ok(holds)
}

fn keep(holds: &mut [bool], is_so: impl Fn(usize) -> bool) {
    for (at, holds) in holds.iter_mut().enumerate() {
        *holds = *holds && is_so(at);
    }
}

impl Tally {
    fn add(&mut self, group: u32, at_us: i64) {
        let at = group as usize;
        self.counts[at] = self.counts[at].saturating_add(1);
        self.firsts_us[at] = self.firsts_us[at].min(at_us);
        self.lasts_us[at] = self.lasts_us[at].max(at_us);
    }

    fn is_after(
        &self,
        groups: &impl Groups,
        group: usize,
        at_us: i64,
        sign: Comparison,
        limit_ms: u64,
    ) -> bool {
        let start_ms = groups.started_ms(group as u32);
        let after_ms = start_ms.map(|start_ms| at_us.div_euclid(1000) as f64 - start_ms);
        self.counts[group] > 0 && after_ms.is_some_and(|ms| sign.holds(ms, limit_ms as f64))
    }
}

impl Values {
    fn is_new(&mut self, group: u32, value: &Value) -> bool {
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(Key::of(value)).or_insert(next);
        self.seen.insert((group, number))
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
