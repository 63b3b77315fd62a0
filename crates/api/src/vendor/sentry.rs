//! The Sentry SDKs: envelopes, single events of old SDKs, and the tunnel.
//!
//! The public key decides which project a request is for. The number in the path may
//! be any: who moves from another server keeps theirs and changes host and key only.

use super::{admit, client_of, preflight, refused, rejection_of, respond, text};
use crate::Shared;
use crate::address::Origin;
use crate::limits::discard;
use crate::state::State;
use axum::Extension;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::ingest_status::Sender;
use model::Timestamp;
use model::ingest::{Reason, Source};
use std::sync::Arc;
use store::catalog::Project;
use wire::sentry::{self, Credentials, Endpoint, Envelope};
use wire::{Rejection, Reply};

/// A refusal and what is known about the request by then.
struct Refusal {
    rejection: Rejection,
    key: Option<String>,
    /// An answer other than 200 would end somebody's replay.
    may_hold_replay: bool,
}

pub async fn ingest(
    state: Shared,
    Extension(origin): Extension<Origin>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let (endpoint, project) = match sentry::endpoint(uri.path()) {
        Some((endpoint, project)) => (endpoint, Some(project)),
        None if uri.path().trim_end_matches('/') == "/tunnel" => (Endpoint::Envelope, None),
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    match method {
        Method::OPTIONS => return preflight(&headers),
        Method::POST => {}
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    let request = Request {
        endpoint,
        path_project: project,
        query: query.as_deref().unwrap_or_default(),
        headers: &headers,
        origin: &origin,
    };
    let reply = match request.store(&state, body).await {
        Ok(event_id) => sentry::accepted(event_id.as_deref(), &[]),
        Err(refusal) => request.refuse(&state, refusal).await,
    };
    respond(reply, sentry::cors_headers(text(&headers, header::ORIGIN)))
}

struct Request<'a> {
    endpoint: Endpoint,
    path_project: Option<&'a str>,
    query: &'a str,
    headers: &'a HeaderMap,
    origin: &'a Origin,
}

impl Request<'_> {
    async fn store(&self, state: &State, body: Body) -> Result<Option<String>, Refusal> {
        let mut refusal = Known {
            key: None,
            may_hold_replay: self.endpoint == Endpoint::Envelope,
        };
        // Only a tunnel's request names its key inside.
        let early = self.credentials(None);
        let early = match early {
            Ok(found) => Some(found),
            Err(error) if self.endpoint == Endpoint::Store => {
                discard(body).await;
                return Err(refusal.because(error));
            }
            Err(_) => None,
        };
        if let Some(found) = &early {
            refusal.key = Some(found.public_key.clone());
            match project_of(state, found).await {
                // A DSN writes some keys in another way.
                Ok(project) => refusal.key = Some(project.ingest_key.clone()),
                Err(error) => {
                    discard(body).await;
                    return Err(refusal.because(error));
                }
            }
        }
        let admitted = admit(state, self.headers, body).await;
        let admitted = admitted.map_err(|error| refusal.because(error))?;
        let received_at = Timestamp::now();
        if self.endpoint == Endpoint::Store {
            let limit_bytes = admitted.max_decoded_bytes;
            let decode = move |plain: &[u8]| sentry::decode_store(plain, received_at, limit_bytes);
            let decoded = admitted.decode(decode).await;
            let (event_id, batch) = decoded.map_err(|error| refusal.because(error))?;
            let found = early.ok_or_else(|| refusal.because(no_key()))?;
            let project = project_of(state, &found).await;
            let project = project.map_err(|error| refusal.because(error))?;
            let client = self.client(state, &found);
            let stored = state
                .engine
                .accept_batch(project, batch, client, received_at);
            let stored = stored.await.map_err(rejection_of);
            return match stored {
                Ok(()) => Ok(event_id),
                Err(error) => Err(refusal.because(error)),
            };
        }
        // The envelope is split before its key is checked, and read after that.
        let mut client = client_of(state, self.headers, self.origin);
        if let Some(found) = &early {
            (client.sdk, client.sdk_version) = (found.sdk.clone(), found.sdk_version.clone());
        }
        let decoding = client.clone();
        let decode = move |plain: &[u8]| {
            let envelope = Envelope::parse(plain)?;
            let dsn = envelope.dsn().map(str::to_owned);
            let (event_id, holds_replay) = (envelope.event_id(), envelope.holds_replay());
            let batch = envelope.decode(&decoding, received_at);
            Ok((dsn, event_id, holds_replay, batch))
        };
        let decoded = admitted.decode(decode).await;
        let (dsn, event_id, holds_replay, batch) =
            decoded.map_err(|error| refusal.because(error))?;
        refusal.may_hold_replay = holds_replay;
        let found = self.credentials(dsn.as_deref());
        let found = found.map_err(|error| refusal.because(error))?;
        refusal.key = Some(found.public_key.clone());
        let project = project_of(state, &found).await;
        let project = project.map_err(|error| refusal.because(error))?;
        refusal.key = Some(project.ingest_key.clone());
        let stored = state
            .engine
            .accept_batch(project, batch, client, received_at)
            .await
            .map_err(rejection_of);
        match stored {
            Ok(()) => Ok(event_id),
            Err(error) => Err(refusal.because(error)),
        }
    }

    fn credentials(&self, dsn: Option<&str>) -> Result<Credentials, Rejection> {
        let header = |name: &str| {
            let value = self.headers.get(name)?;
            value.to_str().ok()
        };
        sentry::credentials(self.path_project, self.query, header, dsn)
    }

    fn client(&self, state: &State, found: &Credentials) -> model::ingest::Client {
        let mut client = client_of(state, self.headers, self.origin);
        (client.sdk, client.sdk_version) = (found.sdk.clone(), found.sdk_version.clone());
        client
    }

    async fn refuse(&self, state: &State, refusal: Refusal) -> Reply {
        let rejection = &refusal.rejection;
        let sender = Sender::default();
        let key = refusal.key.as_deref();
        refused(state, Source::Sentry, key, sender, rejection.reason).await;
        sentry::rejected(rejection, refusal.may_hold_replay)
    }
}

/// What is known about a request while it is read.
struct Known {
    key: Option<String>,
    may_hold_replay: bool,
}

impl Known {
    fn because(&self, rejection: Rejection) -> Refusal {
        Refusal {
            rejection,
            key: self.key.clone(),
            may_hold_replay: self.may_hold_replay,
        }
    }
}

fn no_key() -> Rejection {
    Rejection::new(Reason::UnknownKey, "the request names no key")
}

async fn project_of(state: &State, found: &Credentials) -> Result<Arc<Project>, Rejection> {
    let project = state.engine.project_of_key(&found.public_key).await;
    let mut project = project.map_err(rejection_of)?;
    if project.is_none()
        && let Some(key) = sentry::key_of_dsn(&found.public_key)
    {
        project = state
            .engine
            .project_of_key(&key)
            .await
            .map_err(rejection_of)?;
    }
    project.ok_or_else(|| {
        let message = "unknown key: this server has no project with it";
        Rejection::new(Reason::UnknownKey, message)
    })
}
