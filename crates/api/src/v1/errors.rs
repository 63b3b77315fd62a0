//! Errors and spans of replays.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::v1::{OfProject, replays, rfc3339, source_maps};
use axum::Json;
use axum::extract::Path;
use engine::errors::{MAX_ERRORS_OF_REPLAY, MAX_SPANS_OF_REPLAY};
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::errors::{SpanRecord, StoredError};

const DEFAULT_ERRORS: usize = 200;
const DEFAULT_SPANS: usize = 1000;

#[derive(Deserialize)]
pub struct Params {
    project_id: Option<i64>,
    limit: Option<usize>,
}

impl Params {
    fn limit(&self, default: usize, most: usize) -> ApiResult<usize> {
        let limit = self.limit.unwrap_or(default);
        match (1..=most).contains(&limit) {
            true => Ok(limit),
            false => Err(ApiError::invalid(format!("limit must be 1 to {most}"))),
        }
    }
}

pub async fn of_replay(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    let limit = params.limit(DEFAULT_ERRORS, MAX_ERRORS_OF_REPLAY)?;
    let replay = replays::find(&state, &viewer, &id, params.project_id).await?;
    let (errors, complete) = state.engine.errors_of_replay(replay.id, limit).await?;
    let mut errors: Vec<_> = errors.iter().map(error_json).collect();
    source_maps::apply(&state, replay.project_id, &mut errors).await;
    Ok(Json(json!({ "errors": errors, "complete": complete })))
}

pub async fn spans_of_replay(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    let limit = params.limit(DEFAULT_SPANS, MAX_SPANS_OF_REPLAY)?;
    let replay = replays::find(&state, &viewer, &id, params.project_id).await?;
    let (spans, complete) = state.engine.spans_of_replay(&replay, limit).await?;
    let spans: Vec<_> = spans.iter().map(span_json).collect();
    Ok(Json(json!({ "spans": spans, "complete": complete })))
}

/// One error with the event as it was sent.
pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let id = id.parse().map_err(|_| ApiError::not_found("error"))?;
    let projects = match params.project_id {
        None => viewer.projects(&state).await?,
        asked => vec![viewer.project(&state, asked).await?],
    };
    for project in projects {
        match state.engine.error(project.id, id).await {
            Err(engine::Error::NotFound(_)) => {}
            found => {
                let found = found?;
                let mut answer = error_json(&found);
                source_maps::apply(&state, project.id, std::slice::from_mut(&mut answer)).await;
                answer["event"] = parsed(found.record.event_json.as_deref());
                return Ok(Json(answer));
            }
        }
    }
    Err(ApiError::not_found("error"))
}

/// JSON that was stored as text; it is ours or was checked when it came.
fn parsed(json: Option<&str>) -> Value {
    json.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

pub fn error_json(error: &StoredError) -> Value {
    let it = &error.record;
    let (replay, link) = error.link.unzip();
    json!({
        "id": error.id,
        "event_id": it.event_id,
        "issue_id": error.issue_id,
        "at_ms": it.at.millis(),
        "received_at": rfc3339(it.received_at),
        "level": it.level,
        "kind": it.kind,
        "message": it.message,
        "title": it.title,
        "culprit": it.culprit,
        "platform": it.platform,
        "release": it.release,
        "dist": it.dist,
        "environment": it.environment,
        "is_server_side": it.is_server_side,
        "is_handled": it.is_handled,
        "url": it.url,
        "transaction": it.transaction,
        "trace_id": it.trace_id,
        "span_id": it.span_id,
        "user": parsed(it.user_json.as_deref()),
        "tags": parsed(Some(&it.tags_json)),
        "sdk": it.sdk,
        "sdk_version": it.sdk_version,
        "source": it.source,
        "replay": replay,
        "link": link.map(|link| link.name()),
        "exceptions": parsed(Some(&it.exceptions_json)),
        "debug_ids": parsed(Some(&it.debug_ids_json)),
    })
}

fn span_json(span: &SpanRecord) -> Value {
    let millis = |at: model::Timestamp| at.micros() as f64 / 1000.0;
    json!({
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "is_segment": span.is_segment,
        "segment_name": span.segment_name,
        "operation": span.operation,
        "name": span.name,
        "status": span.status,
        "start_ms": millis(span.started_at),
        "end_ms": millis(span.ended_at),
        "platform": span.platform,
        "release": span.release,
        "environment": span.environment,
        "is_server_side": span.is_server_side,
        "measurements": parsed(Some(&span.measurements_json)),
    })
}
