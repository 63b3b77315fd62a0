//! What deleting takes out of the tables: of replays, of a person, of what expired,
//! of a project.

use crate::Result;
use crate::catalog::deletion::{Counts, EventPlace};
use model::{ProjectId, ReplayId, Timestamp};
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What deleting rows took away, and what else it touched.
#[derive(Default)]
pub struct Deleted {
    pub counts: Counts,
    /// Replays that stay and lost an error that was linked to them.
    pub changed_replays: Vec<ReplayId>,
}

fn count(counts: &mut Counts, name: &str, rows: usize) {
    *counts.entry(name.to_owned()).or_default() += rows as u64;
}

/// With everything that happened in them: events, errors and spans that name them,
/// also of their session. What is only linked to them stays and is not linked any more.
pub fn replays(db: &Connection, project: ProjectId, ids: &[ReplayId]) -> Result<Deleted> {
    let mut deleted = Deleted::default();
    let counts = &mut deleted.counts;
    let mut errors = Vec::new();
    let mut issues = BTreeSet::new();
    for id in ids {
        let of = params![id.as_bytes(), project.0];
        let run = |sql: &str| Ok::<_, crate::Error>(db.prepare_cached(sql)?.execute(of)?);
        // Rows of other projects must not be touched, whoever made up the id.
        count(
            counts,
            "events",
            run(
                "DELETE FROM events WHERE project_id = ?2 AND (replay = ?1 OR (replay IS NULL AND id IN
                     (SELECT e.id FROM replays r JOIN events e ON e.project_id = ?2 AND e.device_id = r.device_id
                      AND e.session_id = r.session_id WHERE r.id = ?1)))",
            )?,
        );
        // A trace that other replays share is not only of this one.
        count(
            counts,
            "spans",
            run("DELETE FROM spans WHERE project_id = ?2 AND (replay = ?1 OR (replay IS NULL AND trace_id IN
                     (SELECT t.trace_id FROM replay_traces t WHERE t.replay = ?1 AND t.project_id = ?2 AND NOT EXISTS
                         (SELECT 1 FROM replay_traces o WHERE o.project_id = ?2 AND o.trace_id = t.trace_id AND o.replay <> ?1))))",
            )?,
        );
        let mut named =
            db.prepare_cached("SELECT id FROM errors WHERE replay = ?1 AND project_id = ?2")?;
        let named = named.query_map(of, |row| row.get(0))?;
        errors.extend(named.collect::<rusqlite::Result<Vec<i64>>>()?);
        let mut of_replay = db.prepare_cached(
            "SELECT issue_id FROM issue_replays WHERE replay = ?1 AND issue_id IN (SELECT id FROM issues WHERE project_id = ?2)",
        )?;
        let of_replay = of_replay.query_map(of, |row| row.get(0))?;
        issues.extend(of_replay.collect::<rusqlite::Result<Vec<i64>>>()?);
        run(
            "DELETE FROM error_replays WHERE replay = ?1 AND error_id IN (SELECT id FROM errors WHERE project_id = ?2)",
        )?;
        run(
            "DELETE FROM issue_replays WHERE replay = ?1 AND issue_id IN (SELECT id FROM issues WHERE project_id = ?2)",
        )?;
        run("DELETE FROM listed_errors WHERE replay = ?1 AND project_id = ?2")?;
        run("DELETE FROM replay_traces WHERE replay = ?1 AND project_id = ?2")?;
        // Where the page stood that first named an address which others need, too.
        run(
            "UPDATE asset_jobs SET referrer = NULL WHERE project_id = ?2 AND id IN
                 (SELECT job_id FROM replay_assets WHERE replay_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM asset_parts WHERE part_id = asset_jobs.id)",
        )?;
        run("DELETE FROM videos WHERE replay = ?1 AND ?2 = ?2")?;
        // A playlist shows that there was one; what somebody wrote about it goes.
        run("UPDATE playlist_replays SET note = '' WHERE replay = ?1
             AND playlist_id IN (SELECT id FROM playlists WHERE project_id = ?2)")?;
        run(
            "DELETE FROM alert_matches WHERE replay = ?1 AND alert_id IN (SELECT id FROM alerts WHERE project_id = ?2)",
        )?;
        count(
            counts,
            "replays",
            run("DELETE FROM replays WHERE id = ?1 AND project_id = ?2")?,
        );
    }
    for issue in issues {
        let sql = "UPDATE issues SET replay_count = (SELECT count(*) FROM issue_replays WHERE issue_id = ?1) WHERE id = ?1";
        db.prepare_cached(sql)?.execute([issue])?;
    }
    delete_errors(db, project, &errors, &mut deleted)?;
    Ok(deleted)
}

