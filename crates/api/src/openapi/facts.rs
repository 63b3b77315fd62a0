//! What happened in a replay: `analysis::Body` as it is sent.

use super::build::{
    array, at_ms, flag, integer, map, number, object, one_of, optional, or_null, says, schema,
    text, with,
};
use serde_json::{Value, json};

pub const SIGNALS: [&str; 5] = [
    "thrashed_cursor",
    "quick_back",
    "endless_spinner",
    "broken_image",
    "blank_page",
];

/// A fact of one kind.
fn fact<const N: usize>(kind: &str, fields: [(&str, Value); N]) -> Value {
    let base = object([
        ("kind", json!({ "type": "string", "const": kind })),
        ("at_ms", at_ms()),
        ("tab", integer()),
        (
            "open",
            optional(says(flag(), "What comes after may change it.")),
        ),
    ]);
    with(base, fields)
}

fn maybe_text() -> Value {
    or_null(text())
}

fn maybe_integer() -> Value {
    or_null(integer())
}

fn click(kind: &str) -> Value {
    let more = [
        (
            "in_rage",
            optional(says(flag(), "In a burst, but not its first click.")),
        ),
        ("dead", flag()),
        ("slow", optional(says(flag(), "It was answered, but late."))),
        (
            "error_after_ms",
            optional(says(integer(), "First error after it.")),
        ),
    ];
    let click = fact(
        kind,
        [
            ("x", says(number(), "CSS pixels, in the frame of the node.")),
            ("y", number()),
            ("node_id", integer()),
            ("selector", text()),
            ("label", maybe_text()),
            ("role", maybe_text()),
            ("tag", text()),
            ("text", maybe_text()),
            ("pointer", maybe_text()),
            (
                "changed_after_ms",
                says(maybe_integer(), "First visible change after it."),
            ),
            (
                "rage",
                says(
                    integer(),
                    "Clicks of the burst that this one starts; 0 is none.",
                ),
            ),
        ],
    );
    with(click, more)
}

fn network() -> Value {
    let headers = || map(text());
    fact(
        "network",
        [
            ("method", text()),
            ("url", text()),
            ("status", maybe_integer()),
            ("duration_ms", maybe_integer()),
            ("start_ms", at_ms()),
            ("initiator", maybe_text()),
            ("request_headers", headers()),
            ("response_headers", headers()),
            ("request_body", maybe_text()),
            ("response_body", maybe_text()),
            ("request_size_bytes", maybe_integer()),
            ("response_size_bytes", maybe_integer()),
            ("failed", flag()),
            ("slow", optional(flag())),
        ],
    )
}

fn kinds() -> Vec<(&'static str, Value)> {
    let size = || [("width", integer()), ("height", integer())];
    let counts = || json!({ "type": "array", "items": { "type": "integer" } });
    vec![
        (
            "PageViewFact",
            fact(
                "page_view",
                [
                    ("href", text()),
                    ("title", maybe_text()),
                    ("via", schema("Via")),
                ],
            ),
        ),
        ("ClickFact", click("click")),
        ("TouchFact", click("touch")),
        (
            "InputFact",
            fact(
                "input",
                [
                    ("node_id", integer()),
                    ("selector", text()),
                    ("label", maybe_text()),
                    ("masked", flag()),
                    ("length", says(integer(), "Of the value, in UTF-16 units.")),
                ],
            ),
        ),
        (
            "ScrollFact",
            fact(
                "scroll",
                [
                    ("node_id", integer()),
                    ("x", integer()),
                    ("y", integer()),
                    ("until_ms", at_ms()),
                ],
            ),
        ),
        (
            "KeyFact",
            fact(
                "key",
                [("key", says(text(), "With its modifiers: `Ctrl+S`."))],
            ),
        ),
        ("ResizeFact", fact("resize", size())),
        ("FocusFact", fact("focus", [])),
        ("BlurFact", fact("blur", [])),
        ("VisibilityFact", fact("visibility", [("visible", flag())])),
        (
            "ConsoleFact",
            fact(
                "console",
                [
                    ("level", text()),
                    ("message", text()),
                    ("args", array(text())),
                    ("stack", array(text())),
                ],
            ),
        ),
        (
            "ErrorFact",
            fact(
                "error",
                [
                    ("name", text()),
                    ("message", text()),
                    ("stack", array(text())),
                    ("source", one_of(&["console", "event", "backend"])),
                    ("event_id", maybe_text()),
                ],
            ),
        ),
        ("NetworkFact", network()),
        (
            "WebVitalFact",
            fact(
                "web_vital",
                [
                    ("name", text()),
                    ("value", number()),
                    ("rating", maybe_text()),
                ],
            ),
        ),
        (
            "LongTaskFact",
            fact("long_task", [("duration_ms", integer())]),
        ),
        (
            "MemoryFact",
            fact(
                "memory",
                [("used_bytes", integer()), ("total_bytes", integer())],
            ),
        ),
        (
            "CustomFact",
            fact(
                "custom",
                [
                    ("tag", text()),
                    ("payload", says(text(), "JSON, cut at 4 KB.")),
                ],
            ),
        ),
        (
            "FeedbackFact",
            fact("feedback", [("event_id", maybe_text())]),
        ),
        (
            "TextFact",
            fact(
                "text",
                [
                    ("text", text()),
                    ("node_id", integer()),
                    (
                        "until_ms",
                        says(maybe_integer(), "Null: it is still there."),
                    ),
                    (
                        "part",
                        optional(says(
                            integer(),
                            "A long text comes in several parts, counted from 0.",
                        )),
                    ),
                ],
            ),
        ),
        (
            "FrustrationFact",
            fact(
                "frustration",
                [
                    ("signal", schema("Signal")),
                    ("until_ms", at_ms()),
                    ("node_id", optional(integer())),
                    (
                        "label",
                        optional(says(
                            text(),
                            "Address of the page or image, selector of the spinner.",
                        )),
                    ),
                    ("count", integer()),
                ],
            ),
        ),
        (
            "GapFact",
            fact(
                "gap",
                [("reason", schema("GapReason")), ("until_ms", at_ms())],
            ),
        ),
        (
            "IntegrityFact",
            fact("integrity", [("reason", text()), ("count", integer())]),
        ),
        (
            "ActivityFact",
            fact(
                "activity",
                [
                    ("counts", says(counts(), "Actions in each of ten seconds.")),
                    (
                        "strong",
                        says(counts(), "Of these: clicks, touches, input."),
                    ),
                ],
            ),
        ),
        ("SpanFact", fact("span", [("until_ms", at_ms())])),
    ]
}

pub fn all() -> Vec<(&'static str, Value)> {
    let mut all = kinds();
    let mut mapping = json!({});
    let mut any = Vec::new();
    for (name, of) in &all {
        if let Some(kind) = of["properties"]["kind"]["const"].as_str() {
            mapping[kind] = schema(name)["$ref"].clone();
        }
        any.push(schema(name));
    }
    let discriminator = json!({ "propertyName": "kind", "mapping": mapping });
    all.push((
        "Fact",
        json!({ "oneOf": any, "discriminator": discriminator }),
    ));
    all
}
