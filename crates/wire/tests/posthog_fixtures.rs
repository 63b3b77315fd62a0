//! Captured traffic of real PostHog SDKs decodes to what was recorded.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use model::Timestamp;
use model::batch::{Batch, Change, ReplaySegment};
use model::ingest::{Client, RawEvent, ReplayPayload};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use wire::amplitude::CaptureSettings;
use wire::posthog::{self, Endpoint, Request, Wishes};

const LIMIT_BYTES: usize = 64_000_000;
/// The token that all captures were made with.
const CAPTURE_TOKEN: &str = "phc_capture_demo_token";
const RECEIVED_AT_MS: i64 = 1_795_225_600_000;

const SCENARIOS: [&str; 14] = [
    "base64",
    "canvas",
    "full",
    "identity",
    "legacy-1.172",
    "legacy-1.96",
    "mobile-synthetic",
    "plain",
    "quota",
    "retry",
    "sampledout",
    "toolarge",
    "trigger",
    "triggergroups",
];

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

    fn raw_query(&self) -> String {
        let pairs = self.request["query"].as_object().unwrap();
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect();
        pairs.join("&")
    }

    fn wire_bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(self.text("body_base64")).unwrap()
    }

    fn read(&self) -> Request {
        let encoding = self.header("content-encoding");
        let bytes = self.wire_bytes();
        let body = posthog::decode_body(&self.raw_query(), encoding, &bytes, LIMIT_BYTES).unwrap();
        let request = Request::parse(&body).unwrap();
        assert_eq!(request.token(), CAPTURE_TOKEN, "{}", self.file);
        request
    }

    fn decode(&self) -> Batch {
        let received_at = Timestamp::from_millis(RECEIVED_AT_MS);
        self.read()
            .decode(&Client::default(), received_at, LIMIT_BYTES)
    }
}

fn folder(scenario: &str) -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "fixtures",
        "posthog",
        scenario,
    ]
    .iter()
    .collect()
}

