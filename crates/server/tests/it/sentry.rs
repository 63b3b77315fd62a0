//! The Sentry SDKs against the server: captured traffic, links, films, bad input.

use crate::captured::{self, Captured, requests};
use crate::person::Person;
use crate::server::{Answer, Options, Server, wait_for};
use serde_json::{Value, json};

pub const KEY: &str = "0123456789abcdef0123456789abcdef";
const PATH: &str = "/api/42/envelope/";

pub fn start() -> Server {
    Options::default().ingest_key(KEY).start()
}

pub fn send_all(server: &Server, scenario: &str) {
    for request in requests(scenario) {
        let answer = send(server, &request);
        assert_eq!(answer.status, 200, "{scenario} {}", request.note());
        assert_eq!(answer.header("x-sentry-error"), "", "{}", request.note());
        assert_eq!(answer.header("x-sentry-rate-limits"), "");
    }
}

fn send(server: &Server, request: &Captured) -> Answer {
    let is_tunnel = request.path() == "/relay-tunnel";
    request.send_to(server, is_tunnel.then_some("/tunnel"))
}

pub fn envelope(server: &Server, body: impl AsRef<[u8]>) -> Answer {
    let path = format!("{PATH}?sentry_version=7&sentry_key={KEY}");
    server.send("POST", &path, &[], body.as_ref())
}

/// An envelope of JSON items.
pub fn items(header: &Value, items: &[(&str, Value)]) -> String {
    let mut body = format!("{header}\n");
    for (kind, payload) in items {
        body.push_str(&format!("{}\n{payload}\n", json!({ "type": kind })));
    }
    body
}

/// A part of a replay: an event of a page for each time in milliseconds.
pub fn segment(replay: &str, number: u64, times: &[i64]) -> String {
    let event = json!({
        "type": "replay_event", "replay_id": replay, "event_id": replay,
        "segment_id": number, "replay_type": "session",
        "timestamp": 1_795_000_100.0, "replay_start_timestamp": 1_795_000_000.0,
        "release": "shop@1.2", "environment": "prod", "tags": { "plan": "pro" },
        "user": { "id": "u-1", "email": "ada@shop.test" },
    });
    let events: Vec<_> = times
        .iter()
        .map(|at| json!({ "type": 5, "timestamp": at, "data": { "tag": format!("t{number}"), "payload": {} } }))
        .collect();
    let recording = format!("{}\n{}", json!({ "segment_id": number }), json!(events));
    format!(
        "{}\n{}\n{event}\n{}\n{recording}\n",
        json!({ "event_id": replay }),
        json!({ "type": "replay_event" }),
        json!({ "type": "replay_recording", "length": recording.len() }),
    )
}

/// The one replay of a scenario, once it is listed.
fn only_replay(server: &Server) -> Value {
    let mut replays = wait_for("a replay", || {
        Some(server.replays()).filter(|list| !list.is_empty())
    });
    assert_eq!(replays.len(), 1, "{replays:?}");
    replays.remove(0)
}

fn errors_of(server: &Server, id: &str) -> Vec<Value> {
    let answer = server.json(&format!("/api/v1/replays/{id}/errors"));
    answer["errors"].as_array().unwrap().clone()
}

#[test]
fn every_captured_scenario_is_accepted_and_becomes_a_replay() {
    for (scenario, is_playable) in [
        ("session-v11", true),
        ("session-v10", true),
        ("session-v8", true),
        ("session-v7", true),
        ("plain-json-v11", true),
        ("buffer-v11", true),
        ("buffer-nonsampled-v11", true),
        ("clicks-v11", true),
        ("canvas-v11", true),
        ("tracing-static-v11", true),
        ("tracing-stream-v11", true),
        ("feedback-v11", true),
        ("ratelimit-v11", true),
        ("server-error-v11", true),
        ("tunnel-v11", true),
        ("replay-video-synthetic", true),
    ] {
        let server = start();
        send_all(&server, &format!("sentry/{scenario}"));
        let rows = wait_for("replays", || {
            Some(server.replays()).filter(|list| !list.is_empty())
        });
        for row in rows {
            assert_eq!(row["source"], "sentry", "{scenario}");
            assert_eq!(row["playable"], is_playable, "{scenario}: {row}");
        }
        assert_eq!(server.complaints(), [""; 0], "{scenario}");
    }
}

