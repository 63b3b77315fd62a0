//! Jobs that delete, marks of what is gone, and the audit. What a job does to the
//! rows is in `erasure`.

use super::{SqliteCatalog, erasure, lock};
use crate::catalog::deletion::{
    AuditEntry, Counts, Deletion, DeletionCatalog, DeletionKind, DeletionState, EventPlace,
    GoneReason, GoneReplay, NewDeletion,
};
use crate::{Error, Result};
use model::{OrganisationId, ProjectId, ReplayId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashSet;

/// A replay that a job deletes has its end, too, but did not expire.
const IN_NO_JOB: &str = "NOT EXISTS (SELECT 1 FROM deletions d JOIN deletion_replays j
     ON j.deletion_id = d.id AND j.replay = replays.id WHERE d.state IN ('waiting', 'running'))";

/// Parameters of one statement; SQLite takes up to 32,766.
const IDS_AT_ONCE: usize = 1_000;

const COLUMNS: &str = "d.id, d.organisation_id, d.project_id, d.kind, d.user_id, d.target_hash, d.state, d.requested_by, \
     d.created_at, d.started_at, d.ended_at, d.error, d.replay_total, d.counts, \
     (SELECT count(*) FROM deletion_replays r WHERE r.deletion_id = d.id)";

fn deletion(row: &Row<'_>) -> rusqlite::Result<Deletion> {
    let time = |at| {
        let micros: Option<i64> = row.get(at)?;
        Ok::<_, rusqlite::Error>(micros.map(Timestamp::from_micros))
    };
    let (kind, state): (String, String) = (row.get(3)?, row.get(6)?);
    let kinds = DeletionKind::ALL.into_iter();
    let states = DeletionState::ALL.into_iter();
    let counts: String = row.get(13)?;
    Ok(Deletion {
        id: row.get(0)?,
        organisation: OrganisationId(row.get(1)?),
        project: ProjectId(row.get(2)?),
        kind: { kinds }
            .find(|it| it.name() == kind)
            .unwrap_or(DeletionKind::Replays),
        user_id: row.get(4)?,
        target_hash: row.get(5)?,
        state: { states }
            .find(|it| it.name() == state)
            .unwrap_or(DeletionState::Failed),
        requested_by: row.get::<_, Option<i64>>(7)?.map(UserId),
        created_at: Timestamp::from_micros(row.get(8)?),
        started_at: time(9)?,
        ended_at: time(10)?,
        error: row.get(11)?,
        replay_total: row.get::<_, i64>(12)?.unsigned_abs(),
        counts: serde_json::from_str(&counts).unwrap_or_default(),
        replays_left: row.get::<_, i64>(14)?.unsigned_abs(),
    })
}

fn one(db: &Connection, id: i64) -> Result<Option<Deletion>> {
    let sql = format!("SELECT {COLUMNS} FROM deletions d WHERE d.id = ?");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([id], deletion)
        .optional()?)
}

fn found(db: &Connection, id: i64) -> Result<Deletion> {
    one(db, id)?.ok_or_else(|| Error::NotFound(format!("deletion {id}")))
}

fn add(db: &Connection, new: &NewDeletion) -> Result<Deletion> {
    let open: Option<i64> = db
        .prepare_cached(
            "SELECT id FROM deletions WHERE state IN ('waiting', 'running') AND project_id = ? AND kind = ? AND target_hash = ?",
        )?
        .query_row(params![new.project.0, new.kind.name(), new.target_hash], |row| row.get(0))
        .optional()?;
    if let Some(id) = open {
        return found(db, id);
    }
    let now = new.now.micros();
    db.prepare_cached(
        "INSERT INTO deletions (organisation_id, project_id, kind, user_id, target_hash, state, requested_by, created_at)
         VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?)",
    )?
    .execute(params![
        new.organisation.0,
        new.project.0,
        new.kind.name(),
        new.user_id,
        new.target_hash,
        new.requested_by.map(|user| user.0),
        now
    ])?;
    let id = db.last_insert_rowid();
    if new.kind == DeletionKind::Project {
        // A key that nobody can send: keys have no control characters.
        db.execute(
            "UPDATE projects SET deleted_at = ?2, ingest_key = char(1) || id WHERE id = ?1",
            params![new.project.0, now],
        )?;
        db.execute(
            "DELETE FROM api_tokens WHERE project_id = ?",
            [new.project.0],
        )?;
    }
    add_replays(db, &found(db, id)?, &new.replays, new.now)?;
    found(db, id)
}

