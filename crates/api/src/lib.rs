//! HTTP: the endpoints of other people's SDKs, our JSON API, the app's files.
//!
//! Only this crate knows axum, status codes and headers. A route here turns a
//! request into a call of `engine` and an outcome into an answer; what an SDK
//! expects to read stands in `wire`.

mod address;
mod assets;
mod auth;
mod capture;
mod code;
mod demo;
mod error;
mod extract;
mod limits;
mod openapi;
mod ops;
mod rate;
mod request;
mod sdk_files;
mod state;
mod v1;
mod vendor;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, any, delete, get, patch, post, put};
use std::sync::Arc;

pub use address::TrustedProxies;
pub use openapi::text_of_document as openapi_document;
pub use rate::Limits;
pub use state::{Settings, State};

type Shared = axum::extract::State<Arc<State>>;

/// App, API and ingest on one listener.
pub fn router(state: Arc<State>) -> Router {
    let routes = app_routes(&state)
        .merge(ingest_routes())
        .merge(ops::routes());
    finish(routes, state)
}

/// Only what the app and its API need, when ingest has a listener of its own.
pub fn app_router(state: Arc<State>) -> Router {
    finish(app_routes(&state).merge(ops::routes()), state)
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
        .route("/batch", any(vendor::posthog::shared_batch))
        .route("/batch/", any(vendor::posthog::shared_batch))
        .route("/api/v1/ingest/rrweb", any(vendor::rrweb::ingest))
        .route("/sdk/{*path}", get(sdk_files::serve))
        .merge(sentry_routes())
        .merge(posthog_routes())
}

/// Every path with and without `/` at its end: SDKs of one vendor differ.
fn both(
    router: Router<Arc<State>>,
    path: &str,
    to: MethodRouter<Arc<State>>,
) -> Router<Arc<State>> {
    router
        .route(path, to.clone())
        .route(&format!("{path}/"), to)
}

fn sentry_routes() -> Router<Arc<State>> {
    let paths = ["/api/{project}/envelope", "/api/{project}/store", "/tunnel"];
    paths.into_iter().fold(Router::new(), |router, path| {
        both(router, path, any(vendor::sentry::ingest))
    })
}

/// What `sentry-cli` asks with an API token.
fn sentry_cli_routes() -> Router<Arc<State>> {
    use vendor::sentry_cli::{assemble, chunks, options};
    let chunk_upload = "/api/0/organizations/{organisation}/chunk-upload";
    let assembly = "/api/0/organizations/{organisation}/artifactbundle/assemble";
    let router = both(Router::new(), chunk_upload, get(options).post(chunks));
    both(router, assembly, post(assemble))
}

fn posthog_routes() -> Router<Arc<State>> {
    let paths = [
        "/e",
        "/i/v0/e",
        "/s",
        "/capture",
        "/track",
        "/engage",
        "/flags",
        "/decide",
        "/array/{token}/config",
        "/array/{token}/config.js",
        "/api/surveys",
        "/api/early_access_features",
        "/api/web_experiments",
        "/api/product_tours",
    ];
    let router = paths.into_iter().fold(Router::new(), |router, path| {
        both(router, path, any(vendor::posthog::ingest))
    });
    router.route("/static/{*script}", any(vendor::posthog::ingest))
}

fn collaboration_routes() -> Router<Arc<State>> {
    use v1::collaboration::{add_comment, comments, mark_seen, mark_unseen, rate, rating, viewers};
    Router::new()
        .route(
            "/api/v1/replays/{id}/comments",
            get(comments).post(add_comment),
        )
        .route(
            "/api/v1/replays/{id}/seen",
            put(mark_seen).delete(mark_unseen),
        )
        .route("/api/v1/replays/{id}/viewers", get(viewers))
        .route("/api/v1/replays/{id}/rating", get(rating).put(rate))
}

fn deletion_routes() -> Router<Arc<State>> {
    use v1::deletions::{audit, create, list, one, preview, project, replay};
    use v1::retention::{apply, pin, unpin};
    Router::new()
        .route("/api/v1/deletions", get(list).post(create))
        .route("/api/v1/deletions/preview", post(preview))
        .route("/api/v1/deletions/{id}", get(one))
        .route("/api/v1/audit", get(audit))
        .route("/api/v1/replays/{id}/pin", put(pin).delete(unpin))
        .route("/api/v1/projects/{id}/apply-retention", post(apply))
        .route("/api/v1/replays/{id}", delete(replay))
        .route("/api/v1/projects/{id}", delete(project))
        .route(
            "/api/2/deletions/users",
            get(vendor::amplitude_privacy::list).post(vendor::amplitude_privacy::create),
        )
}

fn search_routes() -> Router<Arc<State>> {
    use v1::search::{facets, fields, names, parse, text_hits, values};
    Router::new()
        .route("/api/v1/replays/facets", get(facets))
        .route("/api/v1/replays/{id}/text-hits", get(text_hits))
        .route("/api/v1/search/fields", get(fields))
        .route("/api/v1/search/names", get(names))
        .route("/api/v1/search/values", get(values))
        .route("/api/v1/search/parse", post(parse))
}

