//! Issues: errors that are taken for the same fault.

use super::errors::error_json;
use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::state::State;
use crate::v1::{OfProject, replays, rfc3339, source_maps};
use axum::Json;
use axum::extract::Path;
use engine::errors::IssueRequest;
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::Project;
use store::catalog::errors::Issue;

#[derive(Deserialize)]
pub struct ListParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
    sort: Option<String>,
    query: Option<String>,
    /// `page` or `server`.
    status_side: Option<String>,
    release: Option<String>,
    environment: Option<String>,
    range: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
pub struct PageParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<ListParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let request = IssueRequest {
        limit: params.limit,
        cursor: params.cursor,
        sort: params.sort,
        query: params.query,
        side: params.status_side,
        release: params.release,
        environment: params.environment,
        range: params.range,
        from: params.from,
        to: params.to,
    };
    let found = state.engine.issues(&project, request, Timestamp::now());
    let (issues, next_cursor) = found.await?;
    let issues: Vec<_> = issues.iter().map(issue_json).collect();
    Ok(Json(
        json!({ "issues": issues, "next_cursor": next_cursor }),
    ))
}

pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let (project, id) = find(&state, &viewer, &id, params.project_id).await?;
    let now = Timestamp::now();
    let detail = state.engine.issue_detail(&project, id, now).await?;
    let rows: Vec<_> = detail.replays.iter().map(|(row, _)| row.clone()).collect();
    let shown = replays::with_notes(&state, &viewer, &rows, now).await?;
    let replays: Vec<_> = shown
        .into_iter()
        .zip(&detail.replays)
        .map(|(replay, (_, found))| {
            json!({
                "replay": replay,
                "at_ms": found.at.millis(),
                "error_id": found.error_id,
                "link": found.link.name(),
            })
        })
        .collect();
    let per_day: Vec<_> = detail
        .per_day
        .iter()
        .map(|(day, count)| json!({ "day": day.to_string(), "event_count": count }))
        .collect();
    let releases: Vec<_> = detail
        .releases
        .iter()
        .map(|(release, count)| json!({ "release": release, "event_count": count }))
        .collect();
    let mut answer = issue_json(&detail.issue);
    answer["fingerprint"] = detail.issue.fingerprint.into();
    answer["per_day"] = per_day.into();
    let mut latest: Vec<_> = detail.latest.iter().map(error_json).collect();
    source_maps::apply(&state, project.id, &mut latest).await;
    answer["latest"] = latest.into();
    answer["replays"] = replays.into();
    answer["releases"] = releases.into();
    Ok(Json(answer))
}

pub async fn errors(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<PageParams>,
) -> ApiResult<Json<Value>> {
    let (project, id) = find(&state, &viewer, &id, params.project_id).await?;
    let cursor = params.cursor.as_deref();
    let found = state
        .engine
        .errors_of_issue(project.id, id, params.limit, cursor);
    let (errors, next_cursor) = found.await?;
    let mut errors: Vec<_> = errors.iter().map(error_json).collect();
    source_maps::apply(&state, project.id, &mut errors).await;
    Ok(Json(
        json!({ "errors": errors, "next_cursor": next_cursor }),
    ))
}

/// The project of an issue that the viewer may see.
async fn find(
    state: &State,
    viewer: &Viewer,
    id: &str,
    project: Option<i64>,
) -> ApiResult<(Project, i64)> {
    let id = id.parse().map_err(|_| ApiError::not_found("issue"))?;
    let projects = match project {
        None => viewer.projects(state).await?,
        asked => vec![viewer.project(state, asked).await?],
    };
    for project in projects {
        match state.engine.issue(project.id, id).await {
            Err(engine::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok((project, id)),
        }
    }
    Err(ApiError::not_found("issue"))
}

fn issue_json(issue: &Issue) -> Value {
    json!({
        "id": issue.id,
        "project_id": issue.project_id,
        "title": issue.title,
        "kind": issue.kind,
        "culprit": issue.culprit,
        "level": issue.level,
        "platform": issue.platform,
        "is_server_side": issue.is_server_side,
        "first_seen": rfc3339(issue.first_seen),
        "last_seen": rfc3339(issue.last_seen),
        "first_release": issue.first_release,
        "last_release": issue.last_release,
        "event_count": issue.event_count,
        "user_count": issue.user_count,
        "session_count": issue.session_count,
        "replay_count": issue.replay_count,
    })
}
