//! Who asks our API: a logged-in person by cookie, or a program by API token.

use crate::address::Origin;
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use crate::openapi::{self, Access};
use crate::rate::{self, Caller};
use crate::state::State;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine as _;
use engine::access::Program;
use model::{ProjectId, Timestamp, UserId};
use std::sync::Arc;
use store::catalog::{Project, User};

const COOKIE: &str = "reenact_session";
const CSRF_HEADER: &str = "x-csrf-token";

/// Someone who may use the API.
pub enum Viewer {
    Person { user: User, csrf_token: String },
    Program(Box<Program>),
}

impl Viewer {
    /// Who it is, or in whose name a program asks.
    ///
    /// # Errors
    /// 403 for a program that acts for nobody.
    pub fn person(&self) -> ApiResult<&User> {
        let user = match self {
            Self::Person { user, .. } => Some(user),
            Self::Program(program) => program.user.as_ref(),
        };
        user.ok_or_else(|| {
            ApiError::new(
                Code::Forbidden,
                "this API token acts for nobody; a person can make one that acts for them",
            )
        })
    }

    /// # Errors
    /// 403 for a program: what only people do.
    pub fn only_person(&self) -> ApiResult<(&User, &str)> {
        match self {
            Self::Person { user, csrf_token } => Ok((user, csrf_token)),
            Self::Program(_) => Err(ApiError::new(
                Code::Forbidden,
                "an API token is not a person",
            )),
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Person { user, .. } => Some(user.id),
            Self::Program(program) => program.user.as_ref().map(|user| user.id),
        }
    }

    /// All that may be used.
    pub async fn projects(&self, state: &State) -> ApiResult<Vec<Project>> {
        match self {
            Self::Person { user, .. } => Ok(state.engine.projects(user.organisation_id).await?),
            Self::Program(program) => Ok(vec![program.project.clone()]),
        }
    }

    /// The project to work on: the one asked for if it may be used, or the only
    /// or first one.
    ///
    /// # Errors
    /// Not found, also for projects of others.
    pub async fn project(&self, state: &State, asked: Option<i64>) -> ApiResult<Project> {
        let mut projects = self.projects(state).await?;
        let at = match asked {
            Some(id) => projects
                .iter()
                .position(|project| project.id == ProjectId(id)),
            None if projects.is_empty() => None,
            None => Some(0),
        };
        at.map(|at| projects.swap_remove(at))
            .ok_or_else(|| ApiError::not_found("project"))
    }
}

impl FromRequestParts<Arc<State>> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> ApiResult<Self> {
        let found = Self::of(parts, state).await;
        let taken = match &found {
            Ok(viewer) => state.rate_limits.take(viewer.caller()),
            // Whoever guesses tokens is slowed down by address.
            Err(_) => parts
                .extensions
                .get::<Origin>()
                .and_then(|origin| state.rate_limits.take_anonymous(origin.address)),
        };
        rate::check(taken, &parts.extensions)?;
        let viewer = found?;
        viewer.require_access(parts)?;
        Ok(viewer)
    }
}

impl Viewer {
    async fn of(parts: &Parts, state: &State) -> ApiResult<Self> {
        if let Some(authorization) = parts.headers.get(header::AUTHORIZATION) {
            let text = authorization.to_str().unwrap_or_default();
            // Only programs written for Amplitude know no better.
            let basic = (parts.uri.path().starts_with("/api/2/"))
                .then(|| basic_of(text))
                .flatten();
            let token = text.strip_prefix("Bearer ").map(str::trim);
            let Some(token) = token.or(basic.as_ref().map(|(_, token)| token.as_str())) else {
                return Err(ApiError::unauthenticated());
            };
            let program = state.engine.access.program(token, Timestamp::now()).await?;
            if basic.is_some_and(|(key, _)| key != program.project.ingest_key) {
                return Err(ApiError::unauthenticated());
            }
            return Ok(Self::Program(Box::new(program)));
        }
        match person(&parts.headers, state).await? {
            Some((user, csrf_token)) => Ok(Self::Person { user, csrf_token }),
            None => Err(ApiError::unauthenticated()),
        }
    }

