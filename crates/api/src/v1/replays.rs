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
use model::replay::Replay;
use model::{ReplayId, Timestamp};
use privacy::Preparer;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::ops::Range;

#[derive(Deserialize)]
pub struct ListParams {
    pub project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
    range: Option<String>,
    from: Option<String>,
    to: Option<String>,
    unseen: Option<bool>,
    filter: Option<String>,
    sort: Option<String>,
    order: Option<String>,
    live: Option<bool>,
}

impl ListParams {
    pub fn request(self, viewer: &Viewer) -> ApiResult<ListRequest> {
        let unseen_by = match self.unseen {
            Some(true) => Some(viewer.person()?.id),
            Some(false) | None => None,
        };
        Ok(ListRequest {
            limit: self.limit,
            cursor: self.cursor,
            range: self.range,
            from: self.from,
            to: self.to,
            unseen_by,
            filter: self.filter,
            sort: self.sort,
            order: self.order,
            live: self.live,
        })
    }
}

#[derive(Deserialize)]
pub struct OneParams {
    project_id: Option<i64>,
    /// Milliseconds since the epoch.
    from: Option<f64>,
    to: Option<f64>,
    /// Of the state that is asked for, in milliseconds since the epoch.
    at: Option<f64>,
    /// Number of the tab whose state is asked for.
    tab: Option<usize>,
    /// Kinds of facts, separated by commas.
    kinds: Option<String>,
    limit: Option<usize>,
}

/// As [`replay_json`], with what people added.
pub async fn with_notes(
    state: &State,
    viewer: &Viewer,
    replays: &[Replay],
    now: Timestamp,
) -> ApiResult<Vec<Value>> {
    let ids: Vec<_> = replays.iter().map(|replay| replay.id).collect();
    let notes = state.engine.notes(&ids, viewer.user_id()).await?;
    let noted = replays.iter().zip(notes).map(|(replay, notes)| {
        let mut json = replay_json(state, replay, now);
        json["comment_count"] = notes.comment_count.into();
        json["seen"] = notes.seen.into();
        json
    });
    Ok(noted.collect())
}

fn replay_json(state: &State, replay: &Replay, now: Timestamp) -> Value {
    let signals = &replay.signals;
    let is_live = state.engine.is_live(replay, now);
    let tags: Map<String, Value> = replay
        .tags
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut answer = json!({
        "id": replay.id,
        "project_id": replay.project_id,
        "replay_id": replay.vendor_id(),
        "device_id": replay.device_id,
        "session_id": replay.session_id,
        "user_id": replay.user_id,
        "status": if is_live { "live" } else { "complete" },
        "state": match replay.recording_version {
            _ if is_live => "live",
            0 => "processing",
            _ => "complete",
        },
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
        "error_count": signals.error_count + replay.linked_error_count,
        "console_error_count": signals.console_error_count,
        "rage_click_count": signals.rage_click_count,
        "dead_click_count": signals.dead_click_count,
        "frustration_count": signals.frustration_count,
        "request_count": signals.request_count,
        "failed_request_count": signals.failed_request_count,
        "active_ms": signals.active_ms,
        "activity": signals.activity.as_slice(),
        "tab_count": signals.tab_count,
        "integrity": signals.integrity,
    });
    // By themselves, for the macro takes only so many.
    answer["release"] = json!(replay.release);
    answer["environment"] = json!(replay.environment);
    answer["visitor_id"] = json!(replay.visitor_id);
    answer["device"] = json!(replay.device);
    answer["tags"] = tags.into();
    answer["expires_at"] = match replay.is_pinned {
        true => Value::Null,
        false => rfc3339(replay.expires_at).into(),
    };
    answer["retention_in_days"] = replay.retention_in_days().into();
    answer["is_pinned"] = replay.is_pinned.into();
    answer["linked_error_count"] = replay.linked_error_count.into();
    answer
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<ListParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let request = params.request(&viewer)?;
    let now = Timestamp::now();
    let filter = request.filter.as_deref().unwrap_or_default();
    let page = state.engine.list_replays(&project, &request, now).await;
    let page = page.map_err(|error| ApiError::in_text(error, filter))?;
    let filter = engine::search::filter_of_text(filter)?.to_text();
    let replays = with_notes(&state, &viewer, &page.replays, now).await?;
    Ok(Json(json!({
        "replays": replays,
        "next_cursor": page.next_cursor,
        "from": page.from.map(rfc3339),
        "to": page.to.map(rfc3339),
        "time_zone": project.time_zone,
        "total": page.total,
        "filter": filter,
    })))
}

