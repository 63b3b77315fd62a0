//! The PostHog SDKs against the server: captured traffic, configuration, scripts.

use crate::captured::{folder, json_of, requests};
use crate::server::{Answer, Options, Server, wait_for};
use serde_json::{Value, json};

pub const TOKEN: &str = "phc_capture_demo_token";

pub fn start() -> Server {
    Options::default().ingest_key(TOKEN).start()
}

pub fn send_all(server: &Server, scenario: &str) {
    for request in requests(scenario) {
        let answer = request.send(server);
        let is_script = request.path().starts_with("/static/");
        let expected = match request.asks("beacon") == Some("1") {
            _ if is_script => 404,
            true => 204,
            false => 200,
        };
        assert!(
            answer.status == expected || request.text("method") == "OPTIONS" && answer.status < 300,
            "{scenario} {}: {} {}",
            request.path(),
            answer.status,
            answer.text()
        );
    }
}

pub fn capture(server: &Server, path: &str, body: &Value) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("origin", "https://shop.test"),
    ];
    server.send("POST", path, &headers, body.to_string().as_bytes())
}

pub fn snapshot(session: &str, events: &Value) -> Value {
    json!([{
        "uuid": format!("u-{session}"), "event": "$snapshot",
        "properties": { "token": TOKEN, "distinct_id": "ada@shop.test", "$session_id": session, "$snapshot_data": events },
    }])
}

fn replays(server: &Server) -> Vec<Value> {
    wait_for("replays", || {
        Some(server.replays()).filter(|list| !list.is_empty())
    })
}

#[test]
fn every_captured_scenario_is_accepted_and_becomes_a_replay() {
    for scenario in [
        "full",
        "plain",
        "base64",
        "quota",
        "retry",
        "toolarge",
        "trigger",
        "triggergroups",
        "canvas",
        "identity",
        "legacy-1.172",
        "legacy-1.96",
        "mobile-synthetic",
    ] {
        let server = start();
        send_all(&server, &format!("posthog/{scenario}"));
        for row in replays(&server) {
            assert_eq!(row["source"], "posthog", "{scenario}");
            assert_eq!(row["playable"], true, "{scenario}: {row}");
        }
        let stored = server.get("/api/v1/events?limit=1000").text();
        assert!(
            !stored.contains(TOKEN),
            "{scenario}: the token is in an event"
        );
        assert_eq!(server.complaints(), [""; 0], "{scenario}");
    }
    let server = start();
    send_all(&server, "posthog/sampledout");
    wait_for("events", || {
        (server.metric("reenact_analytics_events_total") > 0.0).then_some(())
    });
    assert_eq!(server.replays(), [Value::Null; 0]);
}

#[test]
fn a_visit_decodes_to_what_was_captured() {
    let server = Options::default()
        .ingest_key(TOKEN)
        .sealing_at_once()
        .start();
    send_all(&server, "posthog/full");
    let rows = replays(&server);
    assert_eq!(rows.len(), 1);
    let id = rows[0]["id"].as_str().unwrap();
    let decoded = json_of(&folder("posthog/full").join("decoded.json"));
    assert_eq!(decoded["sessions"][0]["session_id"], rows[0]["session_id"]);
    let check = || {
        let events = server.events(id);
        assert_eq!(events.len(), 192);
        let count = |kind: u64| events.iter().filter(|it| it["type"] == kind).count();
        assert_eq!((count(4), count(2)), (2, 2));
        assert!(
            events.iter().all(|it| it.get("cv").is_none()),
            "all layers are undone"
        );
    };
    check();
    server.wait_until_sealed(id);
    check();
    let errors = server.json(&format!("/api/v1/replays/{id}/errors"));
    let errors = errors["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(
        (&errors[0]["source"], &errors[0]["link"]),
        (&json!("posthog"), &json!("named"))
    );
    assert_ne!(errors[0]["exceptions"][0]["frames"], json!([]));
}

