//! Captured traffic of real SDK builds decodes to what was recorded, and the
//! answers made for it are those that the SDKs were seen to accept.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use model::Timestamp;
use model::ingest::{Problem, RawEvent, Reason, ReplayPayload, ReplayUpload};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::PathBuf;
use wire::amplitude::{self, TrackKind, TrackQuery};

const LIMIT_BYTES: usize = 16_000_000;
const TRACK_PATH: &str = "/sessions/v2/track";
const EVENTS_PATH: &str = "/2/httpapi";
/// The key that all captures were made with.
const CAPTURE_KEY: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";

struct Captured {
    file: String,
    request: Value,
}

impl Captured {
    fn text(&self, key: &str) -> &str {
        self.request[key].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request["headers"][name].as_str()
    }

    fn body(&self) -> Vec<u8> {
        let wire_bytes = BASE64_STANDARD.decode(self.text("body_base64")).unwrap();
        wire::encoding::decode_body(self.header("content-encoding"), &wire_bytes, LIMIT_BYTES)
            .unwrap()
            .into_owned()
    }

    fn received_at(&self) -> Timestamp {
        Timestamp::from_millis(self.request["received_at_ms"].as_i64().unwrap())
    }

    fn decode(&self, own_hosts: &[&str]) -> ReplayUpload {
        let query = TrackQuery::parse(self.text("raw_query")).unwrap();
        let client = amplitude::client_from_headers(|name| self.header(name));
        amplitude::decode_track(&query, client, &self.body(), self.received_at(), own_hosts)
            .unwrap()
    }
}

fn folder(scenario: &str) -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "fixtures",
        "amplitude",
        scenario,
    ]
    .iter()
    .collect()
}

