//! The Amplitude SDKs: replay upload, remote configuration, analytics events.

use super::{admit, client_of, preflight, refused, rejection_of, respond, text};
use crate::Shared;
use crate::address::Origin;
use crate::limits::discard;
use crate::state::State;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::ingest_status::Sender;
use model::Timestamp;
use model::ingest::{AnalyticsUpload, Reason, Source};
use std::sync::Arc;
use store::catalog::Project;
use wire::amplitude::{self, TrackQuery};
use wire::{Rejection, Reply};

/// "Capture is disabled": the SDK stops sending for the life of the page.
const SKIPPED_CAPTURE_DISABLED: u16 = 4005;
/// "Too many": the SDK waits a minute and then sends larger batches.
const SKIPPED_THROTTLED: u16 = 429;

pub async fn track(
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
        _ => return method_not_allowed(),
    }
    let reply = match store_track(
        &state,
        &origin,
        &headers,
        query.as_deref().unwrap_or_default(),
        body,
    )
    .await
    {
        Ok(reply) => reply,
        Err(rejection) => {
            let query = query.as_deref().unwrap_or_default();
            let key = amplitude::ingest_key(text(&headers, header::AUTHORIZATION), query);
            refused(
                &state,
                Source::Amplitude,
                key.as_deref(),
                sender_of(query),
                rejection.reason,
            )
            .await;
            match rejection.reason {
                // The SDK would drop the batch after one hasty retry of a 5xx; by
                // this header it slows down and keeps recording.
                Reason::Throttled => amplitude::track_skipped(SKIPPED_THROTTLED),
                _ => amplitude::track_rejected(&rejection),
            }
        }
    };
    respond(
        reply,
        amplitude::cors_headers(text(&headers, header::ORIGIN)),
    )
}

/// As far as the query can be read.
fn sender_of(raw_query: &str) -> Sender {
    TrackQuery::parse(raw_query).map_or_else(
        |_| Sender::default(),
        |asked| Sender {
            device_id: Some(asked.device_id),
            session_id: Some(asked.session_id),
        },
    )
}

async fn store_track(
    state: &State,
    origin: &Origin,
    headers: &HeaderMap,
    raw_query: &str,
    body: Body,
) -> Result<Reply, Rejection> {
    let key = amplitude::ingest_key(text(headers, header::AUTHORIZATION), raw_query);
    let project = match project_of(state, key.as_deref()).await {
        Ok(project) => project,
        Err(rejection) => {
            discard(body).await;
            return Err(rejection);
        }
    };
    let admitted = admit(state, headers, body).await?;
    if !project.capture_enabled {
        let key = Some(project.ingest_key.as_str());
        refused(
            state,
            Source::Amplitude,
            key,
            sender_of(raw_query),
            Reason::CaptureDisabled,
        )
        .await;
        return Ok(amplitude::track_skipped(SKIPPED_CAPTURE_DISABLED));
    }
    let query = TrackQuery::parse(raw_query)?;
    let client = client_of(state, headers, origin);
    let received_at = Timestamp::now();
    let own_host = origin.host.clone();
    let decode = move |plain: &[u8]| {
        amplitude::decode_track(&query, client, plain, received_at, &[&own_host])
    };
    let upload = admitted.decode(decode).await?;
    state
        .engine
        .accept_replay(project, upload, received_at)
        .await
        .map_err(rejection_of)?;
    Ok(amplitude::track_ok())
}

async fn project_of(state: &State, key: Option<&str>) -> Result<Arc<Project>, Rejection> {
    let unknown = |message: &str| Rejection::new(Reason::UnknownKey, message);
    let key =
        key.ok_or_else(|| unknown("no ingest key: send it as a bearer token or as api_key"))?;
    let project = state
        .engine
        .project_of_key(key)
        .await
        .map_err(rejection_of)?;
    project.ok_or_else(|| unknown("Invalid API key: this server has no project with it"))
}

pub async fn events(
    state: Shared,
    Extension(origin): Extension<Origin>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match method {
        Method::OPTIONS => return preflight(&headers),
        Method::POST => {}
        _ => return method_not_allowed(),
    }
    let admitted = admit(&state, &headers, body).await;
    answer_admitted(&state, &origin, &headers, admitted).await
}

/// Answers with events that were received under an address that others share.
pub(super) async fn answer_events(
    state: &State,
    origin: &Origin,
    headers: &HeaderMap,
    admitted: super::Admitted,
) -> Response {
    answer_admitted(state, origin, headers, Ok(admitted)).await
}

async fn answer_admitted(
    state: &State,
    origin: &Origin,
    headers: &HeaderMap,
    admitted: Result<super::Admitted, Rejection>,
) -> Response {
    let stored = match admitted {
        Ok(admitted) => store_events(state, origin, admitted).await,
        Err(rejection) => Err(rejection),
    };
    let reply = match stored {
        Ok(reply) => reply,
        Err(rejection) => {
            // The key stands in the body, which may be what was wrong.
            refused(
                state,
                Source::Amplitude,
                None,
                Sender::default(),
                rejection.reason,
            )
            .await;
            amplitude::events_rejected(&rejection)
        }
    };
    respond(
        reply,
        amplitude::cors_headers(text(headers, header::ORIGIN)),
    )
}

async fn store_events(
    state: &State,
    origin: &Origin,
    admitted: super::Admitted,
) -> Result<Reply, Rejection> {
    let received_at = Timestamp::now();
    let own_host = origin.host.clone();
    let decode = move |plain: &[u8]| -> Result<(String, AnalyticsUpload, usize), Rejection> {
        let (key, upload) = amplitude::decode_events(plain, received_at, &[&own_host])?;
        Ok((key, upload, plain.len()))
    };
    let (key, upload, size_bytes) = admitted.decode(decode).await?;
    let project = project_of(state, Some(&key)).await?;
    let dropped = upload.problems.count(Reason::OwnTraffic);
    let accepted = state
        .engine
        .accept_events(project, upload, received_at)
        .await
        .map_err(rejection_of)?;
    let count = usize::try_from(accepted + dropped).unwrap_or(usize::MAX);
    Ok(amplitude::events_ok(count, size_bytes, Timestamp::now()))
}

pub async fn config(
    state: Shared,
    method: Method,
    headers: HeaderMap,
    path: Option<Path<String>>,
    RawQuery(query): RawQuery,
) -> Response {
    match method {
        Method::OPTIONS => return preflight(&headers),
        Method::GET | Method::HEAD => {}
        _ => return method_not_allowed(),
    }
    let key = match path {
        Some(Path(key)) => Some(key),
        None => amplitude::ingest_key(
            text(&headers, header::AUTHORIZATION),
            query.as_deref().unwrap_or_default(),
        ),
    };
    let reply = match project_of(&state, key.as_deref()).await {
        Ok(project) => {
            let capture = crate::capture::in_force(&state, &project);
            amplitude::config_ok(amplitude::config_json(&capture))
        }
        Err(rejection) if rejection.reason == Reason::UnknownKey => {
            refused(
                &state,
                Source::Amplitude,
                None,
                Sender::default(),
                rejection.reason,
            )
            .await;
            amplitude::config_rejected()
        }
        Err(rejection) => amplitude::track_rejected(&rejection),
    };
    respond(
        reply,
        amplitude::cors_headers(text(&headers, header::ORIGIN)),
    )
}

fn method_not_allowed() -> Response {
    StatusCode::METHOD_NOT_ALLOWED.into_response()
}
