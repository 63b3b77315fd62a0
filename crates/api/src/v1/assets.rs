//! Archived parts of recorded pages. They belong to strangers: served with the type
//! that was found in their bytes, under a policy that lets nothing in them run.

use crate::Shared;
use crate::auth::Viewer;
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// A key names one content for ever.
const KEEP: &str = "private, max-age=31536000, immutable";
/// Parts of this style sheet are still being fetched.
const KEEP_SHORTLY: &str = "private, max-age=30";
/// What a browser says when it would show the file as a document of its own.
const DOCUMENTS: [&[u8]; 5] = [b"document", b"iframe", b"frame", b"object", b"embed"];

pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path((project, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if let Some(destination) = headers.get("sec-fetch-dest")
        && DOCUMENTS.contains(&destination.as_bytes())
    {
        return Err(ApiError::new(
            Code::Forbidden,
            "parts of recorded pages are only shown inside of replays",
        ));
    }
    let project = project.parse().map_err(|_| ApiError::not_found("asset"))?;
    let project = viewer.project(&state, Some(project)).await;
    let project = project.map_err(|_| ApiError::not_found("asset"))?;
    let asset = state.engine.asset(project.id, &key).await?;
    let keep = if asset.is_final { KEEP } else { KEEP_SHORTLY };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type.as_str()),
        (header::CACHE_CONTROL, keep),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    let mut response = (headers, asset.bytes).into_response();
    response.headers_mut().insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    Ok(response)
}