fn add_replays(
    db: &Connection,
    deletion: &Deletion,
    ids: &[ReplayId],
    now: Timestamp,
) -> Result<()> {
    let mut add = db.prepare_cached(
        "INSERT OR IGNORE INTO deletion_replays (deletion_id, replay) VALUES (?, ?)",
    )?;
    // What was deleted stays so when it also expires.
    let mut mark = db.prepare_cached(
        "INSERT INTO gone_replays (replay, project_id, reason, at, retention_days)
         VALUES (?1, ?2, ?3, ?4, coalesce((SELECT retention_days FROM projects WHERE id = ?2), 30))
         ON CONFLICT (replay) DO UPDATE SET reason = excluded.reason WHERE excluded.reason = 'deleted'",
    )?;
    // Lists and the index go by this one condition.
    let mut hide = db.prepare_cached(
        "UPDATE replays SET expires_at = min(expires_at, ?2), pinned_at = NULL, pinned_by = NULL WHERE id = ?1",
    )?;
    let mut added = 0;
    for id in ids {
        added += add.execute(params![deletion.id, id.as_bytes()])?;
        let reason = deletion.kind.reason().name();
        mark.execute(params![
            id.as_bytes(),
            deletion.project.0,
            reason,
            now.micros()
        ])?;
        hide.execute(params![id.as_bytes(), now.micros()])?;
    }
    db.prepare_cached("UPDATE deletions SET replay_total = replay_total + ?2 WHERE id = ?1")?
        .execute(params![deletion.id, added as i64])?;
    Ok(())
}

pub fn add_counts(db: &Connection, id: i64, counts: &Counts) -> Result<()> {
    let mut all = found(db, id)?.counts;
    for (name, count) in counts {
        *all.entry(name.clone()).or_default() += count;
    }
    let json = serde_json::json!(all).to_string();
    db.prepare_cached("UPDATE deletions SET counts = ?2 WHERE id = ?1")?
        .execute(params![id, json])?;
    Ok(())
}

/// With the rows, so that a crash loses neither.
fn write_down(
    db: &Connection,
    id: i64,
    project: ProjectId,
    deleted: &erasure::Deleted,
) -> Result<()> {
    let mut add = db.prepare_cached(
        "INSERT OR IGNORE INTO deletion_changes (project_id, replay) VALUES (?, ?)",
    )?;
    for replay in &deleted.changed_replays {
        add.execute(params![project.0, replay.as_bytes()])?;
    }
    add_counts(db, id, &deleted.counts)
}

fn finish(db: &Connection, id: i64, error: Option<&str>, now: Timestamp) -> Result<()> {
    let state = error.map_or(DeletionState::Done, |_| DeletionState::Failed);
    // A job that failed may be asked for again; whom it was about is not needed for that.
    db.execute(
        "UPDATE deletions SET state = ?2, error = ?3, ended_at = ?4, user_id = NULL WHERE id = ?1",
        params![id, state.name(), error, now.micros()],
    )?;
    db.execute("DELETE FROM deletion_replays WHERE deletion_id = ?", [id])?;
    let job = found(db, id)?;
    let detail = serde_json::json!({
        "deletion_id": id,
        "kind": job.kind.name(),
        "target_hash": job.target_hash,
        "state": state.name(),
        "counts": job.counts,
    });
    let entry = AuditEntry {
        id: 0,
        organisation: job.organisation,
        project: job.project,
        at: now,
        user: job.requested_by,
        action: format!("delete_{}", job.kind.name()),
        detail_json: detail.to_string(),
    };
    add_audit(db, &entry)
}

