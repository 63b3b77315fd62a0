//! Saved searches and playlists.

use crate::person::{COLLEAGUE, Person, STRANGER, add_people};
use crate::recording::{START_MS, event, upload};
use crate::server::{Answer, Options, Server};
use serde_json::{Value, json};

fn refused(answer: &Answer, status: u16, expected: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(expected), "{}", answer.text());
}

fn made(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[test]
fn a_saved_search_is_kept_as_it_is_and_seen_by_whom_it_may() {
    let mut server = Server::start();
    add_people(&server);
    let owner = Person::owner(&server);
    let search = json!({
        "filter": "browser  =  Chrome AND errors > 0", "sort": "errors", "order": "asc", "range": "7d",
        "from": null, "to": null, "columns": ["user", "errors"],
    });
    let path = "/api/v1/saved-searches";
    let save = |person: &Person, server: &Server, name: &str, is_shared: bool| {
        let body = json!({ "name": name, "is_shared": is_shared, "search": search });
        made(&person.send(server, "POST", path, body))
    };
    let shared = save(&owner, &server, " Trouble ", true);
    let private = save(&owner, &server, "Mine", false);
    assert_eq!(
        (&shared["name"], &shared["mine"]),
        (&json!("Trouble"), &json!(true))
    );
    let mut expected = search.clone();
    expected["filter"] = json!("browser = Chrome and errors > 0");
    assert_eq!(shared["search"], expected);
    server.kill_9();
    server.restart();
    let names = |person: &Person, server: &Server| {
        let listed = person.get(server, path);
        let listed = listed["saved_searches"].as_array().unwrap().iter();
        let names: Vec<_> = listed
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    let owner = Person::owner(&server);
    let colleague = Person::log_in(&server, COLLEAGUE);
    let stranger = Person::log_in(&server, STRANGER);
    assert_eq!(names(&owner, &server), "Mine Trouble");
    assert_eq!(names(&colleague, &server), "Trouble");
    assert_eq!(names(&stranger, &server), "");
    let program = server.json(path);
    assert_eq!(program["saved_searches"].as_array().unwrap().len(), 1);

    let one = |id: &Value| format!("{path}/{id}");
    let change = json!({ "name": "Renamed", "search": { "filter": "" } });
    let send = |person: &Person, method: &str, id: &Value, body: Value| {
        person.send(&server, method, &one(id), body)
    };
    for person in [&colleague, &stranger] {
        refused(
            &send(person, "GET", &private["id"], Value::Null),
            404,
            "not found",
        );
        refused(
            &send(person, "PUT", &private["id"], change.clone()),
            404,
            "not found",
        );
        refused(
            &send(person, "DELETE", &private["id"], Value::Null),
            404,
            "not found",
        );
    }
    refused(
        &send(&colleague, "PUT", &shared["id"], change.clone()),
        403,
        "only who made it",
    );
    refused(
        &send(&colleague, "DELETE", &shared["id"], Value::Null),
        403,
        "only who made it",
    );
    refused(
        &send(&stranger, "GET", &shared["id"], Value::Null),
        404,
        "not found",
    );
    let changed = send(&owner, "PUT", &shared["id"], change).json();
    assert_eq!(
        (&changed["name"], &changed["search"]["filter"]),
        (&json!("Renamed"), &json!(""))
    );
    assert_eq!(
        send(&owner, "DELETE", &shared["id"], Value::Null).status,
        204
    );
    assert_eq!(names(&owner, &server), "Mine");
}

#[test]
fn a_search_that_cannot_be_asked_is_not_saved() {
    let server = Server::start();
    let owner = Person::owner(&server);
    let save = |name: &str, search: Value| {
        let body = json!({ "name": name, "search": search });
        owner.send(&server, "POST", "/api/v1/saved-searches", body)
    };
    let bad = save("x", json!({ "filter": "brwser = x" }));
    refused(&bad, 400, "\"nearest\":\"browser\"");
    assert_eq!(
        bad.json()["error"]["at_utf16"],
        json!({ "start": 0, "end": 6 })
    );
    refused(
        &save("x", json!({ "filter": "cohort(Nobody)" })),
        400,
        "no cohort",
    );
    refused(&save("x", json!({ "sort": "name" })), 400, "sort must be");
    refused(&save("x", json!({ "range": "9d" })), 400, "range must be");
    refused(
        &save("x", json!({ "from": "2026-02-02", "to": "2026-01-01" })),
        400,
        "from must be before",
    );
    refused(
        &save("x", json!({ "columns": vec!["c"; 51] })),
        400,
        "columns",
    );
    refused(&save("x", json!({ "fliter": "" })), 400, "fliter");
    refused(&save("", json!({})), 400, "name must be");
    refused(&save("a\nb", json!({})), 400, "one line");
    refused(&save(&"x".repeat(101), json!({})), 400, "name must be");
    let listed = owner.get(&server, "/api/v1/saved-searches");
    assert_eq!(listed["saved_searches"], json!([]));
}

fn ids(playlist: &Value) -> Vec<(Value, Value, bool)> {
    let replays = playlist["replays"].as_array().unwrap().iter();
    replays
        .map(|it| (it["id"].clone(), it["note"].clone(), it["replay"].is_null()))
        .collect()
}

#[test]
fn a_playlist_keeps_its_order_and_shows_what_is_gone() {
    let mut server = Options::default().sealing_at_once().start();
    add_people(&server);
    for (device, number) in [("a", 1), ("b", 2), ("c", 3)] {
        upload(&server, device, "1", &[event(START_MS, number)]);
    }
    let [a, b, c] = ["a", "b", "c"].map(|device| server.replay_id(device, "1"));
    let owner = Person::owner(&server);
    let list = made(&owner.send(
        &server,
        "POST",
        "/api/v1/playlists",
        json!({ "name": "Best" }),
    ));
    let path = format!("/api/v1/playlists/{}", list["id"]);
    let replays = format!("{path}/replays");
    let entry = |id: &str, note: &str| json!({ "id": id, "note": note });
    let add = |person: &Person, server: &Server, entries: Value| {
        person.send(server, "POST", &replays, json!({ "replays": entries }))
    };
    let added = add(
        &owner,
        &server,
        json!([entry(&a, " see 0:10 "), { "id": b }, entry(&a, "")]),
    );
    assert_eq!(added.json(), json!({ "added": 2 }));
    // Who sees a shared list may add to it, but not take it away.
    let colleague = Person::log_in(&server, COLLEAGUE);
    assert_eq!(
        add(&colleague, &server, json!([{ "id": c }])).json()["added"],
        1
    );
    let refused_to_delete = colleague.send(&server, "DELETE", &path, Value::Null);
    refused(&refused_to_delete, 403, "only who made it");
    let order = json!({ "replays": [entry(&c, ""), entry(&a, "now second"), entry(&b, "")] });
    assert_eq!(owner.send(&server, "PUT", &replays, order).status, 204);
    let shown = ids(&owner.get(&server, &path));
    let expected = [(&c, "", false), (&a, "now second", false), (&b, "", false)];
    let expected = expected.map(|(id, note, gone)| (json!(id), json!(note), gone));
    assert_eq!(shown, expected);

    let beside = |id: &str| {
        let path = format!("/api/v1/replays/{id}/neighbours?playlist={}", list["id"]);
        let found = owner.get(&server, &path);
        (found["previous"].clone(), found["next"].clone())
    };
    assert_eq!(beside(&c), (Value::Null, json!(a)));
    assert_eq!(beside(&a), (json!(c), json!(b)));
    assert_eq!(beside(&b), (json!(a), Value::Null));

    let missing = add(
        &owner,
        &server,
        json!([{ "id": "22222222222222222222222222" }]),
    );
    refused(&missing, 404, "not found");
    let long = add(&owner, &server, json!([entry(&a, &"x".repeat(501))]));
    refused(&long, 400, "note");
    let many = json!({ "replays": vec![entry(&a, ""); 1001] });
    refused(
        &owner.send(&server, "PUT", &replays, many),
        400,
        "at most 1000",
    );
    let stranger = Person::log_in(&server, STRANGER);
    refused(
        &add(&stranger, &server, json!([])),
        404,
        "playlist not found",
    );
    let theirs = stranger.send(
        &server,
        "POST",
        "/api/v1/playlists",
        json!({ "name": "Theirs" }),
    );
    let theirs = format!("/api/v1/playlists/{}/replays", made(&theirs)["id"]);
    let foreign = json!({ "replays": [entry(&a, "")] });
    let foreign = stranger.send(&server, "POST", &theirs, foreign);
    refused(&foreign, 404, "replay not found");

    // One that was deleted since.
    let catalog = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    catalog
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    let sql = "UPDATE playlist_replays SET replay = zeroblob(16) WHERE note = 'now second'";
    assert_eq!(catalog.execute(sql, []).unwrap(), 1);
    drop(catalog);
    server.kill_9();
    server.restart();
    let owner = Person::owner(&server);
    let shown = ids(&owner.get(&server, &path));
    let gone = shown[1].0.clone();
    assert_eq!(shown[1], (gone.clone(), json!("now second"), true));
    assert!(!shown[0].2 && !shown[2].2);
    // What is gone may stay where it is.
    let order = json!({ "replays": [{ "id": gone, "note": "gone" }, entry(&c, "")] });
    assert_eq!(owner.send(&server, "PUT", &replays, order).status, 204);
    assert_eq!(ids(&owner.get(&server, &path)).len(), 2);
    assert_eq!(
        owner.send(&server, "DELETE", &path, Value::Null).status,
        204
    );
    refused(
        &owner.send(&server, "GET", &path, Value::Null),
        404,
        "not found",
    );
}
