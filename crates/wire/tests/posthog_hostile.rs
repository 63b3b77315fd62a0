//! Broken, absurd and malicious requests of PostHog's form: each event costs only
//! itself, each loss has its reason, and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::{Compression, write::GzEncoder};
use model::Timestamp;
use model::batch::{Batch, Change, Level};
use model::ingest::{Client, Problems, RawEvent, Reason, ReplayPayload};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::LazyLock;
use wire::posthog::{self, Request, Wishes};

const T: i64 = 1_795_225_345_000;
const LIMIT_BYTES: usize = 3_000_000;

fn received_at() -> Timestamp {
    Timestamp::from_millis(T + 500)
}

fn decode(body: &Value) -> Batch {
    let request = Request::parse(body.to_string().as_bytes()).unwrap();
    request.decode(&Client::default(), received_at(), LIMIT_BYTES)
}

fn counts(problems: &Problems) -> Vec<(&'static str, u64)> {
    let problem = problems.iter();
    problem.map(|it| (it.reason.name(), it.count)).collect()
}

fn gzip(json: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json.as_bytes()).unwrap();
    encoder
        .finish()
        .unwrap()
        .into_iter()
        .map(char::from)
        .collect()
}

fn snapshot(session: &str, window: &str, data: Value) -> Value {
    json!({ "event": "$snapshot", "uuid": format!("u-{window}"), "properties": {
        "$session_id": session, "$window_id": window, "$snapshot_data": data,
        "token": "t", "distinct_id": "d",
    } })
}

fn rrweb(number: i64) -> Value {
    json!({ "type": 3, "data": { "source": 1 }, "timestamp": T + number })
}

fn events(batch: &Batch, replay: usize) -> &[RawEvent] {
    match &batch.replays[replay].upload.payload {
        ReplayPayload::Events(events) => events,
        ReplayPayload::Interactions { .. } => &[],
    }
}

#[test]
fn bodies_of_every_shape_and_places_of_the_token() {
    let event = json!({ "event": "e", "distinct_id": "d" });
    let with = |key: &str| {
        let mut event = event.clone();
        event[key] = "t".into();
        event
    };
    for body in [
        json!({ "api_key": "t", "batch": [event] }),
        json!({ "token": "t", "batch": [event] }),
        // A property that is called like that is the customer's own.
        json!({ "api_key": "t", "batch": [
            { "event": "e", "distinct_id": "d", "properties": { "token": "other" } },
        ] }),
        json!([with("api_key")]),
        json!([event, with("token")])
            .as_array()
            .map(|list| json!(list[1..]))
            .unwrap(),
        with("$token"),
        json!({ "event": "e", "properties": { "token": "t", "distinct_id": "d" } }),
        json!([{ "event": "e", "distinct_id": 7, "properties": { "token": "t" } }]),
        json!({ "$token": "t", "$distinct_id": "d", "$set": { "a": 1 } }),
    ] {
        let request = Request::parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(
            (request.token(), request.has_events()),
            ("t", true),
            "{body}"
        );
        let batch = decode(&body);
        assert_eq!(batch.analytics.len(), 1, "{body}");
        assert_eq!(counts(&batch.problems), [], "{body}");
    }
}

