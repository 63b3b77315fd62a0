//! Made-up recordings, and the requests that carry them.

use crate::server::{Answer, Server, percent_encode};
use serde_json::{Value, json};
use std::io::Write;

/// 2026-01-05T08:00:00Z
pub const START_MS: i64 = 1_767_600_000_000;

pub fn meta(at_ms: i64, href: &str) -> Value {
    json!({"type": 4, "timestamp": at_ms, "data": {"href": href, "width": 800, "height": 600}})
}

pub fn snapshot(at_ms: i64) -> Value {
    let body = json!({"type": 2, "tagName": "body", "attributes": {}, "childNodes": [], "id": 3});
    let html =
        json!({"type": 2, "tagName": "html", "attributes": {}, "childNodes": [body], "id": 2});
    let node = json!({"type": 0, "childNodes": [html], "id": 1});
    json!({"type": 2, "timestamp": at_ms, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}})
}

/// A mouse move; `number` tells it from all others.
pub fn event(at_ms: i64, number: u64) -> Value {
    let position = json!({"x": number, "y": 1, "id": 3, "timeOffset": 0});
    json!({"type": 3, "timestamp": at_ms, "data": {"source": 1, "positions": [position]}})
}

pub fn number_of(event: &Value) -> Option<u64> {
    event["data"]["positions"][0]["x"].as_u64()
}

pub fn timestamps(events: &[Value]) -> Vec<i64> {
    events
        .iter()
        .map(|event| event["timestamp"].as_f64().unwrap() as i64)
        .collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn track_path(device_id: &str, session_id: &str, kind: &str) -> String {
    let (device_id, session_id) = (percent_encode(device_id), percent_encode(session_id));
    format!("/sessions/v2/track?device_id={device_id}&session_id={session_id}&type={kind}")
}

/// The body as SDKs send it today: events as strings of JSON.
pub fn track_body(events: &[Value]) -> Vec<u8> {
    let texts: Vec<_> = events.iter().map(Value::to_string).collect();
    json!({"version": 1, "events": texts})
        .to_string()
        .into_bytes()
}

/// Uploads as the Amplitude SDK does; any answer but 200 fails the test.
pub fn upload(server: &Server, device_id: &str, session_id: &str, events: &[Value]) {
    let path = track_path(device_id, session_id, "replay");
    let answer = track(server, &path, &track_body(events));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

pub fn track(server: &Server, path: &str, body: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", server.options.ingest_key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("origin", "https://shop.test"),
    ];
    server.send("POST", path, &headers, gzip(body))
}

/// The events API: the key stands in the body.
pub fn analytics(server: &Server, events: &Value) -> Answer {
    let body = json!({"api_key": server.options.ingest_key, "events": events}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("origin", "https://shop.test"),
    ];
    server.send("POST", "/2/httpapi", &headers, body)
}
