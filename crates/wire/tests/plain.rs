//! Bare rrweb events in their three shapes, sound and broken.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use flate2::{Compression, write::ZlibEncoder};
use model::Timestamp;
use model::ingest::{Client, Problems, Reason, ReplayPayload, ReplayUpload};
use std::io::Write;
use wire::Rejection;

const T: i64 = 1_795_225_016_000;

fn received_at() -> Timestamp {
    Timestamp::from_millis(T + 500)
}

fn plain(body: &str) -> Result<ReplayUpload, Rejection> {
    wire::plain::decode_plain(
        body.as_bytes(),
        "d",
        "1",
        Client::default(),
        received_at(),
        1_000_000,
    )
}

/// Texts of what was kept, and problems by name.
fn outcome(upload: ReplayUpload) -> (Vec<String>, Vec<(&'static str, u64)>) {
    let texts = match upload.payload {
        ReplayPayload::Events(events) => events.into_iter().map(|event| event.json).collect(),
        ReplayPayload::Interactions { interactions, .. } => {
            interactions.into_iter().map(|it| it.json).collect()
        }
    };
    (texts, counts(&upload.problems))
}

fn counts(problems: &Problems) -> Vec<(&'static str, u64)> {
    problems
        .iter()
        .map(|problem| (problem.reason.name(), problem.count))
        .collect()
}

fn pack(event: &str) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(event.as_bytes()).unwrap();
    encoder
        .finish()
        .unwrap()
        .into_iter()
        .map(char::from)
        .collect()
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn event(timestamp: &str) -> String {
    format!(r#"{{"type":3,"timestamp":{timestamp},"data":{{"source":1}}}}"#)
}

#[track_caller]
fn check_rejected(result: Result<ReplayUpload, Rejection>, reason: Reason, words: &str) {
    let rejection = result.unwrap_err();
    assert_eq!(rejection.reason, reason);
    assert!(rejection.message.contains(words), "{}", rejection.message);
}

#[test]
fn plain_bodies_have_three_shapes() {
    let (one, two) = (event(&T.to_string()), event(&(T + 1).to_string()));
    let packed = quote(&pack(&format!(r#"{{"v":"v1",{}"#, &two[1..])));
    for body in [
        format!("[{one},{two}]"),
        format!("[{one},{packed}]"),
        format!(r#"{{"events":[{one},{two}]}}"#),
        format!("{one}\n{two}"),
        format!("\u{feff}{one}\r\n\r\n  {packed}\n"),
        format!("{packed}\n{one}"),
    ] {
        let (mut texts, problems) = outcome(plain(&body).unwrap());
        texts.sort();
        assert_eq!(
            (texts, problems),
            (vec![one.clone(), two.clone()], vec![]),
            "{body}"
        );
    }
    let single = outcome(plain(&one.replace(',', ",\n")).unwrap());
    assert_eq!(single, (vec![one], vec![]));
}

#[test]
fn plain_bodies_lose_only_their_broken_lines() {
    let (one, two) = (event(&T.to_string()), event("-1"));
    let (texts, problems) =
        outcome(plain(&format!("{one}\n{{\"type\":3,\nnonsense\n7\n{two}\n")).unwrap());
    assert_eq!(texts, [one.as_str(), one.as_str()]);
    assert_eq!(problems, [("invalid_event", 3), ("repaired_timestamp", 1)]);
    let (texts, problems) = outcome(plain(&format!("{{\"type\":3,\n{one}")).unwrap());
    assert_eq!((texts, problems), (vec![one], vec![("invalid_event", 1)]));
}

#[test]
fn plain_bodies_that_are_no_upload_are_refused() {
    for (body, words) in [
        ("", "body is empty"),
        ("hello\nworld", "neither an array"),
        ("[{}", "not valid JSON"),
        (r#"{"events":7}"#, "array `events`"),
    ] {
        check_rejected(plain(body), Reason::InvalidJson, words);
    }
    let upload = wire::plain::decode_plain(b"[]", " ", "1", Client::default(), received_at(), 100);
    check_rejected(upload, Reason::InvalidId, "`device_id` is missing");
    let upload = wire::plain::decode_plain(
        b"[]",
        "d",
        &"x".repeat(600),
        Client::default(),
        received_at(),
        100,
    );
    check_rejected(upload, Reason::InvalidId, "`session_id` is too long");
}

#[test]
fn columns_are_events_like_any_other() {
    let event = r#"{"type":5,"data":{"tag":"t 1"},"timestamp":1767571200000}"#;
    let columns = concat!(
        "[columns 1]\n\n{[\"type\",\"data\",\"timestamp\"]\n{0\n\n5\n0\n\n{[\"tag\"]\n{1\n\n",
        "$\"t 1\"\n%0 1\n\n1767571200000\n0"
    );
    let upload = plain(columns).unwrap();
    let ReplayPayload::Events(events) = upload.payload else {
        panic!("no events")
    };
    let found: Vec<_> = events.iter().map(|event| event.json.clone()).collect();
    assert_eq!(found, [event.to_owned(), event.replace("t 1", "t 2")]);
    assert_eq!(events[0].timestamp.millis(), 1_767_571_200_000);
    check_rejected(plain("[columns 1]\n\n{0"), Reason::InvalidJson, "columns");
    // A format of tomorrow is refused, so that its sender can send something else.
    check_rejected(
        plain("[columns 2]\n\n1"),
        Reason::InvalidJson,
        "not valid JSON",
    );
}
