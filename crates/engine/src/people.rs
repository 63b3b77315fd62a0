//! Visitors of the recorded sites. What SDKs say of them comes in three forms and
//! becomes one: see `store::catalog::people` for who is made one with whom.
//!
//! - PostHog: `$identify`, `$create_alias`, `$set`, `$groupidentify`.
//! - Amplitude: every event names device and user; `$identify`, `$groupidentify`.
//! - Sentry, plain rrweb, our own SDK: the user of a replay or an error, without
//!   anything before the login.

use crate::errors::{page_size, pair_of_cursor};
use crate::{Engine, Error, Result};
use model::batch::{Change, IdentityChange, Person as SaidPerson};
use model::replay::Replay;
use model::{ProjectId, Timestamp};
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use store::catalog::people::{Group, HistoryEntry, Identity, PeopleQuery, Person, SeenUser};
use xxhash_rust::xxh3::xxh3_64;

const HISTORY_SHOWN: usize = 200;
const REPLAYS_SHOWN: usize = 50;
/// Hashes of what was said lately. SDKs say it with every upload, and once a while
/// is enough for the catalog.
const SAID_KEPT: usize = 100_000;
/// The same thing is written again after this time, for `last_seen`.
const SAY_AGAIN_MICROS: i64 = 600_000_000;

/// What was said lately.
#[derive(Default)]
pub struct Said(Mutex<HashSet<u64>>);

impl Said {
    /// What was said of somebody who was deleted is news when it is said again.
    pub fn clear(&self) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.clear();
    }

    /// True when it is worth writing.
    fn is_new(&self, project: ProjectId, what: &str, at: Timestamp) -> bool {
        let time = at.micros().div_euclid(SAY_AGAIN_MICROS);
        let hash = xxh3_64(format!("{project} {time} {what}").as_bytes());
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= SAID_KEPT {
            said.clear();
        }
        said.insert(hash)
    }
}

/// What an SDK that does not speak of identities says of a person.
pub(crate) fn change_of(person: &SaidPerson, at: Timestamp) -> Option<IdentityChange> {
    let id = crate::errors::record::who(person)?;
    let mut set = serde_json::Map::new();
    for (name, value) in [
        ("email", &person.email),
        ("username", &person.username),
        ("name", &person.name),
    ] {
        if let Some(value) = value {
            set.insert(name.to_owned(), value.as_str().into());
        }
    }
    let set = (!set.is_empty()).then(|| json!(set).to_string())?;
    Some(IdentityChange {
        change_id: None,
        timestamp: at,
        session_id: None,
        visitor_id: id.clone(),
        change: Change::Properties {
            set: Some(set),
            set_once: None,
        },
    })
}

pub struct PersonDetail {
    pub person: Person,
    pub identities: Vec<Identity>,
    pub groups: Vec<Group>,
    pub history: Vec<HistoryEntry>,
    pub replays: Vec<Replay>,
}

impl Engine {
    /// Leaves out what was said a moment ago in the same words. What has an id is not
    /// left out: when it comes again, the first time may have failed.
    pub(crate) fn worth_writing(
        &self,
        project: ProjectId,
        changes: Vec<IdentityChange>,
    ) -> Vec<IdentityChange> {
        let changes = changes.into_iter();
        changes
            .filter(|it| !model::batch::is_nobody(&it.visitor_id))
            .filter(|it| {
                let what = format!("{} {:?}", it.visitor_id, it.change);
                it.change_id.is_some() || self.said.is_new(project, &what, it.timestamp)
            })
            .collect()
    }

    /// Remembers the users that rows of replays name.
    pub(crate) async fn see_users(&self, rows: &[Replay]) -> store::Result<()> {
        let mut by_project: std::collections::BTreeMap<ProjectId, Vec<SeenUser>> =
            Default::default();
        for row in rows {
            let Some(user_id) = &row.user_id else {
                continue;
            };
            let at = row.last_received_at;
            if !model::batch::is_nobody(user_id) && self.said.is_new(row.project_id, user_id, at) {
                by_project
                    .entry(row.project_id)
                    .or_default()
                    .push(SeenUser {
                        user_id: user_id.clone(),
                        at: row.started_at,
                    });
            }
        }
        for (project, users) in by_project {
            self.catalog.see_users(project, &users).await?;
        }
        Ok(())
    }

    /// People and the cursor of the next page.
    ///
    /// # Errors
    /// `Invalid` names the parameter that cannot be understood.
    pub async fn people(
        &self,
        project: ProjectId,
        identity: Option<String>,
        prefix: Option<String>,
        property: Option<(Vec<String>, String)>,
        limit: Option<usize>,
        cursor: Option<&str>,
    ) -> Result<(Vec<Person>, Option<String>)> {
        let limit = page_size(limit)?;
        let after = cursor.map(pair_of_cursor).transpose()?;
        let query = PeopleQuery {
            identity,
            prefix: prefix.filter(|text| !text.is_empty()),
            property,
            after: after.map(|(at, id)| (Timestamp::from_micros(at), id)),
            limit: limit + 1,
        };
        let mut people = self.catalog.people(project, &query).await?;
        let more = people.len() > limit;
        people.truncate(limit);
        let last = people.last().filter(|_| more);
        let next = last.map(|last| format!("{}-{}", last.last_seen.micros(), last.id));
        Ok((people, next))
    }

    pub async fn person(&self, project: ProjectId, id: i64) -> Result<PersonDetail> {
        let person = self.catalog.person(project, id).await?;
        let person = person.ok_or(Error::NotFound("user"))?;
        let id = person.id;
        let replays = self.catalog.replays_of_person(project, id, REPLAYS_SHOWN);
        let mut replays = replays.await?;
        let now = Timestamp::now();
        replays.retain(|replay| !replay.is_expired(now));
        Ok(PersonDetail {
            identities: self.catalog.identities(id).await?,
            groups: self.catalog.groups(id).await?,
            history: self.catalog.history(id, HISTORY_SHOWN).await?,
            replays,
            person,
        })
    }

    /// The person that a replay is of, by the best of its names.
    pub async fn person_of_replay(&self, replay: &Replay) -> Result<Option<Person>> {
        let names = [
            replay.user_id.as_ref(),
            replay.visitor_id.as_ref(),
            Some(&replay.device_id),
        ];
        for name in names.into_iter().flatten() {
            let query = PeopleQuery {
                identity: Some(name.clone()),
                limit: 1,
                ..PeopleQuery::default()
            };
            let found = self.catalog.people(replay.project_id, &query).await?;
            if let Some(person) = found.into_iter().next() {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }
}