fn app_routes(state: &Arc<State>) -> Router<Arc<State>> {
    let compression = tower_http::compression::CompressionLayer::new()
        .gzip(true)
        .zstd(true);
    let api = api_routes()
        .method_not_allowed_fallback(v1::method_not_allowed)
        .layer(from_fn_with_state(state.clone(), rate::around))
        .layer(compression);
    Router::new()
        .merge(api)
        .merge(demo::routes())
        .fallback(assets::serve)
}

fn api_routes() -> Router<Arc<State>> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::serve))
        .route(
            "/api/v1/setup",
            get(v1::session::setup_needed).post(v1::session::set_up),
        )
        .route("/api/v1/login", post(v1::session::log_in))
        .route("/api/v1/logout", post(v1::session::log_out))
        .route("/api/v1/me", get(v1::session::me))
        .route(
            "/api/v1/me/settings",
            get(v1::settings::mine).put(v1::settings::change),
        )
        .route(
            "/api/v1/settings",
            get(v1::capture::read).patch(v1::capture::change),
        )
        .route(
            "/api/v1/settings/frustration",
            get(v1::frustration::read).patch(v1::frustration::change),
        )
        .route(
            "/api/v1/projects",
            get(v1::projects::list).post(v1::projects::create),
        )
        .route("/api/v1/projects/{id}", patch(v1::projects::change))
        .route(
            "/api/v1/projects/{id}/ingest-status",
            get(v1::projects::ingest_status),
        )
        .route("/api/v1/assets/{project}/{key}", get(v1::assets::one))
        .route("/api/v1/summary", get(v1::projects::summary))
        .route("/api/v1/ratings", get(v1::collaboration::ratings))
        .route(
            "/api/v1/comments/{id}",
            delete(v1::collaboration::delete_comment),
        )
        .merge(collaboration_routes())
        .route(
            "/api/v1/replays/{id}/neighbours",
            get(v1::replays::neighbours),
        )
        .merge(search_routes())
        .merge(deletion_routes())
        .merge(v1::collections::routes())
        .merge(v1::cohorts::routes())
        .merge(v1::named_events::routes())
        .merge(v1::alerts::routes())
        .route("/api/v1/replays", get(v1::replays::list))
        .route("/api/v1/replays/{id}", get(v1::replays::one))
        .route("/api/v1/replays/{id}/manifest", get(v1::replays::manifest))
        .route("/api/v1/replays/{id}/events", get(v1::replays::events))
        .route("/api/v1/replays/{id}/playback", get(v1::replays::playback))
        .route("/api/v1/replays/{id}/state", get(v1::replays::state_at))
        .route("/api/v1/replays/{id}/facts", get(v1::replays::facts))
        .route("/api/v1/replays/{id}/analytics", get(v1::events::of_replay))
        .route("/api/v1/replays/{id}/export", get(v1::export::export))
        .route(
            "/api/v1/replays/{id}/interactions",
            get(v1::replays::interactions),
        )
        .route("/api/v1/replays/{id}/errors", get(v1::errors::of_replay))
        .route(
            "/api/v1/replays/{id}/spans",
            get(v1::errors::spans_of_replay),
        )
        .route("/api/v1/replays/{id}/video/{film}", get(v1::videos::one))
        .route("/api/v1/errors/{id}", get(v1::errors::one))
        .route("/api/v1/issues", get(v1::issues::list))
        .route("/api/v1/issues/{id}", get(v1::issues::one))
        .route("/api/v1/issues/{id}/errors", get(v1::issues::errors))
        .route(
            "/api/v1/source-maps",
            get(v1::source_maps::list).post(v1::source_maps::add),
        )
        .route("/api/v1/source-maps/{id}", delete(v1::source_maps::delete))
        .merge(sentry_cli_routes())
        .route("/api/v1/users", get(v1::users::list))
        .route("/api/v1/users/{id}", get(v1::users::one))
        .route("/api/v1/users/{id}/events", get(v1::users::events))
        .route("/api/v1/events", get(v1::events::list))
        .route("/api/v1/events/stream", get(v1::users::events_of_identity))
        .route("/api/v1/events/{id}", get(v1::events::one))
        .route(
            "/api/v1/tokens",
            get(v1::tokens::list).post(v1::tokens::create),
        )
        .route("/api/v1/tokens/{id}", delete(v1::tokens::delete))
        .route("/api", any(v1::unknown))
        .route("/api/", any(v1::unknown))
        // Not `/api/{*rest}`, which would leave no room for `/api/{project}/envelope`.
        .route("/api/{project}", any(v1::unknown))
        .route("/api/{project}/", any(v1::unknown))
        .route("/api/{project}/{*rest}", any(v1::unknown))
}
