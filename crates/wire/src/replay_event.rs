//! The rules for one rrweb event, whatever protocol brought it.
//!
//! An event is kept byte for byte when it is sound: re-sent events are recognised
//! by their text. Otherwise it is repaired or dropped, and counted.

use crate::value::MAX_SECONDS;
use crate::{MAX_EVENT_BYTES, own_traffic};
use model::Timestamp;
use model::ingest::{Problems, RawEvent, Reason};
use rrweb::envelope::kind;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;

/// 2000-01-01 to 2100-01-01. Outside of these a client's clock is broken, and a
/// replay that spans centuries is of no use.
const SOUND_TIMESTAMPS_MS: Range<f64> = 946_684_800_000.0..4_102_444_800_000.0;

/// An event may be JSON in a JSON string in a JSON string (the packed form), once.
const MAX_STRING_LEVELS: usize = 2;

/// Custom event in which the Amplitude SDK records a network request.
const FETCH_REQUEST_TAG: &str = "fetch-request";

/// Collects the events of one request.
pub(crate) struct EventBatch<'a> {
    own_hosts: &'a [&'a str],
    accepts_seconds: bool,
    events: Vec<PendingEvent>,
    problems: Problems,
}

struct PendingEvent {
    kind: u8,
    json: String,
    time: EventTime,
}

/// An unsound time can only be replaced when its neighbours are known.
enum EventTime {
    Sound(Timestamp),
    Unsound { value_range: Option<Range<usize>> },
}

impl<'a> EventBatch<'a> {
    pub(crate) fn new(own_hosts: &'a [&'a str]) -> Self {
        Self {
            own_hosts,
            accepts_seconds: false,
            events: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// For senders who mix units: times in seconds are rewritten in milliseconds,
    /// which is no repair that anybody has to hear of.
    pub(crate) fn accepting_seconds() -> EventBatch<'static> {
        EventBatch {
            accepts_seconds: true,
            ..EventBatch::new(&[])
        }
    }

    /// Adds one element of an upload: the text of a JSON object, of a JSON string
    /// that holds an event, or a packed event.
    pub(crate) fn add(&mut self, element: String) {
        if let Err(reason) = self.try_add(element, MAX_STRING_LEVELS) {
            self.problems.add(reason, 1);
        }
    }

    pub(crate) fn add_problem(&mut self, reason: Reason) {
        self.problems.add(reason, 1);
    }

    fn try_add(&mut self, text: String, string_levels: usize) -> Result<(), Reason> {
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'{') => self.add_object(text),
            Some(b'"') if string_levels > 0 => {
                let repaired = rrweb::repair_surrogates(&text);
                let content: String =
                    serde_json::from_str(&repaired).map_err(|_| Reason::InvalidEvent)?;
                let is_repaired = matches!(repaired, Cow::Owned(_));
                self.try_add(content, string_levels - 1)?;
                self.problems
                    .add(Reason::RepairedText, u64::from(is_repaired));
                Ok(())
            }
            // What is left can only be zlib, whose first byte is 0x78 for any window
            // that packers use.
            Some(b'x') => {
                let event = rrweb::unpack(&text, MAX_EVENT_BYTES).map_err(|error| match error {
                    rrweb::Error::TooLarge { .. } => Reason::EventTooLarge,
                    _ => Reason::InvalidEvent,
                })?;
                self.add_object(event.json)?;
                self.problems
                    .add(Reason::RepairedText, u64::from(event.is_repaired));
                Ok(())
            }
            _ => Err(Reason::InvalidEvent),
        }
    }

    fn add_object(&mut self, mut json: String) -> Result<(), Reason> {
        if json.len() > MAX_EVENT_BYTES {
            return Err(Reason::EventTooLarge);
        }
        let mut repaired_text = 0;
        if let Cow::Owned(repaired) = rrweb::repair_surrogates(&json) {
            json = repaired;
            repaired_text = 1;
        }
        let mut event = read_object(&json)?;
        if is_on_several_lines(&json) {
            json = rrweb::compact(&json);
            event = read_object(&json)?;
        }
        if self.accepts_seconds
            && let Some((timestamp, range)) = event.time_in_seconds()
        {
            let kind = event.0.kind;
            json.replace_range(range, &milliseconds_text(timestamp));
            self.problems.add(Reason::RepairedText, repaired_text);
            let time = EventTime::Sound(timestamp);
            self.events.push(PendingEvent { kind, json, time });
            return Ok(());
        }
        let ObjectFacts {
            kind,
            time,
            records_own_traffic,
        } = event.facts(self.own_hosts);
        if records_own_traffic {
            return Err(Reason::OwnTraffic);
        }
        self.problems.add(Reason::RepairedText, repaired_text);
        self.events.push(PendingEvent { kind, json, time });
        Ok(())
    }

    /// The events in their order of arrival, all with sound times: an unsound one is
    /// replaced by the one before, else the one after, else `received_at`.
    pub(crate) fn finish(
        mut self,
        received_at: Timestamp,
        mut problems: Problems,
    ) -> (Vec<RawEvent>, Problems) {
        let first_sound = self.events.iter().find_map(|event| match event.time {
            EventTime::Sound(timestamp) => Some(timestamp),
            EventTime::Unsound { .. } => None,
        });
        let mut latest = first_sound.unwrap_or(received_at);
        let mut events = Vec::with_capacity(self.events.len());
        for PendingEvent { kind, json, time } in self.events {
            let json = match time {
                EventTime::Sound(timestamp) => {
                    latest = timestamp;
                    json
                }
                EventTime::Unsound { value_range } => {
                    self.problems.add(Reason::RepairedTimestamp, 1);
                    with_timestamp(json, value_range, latest)
                }
            };
            events.push(RawEvent {
                kind,
                timestamp: latest,
                json,
            });
        }
        for problem in self.problems.iter() {
            problems.add(problem.reason, problem.count);
        }
        (events, problems)
    }
}

