//! Named searches, playlists, cohorts.

use super::SqliteCatalog;
use crate::catalog::collaboration::Author;
use crate::catalog::collections::{
    Cohort, CollectionCatalog, Member, Members, Playlist, PlaylistReplay, SavedSearch,
    SavedSearchDraft,
};
use crate::{Error, Result};
use model::{ProjectId, ReplayId, Timestamp, UserId};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

const SAVED_SEARCH: &str = "SELECT s.id, s.project_id, s.name, s.is_shared, s.definition, \
     s.created_at, s.changed_at, u.id, u.name, u.email \
     FROM saved_searches s LEFT JOIN users u ON u.id = s.owner_id WHERE s.project_id = ?1";
const PLAYLIST: &str = "SELECT p.id, p.project_id, p.name, p.is_shared, \
     (SELECT count(*) FROM playlist_replays r WHERE r.playlist_id = p.id), \
     p.created_at, p.changed_at, u.id, u.name, u.email \
     FROM playlists p LEFT JOIN users u ON u.id = p.owner_id WHERE p.project_id = ?1";
const COHORT: &str = "SELECT c.id, c.project_id, c.name, c.definition, \
     (SELECT count(*) FROM cohort_lines l WHERE l.cohort_id = c.id), \
     c.created_at, c.changed_at, u.id, u.name, u.email \
     FROM cohorts c LEFT JOIN users u ON u.id = c.owner_id WHERE c.project_id = ?1";

/// Who made something, from a row that may not say.
pub(super) fn owner(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Author>> {
    let Some(id) = row.get(at)? else {
        return Ok(None);
    };
    Ok(Some(Author {
        id: UserId(id),
        name: row.get(at + 1)?,
        email: row.get(at + 2)?,
    }))
}

pub(super) fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_micros(row.get(at)?))
}

fn saved_search(row: &Row<'_>) -> rusqlite::Result<SavedSearch> {
    Ok(SavedSearch {
        id: row.get(0)?,
        project: ProjectId(row.get(1)?),
        name: row.get(2)?,
        is_shared: row.get(3)?,
        definition: row.get(4)?,
        created_at: time(row, 5)?,
        changed_at: time(row, 6)?,
        owner: owner(row, 7)?,
    })
}

fn playlist(row: &Row<'_>) -> rusqlite::Result<Playlist> {
    Ok(Playlist {
        id: row.get(0)?,
        project: ProjectId(row.get(1)?),
        name: row.get(2)?,
        is_shared: row.get(3)?,
        replay_count: row.get::<_, i64>(4)?.unsigned_abs(),
        created_at: time(row, 5)?,
        changed_at: time(row, 6)?,
        owner: owner(row, 7)?,
    })
}

fn cohort(row: &Row<'_>) -> rusqlite::Result<Cohort> {
    Ok(Cohort {
        id: row.get(0)?,
        project: ProjectId(row.get(1)?),
        name: row.get(2)?,
        definition: row.get(3)?,
        line_count: row.get::<_, i64>(4)?.unsigned_abs(),
        created_at: time(row, 5)?,
        changed_at: time(row, 6)?,
        owner: owner(row, 7)?,
    })
}

/// All rows of a project, by name.
pub(super) fn all<T>(
    db: &Connection,
    sql: &str,
    project: ProjectId,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = db.prepare_cached(&format!("{sql} ORDER BY 3 COLLATE NOCASE, 1"))?;
    let found = statement.query_map([project.0], read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// One row of a project; `id` is the column.
pub(super) fn one<T>(
    db: &Connection,
    sql: &str,
    column: &str,
    project: ProjectId,
    id: i64,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = db.prepare_cached(&format!("{sql} AND {column} = ?2"))?;
    Ok(statement.query_row([project.0, id], read).optional()?)
}

pub(super) fn changed(count: usize, what: &str, id: i64) -> Result<()> {
    match count {
        0 => Err(Error::NotFound(format!("{what} {id}"))),
        _ => Ok(()),
    }
}

fn name_taken(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Error::Conflict("a cohort with this name".into()),
        _ => error.into(),
    }
}

/// Behind one identity: the person's id, user id and other identities.
struct Known<'a> {
    by_identity: rusqlite::CachedStatement<'a>,
    identities: rusqlite::CachedStatement<'a>,
    by_email: rusqlite::CachedStatement<'a>,
    in_replays: rusqlite::CachedStatement<'a>,
    in_events: rusqlite::CachedStatement<'a>,
}