/// Of a project that the viewer may use.
pub async fn find(
    state: &State,
    viewer: &Viewer,
    id: &str,
    project: Option<i64>,
) -> ApiResult<Replay> {
    let id: ReplayId = id.parse().map_err(|_| ApiError::not_found("replay"))?;
    let projects = match project {
        None => viewer.projects(state).await?,
        asked => vec![viewer.project(state, asked).await?],
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
    let person = state.engine.person_of_replay(&replay).await?;
    let noted = with_notes(&state, &viewer, &[replay], Timestamp::now()).await?;
    let mut answer = noted.into_iter().next().unwrap_or_default();
    answer["person"] = person.map_or(
        Value::Null,
        |it| json!({ "id": it.id, "user_id": it.user_id }),
    );
    Ok(Json(answer))
}

/// The ones beside it in the list that the other parameters describe.
pub async fn neighbours(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<ListParams>,
    Query(listed): Query<super::collections::InPlaylist>,
) -> ApiResult<Json<Value>> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let project = viewer.project(&state, Some(replay.project_id.0)).await?;
    if let Some(playlist) = listed.playlist {
        return super::collections::neighbours(&state, &viewer, &replay, playlist).await;
    }
    let request = params.request(&viewer)?;
    let beside = state
        .engine
        .neighbours(&project, &replay, &request, Timestamp::now())
        .await;
    let filter = request.filter.as_deref().unwrap_or_default();
    let beside = beside.map_err(|error| ApiError::in_text(error, filter))?;
    Ok(Json(
        json!({ "previous": beside.previous, "next": beside.next }),
    ))
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
    let now = Timestamp::now();
    let shown = with_notes(&state, &viewer, std::slice::from_ref(&replay), now).await?;
    answer["replay"] = shown.into_iter().next().unwrap_or_default();
    let assets = state.engine.replay_assets(replay.id).await?;
    let missing: Vec<_> = assets
        .missing
        .iter()
        .map(|(url, reason)| json!({ "url": url, "reason": reason }))
        .collect();
    answer["video"] = super::videos::list_json(&state.engine.videos(replay.id).await?);
    answer["assets"] = json!({ "archived": assets.archived, "missing": missing });
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
    let reader = reader_of(&state, &viewer, &id, &params).await?;
    Ok(stream(reader))
}

