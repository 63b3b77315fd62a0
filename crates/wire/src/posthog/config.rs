//! What an SDK is told about itself: as a script, as JSON, and inside of the answers
//! to flags and decide. `sessionRecording` is always there: where it is missing, the
//! SDK goes on with what it was told last, maybe weeks ago.

use super::reply::fresh_json;
use super::request::Wishes;
use crate::Reply;
use crate::amplitude::{CaptureSettings, MaskLevel};
use serde_json::{Map, Value, json};

/// `/array/<token>/config`
pub fn config_json(settings: &CaptureSettings, token: &str) -> Reply {
    fresh_json(&config(settings, Some(token)))
}

/// `/array/<token>/config.js`
pub fn config_script(settings: &CaptureSettings, token: &str) -> Reply {
    let token_text = script_text(&Value::from(token));
    let config = script_text(&config(settings, Some(token)));
    let script = format!(
        "(function(){{var c=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{{}};\
         c[{token_text}]={{config:{config},siteApps:[]}}}})();"
    );
    let mut reply = fresh_json(&Value::Null);
    reply.content_type = "application/javascript";
    reply.body = script.into_bytes();
    reply
}

/// `/flags/`: there are no flags, and the SDK is told so. Version 1 has the form of
/// decide without its config.
pub fn flags(settings: &CaptureSettings, wishes: Wishes) -> Reply {
    let mut answer = match wishes.version {
        0 | 1 => json!({ "featureFlags": {}, "featureFlagPayloads": {} }),
        _ => json!({ "flags": {} }),
    };
    answer["errorsWhileComputingFlags"] = false.into();
    if wishes.wants_config {
        extend(&mut answer, config(settings, None));
    }
    fresh_json(&answer)
}

/// `/decide/`: flags and config share one object (fixtures `legacy-1.172`, `-1.96`).
pub fn decide(settings: &CaptureSettings, wishes: Wishes) -> Reply {
    let flags = match wishes.version {
        0 | 1 => json!([]),
        _ => json!({}),
    };
    let mut answer = json!({
        "config": { "enable_collect_everything": true },
        "featureFlags": flags,
        "featureFlagPayloads": {},
        "errorsWhileComputingFlags": false,
    });
    extend(&mut answer, config(settings, None));
    fresh_json(&answer)
}

/// An unknown token. SDKs do not record then and do not ask again on this page.
pub fn config_rejected() -> Reply {
    Reply::json(
        401,
        &json!({ "type": "authentication_error", "code": "invalid_api_key", "detail": "unknown project token", "attr": null }),
    )
}

fn config(settings: &CaptureSettings, token: Option<&str>) -> Value {
    let mut config = json!({
        "supportedCompression": ["gzip", "gzip-js"],
        "hasFeatureFlags": false,
        // Found in the recording instead: most of the SDK's own were seen to be wrong.
        "captureDeadClicks": false,
        "capturePerformance": {
            "network_timing": settings.network.enabled,
            "web_vitals": true,
            "web_vitals_allowed_metrics": null,
        },
        "autocapture_opt_out": false,
        "autocaptureExceptions": true,
        "analytics": { "endpoint": "/i/v0/e/" },
        "elementsChainAsString": true,
        "errorTracking": { "autocaptureExceptions": true, "suppressionRules": [] },
        "sessionRecording": session_recording(settings),
        "heatmaps": settings.interactions.enabled,
        "surveys": false,
        "productTours": false,
        "logs": { "captureConsoleLogs": false },
        "conversations": false,
        "defaultIdentifiedOnly": true,
        "siteApps": [],
        "isAuthenticated": false,
        "toolbarParams": {},
        "editorParams": {},
    });
    if let Some(token) = token {
        config["token"] = token.into();
    }
    config
}

/// `false` stops recording and drops what was not sent yet.
fn session_recording(settings: &CaptureSettings) -> Value {
    if !settings.capture_enabled {
        return false.into();
    }
    let rate = settings.sample_rate.filter(|rate| rate.is_finite());
    let minimum = settings.min_session_duration_ms;
    json!({
        "endpoint": "/s/",
        "recorderVersion": "v2",
        "scriptConfig": { "script": "lazy-recorder" },
        "consoleLogRecordingEnabled": settings.console.enabled,
        // A text, unlike everywhere else.
        "sampleRate": rate.map(|rate| rate.clamp(0.0, 1.0).to_string()),
        "minimumDurationMilliseconds": (minimum > 0).then_some(minimum),
        "linkedFlag": null,
        // Headers and bodies are the page's own decision.
        "networkPayloadCapture": null,
        "masking": masking(settings),
        "urlTriggers": [],
        "urlBlocklist": [],
        "eventTriggers": [],
        "triggerMatchType": null,
        "recordCanvas": false,
        "canvasFps": null,
        "canvasQuality": null,
        "version": 1,
    })
}

