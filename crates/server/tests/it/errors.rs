//! Errors of pages and servers: on the replay's timeline, in issues, in any order.

use crate::captured::requests;
use crate::sentry::{self, envelope, items, segment};
use crate::server::{Server, wait_for};
use serde_json::{Value, json};

const START_MS: i64 = 1_795_000_000_000;
const REPLAY: &str = "11111111111111111111111111111111";
const TRACE: &str = "22222222222222222222222222222222";

fn error(event_id: &str, more: Value) -> Value {
    let mut event = json!({
        "event_id": event_id, "timestamp": START_MS as f64 / 1000.0 + 5.0, "platform": "javascript",
        "exception": { "values": [{ "type": "TypeError", "value": format!("x is {}", &event_id[..1]),
            "stacktrace": { "frames": [
                { "function": "library", "filename": "https://shop.test/vendor.js", "in_app": false },
                { "function": "pay", "filename": "https://shop.test/app.js", "lineno": 7, "in_app": true },
            ] } }] },
    });
    let members = event.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    event
}

fn id_of(digit: char) -> String {
    digit.to_string().repeat(32)
}

fn send(server: &Server, header: &Value, kind: &str, item: Value) {
    assert_eq!(envelope(server, items(header, &[(kind, item)])).status, 200);
}

/// A description of a part that lists an error and a trace.
fn listing(server: &Server, error: &str, trace: &str) {
    let event = json!({
        "type": "replay_event", "replay_id": REPLAY, "segment_id": 1, "timestamp": START_MS as f64 / 1000.0 + 9.0,
        "error_ids": [error], "trace_ids": [trace],
    });
    send(server, &json!({}), "replay_event", event);
}

fn links(server: &Server, id: &str) -> Vec<(String, String)> {
    let answer = server.json(&format!("/api/v1/replays/{id}/errors"));
    assert_eq!(answer["complete"], true);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = answer["errors"].as_array().unwrap().iter();
    list.map(|it| (text(&it["event_id"]), text(&it["link"])))
        .collect()
}

fn send_errors(server: &Server) {
    // Of the page in session mode; of one that started a buffer; of a server that knows
    // the replay by the trace's header; of a server that knows the trace alone.
    send(
        server,
        &json!({}),
        "event",
        error(&id_of('a'), json!({ "tags": { "replayId": REPLAY } })),
    );
    send(server, &json!({}), "event", error(&id_of('b'), json!({})));
    let header = json!({ "trace": { "trace_id": id_of('7'), "replay_id": REPLAY } });
    send(
        server,
        &header,
        "event",
        error(
            &id_of('c'),
            json!({ "platform": "python", "server_name": "web-1" }),
        ),
    );
    let context = json!({ "trace": { "trace_id": TRACE, "span_id": "1234567890abcdef" } });
    send(
        server,
        &json!({}),
        "event",
        error(
            &id_of('d'),
            json!({ "platform": "node", "contexts": context }),
        ),
    );
    send(server, &json!({}), "event", error(&id_of('e'), json!({})));
}

