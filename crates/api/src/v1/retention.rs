//! How long replays are kept: pins, and a changed number for what is there already.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::v1::{OfProject, projects, replays};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use model::Timestamp;
use serde_json::{Value, json};

pub async fn pin(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    set_pin(&state, &viewer, &id, &params, true).await
}

pub async fn unpin(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    set_pin(&state, &viewer, &id, &params, false).await
}

async fn set_pin(
    state: &crate::State,
    viewer: &Viewer,
    id: &str,
    params: &OfProject,
    is_pinned: bool,
) -> ApiResult<StatusCode> {
    let user = viewer.person()?;
    let replay = replays::find(state, viewer, id, params.project_id).await?;
    let now = Timestamp::now();
    let engine = &state.engine;
    engine.pin_replay(user, &replay, is_pinned, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The project's number of days for what arrived before, too.
pub async fn apply(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let user = viewer.person()?;
    let project = projects::of_path(&state, &viewer, &id).await?;
    let engine = &state.engine;
    let changed = engine
        .apply_retention(user, &project, Timestamp::now())
        .await?;
    Ok(Json(json!({
        "retention_days": project.retention_days,
        "replays_changed": changed,
    })))
}