/// `null` leaves it to the page. There is no list of what not to mask.
fn masking(settings: &CaptureSettings) -> Value {
    let mut masking = Map::new();
    if let Some(level) = settings.mask_level {
        masking.insert(
            "maskAllInputs".to_owned(),
            (level != MaskLevel::Light).into(),
        );
    }
    let all_text = settings.mask_level == Some(MaskLevel::Conservative);
    if all_text {
        masking.insert("maskTextSelector".to_owned(), "*".into());
    } else if !settings.mask_selectors.is_empty() {
        let selectors = settings.mask_selectors.join(", ");
        masking.insert("maskTextSelector".to_owned(), selectors.into());
    }
    if !settings.block_selectors.is_empty() {
        let selectors = settings.block_selectors.join(", ");
        masking.insert("blockSelector".to_owned(), selectors.into());
    }
    match masking.is_empty() {
        true => Value::Null,
        false => Value::Object(masking),
    }
}

fn extend(answer: &mut Value, with: Value) {
    if let (Value::Object(answer), Value::Object(with)) = (answer, with) {
        answer.extend(with);
    }
}

/// JSON that may stand in a script, even in one inside of a page.
fn script_text(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn recording_is_always_mentioned() {
        let on = CaptureSettings::default();
        let off = CaptureSettings {
            capture_enabled: false,
            ..CaptureSettings::default()
        };
        let wishes = Wishes::parse("v=3");
        assert_eq!(
            body(&config_json(&on, "t"))["sessionRecording"]["endpoint"],
            "/s/"
        );
        assert_eq!(
            body(&config_json(&off, "t"))["sessionRecording"],
            json!(false)
        );
        assert_eq!(
            body(&decide(&off, wishes))["sessionRecording"],
            json!(false)
        );
        assert_eq!(
            body(&decide(&on, wishes))["sessionRecording"]["recorderVersion"],
            "v2"
        );
    }

    #[test]
    fn settings_in_the_vendors_words() {
        let settings = CaptureSettings {
            sample_rate: Some(0.25),
            min_session_duration_ms: 3_000,
            mask_level: Some(MaskLevel::Medium),
            mask_selectors: vec![".a".to_owned(), "#b".to_owned()],
            block_selectors: vec![".c".to_owned()],
            ..CaptureSettings::default()
        };
        let recording = &body(&config_json(&settings, "t"))["sessionRecording"];
        assert_eq!(recording["sampleRate"], "0.25");
        assert_eq!(recording["minimumDurationMilliseconds"], 3_000);
        assert_eq!(
            recording["masking"],
            json!({ "maskAllInputs": true, "maskTextSelector": ".a, #b", "blockSelector": ".c" })
        );
        let page_decides = body(&config_json(&CaptureSettings::default(), "t"));
        for key in ["sampleRate", "minimumDurationMilliseconds", "masking"] {
            assert_eq!(page_decides["sessionRecording"][key], Value::Null, "{key}");
        }
        let strict = CaptureSettings {
            mask_level: Some(MaskLevel::Conservative),
            ..CaptureSettings::default()
        };
        assert_eq!(
            masking(&strict),
            json!({ "maskAllInputs": true, "maskTextSelector": "*" })
        );
    }

    #[test]
    fn flags_in_every_version() {
        let settings = CaptureSettings::default();
        let flags = |query: &str| body(&flags(&settings, Wishes::parse(query)));
        assert_eq!(
            flags("v=2"),
            json!({ "flags": {}, "errorsWhileComputingFlags": false })
        );
        assert_eq!(flags("")["featureFlags"], json!({}));
        assert_eq!(
            flags("v=2&config=true")["sessionRecording"]["endpoint"],
            "/s/"
        );
        assert_eq!(
            body(&decide(&settings, Wishes::parse("v=1")))["featureFlags"],
            json!([])
        );
        assert_eq!(
            body(&decide(&settings, Wishes::parse("v=3")))["featureFlags"],
            json!({})
        );
    }

    #[test]
    fn nothing_leaves_the_script() {
        let settings = CaptureSettings {
            mask_level: Some(MaskLevel::Light),
            mask_selectors: vec!["</script>\u{2028}\"".to_owned()],
            ..CaptureSettings::default()
        };
        let reply = config_script(&settings, "phc_x");
        let script = String::from_utf8(reply.body).unwrap();
        assert!(script.contains(r#"c["phc_x"]={config:{"#), "{script}");
        assert!(!script.contains('<') && !script.contains('\u{2028}'));
        assert_eq!(reply.content_type, "application/javascript");
    }
}
