//! Secret API tokens of a project. Only people make them: a token cannot make others.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::v1::rfc3339;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::ApiToken;

#[derive(Deserialize)]
pub struct Params {
    project_id: Option<i64>,
}

#[derive(Deserialize)]
pub struct NewToken {
    name: String,
}

fn require_person(viewer: &Viewer) -> ApiResult<()> {
    match viewer {
        Viewer::Person { .. } => Ok(()),
        Viewer::Program { .. } => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "tokens are managed by people, not by tokens",
        )),
    }
}

fn token_json(token: &ApiToken) -> Value {
    json!({ "id": token.id, "name": token.name, "created_at": rfc3339(token.created_at) })
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    require_person(&viewer)?;
    let project = viewer.project(&state, params.project_id).await?;
    let tokens = state.engine.access.tokens(project.id).await?;
    Ok(Json(
        json!({ "tokens": tokens.iter().map(token_json).collect::<Vec<_>>() }),
    ))
}

/// The only answer that holds the token itself.
pub async fn create(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
    Body(body): Body<NewToken>,
) -> ApiResult<Json<Value>> {
    require_person(&viewer)?;
    let project = viewer.project(&state, params.project_id).await?;
    let (token, text) = state
        .engine
        .access
        .new_token(project.id, &body.name, Timestamp::now())
        .await?;
    let mut answer = token_json(&token);
    answer["token"] = text.into();
    Ok(Json(answer))
}

pub async fn delete(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<i64>,
    Query(params): Query<Params>,
) -> ApiResult<StatusCode> {
    require_person(&viewer)?;
    let project = viewer.project(&state, params.project_id).await?;
    state.engine.access.delete_token(project.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
