//! Cohorts, and who is in them.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::limits;
use crate::state::State;
use crate::v1::collections::{number, owned, projects_of};
use crate::v1::{OfProject, rfc3339};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use engine::Engine;
use engine::cohorts::{
    CohortDefinition, CohortRequest, Computed, ListFormat, MAX_LIST_BYTES, UNMATCHED_SHOWN,
};
use model::{Timestamp, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::catalog::Project;
use store::catalog::collections::{Cohort, Member};

const MEMBERS: usize = 100;
const MAX_MEMBERS: usize = 1000;

pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/api/v1/cohorts", get(list).post(add))
        .route("/api/v1/cohorts/{id}", get(one).put(change).delete(delete))
        .route("/api/v1/cohorts/{id}/list", put(put_list))
        .route("/api/v1/cohorts/{id}/users", get(users))
        .route("/api/v1/cohorts/{id}/users.csv", get(users_csv))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortBody {
    name: String,
    definition: CohortDefinition,
}

#[derive(Deserialize)]
pub struct OneParams {
    project_id: Option<i64>,
    /// Worked out now, whatever is known.
    #[serde(default)]
    fresh: bool,
}

#[derive(Deserialize)]
pub struct UsersParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
}

fn size_json(computed: &Computed) -> Value {
    json!({
        "user_count": computed.members.len(),
        "computed_at": rfc3339(computed.at),
        "took_ms": u64::try_from(computed.took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn cohort_json(cohort: &Cohort, size: Option<&Computed>, me: Option<UserId>) -> ApiResult<Value> {
    let mut json = json!({
        "id": cohort.id,
        "name": cohort.name,
        "definition": CohortDefinition::of(cohort)?,
        "line_count": cohort.line_count,
        "size": size.map(size_json),
        "created_at": rfc3339(cohort.created_at),
        "changed_at": rfc3339(cohort.changed_at),
    });
    owned(&mut json, cohort.owner.as_ref(), me);
    Ok(json)
}

fn unmatched_json(json: &mut Value, computed: &Computed) {
    json["unmatched_count"] = computed.unmatched_count.into();
    json["unmatched"] = json!(computed.unmatched);
    json["unmatched_shown"] = UNMATCHED_SHOWN.into();
}

async fn find(
    state: &State,
    viewer: &Viewer,
    id: &str,
    asked: Option<i64>,
) -> ApiResult<(Project, Cohort)> {
    let id = number(id, "cohort")?;
    for project in projects_of(state, viewer, asked).await? {
        match state.engine.cohort(project.id, id).await {
            Err(engine::Error::NotFound(_)) => {}
            found => return Ok((project, found?)),
        }
    }
    Err(ApiError::not_found("cohort"))
}

fn in_filter(definition: &CohortDefinition) -> impl FnOnce(engine::Error) -> ApiError + use<> {
    let filter = match definition {
        CohortDefinition::Filter { filter, .. } => filter.clone(),
        CohortDefinition::List => String::new(),
    };
    move |error| ApiError::in_text(error, &filter)
}

/// Sizes only as far as they are known.
async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let cohorts = state.engine.cohorts(project.id).await?;
    let shown: ApiResult<Vec<_>> = cohorts
        .iter()
        .map(|cohort| {
            let known = state.engine.known_cohort(project.id, cohort.id);
            cohort_json(cohort, known.as_deref(), viewer.user_id())
        })
        .collect();
    Ok(Json(json!({ "cohorts": shown? })))
}

async fn add(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    Body(body): Body<CohortBody>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let project = viewer.project(&state, params.project_id).await?;
    let failed = in_filter(&body.definition);
    let request = CohortRequest {
        name: body.name,
        definition: body.definition,
    };
    let me = viewer.user_id();
    let added = state
        .engine
        .add_cohort(&project, me, request, Timestamp::now())
        .await
        .map_err(failed)?;
    Ok((StatusCode::CREATED, Json(cohort_json(&added, None, me)?)))
}

/// With its size.
async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OneParams>,
) -> ApiResult<Json<Value>> {
    let (project, cohort) = find(&state, &viewer, &id, params.project_id).await?;
    let engine = &state.engine;
    let computed = engine.cohort_members(&project, cohort.id, params.fresh, Timestamp::now());
    let computed = computed.await?;
    let mut json = cohort_json(&cohort, Some(&computed), viewer.user_id())?;
    unmatched_json(&mut json, &computed);
    Ok(Json(json))
}

async fn change(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<CohortBody>,
) -> ApiResult<Json<Value>> {
    let (project, cohort) = find(&state, &viewer, &id, params.project_id).await?;
    let failed = in_filter(&body.definition);
    let request = CohortRequest {
        name: body.name,
        definition: body.definition,
    };
    let me = viewer.user_id();
    let changed = state
        .engine
        .change_cohort(&project, cohort.id, me, request, Timestamp::now())
        .await
        .map_err(failed)?;
    Ok(Json(cohort_json(&changed, None, me)?))
}

async fn delete(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let (project, cohort) = find(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    state
        .engine
        .delete_cohort(project.id, cohort.id, me)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The whole list, as CSV or as a JSON array.
async fn put_list(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> ApiResult<Json<Value>> {
    let (project, cohort) = find(&state, &viewer, &id, params.project_id).await?;
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(HeaderValue::as_bytes).unwrap_or_default();
    let format = match kind {
        kind if kind.starts_with(b"text/csv") => ListFormat::Csv,
        kind if kind.starts_with(b"application/json") => ListFormat::Json,
        _ => {
            let error = ApiError::invalid("send text/csv or application/json");
            return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
    };
    let bytes = limits::read_body(body, MAX_LIST_BYTES).await;
    let bytes = bytes.map_err(|rejection| ApiError::invalid(rejection.message))?;
    let me = viewer.user_id();
    let report = state
        .engine
        .put_cohort_list(
            &project,
            cohort.id,
            me,
            format,
            bytes.into(),
            Timestamp::now(),
        )
        .await?;
    let mut json = json!({
        "line_count": report.line_count,
        "duplicate_count": report.duplicate_count,
        "size": size_json(&report.computed),
    });
    unmatched_json(&mut json, &report.computed);
    Ok(Json(json))
}

fn member_json(member: &Member) -> Value {
    json!({ "name": member.name, "is_user": member.is_user, "user_id": member.person })
}

async fn users(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<UsersParams>,
) -> ApiResult<Json<Value>> {
    let limit = params.limit.unwrap_or(MEMBERS);
    if !(1..=MAX_MEMBERS).contains(&limit) {
        return Err(ApiError::invalid(format!(
            "limit must be 1 to {MAX_MEMBERS}"
        )));
    }
    let (project, cohort) = find(&state, &viewer, &id, params.project_id).await?;
    let engine = &state.engine;
    let computed = engine.cohort_members(&project, cohort.id, false, Timestamp::now());
    let computed = computed.await?;
    let (page, next) = Engine::members_after(&computed, params.cursor.as_deref(), limit);
    let users: Vec<_> = page.iter().map(member_json).collect();
    Ok(Json(json!({
        "users": users,
        "next_cursor": next,
        "size": size_json(&computed),
    })))
}

async fn users_csv(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Response> {
    let (project, cohort) = find(&state, &viewer, &id, params.project_id).await?;
    let engine = &state.engine;
    let computed = engine.cohort_members(&project, cohort.id, false, Timestamp::now());
    let computed = computed.await?;
    let text = engine::cohorts::csv_of(&computed)?;
    let file = format!("attachment; filename=\"cohort-{}.csv\"", cohort.id);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}
