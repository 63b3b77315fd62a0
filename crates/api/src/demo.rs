//! The demo shop: a small site, instrumented, to record oneself on.

use crate::Shared;
use crate::address::Origin;
use crate::assets::file_response;
use crate::error::ApiError;
use crate::state::State;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The shop's payment provider does not like this total.
const UNLUCKY_TOTAL: f64 = 13.0;

pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/demo", get(|| async { Redirect::permanent("/demo/") }))
        .route("/demo/", get(page))
        .route("/demo/config.js", get(config))
        .route("/demo/api/fail", get(fail))
        .route("/demo/api/order", post(order))
        .route("/demo/{*path}", get(file))
}

fn off() -> Response {
    ApiError::not_found("demo (start the server with --demo)").into_response()
}

async fn page(state: Shared, headers: HeaderMap) -> Response {
    if !state.settings.demo {
        return off();
    }
    file_response("index.html", web::demo("index.html"), &headers)
}

async fn file(state: Shared, Path(path): Path<String>, headers: HeaderMap) -> Response {
    if !state.settings.demo {
        return off();
    }
    match web::demo(&path) {
        Some(found) => file_response(&path, Some(found), &headers),
        None if path.contains('.') => ApiError::not_found("file").into_response(),
        None => page(state, headers).await,
    }
}

/// Tells the shop's page where to record to.
async fn config(state: Shared, Extension(origin): Extension<Origin>) -> Response {
    if !state.settings.demo {
        return off();
    }
    let key = match state.engine.first_ingest_key().await {
        Ok(key) => key,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let config = json!({ "ingestKey": key, "server": origin.base() });
    (
        [
            (header::CONTENT_TYPE, "text/javascript"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        format!("window.REENACT_DEMO = {config};\n"),
    )
        .into_response()
}

async fn fail(state: Shared) -> Response {
    if !state.settings.demo {
        return off();
    }
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "the parcel service is down" })),
    )
        .into_response()
}

#[derive(Deserialize)]
struct Order {
    total: f64,
}

async fn order(
    state: Shared,
    crate::extract::Body(order): crate::extract::Body<Order>,
) -> Response {
    if !state.settings.demo {
        return off();
    }
    if (order.total - UNLUCKY_TOTAL).abs() < f64::EPSILON {
        return (
            StatusCode::PAYMENT_REQUIRED,
            Json(json!({ "error": "the card was declined" })),
        )
            .into_response();
    }
    Json(json!({ "order": format!("D-{:.0}", order.total * 100.0) })).into_response()
}
