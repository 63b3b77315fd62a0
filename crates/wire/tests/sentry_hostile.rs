//! Broken, absurd and malicious envelopes: each item costs only itself, each loss
//! has its reason, and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::{Compression, write::ZlibEncoder};
use model::Timestamp;
use model::batch::Batch;
use model::ingest::{Client, Problems, RawEvent, Reason, ReplayPayload};
use proptest::prelude::*;
use serde_json::json;
use std::io::Write;
use std::sync::LazyLock;
use wire::sentry::{self, Envelope};

const T: i64 = 1_795_225_345_000;
const REPLAY: &str = "0388c6ccd9bc417f81c3843b26e7b098";

fn received_at() -> Timestamp {
    Timestamp::from_millis(T + 500)
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn event(number: i64) -> String {
    format!(
        r#"{{"type":3,"data":{{"source":1}},"timestamp":{}}}"#,
        T + number
    )
}

/// An envelope of a replay, item by item.
struct Body(Vec<u8>);

impl Body {
    fn new() -> Self {
        Self(format!(r#"{{"event_id":"{REPLAY}"}}"#).into_bytes())
    }

    fn item(mut self, header: &str, payload: &[u8]) -> Self {
        self.0.extend_from_slice(b"\n");
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(b"\n");
        self.0.extend_from_slice(payload);
        self
    }

    fn replay_event(self, segment: u64) -> Self {
        let payload = json!({ "type": "replay_event", "replay_id": REPLAY, "segment_id": segment });
        self.item(r#"{"type":"replay_event"}"#, payload.to_string().as_bytes())
    }

    fn recording(self, segment: u64, body: &[u8]) -> Self {
        let mut payload = format!("{{\"segment_id\":{segment}}}\n").into_bytes();
        payload.extend_from_slice(body);
        let header = format!(
            r#"{{"type":"replay_recording","length":{}}}"#,
            payload.len()
        );
        self.item(&header, &payload)
    }

    fn decode(&self) -> Batch {
        decode(&self.0)
    }
}

fn decode(body: &[u8]) -> Batch {
    Envelope::parse(body)
        .unwrap()
        .decode(&Client::default(), received_at())
}

fn counts(problems: &Problems) -> Vec<(&'static str, u64)> {
    let problem = problems.iter();
    problem.map(|it| (it.reason.name(), it.count)).collect()
}

type Part = (Option<u64>, usize, Vec<(&'static str, u64)>);

/// Segment, number of events and problems of each part.
fn parts(batch: &Batch) -> Vec<Part> {
    let part = |it: &model::batch::ReplaySegment| {
        (
            it.facts.segment,
            events(&it.upload.payload).len(),
            counts(&it.upload.problems),
        )
    };
    batch.replays.iter().map(part).collect()
}

fn events(payload: &ReplayPayload) -> &[RawEvent] {
    match payload {
        ReplayPayload::Events(events) => events,
        ReplayPayload::Interactions { .. } => &[],
    }
}

#[test]
fn halves_find_each_other_in_any_order() {
    let one = format!("[{}]", event(1));
    let two = format!("[{},{}]", event(2), event(3));
    let batch = Body::new()
        .recording(8, zlib(two.as_bytes()).as_slice())
        .replay_event(7)
        .recording(7, one.as_bytes())
        .replay_event(8)
        .decode();
    assert_eq!(parts(&batch), [(Some(8), 2, vec![]), (Some(7), 1, vec![])]);
    assert!(batch.replays.iter().all(|it| it.facts.json.is_some()));
    assert_eq!(counts(&batch.problems), []);
}

#[test]
fn one_half_is_kept_without_the_other() {
    let recording = format!("[{}]", event(1));
    // The description is broken; the envelope names the replay.
    let batch = Body::new()
        .item(r#"{"type":"replay_event"}"#, b"{\"replay_id\":")
        .recording(0, recording.as_bytes())
        .decode();
    assert_eq!(parts(&batch), [(Some(0), 1, vec![])]);
    assert_eq!(batch.replays[0].upload.session_id, REPLAY);
    assert_eq!(counts(&batch.problems), [("invalid_item", 1)]);

    let batch = Body::new().replay_event(3).decode();
    assert_eq!(parts(&batch), [(Some(3), 0, vec![])]);

    // Nobody says which replay it is.
    let batch = Body(b"{}".to_vec())
        .recording(0, recording.as_bytes())
        .decode();
    assert_eq!(
        (batch.replays.len(), counts(&batch.problems)),
        (0, vec![("invalid_id", 1)])
    );
}

#[test]
fn a_cut_recording_keeps_its_start() {
    let list: Vec<String> = (0..2_000).map(event).collect();
    let json = format!("[{}]", list.join(","));
    let deflated = zlib(json.as_bytes());
    for body in [
        &deflated[..deflated.len() / 2],
        &json.as_bytes()[..json.len() / 2],
    ] {
        let batch = Body::new().replay_event(0).recording(0, body).decode();
        let [(_, count, problems)] = parts(&batch).try_into().unwrap();
        assert!((500..1_500).contains(&count), "{count} events");
        assert_eq!(problems, [("truncated", 1)]);
    }
}

#[test]
fn bad_events_cost_only_themselves() {
    let recording = format!(
        "[7,null,{{}},{},[1],{{\"type\":5,\"timestamp\":\"x\"}}]",
        event(1)
    );
    let batch = Body::new().recording(0, recording.as_bytes()).decode();
    assert_eq!(
        parts(&batch),
        [(
            Some(0),
            2,
            vec![("invalid_event", 4), ("repaired_timestamp", 1)]
        )]
    );
    for (body, problem) in [
        (b"nonsense".as_slice(), "invalid_item"),
        (b"{\"a\":1}", "invalid_item"),
        (b"x\x9c", "truncated"),
        (b"\x78\x00\x00\x00\x00", "truncated"),
        (b"[{]", "invalid_item"),
        (b"[", "truncated"),
    ] {
        let batch = Body::new().recording(0, body).decode();
        assert_eq!(
            parts(&batch),
            [(Some(0), 0, vec![(problem, 1)])],
            "{body:?}"
        );
    }
    let empty = Body::new().recording(0, b"").decode();
    assert_eq!(parts(&empty), [(Some(0), 0, vec![])]);
}

#[test]
fn a_bomb_is_bounded_and_leaves_the_rest() {
    let mut bomb = format!("[{},", event(1)).into_bytes();
    bomb.resize(sentry::MAX_RECORDING_BYTES + 1_000, b' ');
    let bomb = zlib(&bomb);
    let small = zlib(format!("[{}]", event(2)).as_bytes());
    let batch = Body::new()
        .recording(0, &bomb)
        .recording(1, &small)
        .item(r#"{"type":"session"}"#, b"{}")
        .decode();
    // The limit is one for all recordings of an envelope.
    assert_eq!(
        parts(&batch),
        [
            (Some(0), 1, vec![("too_large", 1)]),
            (Some(1), 0, vec![("too_large", 1)]),
        ]
    );
    assert_eq!(batch.visits.len(), 1);
}

#[test]
fn too_many_events_are_counted() {
    let many = vec![r#"{"type":3}"#; sentry::MAX_EVENTS_PER_RECORDING + 3].join(",");
    let batch = Body::new()
        .recording(0, zlib(format!("[{many}]").as_bytes()).as_slice())
        .decode();
    let [(_, count, problems)] = parts(&batch).try_into().unwrap();
    assert_eq!(count, sentry::MAX_EVENTS_PER_RECORDING);
    assert_eq!(problems[0], ("invalid_event", 3));
}

#[test]
fn the_same_part_twice_with_other_content_is_two_parts() {
    let (one, two) = (format!("[{}]", event(1)), format!("[{}]", event(2)));
    let batch = Body::new()
        .replay_event(0)
        .replay_event(0)
        .recording(0, one.as_bytes())
        .recording(0, two.as_bytes())
        .decode();
    assert_eq!(parts(&batch), [(Some(0), 1, vec![]), (Some(0), 1, vec![])]);
}

#[test]
fn items_that_are_not_kept_are_counted_by_kind() {
    let batch = Body::new()
        .item(r#"{"type":"profile_chunk","length":3}"#, b"a\nb")
        .item(r#"{"type":"from_the_future"}"#, b"{}")
        .item(r#"{"type":"from_the_future"}"#, b"{}")
        .item(r#"{"type":"event"}"#, br#"{"message":"kept"}"#)
        .decode();
    let skipped: Vec<(&str, u64)> = batch
        .skipped
        .iter()
        .map(|it| (it.kind.as_str(), it.count))
        .collect();
    assert_eq!(skipped, [("profile_chunk", 1), ("from_the_future", 2)]);
    assert_eq!(batch.errors[0].message.as_deref(), Some("kept"));
    assert_eq!(
        counts(&batch.problems),
        [("unknown_item", 3), ("repaired_timestamp", 1)]
    );
}

#[test]
fn large_items() {
    let file = vec![b'\n'; 20_000_000];
    let large_event = format!(r#"{{"message":"{}"}}"#, "x".repeat(13_000_000));
    let batch = Body::new()
        .item(
            r#"{"type":"attachment","length":20000000,"filename":"../a\u0000b"}"#,
            &file,
        )
        .item(r#"{"type":"event"}"#, large_event.as_bytes())
        .decode();
    assert_eq!(batch.attachments[0].bytes.len(), 20_000_000);
    assert_eq!(
        batch.attachments[0].file_name.as_deref(),
        Some("../a\u{fffd}b")
    );
    assert_eq!(counts(&batch.problems), [("event_too_large", 1)]);
}

#[test]
fn films_that_are_none_are_dropped() {
    let item = |video: &[u8]| {
        let event = json!({ "replay_id": REPLAY, "segment_id": 4 }).to_string();
        let recording = format!("{{\"segment_id\":4}}\n[{}]", event_with_size());
        let mut payload = vec![0x93];
        for part in [event.as_bytes(), recording.as_bytes(), video] {
            payload.push(0xc6);
            payload.extend_from_slice(&(part.len() as u32).to_be_bytes());
            payload.extend_from_slice(part);
        }
        let header = format!(r#"{{"type":"replay_video","length":{}}}"#, payload.len());
        Body::new().item(&header, &payload).decode()
    };
    let batch = item(b"\0\0\0\x20ftypisom");
    let video = batch.replays[0].video.as_ref().unwrap();
    assert_eq!(
        (video.width, video.height, video.duration_ms),
        (0, 320, 5_000)
    );
    let batch = item(b"<script>alert(1)</script>");
    assert!(batch.replays[0].video.is_none());
    assert_eq!(parts(&batch), [(Some(4), 1, vec![("invalid_item", 1)])]);
    let batch = item(b"");
    assert_eq!(parts(&batch), [(Some(4), 1, vec![])]);
}

fn event_with_size() -> String {
    json!({ "type": 5, "timestamp": T, "data": { "tag": "video", "payload": {
        "width": -5, "height": 320, "duration": 5_000, "frameRate": "many",
    } } })
    .to_string()
}

#[test]
fn events_of_all_shapes_are_read() {
    let error = |event: serde_json::Value| {
        let batch = Body::new()
            .item(r#"{"type":"event"}"#, event.to_string().as_bytes())
            .decode();
        batch.errors.into_iter().next().unwrap()
    };
    let one = json!({ "type": "A", "value": "a" });
    let two = json!({ "type": "B", "value": "b" });
    for exception in [json!({ "values": [one, two] }), json!([one, two])] {
        let found = error(json!({ "exception": exception }));
        let kinds: Vec<_> = found
            .exceptions
            .iter()
            .filter_map(|it| it.kind.as_deref())
            .collect();
        // The cause comes last.
        assert_eq!(kinds, ["B", "A"]);
    }
    assert_eq!(error(json!({ "exception": one })).exceptions.len(), 1);
    for message in [
        json!("m"),
        json!({ "formatted": "m", "message": "%s" }),
        json!({ "message": "m" }),
    ] {
        assert_eq!(
            error(json!({ "message": message })).message.as_deref(),
            Some("m")
        );
    }
    assert_eq!(
        error(json!({ "logentry": { "message": "m" } }))
            .message
            .as_deref(),
        Some("m")
    );
    // Without an id the envelope's counts; without that, the text decides.
    assert_eq!(error(json!({})).event_id, REPLAY);
    let odd = error(json!({ "tags": [["a", 1], ["replayId", REPLAY]], "user": { "id": 7 } }));
    assert_eq!(odd.link.replay_id.as_deref(), Some(REPLAY));
    assert_eq!(odd.person.id.as_deref(), Some("7"));
}

#[test]
fn the_store_takes_one_event_in_its_old_forms() {
    let json = format!(r#"{{"event_id":"{REPLAY}","message":"old"}}"#);
    let packed = BASE64_STANDARD.encode(zlib(json.as_bytes()));
    for body in [json.as_bytes(), packed.as_bytes()] {
        let (event_id, batch) = sentry::decode_store(body, received_at(), 1_000_000).unwrap();
        assert_eq!(event_id.as_deref(), Some(REPLAY));
        assert_eq!(batch.errors[0].message.as_deref(), Some("old"));
    }
    for body in [b"".as_slice(), b"[]", b"hello!", b"{"] {
        let rejection = sentry::decode_store(body, received_at(), 1_000_000).unwrap_err();
        assert_eq!(rejection.reason, Reason::InvalidJson, "{body:?}");
    }
    let bomb = BASE64_STANDARD.encode(zlib(&vec![b'{'; 1_000_000]));
    assert!(sentry::decode_store(bomb.as_bytes(), received_at(), 1_000).is_err());
}

/// A real envelope with a recording, and one from a mobile device.
static REAL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let read = |file: &str| {
        let path = format!(
            "{}/../../fixtures/sentry/{file}",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).unwrap();
        let request: serde_json::Value = serde_json::from_str(&text).unwrap();
        let body = BASE64_STANDARD
            .decode(request["body_base64"].as_str().unwrap())
            .unwrap();
        wire::encoding::decode_body(None, &body, 64_000_000)
            .unwrap()
            .into_owned()
    };
    vec![
        read("session-v11/006.json"),
        read("session-v11/008.json"),
        read("feedback-v11/003.json"),
        read("replay-video-synthetic/001.json"),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(envelope) = Envelope::parse(&body) {
            envelope.decode(&Client::default(), received_at());
        }
        let after_header = [b"{}\n".as_slice(), &body].concat();
        decode(&after_header);
        let as_recording = [b"{}\n{\"type\":\"replay_recording\"}\n".as_slice(), &body].concat();
        decode(&as_recording);
        let as_video = [b"{}\n{\"type\":\"replay_video\"}\n\x83".as_slice(), &body].concat();
        decode(&as_video);
        let _ = sentry::decode_store(&body, received_at(), 100_000);
    }

    #[test]
    fn a_cut_request_is_read_as_far_as_it_goes(which in 0..4_usize, at in 0.0..1.0_f64) {
        let whole = &REAL[which];
        let cut = &whole[..(whole.len() as f64 * at) as usize];
        if let Ok(envelope) = Envelope::parse(cut) {
            let found = envelope.decode(&Client::default(), received_at());
            let all = decode(whole);
            prop_assert!(found.replays.len() <= all.replays.len());
            for (found, all) in found.replays.iter().zip(&all.replays) {
                let (found, all) = (events(&found.upload.payload), events(&all.upload.payload));
                prop_assert!(all.starts_with(found));
            }
        }
    }

    #[test]
    fn a_changed_byte_never_panics(which in 0..4_usize, at in 0.0..1.0_f64, byte in any::<u8>()) {
        let mut body = REAL[which].clone();
        let at = (body.len() as f64 * at) as usize;
        body[at] = byte;
        if let Ok(envelope) = Envelope::parse(&body) {
            envelope.decode(&Client::default(), received_at());
        }
    }

    #[test]
    fn credentials_of_any_text_never_panic(query in ".{0,80}", auth in ".{0,80}", dsn in ".{0,80}") {
        let header = |name: &str| (name == "x-sentry-auth").then_some(auth.as_str());
        let _ = sentry::credentials(Some("1"), &query, header, Some(&dsn));
        let _ = sentry::endpoint(&query);
    }
}
