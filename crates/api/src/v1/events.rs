//! Analytics events as they are kept, newest first.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::v1::{OfProject, replays, rfc3339};
use axum::Json;
use axum::extract::Path;
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::Event;

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
    let events: Vec<_> = events.iter().map(shown).collect();
    Ok(Json(json!({ "events": events })))
}

fn shown(event: &Event) -> Value {
    let whole: Value = serde_json::from_str(&event.json).unwrap_or_default();
    // PostHog's own word for them.
    let properties = whole.get("event_properties").or(whole.get("properties"));
    let generated =
        wire::event_name::generated_name(&event.event_type, properties.unwrap_or(&Value::Null));
    json!({
        "insert_id": event.insert_id,
        "event_type": event.event_type,
        "generated_name": generated,
        "timestamp": rfc3339(event.timestamp),
        "device_id": event.device_id,
        "user_id": event.user_id,
        "session_id": event.session_id,
        "replay": event.replay,
        "event_properties": properties,
        "user_properties": whole.get("user_properties"),
    })
}

/// An event with its number in the catalog.
pub fn event_json(number: u64, event: &Event) -> Value {
    let mut answer = shown(event);
    answer["id"] = number.into();
    answer["at_ms"] = event.timestamp.millis().into();
    answer
}

#[derive(Deserialize)]
pub struct PageParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Of the session that a replay is of.
pub async fn of_replay(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<PageParams>,
) -> ApiResult<Json<Value>> {
    let replay = replays::find(&state, &viewer, &id, params.project_id).await?;
    let cursor = params.cursor.as_deref();
    let page = state
        .engine
        .events_of_replay(replay.project_id, replay.id, params.limit, cursor);
    let (events, next_cursor) = page.await?;
    let events = events
        .iter()
        .map(|(number, event)| event_json(*number, event));
    let events: Vec<_> = events.collect();
    Ok(Json(
        json!({ "events": events, "next_cursor": next_cursor }),
    ))
}

/// One event as it was sent, and the replay of its session.
pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let number = id.parse().map_err(|_| ApiError::not_found("event"))?;
    let projects = match params.project_id {
        None => viewer.projects(&state).await?,
        asked => vec![viewer.project(&state, asked).await?],
    };
    for project in projects {
        let (event, replay) = match state.engine.event(project.id, number).await {
            Err(engine::Error::NotFound(_)) => continue,
            found => found?,
        };
        let now = Timestamp::now();
        let replay = replays::with_notes(&state, &viewer, replay.as_slice(), now).await?;
        let mut answer = event_json(number, &event);
        answer["replay"] = json!(replay.into_iter().next());
        answer["raw"] = serde_json::from_str(&event.json).unwrap_or_default();
        return Ok(Json(answer));
    }
    Err(ApiError::not_found("event"))
}
