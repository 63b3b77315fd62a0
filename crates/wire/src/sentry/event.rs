//! The event: an error or message with everything around it. Feedback and replay
//! events have the same frame, so what is common is read here.

use super::envelope::Envelope;
use crate::value::{at, hex_id, hex_text, long, short, short_list, short_pairs, span_id, time};
use model::Timestamp;
use model::batch::{Device, ErrorEvent, Exception, Feedback, Frame, Level, Link, Origin, Person};
use model::ingest::{Problems, Reason};
use rrweb::tape::Value;
use xxhash_rust::xxh3::xxh3_128;

const MAX_EXCEPTIONS: usize = 20;
/// Recursions are thousands deep; the inner end is what tells.
const MAX_FRAMES: usize = 250;

pub(super) fn error_event(
    event: Value<'_>,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
    problems: &mut Problems,
) -> ErrorEvent {
    let json = event.to_json();
    ErrorEvent {
        event_id: event_id(event, envelope, &json),
        timestamp: event_time(event.get("timestamp"), received_at, problems),
        level: level(event.get("level")),
        message: message(event),
        exceptions: exceptions(event.get("exception")),
        fingerprint: short_list(event.get("fingerprint")),
        logger: short(event.get("logger")),
        transaction: short(event.get("transaction")),
        url: short(at(event, &["request", "url"])),
        link: link(event, envelope),
        origin: origin(event, envelope),
        person: person(event),
        tags: short_pairs(event.get("tags")),
        debug_ids: debug_ids(event),
        json,
    }
}

pub(super) fn feedback(
    event: Value<'_>,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Option<Feedback> {
    let json = event.to_json();
    let said = at(event, &["contexts", "feedback"])?;
    let mut link = link(event, envelope);
    if let Some(replay_id) = hex_id(said.get("replay_id")) {
        link.replay_id = Some(replay_id);
    }
    Some(Feedback {
        event_id: event_id(event, envelope, &json),
        timestamp: event_time(event.get("timestamp"), received_at, problems),
        message: long(said.get("message"))?,
        name: short(said.get("name")),
        email: short(said.get("contact_email")),
        url: short(said.get("url")).or_else(|| short(at(event, &["request", "url"]))),
        error_id: hex_id(said.get("associated_event_id")),
        link,
        origin: origin(event, envelope),
        person: person(event),
        json,
    })
}

/// The form of old SDKs: a few words about an error that was sent before.
pub(super) fn user_report(
    report: Value<'_>,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
) -> Option<Feedback> {
    let json = report.to_json();
    Some(Feedback {
        // The report has no id of its own: `event_id` is the error's.
        event_id: format!("{:032x}", xxh3_128(json.as_bytes())),
        timestamp: envelope.sent_at().unwrap_or(received_at),
        message: long(report.get("comments"))?,
        name: short(report.get("name")),
        email: short(report.get("email")),
        url: None,
        error_id: hex_id(report.get("event_id")),
        link: link(report, envelope),
        origin: origin(report, envelope),
        person: Person::default(),
        json,
    })
}

/// The same for the same text, so that a repeated item is recognised.
fn event_id(event: Value<'_>, envelope: &Envelope<'_>, json: &str) -> String {
    hex_id(event.get("event_id"))
        .or_else(|| envelope.event_id())
        .unwrap_or_else(|| format!("{:032x}", xxh3_128(json.as_bytes())))
}

pub(super) fn event_time(
    value: Option<Value<'_>>,
    received_at: Timestamp,
    problems: &mut Problems,
) -> Timestamp {
    time(value).unwrap_or_else(|| {
        problems.add(Reason::RepairedTimestamp, 1);
        received_at
    })
}

/// Three places name the replay. Browsers write a tag, iOS a context too; Android
/// and servers leave it to the envelope's trace alone.
pub(super) fn link(event: Value<'_>, envelope: &Envelope<'_>) -> Link {
    let replay_id = hex_id(at(event, &["contexts", "replay", "replay_id"]))
        .or_else(|| tag(event, "replayId").and_then(|id| hex_text(&id, 32)))
        .or_else(|| hex_id(envelope.trace("replay_id")));
    Link {
        replay_id,
        trace_id: hex_id(at(event, &["contexts", "trace", "trace_id"]))
            .or_else(|| hex_id(envelope.trace("trace_id"))),
        span_id: span_id(at(event, &["contexts", "trace", "span_id"])),
        ..Link::default()
    }
}

fn tag(event: Value<'_>, name: &str) -> Option<String> {
    let tags = short_pairs(event.get("tags"));
    tags.into_iter()
        .find_map(|(key, value)| (key == name).then_some(value))
}

