//! For whoever operates the server: is it alive, is it ready, how does it do.

use crate::Shared;
use crate::address::{Origin, is_internal};
use crate::error::ApiError;
use crate::state::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use std::sync::Arc;

pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Uploads would be stored: the catalog answers and the disk has room.
async fn readyz(state: Shared) -> Response {
    match state.engine.is_ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {error}\n"),
        )
            .into_response(),
    }
}

/// OpenMetrics text. Open to the private network, with a token to others: figures
/// tell strangers how much a company records.
async fn metrics(
    state: Shared,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
) -> Response {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let has_token =
        state.settings.metrics_token.is_some() && sent == state.settings.metrics_token.as_deref();
    if !has_token && !is_internal(origin.address) {
        return ApiError::unauthenticated().into_response();
    }
    state.engine.refresh_metrics();
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &state.registry) {
        Ok(()) => (
            [(
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
