//! The logs of changes that a search index follows.

use super::rows::{self, EVENT_COLUMNS, REPLAY_COLUMNS};
use super::{SqliteCatalog, replays};
use crate::Result;
use crate::catalog::Event;
use crate::catalog::search::{LogEnds, SearchCatalog};
use model::replay::Replay;
use model::{ProjectId, ReplayId, UserId};
use rusqlite::{OptionalExtension, params};
use std::collections::{BTreeSet, HashSet};

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl SearchCatalog for SqliteCatalog {
    async fn log_ends(&self) -> Result<LogEnds> {
        self.read(|db| {
            let mut last = db.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?")?;
            let mut end = |table: &str| -> Result<u64> {
                let found: Option<i64> = last.query_row([table], |row| row.get(0)).optional()?;
                Ok(found.unwrap_or(0).unsigned_abs())
            };
            Ok(LogEnds {
                events: end("events")?,
                replays: end("replay_changes")?,
            })
        })
        .await
    }

    async fn projects_changed_after(&self, after: LogEnds) -> Result<Vec<ProjectId>> {
        self.read(move |db| {
            let mut found = BTreeSet::new();
            for (table, after) in [("events", after.events), ("replay_changes", after.replays)] {
                // From the start, one search for each project instead of all entries.
                let sql = match after {
                    0 => format!("SELECT id FROM projects p WHERE EXISTS (SELECT 1 FROM {table} WHERE project_id = p.id AND id > ?)"),
                    _ => format!("SELECT DISTINCT project_id FROM {table} WHERE id > ?"),
                };
                let mut statement = db.prepare_cached(&sql)?;
                let projects = statement.query_map([signed(after)], |row| row.get(0))?;
                for project in projects {
                    found.insert(ProjectId(project?));
                }
            }
            Ok(found.into_iter().collect())
        })
        .await
    }

    async fn changes_after(&self, project: ProjectId, after: LogEnds) -> Result<LogEnds> {
        self.read(move |db| {
            let count = |table: &str, after: u64| -> Result<u64> {
                let sql = format!("SELECT count(*) FROM {table} WHERE project_id = ? AND id > ?");
                let mut statement = db.prepare_cached(&sql)?;
                let count: i64 =
                    statement.query_row(params![project.0, signed(after)], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            Ok(LogEnds {
                events: count("events", after.events)?,
                replays: count("replay_changes", after.replays)?,
            })
        })
        .await
    }

    async fn events_after(
        &self,
        project: ProjectId,
        after: u64,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<(u64, Event)>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {EVENT_COLUMNS}, id FROM events WHERE project_id = ? AND id > ? ORDER BY id LIMIT ?"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let limit = signed(limit as u64);
            let rows = statement.query_map(params![project.0, signed(after), limit], rows::numbered_event)?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            for row in rows {
                let (number, event) = row?;
                bytes += event.json.len();
                found.push((number, event));
                if bytes >= max_bytes {
                    break;
                }
            }
            Ok(found)
        })
        .await
    }

    async fn replays_changed_after(
        &self,
        project: ProjectId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Replay)>> {
        self.read(move |db| {
            let mut changes = db.prepare_cached(
                "SELECT id, replay FROM replay_changes WHERE project_id = ? AND id > ? ORDER BY id LIMIT ?",
            )?;
            let limit = signed(limit as u64);
            let changes = changes.query_map(params![project.0, signed(after), limit], |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), ReplayId::from_bytes(row.get(1)?)))
            })?;
            let mut found = Vec::new();
            for change in changes {
                let (number, id) = change?;
                found.extend(replays::one(db, id)?.map(|replay| (number, replay)));
            }
            Ok(found)
        })
        .await
    }

    async fn replays(&self, project: ProjectId, ids: &[ReplayId]) -> Result<Vec<Replay>> {
        let ids = ids.to_vec();
        self.read(move |db| {
            let sql =
                format!("SELECT {REPLAY_COLUMNS} FROM replays WHERE id = ? AND project_id = ?");
            let mut one = db.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let row = one.query_row(params![id.as_bytes(), project.0], rows::replay);
                found.extend(row.optional()?);
            }
            Ok(found)
        })
        .await
    }

    async fn events_by_number(
        &self,
        project: ProjectId,
        numbers: &[u64],
    ) -> Result<Vec<(u64, Event)>> {
        let numbers = numbers.to_vec();
        self.read(move |db| {
            let sql =
                format!("SELECT {EVENT_COLUMNS}, id FROM events WHERE id = ? AND project_id = ?");
            let mut one = db.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(numbers.len());
            for number in numbers {
                let row = one.query_row(params![signed(number), project.0], rows::numbered_event);
                found.extend(row.optional()?);
            }
            Ok(found)
        })
        .await
    }

    async fn seen_replays(&self, project: ProjectId, user: UserId) -> Result<HashSet<ReplayId>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT s.replay_id FROM seen s JOIN replays r ON r.id = s.replay_id
                 WHERE s.user_id = ? AND r.project_id = ?",
            )?;
            let ids = statement.query_map([user.0, project.0], |row| row.get(0))?;
            ids.map(|id| Ok(ReplayId::from_bytes(id?))).collect()
        })
        .await
    }
}
