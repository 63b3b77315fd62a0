//! Who behaved as a filter says: in one replay, or in everything that they did.

use crate::deadline::Question;
use crate::evaluate::{ALWAYS, Evaluation, replay_of, who};
use crate::filter::{Filter, Happened, Predicate, Test};
use crate::piece::Held;
use crate::segment::{REPLAY, Segment, USER};
use crate::tally::{self, Groups};
use crate::value::Value;
use crate::{Context, Result};
use model::Timestamp;
use roaring::RoaringBitmap;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// What conditions of a filter are about together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// One replay fulfils all of them.
    Replay,
    /// All that the user did: counts are sums over all replays, and over events that
    /// belong to none; a condition with `not` or "is not" holds when no replay breaks it.
    User,
}

#[derive(Debug, Clone)]
pub struct Behaviour {
    pub filter: Filter,
    pub together: Together,
    /// Replays that started in this time, and with [`Together::User`] what happened in it.
    pub from: Option<Timestamp>,
    /// Not in it any more.
    pub to: Option<Timestamp>,
}

pub fn people(
    question: &Question<'_>,
    behaviour: &Behaviour,
    context: &Context,
) -> Result<Vec<String>> {
    let evaluation = Evaluation {
        question: *question,
        context,
    };
    evaluation.check(&behaviour.filter)?;
    let from = behaviour.from.map_or(ALWAYS.start, Timestamp::micros);
    let to = behaviour.to.map_or(ALWAYS.end, Timestamp::micros);
    let within = from..to;
    match behaviour.together {
        Together::Replay => {
            let rows = evaluation.rows(&behaviour.filter)? & started_in(question, &within);
            let people: BTreeSet<_> = rows
                .iter()
                .filter_map(|row| who(&question.rows, row))
                .collect();
            Ok(people.into_iter().collect())
        }
        Together::User => {
            let by_user = ByUser::new(evaluation, within)?;
            let people = by_user.people(&behaviour.filter)?;
            let mut names: Vec<_> = people
                .iter()
                .map(|person| by_user.names[person as usize].clone())
                .collect();
            names.sort_unstable();
            Ok(names)
        }
    }
}

fn started_in(question: &Question<'_>, within: &Range<i64>) -> RoaringBitmap {
    let rows = &question.rows;
    if *within == ALWAYS {
        return rows.live.clone();
    }
    let is_in = |row: &u32| {
        let started_ms = rows.number_of(*row, "started");
        started_ms.is_some_and(|ms| within.contains(&((ms as i64).saturating_mul(1000))))
    };
    rows.live.iter().filter(is_in).collect()
}

/// Everyone who is known, numbered.
struct ByUser<'a> {
    evaluation: Evaluation<'a>,
    within: Range<i64>,
    rows_within: RoaringBitmap,
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    /// By row; `u32::MAX` for nobody.
    of_row: Vec<u32>,
    /// When somebody was first seen; NaN without any session.
    first_ms: Vec<f64>,
}

impl<'a> ByUser<'a> {
    fn new(evaluation: Evaluation<'a>, within: Range<i64>) -> Result<Self> {
        let question = evaluation.question;
        let rows = &question.rows;
        let count = rows.live.max().map_or(0, |last| last as usize + 1);
        let mut all = Self {
            rows_within: started_in(&question, &within),
            within,
            names: Vec::new(),
            numbers: HashMap::new(),
            of_row: vec![u32::MAX; count],
            first_ms: Vec::new(),
            evaluation,
        };
        for row in &rows.live {
            if let Some(name) = who(rows, row) {
                let person = all.number(name);
                all.of_row[row as usize] = person;
                let first_ms = &mut all.first_ms[person as usize];
                *first_ms = first_ms.min(rows.number_of(row, "started").unwrap_or(f64::NAN));
            }
        }
        // Also who only sent events that belong to no session.
        for held in &question.events {
            question.until.check()?;
            let users = held.piece.column(USER)?;
            for user in users.iter().flat_map(|users| &users.dictionary) {
                if let Value::Text(user) = user {
                    all.number(user.clone());
                }
            }
        }
        Ok(all)
    }

