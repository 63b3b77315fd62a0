//! Captured traffic of real Sentry SDKs decodes to what was recorded.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod sentry_captured;

use model::Timestamp;
use model::batch::{Level, ReplaySegment, VisitStatus};
use sentry_captured::{batches, events, folder, parsed, requests, segments};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use wire::sentry::{self, Endpoint};

/// The key that all captures were made with.
const CAPTURE_KEY: &str = "0123456789abcdef0123456789abcdef";

const SCENARIOS: [&str; 17] = [
    "backend",
    "buffer-nonsampled-v11",
    "buffer-v11",
    "canvas-v11",
    "clicks-v11",
    "feedback-v11",
    "plain-json-v11",
    "ratelimit-v11",
    "replay-video-synthetic",
    "server-error-v11",
    "session-v10",
    "session-v11",
    "session-v7",
    "session-v8",
    "tracing-static-v11",
    "tracing-stream-v11",
    "tunnel-v11",
];

/// Equality, but for what `decoded.json` has shortened: `start of it…(5001 chars)`.
#[track_caller]
fn assert_same(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::String(found), Value::String(expected)) => {
            let shortened = expected
                .strip_suffix(" chars)")
                .and_then(|text| text.rsplit_once("…("));
            match shortened {
                Some((start, count)) => {
                    assert!(found.starts_with(start), "{place}");
                    assert_eq!(found.encode_utf16().count().to_string(), count, "{place}");
                }
                None => assert_eq!(found, expected, "{place}"),
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_same(found, expected, &format!("{place}[{at}]"));
            }
        }
        (Value::Object(found), Value::Object(expected)) => {
            let keys = |map: &serde_json::Map<String, Value>| -> BTreeSet<String> {
                map.keys().cloned().collect()
            };
            assert_eq!(keys(found), keys(expected), "{place}");
            for (key, found) in found {
                assert_same(found, &expected[key], &format!("{place}.{key}"));
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            assert_eq!(found.as_f64(), expected.as_f64(), "{place}");
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

#[test]
fn every_item_of_session_v11_is_what_was_decoded_apart() {
    let text = std::fs::read_to_string(folder("session-v11").join("decoded.json")).unwrap();
    let decoded: Vec<Value> = serde_json::from_str(&text).unwrap();
    let requests = requests("session-v11");
    assert_eq!(requests.len(), decoded.len());
    let mut checked = 0;
    for (captured, expected) in requests.iter().zip(&decoded) {
        assert_eq!(captured.file, expected["file"].as_str().unwrap());
        let batch = captured.decode();
        let mut spans = batch.spans.iter();
        for item in expected["items"].as_array().unwrap() {
            let payload = &item["payload"];
            checked += 1;
            match item["header"]["type"].as_str().unwrap() {
                "replay_event" => {
                    let json = batch.replays[0].facts.json.as_deref().unwrap();
                    assert_same(&parsed(json), payload, &captured.file);
                }
                "replay_recording" => check_recording(&batch.replays[0], &item["recording"]),
                "event" => assert_same(&parsed(&batch.errors[0].json), payload, &captured.file),
                "span" => {
                    for expected in payload["items"].as_array().unwrap() {
                        let span = spans.next().unwrap();
                        assert_same(&parsed(&span.json), expected, &captured.file);
                    }
                }
                "session" => {
                    assert_eq!(batch.visits[0].id.as_deref(), payload["sid"].as_str());
                    assert_eq!(
                        Some(batch.visits[0].error_count),
                        payload["errors"].as_u64()
                    );
                }
                kind => panic!("no check for {kind}"),
            }
        }
        assert!(spans.next().is_none());
    }
    assert_eq!(checked, 25);
}

fn check_recording(segment: &ReplaySegment, recording: &Value) {
    assert_eq!(
        segment.facts.segment,
        recording["header"]["segment_id"].as_u64()
    );
    let expected = recording["events"].as_array().unwrap();
    assert_eq!(events(segment).len(), expected.len());
    for (event, expected) in events(segment).iter().zip(expected) {
        let found = parsed(&event.json);
        let sent = expected["timestamp"].as_f64().unwrap();
        let sent_ms = if sent <= 9_999_999_999.0 {
            sent * 1_000.0
        } else {
            sent
        };
        for at_ms in [
            found["timestamp"].as_f64().unwrap(),
            event.timestamp.micros() as f64 / 1e3,
        ] {
            assert!((at_ms - sent_ms).abs() < 0.001, "{at_ms} is not {sent_ms}");
        }
        assert_eq!(Some(u64::from(event.kind)), expected["type"].as_u64());
        assert_same(&found["data"], &expected["data"], "data");
    }
}

#[test]
fn every_request_is_recognised_and_read_without_problems() {
    for scenario in SCENARIOS {
        for captured in requests(scenario) {
            let place = format!("{scenario} {}", captured.file);
            let credentials = captured.credentials();
            assert_eq!(credentials.public_key, CAPTURE_KEY, "{place}");
            let project = credentials.project.unwrap();
            assert!(["42", "43", "44"].contains(&project.as_str()), "{place}");
            if scenario != "tunnel-v11" {
                let (endpoint, of_path) = sentry::endpoint(captured.text("path")).unwrap();
                assert_eq!((endpoint, of_path), (Endpoint::Envelope, project.as_str()));
                assert!(credentials.sdk.unwrap().starts_with("sentry."), "{place}");
            }
            let batch = captured.decode();
            assert_eq!(batch.problems.iter().next(), None, "{place}");
            assert!(batch.skipped.is_empty(), "{place}: {:?}", batch.skipped);
            assert_eq!(
                batch.replays.is_empty(),
                !captured.envelope().holds_replay(),
                "{place}"
            );
            for segment in &batch.replays {
                assert_eq!(segment.upload.problems.iter().next(), None, "{place}");
                assert!(segment.upload.client.sdk.is_some(), "{place}");
                assert_eq!(segment.upload.device_id, segment.upload.session_id);
            }
        }
    }
}

#[test]
fn segments_are_those_of_the_index() {
    for (scenario, replay_id, count) in [
        ("session-v11", "0388c6cc", 6),
        ("session-v10", "1c9399f3", 6),
        ("session-v8", "7e8ae4da", 6),
        ("session-v7", "f1f95103", 6),
        ("plain-json-v11", "f487f450", 2),
        ("buffer-v11", "2b9b5006", 3),
        ("buffer-nonsampled-v11", "84793503", 2),
        ("clicks-v11", "7b86f849", 4),
        ("canvas-v11", "80fa806a", 2),
        ("tunnel-v11", "baf3750c", 1),
    ] {
        let segments = segments(scenario);
        let numbers: BTreeSet<u64> = segments.iter().filter_map(|it| it.facts.segment).collect();
        assert_eq!(numbers, (0..count).collect(), "{scenario}");
        for segment in &segments {
            assert!(
                segment.upload.session_id.starts_with(replay_id),
                "{scenario}"
            );
            assert!(!events(segment).is_empty(), "{scenario}");
            assert_eq!(
                segment.facts.is_triggered_by_error,
                scenario.starts_with("buffer")
            );
        }
        let has_snapshot = events(&segments[0]).iter().any(|event| event.kind == 2);
        assert!(has_snapshot, "{scenario}");
    }
}

#[test]
fn what_a_part_says_about_its_replay() {
    let segments = segments("session-v11");
    let first = &segments[0].facts;
    assert_eq!(
        first.started_at,
        Some(Timestamp::from_micros(1_795_225_337_788_000))
    );
    assert_eq!(
        first.urls,
        ["http://127.0.0.1:8101/shop/#top?sdk=v11&ref=mail&token=abc123"]
    );
    assert_eq!(first.trace_ids, ["1ea8bf2d3ebe45c98dddbaf9f6ec64df"]);
    assert_eq!(first.origin.release.as_deref(), Some("shop-web@4.2.0"));
    assert_eq!(first.person.email.as_deref(), Some("ada@example.com"));
    assert!(first.person.is_ip_wanted);
    assert_eq!(first.time_zone.as_deref(), Some("Europe/Vienna"));
    let client = &segments[0].upload.client;
    assert_eq!(client.user_id.as_deref(), Some("user-77"));
    assert_eq!(client.sdk_version.as_deref(), Some("11.12.0"));
    assert!(client.user_agent.as_deref().unwrap().contains("Chrome/156"));
    assert_eq!(
        segments[2].facts.error_ids,
        ["7104a450a4d5420980da91476fcfc0c9"]
    );
    // The page was loaded again, so this part names a later start than the first.
    assert!(segments[5].facts.started_at > first.started_at);
}

#[test]
fn errors_of_pages_lead_to_their_replay() {
    let replay_id = "0388c6ccd9bc417f81c3843b26e7b098";
    let errors: Vec<_> = batches("session-v11")
        .into_iter()
        .flat_map(|it| it.errors)
        .collect();
    let [error] = errors.as_slice() else {
        panic!("{} errors", errors.len())
    };
    assert_eq!(error.event_id, "7104a450a4d5420980da91476fcfc0c9");
    assert_eq!(error.link.replay_id.as_deref(), Some(replay_id));
    assert_eq!(
        (error.level, error.message.as_deref()),
        (Level::Error, None)
    );
    let [exception] = error.exceptions.as_slice() else {
        panic!("{:?}", error.exceptions)
    };
    assert_eq!(exception.kind.as_deref(), Some("TypeError"));
    assert_eq!(exception.is_handled, Some(false));
    let frame = &exception.frames[0];
    assert_eq!(
        (frame.line, frame.column, frame.is_in_app),
        (Some(518), Some(363), Some(true))
    );

    // The error that starts a buffered replay names it in a tag only.
    let buffered = requests("buffer-v11");
    let with_error = buffered
        .iter()
        .find(|it| !it.decode().errors.is_empty())
        .unwrap();
    assert!(!String::from_utf8_lossy(&with_error.body).contains("\"replay_id\""));
    let error = &with_error.decode().errors[0];
    let segment = &segments("buffer-v11")[0];
    assert_eq!(
        error.link.replay_id.as_deref(),
        Some(segment.upload.session_id.as_str())
    );
    assert!(segment.facts.error_ids.contains(&error.event_id));
}

#[test]
fn errors_and_traces_of_servers_name_the_replay_in_the_envelope_only() {
    let requests = requests("backend");
    let mut platforms = BTreeSet::new();
    for captured in &requests {
        let batch = captured.decode();
        for error in &batch.errors {
            assert!(error.link.replay_id.is_some() && error.link.trace_id.is_some());
            assert!(
                !error.json.contains("replay_id\":") && !error.json.contains("replayId"),
                "{}",
                captured.file
            );
            assert!(!error.exceptions.is_empty(), "{}", captured.file);
            platforms.extend(error.origin.platform.clone());
        }
        for span in &batch.spans {
            assert!(span.replay_id.is_some(), "{}", captured.file);
            assert!(span.started_at <= span.ended_at);
        }
        assert!(batch.spans.iter().filter(|it| it.is_segment).count() <= 1);
    }
    assert_eq!(
        platforms.into_iter().collect::<Vec<_>>(),
        ["node", "python"]
    );
    let spans: usize = requests.iter().map(|it| it.decode().spans.len()).sum();
    assert!(spans > 2, "{spans} spans");
}

#[test]
fn the_three_forms_of_spans_come_out_alike() {
    for (scenario, root) in [
        ("tracing-static-v11", "pageload"),
        ("tracing-stream-v11", "pageload"),
        ("session-v7", "pageload"),
    ] {
        let spans: Vec<_> = batches(scenario)
            .into_iter()
            .flat_map(|it| it.spans)
            .collect();
        let page_load = spans
            .iter()
            .find(|span| span.is_segment && span.operation.as_deref() == Some(root))
            .unwrap_or_else(|| panic!("{scenario} has no page load"));
        assert!(
            page_load.name.is_some() && page_load.replay_id.is_some(),
            "{scenario}"
        );
        let children = spans
            .iter()
            .filter(|span| span.parent_span_id.as_ref() == Some(&page_load.span_id));
        assert!(children.count() > 0, "{scenario}");
        assert_eq!(
            page_load.origin.release.as_deref(),
            Some("shop-web@4.2.0"),
            "{scenario}"
        );
    }
    let vital = |scenario: &str, name: &str| {
        let spans: Vec<_> = batches(scenario)
            .into_iter()
            .flat_map(|it| it.spans)
            .collect();
        let mut values = spans.iter().flat_map(|span| &span.measurements);
        values.find(|it| it.name == name).map(|it| it.value)
    };
    assert!(vital("tracing-static-v11", "lcp").is_some());
    assert!(vital("tracing-stream-v11", "lcp").is_some());
    assert_eq!(vital("session-v10", "inp"), Some(688.0));
}

#[test]
fn feedback_and_attachments_belong_to_their_event() {
    let batches = batches("feedback-v11");
    let with_feedback = batches.iter().find(|it| !it.feedback.is_empty()).unwrap();
    let feedback = &with_feedback.feedback[0];
    assert_eq!(feedback.message, "The cart lost my items");
    assert_eq!(feedback.email.as_deref(), Some("ada@example.com"));
    assert_eq!(
        feedback.link.replay_id.as_deref(),
        Some("bafbbf7c949441d6833eb17918d3255b")
    );
    let attachments: Vec<_> = batches.iter().flat_map(|it| &it.attachments).collect();
    assert_eq!(attachments.len(), 2);
    assert_eq!(
        attachments[0].event_id.as_deref(),
        Some(feedback.event_id.as_str())
    );
    let error = batches.iter().flat_map(|it| &it.errors).next().unwrap();
    assert_eq!(
        attachments[1].event_id.as_deref(),
        Some(error.event_id.as_str())
    );
    assert!(
        attachments
            .iter()
            .all(|it| it.file_name.is_some() && !it.bytes.is_empty())
    );
}

#[test]
fn visits_and_losses() {
    let visits: Vec<_> = batches("session-v11")
        .into_iter()
        .flat_map(|it| it.visits)
        .collect();
    let statuses: Vec<VisitStatus> = visits.iter().map(|it| it.status).collect();
    use VisitStatus::{Running, Unhandled};
    assert_eq!(statuses, [Running, Unhandled, Running]);
    assert_eq!(visits[0].id, visits[1].id);
    assert_eq!(visits[0].visitor.as_deref(), Some("user-77"));
    let loss = |scenario: &str| {
        let batch = batches(scenario).pop().unwrap();
        let loss = &batch.client_losses[0];
        json!([loss.reason, loss.category, loss.count])
    };
    assert_eq!(
        loss("ratelimit-v11"),
        json!(["ratelimit_backoff", "replay", 1])
    );
    assert_eq!(loss("server-error-v11"), json!(["send_error", "replay", 1]));
}

#[test]
fn films_of_mobile_devices_arrive_with_their_gestures() {
    let segments = segments("replay-video-synthetic");
    assert_eq!(segments.len(), 3);
    for segment in &segments {
        let video = segment.video.as_ref().unwrap();
        assert_eq!(&video.mp4[4..8], b"ftyp");
        assert_eq!(
            (video.width, video.height, video.duration_ms),
            (176, 320, 5_000)
        );
        assert_eq!((video.frame_count, video.frame_rate), (Some(5), Some(1.0)));
        assert_eq!(Some(video.at), segment.facts.started_at);
        let touches = events(segment)
            .iter()
            .filter(|event| event.kind == 3)
            .count();
        assert!(touches >= 2);
    }
    let [android, second, ios] = segments.as_slice() else {
        panic!()
    };
    assert_eq!(android.facts.urls, ["MainActivity", "CheckoutActivity"]);
    assert_eq!(android.facts.device.model.as_deref(), Some("Pixel 8"));
    assert_eq!(android.upload.session_id, second.upload.session_id);
    assert_eq!(second.facts.segment, Some(1));
    // iOS calls the event `replay_video` and orders the map as it likes.
    assert!(ios.facts.is_triggered_by_error);
    assert_eq!(ios.facts.origin.platform.as_deref(), Some("cocoa"));
    let error = batches("replay-video-synthetic")
        .into_iter()
        .flat_map(|it| it.errors)
        .next();
    let error = error.unwrap();
    assert_eq!(error.level, Level::Fatal);
    assert_eq!(
        error.link.replay_id.as_deref(),
        Some(android.upload.session_id.as_str())
    );
}

#[test]
fn answers_are_those_that_sdks_were_seen_to_accept() {
    for captured in requests("session-v11") {
        let envelope = captured.envelope();
        let event_id = envelope.event_id();
        let reply = sentry::accepted(event_id.as_deref(), &[]);
        assert_eq!(reply.status, 200);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        match event_id {
            Some(event_id) => assert_eq!(body, json!({ "id": event_id })),
            None => assert_eq!(body, json!({})),
        }
    }
}

/// What arrived plays: every change finds what it changes.
#[test]
fn recordings_of_all_versions_play() {
    for scenario in [
        "session-v7",
        "session-v8",
        "session-v10",
        "session-v11",
        "buffer-v11",
        "plain-json-v11",
        "canvas-v11",
    ] {
        let mut all: Vec<_> = segments(scenario)
            .iter()
            .flat_map(events)
            .cloned()
            .collect();
        all.sort_by_key(|event| event.timestamp);
        let mut mirror = rrweb::Mirror::new(rrweb::Limits::default());
        let mut tape = rrweb::Tape::new();
        for event in &all {
            tape.parse(&event.json).unwrap();
            mirror.apply(tape.root(), event.timestamp.micros(), &mut ());
        }
        // A buffer that is sent gives all nodes new ids, and says nothing of it.
        let problems = mirror.integrity().iter();
        let problems: Vec<_> = problems
            .filter(|(problem, _)| *problem != rrweb::Problem::CheckoutDiffers)
            .collect();
        assert!(
            mirror.has_page() && problems.is_empty(),
            "{scenario}: {problems:?}"
        );
    }
}
