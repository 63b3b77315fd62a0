//! What `sentry-cli` and the build plugins ask when they upload source maps: where to
//! send chunks, the chunks, and which of them are an artifact bundle. Organisation and
//! project are the token's, whatever the address says.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::limits::read_body;
use crate::v1::source_maps::refused;
use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use engine::source_maps::{CHUNK_BYTES, MAX_ARCHIVE_BYTES};
use futures::stream;
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;

const CHUNKS_PER_REQUEST: usize = 4;
const MAX_REQUEST_BYTES: usize = CHUNKS_PER_REQUEST * CHUNK_BYTES + (64 << 10);
/// A few hundred bytes, and 40 for each chunk.
const MAX_JSON_BYTES: usize = 1 << 20;

/// For whoever has a token.
pub async fn options(_viewer: Viewer) -> Json<Value> {
    Json(json!({
        "url": "/api/0/organizations/reenact/chunk-upload/",
        "chunkSize": CHUNK_BYTES,
        "chunksPerRequest": CHUNKS_PER_REQUEST,
        "maxFileSize": MAX_ARCHIVE_BYTES,
        "maxRequestSize": MAX_REQUEST_BYTES,
        "concurrency": 1,
        "hashAlgorithm": "sha1",
        "compression": [],
        "accept": ["artifact_bundles", "artifact_bundles_v2"],
    }))
}

pub async fn chunks(
    state: Shared,
    viewer: Viewer,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<StatusCode> {
    let project = viewer.project(&state, None).await?;
    let received = state.admission.receive(body, MAX_REQUEST_BYTES).await;
    let (body, _memory) = received.map_err(refused)?;
    let boundary = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| multer::parse_boundary(value.to_str().ok()?).ok());
    let boundary = boundary.ok_or_else(|| ApiError::invalid("the body is no form"))?;
    let broken = |error: multer::Error| ApiError::invalid(error.to_string());
    let body = stream::once(async move { Ok::<_, Infallible>(body) });
    let mut form = multer::Multipart::new(body, boundary);
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        count += 1;
        if count > CHUNKS_PER_REQUEST {
            return Err(ApiError::invalid("too many chunks in one request"));
        }
        let checksum = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(broken)?;
        state
            .engine
            .source_maps
            .chunks
            .put(project.id, &checksum, bytes)?;
    }
    Ok(StatusCode::OK)
}

#[derive(Deserialize)]
struct Assembly {
    checksum: String,
    chunks: Vec<String>,
}

/// Answers what is missing, or what became of the archive.
pub async fn assemble(state: Shared, viewer: Viewer, body: Body) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, None).await?;
    let body = read_body(body, MAX_JSON_BYTES).await;
    let body = body.map_err(refused)?;
    let wanted: Assembly =
        serde_json::from_slice(&body).map_err(|error| ApiError::invalid(error.to_string()))?;
    let source_maps = &state.engine.source_maps;
    let missing = source_maps.chunks.missing(project.id, &wanted.chunks);
    if !missing.is_empty() {
        return Ok(Json(
            json!({ "state": "not_found", "missingChunks": missing, "detail": null }),
        ));
    }
    let archive = source_maps
        .chunks
        .take(project.id, &wanted.checksum, &wanted.chunks);
    let added = match archive {
        Ok(archive) => source_maps.add(project.id, archive, Timestamp::now()).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(_) => Ok(Json(
            json!({ "state": "ok", "missingChunks": [], "detail": null }),
        )),
        // Such an archive will not become better: the program says why and ends.
        Err(engine::Error::Invalid(why) | engine::Error::Conflict(why)) => Ok(Json(
            json!({ "state": "error", "missingChunks": [], "detail": why }),
        )),
        Err(error) => Err(error.into()),
    }
}
