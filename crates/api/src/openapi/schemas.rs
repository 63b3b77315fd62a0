//! What the answers look like.

use super::build::{
    array, at_ms, flag, integer, map, number, object, one_of, optional, or_null, says, schema,
    text, time, with,
};
use model::Scope;
use serde_json::{Value, json};

type Named = (&'static str, Value);

pub fn all() -> Vec<Named> {
    [people(), projects(), replays(), manifest()]
        .into_iter()
        .flatten()
        .collect()
}

pub fn maybe_text() -> Value {
    or_null(text())
}

pub fn maybe_integer() -> Value {
    or_null(integer())
}

fn people() -> Vec<Named> {
    let author = || object([("id", integer()), ("name", text()), ("email", text())]);
    let of_project = || {
        object([
            ("id", integer()),
            ("name", text()),
            ("time_zone", text()),
            ("ingest_key", text()),
        ])
    };
    let token = || {
        object([
            ("id", integer()),
            ("name", text()),
            ("scopes", array(schema("Scope"))),
            ("created_at", time()),
            ("expires_at", says(or_null(time()), "Null: never.")),
            (
                "last_used_at",
                says(or_null(time()), "To about a minute. Null: never."),
            ),
        ])
    };
    let settings = |field: fn(Value) -> Value| {
        object([
            ("theme", field(one_of(&["system", "light", "dark"]))),
            (
                "density",
                field(one_of(&["compact", "normal", "comfortable"])),
            ),
            ("motion", field(one_of(&["system", "reduce"]))),
            (
                "time_zone",
                field(says(
                    text(),
                    "`viewer`: the browser's, `project`: the project's, or an IANA name.",
                )),
            ),
            (
                "shortcuts",
                field(says(flag(), "Single keys as shortcuts.")),
            ),
            ("skip_idle", field(flag())),
            ("speed", field(says(number(), "0.25 to 16."))),
            ("trail", field(flag())),
        ])
    };
    vec![
        (
            "Me",
            object([
                ("user", author()),
                (
                    "organisation",
                    object([("id", integer()), ("name", text())]),
                ),
                ("projects", array(of_project())),
                ("csrf_token", text()),
            ]),
        ),
        ("Scope", one_of(&Scope::ALL.map(Scope::name))),
        ("ApiToken", token()),
        (
            "NewApiToken",
            with(
                token(),
                [(
                    "token",
                    says(
                        text(),
                        "The secret itself. It is shown once and kept nowhere.",
                    ),
                )],
            ),
        ),
        ("PersonSettings", settings(|field| field)),
        ("PersonSettingsChange", settings(optional)),
        (
            "Comment",
            object([
                ("id", integer()),
                ("at_ms", says(integer(), "In the replay's own time.")),
                ("text", text()),
                ("user", object([("id", integer()), ("name", text())])),
                ("created_at", time()),
                ("mine", flag()),
            ]),
        ),
        ("Viewer", object([("user", author()), ("seen_at", time())])),
        (
            "RatingReason",
            one_of(&[
                "missing_parts",
                "wrong_styles",
                "wrong_order",
                "does_not_play",
                "other",
            ]),
        ),
        (
            "Rating",
            object([
                ("replay_id", text()),
                ("rating", one_of(&["up", "down"])),
                ("reason", or_null(schema("RatingReason"))),
                ("text", text()),
                ("user", author()),
                ("created_at", time()),
            ]),
        ),
    ]
}

fn projects() -> Vec<Named> {
    let rejected = || array(schema("Rejected"));
    let selectors = || or_null(array(text()));
    let sums = || {
        object([
            ("replay_count", integer()),
            ("user_count", integer()),
            ("event_count", integer()),
            ("error_count", integer()),
            ("rage_click_count", integer()),
            ("dead_click_count", integer()),
            ("size_bytes", integer()),
        ])
    };
    let mask_level = || or_null(one_of(&["light", "medium", "conservative"]));
    let capture = |field: fn(Value) -> Value| {
        object([
            ("sample_rate", field(or_null(number()))),
            ("error_sample_rate", field(or_null(number()))),
            ("min_duration_ms", field(maybe_integer())),
            ("mask_level", field(mask_level())),
            ("block_selectors", field(selectors())),
            ("mask_selectors", field(selectors())),
            ("unmask_selectors", field(selectors())),
            ("interactions", field(or_null(flag()))),
            ("console", field(or_null(flag()))),
            ("network", field(or_null(flag()))),
            ("targeting", field(or_null(array(schema("TargetingRule"))))),
        ])
    };
    let in_force = object([
        ("capture_enabled", flag()),
        ("sample_rate", or_null(number())),
        ("error_sample_rate", or_null(number())),
        ("min_duration_ms", maybe_integer()),
        ("mask_level", mask_level()),
        ("block_selectors", array(text())),
        ("mask_selectors", array(text())),
        ("unmask_selectors", array(text())),
        ("interactions", flag()),
        ("console", flag()),
        ("network", flag()),
        ("targeting_rules", says(integer(), "How many.")),
    ]);
    vec![
        (
            "Project",
            object([
                ("id", integer()),
                ("name", text()),
                ("time_zone", says(text(), "IANA name.")),
                ("ingest_key", says(text(), "Public; it only writes.")),
                (
                    "capture_enabled",
                    says(flag(), "Whether uploads are taken."),
                ),
                (
                    "retention_days",
                    says(integer(), "How long what arrives from now on is kept."),
                ),
            ]),
        ),
        (
            "TargetingRule",
            object([
                ("sample_rate", or_null(number())),
                ("url_contains", maybe_text()),
                ("event", maybe_text()),
                ("event_properties", map(text())),
                ("user_properties", map(text())),
            ]),
        ),
        (
            "Capture",
            says(
                capture(|field| field),
                "Null is as the configuration of the server says.",
            ),
        ),
        ("CaptureChange", capture(optional)),
        (
            "CaptureSettings",
            object([
                ("project_id", integer()),
                (
                    "capture",
                    says(
                        or_null(schema("Capture")),
                        "Null when it cannot be read; nothing is recorded then.",
                    ),
                ),
                ("in_force", in_force),
            ]),
        ),
        (
            "Rejected",
            object([
                ("reason", text()),
                ("count", integer()),
                ("last_at", time()),
            ]),
        ),
        (
            "IngestStatus",
            object([
                (
                    "families",
                    array(object([
                        ("source", text()),
                        ("accepted_last_hour", integer()),
                        ("last_upload_at", or_null(time())),
                        (
                            "items",
                            array(object([("kind", text()), ("count", integer())])),
                        ),
                        ("rejected", rejected()),
                    ])),
                ),
                (
                    "client_losses",
                    array(object([
                        ("reason", text()),
                        ("category", text()),
                        ("count", integer()),
                    ])),
                ),
                ("accepted_last_hour", integer()),
                ("rejected", rejected()),
                ("last_upload_at", or_null(time())),
                (
                    "sdk_seen",
                    array(object([
                        ("sdk", text()),
                        ("version", maybe_text()),
                        ("last_at", time()),
                    ])),
                ),
                (
                    "search",
                    object([
                        ("rows", integer()),
                        ("events", integer()),
                        ("facts", integer()),
                        ("texts", integer()),
                        ("names", integer()),
                        ("max_names", integer()),
                        ("properties_refused", integer()),
                        ("size_bytes", integer()),
                    ]),
                ),
            ]),
        ),
        (
            "DayCounts",
            with(
                sums(),
                [("day", json!({ "type": "string", "format": "date" }))],
            ),
        ),
        (
            "Summary",
            with(
                sums(),
                [
                    (
                        "per_day",
                        says(
                            array(schema("DayCounts")),
                            "Oldest first, also days without replays.",
                        ),
                    ),
                    ("time_zone", text()),
                ],
            ),
        ),
    ]
}

fn replay() -> Value {
    let base = object([
        ("id", text()),
        ("project_id", integer()),
        ("replay_id", says(text(), "As the SDK calls it.")),
        ("device_id", text()),
        ("session_id", text()),
        ("user_id", maybe_text()),
        ("visitor_id", maybe_text()),
        ("status", one_of(&["live", "complete"])),
        ("state", one_of(&["live", "processing", "complete"])),
        ("started_at", time()),
        ("ended_at", time()),
        ("received_at", time()),
        ("duration_ms", integer()),
        ("active_ms", integer()),
        ("event_count", integer()),
        ("interaction_count", integer()),
        ("click_count", integer()),
        ("page_count", integer()),
        ("tab_count", integer()),
        ("size_bytes", integer()),
        ("first_url", maybe_text()),
        ("last_url", maybe_text()),
        ("country", says(maybe_text(), "Two letters.")),
        ("browser", maybe_text()),
        ("os", maybe_text()),
        ("device", maybe_text()),
        ("device_type", maybe_text()),
        ("release", maybe_text()),
        ("environment", maybe_text()),
        ("source", text()),
        ("sdk", maybe_text()),
        ("sdk_version", maybe_text()),
        ("playable", flag()),
        ("tags", map(text())),
    ]);
    with(
        base,
        [
            (
                "error_count",
                says(
                    integer(),
                    "Those that the recording shows and those that SDKs sent.",
                ),
            ),
            ("linked_error_count", integer()),
            ("console_error_count", integer()),
            ("rage_click_count", integer()),
            ("dead_click_count", integer()),
            ("frustration_count", integer()),
            ("request_count", integer()),
            ("failed_request_count", integer()),
            (
                "activity",
                says(
                    array(integer()),
                    "48 levels from 0 to 9 over the length of the replay.",
                ),
            ),
            (
                "integrity",
                says(array(text()), "Codes of what is not whole; usually empty."),
            ),
            (
                "expires_at",
                says(or_null(time()), "Null: it is pinned and stays."),
            ),
            (
                "retention_in_days",
                says(
                    integer(),
                    "From its first arrival to its end, as decided when it arrived.",
                ),
            ),
            ("is_pinned", flag()),
            ("comment_count", integer()),
            ("seen", says(flag(), "By whoever asks.")),
        ],
    )
}

fn replays() -> Vec<Named> {
    let person = object([("id", integer()), ("user_id", maybe_text())]);
    vec![
        ("Replay", replay()),
        (
            "ReplayWithPerson",
            with(replay(), [("person", or_null(person))]),
        ),
        (
            "ReplayPage",
            object([
                ("replays", array(schema("Replay"))),
                ("next_cursor", maybe_text()),
                ("from", or_null(time())),
                ("to", or_null(time())),
                ("time_zone", text()),
                (
                    "total",
                    says(
                        maybe_integer(),
                        "On all pages; null when the index cannot say.",
                    ),
                ),
                (
                    "filter",
                    says(text(), "The filter as the server writes it."),
                ),
            ]),
        ),
        (
            "RecordedEvent",
            says(
                json!({
                    "type": "object",
                    "required": ["type", "timestamp"],
                    "properties": { "type": { "type": "integer" }, "timestamp": { "type": "number" } },
                    "additionalProperties": true,
                }),
                "An rrweb event.",
            ),
        ),
    ]
}

fn manifest() -> Vec<Named> {
    let at = |fields: [(&str, Value); 2]| with(object([("at_ms", at_ms())]), fields);
    let span = || {
        object([
            ("from_ms", at_ms()),
            ("to_ms", says(integer(), "Exclusive.")),
        ])
    };
    let video = with(
        object([("id", text()), ("segment", integer()), ("at_ms", at_ms())]),
        [
            ("duration_ms", integer()),
            ("width_px", integer()),
            ("height_px", integer()),
            ("size_bytes", integer()),
        ],
    );
    let missing = object([("url", text()), ("reason", text())]);
    let counts = object([
        ("error_count", integer()),
        ("console_error_count", integer()),
        ("rage_click_count", integer()),
        ("dead_click_count", integer()),
        ("frustration_count", integer()),
        ("click_count", integer()),
        ("request_count", integer()),
        ("failed_request_count", integer()),
        ("page_count", integer()),
        ("active_ms", integer()),
        ("tab_count", integer()),
    ]);
    vec![
        ("TimeSpan", span()),
        (
            "Chunk",
            with(
                span(),
                [
                    ("event_count", integer()),
                    ("size_bytes", says(integer(), "As JSON.")),
                ],
            ),
        ),
        (
            "PageVisit",
            with(
                at([("href", text()), ("title", maybe_text())]),
                [("via", schema("Via")), ("tab", integer())],
            ),
        ),
        (
            "Via",
            one_of(&["load", "navigation", "back_forward", "hash"]),
        ),
        ("Signal", one_of(&super::facts::SIGNALS)),
        (
            "MarkerKind",
            one_of(&[
                "error",
                "console_error",
                "rage_click",
                "dead_click",
                "slow_click",
                "error_click",
                "thrashed_cursor",
                "quick_back",
                "endless_spinner",
                "broken_image",
                "blank_page",
                "failed_request",
                "slow_request",
                "web_vital",
                "navigation",
                "custom",
                "feedback",
                "click",
            ]),
        ),
        (
            "Marker",
            with(
                at([("kind", schema("MarkerKind")), ("label", text())]),
                [("tab", integer())],
            ),
        ),
        (
            "GapReason",
            one_of(&[
                "no_full_snapshot",
                "lost_data",
                "damaged_block",
                "not_recorded",
                "page_hidden",
                "clock_jump",
                "unsupported_content",
            ]),
        ),
        ("Gap", with(span(), [("reason", schema("GapReason"))])),
        (
            "TabSpan",
            with(
                span(),
                [("tab", integer()), ("focused", array(schema("TimeSpan")))],
            ),
        ),
        (
            "Viewport",
            with(
                at([("width", integer()), ("height", integer())]),
                [("tab", integer())],
            ),
        ),
        (
            "IntegrityNote",
            at([("reason", text()), ("count", integer())]),
        ),
        ("VideoPart", video),
        (
            "Manifest",
            object([
                ("replay", schema("Replay")),
                ("first_event_ms", at_ms()),
                ("last_event_ms", at_ms()),
                ("chunks", array(schema("Chunk"))),
                (
                    "state_points",
                    says(
                        array(object([("at_ms", at_ms()), ("size_bytes", integer())])),
                        "Where the recording holds a state of its own.",
                    ),
                ),
                (
                    "revision",
                    says(integer(), "Grows when data arrives, or an error is linked."),
                ),
                ("pages", array(schema("PageVisit"))),
                ("markers", array(schema("Marker"))),
                ("active", array(schema("TimeSpan"))),
                (
                    "activity",
                    object([("bin_ms", integer()), ("counts", array(integer()))]),
                ),
                ("strip", array(integer())),
                ("viewports", array(schema("Viewport"))),
                ("tabs", array(schema("TabSpan"))),
                ("gaps", array(schema("Gap"))),
                ("integrity", array(schema("IntegrityNote"))),
                ("counts", counts),
                (
                    "video",
                    says(
                        array(schema("VideoPart")),
                        "Films of a mobile screen, in time order; there is no page then.",
                    ),
                ),
                (
                    "assets",
                    object([("archived", integer()), ("missing", array(missing))]),
                ),
            ]),
        ),
    ]
}
