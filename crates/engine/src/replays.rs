//! Lists of replays.

use crate::{Engine, Error, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp, UserId};
use store::catalog::{Cursor, Event, Order, Project, ReplayQuery};

pub const MAX_PAGE: usize = 100;
/// Recorders send within seconds; the rest is for clocks that are wrong.
pub(crate) const LIVE_DELAY_MICROS: i64 = 10 * 60 * 1_000_000;

/// What was asked for, as text.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    pub limit: Option<usize>,
    pub cursor: Option<String>,
    /// `1d`, `7d`, `30d` or `all`.
    pub range: Option<String>,
    /// A day in the project's time zone or a point in time.
    pub from: Option<String>,
    pub to: Option<String>,
    /// Only what this person has not seen.
    pub unseen_by: Option<UserId>,
    /// In the text form.
    pub filter: Option<String>,
    /// `started` (without it), `duration`, `activity`, `errors` or `frustration`.
    pub sort: Option<String>,
    /// `desc` (without it) or `asc`.
    pub order: Option<String>,
    /// Only live ones, or only others.
    pub live: Option<bool>,
}

impl ListRequest {
    /// The catalog itself lists newest first, and needs no index for it.
    fn is_plain(&self) -> bool {
        let has_filter = self.filter.as_ref().is_some_and(|it| !it.trim().is_empty());
        let is_newest_first = self.sort.as_ref().is_none_or(|sort| sort == "started")
            && self.order.as_ref().is_none_or(|order| order == "desc");
        !has_filter && is_newest_first && self.live.is_none()
    }
}

/// The ones beside a replay in a list, newest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// Newer.
    pub previous: Option<ReplayId>,
    /// Older.
    pub next: Option<ReplayId>,
}

#[derive(Debug)]
pub struct ReplayPage {
    pub replays: Vec<Replay>,
    pub next_cursor: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Replays on all pages, as far as the index knows. None when it cannot say: the
    /// plain list is there all the same.
    pub total: Option<u64>,
}

impl Engine {
    /// # Errors
    /// `Invalid` names the parameter that cannot be understood, `Filter` the place in
    /// the filter.
    pub async fn list_replays(
        &self,
        project: &Project,
        request: &ListRequest,
        now: Timestamp,
    ) -> Result<ReplayPage> {
        let limit = request.limit.unwrap_or(50);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Error::Invalid(format!("limit must be 1 to {MAX_PAGE}")));
        }
        if !request.is_plain() {
            return self.find_replays(project, request, limit, now).await;
        }
        let (from, to) = range_of(request, &zone_of(project)?, now)?;
        let after = request.cursor.as_deref().map(parse_cursor).transpose()?;
        let query = ReplayQuery {
            from,
            to,
            after,
            order: Order::NewestFirst,
            unseen_by: request.unseen_by,
            kept_at: Some(now),
            limit: limit + 1,
        };
        let mut replays = self.catalog.list_replays(project.id, &query).await?;
        let more = replays.len() > limit;
        replays.truncate(limit);
        let next_cursor = replays
            .last()
            .filter(|_| more)
            .map(|last| format!("{}-{}", last.started_at.micros(), last.id));
        let total = self.count_replays(project, request, now).await;
        let total = total
            .inspect_err(|error| tracing::warn!(%error, "cannot count replays"))
            .ok();
        Ok(ReplayPage {
            total: total.map(|total| total.max(replays.len() as u64)),
            replays,
            next_cursor,
            from,
            to,
        })
    }

    /// The ones beside a replay in the list that `request` asks for. The replay
    /// itself need not be in it.
    ///
    /// # Errors
    /// `Invalid` names the parameter that cannot be understood.
    pub async fn neighbours(
        &self,
        project: &Project,
        replay: &Replay,
        request: &ListRequest,
        now: Timestamp,
    ) -> Result<Neighbours> {
        if !request.is_plain() {
            let found = self.found_neighbours(project, replay, request, now);
            return found.await;
        }
        let (from, to) = range_of(request, &zone_of(project)?, now)?;
        let mut found = [None, None];
        for (beside, order) in found
            .iter_mut()
            .zip([Order::OldestFirst, Order::NewestFirst])
        {
            let query = ReplayQuery {
                from,
                to,
                after: Some(Cursor {
                    started_at: replay.started_at,
                    id: replay.id,
                }),
                order,
                unseen_by: request.unseen_by,
                kept_at: Some(now),
                limit: 1,
            };
            let rows = self.catalog.list_replays(project.id, &query).await?;
            *beside = rows.first().map(|row| row.id);
        }
        let [previous, next] = found;
        Ok(Neighbours { previous, next })
    }

    /// The newest state of one replay of the project.
    ///
    /// # Errors
    /// `NotFound` also for a replay of another project, `Gone` for one that was deleted
    /// or has expired.
    pub async fn replay(&self, project: ProjectId, id: ReplayId) -> Result<Replay> {
        let in_memory = self.live.row(id).await;
        let row = match in_memory {
            // The user's name comes to the catalog by way of events, and so do errors.
            Some(mut row) => {
                if let Some(stored) = self.catalog.replay(id).await? {
                    row.user_id = row.user_id.or(stored.user_id);
                    row.linked_error_count = stored.linked_error_count;
                    row.expires_at = stored.expires_at;
                    row.is_pinned = stored.is_pinned;
                }
                Some(row)
            }
            None => self.catalog.replay(id).await?,
        };
        let row = row.filter(|row| row.project_id == project);
        if let Some(row) = &row
            && !row.is_expired(Timestamp::now())
        {
            return Ok(row.clone());
        }
        match self.gone_replay(project, id, row).await? {
            Some(gone) => Err(Error::Gone(gone)),
            None => Err(Error::NotFound("replay")),
        }
    }

    /// Something arrived just now that also happened just now: an import of past
    /// visits is not live.
    pub fn is_live(&self, replay: &Replay, now: Timestamp) -> bool {
        let quiet_us = now
            .micros()
            .saturating_sub(replay.last_received_at.micros());
        let delay_us = replay
            .last_received_at
            .micros()
            .saturating_sub(replay.last_event_at.micros());
        let window_us = i64::try_from(self.settings.live_window.as_micros()).unwrap_or(i64::MAX);
        quiet_us < window_us && delay_us < LIVE_DELAY_MICROS
    }

    pub async fn list_events(
        &self,
        project: ProjectId,
        event_type: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Event>> {
        Ok(self
            .catalog
            .list_events(project, event_type, limit.clamp(1, 1000))
            .await?)
    }
}

