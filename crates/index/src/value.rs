//! Values of properties and fields, and tests on them.

use crate::filter::{Clock, Comparison, Operand, Problem, Test};
use std::cmp::Ordering;

/// What is kept of a longer text.
pub const MAX_VALUE_BYTES: usize = 512;

/// Numbers are finite. The order is flags, numbers, texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Flag(bool),
    Number(f64),
    Text(String),
}

impl Value {
    /// Cut to what is kept.
    pub fn text(text: &str) -> Self {
        Self::Text(cut(text).to_owned())
    }

    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Flag(one), Self::Flag(two)) => one.cmp(two),
            (Self::Number(one), Self::Number(two)) => one.total_cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }

    /// A text that is a number counts as one: labels are always texts.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text)
                if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') =>
            {
                text.parse().ok().filter(|number: &f64| number.is_finite())
            }
            Self::Text(_) | Self::Flag(_) => None,
        }
    }

    /// As people read it.
    pub fn show(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

pub fn cut(text: &str) -> &str {
    if text.len() <= MAX_VALUE_BYTES {
        return text;
    }
    let is_end = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=MAX_VALUE_BYTES).rev().find(is_end);
    &text[..end.unwrap_or(0)]
}

/// A test with everything relative resolved.
#[derive(Debug, Clone)]
pub struct Matcher {
    check: Check,
    /// It holds where no value passes the check, also where there is no value.
    pub is_negated: bool,
}

#[derive(Debug, Clone)]
enum Check {
    OneOf {
        flags: Vec<bool>,
        numbers: Vec<f64>,
        /// In lower case.
        texts: Vec<String>,
        /// Of times; the end does not belong to it.
        ranges: Vec<(f64, f64)>,
    },
    Compare(Comparison, f64),
    Between(f64, f64),
    Contains(String),
    /// Parts in lower case that follow each other.
    Like(Vec<String>),
    Any,
}

impl Matcher {
    /// # Errors
    /// When a time cannot be resolved, or a range ends before it begins.
    pub fn of(test: &Test, clock: &Clock) -> Result<Self, Problem> {
        let is_negated = matches!(
            test,
            Test::IsNot(_) | Test::ContainsNot(_) | Test::LikeNot(_) | Test::Missing
        );
        let check = match test {
            Test::Is(operands) | Test::IsNot(operands) => one_of(operands, clock)?,
            Test::Compare(comparison, operand) => {
                let (start, end) = edges(operand, clock)?;
                let is_point = start == end;
                match comparison {
                    // A whole day as an end belongs to what is before or after it.
                    Comparison::AtMost if !is_point => Check::Compare(Comparison::Less, end),
                    Comparison::More if !is_point => Check::Compare(Comparison::AtLeast, end),
                    _ => Check::Compare(*comparison, start),
                }
            }
            Test::Between(from, to) => {
                let ((start, _), (last, end)) = (edges(from, clock)?, edges(to, clock)?);
                if start > last.max(end) {
                    return Err(Problem {
                        message: "the range ends before it begins".to_owned(),
                        nearest: None,
                    });
                }
                if last == end {
                    Check::Between(start, last)
                } else {
                    // Times are whole milliseconds.
                    Check::Between(start, end - 1.0)
                }
            }
            Test::Contains(text) | Test::ContainsNot(text) => Check::Contains(text.to_lowercase()),
            Test::Like(pattern) | Test::LikeNot(pattern) => Check::Like(
                pattern
                    .to_lowercase()
                    .split('*')
                    .map(str::to_owned)
                    .collect(),
            ),
            Test::Exists | Test::Missing => Check::Any,
        };
        Ok(Self { check, is_negated })
    }

    /// Whether a value passes; negation is left to the caller, for it is about all
    /// values together.
    pub fn passes(&self, value: &Value) -> bool {
        match &self.check {
            Check::Any => true,
            Check::OneOf {
                flags,
                numbers,
                texts,
                ranges,
            } => match value {
                Value::Flag(flag) => flags.contains(flag),
                Value::Number(number) => {
                    numbers.contains(number)
                        || ranges
                            .iter()
                            .any(|(from, to)| number >= from && number < to)
                        || (!texts.is_empty() && texts.contains(&value.show()))
                }
                Value::Text(text) => {
                    texts.iter().any(|wanted| equal_in_lower_case(text, wanted))
                        || (!numbers.is_empty()
                            && value
                                .number()
                                .is_some_and(|number| numbers.contains(&number)))
                        || (!flags.is_empty()
                            && flags
                                .iter()
                                .any(|flag| equal_in_lower_case(text, &flag.to_string())))
                }
            },
            Check::Compare(comparison, limit) => value
                .number()
                .is_some_and(|number| comparison.holds(number, *limit)),
            Check::Between(from, to) => value
                .number()
                .is_some_and(|number| number >= *from && number <= *to),
            Check::Contains(part) => match value {
                Value::Text(text) => find_in_lower_case(text, part).is_some(),
                Value::Flag(_) | Value::Number(_) => value.show().contains(part),
            },
            Check::Like(parts) => match value {
                Value::Text(text) => is_like(&text.to_lowercase(), parts),
                Value::Flag(_) | Value::Number(_) => is_like(&value.show(), parts),
            },
        }
    }

    /// Whether the test holds for something that has at most one value.
    pub fn holds(&self, value: Option<&Value>) -> bool {
        value.is_some_and(|value| self.passes(value)) != self.is_negated
    }

    /// The same for a number, without making a value of it.
    pub fn passes_number(&self, number: f64) -> bool {
        match &self.check {
            Check::Compare(comparison, limit) => comparison.holds(number, *limit),
            Check::Between(from, to) => number >= *from && number <= *to,
            Check::Any => true,
            Check::OneOf { .. } | Check::Contains(_) | Check::Like(_) => {
                self.passes(&Value::Number(number))
            }
        }
    }
}

