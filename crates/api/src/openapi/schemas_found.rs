//! What searches, errors and visitors look like.

use super::build::{
    anything, array, at_ms, flag, integer, map, number, object, one_of, optional, or_null, says,
    schema, text, time, with,
};
use super::schemas::{maybe_integer, maybe_text};
use serde_json::{Value, json};

type Named = (&'static str, Value);

pub fn all() -> Vec<Named> {
    [search(), errors(), users()]
        .into_iter()
        .flatten()
        .collect()
}

/// Names and values as they were sent.
fn properties() -> Value {
    map(anything())
}

fn search() -> Vec<Named> {
    let value = || json!({ "type": ["string", "number", "boolean"] });
    let typed = || object([("name", text()), ("type", schema("FieldType"))]);
    vec![
        (
            "FieldType",
            one_of(&["text", "number", "duration", "size", "time", "flag", "any"]),
        ),
        (
            "Facet",
            object([
                ("field", text()),
                ("type", schema("FieldType")),
                (
                    "values",
                    array(object([
                        ("value", value()),
                        ("count", integer()),
                        ("filter", says(text(), "The condition to add to a filter.")),
                    ])),
                ),
            ]),
        ),
        (
            "FacetPage",
            object([("total", integer()), ("facets", array(schema("Facet")))]),
        ),
        (
            "TextHit",
            object([
                ("at_ms", at_ms()),
                ("until_ms", says(maybe_integer(), "Null: until the end.")),
                (
                    "node_id",
                    says(integer(), "Id of the element in the recording."),
                ),
                ("text", text()),
            ]),
        ),
        (
            "SearchFields",
            object([
                ("fields", array(typed())),
                (
                    "happenings",
                    array(object([
                        ("kind", text()),
                        ("is_named", flag()),
                        (
                            "is_open",
                            says(flag(), "Has properties besides those that are listed."),
                        ),
                        ("properties", array(typed())),
                    ])),
                ),
                (
                    "limits",
                    object([
                        ("conditions", integer()),
                        ("depth", integer()),
                        ("text_bytes", integer()),
                        ("list", integer()),
                    ]),
                ),
            ]),
        ),
        (
            "SuggestedName",
            object([
                ("name", text()),
                (
                    "kind",
                    one_of(&[
                        "field",
                        "label",
                        "happening",
                        "event",
                        "named_event",
                        "event_property",
                        "custom",
                    ]),
                ),
                ("type", or_null(schema("FieldType"))),
                ("filter", says(text(), "As it is written in a filter.")),
            ]),
        ),
        (
            "SuggestedValue",
            object([
                ("value", value()),
                ("count", integer()),
                ("text", says(text(), "As it is written in a filter.")),
            ]),
        ),
        (
            "FilterJson",
            json!({
                "type": "object",
                "description": "The JSON form of a filter, docs/search.md.",
                "additionalProperties": true,
            }),
        ),
    ]
}

fn error() -> Value {
    let user = object([
        ("id", maybe_text()),
        ("email", maybe_text()),
        ("username", maybe_text()),
        ("name", maybe_text()),
    ]);
    object([
        ("id", integer()),
        ("event_id", text()),
        ("issue_id", integer()),
        ("at_ms", at_ms()),
        ("received_at", time()),
        ("level", schema("ErrorLevel")),
        ("kind", maybe_text()),
        ("message", maybe_text()),
        ("title", text()),
        ("culprit", maybe_text()),
        ("platform", maybe_text()),
        ("release", maybe_text()),
        ("dist", maybe_text()),
        ("environment", maybe_text()),
        ("is_server_side", flag()),
        ("is_handled", or_null(flag())),
        ("url", maybe_text()),
        ("transaction", maybe_text()),
        ("trace_id", maybe_text()),
        ("span_id", maybe_text()),
        ("user", or_null(user)),
        ("tags", map(text())),
        ("sdk", maybe_text()),
        ("sdk_version", maybe_text()),
        ("source", text()),
        ("replay", maybe_text()),
        ("link", or_null(schema("ErrorLink"))),
        ("exceptions", array(schema("Exception"))),
        ("debug_ids", anything()),
    ])
}

fn errors() -> Vec<Named> {
    let issue = || {
        object([
            ("id", integer()),
            ("project_id", integer()),
            ("title", text()),
            ("kind", maybe_text()),
            ("culprit", maybe_text()),
            ("level", schema("ErrorLevel")),
            ("platform", maybe_text()),
            ("is_server_side", flag()),
            ("first_seen", time()),
            ("last_seen", time()),
            ("first_release", maybe_text()),
            ("last_release", maybe_text()),
            ("event_count", integer()),
            ("user_count", integer()),
            ("session_count", integer()),
            ("replay_count", integer()),
        ])
    };
    let counted = |name| array(object([(name, text()), ("event_count", integer())]));
    let place = object([
        ("file", maybe_text()),
        ("line", maybe_integer()),
        ("column", maybe_integer()),
        ("function", maybe_text()),
    ]);
    vec![
        (
            "ErrorLevel",
            one_of(&["fatal", "error", "warning", "info", "debug"]),
        ),
        (
            "ErrorLink",
            says(
                one_of(&["named", "listed", "trace"]),
                "How it came to its replay: it names it, the replay lists it, or they share a trace.",
            ),
        ),
        (
            "Frame",
            object([
                ("function", maybe_text()),
                ("module", maybe_text()),
                ("file", maybe_text()),
                ("absolute_path", maybe_text()),
                ("line", maybe_integer()),
                ("column", maybe_integer()),
                ("is_in_app", or_null(flag())),
                ("context_line", maybe_text()),
                ("debug_id", maybe_text()),
                (
                    "built",
                    optional(says(place, "Where it was before a source map was applied.")),
                ),
            ]),
        ),
        (
            "Exception",
            object([
                ("kind", maybe_text()),
                ("value", maybe_text()),
                ("module", maybe_text()),
                ("mechanism", maybe_text()),
                ("is_handled", or_null(flag())),
                ("is_synthetic", flag()),
                (
                    "frames",
                    says(array(schema("Frame")), "Outermost call first."),
                ),
            ]),
        ),
        ("StoredError", error()),
        (
            "ErrorWithEvent",
            with(
                error(),
                [(
                    "event",
                    says(anything(), "As it was sent; null when too large to keep."),
                )],
            ),
        ),
        (
            "Span",
            object([
                ("trace_id", text()),
                ("span_id", text()),
                ("parent_span_id", maybe_text()),
                ("is_segment", flag()),
                ("segment_name", maybe_text()),
                ("operation", maybe_text()),
                ("name", maybe_text()),
                ("status", maybe_text()),
                ("start_ms", says(number(), "Milliseconds since the epoch.")),
                ("end_ms", says(number(), "Milliseconds since the epoch.")),
                ("platform", maybe_text()),
                ("release", maybe_text()),
                ("environment", maybe_text()),
                ("is_server_side", flag()),
                (
                    "measurements",
                    array(object([
                        ("name", text()),
                        ("value", number()),
                        ("unit", maybe_text()),
                    ])),
                ),
            ]),
        ),
        ("Issue", issue()),
        (
            "IssueDetail",
            with(
                issue(),
                [
                    ("fingerprint", text()),
                    ("per_day", counted("day")),
                    ("releases", counted("release")),
                    ("latest", array(schema("StoredError"))),
                    (
                        "replays",
                        array(object([
                            ("replay", schema("Replay")),
                            ("at_ms", at_ms()),
                            ("error_id", integer()),
                            ("link", schema("ErrorLink")),
                        ])),
                    ),
                ],
            ),
        ),
        (
            "SourceMapUpload",
            object([
                ("id", text()),
                ("uploaded_at", time()),
                ("release", maybe_text()),
                ("dist", maybe_text()),
                ("map_count", integer()),
                ("size_bytes", integer()),
                (
                    "skipped",
                    array(object([("file", text()), ("why", text())])),
                ),
            ]),
        ),
    ]
}

fn users() -> Vec<Named> {
    let user = || {
        object([
            ("id", integer()),
            (
                "user_id",
                says(maybe_text(), "Null while nobody knows who it is."),
            ),
            ("name", maybe_text()),
            ("email", maybe_text()),
            ("first_seen", time()),
            ("last_seen", time()),
            ("identity_count", integer()),
            ("properties", properties()),
        ])
    };
    let event = || {
        object([
            ("insert_id", text()),
            ("event_type", text()),
            (
                "generated_name",
                says(
                    maybe_text(),
                    "Readable name of a captured event; null: somebody named it.",
                ),
            ),
            ("timestamp", time()),
            ("device_id", text()),
            ("user_id", maybe_text()),
            ("session_id", maybe_text()),
            ("event_properties", or_null(properties())),
            ("user_properties", or_null(properties())),
        ])
    };
    let numbered = || with(event(), [("id", integer()), ("at_ms", at_ms())]);
    let identity = object([
        ("identity", text()),
        ("kind", one_of(&["user", "anonymous"])),
        ("since", time()),
        ("last_seen", time()),
    ]);
    let group = object([
        ("kind", text()),
        ("key", text()),
        ("at", time()),
        ("properties", properties()),
    ]);
    let entry = object([("at", time()), ("kind", text()), ("detail", properties())]);
    vec![
        ("User", user()),
        (
            "UserDetail",
            with(
                user(),
                [
                    ("identities", array(identity)),
                    ("groups", array(group)),
                    ("history", array(entry)),
                    ("replays", array(schema("Replay"))),
                ],
            ),
        ),
        (
            "Event",
            with(
                event(),
                [(
                    "replay",
                    says(maybe_text(), "Id of the replay of its session."),
                )],
            ),
        ),
        (
            "NumberedEvent",
            with(numbered(), [("replay", maybe_text())]),
        ),
        (
            "EventDetail",
            with(
                numbered(),
                [
                    ("replay", or_null(schema("Replay"))),
                    ("raw", says(anything(), "As it was sent.")),
                ],
            ),
        ),
        (
            "EventSession",
            object([
                ("id", says(maybe_text(), "Null: outside of any session.")),
                ("session_id", maybe_text()),
                ("device_id", maybe_text()),
                ("started_at", time()),
                ("ended_at", time()),
                (
                    "replay",
                    says(
                        or_null(schema("Replay")),
                        "Null: the session has no recording.",
                    ),
                ),
                (
                    "events",
                    says(array(schema("NumberedEvent")), "Newest first."),
                ),
            ]),
        ),
        (
            "EventStream",
            object([
                (
                    "sessions",
                    says(array(schema("EventSession")), "Newest first."),
                ),
                ("next_cursor", maybe_text()),
            ]),
        ),
    ]
}