#[test]
fn a_session_decodes_to_what_was_captured() {
    let server = Options::default().ingest_key(KEY).sealing_at_once().start();
    send_all(&server, "sentry/session-v11");
    let row = only_replay(&server);
    let id = row["id"].as_str().unwrap();
    let vendor = row["session_id"].as_str().unwrap();
    assert!(vendor.starts_with("0388c6cc"), "{vendor}");
    assert_eq!(row["replay_id"], format!("{vendor}/{vendor}"));

    let decoded = captured::json_of(&captured::folder("sentry/session-v11").join("decoded.json"));
    let mut expected = 0;
    let mut start_ms = f64::MAX;
    count_events(&decoded, &mut expected, &mut start_ms);
    assert!(expected > 100);
    let check = || {
        let events = server.events(id);
        assert_eq!(events.len(), expected);
        // Seconds became milliseconds.
        assert!(
            events
                .iter()
                .all(|it| it["timestamp"].as_f64().unwrap() > 1e12)
        );
    };
    check();
    server.wait_until_sealed(id);
    check();
    let started = row["started_at"].as_str().unwrap();
    let started: jiff::Timestamp = started.parse().unwrap();
    assert_eq!(started.as_millisecond(), start_ms as i64);

    let errors = errors_of(&server, id);
    assert!(!errors.is_empty());
    assert_eq!(errors[0]["is_server_side"], false);
    assert_eq!(errors[0]["link"], "named");
    let row = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(row["linked_error_count"], errors.len());
    let spans = server.json(&format!("/api/v1/replays/{id}/spans"));
    let spans = spans["spans"].as_array().unwrap();
    assert!(
        spans.iter().any(|span| span["is_segment"] == true),
        "{spans:?}"
    );
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    assert_eq!(manifest["video"], json!([]));
}

/// Events of all recordings in a decoded capture, and the earliest start.
fn count_events(value: &Value, count: &mut usize, start_ms: &mut f64) {
    match value {
        Value::Object(members) => {
            if let Some(start) = members
                .get("replay_start_timestamp")
                .and_then(Value::as_f64)
            {
                *start_ms = start_ms.min(start * 1000.0);
            }
            let is_event = members.contains_key("timestamp")
                && members.contains_key("data")
                && members.get("type").is_some_and(Value::is_u64);
            if is_event {
                *count += 1;
                return;
            }
            for member in members.values() {
                count_events(member, count, start_ms);
            }
        }
        Value::Array(list) => list.iter().for_each(|it| count_events(it, count, start_ms)),
        _ => {}
    }
}

#[test]
fn sent_again_changes_nothing() {
    let server = start();
    send_all(&server, "sentry/session-v11");
    let id = only_replay(&server)["id"].as_str().unwrap().to_owned();
    let events = server.events(&id);
    let errors = wait_for("errors", || {
        Some(errors_of(&server, &id)).filter(|list| !list.is_empty())
    });
    send_all(&server, "sentry/session-v11");
    wait_for("the second time", || {
        (server.metric("reenact_duplicate_replay_events_total") >= events.len() as f64)
            .then_some(())
    });
    assert_eq!(server.events(&id), events);
    assert_eq!(errors_of(&server, &id), errors);
    assert_eq!(server.problems("segment_conflict"), 0.0);
}

