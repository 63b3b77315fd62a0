//! How often and when something happened: what stands behind its parentheses.

use super::fields::{FieldKind, Happening, Unit, happening};
use super::lexer::Token;
use super::operand::print_text;
use super::parser::{Parsed, Parser, whole_number};
use super::print::{print_happened, print_test};
use super::{Comparison, FilterError, Happened, Occurs, Operand, Periods, Problem, Test};

const DURATION: FieldKind = FieldKind::Number(Unit::Milliseconds);
const COUNT: FieldKind = FieldKind::Number(Unit::Plain);

impl Parser {
    /// Reads one more of them, if there is one.
    pub(super) fn occurs(&mut self, happened: &mut Happened) -> Parsed<bool> {
        let Token::Word(word) = self.peek().clone() else {
            return Ok(false);
        };
        let at = self.place();
        let known = happening(&happened.kind);
        let known = known.map_err(|problem| FilterError::at(at.clone(), problem))?;
        match word.as_str() {
            "count" | "first" | "last" | "sum" | "distinct" | "nth" | "at" => {}
            name if Periods::period_of(name).is_some() => {}
            _ => return Ok(false),
        }
        self.take();
        self.count_condition(&at)?;
        if word == "at" {
            let test = self.test("at", FieldKind::Time)?;
            let checked = check_time(&test);
            checked.map_err(|problem| FilterError::at(at, problem))?;
            happened.occurs.push(Occurs::At(test));
            return Ok(true);
        }
        let property = match word.as_str() {
            "sum" | "distinct" => Some(self.property(known, word == "sum")?),
            _ => None,
        };
        let kind = match (&property, word.as_str()) {
            (Some((_, kind)), "sum") => *kind,
            (None, "first" | "last") => DURATION,
            _ => COUNT,
        };
        let name = property.map(|(name, _)| name).unwrap_or_default();
        let period = Periods::period_of(&word);
        let each = match period {
            Some(_) => self.each_period()?,
            None => Periods::ANY,
        };
        let make = |comparison, number: &Operand| {
            let whole = || whole_number(number);
            if let Some(period) = period {
                let number = whole()?;
                return Ok(Occurs::Periods(Periods {
                    period,
                    each,
                    comparison,
                    number,
                }));
            }
            Ok(match word.as_str() {
                "count" => Occurs::Count(comparison, whole()?),
                "first" => Occurs::First(comparison, whole()?),
                "last" => Occurs::Last(comparison, whole()?),
                "nth" => Occurs::Nth(comparison, whole()?),
                "distinct" => Occurs::Distinct(name.clone(), comparison, whole()?),
                _ => Occurs::Sum(name.clone(), comparison, any_number(number)?),
            })
        };
        if self.take_keyword("from") {
            for (comparison, comes_next) in [
                (Comparison::AtLeast, Some("to")),
                (Comparison::AtMost, None),
            ] {
                let at = self.place();
                let made = make(comparison, &self.operand(kind)?);
                let made = made.map_err(|problem| FilterError::at(at, problem))?;
                happened.occurs.push(made);
                if comes_next.is_some_and(|word| !self.take_keyword(word)) {
                    return Err(self.unexpected("to"));
                }
            }
            return Ok(true);
        }
        let comparison = match self.peek() {
            Token::Sign(sign) => Comparison::from_sign(sign),
            _ => None,
        };
        let comparison = comparison.ok_or_else(|| self.unexpected("=, <, <=, >, >= or from"))?;
        self.take();
        if word == "count"
            && let Some(relative) = self.relative(comparison)?
        {
            happened.occurs.push(relative);
            return Ok(true);
        }
        let at = self.place();
        let made = make(comparison, &self.operand(kind)?);
        let made = made.map_err(|problem| FilterError::at(at, problem))?;
        happened.occurs.push(made);
        Ok(true)
    }

    /// `(total)`
    fn property(&mut self, known: &Happening, is_sum: bool) -> Parsed<(String, FieldKind)> {
        self.expect_sign("(")?;
        let (name, at) = self.name("a property")?;
        let kind = match is_sum {
            true => sum_kind(known, &name),
            false => known.property(&name),
        };
        let kind = kind.map_err(|problem| FilterError::at(at, problem))?;
        self.expect_sign(")")?;
        Ok((name, kind))
    }

