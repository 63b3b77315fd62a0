//! Errors beside recordings: of the page, of the app, and of the servers behind it.

pub mod grouping;
pub mod record;

use crate::replays::{ListRequest, range_of, start_of, zone_of};
use crate::{Engine, Error, Result};
use jiff::civil::Date;
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use std::ops::Range;
use store::catalog::Project;
use store::catalog::errors::{Issue, IssueOrder, IssueQuery, IssueReplay, SpanRecord, StoredError};

pub const MAX_PAGE: usize = 100;
pub const MAX_ERRORS_OF_REPLAY: usize = 1000;
pub const MAX_SPANS_OF_REPLAY: usize = 5000;
const LATEST_ERRORS: usize = 20;
const REPLAYS_SHOWN: usize = 50;
const RELEASES_SHOWN: usize = 20;
const DAYS_SHOWN: i64 = 30;
/// More errors of an issue say nothing new; those of replays stay besides.
const KEPT_PER_ISSUE: usize = 10_000;
/// Spans, and links that found nothing, are of use for about as long as replays.
const TRACES_KEPT_DAYS: i64 = 90;
const DAY_MICROS: i64 = 86_400_000_000;

/// Which issues are wanted, as text.
#[derive(Debug, Clone, Default)]
pub struct IssueRequest {
    pub limit: Option<usize>,
    pub cursor: Option<String>,
    pub sort: Option<String>,
    pub query: Option<String>,
    /// `page` or `server`.
    pub side: Option<String>,
    pub release: Option<String>,
    pub environment: Option<String>,
    pub range: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Everything about one issue.
pub struct IssueDetail {
    pub issue: Issue,
    pub per_day: Vec<(Date, u64)>,
    pub latest: Vec<StoredError>,
    pub replays: Vec<(Replay, IssueReplay)>,
    pub releases: Vec<(String, u64)>,
}

impl Engine {
    /// Errors that belong to a replay, and whether these are all.
    pub async fn errors_of_replay(
        &self,
        replay: ReplayId,
        limit: usize,
    ) -> Result<(Vec<StoredError>, bool)> {
        let limit = limit.clamp(1, MAX_ERRORS_OF_REPLAY);
        let mut errors = self.catalog.errors_of_replay(replay, limit + 1).await?;
        let complete = errors.len() <= limit;
        errors.truncate(limit);
        Ok((errors, complete))
    }

    /// Spans of the replay's traces, and whether these are all.
    pub async fn spans_of_replay(
        &self,
        replay: &Replay,
        limit: usize,
    ) -> Result<(Vec<SpanRecord>, bool)> {
        let limit = limit.clamp(1, MAX_SPANS_OF_REPLAY);
        let (project, id) = (replay.project_id, replay.id);
        let mut spans = self.catalog.spans_of_replay(project, id, limit + 1).await?;
        let complete = spans.len() <= limit;
        spans.truncate(limit);
        Ok((spans, complete))
    }

    /// # Errors
    /// `NotFound` also for an error of another project.
    pub async fn error(&self, project: ProjectId, id: i64) -> Result<StoredError> {
        let found = self.catalog.error(project, id).await?;
        found.ok_or(Error::NotFound("error"))
    }

    /// Issues and the cursor of the next page.
    ///
    /// # Errors
    /// `Invalid` names the parameter that cannot be understood.
    pub async fn issues(
        &self,
        project: &Project,
        request: IssueRequest,
        now: Timestamp,
    ) -> Result<(Vec<Issue>, Option<String>)> {
        let limit = page_size(request.limit)?;
        let order = match request.sort.as_deref() {
            None | Some("last_seen") => IssueOrder::LastSeen,
            Some("first_seen") => IssueOrder::FirstSeen,
            Some("events") => IssueOrder::Events,
            Some("users") => IssueOrder::Users,
            Some(_) => {
                return Err(Error::Invalid(
                    "sort must be last_seen, first_seen, events or users".to_owned(),
                ));
            }
        };
        let is_server_side = match request.side.as_deref() {
            None => None,
            Some("page") => Some(false),
            Some("server") => Some(true),
            Some(_) => return Err(Error::Invalid("side must be page or server".to_owned())),
        };
        let range = ListRequest {
            range: request.range,
            from: request.from,
            to: request.to,
            ..ListRequest::default()
        };
        let (from, to) = range_of(&range, &zone_of(project)?, now)?;
        let query = IssueQuery {
            order,
            after: request.cursor.as_deref().map(pair_of_cursor).transpose()?,
            text: request.query.filter(|text| !text.trim().is_empty()),
            is_server_side,
            from,
            to,
            release: request.release,
            environment: request.environment,
            limit: limit + 1,
        };
        let mut issues = self.catalog.issues(project.id, &query).await?;
        let more = issues.len() > limit;
        issues.truncate(limit);
        let last = issues.last().filter(|_| more);
        let next = last.map(|last| format!("{}-{}", last.sort_value(order), last.id));
        Ok((issues, next))
    }

