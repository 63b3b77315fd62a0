//! Issues: counted as their errors come.

use crate::Result;
use crate::catalog::errors::{Issue, IssueOrder, IssueQuery, LinkKind, NewError};
use model::{ProjectId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Users and sessions of one issue that are told apart.
const MAX_PEOPLE: i64 = 100_000;
const USER: i64 = 0;
const SESSION: i64 = 1;

const COLUMNS: &str = "id, project_id, fingerprint, title, kind, culprit, level, platform, is_server_side, first_seen, \
     last_seen, first_release, last_release, event_count, user_count, session_count, replay_count";

fn issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
    let count = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(Issue {
        id: row.get(0)?,
        project_id: ProjectId(row.get(1)?),
        fingerprint: row.get(2)?,
        title: row.get(3)?,
        kind: row.get(4)?,
        culprit: row.get(5)?,
        level: row.get(6)?,
        platform: row.get(7)?,
        is_server_side: row.get(8)?,
        first_seen: Timestamp::from_micros(row.get(9)?),
        last_seen: Timestamp::from_micros(row.get(10)?),
        first_release: row.get(11)?,
        last_release: row.get(12)?,
        event_count: count(13)?,
        user_count: count(14)?,
        session_count: count(15)?,
        replay_count: count(16)?,
    })
}

/// Counts a new error and returns its issue. Errors come in any order, so first and
/// last are those by their own time; the latest one gives the title.
pub fn count(db: &Connection, project: ProjectId, new: &NewError) -> Result<i64> {
    let it = &new.record;
    let id: i64 = db
        .prepare_cached(
            "INSERT INTO issues (project_id, fingerprint, title, kind, culprit, level, platform, is_server_side,
                 first_seen, last_seen, first_release, last_release, event_count, user_count, session_count,
                 replay_count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?10, 1, 0, 0, 0)
             ON CONFLICT (project_id, fingerprint) DO UPDATE SET
                 event_count = event_count + 1,
                 title = iif(excluded.last_seen >= last_seen, excluded.title, title),
                 kind = iif(excluded.last_seen >= last_seen, excluded.kind, kind),
                 culprit = iif(excluded.last_seen >= last_seen, excluded.culprit, culprit),
                 level = iif(excluded.last_seen >= last_seen, excluded.level, level),
                 last_release = iif(excluded.last_seen >= last_seen, coalesce(excluded.last_release, last_release),
                     coalesce(last_release, excluded.last_release)),
                 first_release = iif(excluded.first_seen <= first_seen, coalesce(excluded.first_release, first_release),
                     coalesce(first_release, excluded.first_release)),
                 first_seen = min(first_seen, excluded.first_seen),
                 last_seen = max(last_seen, excluded.last_seen)
             RETURNING id",
        )?
        .query_row(
            params![
                project.0,
                new.fingerprint,
                it.title,
                it.kind,
                it.culprit,
                it.level,
                it.platform,
                it.is_server_side,
                it.at.micros(),
                it.release,
            ],
            |row| row.get(0),
        )?;
    for (kind, who, column) in [
        (USER, new.user_hash, "user_count"),
        (SESSION, new.session_hash, "session_count"),
    ] {
        let Some(who) = who else { continue };
        let sql = format!(
            "INSERT OR IGNORE INTO issue_people (issue_id, kind, who)
             SELECT ?1, ?2, ?3 FROM issues WHERE id = ?1 AND {column} < ?4"
        );
        let added =
            db.prepare_cached(&sql)?
                .execute(params![id, kind, who.cast_signed(), MAX_PEOPLE])?;
        if added > 0 {
            let sql = format!("UPDATE issues SET {column} = {column} + 1 WHERE id = ?");
            db.prepare_cached(&sql)?.execute([id])?;
        }
    }
    Ok(id)
}

/// An error was linked to a replay for the first time.
pub fn add_replay(db: &Connection, replay: &[u8; 16], error: i64, via: LinkKind) -> Result<()> {
    let added = db
        .prepare_cached(
            "INSERT OR IGNORE INTO issue_replays (issue_id, replay, error_id, at, via)
             SELECT issue_id, ?1, id, at, ?3 FROM errors WHERE id = ?2",
        )?
        .execute(params![replay, error, via as i64])?;
    if added > 0 {
        db.prepare_cached(
            "UPDATE issues SET replay_count = replay_count + 1
             WHERE id = (SELECT issue_id FROM errors WHERE id = ?)",
        )?
        .execute([error])?;
    }
    Ok(())
}

pub fn one(db: &Connection, project: ProjectId, id: i64) -> Result<Option<Issue>> {
    let sql = format!("SELECT {COLUMNS} FROM issues WHERE project_id = ? AND id = ?");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement
        .query_row(params![project.0, id], issue)
        .optional()?)
}

pub fn list(db: &Connection, project: ProjectId, query: &IssueQuery) -> Result<Vec<Issue>> {
    let value = match query.order {
        IssueOrder::LastSeen => "last_seen",
        IssueOrder::FirstSeen => "first_seen",
        IssueOrder::Events => "event_count",
        IssueOrder::Users => "user_count",
    };
    // Release and environment are of single errors: through the index errors_by_issue.
    let sql = format!(
        "SELECT {COLUMNS} FROM issues i WHERE project_id = ?1 AND ({value}, id) < (?2, ?3)
             AND last_seen >= ?4 AND first_seen < ?5
             AND (?6 IS NULL OR title LIKE ?6 ESCAPE '\\' OR culprit LIKE ?6 ESCAPE '\\')
             AND (?7 IS NULL OR is_server_side = ?7)
             AND (?8 IS NULL AND ?9 IS NULL OR EXISTS (SELECT 1 FROM errors e WHERE e.issue_id = i.id
                 AND (?8 IS NULL OR e.release = ?8) AND (?9 IS NULL OR e.environment = ?9)))
         ORDER BY {value} DESC, id DESC LIMIT ?10"
    );
    let (after, after_id) = query.after.unwrap_or((i64::MAX, i64::MAX));
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(
        params![
            project.0,
            after,
            after_id,
            query.from.map_or(i64::MIN, Timestamp::micros),
            query.to.map_or(i64::MAX, Timestamp::micros),
            query.text.as_deref().map(containing),
            query.is_server_side,
            query.release,
            query.environment,
            i64::try_from(query.limit).unwrap_or(i64::MAX),
        ],
        issue,
    )?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// A pattern for texts that contain this one.
fn containing(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| {
            let escape = matches!(c, '%' | '_' | '\\').then_some('\\');
            escape.into_iter().chain([c])
        })
        .collect();
    format!("%{escaped}%")
}
