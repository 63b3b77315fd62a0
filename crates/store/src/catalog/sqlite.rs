//! The catalog in SQLite: one writer, several readers, write-ahead log,
//! `synchronous=FULL`, so that a commit survives a loss of power.

mod alerts;
mod assets;
mod collaboration;
mod collections;
mod deletion;
mod erasure;
mod errors;
mod issues;
mod named_events;
mod notices;
mod people;
mod replays;
mod rows;
mod search;
mod tokens;
mod videos;

use super::{
    Catalog, Event, Installation, NewProject, Organisation, Project, ReplayQuery, ReplaySums,
    Session, User,
};
use crate::{Error, Result};
use model::replay::Replay;
use model::{OrganisationId, ProjectId, ReplayId, Timestamp, UserId};
use rows::{EVENT_COLUMNS, PROJECT_COLUMNS, USER_COLUMNS};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Applied in order; the database counts them in `user_version`.
const MIGRATIONS: &[&str] = &[
    include_str!("sqlite/migrations/0001_start.sql"),
    include_str!("sqlite/migrations/0002_app.sql"),
    include_str!("sqlite/migrations/0003_errors_people.sql"),
    include_str!("sqlite/migrations/0004_search.sql"),
    include_str!("sqlite/migrations/0005_capture.sql"),
    include_str!("sqlite/migrations/0006_frustration.sql"),
    include_str!("sqlite/migrations/0007_retention.sql"),
    include_str!("sqlite/migrations/0008_collections.sql"),
    include_str!("sqlite/migrations/0009_token_scopes.sql"),
    include_str!("sqlite/migrations/0010_frustration_settings.sql"),
    include_str!("sqlite/migrations/0011_named_events.sql"),
    include_str!("sqlite/migrations/0012_deletion_changes.sql"),
    include_str!("sqlite/migrations/0013_deletion_notices.sql"),
];
/// Idle reading connections that are kept open.
const READERS_KEPT: usize = 4;

