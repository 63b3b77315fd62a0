//! Visitors of recorded sites: who is who, by the words of SDKs.
//!
//! Every identity (a user id, an anonymous id, a device id) belongs to one person of
//! its project. Two people are found to be one when somebody logs in, and then only
//! if one of them was never known by a user id: **two known users are never made
//! one**, for what two SDKs say about a shared device is not worth a mixed history.

use crate::Result;
use model::batch::IdentityChange;
use model::replay::Replay;
use model::{ProjectId, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    /// `None`: never logged in.
    pub user_id: Option<String>,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub identity_count: u64,
    /// Names and their values as JSON, by name.
    pub properties: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub identity: String,
    pub is_user: bool,
    pub since: Timestamp,
    pub last_seen: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub kind: String,
    pub key: String,
    pub at: Timestamp,
    pub properties: Vec<(String, String)>,
}

/// One thing that was said, or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub at: Timestamp,
    /// `identified`, `alias`, `properties`, `group` or `merge_refused`.
    pub kind: String,
    /// A JSON object.
    pub detail_json: String,
}

/// A user id that uploads name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenUser {
    pub user_id: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// Exactly this one.
    pub identity: Option<String>,
    /// The beginning of an identity.
    pub prefix: Option<String>,
    /// Who has this value, case aside, in one of the properties with these names.
    pub property: Option<(Vec<String>, String)>,
    /// Last seen and id of the last one of the page before.
    pub after: Option<(Timestamp, i64)>,
    pub limit: usize,
}

#[async_trait::async_trait]
pub trait PeopleCatalog {
    /// Applies changes in their order. The same change twice changes nothing more.
    async fn apply_identities(&self, project: ProjectId, changes: &[IdentityChange]) -> Result<()>;
    async fn see_users(&self, project: ProjectId, users: &[SeenUser]) -> Result<()>;

    /// Last seen first.
    async fn people(&self, project: ProjectId, query: &PeopleQuery) -> Result<Vec<Person>>;
    /// Also by the id of a person who was found to be this one.
    async fn person(&self, project: ProjectId, id: i64) -> Result<Option<Person>>;
    async fn identities(&self, person: i64) -> Result<Vec<Identity>>;
    async fn groups(&self, person: i64) -> Result<Vec<Group>>;
    /// Newest first.
    async fn history(&self, person: i64, limit: usize) -> Result<Vec<HistoryEntry>>;
    /// Of all identities, newest first.
    async fn replays_of_person(
        &self,
        project: ProjectId,
        person: i64,
        limit: usize,
    ) -> Result<Vec<Replay>>;
}
