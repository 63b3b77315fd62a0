//! Set-up, logging in and out, who am I.

use crate::Shared;
use crate::address::Origin;
use crate::auth::{self, Viewer};
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use crate::extract::Body;
use crate::state::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::access::{Login, Setup};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::catalog::User;

#[derive(Serialize)]
struct Me {
    user: Person,
    organisation: Organisation,
    projects: Vec<Project>,
    csrf_token: String,
}

#[derive(Serialize)]
struct Person {
    id: i64,
    email: String,
    name: String,
}

#[derive(Serialize)]
struct Organisation {
    id: i64,
    name: String,
}

#[derive(Serialize)]
struct Project {
    id: i64,
    name: String,
    time_zone: String,
    ingest_key: String,
}

#[derive(Deserialize)]
pub struct LoginBody {
    email: String,
    password: String,
}

#[derive(Deserialize)]
pub struct SetupBody {
    token: String,
    email: String,
    password: String,
    #[serde(default)]
    name: String,
    organisation: String,
    project: String,
    #[serde(default = "utc")]
    time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

async fn me_of(state: &State, user: User, csrf_token: String) -> ApiResult<Me> {
    let organisation = state.engine.access.organisation_of(&user).await?;
    let projects = state.engine.projects(user.organisation_id).await?;
    let projects = projects.into_iter().map(|project| Project {
        id: project.id.0,
        name: project.name,
        time_zone: project.time_zone,
        ingest_key: project.ingest_key,
    });
    Ok(Me {
        user: Person {
            id: user.id.0,
            email: user.email,
            name: user.name,
        },
        organisation: Organisation {
            id: organisation.id.0,
            name: organisation.name,
        },
        projects: projects.collect(),
        csrf_token,
    })
}

async fn logged_in(state: &State, origin: &Origin, login: Login) -> ApiResult<Response> {
    let cookie = auth::set_cookie(&login.cookie, login.lifetime, origin);
    let me = me_of(state, login.user, login.csrf_token).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

pub async fn me(state: Shared, viewer: Viewer) -> ApiResult<Response> {
    let (user, csrf_token) = viewer.only_person()?;
    let me = me_of(&state, user.clone(), csrf_token.to_owned()).await?;
    Ok(Json(me).into_response())
}

pub async fn log_in(
    state: Shared,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> ApiResult<Response> {
    auth::require_same_origin(&headers, &origin)?;
    let address = origin.address.to_string();
    let login = state
        .engine
        .access
        .log_in(&body.email, body.password, &address, Timestamp::now())
        .await;
    match login {
        Err(error @ engine::Error::Unauthenticated(_)) => {
            Err(ApiError::from(error).with_code(Code::InvalidCredentials))
        }
        other => logged_in(&state, &origin, other?).await,
    }
}

pub async fn log_out(
    state: Shared,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    viewer: Viewer,
) -> ApiResult<Response> {
    if let (Viewer::Person { .. }, Some(cookie)) = (viewer, auth::cookie_of(&headers)) {
        state.engine.access.log_out(cookie).await?;
    }
    let gone = auth::set_cookie("", std::time::Duration::ZERO, &origin);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

pub async fn setup_needed(state: Shared) -> ApiResult<Response> {
    Ok(Json(json!({ "needed": !state.engine.access.is_set_up().await? })).into_response())
}

pub async fn set_up(
    state: Shared,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Body(body): Body<SetupBody>,
) -> ApiResult<Response> {
    auth::require_same_origin(&headers, &origin)?;
    let setup = Setup {
        organisation: body.organisation,
        project: body.project,
        time_zone: body.time_zone,
        email: body.email,
        name: body.name,
        password: body.password,
        ingest_key: None,
        api_token: None,
    };
    match state
        .engine
        .access
        .set_up(&body.token, setup, Timestamp::now())
        .await
    {
        Err(engine::Error::Unauthenticated(message)) => {
            Err(ApiError::new(Code::InvalidSetupToken, message))
        }
        other => logged_in(&state, &origin, other?).await,
    }
}
