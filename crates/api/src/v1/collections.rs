//! Saved searches and playlists.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::state::State;
use crate::v1::replays::with_notes;
use crate::v1::{OfProject, rfc3339};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use engine::collections::{SavedSearchRequest, SearchDefinition};
use model::replay::Replay;
use model::{ReplayId, Timestamp, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::catalog::Project;
use store::catalog::collaboration::Author;
use store::catalog::collections::{Playlist, SavedSearch};

pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/api/v1/saved-searches", get(searches).post(add_search))
        .route(
            "/api/v1/saved-searches/{id}",
            get(search).put(change_search).delete(delete_search),
        )
        .route("/api/v1/playlists", get(playlists).post(add_playlist))
        .route(
            "/api/v1/playlists/{id}",
            get(playlist).put(change_playlist).delete(delete_playlist),
        )
        .route(
            "/api/v1/playlists/{id}/replays",
            post(add_replays).merge(put(put_replays)),
        )
}

/// Whose something is, for everyone of the project.
pub fn owned(json: &mut Value, owner: Option<&Author>, me: Option<UserId>) {
    json["owner"] = owner.map_or(
        Value::Null,
        |owner| json!({ "id": owner.id, "name": owner.name }),
    );
    json["mine"] = owner.is_none_or(|owner| Some(owner.id) == me).into();
}

/// Projects in which something with a number may be.
pub async fn projects_of(
    state: &State,
    viewer: &Viewer,
    asked: Option<i64>,
) -> ApiResult<Vec<Project>> {
    match asked {
        None => viewer.projects(state).await,
        asked => Ok(vec![viewer.project(state, asked).await?]),
    }
}

/// A number from a path; what is none names nothing.
pub fn number(text: &str, what: &str) -> ApiResult<i64> {
    text.parse().map_err(|_| ApiError::not_found(what))
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    name: String,
    #[serde(default = "yes")]
    is_shared: bool,
    #[serde(default)]
    search: SearchDefinition,
}

impl SearchBody {
    fn request(self) -> SavedSearchRequest {
        SavedSearchRequest {
            name: self.name,
            is_shared: self.is_shared,
            definition: self.search,
        }
    }
}

fn search_json(found: &SavedSearch, me: Option<UserId>) -> ApiResult<Value> {
    let mut json = json!({
        "id": found.id,
        "name": found.name,
        "is_shared": found.is_shared,
        "search": SearchDefinition::of(found)?,
        "created_at": rfc3339(found.created_at),
        "changed_at": rfc3339(found.changed_at),
    });
    owned(&mut json, found.owner.as_ref(), me);
    Ok(json)
}

async fn find_search(
    state: &State,
    viewer: &Viewer,
    id: &str,
    asked: Option<i64>,
) -> ApiResult<(Project, SavedSearch)> {
    let id = number(id, "saved search")?;
    for project in projects_of(state, viewer, asked).await? {
        let found = state.engine.saved_search(project.id, id, viewer.user_id());
        match found.await {
            Err(engine::Error::NotFound(_)) => {}
            found => return Ok((project, found?)),
        }
    }
    Err(ApiError::not_found("saved search"))
}

async fn searches(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let me = viewer.user_id();
    let found = state.engine.saved_searches(project.id, me).await?;
    let found: ApiResult<Vec<_>> = found.iter().map(|it| search_json(it, me)).collect();
    Ok(Json(json!({ "saved_searches": found? })))
}

async fn add_search(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    Body(body): Body<SearchBody>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let project = viewer.project(&state, params.project_id).await?;
    let (me, filter) = (viewer.user_id(), body.search.filter.clone());
    let added = state
        .engine
        .add_saved_search(&project, me, body.request(), Timestamp::now())
        .await
        .map_err(|error| ApiError::in_text(error, &filter))?;
    Ok((StatusCode::CREATED, Json(search_json(&added, me)?)))
}

async fn search(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let (_, found) = find_search(&state, &viewer, &id, params.project_id).await?;
    Ok(Json(search_json(&found, viewer.user_id())?))
}

async fn change_search(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<SearchBody>,
) -> ApiResult<Json<Value>> {
    let (project, found) = find_search(&state, &viewer, &id, params.project_id).await?;
    let (me, filter) = (viewer.user_id(), body.search.filter.clone());
    let changed = state
        .engine
        .change_saved_search(&project, found.id, me, body.request(), Timestamp::now())
        .await
        .map_err(|error| ApiError::in_text(error, &filter))?;
    Ok(Json(search_json(&changed, me)?))
}

