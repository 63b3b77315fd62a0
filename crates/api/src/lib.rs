//! HTTP: the endpoints of other people's SDKs, our JSON API, the app's files.
//!
//! Only this crate knows axum, status codes and headers. A route here turns a
//! request into a call of `engine` and an outcome into an answer; what an SDK
//! expects to read stands in `wire`.

mod address;
mod assets;
mod auth;
mod demo;
mod error;
mod extract;
mod limits;
mod ops;
mod request;
mod state;
mod v1;
mod vendor;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, post};
use std::sync::Arc;

pub use address::TrustedProxies;
pub use state::{Settings, State};

type Shared = axum::extract::State<Arc<State>>;

/// App, API and ingest on one listener.
pub fn router(state: Arc<State>) -> Router {
    let routes = app_routes().merge(ingest_routes()).merge(ops::routes());
    finish(routes, state)
}

/// Only what the app and its API need, when ingest has a listener of its own.
pub fn app_router(state: Arc<State>) -> Router {
    finish(app_routes().merge(ops::routes()), state)
}

/// Only what recorded pages need: this one may face the internet alone.
pub fn ingest_router(state: Arc<State>) -> Router {
    let routes = ingest_routes()
        .route("/healthz", get(ops::healthz))
        .fallback(assets::nothing_here);
    finish(routes, state)
}

fn finish(routes: Router<Arc<State>>, state: Arc<State>) -> Router {
    routes
        .layer(from_fn_with_state(state.clone(), request::around))
        .with_state(state)
}

fn ingest_routes() -> Router<Arc<State>> {
    let config = || any(vendor::amplitude::config);
    let track = || any(vendor::amplitude::track);
    let events = || any(vendor::amplitude::events);
    Router::new()
        .route("/sessions/v2/track", track())
        .route("/sessions/track", track())
        .route("/config", config())
        .route("/config/{key}", config())
        .route("/sessions/config", config())
        .route("/sessions/config/{key}", config())
        .route("/2/httpapi", events())
        .route("/batch", events())
        .route("/api/v1/ingest/rrweb", any(vendor::rrweb::ingest))
}

fn app_routes() -> Router<Arc<State>> {
    let compression = tower_http::compression::CompressionLayer::new()
        .gzip(true)
        .zstd(true);
    let api = Router::new()
        .route(
            "/api/v1/setup",
            get(v1::session::setup_needed).post(v1::session::set_up),
        )
        .route("/api/v1/login", post(v1::session::log_in))
        .route("/api/v1/logout", post(v1::session::log_out))
        .route("/api/v1/me", get(v1::session::me))
        .route("/api/v1/replays", get(v1::replays::list))
        .route("/api/v1/replays/{id}", get(v1::replays::one))
        .route("/api/v1/replays/{id}/manifest", get(v1::replays::manifest))
        .route("/api/v1/replays/{id}/events", get(v1::replays::events))
        .route("/api/v1/replays/{id}/playback", get(v1::replays::playback))
        .route(
            "/api/v1/replays/{id}/interactions",
            get(v1::replays::interactions),
        )
        .route("/api/v1/events", get(v1::events::list))
        .route(
            "/api/v1/tokens",
            get(v1::tokens::list).post(v1::tokens::create),
        )
        .route("/api/v1/tokens/{id}", delete(v1::tokens::delete))
        .route("/api", any(v1::unknown))
        .route("/api/", any(v1::unknown))
        .route("/api/{*rest}", any(v1::unknown))
        .layer(compression);
    Router::new()
        .merge(api)
        .merge(demo::routes())
        .fallback(assets::serve)
}