#[test]
fn what_is_sent_again_counts_once() {
    let server = start();
    send_all(&server, "posthog/retry");
    send_all(&server, "posthog/retry");
    let rows = replays(&server);
    assert_eq!(
        (
            rows.len(),
            server.events(rows[0]["id"].as_str().unwrap()).len()
        ),
        (1, 29)
    );
    let page_views = || {
        let list = server.json("/api/v1/events?event_type=%24pageview");
        list["events"].as_array().unwrap().len()
    };
    wait_for("page views", || (page_views() > 0).then_some(()));
    assert_eq!(page_views(), 2);
}

#[test]
fn answers_are_the_vendors() {
    let server = start();
    let visit = snapshot(
        "s-1",
        &json!([{ "type": 4, "timestamp": 1_795_000_000_000_i64, "data": { "href": "/" } }]),
    );
    for path in [
        "/s",
        "/s/",
        "/e/",
        "/i/v0/e/",
        "/capture",
        "/batch/",
        "/s/?beacon=1",
    ] {
        let answer = capture(&server, path, &visit);
        let expected = if path.contains("beacon") { 204 } else { 200 };
        assert_eq!(answer.status, expected, "{path}: {}", answer.text());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://shop.test"
        );
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        if expected == 200 {
            assert_eq!(answer.json(), json!({ "status": "Ok" }));
        }
    }
    let mut wrong = visit.clone();
    wrong[0]["properties"]["token"] = json!("phc_wrong");
    let answer = capture(&server, "/s/", &wrong);
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (401, &json!("invalid_api_key"))
    );
    wrong[0]["properties"]["token"] = Value::Null;
    assert_eq!(capture(&server, "/s/", &wrong).status, 401);
    let answer = server.send("POST", "/s/", &[], b"\x1f\x8bbroken".as_slice());
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &json!("invalid_payload"))
    );
    assert_eq!(server.send("DELETE", "/s/", &[], ()).status, 405);
    assert_eq!(server.problems("unknown_key"), 2.0);
    assert_eq!(
        server.metric(
            "reenact_ingest_source_problems_total{source=\"posthog\",reason=\"unknown_key\"}"
        ),
        2.0
    );
}

#[test]
fn one_address_serves_two_vendors() {
    let server = start();
    let amplitude =
        json!({ "api_key": TOKEN, "events": [{ "event_type": "bought", "device_id": "d" }] });
    let answer = capture(&server, "/batch", &amplitude);
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (200, &json!(200)),
        "{}",
        answer.text()
    );
    let posthog = json!({ "api_key": TOKEN, "batch": [{ "event": "sold", "distinct_id": "u-1", "uuid": "1" }] });
    assert_eq!(
        capture(&server, "/batch", &posthog).json(),
        json!({ "status": "Ok" })
    );
    let wrong =
        json!({ "api_key": "nobody", "events": [{ "event_type": "bought", "device_id": "d" }] });
    assert_eq!(capture(&server, "/batch", &wrong).json()["code"], 400);
    wait_for("both events", || {
        let list = server.json("/api/v1/events");
        let names: Vec<_> = list["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["event_type"].clone())
            .collect();
        (names.contains(&json!("bought")) && names.contains(&json!("sold"))).then_some(())
    });
}

#[test]
fn configuration_flags_and_nothing() {
    let server = start();
    let get = |path: &str| server.send("GET", path, &[("origin", "https://shop.test")], ());
    let config = get(&format!("/array/{TOKEN}/config")).json();
    assert_eq!(config["sessionRecording"]["endpoint"], "/s/");
    let script = get(&format!("/array/{TOKEN}/config.js"));
    assert_eq!(script.header("content-type"), "application/javascript");
    assert!(script.text().contains(TOKEN));
    assert_eq!(get("/array/nobody/config").status, 401);
    let flags = capture(
        &server,
        "/flags/?v=2",
        &json!({ "token": TOKEN, "distinct_id": "x" }),
    );
    assert_eq!(
        flags.json(),
        json!({ "flags": {}, "errorsWhileComputingFlags": false })
    );
    let decide = capture(
        &server,
        "/decide/?v=3",
        &json!({ "token": TOKEN, "distinct_id": "x" }),
    );
    assert_eq!(decide.json()["sessionRecording"]["endpoint"], "/s/");
    assert_eq!(
        get("/api/surveys/?token=x").json(),
        json!({ "surveys": [] })
    );
}