    pub async fn issue(&self, project: ProjectId, id: i64) -> Result<Issue> {
        let found = self.catalog.issue(project, id).await?;
        found.ok_or(Error::NotFound("issue"))
    }

    pub async fn issue_detail(
        &self,
        project: &Project,
        id: i64,
        now: Timestamp,
    ) -> Result<IssueDetail> {
        let issue = self.issue(project.id, id).await?;
        let (days, stretches) = last_days(project, now)?;
        let counts = self.catalog.error_counts(id, &stretches).await?;
        let mut replays = Vec::new();
        for found in self.catalog.replays_of_issue(id, REPLAYS_SHOWN).await? {
            // An error may name a replay that never came.
            let row = self.catalog.replay(found.replay).await?;
            if let Some(row) = row.filter(|row| !row.is_expired(now)) {
                replays.push((row, found));
            }
        }
        Ok(IssueDetail {
            issue,
            per_day: days.into_iter().zip(counts).collect(),
            latest: self
                .catalog
                .errors_of_issue(id, None, LATEST_ERRORS)
                .await?,
            replays,
            releases: self.catalog.releases_of_issue(id, RELEASES_SHOWN).await?,
        })
    }

    /// Newest first, and the cursor of the next page.
    pub async fn errors_of_issue(
        &self,
        project: ProjectId,
        id: i64,
        limit: Option<usize>,
        cursor: Option<&str>,
    ) -> Result<(Vec<StoredError>, Option<String>)> {
        let limit = page_size(limit)?;
        self.issue(project, id).await?;
        let after = cursor.map(pair_of_cursor).transpose()?;
        let after = after.map(|(at, id)| (Timestamp::from_micros(at), id));
        let mut errors = self.catalog.errors_of_issue(id, after, limit + 1).await?;
        let more = errors.len() > limit;
        errors.truncate(limit);
        let last = errors.last().filter(|_| more);
        let next = last.map(|last| format!("{}-{}", last.record.at.micros(), last.id));
        Ok((errors, next))
    }

    /// Keeps the tables of errors and spans within bounds.
    pub(crate) async fn forget_old_errors(&self, now: Timestamp) {
        let before = Timestamp::from_micros(now.micros() - TRACES_KEPT_DAYS * DAY_MICROS);
        let forgotten = async {
            let errors = self.catalog.forget_errors(KEPT_PER_ISSUE).await?;
            let spans = self.catalog.forget_traces(before).await?;
            Ok::<_, store::Error>((errors, spans))
        };
        match forgotten.await {
            Ok((0, 0)) => {}
            Ok((errors, spans)) => tracing::info!(errors, spans, "forgot old errors and spans"),
            Err(error) => tracing::error!(%error, "cannot forget old errors and spans"),
        }
    }
}

fn last_days(project: &Project, now: Timestamp) -> Result<(Vec<Date>, Vec<Range<Timestamp>>)> {
    let zone = zone_of(project)?;
    let today = jiff::Timestamp::from_microsecond(now.micros())
        .unwrap_or_default()
        .to_zoned(zone.clone())
        .date();
    let internal = |error: jiff::Error| Error::Internal(error.to_string());
    let first = today
        .checked_sub(jiff::Span::new().days(DAYS_SHOWN - 1))
        .map_err(internal)?;
    let days: Vec<Date> = first
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= today)
        .collect();
    let mut stretches = Vec::with_capacity(days.len());
    for day in &days {
        let next = day.tomorrow().map_err(internal)?;
        stretches.push(start_of(*day, &zone)?..start_of(next, &zone)?);
    }
    Ok((days, stretches))
}

pub(crate) fn page_size(limit: Option<usize>) -> Result<usize> {
    let limit = limit.unwrap_or(50);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Error::Invalid(format!("limit must be 1 to {MAX_PAGE}")));
    }
    Ok(limit)
}

/// A cursor of a number and an id.
pub(crate) fn pair_of_cursor(text: &str) -> Result<(i64, i64)> {
    let parsed = text
        .rsplit_once('-')
        .and_then(|(value, id)| Some((value.parse().ok()?, id.parse().ok()?)));
    parsed.ok_or_else(|| Error::Invalid("cursor is not one that this server gave out".to_owned()))
}
