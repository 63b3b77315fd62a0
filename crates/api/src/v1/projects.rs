//! Projects: made and changed by owners, quick numbers, and how their ingest does.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::state::State;
use crate::v1::rfc3339;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use engine::ingest_status::{FamilyStatus, Rejected, Sender};
use engine::projects::ProjectChange;
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::{Project, ReplaySums};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    name: String,
    #[serde(default = "utc")]
    time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    name: Option<String>,
    time_zone: Option<String>,
    capture_enabled: Option<bool>,
    retention_days: Option<u32>,
}

#[derive(Deserialize)]
pub struct SummaryParams {
    project_id: Option<i64>,
    range: Option<String>,
}

#[derive(Deserialize)]
pub struct StatusParams {
    device_id: Option<String>,
    session_id: Option<String>,
}

fn project_json(project: &Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "time_zone": project.time_zone,
        "ingest_key": project.ingest_key,
        "capture_enabled": project.capture_enabled,
        "retention_days": project.retention_days,
    })
}

/// The project in the path, if the viewer may use it.
pub(crate) async fn of_path(state: &State, viewer: &Viewer, id: &str) -> ApiResult<Project> {
    let id = id.parse().map_err(|_| ApiError::not_found("project"))?;
    viewer.project(state, Some(id)).await
}

pub async fn list(state: Shared, viewer: Viewer) -> ApiResult<Json<Value>> {
    let projects = viewer.projects(&state).await?;
    let projects: Vec<_> = projects.iter().map(project_json).collect();
    Ok(Json(json!({ "projects": projects })))
}

pub async fn create(
    state: Shared,
    viewer: Viewer,
    Body(body): Body<NewProject>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let (user, _) = viewer.only_person()?;
    let project = state
        .engine
        .add_project(user, &body.name, &body.time_zone, Timestamp::now())
        .await?;
    Ok((StatusCode::CREATED, Json(project_json(&project))))
}

pub async fn change(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(body): Body<Change>,
) -> ApiResult<Json<Value>> {
    let user = viewer.person()?;
    let project = of_path(&state, &viewer, &id).await?;
    let change = ProjectChange {
        name: body.name,
        time_zone: body.time_zone,
        capture_enabled: body.capture_enabled,
        retention_days: body.retention_days,
    };
    let engine = &state.engine;
    let project = engine
        .change_project(user, project, change, Timestamp::now())
        .await?;
    Ok(Json(project_json(&project)))
}

pub async fn ingest_status(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<StatusParams>,
) -> ApiResult<Json<Value>> {
    let project = of_path(&state, &viewer, &id).await?;
    let sender = Sender {
        device_id: params.device_id,
        session_id: params.session_id,
    };
    let now = Timestamp::now();
    let status = state.engine.ingest_status.status(project.id, &sender, now);
    let rejected = rejected_json(&status.rejected);
    let sdk_seen: Vec<_> = status
        .sdk_seen
        .iter()
        .map(|it| json!({ "sdk": it.sdk, "version": it.version, "last_at": rfc3339(it.last_at) }))
        .collect();
    let families: Vec<_> = status.families.iter().map(family_json).collect();
    let search = state.engine.search_status(project.id).await?;
    let losses: Vec<_> = status
        .client_losses
        .iter()
        .map(|it| json!({ "reason": it.reason, "category": it.category, "count": it.count }))
        .collect();
    Ok(Json(json!({
        "families": families,
        "client_losses": losses,
        "accepted_last_hour": status.accepted_last_hour,
        "rejected": rejected,
        "last_upload_at": status.last_upload_at.map(rfc3339),
        "sdk_seen": sdk_seen,
        "search": {
            "rows": search.stats.rows,
            "events": search.stats.events,
            "facts": search.stats.facts,
            "texts": search.stats.texts,
            "names": search.stats.names,
            "max_names": search.max_names,
            "properties_refused": search.stats.refused.properties,
            "size_bytes": search.stats.file_bytes,
        },
    })))
}

fn rejected_json(rejected: &[Rejected]) -> Vec<Value> {
    let list = rejected.iter();
    list.map(|it| json!({ "reason": it.reason, "count": it.count, "last_at": rfc3339(it.last_at) }))
        .collect()
}

fn family_json(family: &FamilyStatus) -> Value {
    let items = family.items.iter();
    let items: Vec<_> = items
        .map(|(kind, count)| json!({ "kind": kind, "count": count }))
        .collect();
    json!({
        "source": family.source,
        "accepted_last_hour": family.accepted_last_hour,
        "last_upload_at": family.last_upload_at.map(rfc3339),
        "items": items,
        "rejected": rejected_json(&family.rejected),
    })
}

fn sums_json(sums: &ReplaySums) -> Value {
    json!({
        "replay_count": sums.replay_count,
        "user_count": sums.user_count,
        "event_count": sums.event_count,
        "error_count": sums.error_count,
        "rage_click_count": sums.rage_click_count,
        "dead_click_count": sums.dead_click_count,
        "size_bytes": sums.size_bytes,
    })
}

pub async fn summary(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<SummaryParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let summary = state
        .engine
        .summary(&project, params.range.as_deref(), Timestamp::now())
        .await?;
    let mut answer = sums_json(&summary.total);
    let per_day: Vec<_> = summary
        .per_day
        .iter()
        .map(|(day, sums)| {
            let mut entry = sums_json(sums);
            entry["day"] = day.to_string().into();
            entry
        })
        .collect();
    answer["per_day"] = per_day.into();
    answer["time_zone"] = project.time_zone.into();
    Ok(Json(answer))
}