#[test]
fn requests_without_one_token_are_refused() {
    for (body, reason) in [
        (json!({ "batch": [] }), Reason::UnknownKey),
        (json!([]), Reason::UnknownKey),
        (
            json!([{ "event": "e", "token": "a" }, { "event": "e", "token": "b" }]),
            Reason::UnknownKey,
        ),
    ] {
        let rejection = Request::parse(body.to_string().as_bytes()).err().unwrap();
        assert_eq!(rejection.reason, reason, "{body}");
    }
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    for (body, reason) in [
        ("", Reason::InvalidJson),
        ("{", Reason::InvalidJson),
        ("hello", Reason::InvalidJson),
        (deep.as_str(), Reason::TooDeep),
    ] {
        assert_eq!(
            Request::parse(body.as_bytes()).err().unwrap().reason,
            reason
        );
    }
    // Of another vendor, under the same address.
    let other = Request::parse(br#"{"api_key":"t","events":[{"event_type":"e"}]}"#).unwrap();
    assert!(!other.has_events());
}

#[test]
fn parts_are_sorted_by_session_and_events_by_window() {
    let batch = decode(&json!([
        snapshot("s-1", "w-1", json!([rrweb(1), rrweb(2)])),
        snapshot("s-2", "w-2", json!(rrweb(3))),
        snapshot("s-1", "w\"3", json!([rrweb(4)])),
        { "event": "e", "properties": { "$session_id": "s-1", "distinct_id": "d" } },
    ]));
    assert_eq!((batch.replays.len(), batch.analytics.len()), (2, 1));
    assert_eq!(batch.replays[0].upload.session_id, "s-1");
    assert_eq!(batch.replays[0].facts.upload_ids, ["u-w-1", "u-w\"3"]);
    let windows: Vec<Value> = events(&batch, 0)
        .iter()
        .map(|event| serde_json::from_str::<Value>(&event.json).unwrap()["windowId"].clone())
        .collect();
    assert_eq!(windows, ["w-1", "w-1", "w\"3"]);
    assert_eq!(batch.analytics[0].replay_id.as_deref(), Some("s-1/s-1"));
}

#[test]
fn bad_events_cost_only_themselves() {
    let batch = decode(&json!([
        snapshot("../etc", "w", json!([rrweb(1)])),
        snapshot(&"s".repeat(71), "w", json!([rrweb(1)])),
        snapshot("s", "w", Value::Null),
        snapshot("s", "w", json!([7, null, {}, { "type": 2, "cv": "2024-10", "data": "x" }, rrweb(1)])),
        snapshot("s", "w", json!([{ "type": 2, "cv": "2031-01", "data": "x", "timestamp": T }])),
        { "properties": { "distinct_id": "d" } },
        { "event": "no id" },
        { "event": "e", "distinct_id": "d", "timestamp": "yesterday" },
        { "event": "large", "distinct_id": "d", "x": "x".repeat(1_000_001) },
        7,
    ]));
    let mut found = counts(&batch.problems);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("event_too_large", 1),
            ("invalid_event", 3),
            ("invalid_id", 2),
            ("repaired_timestamp", 1)
        ]
    );
    assert_eq!((batch.replays.len(), events(&batch, 0).len()), (1, 2));
    let mut found = counts(&batch.replays[0].upload.problems);
    found.sort_unstable();
    assert_eq!(found, [("invalid_event", 4), ("unknown_compression", 1)]);
    assert_eq!(batch.analytics[0].timestamp, received_at());
}

#[test]
fn bombs_inside_of_events_share_one_limit() {
    let text = format!("\"{}\"", "x".repeat(1_000_000));
    let bomb = json!({ "type": 2, "cv": "2024-10", "data": gzip(&text), "timestamp": T });
    let batch = decode(&json!([snapshot("s", "w", json!(vec![bomb; 10]))]));
    assert_eq!(events(&batch, 0).len(), 2);
    assert_eq!(
        counts(&batch.replays[0].upload.problems),
        [("event_too_large", 8)]
    );
}

#[test]
fn too_many_events_are_counted() {
    let event = json!({ "event": "e", "distinct_id": "d" });
    let list = vec![event; posthog::MAX_EVENTS_PER_REQUEST + 3];
    let batch = decode(&json!({ "api_key": "t", "batch": list }));
    assert_eq!(batch.analytics.len(), posthog::MAX_EVENTS_PER_REQUEST);
    assert_eq!(counts(&batch.problems), [("too_large", 3)]);
    let data = vec![json!({ "type": 3 }); posthog::MAX_REPLAY_EVENTS_PER_REQUEST + 3];
    let batch = decode(&json!([snapshot("s", "w", json!(data))]));
    assert_eq!(
        events(&batch, 0).len(),
        posthog::MAX_REPLAY_EVENTS_PER_REQUEST
    );
    assert_eq!(batch.replays[0].upload.problems.count(Reason::TooLarge), 3);
}

#[test]
fn who_is_known_and_who_is_not() {
    let user = |distinct_id: &str, properties: Value| {
        let body = json!({ "api_key": "t", "batch": [
            { "event": "e", "distinct_id": distinct_id, "properties": properties },
        ] });
        let event = decode(&body).analytics.remove(0);
        (event.user_id, event.device_id)
    };
    let uuid = "01a1fbc7-75c4-789b-b92c-7a124ad9ad97";
    let known = |id: &str, device: &str| (Some(id.to_owned()), device.to_owned());
    let unknown = |device: &str| (None, device.to_owned());
    assert_eq!(user("u-1", json!({})), known("u-1", ""));
    assert_eq!(user(uuid, json!({})), unknown(uuid));
    assert_eq!(
        user(uuid, json!({ "$is_identified": true })),
        known(uuid, "")
    );
    assert_eq!(
        user("u-1", json!({ "$is_identified": false })),
        unknown("u-1")
    );
    assert_eq!(user("u-1", json!({ "$device_id": "u-1" })), unknown("u-1"));
    assert_eq!(
        user("u-1", json!({ "$device_id": uuid })),
        known("u-1", uuid)
    );
    let old = "17f0b1c2d3e4f5-0a1b2c3d4e5f6-12345678-1fa400-17f0b1c2d3e4f6";
    assert_eq!(user(old, json!({})), unknown(old));
    assert_eq!(user("anonymous", json!({})), unknown("anonymous"));
}

