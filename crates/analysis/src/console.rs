//! Lines of the console, and the errors among them.

use crate::fact::{Body, Console, Error, Source};
use crate::strings::{self, MAX_NAME_BYTES, cut};
use rrweb::tape::{Kind, Value};

const MAX_ARGS: usize = 16;
const MAX_ARG_BYTES: usize = 2_048;
pub const MAX_STACK_LINES: usize = 50;
pub const MAX_STACK_LINE_BYTES: usize = 512;

/// `rrweb/console@1`, the same in rrweb, Amplitude and PostHog: the arguments are
/// strings of JSON.
pub fn plugin_line(payload: Value<'_>) -> Body {
    let level = payload
        .get("level")
        .and_then(Value::as_str)
        .unwrap_or("log");
    let args: Vec<String> = payload
        .get("payload")
        .into_iter()
        .flat_map(Value::items)
        .take(MAX_ARGS)
        .map(argument)
        .collect();
    let stack = stack(payload.get("trace"));
    line(level, args, stack)
}

/// A line, or the error that it reports.
///
/// Recorders write what no code caught with the words of `ErrorEvent.message`:
/// `Uncaught Error: …` in Chrome, `TypeError: …` elsewhere, and nothing besides.
pub fn line(level: &str, args: Vec<String>, stack: Vec<String>) -> Body {
    let is_error = level == "error";
    if is_error
        && let [only] = args.as_slice()
        && let Some((name, message)) = uncaught(only)
    {
        return Body::Error(Box::new(Error {
            name: strings::name(name),
            message: strings::text(message),
            stack,
            source: Source::Console,
            event_id: None,
        }));
    }
    Body::Console(Box::new(Console {
        level: strings::name(level),
        message: strings::text(&args.join(" ")),
        args,
        stack,
    }))
}

fn argument(value: Value<'_>) -> String {
    let Some(json) = value.as_str() else {
        return strings::plain(value, MAX_ARG_BYTES);
    };
    // A string keeps its quotes in there; a cut one does not parse.
    let text: Option<String> = json
        .starts_with('"')
        .then(|| serde_json::from_str(json).ok())
        .flatten();
    match text {
        Some(text) => cut(&text, MAX_ARG_BYTES).to_owned(),
        None => cut(json, MAX_ARG_BYTES).to_owned(),
    }
}

fn stack(trace: Option<Value<'_>>) -> Vec<String> {
    let Some(trace) = trace else {
        return Vec::new();
    };
    let lines = |line: &str| cut(line, MAX_STACK_LINE_BYTES).to_owned();
    match trace.kind() {
        Kind::Array(items) => items
            .filter_map(Value::as_str)
            .take(MAX_STACK_LINES)
            .map(lines)
            .collect(),
        Kind::String(text) => text.lines().take(MAX_STACK_LINES).map(lines).collect(),
        _ => Vec::new(),
    }
}

/// Name and message of an error that nobody caught.
pub fn uncaught(text: &str) -> Option<(&str, &str)> {
    let (rest, is_certain) = match text.strip_prefix("Uncaught ") {
        Some(rest) => (rest.strip_prefix("(in promise) ").unwrap_or(rest), true),
        None => (text, false),
    };
    let first_line = rest.lines().next().unwrap_or_default();
    if let Some((name, message)) = first_line.split_once(": ")
        && is_error_name(name)
        && (is_certain || rest.len() == first_line.len())
    {
        return Some((name, message));
    }
    is_certain.then_some(("Error", rest))
}

fn is_error_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == '.')
        && (name.ends_with("Error") || name.ends_with("Exception"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rrweb::Tape;

    fn read(json: &str) -> Body {
        let mut tape = Tape::new();
        tape.parse(json).unwrap();
        plugin_line(tape.root())
    }

    #[test]
    fn arguments_lose_their_quotes() {
        let Body::Console(line) = read(
            r#"{"level":"warn","trace":["a (b.js:1:2)"],"payload":["\"agree \\\"x\\\"\"","1","{\"a\":1}"]}"#,
        ) else {
            panic!("no line");
        };
        assert_eq!(line.args, [r#"agree "x""#, "1", r#"{"a":1}"#]);
        assert_eq!(line.message, r#"agree "x" 1 {"a":1}"#);
        assert_eq!(line.stack, ["a (b.js:1:2)"]);
    }

    #[test]
    fn uncaught_errors_are_errors() {
        let Body::Error(error) = read(
            r#"{"level":"error","trace":["k.js:6:4080"],"payload":["\"Uncaught Error: planned failure\""]}"#,
        ) else {
            panic!("no error");
        };
        assert_eq!(
            (error.name.as_str(), error.message.as_str()),
            ("Error", "planned failure")
        );
        assert_eq!(
            uncaught("Uncaught (in promise) TypeError: x is null"),
            Some(("TypeError", "x is null"))
        );
        assert_eq!(uncaught("Uncaught 5"), Some(("Error", "5")));
        assert_eq!(uncaught("boom"), None);
        assert_eq!(uncaught("Note: an Error"), None);
        assert!(matches!(
            read(r#"{"level":"error","payload":["\"boom\"","{\"a\":1}"]}"#),
            Body::Console(_)
        ));
    }
}
