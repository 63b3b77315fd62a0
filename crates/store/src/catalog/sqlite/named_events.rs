//! Names that people give to captured events.

use super::SqliteCatalog;
use super::collections::{all, changed, one, owner, time};
use crate::catalog::named_events::{NamedEvent, NamedEventCatalog};
use crate::{Error, Result};
use model::{ProjectId, Timestamp, UserId};
use rusqlite::{ErrorCode, Row, params};

const NAMED_EVENT: &str = "SELECT n.id, n.project_id, n.name, n.definition, \
     n.created_at, n.changed_at, u.id, u.name, u.email \
     FROM named_events n LEFT JOIN users u ON u.id = n.owner_id WHERE n.project_id = ?1";

fn named_event(row: &Row<'_>) -> rusqlite::Result<NamedEvent> {
    Ok(NamedEvent {
        id: row.get(0)?,
        project: ProjectId(row.get(1)?),
        name: row.get(2)?,
        definition: row.get(3)?,
        created_at: time(row, 4)?,
        changed_at: time(row, 5)?,
        owner: owner(row, 6)?,
    })
}

fn name_taken(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            Error::Conflict("a named event with this name".into())
        }
        _ => error.into(),
    }
}

#[async_trait::async_trait]
impl NamedEventCatalog for SqliteCatalog {
    async fn named_events(&self, project: ProjectId) -> Result<Vec<NamedEvent>> {
        self.read(move |db| all(db, NAMED_EVENT, project, named_event))
            .await
    }

    async fn named_event(&self, project: ProjectId, id: i64) -> Result<Option<NamedEvent>> {
        self.read(move |db| one(db, NAMED_EVENT, "n.id", project, id, named_event))
            .await
    }

    async fn add_named_event(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<i64> {
        let (name, definition) = (name.to_owned(), definition.to_owned());
        self.write(move |db| {
            let at = now.micros();
            db.execute(
                "INSERT INTO named_events (project_id, owner_id, name, definition, created_at, changed_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![project.0, owner.map(|it| it.0), name, definition, at, at],
            )
            .map_err(name_taken)?;
            Ok(db.last_insert_rowid())
        })
        .await
    }

    async fn update_named_event(
        &self,
        project: ProjectId,
        id: i64,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<()> {
        let (name, definition) = (name.to_owned(), definition.to_owned());
        self.write(move |db| {
            let sql = "UPDATE named_events SET name = ?, definition = ?, changed_at = ? WHERE project_id = ? AND id = ?";
            let values = params![name, definition, now.micros(), project.0, id];
            let count = db.execute(sql, values).map_err(name_taken)?;
            changed(count, "named event", id)
        })
        .await
    }

    async fn delete_named_event(&self, project: ProjectId, id: i64) -> Result<()> {
        self.write(move |db| {
            let sql = "DELETE FROM named_events WHERE project_id = ? AND id = ?";
            changed(db.execute(sql, [project.0, id])?, "named event", id)
        })
        .await
    }
}