fn add_audit(db: &Connection, entry: &AuditEntry) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO audit (organisation_id, project_id, at, user_id, action, detail) VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        entry.organisation.0,
        entry.project.0,
        entry.at.micros(),
        entry.user.map(|user| user.0),
        entry.action,
        entry.detail_json
    ])?;
    Ok(())
}

pub fn gone(db: &Connection, id: ReplayId) -> Result<Option<GoneReplay>> {
    let mut statement = db.prepare_cached(
        "SELECT project_id, reason, at, retention_days FROM gone_replays WHERE replay = ?",
    )?;
    let found = statement.query_row([id.as_bytes()], |row| {
        let reason: String = row.get(1)?;
        Ok(GoneReplay {
            project: ProjectId(row.get(0)?),
            reason: match reason == GoneReason::Expired.name() {
                true => GoneReason::Expired,
                false => GoneReason::Deleted,
            },
            at: Timestamp::from_micros(row.get(2)?),
            retention_days: row.get(3)?,
        })
    });
    Ok(found.optional()?)
}

fn ids_of(
    statement: &mut rusqlite::Statement<'_>,
    with: impl rusqlite::Params,
) -> Result<Vec<ReplayId>> {
    let found = statement.query_map(with, |row| row.get(0).map(ReplayId::from_bytes))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Is each of these a replay of the project, or what is left of one?
fn has_or_had(db: &Connection, project: ProjectId, ids: &[ReplayId]) -> Result<bool> {
    for some in ids.chunks(IDS_AT_ONCE) {
        let asked = vec!["(?)"; some.len()].join(",");
        // Served by the primary keys of both tables.
        let sql = format!(
            "WITH asked (id) AS (VALUES {asked}) SELECT EXISTS (SELECT 1 FROM asked
                 WHERE NOT EXISTS (SELECT 1 FROM replays r WHERE r.id = asked.id AND r.project_id = {project})
                 AND NOT EXISTS (SELECT 1 FROM gone_replays g WHERE g.replay = asked.id AND g.project_id = {project}))",
            project = project.0,
        );
        let with = rusqlite::params_from_iter(some.iter().map(ReplayId::as_bytes));
        if db.prepare(&sql)?.query_row(with, |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl DeletionCatalog for SqliteCatalog {
    async fn add_deletion(&self, new: &NewDeletion) -> Result<Deletion> {
        let new = new.clone();
        self.write(move |db| add(db, &new)).await
    }

    async fn deletion(&self, id: i64) -> Result<Option<Deletion>> {
        self.read(move |db| one(db, id)).await
    }

    async fn deletions(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Deletion>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM deletions d WHERE d.organisation_id = ? AND d.id < ? ORDER BY d.id DESC LIMIT ?"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let before = before.unwrap_or(i64::MAX);
            let found =
                statement.query_map(params![organisation.0, before, limit_of(limit)], deletion)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn next_deletion(&self, now: Timestamp) -> Result<Option<Deletion>> {
        let open = "SELECT min(id) FROM deletions WHERE state IN ('waiting', 'running')";
        let next: Option<i64> = self
            .read(move |db| Ok(db.prepare_cached(open)?.query_row([], |row| row.get(0))?))
            .await?;
        let Some(id) = next else { return Ok(None) };
        self.write(move |db| {
            db.execute(
                "UPDATE deletions SET state = 'running', started_at = coalesce(started_at, ?2) WHERE id = ?1",
                params![id, now.micros()],
            )?;
            one(db, id)
        })
        .await
    }

    async fn add_deletion_replays(
        &self,
        id: i64,
        replays: &[ReplayId],
        now: Timestamp,
    ) -> Result<()> {
        let replays = replays.to_vec();
        self.write(move |db| add_replays(db, &found(db, id)?, &replays, now))
            .await
    }

    async fn deletion_replays(&self, id: i64, limit: usize) -> Result<Vec<ReplayId>> {
        self.read(move |db| {
            let sql = "SELECT replay FROM deletion_replays WHERE deletion_id = ? LIMIT ?";
            ids_of(&mut *db.prepare_cached(sql)?, params![id, limit_of(limit)])
        })
        .await
    }

    async fn add_deletion_counts(&self, id: i64, counts: &Counts) -> Result<()> {
        let counts = counts.clone();
        self.write(move |db| add_counts(db, id, &counts)).await
    }

    async fn forget_deletion_user(&self, id: i64) -> Result<()> {
        self.write(move |db| {
            db.execute("UPDATE deletions SET user_id = NULL WHERE id = ?", [id])?;
            Ok(())
        })
        .await
    }

    async fn finish_deletion(&self, id: i64, error: Option<&str>, now: Timestamp) -> Result<()> {
        let error = error.map(str::to_owned);
        self.write(move |db| finish(db, id, error.as_deref(), now))
            .await
    }

    async fn gone_replay(&self, id: ReplayId) -> Result<Option<GoneReplay>> {
        self.read(move |db| gone(db, id)).await
    }

    async fn has_or_had_replays(&self, project: ProjectId, ids: &[ReplayId]) -> Result<bool> {
        let ids = ids.to_vec();
        self.read(move |db| has_or_had(db, project, &ids)).await
    }

    async fn forget_gone_replays(&self, before: Timestamp) -> Result<u64> {
        self.write(move |db| {
            db.execute(
                "DELETE FROM deletions WHERE ended_at < ?",
                [before.micros()],
            )?;
            let sql = "DELETE FROM gone_replays WHERE at < ?
                 AND NOT EXISTS (SELECT 1 FROM replays r WHERE r.id = gone_replays.replay)";
            Ok(db.execute(sql, [before.micros()])? as u64)
        })
        .await
    }

    async fn expired_replays(
        &self,
        project: ProjectId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<ReplayId>> {
        self.read(move |db| {
            // Served by replays_by_expiry.
            let sql = format!(
                "SELECT id FROM replays WHERE pinned_at IS NULL AND expires_at <= ? AND project_id = ?
                 AND {IN_NO_JOB} ORDER BY expires_at LIMIT ?"
            );
            let with = params![now.micros(), project.0, limit_of(limit)];
            ids_of(&mut *db.prepare_cached(&sql)?, with)
        })
        .await
    }

    async fn projects_with_expired(&self, now: Timestamp) -> Result<Vec<ProjectId>> {
        self.read(move |db| {
            let tables = ["events", "errors", "spans", "people"];
            let others = tables.map(|table| {
                format!("EXISTS (SELECT 1 FROM {table} WHERE expires_at <= ?1 AND project_id = p.id)")
            });
            let sql = format!(
                "SELECT p.id FROM projects p WHERE p.deleted_at IS NULL AND (EXISTS
                     (SELECT 1 FROM replays WHERE pinned_at IS NULL AND expires_at <= ?1 AND project_id = p.id AND {IN_NO_JOB}) OR {})",
                others.join(" OR ")
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map([now.micros()], |row| row.get(0).map(ProjectId))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn pin_replay(
        &self,
        project: ProjectId,
        id: ReplayId,
        pin: Option<(UserId, Timestamp)>,
    ) -> Result<bool> {
        let (by, at) = pin.unzip();
        self.write(move |db| {
            let changed = db.execute(
                "UPDATE replays SET pinned_at = ?3, pinned_by = ?4 WHERE id = ?1 AND project_id = ?2
                 AND NOT EXISTS (SELECT 1 FROM gone_replays WHERE replay = ?1)",
                params![
                    id.as_bytes(),
                    project.0,
                    at.map(Timestamp::micros),
                    by.map(|user| user.0)
                ],
            )?;
            Ok(changed > 0)
        })
        .await
    }

    async fn apply_retention(&self, project: ProjectId) -> Result<u64> {
        self.write(move |db| {
            let days = "(SELECT retention_days FROM projects WHERE id = ?1) * 86400000000";
            for (table, since) in [
                ("events", "received_at"),
                ("errors", "received_at"),
                ("spans", "received_at"),
                ("people", "last_received_at"),
            ] {
                let sql = format!(
                    "UPDATE {table} SET expires_at = {since} + {days} WHERE project_id = ?1"
                );
                db.execute(&sql, [project.0])?;
            }
            // What is being deleted is not called back.
            let sql = format!(
                "UPDATE replays SET expires_at = first_received_at + {days} WHERE project_id = ?1
                 AND expires_at <> first_received_at + {days}
                 AND NOT EXISTS (SELECT 1 FROM gone_replays g WHERE g.replay = replays.id)"
            );
            Ok(db.execute(&sql, [project.0])? as u64)
        })
        .await
    }

    async fn delete_replays(
        &self,
        deletion: i64,
        project: ProjectId,
        ids: &[ReplayId],
    ) -> Result<()> {
        let ids = ids.to_vec();
        self.write(move |db| {
            let deleted = erasure::replays(db, project, &ids)?;
            let mut done = db.prepare_cached(
                "DELETE FROM deletion_replays WHERE deletion_id = ? AND replay = ?",
            )?;
            for id in &ids {
                done.execute(params![deletion, id.as_bytes()])?;
            }
            write_down(db, deletion, project, &deleted)
        })
        .await
    }

    async fn deletion_changes(&self, project: ProjectId, limit: usize) -> Result<Vec<ReplayId>> {
        self.read(move |db| {
            let sql = "SELECT replay FROM deletion_changes WHERE project_id = ? LIMIT ?";
            ids_of(
                &mut *db.prepare_cached(sql)?,
                params![project.0, limit_of(limit)],
            )
        })
        .await
    }

    async fn forget_deletion_changes(&self, project: ProjectId, ids: &[ReplayId]) -> Result<()> {
        let ids = ids.to_vec();
        self.write(move |db| {
            let mut forget = db.prepare_cached(
                "DELETE FROM deletion_changes WHERE project_id = ? AND replay = ?",
            )?;
            for id in &ids {
                forget.execute(params![project.0, id.as_bytes()])?;
            }
            Ok(())
        })
        .await
    }

    async fn sealed_replays(
        &self,
        project: ProjectId,
        after: Option<ReplayId>,
        limit: usize,
    ) -> Result<Vec<ReplayId>> {
        self.read(move |db| {
            // Served by the primary key.
            let sql = "SELECT id FROM replays WHERE id > ?1 AND project_id = ?2
                 AND recording_version > 0 ORDER BY id LIMIT ?3";
            let after = after.map_or([0; 16], |id| *id.as_bytes());
            let with = params![after, project.0, limit_of(limit)];
            ids_of(&mut *db.prepare_cached(sql)?, with)
        })
        .await
    }

    async fn set_recording_version(&self, id: ReplayId, version: u64) -> Result<()> {
        self.write(move |db| {
            let sql = "UPDATE replays SET recording_version = ?2 WHERE id = ?1";
            let version = i64::try_from(version).unwrap_or(i64::MAX);
            db.prepare_cached(sql)?
                .execute(params![id.as_bytes(), version])?;
            Ok(())
        })
        .await
    }

    async fn identities_of(&self, project: ProjectId, identity: &str) -> Result<Vec<String>> {
        let identity = identity.to_owned();
        self.read(move |db| erasure::identities_of(db, project, identity))
            .await
    }

    async fn replays_of_identities(
        &self,
        project: ProjectId,
        identities: &[String],
    ) -> Result<Vec<ReplayId>> {
        let names = serde_json::json!(identities).to_string();
        self.read(move |db| {
            let sql = "SELECT id FROM replays WHERE project_id = ?1
                 AND (user_id IN (SELECT value FROM json_each(?2)) OR (user_id IS NULL
                     AND (device_id IN (SELECT value FROM json_each(?2)) OR visitor_id IN (SELECT value FROM json_each(?2)))))";
            ids_of(&mut *db.prepare_cached(sql)?, params![project.0, names])
        })
        .await
    }

    async fn events_of_identities(
        &self,
        project: ProjectId,
        identities: &[String],
        limit: usize,
    ) -> Result<Vec<EventPlace>> {
        let names = serde_json::json!(identities).to_string();
        self.read(move |db| erasure::events_of(db, project, &names, limit_of(limit)))
            .await
    }

    async fn expired_events(
        &self,
        project: ProjectId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventPlace>> {
        self.read(move |db| erasure::expired_events(db, project, now, limit_of(limit)))
            .await
    }

    async fn sessions_of_only(
        &self,
        project: ProjectId,
        events: &[EventPlace],
    ) -> Result<Vec<ReplayId>> {
        let events = events.to_vec();
        self.read(move |db| erasure::sessions_of_only(db, project, &events))
            .await
    }

    async fn delete_events(
        &self,
        deletion: i64,
        project: ProjectId,
        numbers: &[u64],
    ) -> Result<()> {
        let numbers = numbers.to_vec();
        self.write(move |db| {
            let mut delete =
                db.prepare_cached("DELETE FROM events WHERE id = ? AND project_id = ?")?;
            let mut deleted = 0;
            for number in numbers {
                deleted += delete.execute(params![number.cast_signed(), project.0])? as u64;
            }
            let counts = Counts::from([("events".to_owned(), deleted)]);
            add_counts(db, deletion, &counts)
        })
        .await
    }

    async fn delete_person(
        &self,
        deletion: i64,
        project: ProjectId,
        identities: &[String],
    ) -> Result<()> {
        let identities = identities.to_vec();
        self.write(move |db| {
            let deleted = erasure::person(db, project, &identities)?;
            write_down(db, deletion, project, &deleted)
        })
        .await
    }

    async fn delete_expired(
        &self,
        deletion: i64,
        project: ProjectId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Counts> {
        self.write(move |db| {
            let deleted = erasure::expired(db, project, now, limit_of(limit))?;
            write_down(db, deletion, project, &deleted)?;
            Ok(deleted.counts)
        })
        .await
    }

    async fn delete_project_rows(
        &self,
        deletion: i64,
        project: ProjectId,
        limit: usize,
    ) -> Result<Counts> {
        self.write(move |db| {
            let counts = erasure::project_rows(db, project, limit_of(limit))?;
            add_counts(db, deletion, &counts)?;
            Ok(counts)
        })
        .await
    }

    async fn delete_orphan_assets(&self, project: ProjectId) -> Result<u64> {
        self.write(move |db| erasure::orphan_assets(db, project))
            .await
    }

    async fn asset_keys_in_use(&self, project: ProjectId) -> Result<HashSet<String>> {
        self.read(move |db| {
            let sql = "SELECT DISTINCT v.key FROM asset_jobs j JOIN asset_versions v ON v.job_id = j.id WHERE j.project_id = ?";
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_map([project.0], |row| row.get(0))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn has_asset_job(&self, id: i64) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM asset_jobs WHERE id = ?)";
        self.read(move |db| Ok(db.prepare_cached(sql)?.query_row([id], |row| row.get(0))?))
            .await
    }

    async fn erase_deleted(&self) -> Result<()> {
        let inner = self.0.clone();
        super::blocking(move || {
            // Pages are overwritten as rows go (secure_delete); what is left are older
            // copies of them in the log. It can only be cut when nobody reads from it.
            let writer = lock(&inner.writer);
            for _ in 0..100 {
                let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                let is_busy: i64 = writer.query_row(sql, [], |row| row.get(0))?;
                if is_busy == 0 {
                    return Ok(());
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(Error::Internal(
                "cannot cut the database's log: somebody reads from it all the time".to_owned(),
            ))
        })
        .await
    }

    async fn add_audit(&self, entry: &AuditEntry) -> Result<()> {
        let entry = entry.clone();
        self.write(move |db| add_audit(db, &entry)).await
    }

    async fn audit(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, organisation_id, project_id, at, user_id, action, detail FROM audit
                 WHERE organisation_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            )?;
            let before = before.unwrap_or(i64::MAX);
            let found =
                statement.query_map(params![organisation.0, before, limit_of(limit)], |row| {
                    Ok(AuditEntry {
                        id: row.get(0)?,
                        organisation: OrganisationId(row.get(1)?),
                        project: ProjectId(row.get(2)?),
                        at: Timestamp::from_micros(row.get(3)?),
                        user: row.get::<_, Option<i64>>(4)?.map(UserId),
                        action: row.get(5)?,
                        detail_json: row.get(6)?,
                    })
                })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
