//! Secret API tokens of a project. Only people make them: a token cannot make others.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::v1::rfc3339;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use engine::access::TokenRequest;
use model::{Scope, Scopes, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::tokens::ApiToken;

#[derive(Deserialize)]
pub struct Params {
    project_id: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    name: String,
    /// What tokens could always do, unless it says more or less.
    scopes: Option<Vec<String>>,
    expires_in_days: Option<u32>,
}

fn scopes_of(names: Option<&[String]>) -> ApiResult<Scopes> {
    let Some(names) = names else {
        return Ok(Scopes([Scope::Read, Scope::Import].into()));
    };
    let scopes = names.iter().map(|name| {
        let all = Scope::ALL.map(Scope::name).join(", ");
        Scope::named(name).ok_or_else(|| {
            ApiError::invalid(format!("scopes: there is no {name:?}; there are {all}"))
        })
    });
    Ok(Scopes(scopes.collect::<ApiResult<_>>()?))
}

fn token_json(token: &ApiToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes.names(),
        "created_at": rfc3339(token.created_at),
        "expires_at": token.expires_at.map(rfc3339),
        "last_used_at": token.last_used_at.map(rfc3339),
    })
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Params>,
) -> ApiResult<Json<Value>> {
    viewer.only_person()?;
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
    let (user, _) = viewer.only_person()?;
    let scopes = scopes_of(body.scopes.as_deref())?;
    let project = viewer.project(&state, params.project_id).await?;
    let request = TokenRequest {
        name: body.name,
        scopes,
        expires_in_days: body.expires_in_days,
    };
    let (token, text) = state
        .engine
        .access
        .new_token(project.id, user, request, Timestamp::now())
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
    viewer.only_person()?;
    let project = viewer.project(&state, params.project_id).await?;
    state.engine.access.delete_token(project.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
