//! Deleting all that a search finds, but what it is told to leave alone.

use super::{start, wait_done};
use crate::person::{COLLEAGUE, Person, STRANGER, error, error_of};
use crate::recording::{START_MS, event, meta, snapshot, upload};
use crate::server::{Options, Server, wait_for};
use serde_json::{Value, json};

const PREVIEW: &str = "/api/v1/deletions/preview";
const DELETIONS: &str = "/api/v1/deletions";

fn record(server: &Server, device: &str, start_ms: i64) -> String {
    let page = [
        meta(start_ms, "https://shop.test/"),
        snapshot(start_ms + 1),
        event(start_ms + 500, 1),
    ];
    upload(server, device, "1", &page);
    server.replay_id(device, "1")
}

fn preview(server: &Server, search: Value) -> Value {
    let body = json!({"search": search});
    let answer = Person::owner(server).send(server, "POST", PREVIEW, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn counts(replays: u64, kept_pinned: u64, kept_live: u64) -> Value {
    json!({"replays": replays, "kept_pinned": kept_pinned, "kept_live": kept_live})
}

#[test]
fn a_search_spares_what_it_is_told_and_deletes_what_was_said() {
    let (server, _site) = start(Options::default().sealing_at_once());
    let owner = Person::owner(&server);
    let day_ms = 86_400_000;
    let old = record(&server, "watched-old", START_MS);
    let new = record(&server, "watched-new", START_MS + 3 * day_ms);
    let pinned = record(&server, "watched-pinned", START_MS);
    let other = record(&server, "other", START_MS);
    // Whether it is live depends on the server's clock alone.
    let live = record(
        &server,
        "watched-live",
        jiff::Timestamp::now().as_millisecond(),
    );
    let pin = format!("/api/v1/replays/{pinned}/pin");
    assert_eq!(owner.send(&server, "PUT", &pin, Value::Null).status, 204);
    let all = json!({"filter": "device contains watched"});
    wait_for("the index", || {
        (preview(&server, all.clone()) == counts(4, 0, 0)).then_some(())
    });
    let mut spared = all.clone();
    spared["keep_pinned"] = json!(true);
    spared["keep_live"] = json!(true);
    assert_eq!(preview(&server, spared.clone()), counts(2, 1, 1));
    // A day of the project, as the list takes it.
    let mut until = spared.clone();
    until["from"] = json!("2026-01-04");
    until["to"] = json!("2026-01-06");
    assert_eq!(preview(&server, until.clone()), counts(1, 1, 0));
    assert_eq!(server.replays().len(), 5, "looking deletes nothing");

    until["expected_replays"] = json!(2);
    let body = json!({"search": until});
    let refused = owner.send(&server, "POST", DELETIONS, body);
    assert_eq!(error_of(&refused), error(409, "conflict"));
    assert!(refused.text().contains("finds 1 "), "{}", refused.text());
    assert_eq!(server.replays().len(), 5);
    until["expected_replays"] = json!(1);
    let body = json!({"search": until});
    let taken = owner.send(&server, "POST", DELETIONS, body);
    assert_eq!(taken.status, 202, "{}", taken.text());
    assert_eq!(taken.json()["replays"]["total"], 1);
    wait_done(&server, &taken.json()["id"]);
    let gone = server.get(&format!("/api/v1/replays/{old}"));
    assert_eq!(error_of(&gone), error(410, "replay_deleted"));
    for stays in [&new, &pinned, &other, &live] {
        assert_eq!(server.events(stays).len(), 3);
    }
    // Unless it is told otherwise, it takes what is pinned and what is running.
    let taken = owner.send(&server, "POST", DELETIONS, json!({"search": all}));
    assert_eq!(taken.json()["replays"]["total"], 3, "{}", taken.text());
    wait_done(&server, &taken.json()["id"]);
    let left = server.replays();
    let left: Vec<_> = left.iter().map(|row| row["id"].clone()).collect();
    assert_eq!(left, [json!(other)]);
}

#[test]
fn who_may_not_delete_may_not_look_either() {
    let (server, _site) = start(Options::default());
    record(&server, "watched", START_MS);
    let body = json!({"search": {"filter": "device = watched"}});
    let colleague = Person::log_in(&server, COLLEAGUE);
    let refused = colleague.send(&server, "POST", PREVIEW, body.clone());
    assert_eq!(error_of(&refused), error(403, "forbidden"));
    let stranger = Person::log_in(&server, STRANGER);
    let mut theirs = body.clone();
    theirs["project_id"] = json!(1);
    let unknown = stranger.send(&server, "POST", PREVIEW, theirs);
    assert_eq!(error_of(&unknown), error(404, "not_found"));
    let own = stranger.send(&server, "POST", PREVIEW, body);
    assert_eq!(own.json(), counts(0, 0, 0));
    let token = format!("Bearer {}", server.options.api_token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let by_token = server.send("POST", PREVIEW, &headers, r#"{"search":{}}"#);
    assert_eq!(error_of(&by_token), error(403, "missing_scope"));

    let owner = Person::owner(&server);
    for (search, code) in [
        (json!({"filter": "device ="}), "invalid_filter"),
        (json!({"range": "2w"}), "invalid"),
        (json!({"sort": "errors"}), "invalid"),
        (json!({"expected_replays": -1}), "invalid"),
    ] {
        let refused = owner.send(&server, "POST", PREVIEW, json!({"search": search}));
        assert_eq!(error_of(&refused), error(400, code), "{search}");
    }
    let both = json!({"search": {}, "filter": "device = watched"});
    let refused = owner.send(&server, "POST", DELETIONS, both);
    assert_eq!(error_of(&refused), error(400, "invalid"));
}
