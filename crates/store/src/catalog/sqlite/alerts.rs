//! Alerts, what they found, and their messages.

use super::SqliteCatalog;
use super::collections::{all, changed, one, owner, time};
use crate::Result;
use crate::catalog::alerts::{Alert, AlertCatalog, AlertDraft, Delivery, Match, NewMessage, Tried};
use model::{ProjectId, ReplayId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

const ALERT: &str = "SELECT a.id, a.project_id, a.name, a.saved_search_id, a.definition, \
     a.paused, a.since, a.failures, a.created_at, a.changed_at, u.id, u.name, u.email \
     FROM alerts a LEFT JOIN users u ON u.id = a.owner_id WHERE a.project_id = ?1";
const DELIVERY: &str = "SELECT d.id, d.alert_id, d.message_id, d.channel, d.is_test, d.status, \
     d.attempts, d.due_at, d.outcome, \
     (SELECT count(*) FROM alert_matches m WHERE m.message_id = d.message_id), \
     d.created_at, d.tried_at, a.project_id \
     FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id";

fn alert(row: &Row<'_>) -> rusqlite::Result<Alert> {
    Ok(Alert {
        id: row.get(0)?,
        project: ProjectId(row.get(1)?),
        name: row.get(2)?,
        saved_search: row.get(3)?,
        definition: row.get(4)?,
        paused: row.get(5)?,
        since: time(row, 6)?,
        failures: row.get::<_, i64>(7)?.unsigned_abs(),
        created_at: time(row, 8)?,
        changed_at: time(row, 9)?,
        owner: owner(row, 10)?,
    })
}

fn maybe_time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_micros))
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        alert: row.get(1)?,
        message_id: row.get(2)?,
        channel: row.get(3)?,
        is_test: row.get(4)?,
        status: row.get(5)?,
        attempts: row.get::<_, i64>(6)?.unsigned_abs(),
        due_at: maybe_time(row, 7)?,
        outcome: row.get(8)?,
        replay_count: row.get::<_, i64>(9)?.unsigned_abs(),
        created_at: time(row, 10)?,
        tried_at: maybe_time(row, 11)?,
        project: ProjectId(row.get(12)?),
    })
}

fn found(row: &Row<'_>) -> rusqlite::Result<Match> {
    Ok(Match {
        replay: ReplayId::from_bytes(row.get(0)?),
        matched_at: time(row, 1)?,
    })
}

