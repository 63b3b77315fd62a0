//! Secrets in addresses are gone before anything is stored, whichever SDK sent them
//! and wherever in its data they stood.

use crate::posthog;
use crate::recording::{START_MS, analytics, meta, snapshot, upload};
use crate::sentry::{KEY, envelope, items, start};
use crate::server::{Server, wait_for};
use serde_json::json;

const SECRET: &str = "s3cr3t-v4lue";
const REPLAY: &str = "11111111111111111111111111111111";
const TRACE: &str = "22222222222222222222222222222222";

fn url(parameter: &str) -> String {
    format!("https://shop.test/reset?page=2&{parameter}={SECRET}#top")
}

fn send_sentry(server: &Server) {
    let described = json!({
        "type": "replay_event", "replay_id": REPLAY, "event_id": REPLAY, "segment_id": 0,
        "replay_type": "session", "timestamp": START_MS as f64 / 1000.0 + 5.0,
        "replay_start_timestamp": START_MS as f64 / 1000.0, "trace_ids": [TRACE],
        "urls": [url("token")], "request": { "url": url("token") }, "tags": { "url": url("code") },
    });
    let events = json!([
        meta(START_MS, &url("access_token")),
        snapshot(START_MS + 1),
        { "type": 5, "timestamp": START_MS + 2, "data": { "tag": "breadcrumb", "payload": { "category": "navigation", "data": { "to": url("session") } } } },
        { "type": 5, "timestamp": START_MS + 3, "data": { "tag": "performanceSpan", "payload": { "op": "resource.fetch", "description": url("api_key"), "startTimestamp": START_MS, "endTimestamp": START_MS + 1, "data": { "request": { "headers": { "X-Token": SECRET } } } } } },
    ]);
    let recording = format!("{}\n{events}", json!({ "segment_id": 0 }));
    let replay = format!(
        "{}\n{}\n{described}\n{}\n{recording}\n",
        json!({ "event_id": REPLAY }),
        json!({ "type": "replay_event" }),
        json!({ "type": "replay_recording", "length": recording.len() }),
    );
    assert_eq!(envelope(server, replay).status, 200);
    let trace =
        json!({ "trace": { "trace_id": TRACE, "span_id": "1234567890abcdef", "op": "pageload" } });
    let error = json!({
        "event_id": "33333333333333333333333333333333", "timestamp": START_MS as f64 / 1000.0 + 2.0,
        "platform": "node", "server_name": "web-1", "contexts": trace, "transaction": url("password"),
        "request": { "url": url("token"), "query_string": format!("token={SECRET}&page=2"), "cookies": { "a": SECRET }, "headers": { "Cookie": SECRET } },
        "breadcrumbs": [{ "data": { "url": url("client_secret") } }], "tags": { "url": url("code"), "replayId": REPLAY },
        "exception": { "values": [{ "type": "E", "value": format!("cannot load {}", url("jwt")),
            "stacktrace": { "frames": [{ "function": "f", "filename": url("token"), "abs_path": url("token"), "in_app": true }] } }] },
    });
    let list = json!({
        "event_id": "44444444444444444444444444444444", "timestamp": START_MS as f64 / 1000.0 + 2.0,
        "platform": "node", "server_name": "web-1", "contexts": trace, "transaction": url("password"), "start_timestamp": START_MS as f64 / 1000.0,
        "request": { "query_string": [["token", SECRET]] },
        "spans": [{ "trace_id": TRACE, "span_id": "2234567890abcdef", "op": "http.client", "description": format!("GET {}", url("api_key")),
            "start_timestamp": START_MS as f64 / 1000.0, "timestamp": START_MS as f64 / 1000.0 + 1.0, "data": { "http.query": format!("token={SECRET}") } }],
    });
    let body = items(&json!({}), &[("event", error), ("transaction", list)]);
    assert_eq!(envelope(server, body).status, 200);
}