#[test]
fn keys_are_taken_from_every_place_and_checked() {
    let server = start();
    let body = segment(&"a".repeat(32), 0, &[1_795_000_000_000]);
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        server.send("POST", path, headers, body.as_bytes())
    };
    let header = format!("Sentry sentry_key={KEY}, sentry_version=7, sentry_client=x/1");
    let lower = header.replace("Sentry ", "sentry ");
    for (path, headers) in [
        (format!("/api/42/envelope/?sentry_key={KEY}"), vec![]),
        (format!("/api/1/envelope?sentry_key={KEY}"), vec![]),
        (
            "/api/42/envelope/".to_owned(),
            vec![("x-sentry-auth", header.as_str())],
        ),
        (
            "/api/42/envelope/".to_owned(),
            vec![("authorization", lower.as_str())],
        ),
    ] {
        let answer = post(&path, &headers, &body);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json()["id"], "a".repeat(32), "{path}");
    }
    let (_, rest) = body.split_once('\n').unwrap();
    let dsn = |key: &str| json!({ "event_id": "b".repeat(32), "dsn": format!("http://{key}@shop.test/42") });
    let answer = post("/tunnel", &[], &format!("{}\n{rest}", dsn(KEY)));
    assert_eq!(
        (answer.status, &answer.json()["id"]),
        (200, &json!("b".repeat(32)))
    );

    let wrong = "f".repeat(32);
    for (path, body) in [
        (
            format!("/api/42/envelope/?sentry_key={wrong}"),
            body.clone(),
        ),
        ("/api/42/envelope/".to_owned(), body.clone()),
        ("/api/42/store/".to_owned(), "{}".to_owned()),
        ("/tunnel".to_owned(), format!("{}\n{rest}", dsn(&wrong))),
        (
            format!("/api/42/envelope/?sentry_key={KEY}"),
            format!("{}\n{rest}", dsn(&wrong)),
        ),
    ] {
        let answer = post(&path, &[("origin", "https://shop.test")], &body);
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.json()["detail"].is_string() && answer.json()["causes"] == json!([]));
        assert_ne!(answer.header("x-sentry-error"), "");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://shop.test"
        );
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains("x-sentry-rate-limits")
        );
    }
    assert_eq!(server.problems("unknown_key"), 5.0);
    let preflight = server.send(
        "OPTIONS",
        PATH,
        &[
            ("origin", "https://shop.test"),
            ("access-control-request-headers", "x-sentry-auth"),
        ],
        (),
    );
    assert!(preflight.status < 300);
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("x-sentry-auth")
    );
    assert_eq!(post("/api/v1/envelope/", &[], "{}").status, 404);
    assert_eq!(server.send("GET", PATH, &[], ()).status, 405);
    assert_eq!(server.replays().len().max(2), 2);
}

#[test]
fn an_old_sdk_stores_single_events() {
    let server = start();
    let event = json!({ "event_id": "c".repeat(32), "message": "it broke", "platform": "python", "server_name": "web-1" });
    let path = format!("/api/42/store/?sentry_key={KEY}");
    let answer = server.send("POST", &path, &[], event.to_string().as_bytes());
    assert_eq!(
        (answer.status, &answer.json()["id"]),
        (200, &json!("c".repeat(32)))
    );
    let issue = wait_for("the issue", || {
        let list = server.json("/api/v1/issues");
        list["issues"].as_array().unwrap().first().cloned()
    });
    assert_eq!(issue["title"], "it broke");
    assert_eq!(issue["is_server_side"], true);
    let answer = server.send("POST", &path, &[], b"nonsense".as_slice());
    assert_eq!(answer.status, 400);
}

#[test]
fn parts_come_in_any_order_and_with_different_content() {
    let server = start();
    let replay = "d".repeat(32);
    let hour_ms = 3_600_000;
    let start_ms = 1_795_000_000_000;
    for (number, times) in [
        (7, vec![start_ms + hour_ms]),
        (0, vec![start_ms, start_ms + 1]),
        (3, vec![start_ms + 1000]),
        (3, vec![start_ms + 1000]),
    ] {
        assert_eq!(
            envelope(&server, segment(&replay, number, &times)).status,
            200
        );
    }
    assert_eq!(
        server.problems("segment_conflict"),
        0.0,
        "the same twice is no conflict"
    );
    let id = server.replay_id(&replay, &replay);
    assert_eq!(server.events(&id).len(), 4);
    envelope(&server, segment(&replay, 3, &[start_ms + 2000]));
    assert_eq!(server.problems("segment_conflict"), 1.0);
    let events = server.events(&id);
    let times: Vec<_> = events
        .iter()
        .map(|it| it["timestamp"].as_i64().unwrap() - start_ms)
        .collect();
    assert_eq!(
        times,
        [0, 1, 1000, 2000, hour_ms],
        "both are kept, in order of time"
    );
    let row = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(row["duration_ms"], hour_ms);
    assert_eq!(
        (
            &row["release"],
            &row["environment"],
            &row["user_id"],
            &row["tags"]["plan"]
        ),
        (
            &json!("shop@1.2"),
            &json!("prod"),
            &json!("u-1"),
            &json!("pro")
        )
    );
}