    fn caller(&self) -> Caller {
        match self {
            Self::Person { user, .. } => Caller::Person(user.id.0),
            Self::Program(program) => Caller::Token(program.token.id),
        }
    }

    /// # Errors
    /// `csrf` of a person, `missing_scope` or `forbidden` of a program.
    fn require_access(&self, parts: &Parts) -> ApiResult<()> {
        let program = match self {
            Self::Person { csrf_token, .. } => return require_csrf_token(parts, csrf_token),
            Self::Program(program) => program,
        };
        let path = parts.extensions.get::<MatchedPath>();
        let path = path.map_or("", MatchedPath::as_str);
        match openapi::access_of(&parts.method, path) {
            Some(Access::Scope(scope)) if !program.token.scopes.contains(scope) => {
                Err(ApiError::missing_scope(scope))
            }
            Some(Access::Person | Access::IngestKey) => self.only_person().map(|_| ()),
            Some(Access::Scope(_) | Access::Anyone) | None => Ok(()),
        }
    }
}

fn require_csrf_token(parts: &Parts, csrf_token: &str) -> ApiResult<()> {
    let sent = parts
        .headers
        .get(CSRF_HEADER)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    if is_safe(&parts.method) || equal(sent, csrf_token.as_bytes()) {
        return Ok(());
    }
    Err(ApiError::new(
        Code::Csrf,
        "the x-csrf-token header is missing or out of date; reload the page",
    ))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Takes the same time wherever two secrets differ.
fn equal(one: &[u8], two: &[u8]) -> bool {
    one.len() == two.len()
        && one
            .iter()
            .zip(two)
            .fold(0, |differing, (a, b)| differing | (a ^ b))
            == 0
}

/// Name and password of HTTP Basic.
fn basic_of(authorization: &str) -> Option<(String, String)> {
    let packed = authorization.strip_prefix("Basic ")?.trim();
    let text = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()?;
    let (name, password) = std::str::from_utf8(&text).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The person behind the cookie, if it is good.
pub async fn person(headers: &HeaderMap, state: &State) -> ApiResult<Option<(User, String)>> {
    let Some(cookie) = cookie_of(headers) else {
        return Ok(None);
    };
    Ok(state
        .engine
        .access
        .user_of_cookie(cookie, Timestamp::now())
        .await?)
}

pub fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == COOKIE && !value.is_empty()).then_some(value)
        })
}

/// The header that sets the cookie, or takes it away for an empty value.
pub fn set_cookie(value: &str, lifetime: std::time::Duration, origin: &Origin) -> String {
    let secure = if origin.is_https { "; Secure" } else { "" };
    let age = if value.is_empty() {
        0
    } else {
        lifetime.as_secs()
    };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}

/// Refuses a form or script of another site where there is no session yet that a
/// CSRF token could belong to.
///
/// # Errors
/// 403 with the code `csrf`.
pub fn require_same_origin(headers: &HeaderMap, origin: &Origin) -> ApiResult<()> {
    let refused = || {
        Err(ApiError::new(
            Code::Csrf,
            "this request came from another site",
        ))
    };
    if let Some(site) = headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return refused();
    }
    match headers
        .get(header::ORIGIN)
        .map(|value| value.to_str().unwrap_or_default())
    {
        Some(sent)
            if sent
                .split_once("://")
                .is_none_or(|(_, host)| host != origin.host) =>
        {
            refused()
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; reenact_session=abc; b=2"),
        );
        assert_eq!(cookie_of(&headers), Some("abc"));
        headers.clear();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("x_reenact_session=abc; reenact_session="),
        );
        assert_eq!(cookie_of(&headers), None);
    }

    #[test]
    fn another_site_cannot_log_a_person_in() {
        let origin = Origin {
            address: [127, 0, 0, 1].into(),
            is_https: false,
            host: "app.test:80".to_owned(),
            is_trusted_peer: false,
        };
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            require_same_origin(&headers, &origin).is_ok()
        };
        assert!(
            with("origin", "http://app.test:80")
                && with("sec-fetch-site", "same-origin")
                && with("x", "y")
        );
        assert!(
            !with("origin", "http://evil.test")
                && !with("origin", "null")
                && !with("sec-fetch-site", "cross-site")
        );
        assert!(!with("sec-fetch-site", "same-site"));
    }
}