fn one_of(operands: &[Operand], clock: &Clock) -> Result<Check, Problem> {
    let (mut flags, mut numbers, mut texts, mut ranges) = (vec![], vec![], vec![], vec![]);
    for operand in operands {
        match operand {
            Operand::Flag(flag) => flags.push(*flag),
            Operand::Number(number) => numbers.push(*number),
            Operand::Text(text) => texts.push(cut(text).to_lowercase()),
            Operand::Time(when) => {
                let range = when.resolve(clock)?;
                ranges.push((range.start as f64, range.end as f64));
            }
        }
    }
    Ok(Check::OneOf {
        flags,
        numbers,
        texts,
        ranges,
    })
}

/// Start and end; the same for a point.
fn edges(operand: &Operand, clock: &Clock) -> Result<(f64, f64), Problem> {
    match operand {
        Operand::Number(number) => Ok((*number, *number)),
        Operand::Time(when) => {
            let range = when.resolve(clock)?;
            let start = range.start as f64;
            let is_point = range.end - range.start == 1;
            Ok((start, if is_point { start } else { range.end as f64 }))
        }
        Operand::Flag(_) | Operand::Text(_) => Ok((f64::NAN, f64::NAN)),
    }
}

fn equal_in_lower_case(text: &str, lower: &str) -> bool {
    if text.is_ascii() {
        return text.eq_ignore_ascii_case(lower);
    }
    text.to_lowercase() == lower
}

fn find_in_lower_case(text: &str, lower: &str) -> Option<usize> {
    if !text.is_ascii() {
        return text.to_lowercase().find(lower);
    }
    let (text, lower) = (text.as_bytes(), lower.as_bytes());
    let Some(first) = lower.first() else {
        return Some(0);
    };
    (0..text.len().checked_sub(lower.len())? + 1).find(|at| {
        text[*at].eq_ignore_ascii_case(first)
            && text[*at..*at + lower.len()].eq_ignore_ascii_case(lower)
    })
}

/// Greedy from the left, which finds a match if there is one; linear but for
/// the search of each part.
fn is_like(text: &str, parts: &[String]) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock {
            now: model::Timestamp::from_millis(1_767_225_600_000),
            zone: jiff::tz::TimeZone::UTC,
        }
    }

    fn holds(test: &str, value: Option<Value>) -> bool {
        let filter = crate::filter::Filter::from_text(&format!("tag.x {test}")).unwrap();
        let crate::filter::Filter::Field(predicate) = filter else {
            panic!("{filter:?}")
        };
        Matcher::of(&predicate.test, &clock())
            .unwrap()
            .holds(value.as_ref())
    }

    #[test]
    fn tests_hold_as_written() {
        let text = |text: &str| Some(Value::text(text));
        for (test, value, expected) in [
            ("= Chrome", text("chrome"), true),
            ("= ÄPFEL", text("Äpfel"), true),
            ("!= Chrome", text("chrome"), false),
            ("!= Chrome", None, true),
            ("= 5", text("5.0"), true),
            ("= \"5\"", Some(Value::Number(5.0)), true),
            ("= \"5\"", text("5.0"), false),
            ("> 5", text("10"), true),
            ("> 5", text("x10"), false),
            ("> 5", None, false),
            ("= true", text("TRUE"), true),
            ("= true", Some(Value::Flag(false)), false),
            ("contains rom", text("ChROMe"), true),
            ("contains rom", text("rock"), false),
            ("not contains rom", None, true),
            ("like \"a*b*c\"", text("AxxbxxC"), true),
            ("like \"a*b\"", text("ab"), true),
            ("like \"ab*b\"", text("ab"), false),
            ("like \"a*b*b\"", text("ab"), false),
            ("like abc", text("abcd"), false),
            ("from 1 to 2", Some(Value::Number(2.0)), true),
            ("exists", text(""), true),
            ("missing", None, true),
            ("in (a, 7)", Some(Value::Number(7.0)), true),
            ("not in (a, 7)", text("b"), true),
        ] {
            assert_eq!(holds(test, value.clone()), expected, "{test} {value:?}");
        }
    }

    #[test]
    fn a_pattern_that_would_explode_takes_one_pass() {
        let text = Value::text(&"a".repeat(MAX_VALUE_BYTES));
        let pattern = "a*".repeat(200) + "b";
        assert!(!holds(&format!("like \"{pattern}\""), Some(text)));
    }

    #[test]
    fn a_day_as_an_end_belongs_to_the_range() {
        let test = |text: &str| {
            let filter = crate::filter::Filter::from_text(&format!("started {text}")).unwrap();
            let crate::filter::Filter::Field(predicate) = filter else {
                panic!("{filter:?}")
            };
            Matcher::of(&predicate.test, &clock()).unwrap()
        };
        let noon = |day: &str| {
            let at: jiff::Timestamp = format!("{day}T12:00:00Z").parse().unwrap();
            at.as_millisecond() as f64
        };
        assert!(test("<= 2026-01-02").passes_number(noon("2026-01-02")));
        assert!(!test("< 2026-01-02").passes_number(noon("2026-01-02")));
        assert!(!test("> 2026-01-02").passes_number(noon("2026-01-02")));
        assert!(test("from 2026-01-01 to 2026-01-02").passes_number(noon("2026-01-02")));
        assert!(test("= 2026-01-02").passes_number(noon("2026-01-02")));
        assert!(!test("= 2026-01-02").passes_number(noon("2026-01-03")));
    }
}
