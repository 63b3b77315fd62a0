//! Errors and spans, and their links to replays, which both sides may bring first.

use super::SqliteCatalog;
use super::{issues, videos};
use crate::Result;
use crate::catalog::errors::{
    ErrorCatalog, ErrorRecord, Issue, IssueQuery, IssueReplay, LinkKind, NewError, ReplayLinks,
    SpanRecord, StoredError, Video,
};
use model::{ProjectId, ReplayId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::ops::Range;

/// Replays that one trace or one listed error leads to. More share it by mistake.
const MAX_REPLAYS_EACH: i64 = 20;
/// A trace may be far longer than a replay: pages that a cache hands out carry one for
/// days. An error is of a replay's trace only when it came within this time of it.
/// Recorders end a replay after 15 minutes without activity.
const TRACE_SLACK_MICROS: i64 = 1_200_000_000;
/// Errors of one trace that are linked when a replay names the trace.
const MAX_ERRORS_OF_TRACE: i64 = 1000;

const ERROR_COLUMNS: &str = "e.id, e.issue_id, e.event_id, e.at, e.received_at, e.replay, e.trace_id, e.span_id, \
     e.source, e.level, e.kind, e.message, e.title, e.culprit, e.platform, e.release, e.dist, e.environment, \
     e.is_server_side, e.is_handled, e.url, e.transaction_name, e.sdk, e.sdk_version, e.user, e.tags, e.exceptions, \
     e.debug_ids";

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredError> {
    let record = ErrorRecord {
        event_id: row.get(2)?,
        at: Timestamp::from_micros(row.get(3)?),
        received_at: Timestamp::from_micros(row.get(4)?),
        replay: row.get::<_, Option<[u8; 16]>>(5)?.map(ReplayId::from_bytes),
        trace_id: row.get(6)?,
        span_id: row.get(7)?,
        source: row.get(8)?,
        level: row.get(9)?,
        kind: row.get(10)?,
        message: row.get(11)?,
        title: row.get(12)?,
        culprit: row.get(13)?,
        platform: row.get(14)?,
        release: row.get(15)?,
        dist: row.get(16)?,
        environment: row.get(17)?,
        is_server_side: row.get(18)?,
        is_handled: row.get(19)?,
        url: row.get(20)?,
        transaction: row.get(21)?,
        sdk: row.get(22)?,
        sdk_version: row.get(23)?,
        user_json: row.get(24)?,
        tags_json: row.get(25)?,
        exceptions_json: row.get(26)?,
        debug_ids_json: row.get(27)?,
        event_json: None,
    };
    // Two more columns say which replay it leads to, and how.
    let link = match row.get::<_, Option<[u8; 16]>>(28)? {
        Some(replay) => Some((ReplayId::from_bytes(replay), link_kind(row.get(29)?))),
        None => None,
    };
    Ok(StoredError {
        id: row.get(0)?,
        issue_id: row.get(1)?,
        link,
        record,
    })
}

fn link_kind(code: i64) -> LinkKind {
    match code {
        0 => LinkKind::Named,
        1 => LinkKind::Listed,
        _ => LinkKind::Trace,
    }
}

/// Returns the id of the error if it is new.
fn insert(db: &Connection, project: ProjectId, issue: i64, it: &ErrorRecord) -> Result<i64> {
    let mut insert = db.prepare_cached(
        "INSERT INTO errors (project_id, issue_id, event_id, at, received_at, replay, trace_id, span_id, source, level,
             kind, message, title, culprit, platform, release, dist, environment, is_server_side, is_handled, url,
             transaction_name, sdk, sdk_version, user, tags, exceptions, debug_ids, event, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
             ?23, ?24, ?25, ?26, ?27, ?28, ?29,
             ?5 + coalesce((SELECT retention_days FROM projects WHERE id = ?1), 30) * 86400000000)",
    )?;
    insert.execute(params![
        project.0,
        issue,
        it.event_id,
        it.at.micros(),
        it.received_at.micros(),
        it.replay.as_ref().map(ReplayId::as_bytes),
        it.trace_id,
        it.span_id,
        it.source,
        it.level,
        it.kind,
        it.message,
        it.title,
        it.culprit,
        it.platform,
        it.release,
        it.dist,
        it.environment,
        it.is_server_side,
        it.is_handled,
        it.url,
        it.transaction,
        it.sdk,
        it.sdk_version,
        it.user_json,
        it.tags_json,
        it.exceptions_json,
        it.debug_ids_json,
        it.event_json,
    ])?;
    Ok(db.last_insert_rowid())
}

