//! The naive evaluation: it looks at each replay and each of its events in turn.

use super::{DAY_MS, PROJECT, START_MS};
use index::filter::{
    Comparison, Filter, Happened, Occurs, Operand, Origin, Predicate, Step, Test, When, field,
};
use index::{Occurrence, Value};
use model::ReplayId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Everything that was fed, by replay.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub rows: BTreeMap<usize, BTreeMap<String, Value>>,
    pub events: Vec<Occurrence>,
    pub facts: BTreeMap<usize, Vec<Occurrence>>,
    pub texts: BTreeMap<usize, Vec<String>>,
}

pub fn id(replay: usize) -> ReplayId {
    ReplayId::derive(PROJECT, &format!("device {replay}"), "1")
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        Value::Flag(_) => None,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_lowercase(),
    }
}

fn equal(value: &Value, operand: &Operand) -> bool {
    match operand {
        Operand::Text(text) => {
            shown(value) == text.to_lowercase() && !matches!(value, Value::Flag(_))
        }
        Operand::Number(number) => number_of(value) == Some(*number),
        Operand::Flag(flag) => shown(value) == flag.to_string(),
        Operand::Time(_) => panic!("not generated"),
    }
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        Some((letter, rest)) => text.first() == Some(letter) && like(&text[1..], rest),
    }
}

fn is_like(value: &Value, pattern: &str) -> bool {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    like(&letters(&shown(value)), &letters(pattern))
}

fn compared(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Less => left < right,
        Comparison::AtMost => left <= right,
        Comparison::Equal => left == right,
        Comparison::AtLeast => left >= right,
        Comparison::More => left > right,
    }
}

fn limit(operand: &Operand) -> f64 {
    match operand {
        Operand::Number(number) => *number,
        _ => panic!("not generated"),
    }
}

/// Whether the test holds for something with these values.
pub fn holds(test: &Test, values: &[Value]) -> bool {
    let any = |passes: &dyn Fn(&Value) -> bool| values.iter().any(passes);
    match test {
        Test::Is(operands) => any(&|value| operands.iter().any(|operand| equal(value, operand))),
        Test::IsNot(operands) => {
            !any(&|value| operands.iter().any(|operand| equal(value, operand)))
        }
        Test::Compare(comparison, operand) => any(&|value| {
            number_of(value).is_some_and(|number| compared(*comparison, number, limit(operand)))
        }),
        Test::Between(from, to) => any(&|value| {
            number_of(value).is_some_and(|number| number >= limit(from) && number <= limit(to))
        }),
        Test::Contains(text) => any(&|value| shown(value).contains(&text.to_lowercase())),
        Test::ContainsNot(text) => !any(&|value| shown(value).contains(&text.to_lowercase())),
        Test::Like(pattern) => any(&|value| is_like(value, pattern)),
        Test::LikeNot(pattern) => !any(&|value| is_like(value, pattern)),
        Test::Exists => !values.is_empty(),
        Test::Missing => values.is_empty(),
    }
}

impl World {
    pub fn replays(&self) -> BTreeSet<usize> {
        let of_events = self.events.iter().filter_map(|event| self.replay_of(event));
        self.rows.keys().copied().chain(of_events).collect()
    }

    pub fn replay_of(&self, event: &Occurrence) -> Option<usize> {
        (0..30).find(|replay| event.replay == Some(id(*replay)))
    }

    fn happened(&self, replay: usize, kind: &str) -> Vec<&Occurrence> {
        if kind == "event" {
            let own = self
                .events
                .iter()
                .filter(|event| event.replay == Some(id(replay)));
            return own.collect();
        }
        let facts = self.facts.get(&replay).into_iter().flatten();
        facts.filter(|fact| fact.kind == kind).collect()
    }

