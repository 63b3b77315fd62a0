//! By which numbers a project's signs of frustration are judged, and who may change it.

use super::capture::Params;
use crate::Shared;
use crate::auth::Viewer;
use crate::error::ApiResult;
use crate::extract::{Body, Query};
use axum::Json;
use engine::frustration::{BOUNDS, Frustration, RAGE_PRESETS};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::catalog::Project;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    frustration: Map<String, Value>,
}

pub async fn read(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    Ok(Json(answer(&project)))
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
        .change_frustration(user, project, change.frustration)
        .await?;
    Ok(Json(answer(&project)))
}

/// The project's own settings, where null is the default, and what that makes.
fn answer(project: &Project) -> Value {
    let own = Frustration::of(project).ok();
    let bounds: Map<String, Value> = BOUNDS
        .into_iter()
        .map(|(name, bounds)| (name.to_owned(), json!([bounds.start(), bounds.end()])))
        .collect();
    let presets = RAGE_PRESETS.map(|(name, rule)| {
        json!({
            "name": name,
            "rage_clicks": rule.clicks,
            "rage_within_ms": rule.within_ms,
            "rage_radius_px": rule.radius_px,
        })
    });
    json!({
        "project_id": project.id,
        "frustration": own,
        "in_force": own.unwrap_or_default().in_force(),
        "bounds": bounds,
        "presets": presets,
    })
}