/// For the player: nothing in it runs, loads or navigates, and every snapshot is
/// followed by what the player would otherwise not know. With `at`, the state then
/// and what comes after it; without, the events from `from` on.
pub async fn playback(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Response> {
    let reader = match params.at {
        Some(_) => state_reader(&state, &viewer, &id, &params, params.to).await?,
        None => reader_of(&state, &viewer, &id, &params).await?,
    };
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let form = Form::ForPlayer(Box::new(ForPlayer {
        engine: state.engine.clone(),
        preparer: Preparer::new(replay.first_url.as_deref()),
        replay,
    }));
    Ok(stream_as(reader, form))
}

/// The exact state at a time as events, as recorded.
pub async fn state_at(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Response> {
    if params.at.is_none() {
        return Err(ApiError::invalid(
            "at is missing: milliseconds since the epoch",
        ));
    }
    let reader = state_reader(&state, &viewer, &id, &params, params.at).await?;
    Ok(stream(reader))
}

/// Most facts in one answer, and how many without `limit`.
const MAX_FACTS: usize = 50_000;

pub async fn facts(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Response> {
    let range = range_of(&params)?;
    let kinds: Vec<String> = params
        .kinds
        .as_deref()
        .map(|kinds| {
            kinds
                .split(',')
                .map(|kind| kind.trim().to_owned())
                .collect()
        })
        .unwrap_or_default();
    let limit = params.limit.unwrap_or(MAX_FACTS).min(MAX_FACTS);
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let found = state
        .engine
        .facts(replay.project_id, replay.id, &kinds, range, limit)
        .await?;
    let facts: Vec<_> = found.facts.iter().map(fact_json).collect();
    Ok(json_text(Body::from(format!(
        r#"{{"facts":[{}],"complete":{}}}"#,
        facts.join(","),
        found.complete
    ))))
}

fn fact_json((at_ms, json): &(i64, String)) -> String {
    let rest = json.strip_prefix('{').unwrap_or("}");
    format!(r#"{{"at_ms":{at_ms},{rest}"#)
}

fn millis(name: &str, value: Option<f64>) -> ApiResult<Option<i64>> {
    match value {
        None => Ok(None),
        // A cast saturates; milliseconds beyond that have no events anyway.
        Some(value) if value.is_finite() => Ok(Some(value as i64)),
        Some(_) => Err(ApiError::invalid(format!(
            "{name} must be milliseconds since the epoch"
        ))),
    }
}

fn range_of(params: &OneParams) -> ApiResult<Range<i64>> {
    let from = millis("from", params.from)?.unwrap_or(i64::MIN / 1000);
    let to = millis("to", params.to)?.unwrap_or(i64::MAX / 1000);
    Ok(from..to)
}

async fn reader_of(
    state: &State,
    viewer: &Viewer,
    id: &str,
    params: &OneParams,
) -> ApiResult<EventReader> {
    let range = range_of(params)?;
    let replay = find(state, viewer, id, params.project_id).await?;
    let reader = state.engine.events(replay.project_id, replay.id, range);
    Ok(reader.await?)
}

async fn state_reader(
    state: &State,
    viewer: &Viewer,
    id: &str,
    params: &OneParams,
    to: Option<f64>,
) -> ApiResult<EventReader> {
    let at_ms = millis("at", params.at)?.unwrap_or_default();
    let to_ms = millis("to", to)?;
    let replay = find(state, viewer, id, params.project_id).await?;
    let (project, id) = (replay.project_id, replay.id);
    let reader = state
        .engine
        .events_from_state(project, id, at_ms, to_ms, params.tab);
    Ok(reader.await?)
}

/// A JSON array, sent block by block: a recording of any length needs the memory
/// of one block.
pub fn stream(reader: EventReader) -> Response {
    stream_as(reader, Form::AsRecorded)
}

fn stream_as(reader: EventReader, form: Form) -> Response {
    let parts = futures::stream::unfold((Position::Start(reader), form), next_part);
    // Compression asks once more after the end.
    json_text(Body::from_stream(parts.fuse()))
}

enum Position {
    Start(EventReader),
    Inside(EventReader),
    End,
}

/// What becomes of the events on their way out.
enum Form {
    AsRecorded,
    ForPlayer(Box<ForPlayer>),
}

struct ForPlayer {
    engine: std::sync::Arc<engine::Engine>,
    replay: Replay,
    preparer: Preparer,
}

impl Form {
    /// The next events, separated by commas.
    async fn next(&mut self, reader: &mut EventReader) -> Result<Option<String>, engine::Error> {
        match self {
            Self::AsRecorded => {
                let events = reader.next().await?;
                Ok(events.map(|events| {
                    let texts: Vec<_> = events.into_iter().map(|event| event.json).collect();
                    texts.join(",")
                }))
            }
            Self::ForPlayer(to) => match reader.next_for_player(&mut to.preparer).await? {
                Some(prepared) => to.engine.for_player(&to.replay, prepared).await.map(Some),
                None => Ok(None),
            },
        }
    }
}

async fn next_part(
    (position, mut form): (Position, Form),
) -> Option<(Result<Bytes, engine::Error>, (Position, Form))> {
    let end = Position::End;
    let (mut reader, is_first) = match position {
        Position::Start(reader) => (reader, true),
        Position::Inside(reader) => (reader, false),
        Position::End => return None,
    };
    match form.next(&mut reader).await {
        Ok(Some(events)) => {
            let start = if is_first { "[" } else { "," };
            let out = format!("{start}{events}");
            Some((Ok(out.into()), (Position::Inside(reader), form)))
        }
        Ok(None) => Some((Ok(if is_first { "[]" } else { "]" }.into()), (end, form))),
        // The connection breaks off, so that a half answer is not taken for a whole one.
        Err(error) => {
            tracing::error!(%error, "cannot read a recording to its end");
            Some((Err(error), (end, form)))
        }
    }
}

fn json_text(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
