//! What people keep of their searching: named searches and playlists. One that is
//! shared is for everyone of the project; only who made it renames or deletes it.

use crate::collaboration::check_text;
use crate::replays::ListRequest;
use crate::search::filter_of_text;
use crate::{Engine, Error, Result};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::catalog::Project;
use store::catalog::collaboration::Author;
use store::catalog::collections::{Playlist, PlaylistReplay, SavedSearch, SavedSearchDraft};

pub const MAX_NAME_CHARS: usize = 100;
pub const MAX_NOTE_CHARS: usize = 500;
/// Of a project.
pub const MAX_SAVED_SEARCHES: usize = 500;
pub const MAX_PLAYLISTS: usize = 500;
pub const MAX_PLAYLIST_REPLAYS: usize = 1000;
const MAX_COLUMNS: usize = 50;
const MAX_COLUMN_CHARS: usize = 100;

/// What a saved search looks for, as the list takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchDefinition {
    /// In the text form.
    pub filter: String,
    pub sort: Option<String>,
    pub order: Option<String>,
    /// A time that moves on, such as `7d`; or else from and to.
    pub range: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// That the list shows, in their order.
    pub columns: Vec<String>,
}

impl SearchDefinition {
    pub fn request(&self) -> ListRequest {
        ListRequest {
            range: self.range.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            filter: Some(self.filter.clone()),
            sort: self.sort.clone(),
            order: self.order.clone(),
            ..ListRequest::default()
        }
    }

    pub fn of(search: &SavedSearch) -> Result<Self> {
        read_definition(&search.definition)
    }
}

/// Reads what this program wrote.
pub(crate) fn read_definition<T: for<'a> Deserialize<'a>>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::Internal(format!("cannot read a definition: {error}")))
}

pub(crate) fn write_definition<T: Serialize>(definition: &T) -> Result<String> {
    serde_json::to_string(definition).map_err(|error| Error::Internal(error.to_string()))
}

/// A name as it is kept.
///
/// # Errors
/// `Invalid` when it is empty, too long, or holds control characters.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || has_control(name) {
        return Err(Error::Invalid(format!(
            "name must be 1 to {MAX_NAME_CHARS} characters in one line"
        )));
    }
    Ok(name.to_owned())
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Who asks; `None` is a program.
pub type Asker = Option<UserId>;

fn is_visible(owner: Option<&Author>, is_shared: bool, asker: Asker) -> bool {
    is_shared || owner.map(|owner| owner.id) == asker
}

