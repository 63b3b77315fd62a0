//! From what an SDK sent to what is kept: named, counted, and bounded.

use super::grouping::fingerprint;
use model::batch::{ErrorEvent, Exception, Frame, Level, Origin, Person, Span};
use model::{ProjectId, ReplayId, Timestamp};
use serde_json::{Value, json};
use store::catalog::errors::{ErrorRecord, NewError, SpanRecord};
use xxhash_rust::xxh3::xxh3_64;

/// Of the stacks of one error, as JSON.
const MAX_EXCEPTIONS_BYTES: usize = 64 << 10;
const MAX_FRAMES: usize = 100;
/// Of each stack when all of them together are too large.
const FEW_FRAMES: usize = 15;
const MAX_CONTEXT_CHARS: usize = 200;
const MAX_TITLE_CHARS: usize = 200;
/// Larger events are kept without their original.
const MAX_EVENT_BYTES: usize = 256 << 10;
const MAX_TAGS: usize = 50;

/// What runs in browsers and devices. The rest of those who send errors are servers.
const CLIENT_PLATFORMS: [&str; 8] = [
    "javascript",
    "cocoa",
    "android",
    "ios",
    "react-native",
    "flutter",
    "dart",
    "native",
];

/// Our id of a replay that a vendor names by one id.
pub fn replay_of(project: ProjectId, vendor_id: &str) -> ReplayId {
    ReplayId::derive(project, vendor_id, vendor_id)
}

pub fn record(project: ProjectId, source: &str, error: &ErrorEvent, now: Timestamp) -> NewError {
    let outermost = error.exceptions.first();
    let message = outermost
        .and_then(|it| it.value.clone())
        .or_else(|| error.message.clone());
    let kind = outermost.and_then(|it| it.kind.clone());
    let (link, origin) = (&error.link, &error.origin);
    let session = link.session_id.as_ref().or(link.replay_id.as_ref());
    NewError {
        fingerprint: fingerprint(error),
        user_hash: who(&error.person)
            .or(session)
            .map(|id| xxh3_64(id.as_bytes())),
        session_hash: session.map(|id| xxh3_64(id.as_bytes())),
        record: ErrorRecord {
            event_id: error.event_id.clone(),
            at: error.timestamp,
            received_at: now,
            replay: link.replay_id.as_deref().map(|id| replay_of(project, id)),
            trace_id: link.trace_id.clone(),
            span_id: link.span_id.clone(),
            source: source.to_owned(),
            level: level_name(error.level).to_owned(),
            title: title(kind.as_deref(), message.as_deref()),
            culprit: error
                .transaction
                .clone()
                .or_else(|| outermost.and_then(culprit)),
            kind,
            message,
            platform: origin.platform.clone(),
            release: origin.release.clone(),
            dist: origin.dist.clone(),
            environment: origin.environment.clone(),
            is_server_side: is_server_side(origin),
            is_handled: outermost.and_then(|it| it.is_handled),
            url: error.url.clone(),
            transaction: error.transaction.clone(),
            sdk: origin.sdk.clone(),
            sdk_version: origin.sdk_version.clone(),
            user_json: user_json(&error.person),
            tags_json: tags_json(&error.tags),
            exceptions_json: exceptions_json(&error.exceptions),
            debug_ids_json: json!(error.debug_ids).to_string(),
            event_json: (error.json.len() <= MAX_EVENT_BYTES).then(|| error.json.clone()),
        },
    }
}

pub fn span_record(project: ProjectId, span: &Span, now: Timestamp) -> SpanRecord {
    let measurements: Vec<Value> = span
        .measurements
        .iter()
        .map(|it| json!({ "name": it.name, "value": it.value, "unit": it.unit }))
        .collect();
    SpanRecord {
        trace_id: span.trace_id.clone(),
        span_id: span.span_id.clone(),
        parent_span_id: span.parent_span_id.clone(),
        is_segment: span.is_segment,
        segment_name: span.segment_name.clone(),
        operation: span.operation.clone(),
        name: span.name.clone(),
        status: span.status.clone(),
        started_at: span.started_at,
        ended_at: span.ended_at,
        received_at: now,
        replay: span.replay_id.as_deref().map(|id| replay_of(project, id)),
        platform: span.origin.platform.clone(),
        release: span.origin.release.clone(),
        environment: span.origin.environment.clone(),
        is_server_side: is_server_side(&span.origin),
        measurements_json: Value::from(measurements).to_string(),
    }
}

/// Who it was, as one text.
pub fn who(person: &Person) -> Option<&String> {
    let names = [&person.id, &person.email, &person.username];
    names.into_iter().flatten().next()
}

/// Only servers say their name. A platform that is not known is taken for a page's.
fn is_server_side(origin: &Origin) -> bool {
    let sdk = origin.sdk.as_deref().unwrap_or_default();
    let is_device = ["android", "cocoa", "react-native", "flutter", "browser"]
        .iter()
        .any(|word| sdk.contains(word));
    match origin.platform.as_deref() {
        _ if is_device => false,
        Some(platform) if CLIENT_PLATFORMS.contains(&platform) => false,
        Some("other") | None => origin.server_name.is_some(),
        Some(_) => true,
    }
}

pub const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Fatal => "fatal",
    }
}

fn title(kind: Option<&str>, message: Option<&str>) -> String {
    let first_line = message.and_then(|text| text.lines().find(|line| !line.trim().is_empty()));
    let title = match (kind, first_line) {
        (Some(kind), Some(message)) => format!("{kind}: {}", message.trim()),
        (Some(only), None) | (None, Some(only)) => only.trim().to_owned(),
        (None, None) => "Unknown error".to_owned(),
    };
    title.chars().take(MAX_TITLE_CHARS).collect()
}

