//! Names that people give to captured events.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::state::State;
use crate::v1::collections::{number, projects_of};
use crate::v1::{OfProject, rfc3339};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::named_events::{
    COUNTED_DAYS, Matcher, NamedEventRequest, matchers_of, matchers_of_json,
};
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::catalog::Project;
use store::catalog::named_events::NamedEvent;

pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/api/v1/named-events", get(list).post(add))
        .route("/api/v1/named-events/count", post(count))
        .route(
            "/api/v1/named-events/{id}",
            get(one).put(change).delete(delete),
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedEventBody {
    name: String,
    matchers: Vec<Value>,
}

impl NamedEventBody {
    fn request(self) -> ApiResult<NamedEventRequest> {
        Ok(NamedEventRequest {
            matchers: matchers_of_json(&self.matchers)?,
            name: self.name,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountBody {
    matchers: Vec<Value>,
}

fn named_event_json(named: &NamedEvent) -> ApiResult<Value> {
    let matchers: Vec<_> = matchers_of(named)?.iter().map(Matcher::to_json).collect();
    let owner = named.owner.as_ref();
    Ok(json!({
        "id": named.id,
        "name": named.name,
        "matchers": matchers,
        "owner": owner.map(|owner| json!({ "id": owner.id, "name": owner.name })),
        "created_at": rfc3339(named.created_at),
        "changed_at": rfc3339(named.changed_at),
    }))
}

async fn find(
    state: &State,
    viewer: &Viewer,
    id: &str,
    asked: Option<i64>,
) -> ApiResult<(Project, NamedEvent)> {
    let id = number(id, "named event")?;
    for project in projects_of(state, viewer, asked).await? {
        match state.engine.named_event(project.id, id).await {
            Err(engine::Error::NotFound(_)) => {}
            found => return Ok((project, found?)),
        }
    }
    Err(ApiError::not_found("named event"))
}

async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let all = state.engine.named_events(project.id).await?;
    let shown: ApiResult<Vec<_>> = all.iter().map(named_event_json).collect();
    Ok(Json(json!({ "named_events": shown? })))
}

async fn add(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    Body(body): Body<NamedEventBody>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let project = viewer.project(&state, params.project_id).await?;
    let me = viewer.user_id();
    let engine = &state.engine;
    let added = engine.add_named_event(&project, me, body.request()?, Timestamp::now());
    Ok((StatusCode::CREATED, Json(named_event_json(&added.await?)?)))
}

async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let (_, named) = find(&state, &viewer, &id, params.project_id).await?;
    Ok(Json(named_event_json(&named)?))
}

async fn change(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<NamedEventBody>,
) -> ApiResult<Json<Value>> {
    let (project, named) = find(&state, &viewer, &id, params.project_id).await?;
    let (me, now) = (viewer.user_id(), Timestamp::now());
    let engine = &state.engine;
    let changed = engine.change_named_event(&project, named.id, me, body.request()?, now);
    Ok(Json(named_event_json(&changed.await?)?))
}

async fn delete(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let (project, named) = find(&state, &viewer, &id, params.project_id).await?;
    let engine = &state.engine;
    engine
        .delete_named_event(&project, named.id, viewer.user_id(), Timestamp::now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Also of matchers that have no name yet.
async fn count(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    Body(body): Body<CountBody>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let matchers = matchers_of_json(&body.matchers)?;
    let engine = &state.engine;
    let counted = engine.count_matchers(&project, matchers, Timestamp::now());
    let counted = counted.await?;
    Ok(Json(json!({
        "count": counted.count,
        "days": COUNTED_DAYS,
        "last_seen_on": counted.last_seen_on.map(|day| day.to_string()),
    })))
}
