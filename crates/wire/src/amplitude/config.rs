//! The remote config: what an SDK records, decided by the project. Without an
//! answer that holds `configs.sessionReplay` an SDK records nothing at all, so the
//! object is always there. Old and new config URLs get the same JSON.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The SDK ignores more.
const MAX_MIN_SESSION_DURATION_MS: u64 = 60_000;
/// An SDK divides a hash of 32 bits by 100 to place a session.
const TARGETING_PLACES: u32 = u32::MAX / 100 + 1;

/// A project's settings for its recorders. `None` leaves it to the page.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureSettings {
    pub capture_enabled: bool,
    /// Share of sessions, 0 to 1; overrides the page's even when 0.
    pub sample_rate: Option<f64>,
    /// Share of the other sessions that are recorded from before their first error; our
    /// own SDK's.
    pub error_sample_rate: Option<f64>,
    /// Younger sessions send nothing.
    pub min_session_duration_ms: u64,
    pub mask_level: Option<MaskLevel>,
    pub block_selectors: Vec<String>,
    pub mask_selectors: Vec<String>,
    pub unmask_selectors: Vec<String>,
    pub interactions: InteractionCapture,
    pub console: ConsoleCapture,
    pub network: NetworkCapture,
    /// With any of these, they decide instead of the sample rate; one that holds is enough.
    pub targeting: Vec<TargetingRule>,
}

/// A kind of session to record: what is named must all hold, and what is not may be anything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetingRule {
    /// Share of these sessions, 0 to 1; all unless set.
    pub sample_rate: Option<f64>,
    pub url_contains: Option<String>,
    /// The type of an event; recording starts when it happens.
    pub event: Option<String>,
    pub event_properties: BTreeMap<String, String>,
    pub user_properties: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskLevel {
    Light,
    Medium,
    Conservative,
}

/// Clicks and scroll depth for heatmaps; pages cannot turn them on themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionCapture {
    pub enabled: bool,
    /// Adds up equal clicks, at the price of their times: floored to the hour.
    pub batch: bool,
    pub track_every_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleCapture {
    pub enabled: bool,
    /// Of `info`, `log`, `warn`, `error`.
    pub levels: Vec<String>,
}

/// Requests that pages make with `fetch`. Headers are part of it, bodies are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkCapture {
    pub enabled: bool,
}

impl Default for CaptureSettings {
    /// Records everything, masks and samples as the page says, and leaves out what
    /// pages did not ask for: console and network.
    fn default() -> Self {
        Self {
            capture_enabled: true,
            sample_rate: None,
            error_sample_rate: None,
            min_session_duration_ms: 0,
            mask_level: None,
            block_selectors: Vec::new(),
            mask_selectors: Vec::new(),
            unmask_selectors: Vec::new(),
            interactions: InteractionCapture {
                enabled: true,
                batch: true,
                track_every_ms: 30_000,
            },
            console: ConsoleCapture {
                enabled: false,
                levels: vec!["warn".to_owned(), "error".to_owned()],
            },
            network: NetworkCapture { enabled: false },
            targeting: Vec::new(),
        }
    }
}

impl MaskLevel {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Medium => "medium",
            Self::Conservative => "conservative",
        }
    }
}

/// The body of the answer to a config request.
pub fn config_json(settings: &CaptureSettings) -> Vec<u8> {
    let mut session_replay = json!({
        "sr_sampling_config": sampling(settings),
        "sr_interaction_config": {
            "enabled": settings.interactions.enabled,
            "batch": settings.interactions.batch,
            "trackEveryNms": settings.interactions.track_every_ms,
        },
        "sr_logging_config": {
            "console": { "enabled": settings.console.enabled, "levels": settings.console.levels },
            "network": { "enabled": settings.network.enabled },
        },
    });
    if let Some(privacy) = privacy(settings) {
        session_replay["sr_privacy_config"] = privacy;
    }
    if !settings.targeting.is_empty() {
        session_replay["sr_targeting_config"] = targeting(&settings.targeting);
    }
    let config = json!({
        "configs": {
            "sessionReplay": session_replay,
            "analyticsSDK": { "browserSDK": {} },
            // Its reports about itself go to the vendor's host, which no option moves.
            "diagnostics": { "browserSDK": { "enabled": false } },
        }
    });
    config.to_string().into_bytes()
}

/// `capture_enabled` is always said: a sampling object without it disables capture.
fn sampling(settings: &CaptureSettings) -> Value {
    let mut sampling = Map::new();
    sampling.insert(
        "capture_enabled".to_owned(),
        settings.capture_enabled.into(),
    );
    for (name, rate) in [
        ("sample_rate", settings.sample_rate),
        ("error_sample_rate", settings.error_sample_rate),
    ] {
        if let Some(rate) = rate.filter(|rate| rate.is_finite()) {
            sampling.insert(name.to_owned(), rate.clamp(0.0, 1.0).into());
        }
    }
    if settings.min_session_duration_ms > 0 {
        let duration_ms = settings
            .min_session_duration_ms
            .min(MAX_MIN_SESSION_DURATION_MS);
        sampling.insert("min_session_duration_ms".to_owned(), duration_ms.into());
    }
    Value::Object(sampling)
}

/// One feature flag with a segment per rule; the first that holds and lets the session
/// in decides.
fn targeting(rules: &[TargetingRule]) -> Value {
    let segments: Vec<Value> = rules.iter().map(segment).collect();
    json!({
        "key": "sr_targeting_config",
        "variants": { "on": { "key": "on" }, "off": { "key": "off" } },
        "segments": segments,
    })
}

