//! Custom and plugin events: what each recorder says with them.

use crate::console::{self, MAX_STACK_LINE_BYTES, MAX_STACK_LINES};
use crate::fact::{Body, Custom, Error, Source};
use crate::network::{self, Request};
use crate::strings::{self, MAX_PAYLOAD_BYTES};
use rrweb::tape::Value;

/// What an event says.
pub enum Said<'t> {
    Fact(Body),
    Request(Box<Request>),
    /// The address changed without a load.
    Navigated {
        href: &'t str,
        title: Option<&'t str>,
        size: Option<(u32, u32)>,
    },
    /// A page was loaded; the address comes with the next Meta event.
    Loaded {
        by_history: bool,
    },
    /// The last Meta event was the start of a page.
    Started,
    Visible(bool),
    Focused(bool),
    /// The recorder paused, or goes on.
    Recording(bool),
    /// Our recorder's numbers of what it sends.
    Chunk {
        page: &'t str,
        number: u64,
        until_us: i64,
    },
    Nothing,
}

/// What recorders say about themselves; some of it is secret, all of it is long.
const OWN_TAGS: [&str; 6] = [
    "get-sr-props",
    "debug-info",
    "options",
    "$posthog_config",
    "$session_options",
    "$remote_config_received",
];

pub fn custom<'t>(
    tag: &str,
    payload: Value<'t>,
    at_us: i64,
    slow_ms: u32,
    has_page: bool,
) -> Said<'t> {
    let text = |key| payload.get(key).and_then(Value::as_str);
    match tag {
        _ if OWN_TAGS.contains(&tag) => Said::Nothing,
        "breadcrumb" => breadcrumb(payload, has_page),
        "performanceSpan" => span(payload, at_us, slow_ms),
        "fetch-request" => Said::Request(Box::new(network::fetch_request(payload, at_us, slow_ms))),
        "metadata" | "$recording_started" => Said::Started,
        "$pageview" | "$url_changed" | "page_view" | "navigation" => match text("href") {
            Some(href) => navigated(href, payload),
            None => other(tag, payload),
        },
        "window hidden" => Said::Visible(false),
        "window visible" => Said::Visible(true),
        "visibility" => match payload.get("visible").and_then(Value::as_bool) {
            Some(visible) => Said::Visible(visible),
            None => other(tag, payload),
        },
        "focus" => match payload.get("hasFocus").and_then(Value::as_bool) {
            Some(has_focus) => Said::Focused(has_focus),
            None => other(tag, payload),
        },
        "error" => thrown(payload).unwrap_or_else(|| other(tag, payload)),
        "reenact-chunk" => chunk(payload),
        "recording paused" | "sessionIdle" => Said::Recording(false),
        "recording resumed" | "sessionNoLongerIdle" => Said::Recording(true),
        "web_vital" | "web-vital" => {
            match (text("name"), payload.get("value").and_then(Value::as_f64)) {
                (Some(name), Some(value)) => {
                    Said::Fact(network::vital(name, value, text("rating")))
                }
                _ => other(tag, payload),
            }
        }
        "feedback" | "sentry.feedback" => feedback(payload),
        _ => other(tag, payload),
    }
}

pub fn plugin<'t>(name: &str, payload: Value<'t>) -> Said<'t> {
    match name {
        "rrweb/console@1" => Said::Fact(console::plugin_line(payload)),
        "amplitude/url-tracking@1" => match payload.get("href").and_then(Value::as_str) {
            Some(href) => navigated(href, payload),
            None => Said::Nothing,
        },
        // Signalling between recorder and viewer.
        "rrweb/canvas-webrtc@1" => Said::Nothing,
        _ => other(name, payload),
    }
}

fn navigated<'t>(href: &'t str, payload: Value<'t>) -> Said<'t> {
    let pixels = |key| {
        payload
            .get(key)
            .and_then(Value::as_f64)
            .map(|pixels| pixels.round() as u32)
    };
    Said::Navigated {
        href,
        title: payload.get("title").and_then(Value::as_str),
        size: pixels("viewportWidth").zip(pixels("viewportHeight")),
    }
}