    fn number(&mut self, name: String) -> u32 {
        if let Some(known) = self.numbers.get(&name) {
            return *known;
        }
        let next = self.names.len() as u32;
        self.names.push(name.clone());
        self.first_ms.push(f64::NAN);
        self.numbers.insert(name, next);
        next
    }

    fn everyone(&self) -> RoaringBitmap {
        (0..self.names.len() as u32).collect()
    }

    fn people(&self, filter: &Filter) -> Result<RoaringBitmap> {
        self.evaluation.question.until.check()?;
        match filter {
            Filter::All(filters) => {
                let mut people = self.everyone();
                for filter in filters {
                    people &= self.people(filter)?;
                }
                Ok(people)
            }
            Filter::Any(filters) => {
                let mut people = RoaringBitmap::new();
                for filter in filters {
                    people |= self.people(filter)?;
                }
                Ok(people)
            }
            Filter::Not(inner) => Ok(self.everyone() - self.people(inner)?),
            Filter::Field(predicate) => match positive(&predicate.test) {
                Some(test) => {
                    let name = predicate.name.clone();
                    let breaks = Filter::Field(Predicate { name, test });
                    Ok(self.everyone() - self.with_row(&breaks)?)
                }
                None => self.with_row(filter),
            },
            Filter::Happened(happened) => self.happened(happened),
            Filter::Screen(_) | Filter::Cohort(_) | Filter::CohortNamed(_) => self.with_row(filter),
        }
    }

    /// Who has a replay in the time for which a condition holds.
    fn with_row(&self, filter: &Filter) -> Result<RoaringBitmap> {
        let rows = self.evaluation.rows(filter)? & &self.rows_within;
        let people = rows.iter().map(|row| self.of_row[row as usize]);
        Ok(people.filter(|person| *person != u32::MAX).collect())
    }

    fn happened(&self, happened: &Happened) -> Result<RoaringBitmap> {
        let holds = tally::holding(&self.evaluation, happened, self, &self.within)?;
        let everyone = 0..self.names.len() as u32;
        Ok(everyone.filter(|person| holds[*person as usize]).collect())
    }
}

/// By number of the person.
impl Groups for ByUser<'_> {
    fn count(&self) -> usize {
        self.names.len()
    }

    fn of<'h>(&'h self, held: &'h Held<Segment>) -> Result<impl Fn(u32) -> Option<u32> + 'h> {
        let replays = held.piece.column(REPLAY)?;
        let users = held.piece.column(USER)?;
        // By code of the user.
        let mut known = vec![u32::MAX];
        for user in users.iter().flat_map(|users| &users.dictionary) {
            let number = match user {
                Value::Text(user) => self.numbers.get(user),
                Value::Flag(_) | Value::Number(_) => None,
            };
            known.push(number.copied().unwrap_or(u32::MAX));
        }
        Ok(move |row| {
            let replay = replay_of(held, replays.as_deref())(row);
            let of_row = replay.and_then(|replay| self.of_row.get(replay as usize));
            let of_row = of_row.copied().filter(|person| *person != u32::MAX);
            let named = || known[users.as_ref().map_or(0, |users| users.code(row)) as usize];
            let person = of_row.unwrap_or_else(named);
            (person != u32::MAX).then_some(person)
        })
    }

    fn started_ms(&self, person: u32) -> Option<f64> {
        // A comparison with NaN never holds.
        self.first_ms.get(person as usize).copied()
    }
}

/// For a test that also holds without a value: the one that breaks it.
fn positive(test: &Test) -> Option<Test> {
    match test {
        Test::IsNot(operands) => Some(Test::Is(operands.clone())),
        Test::ContainsNot(text) => Some(Test::Contains(text.clone())),
        Test::LikeNot(text) => Some(Test::Like(text.clone())),
        Test::Missing => Some(Test::Exists),
        Test::Is(_)
        | Test::Compare(..)
        | Test::Between(..)
        | Test::Contains(_)
        | Test::Like(_)
        | Test::Exists => None,
    }
}