    pub fn property(event: &Occurrence, name: &str) -> Vec<Value> {
        let found = event.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).into_iter().collect()
    }

    fn started(&self, replay: usize) -> Option<f64> {
        match self.rows.get(&replay).and_then(|row| row.get("started")) {
            Some(Value::Number(started)) => Some(*started),
            // A session without a replay starts with its first event.
            _ if self.rows.contains_key(&replay) => None,
            _ => {
                let times = self.happened(replay, "event").into_iter();
                times.map(|event| event.at.millis() as f64).reduce(f64::min)
            }
        }
    }

    fn user(&self, replay: usize) -> Option<Value> {
        self.rows.get(&replay)?.get("user").cloned()
    }

    pub fn holds(&self, filter: &Filter, replay: usize) -> bool {
        match filter {
            Filter::All(filters) => filters.iter().all(|filter| self.holds(filter, replay)),
            Filter::Any(filters) => filters.iter().any(|filter| self.holds(filter, replay)),
            Filter::Not(inner) => !self.holds(inner, replay),
            Filter::Field(Predicate { name, test }) => {
                let values: Vec<Value> = match field(name).unwrap().origin {
                    Origin::Row(name) => {
                        let row = self.rows.get(&replay);
                        row.and_then(|row| row.get(name))
                            .cloned()
                            .into_iter()
                            .collect()
                    }
                    Origin::Happening(kind, property) => {
                        let all = self.happened(replay, kind).into_iter();
                        all.flat_map(|event| Self::property(event, property))
                            .collect()
                    }
                    Origin::Screen | Origin::Cohort => panic!("not generated"),
                };
                holds(test, &values)
            }
            Filter::Happened(happened) => self.did(happened, replay),
            Filter::Screen(phrase) => {
                let texts = self.texts.get(&replay).into_iter().flatten();
                let wanted = format!(" {} ", phrase.text.trim_end_matches('*'));
                let wanted = match phrase.text.ends_with('*') {
                    true => wanted.trim_end(),
                    false => &wanted,
                };
                texts
                    .into_iter()
                    .any(|text| format!(" {text} ").contains(wanted))
            }
            Filter::CohortNamed(_) => panic!("not generated"),
            Filter::Cohort(_) => match self.user(replay) {
                Some(Value::Text(user)) => user == "u1" || user == "u2",
                _ => false,
            },
        }
    }

    fn did(&self, happened: &Happened, replay: usize) -> bool {
        let all = |kind: &str| self.happened(replay, kind);
        did(&all, happened, self.started(replay), &|_| true)
    }

    /// Everyone, for conditions on all that they did.
    pub fn people(&self) -> BTreeSet<String> {
        let of_rows = self.rows.keys().filter_map(|replay| self.name_of(*replay));
        let of_events = self.events.iter().filter_map(|event| event.user.clone());
        of_rows.chain(of_events).collect()
    }

    fn name_of(&self, replay: usize) -> Option<String> {
        match self.user(replay)? {
            Value::Text(user) => Some(user),
            _ => None,
        }
    }

    pub fn did_in_all(&self, filter: &Filter, person: &str, within: &Range<i64>) -> bool {
        match filter {
            Filter::All(all) => all.iter().all(|it| self.did_in_all(it, person, within)),
            Filter::Any(any) => any.iter().any(|it| self.did_in_all(it, person, within)),
            Filter::Not(inner) => !self.did_in_all(inner, person, within),
            Filter::Happened(happened) => {
                let is_theirs = |replay: &usize| self.name_of(*replay).as_deref() == Some(person);
                let replays: Vec<usize> = self.rows.keys().copied().filter(is_theirs).collect();
                let all =
                    |kind: &str| {
                        let in_replays = replays.iter();
                        let mut all: Vec<_> = in_replays
                            .flat_map(|replay| self.happened(*replay, kind))
                            .collect();
                        let outside = self.events.iter();
                        all.extend(outside.filter(|event| {
                            kind == "event" && event.user.as_deref() == Some(person)
                        }));
                        all
                    };
                let started = replays.iter().filter_map(|replay| self.started(*replay));
                let is_within =
                    |event: &Occurrence| within.contains(&(event.at.millis() - START_MS));
                did(&all, happened, started.reduce(f64::min), &is_within)
            }
            _ => panic!("not generated"),
        }
    }
}

/// A name that somebody gave to other events. Some have it themselves.
pub const NAMED: &str = "Deal";

pub fn meanings() -> Vec<Happened> {
    let texts = [
        "event(Bought, p = pro)",
        "event(Bought, q > 0)",
        "event(Looked, q missing)",
    ];
    let read = |text| match Filter::from_text(text) {
        Ok(Filter::Happened(happened)) => happened,
        other => panic!("{other:?}"),
    };
    texts.map(read).into()
}

pub fn is_called(name: &str, event: &Occurrence) -> bool {
    let property = |name: &str| World::property(event, name).first().cloned();
    let is_meant = match event.name.as_str() {
        "Bought" => {
            let is_pro = property("p").is_some_and(|value| shown(&value) == "pro");
            is_pro || property("q").is_some_and(|value| number_of(&value) > Some(0.0))
        }
        "Looked" => property("q").is_none(),
        _ => false,
    };
    event.name == name || (name == NAMED && event.kind == "event" && is_meant)
}

fn matching<'w>(mut found: Vec<&'w Occurrence>, happened: &Happened) -> Vec<&'w Occurrence> {
    found.retain(|event| {
        let name = happened.name.as_ref();
        name.is_none_or(|name| is_called(name, event))
    });
    found.retain(|event| {
        let mut all = happened.predicates.iter();
        all.all(|predicate| {
            let values = World::property(event, &predicate.name);
            holds(&predicate.test, &values)
        })
    });
    found
}

