//! Analytics events, sound and broken: each drop has its reason, and the SDK hears
//! what keeps it from sending rubbish again.

use model::Timestamp;
use model::ingest::{AnalyticsUpload, Problems, Reason};
use serde_json::{Value, json};
use wire::Rejection;
use wire::amplitude;

const T: i64 = 1_795_225_016_000;

fn received_at() -> Timestamp {
    Timestamp::from_millis(T + 500)
}

fn counts(problems: &Problems) -> Vec<(&'static str, u64)> {
    problems
        .iter()
        .map(|problem| (problem.reason.name(), problem.count))
        .collect()
}

fn analytics(events: Value) -> Result<AnalyticsUpload, Rejection> {
    let body = json!({ "api_key": "k", "events": events }).to_string();
    amplitude::decode_events(body.as_bytes(), received_at(), &["replay.test"]).map(
        |(api_key, upload)| {
            assert_eq!(api_key, "k");
            upload
        },
    )
}

#[test]
fn analytics_events_are_read_generously() {
    let upload = analytics(json!([
        { "event_type": "a", "device_id": "d", "time": T, "session_id": T, "insert_id": "i",
          "event_properties": { "[Amplitude] Session Replay ID": "d/x/7" } },
        { "event_type": "b", "user_id": 12, "session_id": -1 },
        { "event_type": "c", "device_id": "d\u{1}", "session_id": "custom/1", "time": 7, "user_id": null },
        { "event_type": "d", "device_id": "d", "session_id": "-1", "time": null, "event_properties": [] },
    ]))
    .unwrap();
    let [a, b, c, d] = upload.events.as_slice() else {
        panic!("{:?}", upload.events)
    };
    assert_eq!(
        (a.timestamp.millis(), a.session_id.as_deref()),
        (T, Some(T.to_string().as_str()))
    );
    assert_eq!(
        (a.insert_id.as_deref(), a.replay_id.as_deref()),
        (Some("i"), Some("d/x/7"))
    );
    assert_eq!(
        (
            b.device_id.as_str(),
            b.user_id.as_deref(),
            b.session_id.as_deref()
        ),
        ("", Some("12"), None)
    );
    assert_eq!(
        (b.timestamp, c.timestamp, d.timestamp),
        (received_at(), received_at(), received_at())
    );
    assert_eq!(
        (c.device_id.as_str(), c.session_id.as_deref()),
        ("d\u{fffd}", Some("custom/1"))
    );
    assert_eq!(
        (
            d.session_id.as_deref(),
            d.user_id.as_deref(),
            d.replay_id.as_deref()
        ),
        (None, None, None)
    );
    assert_eq!(
        counts(&upload.problems),
        [("repaired_text", 1), ("repaired_timestamp", 1)]
    );
}

#[test]
fn invalid_analytics_events_are_counted_and_the_others_kept() {
    let upload = analytics(json!([
        7, {}, { "event_type": "a" }, { "event_type": "", "device_id": "d" }, { "event_type": ["x"], "device_id": "d" },
        { "event_type": "large", "device_id": "d", "x": "x".repeat(1_000_000) },
        { "event_type": "fine", "device_id": "d" },
    ]))
    .unwrap();
    assert_eq!(upload.events.len(), 1);
    assert_eq!(
        counts(&upload.problems),
        [("invalid_event", 5), ("event_too_large", 1)]
    );
    assert!(analytics(json!([])).unwrap().events.is_empty());
}

#[test]
fn a_request_without_one_valid_analytics_event_is_refused_for_good() {
    let rejection = analytics(json!([{ "device_id": "d" }, {}])).unwrap_err();
    assert_eq!(
        (rejection.reason, rejection.missing_field),
        (Reason::InvalidEvent, Some("event_type"))
    );
    assert!(
        rejection.message.contains("event_type is missing"),
        "{}",
        rejection.message
    );
    let rejection =
        analytics(json!([{ "event_type": "a", "device_id": "d", "x": "x".repeat(1_000_000) }]))
            .unwrap_err();
    assert_eq!(rejection.reason, Reason::TooLarge);
    let too_many =
        vec![json!({ "event_type": "a", "device_id": "d" }); amplitude::MAX_EVENTS_PER_REQUEST + 1];
    assert_eq!(
        analytics(json!(too_many)).unwrap_err().reason,
        Reason::TooLarge
    );
    assert!(analytics(json!(too_many[1..])).is_ok());
}

#[test]
fn analytics_records_of_own_uploads_are_dropped_and_the_request_succeeds() {
    let network = |url: &str| json!({ "event_type": "[Amplitude] Network Request", "device_id": "d", "event_properties": { "[Amplitude] URL": url } });
    let upload = analytics(json!([network("https://replay.test/2/httpapi")])).unwrap();
    assert_eq!(
        (upload.events.len(), counts(&upload.problems)),
        (0, vec![("own_traffic", 1)])
    );
    assert_eq!(
        analytics(json!([network("https://shop.test/2/httpapi")]))
            .unwrap()
            .events
            .len(),
        1
    );
}

#[test]
fn analytics_bodies_without_the_basics_name_the_missing_field() {
    for (body, reason, field) in [
        (r#"{"events":[]}"#, Reason::UnknownKey, Some("api_key")),
        (
            r#"{"api_key":"","events":[]}"#,
            Reason::UnknownKey,
            Some("api_key"),
        ),
        (r#"{"api_key":"k"}"#, Reason::InvalidJson, Some("events")),
        (r#"{"api_key":"k","events":7}"#, Reason::InvalidJson, None),
        ("[]", Reason::InvalidJson, None),
        ("", Reason::InvalidJson, None),
    ] {
        let rejection = amplitude::decode_events(body.as_bytes(), received_at(), &[]).unwrap_err();
        assert_eq!(
            (rejection.reason, rejection.missing_field),
            (reason, field),
            "{body}"
        );
    }
}
