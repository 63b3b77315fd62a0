//! Three forms of timed operations, read into one: the transaction (SDKs up to 10,
//! servers), the stand-alone span (web vitals of 8 to 10), and the container of
//! spans that browsers send since 11.

use super::envelope::Envelope;
use super::event;
use crate::value::{at, hex_id, short, span_id, time};
use model::Timestamp;
use model::batch::{Measurement, Origin, Span};
use model::ingest::{Problems, Reason};
use rrweb::tape::Value;

/// The vendor's own limit of one transaction is 1,000.
const MAX_SPANS: usize = 2_000;
const MAX_MEASUREMENTS: usize = 100;

const WEB_VITAL_PREFIX: &str = "browser.web_vital.";

/// The transaction and its spans. The first keeps all of the transaction but the
/// list of the others, which keep themselves.
pub(super) fn transaction(
    event: Value<'_>,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Vec<Span> {
    let trace = |key| at(event, &["contexts", "trace", key]);
    let link = event::link(event, envelope);
    let (Some(trace_id), Some(own_id)) = (hex_id(trace("trace_id")), span_id(trace("span_id")))
    else {
        problems.add(Reason::InvalidItem, 1);
        return Vec::new();
    };
    let ended_at = event::event_time(event.get("timestamp"), received_at, problems);
    let name = short(event.get("transaction"));
    let origin = event::origin(event, envelope);
    let mut spans = vec![Span {
        trace_id: trace_id.clone(),
        span_id: own_id,
        parent_span_id: span_id(trace("parent_span_id")),
        is_segment: true,
        segment_name: name.clone(),
        operation: short(trace("op")),
        name: name.clone(),
        status: short(trace("status")),
        started_at: time(event.get("start_timestamp")).unwrap_or(ended_at),
        ended_at,
        replay_id: link.replay_id.clone(),
        is_replay_buffered: false,
        origin: origin.clone(),
        measurements: measurements(event.get("measurements")),
        json: without(event, "spans"),
    }];
    let list = event.get("spans").into_iter().flat_map(Value::items);
    for value in list {
        if spans.len() == MAX_SPANS {
            problems.add(Reason::TooLarge, 1);
            break;
        }
        let Some(mut span) = single(value, &origin, received_at, problems) else {
            problems.add(Reason::InvalidItem, 1);
            continue;
        };
        span.segment_name = name.clone();
        span.is_segment = false;
        span.replay_id = link.replay_id.clone();
        spans.push(span);
    }
    spans
}

/// One span by itself, or a container of them.
pub(super) fn spans(
    value: Value<'_>,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Vec<Span> {
    let origin = event::origin(value, envelope);
    let replay_id = hex_id(envelope.trace("replay_id"));
    let Some(items) = value.get("items").filter(|items| items.is_array()) else {
        let Some(mut span) = single(value, &origin, received_at, problems) else {
            problems.add(Reason::InvalidItem, 1);
            return Vec::new();
        };
        span.replay_id = span.replay_id.or(replay_id);
        return vec![span];
    };
    let mut spans = Vec::new();
    for item in items.items() {
        if spans.len() == MAX_SPANS {
            problems.add(Reason::TooLarge, 1);
            break;
        }
        match contained(item, &origin, received_at, problems) {
            Some(mut span) => {
                span.replay_id = span.replay_id.or_else(|| replay_id.clone());
                spans.push(span);
            }
            None => problems.add(Reason::InvalidItem, 1),
        }
    }
    spans
}

fn single(
    span: Value<'_>,
    origin: &Origin,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Option<Span> {
    let data = |key| at(span, &["data", key]);
    let ended_at = event::event_time(span.get("timestamp"), received_at, problems);
    Some(Span {
        trace_id: hex_id(span.get("trace_id"))?,
        span_id: span_id(span.get("span_id"))?,
        parent_span_id: span_id(span.get("parent_span_id")),
        is_segment: span.get("is_segment").and_then(Value::as_bool) == Some(true),
        segment_name: short(data("transaction")),
        operation: short(span.get("op")).or_else(|| short(data("sentry.op"))),
        name: short(span.get("description")),
        status: short(span.get("status")),
        started_at: time(span.get("start_timestamp")).unwrap_or(ended_at),
        ended_at,
        replay_id: hex_id(data("replay_id")),
        is_replay_buffered: false,
        origin: Origin {
            release: short(data("release")).or_else(|| origin.release.clone()),
            environment: short(data("environment")).or_else(|| origin.environment.clone()),
            ..origin.clone()
        },
        measurements: measurements(span.get("measurements")),
        json: span.to_json(),
    })
}

/// A span whose attributes are `{"name":{"value":…,"type":…}}`.
fn contained(
    span: Value<'_>,
    origin: &Origin,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Option<Span> {
    let attribute = |key| at(span, &["attributes", key, "value"]);
    let ended_at = event::event_time(span.get("end_timestamp"), received_at, problems);
    Some(Span {
        trace_id: hex_id(span.get("trace_id"))?,
        span_id: span_id(span.get("span_id"))?,
        parent_span_id: span_id(span.get("parent_span_id")),
        is_segment: span.get("is_segment").and_then(Value::as_bool) == Some(true),
        segment_name: short(attribute("sentry.segment.name")),
        operation: short(attribute("sentry.op")),
        name: short(span.get("name")),
        status: short(span.get("status")),
        started_at: time(span.get("start_timestamp")).unwrap_or(ended_at),
        ended_at,
        replay_id: hex_id(attribute("sentry.replay_id")),
        is_replay_buffered: attribute("sentry._internal.replay_is_buffering")
            .and_then(Value::as_bool)
            == Some(true),
        origin: Origin {
            release: short(attribute("sentry.release")).or_else(|| origin.release.clone()),
            environment: short(attribute("sentry.environment"))
                .or_else(|| origin.environment.clone()),
            ..origin.clone()
        },
        measurements: web_vitals(span.get("attributes")),
        json: span.to_json(),
    })
}

/// `{"lcp":{"value":2964,"unit":"millisecond"}}`
fn measurements(value: Option<Value<'_>>) -> Vec<Measurement> {
    let pairs = value.into_iter().flat_map(|value| value.pairs());
    pairs
        .filter_map(|(name, value)| {
            Some(Measurement {
                name: crate::value::clean_short(name)?,
                value: value.get("value")?.as_f64()?,
                unit: short(value.get("unit")),
            })
        })
        .take(MAX_MEASUREMENTS)
        .collect()
}

/// `browser.web_vital.lcp.value` among the attributes, named like a measurement.
fn web_vitals(attributes: Option<Value<'_>>) -> Vec<Measurement> {
    let pairs = attributes.into_iter().flat_map(|value| value.pairs());
    pairs
        .filter_map(|(name, value)| {
            let name = name
                .strip_prefix(WEB_VITAL_PREFIX)?
                .strip_suffix(".value")?;
            Some(Measurement {
                name: crate::value::clean_short(name)?,
                value: value.get("value")?.as_f64()?,
                unit: short(value.get("unit")),
            })
        })
        .take(MAX_MEASUREMENTS)
        .collect()
}

/// The object as JSON without one of its keys.
fn without(object: Value<'_>, left_out: &str) -> String {
    let mut json = String::from("{");
    for (key, value) in object.pairs().filter(|(key, _)| *key != left_out) {
        if json.len() > 1 {
            json.push(',');
        }
        rrweb::tape::write_json_string(key, &mut json);
        json.push(':');
        value.write_json(&mut json);
    }
    json.push('}');
    json
}