/// Nothing is added to a replay that is gone.
fn is_gone(db: &Connection, replay: Option<ReplayId>) -> Result<bool> {
    let Some(replay) = replay else {
        return Ok(false);
    };
    Ok(super::deletion::gone(db, replay)?.is_some())
}

fn put_error(db: &Connection, project: ProjectId, new: &NewError) -> Result<bool> {
    let it = &new.record;
    let is_known = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM errors WHERE project_id = ? AND event_id = ?)",
        )?
        .query_row(params![project.0, it.event_id], |row| row.get(0))?;
    if is_known || is_gone(db, it.replay)? {
        return Ok(false);
    }
    let issue = issues::count(db, project, new)?;
    let id = insert(db, project, issue, it)?;
    let mut links: Vec<([u8; 16], LinkKind)> = Vec::new();
    if let Some(replay) = &it.replay {
        links.push((*replay.as_bytes(), LinkKind::Named));
    }
    let mut listing = db.prepare_cached(
        "SELECT replay FROM listed_errors WHERE project_id = ? AND event_id = ? LIMIT ?",
    )?;
    let listing = listing.query_map(params![project.0, it.event_id, MAX_REPLAYS_EACH], |row| {
        row.get(0)
    })?;
    for replay in listing {
        links.push((replay?, LinkKind::Listed));
    }
    if let Some(trace) = &it.trace_id {
        match &it.replay {
            // What else happened in this trace belongs to the replay, too.
            Some(replay) => {
                add_trace(db, project, trace, replay.as_bytes(), it.received_at, it.at)?
            }
            None => {
                // By the server's clock, or by the senders', which may be wrong.
                let mut traced = db.prepare_cached(
                    "SELECT t.replay FROM replay_traces t LEFT JOIN replays r ON r.id = t.replay
                     WHERE t.project_id = ?1 AND t.trace_id = ?2
                       AND (?3 BETWEEN min(t.added_at, coalesce(r.first_received_at, t.added_at)) - ?5
                                   AND max(t.added_at, coalesce(r.last_received_at, t.added_at)) + ?5
                            OR ?4 BETWEEN r.first_event_at - ?5 AND r.last_event_at + ?5)
                     ORDER BY t.added_at DESC LIMIT ?6",
                )?;
                let traced = traced.query_map(
                    params![
                        project.0,
                        trace,
                        it.received_at.micros(),
                        it.at.micros(),
                        TRACE_SLACK_MICROS,
                        MAX_REPLAYS_EACH
                    ],
                    |row| row.get(0),
                )?;
                for replay in traced {
                    links.push((replay?, LinkKind::Trace));
                }
            }
        }
    }
    for (replay, via) in links {
        link(db, &replay, id, via)?;
    }
    Ok(true)
}

/// Links an error to a replay, or makes the link stronger that is there.
fn link(db: &Connection, replay: &[u8; 16], error: i64, via: LinkKind) -> Result<()> {
    let added = db
        .prepare_cached(
            "INSERT OR IGNORE INTO error_replays (replay, at, error_id, via) SELECT ?1, at, id, ?3 FROM errors WHERE id = ?2",
        )?
        .execute(params![replay, error, via as i64])?;
    if added == 0 {
        db.prepare_cached(
            "UPDATE error_replays SET via = ?3 WHERE replay = ?1 AND error_id = ?2 AND via > ?3",
        )?
        .execute(params![replay, error, via as i64])?;
        return Ok(());
    }
    db.prepare_cached(
        "UPDATE replays SET linked_error_count = linked_error_count + 1 WHERE id = ?",
    )?
    .execute([replay])?;
    issues::add_replay(db, replay, error, via)
}

