//! Analytics events as they are kept, newest first.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::v1::rfc3339;
use axum::Json;
use serde::Deserialize;
use serde_json::{Value, json};

const DEFAULT_LIMIT: usize = 100;

#[derive(Deserialize)]
pub struct Params {
    project_id: Option<i64>,
    event_type: Option<String>,
    limit: Option<usize>,
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let events = state
        .engine
        .list_events(project.id, params.event_type.as_deref(), limit)
        .await?;
    let events: Vec<_> = events
        .into_iter()
        .map(|event| {
            let whole: Value = serde_json::from_str(&event.json).unwrap_or_default();
            json!({
                "insert_id": event.insert_id,
                "event_type": event.event_type,
                "timestamp": rfc3339(event.timestamp),
                "device_id": event.device_id,
                "user_id": event.user_id,
                "session_id": event.session_id,
                "replay": event.replay,
                "event_properties": whole.get("event_properties"),
                "user_properties": whole.get("user_properties"),
            })
        })
        .collect();
    Ok(Json(json!({ "events": events })))
}