/// The innermost call of the application.
fn culprit(exception: &Exception) -> Option<String> {
    let own = |frame: &&Frame| frame.is_in_app != Some(false);
    let frames = &exception.frames;
    let frame = frames.iter().rev().find(own).or(frames.last())?;
    let place = frame.module.as_ref().or(frame.file.as_ref());
    match (&frame.function, place) {
        (Some(function), Some(place)) => Some(format!("{function} in {place}")),
        (Some(only), None) | (None, Some(only)) => Some(only.clone()),
        (None, None) => None,
    }
}

fn user_json(person: &Person) -> Option<String> {
    who(person).or(person.name.as_ref())?;
    let user = json!({
        "id": person.id,
        "email": person.email,
        "username": person.username,
        "name": person.name,
    });
    Some(user.to_string())
}

fn tags_json(tags: &[(String, String)]) -> String {
    let tags = tags.iter().take(MAX_TAGS);
    let tags: serde_json::Map<String, Value> = tags
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    Value::Object(tags).to_string()
}

fn exceptions_json(exceptions: &[Exception]) -> String {
    let all = with_frames(exceptions, MAX_FRAMES);
    if all.len() <= MAX_EXCEPTIONS_BYTES {
        return all;
    }
    let few = with_frames(exceptions, FEW_FRAMES);
    match few.len() <= MAX_EXCEPTIONS_BYTES {
        true => few,
        // Names of a kilobyte in every frame: nothing that anybody could read.
        false => with_frames(&exceptions[..1], 1),
    }
}

/// With the innermost frames of each stack.
fn with_frames(exceptions: &[Exception], count: usize) -> String {
    let list: Vec<Value> = exceptions
        .iter()
        .map(|it| {
            let first = it.frames.len().saturating_sub(count);
            let frames: Vec<Value> = it.frames[first..].iter().map(frame_json).collect();
            json!({
                "kind": it.kind,
                "value": it.value,
                "module": it.module,
                "mechanism": it.mechanism,
                "is_handled": it.is_handled,
                "is_synthetic": it.is_synthetic,
                "frames": frames,
            })
        })
        .collect();
    Value::from(list).to_string()
}

fn frame_json(frame: &Frame) -> Value {
    let context = frame.context_line.as_ref();
    let context: Option<String> =
        context.map(|line| line.chars().take(MAX_CONTEXT_CHARS).collect());
    json!({
        "function": frame.function,
        "module": frame.module,
        "file": frame.file,
        "absolute_path": frame.absolute_path,
        "line": frame.line,
        "column": frame.column,
        "is_in_app": frame.is_in_app,
        "context_line": context,
        "debug_id": frame.debug_id,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use model::batch::Link;

    pub fn frame(function: &str, file: &str, line: u32) -> Frame {
        Frame {
            function: Some(function.to_owned()),
            file: Some(file.to_owned()),
            line: Some(line),
            ..Frame::default()
        }
    }

    pub fn error(kind: &str, value: &str, frames: &[Frame]) -> ErrorEvent {
        ErrorEvent {
            event_id: "e".to_owned(),
            timestamp: Timestamp::from_millis(5),
            level: Level::Error,
            message: None,
            exceptions: vec![Exception {
                kind: Some(kind.to_owned()),
                value: Some(value.to_owned()),
                frames: frames.to_vec(),
                ..Exception::default()
            }],
            fingerprint: Vec::new(),
            logger: None,
            transaction: None,
            url: None,
            link: Link::default(),
            origin: Origin::default(),
            person: Person::default(),
            tags: Vec::new(),
            debug_ids: Vec::new(),
            json: "{}".to_owned(),
        }
    }

    #[test]
    fn stacks_are_bounded_from_the_outside() {
        let long = "x".repeat(1000);
        let frames: Vec<_> = (0..250).map(|line| frame(&long, &long, line)).collect();
        let new = record(
            ProjectId(1),
            "sentry",
            &error("E", "m", &frames),
            Timestamp::default(),
        );
        let stacks = &new.record.exceptions_json;
        assert!(stacks.len() <= MAX_EXCEPTIONS_BYTES, "{}", stacks.len());
        let stacks: Value = serde_json::from_str(stacks).unwrap();
        let kept = stacks[0]["frames"].as_array().unwrap();
        assert_eq!((kept.len(), &kept[14]["line"]), (15, &json!(249)));
    }

    #[test]
    fn titles_and_culprits() {
        assert_eq!(
            title(Some("TypeError"), Some("\n x is 1\nand more")),
            "TypeError: x is 1"
        );
        assert_eq!(title(None, None), "Unknown error");
        let mut library = frame("render", "react.js", 1);
        library.is_in_app = Some(false);
        let it = error("E", "m", &[frame("pay", "app.js", 1), library]);
        let new = record(ProjectId(1), "sentry", &it, Timestamp::default());
        assert_eq!(new.record.culprit.as_deref(), Some("pay in app.js"));
    }

    #[test]
    fn pages_are_told_from_servers() {
        let origin = |platform: &str, sdk: &str| Origin {
            platform: Some(platform.to_owned()),
            sdk: Some(sdk.to_owned()),
            ..Origin::default()
        };
        for (platform, sdk, expected) in [
            ("javascript", "sentry.javascript.browser", false),
            ("node", "sentry.javascript.nextjs", true),
            ("python", "sentry.python", true),
            ("java", "sentry.java.android", false),
            ("java", "sentry.java", true),
            ("cocoa", "sentry.cocoa", false),
        ] {
            assert_eq!(is_server_side(&origin(platform, sdk)), expected, "{sdk}");
        }
    }
}