fn parse_cursor(text: &str) -> Result<Cursor> {
    let parsed = text.rsplit_once('-').and_then(|(micros, id)| {
        Some(Cursor {
            started_at: Timestamp::from_micros(micros.parse().ok()?),
            id: id.parse().ok()?,
        })
    });
    parsed.ok_or_else(|| Error::Invalid("cursor is not one that this server gave out".to_owned()))
}

pub(crate) fn zone_of(project: &Project) -> Result<TimeZone> {
    TimeZone::get(&project.time_zone).map_err(|error| Error::Internal(error.to_string()))
}

pub(crate) fn range_of(
    request: &ListRequest,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    if let Some(range) = request.range.as_deref() {
        if request.from.is_some() || request.to.is_some() {
            return Err(Error::Invalid(
                "give either range or from and to".to_owned(),
            ));
        }
        let days: i64 = match range {
            "all" => return Ok((None, None)),
            "1d" => 1,
            "7d" => 7,
            "30d" => 30,
            _ => {
                return Err(Error::Invalid(
                    "range must be 1d, 7d, 30d or all".to_owned(),
                ));
            }
        };
        let today = jiff::Timestamp::from_microsecond(now.micros())
            .unwrap_or_default()
            .to_zoned(zone.clone())
            .date();
        let first = today
            .checked_sub(jiff::Span::new().days(days - 1))
            .map_err(|error| Error::Internal(error.to_string()))?;
        return Ok((Some(start_of(first, zone)?), None));
    }
    let from = request
        .from
        .as_deref()
        .map(|text| point("from", text, zone, 0))
        .transpose()?;
    let to = request
        .to
        .as_deref()
        .map(|text| point("to", text, zone, 1))
        .transpose()?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Error::Invalid("from must be before to".to_owned()));
    }
    Ok((from, to))
}

/// A day means its start, moved by `add_days` (1 for an inclusive end).
fn point(name: &str, text: &str, zone: &TimeZone, add_days: i64) -> Result<Timestamp> {
    let invalid = || {
        Error::Invalid(format!(
            "{name} must be a day (2026-01-31) or a time (2026-01-31T10:00:00Z)"
        ))
    };
    if text.len() == 10 {
        let day: Date = text.parse().map_err(|_| invalid())?;
        let day = day
            .checked_add(jiff::Span::new().days(add_days))
            .map_err(|_| invalid())?;
        return start_of(day, zone);
    }
    let at: jiff::Timestamp = text.parse().map_err(|_| invalid())?;
    Ok(Timestamp::from_micros(at.as_microsecond()))
}

pub(crate) fn start_of(day: Date, zone: &TimeZone) -> Result<Timestamp> {
    let start = day
        .to_zoned(zone.clone())
        .map_err(|error| Error::Invalid(error.to_string()))?;
    Ok(Timestamp::from_micros(start.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(request: &ListRequest) -> (Option<String>, Option<String>) {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // 00:30 on 30 March 2026 in Berlin, the day after the clocks changed.
        let now = Timestamp::from_micros(
            "2026-03-29T22:30:00Z"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_microsecond(),
        );
        let (from, to) = range_of(request, &zone, now).unwrap();
        let text = |at: Timestamp| {
            jiff::Timestamp::from_microsecond(at.micros())
                .unwrap()
                .to_string()
        };
        (from.map(text), to.map(text))
    }

    #[test]
    fn days_are_those_of_the_project_across_a_change_of_clocks() {
        let preset = |range: &str| ListRequest {
            range: Some(range.to_owned()),
            ..Default::default()
        };
        assert_eq!(
            range(&preset("1d")),
            (Some("2026-03-29T22:00:00Z".to_owned()), None)
        );
        assert_eq!(
            range(&preset("7d")),
            (Some("2026-03-23T23:00:00Z".to_owned()), None)
        );
        assert_eq!(range(&preset("all")), (None, None));
        let days = ListRequest {
            from: Some("2026-03-29".into()),
            to: Some("2026-03-29".into()),
            ..Default::default()
        };
        assert_eq!(
            range(&days),
            (
                Some("2026-03-28T23:00:00Z".to_owned()),
                Some("2026-03-29T22:00:00Z".to_owned())
            )
        );
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let zone = TimeZone::UTC;
        for (request, expected) in [
            (
                ListRequest {
                    range: Some("9d".into()),
                    ..Default::default()
                },
                "range must",
            ),
            (
                ListRequest {
                    from: Some("yesterday".into()),
                    ..Default::default()
                },
                "from must be a day",
            ),
            (
                ListRequest {
                    from: Some("2026-02-02".into()),
                    to: Some("2026-02-01".into()),
                    ..Default::default()
                },
                "before",
            ),
        ] {
            let error = range_of(&request, &zone, Timestamp::default()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        assert!(parse_cursor("5-x").is_err());
    }
}
