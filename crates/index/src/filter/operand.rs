//! What a value is compared with, and how it is written.

use super::fields::{FieldKind, Unit};
use super::when::When;
use super::{MAX_OPERAND_BYTES, Problem};

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Flag(bool),
    /// Finite; in milliseconds or bytes where the field has a unit.
    Number(f64),
    Text(String),
    Time(When),
}

const DURATIONS: [(&str, f64); 5] = [
    ("d", 86_400_000.0),
    ("h", 3_600_000.0),
    ("m", 60_000.0),
    ("s", 1_000.0),
    ("ms", 1.0),
];
const SIZES: [(&str, f64); 4] = [("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1.0)];
/// Whole numbers up to here are exact, and so is their text.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Operand {
    /// Reads what stands for a value of this kind.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str, is_quoted: bool, kind: FieldKind) -> Result<Self, Problem> {
        if text.len() > MAX_OPERAND_BYTES {
            return Err(Problem::new(format!(
                "a value may have {MAX_OPERAND_BYTES} bytes"
            )));
        }
        match kind {
            FieldKind::Text => Ok(Self::Text(text.to_owned())),
            FieldKind::Open if is_quoted => Ok(Self::Text(text.to_owned())),
            FieldKind::Open => Ok(match (text, number(text)) {
                ("true", _) => Self::Flag(true),
                ("false", _) => Self::Flag(false),
                (_, Some(number)) => Self::Number(number),
                (text, None) => Self::Text(text.to_owned()),
            }),
            FieldKind::Flag => match text {
                "true" | "yes" => Ok(Self::Flag(true)),
                "false" | "no" => Ok(Self::Flag(false)),
                _ => Err(Problem::new("expected true or false")),
            },
            FieldKind::Time => When::parse(text).map(Self::Time),
            FieldKind::Number(unit) => parse_number(text, unit).map(Self::Number),
        }
    }

    /// As it stands in the text form.
    pub fn print(&self, kind: FieldKind) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Text(text) => print_text(text, kind == FieldKind::Open),
            Self::Time(when) => when.to_string(),
            Self::Number(number) => match kind {
                FieldKind::Number(Unit::Milliseconds) => print_unit(*number, &DURATIONS),
                FieldKind::Number(Unit::Bytes) => print_unit(*number, &SIZES),
                _ => number.to_string(),
            },
        }
    }
}

fn number(text: &str) -> Option<f64> {
    // Not `inf` and `nan`, which a float may be called, too.
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || "-.".contains(first));
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    // -0 and 0 are one value.
    number.is_finite().then_some(number + 0.0)
}

fn parse_number(text: &str, unit: Unit) -> Result<f64, Problem> {
    let (units, expected): (&[(&str, f64)], _) = match unit {
        Unit::Plain => (&[], "expected a number"),
        Unit::Milliseconds => (&DURATIONS, "expected a duration: 500ms, 90s, 2m or 1h30m"),
        Unit::Bytes => (&SIZES, "expected a size: 500, 20KB or 5MB"),
    };
    let read = match unit {
        Unit::Plain | Unit::Bytes if number(text).is_some() => number(text),
        Unit::Plain => None,
        Unit::Milliseconds | Unit::Bytes => with_units(text, units),
    };
    // What is measured in units is never below zero.
    read.filter(|number| unit == Unit::Plain || *number >= 0.0)
        .ok_or_else(|| Problem::new(expected))
}

/// The sum of parts like `1h30m`.
fn with_units(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (mut rest, mut sum) = (text, None);
    while !rest.is_empty() {
        let digits = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let (amount, behind) = rest.split_at(digits);
        let letters = behind
            .bytes()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (unit, behind) = behind.split_at(letters);
        let (_, factor) = units
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        sum = Some(sum.unwrap_or(0.0) + number(amount)? * factor);
        rest = behind;
    }
    sum.filter(|sum: &f64| sum.is_finite())
}

/// In the largest unit that needs no fraction.
fn print_unit(number: f64, units: &[(&str, f64)]) -> String {
    let smallest = units.last().map_or("", |(name, _)| name);
    let whole = units.iter().find(|(_, factor)| {
        let amount = number / factor;
        amount.fract() == 0.0 && (1.0..=EXACT).contains(&amount) && amount * factor == number
    });
    match whole {
        Some((name, factor)) => format!("{}{name}", number / factor),
        None => format!("{number}{smallest}"),
    }
}

/// With quotes where the text could be taken for something else.
pub(super) fn print_text(text: &str, is_open: bool) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && !super::lexer::is_keyword(text)
        && !(is_open && matches!(text, "true" | "false"));
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