#[test]
fn films_are_kept_and_served_in_parts() {
    let mut server = Options::default().ingest_key(KEY).sealing_at_once().start();
    send_all(&server, "sentry/replay-video-synthetic");
    let films_of = |server: &Server, id: &str| {
        let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
        manifest["video"].as_array().unwrap().clone()
    };
    // Android sent two parts, iOS one.
    let (id, films) = wait_for("both films", || {
        let ids = server.replays().into_iter().map(|row| {
            assert_eq!(row["device_type"], "mobile");
            row["id"].as_str().unwrap().to_owned()
        });
        ids.map(|id| (id.clone(), films_of(&server, &id)))
            .find(|(_, films)| films.len() == 2)
    });
    assert_eq!(
        (&films[0]["id"], &films[0]["segment"]),
        (&json!("0"), &json!(0))
    );
    assert!(
        films[0]["duration_ms"].as_u64().unwrap() > 0 && films[0]["width_px"].as_u64().unwrap() > 0
    );
    let size = films[0]["size_bytes"].as_u64().unwrap();
    let path = format!("/api/v1/replays/{id}/video/0");
    let whole = server.get(&path);
    assert_eq!(
        (whole.status, whole.header("content-type")),
        (200, "video/mp4")
    );
    assert_eq!(whole.body.len() as u64, size);
    assert_eq!(&whole.body[4..8], b"ftyp");
    let bearer = format!("Bearer {}", server.options.api_token);
    let part = |range: &str| {
        server.send(
            "GET",
            &path,
            &[("authorization", &bearer), ("range", range)],
            (),
        )
    };
    let some = part("bytes=4-7");
    assert_eq!(
        (some.status, some.body.as_slice()),
        (206, b"ftyp".as_slice())
    );
    assert_eq!(some.header("content-range"), format!("bytes 4-7/{size}"));
    assert_eq!(part(&format!("bytes={size}-")).status, 416);
    assert_eq!(
        server.get(&format!("/api/v1/replays/{id}/video/99")).status,
        404
    );
    assert_eq!(server.send("GET", &path, &[], ()).status, 401);
    // The Android error names the replay only in the envelope's trace.
    let errors = wait_for("the error", || {
        Some(errors_of(&server, &id)).filter(|list| !list.is_empty())
    });
    assert_eq!(errors[0]["link"], "named");

    server.wait_until_sealed(&id);
    server.stop();
    server.restart();
    assert_eq!(films_of(&server, &id), films);
    assert_eq!(
        server.json(&format!("/api/v1/replays/{id}"))["playable"],
        true
    );
}

#[test]
fn everything_accepted_survives_a_kill() {
    let mut server = start();
    send_all(&server, "sentry/session-v11");
    send_all(&server, "sentry/replay-video-synthetic");
    server.kill_9();
    server.restart();
    let rows = wait_for("all replays", || {
        Some(server.replays()).filter(|list| list.len() >= 3)
    });
    let films = wait_for("films and errors", || {
        let mut found = (0, 0);
        for row in &rows {
            let id = row["id"].as_str().unwrap();
            let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
            found.0 += manifest["video"].as_array().unwrap().len();
            found.1 += errors_of(&server, id).len();
        }
        (found.0 >= 3 && found.1 >= 2).then_some(found)
    });
    assert!(films.0 >= 3, "{films:?}");
}

