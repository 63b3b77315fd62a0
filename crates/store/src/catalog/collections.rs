//! What people keep of their searching: named searches, playlists, cohorts.

use crate::Result;
use crate::catalog::collaboration::Author;
use model::{ProjectId, ReplayId, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    pub id: i64,
    pub project: ProjectId,
    /// `None`: a program made it.
    pub owner: Option<Author>,
    pub name: String,
    /// Otherwise only the owner sees it.
    pub is_shared: bool,
    /// JSON; the catalog does not look into it.
    pub definition: String,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// What is written of a saved search, new or changed.
#[derive(Debug, Clone)]
pub struct SavedSearchDraft {
    pub name: String,
    pub is_shared: bool,
    pub definition: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playlist {
    pub id: i64,
    pub project: ProjectId,
    pub owner: Option<Author>,
    pub name: String,
    pub is_shared: bool,
    pub replay_count: u64,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaylistReplay {
    pub replay: ReplayId,
    pub note: String,
    pub added_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    pub id: i64,
    pub project: ProjectId,
    pub owner: Option<Author>,
    /// Of one project no two are the same, case aside.
    pub name: String,
    /// JSON; the catalog does not look into it.
    pub definition: String,
    /// Of a list.
    pub line_count: u64,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// Somebody, as far as the catalog knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What to call them: the user id, or an identity of a person without.
    pub name: String,
    pub is_user: bool,
    pub person: Option<i64>,
}

/// Who is meant by some identities and e-mail addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// By name, each once.
    pub members: Vec<Member>,
    /// All ids under which they may appear in replays.
    pub identities: Vec<String>,
    /// What nobody is known by.
    pub unmatched: Vec<String>,
}

/// Lists are by name. Who may see what is not decided here.
#[async_trait::async_trait]
pub trait CollectionCatalog {
    async fn saved_searches(&self, project: ProjectId) -> Result<Vec<SavedSearch>>;
    async fn saved_search(&self, project: ProjectId, id: i64) -> Result<Option<SavedSearch>>;
    async fn add_saved_search(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        draft: &SavedSearchDraft,
        now: Timestamp,
    ) -> Result<i64>;
    /// # Errors
    /// `NotFound` when the project has no such search.
    async fn update_saved_search(
        &self,
        project: ProjectId,
        id: i64,
        draft: &SavedSearchDraft,
        now: Timestamp,
    ) -> Result<()>;
    /// With its alerts.
    async fn delete_saved_search(&self, project: ProjectId, id: i64) -> Result<()>;

    async fn playlists(&self, project: ProjectId) -> Result<Vec<Playlist>>;
    async fn playlist(&self, project: ProjectId, id: i64) -> Result<Option<Playlist>>;
    async fn add_playlist(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        name: &str,
        is_shared: bool,
        now: Timestamp,
    ) -> Result<i64>;
    /// # Errors
    /// `NotFound` when the project has no such playlist.
    async fn update_playlist(
        &self,
        project: ProjectId,
        id: i64,
        name: &str,
        is_shared: bool,
        now: Timestamp,
    ) -> Result<()>;
    async fn delete_playlist(&self, project: ProjectId, id: i64) -> Result<()>;
    /// In their order.
    async fn playlist_replays(&self, playlist: i64) -> Result<Vec<PlaylistReplay>>;
    /// Adds at the end what is not there yet, and returns how many that were.
    ///
    /// # Errors
    /// `Conflict` when there would be more than `most`; then nothing is added.
    async fn add_playlist_replays(
        &self,
        playlist: i64,
        replays: &[(ReplayId, String)],
        most: usize,
        now: Timestamp,
    ) -> Result<usize>;
    /// Makes these the whole list, in this order; what stays keeps its time.
    async fn put_playlist_replays(
        &self,
        playlist: i64,
        replays: &[(ReplayId, String)],
        now: Timestamp,
    ) -> Result<()>;

    async fn cohorts(&self, project: ProjectId) -> Result<Vec<Cohort>>;
    async fn cohort(&self, project: ProjectId, id: i64) -> Result<Option<Cohort>>;
    /// # Errors
    /// `Conflict` when the name is taken.
    async fn add_cohort(
        &self,
        project: ProjectId,
        owner: Option<UserId>,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<i64>;
    /// # Errors
    /// `NotFound` when the project has no such cohort, `Conflict` when the name is taken.
    async fn update_cohort(
        &self,
        project: ProjectId,
        id: i64,
        name: &str,
        definition: &str,
        now: Timestamp,
    ) -> Result<()>;
    async fn delete_cohort(&self, project: ProjectId, id: i64) -> Result<()>;
    /// Makes these the whole list.
    async fn put_cohort_lines(&self, cohort: i64, lines: Vec<String>, now: Timestamp)
    -> Result<()>;
    /// Takes lines out of all lists of a project, and those with an e-mail address of
    /// somebody who is known by one of them: who is forgotten is in no list.
    async fn forget_cohort_lines(&self, project: ProjectId, lines: &[String]) -> Result<u64>;
    /// Who is in a list.
    async fn members_of_list(&self, project: ProjectId, cohort: i64) -> Result<Members>;
    /// Who is behind ids that replays name; one that nobody is known by counts by itself.
    async fn members_by_identity(
        &self,
        project: ProjectId,
        identities: Vec<String>,
    ) -> Result<Members>;
}
