//! The body of a track request: `{"version":…,"events":[…]}`.
//!
//! Replay events come in three forms, which may be mixed:
//! - a string that holds the event's JSON (SDKs since about 1.40),
//! - a string that holds a JSON string of `@rrweb/packer` (1.13 to 1.35),
//! - an object (no known SDK; tolerated).
//!
//! Interaction events are objects. `version` is 1 for fetches and 2 for the replay
//! beacon and changes nothing.

use super::{TrackKind, TrackQuery};
use crate::body::{as_text, for_each_under, not_readable};
use crate::replay_event::EventBatch;
use crate::{MAX_EVENT_BYTES, Rejection};
use model::Timestamp;
use model::ingest::{
    About, Client, Problems, RawEvent, RawInteraction, Reason, ReplayPayload, ReplayUpload, Source,
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

const EXPECTED_BODY: &str = "an object with an array `events`";

/// Reads a decompressed track body. `own_hosts` are this server's `host[:port]`s:
/// records of our own uploads are dropped.
pub fn decode_track(
    query: &TrackQuery,
    client: Client,
    body: &[u8],
    received_at: Timestamp,
    own_hosts: &[&str],
) -> Result<ReplayUpload, Rejection> {
    let mut problems = Problems::default();
    problems.add(Reason::RepairedText, query.repaired_ids);
    let text = as_text(body, &mut problems)?;
    let (payload, problems) = match query.kind {
        TrackKind::Replay => {
            let (events, problems) = decode_replay(&text, received_at, own_hosts, problems)?;
            (ReplayPayload::Events(events), problems)
        }
        TrackKind::Interaction => {
            let interactions = decode_interactions(&text, &mut problems)?;
            (
                ReplayPayload::Interactions {
                    interactions,
                    body_hash: xxh3_64(body),
                },
                problems,
            )
        }
    };
    Ok(ReplayUpload {
        source: Source::Amplitude,
        device_id: query.device_id.clone(),
        session_id: query.session_id.clone(),
        client,
        about: About::default(),
        payload,
        problems,
    })
}

fn decode_replay(
    text: &str,
    received_at: Timestamp,
    own_hosts: &[&str],
    problems: Problems,
) -> Result<(Vec<RawEvent>, Problems), Rejection> {
    // Known SDKs send strings only: one pass, and each string is an event's text.
    let mut batch = EventBatch::new(own_hosts);
    let mut result = for_each_under(text, "events", |event: String| batch.add(event));
    if result.is_err() {
        // Something else is among them, or half a character; begin again, slower.
        batch = EventBatch::new(own_hosts);
        let element = |element: &RawValue| batch.add(element.get().to_owned());
        result = for_each_under(text, "events", element);
    }
    expect_events(result)?;
    Ok(batch.finish(received_at, problems))
}

fn decode_interactions(
    text: &str,
    problems: &mut Problems,
) -> Result<Vec<RawInteraction>, Rejection> {
    let mut interactions = Vec::new();
    let result = for_each_under(text, "events", |element: &RawValue| {
        match interaction(element.get()) {
            Ok((json, is_repaired)) => {
                problems.add(Reason::RepairedText, u64::from(is_repaired));
                interactions.push(RawInteraction { json });
            }
            Err(reason) => problems.add(reason, 1),
        }
    });
    expect_events(result)?;
    Ok(interactions)
}

fn interaction(json: &str) -> Result<(String, bool), Reason> {
    if !json.starts_with('{') {
        return Err(Reason::InvalidEvent);
    }
    if json.len() > MAX_EVENT_BYTES {
        return Err(Reason::EventTooLarge);
    }
    if rrweb::depth::is_too_deep(json) {
        return Err(Reason::TooDeep);
    }
    let repaired = rrweb::repair_surrogates(json);
    Ok((rrweb::compact(&repaired), matches!(repaired, Cow::Owned(_))))
}

fn expect_events(result: serde_json::Result<bool>) -> Result<(), Rejection> {
    match result {
        Ok(true) => Ok(()),
        Ok(false) => Err(Rejection::new(
            Reason::InvalidJson,
            format!("body is not {EXPECTED_BODY}"),
        )),
        Err(error) => Err(not_readable(&error, EXPECTED_BODY)),
    }
}
