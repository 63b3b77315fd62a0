//! What SDKs send, of every family: no panic, and what is kept is within the limits
//! and readable. The first byte chooses the family.

use model::Timestamp;
use model::ingest::{Client, ReplayPayload, ReplayUpload};
use wire::{amplitude, plain, posthog, sentry};

/// Small, so that the limit is met.
const LIMIT_BYTES: usize = 64 << 10;
const RECEIVED_AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// First bytes for seeds.
pub const PLAIN: u8 = 0;
pub const COLUMNS: u8 = 1;
pub const SENTRY: u8 = 2;
pub const POSTHOG: u8 = 3;
pub const TRACK: u8 = 4;
pub const EVENTS: u8 = 5;
const FAMILIES: u8 = 6;

pub fn check(bytes: &[u8]) {
    let Some((family, body)) = bytes.split_first() else {
        return;
    };
    let client = Client::default();
    match family % FAMILIES {
        PLAIN => check_plain(body),
        COLUMNS => check_plain(&[b"[columns 1]\n\n", body].concat()),
        SENTRY => {
            if let Ok(envelope) = sentry::Envelope::parse(body) {
                check_batch(&envelope.decode(&client, RECEIVED_AT));
            }
            if let Ok((_, batch)) = sentry::decode_store(body, RECEIVED_AT, LIMIT_BYTES) {
                check_batch(&batch);
            }
        }
        POSTHOG => {
            let unpacked = posthog::decode_body("", None, body, LIMIT_BYTES);
            if let Ok(request) = posthog::Request::parse(unpacked.as_deref().unwrap_or(body)) {
                check_batch(&request.decode(&client, RECEIVED_AT, LIMIT_BYTES));
            }
        }
        TRACK => {
            for kind in ["replay", "interaction"] {
                let query = format!("device_id=d&session_id=1&type={kind}");
                let query = amplitude::TrackQuery::parse(&query).expect("a right query");
                let upload =
                    amplitude::decode_track(&query, client.clone(), body, RECEIVED_AT, &[]);
                if let Ok(upload) = upload {
                    check_upload(&upload);
                }
            }
        }
        _ => {
            if let Ok((_, upload)) = amplitude::decode_events(body, RECEIVED_AT, &[]) {
                for event in upload.events {
                    assert_is_object(&event.json);
                }
            }
        }
    }
}

fn check_plain(body: &[u8]) {
    let client = Client::default();
    let upload = plain::decode_plain(body, "device", "1", client, RECEIVED_AT, LIMIT_BYTES);
    if let Ok(upload) = upload {
        check_upload(&upload);
    }
}

fn check_batch(batch: &model::batch::Batch) {
    for segment in &batch.replays {
        check_upload(&segment.upload);
    }
    let analytics = batch.analytics.iter().map(|event| &event.json);
    let errors = batch.errors.iter().map(|error| &error.json);
    for json in analytics.chain(errors) {
        assert_is_object(json);
    }
}

fn check_upload(upload: &ReplayUpload) {
    match &upload.payload {
        ReplayPayload::Events(events) => {
            for event in events {
                assert!(!event.json.contains('\n'));
                assert!(rrweb::max_depth(&event.json) <= rrweb::MAX_DEPTH);
                assert_is_object(&event.json);
            }
        }
        ReplayPayload::Interactions { interactions, .. } => {
            for interaction in interactions {
                assert_is_object(&interaction.json);
            }
        }
    }
}

fn assert_is_object(json: &str) {
    let value = serde_json::from_str::<serde_json::Value>(json);
    assert!(value.is_ok_and(|value| value.is_object()), "{json}");
}