impl<'a> Known<'a> {
    fn new(db: &'a Connection) -> Result<Self> {
        Ok(Self {
            by_identity: db.prepare_cached(
                "SELECT p.id, p.user_id FROM identities i JOIN people p ON p.id = i.person_id
                 WHERE i.project_id = ? AND i.identity = ?",
            )?,
            identities: db
                .prepare_cached("SELECT identity FROM identities WHERE person_id = ?")?,
            // Served by person_properties_by_value; values are JSON.
            by_email: db.prepare_cached(
                "SELECT p.id, p.user_id FROM person_properties v JOIN people p ON p.id = v.person_id
                 WHERE v.name IN ('email', '$email') AND lower(substr(v.value, 1, 200)) = lower(substr(?2, 1, 200))
                   AND p.project_id = ?1",
            )?,
            in_replays: db.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM replays WHERE project_id = ? AND device_id = ?)",
            )?,
            in_events: db.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM events WHERE project_id = ? AND device_id = ?)",
            )?,
        })
    }

    /// People who are meant by a line of a list, or by an id.
    fn people(&mut self, project: ProjectId, line: &str) -> Result<Vec<(i64, Option<String>)>> {
        let person = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let by_identity = self
            .by_identity
            .query_row(params![project.0, line], person)
            .optional()?;
        if by_identity.is_some() || !line.contains('@') {
            return Ok(by_identity.into_iter().collect());
        }
        let json = serde_json::Value::from(line).to_string();
        let found = self.by_email.query_map(params![project.0, json], person)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn has_device(&mut self, project: ProjectId, id: &str) -> Result<bool> {
        let id = params![project.0, id];
        Ok(self.in_replays.query_row(id, |row| row.get(0))?
            || self.in_events.query_row(id, |row| row.get(0))?)
    }
}

fn members<'l>(
    db: &Connection,
    project: ProjectId,
    lines: impl Iterator<Item = Result<String>> + 'l,
    must_be_known: bool,
) -> Result<Members> {
    let mut known = Known::new(db)?;
    let mut seen = BTreeSet::new();
    let mut found = BTreeMap::new();
    let mut identities = BTreeSet::new();
    let mut unmatched = Vec::new();
    for line in lines {
        let line = line?;
        let people = known.people(project, &line)?;
        if people.is_empty() {
            if must_be_known && !known.has_device(project, &line)? {
                unmatched.push(line);
                continue;
            }
            found.insert(line.clone(), (false, None));
            identities.insert(line);
            continue;
        }
        for (person, user_id) in people {
            if !seen.insert(person) {
                continue;
            }
            let own = known.identities.query_map([person], |row| row.get(0))?;
            let own: Vec<String> = own.collect::<rusqlite::Result<_>>()?;
            let is_user = user_id.is_some();
            let name = user_id.or_else(|| own.first().cloned());
            found.insert(name.unwrap_or_default(), (is_user, Some(person)));
            identities.extend(own);
        }
    }
    let members = found.into_iter().map(|(name, (is_user, person))| Member {
        name,
        is_user,
        person,
    });
    Ok(Members {
        members: members.collect(),
        identities: identities.into_iter().collect(),
        unmatched,
    })
}

fn put_replay(
    db: &Connection,
    playlist: i64,
    replay: ReplayId,
    position: usize,
    note: &str,
    added_at: i64,
) -> Result<usize> {
    let sql = "INSERT INTO playlist_replays VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let values = params![playlist, replay.as_bytes(), position, note, added_at];
    Ok(db.prepare_cached(sql)?.execute(values)?)
}