fn read(scenario: &str, file: &str) -> Value {
    let text = std::fs::read_to_string(folder(scenario).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn requests(scenario: &str) -> Vec<Captured> {
    let mut files: Vec<String> = std::fs::read_dir(folder(scenario))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let captured = |file: String| Captured {
        request: read(scenario, &file),
        file,
    };
    files.into_iter().map(captured).collect()
}

/// Uploads of events and replays.
fn uploads(scenario: &str) -> Vec<Captured> {
    let is_upload = |it: &Captured| {
        it.text("method") == "POST" && posthog::endpoint(it.text("path")) == Some(Endpoint::Capture)
    };
    requests(scenario).into_iter().filter(is_upload).collect()
}

fn upload(scenario: &str, file: &str) -> Batch {
    let uploads = uploads(scenario);
    uploads.iter().find(|it| it.file == file).unwrap().decode()
}

fn events(segment: &ReplaySegment) -> &[RawEvent] {
    match &segment.upload.payload {
        ReplayPayload::Events(events) => events,
        ReplayPayload::Interactions { .. } => &[],
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// Events by session and window, without repetitions, in order of arrival.
fn windows(scenario: &str) -> BTreeMap<(String, String), Vec<Value>> {
    let mut windows: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for captured in uploads(scenario) {
        for segment in captured.decode().replays {
            for event in events(&segment) {
                if !seen.insert(event.json.clone()) {
                    continue;
                }
                let mut value = parsed(&event.json);
                let window = value.as_object_mut().unwrap().remove("windowId").unwrap();
                let session = segment.upload.session_id.clone();
                let window = window.as_str().unwrap().to_owned();
                windows.entry((session, window)).or_default().push(value);
            }
        }
    }
    windows
}

#[test]
fn every_request_is_recognised_and_read_without_problems() {
    for scenario in SCENARIOS {
        for captured in requests(scenario) {
            let place = format!("{scenario} {}", captured.file);
            let endpoint = posthog::endpoint(captured.text("path"));
            match endpoint.unwrap_or_else(|| panic!("{place}: {}", captured.text("path"))) {
                _ if captured.text("method") == "OPTIONS" => {}
                Endpoint::Capture => {
                    let batch = captured.decode();
                    assert_eq!(batch.problems.iter().next(), None, "{place}");
                    assert!(
                        !batch.replays.is_empty() || !batch.analytics.is_empty(),
                        "{place}"
                    );
                    for segment in &batch.replays {
                        assert_eq!(segment.upload.problems.iter().next(), None, "{place}");
                        assert!(!events(segment).is_empty(), "{place}");
                    }
                }
                Endpoint::Flags | Endpoint::Decide => assert!(!captured.read().has_events()),
                Endpoint::ConfigScript { token } => assert_eq!(token, CAPTURE_TOKEN),
                Endpoint::Script { .. } | Endpoint::Nothing(_) => {}
                Endpoint::ConfigJson { .. } => panic!("{place}"),
            }
        }
    }
}

#[test]
fn the_full_session_is_what_was_decoded_apart() {
    let decoded = read("full", "decoded.json");
    let [session] = decoded["sessions"].as_array().unwrap().as_slice() else {
        panic!()
    };
    let windows = windows("full");
    let mut count = 0;
    for (window, expected) in session["windows"].as_object().unwrap() {
        let id = session["session_id"].as_str().unwrap().to_owned();
        let mut found = windows[&(id, window.clone())].clone();
        let mut expected = expected.as_array().unwrap().clone();
        // The recorder's order among equal times is the order of arrival.
        for list in [&mut found, &mut expected] {
            list.sort_by_key(|event| event["timestamp"].as_i64());
        }
        assert_eq!(found.len(), expected.len());
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "event {at}");
        }
        count += found.len();
    }
    assert_eq!((windows.len(), count), (1, 192));
}

#[test]
fn analytics_events_are_what_was_decoded_apart() {
    let decoded = read("full", "decoded.json");
    let expected = decoded["events"].as_array().unwrap();
    let mut found = Vec::new();
    for captured in uploads("full") {
        let batch = captured.decode();
        found.extend(
            batch
                .analytics
                .into_iter()
                .map(|event| (captured.file.clone(), event)),
        );
    }
    assert_eq!(found.len(), expected.len());
    for ((file, event), expected) in found.iter().zip(expected) {
        let value = parsed(&event.json);
        assert_eq!(&json!(file), &expected["file"]);
        for key in ["uuid", "event", "properties", "timestamp"] {
            assert_eq!(value[key], expected[key], "{file} {key}");
        }
        assert_eq!(json!(event.insert_id), expected["uuid"]);
        assert_eq!(json!(event.event_type), expected["event"]);
        assert_eq!(
            json!(event.session_id),
            expected["properties"]["$session_id"]
        );
        assert_eq!(json!(event.device_id), expected["properties"]["$device_id"]);
        assert_eq!(event.user_id, None);
        let session = event.session_id.as_deref().unwrap();
        assert_eq!(event.replay_id, Some(format!("{session}/{session}")));
    }
}

#[test]
fn every_encoding_carries_the_same_kinds_of_events() {
    let kinds = |scenario: &str| -> BTreeSet<u64> {
        let windows = windows(scenario);
        assert_eq!(windows.len(), 1, "{scenario}");
        windows
            .values()
            .flatten()
            .filter_map(|event| event["type"].as_u64())
            .collect()
    };
    for scenario in [
        "plain",
        "base64",
        "legacy-1.172",
        "legacy-1.96",
        "trigger",
        "quota",
    ] {
        let found = kinds(scenario);
        assert!(
            [2, 3, 4].iter().all(|kind| found.contains(kind)),
            "{scenario}: {found:?}"
        );
    }
    let canvas = windows("canvas");
    let frames = canvas
        .values()
        .flatten()
        .filter(|event| event["data"]["source"] == 9);
    assert_eq!(frames.count(), 26);
}

#[test]
fn a_part_sent_again_decodes_to_the_same_bytes() {
    let [first, second, third] = ["010.json", "011.json", "013.json"].map(|file| {
        let mut replays = upload("retry", file).replays;
        assert_eq!(replays.len(), 1);
        replays.remove(0)
    });
    assert_eq!(first.facts.upload_ids.len(), 1);
    for again in [&second, &third] {
        assert_eq!(again.facts.upload_ids, first.facts.upload_ids);
        assert_eq!(events(again), events(&first));
    }
}

#[test]
fn times_of_old_events_count_back_from_the_arrival() {
    let mut with_offset = 0;
    for captured in uploads("legacy-1.172") {
        for event in captured.decode().analytics {
            let Some(offset) = parsed(&event.json)["offset"].as_i64() else {
                continue;
            };
            assert_eq!(event.timestamp.millis(), RECEIVED_AT_MS - offset);
            with_offset += 1;
        }
    }
    assert!(with_offset > 3, "{with_offset}");
}

#[test]
fn who_somebody_is() {
    let batches: Vec<Batch> = uploads("identity").iter().map(Captured::decode).collect();
    let changes: Vec<_> = batches.iter().flat_map(|it| &it.identities).collect();
    let anonymous = "01a1fbc7-75c4-789b-b92c-7a124ad9ad97";
    let of_user: Vec<_> = changes
        .iter()
        .filter(|it| it.visitor_id == "user-77")
        .collect();
    let has = |change: Change| of_user.iter().any(|it| it.change == change);
    assert!(has(Change::Identified {
        anonymous_id: anonymous.to_owned()
    }));
    assert!(has(Change::Alias {
        other_id: "crm-991".to_owned()
    }));
    assert!(has(Change::Group {
        kind: "company".to_owned(),
        key: "acme".to_owned(),
        set: Some(r#"{"tier":2}"#.to_owned()),
    }));
    assert!(has(Change::Properties {
        set: Some(r#"{"city":"Paris"}"#.to_owned()),
        set_once: None,
    }));
    assert!(
        of_user
            .iter()
            .all(|it| it.session_id.is_some() && it.change_id.is_some())
    );

    let analytics: Vec<_> = batches.iter().flat_map(|it| &it.analytics).collect();
    let custom = analytics
        .iter()
        .find(|it| it.event_type == "custom thing")
        .unwrap();
    assert_eq!(custom.user_id.as_deref(), Some("user-77"));
    assert_eq!(custom.device_id, anonymous);
    assert!(analytics.iter().any(|it| it.user_id.is_none()));
    // A part of a replay is sent under the id of that moment.
    let users = |scenario: &str| -> BTreeSet<_> {
        let replays = uploads(scenario)
            .into_iter()
            .flat_map(|it| it.decode().replays);
        replays.map(|it| it.upload.client.user_id).collect()
    };
    assert_eq!(users("identity"), BTreeSet::from([None]));
    let known = Some("mobile-user-1".to_owned());
    assert_eq!(users("mobile-synthetic"), BTreeSet::from([known]));
}

#[test]
fn an_exception_is_an_error_of_its_replay() {
    let batch = upload("full", "020.json");
    let [error] = batch.errors.as_slice() else {
        panic!("{:?}", batch.errors)
    };
    assert_eq!(error.event_id, "01a1fbc2-78c7-7e46-9fb9-6df167e3347c");
    assert_eq!(error.exceptions[0].kind.as_deref(), Some("TypeError"));
    assert_eq!(error.exceptions[0].is_handled, Some(false));
    let frame = &error.exceptions[0].frames[0];
    assert_eq!((frame.line, frame.column), (Some(36), Some(130)));
    assert_eq!(error.link.replay_id, error.link.session_id);
    assert!(error.link.window_id.is_some());
    // It stays an analytics event as well.
    assert_eq!(
        batch.analytics[0].insert_id.as_deref(),
        Some(error.event_id.as_str())
    );
}

#[test]
fn screens_of_mobile_devices_become_documents() {
    let decoded = read("mobile-synthetic", "decoded.json");
    for captured in uploads("mobile-synthetic") {
        for segment in captured.decode().replays {
            let sdk = segment.upload.client.sdk.as_deref().unwrap();
            assert!(sdk.starts_with("posthog-"), "{sdk}");
            assert!(!segment.facts.upload_ids.is_empty());
        }
    }
    let windows = windows("mobile-synthetic");
    assert_eq!(windows.len(), 2);
    for events in windows.values() {
        let mut mirror = rrweb::Mirror::new(rrweb::Limits::default());
        let mut tape = rrweb::Tape::new();
        for event in events {
            let json = event.to_string();
            assert!(!json.contains("\"wireframe"), "{json}");
            tape.parse(&json).unwrap();
            let at_micros = event["timestamp"].as_i64().unwrap() * 1_000;
            mirror.apply(tape.root(), at_micros, &mut ());
        }
        let problems: Vec<_> = mirror.integrity().iter().collect();
        assert!(mirror.integrity().is_clean(), "{problems:?}");
    }
    // Every wireframe that was sent is an element of the same id.
    let all: String = windows.values().flatten().map(Value::to_string).collect();
    let mut ids = Vec::new();
    collect_ids(&decoded["sessions"], &mut ids);
    assert!(ids.len() > 20, "{ids:?}");
    for id in ids {
        assert!(all.contains(&format!("\"id\":{id}")), "{id}");
    }
    for words in [
        "Sign in",
        "Remember me",
        "Wrong password",
        "France",
        "★★★★☆",
        "https://help.example.test/",
    ] {
        assert!(all.contains(words), "{words}");
    }
}

fn collect_ids(value: &Value, ids: &mut Vec<i64>) {
    match value {
        Value::Object(map) => {
            if map.contains_key("width") {
                ids.extend(map.get("id").and_then(Value::as_i64));
            }
            map.values().for_each(|value| collect_ids(value, ids));
        }
        Value::Array(list) => list.iter().for_each(|value| collect_ids(value, ids)),
        _ => {}
    }
}

/// What the SDKs were answered, and then recorded by, has all that ours has.
#[test]
fn answers_have_the_form_that_was_seen_to_work() {
    let settings = CaptureSettings::default();
    let body = |reply: wire::Reply| -> Value { serde_json::from_slice(&reply.body).unwrap() };
    let answered = |scenario: &str, path: &str| -> String {
        let requests = requests(scenario);
        let found = requests.iter().find(|it| it.text("path") == path).unwrap();
        found.request["response"]["body"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let script = answered("full", "/array/phc_capture_demo_token/config.js");
    let start = script.find("{config:").unwrap() + "{config:".len();
    let end = script.rfind(",siteApps:[]}").unwrap();
    let seen: Value = serde_json::from_str(&script[start..end]).unwrap();
    let ours = body(posthog::config_json(&settings, "t"));
    check_keys(&ours, &seen);
    check_keys(&ours["sessionRecording"], &seen["sessionRecording"]);
    let decide: Value = parsed(&answered("legacy-1.172", "/decide/"));
    let ours = body(posthog::decide(&settings, Wishes::parse("v=3")));
    for key in [
        "featureFlags",
        "sessionRecording",
        "supportedCompression",
        "capturePerformance",
    ] {
        assert!(ours[key].is_object() == decide[key].is_object(), "{key}");
    }
    let flags: Value = parsed(&answered("full", "/flags/"));
    let ours = body(posthog::flags(&settings, Wishes::parse("v=2")));
    for key in ours.as_object().unwrap().keys() {
        assert!(flags.get(key).is_some(), "{key}");
    }
    let ours = posthog::capture_ok(false);
    assert_eq!(ours.body, answered("full", "/s/").as_bytes());
}

/// `toolbarVersion` is of the vendor's own toolbar.
#[track_caller]
fn check_keys(ours: &Value, seen: &Value) {
    let keys = |value: &Value| -> BTreeSet<String> {
        let keys = value.as_object().unwrap().keys();
        keys.filter(|key| !["token", "toolbarVersion"].contains(&key.as_str()))
            .cloned()
            .collect()
    };
    assert_eq!(keys(ours), keys(seen));
}