/// An issue without errors goes, one with some left shows what these say: a title is
/// words of an error.
fn delete_errors(
    db: &Connection,
    project: ProjectId,
    errors: &[i64],
    deleted: &mut Deleted,
) -> Result<()> {
    let mut issues: BTreeSet<i64> = BTreeSet::new();
    let mut linked: HashSet<ReplayId> = HashSet::new();
    for error in errors {
        let mut links = db.prepare_cached("SELECT replay FROM error_replays WHERE error_id = ?")?;
        let links = links.query_map([error], |row| row.get(0).map(ReplayId::from_bytes))?;
        linked.extend(links.collect::<rusqlite::Result<Vec<_>>>()?);
        let sql = "DELETE FROM errors WHERE id = ? AND project_id = ? RETURNING issue_id";
        let mut delete = db.prepare_cached(sql)?;
        let of = delete.query_map(params![error, project.0], |row| row.get(0))?;
        let of: Vec<i64> = of.collect::<rusqlite::Result<_>>()?;
        count(&mut deleted.counts, "errors", of.len());
        issues.extend(of);
    }
    for issue in issues {
        let gone = db
            .prepare_cached(
                "DELETE FROM issues WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM errors WHERE issue_id = ?1)",
            )?
            .execute([issue])?;
        if gone == 0 {
            db.prepare_cached(
                "UPDATE issues SET (title, kind, culprit) =
                     (SELECT e.title, e.kind, e.culprit FROM errors e WHERE e.issue_id = ?1 ORDER BY e.at DESC, e.id DESC LIMIT 1)
                 WHERE id = ?1",
            )?
            .execute([issue])?;
        }
        count(&mut deleted.counts, "issues", gone);
    }
    for replay in linked {
        let sql = "UPDATE replays SET linked_error_count = (SELECT count(*) FROM error_replays WHERE replay = ?1) WHERE id = ?1";
        if db.prepare_cached(sql)?.execute([replay.as_bytes()])? > 0 {
            deleted.changed_replays.push(replay);
        }
    }
    Ok(())
}

pub fn identities_of(db: &Connection, project: ProjectId, identity: String) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT o.identity FROM identities i JOIN identities o ON o.person_id = i.person_id AND o.project_id = i.project_id
         WHERE i.project_id = ? AND i.identity = ?",
    )?;
    let found = statement.query_map(params![project.0, identity], |row| row.get(0))?;
    let mut names: BTreeSet<String> = found.collect::<rusqlite::Result<_>>()?;
    names.insert(identity);
    Ok(names.into_iter().collect())
}

const PLACE: &str = "e.project_id, e.id, e.device_id, e.session_id, e.replay";

fn place(row: &Row<'_>) -> rusqlite::Result<EventPlace> {
    Ok(EventPlace {
        project: ProjectId(row.get(0)?),
        number: row.get::<_, i64>(1)?.unsigned_abs(),
        device_id: row.get(2)?,
        session_id: row.get(3)?,
        replay: row.get::<_, Option<[u8; 16]>>(4)?.map(ReplayId::from_bytes),
    })
}