async fn delete_search(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let (project, found) = find_search(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    state
        .engine
        .delete_saved_search(project.id, found.id, me)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaylistBody {
    name: String,
    #[serde(default = "yes")]
    is_shared: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    id: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaysBody {
    replays: Vec<Listed>,
}

impl ReplaysBody {
    fn entries(self) -> ApiResult<Vec<(ReplayId, String)>> {
        let entry = |it: Listed| {
            let id = it.id.parse().map_err(|_| ApiError::not_found("replay"))?;
            Ok((id, it.note.trim().to_owned()))
        };
        self.replays.into_iter().map(entry).collect()
    }
}

fn playlist_json(found: &Playlist, me: Option<UserId>) -> Value {
    let mut json = json!({
        "id": found.id,
        "name": found.name,
        "is_shared": found.is_shared,
        "replay_count": found.replay_count,
        "created_at": rfc3339(found.created_at),
        "changed_at": rfc3339(found.changed_at),
    });
    owned(&mut json, found.owner.as_ref(), me);
    json
}

async fn find_playlist(
    state: &State,
    viewer: &Viewer,
    id: &str,
    asked: Option<i64>,
) -> ApiResult<(Project, Playlist)> {
    let id = number(id, "playlist")?;
    for project in projects_of(state, viewer, asked).await? {
        match state
            .engine
            .playlist(project.id, id, viewer.user_id())
            .await
        {
            Err(engine::Error::NotFound(_)) => {}
            found => return Ok((project, found?)),
        }
    }
    Err(ApiError::not_found("playlist"))
}

async fn playlists(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let me = viewer.user_id();
    let found = state.engine.playlists(project.id, me).await?;
    let found: Vec<_> = found.iter().map(|it| playlist_json(it, me)).collect();
    Ok(Json(json!({ "playlists": found })))
}

async fn add_playlist(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    Body(body): Body<PlaylistBody>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let project = viewer.project(&state, params.project_id).await?;
    let me = viewer.user_id();
    let now = Timestamp::now();
    let engine = &state.engine;
    let added = engine.add_playlist(project.id, me, &body.name, body.is_shared, now);
    let added = playlist_json(&added.await?, me);
    Ok((StatusCode::CREATED, Json(added)))
}

/// With its replays, in their order.
async fn playlist(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let (project, found) = find_playlist(&state, &viewer, &id, params.project_id).await?;
    let entries = state.engine.playlist_entries(project.id, found.id).await?;
    let there: Vec<_> = entries.iter().filter_map(|it| it.replay.clone()).collect();
    let now = Timestamp::now();
    let mut shown = with_notes(&state, &viewer, &there, now).await?.into_iter();
    let replays: Vec<_> = entries
        .iter()
        .map(|it| {
            json!({
                "id": it.listed.replay,
                "note": it.listed.note,
                "added_at": rfc3339(it.listed.added_at),
                "replay": it.replay.as_ref().and_then(|_| shown.next()),
            })
        })
        .collect();
    let mut json = playlist_json(&found, viewer.user_id());
    json["replays"] = replays.into();
    Ok(Json(json))
}

#[derive(Deserialize)]
pub struct InPlaylist {
    pub playlist: Option<i64>,
}

/// What stands before and after a replay in a playlist.
pub async fn neighbours(
    state: &State,
    viewer: &Viewer,
    replay: &Replay,
    playlist: i64,
) -> ApiResult<Json<Value>> {
    let (engine, project) = (&state.engine, replay.project_id);
    let playlist = engine.playlist(project, playlist, viewer.user_id()).await?;
    let entries = engine.playlist_entries(project, playlist.id).await?;
    let there = entries.iter().filter_map(|it| it.replay.as_ref());
    let ids: Vec<ReplayId> = there.map(|replay| replay.id).collect();
    let at = ids.iter().position(|id| *id == replay.id);
    let beside = |step: isize| ids.get(at?.checked_add_signed(step)?);
    Ok(Json(json!({ "previous": beside(-1), "next": beside(1) })))
}

async fn change_playlist(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<PlaylistBody>,
) -> ApiResult<Json<Value>> {
    let (project, found) = find_playlist(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    let now = Timestamp::now();
    let engine = &state.engine;
    let changed = engine.change_playlist(project.id, found.id, me, &body.name, body.is_shared, now);
    Ok(Json(playlist_json(&changed.await?, me)))
}

async fn delete_playlist(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let (project, found) = find_playlist(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    state
        .engine
        .delete_playlist(project.id, found.id, me)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_replays(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<ReplaysBody>,
) -> ApiResult<Json<Value>> {
    let (project, found) = find_playlist(&state, &viewer, &id, params.project_id).await?;
    let entries = body.entries()?;
    let now = Timestamp::now();
    let engine = &state.engine;
    let added = engine.add_to_playlist(project.id, found.id, &entries, now);
    Ok(Json(json!({ "added": added.await? })))
}

async fn put_replays(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<ReplaysBody>,
) -> ApiResult<StatusCode> {
    let (project, found) = find_playlist(&state, &viewer, &id, params.project_id).await?;
    let entries = body.entries()?;
    let now = Timestamp::now();
    let engine = &state.engine;
    engine
        .put_playlist_entries(project.id, found.id, &entries, now)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
