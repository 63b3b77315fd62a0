//! What happens around every request: an id, a log line, metrics, headers that
//! every answer carries.

use crate::address::Origin;
use crate::state::State;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    route: String,
}

pub struct HttpMetrics {
    requests: Family<RouteLabels, Counter>,
    duration_seconds: Family<RouteLabel, Histogram>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        // 0.25 ms to 8 s.
        let histogram = || Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        Self {
            requests: Family::default(),
            duration_seconds: Family::new_with_constructor(histogram),
        }
    }
}

impl HttpMetrics {
    pub fn register(&self, registry: &mut Registry) {
        let to = registry.sub_registry_with_prefix("reenact");
        to.register(
            "http_requests",
            "Requests answered, by route and status",
            self.requests.clone(),
        );
        to.register_with_unit(
            "http_request_duration",
            "Time to the head of the answer, by route",
            Unit::Seconds,
            self.duration_seconds.clone(),
        );
    }
}

tokio::task_local! {
    /// Of the request that this task answers; in error answers and log lines.
    static REQUEST_ID: String;
}

/// Empty outside of a request.
pub fn current_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

fn new_id() -> String {
    let mut bytes = [0; 8];
    // Without random numbers the id is useless, not the request.
    let _ = getrandom::fill(&mut bytes);
    format!("{:016x}", u64::from_le_bytes(bytes))
}

pub async fn around(
    axum::extract::State(state): axum::extract::State<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let id = new_id();
    let origin = Origin::of(
        peer.ip(),
        request.headers(),
        &state.settings.trusted_proxies,
    );
    // Paths that no route knows share one label: they come from strangers.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    request.extensions_mut().insert(origin);
    let is_api = route.starts_with("/api/");
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request)).await;
    let status = response.status().as_u16();
    let elapsed = start.elapsed();
    state
        .http
        .requests
        .get_or_create(&RouteLabels {
            route: route.clone(),
            status,
        })
        .inc();
    state
        .http
        .duration_seconds
        .get_or_create(&RouteLabel {
            route: route.clone(),
        })
        .observe(elapsed.as_secs_f64());
    tracing::info!(request.id = %id, %method, route, status, duration_ms = elapsed.as_secs_f64() * 1000.0, "request");
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    if is_api {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("same-origin"));
    response
}
