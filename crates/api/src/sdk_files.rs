//! The browser SDK as pages of any site load it: `/sdk/reenact.js` is the newest,
//! `/sdk/<version>/reenact.js` is that build for ever. A page that names the version can
//! name the hash as well (`integrity`, listed in `/sdk/version.json`).

use crate::assets::file_response;
use crate::error::ApiError;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const VERSION_FILE: &str = "version.json";
/// A new version of the server reaches visitors after this time.
const NEWEST: &str = "public, max-age=3600, stale-while-revalidate=86400";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

#[derive(Deserialize)]
struct Version {
    version: String,
}

pub async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let (path, keep) = match path.split_once('/') {
        Some((version, rest)) if is_current(version) => (rest, FOR_EVER),
        _ => (path.as_str(), NEWEST),
    };
    let is_public = path == VERSION_FILE || path.ends_with(".js");
    let Some(file) = web::sdk(path).filter(|_| is_public) else {
        return ApiError::not_found("file of the SDK").into_response();
    };
    let mut response = file_response(path, Some(file), &headers);
    for (name, value) in [
        (header::CACHE_CONTROL, keep),
        // Nothing here is secret, and no cookie is looked at.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

fn is_current(version: &str) -> bool {
    let file = web::sdk(VERSION_FILE);
    let known = file.and_then(|file| serde_json::from_slice::<Version>(&file.bytes).ok());
    known.is_some_and(|known| known.version == version)
}