pub struct SqliteCatalog(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteCatalog {
    /// Opens or creates the database and brings its schema up to date.
    ///
    /// # Errors
    /// Also when a newer version of the product wrote the database.
    pub fn open(path: &Path) -> Result<Self> {
        let mut writer = connect(path)?;
        migrate(&mut writer)?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.clone();
        blocking(move || {
            let kept = lock(&inner.readers).pop();
            let connection = kept.map_or_else(|| connect(&inner.path), Ok)?;
            let answer = work(&connection);
            let mut readers = lock(&inner.readers);
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
            answer
        })
        .await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.clone();
        blocking(move || {
            let mut writer = lock(&inner.writer);
            let transaction =
                writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(format!("database task: {error}")))?
}

/// A panic inside a transaction rolls it back when the guard is dropped, so the
/// connection behind a poisoned lock is sound.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA cache_size = -4096;",
    )?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = version as usize;
    if version > MIGRATIONS.len() {
        return Err(Error::Internal(format!(
            "the database has schema {version}, this program knows up to {}: it was written by a newer version",
            MIGRATIONS.len()
        )));
    }
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    transaction.commit()?;
    Ok(())
}

#[async_trait::async_trait]
impl Catalog for SqliteCatalog {
    async fn is_set_up(&self) -> Result<bool> {
        self.read(|db| {
            Ok(
                db.query_row("SELECT EXISTS (SELECT 1 FROM organisations)", [], |row| {
                    row.get(0)
                })?,
            )
        })
        .await
    }

    async fn install(&self, installation: &Installation) -> Result<()> {
        let new = installation.clone();
        self.write(move |db| {
            if db.query_row("SELECT EXISTS (SELECT 1 FROM organisations)", [], |row| row.get(0))? {
                return Err(Error::Conflict("an organisation".to_owned()));
            }
            let now = new.now.micros();
            db.execute("INSERT INTO organisations (name) VALUES (?)", [&new.organisation])?;
            let organisation = db.last_insert_rowid();
            db.execute(
                "INSERT INTO users (organisation_id, email, name, password_hash, role, created_at) VALUES (?, ?, ?, ?, 'owner', ?)",
                params![organisation, new.email, new.name, new.password_hash, now],
            )?;
            db.execute(
                "INSERT INTO projects (organisation_id, name, ingest_key, time_zone, retention_days, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                params![organisation, new.project, new.ingest_key, new.time_zone, new.retention_days, now],
            )?;
            let project = db.last_insert_rowid();
            if let Some(token_hash) = new.api_token_hash {
                db.execute("INSERT INTO api_tokens (token_hash, project_id, name, created_at) VALUES (?, ?, 'first token', ?)", params![token_hash, project, now])?;
            }
            Ok(())
        })
        .await
    }

    async fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>> {
        self.read(move |db| {
            let found = db
                .query_row(
                    "SELECT name FROM organisations WHERE id = ?",
                    [id.0],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(found.map(|name| Organisation { id, name }))
        })
        .await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.read(move |db| {
            let sql = format!("SELECT {USER_COLUMNS} FROM users WHERE id = ?");
            Ok(db
                .prepare_cached(&sql)?
                .query_row([id.0], rows::user)
                .optional()?)
        })
        .await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let email = email.to_owned();
        self.read(move |db| {
            let sql = format!("SELECT {USER_COLUMNS} FROM users WHERE email = ?");
            Ok(db
                .prepare_cached(&sql)?
                .query_row([email], rows::user)
                .optional()?)
        })
        .await
    }

    async fn projects(&self, organisation: OrganisationId) -> Result<Vec<Project>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {PROJECT_COLUMNS} FROM projects p WHERE p.organisation_id = ? AND p.deleted_at IS NULL ORDER BY p.id"
            );
            Ok(db
                .prepare_cached(&sql)?
                .query_map([organisation.0], rows::project)?
                .collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn project(&self, id: ProjectId) -> Result<Option<Project>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {PROJECT_COLUMNS} FROM projects p WHERE p.id = ? AND p.deleted_at IS NULL"
            );
            Ok(db
                .prepare_cached(&sql)?
                .query_row([id.0], rows::project)
                .optional()?)
        })
        .await
    }

    async fn first_project(&self) -> Result<Option<Project>> {
        self.read(|db| {
            let sql = format!("SELECT {PROJECT_COLUMNS} FROM projects p WHERE p.deleted_at IS NULL ORDER BY p.id LIMIT 1");
            Ok(db
                .prepare_cached(&sql)?
                .query_row([], rows::project)
                .optional()?)
        })
        .await
    }

    async fn project_by_ingest_key(&self, key: &str) -> Result<Option<Project>> {
        let key = key.to_owned();
        self.read(move |db| {
            let sql = format!("SELECT {PROJECT_COLUMNS} FROM projects p WHERE p.ingest_key = ?");
            Ok(db
                .prepare_cached(&sql)?
                .query_row([key], rows::project)
                .optional()?)
        })
        .await
    }

    async fn add_project(&self, project: &NewProject) -> Result<Project> {
        let new = project.clone();
        self.write(move |db| {
            let sql =
                "INSERT INTO projects (organisation_id, name, ingest_key, time_zone, retention_days, created_at)
                 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (ingest_key) DO NOTHING";
            let added = db.execute(
                sql,
                params![
                    new.organisation_id.0,
                    new.name,
                    new.ingest_key,
                    new.time_zone,
                    new.retention_days,
                    new.now.micros()
                ],
            )?;
            if added == 0 {
                return Err(Error::Conflict("a project with this ingest key".to_owned()));
            }
            Ok(Project {
                id: ProjectId(db.last_insert_rowid()),
                organisation_id: new.organisation_id,
                name: new.name,
                ingest_key: new.ingest_key,
                time_zone: new.time_zone,
                capture_enabled: true,
                capture: "{}".to_owned(),
                retention_days: new.retention_days,
                frustration: "{}".to_owned(),
            })
        })
        .await
    }

    async fn update_project(&self, project: &Project) -> Result<()> {
        let project = project.clone();
        self.write(move |db| {
            db.execute(
                "UPDATE projects SET name = ?, time_zone = ?, capture_enabled = ?, capture = ?, retention_days = ?, frustration = ? WHERE id = ?",
                params![
                    project.name,
                    project.time_zone,
                    project.capture_enabled,
                    project.capture,
                    project.retention_days,
                    project.frustration,
                    project.id.0
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn put_session(&self, session: &Session) -> Result<()> {
        let session = session.clone();
        self.write(move |db| {
            db.execute(
                "INSERT INTO sessions (token_hash, user_id, csrf_token, expires_at) VALUES (?, ?, ?, ?)",
                params![session.token_hash, session.user_id.0, session.csrf_token, session.expires_at.micros()],
            )?;
            Ok(())
        })
        .await
    }

    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>> {
        let token_hash = *token_hash;
        self.read(move |db| {
            let sql = "SELECT user_id, csrf_token, expires_at FROM sessions WHERE token_hash = ?";
            let found = db.prepare_cached(sql)?.query_row([token_hash], |row| {
                Ok(Session {
                    token_hash,
                    user_id: UserId(row.get(0)?),
                    csrf_token: row.get(1)?,
                    expires_at: Timestamp::from_micros(row.get(2)?),
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<()> {
        let token_hash = *token_hash;
        self.write(move |db| {
            db.execute("DELETE FROM sessions WHERE token_hash = ?", [token_hash])?;
            Ok(())
        })
        .await
    }

    async fn delete_expired_sessions(&self, now: Timestamp) -> Result<()> {
        self.write(move |db| {
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", [now.micros()])?;
            Ok(())
        })
        .await
    }

    async fn put_replays(&self, replays: &[Replay]) -> Result<()> {
        let replays = replays.to_vec();
        self.write(move |db| replays::put(db, &replays)).await
    }

    async fn replay(&self, id: ReplayId) -> Result<Option<Replay>> {
        self.read(move |db| replays::one(db, id)).await
    }

    async fn list_replays(&self, project: ProjectId, query: &ReplayQuery) -> Result<Vec<Replay>> {
        let query = query.clone();
        self.read(move |db| replays::list(db, project, &query))
            .await
    }

    async fn replay_sums(
        &self,
        project: ProjectId,
        stretches: &[Range<Timestamp>],
    ) -> Result<Vec<ReplaySums>> {
        let stretches = stretches.to_vec();
        self.read(move |db| replays::sums(db, project, &stretches))
            .await
    }

    async fn put_events(&self, project: ProjectId, events: &[Event]) -> Result<u64> {
        let events = events.to_vec();
        self.write(move |db| {
            let mut added = 0;
            let mut insert = db.prepare_cached(rows::PUT_EVENT)?;
            let mut name_user = db.prepare_cached(
                "UPDATE replays SET user_id = ?1 WHERE project_id = ?2 AND device_id = ?3 AND session_id = ?4
                 AND user_id IS NOT ?1",
            )?;
            let mut name_replay =
                db.prepare_cached("UPDATE replays SET user_id = ?1 WHERE id = ?2 AND user_id IS NOT ?1")?;
            for event in &events {
                let new = rows::put_event(&mut insert, project, event)?;
                added += new as u64;
                if new > 0
                    && let Some(user) = &event.user_id
                {
                    if let Some(session) = &event.session_id {
                        name_user.execute(params![user, project.0, event.device_id, session])?;
                    }
                    if let Some(replay) = &event.replay {
                        name_replay.execute(params![user, replay.as_bytes()])?;
                    }
                }
            }
            Ok(added)
        })
        .await
    }

    async fn list_events(
        &self,
        project: ProjectId,
        event_type: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Event>> {
        let event_type = event_type.map(str::to_owned);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |db| {
            let of_type = if event_type.is_some() { "event_type = ?2" } else { "?2 IS NULL" };
            let sql = format!(
                "SELECT {EVENT_COLUMNS} FROM events WHERE project_id = ?1 AND {of_type} ORDER BY timestamp DESC, id DESC LIMIT ?3"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(params![project.0, event_type, limit], rows::event)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn user_of(
        &self,
        project: ProjectId,
        device_id: &str,
        session_id: &str,
    ) -> Result<Option<String>> {
        let (device_id, session_id) = (device_id.to_owned(), session_id.to_owned());
        self.read(move |db| {
            let sql = "SELECT user_id FROM events
                 WHERE project_id = ? AND device_id = ? AND session_id = ? AND user_id IS NOT NULL
                 ORDER BY id DESC LIMIT 1";
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement
                .query_row(params![project.0, device_id, session_id], |row| row.get(0))
                .optional()?)
        })
        .await
    }
}
