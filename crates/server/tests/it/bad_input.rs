//! Nobody can break the server by what they send. Every refusal has its answer, is
//! counted, and leaves the server as it was.

use crate::recording::{
    START_MS, analytics, event, gzip, timestamps, track_body, track_path, upload,
};
use crate::server::{Answer, Server, percent_encode, wait_for};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

/// Data that the server must still take after whatever came before.
pub fn assert_still_works(server: &Server, number: u64) {
    let session_id = format!("afterwards {number}");
    upload(server, "good", &session_id, &[event(START_MS, number)]);
    let id = server.replay_id("good", &session_id);
    assert_eq!(server.events(&id), [event(START_MS, number)]);
}

pub fn post(server: &Server, path: &str, encoding: &str, body: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", server.options.ingest_key);
    let mut headers = vec![("authorization", bearer.as_str())];
    if !encoding.is_empty() {
        headers.push(("content-encoding", encoding));
    }
    server.send("POST", path, &headers, body)
}

/// A body that matches this makes the SDK halve its batch down to single events.
pub fn assert_starts_no_storm(answer: &Answer) {
    let text = answer.text().to_lowercase();
    assert!(
        !(text.contains("payload") && text.contains("exceed")),
        "{text}"
    );
}

/// 1 GB of zeros: one compressed member, many times.
fn zip_bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 16 << 20]).unwrap();
    encoder.finish().unwrap().repeat(64)
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn requests_that_cannot_be_understood_are_refused_by_name() {
    let server = Server::start();
    let track = track_path("d", "1", "replay");
    let with_ids = |device_id: &str, session_id: &str| {
        let (device_id, session_id) = (percent_encode(device_id), percent_encode(session_id));
        format!("/sessions/v2/track?device_id={device_id}&session_id={session_id}")
    };
    let good = track_body(&[event(START_MS, 1)]);
    let long_id = "i".repeat(10_000);
    let half_gzip = &gzip(&good)[..20];
    let deep = nested(1_000_000).into_bytes();
    let cases = [
        (
            "text for gzip",
            track.clone(),
            "gzip",
            good.clone(),
            400,
            "invalid_encoding",
        ),
        (
            "half of a gzip stream",
            track.clone(),
            "gzip",
            half_gzip.to_vec(),
            400,
            "invalid_encoding",
        ),
        (
            "an unknown encoding",
            track.clone(),
            "lzma",
            good.clone(),
            400,
            "invalid_encoding",
        ),
        (
            "encodings upon encodings",
            track.clone(),
            "gzip, gzip, gzip",
            gzip(&good),
            400,
            "invalid_encoding",
        ),
        (
            "a zip bomb",
            track.clone(),
            "gzip",
            zip_bomb(),
            413,
            "too_large",
        ),
        (
            "a zip bomb in disguise",
            track.clone(),
            "",
            zip_bomb(),
            413,
            "too_large",
        ),
        ("no body", track.clone(), "", vec![], 400, "invalid_json"),
        (
            "half of a document",
            track.clone(),
            "",
            good[..20].to_vec(),
            400,
            "invalid_json",
        ),
        (
            "a list",
            track.clone(),
            "",
            b"[]".to_vec(),
            400,
            "invalid_json",
        ),
        (
            "no events",
            track.clone(),
            "",
            b"{}".to_vec(),
            400,
            "invalid_json",
        ),
        (
            "a deep list",
            track.clone(),
            "",
            deep.clone(),
            400,
            "invalid_json",
        ),
        (
            "bytes",
            track.clone(),
            "",
            vec![0xff; 1000],
            400,
            "invalid_json",
        ),
        (
            "an unknown type",
            format!("{track}x"),
            "",
            good.clone(),
            400,
            "invalid_json",
        ),
        (
            "no session",
            "/sessions/v2/track?device_id=d".to_owned(),
            "",
            good.clone(),
            400,
            "invalid_id",
        ),
        (
            "an empty id",
            with_ids(" ", "1"),
            "",
            good.clone(),
            400,
            "invalid_id",
        ),
        (
            "an id of 10 kB",
            with_ids(&long_id, "1"),
            "",
            good.clone(),
            400,
            "invalid_id",
        ),
    ];
    for (what, path, encoding, body, status, reason) in cases {
        let before = server.problems(reason);
        let answer = post(&server, &path, encoding, &body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert_eq!(answer.json()["error"]["code"], reason, "{what}");
        assert_starts_no_storm(&answer);
        assert_eq!(server.problems(reason), before + 1.0, "{what} is counted");
    }
    assert_still_works(&server, 1);
    assert_eq!(server.replays().len(), 1, "nothing of it was kept");
    assert_eq!(server.complaints(), [""; 0]);
}

#[test]
fn unknown_keys_get_the_answer_that_makes_an_sdk_give_up() {
    let server = Server::start();
    let body = track_body(&[event(START_MS, 1)]);
    let track = track_path("d", "1", "replay");
    for headers in [vec![], vec![("authorization", "Bearer no-such-key")]] {
        let answer = server.send("POST", &track, &headers, body.as_slice());
        assert_eq!(answer.json()["error"]["code"], "unknown_key");
        assert_eq!(answer.status, 401);
    }
    let config = server.send("GET", "/config/no-such-key?config_group=browser", &[], ());
    assert_eq!(config.status, 401);
    let events =
        json!({"api_key": "no-such-key", "events": [{"event_type": "a", "device_id": "d"}]});
    let answer = server.send("POST", "/2/httpapi", &[], events.to_string());
    assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(400)));
    assert!(
        answer.json()["error"]
            .as_str()
            .unwrap()
            .starts_with("Invalid API key")
    );
    assert_eq!(server.problems("unknown_key"), 4.0);
    assert_still_works(&server, 1);
}

