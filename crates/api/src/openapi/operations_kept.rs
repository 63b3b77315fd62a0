//! What people keep and what is done about replays: saved searches, playlists, cohorts,
//! alerts, retention and deletion.

use super::Access;
use super::build::{
    Operation, array, flag, integer, object, one, operation, optional, or_null, says, schema, text,
};
use super::schemas::maybe_text;
use model::Scope;
use serde_json::Value;

const PERSON: Access = Access::Person;
const READ: Access = Access::Scope(Scope::Read);
const WRITE: Access = Access::Scope(Scope::Write);
const DELETE: Access = Access::Scope(Scope::Delete);
const ADMIN: Access = Access::Scope(Scope::Admin);

pub fn all() -> Vec<Operation> {
    [
        saved_searches(),
        playlists(),
        cohorts(),
        named_events(),
        alerts(),
        frustration(),
        retention(),
        deletions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn get(path: &'static str, summary: &'static str) -> Operation {
    operation("get", path, READ, summary).project()
}

fn write(method: &'static str, path: &'static str, summary: &'static str) -> Operation {
    operation(method, path, WRITE, summary).project()
}

fn saved_searches() -> Vec<Operation> {
    let (all, one_of_them) = ("/api/v1/saved-searches", "/api/v1/saved-searches/{id}");
    let body = || {
        object([
            ("name", text()),
            ("is_shared", optional(flag())),
            ("search", optional(schema("SearchDefinitionDraft"))),
        ])
    };
    vec![
        get(all, "Saved searches, by name")
            .gives(one("saved_searches", array(schema("SavedSearch")))),
        write("post", all, "Save a search")
            .takes(body())
            .creates(schema("SavedSearch")),
        get(one_of_them, "One saved search").gives(schema("SavedSearch")),
        write(
            "put",
            one_of_them,
            "Change a saved search; what is not sent is as by default",
        )
        .takes(body())
        .gives(schema("SavedSearch")),
        write(
            "delete",
            one_of_them,
            "Delete a saved search and its alerts",
        ),
    ]
}

fn playlists() -> Vec<Operation> {
    let (all, one_of_them) = ("/api/v1/playlists", "/api/v1/playlists/{id}");
    let entries = "/api/v1/playlists/{id}/replays";
    let body = || object([("name", text()), ("is_shared", optional(flag()))]);
    let listed = || {
        let entry = object([("id", text()), ("note", optional(text()))]);
        one("replays", array(entry))
    };
    vec![
        get(all, "Playlists, by name").gives(one("playlists", array(schema("Playlist")))),
        write("post", all, "Make a playlist")
            .takes(body())
            .creates(schema("Playlist")),
        get(one_of_them, "A playlist with its replays, in order")
            .gives(schema("PlaylistWithReplays")),
        write("put", one_of_them, "Rename or share a playlist")
            .takes(body())
            .gives(schema("Playlist")),
        write("delete", one_of_them, "Delete a playlist; its replays stay"),
        write("post", entries, "Add replays at the end of a playlist")
            .takes(listed())
            .gives(one("added", integer())),
        write(
            "put",
            entries,
            "Write the whole playlist anew, in this order",
        )
        .takes(listed()),
    ]
}

fn cohorts() -> Vec<Operation> {
    let (all, one_of_them) = ("/api/v1/cohorts", "/api/v1/cohorts/{id}");
    let body = || {
        object([
            ("name", text()),
            ("definition", schema("CohortDefinitionDraft")),
        ])
    };
    vec![
        get(all, "Cohorts, by name; sizes as far as they are known")
            .gives(one("cohorts", array(schema("Cohort")))),
        write("post", all, "Make a cohort")
            .takes(body())
            .creates(schema("Cohort")),
        get(one_of_them, "A cohort with its size, worked out")
            .asks(
                "fresh",
                flag(),
                "true: worked out now; else it may be a minute old.",
            )
            .gives(schema("CohortWithSize")),
        write("put", one_of_them, "Change a cohort, but not its kind")
            .takes(body())
            .gives(schema("Cohort")),
        write(
            "delete",
            one_of_them,
            "Delete a cohort that nothing refers to",
        ),
        write(
            "put",
            "/api/v1/cohorts/{id}/list",
            "Write a list anew: CSV, or a JSON array of ids and e-mail addresses",
        )
        .takes_bytes("text/csv")
        .gives(schema("ListReport")),
        get("/api/v1/cohorts/{id}/users", "Who is in a cohort, by name")
            .paged(1000, 100)
            .gives(object([
                ("users", array(schema("CohortMember"))),
                ("next_cursor", or_null(text())),
                ("size", schema("CohortSize")),
            ])),
        get("/api/v1/cohorts/{id}/users.csv", "The same as a file").gives_as(
            200,
            "text/csv; charset=utf-8",
            text(),
        ),
    ]
}

fn named_events() -> Vec<Operation> {
    let (all, one_of_them) = ("/api/v1/named-events", "/api/v1/named-events/{id}");
    let matchers = || ("matchers", array(schema("EventMatcher")));
    let body = || object([("name", text()), matchers()]);
    let counted = object([
        ("count", integer()),
        ("days", says(integer(), "In so many last days, with today.")),
        (
            "last_seen_on",
            says(
                maybe_text(),
                "A day of the project's time zone, such as 2026-01-31. Null: not within a year.",
            ),
        ),
    ]);
    vec![
        get(all, "Names that people gave to captured events")
            .gives(one("named_events", array(schema("NamedEvent")))),
        write("post", all, "Give a name to captured events")
            .takes(body())
            .creates(schema("NamedEvent")),
        operation(
            "post",
            "/api/v1/named-events/count",
            READ,
            "How many events matchers find, also without a name",
        )
        .project()
        .takes(object([matchers()]))
        .gives(counted),
        get(one_of_them, "One named event").gives(schema("NamedEvent")),
        write("put", one_of_them, "Change the name or what is meant by it")
            .takes(body())
            .gives(schema("NamedEvent")),
        write(
            "delete",
            one_of_them,
            "Delete a name that nothing refers to; the events stay",
        ),
    ]
}

fn alerts() -> Vec<Operation> {
    let (all, one_of_them) = ("/api/v1/alerts", "/api/v1/alerts/{id}");
    vec![
        get(all, "Alerts, by name").gives(object([
            ("alerts", array(schema("Alert"))),
            ("has_mail", flag()),
        ])),
        write(
            "post",
            all,
            "Make an alert; only this answer holds the secret that it signs with",
        )
        .takes(schema("AlertDraft"))
        .creates(schema("Alert")),
        get(one_of_them, "One alert").gives(schema("Alert")),
        write(
            "put",
            one_of_them,
            "Change an alert; what is not sent is as by default",
        )
        .takes(schema("AlertDraft"))
        .gives(schema("Alert")),
        write("delete", one_of_them, "Delete an alert"),
        write(
            "put",
            "/api/v1/alerts/{id}/paused",
            "Pause an alert, or run it on",
        )
        .takes(one("is_paused", flag()))
        .gives(schema("Alert")),
        write(
            "post",
            "/api/v1/alerts/{id}/test",
            "Send a test; answers with what came of it, after at most 20 s",
        )
        .gives(one("deliveries", array(schema("Delivery")))),
        get(
            "/api/v1/alerts/{id}/deliveries",
            "What an alert sent or tried to, newest first; kept for 30 days",
        )
        .paged_by_number(100, 50)
        .gives(object([
            ("deliveries", array(schema("Delivery"))),
            ("next_cursor", or_null(integer())),
        ])),
    ]
}

fn frustration() -> Vec<Operation> {
    let path = "/api/v1/settings/frustration";
    vec![
        get(path, "By which numbers frustration is judged").gives(schema("FrustrationSettings")),
        operation(
            "patch",
            path,
            ADMIN,
            "Change some of these numbers; null is the default",
        )
        .project()
        .takes(one("frustration", schema("FrustrationChange")))
        .gives(schema("FrustrationSettings")),
    ]
}

fn retention() -> Vec<Operation> {
    let pin = "/api/v1/replays/{id}/pin";
    vec![
        operation("put", pin, DELETE, "Keep a replay whatever its age").project(),
        operation(
            "delete",
            pin,
            DELETE,
            "Let a replay expire; its time may be over already",
        )
        .project(),
        operation(
            "post",
            "/api/v1/projects/{id}/apply-retention",
            DELETE,
            "The project's retention also for what arrived before it was changed",
        )
        .gives(object([
            ("retention_days", integer()),
            ("replays_changed", integer()),
        ])),
    ]
}

fn deletions() -> Vec<Operation> {
    let started = |it: Operation| it.gives_as(202, "application/json", schema("Deletion"));
    let page = |name, of| {
        object([
            (name, array(schema(of))),
            ("next_cursor", or_null(integer())),
        ])
    };
    let target: Value = object([
        ("project_id", optional(integer())),
        ("replay_ids", optional(array(text()))),
        ("search", optional(schema("DeletionSearch"))),
        ("filter", optional(text())),
        ("user_id", optional(text())),
        ("whole_project", optional(flag())),
    ]);
    vec![
        started(
            operation(
                "delete",
                "/api/v1/replays/{id}",
                DELETE,
                "Delete a replay; it is gone at once, its data when the job is done",
            )
            .project(),
        ),
        started(operation(
            "delete",
            "/api/v1/projects/{id}",
            DELETE,
            "Delete a project with all its data",
        )),
        started(
            operation(
                "post",
                "/api/v1/deletions",
                DELETE,
                "Delete what one of replay_ids, search, filter, user_id and whole_project names",
            )
            .takes(target),
        ),
        operation(
            "post",
            "/api/v1/deletions/preview",
            DELETE,
            "How many replays a search would delete, and how many it leaves alone",
        )
        .takes(object([
            ("project_id", optional(integer())),
            ("search", schema("DeletionSearch")),
        ]))
        .gives(object([
            ("replays", integer()),
            ("kept_pinned", integer()),
            ("kept_live", integer()),
        ])),
        operation(
            "get",
            "/api/v1/deletions",
            PERSON,
            "What was deleted in the whole organisation, newest first",
        )
        .paged_by_number(100, 100)
        .gives(page("deletions", "Deletion")),
        operation(
            "get",
            "/api/v1/deletions/{id}",
            DELETE,
            "How far a deletion is",
        )
        .gives(schema("Deletion")),
        operation(
            "get",
            "/api/v1/audit",
            PERSON,
            "Who deleted, pinned and changed retention in the organisation, newest first",
        )
        .paged_by_number(100, 100)
        .gives(page("entries", "AuditEntry")),
    ]
}