fn list<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map(params, read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn signed(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl AlertCatalog for SqliteCatalog {
    async fn alerts(&self, project: ProjectId) -> Result<Vec<Alert>> {
        self.read(move |db| all(db, ALERT, project, alert)).await
    }

    async fn alert(&self, project: ProjectId, id: i64) -> Result<Option<Alert>> {
        self.read(move |db| one(db, ALERT, "a.id", project, id, alert))
            .await
    }

    async fn add_alert(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        draft: &AlertDraft,
        now: Timestamp,
    ) -> Result<i64> {
        let draft = draft.clone();
        self.write(move |db| {
            let at = now.micros();
            db.execute(
                "INSERT INTO alerts (project_id, owner_id, saved_search_id, name, definition, since, created_at, changed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6)",
                params![project.0, owner.map(|it| it.0), draft.saved_search, draft.name, draft.definition, at],
            )?;
            Ok(db.last_insert_rowid())
        })
        .await
    }

    async fn update_alert(
        &self,
        project: ProjectId,
        id: i64,
        draft: &AlertDraft,
        now: Timestamp,
    ) -> Result<()> {
        let draft = draft.clone();
        self.write(move |db| {
            let count = db.execute(
                "UPDATE alerts SET saved_search_id = ?, name = ?, definition = ?, changed_at = ?
                 WHERE project_id = ? AND id = ?",
                params![
                    draft.saved_search,
                    draft.name,
                    draft.definition,
                    now.micros(),
                    project.0,
                    id
                ],
            )?;
            changed(count, "alert", id)
        })
        .await
    }

    async fn pause_alert(&self, id: i64, reason: Option<&str>, now: Timestamp) -> Result<()> {
        let reason = reason.map(str::to_owned);
        self.write(move |db| {
            let sql = match reason {
                Some(_) => "UPDATE alerts SET paused = coalesce(paused, ?1), changed_at = ?2 WHERE id = ?3",
                None => "UPDATE alerts SET paused = ?1, since = ?2, failures = 0, changed_at = ?2 WHERE id = ?3",
            };
            let count = db.execute(sql, params![reason, now.micros(), id])?;
            changed(count, "alert", id)
        })
        .await
    }

    async fn delete_alert(&self, project: ProjectId, id: i64) -> Result<()> {
        self.write(move |db| {
            let sql = "DELETE FROM alerts WHERE project_id = ? AND id = ?";
            changed(db.execute(sql, [project.0, id])?, "alert", id)
        })
        .await
    }

    async fn running_alerts(&self) -> Result<Vec<Alert>> {
        self.read(move |db| {
            // The same columns without the condition on the project.
            let sql = ALERT.replace("a.project_id = ?1", "a.paused IS NULL ORDER BY a.id");
            list(db, &sql, [], alert)
        })
        .await
    }

    async fn alert_matches(&self, id: i64, since: Timestamp) -> Result<Vec<Match>> {
        self.read(move |db| {
            let sql = "SELECT replay, matched_at FROM alert_matches WHERE alert_id = ? AND matched_at >= ?";
            list(db, sql, [id, since.micros()], found)
        })
        .await
    }

    async fn put_alert_matches(&self, id: i64, replays: &[ReplayId], now: Timestamp) -> Result<()> {
        let replays = replays.to_vec();
        self.write(move |db| {
            let mut insert = db.prepare_cached(
                "INSERT INTO alert_matches (alert_id, replay, matched_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            )?;
            for replay in replays {
                insert.execute(params![id, replay.as_bytes(), now.micros()])?;
            }
            Ok(())
        })
        .await
    }

    async fn waiting_matches(&self, id: i64, since: Timestamp, limit: usize) -> Result<Vec<Match>> {
        self.read(move |db| {
            let sql = "SELECT replay, matched_at FROM alert_matches
                 WHERE alert_id = ? AND message_id IS NULL AND matched_at >= ?
                 ORDER BY matched_at, replay LIMIT ?";
            list(db, sql, [id, since.micros(), signed(limit)], found)
        })
        .await
    }

    async fn add_message(&self, message: &NewMessage) -> Result<()> {
        let new = message.clone();
        self.write(move |db| {
            let mut mark = db.prepare_cached(
                "UPDATE alert_matches SET message_id = ? WHERE alert_id = ? AND replay = ?",
            )?;
            for replay in &new.replays {
                mark.execute(params![new.message_id, new.alert, replay.as_bytes()])?;
            }
            let mut insert = db.prepare_cached(
                "INSERT INTO alert_deliveries (alert_id, message_id, channel, is_test, status, due_at, created_at)
                 VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?5)",
            )?;
            for channel in &new.channels {
                insert.execute(params![new.alert, new.message_id, channel, new.is_test, new.now.micros()])?;
            }
            Ok(())
        })
        .await
    }

    async fn replays_of_message(&self, message_id: &str) -> Result<Vec<ReplayId>> {
        let message_id = message_id.to_owned();
        self.read(move |db| {
            let sql =
                "SELECT replay FROM alert_matches WHERE message_id = ? ORDER BY matched_at, replay";
            list(db, sql, [message_id], |row| {
                Ok(ReplayId::from_bytes(row.get(0)?))
            })
        })
        .await
    }

    async fn last_message_at(&self, id: i64) -> Result<Option<Timestamp>> {
        self.read(move |db| {
            let sql =
                "SELECT max(created_at) FROM alert_deliveries WHERE alert_id = ? AND is_test = 0";
            Ok(db
                .prepare_cached(sql)?
                .query_row([id], |row| maybe_time(row, 0))?)
        })
        .await
    }

    async fn pending_deliveries(&self, id: i64) -> Result<u64> {
        self.read(move |db| {
            let sql =
                "SELECT count(*) FROM alert_deliveries WHERE alert_id = ? AND due_at IS NOT NULL";
            let count: i64 = db.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn due_deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>> {
        self.read(move |db| {
            let sql = format!(
                "{DELIVERY} WHERE d.id IN (
                     SELECT min(w.id) FROM alert_deliveries w JOIN alerts o ON o.id = w.alert_id
                     WHERE w.due_at <= ? AND (o.paused IS NULL OR w.is_test) GROUP BY w.alert_id)
                 ORDER BY d.due_at, d.id LIMIT ?"
            );
            list(db, &sql, [now.micros(), signed(limit)], delivery)
        })
        .await
    }

    async fn next_due_delivery(&self) -> Result<Option<Timestamp>> {
        self.read(move |db| {
            let sql =
                "SELECT min(d.due_at) FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id
                 WHERE d.due_at IS NOT NULL AND (a.paused IS NULL OR d.is_test)";
            Ok(db
                .prepare_cached(sql)?
                .query_row([], |row| maybe_time(row, 0))?)
        })
        .await
    }

    async fn finish_delivery(
        &self,
        delivery: &Delivery,
        tried: &Tried,
        outcome: &str,
        now: Timestamp,
    ) -> Result<u64> {
        let (delivery, tried, outcome) = (delivery.clone(), tried.clone(), outcome.to_owned());
        self.write(move |db| {
            let (status, due_at) = match tried {
                Tried::Delivered => ("delivered", None),
                Tried::Later(at) => ("pending", Some(at.micros())),
                Tried::GivenUp => ("failed", None),
            };
            db.execute(
                "UPDATE alert_deliveries SET status = ?, due_at = ?, attempts = attempts + 1, outcome = ?, tried_at = ?
                 WHERE id = ?",
                params![status, due_at, outcome, now.micros(), delivery.id],
            )?;
            let failures = match tried {
                Tried::Delivered => Some("0"),
                Tried::GivenUp => Some("failures + 1"),
                Tried::Later(_) => None,
            };
            // A test says nothing about the series.
            if let Some(failures) = failures.filter(|_| !delivery.is_test) {
                let sql = format!("UPDATE alerts SET failures = {failures} WHERE id = ?");
                db.execute(&sql, [delivery.alert])?;
            }
            let sql = "SELECT failures FROM alerts WHERE id = ?";
            let failures: Option<i64> =
                db.query_row(sql, [delivery.alert], |row| row.get(0)).optional()?;
            Ok(failures.unwrap_or(0).unsigned_abs())
        })
        .await
    }

    async fn deliveries(
        &self,
        id: i64,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read(move |db| {
            let sql =
                format!("{DELIVERY} WHERE d.alert_id = ? AND d.id < ? ORDER BY d.id DESC LIMIT ?");
            let before = before.unwrap_or(i64::MAX);
            list(db, &sql, [id, before, signed(limit)], delivery)
        })
        .await
    }

    async fn forget_old_alert_matches(&self, before: Timestamp) -> Result<()> {
        self.write(move |db| {
            let before = [before.micros()];
            db.execute("DELETE FROM alert_matches WHERE matched_at < ?", before)?;
            db.execute(
                "DELETE FROM alert_deliveries WHERE due_at IS NULL AND created_at < ?",
                before,
            )?;
            Ok(())
        })
        .await
    }
}
