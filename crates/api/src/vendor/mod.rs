//! Endpoints of SDKs. A route reads the request, `wire` understands it, `engine`
//! stores it, and `wire` says what the SDK wants to hear.

pub mod amplitude;
pub mod amplitude_privacy;
pub mod posthog;
pub mod rrweb;
pub mod sentry;
pub mod sentry_cli;

use crate::address::Origin;
use crate::state::State;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::ingest_status::Sender;
use model::Timestamp;
use model::ingest::{Client, Reason, Source};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use wire::{Rejection, Reply};

/// Decoding more than this takes long enough to hold up other requests.
const INLINE_DECODE_BYTES: usize = 64 << 10;

/// A body within its limits, and the memory that was set aside for it.
#[derive(Clone)]
struct Admitted {
    body: Bytes,
    content_encoding: Option<String>,
    max_decoded_bytes: usize,
    _memory: Arc<OwnedSemaphorePermit>,
}

async fn admit(state: &State, headers: &HeaderMap, body: Body) -> Result<Admitted, Rejection> {
    let (body, memory) = state
        .admission
        .receive(body, state.settings.max_body_bytes)
        .await?;
    let content_encoding = text(headers, header::CONTENT_ENCODING).map(str::to_owned);
    Ok(Admitted {
        body,
        content_encoding,
        max_decoded_bytes: state.settings.max_decoded_bytes,
        _memory: Arc::new(memory),
    })
}

impl Admitted {
    /// Decompresses and decodes: here for small bodies, else on a thread that may block.
    async fn decode<T: Send + 'static>(
        self,
        decode: impl FnOnce(&[u8]) -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, Rejection> {
        let size_bytes = self.body.len();
        let work = move || {
            let plain: Cow<'_, [u8]> = wire::encoding::decode_body(
                self.content_encoding.as_deref(),
                &self.body,
                self.max_decoded_bytes,
            )?;
            decode(&plain)
        };
        off_thread(size_bytes, work).await
    }
}

/// Does the work here for small bodies, else on a thread that may block.
async fn off_thread<T: Send + 'static>(
    size_bytes: usize,
    work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
) -> Result<T, Rejection> {
    if size_bytes <= INLINE_DECODE_BYTES {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        Err(Rejection::new(
            Reason::InvalidJson,
            format!("cannot decode: {error}"),
        ))
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What the request says about its sender; the country only from a trusted proxy.
fn client_of(state: &State, headers: &HeaderMap, origin: &Origin) -> Client {
    let mut client = wire::amplitude::client_from_headers(|name| {
        headers.get(name).and_then(|value| value.to_str().ok())
    });
    let name = state.settings.country_header.as_str();
    if origin.is_trusted_peer && !name.is_empty() {
        let country = headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        // Proxies write XX or T1 for "unknown" and "Tor".
        let is_country = country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !country.eq_ignore_ascii_case("xx");
        client.country = is_country.then(|| country.to_ascii_uppercase());
    }
    client
}

/// Counts an upload that was refused, for the operator and for the project, if the
/// key tells which.
async fn refused(state: &State, source: Source, key: Option<&str>, sender: Sender, reason: Reason) {
    state.engine.metrics.problem(reason, 1);
    state.engine.metrics.source_problem(source, reason, 1);
    let project = match key {
        // An error here is that of the upload, which has been answered for.
        Some(key) => state.engine.project_of_key(key).await.unwrap_or_default(),
        None => None,
    };
    let (status, now) = (&state.engine.ingest_status, Timestamp::now());
    match project {
        Some(project) => {
            status.problem(project.id, sender, reason, 1, now);
            status.family_problem(project.id, source, reason, 1, now);
        }
        None if reason == Reason::UnknownKey => status.unknown_key(now),
        None => {}
    }
}

/// What an engine error means to an SDK.
fn rejection_of(error: engine::Error) -> Rejection {
    let is_full =
        matches!(&error, engine::Error::Store(inner) if inner.kind() == store::Kind::Full);
    match error {
        engine::Error::Busy => Rejection::new(Reason::Throttled, "the server is busy"),
        error => {
            tracing::error!(%error, "cannot store an upload");
            let message = if is_full {
                "the server has no space left"
            } else {
                "the upload could not be stored"
            };
            Rejection::new(Reason::StorageFull, message)
        }
    }
}

fn respond(reply: Reply, cors: Vec<(&'static str, String)>) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(reply.content_type),
    );
    for (name, value) in reply.headers.into_iter().chain(cors) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

fn preflight(headers: &HeaderMap) -> Response {
    let reply = wire::amplitude::preflight_reply(
        text(headers, header::ORIGIN),
        text(headers, header::ACCESS_CONTROL_REQUEST_HEADERS),
        headers.contains_key("access-control-request-private-network"),
    );
    respond(reply, Vec::new())
}