#[test]
fn nobody_is_merged_with_nobody() {
    let changes = |event: Value| decode(&json!({ "api_key": "t", "batch": [event] })).identities;
    let identify = |distinct_id: &str, anonymous: Value| {
        changes(json!({ "event": "$identify", "distinct_id": distinct_id,
            "properties": { "$anon_distinct_id": anonymous } }))
    };
    assert_eq!(identify("u-1", json!("a-1")).len(), 1);
    assert_eq!(identify("u-1", json!("u-1")), []);
    assert_eq!(identify("u-1", json!("undefined")), []);
    assert_eq!(identify("null", json!("a-1")), []);
    assert_eq!(identify("u-1", Value::Null), []);
    let found = changes(
        json!({ "event": "$identify", "distinct_id": "u-1", "$set": { "a": [1] },
        "properties": { "$set": { "b": 2 }, "$set_once": {} } }),
    );
    let set = Some(r#"{"a":[1]}"#.to_owned());
    assert_eq!(
        found[0].change,
        Change::Properties {
            set,
            set_once: None
        }
    );
}

#[test]
fn exceptions_of_old_sdks() {
    let error = |properties: Value| {
        let mut properties = properties;
        properties["distinct_id"] = "d".into();
        let body = json!({ "api_key": "t", "batch": [{ "event": "$exception", "properties": properties }] });
        decode(&body).errors.remove(0)
    };
    let found = error(
        json!({ "$exception_type": "E", "$exception_message": "m", "$exception_level": "warning" }),
    );
    assert_eq!(
        (found.level, found.exceptions[0].value.as_deref()),
        (Level::Warning, Some("m"))
    );
    assert_eq!(found.event_id.len(), 32);
    assert!(
        error(json!({ "$exception_list": "text" }))
            .exceptions
            .is_empty()
    );
}

#[test]
fn packed_events_of_stock_rrweb_are_read() {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(format!(r#"{{"type":3,"timestamp":{T},"v":"v1"}}"#).as_bytes())
        .unwrap();
    let packed: String = encoder
        .finish()
        .unwrap()
        .into_iter()
        .map(char::from)
        .collect();
    let batch = decode(&json!([snapshot("s", "w", json!([packed, "rubbish"]))]));
    assert_eq!(events(&batch, 0).len(), 1);
    assert_eq!(
        counts(&batch.replays[0].upload.problems),
        [("invalid_event", 1)]
    );
}

/// A real part of a replay, unwrapped.
static REAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = format!(
        "{}/../../fixtures/posthog/full/010.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let request: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let body = BASE64_STANDARD
        .decode(request["body_base64"].as_str().unwrap())
        .unwrap();
    posthog::decode_body("", None, &body, LIMIT_BYTES).unwrap()
});

fn try_all(query: &str, body: &[u8]) {
    if let Ok(body) = posthog::decode_body(query, None, body, 100_000)
        && let Ok(request) = Request::parse(&body)
    {
        request.decode(&Client::default(), received_at(), LIMIT_BYTES);
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let words = [
        "wireframes",
        "id",
        "type",
        "text",
        "div",
        "input",
        "updates",
        "adds",
        "wireframe",
        "data",
        "source",
        "cv",
        "2024-10",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,10}".prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(words.to_vec()), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300), query in ".{0,60}") {
        try_all(&query, &body);
        try_all("compression=lz64", &body);
        try_all("compression=base64", &[b"data=".as_slice(), &body].concat());
        try_all("", &[[0x1f, 0x8b, 8].as_slice(), &body].concat());
        Wishes::parse(&query);
        posthog::endpoint(&query);
    }

    #[test]
    fn values_of_any_shape_never_panic(value in json_value(), kind in 0..8_u8) {
        let mut event = json!({ "type": kind, "data": value, "timestamp": T });
        decode(&json!([snapshot("s", "w", json!([event]))]));
        event["cv"] = "2024-10".into();
        let mut mobile = snapshot("s", "w", json!([event, value]));
        mobile["properties"]["$snapshot_source"] = "mobile".into();
        mobile["properties"]["$set"] = value.clone();
        mobile["properties"]["$exception_list"] = value;
        decode(&json!([mobile]));
        mobile["event"] = "$exception".into();
        decode(&json!([mobile]));
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0.0..1.0_f64, byte in any::<u8>()) {
        let mut body = REAL.clone();
        let at = (body.len() as f64 * at) as usize;
        body[at] = byte;
        if let Ok(request) = Request::parse(&body) {
            request.decode(&Client::default(), received_at(), LIMIT_BYTES);
        }
        let _ = Request::parse(&body[..at]);
    }
}
