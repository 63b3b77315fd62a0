//! axum's extractors with error answers of our own form.

use crate::error::ApiError;
use crate::state::State;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Nothing that our own pages send is larger.
const MAX_BODY_BYTES: usize = 256 << 10;

/// The query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<State>> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &Arc<State>) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query
            .map(|query| Self(query.0))
            .map_err(|error| ApiError::invalid(error.body_text()))
    }
}

/// A JSON body. The content type is required: a form of another site cannot send
/// it without asking first.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<State>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &Arc<State>) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .map(HeaderValue::as_bytes)
            .unwrap_or_default();
        if !kind.starts_with(b"application/json") {
            return Err(ApiError::invalid("send application/json")
                .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = crate::limits::read_body(request.into_body(), MAX_BODY_BYTES).await;
        let bytes = bytes.map_err(|rejection| ApiError::invalid(rejection.message))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::invalid(format!("body: {error}")))
    }
}
