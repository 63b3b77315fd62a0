//! Captured traffic of real SDK builds, sent again byte for byte.

use crate::recording::{analytics, timestamps};
use crate::server::{Options, Server, send, wait_for};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The key that all captures were made with.
pub const CAPTURE_KEY: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";
const CUSTOM: u64 = 5;
/// Of the connection, not of the request.
const CONNECTION_HEADERS: [&str; 4] = ["host", "connection", "content-length", "transfer-encoding"];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn folder(scenario: &str) -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "../../fixtures/amplitude",
        scenario,
    ]
    .iter()
    .collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// All requests of a scenario in order of arrival.
fn captured(scenario: &str) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(folder(scenario))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(|c: char| c.is_ascii_digit())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{scenario} has no requests");
    files.iter().map(|path| read(path)).collect()
}

fn replay_request(server: &Server, request: &Value) {
    let text = |key: &str| request[key].as_str().unwrap_or_default();
    let headers: Vec<_> = request["headers"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !CONNECTION_HEADERS.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let url = format!("{}{}?{}", server.url(), text("path"), text("raw_query"));
    let answer = match text("method") {
        "GET" => send(&url, "GET", &headers, ()),
        method => {
            let body = BASE64_STANDARD.decode(text("body_base64")).unwrap();
            send(&url, method, &headers, body)
        }
    };
    let answer = answer.unwrap();
    assert_eq!(answer.status, 200, "{url}: {}", answer.text());
    if let Some(origin) = request["headers"]["origin"].as_str() {
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
    if text("path") == "/2/httpapi" {
        // The SDK judges by `code`; other answers make it send everything again.
        assert_eq!(answer.json()["code"], 200, "{}", answer.text());
    }
    if text("path").starts_with("/config") {
        let config = answer.json();
        assert!(
            config["configs"]["sessionReplay"]["sr_sampling_config"]["capture_enabled"] == true
        );
    }
}

/// What must be equal of an event: all of it, but of the SDK's custom events only
/// the tag, for secrets and configuration are taken out of them.
fn comparable(event: &Value) -> Value {
    match event["type"].as_u64() {
        Some(CUSTOM) => json!({
            "type": CUSTOM,
            "timestamp": event["timestamp"],
            "tag": event["data"]["tag"],
        }),
        _ => event.clone(),
    }
}

fn sorted(events: &[Value]) -> Vec<String> {
    let mut texts: Vec<_> = events
        .iter()
        .map(|event| with_sorted_keys(event).to_string())
        .collect();
    texts.sort();
    texts
}

/// The order of keys means nothing.
fn with_sorted_keys(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            entries
                .map(|(key, value)| (key.clone(), with_sorted_keys(value)))
                .collect()
        }
        Value::Array(list) => list.iter().map(with_sorted_keys).collect(),
        other => other.clone(),
    }
}

/// A file, and whatever is compressed in it.
fn contents(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = vec![bytes.to_owned()];
    for at in (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&ZSTD_MAGIC)) {
        let mut plain = Vec::new();
        if let Ok(decoder) = zstd::Decoder::new(&bytes[at..]) {
            // Ignored: what comes after the frame is something else.
            let _ = decoder.single_frame().read_to_end(&mut plain);
        }
        found.push(plain);
    }
    found
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

/// The catalog holds the key in the project's row, so it is searched by the API.
fn assert_key_is_nowhere(server: &Server) {
    let is_catalog = |path: &PathBuf| path.to_str().unwrap().contains("catalog.sqlite");
    let mut searched = 0;
    for path in files_below(&server.data)
        .into_iter()
        .filter(|path| !is_catalog(path))
    {
        for content in contents(&std::fs::read(&path).unwrap()) {
            searched += content.len();
            let found = content
                .windows(CAPTURE_KEY.len())
                .any(|window| window == CAPTURE_KEY.as_bytes());
            assert!(!found, "the ingest key stands in {}", path.display());
        }
    }
    assert!(searched > 100_000, "only {searched} bytes were searched");
    let events = server.get("/api/v1/events?limit=1000").text();
    assert!(
        !events.contains(CAPTURE_KEY),
        "the ingest key stands in an analytics event"
    );
}