/// `names` is a JSON array. An event under a device id that names another user is
/// that user's.
pub fn events_of(
    db: &Connection,
    project: ProjectId,
    names: &str,
    limit: i64,
) -> Result<Vec<EventPlace>> {
    let sql = format!(
        "SELECT {PLACE} FROM events e WHERE e.project_id = ?1 AND (e.user_id IN (SELECT value FROM json_each(?2))
             OR (e.user_id IS NULL AND e.device_id IN (SELECT value FROM json_each(?2)))) LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(params![project.0, names, limit], place)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

pub fn expired_events(
    db: &Connection,
    project: ProjectId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<EventPlace>> {
    let sql = format!(
        "SELECT {PLACE} FROM events e WHERE e.expires_at <= ?1 AND e.project_id = ?2
         AND NOT EXISTS (SELECT 1 FROM replays r WHERE r.id = e.replay AND r.pinned_at IS NOT NULL)
         AND NOT EXISTS (SELECT 1 FROM replays r WHERE r.project_id = e.project_id AND r.device_id = e.device_id
             AND r.session_id = e.session_id AND r.pinned_at IS NOT NULL)
         ORDER BY e.expires_at LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(params![now.micros(), project.0, limit], place)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

pub fn sessions_of_only(
    db: &Connection,
    project: ProjectId,
    events: &[EventPlace],
) -> Result<Vec<ReplayId>> {
    let mut sessions: HashMap<ReplayId, Vec<&EventPlace>> = HashMap::new();
    for event in events {
        let of_session = event.session_id.as_deref();
        let id = event
            .replay
            .or_else(|| of_session.map(|it| ReplayId::derive(project, &event.device_id, it)));
        if let Some(id) = id {
            sessions.entry(id).or_default().push(event);
        }
    }
    let mut is_recorded =
        db.prepare_cached("SELECT EXISTS (SELECT 1 FROM replays WHERE id = ?)")?;
    let mut all = db.prepare_cached(
        "SELECT count(*) FROM (SELECT id FROM events WHERE project_id = ?1 AND replay = ?2
             UNION SELECT id FROM events WHERE project_id = ?1 AND device_id = ?3 AND session_id = ?4 AND replay IS NULL)",
    )?;
    let mut found = Vec::new();
    for (id, events) in sessions {
        let Some(first) = events.first() else {
            continue;
        };
        let of = params![project.0, id.as_bytes(), first.device_id, first.session_id];
        let all: i64 = all.query_row(of, |row| row.get(0))?;
        let is_recorded: bool = is_recorded.query_row([id.as_bytes()], |row| row.get(0))?;
        if !is_recorded && all.unsigned_abs() <= events.len() as u64 {
            found.push(id);
        }
    }
    Ok(found)
}

/// Errors under these names, who the person is, and what the history of others says
/// about them.
pub fn person(db: &Connection, project: ProjectId, identities: &[String]) -> Result<Deleted> {
    let mut deleted = Deleted::default();
    let names = serde_json::json!(identities).to_string();
    let mut theirs = db.prepare_cached(
        "SELECT id FROM errors WHERE project_id = ?1 AND user IS NOT NULL AND (
             json_extract(user, '$.id') IN (SELECT value FROM json_each(?2))
             OR json_extract(user, '$.email') IN (SELECT value FROM json_each(?2))
             OR json_extract(user, '$.username') IN (SELECT value FROM json_each(?2)))",
    )?;
    let theirs = theirs.query_map(params![project.0, names], |row| row.get(0))?;
    let theirs: Vec<i64> = theirs.collect::<rusqlite::Result<_>>()?;
    delete_errors(db, project, &theirs, &mut deleted)?;
    let mut people = db.prepare_cached(
        "SELECT DISTINCT person_id FROM identities WHERE project_id = ?1 AND identity IN (SELECT value FROM json_each(?2))",
    )?;
    let people = people.query_map(params![project.0, names], |row| row.get(0))?;
    let people = people.collect::<rusqlite::Result<Vec<i64>>>()?;
    delete_from_lists(db, project, &people, &names)?;
    for person in people {
        delete_one_person(db, person)?;
        count(&mut deleted.counts, "people", 1);
    }
    let mut elsewhere = db.prepare_cached(
        "DELETE FROM person_history WHERE project_id = ? AND instr(detail, ?) > 0",
    )?;
    for identity in identities {
        let quoted = serde_json::json!(identity).to_string();
        elsewhere.execute(params![project.0, quoted])?;
    }
    delete_empty_groups(db, project)?;
    Ok(deleted)
}

/// Out of cohorts that are lists of ids and addresses.
fn delete_from_lists(
    db: &Connection,
    project: ProjectId,
    people: &[i64],
    names: &str,
) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM cohort_lines WHERE cohort_id IN (SELECT id FROM cohorts WHERE project_id = ?1)
         AND (line IN (SELECT value FROM json_each(?2)) OR lower(line) IN
             (SELECT lower(value ->> '$') FROM person_properties
              WHERE name = 'email' AND person_id IN (SELECT value FROM json_each(?3))))",
    )?
    .execute(params![
        project.0,
        names,
        serde_json::json!(people).to_string()
    ])?;
    Ok(())
}

fn delete_one_person(db: &Connection, person: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM identities WHERE person_id = ?")?
        .execute([person])?;
    // Properties, groups and history go with them.
    db.prepare_cached("DELETE FROM people WHERE id = ?")?
        .execute([person])?;
    Ok(())
}

fn delete_empty_groups(db: &Connection, project: ProjectId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM group_properties WHERE project_id = ?1 AND NOT EXISTS (SELECT 1 FROM person_groups g
             JOIN people p ON p.id = g.person_id
             WHERE p.project_id = ?1 AND g.kind = group_properties.kind AND g.key = group_properties.key)",
    )?
    .execute([project.0])?;
    Ok(())
}

