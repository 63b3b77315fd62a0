//! Mail about deletions that is not sent yet.

use super::SqliteCatalog;
use super::rows::{self, USER_COLUMNS};
use crate::Result;
use crate::catalog::User;
use crate::catalog::deletion::DeletionKind;
use crate::catalog::notices::{NewNotice, Notice, NoticeCatalog};
use model::{OrganisationId, Timestamp, UserId};
use rusqlite::{OptionalExtension, Row, params};

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    let kind: String = row.get(4)?;
    let mut kinds = DeletionKind::ALL.into_iter();
    Ok(Notice {
        id: row.get(0)?,
        about: NewNotice {
            message_id: row.get(1)?,
            organisation: OrganisationId(row.get(2)?),
            project_name: row.get(3)?,
            kind: kinds
                .find(|it| it.name() == kind)
                .unwrap_or(DeletionKind::User),
            target_count: row.get::<_, i64>(5)?.unsigned_abs(),
            requested_by: UserId(row.get(6)?),
            requested_at: Timestamp::from_micros(row.get(7)?),
        },
        attempts: row.get::<_, i64>(8)?.unsigned_abs(),
    })
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait::async_trait]
impl NoticeCatalog for SqliteCatalog {
    async fn add_notice(&self, new: &NewNotice, max_waiting: usize) -> Result<bool> {
        let new = new.clone();
        self.write(move |db| {
            let added = db.execute(
                "INSERT INTO deletion_notices (message_id, organisation_id, project_name, kind, target_count,
                     requested_by, requested_at, due_at)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7 WHERE (SELECT count(*) FROM deletion_notices) < ?8",
                params![
                    new.message_id,
                    new.organisation.0,
                    new.project_name,
                    new.kind.name(),
                    new.target_count.cast_signed(),
                    new.requested_by.0,
                    new.requested_at.micros(),
                    signed(max_waiting),
                ],
            )?;
            Ok(added > 0)
        })
        .await
    }

    async fn due_notice(&self, now: Timestamp) -> Result<Option<Notice>> {
        self.read(move |db| {
            let sql = "SELECT id, message_id, organisation_id, project_name, kind, target_count,
                     requested_by, requested_at, attempts
                 FROM deletion_notices WHERE due_at <= ? ORDER BY due_at, id LIMIT 1";
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_row([now.micros()], notice).optional()?)
        })
        .await
    }

    async fn next_due_notice(&self) -> Result<Option<Timestamp>> {
        self.read(move |db| {
            let sql = "SELECT min(due_at) FROM deletion_notices";
            let mut statement = db.prepare_cached(sql)?;
            let next: Option<i64> = statement.query_row([], |row| row.get(0))?;
            Ok(next.map(Timestamp::from_micros))
        })
        .await
    }

    async fn retry_notice(&self, id: i64, due_at: Timestamp) -> Result<()> {
        self.write(move |db| {
            let sql =
                "UPDATE deletion_notices SET attempts = attempts + 1, due_at = ?2 WHERE id = ?1";
            db.execute(sql, params![id, due_at.micros()])?;
            Ok(())
        })
        .await
    }

    async fn delete_notice(&self, id: i64) -> Result<()> {
        self.write(move |db| {
            db.execute("DELETE FROM deletion_notices WHERE id = ?", [id])?;
            Ok(())
        })
        .await
    }

    async fn owners(&self, organisation: OrganisationId, limit: usize) -> Result<Vec<User>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {USER_COLUMNS} FROM users WHERE organisation_id = ? AND role = 'owner' ORDER BY id LIMIT ?"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found =
                statement.query_map(params![organisation.0, signed(limit)], rows::user)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