#[test]
fn scripts_come_from_the_package_that_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("dist/lazy-recorder.js", "plain");
    write("1.96.1/dist/recorder-v2.js", "old");
    write("1.449.2/dist/lazy-recorder.js", "new");
    write("1.96.1/dist/exception-autocapture.js", "old");
    write("1.172.0/dist/exception-autocapture.js", "newer");
    write("other/dist/exception-autocapture.js", "hidden");
    write("secret.js", "hidden");
    write("dist/secret.txt", "hidden");
    let package = folder.path().to_str().unwrap();
    let server = Options::default()
        .env("REENACT__POSTHOG__PACKAGE_DIR", package)
        .start();
    for (path, expected) in [
        ("/static/lazy-recorder.js", Some("plain")),
        ("/static/1.449.2/lazy-recorder.js", Some("new")),
        ("/static/1.500.0/lazy-recorder.js", Some("plain")),
        ("/static/recorder-v2.js?v=1.96.1", Some("old")),
        // Builds that name no version are of the oldest kind.
        ("/static/recorder-v2.js", Some("old")),
        ("/static/exception-autocapture.js", Some("old")),
        ("/static/exception-autocapture.js?v=1.172.0", Some("newer")),
        ("/static/recorder-v2.js?v=../../etc", Some("old")),
        ("/static/secret.js?v=..", None),
        ("/static/../secret.js", None),
        ("/static/%2e%2e/secret.js", None),
        ("/static/..%2fsecret.js", None),
        ("/static/secret.txt", None),
        ("/static/dist/secret.js", None),
    ] {
        let answer = server.send("GET", path, &[], ());
        let found = (answer.status == 200).then(|| answer.text());
        assert_eq!(found.as_deref(), expected, "{path}: {}", answer.status);
        if found.is_some() {
            assert_eq!(
                answer.header("content-type"),
                "application/javascript; charset=utf-8"
            );
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
    }
}

#[test]
fn a_screen_of_a_phone_becomes_a_page() {
    let server = start();
    send_all(&server, "posthog/mobile-synthetic");
    let rows = replays(&server);
    let id = rows.iter().find(|it| it["playable"] == true).unwrap()["id"]
        .as_str()
        .unwrap();
    let events = server.events(id);
    let snapshot = events.iter().find(|it| it["type"] == 2).unwrap();
    assert!(snapshot["data"]["node"].is_object() && snapshot["data"].get("wireframes").is_none());
}

#[test]
fn windows_are_told_apart_and_bad_events_cost_themselves() {
    let server = start();
    let event = |at: i64, tag: &str| json!({ "type": 5, "timestamp": at, "data": { "tag": tag, "payload": {} } });
    let at = 1_795_000_000_000_i64;
    let mut body = snapshot("s-2", &json!([event(at, "a"), 7, null, { "no": "event" }]));
    let mut second = body[0].clone();
    second["properties"]["$window_id"] = json!("w-2");
    second["properties"]["$snapshot_data"] = event(at + 1, "b");
    let mut no_session = body[0].clone();
    no_session["properties"]["$session_id"] = json!("../../x");
    let list = body.as_array_mut().unwrap();
    list.extend([second, no_session]);
    assert_eq!(capture(&server, "/s/", &body).status, 200);
    let id = server.replay_id("s-2", "s-2");
    let events = server.events(&id);
    let windows: Vec<_> = events
        .iter()
        .map(|it| it["windowId"].as_str().unwrap())
        .collect();
    assert_eq!(windows, ["s-2", "w-2"]);
    assert!(server.problems("invalid_event") >= 2.0 && server.problems("invalid_id") == 1.0);
    let row = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(row["user_id"], "ada@shop.test");
}
