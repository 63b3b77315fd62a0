//! Our own JSON API. Request and response types are here and nowhere below.

pub mod alerts;
pub mod assets;
pub mod capture;
pub mod cohorts;
pub mod collaboration;
pub mod collections;
pub mod deletions;
pub mod errors;
pub mod events;
pub mod export;
pub mod frustration;
pub mod issues;
pub mod named_events;
pub mod projects;
pub mod replays;
pub mod retention;
pub mod search;
pub mod session;
pub mod settings;
pub mod source_maps;
pub mod tokens;
pub mod users;
pub mod videos;

use crate::auth::Viewer;
use crate::code::Code;
use crate::error::ApiError;
use model::Timestamp;
use serde::Deserialize;

/// For endpoints whose only parameter is the project to look in.
#[derive(Deserialize)]
pub struct OfProject {
    project_id: Option<i64>,
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    format!("{at:.3}")
}

/// A path under `/api/` that no route knows. Who is not logged in learns nothing.
pub async fn unknown(_viewer: Viewer) -> ApiError {
    ApiError::not_found("endpoint")
}

/// Who is not logged in learns nothing here either.
pub async fn method_not_allowed(_viewer: Viewer) -> ApiError {
    ApiError::new(Code::MethodNotAllowed, "this address knows no such method")
}