/// # Errors
/// `Forbidden` for others than who made it; what a program made is everyone's.
pub(crate) fn require_owner(owner: Option<&Author>, asker: Asker) -> Result<()> {
    match owner {
        Some(owner) if Some(owner.id) != asker => {
            Err(Error::Forbidden("only who made it may change this"))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_shared(is_shared: bool, asker: Asker) -> Result<()> {
    match asker {
        None if !is_shared => Err(Error::Invalid(
            "what a program makes is for everyone; is_shared must be true".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// # Errors
/// `Conflict` when there are as many as a project may have.
pub(crate) fn check_room(count: usize, most: usize, what: &str) -> Result<()> {
    match count < most {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "a project has at most {most} {what}"
        ))),
    }
}

/// What is asked for of a saved search, new or changed.
#[derive(Debug, Clone)]
pub struct SavedSearchRequest {
    pub name: String,
    pub is_shared: bool,
    pub definition: SearchDefinition,
}

/// One place of a playlist.
#[derive(Debug)]
pub struct PlaylistEntry {
    pub listed: PlaylistReplay,
    /// `None`: it is gone.
    pub replay: Option<Replay>,
}

impl Engine {
    pub async fn saved_searches(
        &self,
        project: ProjectId,
        asker: Asker,
    ) -> Result<Vec<SavedSearch>> {
        let mut found = self.catalog.saved_searches(project).await?;
        found.retain(|it| is_visible(it.owner.as_ref(), it.is_shared, asker));
        Ok(found)
    }

    /// # Errors
    /// `NotFound` also for what another person keeps for themselves.
    pub async fn saved_search(
        &self,
        project: ProjectId,
        id: i64,
        asker: Asker,
    ) -> Result<SavedSearch> {
        let found = self.catalog.saved_search(project, id).await?;
        let found = found.filter(|it| is_visible(it.owner.as_ref(), it.is_shared, asker));
        found.ok_or(Error::NotFound("saved search"))
    }

    /// # Errors
    /// `Invalid` and `Filter` say what cannot be understood.
    pub async fn add_saved_search(
        &self,
        project: &Project,
        asker: Asker,
        request: SavedSearchRequest,
        now: Timestamp,
    ) -> Result<SavedSearch> {
        let count = self.catalog.saved_searches(project.id).await?.len();
        check_room(count, MAX_SAVED_SEARCHES, "saved searches")?;
        let draft = self.search_draft(project, asker, request, now).await?;
        let id = self
            .catalog
            .add_saved_search(project.id, asker, &draft, now)
            .await?;
        self.saved_search(project.id, id, asker).await
    }

    pub async fn change_saved_search(
        &self,
        project: &Project,
        id: i64,
        asker: Asker,
        request: SavedSearchRequest,
        now: Timestamp,
    ) -> Result<SavedSearch> {
        let before = self.saved_search(project.id, id, asker).await?;
        require_owner(before.owner.as_ref(), asker)?;
        let draft = self.search_draft(project, asker, request, now).await?;
        let catalog = &self.catalog;
        catalog
            .update_saved_search(project.id, id, &draft, now)
            .await?;
        self.saved_search(project.id, id, asker).await
    }

    /// With its alerts.
    pub async fn delete_saved_search(
        &self,
        project: ProjectId,
        id: i64,
        asker: Asker,
    ) -> Result<()> {
        let search = self.saved_search(project, id, asker).await?;
        require_owner(search.owner.as_ref(), asker)?;
        Ok(self.catalog.delete_saved_search(project, id).await?)
    }

    async fn search_draft(
        &self,
        project: &Project,
        asker: Asker,
        request: SavedSearchRequest,
        now: Timestamp,
    ) -> Result<SavedSearchDraft> {
        check_shared(request.is_shared, asker)?;
        let mut definition = request.definition;
        let columns = &definition.columns;
        let is_long = |name: &String| name.chars().count() > MAX_COLUMN_CHARS || has_control(name);
        if columns.len() > MAX_COLUMNS || columns.iter().any(is_long) {
            return Err(Error::Invalid(format!(
                "columns must be at most {MAX_COLUMNS} names"
            )));
        }
        self.check_list(project, &definition.request(), now).await?;
        definition.filter = filter_of_text(&definition.filter)?.to_text();
        Ok(SavedSearchDraft {
            name: checked_name(&request.name)?,
            is_shared: request.is_shared,
            definition: write_definition(&definition)?,
        })
    }

    pub async fn playlists(&self, project: ProjectId, asker: Asker) -> Result<Vec<Playlist>> {
        let mut found = self.catalog.playlists(project).await?;
        found.retain(|it| is_visible(it.owner.as_ref(), it.is_shared, asker));
        Ok(found)
    }

    /// # Errors
    /// `NotFound` also for what another person keeps for themselves.
    pub async fn playlist(&self, project: ProjectId, id: i64, asker: Asker) -> Result<Playlist> {
        let found = self.catalog.playlist(project, id).await?;
        let found = found.filter(|it| is_visible(it.owner.as_ref(), it.is_shared, asker));
        found.ok_or(Error::NotFound("playlist"))
    }

    pub async fn add_playlist(
        &self,
        project: ProjectId,
        asker: Asker,
        name: &str,
        is_shared: bool,
        now: Timestamp,
    ) -> Result<Playlist> {
        let name = checked_name(name)?;
        check_shared(is_shared, asker)?;
        let count = self.catalog.playlists(project).await?.len();
        check_room(count, MAX_PLAYLISTS, "playlists")?;
        let catalog = &self.catalog;
        let id = catalog.add_playlist(project, asker, &name, is_shared, now);
        self.playlist(project, id.await?, asker).await
    }

    pub async fn change_playlist(
        &self,
        project: ProjectId,
        id: i64,
        asker: Asker,
        name: &str,
        is_shared: bool,
        now: Timestamp,
    ) -> Result<Playlist> {
        let before = self.playlist(project, id, asker).await?;
        require_owner(before.owner.as_ref(), asker)?;
        let name = checked_name(name)?;
        check_shared(is_shared, asker)?;
        let catalog = &self.catalog;
        catalog
            .update_playlist(project, id, &name, is_shared, now)
            .await?;
        self.playlist(project, id, asker).await
    }

    pub async fn delete_playlist(&self, project: ProjectId, id: i64, asker: Asker) -> Result<()> {
        let playlist = self.playlist(project, id, asker).await?;
        require_owner(playlist.owner.as_ref(), asker)?;
        Ok(self.catalog.delete_playlist(project, id).await?)
    }

    /// In their order.
    pub async fn playlist_entries(
        &self,
        project: ProjectId,
        playlist: i64,
    ) -> Result<Vec<PlaylistEntry>> {
        let listed = self.catalog.playlist_replays(playlist).await?;
        let ids: Vec<_> = listed.iter().map(|it| it.replay).collect();
        let found = self.catalog.replays(project, &ids).await?.into_iter();
        let mut found: HashMap<_, _> = found.map(|replay| (replay.id, replay)).collect();
        let entries = listed.into_iter().map(|listed| PlaylistEntry {
            replay: found.remove(&listed.replay),
            listed,
        });
        Ok(entries.collect())
    }

    /// Adds replays of the project at the end; returns how many were new.
    ///
    /// # Errors
    /// `NotFound` when one is not the project's, `Conflict` when the list is full; then
    /// nothing is added.
    pub async fn add_to_playlist(
        &self,
        project: ProjectId,
        playlist: i64,
        replays: &[(ReplayId, String)],
        now: Timestamp,
    ) -> Result<usize> {
        check_entries(replays)?;
        for (replay, _) in replays {
            // As lists show it: also before its row is written.
            self.replay(project, *replay).await?;
        }
        let catalog = &self.catalog;
        let added = catalog.add_playlist_replays(playlist, replays, MAX_PLAYLIST_REPLAYS, now);
        added.await.map_err(|error| match error.kind() {
            store::Kind::Conflict => Error::Conflict(format!(
                "a playlist has at most {MAX_PLAYLIST_REPLAYS} replays"
            )),
            _ => error.into(),
        })
    }

    /// Makes these the whole list, in this order. What is gone may stay.
    ///
    /// # Errors
    /// `NotFound` for a replay that is neither in the list nor the project's.
    pub async fn put_playlist_entries(
        &self,
        project: ProjectId,
        playlist: i64,
        replays: &[(ReplayId, String)],
        now: Timestamp,
    ) -> Result<()> {
        check_entries(replays)?;
        let before = self.catalog.playlist_replays(playlist).await?;
        for (replay, _) in replays {
            if !before.iter().any(|it| it.replay == *replay) {
                self.replay(project, *replay).await?;
            }
        }
        let catalog = &self.catalog;
        Ok(catalog.put_playlist_replays(playlist, replays, now).await?)
    }
}

fn check_entries(replays: &[(ReplayId, String)]) -> Result<()> {
    if replays.len() > MAX_PLAYLIST_REPLAYS {
        return Err(Error::Invalid(format!(
            "a playlist has at most {MAX_PLAYLIST_REPLAYS} replays"
        )));
    }
    for (_, note) in replays {
        check_text(note)?;
        if note.chars().count() > MAX_NOTE_CHARS {
            return Err(Error::Invalid(format!(
                "a note has at most {MAX_NOTE_CHARS} characters"
            )));
        }
    }
    Ok(())
}