/// Makes a trace a part of a replay, with the errors that came before. `at` is a time
/// in the replay, which may not be in the catalog yet.
fn add_trace(
    db: &Connection,
    project: ProjectId,
    trace: &str,
    replay: &[u8; 16],
    now: Timestamp,
    at: Timestamp,
) -> Result<()> {
    let added = db
        .prepare_cached(
            "INSERT OR IGNORE INTO replay_traces (project_id, trace_id, replay, added_at)
             SELECT ?1, ?2, ?3, ?4
             WHERE (SELECT count(*) FROM replay_traces
                    WHERE project_id = ?1 AND trace_id = ?2 AND added_at > ?4 - ?6) < ?5",
        )?
        .execute(params![
            project.0,
            trace,
            replay,
            now.micros(),
            MAX_REPLAYS_EACH,
            TRACE_SLACK_MICROS
        ])?;
    if added == 0 {
        return Ok(());
    }
    let mut early = db.prepare_cached(
        "SELECT e.id FROM errors e LEFT JOIN replays r ON r.id = ?3
         WHERE e.project_id = ?1 AND e.trace_id = ?2 AND e.replay IS NULL
           AND (e.received_at BETWEEN min(?4, coalesce(r.first_received_at, ?4)) - ?6
                                  AND max(?4, coalesce(r.last_received_at, ?4)) + ?6
                OR e.at BETWEEN min(?5, coalesce(r.first_event_at, ?5)) - ?6
                            AND max(?5, coalesce(r.last_event_at, ?5)) + ?6)
         LIMIT ?7",
    )?;
    let early: Vec<i64> = early
        .query_map(
            params![
                project.0,
                trace,
                replay,
                now.micros(),
                at.micros(),
                TRACE_SLACK_MICROS,
                MAX_ERRORS_OF_TRACE
            ],
            |row| row.get(0),
        )?
        .collect::<rusqlite::Result<_>>()?;
    for error in early {
        link(db, replay, error, LinkKind::Trace)?;
    }
    Ok(())
}

fn put_links(db: &Connection, project: ProjectId, links: &ReplayLinks) -> Result<()> {
    if is_gone(db, Some(links.replay))? {
        return Ok(());
    }
    let replay = links.replay.as_bytes();
    for event_id in &links.error_ids {
        let added = db
            .prepare_cached(
                "INSERT OR IGNORE INTO listed_errors (project_id, event_id, replay, added_at)
                 SELECT ?1, ?2, ?3, ?4
                 WHERE (SELECT count(*) FROM listed_errors WHERE project_id = ?1 AND event_id = ?2) < ?5",
            )?
            .execute(params![project.0, event_id, replay, links.now.micros(), MAX_REPLAYS_EACH])?;
        if added == 0 {
            continue;
        }
        let early: Option<i64> = db
            .prepare_cached("SELECT id FROM errors WHERE project_id = ? AND event_id = ?")?
            .query_row(params![project.0, event_id], |row| row.get(0))
            .optional()?;
        if let Some(error) = early {
            link(db, replay, error, LinkKind::Listed)?;
        }
    }
    for trace in &links.trace_ids {
        add_trace(db, project, trace, replay, links.now, links.at)?;
    }
    Ok(())
}

fn put_span(db: &Connection, project: ProjectId, it: &SpanRecord) -> Result<bool> {
    if is_gone(db, it.replay)? {
        return Ok(false);
    }
    let added = db
        .prepare_cached(
            "INSERT OR IGNORE INTO spans (project_id, trace_id, span_id, parent_span_id, is_segment, segment_name,
                 operation, name, status, started_at, ended_at, received_at, replay, platform, release, environment,
                 is_server_side, measurements, expires_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             ?12 + coalesce((SELECT retention_days FROM projects WHERE id = ?1), 30) * 86400000000",
        )?
        .execute(params![
            project.0,
            it.trace_id,
            it.span_id,
            it.parent_span_id,
            it.is_segment,
            it.segment_name,
            it.operation,
            it.name,
            it.status,
            it.started_at.micros(),
            it.ended_at.micros(),
            it.received_at.micros(),
            it.replay.as_ref().map(ReplayId::as_bytes),
            it.platform,
            it.release,
            it.environment,
            it.is_server_side,
            it.measurements_json,
        ])?;
    if let Some(replay) = &it.replay
        && added > 0
    {
        add_trace(
            db,
            project,
            &it.trace_id,
            replay.as_bytes(),
            it.received_at,
            it.started_at,
        )?;
    }
    Ok(added > 0)
}

