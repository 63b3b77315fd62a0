//! Plain rrweb events from any recorder, under our own API.

use super::{admit, client_of, preflight, refused, rejection_of, text};
use crate::Shared;
use crate::address::Origin;
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::limits::discard;
use crate::state::State;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::ingest_status::Sender;
use model::Timestamp;
use model::ingest::{Reason, ReplayPayload, Source};
use serde::Deserialize;
use serde_json::json;
use wire::Rejection;

#[derive(Deserialize)]
pub struct Params {
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    session_id: String,
    user_id: Option<String>,
    /// `<name>/<version>` of the recorder.
    library: Option<String>,
}

/// Longer user ids are cut; nothing good is that long.
const MAX_USER_ID_CHARS: usize = 256;
const MAX_LIBRARY_CHARS: usize = 64;

pub async fn ingest(
    state: Shared,
    Extension(origin): Extension<Origin>,
    method: Method,
    headers: HeaderMap,
    params: ApiResult<Query<Params>>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    match method {
        Method::OPTIONS => return preflight(&headers),
        Method::POST => {}
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    let stored = match params {
        Ok(Query(params)) => {
            let query = query.as_deref().unwrap_or_default();
            let sender = Sender {
                device_id: Some(params.device_id.clone()),
                session_id: Some(params.session_id.clone()),
            };
            match store(&state, &origin, &headers, params, query, body).await {
                Ok(answer) => Ok(answer),
                Err(rejection) => {
                    let key =
                        wire::amplitude::ingest_key(text(&headers, header::AUTHORIZATION), query);
                    refused(
                        &state,
                        Source::Rrweb,
                        key.as_deref(),
                        sender,
                        rejection.reason,
                    )
                    .await;
                    Err(error_of(rejection))
                }
            }
        }
        // Answered here and not by the extractor: pages may read this refusal too.
        Err(error) => {
            state.engine.metrics.problem(Reason::InvalidId, 1);
            Err(error)
        }
    };
    let mut response = stored.into_response();
    for (name, value) in wire::amplitude::cors_headers(text(&headers, header::ORIGIN)) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn store(
    state: &State,
    origin: &Origin,
    headers: &HeaderMap,
    params: Params,
    query: &str,
    body: Body,
) -> Result<Json<serde_json::Value>, Rejection> {
    let key = wire::amplitude::ingest_key(text(headers, header::AUTHORIZATION), query);
    let project = match &key {
        Some(key) => state
            .engine
            .project_of_key(key)
            .await
            .map_err(rejection_of)?,
        None => None,
    };
    let Some(project) = project else {
        discard(body).await;
        return Err(Rejection::new(
            Reason::UnknownKey,
            "unknown ingest key: send it as a bearer token",
        ));
    };
    let admitted = admit(state, headers, body).await?;
    let mut client = client_of(state, headers, origin);
    client.user_id = params.user_id.map(|user| cut(&user, MAX_USER_ID_CHARS));
    if let Some(library) = &params.library {
        let (name, version) = library.rsplit_once('/').unwrap_or((library, ""));
        client.sdk = Some(cut(name, MAX_LIBRARY_CHARS)).filter(|name| !name.is_empty());
        client.sdk_version = Some(cut(version, MAX_LIBRARY_CHARS)).filter(|text| !text.is_empty());
    }
    let received_at = Timestamp::now();
    let limit_bytes = admitted.max_decoded_bytes;
    let decode = move |plain: &[u8]| {
        wire::plain::decode_plain(
            plain,
            &params.device_id,
            &params.session_id,
            client,
            received_at,
            limit_bytes,
        )
    };
    let upload = admitted.decode(decode).await?;
    let id = model::ReplayId::derive(project.id, &upload.device_id, &upload.session_id);
    let accepted = match &upload.payload {
        ReplayPayload::Events(events) => events.len(),
        ReplayPayload::Interactions { .. } => 0,
    };
    let problems: serde_json::Map<_, _> = upload
        .problems
        .iter()
        .map(|problem| (problem.reason.name().to_owned(), problem.count.into()))
        .collect();
    state
        .engine
        .accept_replay(project, upload, received_at)
        .await
        .map_err(rejection_of)?;
    Ok(Json(
        json!({ "replay": id, "accepted_events": accepted, "problems": problems }),
    ))
}

fn cut(text: &str, limit_chars: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(limit_chars)
        .collect()
}

fn error_of(rejection: Rejection) -> ApiError {
    ApiError::new(Code::Refused(rejection.reason), rejection.message)
}