pub(super) fn origin(event: Value<'_>, envelope: &Envelope<'_>) -> Origin {
    let sdk =
        |key| short(at(event, &["sdk", key])).or_else(|| short(at(envelope.root(), &["sdk", key])));
    let traced = |key| short(event.get(key)).or_else(|| short(envelope.trace(key)));
    Origin {
        platform: short(event.get("platform")),
        release: traced("release"),
        dist: short(event.get("dist")),
        environment: traced("environment"),
        server_name: short(event.get("server_name")),
        sdk: sdk("name"),
        sdk_version: sdk("version"),
    }
}

pub(super) fn person(event: Value<'_>) -> Person {
    let user = |key| short(at(event, &["user", key]));
    let ip_address = user("ip_address");
    let is_auto = ip_address.as_deref() == Some("{{auto}}");
    let wants_ip = short(at(event, &["sdk", "settings", "infer_ip"])).as_deref() == Some("auto");
    Person {
        id: user("id"),
        email: user("email"),
        username: user("username"),
        name: user("name"),
        ip_address: ip_address.filter(|_| !is_auto),
        is_ip_wanted: is_auto || wants_ip,
    }
}

pub(super) fn device(event: Value<'_>) -> Device {
    let context = |name, key| short(at(event, &["contexts", name, key]));
    Device {
        brand: context("device", "brand").or_else(|| context("device", "manufacturer")),
        family: context("device", "family"),
        model: context("device", "model"),
        os: context("os", "name"),
        os_version: context("os", "version"),
        app_version: context("app", "app_version"),
    }
}

fn level(value: Option<Value<'_>>) -> Level {
    match value.and_then(Value::as_str) {
        Some("fatal" | "critical") => Level::Fatal,
        Some("warning" | "warn") => Level::Warning,
        Some("info" | "log") => Level::Info,
        Some("debug") => Level::Debug,
        _ => Level::Error,
    }
}

/// `message` is a text, or a template with its result; `logentry` is the latter.
fn message(event: Value<'_>) -> Option<String> {
    ["message", "logentry"].into_iter().find_map(|key| {
        let value = event.get(key)?;
        long(value.get("formatted"))
            .or_else(|| long(value.get("message")))
            .or_else(|| long(Some(value)))
    })
}

/// `{"values":[...]}`, a bare list, or one exception; the cause comes first in all.
fn exceptions(value: Option<Value<'_>>) -> Vec<Exception> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Vec::new();
    };
    let list = value.get("values").unwrap_or(value);
    let mut exceptions: Vec<Exception> = match list.is_array() {
        true => list
            .items()
            .filter(|it| it.is_object())
            .map(exception)
            .collect(),
        false => vec![exception(list)],
    };
    exceptions.reverse();
    exceptions.truncate(MAX_EXCEPTIONS);
    exceptions
}

/// Also the form of PostHog, which took it over.
pub(crate) fn exception(value: Value<'_>) -> Exception {
    let mechanism = |key| at(value, &["mechanism", key]);
    let frames = at(value, &["stacktrace", "frames"]).into_iter();
    let mut frames: Vec<Frame> = frames
        .flat_map(|list| list.items())
        .filter(|it| it.is_object())
        .map(frame)
        .collect();
    frames.drain(..frames.len().saturating_sub(MAX_FRAMES));
    Exception {
        kind: short(value.get("type")),
        value: long(value.get("value")),
        module: short(value.get("module")),
        mechanism: short(mechanism("type")),
        is_handled: mechanism("handled").and_then(Value::as_bool),
        is_synthetic: mechanism("synthetic").and_then(Value::as_bool) == Some(true),
        frames,
    }
}

fn frame(value: Value<'_>) -> Frame {
    let position = |key| u32::try_from(value.get(key)?.as_i64()?).ok();
    Frame {
        function: short(value.get("function")),
        module: short(value.get("module")),
        file: short(value.get("filename")),
        absolute_path: short(value.get("abs_path")),
        line: position("lineno"),
        column: position("colno"),
        is_in_app: value.get("in_app").and_then(Value::as_bool),
        context_line: long(value.get("context_line")),
        debug_id: short(value.get("debug_id")).or_else(|| short(value.get("chunk_id"))),
    }
}

fn debug_ids(event: Value<'_>) -> Vec<(String, String)> {
    let images = at(event, &["debug_meta", "images"]).into_iter();
    images
        .flat_map(|list| list.items())
        .filter(|image| image.get("type").and_then(Value::as_str) == Some("sourcemap"))
        .filter_map(|image| {
            Some((
                short(image.get("code_file"))?,
                short(image.get("debug_id"))?,
            ))
        })
        .take(MAX_FRAMES)
        .collect()
}
