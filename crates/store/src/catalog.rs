//! The catalog: accounts, projects and keys, and the rows of replays and
//! analytics events that lists and searches are answered from.

pub mod alerts;
pub mod assets;
pub mod collaboration;
pub mod collections;
pub mod deletion;
pub mod errors;
pub mod named_events;
pub mod notices;
pub mod people;
pub mod search;
pub mod sqlite;
pub mod tokens;

use crate::Result;
use alerts::AlertCatalog;
use assets::AssetCatalog;
use collaboration::Collaboration;
use collections::CollectionCatalog;
use deletion::DeletionCatalog;
use errors::ErrorCatalog;
use model::replay::Replay;
use model::{OrganisationId, ProjectId, ReplayId, Timestamp, UserId};
use named_events::NamedEventCatalog;
use notices::NoticeCatalog;
use people::PeopleCatalog;
use search::SearchCatalog;
use tokens::TokenCatalog;

/// A person who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub organisation_id: OrganisationId,
    pub email: String,
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
    /// `owner` until there are others.
    pub role: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub organisation_id: OrganisationId,
    pub name: String,
    /// Public and write only: it stands in every recorded page.
    pub ingest_key: String,
    /// IANA name.
    pub time_zone: String,
    pub capture_enabled: bool,
    /// What its recorders record, a JSON object.
    pub capture: String,
    /// How long what arrives from now on is kept.
    pub retention_days: u32,
    /// By which numbers signs of frustration are judged, a JSON object.
    pub frustration: String,
}

/// The first organisation with everything that is needed to start.
#[derive(Debug, Clone)]
pub struct Installation {
    pub organisation: String,
    pub project: String,
    pub time_zone: String,
    pub ingest_key: String,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    /// SHA-256 of a first API token, if one is wanted.
    pub api_token_hash: Option<[u8; 32]>,
    pub retention_days: u32,
    pub now: Timestamp,
}

/// A login. Only hashes of the cookie are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub token_hash: [u8; 32],
    pub user_id: UserId,
    pub csrf_token: String,
    pub expires_at: Timestamp,
}

/// An analytics event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique per project and device; a second one is dropped.
    pub insert_id: String,
    pub event_type: String,
    pub timestamp: Timestamp,
    pub received_at: Timestamp,
    pub device_id: String,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    /// The replay that the event belongs to, if it names one.
    pub replay: Option<ReplayId>,
    pub json: String,
}

/// A project that is to be made.
#[derive(Debug, Clone)]
pub struct NewProject {
    pub organisation_id: OrganisationId,
    pub name: String,
    pub ingest_key: String,
    pub time_zone: String,
    pub retention_days: u32,
    pub now: Timestamp,
}

/// By the time of start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Which replays to list.
#[derive(Debug, Clone, Default)]
pub struct ReplayQuery {
    /// On `started_at`, inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
    /// Only what comes behind this one, in the order of the list.
    pub after: Option<Cursor>,
    pub order: Order,
    /// Only what this person has not seen.
    pub unseen_by: Option<UserId>,
    /// Only what has not expired then.
    pub kept_at: Option<Timestamp>,
    pub limit: usize,
}

/// Sums over the replays that started within a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplaySums {
    pub replay_count: u64,
    /// Different users; a device without a name counts as one.
    pub user_count: u64,
    pub event_count: u64,
    pub error_count: u64,
    pub rage_click_count: u64,
    pub dead_click_count: u64,
    pub size_bytes: u64,
}

/// The last row of the page before: keyset paging stays exact while rows arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub started_at: Timestamp,
    pub id: ReplayId,
}

/// Every method, also of the traits it is made of, is one transaction, durable when
/// it returns.
#[async_trait::async_trait]
pub trait Catalog:
    Collaboration
    + AssetCatalog
    + CollectionCatalog
    + AlertCatalog
    + DeletionCatalog
    + ErrorCatalog
    + NamedEventCatalog
    + NoticeCatalog
    + PeopleCatalog
    + SearchCatalog
    + TokenCatalog
    + Send
    + Sync
{
    /// True when an organisation exists.
    async fn is_set_up(&self) -> Result<bool>;
    /// Creates organisation, project, owner and token together.
    ///
    /// # Errors
    /// `Conflict` when an organisation exists already.
    async fn install(&self, installation: &Installation) -> Result<()>;

    async fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>>;
    async fn user(&self, id: UserId) -> Result<Option<User>>;
    /// E-mail addresses are compared without case.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>>;
    async fn projects(&self, organisation: OrganisationId) -> Result<Vec<Project>>;
    async fn project(&self, id: ProjectId) -> Result<Option<Project>>;
    /// The oldest one of the server.
    async fn first_project(&self) -> Result<Option<Project>>;
    async fn project_by_ingest_key(&self, key: &str) -> Result<Option<Project>>;

    /// # Errors
    /// `Conflict` when another project has the ingest key.
    async fn add_project(&self, project: &NewProject) -> Result<Project>;
    /// Writes name, time zone and all settings by id; the other fields never change.
    async fn update_project(&self, project: &Project) -> Result<()>;

    async fn put_session(&self, session: &Session) -> Result<()>;
    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>>;
    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<()>;
    async fn delete_expired_sessions(&self, now: Timestamp) -> Result<()>;

    /// Writes rows whole, by id. A user id that is set is never taken away, the number
    /// of linked errors is not written but counted, and when a row expires is decided
    /// when it is new.
    async fn put_replays(&self, replays: &[Replay]) -> Result<()>;
    async fn replay(&self, id: ReplayId) -> Result<Option<Replay>>;
    async fn list_replays(&self, project: ProjectId, query: &ReplayQuery) -> Result<Vec<Replay>>;

    /// One sum for each stretch, which holds its start and not its end.
    async fn replay_sums(
        &self,
        project: ProjectId,
        stretches: &[std::ops::Range<Timestamp>],
    ) -> Result<Vec<ReplaySums>>;

    /// Adds events that are not there yet; returns how many were new.
    async fn put_events(&self, project: ProjectId, events: &[Event]) -> Result<u64>;
    /// Newest first.
    async fn list_events(
        &self,
        project: ProjectId,
        event_type: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Event>>;
    /// The user whom events name for this device and session, if any.
    async fn user_of(
        &self,
        project: ProjectId,
        device_id: &str,
        session_id: &str,
    ) -> Result<Option<String>>;
}