#[test]
fn bad_envelopes_cost_nothing_but_themselves() {
    let server = start();
    let replay = "e".repeat(32);
    let whole = segment(&replay, 0, &[1_795_000_000_000, 1_795_000_000_001]);
    let at = whole.rfind("]").unwrap();
    // Cut in the recording: what came before the cut is kept.
    assert_eq!(envelope(&server, &whole.as_bytes()[..at - 20]).status, 200);
    wait_for("the truncated one", || {
        (server.problems("truncated") >= 1.0).then_some(())
    });
    let id = server.replay_id(&replay, &replay);
    assert_eq!(server.events(&id).len(), 1);
    // A wrong length costs its own item only.
    let wrong = whole.replacen("\"length\":", "\"length\":9", 1);
    let error = json!({ "event_id": "9".repeat(32), "message": "after it" });
    let body = format!("{wrong}{}\n{error}\n", json!({ "type": "event" }));
    assert_eq!(envelope(&server, body).status, 200);
    // Kinds that are not kept, between those that are.
    let body = items(
        &json!({}),
        &[
            ("profile", json!({ "a": 1 })),
            ("statsd", json!("x")),
            ("of_the_future", json!({})),
            (
                "event",
                json!({ "event_id": "8".repeat(32), "message": "kept" }),
            ),
            ("session", json!({ "sid": "s", "status": "ok" })),
            (
                "client_report",
                json!({ "discarded_events": [{ "reason": "send_error", "category": "replay", "quantity": 7 }] }),
            ),
        ],
    );
    assert_eq!(envelope(&server, body).status, 200);
    assert_eq!(server.problems("unknown_item"), 3.0);
    let titles = wait_for("both errors", || {
        let list = server.json("/api/v1/issues?sort=first_seen");
        let titles: Vec<_> = list["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["title"].as_str().unwrap().to_owned())
            .collect();
        (titles.len() == 2).then_some(titles)
    });
    assert!(titles.contains(&"kept".to_owned()) && titles.contains(&"after it".to_owned()));
    // 20 MB in one item, a bomb of MessagePack, no JSON at all.
    let large = items(
        &json!({}),
        &[("event", json!({ "message": "x".repeat(20_000_000) }))],
    );
    let answer = envelope(&server, large);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.problems("event_too_large"), 1.0);
    let mut bomb = format!(
        "{}\n{}\n",
        json!({ "event_id": replay }),
        json!({ "type": "replay_video", "length": 100_000 })
    )
    .into_bytes();
    bomb.extend(std::iter::repeat_n(0x91, 100_000));
    assert_eq!(envelope(&server, bomb).status, 200);
    assert!(server.problems("invalid_item") >= 1.0);
    let answer = envelope(&server, "no envelope");
    assert_eq!(answer.status, 200, "it may have been a replay");
    assert_ne!(answer.header("x-sentry-error"), "");
    assert_eq!(server.problems("invalid_json"), 1.0);
    assert_eq!(envelope(&server, "").status, 200);

    let status = server.json("/api/v1/projects/1/ingest-status");
    let families = status["families"].as_array().unwrap();
    assert_eq!(families.len(), 1);
    let family = &families[0];
    assert_eq!(family["source"], "sentry");
    let rejected = |reason: &str| {
        let list = family["rejected"].as_array().unwrap();
        list.iter()
            .find(|it| it["reason"] == reason)
            .map(|it| it["count"].clone())
    };
    assert_eq!(rejected("unknown_item"), Some(json!(3)));
    assert_eq!(rejected("event_too_large"), Some(json!(1)));
    let items = family["items"].as_array().unwrap();
    assert!(
        items
            .iter()
            .any(|it| it["kind"] == "skipped" && it["count"] == 3),
        "{items:?}"
    );
    assert_eq!(
        status["client_losses"],
        json!([{ "reason": "send_error", "category": "replay", "count": 7 }])
    );
    assert_eq!(
        server.metric(
            "reenact_ingest_source_problems_total{source=\"sentry\",reason=\"unknown_item\"}"
        ),
        3.0
    );
    assert_eq!(
        server.metric("reenact_client_losses_total{category=\"replay\"}"),
        7.0
    );
    assert_eq!(server.complaints(), [""; 0]);
}

#[test]
fn two_projects_may_have_the_same_replay_id() {
    let server = start();
    let owner = Person::owner(&server);
    let second = owner.send(
        &server,
        "POST",
        "/api/v1/projects",
        json!({ "name": "Second" }),
    );
    assert_eq!(second.status, 201, "{}", second.text());
    let key = second.json()["ingest_key"].as_str().unwrap().to_owned();
    assert!(
        key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    let replay = "f".repeat(32);
    envelope(&server, segment(&replay, 0, &[1_795_000_000_000]));
    let body = segment(&replay, 0, &[1_795_000_000_000, 1_795_000_000_500]);
    let path = format!("{PATH}?sentry_key={key}");
    assert_eq!(server.send("POST", &path, &[], body.as_bytes()).status, 200);
    let first = server.replay_id(&replay, &replay);
    assert_eq!(server.events(&first).len(), 1);
    let other = wait_for("the other one", || {
        let list = owner.get(&server, "/api/v1/replays?project_id=2");
        list["replays"].as_array().unwrap().first().cloned()
    });
    assert_ne!(other["id"], first);
    assert_eq!(other["event_count"], 2);
}