fn replays_of(db: &Connection, playlist: i64) -> Result<Vec<PlaylistReplay>> {
    let mut statement = db.prepare_cached(
        "SELECT replay, note, added_at FROM playlist_replays WHERE playlist_id = ? ORDER BY position",
    )?;
    let found = statement.query_map([playlist], |row| {
        Ok(PlaylistReplay {
            replay: ReplayId::from_bytes(row.get(0)?),
            note: row.get(1)?,
            added_at: time(row, 2)?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn touch_playlist(db: &Connection, playlist: i64, now: Timestamp) -> Result<()> {
    let sql = "UPDATE playlists SET changed_at = ? WHERE id = ?";
    let count = db.execute(sql, params![now.micros(), playlist])?;
    changed(count, "playlist", playlist)
}

#[async_trait::async_trait]
impl CollectionCatalog for SqliteCatalog {
    async fn saved_searches(&self, project: ProjectId) -> Result<Vec<SavedSearch>> {
        self.read(move |db| all(db, SAVED_SEARCH, project, saved_search))
            .await
    }

    async fn saved_search(&self, project: ProjectId, id: i64) -> Result<Option<SavedSearch>> {
        self.read(move |db| one(db, SAVED_SEARCH, "s.id", project, id, saved_search))
            .await
    }

    async fn add_saved_search(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        draft: &SavedSearchDraft,
        now: Timestamp,
    ) -> Result<i64> {
        let draft = draft.clone();
        self.write(move |db| {
            let at = now.micros();
            db.execute(
                "INSERT INTO saved_searches (project_id, owner_id, name, is_shared, definition, created_at, changed_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                params![project.0, owner.map(|it| it.0), draft.name, draft.is_shared, draft.definition, at, at],
            )?;
            Ok(db.last_insert_rowid())
        })
        .await
    }

    async fn update_saved_search(
        &self,
        project: ProjectId,
        id: i64,
        draft: &SavedSearchDraft,
        now: Timestamp,
    ) -> Result<()> {
        let draft = draft.clone();
        self.write(move |db| {
            let count = db.execute(
                "UPDATE saved_searches SET name = ?, is_shared = ?, definition = ?, changed_at = ?
                 WHERE project_id = ? AND id = ?",
                params![
                    draft.name,
                    draft.is_shared,
                    draft.definition,
                    now.micros(),
                    project.0,
                    id
                ],
            )?;
            changed(count, "saved search", id)
        })
        .await
    }

    async fn delete_saved_search(&self, project: ProjectId, id: i64) -> Result<()> {
        self.write(move |db| {
            let sql = "DELETE FROM saved_searches WHERE project_id = ? AND id = ?";
            changed(db.execute(sql, [project.0, id])?, "saved search", id)
        })
        .await
    }

    async fn playlists(&self, project: ProjectId) -> Result<Vec<Playlist>> {
        self.read(move |db| all(db, PLAYLIST, project, playlist))
            .await
    }

    async fn playlist(&self, project: ProjectId, id: i64) -> Result<Option<Playlist>> {
        self.read(move |db| one(db, PLAYLIST, "p.id", project, id, playlist))
            .await
    }

    async fn add_playlist(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        name: &str,
        is_shared: bool,
        now: Timestamp,
    ) -> Result<i64> {
        let name = name.to_owned();
        self.write(move |db| {
            let at = now.micros();
            db.execute(
                "INSERT INTO playlists (project_id, owner_id, name, is_shared, created_at, changed_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![project.0, owner.map(|it| it.0), name, is_shared, at, at],
            )?;
            Ok(db.last_insert_rowid())
        })
        .await
    }

    async fn update_playlist(
        &self,
        project: ProjectId,
        id: i64,
        name: &str,
        is_shared: bool,
        now: Timestamp,
    ) -> Result<()> {
        let name = name.to_owned();
        self.write(move |db| {
            let count = db.execute(
                "UPDATE playlists SET name = ?, is_shared = ?, changed_at = ? WHERE project_id = ? AND id = ?",
                params![name, is_shared, now.micros(), project.0, id],
            )?;
            changed(count, "playlist", id)
        })
        .await
    }

    async fn delete_playlist(&self, project: ProjectId, id: i64) -> Result<()> {
        self.write(move |db| {
            let sql = "DELETE FROM playlists WHERE project_id = ? AND id = ?";
            changed(db.execute(sql, [project.0, id])?, "playlist", id)
        })
        .await
    }

    async fn playlist_replays(&self, playlist: i64) -> Result<Vec<PlaylistReplay>> {
        self.read(move |db| replays_of(db, playlist)).await
    }

    async fn add_playlist_replays(
        &self,
        playlist: i64,
        replays: &[(ReplayId, String)],
        most: usize,
        now: Timestamp,
    ) -> Result<usize> {
        let replays = replays.to_vec();
        self.write(move |db| {
            touch_playlist(db, playlist, now)?;
            let sql = "SELECT coalesce(max(position), -1) + 1 FROM playlist_replays WHERE playlist_id = ?";
            let next: i64 = db.query_row(sql, [playlist], |row| row.get(0))?;
            let mut added = 0;
            for (position, (replay, note)) in (next as usize..).zip(&replays) {
                added += put_replay(db, playlist, *replay, position, note, now.micros())?;
            }
            let sql = "SELECT count(*) FROM playlist_replays WHERE playlist_id = ?";
            let count: i64 = db.query_row(sql, [playlist], |row| row.get(0))?;
            match count as usize > most {
                true => Err(Error::Conflict(format!("a playlist with {most} replays"))),
                false => Ok(added),
            }
        })
        .await
    }

    async fn put_playlist_replays(
        &self,
        playlist: i64,
        replays: &[(ReplayId, String)],
        now: Timestamp,
    ) -> Result<()> {
        let replays = replays.to_vec();
        self.write(move |db| {
            touch_playlist(db, playlist, now)?;
            let before = replays_of(db, playlist)?.into_iter();
            let before: BTreeMap<_, _> = before
                .map(|it| (*it.replay.as_bytes(), it.added_at))
                .collect();
            db.execute(
                "DELETE FROM playlist_replays WHERE playlist_id = ?",
                [playlist],
            )?;
            for (position, (replay, note)) in replays.iter().enumerate() {
                let added_at = before.get(replay.as_bytes()).copied().unwrap_or(now);
                put_replay(db, playlist, *replay, position, note, added_at.micros())?;
            }
            Ok(())
        })
        .await
    }

    async fn cohorts(&self, project: ProjectId) -> Result<Vec<Cohort>> {
        self.read(move |db| all(db, COHORT, project, cohort)).await
    }

    async fn cohort(&self, project: ProjectId, id: i64) -> Result<Option<Cohort>> {
        self.read(move |db| one(db, COHORT, "c.id", project, id, cohort))
            .await
    }

    async fn add_cohort(
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
                "INSERT INTO cohorts (project_id, owner_id, name, definition, created_at, changed_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![project.0, owner.map(|it| it.0), name, definition, at, at],
            )
            .map_err(name_taken)?;
            Ok(db.last_insert_rowid())
        })
        .await
    }

    async fn update_cohort(
        &self,
        project: ProjectId,
        id: i64,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<()> {
        let (name, definition) = (name.to_owned(), definition.to_owned());
        self.write(move |db| {
            let count = db
                .execute(
                    "UPDATE cohorts SET name = ?, definition = ?, changed_at = ? WHERE project_id = ? AND id = ?",
                    params![name, definition, now.micros(), project.0, id],
                )
                .map_err(name_taken)?;
            changed(count, "cohort", id)
        })
        .await
    }

    async fn delete_cohort(&self, project: ProjectId, id: i64) -> Result<()> {
        self.write(move |db| {
            let sql = "DELETE FROM cohorts WHERE project_id = ? AND id = ?";
            changed(db.execute(sql, [project.0, id])?, "cohort", id)
        })
        .await
    }

    async fn put_cohort_lines(
        &self,
        cohort: i64,
        lines: Vec<String>,
        now: Timestamp,
    ) -> Result<()> {
        self.write(move |db| {
            let sql = "UPDATE cohorts SET changed_at = ? WHERE id = ?";
            changed(
                db.execute(sql, params![now.micros(), cohort])?,
                "cohort",
                cohort,
            )?;
            db.execute("DELETE FROM cohort_lines WHERE cohort_id = ?", [cohort])?;
            let sql = "INSERT INTO cohort_lines VALUES (?, ?) ON CONFLICT DO NOTHING";
            let mut insert = db.prepare_cached(sql)?;
            for line in lines {
                insert.execute(params![cohort, line])?;
            }
            Ok(())
        })
        .await
    }

    async fn forget_cohort_lines(&self, project: ProjectId, lines: &[String]) -> Result<u64> {
        let mut lines = lines.to_vec();
        self.write(move |db| {
            let mut addresses = db.prepare_cached(
                "SELECT DISTINCT json_extract(v.value, '$') FROM identities i
                 JOIN person_properties v ON v.person_id = i.person_id
                 WHERE i.project_id = ?1 AND i.identity IN (SELECT value FROM json_each(?2))
                   AND v.name IN ('email', '$email') AND json_type(v.value) = 'text'",
            )?;
            let names = serde_json::json!(lines).to_string();
            let addresses = addresses.query_map(params![project.0, names], |row| row.get(0))?;
            lines.extend(addresses.collect::<rusqlite::Result<Vec<String>>>()?);
            let mut delete = db.prepare_cached(
                "DELETE FROM cohort_lines WHERE cohort_id = ? AND lower(line) = lower(?)",
            )?;
            let mut deleted = 0;
            for cohort in all(db, COHORT, project, cohort)? {
                for line in &lines {
                    deleted += delete.execute(params![cohort.id, line])? as u64;
                }
            }
            Ok(deleted)
        })
        .await
    }

    async fn members_of_list(&self, project: ProjectId, cohort: i64) -> Result<Members> {
        self.read(move |db| {
            let sql = "SELECT line FROM cohort_lines WHERE cohort_id = ? ORDER BY line";
            let mut statement = db.prepare_cached(sql)?;
            let lines = statement.query_map([cohort], |row| row.get(0))?;
            members(db, project, lines.map(|line| Ok(line?)), true)
        })
        .await
    }

    async fn members_by_identity(
        &self,
        project: ProjectId,
        identities: Vec<String>,
    ) -> Result<Members> {
        self.read(move |db| members(db, project, identities.into_iter().map(Ok), false))
            .await
    }
}
