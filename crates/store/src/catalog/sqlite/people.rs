//! People: identities, what is known of them, and who turned out to be who.

use super::SqliteCatalog;
use super::rows::{self, REPLAY_COLUMNS};
use crate::Result;
use crate::catalog::people::{
    Group, HistoryEntry, Identity, PeopleCatalog, PeopleQuery, Person, SeenUser,
};
use model::batch::{Change, IdentityChange};
use model::replay::Replay;
use model::{ProjectId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

const MAX_IDENTITIES: i64 = 1000;
const MAX_PROPERTIES: i64 = 200;
const MAX_VALUE_BYTES: usize = 4096;
const MAX_NAME_BYTES: usize = 200;
/// Of one person; the oldest go first.
const MAX_HISTORY: i64 = 1000;

/// A person while changes are applied.
struct Known {
    id: i64,
    user_id: Option<String>,
}

/// The person behind an identity, who is made if there is none.
fn person_of(
    db: &Connection,
    project: ProjectId,
    identity: &str,
    is_user: bool,
    at: Timestamp,
) -> Result<Known> {
    let at = at.micros();
    let found: Option<Known> = db
        .prepare_cached(
            "SELECT p.id, p.user_id FROM identities i JOIN people p ON p.id = i.person_id
             WHERE i.project_id = ? AND i.identity = ?",
        )?
        .query_row(params![project.0, identity], |row| {
            Ok(Known {
                id: row.get(0)?,
                user_id: row.get(1)?,
            })
        })
        .optional()?;
    let Some(mut known) = found else {
        let user_id = is_user.then(|| identity.to_owned());
        db.prepare_cached(
            "INSERT INTO people (project_id, user_id, first_seen, last_seen) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![project.0, user_id, at, at])?;
        let id = db.last_insert_rowid();
        keep_on(db, id)?;
        add_identity(db, project, identity, id, is_user, at)?;
        return Ok(Known { id, user_id });
    };
    db.prepare_cached(
        "UPDATE identities SET since = min(since, ?3), last_seen = max(last_seen, ?3), is_user = max(is_user, ?4)
         WHERE project_id = ?1 AND identity = ?2",
    )?
    .execute(params![project.0, identity, at, is_user])?;
    db.prepare_cached(
        "UPDATE people SET first_seen = min(first_seen, ?2), last_seen = max(last_seen, ?2),
             user_id = coalesce(user_id, ?3) WHERE id = ?1",
    )?
    .execute(params![known.id, at, is_user.then_some(identity)])?;
    keep_on(db, known.id)?;
    if is_user {
        known.user_id.get_or_insert_with(|| identity.to_owned());
    }
    Ok(known)
}

/// Something arrived about a person, who is kept for as long as that.
fn keep_on(db: &Connection, person: i64) -> Result<()> {
    // Senders' clocks decide nothing here, and a catalog has no other.
    db.prepare_cached(
        "UPDATE people SET last_received_at = unixepoch() * 1000000, expires_at = max(expires_at, unixepoch() * 1000000
             + coalesce((SELECT retention_days FROM projects WHERE id = project_id), 30) * 86400000000)
         WHERE id = ?",
    )?
    .execute([person])?;
    Ok(())
}

fn add_identity(
    db: &Connection,
    project: ProjectId,
    identity: &str,
    person: i64,
    is_user: bool,
    at: i64,
) -> Result<()> {
    db.prepare_cached("INSERT INTO identities VALUES (?, ?, ?, ?, ?, ?)")?
        .execute(params![project.0, identity, person, is_user, at, at])?;
    Ok(())
}

/// Makes `other` one with `user`, unless both are known by user ids that differ.
/// Returns whether they are one now.
fn unite(db: &Connection, project: ProjectId, user: &Known, other: &Known) -> Result<bool> {
    if user.id == other.id {
        return Ok(true);
    }
    if other.user_id.is_some() && user.user_id.is_some() {
        return Ok(false);
    }
    // Who is known keeps the id.
    let (stays, goes) = match user.user_id {
        Some(_) => (user, other),
        None => (other, user),
    };
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM identities WHERE person_id IN (?, ?)")?
        .query_row([stays.id, goes.id], |row| row.get(0))?;
    if count > MAX_IDENTITIES {
        return Ok(false);
    }
    if let Some(user_id) = &stays.user_id {
        // What was recorded before the login has a name from now on.
        for column in ["visitor_id", "device_id"] {
            let sql = format!(
                "UPDATE replays SET user_id = ?1 WHERE project_id = ?2 AND user_id IS NULL
                 AND {column} IN (SELECT identity FROM identities WHERE person_id = ?3)"
            );
            db.prepare_cached(&sql)?
                .execute(params![user_id, project.0, goes.id])?;
        }
    }
    let both = [stays.id, goes.id];
    for sql in [
        "UPDATE identities SET person_id = ?1 WHERE person_id = ?2",
        "UPDATE person_history SET person_id = ?1 WHERE person_id = ?2",
        "UPDATE merged_people SET person_id = ?1 WHERE person_id = ?2",
        "INSERT INTO merged_people (person_id, id) VALUES (?1, ?2)",
        "INSERT OR IGNORE INTO person_groups SELECT ?1, kind, key, at FROM person_groups WHERE person_id = ?2",
        "UPDATE people SET first_seen = min(first_seen, (SELECT first_seen FROM people WHERE id = ?2)),
             last_seen = max(last_seen, (SELECT last_seen FROM people WHERE id = ?2)) WHERE id = ?1",
    ] {
        db.prepare_cached(sql)?.execute(both)?;
    }
    let theirs: Vec<(String, String, i64, bool)> = db
        .prepare_cached(
            "SELECT name, value, at, is_once FROM person_properties WHERE person_id = ?",
        )?
        .query_map([goes.id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (name, value, at, is_once) in theirs {
        set_property(db, stays.id, &name, &value, at, is_once)?;
    }
    db.prepare_cached("DELETE FROM people WHERE id = ?")?
        .execute([goes.id])?;
    Ok(true)
}

/// The newest `set` wins over all, else the oldest `set once`: the same result in any
/// order of arrival.
fn set_property(
    db: &Connection,
    person: i64,
    name: &str,
    value: &str,
    at: i64,
    is_once: bool,
) -> Result<()> {
    if value.len() > MAX_VALUE_BYTES || name.len() > MAX_NAME_BYTES {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO person_properties (person_id, name, value, at, is_once)
         SELECT ?1, ?2, ?3, ?4, ?5
         WHERE (SELECT count(*) FROM person_properties WHERE person_id = ?1 AND name <> ?2) < ?6
         ON CONFLICT (person_id, name) DO UPDATE SET value = excluded.value, at = excluded.at, is_once = excluded.is_once
         WHERE (excluded.is_once = 0 AND (is_once = 1 OR excluded.at >= at))
             OR (excluded.is_once = 1 AND is_once = 1 AND excluded.at < at)",
    )?
    .execute(params![person, name, value, at, is_once, MAX_PROPERTIES])?;
    Ok(())
}

/// Names and values of a JSON object.
fn pairs_of(json: Option<&str>) -> Map<String, Value> {
    match json.map(serde_json::from_str) {
        Some(Ok(Value::Object(pairs))) => pairs,
        _ => Map::new(),
    }
}

/// Writes down what happened, once; false when it was there already.
fn note(
    db: &Connection,
    project: ProjectId,
    person: i64,
    change: &IdentityChange,
    kind: &str,
    detail: &Value,
) -> Result<()> {
    let key = match &change.change_id {
        Some(id) => format!("{id}:{kind}"),
        None => match change.change {
            // Of every upload; that it happened once says it all.
            Change::Identified { .. } | Change::Alias { .. } => format!("{kind}:{detail}"),
            Change::Properties { .. } | Change::Group { .. } => return Ok(()),
        },
    };
    db.prepare_cached(
        "INSERT OR IGNORE INTO person_history (project_id, person_id, change_key, at, kind, detail) VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![project.0, person, key, change.timestamp.micros(), kind, detail.to_string()])?;
    db.prepare_cached(
        "DELETE FROM person_history WHERE id IN
             (SELECT id FROM person_history WHERE person_id = ? ORDER BY at DESC LIMIT -1 OFFSET ?)",
    )?
    .execute(params![person, MAX_HISTORY])?;
    Ok(())
}

fn apply(db: &Connection, project: ProjectId, change: &IdentityChange) -> Result<()> {
    let at = change.timestamp;
    let visitor = change.visitor_id.as_str();
    match &change.change {
        Change::Identified { anonymous_id } => {
            let user = person_of(db, project, visitor, true, at)?;
            let other = person_of(db, project, anonymous_id, false, at)?;
            let detail = json!({ "user_id": visitor, "anonymous_id": anonymous_id });
            let kind = match unite(db, project, &user, &other)? {
                true => "identified",
                false => "merge_refused",
            };
            note(db, project, user.id, change, kind, &detail)
        }
        Change::Alias { other_id } => {
            let user = person_of(db, project, visitor, false, at)?;
            let other = person_of(db, project, other_id, false, at)?;
            let detail = json!({ "identity": visitor, "other": other_id });
            let is_one = unite(db, project, &user, &other)?;
            let kind = if is_one { "alias" } else { "merge_refused" };
            // Whoever stayed.
            let person = person_of(db, project, visitor, false, at)?;
            note(db, project, person.id, change, kind, &detail)
        }
        Change::Properties { set, set_once } => {
            let person = person_of(db, project, visitor, false, at)?;
            let (set, once) = (pairs_of(set.as_deref()), pairs_of(set_once.as_deref()));
            for (name, value) in &once {
                set_property(db, person.id, name, &value.to_string(), at.micros(), true)?;
            }
            for (name, value) in &set {
                set_property(db, person.id, name, &value.to_string(), at.micros(), false)?;
            }
            let detail = json!({ "set": bounded(set), "set_once": bounded(once) });
            note(db, project, person.id, change, "properties", &detail)
        }
        Change::Group { kind, key, set } => {
            let person = person_of(db, project, visitor, false, at)?;
            db.prepare_cached(
                "INSERT INTO person_groups VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (person_id, kind) DO UPDATE SET key = excluded.key, at = excluded.at
                 WHERE excluded.at >= at",
            )?
            .execute(params![person.id, kind, key, at.micros()])?;
            for (name, value) in pairs_of(set.as_deref()) {
                set_of_group(db, project, kind, key, &name, &value, at)?;
            }
            let detail = json!({ "kind": kind, "key": key });
            note(db, project, person.id, change, "group", &detail)
        }
    }
}

fn set_of_group(
    db: &Connection,
    project: ProjectId,
    kind: &str,
    key: &str,
    name: &str,
    value: &Value,
    at: Timestamp,
) -> Result<()> {
    let value = value.to_string();
    if value.len() > MAX_VALUE_BYTES || name.len() > MAX_NAME_BYTES {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO group_properties SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE (SELECT count(*) FROM group_properties WHERE project_id = ?1 AND kind = ?2 AND key = ?3 AND name <> ?4) < ?7
         ON CONFLICT (project_id, kind, key, name) DO UPDATE SET value = excluded.value, at = excluded.at
         WHERE excluded.at >= at",
    )?
    .execute(params![project.0, kind, key, name, value, at.micros(), MAX_PROPERTIES])?;
    Ok(())
}

/// The history says what was said, not the whole of it.
fn bounded(pairs: Map<String, Value>) -> Value {
    let small = |value: &Value| value.to_string().len() <= 200;
    let pairs = pairs.into_iter().take(20);
    pairs
        .map(|(name, value)| {
            let shown = if small(&value) { value } else { "…".into() };
            (name, shown)
        })
        .collect()
}

const PERSON_COLUMNS: &str = "p.id, p.user_id, p.first_seen, p.last_seen, \
     (SELECT count(*) FROM identities i WHERE i.person_id = p.id)";

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: row.get(0)?,
        user_id: row.get(1)?,
        first_seen: Timestamp::from_micros(row.get(2)?),
        last_seen: Timestamp::from_micros(row.get(3)?),
        identity_count: row.get::<_, i64>(4)?.unsigned_abs(),
        properties: Vec::new(),
    })
}

fn with_properties(db: &Connection, mut person: Person) -> Result<Person> {
    let mut statement = db.prepare_cached(
        "SELECT name, value FROM person_properties WHERE person_id = ? ORDER BY name",
    )?;
    let found = statement.query_map([person.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    person.properties = found.collect::<rusqlite::Result<_>>()?;
    Ok(person)
}

fn list(db: &Connection, project: ProjectId, query: &PeopleQuery) -> Result<Vec<Person>> {
    let (after, after_id) = query
        .after
        .map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id));
    // A prefix is a range of the primary key of `identities`.
    let (from, to) = match (&query.identity, &query.prefix) {
        (Some(identity), _) => (Some(identity.clone()), Some(format!("{identity}\0"))),
        (None, Some(prefix)) => (Some(prefix.clone()), Some(format!("{prefix}\u{10ffff}"))),
        (None, None) => (None, None),
    };
    let chosen = match from {
        Some(_) => {
            "p.id IN (SELECT person_id FROM identities WHERE project_id = ?1 AND identity >= ?5 AND identity < ?6)"
        }
        None => "?5 IS NULL AND ?6 IS NULL",
    };
    // What was said may be a text or, without quotes, a number.
    let (names, value) = query.property.clone().unzip();
    let values = value.map(|value| [json!(value).to_string(), value]);
    let has_property = match names {
        Some(_) => {
            "p.id IN (SELECT v.person_id FROM person_properties v WHERE v.name IN (SELECT value FROM json_each(?7))
             AND lower(substr(v.value, 1, 200)) IN (lower(substr(?8, 1, 200)), lower(substr(?9, 1, 200))))"
        }
        None => "?7 IS NULL AND ?8 IS NULL AND ?9 IS NULL",
    };
    let names = names.map(|names| json!(names).to_string());
    let [text, plain] = values.map_or([None, None], |values| values.map(Some));
    let sql = format!(
        "SELECT {PERSON_COLUMNS} FROM people p WHERE p.project_id = ?1 AND (p.last_seen, p.id) < (?2, ?3)
         AND {chosen} AND {has_property}
         ORDER BY p.last_seen DESC, p.id DESC LIMIT ?4"
    );
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(
        params![
            project.0, after, after_id, limit, from, to, names, text, plain
        ],
        person,
    )?;
    let found: Vec<Person> = found.collect::<rusqlite::Result<_>>()?;
    found
        .into_iter()
        .map(|person| with_properties(db, person))
        .collect()
}