fn send_posthog(server: &Server) {
    let events = json!([
        { "type": 4, "timestamp": START_MS, "data": { "href": url("token"), "width": 9, "height": 9 } },
        snapshot(START_MS + 1),
        { "type": 5, "timestamp": START_MS + 2, "data": { "tag": "$pageview", "payload": { "href": url("code") } } },
        { "type": 5, "timestamp": START_MS + 2, "data": { "tag": "$posthog_config", "payload": { "config": { "token": KEY, "mine": SECRET } } } },
        { "type": 6, "timestamp": START_MS + 3, "data": { "plugin": "rrweb/network@1", "payload": { "requests": [{ "name": url("access_token"), "initiatorType": "fetch" }] } } },
    ]);
    let mut batch = posthog::snapshot("ph-session", &events);
    batch[0]["properties"]["token"] = KEY.into();
    batch[0]["properties"]["$current_url"] = url("token").into();
    let page = json!({ "$current_url": url("token"), "$referrer": url("code"), "$session_id": "ph-session", "token": KEY, "distinct_id": "ada@shop.test" });
    let list = batch.as_array_mut().unwrap();
    list.push(json!({ "event": "$pageview", "uuid": "u-1", "properties": page, "$set_once": { "$initial_current_url": url("token") } }));
    let mut error = page.clone();
    error["$exception_list"] = json!([{ "type": "E", "value": url("token") }]);
    list.push(json!({ "event": "$exception", "uuid": "u-2", "properties": error }));
    assert_eq!(posthog::capture(server, "/e/", &batch).status, 200);
}

fn send_amplitude(server: &Server) {
    upload(
        server,
        "d",
        "1",
        &[
            meta(START_MS, &url("token")),
            snapshot(START_MS + 1),
            json!({ "type": 5, "timestamp": START_MS + 2, "data": { "tag": "fetch-request", "payload": { "url": url("token"), "method": "GET" } } }),
        ],
    );
    let events = json!([{ "event_type": "page", "device_id": "d", "insert_id": "1", "user_id": "ada",
        "event_properties": { "[Amplitude] Page Location": url("token") }, "user_properties": { "$set": { "first_page": url("token") } } }]);
    assert_eq!(analytics(server, &events).status, 200);
}

/// What is written as it is, or in pieces that are packed but not this one.
fn files_with_secrets(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_with_secrets(&path, found);
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let holds = bytes
                .windows(SECRET.len())
                .any(|it| it == SECRET.as_bytes());
            found.extend(holds.then(|| path.display().to_string()));
        }
    }
}

fn answers(server: &Server) -> Vec<(String, String)> {
    let mut paths: Vec<String> = [
        "/api/v1/events?limit=1000",
        "/api/v1/replays",
        "/api/v1/users",
        "/api/v1/issues",
    ]
    .map(str::to_owned)
    .into();
    for replay in server.replays() {
        let id = replay["id"].as_str().unwrap().to_owned();
        for part in ["", "/events", "/errors", "/spans", "/manifest"] {
            paths.push(format!("/api/v1/replays/{id}{part}"));
        }
        let errors = server.json(&format!("/api/v1/replays/{id}/errors"));
        for error in errors["errors"].as_array().unwrap() {
            paths.push(format!("/api/v1/errors/{}", error["id"]));
        }
    }
    let users = server.json("/api/v1/users");
    for user in users["users"].as_array().unwrap() {
        let id = user["id"].to_string();
        paths.push(format!("/api/v1/users/{}", id.trim_matches('"')));
    }
    let read = |path: String| {
        let answer = server.get(&path);
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        (path, answer.text())
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn no_family_of_sdks_stores_secrets_of_addresses() {
    let server = start();
    send_sentry(&server);
    send_posthog(&server);
    send_amplitude(&server);
    wait_for("everything", || {
        let (events, errors) = (
            server.metric("reenact_analytics_events_total"),
            server.metric("reenact_errors_total"),
        );
        (server.replays().len() == 3 && events >= 2.0 && errors >= 2.0).then_some(())
    });
    let answers = answers(&server);
    for (path, answer) in &answers {
        assert!(!answer.contains(SECRET), "{path}: {answer}");
        assert!(!answer.contains(KEY), "{path}: {answer}");
    }
    let all: Vec<&str> = answers.iter().map(|(_, answer)| answer.as_str()).collect();
    assert!(all.concat().contains("?page=2&token=[redacted]#top"));
    let mut files = Vec::new();
    files_with_secrets(&server.data, &mut files);
    assert_eq!(files, [""; 0]);
    assert!(server.problems("redacted_secret") > 20.0);
}
