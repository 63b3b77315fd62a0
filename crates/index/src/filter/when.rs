//! Points in time as people write them. A relative one stays relative in a saved
//! filter.

use super::Problem;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};
use std::fmt;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Microseconds since the epoch.
    At(i64),
    /// The whole day.
    Day(Date),
    /// From now; with `whole`, the whole minute, hour, day ... that holds it.
    Relative {
        amount: i32,
        step: Step,
        whole: Option<Step>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// What relative times are relative to.
#[derive(Debug, Clone)]
pub struct Clock {
    pub now: model::Timestamp,
    pub zone: TimeZone,
}

const EXPECTED: &str = "expected a time: -2h, -1d/d, today, 2026-01-31, 2026-01-31T10:00:00Z or milliseconds since the epoch";

const STEPS: [(&str, &str, Step); 7] = [
    ("s", "second", Step::Second),
    ("m", "minute", Step::Minute),
    ("h", "hour", Step::Hour),
    ("d", "day", Step::Day),
    ("w", "week", Step::Week),
    ("mo", "month", Step::Month),
    ("y", "year", Step::Year),
];

impl Step {
    /// From `d`, `day` or `days`.
    pub fn parse(text: &str) -> Option<Self> {
        let singular = text.strip_suffix('s').unwrap_or(text);
        STEPS
            .into_iter()
            .find(|(short, long, _)| *short == text || *long == singular)
            .map(|(_, _, step)| step)
    }

    fn short(self) -> &'static str {
        STEPS
            .into_iter()
            .find(|(_, _, step)| *step == self)
            .map_or("s", |(short, _, _)| short)
    }

    fn span(self, amount: i32) -> Result<Span, jiff::Error> {
        let amount = i64::from(amount);
        let span = Span::new();
        match self {
            Self::Second => span.try_seconds(amount),
            Self::Minute => span.try_minutes(amount),
            Self::Hour => span.try_hours(amount),
            Self::Day => span.try_days(amount),
            Self::Week => span.try_weeks(amount),
            Self::Month => span.try_months(amount),
            Self::Year => span.try_years(amount),
        }
    }

    fn start(self, at: &Zoned) -> Result<Zoned, jiff::Error> {
        let day = at.date();
        let first = match self {
            Self::Second => return at.round(round_down(jiff::Unit::Second)),
            Self::Minute => return at.round(round_down(jiff::Unit::Minute)),
            Self::Hour => return at.round(round_down(jiff::Unit::Hour)),
            Self::Day => day,
            Self::Week => {
                let since_monday = day.weekday().since(Weekday::Monday);
                day.checked_sub(i64::from(since_monday).days())?
            }
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        };
        first.to_zoned(at.time_zone().clone())
    }
}

fn round_down(unit: jiff::Unit) -> jiff::ZonedRound {
    jiff::ZonedRound::new()
        .smallest(unit)
        .mode(jiff::RoundMode::Trunc)
}

