//! Broken, absurd and malicious uploads: each has its reason, none costs more than
//! it should, and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use flate2::{Compression, write::GzEncoder, write::ZlibEncoder};
use model::Timestamp;
use model::ingest::{Client, Problems, Reason, ReplayPayload, ReplayUpload};
use proptest::prelude::*;
use serde_json::json;
use std::io::Write;
use wire::Rejection;
use wire::amplitude::{self, TrackQuery};

const T: i64 = 1_795_225_016_000;
const LIMIT_BYTES: usize = 16_000_000;

fn received_at() -> Timestamp {
    Timestamp::from_millis(T + 500)
}

fn track(kind: &str, body: &[u8]) -> Result<ReplayUpload, Rejection> {
    let query = TrackQuery::parse(&format!("device_id=d&session_id=1&type={kind}")).unwrap();
    amplitude::decode_track(
        &query,
        Client::default(),
        body,
        received_at(),
        &["replay.test"],
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

/// A body in the form of current SDKs: each event's text as a string.
fn as_strings(events: &[&str]) -> String {
    json!({ "version": 1, "events": events }).to_string()
}

/// A body whose elements are these JSON texts themselves.
fn as_elements(elements: &[&str]) -> String {
    format!(
        r#"{{"version":2,"extra":{{"events":[1]}},"events":[{}]}}"#,
        elements.join(",")
    )
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
fn check(body: &str, kept: &[&str], problems: &[(&str, u64)]) {
    let (texts, found) = outcome(track("replay", body.as_bytes()).unwrap());
    assert_eq!(texts, kept);
    assert_eq!(found, problems);
}

#[track_caller]
fn check_rejected(result: Result<ReplayUpload, Rejection>, reason: Reason, words: &str) {
    let rejection = result.unwrap_err();
    assert_eq!(rejection.reason, reason);
    assert!(rejection.message.contains(words), "{}", rejection.message);
}

#[test]
fn all_forms_of_an_event_may_be_mixed() {
    let sound = event(&T.to_string());
    let packed = pack(&format!(
        r#"{{"type":3,"data":{{"source":2}},"timestamp":{T},"v":"v1"}}"#
    ));
    let unpacked = format!(r#"{{"type":3,"data":{{"source":2}},"timestamp":{T}}}"#);
    let elements = [
        sound.clone(),
        quote(&sound),
        quote(&quote(&packed)),
        quote(&packed),
    ];
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    check(
        &as_elements(&elements),
        &[&sound, &sound, &unpacked, &unpacked],
        &[],
    );
}

#[test]
fn bad_elements_cost_only_themselves() {
    let sound = event(&T.to_string());
    let unknown_version = quote(&quote(&pack(r#"{"type":3,"v":"v2"}"#)));
    let elements = [
        "null",
        "7",
        "[]",
        "\"\"",
        "\"abc\"",
        "{}",
        r#"{"type":"3"}"#,
        r#""{\"type\":3,""#,
        r#""{\"type\":3} x""#,
        r#""\"xyz\"""#,
        &unknown_version,
        &sound,
    ];
    check(&as_elements(&elements), &[&sound], &[("invalid_event", 11)]);
    check(&as_elements(&[]), &[], &[]);
}

#[test]
fn an_unknown_kind_is_kept_as_unknown() {
    let upload = track(
        "replay",
        as_strings(&[&format!(r#"{{"type":300,"timestamp":{T}}}"#)]).as_bytes(),
    )
    .unwrap();
    let ReplayPayload::Events(events) = upload.payload else {
        panic!("not a replay")
    };
    assert_eq!(events[0].kind, 255);
}

#[test]
fn bodies_that_are_no_upload_are_refused_in_words() {
    for (body, words) in [
        (&b""[..], "body is empty"),
        (b" \n", "body is empty"),
        (b"{", "not valid JSON"),
        (b"[]", "not an object with an array `events`"),
        (b"{}", "not an object with an array `events`"),
        (
            br#"{"events":null}"#,
            "not an object with an array `events`",
        ),
        (
            br#"{"events":"secret"}"#,
            "not an object with an array `events`",
        ),
        (br#"{"events":["{\"type\":3}"]"#, "not valid JSON"),
        (br#"{"events":[]} trailing"#, "not valid JSON"),
    ] {
        for kind in ["replay", "interaction"] {
            check_rejected(track(kind, body), Reason::InvalidJson, words);
            assert!(!track(kind, body).unwrap_err().message.contains("secret"));
        }
    }
}

#[test]
fn half_characters_are_repaired_wherever_they_are() {
    let half = format!(r#"{{"type":3,"timestamp":{T},"data":{{"text":"a\ud83d"}}}}"#);
    let whole = half.replace("\\ud83d", "\u{fffd}");
    check(&as_strings(&[&half]), &[&whole], &[("repaired_text", 1)]);
    check(&as_elements(&[&half]), &[&whole], &[("repaired_text", 1)]);
    // Half a character of the string that holds the event, not of the event.
    let outer = quote(&half).replace(r"\\ud83d", r"\ud83d");
    check(
        &as_elements(&[&outer]),
        &[&half.replace(r"\ud83d", "\u{fffd}")],
        &[("repaired_text", 1)],
    );
    // Pairs and escaped backslashes are no damage.
    let sound = format!(r#"{{"type":3,"timestamp":{T},"data":"\ud83d\ude00 \\ud83d"}}"#);
    check(&as_strings(&[&sound]), &[&sound], &[]);
}

#[test]
fn broken_utf8_is_repaired() {
    let body = as_strings(&[&event(&T.to_string())]).replace("source", "s~urce");
    let broken: Vec<u8> = body
        .bytes()
        .map(|byte| if byte == b'~' { 0xff } else { byte })
        .collect();
    let (texts, problems) = outcome(track("replay", &broken).unwrap());
    assert_eq!(
        texts,
        [event(&T.to_string()).replace("source", "s\u{fffd}urce")]
    );
    assert_eq!(problems, [("repaired_text", 1)]);
}

#[test]
fn absurd_times_become_their_neighbours() {
    let (before, after) = (event(&T.to_string()), event(&(T + 10).to_string()));
    let absurd = [
        "-1",
        "0",
        "1e999",
        "99999999999999",
        "null",
        "\"1795225016000\"",
        "[1,2]",
        "946684799999",
    ]
    .map(event);
    let mut events: Vec<&str> = absurd.iter().map(String::as_str).collect();
    events.insert(0, &before);
    events.push(&after);
    let mut expected = vec![before.as_str(); 9];
    expected.push(&after);
    check(
        &as_strings(&events),
        &expected,
        &[("repaired_timestamp", 8)],
    );
    // The first one sound is after.
    check(
        &as_strings(&[&absurd[0], &after]),
        &[&after, &after],
        &[("repaired_timestamp", 1)],
    );
    // None is sound.
    let received = event(&received_at().millis().to_string());
    check(
        &as_strings(&[&absurd[0], &absurd[2]]),
        &[&received, &received],
        &[("repaired_timestamp", 2)],
    );
}

#[test]
fn only_the_value_of_the_time_is_replaced() {
    let given = r#"{"timestamp":-5,"type":3,"x":{"timestamp":7},"timestamp" : -6 , "z":"-6"}"#;
    let repaired = format!(
        r#"{{"timestamp":-5,"type":3,"x":{{"timestamp":7}},"timestamp" : {} , "z":"-6"}}"#,
        T + 500
    );
    check(
        &as_strings(&[given]),
        &[&repaired],
        &[("repaired_timestamp", 1)],
    );
    let missing = r#"{"type":3,"data":{}} "#;
    let added = format!(r#"{{"type":3,"data":{{}},"timestamp":{}}} "#, T + 500);
    check(
        &as_strings(&[missing]),
        &[&added],
        &[("repaired_timestamp", 1)],
    );
}

#[test]
fn fractions_of_a_millisecond_survive() {
    let fraction = event(&format!("{T}.1256"));
    let upload = track("replay", as_strings(&[&fraction, &event("-1")]).as_bytes()).unwrap();
    let ReplayPayload::Events(events) = upload.payload else {
        panic!("not a replay")
    };
    assert_eq!(events[0].timestamp.micros(), T * 1_000 + 126);
    assert_eq!(events[1].json, event(&format!("{T}.126")));
    assert_eq!(events[1].timestamp, events[0].timestamp);
}

#[test]
fn an_event_on_several_lines_is_put_on_one() {
    let given = format!(
        "{{\n  \"type\": 3,\r\n  \"timestamp\": {T},\n  \"data\": {{ \"text\": \"a  \\n b\" }}\n}}"
    );
    let expected = format!(r#"{{"type":3,"timestamp":{T},"data":{{"text":"a  \n b"}}}}"#);
    check(&as_strings(&[&given]), &[&expected], &[]);
    check(
        &as_elements(&[&given.replace(&T.to_string(), "-1")]),
        &[&expected.replace(&T.to_string(), &(T + 500).to_string())],
        &[("repaired_timestamp", 1)],
    );
}

#[test]
fn deep_events_are_dropped_without_using_the_stack() {
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!(
            r#"{{"type":2,"timestamp":{T},"data":{}{}}}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        )
    };
    let (deepest, deeper, absurd) = (
        nested(rrweb::MAX_DEPTH),
        nested(rrweb::MAX_DEPTH + 1),
        nested(10_000),
    );
    check(
        &as_strings(&[&deepest, &deeper, &absurd]),
        &[&deepest],
        &[("too_deep", 2)],
    );
    check(
        &as_elements(&[&deepest, &deeper, &absurd]),
        &[&deepest],
        &[("too_deep", 2)],
    );
    let (kept, problems) =
        outcome(track("interaction", as_elements(&[&absurd]).as_bytes()).unwrap());
    assert_eq!((kept.len(), problems), (0, vec![("too_deep", 1)]));
}

#[test]
fn large_events_are_dropped_packed_or_not() {
    let large = format!(
        r#"{{"type":2,"timestamp":{T},"data":"{}","v":"v1"}}"#,
        "x".repeat(wire::MAX_EVENT_BYTES)
    );
    let packed = quote(&pack(&large));
    let sound = event(&T.to_string());
    check(
        &as_strings(&[&large, &packed, &sound]),
        &[&sound],
        &[("event_too_large", 2)],
    );
    check(
        &as_elements(&[&large, &sound]),
        &[&sound],
        &[("event_too_large", 1)],
    );
}

#[test]
fn a_bomb_of_a_gigabyte_is_refused_early() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0u8; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let rejection = wire::encoding::decode_body(Some("gzip"), &bomb, LIMIT_BYTES).unwrap_err();
    assert_eq!(rejection.reason, Reason::TooLarge);
}

#[test]
fn interactions_are_objects_and_are_told_apart_by_their_request() {
    let body = as_elements(&[
        r#"{ "type": "click", "count": 2, "text": "\ud83d" }"#,
        "7",
        r#""{}""#,
    ]);
    let upload = track("interaction", body.as_bytes()).unwrap();
    let ReplayPayload::Interactions { body_hash, .. } = upload.payload else {
        panic!("not interactions")
    };
    assert_eq!(body_hash, xxhash_rust::xxh3::xxh3_64(body.as_bytes()));
    let (texts, problems) = outcome(upload);
    assert_eq!(texts, [r#"{"type":"click","count":2,"text":"�"}"#]);
    assert_eq!(problems, [("repaired_text", 1), ("invalid_event", 2)]);
}

#[test]
fn odd_ids_are_counted() {
    let query = TrackQuery::parse("device_id=a%2Fb%01&session_id=x").unwrap();
    let body = as_strings(&[]);
    let upload = amplitude::decode_track(
        &query,
        Client::default(),
        body.as_bytes(),
        received_at(),
        &[],
    )
    .unwrap();
    assert_eq!(
        (upload.device_id.as_str(), upload.session_id.as_str()),
        ("a/b\u{fffd}", "x")
    );
    assert_eq!(counts(&upload.problems), [("repaired_text", 1)]);
}

#[test]
fn records_of_own_uploads_are_dropped_others_stay() {
    let fetch = |url: &str| {
        format!(
            r#"{{"type":5,"timestamp":{T},"data":{{"tag":"fetch-request","payload":{{"url":"{url}"}}}}}}"#
        )
    };
    let foreign = fetch("https://shop.test/batch");
    let other_tag =
        fetch("https://replay.test/batch").replace("\"tag\":\"fetch", "\"tag\":\"no fetch");
    let own = fetch("https://replay.test/2/httpapi");
    check(
        &as_strings(&[&own, &foreign, &other_tag]),
        &[&foreign, &other_tag],
        &[("own_traffic", 1)],
    );
}

/// Bytes that look like uploads often enough to get past the first check.
fn almost_uploads() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        Just(&b"{\"version\":1,\"events\":["[..]),
        Just(&b"{\"type\":3,\"timestamp\":1795225016000,\"data\":{\"source\":0}}"[..]),
        Just(&b"\"{\\\"type\\\":3,\\\"timestamp\\\":1,\\\"data\\\":\\\"\\\\ud83d\\\"}\""[..]),
        Just(&b"\"\\\"x\\u009c\""[..]),
        Just(&b"\"api_key\":\"k\","[..]),
        Just(&b"\"event_type\":"[..]),
        Just(&b"]}"[..]),
        Just(&b","[..]),
        Just(&b"\n"[..]),
        Just(&b"\\ud8"[..]),
        Just(&b"-1e999"[..]),
        Just(&b"\xff\xc3"[..]),
    ];
    let bytes = prop_oneof![
        fragment.prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..6)
    ];
    prop::collection::vec(bytes, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_body_panics(body in almost_uploads()) {
        let _ = track("replay", &body);
        let _ = track("interaction", &body);
        let _ = amplitude::decode_events(&body, received_at(), &["replay.test"]);
        let _ = wire::plain::decode_plain(&body, "d", "1", Client::default(), received_at(), 1_000_000);
    }

    #[test]
    fn no_encoded_body_panics(body in prop::collection::vec(any::<u8>(), 0..200), coding in 0usize..6) {
        let header = ["gzip", "deflate", "br", "zstd", "gzip, br", "identity"][coding];
        if let Ok(decoded) = wire::encoding::decode_body(Some(header), &body, 10_000) {
            prop_assert!(decoded.len() <= 10_000);
        }
    }

    #[test]
    fn no_query_panics(query in "[a-z=&%+_0-9\\PC]{0,60}") {
        let _ = TrackQuery::parse(&query);
        let _ = TrackQuery::parse(&format!("device_id={query}&session_id={query}"));
        let _ = amplitude::ingest_key(Some(&query), &query);
        let _ = amplitude::preflight_reply(Some(&query), Some(&query), true);
    }
}
