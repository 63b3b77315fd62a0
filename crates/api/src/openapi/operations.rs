//! Everything that can be asked under `/api/v1`.

use super::Access;
use super::build::{
    Operation, anything, array, flag, integer, map, number, object, one, one_of, operation,
    optional, or_null, schema, text,
};
use model::Scope;
use serde_json::Value;

const ANYONE: Access = Access::Anyone;
const PERSON: Access = Access::Person;
const READ: Access = Access::Scope(Scope::Read);
const WRITE: Access = Access::Scope(Scope::Write);
const IMPORT: Access = Access::Scope(Scope::Import);
const ADMIN: Access = Access::Scope(Scope::Admin);

pub fn all() -> Vec<Operation> {
    [
        session(),
        projects(),
        replays(),
        playback(),
        collaboration(),
        search(),
        errors(),
        users(),
        rest(),
        super::operations_kept::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn get(path: &'static str, summary: &'static str) -> Operation {
    operation("get", path, READ, summary)
}

fn session() -> Vec<Operation> {
    let set_up = object([
        ("token", text()),
        ("email", text()),
        ("password", text()),
        ("name", optional(text())),
        ("organisation", text()),
        ("project", text()),
        ("time_zone", optional(text())),
    ]);
    let login = object([("email", text()), ("password", text())]);
    vec![
        operation(
            "get",
            "/api/v1/setup",
            ANYONE,
            "Whether the server waits to be set up",
        )
        .gives(one("needed", flag())),
        operation(
            "post",
            "/api/v1/setup",
            ANYONE,
            "Set the server up, with the link it printed",
        )
        .takes(set_up)
        .gives(schema("Me")),
        operation(
            "post",
            "/api/v1/login",
            ANYONE,
            "Log in; the answer sets the cookie",
        )
        .takes(login)
        .gives(schema("Me")),
        operation("post", "/api/v1/logout", PERSON, "Log out"),
        operation(
            "get",
            "/api/v1/me",
            PERSON,
            "Who is logged in, and the token against forged requests",
        )
        .gives(schema("Me")),
        get("/api/v1/me/settings", "How the app looks for whoever asks")
            .gives(schema("PersonSettings")),
        operation(
            "put",
            "/api/v1/me/settings",
            WRITE,
            "Change some of these settings; the others stay",
        )
        .takes(schema("PersonSettingsChange"))
        .gives(schema("PersonSettings")),
        operation(
            "get",
            "/api/v1/tokens",
            PERSON,
            "The API tokens of a project",
        )
        .project()
        .gives(one("tokens", array(schema("ApiToken")))),
        operation(
            "post",
            "/api/v1/tokens",
            PERSON,
            "Make an API token; only this answer holds it",
        )
        .project()
        .takes(object([
            ("name", text()),
            ("scopes", optional(array(schema("Scope")))),
            ("expires_in_days", optional(or_null(integer()))),
        ]))
        .gives(schema("NewApiToken")),
        operation(
            "delete",
            "/api/v1/tokens/{id}",
            PERSON,
            "Revoke an API token",
        )
        .project(),
    ]
}

fn projects() -> Vec<Operation> {
    vec![
        get("/api/v1/projects", "The projects that may be used")
            .gives(one("projects", array(schema("Project")))),
        operation("post", "/api/v1/projects", PERSON, "Make a project")
            .takes(object([("name", text()), ("time_zone", optional(text()))]))
            .creates(schema("Project")),
        operation(
            "patch",
            "/api/v1/projects/{id}",
            ADMIN,
            "Change a project; what is not sent stays",
        )
        .takes(object([
            ("name", optional(text())),
            ("time_zone", optional(text())),
            ("capture_enabled", optional(flag())),
            ("retention_days", optional(integer())),
        ]))
        .gives(schema("Project")),
        get(
            "/api/v1/projects/{id}/ingest-status",
            "What arrived lately and what was refused",
        )
        .asks("device_id", text(), "Only of this device.")
        .asks("session_id", text(), "Only of this session.")
        .gives(schema("IngestStatus")),
        get("/api/v1/settings", "What the recorders of a project record")
            .project()
            .gives(schema("CaptureSettings")),
        operation(
            "patch",
            "/api/v1/settings",
            ADMIN,
            "Change what is recorded; null is as the server says",
        )
        .project()
        .takes(one("capture", schema("CaptureChange")))
        .gives(schema("CaptureSettings")),
        get(
            "/api/v1/summary",
            "Quick numbers, by day of the project's time zone",
        )
        .project()
        .asks("range", one_of(&["1d", "7d", "30d"]), "")
        .gives(schema("Summary")),
    ]
}

/// What a list of replays takes, without its order.
fn of_list(operation: Operation) -> Operation {
    operation
        .project()
        .asks("filter", text(), "In the filter language, docs/search.md.")
        .asks(
            "range",
            one_of(&["1d", "7d", "30d", "all"]),
            "The last days of the project's time zone, today included.",
        )
        .asks(
            "from",
            text(),
            "RFC 3339, or a day of the project's time zone; not with `range`.",
        )
        .asks("to", text(), "Exclusive; a day is meant with its end.")
        .asks(
            "live",
            flag(),
            "true: only those that run; false: only others.",
        )
        .asks(
            "unseen",
            flag(),
            "true: only those that the person who asks has not seen.",
        )
}

fn in_order(operation: Operation) -> Operation {
    let sorts = ["started", "duration", "activity", "errors", "frustration"];
    operation
        .asks("sort", one_of(&sorts), "")
        .asks("order", one_of(&["desc", "asc"]), "")
}

fn replays() -> Vec<Operation> {
    let neighbours = object([("previous", or_null(text())), ("next", or_null(text()))]);
    vec![
        in_order(of_list(get(
            "/api/v1/replays",
            "Replays that a filter finds",
        )))
        .paged(100, 50)
        .gives(schema("ReplayPage")),
        of_list(get(
            "/api/v1/replays/facets",
            "What the found replays have in common",
        ))
        .asks("fields", text(), "Up to 20 fields with commas between.")
        .limit(50, 10)
        .gives(schema("FacetPage")),
        get("/api/v1/replays/{id}", "One replay")
            .project()
            .gives(schema("ReplayWithPerson")),
        in_order(of_list(get(
            "/api/v1/replays/{id}/neighbours",
            "The replays beside one in a list",
        )))
        .asks(
            "playlist",
            integer(),
            "Id of a playlist: the replays beside it there.",
        )
        .gives(neighbours),
        get(
            "/api/v1/replays/{id}/text-hits",
            "When and where a phrase stood on the screen",
        )
        .project()
        .requires(
            "text",
            text(),
            "Words in order; `*` continues the last one.",
        )
        .limit(1000, 100)
        .gives(object([
            ("hits", array(schema("TextHit"))),
            ("complete", flag()),
        ])),
    ]
}

fn playback() -> Vec<Operation> {
    let span = |it: Operation| {
        it.project()
            .asks("from", number(), "Milliseconds since the epoch.")
            .asks("to", number(), "Milliseconds since the epoch, exclusive.")
    };
    let at = |it: Operation, about| {
        it.asks("at", number(), about)
            .asks("tab", integer(), "Number of the browser tab.")
    };
    let events = || array(schema("RecordedEvent"));
    vec![
        get(
            "/api/v1/replays/{id}/manifest",
            "What a player has to know before it plays",
        )
        .project()
        .gives(schema("Manifest")),
        span(get(
            "/api/v1/replays/{id}/events",
            "The events exactly as they were recorded",
        ))
        .gives(events()),
        at(
            span(get(
                "/api/v1/replays/{id}/playback",
                "The events made safe for a player",
            )),
            "Begin with the state at this time, in milliseconds since the epoch.",
        )
        .gives(events()),
        get(
            "/api/v1/replays/{id}/state",
            "The page at a time, as a few events",
        )
        .project()
        .requires("at", number(), "Milliseconds since the epoch.")
        .asks("tab", integer(), "Number of the browser tab.")
        .gives(events()),
        span(get(
            "/api/v1/replays/{id}/facts",
            "What happened: clicks, pages, requests, errors, text",
        ))
        .asks(
            "kinds",
            text(),
            "Kinds with commas between; all unless given.",
        )
        .limit(50_000, 50_000)
        .gives(object([
            ("facts", array(schema("Fact"))),
            ("complete", flag()),
        ])),
        get(
            "/api/v1/replays/{id}/analytics",
            "What SDKs and servers said happened in its session, newest first",
        )
        .project()
        .paged(1000, 500)
        .gives(object([
            ("events", array(schema("NumberedEvent"))),
            ("next_cursor", or_null(text())),
        ])),
        get("/api/v1/replays/{id}/export", "The replay as a file")
            .project()
            .asks(
                "format",
                one_of(&["json", "html"]),
                "html: a page that plays without a network.",
            )
            .asks("tab", integer(), "Of an HTML file: the tab it shows.")
            .gives(events())
            .or_gives("text/html"),
        get(
            "/api/v1/replays/{id}/interactions",
            "Clicks and scroll depth as recorders summed them up",
        )
        .project()
        .gives(array(anything())),
        get(
            "/api/v1/replays/{id}/errors",
            "Errors that SDKs sent and that belong to the replay",
        )
        .project()
        .limit(1000, 200)
        .gives(object([
            ("errors", array(schema("StoredError"))),
            ("complete", flag()),
        ])),
        get(
            "/api/v1/replays/{id}/spans",
            "Spans of traces that the replay is part of",
        )
        .project()
        .limit(5000, 1000)
        .gives(object([
            ("spans", array(schema("Span"))),
            ("complete", flag()),
        ])),
        get(
            "/api/v1/replays/{id}/video/{film}",
            "A film of a mobile screen; answers ranges",
        )
        .project()
        .gives_as(200, "video/mp4", anything()),
        get(
            "/api/v1/assets/{project}/{key}",
            "An archived style sheet, font or image",
        )
        .gives_as(200, "*/*", anything()),
    ]
}

fn collaboration() -> Vec<Operation> {
    let write = |method, path, summary| operation(method, path, WRITE, summary).project();
    let rating = object([
        ("rating", one_of(&["up", "down"])),
        ("reason", optional(or_null(schema("RatingReason")))),
        ("text", optional(text())),
    ]);
    vec![
        get(
            "/api/v1/replays/{id}/comments",
            "What people wrote at moments of a replay",
        )
        .project()
        .gives(one("comments", array(schema("Comment")))),
        write("post", "/api/v1/replays/{id}/comments", "Write a comment")
            .takes(object([("at_ms", integer()), ("text", text())]))
            .creates(schema("Comment")),
        operation(
            "delete",
            "/api/v1/comments/{id}",
            WRITE,
            "Delete a comment of one's own",
        ),
        write("put", "/api/v1/replays/{id}/seen", "Mark a replay as seen"),
        write(
            "delete",
            "/api/v1/replays/{id}/seen",
            "Mark a replay as not seen",
        ),
        get("/api/v1/replays/{id}/viewers", "Who saw a replay")
            .project()
            .gives(one("viewers", array(schema("Viewer")))),
        get(
            "/api/v1/replays/{id}/rating",
            "How whoever asks rated the replay",
        )
        .project()
        .gives(or_null(schema("Rating"))),
        write(
            "put",
            "/api/v1/replays/{id}/rating",
            "Rate how well a replay plays",
        )
        .takes(rating),
        get("/api/v1/ratings", "All ratings of a project")
            .project()
            .gives(one("ratings", array(schema("Rating")))),
    ]
}

fn search() -> Vec<Operation> {
    let suggested = |it: Operation| {
        it.project()
            .asks("prefix", text(), "How it begins.")
            .limit(100, 20)
    };
    let written = object([
        ("text", optional(text())),
        ("json", optional(schema("FilterJson"))),
    ]);
    let both = object([("text", text()), ("json", schema("FilterJson"))]);
    vec![
        get("/api/v1/search/fields", "What filters may say").gives(schema("SearchFields")),
        suggested(get(
            "/api/v1/search/names",
            "Names that can be written in a filter",
        ))
        .gives(one("names", array(schema("SuggestedName")))),
        suggested(get("/api/v1/search/values", "Values that a field has"))
            .requires(
                "field",
                text(),
                "As in a filter: `browser`, `event.plan`, `click.label`.",
            )
            .gives(one("values", array(schema("SuggestedValue")))),
        operation(
            "post",
            "/api/v1/search/parse",
            READ,
            "From one form of a filter to both",
        )
        .takes(written)
        .gives(both),
    ]
}

fn errors() -> Vec<Operation> {
    vec![
        get(
            "/api/v1/errors/{id}",
            "One error, with the event as it was sent",
        )
        .project()
        .gives(schema("ErrorWithEvent")),
        get("/api/v1/issues", "Errors that are taken for the same fault")
            .project()
            .asks("query", text(), "Words of the title or the place.")
            .asks(
                "sort",
                one_of(&["last_seen", "first_seen", "events", "users"]),
                "",
            )
            .asks(
                "status_side",
                one_of(&["page", "server"]),
                "Where they happened.",
            )
            .asks("release", text(), "")
            .asks("environment", text(), "")
            .asks("range", one_of(&["1d", "7d", "30d", "all"]), "")
            .asks("from", text(), "")
            .asks("to", text(), "")
            .paged(100, 50)
            .gives(object([
                ("issues", array(schema("Issue"))),
                ("next_cursor", or_null(text())),
            ])),
        get("/api/v1/issues/{id}", "One issue")
            .project()
            .gives(schema("IssueDetail")),
        get(
            "/api/v1/issues/{id}/errors",
            "The errors of an issue, newest first",
        )
        .project()
        .paged(100, 50)
        .gives(object([
            ("errors", array(schema("StoredError"))),
            ("next_cursor", or_null(text())),
        ])),
        get("/api/v1/source-maps", "Uploads of source maps")
            .project()
            .gives(one("uploads", array(schema("SourceMapUpload")))),
        operation(
            "post",
            "/api/v1/source-maps",
            IMPORT,
            "Upload source maps: a zip archive with a manifest.json",
        )
        .project()
        .takes_bytes("application/zip")
        .creates(schema("SourceMapUpload")),
        operation(
            "delete",
            "/api/v1/source-maps/{id}",
            IMPORT,
            "Delete an upload of source maps",
        )
        .project(),
    ]
}

fn users() -> Vec<Operation> {
    vec![
        get("/api/v1/users", "Visitors, newest first")
            .project()
            .asks("identity", text(), "A user or device id.")
            .asks("device", text(), "The same.")
            .asks("email", text(), "")
            .asks("property", text(), "Name of a user property, with `value`.")
            .asks(
                "value",
                text(),
                "Its whole value; upper and lower case are the same.",
            )
            .asks("query", text(), "Part of an id, name or address.")
            .paged(100, 50)
            .gives(object([
                ("users", array(schema("User"))),
                ("next_cursor", or_null(text())),
            ])),
        get("/api/v1/users/{id}", "One visitor")
            .project()
            .gives(schema("UserDetail")),
        get(
            "/api/v1/users/{id}/events",
            "What a visitor did, session by session, newest first",
        )
        .project()
        .paged(200, 100)
        .gives(schema("EventStream")),
        get("/api/v1/events", "Analytics events, newest first")
            .project()
            .asks("event_type", text(), "")
            .limit(1000, 100)
            .gives(one("events", array(schema("Event")))),
        get(
            "/api/v1/events/stream",
            "The same as a user's events, for an id of which nothing else is known",
        )
        .project()
        .requires("identity", text(), "A user or device id.")
        .paged(200, 100)
        .gives(schema("EventStream")),
        get("/api/v1/events/{id}", "One event as it was sent")
            .project()
            .gives(schema("EventDetail")),
    ]
}

fn rest() -> Vec<Operation> {
    let stored: Value = object([
        ("replay", text()),
        ("accepted_events", integer()),
        ("problems", map(integer())),
    ]);
    vec![
        operation(
            "post",
            "/api/v1/ingest/rrweb",
            Access::IngestKey,
            "Send rrweb events of any recorder, docs/rrweb.md",
        )
        .requires("device_id", text(), "")
        .requires("session_id", text(), "")
        .asks("user_id", text(), "")
        .asks("library", text(), "`<name>/<version>` of the recorder.")
        .takes(array(schema("RecordedEvent")))
        .gives(stored),
        get("/api/v1/openapi.json", "This document").gives(anything()),
    ]
}
