//! What saved searches, playlists, cohorts, alerts, retention and deletion look like.

use super::build::{
    anything, array, flag, integer, map, object, one_of, optional, or_null, says, schema, text,
    time, with,
};
use super::schemas::{maybe_integer, maybe_text};
use engine::frustration::BOUNDS;
use serde_json::{Map, Value, json};

type Named = (&'static str, Value);

pub fn all() -> Vec<Named> {
    [
        searches(),
        cohorts(),
        named_events(),
        alerts(),
        frustration(),
        deletions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What somebody made, with more fields.
fn owned<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let owner = object([("id", integer()), ("name", text())]);
    let base = object([
        ("id", integer()),
        ("name", text()),
        (
            "owner",
            says(
                or_null(owner),
                "Null: a program made it, and it is everyone's.",
            ),
        ),
        (
            "mine",
            says(flag(), "Whether whoever asks may change and delete it."),
        ),
        ("created_at", time()),
        ("changed_at", time()),
    ]);
    with(base, fields)
}

fn searches() -> Vec<Named> {
    let sort = || one_of(&["started", "duration", "activity", "errors", "frustration"]);
    let search = |field: fn(Value) -> Value| {
        object([
            (
                "filter",
                field(says(text(), "In the filter language, docs/search.md.")),
            ),
            ("sort", field(or_null(sort()))),
            ("order", field(or_null(one_of(&["desc", "asc"])))),
            ("range", field(or_null(schema("Period")))),
            ("from", field(maybe_text())),
            ("to", field(maybe_text())),
            ("columns", field(array(text()))),
        ])
    };
    let playlist = || owned([("is_shared", flag()), ("replay_count", integer())]);
    let entry = object([
        ("id", text()),
        ("note", text()),
        ("added_at", time()),
        (
            "replay",
            says(or_null(schema("Replay")), "Null: it is gone."),
        ),
    ]);
    vec![
        ("Period", one_of(&["1d", "7d", "30d", "all"])),
        ("SearchDefinition", search(|field| field)),
        ("SearchDefinitionDraft", search(optional)),
        (
            "SavedSearch",
            owned([
                ("is_shared", flag()),
                ("search", schema("SearchDefinition")),
            ]),
        ),
        ("Playlist", playlist()),
        (
            "PlaylistWithReplays",
            with(playlist(), [("replays", array(entry))]),
        ),
    ]
}

fn cohorts() -> Vec<Named> {
    let kind = |name: &str| json!({ "type": "string", "const": name });
    let definition = |field: fn(Value) -> Value| {
        let by_filter = object([
            ("kind", kind("filter")),
            (
                "filter",
                says(text(), "In the filter language, docs/search.md."),
            ),
            (
                "together",
                field(says(
                    one_of(&["replay", "user"]),
                    "Whether one replay fulfils all conditions, or all that the user did.",
                )),
            ),
            ("range", field(or_null(schema("Period")))),
            ("from", field(maybe_text())),
            ("to", field(maybe_text())),
        ]);
        json!({ "oneOf": [by_filter, object([("kind", kind("list"))])] })
    };
    let cohort = |size: Value| {
        owned([
            ("definition", schema("CohortDefinition")),
            ("line_count", says(integer(), "Of an uploaded list.")),
            ("size", size),
        ])
    };
    let unmatched = || {
        [
            (
                "unmatched",
                says(array(text()), "The first lines that nobody is known by."),
            ),
            ("unmatched_count", integer()),
            ("unmatched_shown", says(integer(), "How many are named.")),
        ]
    };
    let report = object([
        ("line_count", integer()),
        ("duplicate_count", integer()),
        ("size", schema("CohortSize")),
    ]);
    vec![
        ("CohortDefinition", definition(|field| field)),
        ("CohortDefinitionDraft", definition(optional)),
        (
            "CohortSize",
            object([
                ("user_count", integer()),
                ("computed_at", time()),
                ("took_ms", integer()),
            ]),
        ),
        (
            "Cohort",
            cohort(says(
                or_null(schema("CohortSize")),
                "Null: not known without working it out.",
            )),
        ),
        (
            "CohortWithSize",
            with(cohort(schema("CohortSize")), unmatched()),
        ),
        ("ListReport", with(report, unmatched())),
        (
            "CohortMember",
            object([
                ("name", text()),
                ("is_user", says(flag(), "False: a device.")),
                (
                    "user_id",
                    says(maybe_integer(), "As in `/api/v1/users/{id}`."),
                ),
            ]),
        ),
    ]
}

fn named_events() -> Vec<Named> {
    let test = object([
        ("property", text()),
        (
            "op",
            says(text(), "As in the JSON form of filters, docs/search.md."),
        ),
        ("value", optional(anything())),
        ("values", optional(array(anything()))),
        ("to", optional(anything())),
    ]);
    let matcher = object([
        (
            "event_type",
            says(text(), "As the SDK sent it: `[Amplitude] Element Clicked`."),
        ),
        ("where", says(array(test), "All of them hold.")),
    ]);
    let owner = object([("id", integer()), ("name", text())]);
    let named = object([
        ("id", integer()),
        ("name", text()),
        (
            "matchers",
            says(array(schema("EventMatcher")), "Any of them is meant."),
        ),
        ("owner", says(or_null(owner), "Null: a program made it.")),
        ("created_at", time()),
        ("changed_at", time()),
    ]);
    vec![("EventMatcher", matcher), ("NamedEvent", named)]
}

fn alerts() -> Vec<Named> {
    let threshold = || object([("count", integer()), ("minutes", integer())]);
    let webhook = object([
        ("url", text()),
        (
            "secret",
            optional(says(
                text(),
                "Signs what is sent. Only in the answer that made it.",
            )),
        ),
    ]);
    let paused = [
        "by_hand",
        "deliveries_failed",
        "too_many_matches",
        "search_cannot_be_asked",
    ];
    let draft = object([
        ("name", text()),
        ("saved_search_id", integer()),
        ("threshold", optional(threshold())),
        ("quiet_minutes", optional(integer())),
        ("includes_unrecorded", optional(flag())),
        (
            "webhook",
            optional(or_null(object([
                ("url", text()),
                (
                    "new_secret",
                    optional(says(flag(), "Signs with another secret from now on.")),
                ),
            ]))),
        ),
        ("email_to", optional(array(text()))),
    ]);
    vec![
        (
            "Alert",
            owned([
                ("saved_search_id", integer()),
                (
                    "threshold",
                    says(threshold(), "So many matches within so many minutes."),
                ),
                (
                    "quiet_minutes",
                    says(integer(), "After a message nothing is said for so long."),
                ),
                (
                    "includes_unrecorded",
                    says(flag(), "Also sessions that have events and no recording."),
                ),
                ("webhook", or_null(webhook)),
                ("email_to", array(text())),
                (
                    "paused",
                    says(or_null(one_of(&paused)), "Why; null while it runs."),
                ),
                (
                    "since",
                    says(time(), "What arrived before is not reported."),
                ),
                (
                    "failure_count",
                    says(integer(), "Messages in a row that were given up."),
                ),
                (
                    "pending_count",
                    says(integer(), "Messages that are not delivered yet."),
                ),
            ]),
        ),
        ("AlertDraft", draft),
        (
            "Delivery",
            object([
                ("id", integer()),
                ("message_id", text()),
                ("channel", one_of(&["webhook", "email"])),
                ("is_test", flag()),
                ("status", one_of(&["pending", "delivered", "failed"])),
                ("attempts", integer()),
                ("outcome", says(maybe_text(), "Of the last attempt.")),
                ("replay_count", integer()),
                ("created_at", time()),
                ("tried_at", or_null(time())),
                ("due_at", says(or_null(time()), "Of the next attempt.")),
            ]),
        ),
    ]
}

const SELECTORS: [&str; 2] = ["never_dead_selectors", "ignored_selectors"];

fn frustration() -> Vec<Named> {
    // Each number as `number` has it, each list as `list`.
    let all = |number: fn(Value) -> Value, is_required: bool| {
        let mut properties = Map::new();
        for (name, bounds) in &BOUNDS {
            let bounded =
                json!({ "type": "integer", "minimum": bounds.start(), "maximum": bounds.end() });
            properties.insert((*name).to_owned(), number(bounded));
        }
        for name in SELECTORS {
            properties.insert(name.to_owned(), number(array(text())));
        }
        let names: Vec<_> = properties.keys().cloned().collect();
        let mut all = json!({ "type": "object", "properties": properties });
        if is_required {
            all["required"] = json!(names);
        }
        all
    };
    let preset = object([
        (
            "name",
            one_of(&["default", "amplitude", "sentry", "dynatrace"]),
        ),
        ("rage_clicks", integer()),
        ("rage_within_ms", integer()),
        ("rage_radius_px", integer()),
    ]);
    vec![
        ("Frustration", all(or_null, true)),
        ("FrustrationChange", all(or_null, false)),
        ("FrustrationInForce", all(|it| it, true)),
        (
            "FrustrationSettings",
            object([
                ("project_id", integer()),
                (
                    "frustration",
                    says(
                        or_null(schema("Frustration")),
                        "Null in it is the default. Null when it cannot be read; all is as by default then.",
                    ),
                ),
                ("in_force", schema("FrustrationInForce")),
                (
                    "bounds",
                    says(map(array(integer())), "From and to, of each number."),
                ),
                ("presets", array(preset)),
            ]),
        ),
    ]
}

fn deletions() -> Vec<Named> {
    vec![
        (
            "DeletionSearch",
            object([
                ("filter", optional(text())),
                ("range", optional(one_of(&["1d", "7d", "30d", "all"]))),
                (
                    "from",
                    optional(says(text(), "A day of the project or a point in time.")),
                ),
                ("to", optional(text())),
                (
                    "unseen",
                    optional(says(flag(), "Only what you have not seen.")),
                ),
                (
                    "keep_pinned",
                    optional(says(flag(), "What is pinned stays.")),
                ),
                (
                    "keep_live",
                    optional(says(flag(), "What is being recorded stays.")),
                ),
                (
                    "expected_replays",
                    optional(says(
                        integer(),
                        "With another number nothing is deleted: 409.",
                    )),
                ),
            ]),
        ),
        (
            "Deletion",
            object([
                ("id", integer()),
                ("project_id", integer()),
                ("kind", one_of(&["replays", "user", "project", "expiry"])),
                (
                    "target_hash",
                    says(
                        text(),
                        "The same for the same target; says nothing about it.",
                    ),
                ),
                ("state", one_of(&["waiting", "running", "done", "failed"])),
                (
                    "requested_by",
                    says(maybe_integer(), "Id of a person; null: the server itself."),
                ),
                ("created_at", time()),
                ("started_at", or_null(time())),
                ("ended_at", or_null(time())),
                ("error", maybe_text()),
                (
                    "replays",
                    object([("total", integer()), ("left", integer())]),
                ),
                (
                    "deleted",
                    says(map(integer()), "How much of what; zeros may be missing."),
                ),
            ]),
        ),
        (
            "AuditEntry",
            object([
                ("id", integer()),
                ("project_id", integer()),
                ("at", time()),
                ("user_id", maybe_integer()),
                (
                    "action",
                    one_of(&[
                        "delete_replays",
                        "delete_user",
                        "delete_project",
                        "delete_expiry",
                        "pin_replay",
                        "unpin_replay",
                        "change_retention",
                        "apply_retention",
                        "add_named_event",
                        "change_named_event",
                        "delete_named_event",
                    ]),
                ),
                ("detail", map(anything())),
            ]),
        ),
    ]
}
