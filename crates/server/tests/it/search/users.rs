//! Looking a person up, and what they did.

use super::{said, start};
use crate::recording::{START_MS, analytics};
use crate::server::{Server, percent_encode, wait_for};
use serde_json::{Value, json};

fn users(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.json(&format!("/api/v1/users?{query}"));
    answer["users"].as_array().unwrap().clone()
}

#[test]
fn a_person_is_found_by_any_of_their_names_and_properties() {
    let server = start();
    wait_for("the person", || {
        (!users(&server, "email=ada@shop.test").is_empty()).then_some(())
    });
    for (query, expected) in [
        ("identity=ada", 1),
        ("device=a", 1),
        ("email=ADA@shop.test", 1),
        ("email=ada@shop", 0),
        ("property=tier&value=gold", 1),
        ("property=tier&value=silver", 0),
        ("property=tier&value=gold&device=b", 0),
    ] {
        let found = users(&server, query);
        assert_eq!(found.len(), expected, "{query}");
        assert!(found.iter().all(|user| user["user_id"] == "ada"), "{query}");
    }
    for bad in ["property=tier", "email=x&value=y", "device=a&identity=b"] {
        assert_eq!(
            server.get(&format!("/api/v1/users?{bad}")).status,
            400,
            "{bad}"
        );
    }
}

fn events_of(sessions: &[Value]) -> Vec<String> {
    let events = sessions
        .iter()
        .flat_map(|it| it["events"].as_array().unwrap());
    events
        .map(|it| {
            format!(
                "{} {}",
                it["event_type"].as_str().unwrap(),
                it["at_ms"].as_i64().unwrap() - START_MS
            )
        })
        .collect()
}

#[test]
fn what_a_person_did_is_shown_by_session() {
    let server = start();
    let long = "x".repeat(2_000);
    let outside = json!({"event_type": "Mailed", "device_id": "a", "user_id": "ada", "time": START_MS + 90_000,
        "insert_id": "m", "event_properties": {"text": long}});
    // Two in one moment: no page may miss or repeat one.
    let twins = [20_000, 20_000].map(|after| said("a", "Twin", after, json!({})));
    let twins: Vec<_> = twins
        .into_iter()
        .enumerate()
        .map(|(at, mut event)| {
            event["insert_id"] = json!(format!("twin-{at}"));
            event
        })
        .collect();
    assert_eq!(
        analytics(&server, &json!([outside, twins[0], twins[1]])).status,
        200
    );
    let ada = wait_for("the person", || users(&server, "identity=a").pop());
    let path = format!("/api/v1/users/{}/events", ada["id"]);
    let whole = wait_for("all events", || {
        let answer = server.json(&path);
        let sessions = answer["sessions"].as_array().unwrap();
        (events_of(sessions).len() >= 8).then_some(answer)
    });
    assert_eq!(whole["next_cursor"], Value::Null);
    let sessions = whole["sessions"].as_array().unwrap();
    let events = events_of(sessions);
    let expected = [
        "Mailed 90000",
        "Twin 20000",
        "Twin 20000",
        "Bought 15000",
        "Bought 10000",
        "Looked 100",
        "[Amplitude] Replay Captured 0",
        "Looked 0",
    ];
    assert_eq!(events, expected);
    let of = |at: usize| (&sessions[at]["device_id"], &sessions[at]["replay"]["id"]);
    assert_eq!(sessions.len(), 3);
    assert_eq!(
        (of(0), &sessions[0]["id"]),
        ((&Value::Null, &Value::Null), &Value::Null)
    );
    let replay = server.replay("a", "1");
    assert_eq!(of(1), (&json!("a"), &replay["id"]));
    assert_eq!(
        of(2),
        (&json!("d"), &Value::Null),
        "a session without a recording"
    );
    assert!(sessions[2]["id"].is_string());
    assert_eq!(sessions[1]["started_at"], replay["started_at"]);
    let mailed = &sessions[0]["events"][0];
    assert_eq!(
        mailed["event_properties"]["text"], long,
        "whole, not as it is indexed"
    );

    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.json(&format!("{path}?limit=1{cursor}"));
        paged.extend(events_of(page["sessions"].as_array().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", percent_encode(next)),
            None => break,
        }
    }
    assert_eq!(paged, expected);
    let one = server.json(&format!(
        "/api/v1/events/{}",
        sessions[1]["events"][2]["id"]
    ));
    assert_eq!(
        (&one["event_type"], &one["replay"]["id"]),
        (&json!("Bought"), &replay["id"])
    );
    assert_eq!(one["raw"]["event_properties"]["plan"], "free");
    // Of a device that no person is known for.
    let lone = server.json("/api/v1/events/stream?identity=c");
    let names = events_of(lone["sessions"].as_array().unwrap());
    assert_eq!(names, ["[Amplitude] Replay Captured 7200000"]);
    assert_eq!(lone["sessions"][0]["replay"]["device_id"], "c");
    assert_eq!(server.get("/api/v1/events/stream").status, 400);
    for missing in [
        "/api/v1/events/999999",
        "/api/v1/events/x",
        "/api/v1/users/999/events",
    ] {
        assert_eq!(server.get(missing).status, 404, "{missing}");
    }
}
