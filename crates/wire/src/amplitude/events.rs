//! Analytics events (`/2/httpapi`, `/batch`): the only place where a visitor's user
//! id and the names of things they did come from.

use crate::body::{as_text, clean_id, for_each_under, not_readable};
use crate::replay_event::sound_timestamp;
use crate::{Rejection, own_traffic};
use model::Timestamp;
use model::ingest::{AnalyticsEvent, AnalyticsUpload, Problems, Reason, Source};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// The vendor's own limit of one request.
pub const MAX_EVENTS_PER_REQUEST: usize = 2_000;

const MAX_ANALYTICS_EVENT_BYTES: usize = 1_000_000;

const REPLAY_ID_PROPERTY: &str = "[Amplitude] Session Replay ID";
const NETWORK_REQUEST_EVENT: &str = "[Amplitude] Network Request";
const NETWORK_URL_PROPERTY: &str = "[Amplitude] URL";

/// The session id of an event that happened outside of any session.
const NO_SESSION: &str = "-1";

const EXPECTED_BODY: &str = "an object with `api_key` and an array `events`";

/// Reads a decompressed events body: the project's key, and what was sent. Invalid
/// events are dropped and counted. Only when not one event is left is the request
/// refused, and then in a way that stops the SDK from sending it again.
pub fn decode_events(
    body: &[u8],
    received_at: Timestamp,
    own_hosts: &[&str],
) -> Result<(String, AnalyticsUpload), Rejection> {
    let mut problems = Problems::default();
    let text = as_text(body, &mut problems)?;
    let text = rrweb::repair_surrogates(&text);
    problems.add(
        Reason::RepairedText,
        u64::from(matches!(text, Cow::Owned(_))),
    );
    let fields: Fields<'_> =
        serde_json::from_str(&text).map_err(|error| not_readable(&error, EXPECTED_BODY))?;
    let api_key = match fields.get("api_key").and_then(|value| as_id(value)) {
        Some((api_key, _)) => api_key,
        None => {
            return Err(Rejection::missing(
                "api_key",
                Reason::UnknownKey,
                "the request names no api_key",
            ));
        }
    };
    let events = decode_list(&text, received_at, own_hosts, &mut problems)?;
    let mut identities = Vec::new();
    for event in &events {
        super::identities::add(event, &mut identities);
    }
    Ok((
        api_key,
        AnalyticsUpload {
            source: Source::Amplitude,
            events,
            identities,
            problems,
        },
    ))
}

type Fields<'a> = HashMap<String, &'a RawValue>;

fn decode_list(
    text: &str,
    received_at: Timestamp,
    own_hosts: &[&str],
    problems: &mut Problems,
) -> Result<Vec<AnalyticsEvent>, Rejection> {
    let mut events = Vec::new();
    let mut received = 0;
    let mut first_refused = None;
    let found = for_each_under(text, "events", |element: &RawValue| {
        received += 1;
        if received > MAX_EVENTS_PER_REQUEST {
            return;
        }
        match decode_event(element.get(), received_at, own_hosts, problems) {
            Ok(event) => events.push(event),
            Err(refused) => {
                problems.add(refused.reason, 1);
                first_refused.get_or_insert(refused);
            }
        }
    })
    .map_err(|error| not_readable(&error, EXPECTED_BODY))?;
    if !found {
        return Err(Rejection::missing(
            "events",
            Reason::InvalidJson,
            "the request has no list `events`",
        ));
    }
    if received > MAX_EVENTS_PER_REQUEST {
        // The SDK halves its batches on this reason.
        let message = format!("more than {MAX_EVENTS_PER_REQUEST} events in one request");
        return Err(Rejection::new(Reason::TooLarge, message));
    }
    match first_refused {
        // Records of our own traffic were fine requests; all else deserves an answer.
        Some(refused) if events.is_empty() && problems.count(Reason::OwnTraffic) == 0 => {
            Err(refused.into_rejection())
        }
        _ => Ok(events),
    }
}

/// Why one event was refused.
struct Refused {
    reason: Reason,
    /// An event without this field is refused again and again.
    field: &'static str,
    problem: &'static str,
}

impl Refused {
    const fn new(reason: Reason, field: &'static str, problem: &'static str) -> Self {
        Self {
            reason,
            field,
            problem,
        }
    }

    fn into_rejection(self) -> Rejection {
        let message = format!(
            "no event of the request is usable; the first one: {}",
            self.problem
        );
        match self.reason {
            Reason::EventTooLarge => Rejection::new(Reason::TooLarge, message),
            reason => Rejection::missing(self.field, reason, message),
        }
    }
}