#[test]
fn the_events_api_speaks_the_vendors_language_of_refusal() {
    let server = Server::start();
    let key = &server.options.ingest_key;
    let with_key = |rest: &str| format!("{{\"api_key\":\"{key}\",{rest}}}").into_bytes();
    let many = vec![json!({"event_type": "a", "device_id": "d"}); 2_001];
    for (body, encoding, code, missing) in [
        (b"{}".to_vec(), "", 400, Some("api_key")),
        (with_key("\"version\":1"), "", 400, Some("events")),
        (with_key("\"events\":[{}]"), "", 400, Some("event_type")),
        (
            with_key("\"events\":[{\"event_type\":\"a\"}]"),
            "",
            400,
            Some("device_id"),
        ),
        (b"?".to_vec(), "", 400, None),
        (b"?".to_vec(), "gzip", 400, None),
        (
            with_key(&format!("\"events\":[{}]", nested(10_000))),
            "",
            400,
            Some("events"),
        ),
        (
            with_key(&format!("\"x\":{},\"events\":7", nested(1_000_000))),
            "",
            400,
            None,
        ),
        (
            with_key(&format!("\"events\":{}", json!(many))),
            "",
            413,
            None,
        ),
        (zip_bomb(), "gzip", 413, None),
    ] {
        let answer = post(&server, "/2/httpapi", encoding, &body);
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["code"]),
            (code, &json!(code)),
            "{said}"
        );
        assert_eq!(said["missing_field"].as_str(), missing, "{said}");
    }
    // One bad event does not take the good one with it.
    let mixed =
        json!([{"event_type": "kept", "device_id": "d", "time": -5}, 7, {"event_type": "x"}]);
    assert_eq!(analytics(&server, &mixed).json()["code"], 200);
    wait_for("the good event", || {
        let found = server.json("/api/v1/events?event_type=kept");
        (found["events"].as_array().unwrap().len() == 1).then_some(())
    });
    assert!(server.problems("invalid_event") >= 2.0);
}

#[test]
fn any_content_type_is_taken() {
    let server = Server::start();
    let bearer = format!("Bearer {}", server.options.ingest_key);
    for (at, kind) in [
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "nonsense",
        "",
    ]
    .iter()
    .enumerate()
    {
        let mut headers = vec![("authorization", bearer.as_str())];
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        let path = track_path("d", &at.to_string(), "replay");
        let body = track_body(&[event(START_MS, 1)]);
        assert_eq!(
            server.send("POST", &path, &headers, body).status,
            200,
            "{kind}"
        );
        server.replay("d", &at.to_string());
    }
}