impl When {
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let days = |amount| Self::Relative {
            amount,
            step: Step::Day,
            whole: Some(Step::Day),
        };
        match text {
            "now" => return Ok(Self::relative(0, Step::Second, None)),
            "today" => return Ok(days(0)),
            "yesterday" => return Ok(days(-1)),
            _ => {}
        }
        Self::parse_relative(text)
            .or_else(|| Self::parse_absolute(text))
            .ok_or_else(|| Problem::new(EXPECTED))
    }

    pub fn relative(amount: i32, step: Step, whole: Option<Step>) -> Self {
        // One way to write "now".
        let step = match (amount, whole) {
            (0, whole) => whole.unwrap_or(Step::Second),
            _ => step,
        };
        Self::Relative {
            amount,
            step,
            whole,
        }
    }

    fn parse_relative(text: &str) -> Option<Self> {
        if !text.starts_with(['-', '+']) {
            return None;
        }
        let (offset, whole) = match text.split_once('/') {
            Some((offset, whole)) => (offset, Some(Step::parse(whole)?)),
            None => (text, None),
        };
        let digits = offset[1..].bytes().take_while(u8::is_ascii_digit).count();
        let (amount, step) = offset.split_at(1 + digits);
        Some(Self::relative(
            amount.parse().ok()?,
            Step::parse(step)?,
            whole,
        ))
    }

    fn parse_absolute(text: &str) -> Option<Self> {
        if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let millis: i64 = text.parse().ok()?;
            let at = Timestamp::from_millisecond(millis).ok()?;
            return Some(Self::At(at.as_microsecond()));
        }
        if text.len() == 10 {
            return text.parse().ok().map(Self::Day);
        }
        let at: Timestamp = text.parse().ok()?;
        Some(Self::At(at.as_microsecond()))
    }

    /// The milliseconds since the epoch that it means; an instant has a length of
    /// one millisecond.
    ///
    /// # Errors
    /// When it lies outside of what calendars can say.
    pub fn resolve(&self, clock: &Clock) -> Result<Range<i64>, Problem> {
        let outside = |_: jiff::Error| Problem::new(format!("{self} is too far away"));
        match *self {
            Self::At(micros) => {
                let millis = micros.div_euclid(1000);
                Ok(millis..millis + 1)
            }
            Self::Day(day) => {
                let start = day.to_zoned(clock.zone.clone()).map_err(outside)?;
                whole(&start, Step::Day).map_err(outside)
            }
            Self::Relative {
                amount,
                step,
                whole: unit,
            } => {
                let now = Timestamp::from_microsecond(clock.now.micros()).map_err(outside)?;
                let at = now
                    .to_zoned(clock.zone.clone())
                    .checked_add(step.span(amount).map_err(outside)?)
                    .map_err(outside)?;
                match unit {
                    Some(unit) => {
                        let start = unit.start(&at).map_err(outside)?;
                        whole(&start, unit).map_err(outside)
                    }
                    None => {
                        let millis = at.timestamp().as_millisecond();
                        Ok(millis..millis + 1)
                    }
                }
            }
        }
    }
}

/// Days, weeks and the like, as a calendar has them, one after the other.
pub struct Calendar<'a> {
    step: Step,
    zone: &'a TimeZone,
    /// The one that was asked for last, in microseconds since the epoch: times are often
    /// asked for in order, and calendars are slow.
    last: Range<i64>,
}

impl<'a> Calendar<'a> {
    pub fn new(step: Step, zone: &'a TimeZone) -> Self {
        Self {
            step,
            zone,
            last: 0..0,
        }
    }

    /// When the one began that holds this instant, in microseconds since the epoch. An
    /// instant that no calendar knows is one by itself.
    pub fn start_us(&mut self, at_us: i64) -> i64 {
        if !self.last.contains(&at_us) {
            let found = self.around(at_us).ok().filter(|it| it.contains(&at_us));
            self.last = found.unwrap_or(at_us..at_us.saturating_add(1));
        }
        self.last.start
    }

    fn around(&self, at_us: i64) -> Result<Range<i64>, jiff::Error> {
        let at = Timestamp::from_microsecond(at_us)?.to_zoned(self.zone.clone());
        let found = whole(&self.step.start(&at)?, self.step)?;
        Ok(found.start.saturating_mul(1000)..found.end.saturating_mul(1000))
    }
}

fn whole(start: &Zoned, unit: Step) -> Result<Range<i64>, jiff::Error> {
    let end = start.checked_add(unit.span(1)?)?;
    Ok(start.timestamp().as_millisecond()..end.timestamp().as_millisecond())
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::At(micros) => match Timestamp::from_microsecond(micros) {
                Ok(at) => write!(f, "{at}"),
                Err(_) => write!(f, "{}", micros / 1000),
            },
            Self::Day(day) => write!(f, "{day}"),
            Self::Relative {
                amount: 0,
                whole: None,
                ..
            } => write!(f, "now"),
            Self::Relative {
                amount,
                step,
                whole,
            } => {
                let sign = if amount < 0 { "-" } else { "+" };
                write!(f, "{sign}{}{}", amount.unsigned_abs(), step.short())?;
                whole.map_or(Ok(()), |unit| write!(f, "/{}", unit.short()))
            }
        }
    }
}
