//! What to look for: one tree with two written forms, text and JSON, that can be
//! converted into each other without loss.
//!
//! All conditions are about one replay. A condition that says "is not" also holds
//! where there is no value at all.

mod fields;
mod json;
mod lexer;
mod occurs;
mod operand;
mod parser;
mod print;
mod when;

pub use fields::{FIELDS, Field, FieldKind, HAPPENINGS, Happening, Origin, Unit, field, happening};
pub use operand::Operand;
pub use when::{Calendar, Clock, Step, When};

use serde::Serialize;
use std::ops::Range;

/// Bounds of a filter. More than these no person writes.
pub const MAX_CONDITIONS: usize = 100;
pub const MAX_DEPTH: usize = 20;
pub const MAX_TEXT_BYTES: usize = 32 << 10;
pub const MAX_LIST: usize = 500;
pub const MAX_OPERAND_BYTES: usize = 1024;

#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one of them; an empty list holds for every replay.
    All(Vec<Filter>),
    /// At least one of them; never empty.
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// A value of the replay, or of something that happened in it, by a name of
    /// [`FIELDS`], `tag.<name>`, `user.<property>` or `<happening>.<property>`.
    Field(Predicate),
    Happened(Happened),
    /// Text that stood on the screen.
    Screen(Phrase),
    /// The user is in this cohort.
    Cohort(i64),
    /// The same by the cohort's name. An index knows numbers only: who asks it puts
    /// them in with [`Filter::name_cohorts`].
    CohortNamed(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Predicate {
    pub name: String,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of these; never empty.
    Is(Vec<Operand>),
    /// None of these, or no value.
    IsNot(Vec<Operand>),
    Compare(Comparison, Operand),
    /// Both ends belong to it.
    Between(Operand, Operand),
    Contains(String),
    ContainsNot(String),
    /// `*` stands for any characters.
    Like(String),
    LikeNot(String),
    Exists,
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// One thing that happened and fulfils all predicates at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// A name of [`HAPPENINGS`].
    pub kind: String,
    /// The name of the event, where the kind has names.
    pub name: Option<String>,
    pub predicates: Vec<Predicate>,
    /// Without any of these: at least once.
    pub occurs: Vec<Occurs>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Occurs {
    /// So often; a comparison that zero fulfils holds for replays without any.
    Count(Comparison, u64),
    /// So often, compared with so many times something else; of that, only kind, name
    /// and predicates count.
    Relative(Comparison, f64, Box<Happened>),
    /// Milliseconds from the start of the replay to the first of them.
    First(Comparison, u64),
    Last(Comparison, u64),
    /// The sum of a property; what is no number adds nothing.
    Sum(String, Comparison, f64),
    /// So many different values of a property.
    Distinct(String, Comparison, u64),
    /// On so many days, weeks or months, in the project's time zone.
    Periods(Periods),
    /// Only those count that are the so-manieth, by time; of several at once all are the
    /// same. Those outside of [`Occurs::At`] are counted, too.
    Nth(Comparison, u64),
    /// Only those at this time count.
    At(Test),
}

/// Those on which something did not happen at all are not among them, whatever `each` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    pub period: Step,
    /// How often it happened on each that counts.
    pub each: (Comparison, u64),
    /// How many there are of these.
    pub comparison: Comparison,
    pub number: u64,
}

impl Periods {
    /// Once, or more often.
    pub const ANY: (Comparison, u64) = (Comparison::AtLeast, 1);

    /// From `days`, `weeks` or `months`.
    pub fn period_of(name: &str) -> Option<Step> {
        let mut all = Self::NAMES.into_iter();
        all.find(|(known, _)| *known == name).map(|(_, step)| step)
    }

    pub fn name(self) -> &'static str {
        let mut all = Self::NAMES.into_iter();
        let found = all.find(|(_, step)| *step == self.period);
        found.map_or("days", |(name, _)| name)
    }

    pub(crate) const NAMES: [(&'static str, Step); 3] = [
        ("days", Step::Day),
        ("weeks", Step::Week),
        ("months", Step::Month),
    ];
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Words in this order, next to each other. A `*` at the end continues the last word.
    pub text: String,
}

/// Why a text or a JSON value is no filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}{}", self.hint())]
pub struct FilterError {
    /// Bytes of the text; of a JSON filter, empty.
    pub at: Range<usize>,
    /// Place in a JSON filter, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    pub message: String,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl FilterError {
    fn hint(&self) -> String {
        let nearest = self.nearest.as_ref();
        nearest.map_or(String::new(), |name| format!("; did you mean {name}?"))
    }

    fn at(at: Range<usize>, problem: Problem) -> Self {
        Self {
            at,
            pointer: None,
            message: problem.message,
            nearest: problem.nearest,
        }
    }
}

/// A [`FilterError`] whose place is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub nearest: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            nearest: None,
        }
    }
}