/// Sends one event as text in a body of its own, and reads it back.
fn round_trip(server: &Server, session_id: &str, event: &str) -> Vec<Value> {
    let body = json!({"version": 1, "events": [event]}).to_string();
    let answer = post(
        server,
        &track_path("d", session_id, "replay"),
        "",
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = server.replay_id("d", session_id);
    server.events(&id)
}

#[test]
fn broken_events_are_repaired_or_left_out() {
    let server = Server::start();
    let sound = START_MS..START_MS + 1;
    let now_ms = || jiff::Timestamp::now().as_millisecond();
    let before_ms = now_ms();
    for (at, timestamp) in [
        "-1",
        "0",
        "1e300",
        "-9223372036854775808",
        "99999999999999",
        "null",
        "\"x\"",
    ]
    .iter()
    .enumerate()
    {
        let text = format!("{{\"type\":3,\"timestamp\":{timestamp},\"data\":{{}}}}");
        let kept = round_trip(&server, &format!("time {at}"), &text);
        let time = timestamps(&kept)[0];
        assert!(
            (before_ms..=now_ms()).contains(&time),
            "{timestamp} became {time}"
        );
        assert_eq!(server.problems("repaired_timestamp"), (at + 1) as f64);
    }
    // With sound ones around it, it takes the place where it stood.
    let three = [event(sound.start, 1), event(-7, 2), event(sound.end, 3)];
    upload(&server, "d", "neighbours", &three);
    let id = server.replay_id("d", "neighbours");
    assert_eq!(
        timestamps(&server.events(&id)),
        [sound.start, sound.start, sound.end]
    );

    // Half a character, in the event's text and in the text around it.
    let half = "{\"type\":3,\"timestamp\":1767600000000,\"data\":{\"text\":\"half \\ud83d\"}}";
    let kept = round_trip(&server, "half", half);
    assert_eq!(kept[0]["data"]["text"], "half \u{fffd}");
    let around = br#"{"version":1,"events":["{\"type\":3,\"timestamp\":1767600000000,\"data\":{\"text\":\"half \ud83d\"}}"]}"#;
    assert_eq!(
        post(&server, &track_path("d", "around", "replay"), "", around).status,
        200
    );
    let id = server.replay_id("d", "around");
    assert_eq!(server.events(&id)[0]["data"]["text"], "half \u{fffd}");
    assert_eq!(server.problems("repaired_text"), 2.0);

    // Too deep: left out, and the rest of the upload is kept.
    let deep = format!("{{\"type\":3,\"timestamp\":1,\"data\":{}}}", nested(10_000));
    let body = json!({"version": 1, "events": [deep, "?", 7, null, "", {"a": 1}, event(START_MS, 1).to_string()]});
    assert_eq!(
        post(
            &server,
            &track_path("d", "mixed", "replay"),
            "",
            body.to_string().as_bytes()
        )
        .status,
        200
    );
    let id = server.replay_id("d", "mixed");
    assert_eq!(server.events(&id), [event(START_MS, 1)]);
    assert_eq!(server.problems("too_deep"), 1.0);
    assert_eq!(server.problems("invalid_event"), 5.0);
}

#[test]
fn odd_ids_are_kept_apart() {
    let server = Server::start();
    for (device_id, session_id) in [
        ("a/b", "c"),
        ("a", "b/c"),
        ("a b+c%", "?&="),
        ("ü", "日本"),
        ("../..", "'; DROP TABLE replays"),
    ] {
        upload(&server, device_id, session_id, &[event(START_MS, 1)]);
        let row = server.replay(device_id, session_id);
        assert_eq!(row["replay_id"], format!("{device_id}/{session_id}"));
        assert_eq!(server.events(row["id"].as_str().unwrap()).len(), 1);
    }
    upload(&server, "a\u{0}b\n", "\u{1b}[31m", &[event(START_MS, 1)]);
    server.replay("a\u{fffd}b", "\u{fffd}[31m");
    assert_eq!(server.replays().len(), 6);
}

#[test]
fn an_empty_list_is_a_success() {
    let server = Server::start();
    let answer = post(
        &server,
        &track_path("d", "1", "replay"),
        "",
        b"{\"version\":1,\"events\":[]}",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(analytics(&server, &json!([])).json()["code"], 200);
    assert_still_works(&server, 1);
    assert_eq!(server.replays().len(), 1);
}

#[test]
fn large_events_are_kept_and_larger_ones_left_out() {
    let server = Server::start();
    let of_bytes = |size: usize| {
        let empty = json!({"type": 5, "timestamp": START_MS, "data": {"tag": "x", "payload": ""}});
        let filler = "y".repeat(size - empty.to_string().len());
        json!({"type": 5, "timestamp": START_MS, "data": {"tag": "x", "payload": filler}})
    };
    let (large, larger) = (of_bytes(10_000_000), of_bytes(10_000_001));
    upload(
        &server,
        "d",
        "1",
        &[larger, large.clone(), event(START_MS + 1, 1)],
    );
    let id = server.replay_id("d", "1");
    assert_eq!(server.events(&id), [large, event(START_MS + 1, 1)]);
    assert_eq!(server.problems("event_too_large"), 1.0);
}
