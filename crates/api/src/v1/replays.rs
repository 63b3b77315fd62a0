//! The list of replays, and what a player loads.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::state::State;
use crate::v1::rfc3339;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::playback::EventReader;
use engine::replays::ListRequest;
use futures::StreamExt;
use model::ingest::RawEvent;
use model::replay::Replay;
use model::{ReplayId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;

#[derive(Deserialize)]
pub struct ListParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
    range: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
pub struct OneParams {
    project_id: Option<i64>,
    /// Milliseconds since the epoch.
    from: Option<f64>,
    to: Option<f64>,
}

fn replay_json(state: &State, replay: &Replay, now: Timestamp) -> Value {
    json!({
        "id": replay.id,
        "project_id": replay.project_id,
        "replay_id": replay.vendor_id(),
        "device_id": replay.device_id,
        "session_id": replay.session_id,
        "user_id": replay.user_id,
        "status": if state.engine.is_live(replay, now) { "live" } else { "complete" },
        "started_at": rfc3339(replay.started_at),
        "ended_at": rfc3339(replay.last_event_at),
        "duration_ms": replay.duration_ms(),
        "event_count": replay.event_count,
        "interaction_count": replay.interaction_count,
        "click_count": replay.click_count,
        "page_count": replay.page_count,
        "size_bytes": replay.size_bytes,
        "first_url": replay.first_url,
        "last_url": replay.last_url,
        "country": replay.country,
        "browser": replay.browser,
        "os": replay.os,
        "device_type": replay.device_type,
        "source": replay.source,
        "sdk": replay.sdk,
        "sdk_version": replay.sdk_version,
        "playable": replay.playable,
        "received_at": rfc3339(replay.last_received_at),
    })
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<ListParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let request = ListRequest {
        limit: params.limit,
        cursor: params.cursor,
        range: params.range,
        from: params.from,
        to: params.to,
    };
    let now = Timestamp::now();
    let page = state.engine.list_replays(&project, &request, now).await?;
    let replays: Vec<_> = page
        .replays
        .iter()
        .map(|replay| replay_json(&state, replay, now))
        .collect();
    Ok(Json(json!({
        "replays": replays,
        "next_cursor": page.next_cursor,
        "from": page.from.map(rfc3339),
        "to": page.to.map(rfc3339),
        "time_zone": project.time_zone,
    })))
}

/// Of a project that the viewer may use.
async fn find(state: &State, viewer: &Viewer, id: &str, project: Option<i64>) -> ApiResult<Replay> {
    let id: ReplayId = id.parse().map_err(|_| ApiError::not_found("replay"))?;
    let projects = match (viewer, project) {
        (Viewer::Person { user, .. }, None) => state.engine.projects(user.organisation_id).await?,
        (viewer, asked) => vec![viewer.project(state, asked).await?],
    };
    for project in projects {
        match state.engine.replay(project.id, id).await {
            Err(engine::Error::NotFound(_)) => {}
            other => return Ok(other?),
        }
    }
    Err(ApiError::not_found("replay"))
}

pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Json<Value>> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    Ok(Json(replay_json(&state, &replay, Timestamp::now())))
}

pub async fn manifest(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Json<Value>> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let (replay, manifest) = state.engine.manifest(replay.project_id, replay.id).await?;
    let mut answer = json!(manifest);
    answer["replay"] = replay_json(&state, &replay, Timestamp::now());
    Ok(Json(answer))
}

pub async fn interactions(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Response> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let batches = state
        .engine
        .interactions(replay.project_id, replay.id)
        .await?;
    let items: Vec<_> = batches
        .iter()
        .map(|batch| batch.trim_start_matches('[').trim_end_matches(']'))
        .collect();
    Ok(json_text(Body::from(format!("[{}]", items.join(",")))))
}

/// Exactly as recorded.
pub async fn events(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Response> {
    stream(&state, &viewer, &id, &params, |out, event| {
        out.push_str(&event.json)
    })
    .await
}

/// For the player: nothing in it runs, loads or navigates, and every snapshot is
/// followed by what the player would otherwise not know.
pub async fn playback(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Response> {
    stream(&state, &viewer, &id, &params, |out, event| {
        out.push_str(&privacy::sanitise_event(event.kind, &event.json));
        for follow_up in privacy::follow_ups(event.kind, &event.json) {
            out.push(',');
            out.push_str(&follow_up);
        }
    })
    .await
}

fn range_of(params: &OneParams) -> ApiResult<Range<i64>> {
    let bound = |name: &str, value: Option<f64>, default: i64| match value {
        None => Ok(default),
        // A cast saturates; milliseconds beyond that have no events anyway.
        Some(value) if value.is_finite() => Ok(value as i64),
        Some(_) => Err(ApiError::invalid(format!(
            "{name} must be milliseconds since the epoch"
        ))),
    };
    Ok(bound("from", params.from, i64::MIN / 1000)?..bound("to", params.to, i64::MAX / 1000)?)
}

/// A JSON array, sent block by block: a recording of any length needs the memory
/// of one block.
async fn stream(
    state: &State,
    viewer: &Viewer,
    id: &str,
    params: &OneParams,
    write: fn(&mut String, &RawEvent),
) -> ApiResult<Response> {
    let range = range_of(params)?;
    let replay = find(state, viewer, id, params.project_id).await?;
    let reader = state
        .engine
        .events(replay.project_id, replay.id, range)
        .await?;
    let parts = futures::stream::unfold(Position::Start(reader), move |position| {
        next_part(position, write)
    });
    // Compression asks once more after the end.
    Ok(json_text(Body::from_stream(parts.fuse())))
}

enum Position {
    Start(EventReader),
    Inside(EventReader),
    End,
}

async fn next_part(
    position: Position,
    write: fn(&mut String, &RawEvent),
) -> Option<(Result<Bytes, engine::Error>, Position)> {
    let (mut reader, is_first) = match position {
        Position::Start(reader) => (reader, true),
        Position::Inside(reader) => (reader, false),
        Position::End => return None,
    };
    let events = match reader.next().await {
        Ok(Some(events)) => events,
        Ok(None) => return Some((Ok(if is_first { "[]" } else { "]" }.into()), Position::End)),
        // The connection breaks off, so that a half answer is not taken for a whole one.
        Err(error) => {
            tracing::error!(%error, "cannot read a recording to its end");
            return Some((Err(error), Position::End));
        }
    };
    let written = tokio::task::spawn_blocking(move || {
        let mut out = String::with_capacity(events.iter().map(|event| event.json.len() + 1).sum());
        for (at, event) in events.iter().enumerate() {
            out.push(if is_first && at == 0 { '[' } else { ',' });
            write(&mut out, event);
        }
        out
    });
    match written.await {
        Ok(out) => Some((Ok(out.into()), Position::Inside(reader))),
        Err(error) => Some((
            Err(engine::Error::Internal(error.to_string())),
            Position::End,
        )),
    }
}

fn json_text(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