fn is_at(test: &Test, event: &Occurrence) -> bool {
    let at_ms = event.at.millis();
    let limit_ms = |operand: &Operand| match operand {
        Operand::Time(When::At(micros)) => micros / 1000,
        _ => panic!("not generated"),
    };
    match test {
        Test::Is(operands) => operands.iter().any(|operand| limit_ms(operand) == at_ms),
        Test::Compare(comparison, operand) => {
            compared(*comparison, at_ms as f64, limit_ms(operand) as f64)
        }
        Test::Between(from, to) => at_ms >= limit_ms(from) && at_ms <= limit_ms(to),
        _ => panic!("not generated"),
    }
}

/// A number for the day, week or month. All times lie in the summer of 2026 in a zone that is then
/// two hours ahead.
fn period(step: Step, event: &Occurrence) -> i64 {
    let day = (event.at.millis() + 7_200_000).div_euclid(DAY_MS);
    let first_of_june = 20_605;
    match step {
        Step::Day => day,
        // Day 0 was a Thursday.
        Step::Week => (day + 3).div_euclid(7),
        Step::Month if day < first_of_june => 5,
        Step::Month if day < first_of_june + 30 => 6,
        Step::Month => 7,
        _ => panic!("not generated"),
    }
}

/// Whether something happened as is asked, among all that did.
fn did<'w>(
    all: &dyn Fn(&str) -> Vec<&'w Occurrence>,
    happened: &Happened,
    started: Option<f64>,
    is_within: &dyn Fn(&Occurrence) -> bool,
) -> bool {
    let every = matching(all(&happened.kind), happened);
    let is_in_time = |event: &Occurrence| {
        let mut occurs = happened.occurs.iter();
        is_within(event)
            && occurs.all(|occurs| match occurs {
                Occurs::At(test) => is_at(test, event),
                _ => true,
            })
    };
    let mut found = every.clone();
    found.retain(|event| {
        let earlier = every.iter().filter(|other| other.at < event.at).count();
        let mut occurs = happened.occurs.iter();
        is_in_time(event)
            && occurs.all(|occurs| match occurs {
                Occurs::Nth(sign, n) => compared(*sign, earlier as f64 + 1.0, *n as f64),
                _ => true,
            })
    });
    let is_which = |occurs: &Occurs| matches!(occurs, Occurs::At(_) | Occurs::Nth(..));
    if happened.occurs.iter().all(is_which) {
        return !found.is_empty();
    }
    let times = || found.iter().map(|event| event.at.millis() as f64);
    let after = |at: Option<f64>| Some(at? - started?);
    let values = |name: &str| -> Vec<Value> {
        let all = found.iter();
        all.flat_map(|event| World::property(event, name)).collect()
    };
    happened.occurs.iter().all(|occurs| match occurs {
        Occurs::Count(sign, n) => compared(*sign, found.len() as f64, *n as f64),
        Occurs::First(sign, ms) => {
            after(times().reduce(f64::min)).is_some_and(|after| compared(*sign, after, *ms as f64))
        }
        Occurs::Last(sign, ms) => {
            after(times().reduce(f64::max)).is_some_and(|after| compared(*sign, after, *ms as f64))
        }
        Occurs::Sum(name, sign, limit) => compared(
            *sign,
            values(name).iter().filter_map(number_of).sum(),
            *limit,
        ),
        Occurs::Distinct(name, sign, n) => {
            let different: BTreeSet<String> = values(name)
                .iter()
                .map(|value| match (number_of(value), value) {
                    (Some(number), _) => format!("number {number}"),
                    (None, Value::Flag(flag)) => format!("flag {flag}"),
                    (None, other) => format!("text {}", shown(other)),
                })
                .collect();
            compared(*sign, different.len() as f64, *n as f64)
        }
        Occurs::Periods(periods) => {
            let mut often: BTreeMap<i64, f64> = BTreeMap::new();
            for event in &found {
                *often.entry(period(periods.period, event)).or_default() += 1.0;
            }
            let (sign, times) = periods.each;
            let counts = often
                .values()
                .filter(|count| compared(sign, **count, times as f64));
            compared(
                periods.comparison,
                counts.count() as f64,
                periods.number as f64,
            )
        }
        Occurs::Relative(sign, factor, other) => {
            let others = matching(all(&other.kind), other);
            let others = others.iter().filter(|event| is_in_time(event)).count();
            compared(*sign, found.len() as f64, factor * others as f64)
        }
        Occurs::Nth(..) | Occurs::At(_) => true,
    })
}