fn read(scenario: &str, file: &str) -> Value {
    let text = std::fs::read_to_string(folder(scenario).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The requests of a scenario to one path, in order of arrival.
fn requests(scenario: &str, path: &str) -> Vec<Captured> {
    let mut files: Vec<String> = std::fs::read_dir(folder(scenario))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    files.sort();
    let captured = files.into_iter().map(|file| Captured {
        request: read(scenario, &file),
        file,
    });
    let found: Vec<Captured> = captured
        .filter(|it| it.text("method") == "POST" && it.text("path") == path)
        .collect();
    assert!(
        !found.is_empty() || path != TRACK_PATH,
        "{scenario} has no requests"
    );
    found
}

fn events(upload: &ReplayUpload) -> &[RawEvent] {
    match &upload.payload {
        ReplayPayload::Events(events) => events,
        ReplayPayload::Interactions { .. } => &[],
    }
}

/// Which of the three forms the elements of a body have.
fn encoding_of(body: &[u8]) -> &'static str {
    let body: Value = serde_json::from_slice(body).unwrap();
    match body["events"][0].as_str() {
        None => "object",
        Some(text) if text.starts_with('"') => "packed-v1",
        Some(_) => "json",
    }
}

fn check_scenario(scenario: &str) {
    let expected = read(scenario, "decoded.json");
    let mut summaries = Vec::new();
    let mut seen = HashSet::new();
    let mut unique: Vec<RawEvent> = Vec::new();
    let mut interactions: Vec<Value> = Vec::new();
    for captured in requests(scenario, TRACK_PATH) {
        let upload = captured.decode(&[]);
        assert_eq!(
            upload.problems.iter().next(),
            None,
            "{scenario} {}",
            captured.file
        );
        let kind = match &upload.payload {
            ReplayPayload::Events(_) => "replay",
            ReplayPayload::Interactions {
                interactions: found,
                ..
            } => {
                interactions.extend(
                    found
                        .iter()
                        .map(|it| serde_json::from_str::<Value>(&it.json).unwrap()),
                );
                "interaction"
            }
        };
        let count = match &upload.payload {
            ReplayPayload::Events(events) => events.len(),
            ReplayPayload::Interactions { interactions, .. } => interactions.len(),
        };
        let body = captured.body();
        summaries.push(json!({
            "file": captured.file,
            "type": kind,
            "device_id": upload.device_id,
            "session_id": upload.session_id,
            "event_count": count,
            "json_bytes": body.len(),
            "encoding": encoding_of(&body),
        }));
        unique.extend(
            events(&upload)
                .iter()
                .filter(|event| seen.insert(event.json.clone()))
                .cloned(),
        );
        assert!(
            upload.client.sdk_version.is_some() || captured.text("raw_query").contains("api_key=")
        );
    }
    unique.sort_by_key(|event| event.timestamp);

    let expected_requests = expected["requests"].as_array().unwrap();
    assert_eq!(summaries.len(), expected_requests.len(), "{scenario}");
    for (summary, expected) in summaries.iter().zip(expected_requests) {
        for (key, value) in summary.as_object().unwrap() {
            assert_eq!(
                value, &expected[key],
                "{scenario} {} {key}",
                summary["file"]
            );
        }
    }
    let expected_events = expected["replay_events_unique_by_time"].as_array().unwrap();
    assert_eq!(unique.len(), expected_events.len(), "{scenario}");
    for (at, (event, expected)) in unique.iter().zip(expected_events).enumerate() {
        let value: Value = serde_json::from_str(&event.json).unwrap();
        assert_eq!(&value, expected, "{scenario} event {at}");
        assert_eq!(Some(u64::from(event.kind)), expected["type"].as_u64());
        assert_eq!(
            event.timestamp.micros() as f64 / 1_000.0,
            expected["timestamp"].as_f64().unwrap()
        );
    }
    assert_eq!(
        Value::Array(interactions),
        expected["interaction_events"],
        "{scenario}"
    );
}

#[test]
fn standalone_sdk() {
    check_scenario("standalone");
}

#[test]
fn plugin_of_the_browser_sdk() {
    check_scenario("plugin");
}

#[test]
fn packed_events_of_1_35() {
    check_scenario("packed-1.35");
}

#[test]
fn packed_events_of_1_13() {
    check_scenario("legacy-packed");
}

#[test]
fn unified_sdk_decodes_without_problems() {
    let mut count = 0;
    for captured in requests("unified", TRACK_PATH) {
        let upload = captured.decode(&[]);
        assert_eq!(upload.problems.iter().next(), None, "{}", captured.file);
        assert_eq!(
            captured.request["query"]["device_id"],
            json!(upload.device_id)
        );
        count += events(&upload).len();
    }
    assert!(count > 100, "{count} events");
}

#[test]
fn current_events_are_kept_byte_for_byte() {
    let captured = &requests("standalone", TRACK_PATH)[0];
    let body: Value = serde_json::from_slice(&captured.body()).unwrap();
    let sent: Vec<&str> = body["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event.as_str().unwrap())
        .collect();
    let upload = captured.decode(&[]);
    let kept: Vec<&str> = events(&upload)
        .iter()
        .map(|event| event.json.as_str())
        .collect();
    assert_eq!(kept, sent);
}

#[test]
fn a_beacon_and_a_fetch_of_the_same_events_have_equal_texts() {
    let requests = requests("standalone", TRACK_PATH);
    let events_of = |file: &str| {
        let captured = requests
            .iter()
            .find(|captured| captured.file == file)
            .unwrap();
        events(&captured.decode(&[])).to_vec()
    };
    assert_eq!(events_of("016.json"), events_of("017.json"));
}

#[test]
fn keys_and_clients_are_found_on_fetches_and_beacons() {
    for scenario in [
        "standalone",
        "plugin",
        "unified",
        "packed-1.35",
        "legacy-packed",
    ] {
        for captured in requests(scenario, TRACK_PATH) {
            let key =
                amplitude::ingest_key(captured.header("authorization"), captured.text("raw_query"));
            assert_eq!(
                key.as_deref(),
                Some(CAPTURE_KEY),
                "{scenario} {}",
                captured.file
            );
        }
    }
    let client = requests("plugin", TRACK_PATH)[0].decode(&[]).client;
    assert_eq!(
        (client.sdk.as_deref(), client.sdk_version.as_deref()),
        (Some("plugin"), Some("1.50.2"))
    );
    let query =
        TrackQuery::parse(requests("legacy-packed", TRACK_PATH)[0].text("raw_query")).unwrap();
    assert_eq!(
        (query.kind, query.session_id.as_str()),
        (TrackKind::Replay, "1795225159365")
    );
}

#[test]
fn records_of_uploads_to_this_server_are_dropped() {
    let (mut dropped, mut kept) = (0, 0);
    for captured in requests("plugin", TRACK_PATH) {
        let own_host = captured.header("host").unwrap();
        let with_own = captured.decode(&[own_host]);
        let all = captured.decode(&[]);
        dropped += with_own.problems.count(Reason::OwnTraffic);
        assert_eq!(
            events(&all).len() as u64,
            events(&with_own).len() as u64 + with_own.problems.count(Reason::OwnTraffic)
        );
        kept += events(&with_own)
            .iter()
            .filter(|event| event.json.contains(r#""tag":"fetch-request""#))
            .count();
    }
    assert!(dropped > 0, "the capture has such records");
    assert!(
        kept > 0,
        "and records of the page's own requests, which stay"
    );
}

#[test]
fn analytics_events_decode_and_join_to_replays() {
    let mut user_ids = HashSet::new();
    for scenario in ["plugin", "unified"] {
        let (mut count, mut with_replay) = (0, 0);
        for captured in requests(scenario, EVENTS_PATH) {
            let body = captured.body();
            let sent: Value = serde_json::from_slice(&body).unwrap();
            let (api_key, upload) =
                amplitude::decode_events(&body, captured.received_at(), &[]).unwrap();
            assert_eq!(api_key, CAPTURE_KEY);
            let problems: Vec<&Problem> = upload.problems.iter().collect();
            assert!(
                problems.is_empty(),
                "{scenario} {}: {problems:?}",
                captured.file
            );
            let sent = sent["events"].as_array().unwrap();
            assert_eq!(upload.events.len(), sent.len());
            for (event, sent) in upload.events.iter().zip(sent) {
                assert_eq!(&serde_json::from_str::<Value>(&event.json).unwrap(), sent);
                assert_eq!(json!(event.event_type), sent["event_type"]);
                assert_eq!(json!(event.device_id), sent["device_id"]);
                assert_eq!(json!(event.insert_id), sent["insert_id"]);
                assert_eq!(json!(event.timestamp.millis()), sent["time"]);
                assert_eq!(
                    event.session_id.as_deref(),
                    Some(sent["session_id"].to_string().as_str())
                );
                if let Some(replay_id) = &event.replay_id {
                    with_replay += 1;
                    let session_id = event.session_id.as_deref().unwrap();
                    assert_eq!(replay_id, &format!("{}/{session_id}", event.device_id));
                }
                user_ids.extend(event.user_id.clone());
            }
            count += upload.events.len();
        }
        assert!(
            with_replay > 0 && with_replay <= count,
            "{scenario}: {with_replay} of {count}"
        );
    }
    assert!(
        !user_ids.is_empty(),
        "the captures have a logged-in visitor"
    );
}

#[test]
fn preflights_are_answered_as_asked() {
    let mut count = 0;
    for scenario in ["standalone", "plugin", "unified"] {
        for preflight in read(scenario, "meta.json")["preflights"]
            .as_array()
            .unwrap()
        {
            let header = |name: &str| preflight["headers"][name].as_str();
            let asked = header("access-control-request-headers");
            let reply = amplitude::preflight_reply(header("origin"), asked, false);
            let answered = |name: &str| {
                reply
                    .headers
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.as_str())
            };
            assert_eq!(answered("Access-Control-Allow-Origin"), header("origin"));
            assert_eq!(answered("Access-Control-Allow-Headers"), asked);
            count += 1;
        }
    }
    assert!(count > 0);
}

/// The settings that were answered to every captured SDK, which then recorded by
/// them, in our words.
#[test]
fn config_answers_have_the_form_that_was_seen_to_work() {
    let settings = amplitude::CaptureSettings {
        sample_rate: Some(1.0),
        mask_level: Some(amplitude::MaskLevel::Medium),
        mask_selectors: vec![".remote-mask".to_owned()],
        block_selectors: vec![".remote-block".to_owned()],
        interactions: amplitude::InteractionCapture {
            enabled: true,
            batch: true,
            track_every_ms: 5_000,
        },
        console: amplitude::ConsoleCapture {
            enabled: true,
            levels: ["log", "warn", "error"].map(str::to_owned).to_vec(),
        },
        network: amplitude::NetworkCapture { enabled: true },
        ..amplitude::CaptureSettings::default()
    };
    let ours: Value = serde_json::from_slice(&amplitude::config_json(&settings)).unwrap();
    let ours = &ours["configs"]["sessionReplay"];
    for scenario in [
        "standalone",
        "plugin",
        "unified",
        "packed-1.35",
        "legacy-packed",
    ] {
        let answered =
            read(scenario, "meta.json")["remoteConfig"]["configs"]["sessionReplay"].clone();
        for key in ["sr_privacy_config", "sr_interaction_config"] {
            assert_eq!(ours[key], answered[key], "{scenario} {key}");
        }
        let (sampling, expected) = (&ours["sr_sampling_config"], &answered["sr_sampling_config"]);
        assert_eq!(sampling["capture_enabled"], expected["capture_enabled"]);
        assert_eq!(
            sampling["sample_rate"].as_f64(),
            expected["sample_rate"].as_f64()
        );
        let (logging, expected) = (&ours["sr_logging_config"], &answered["sr_logging_config"]);
        assert_eq!(logging["console"], expected["console"]);
        assert_eq!(
            logging["network"]["enabled"],
            expected["network"]["enabled"]
        );
    }
}
