//! What the recorders of a project record, and who may change it.

use crate::Shared;
use crate::auth::Viewer;
use crate::capture::in_force;
use crate::error::ApiResult;
use crate::extract::{Body, Query};
use crate::state::State;
use axum::Json;
use engine::capture::Capture;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::catalog::Project;

#[derive(Deserialize)]
pub struct Params {
    pub project_id: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    capture: Map<String, Value>,
}

pub async fn read(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    Ok(Json(answer(&state, &project)))
}

pub async fn change(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
    Body(change): Body<Change>,
) -> ApiResult<Json<Value>> {
    let user = viewer.person()?;
    let project = viewer.project(&state, params.project_id).await?;
    let project = state
        .engine
        .change_capture(user, project, change.capture)
        .await?;
    Ok(Json(answer(&state, &project)))
}

/// The project's own settings, where null is "as the server says", and what that makes.
fn answer(state: &State, project: &Project) -> Value {
    let settings = in_force(state, project);
    json!({
        "project_id": project.id,
        "capture": Capture::of(project).ok(),
        "in_force": {
            "capture_enabled": settings.capture_enabled,
            "sample_rate": settings.sample_rate,
            "error_sample_rate": settings.error_sample_rate,
            "min_duration_ms": settings.min_session_duration_ms,
            "mask_level": settings.mask_level.map(wire::amplitude::MaskLevel::name),
            "block_selectors": settings.block_selectors,
            "mask_selectors": settings.mask_selectors,
            "unmask_selectors": settings.unmask_selectors,
            "interactions": settings.interactions.enabled,
            "console": settings.console.enabled,
            "network": settings.network.enabled,
            "targeting_rules": settings.targeting.len(),
        },
    })
}
