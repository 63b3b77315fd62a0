//! Comments, who saw what, ratings, personal settings.

use super::SqliteCatalog;
use crate::catalog::collaboration::{
    Author, Collaboration, Comment, NewComment, NewRating, Notes, Rating, Viewing,
};
use crate::{Error, Result};
use model::{ProjectId, ReplayId, Timestamp, UserId};
use rusqlite::{ErrorCode, OptionalExtension, Row, params};

const COMMENT: &str =
    "SELECT c.id, c.replay_id, c.at_ms, c.text, c.created_at, u.id, u.name, u.email
     FROM comments c JOIN users u ON u.id = c.user_id";
const RATING: &str =
    "SELECT r.replay_id, r.rating, r.reason, r.text, r.created_at, u.id, u.name, u.email
     FROM ratings r JOIN users u ON u.id = r.user_id";

fn author(row: &Row<'_>, at: usize) -> rusqlite::Result<Author> {
    Ok(Author {
        id: UserId(row.get(at)?),
        name: row.get(at + 1)?,
        email: row.get(at + 2)?,
    })
}

fn comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: row.get(0)?,
        replay: ReplayId::from_bytes(row.get(1)?),
        at_ms: row.get(2)?,
        text: row.get(3)?,
        created_at: Timestamp::from_micros(row.get(4)?),
        author: author(row, 5)?,
    })
}

fn rating(row: &Row<'_>) -> rusqlite::Result<Rating> {
    Ok(Rating {
        replay: ReplayId::from_bytes(row.get(0)?),
        rating: row.get(1)?,
        reason: row.get(2)?,
        text: row.get(3)?,
        created_at: Timestamp::from_micros(row.get(4)?),
        author: author(row, 5)?,
    })
}

/// A foreign key that fails means that the replay has gone, or is so new that its
/// row is not written yet.
pub(super) fn no_replay(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Error::NotFound("replay".to_owned()),
        _ => error.into(),
    }
}

#[async_trait::async_trait]
impl Collaboration for SqliteCatalog {
    async fn add_comment(&self, new: &NewComment) -> Result<Comment> {
        let new = new.clone();
        self.write(move |db| {
            db.execute(
                "INSERT INTO comments (replay_id, user_id, at_ms, text, created_at) VALUES (?, ?, ?, ?, ?)",
                params![new.replay.as_bytes(), new.user.0, new.at_ms, new.text, new.now.micros()],
            )
            .map_err(no_replay)?;
            let sql = format!("{COMMENT} WHERE c.id = ?");
            Ok(db.query_row(&sql, [db.last_insert_rowid()], comment)?)
        })
        .await
    }

    async fn comments(&self, replay: ReplayId) -> Result<Vec<Comment>> {
        self.read(move |db| {
            let sql = format!("{COMMENT} WHERE c.replay_id = ? ORDER BY c.at_ms, c.id");
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map([replay.as_bytes()], comment)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn comment(&self, id: i64) -> Result<Option<Comment>> {
        self.read(move |db| {
            let sql = format!("{COMMENT} WHERE c.id = ?");
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_row([id], comment).optional()?)
        })
        .await
    }

    async fn delete_comment(&self, id: i64) -> Result<()> {
        self.write(move |db| {
            db.execute("DELETE FROM comments WHERE id = ?", [id])?;
            Ok(())
        })
        .await
    }

    async fn put_seen(&self, replay: ReplayId, user: UserId, now: Timestamp) -> Result<()> {
        self.write(move |db| {
            db.execute(
                "INSERT INTO seen (replay_id, user_id, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                params![replay.as_bytes(), user.0, now.micros()],
            )
            .map_err(no_replay)?;
            Ok(())
        })
        .await
    }

    async fn delete_seen(&self, replay: ReplayId, user: UserId) -> Result<()> {
        self.write(move |db| {
            db.execute(
                "DELETE FROM seen WHERE replay_id = ? AND user_id = ?",
                params![replay.as_bytes(), user.0],
            )?;
            Ok(())
        })
        .await
    }

    async fn viewers(&self, replay: ReplayId) -> Result<Vec<Viewing>> {
        self.read(move |db| {
            let sql = "SELECT s.seen_at, u.id, u.name, u.email FROM seen s JOIN users u ON u.id = s.user_id
                 WHERE s.replay_id = ? ORDER BY s.seen_at, u.id";
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_map([replay.as_bytes()], |row| {
                Ok(Viewing {
                    seen_at: Timestamp::from_micros(row.get(0)?),
                    viewer: author(row, 1)?,
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn notes(&self, replays: &[ReplayId], user: Option<UserId>) -> Result<Vec<Notes>> {
        let replays = replays.to_vec();
        self.read(move |db| {
            let sql = "SELECT (SELECT count(*) FROM comments WHERE replay_id = ?1),
                 EXISTS (SELECT 1 FROM seen WHERE replay_id = ?1 AND user_id = ?2)";
            let mut statement = db.prepare_cached(sql)?;
            let mut notes = Vec::with_capacity(replays.len());
            for replay in replays {
                let of_one = params![replay.as_bytes(), user.map(|user| user.0)];
                notes.push(statement.query_row(of_one, |row| {
                    Ok(Notes {
                        comment_count: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                        seen: row.get(1)?,
                    })
                })?);
            }
            Ok(notes)
        })
        .await
    }

    async fn put_rating(&self, new: &NewRating) -> Result<()> {
        let new = new.clone();
        self.write(move |db| {
            let sql = "INSERT INTO ratings (replay_id, user_id, project_id, rating, reason, text, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (replay_id, user_id) DO UPDATE SET
                 rating = excluded.rating, reason = excluded.reason, text = excluded.text, created_at = excluded.created_at";
            db.execute(
                sql,
                params![
                    new.replay.as_bytes(), new.user.0, new.project.0, new.rating, new.reason, new.text, new.now.micros()
                ],
            )
            .map_err(no_replay)?;
            Ok(())
        })
        .await
    }

    async fn rating(&self, replay: ReplayId, user: UserId) -> Result<Option<Rating>> {
        self.read(move |db| {
            let sql = format!("{RATING} WHERE r.replay_id = ? AND r.user_id = ?");
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement
                .query_row(params![replay.as_bytes(), user.0], rating)
                .optional()?)
        })
        .await
    }

    async fn ratings(&self, project: ProjectId, limit: usize) -> Result<Vec<Rating>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |db| {
            let sql = format!("{RATING} WHERE r.project_id = ? ORDER BY r.created_at DESC LIMIT ?");
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(params![project.0, limit], rating)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn person_settings(&self, user: UserId) -> Result<Option<String>> {
        self.read(move |db| {
            let sql = "SELECT json FROM person_settings WHERE user_id = ?";
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_row([user.0], |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn put_person_settings(&self, user: UserId, json: &str) -> Result<()> {
        let json = json.to_owned();
        self.write(move |db| {
            db.execute(
                "INSERT INTO person_settings (user_id, json) VALUES (?, ?)
                 ON CONFLICT (user_id) DO UPDATE SET json = excluded.json",
                params![user.0, json],
            )?;
            Ok(())
        })
        .await
    }
}
