//! API tokens.

use super::SqliteCatalog;
use super::rows::{self, PROJECT_COLUMNS};
use crate::catalog::Project;
use crate::catalog::tokens::{ApiToken, NewToken, TokenCatalog};
use crate::{Error, Result};
use model::{ProjectId, Scopes, Timestamp, UserId};
use rusqlite::{OptionalExtension, Row, params};

/// With names of their own, for they also stand behind the columns of a project.
const TOKEN_COLUMNS: &str = "t.id AS token_id, t.name AS token_name, t.scopes, t.created_by, \
     t.created_at AS token_created_at, t.expires_at, t.last_used_at";

fn token(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(ApiToken {
        id: row.get("token_id")?,
        name: row.get("token_name")?,
        scopes: Scopes::parse(&row.get::<_, String>("scopes")?),
        created_by: row.get::<_, Option<i64>>("created_by")?.map(UserId),
        created_at: Timestamp::from_micros(row.get("token_created_at")?),
        expires_at: time(row.get("expires_at")?),
        last_used_at: time(row.get("last_used_at")?),
    })
}

#[async_trait::async_trait]
impl TokenCatalog for SqliteCatalog {
    async fn add_api_token(&self, new: &NewToken) -> Result<ApiToken> {
        let new = new.clone();
        self.write(move |db| {
            db.execute(
                "INSERT INTO api_tokens (token_hash, project_id, name, scopes, created_by, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                params![
                    new.token_hash,
                    new.project.0,
                    new.name,
                    new.scopes.to_string(),
                    new.created_by.map(|user| user.0),
                    new.now.micros(),
                    new.expires_at.map(|at| at.micros()),
                ],
            )?;
            Ok(ApiToken {
                id: db.last_insert_rowid(),
                name: new.name,
                scopes: new.scopes,
                created_by: new.created_by,
                created_at: new.now,
                expires_at: new.expires_at,
                last_used_at: None,
            })
        })
        .await
    }

    async fn api_token(&self, token_hash: &[u8; 32]) -> Result<Option<(ApiToken, Project)>> {
        let token_hash = *token_hash;
        self.read(move |db| {
            let sql = format!(
                "SELECT {PROJECT_COLUMNS}, {TOKEN_COLUMNS} FROM api_tokens t
                 JOIN projects p ON p.id = t.project_id WHERE t.token_hash = ?"
            );
            let found = db
                .prepare_cached(&sql)?
                .query_row([token_hash], |row| Ok((token(row)?, rows::project(row)?)));
            Ok(found.optional()?)
        })
        .await
    }

    async fn api_tokens(&self, project: ProjectId) -> Result<Vec<ApiToken>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {TOKEN_COLUMNS} FROM api_tokens t WHERE t.project_id = ? ORDER BY token_id"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map([project.0], token)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn note_token_use(&self, id: i64, at: Timestamp) -> Result<()> {
        self.write(move |db| {
            db.execute(
                "UPDATE api_tokens SET last_used_at = ? WHERE id = ?",
                [at.micros(), id],
            )?;
            Ok(())
        })
        .await
    }

    async fn delete_api_token(&self, project: ProjectId, id: i64) -> Result<()> {
        self.write(move |db| {
            let deleted = db.execute(
                "DELETE FROM api_tokens WHERE project_id = ? AND id = ?",
                [project.0, id],
            )?;
            if deleted == 0 {
                Err(Error::NotFound(format!("API token {id}")))
            } else {
                Ok(())
            }
        })
        .await
    }
}
