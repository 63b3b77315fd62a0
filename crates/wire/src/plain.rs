//! Bare rrweb events, from any recorder and any sender.
//!
//! Three shapes of body: a JSON array of events, an object `{"events":[…]}`, or one
//! event per line. An event is an object or a string of `@rrweb/packer`. Our own SDK
//! sends columns instead, see `plain_columns`.

use crate::Rejection;
use crate::body::{as_text, clean_or_reject, for_each_in, for_each_under, not_readable};
use crate::plain_columns;
use crate::replay_event::EventBatch;
use model::Timestamp;
use model::ingest::{About, Client, Problems, Reason, ReplayPayload, ReplayUpload, Source};
use serde_json::value::RawValue;

/// Reads a decompressed body. The ids come from the request's query. The events
/// together are not larger than `limit_bytes`, either.
pub fn decode_plain(
    body: &[u8],
    device_id: &str,
    session_id: &str,
    client: Client,
    received_at: Timestamp,
    limit_bytes: usize,
) -> Result<ReplayUpload, Rejection> {
    let (device_id, is_device_repaired) = clean_or_reject("device_id", Some(device_id))?;
    let (session_id, is_session_repaired) = clean_or_reject("session_id", Some(session_id))?;
    let mut problems = Problems::default();
    problems.add(
        Reason::RepairedText,
        u64::from(is_device_repaired) + u64::from(is_session_repaired),
    );
    let text = as_text(body, &mut problems)?;
    let batch = read_batch(text.trim(), limit_bytes)?;
    let (events, problems) = batch.finish(received_at, problems);
    let payload = ReplayPayload::Events(events);
    Ok(ReplayUpload {
        source: Source::Rrweb,
        device_id,
        session_id,
        client,
        about: About::default(),
        payload,
        problems,
    })
}

fn read_batch(text: &str, limit_bytes: usize) -> Result<EventBatch<'static>, Rejection> {
    if text.starts_with(plain_columns::HEAD) {
        let mut batch = EventBatch::new(&[]);
        plain_columns::for_each_event(text, limit_bytes, |event| batch.add(event))?;
        return Ok(batch);
    }
    if text.starts_with('[') {
        let mut batch = EventBatch::new(&[]);
        let result = for_each_in(text, |element: &RawValue| {
            batch.add(element.get().to_owned())
        });
        return result
            .map(|()| batch)
            .map_err(|error| not_readable(&error, "an array of events"));
    }
    if text.starts_with('{') {
        let mut batch = EventBatch::new(&[]);
        match for_each_under(text, "events", |element: &RawValue| {
            batch.add(element.get().to_owned())
        }) {
            Ok(true) => return Ok(batch),
            // One event by itself, maybe on several lines.
            Ok(false) => {
                batch.add(text.to_owned());
                return Ok(batch);
            }
            // One object that is no upload of ours; anything else may be lines.
            Err(error) if error.is_data() => {
                return Err(not_readable(&error, "an object with an array `events`"));
            }
            Err(_) => {}
        }
    }
    read_lines(text)
}

fn read_lines(text: &str) -> Result<EventBatch<'static>, Rejection> {
    let mut batch = EventBatch::new(&[]);
    let mut has_json = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // Adding would find the syntax error as well, but a body none of whose lines
        // is JSON is something else altogether and deserves an answer.
        let is_json = has_json || serde_json::from_str::<&RawValue>(line).is_ok();
        has_json |= is_json;
        match is_json {
            true => batch.add(line.to_owned()),
            false => batch.add_problem(Reason::InvalidEvent),
        }
    }
    match has_json {
        true => Ok(batch),
        false => {
            let message = "body is neither an array of events, nor an object with `events`, nor one event per line";
            Err(Rejection::new(Reason::InvalidJson, message))
        }
    }
}