impl Filter {
    /// Reads the text form; nothing but white space holds for every replay.
    ///
    /// # Errors
    /// Names the place and what was expected there.
    pub fn from_text(text: &str) -> Result<Self, FilterError> {
        parser::parse(text)
    }

    pub fn to_text(&self) -> String {
        print::print(self)
    }

    /// # Errors
    /// Names the place and what was expected there.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, FilterError> {
        json::read(json)
    }

    pub fn to_json(&self) -> serde_json::Value {
        json::write(self)
    }

    /// Holds for every replay.
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Calls with each cohort that is named, to replace it.
    ///
    /// # Errors
    /// The first one of `number_of`.
    pub fn name_cohorts<E>(
        &mut self,
        number_of: &mut impl FnMut(&str) -> Result<i64, E>,
    ) -> Result<(), E> {
        match self {
            Self::All(filters) | Self::Any(filters) => filters
                .iter_mut()
                .try_for_each(|filter| filter.name_cohorts(number_of)),
            Self::Not(inner) => inner.name_cohorts(number_of),
            Self::CohortNamed(name) => {
                *self = Self::Cohort(number_of(name)?);
                Ok(())
            }
            Self::Field(_) | Self::Happened(_) | Self::Screen(_) | Self::Cohort(_) => Ok(()),
        }
    }

    /// Numbers of the cohorts that it asks for.
    pub fn cohorts(&self) -> Vec<i64> {
        let mut found = Vec::new();
        self.each_condition(&mut |condition| {
            if let Self::Cohort(id) = condition {
                found.push(*id);
            }
        });
        found
    }

    /// Names of those that it asks for by name.
    pub fn cohort_names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.each_condition(&mut |condition| {
            if let Self::CohortNamed(name) = condition {
                found.push(name.as_str());
            }
        });
        found
    }

    /// Names of the events that it asks for.
    pub fn event_names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.each_condition(&mut |condition| {
            let Self::Happened(happened) = condition else {
                return;
            };
            let others = happened.occurs.iter().filter_map(|occurs| match occurs {
                Occurs::Relative(_, _, other) => Some(&**other),
                _ => None,
            });
            let all = std::iter::once(happened).chain(others);
            let events = all.filter(|it| it.kind == "event");
            found.extend(events.filter_map(|it| it.name.as_deref()));
        });
        found
    }

    fn each_condition<'a>(&'a self, each: &mut impl FnMut(&'a Self)) {
        match self {
            Self::All(filters) | Self::Any(filters) => {
                filters
                    .iter()
                    .for_each(|filter| filter.each_condition(each));
            }
            Self::Not(inner) => inner.each_condition(each),
            Self::Field(_)
            | Self::Happened(_)
            | Self::Screen(_)
            | Self::Cohort(_)
            | Self::CohortNamed(_) => each(self),
        }
    }

    /// Both this and `other`.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(none), other) | (other, Self::All(none)) if none.is_empty() => other,
            (one, other) => Self::All(vec![one, other]),
        }
    }
}

impl Comparison {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::More => ">",
        }
    }

    fn from_sign(sign: &str) -> Option<Self> {
        [
            Self::Less,
            Self::AtMost,
            Self::Equal,
            Self::AtLeast,
            Self::More,
        ]
        .into_iter()
        .find(|comparison| comparison.sign() == sign)
    }

    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }
}

#[cfg(test)]
mod tests;