fn check_links(server: &Server) {
    let id = server.replay_id(REPLAY, REPLAY);
    let expected = [
        ('a', "named"),
        ('b', "listed"),
        ('c', "named"),
        ('d', "trace"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(digit, link)| (id_of(*digit), (*link).to_owned()))
        .collect();
    let mut found = Vec::new();
    wait_for("all links", || {
        found = links(server, &id);
        found.sort();
        (found.len() == 4).then_some(())
    });
    assert_eq!(found, expected);
    let row = wait_for("the count", || {
        let row = server.json(&format!("/api/v1/replays/{id}"));
        (row["linked_error_count"] == 4).then_some(row)
    });
    assert_eq!(row["error_count"], 4);
    assert_eq!(
        server.replay(REPLAY, REPLAY)["error_count"],
        4,
        "in the list as well"
    );
    let summary = server.json("/api/v1/summary?range=30d");
    assert!(summary["error_count"].is_u64());
}

#[test]
fn an_error_that_comes_later_changes_the_revision_of_the_manifest() {
    let server = crate::server::Options::default()
        .ingest_key(sentry::KEY)
        .sealing_at_once()
        .start();
    assert_eq!(
        envelope(&server, segment(REPLAY, 0, &[START_MS])).status,
        200
    );
    let id = server.replay_id(REPLAY, REPLAY);
    server.wait_until_sealed(&id);
    let revision = || {
        let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
        manifest["revision"].as_u64().unwrap()
    };
    let before = revision();
    let named = error(&id_of('a'), json!({ "tags": { "replayId": REPLAY } }));
    send(&server, &json!({}), "event", named);
    wait_for("a new revision", || (revision() > before).then_some(()));
    assert_eq!(links(&server, &id).len(), 1);
}

#[test]
fn errors_of_a_trace_are_of_the_replays_around_them() {
    let server = sentry::start();
    let context = json!({ "trace": { "trace_id": TRACE, "span_id": "1234567890abcdef" } });
    let traced = |digit: char, at_s: f64| {
        let more = json!({ "platform": "node", "contexts": context, "timestamp": at_s });
        send(&server, &json!({}), "event", error(&id_of(digit), more));
    };
    listing(&server, &id_of('9'), TRACE);
    assert_eq!(
        envelope(&server, segment(REPLAY, 0, &[START_MS])).status,
        200
    );
    let id = server.replay_id(REPLAY, REPLAY);
    // A server's clock that is wrong by days is no reason: both came just now.
    traced('d', START_MS as f64 / 1000.0 - 500_000.0);
    wait_for("the link", || {
        (links(&server, &id).len() == 1).then_some(())
    });
}

#[test]
fn errors_before_the_replay() {
    let server = sentry::start();
    send_errors(&server);
    listing(&server, &id_of('b'), TRACE);
    envelope(&server, segment(REPLAY, 0, &[START_MS]));
    check_links(&server);
}

#[test]
fn errors_after_the_replay_and_after_a_restart() {
    let mut server = sentry::start();
    envelope(&server, segment(REPLAY, 0, &[START_MS]));
    listing(&server, &id_of('b'), TRACE);
    send_errors(&server);
    send_errors(&server);
    check_links(&server);
    server.kill_9();
    server.restart();
    check_links(&server);
}

#[test]
fn equal_faults_are_one_issue() {
    let server = sentry::start();
    envelope(&server, segment(REPLAY, 0, &[START_MS]));
    for (digit, user) in [('1', "ada"), ('2', "bob"), ('3', "ada")] {
        let more = json!({ "user": { "id": user }, "release": format!("r{digit}"), "tags": { "replayId": REPLAY } });
        send(&server, &json!({}), "event", error(&id_of(digit), more));
    }
    let other = json!({ "exception": { "values": [{ "type": "Timeout", "value": "50%_done" }] }, "platform": "python", "server_name": "w" });
    send(&server, &json!({}), "event", error(&id_of('4'), other));
    let own = json!({ "fingerprint": ["mine"] });
    send(&server, &json!({}), "event", error(&id_of('5'), own));
    server.replay_id(REPLAY, REPLAY);
    let list = |query: &str| {
        let answer = server.json(&format!("/api/v1/issues?{query}"));
        answer["issues"].as_array().unwrap().clone()
    };
    wait_for("three issues", || {
        let issues = list("sort=events");
        (issues.len() == 3 && issues[0]["event_count"] == 3).then_some(())
    });
    let issues = list("sort=events");
    let issue = &issues[0];
    assert_eq!(issue["title"], "TypeError: x is 3");
    assert_eq!(issue["culprit"], "pay in https://shop.test/app.js");
    assert_eq!(
        (
            &issue["user_count"],
            &issue["session_count"],
            &issue["replay_count"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(list("status_side=server").len(), 1);
    assert_eq!(list("query=%25_").len(), 1, "a percent sign is no pattern");
    assert_eq!(list("release=r2").len(), 1);
    assert_eq!(list("to=2020-01-01").len(), 0);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.json(&format!("/api/v1/issues?sort=users&limit=1{cursor}"));
        seen.extend(
            page["issues"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["id"].as_i64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 3);

    let id = issue["id"].as_i64().unwrap();
    let detail = server.json(&format!("/api/v1/issues/{id}"));
    assert_eq!(detail["latest"].as_array().unwrap().len(), 3);
    assert_eq!(detail["latest"][0]["exceptions"][0]["frames"][1]["line"], 7);
    assert_eq!(detail["replays"].as_array().unwrap().len(), 1);
    assert_eq!(detail["replays"][0]["at_ms"], START_MS + 5000);
    assert_eq!(detail["replays"][0]["replay"]["session_id"], REPLAY);
    assert_eq!(detail["releases"].as_array().unwrap().len(), 3);
    assert_eq!(detail["per_day"].as_array().unwrap().len(), 30);
    let page = server.json(&format!("/api/v1/issues/{id}/errors?limit=2"));
    let next = page["next_cursor"].as_str().unwrap();
    let rest = server.json(&format!("/api/v1/issues/{id}/errors?limit=2&cursor={next}"));
    assert_eq!(rest["errors"].as_array().unwrap().len(), 1);
    let one = page["errors"][0]["id"].as_i64().unwrap();
    let one = server.json(&format!("/api/v1/errors/{one}"));
    assert_eq!(one["event"]["platform"], "javascript");
    for path in [
        "/api/v1/issues/99",
        "/api/v1/issues/x",
        "/api/v1/errors/99",
        "/api/v1/issues/99/errors",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    for query in ["sort=title", "limit=0", "cursor=x", "status_side=left"] {
        assert_eq!(
            server.get(&format!("/api/v1/issues?{query}")).status,
            400,
            "{query}"
        );
    }
    assert_eq!(server.send("GET", "/api/v1/issues", &[], ()).status, 401);
}

#[test]
fn captured_servers_continue_a_trace() {
    let server = sentry::start();
    sentry::send_all(&server, "sentry/backend");
    let named = wait_for("errors of servers", || {
        let list = server.json("/api/v1/issues?status_side=server");
        let issues = list["issues"].as_array().unwrap().clone();
        (!issues.is_empty()).then_some(issues)
    });
    let id = named[0]["id"].as_i64().unwrap();
    let errors = server.json(&format!("/api/v1/issues/{id}/errors"));
    let error = &errors["errors"][0];
    assert_eq!(error["link"], "named", "{error}");
    assert_eq!(error["is_server_side"], true);
    let platforms: Vec<_> = requests("sentry/backend")
        .iter()
        .map(|it| it.path().to_owned())
        .collect();
    assert!(platforms.iter().all(|path| path == "/api/43/envelope/"));
}

#[test]
fn words_of_visitors_are_events() {
    let server = sentry::start();
    sentry::send_all(&server, "sentry/feedback-v11");
    let event = wait_for("the feedback", || {
        let list = server.json("/api/v1/events?event_type=%24feedback");
        list["events"].as_array().unwrap().first().cloned()
    });
    assert!(event["event_properties"]["message"].is_string(), "{event}");
    assert!(event["replay"].is_string());
    let status = server.json("/api/v1/projects/1/ingest-status");
    let items = status["families"][0]["items"].as_array().unwrap();
    assert!(
        items.iter().any(|it| it["kind"] == "attachment"),
        "{items:?}"
    );
}

#[test]
fn credentials_are_not_kept() {
    let server = sentry::start();
    let request = json!({ "url": "https://shop.test/", "headers": { "Cookie": "sid=hush-hush", "Accept": "text/html" } });
    let more = json!({ "request": request, "extra": { "key": sentry::KEY } });
    send(&server, &json!({}), "event", error(&id_of('6'), more));
    let error = wait_for("the error", || {
        let answer = server.get("/api/v1/errors/1");
        (answer.status == 200).then(|| answer.text())
    });
    assert!(
        !error.contains("hush-hush") && !error.contains(sentry::KEY),
        "{error}"
    );
    assert!(error.contains("text/html"));
}