pub fn other(tag: &str, payload: Value<'_>) -> Said<'static> {
    Said::Fact(Body::Custom(Box::new(Custom {
        tag: strings::name(tag),
        payload: match payload.is_null() {
            true => String::new(),
            false => strings::cut(&payload.to_json(), MAX_PAYLOAD_BYTES).to_owned(),
        },
    })))
}

fn feedback(payload: Value<'_>) -> Said<'static> {
    let data = payload.get("data").unwrap_or(payload);
    let id = data.get("feedbackId").or_else(|| data.get("event_id"));
    Said::Fact(Body::Feedback {
        event_id: id.and_then(Value::as_str).map(strings::name),
    })
}

/// An error as our recorder's module writes it; null for a resource that did not load.
fn thrown(payload: Value<'_>) -> Option<Said<'static>> {
    let text = |key| payload.get(key).and_then(Value::as_str);
    let message = text("message")?;
    let stack = text("stack").unwrap_or_default().lines();
    let frames = stack.map(str::trim).filter(|line| {
        // Some browsers begin the stack with the message.
        !line.is_empty() && !line.contains(message)
    });
    Some(Said::Fact(Body::Error(Box::new(Error {
        name: strings::name(text("name").unwrap_or("Error")),
        message: strings::text(message),
        stack: frames
            .take(MAX_STACK_LINES)
            .map(|line| strings::cut(line, MAX_STACK_LINE_BYTES).to_owned())
            .collect(),
        source: Source::Event,
        event_id: None,
    }))))
}

fn chunk(payload: Value<'_>) -> Said<'_> {
    const MAX_PAGE_BYTES: usize = 64;
    let page = payload.get("page").and_then(Value::as_str);
    let number = payload.get("number").and_then(Value::as_i64);
    let until_ms = payload.get("until").and_then(Value::as_i64).unwrap_or(0);
    match (page, number.and_then(|number| u64::try_from(number).ok())) {
        (Some(page), Some(number)) if page.len() <= MAX_PAGE_BYTES => Said::Chunk {
            page,
            number,
            until_us: until_ms.saturating_mul(1_000),
        },
        _ => Said::Nothing,
    }
}

/// Sentry's breadcrumbs. Clicks and input are in the stream besides.
fn breadcrumb(payload: Value<'_>, has_page: bool) -> Said<'_> {
    let category = payload
        .get("category")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let data = payload.get("data");
    let text = |key: &str| data.and_then(|data| data.get(key)).and_then(Value::as_str);
    let message = payload.get("message").and_then(Value::as_str);
    match category {
        "ui.click" | "ui.input" => Said::Nothing,
        "ui.blur" => Said::Focused(false),
        "ui.focus" => Said::Focused(true),
        "app.foreground" => Said::Visible(true),
        "app.background" => Said::Visible(false),
        "app.lifecycle" if text("state").is_some() => {
            Said::Visible(text("state") == Some("foreground"))
        }
        "ui.keyDown" => {
            let held =
                |key| data.and_then(|data| data.get(key)).and_then(Value::as_bool) == Some(true);
            let mut keys = String::new();
            for (modifier, name) in [
                ("ctrlKey", "Ctrl+"),
                ("altKey", "Alt+"),
                ("shiftKey", "Shift+"),
                ("metaKey", "Meta+"),
            ] {
                if held(modifier) {
                    keys.push_str(name);
                }
            }
            keys.push_str(strings::cut(text("key").unwrap_or_default(), 32));
            Said::Fact(Body::Key { key: keys })
        }
        // In a browser there is a span with the whole address besides.
        "navigation" => match text("to") {
            Some(_) if has_page => Said::Nothing,
            Some(to) => Said::Navigated {
                href: to,
                title: None,
                size: None,
            },
            None => other(category, payload),
        },
        "console" => {
            let level = payload
                .get("level")
                .and_then(Value::as_str)
                .unwrap_or("log");
            let arguments = data.and_then(|data| data.get("arguments"));
            let mut args: Vec<String> = arguments
                .into_iter()
                .flat_map(Value::items)
                .take(16)
                .map(|argument| strings::plain(argument, strings::MAX_TEXT_BYTES))
                .collect();
            if args.is_empty() {
                args.extend(message.map(strings::text));
            }
            Said::Fact(console::line(
                if level == "warning" { "warn" } else { level },
                args,
                Vec::new(),
            ))
        }
        "sentry.feedback" => feedback(payload),
        "replay.hydrate-error" => Said::Fact(error(
            "HydrationError",
            text("url").unwrap_or_default(),
            None,
        )),
        "sentry.event" => {
            let line = message.unwrap_or_default();
            let (name, message) = console::uncaught(line).unwrap_or(("Error", line));
            Said::Fact(error(name, message, text("event_id")))
        }
        _ => other(
            if category.is_empty() {
                "breadcrumb"
            } else {
                category
            },
            payload,
        ),
    }
}

fn error(name: &str, message: &str, event_id: Option<&str>) -> Body {
    Body::Error(Box::new(Error {
        name: strings::name(name),
        message: strings::text(message),
        stack: Vec::new(),
        source: Source::Event,
        event_id: event_id.map(strings::name),
    }))
}

/// Sentry's spans.
fn span(payload: Value<'_>, at_us: i64, slow_ms: u32) -> Said<'_> {
    let op = payload
        .get("op")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let description = payload
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let data = payload.get("data");
    if let Some(kind) = op.strip_prefix("resource.") {
        return Said::Request(Box::new(network::span(payload, kind, at_us, slow_ms)));
    }
    match op {
        "navigation.push" => navigated(description, payload),
        "navigation.back_forward" => Said::Loaded { by_history: true },
        "navigation.navigate" | "navigation.reload" | "navigation.prerender" => {
            Said::Loaded { by_history: false }
        }
        "web-vital" | "largest-contentful-paint" => {
            let name = match description {
                "largest-contentful-paint" => "LCP",
                "cumulative-layout-shift" => "CLS",
                "interaction-to-next-paint" => "INP",
                "first-input-delay" => "FID",
                "first-contentful-paint" => "FCP",
                "time-to-first-byte" => "TTFB",
                other => other,
            };
            let value = data
                .and_then(|data| data.get("value"))
                .and_then(Value::as_f64);
            let rating = data
                .and_then(|data| data.get("rating"))
                .and_then(Value::as_str);
            value.map_or(Said::Nothing, |value| {
                Said::Fact(network::vital(name, value, rating))
            })
        }
        "memory" => {
            let memory = data.and_then(|data| data.get("memory"));
            let bytes = |key| {
                let number = memory
                    .and_then(|memory| memory.get(key))
                    .and_then(Value::as_i64);
                number
                    .and_then(|number| u64::try_from(number).ok())
                    .unwrap_or_default()
            };
            Said::Fact(Body::Memory {
                used_bytes: bytes("usedJSHeapSize"),
                total_bytes: bytes("totalJSHeapSize"),
            })
        }
        // Their values count from a moment that is not told.
        "paint" => Said::Nothing,
        _ => other(if op.is_empty() { "performanceSpan" } else { op }, payload),
    }
}
