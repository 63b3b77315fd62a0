//! Names for what the vendors' SDKs captured by themselves, beside what they sent.

use crate::captured::requests;
use crate::fixtures::CAPTURE_KEY;
use crate::person::{Person, STRANGER, add_people};
use crate::posthog;
use crate::recording::{START_MS, analytics, event, upload};
use crate::server::{Options, Server, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Of all replays: what was sent, and the name that it gets.
fn names_beside_replays(server: &Server) -> BTreeSet<(String, String)> {
    let mut names = BTreeSet::new();
    for replay in server.replays() {
        let path = format!(
            "/api/v1/replays/{}/analytics",
            replay["id"].as_str().unwrap()
        );
        for event in server.json(&path)["events"].as_array().unwrap() {
            assert!(event["event_properties"].is_object(), "{event}");
            let raw = event["event_type"].as_str().unwrap().to_owned();
            let name = event["generated_name"].as_str().unwrap_or("").to_owned();
            names.insert((raw, name));
        }
    }
    names
}

fn expect(server: &Server, expected: &[(&str, &str)]) {
    wait_for("the names beside the replays", || {
        let names = names_beside_replays(server);
        let has = |(raw, name): &(&str, &str)| names.contains(&((*raw).into(), (*name).into()));
        expected.iter().all(has).then_some(())
    });
}

#[test]
fn amplitudes_autocapture_is_named_beside_its_replay() {
    let server = Options::default().ingest_key(CAPTURE_KEY).start();
    for request in requests("amplitude/plugin") {
        request.send(&server);
    }
    expect(
        &server,
        &[
            ("[Amplitude] Element Clicked", "Clicked \"Send form\""),
            ("[Amplitude] Form Submitted", "Submitted form \"f\""),
        ],
    );
}

#[test]
fn posthogs_autocapture_is_named_beside_its_replay() {
    let server = posthog::start();
    posthog::send_all(&server, "posthog/full");
    expect(
        &server,
        &[
            ("$autocapture", "Clicked \"Add to cart\""),
            ("$pageview", "Viewed \"Lamp shop\""),
        ],
    );
}

fn said(number: i64, event_type: &str) -> Value {
    json!({"event_type": event_type, "device_id": "d", "session_id": 1, "time": START_MS + number * 100,
        "insert_id": format!("i-{number}"), "event_properties": {"number": number}})
}

#[test]
fn the_events_of_a_session_come_in_pages_and_to_their_own_people_only() {
    let server = Server::start();
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    let mut events: Vec<_> = (0..7).map(|number| said(number, "Looked")).collect();
    events[3]["event_type"] = "[Amplitude] Page Viewed".into();
    events[3]["event_properties"]["[Amplitude] Page Title"] = "Shop".into();
    let mut other = said(8, "Elsewhere");
    other["session_id"] = 2.into();
    events.push(other);
    assert_eq!(analytics(&server, &json!(events)).status, 200);
    let id = server.replay_id("d", "1");
    let path = format!("/api/v1/replays/{id}/analytics");
    wait_for("all events", || {
        let found = server.json(&path)["events"].as_array().unwrap().len();
        // With the one that says that there is a recording.
        (found == 8).then_some(())
    });
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.json(&format!("{path}?limit=3{cursor}"));
        for event in page["events"].as_array().unwrap() {
            let Some(number) = event["event_properties"]["number"].as_i64() else {
                assert_eq!(event["event_type"], "[Amplitude] Replay Captured");
                continue;
            };
            numbers.push(number);
            let is_named = event["generated_name"] == "Viewed \"Shop\"";
            assert_eq!(is_named, numbers.last() == Some(&3), "{event}");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(numbers, [6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(server.get(&format!("{path}?limit=1001")).status, 400);
    assert_eq!(server.get(&format!("{path}?cursor=x")).status, 400);
    add_people(&server);
    let stranger = Person::log_in(&server, STRANGER);
    let answer = stranger.send(&server, "GET", &path, Value::Null);
    assert_eq!(answer.status, 404);
}