fn span(row: &Row<'_>) -> rusqlite::Result<SpanRecord> {
    Ok(SpanRecord {
        trace_id: row.get(0)?,
        span_id: row.get(1)?,
        parent_span_id: row.get(2)?,
        is_segment: row.get(3)?,
        segment_name: row.get(4)?,
        operation: row.get(5)?,
        name: row.get(6)?,
        status: row.get(7)?,
        started_at: Timestamp::from_micros(row.get(8)?),
        ended_at: Timestamp::from_micros(row.get(9)?),
        received_at: Timestamp::from_micros(row.get(10)?),
        replay: row
            .get::<_, Option<[u8; 16]>>(11)?
            .map(ReplayId::from_bytes),
        platform: row.get(12)?,
        release: row.get(13)?,
        environment: row.get(14)?,
        is_server_side: row.get(15)?,
        measurements_json: row.get(16)?,
    })
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl ErrorCatalog for SqliteCatalog {
    async fn put_errors(&self, project: ProjectId, errors: &[NewError]) -> Result<u64> {
        let errors = errors.to_vec();
        self.write(move |db| {
            let mut added = 0;
            for error in &errors {
                added += u64::from(put_error(db, project, error)?);
            }
            Ok(added)
        })
        .await
    }

    async fn put_links(&self, project: ProjectId, links: &[ReplayLinks]) -> Result<()> {
        let links = links.to_vec();
        self.write(move |db| {
            links
                .iter()
                .try_for_each(|links| put_links(db, project, links))
        })
        .await
    }

    async fn put_spans(&self, project: ProjectId, spans: &[SpanRecord]) -> Result<u64> {
        let spans = spans.to_vec();
        self.write(move |db| {
            let mut added = 0;
            for span in &spans {
                added += u64::from(put_span(db, project, span)?);
            }
            Ok(added)
        })
        .await
    }

    async fn errors_of_replay(&self, replay: ReplayId, limit: usize) -> Result<Vec<StoredError>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {ERROR_COLUMNS}, l.replay, l.via FROM error_replays l JOIN errors e ON e.id = l.error_id
                 WHERE l.replay = ? ORDER BY l.at, l.error_id LIMIT ?"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found =
                statement.query_map(params![replay.as_bytes(), limit_of(limit)], stored)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn spans_of_replay(
        &self,
        project: ProjectId,
        replay: ReplayId,
        limit: usize,
    ) -> Result<Vec<SpanRecord>> {
        self.read(move |db| {
            // A span that names another replay belongs there alone.
            let sql = "SELECT s.trace_id, s.span_id, s.parent_span_id, s.is_segment, s.segment_name, s.operation, s.name,
                     s.status, s.started_at, s.ended_at, s.received_at, s.replay, s.platform, s.release, s.environment,
                     s.is_server_side, s.measurements
                 FROM replay_traces t JOIN spans s ON s.project_id = t.project_id AND s.trace_id = t.trace_id
                 WHERE t.replay = ?1 AND t.project_id = ?2 AND (s.replay IS NULL OR s.replay = ?1)
                 ORDER BY s.started_at, s.id LIMIT ?3";
            let mut statement = db.prepare_cached(sql)?;
            let found = statement
                .query_map(params![replay.as_bytes(), project.0, limit_of(limit)], span)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn error(&self, project: ProjectId, id: i64) -> Result<Option<StoredError>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {ERROR_COLUMNS}, l.replay, l.via, e.event
                 FROM errors e LEFT JOIN error_replays l ON l.error_id = e.id
                 WHERE e.project_id = ? AND e.id = ? ORDER BY l.via LIMIT 1"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_row(params![project.0, id], |row| {
                let mut error = stored(row)?;
                error.record.event_json = row.get(30)?;
                Ok(error)
            });
            Ok(found.optional()?)
        })
        .await
    }

    async fn issues(&self, project: ProjectId, query: &IssueQuery) -> Result<Vec<Issue>> {
        let query = query.clone();
        self.read(move |db| issues::list(db, project, &query)).await
    }

    async fn issue(&self, project: ProjectId, id: i64) -> Result<Option<Issue>> {
        self.read(move |db| issues::one(db, project, id)).await
    }

    async fn errors_of_issue(
        &self,
        issue: i64,
        after: Option<(Timestamp, i64)>,
        limit: usize,
    ) -> Result<Vec<StoredError>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {ERROR_COLUMNS},
                     (SELECT l.replay FROM error_replays l WHERE l.error_id = e.id ORDER BY l.via LIMIT 1),
                     (SELECT min(l.via) FROM error_replays l WHERE l.error_id = e.id)
                 FROM errors e WHERE e.issue_id = ?1 AND (e.at, e.id) < (?2, ?3)
                 ORDER BY e.at DESC, e.id DESC LIMIT ?4"
            );
            let (at, id) = after.map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id));
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(params![issue, at, id, limit_of(limit)], stored)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn replays_of_issue(&self, issue: i64, limit: usize) -> Result<Vec<IssueReplay>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT replay, error_id, at, via FROM issue_replays WHERE issue_id = ? ORDER BY at DESC LIMIT ?",
            )?;
            let found = statement.query_map(params![issue, limit_of(limit)], |row| {
                Ok(IssueReplay {
                    replay: ReplayId::from_bytes(row.get(0)?),
                    error_id: row.get(1)?,
                    at: Timestamp::from_micros(row.get(2)?),
                    link: link_kind(row.get(3)?),
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn error_counts(&self, issue: i64, stretches: &[Range<Timestamp>]) -> Result<Vec<u64>> {
        let stretches = stretches.to_vec();
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT count(*) FROM errors WHERE issue_id = ? AND at >= ? AND at < ?",
            )?;
            let mut counts = Vec::with_capacity(stretches.len());
            for stretch in stretches {
                let bounds = params![issue, stretch.start.micros(), stretch.end.micros()];
                let count: i64 = statement.query_row(bounds, |row| row.get(0))?;
                counts.push(count.unsigned_abs());
            }
            Ok(counts)
        })
        .await
    }

    async fn releases_of_issue(&self, issue: i64, limit: usize) -> Result<Vec<(String, u64)>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT release, count(*) FROM errors WHERE issue_id = ? AND release IS NOT NULL
                 GROUP BY release ORDER BY count(*) DESC, release LIMIT ?",
            )?;
            let found = statement.query_map(params![issue, limit_of(limit)], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn forget_errors(&self, kept_per_issue: usize) -> Result<u64> {
        let kept = limit_of(kept_per_issue);
        self.write(move |db| {
            // `event_count` never falls, so it finds all issues that may have more.
            let mut large = db.prepare("SELECT id FROM issues WHERE event_count > ?")?;
            let large: Vec<i64> = large
                .query_map([kept], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut forgotten = 0;
            for issue in large {
                forgotten += db
                    .prepare_cached(
                        "DELETE FROM errors WHERE issue_id = ?1 AND id IN
                             (SELECT id FROM errors WHERE issue_id = ?1 ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?2)
                         AND NOT EXISTS (SELECT 1 FROM error_replays l JOIN replays r ON r.id = l.replay
                             WHERE l.error_id = errors.id)",
                    )?
                    .execute(params![issue, kept])? as u64;
            }
            Ok(forgotten)
        })
        .await
    }

    async fn forget_traces(&self, before: Timestamp) -> Result<u64> {
        self.write(move |db| {
            let before = before.micros();
            let spans = db.execute("DELETE FROM spans WHERE received_at < ?", [before])?;
            db.execute("DELETE FROM replay_traces WHERE added_at < ?", [before])?;
            db.execute("DELETE FROM listed_errors WHERE added_at < ?", [before])?;
            Ok(spans as u64)
        })
        .await
    }

    async fn put_video(&self, replay: ReplayId, video: &Video) -> Result<Video> {
        let video = video.clone();
        self.write(move |db| videos::put(db, replay, &video)).await
    }

    async fn videos(&self, replay: ReplayId) -> Result<Vec<Video>> {
        self.read(move |db| videos::list(db, replay)).await
    }
}