struct Object<'a>(rrweb::Envelope<'a>);

struct ObjectFacts {
    kind: u8,
    time: EventTime,
    records_own_traffic: bool,
}

fn read_object(json: &str) -> Result<Object<'_>, Reason> {
    if rrweb::depth::is_too_deep(json) {
        return Err(Reason::TooDeep);
    }
    match rrweb::read_envelope(json) {
        Ok(envelope) if envelope.has_numeric_type => Ok(Object(envelope)),
        _ => Err(Reason::InvalidEvent),
    }
}

impl Object<'_> {
    fn time_in_seconds(&self) -> Option<(Timestamp, Range<usize>)> {
        let seconds = self
            .0
            .timestamp_ms
            .filter(|number| *number <= MAX_SECONDS)?;
        let timestamp = sound_timestamp(seconds * 1_000.0)?;
        Some((timestamp, self.0.timestamp_range.clone()?))
    }

    fn facts(self, own_hosts: &[&str]) -> ObjectFacts {
        let Self(envelope) = self;
        ObjectFacts {
            kind: envelope.kind,
            time: match envelope.timestamp_ms.and_then(sound_timestamp) {
                Some(timestamp) => EventTime::Sound(timestamp),
                None => EventTime::Unsound {
                    value_range: envelope.timestamp_range,
                },
            },
            records_own_traffic: envelope.kind == kind::CUSTOM
                && envelope
                    .data
                    .is_some_and(|data| is_own_fetch_request(data.get(), own_hosts)),
        }
    }
}

pub(crate) fn sound_timestamp(milliseconds: f64) -> Option<Timestamp> {
    // A range check is false for NaN, too.
    let is_sound = SOUND_TIMESTAMPS_MS.contains(&milliseconds);
    is_sound.then(|| Timestamp::from_micros((milliseconds * 1_000.0).round() as i64))
}

/// Line breaks cannot stand inside of a JSON string, so each one is layout.
fn is_on_several_lines(json: &str) -> bool {
    let bytes = json.as_bytes();
    bytes.contains(&b'\n') || bytes.contains(&b'\r')
}

/// Replaces only the value of `timestamp`, or appends the key to the object.
fn with_timestamp(
    mut json: String,
    value_range: Option<Range<usize>>,
    timestamp: Timestamp,
) -> String {
    let value = milliseconds_text(timestamp);
    match value_range {
        Some(range) => json.replace_range(range, &value),
        None => {
            // Never an empty object: an event has a type.
            let end = json.rfind('}').unwrap_or(json.len());
            json.insert_str(end, &format!(",\"timestamp\":{value}"));
        }
    }
    json
}

fn milliseconds_text(timestamp: Timestamp) -> String {
    match timestamp.micros().rem_euclid(1_000) {
        0 => timestamp.millis().to_string(),
        fraction => format!("{}.{fraction:03}", timestamp.millis()),
    }
}

/// Whether a custom event's data records one of our own uploads.
fn is_own_fetch_request(data: &str, own_hosts: &[&str]) -> bool {
    #[derive(Deserialize)]
    struct Custom<'a> {
        #[serde(borrow)]
        tag: Cow<'a, str>,
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct FetchRequest<'a> {
        #[serde(borrow)]
        url: Cow<'a, str>,
    }
    if own_hosts.is_empty() || !data.contains(FETCH_REQUEST_TAG) {
        return false;
    }
    let custom: Option<Custom<'_>> = serde_json::from_str(data).ok();
    let Some(payload) = custom
        .filter(|custom| custom.tag == FETCH_REQUEST_TAG)
        .map(|custom| custom.payload)
    else {
        return false;
    };
    let request: Option<FetchRequest<'_>> = serde_json::from_str(payload.get()).ok();
    request.is_some_and(|request| own_traffic::is_own_traffic(&request.url, own_hosts))
}