fn segment(rule: &TargetingRule) -> Value {
    let condition = |selector: &[&str], op: &str, value: &str| {
        let path: Vec<&str> = ["context"].iter().chain(selector).copied().collect();
        json!({ "selector": path, "op": op, "values": [value] })
    };
    let mut all = Vec::new();
    if let Some(text) = &rule.url_contains {
        all.push(condition(&["page", "url"], "contains", text));
    }
    if let Some(event) = &rule.event {
        all.push(condition(&["event", "event_type"], "is", event));
    }
    for (name, value) in &rule.event_properties {
        all.push(condition(&["event", "event_properties", name], "is", value));
    }
    for (name, value) in &rule.user_properties {
        all.push(condition(&["user", "user_properties", name], "is", value));
    }
    let mut segment = Map::new();
    if !all.is_empty() {
        segment.insert("conditions".to_owned(), json!([all]));
    }
    match rule
        .sample_rate
        .filter(|rate| rate.is_finite() && *rate < 1.0)
    {
        None => segment.insert("variant".to_owned(), "on".into()),
        Some(rate) => {
            let end = (rate.max(0.0) * f64::from(TARGETING_PLACES)) as u32;
            let bucket = json!({
                "selector": ["context", "session_id"],
                "salt": "reenact",
                "allocations": [{
                    "range": [0, 100],
                    "distributions": [{ "variant": "on", "range": [0, end] }],
                }],
            });
            segment.insert("bucket".to_owned(), bucket)
        }
    };
    Value::Object(segment)
}

/// `None` keeps the page's own privacy settings as they are.
fn privacy(settings: &CaptureSettings) -> Option<Value> {
    let selectors = [
        &settings.block_selectors,
        &settings.mask_selectors,
        &settings.unmask_selectors,
    ];
    if settings.mask_level.is_none() && selectors.iter().all(|list| list.is_empty()) {
        return None;
    }
    let mut privacy = Map::new();
    if let Some(level) = settings.mask_level {
        privacy.insert("defaultMaskLevel".to_owned(), level.name().into());
    }
    for (key, list) in ["blockSelector", "maskSelector", "unmaskSelector"]
        .into_iter()
        .zip(selectors)
    {
        privacy.insert(key.to_owned(), list.as_slice().into());
    }
    Some(Value::Object(privacy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &CaptureSettings) -> Value {
        serde_json::from_slice(&config_json(settings)).unwrap()
    }

    #[test]
    fn by_default_capture_is_on_and_the_page_decides_the_rest() {
        let config = config(&CaptureSettings::default());
        let session_replay = &config["configs"]["sessionReplay"];
        assert_eq!(
            session_replay["sr_sampling_config"],
            json!({ "capture_enabled": true })
        );
        assert!(session_replay.get("sr_privacy_config").is_none());
        assert_eq!(
            config["configs"]["diagnostics"]["browserSDK"]["enabled"],
            json!(false)
        );
    }

    #[test]
    fn targeting_rules_are_segments_of_one_flag() {
        let of = |targeting| {
            config(&CaptureSettings {
                targeting,
                ..CaptureSettings::default()
            })["configs"]["sessionReplay"]["sr_targeting_config"]
                .take()
        };
        assert_eq!(of(Vec::new()), Value::Null);
        let rule = TargetingRule {
            url_contains: Some("/checkout".to_owned()),
            user_properties: [("plan".to_owned(), "pro".to_owned())].into(),
            ..TargetingRule::default()
        };
        let half = TargetingRule {
            sample_rate: Some(0.5),
            ..TargetingRule::default()
        };
        let flag = of(vec![rule, half]);
        assert_eq!(
            flag["segments"][0],
            json!({
                "conditions": [[
                    { "selector": ["context", "page", "url"], "op": "contains", "values": ["/checkout"] },
                    { "selector": ["context", "user", "user_properties", "plan"], "op": "is", "values": ["pro"] },
                ]],
                "variant": "on",
            })
        );
        let bucket = &flag["segments"][1]["bucket"];
        assert_eq!(
            bucket["allocations"][0]["distributions"],
            json!([{ "variant": "on", "range": [0, 21_474_836] }])
        );
        assert_eq!(flag["segments"][1].get("variant"), None);
    }

    #[test]
    fn capture_off_still_has_the_object_sdks_look_for() {
        let config = config(&CaptureSettings {
            capture_enabled: false,
            ..CaptureSettings::default()
        });
        assert_eq!(
            config["configs"]["sessionReplay"]["sr_sampling_config"],
            json!({ "capture_enabled": false })
        );
    }

    #[test]
    fn numbers_stay_within_what_sdks_accept() {
        let settings = |sample_rate, min_session_duration_ms| CaptureSettings {
            sample_rate,
            min_session_duration_ms,
            ..CaptureSettings::default()
        };
        let sampling =
            |settings| config(&settings)["configs"]["sessionReplay"]["sr_sampling_config"].clone();
        assert_eq!(
            sampling(settings(Some(7.0), 90_000)),
            json!({ "capture_enabled": true, "sample_rate": 1.0, "min_session_duration_ms": 60_000 })
        );
        assert_eq!(
            sampling(settings(Some(0.0), 0)),
            json!({ "capture_enabled": true, "sample_rate": 0.0 })
        );
        assert_eq!(
            sampling(settings(Some(f64::NAN), 0)),
            json!({ "capture_enabled": true })
        );
    }
}