fn decode_event(
    json: &str,
    received_at: Timestamp,
    own_hosts: &[&str],
    problems: &mut Problems,
) -> Result<AnalyticsEvent, Refused> {
    if json.len() > MAX_ANALYTICS_EVENT_BYTES {
        return Err(Refused::new(
            Reason::EventTooLarge,
            "events",
            "it is larger than 1 MB",
        ));
    }
    if rrweb::depth::is_too_deep(json) {
        return Err(Refused::new(
            Reason::TooDeep,
            "events",
            "it is nested too deeply",
        ));
    }
    let fields: Fields<'_> = serde_json::from_str(json)
        .map_err(|_| Refused::new(Reason::InvalidEvent, "events", "it is not an object"))?;
    let id = |name: &str| fields.get(name).and_then(|value| as_id(value));

    let Some((event_type, is_type_repaired)) = id("event_type") else {
        return Err(Refused::new(
            Reason::InvalidEvent,
            "event_type",
            "event_type is missing or not a short text",
        ));
    };
    let (device_id, user_id) = (id("device_id"), id("user_id"));
    if device_id.is_none() && user_id.is_none() {
        let problem = "device_id and user_id are missing or not short texts";
        return Err(Refused::new(Reason::InvalidEvent, "device_id", problem));
    }
    let properties: Fields<'_> = fields
        .get("event_properties")
        .and_then(|value| serde_json::from_str(value.get()).ok())
        .unwrap_or_default();
    if event_type == NETWORK_REQUEST_EVENT && records_own_traffic(&properties, own_hosts) {
        return Err(Refused::new(
            Reason::OwnTraffic,
            "events",
            "it records an upload to this server",
        ));
    }

    let is_repaired =
        |id: &Option<(String, bool)>| id.as_ref().is_some_and(|(_, is_repaired)| *is_repaired);
    let repaired_texts = [
        is_type_repaired,
        is_repaired(&device_id),
        is_repaired(&user_id),
    ];
    problems.add(
        Reason::RepairedText,
        repaired_texts
            .into_iter()
            .filter(|is_repaired| *is_repaired)
            .count() as u64,
    );
    let without_flag = |id: Option<(String, bool)>| id.map(|(text, _)| text);
    Ok(AnalyticsEvent {
        event_type,
        timestamp: event_time(fields.get("time"), received_at, problems),
        // Server-side senders may know only the user; then the device is unnamed.
        device_id: without_flag(device_id).unwrap_or_default(),
        user_id: without_flag(user_id),
        session_id: without_flag(id("session_id")).filter(|session| session != NO_SESSION),
        insert_id: without_flag(id("insert_id")),
        replay_id: without_flag(
            properties
                .get(REPLAY_ID_PROPERTY)
                .and_then(|value| as_replay_id(value)),
        ),
        json: rrweb::compact(json),
    })
}

fn event_time(
    value: Option<&&RawValue>,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Timestamp {
    let Some(value) = value.filter(|value| value.get() != "null") else {
        return received_at;
    };
    let sound = value.get().parse().ok().and_then(sound_timestamp);
    problems.add(Reason::RepairedTimestamp, u64::from(sound.is_none()));
    sound.unwrap_or(received_at)
}

fn records_own_traffic(properties: &Fields<'_>, own_hosts: &[&str]) -> bool {
    let url = properties
        .get(NETWORK_URL_PROPERTY)
        .and_then(|value| as_string(value));
    url.is_some_and(|url| own_traffic::is_own_traffic(&url, own_hosts))
}

fn as_string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// An id as text: strings and whole numbers, for custom ids are either.
fn as_id(value: &RawValue) -> Option<(String, bool)> {
    let text = match value.get().as_bytes().first()? {
        b'"' => as_string(value)?,
        b'-' | b'0'..=b'9' => whole_number(value.get())?,
        _ => return None,
    };
    clean_id(&text)
}

/// Device and session id together; longer than either.
fn as_replay_id(value: &RawValue) -> Option<(String, bool)> {
    let text = as_string(value)?;
    let (device_id, session_id) = text.rsplit_once('/')?;
    let ((device_id, a), (session_id, b)) = (clean_id(device_id)?, clean_id(session_id)?);
    Some((format!("{device_id}/{session_id}"), a || b))
}

fn whole_number(text: &str) -> Option<String> {
    if text.bytes().skip(1).all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let number: f64 = text.parse().ok()?;
    // Beyond this a float no longer counts in ones.
    (number.fract() == 0.0 && number.abs() < 9e15).then(|| format!("{number:.0}"))
}