/// What belongs to a pinned replay is kept with it.
pub fn expired(db: &Connection, project: ProjectId, now: Timestamp, limit: i64) -> Result<Deleted> {
    let mut deleted = Deleted::default();
    let of = params![now.micros(), project.0, limit];
    let mut errors = db.prepare_cached(
        "SELECT id FROM errors WHERE expires_at <= ?1 AND project_id = ?2 AND NOT EXISTS
             (SELECT 1 FROM error_replays l JOIN replays r ON r.id = l.replay
              WHERE l.error_id = errors.id AND r.pinned_at IS NOT NULL) ORDER BY expires_at LIMIT ?3",
    )?;
    let errors = errors.query_map(of, |row| row.get(0))?;
    let errors: Vec<i64> = errors.collect::<rusqlite::Result<_>>()?;
    delete_errors(db, project, &errors, &mut deleted)?;
    let spans = db
        .prepare_cached(
            "DELETE FROM spans WHERE id IN (SELECT s.id FROM spans s WHERE s.expires_at <= ?1 AND s.project_id = ?2
                 AND NOT EXISTS (SELECT 1 FROM replay_traces t JOIN replays r ON r.id = t.replay
                     WHERE t.project_id = s.project_id AND t.trace_id = s.trace_id AND r.pinned_at IS NOT NULL)
                 ORDER BY s.expires_at LIMIT ?3)",
        )?
        .execute(of)?;
    let mut people = db.prepare_cached(
        "SELECT id FROM people WHERE expires_at <= ?1 AND project_id = ?2 AND NOT EXISTS
             (SELECT 1 FROM identities i JOIN replays r ON r.project_id = i.project_id AND r.user_id = i.identity
              WHERE i.person_id = people.id AND r.pinned_at IS NOT NULL) ORDER BY expires_at LIMIT ?3",
    )?;
    let people = people.query_map(of, |row| row.get(0))?;
    let people: Vec<i64> = people.collect::<rusqlite::Result<_>>()?;
    for person in &people {
        delete_one_person(db, *person)?;
    }
    if !people.is_empty() {
        delete_empty_groups(db, project)?;
    }
    for (name, rows) in [("spans", spans), ("people", people.len())] {
        if rows > 0 {
            count(&mut deleted.counts, name, rows);
        }
    }
    Ok(deleted)
}

/// Addresses that neither a recording nor a style sheet of one leads to.
pub fn orphan_assets(db: &Connection, project: ProjectId) -> Result<u64> {
    // UNION ends circles of sheets that import each other.
    let jobs = db
        .prepare_cached(
            "WITH RECURSIVE used (id) AS (
                 SELECT r.job_id FROM replay_assets r JOIN asset_jobs j ON j.id = r.job_id WHERE j.project_id = ?1
                 UNION SELECT p.part_id FROM used u JOIN asset_parts p ON p.sheet_id = u.id)
             DELETE FROM asset_jobs WHERE project_id = ?1 AND id NOT IN (SELECT id FROM used)",
        )?
        .execute([project.0])?;
    db.prepare_cached(
        "DELETE FROM assets WHERE project_id = ?1 AND key NOT IN
             (SELECT v.key FROM asset_jobs j JOIN asset_versions v ON v.job_id = j.id WHERE j.project_id = ?1)",
    )?
    .execute([project.0])?;
    Ok(jobs as u64)
}

/// Tables with a column `project_id`, children before their parents. What hangs on a
/// row goes with it.
const OF_PROJECT: [(&str, &str); 22] = [
    ("alerts", "id"),
    ("cohorts", "id"),
    ("named_events", "id"),
    ("playlists", "id"),
    ("saved_searches", "id"),
    ("ratings", "rowid_less"),
    ("events", "id"),
    ("errors", "id"),
    ("issues", "id"),
    ("spans", "id"),
    ("listed_errors", "rowid_less"),
    ("replay_traces", "rowid_less"),
    ("person_history", "id"),
    ("identities", "rowid_less"),
    ("people", "id"),
    ("group_properties", "rowid_less"),
    ("replays", "id"),
    ("replay_changes", "id"),
    ("assets", "rowid_less"),
    ("asset_jobs", "id"),
    ("deletion_changes", "rowid_less"),
    ("api_tokens", "id"),
];

pub fn project_rows(db: &Connection, project: ProjectId, limit: i64) -> Result<Counts> {
    for (table, key) in OF_PROJECT {
        if table == "replays" {
            db.execute(
                "DELETE FROM videos WHERE replay IN (SELECT id FROM replays WHERE project_id = ?)",
                [project.0],
            )?;
        }
        let rows = match key {
            // Few and small: all at once.
            "rowid_less" => {
                let sql = format!("DELETE FROM {table} WHERE project_id = ?");
                db.execute(&sql, [project.0])?
            }
            key => {
                let sql = format!(
                    "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE project_id = ? LIMIT ?)"
                );
                db.execute(&sql, params![project.0, limit])?
            }
        };
        if rows > 0 {
            let mut counts = Counts::default();
            count(&mut counts, table, rows);
            return Ok(counts);
        }
    }
    // The number stays taken, or another project would get it, and with it what is left.
    db.execute(
        "UPDATE projects SET name = '', capture = '{}', frustration = '{}' WHERE id = ? AND deleted_at IS NOT NULL",
        [project.0],
    )?;
    Ok(Counts::default())
}
