//! The PostHog SDKs: events and recordings, flags, remote configuration, and the
//! scripts that they load from the host they send to.

use super::{admit, client_of, preflight, refused, rejection_of, respond, text};
use crate::Shared;
use crate::address::Origin;
use crate::capture::in_force;
use crate::state::State;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::ingest_status::Sender;
use model::Timestamp;
use model::ingest::{Reason, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::catalog::Project;
use tokio::sync::OwnedSemaphorePermit;
use wire::posthog::{self, Endpoint, Wishes};
use wire::{Rejection, Reply};

/// Scripts of the SDK are some 200 KB.
const MAX_SCRIPT_BYTES: u64 = 8 << 20;
/// Folders that are looked through for a script of no version.
const MAX_VERSIONS: usize = 1000;
/// The version in the address makes a script's content final.
const KEEP_SCRIPT: &str = "public, max-age=3600";

pub async fn ingest(
    state: Shared,
    Extension(origin): Extension<Origin>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    if method == Method::OPTIONS {
        return preflight(&headers);
    }
    let query = query.as_deref().unwrap_or_default();
    let Some(endpoint) = posthog::endpoint(uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_read = matches!(method, Method::GET | Method::HEAD);
    if !is_read && method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let reply = match endpoint {
        Endpoint::Script { name, version } => {
            return script(&state, name, version, query).await;
        }
        Endpoint::Nothing(absent) => posthog::nothing(absent),
        Endpoint::ConfigScript { token } | Endpoint::ConfigJson { token } => {
            match project_of(&state, token).await {
                Ok(project) => {
                    let capture = in_force(&state, &project);
                    match endpoint {
                        Endpoint::ConfigScript { .. } => posthog::config_script(&capture, token),
                        _ => posthog::config_json(&capture, token),
                    }
                }
                Err(rejection) => {
                    count(&state, None, rejection.reason).await;
                    posthog::config_rejected()
                }
            }
        }
        Endpoint::Capture | Endpoint::Flags | Endpoint::Decide => {
            let wishes = Wishes::parse(query);
            let received = match admit(&state, &headers, body).await {
                Ok(admitted) => read(&state, admitted, query).await,
                Err(rejection) => Err(rejection),
            };
            let answer = match received {
                Ok(received) => {
                    let client = client_of(&state, &headers, &origin);
                    answer(&state, endpoint, wishes, received, client).await
                }
                Err(rejection) => Err((None, rejection)),
            };
            match answer {
                Ok(reply) => reply,
                Err((key, rejection)) => {
                    count(&state, key.as_deref(), rejection.reason).await;
                    posthog::capture_rejected(&rejection)
                }
            }
        }
    };
    respond(reply, posthog::cors_headers(text(&headers, header::ORIGIN)))
}

/// `/batch`, which is also Amplitude's: the body tells.
pub async fn shared_batch(
    state: Shared,
    Extension(origin): Extension<Origin>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    match method {
        Method::OPTIONS => return preflight(&headers),
        Method::POST => {}
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    let query = query.as_deref().unwrap_or_default();
    let admitted = match admit(&state, &headers, body).await {
        Ok(admitted) => admitted,
        Err(rejection) => {
            count(&state, None, rejection.reason).await;
            return respond(
                wire::amplitude::events_rejected(&rejection),
                posthog::cors_headers(text(&headers, header::ORIGIN)),
            );
        }
    };
    let original = admitted.clone();
    let received = read(&state, admitted, query).await;
    let is_posthog = received.as_ref().is_ok_and(|it| it.request.has_events());
    let (Ok(received), true) = (received, is_posthog) else {
        return super::amplitude::answer_events(&state, &origin, &headers, original).await;
    };
    let client = client_of(&state, &headers, &origin);
    let wishes = Wishes::parse(query);
    let reply = match answer(&state, Endpoint::Capture, wishes, received, client).await {
        Ok(reply) => reply,
        Err((key, rejection)) => {
            count(&state, key.as_deref(), rejection.reason).await;
            posthog::capture_rejected(&rejection)
        }
    };
    respond(reply, posthog::cors_headers(text(&headers, header::ORIGIN)))
}

/// A request whose sender is not known yet. Holds the memory set aside for it.
struct Received {
    request: posthog::Request,
    limit_bytes: usize,
    size_bytes: usize,
    _memory: Arc<OwnedSemaphorePermit>,
}

async fn read(
    state: &State,
    admitted: super::Admitted,
    query: &str,
) -> Result<Received, Rejection> {
    let limit_bytes = state.settings.max_decoded_bytes;
    let query = query.to_owned();
    let super::Admitted {
        body,
        content_encoding,
        _memory: memory,
        ..
    } = admitted;
    let size_bytes = body.len();
    let parse = move || {
        let encoding = content_encoding.as_deref();
        let plain = posthog::decode_body(&query, encoding, &body, limit_bytes)?;
        posthog::Request::parse(&plain)
    };
    Ok(Received {
        request: super::off_thread(size_bytes, parse).await?,
        limit_bytes,
        size_bytes,
        _memory: memory,
    })
}

async fn answer(
    state: &State,
    endpoint: Endpoint<'_>,
    wishes: Wishes,
    received: Received,
    client: model::ingest::Client,
) -> Result<Reply, (Option<String>, Rejection)> {
    let key = received.request.token().to_owned();
    let because = |rejection: Rejection| (Some(key.clone()), rejection);
    let project = project_of(state, &key).await.map_err(because)?;
    let capture = in_force(state, &project);
    match endpoint {
        Endpoint::Flags => return Ok(posthog::flags(&capture, wishes)),
        Endpoint::Decide => return Ok(posthog::decide(&capture, wishes)),
        _ => {}
    }
    let received_at = Timestamp::now();
    let sender = client.clone();
    let size_bytes = received.size_bytes;
    let decode = move || {
        let request = &received.request;
        let batch = request.decode(&sender, received_at, received.limit_bytes);
        // With the memory that was set aside, until it is stored.
        Ok((batch, received))
    };
    let (batch, _memory) = super::off_thread(size_bytes, decode)
        .await
        .map_err(because)?;
    let is_over = !project.capture_enabled && !batch.replays.is_empty();
    state
        .engine
        .accept_batch(project, batch, client, received_at)
        .await
        .map_err(|error| because(rejection_of(error)))?;
    Ok(match is_over {
        true => posthog::capture_over_quota(&[posthog::Quota::Recordings]),
        false => posthog::capture_ok(wishes.is_beacon),
    })
}

async fn project_of(state: &State, token: &str) -> Result<Arc<Project>, Rejection> {
    let project = state.engine.project_of_key(token).await;
    project.map_err(rejection_of)?.ok_or_else(|| {
        let message = "unknown token: this server has no project with it";
        Rejection::new(Reason::UnknownKey, message)
    })
}

async fn count(state: &State, key: Option<&str>, reason: Reason) {
    refused(state, Source::PostHog, key, Sender::default(), reason).await;
}

/// A part of the SDK, from the package that the operator installed: it is the
/// vendor's own work under the vendor's licence (MIT), so it is not a part of ours.
/// The name was checked by `wire`: no separators, no leading dot.
async fn script(state: &State, name: &str, version: Option<&str>, query: &str) -> Response {
    let folder = state.settings.posthog_package_dir.clone();
    let asked = version
        .map(str::to_owned)
        .or_else(|| posthog::script_version(query));
    let name = format!("{name}.js");
    let found = tokio::task::spawn_blocking(move || {
        let folder = folder?;
        let plain = folder.join("dist").join(&name);
        let paths = match asked {
            Some(version) => [
                Some(folder.join(version).join("dist").join(&name)),
                Some(plain),
            ],
            // Only builds from before versions were named ask for none.
            None => [Some(plain), oldest_with(&folder, &name)],
        };
        paths.into_iter().flatten().find_map(read_script)
    });
    match found.await {
        Ok(Some(bytes)) => {
            let headers = [
                (
                    header::CONTENT_TYPE,
                    "application/javascript; charset=utf-8",
                ),
                (header::CACHE_CONTROL, KEEP_SCRIPT),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            let mut response = (headers, bytes).into_response();
            response.headers_mut().insert(
                "cross-origin-resource-policy",
                HeaderValue::from_static("cross-origin"),
            );
            response
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The script in the folder of the lowest version that has it.
fn oldest_with(folder: &Path, name: &str) -> Option<PathBuf> {
    let version_of = |folder: &Path| {
        let parts = folder.file_name()?.to_str()?.split('.');
        parts
            .map(|part| part.parse().ok())
            .collect::<Option<Vec<u32>>>()
    };
    let entries = std::fs::read_dir(folder).ok()?.take(MAX_VERSIONS).flatten();
    let found = entries.filter_map(|entry| {
        let folder = entry.path();
        let path = folder.join("dist").join(name);
        path.is_file().then_some((version_of(&folder)?, path))
    });
    found.min().map(|(_, path)| path)
}

fn read_script(path: PathBuf) -> Option<Bytes> {
    let size = std::fs::metadata(&path)
        .ok()
        .filter(|found| found.is_file())?
        .len();
    if size > MAX_SCRIPT_BYTES {
        return None;
    }
    std::fs::read(&path).ok().map(Bytes::from)
}
