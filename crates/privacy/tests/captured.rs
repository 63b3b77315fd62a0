//! The rules on what real SDKs recorded: nothing secret is left, nothing else is lost.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use rrweb::envelope::kind;
use serde_json::Value;
use std::path::PathBuf;

/// The key that all captures were made with.
const CAPTURE_KEY: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";

fn captured_events() -> Vec<(u8, Value)> {
    let mut events = Vec::new();
    for scenario in ["standalone", "plugin", "packed-1.35", "legacy-packed"] {
        let file: PathBuf = [
            env!("CARGO_MANIFEST_DIR"),
            "..",
            "..",
            "fixtures",
            "amplitude",
            scenario,
            "decoded.json",
        ]
        .iter()
        .collect();
        let decoded: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for event in decoded["replay_events_unique_by_time"].as_array().unwrap() {
            events.push((
                u8::try_from(event["type"].as_u64().unwrap()).unwrap(),
                event.clone(),
            ));
        }
    }
    events
}

#[test]
fn no_captured_event_keeps_the_key_or_the_configuration() {
    let (mut had_key, mut redactions, mut saved_bytes) = (0, 0, 0);
    for (kind, event) in captured_events() {
        let json = event.to_string();
        had_key += u64::from(json.contains(CAPTURE_KEY));
        let scrubbed = privacy::scrub_event(kind, &json, CAPTURE_KEY);
        let scrubbed_json = scrubbed
            .as_ref()
            .map_or(json.as_str(), |scrubbed| scrubbed.json.as_str());
        assert!(!scrubbed_json.contains(CAPTURE_KEY), "{scrubbed_json}");
        assert!(
            !scrubbed_json.contains("\"joinedConfig\"")
                && !scrubbed_json.contains("\"apiKey\":\"****")
        );
        saved_bytes += json.len() - scrubbed_json.len().min(json.len());
        redactions += scrubbed.as_ref().map_or(0, |scrubbed| scrubbed.redactions);
        let value: Value = serde_json::from_str(scrubbed_json).unwrap();
        assert_eq!(
            (&value["type"], &value["timestamp"]),
            (&event["type"], &event["timestamp"])
        );
        assert_eq!(value["data"]["tag"], event["data"]["tag"]);
    }
    assert!(
        had_key > 0 && redactions > 0 && saved_bytes > 100_000,
        "{had_key} {redactions} {saved_bytes}"
    );
}

#[test]
fn captured_pages_lose_only_what_acts() {
    let (mut changed, mut checked) = (0, 0);
    for (kind, event) in captured_events() {
        let json = event.to_string();
        let value = for_player(&json);
        let clean = value.to_string();
        if !matches!(kind, kind::FULL_SNAPSHOT | kind::INCREMENTAL) {
            assert_eq!(value, event);
            continue;
        }
        checked += 1;
        changed += u64::from(value != event);
        assert_eq!(
            (&value["type"], &value["timestamp"]),
            (&event["type"], &event["timestamp"])
        );
        assert_eq!(ids(&value), ids(&event));
        for sign in [
            "\"onclick\"",
            "\"onchange\"",
            "\"tagName\":\"script\"",
            "\"srcdoc\"",
        ] {
            assert!(!clean.contains(sign), "{sign} in {clean}");
        }
        assert_eq!(for_player(&clean), value, "a second pass changes nothing");
    }
    assert!(changed > 0 && changed < checked, "{changed} of {checked}");
}

/// Without the events that follow it.
fn for_player(json: &str) -> Value {
    let mut preparer = privacy::Preparer::new(None);
    preparer.text(json);
    let json = preparer.take().into_recorded_json();
    let events: Vec<Value> = serde_json::from_str(&format!("[{json}]")).unwrap();
    events.into_iter().next().unwrap()
}

/// Ids of all nodes except those below scripts, which are emptied.
fn ids(event: &Value) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut remaining = vec![event];
    while let Some(value) = remaining.pop() {
        match value {
            Value::Array(items) => remaining.extend(items),
            Value::Object(members) => {
                ids.extend(value["id"].as_u64());
                if !matches!(value["tagName"].as_str(), Some("script" | "noscript")) {
                    remaining.extend(
                        members
                            .iter()
                            .filter(|(key, _)| *key != "attributes")
                            .map(|(_, member)| member),
                    );
                }
            }
            _ => {}
        }
    }
    ids.sort_unstable();
    ids
}
