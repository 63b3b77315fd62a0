//! Quick numbers of a project, in days of its time zone.

use crate::replays::{ListRequest, range_of, start_of, zone_of};
use crate::{Engine, Error, Result};
use jiff::civil::Date;
use model::Timestamp;
use std::ops::Range;
use store::catalog::{Project, ReplaySums};

pub struct Summary {
    pub total: ReplaySums,
    /// Oldest first, also days without replays.
    pub per_day: Vec<(Date, ReplaySums)>,
}

impl Engine {
    /// # Errors
    /// `Invalid` for a range that has no first day.
    pub async fn summary(
        &self,
        project: &Project,
        range: Option<&str>,
        now: Timestamp,
    ) -> Result<Summary> {
        let zone = zone_of(project)?;
        let request = ListRequest {
            range: Some(range.unwrap_or("7d").to_owned()),
            ..ListRequest::default()
        };
        let (Some(from), _) = range_of(&request, &zone, now)? else {
            return Err(Error::Invalid("range must be 1d, 7d or 30d".to_owned()));
        };
        let date = |at: Timestamp| {
            let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
            at.to_zoned(zone.clone()).date()
        };
        let days: Vec<_> = date(from)
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= date(now))
            .collect();
        let mut stretches: Vec<Range<Timestamp>> = Vec::new();
        for day in &days {
            let next = day
                .tomorrow()
                .map_err(|error| Error::Internal(error.to_string()))?;
            stretches.push(start_of(*day, &zone)?..start_of(next, &zone)?);
        }
        let until = stretches.last().map_or(now, |last| last.end);
        stretches.push(from..until);
        let mut sums = self.catalog.replay_sums(project.id, &stretches).await?;
        let total = sums.pop().unwrap_or_default();
        Ok(Summary {
            total,
            per_day: days.into_iter().zip(sums).collect(),
        })
    }
}
