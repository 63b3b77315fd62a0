//! Uploads of source maps, and applying them to errors that are read.

use crate::Shared;
use crate::auth::Viewer;
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::state::State;
use crate::v1::{OfProject, rfc3339};
use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use engine::source_maps::{MAX_ARCHIVE_BYTES, UploadOfMaps};
use model::{ProjectId, Timestamp};
use serde_json::{Value, json};
use wire::Rejection;

/// Tools that have more cut it into several archives. The body is a zip archive with a `manifest.json`.
pub async fn add(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    body: Body,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let project = viewer.project(&state, params.project_id).await?;
    let received = state.admission.receive(body, MAX_ARCHIVE_BYTES).await;
    let (archive, _memory) = received.map_err(refused)?;
    let now = Timestamp::now();
    let upload = state
        .engine
        .source_maps
        .add(project.id, archive, now)
        .await?;
    Ok((StatusCode::CREATED, Json(upload_json(&upload))))
}

/// A body that was not taken.
pub fn refused(rejection: Rejection) -> ApiError {
    ApiError::new(Code::Refused(rejection.reason), rejection.message)
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let uploads = state.engine.source_maps.list(project.id).await?;
    let uploads: Vec<_> = uploads.iter().map(upload_json).collect();
    Ok(Json(json!({ "uploads": uploads })))
}

pub async fn delete(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let project = viewer.project(&state, params.project_id).await?;
    state.engine.source_maps.delete(project.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An error that cannot be led back is still an error: what fails is logged.
pub async fn apply(state: &State, project: ProjectId, errors: &mut [Value]) {
    if let Err(error) = state.engine.source_maps.apply(project, errors).await {
        tracing::warn!(%error, "cannot apply source maps");
    }
}

fn upload_json(upload: &UploadOfMaps) -> Value {
    let skipped: Vec<_> = upload
        .skipped
        .iter()
        .map(|(file, why)| json!({ "file": file, "why": why }))
        .collect();
    json!({
        "id": upload.id,
        "uploaded_at": rfc3339(upload.uploaded_at),
        "release": upload.release,
        "dist": upload.dist,
        "map_count": upload.map_count,
        "size_bytes": upload.size_bytes,
        "skipped": skipped,
    })
}