#[async_trait::async_trait]
impl PeopleCatalog for SqliteCatalog {
    async fn apply_identities(&self, project: ProjectId, changes: &[IdentityChange]) -> Result<()> {
        let changes = changes.to_vec();
        self.write(move |db| {
            changes
                .iter()
                .try_for_each(|change| apply(db, project, change))
        })
        .await
    }

    async fn see_users(&self, project: ProjectId, users: &[SeenUser]) -> Result<()> {
        let users = users.to_vec();
        self.write(move |db| {
            for user in &users {
                person_of(db, project, &user.user_id, true, user.at)?;
            }
            Ok(())
        })
        .await
    }

    async fn people(&self, project: ProjectId, query: &PeopleQuery) -> Result<Vec<Person>> {
        let query = query.clone();
        self.read(move |db| list(db, project, &query)).await
    }

    async fn person(&self, project: ProjectId, id: i64) -> Result<Option<Person>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {PERSON_COLUMNS} FROM people p WHERE p.project_id = ?1
                 AND p.id = coalesce((SELECT person_id FROM merged_people WHERE id = ?2), ?2)"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_row([project.0, id], person).optional()?;
            found.map(|person| with_properties(db, person)).transpose()
        })
        .await
    }

    async fn identities(&self, person: i64) -> Result<Vec<Identity>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT identity, is_user, since, last_seen FROM identities WHERE person_id = ?
                 ORDER BY is_user DESC, last_seen DESC, identity",
            )?;
            let found = statement.query_map([person], |row| {
                Ok(Identity {
                    identity: row.get(0)?,
                    is_user: row.get(1)?,
                    since: Timestamp::from_micros(row.get(2)?),
                    last_seen: Timestamp::from_micros(row.get(3)?),
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn groups(&self, person: i64) -> Result<Vec<Group>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT g.kind, g.key, g.at, p.project_id FROM person_groups g JOIN people p ON p.id = g.person_id
                 WHERE g.person_id = ? ORDER BY g.kind",
            )?;
            let found: Vec<(String, String, i64, i64)> = statement
                .query_map([person], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let mut properties = db.prepare_cached(
                "SELECT name, value FROM group_properties WHERE project_id = ? AND kind = ? AND key = ? ORDER BY name",
            )?;
            let mut groups = Vec::with_capacity(found.len());
            for (kind, key, at, project) in found {
                let of_group = properties
                    .query_map(params![project, kind, key], |row| Ok((row.get(0)?, row.get(1)?)))?;
                groups.push(Group {
                    properties: of_group.collect::<rusqlite::Result<_>>()?,
                    at: Timestamp::from_micros(at),
                    kind,
                    key,
                });
            }
            Ok(groups)
        })
        .await
    }

    async fn history(&self, person: i64, limit: usize) -> Result<Vec<HistoryEntry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT at, kind, detail FROM person_history WHERE person_id = ? ORDER BY at DESC, id DESC LIMIT ?",
            )?;
            let found = statement.query_map([person, limit], |row| {
                Ok(HistoryEntry {
                    at: Timestamp::from_micros(row.get(0)?),
                    kind: row.get(1)?,
                    detail_json: row.get(2)?,
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn replays_of_person(
        &self,
        project: ProjectId,
        person: i64,
        limit: usize,
    ) -> Result<Vec<Replay>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |db| {
            // One search of an index for each identity and each place it may stand in.
            let of = |column: &str| {
                format!(
                    "SELECT r.id FROM identities i JOIN replays r ON r.project_id = i.project_id AND r.{column} = i.identity
                     WHERE i.person_id = ?2"
                )
            };
            let sql = format!(
                "SELECT {REPLAY_COLUMNS} FROM replays WHERE project_id = ?1 AND id IN ({} UNION {} UNION {})
                 ORDER BY started_at DESC LIMIT ?3",
                of("user_id"),
                of("visitor_id"),
                of("device_id"),
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(params![project.0, person, limit], rows::replay)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
