//! Uploads come twice, in any order, and long after their replay was sealed.

use crate::recording::{
    START_MS, event, gzip, meta, number_of, snapshot, timestamps, track, track_body, track_path,
    upload,
};
use crate::server::{Options, Server, wait_for};
use serde_json::{Value, json};

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().filter_map(number_of).collect()
}

#[test]
fn the_same_events_by_fetch_and_by_beacon_count_once() {
    let server = Server::start();
    let events: Vec<_> = (0..5).map(|n| event(START_MS + n, n as u64)).collect();
    let path = track_path("d", "1", "replay");
    let texts: Vec<_> = events[1..].iter().map(Value::to_string).collect();
    let beacon = json!({"version": 2, "events": texts}).to_string();
    let beacon_path = format!("{path}&api_key={}", server.options.ingest_key);
    let beacon_headers = [("content-type", "application/json")];
    for _ in 0..2 {
        let sent = server.send("POST", &beacon_path, &beacon_headers, beacon.as_str());
        assert_eq!(sent.status, 200);
        assert_eq!(track(&server, &path, &track_body(&events)).status, 200);
    }
    let id = server.replay_id("d", "1");
    assert_eq!(numbers(&server.events(&id)), [0, 1, 2, 3, 4]);
    assert_eq!(
        server.json(&format!("/api/v1/replays/{id}"))["event_count"],
        5
    );
    assert_eq!(server.metric("reenact_replay_events_total"), 5.0);
    assert_eq!(server.metric("reenact_duplicate_replay_events_total"), 13.0);
}

#[test]
fn uploads_in_any_order_are_played_in_order_of_time() {
    let server = Server::start();
    // 7 has no common factor with 50: every number once, well mixed.
    for n in (0..50).map(|n| n * 7 % 50) {
        let at_ms = START_MS + n * 10;
        // Equal times keep the order of arrival.
        upload(
            &server,
            "d",
            "1",
            &[event(at_ms, n as u64 * 2), event(at_ms, n as u64 * 2 + 1)],
        );
    }
    let id = server.replay_id("d", "1");
    assert_eq!(numbers(&server.events(&id)), (0..100).collect::<Vec<_>>());
    let row = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(
        (&row["duration_ms"], &row["event_count"]),
        (&json!(490), &json!(100))
    );
    let part = server.array(&format!(
        "/api/v1/replays/{id}/events?from={}&to={}",
        START_MS + 100,
        START_MS + 120
    ));
    assert_eq!(
        numbers(&part),
        [20, 21, 22, 23],
        "`from` is inclusive and `to` is not"
    );
}

#[test]
fn late_data_is_merged_into_a_sealed_replay() {
    let mut server = Options::default().sealing_at_once().start();
    let first = [
        meta(START_MS, "https://shop.test/"),
        snapshot(START_MS + 1),
        event(START_MS + 100, 1),
    ];
    upload(&server, "d", "1", &first);
    let id = server.replay_id("d", "1");
    server.wait_until_sealed(&id);
    let (version, _) = server.sealed(&id);

    let late = [event(START_MS + 50, 2), event(START_MS + 200, 3)];
    upload(&server, "d", "1", &[&first[..], &late].concat());
    let check = |server: &Server| {
        let events = server.events(&id);
        assert_eq!((events.len(), numbers(&events)), (5, vec![2, 1, 3]));
        assert!(timestamps(&events).is_sorted());
        assert_eq!(
            server.json(&format!("/api/v1/replays/{id}"))["event_count"],
            5
        );
    };
    check(&server);
    server.wait_until_sealed(&id);
    check(&server);
    assert!(server.sealed(&id).0 > version, "a new version was written");

    // Nothing of the replay is in memory after this.
    assert_eq!(server.stop(), Some(0));
    server.restart();
    check(&server);
    upload(&server, "d", "1", &[&first[..], &late].concat());
    check(&server);
    upload(&server, "d", "1", &[event(START_MS + 60, 4)]);
    server.wait_until_sealed(&id);
    assert_eq!(numbers(&server.events(&id)), [2, 4, 1, 3]);
    assert_eq!(server.replays().len(), 1);
    let captured = server.json("/api/v1/events?event_type=%5BAmplitude%5D%20Replay%20Captured");
    assert_eq!(captured["events"].as_array().unwrap().len(), 1);
}