fn check(scenario: &str) {
    let options = Options::default().ingest_key(CAPTURE_KEY);
    let server = options.sealing_at_once().start();
    let requests = captured(scenario);
    let device_id = requests
        .iter()
        .find_map(|request| request["query"]["device_id"].as_str())
        .unwrap();
    let session_id = requests
        .iter()
        .find_map(|request| request["query"]["session_id"].as_str())
        .unwrap();
    for request in &requests {
        replay_request(&server, request);
    }
    // While it is in the hot log and after it was sealed.
    let id = server.replay_id(device_id, session_id);
    check_recording(scenario, &server, &id);
    server.wait_until_sealed(&id);
    check_recording(scenario, &server, &id);
    assert_key_is_nowhere(&server);

    let row = json!({"device_id": device_id, "session_id": session_id, "time": 1_767_600_000_000_i64,
        "event_type": "logged in", "insert_id": "1", "user_id": "visitor-7"});
    assert_eq!(analytics(&server, &json!([row])).status, 200);
    wait_for("the user's name in the list", || {
        (server.replay(device_id, session_id)["user_id"] == "visitor-7").then_some(())
    });
    let replays = server.replays();
    assert_eq!(replays.len(), 1, "{scenario}: {replays:?}");
    assert_eq!(replays[0]["playable"], true);
    assert_eq!(replays[0]["replay_id"], format!("{device_id}/{session_id}"));
    let captured = server.json("/api/v1/events?event_type=%5BAmplitude%5D%20Replay%20Captured");
    let captured = captured["events"].as_array().unwrap();
    assert_eq!(captured.len(), 1, "{captured:?}");
    assert_eq!(captured[0]["replay"], id);
    assert_eq!(server.complaints(), [""; 0]);
}

fn check_recording(scenario: &str, server: &Server, id: &str) {
    let answer = server.get(&format!("/api/v1/replays/{id}/events"));
    assert!(
        !answer.text().contains(CAPTURE_KEY),
        "{scenario}: the key is in the events"
    );
    let events = server.events(id);
    assert!(
        timestamps(&events).is_sorted(),
        "{scenario}: events are out of order"
    );
    let interactions = server.array(&format!("/api/v1/replays/{id}/interactions"));
    let decoded = folder(scenario).join("decoded.json");
    if !decoded.exists() {
        assert!(events.len() > 100, "{scenario}: {} events", events.len());
        return;
    }
    let decoded = read(&decoded);
    let compare = |list: &[Value]| sorted(&list.iter().map(comparable).collect::<Vec<_>>());
    let expected = decoded["replay_events_unique_by_time"].as_array().unwrap();
    assert_eq!(compare(&events), compare(expected), "{scenario}");
    // A request that the page recorded with its answer may hold anything.
    let is_request = |event: &&Value| event["data"]["tag"] == "fetch-request";
    let custom = events.iter().filter(|event| event["type"] == CUSTOM);
    for event in custom.filter(|event| !is_request(event)) {
        assert!(!event.to_string().contains("sr_sampling_config"), "{event}");
    }
    let expected = decoded["interaction_events"].as_array().unwrap();
    assert_eq!(sorted(&interactions), sorted(expected), "{scenario}");
}

#[test]
fn standalone_sdk() {
    check("standalone");
}

#[test]
fn plugin_with_analytics() {
    check("plugin");
}

#[test]
fn unified_sdk() {
    check("unified");
}

#[test]
fn packed_events() {
    check("packed-1.35");
}

#[test]
fn packed_events_of_the_first_versions() {
    check("legacy-packed");
}
