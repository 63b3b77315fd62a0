//! Deleting replays, users and projects, how far it is, and who did it.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::state::State;
use crate::v1::{OfProject, projects, rfc3339};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use engine::deletion::{BySearch, MAX_PAGE, Target};
use engine::replays::ListRequest;
use model::{ReplayId, Scope, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::deletion::{AuditEntry, Deletion};
use store::catalog::{Project, User};

/// Exactly one of the targets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDeletion {
    /// Where the replays or the user are; without it the only or first project.
    project_id: Option<i64>,
    replay_ids: Option<Vec<String>>,
    search: Option<Search>,
    /// Short for a search with nothing else.
    filter: Option<String>,
    user_id: Option<String>,
    /// With `project_id`, which is not guessed here.
    whole_project: Option<bool>,
}

/// As for the list of replays.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    filter: Option<String>,
    range: Option<String>,
    from: Option<String>,
    to: Option<String>,
    unseen: bool,
    keep_pinned: bool,
    keep_live: bool,
    expected_replays: Option<u64>,
}

impl Search {
    fn target(self, viewer: &Viewer) -> ApiResult<BySearch> {
        let unseen_by = match self.unseen {
            true => Some(viewer.person()?.id),
            false => None,
        };
        Ok(BySearch {
            request: ListRequest {
                filter: self.filter,
                range: self.range,
                from: self.from,
                to: self.to,
                unseen_by,
                ..ListRequest::default()
            },
            keep_pinned: self.keep_pinned,
            keep_live: self.keep_live,
            expected_replays: self.expected_replays,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    project_id: Option<i64>,
    search: Search,
}

#[derive(Deserialize)]
pub struct PageParams {
    limit: Option<usize>,
    cursor: Option<i64>,
}

type Answer = ApiResult<(StatusCode, Json<Value>)>;

pub async fn create(state: Shared, viewer: Viewer, Body(body): Body<NewDeletion>) -> Answer {
    deleter(&viewer)?;
    let NewDeletion {
        project_id,
        replay_ids,
        search,
        filter,
        user_id,
        whole_project,
    } = body;
    let one = || {
        ApiError::invalid(
            "give one of replay_ids, search, filter, user_id, or whole_project: true with a project_id",
        )
    };
    let search = match (search, filter) {
        (Some(_), Some(_)) => return Err(one()),
        (None, Some(filter)) => Some(Search {
            filter: Some(filter),
            ..Search::default()
        }),
        (search, None) => search,
    };
    let target = match (replay_ids, search, user_id, whole_project) {
        (Some(ids), None, None, None) => Target::Replays(parsed(&ids)?),
        (None, Some(search), None, None) => Target::Search(Box::new(search.target(&viewer)?)),
        (None, None, Some(user_id), None) => Target::User(user_id),
        (None, None, None, Some(true)) if project_id.is_some() => Target::Project,
        _ => return Err(one()),
    };
    let project = viewer.project(&state, project_id).await?;
    start(&state, &viewer, &project, target).await
}

/// What a search would delete.
pub async fn preview(
    state: Shared,
    viewer: Viewer,
    Body(body): Body<Preview>,
) -> ApiResult<Json<Value>> {
    let user = deleter(&viewer)?;
    let project = viewer.project(&state, body.project_id).await?;
    let search = body.search.target(&viewer)?;
    let filter = search.request.filter.clone().unwrap_or_default();
    let found = state
        .engine
        .matching(user, &project, search, Timestamp::now());
    let found = found
        .await
        .map_err(|error| ApiError::in_text(error, &filter))?;
    Ok(Json(json!({
        "replays": found.replays.len(),
        "kept_pinned": found.kept_pinned,
        "kept_live": found.kept_live,
    })))
}

pub async fn replay(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> Answer {
    deleter(&viewer)?;
    let ids = parsed(&[id])?;
    let projects = match params.project_id {
        None => viewer.projects(&state).await?,
        asked => vec![viewer.project(&state, asked).await?],
    };
    for project in projects {
        match start(&state, &viewer, &project, Target::Replays(ids.clone())).await {
            Err(error) if error.is_not_found() => {}
            other => return other,
        }
    }
    Err(ApiError::not_found("replay"))
}

pub async fn project(state: Shared, viewer: Viewer, Path(id): Path<String>) -> Answer {
    deleter(&viewer)?;
    let project = projects::of_path(&state, &viewer, &id).await?;
    start(&state, &viewer, &project, Target::Project).await
}

fn parsed(ids: &[String]) -> ApiResult<Vec<ReplayId>> {
    let ids = ids.iter().map(|id| id.parse());
    ids.collect::<Result<_, _>>()
        .map_err(|_| ApiError::not_found("replay"))
}

async fn start(state: &State, viewer: &Viewer, project: &Project, target: Target) -> Answer {
    let user = deleter(viewer)?;
    let filter = match &target {
        Target::Search(search) => search.request.filter.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let job = state
        .engine
        .delete(user, project, target, Timestamp::now())
        .await
        .map_err(|error| ApiError::in_text(error, &filter))?;
    Ok((StatusCode::ACCEPTED, Json(deletion_json(&job))))
}

fn deletion_json(job: &Deletion) -> Value {
    json!({
        "id": job.id,
        "project_id": job.project,
        "kind": job.kind.name(),
        "target_hash": job.target_hash,
        "state": job.state.name(),
        "requested_by": job.requested_by,
        "created_at": rfc3339(job.created_at),
        "started_at": job.started_at.map(rfc3339),
        "ended_at": job.ended_at.map(rfc3339),
        "error": job.error,
        "replays": { "total": job.replay_total, "left": job.replays_left },
        "deleted": job.counts,
    })
}

/// Who deletes: a program needs the scope for it, and acts in an owner's name.
fn deleter(viewer: &Viewer) -> ApiResult<&User> {
    match viewer {
        Viewer::Program(program) if !program.token.scopes.contains(Scope::Delete) => {
            Err(ApiError::missing_scope(Scope::Delete))
        }
        _ => viewer.person(),
    }
}

/// None where fewer came than were asked for.
fn next_cursor(limit: Option<usize>, ids: impl ExactSizeIterator<Item = i64>) -> Option<i64> {
    let is_full = ids.len() >= limit.unwrap_or(MAX_PAGE);
    ids.last().filter(|_| is_full)
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<PageParams>,
) -> ApiResult<Json<Value>> {
    // A program sees one project, this is of all.
    let (user, _) = viewer.only_person()?;
    let engine = &state.engine;
    let jobs = engine.deletions(user, params.cursor, params.limit).await?;
    let next_cursor = next_cursor(params.limit, jobs.iter().map(|job| job.id));
    let jobs: Vec<_> = jobs.iter().map(deletion_json).collect();
    Ok(Json(
        json!({ "deletions": jobs, "next_cursor": next_cursor }),
    ))
}

pub async fn one(state: Shared, viewer: Viewer, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    let id = id.parse().map_err(|_| ApiError::not_found("deletion"))?;
    let job = state.engine.deletion(deleter(&viewer)?, id).await?;
    if let Viewer::Program(program) = &viewer
        && program.project.id != job.project
    {
        return Err(ApiError::not_found("deletion"));
    }
    Ok(Json(deletion_json(&job)))
}

pub async fn audit(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<PageParams>,
) -> ApiResult<Json<Value>> {
    let (user, _) = viewer.only_person()?;
    let engine = &state.engine;
    let entries = engine.audit(user, params.cursor, params.limit).await?;
    let next_cursor = next_cursor(params.limit, entries.iter().map(|entry| entry.id));
    let entries: Vec<_> = entries.iter().map(entry_json).collect();
    Ok(Json(
        json!({ "entries": entries, "next_cursor": next_cursor }),
    ))
}

fn entry_json(entry: &AuditEntry) -> Value {
    let detail: Value = serde_json::from_str(&entry.detail_json).unwrap_or_default();
    json!({
        "id": entry.id,
        "project_id": entry.project,
        "at": rfc3339(entry.at),
        "user_id": entry.user,
        "action": entry.action,
        "detail": detail,
    })
}