fn click(count: u64) -> Value {
    json!({"type": "click", "x": 10, "y": 20, "count": count, "timestamp": 1_767_600_000_000_i64,
        "viewportWidth": 800, "viewportHeight": 600, "pageUrl": "https://shop.test/", "selector": "#buy"})
}

/// Clicks carry the hour only, so equal ones in different requests are different clicks.
#[test]
fn interactions_count_once_per_request() {
    let server = Options::default().sealing_at_once().start();
    let path = track_path("d", "1", "interaction");
    let one = json!({"version": 1, "events": [click(1)]}).to_string();
    let two = json!({"version": 1, "events": [click(1), click(2)]}).to_string();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(track(&server, &path, one.as_bytes()).status, 200));
        }
    });
    assert_eq!(track(&server, &path, two.as_bytes()).status, 200);
    let id = server.replay_id("d", "1");
    let check = || {
        let found = server.array(&format!("/api/v1/replays/{id}/interactions"));
        assert_eq!(found, [click(1), click(1), click(2)]);
        assert_eq!(
            server.json(&format!("/api/v1/replays/{id}"))["interaction_count"],
            3
        );
    };
    check();
    wait_for("the seal", || (server.sealed(&id).0 > 0).then_some(()));
    // Sent once more, by a beacon without content encoding and type.
    let beacon = format!("{path}&api_key={}", server.options.ingest_key);
    let headers = [("content-type", "text/plain;charset=UTF-8")];
    assert_eq!(
        server.send("POST", &beacon, &headers, one.as_str()).status,
        200
    );
    check();
}

#[test]
fn one_device_with_two_sessions_has_two_replays() {
    let server = Server::start();
    let shared = event(START_MS, 1);
    upload(&server, "d", "1", std::slice::from_ref(&shared));
    upload(&server, "d", "2", &[shared, event(START_MS + 1, 2)]);
    for (session_id, count) in [("1", 1), ("2", 2)] {
        assert_eq!(server.replay("d", session_id)["event_count"], count);
    }
    assert_eq!(server.replays().len(), 2);
}

#[test]
fn an_event_without_an_own_id_is_kept_once_per_upload() {
    let mut server = Server::start();
    let body = json!({"api_key": server.options.ingest_key,
        "events": [{"event_type": "bought", "device_id": "d", "time": START_MS, "insert_id": "a"},
            {"event_type": "bought", "device_id": "d", "time": START_MS}]})
    .to_string();
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    for _ in 0..2 {
        let answer = server.send("POST", "/batch", &headers, gzip(body.as_bytes()));
        assert_eq!(answer.json()["code"], 200);
    }
    let count = |server: &Server| {
        server.json("/api/v1/events?event_type=bought")["events"]
            .as_array()
            .unwrap()
            .len()
    };
    wait_for("three events", || (count(&server) == 3).then_some(()));
    assert_eq!(server.stop(), Some(0));
    server.restart();
    assert_eq!(count(&server), 3);
}

/// The row and the announcement are two writes: a crash may come in between.
#[test]
fn a_replay_whose_announcement_was_lost_is_announced_later() {
    let mut server = Server::start();
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    server.replay("d", "1");
    let announcements = |server: &Server| {
        let found = server.json("/api/v1/events?event_type=%5BAmplitude%5D%20Replay%20Captured");
        found["events"].as_array().unwrap().len()
    };
    wait_for("the announcement", || {
        (announcements(&server) == 1).then_some(())
    });
    server.kill_9();
    let catalog = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    assert_eq!(catalog.execute("DELETE FROM events", []).unwrap(), 1);
    drop(catalog);
    server.restart();
    wait_for("the announcement", || {
        (announcements(&server) == 1).then_some(())
    });
}
