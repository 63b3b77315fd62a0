//! What every handler can reach.

use crate::address::TrustedProxies;
use crate::limits::Admission;
use crate::rate::{Limits, RateLimits};
use crate::request::HttpMetrics;
use engine::Engine;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use wire::amplitude::CaptureSettings;

/// What HTTP needs to know from the configuration.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub trusted_proxies: TrustedProxies,
    /// A header in which a trusted proxy names the visitor's country, such as
    /// `cf-ipcountry`. Empty: the country stays unknown.
    pub country_header: String,
    /// Serves the demo shop at `/demo/`.
    pub demo: bool,
    /// Who may read `/metrics` from beyond the private network.
    pub metrics_token: Option<String>,
    /// Largest request body as sent.
    pub max_body_bytes: usize,
    /// Largest request body after decompression.
    pub max_decoded_bytes: usize,
    /// Memory for uploads that are being read and decoded.
    pub max_in_flight_bytes: usize,
    pub rate_limits: Limits,
    pub capture: CaptureSettings,
    /// Where the operator installed `posthog-js`, whose scripts pages load from here.
    pub posthog_package_dir: Option<std::path::PathBuf>,
}

pub struct State {
    pub engine: Arc<Engine>,
    pub settings: Settings,
    pub(crate) admission: Admission,
    pub(crate) rate_limits: RateLimits,
    pub(crate) registry: Registry,
    pub(crate) http: HttpMetrics,
    pub(crate) app: crate::assets::App,
}

impl State {
    pub fn new(engine: Arc<Engine>, settings: Settings) -> Arc<Self> {
        let mut registry = Registry::default();
        engine.metrics.register(&mut registry);
        let http = HttpMetrics::default();
        http.register(&mut registry);
        let admission = Admission::new(settings.max_in_flight_bytes);
        let rate_limits = RateLimits::new(settings.rate_limits);
        Arc::new(Self {
            engine,
            settings,
            admission,
            rate_limits,
            registry,
            http,
            app: crate::assets::App::load(),
        })
    }
}