    /// `(count >= 2)`, if it stands there.
    fn each_period(&mut self) -> Parsed<(Comparison, u64)> {
        if !self.take_sign("(") {
            return Ok(Periods::ANY);
        }
        if !self.take_keyword("count") {
            return Err(self.unexpected("count"));
        }
        let comparison = match self.peek() {
            Token::Sign(sign) => Comparison::from_sign(sign),
            _ => None,
        };
        let comparison = comparison.ok_or_else(|| self.unexpected("=, <, <=, > or >="))?;
        self.take();
        let at = self.place();
        let number = whole_number(&self.operand(COUNT)?);
        let number = number.map_err(|problem| FilterError::at(at, problem))?;
        self.expect_sign(")")?;
        Ok((comparison, number))
    }

    /// `click()` or `2 * click()`, if it stands there.
    fn relative(&mut self, comparison: Comparison) -> Parsed<Option<Occurs>> {
        let is_sign = |token: Option<&Token>, sign| token == Some(&Token::Sign(sign));
        let is_star =
            |token: Option<&Token>| matches!(token, Some(Token::Word(word)) if word == "*");
        let ahead = |parser: &Self, by: usize| {
            parser
                .tokens
                .get(parser.next + by)
                .map(|it| it.token.clone())
        };
        let mut factor = 1.0;
        if is_star(ahead(self, 1).as_ref()) {
            let at = self.place();
            let number = any_number(&self.operand(COUNT)?);
            let number = number.and_then(check_factor);
            factor = number.map_err(|problem| FilterError::at(at, problem))?;
            self.take();
        } else if !is_sign(ahead(self, 1).as_ref(), "(") {
            return Ok(None);
        }
        let (kind, at) = self.name("what else happened")?;
        self.count_condition(&at)?;
        let other = Box::new(self.happened(&kind, at)?);
        Ok(Some(Occurs::Relative(comparison, factor, other)))
    }
}

/// # Errors
/// When values of it cannot be added.
pub(super) fn sum_kind(known: &Happening, name: &str) -> Result<FieldKind, Problem> {
    match known.property(name)? {
        FieldKind::Number(unit) => Ok(FieldKind::Number(unit)),
        FieldKind::Open => Ok(COUNT),
        FieldKind::Text | FieldKind::Flag | FieldKind::Time => {
            Err(Problem::new(format!("{name} is not a number")))
        }
    }
}

/// # Errors
/// When a test does not say from when to when.
pub(super) fn check_time(test: &Test) -> Result<(), Problem> {
    match test {
        Test::Is(_) | Test::Compare(..) | Test::Between(..) => Ok(()),
        _ => Err(Problem::new(
            "expected a time: at last 7 days, at >= 2026-01-31 or at from 2026-01-01 to 2026-01-31",
        )),
    }
}

pub(super) fn any_number(operand: &Operand) -> Result<f64, Problem> {
    match operand {
        Operand::Number(number) => Ok(*number),
        Operand::Flag(_) | Operand::Text(_) | Operand::Time(_) => {
            Err(Problem::new("expected a number"))
        }
    }
}

pub(super) fn check_factor(factor: f64) -> Result<f64, Problem> {
    match factor > 0.0 {
        true => Ok(factor),
        false => Err(Problem::new("expected a number above 0")),
    }
}

/// As it stands behind something that happened.
pub(super) fn print(occurs: &Occurs, of: &Happened) -> String {
    let duration = |ms: u64| Operand::Number(ms as f64).print(DURATION);
    match occurs {
        Occurs::Count(sign, times) => format!("count {} {times}", sign.sign()),
        Occurs::First(sign, ms) => format!("first {} {}", sign.sign(), duration(*ms)),
        Occurs::Last(sign, ms) => format!("last {} {}", sign.sign(), duration(*ms)),
        Occurs::Nth(sign, number) => format!("nth {} {number}", sign.sign()),
        Occurs::Sum(name, sign, limit) => {
            let known = happening(&of.kind).ok();
            let kind = known.and_then(|known| sum_kind(known, name).ok());
            let limit = Operand::Number(*limit).print(kind.unwrap_or(COUNT));
            format!("sum({}) {} {limit}", print_text(name, false), sign.sign())
        }
        Occurs::Distinct(name, sign, number) => {
            format!(
                "distinct({}) {} {number}",
                print_text(name, false),
                sign.sign()
            )
        }
        Occurs::Periods(periods) => {
            let each = match periods.each {
                Periods::ANY => String::new(),
                (sign, times) => format!("(count {} {times})", sign.sign()),
            };
            let (name, sign) = (periods.name(), periods.comparison.sign());
            format!("{name}{each} {sign} {}", periods.number)
        }
        Occurs::Relative(sign, factor, other) => {
            let times = match *factor == 1.0 {
                true => String::new(),
                false => format!("{factor} * "),
            };
            format!("count {} {times}{}", sign.sign(), print_happened(other))
        }
        Occurs::At(test) => print_test("at", test, FieldKind::Time),
    }
}
