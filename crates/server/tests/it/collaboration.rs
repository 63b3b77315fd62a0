//! Comments, views, ratings and settings: of whom, for whom, and hidden from whom.

use crate::person::{COLLEAGUE, Person, STRANGER, add_people, error, error_of};
use crate::recording::{START_MS, event, meta, snapshot, upload};
use crate::server::{Answer, Server};
use serde_json::{Value, json};

fn start() -> (Server, String) {
    let server = Server::start();
    add_people(&server);
    upload(
        &server,
        "d",
        "1",
        &[
            meta(START_MS, "https://shop.test/"),
            snapshot(START_MS),
            event(START_MS + 5000, 1),
        ],
    );
    let id = server.replay_id("d", "1");
    (server, id)
}

#[test]
fn a_conversation() {
    let (server, id) = start();
    let path = format!("/api/v1/replays/{id}/comments");
    let (owner, colleague) = (Person::owner(&server), Person::log_in(&server, COLLEAGUE));
    assert_eq!(owner.get(&server, &path), json!({"comments": []}));
    let say = |person: &Person, at_ms: i64, text: &str| {
        person.send(
            &server,
            "POST",
            &path,
            json!({"at_ms": at_ms, "text": text}),
        )
    };
    let late = say(&owner, START_MS + 4000, "  <b>Later</b> 👀\nsecond line ");
    assert_eq!(late.status, 201, "{}", late.text());
    let late = late.json();
    assert_eq!(
        late["text"], "<b>Later</b> 👀\nsecond line",
        "plain text, as it was written"
    );
    assert_eq!(
        (&late["mine"], &late["user"]["id"]),
        (&json!(true), &json!(1))
    );
    assert!(late["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(say(&colleague, START_MS, "Early").status, 201);

    let comments = owner.get(&server, &path)["comments"].clone();
    let seen: Vec<_> = comments
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["at_ms"].as_i64().unwrap() - START_MS,
                it["mine"].as_bool().unwrap(),
                it["user"]["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [(0, false, "Colleague"), (4000, true, "owner@example.test")]
    );
    // A program reads; nothing in it is its own.
    let read = server.json(&path)["comments"].clone();
    assert!(
        read.as_array()
            .unwrap()
            .iter()
            .all(|it| it["mine"] == false)
    );
    assert_eq!(
        owner.get(&server, &format!("/api/v1/replays/{id}"))["comment_count"],
        2
    );
    assert_eq!(server.replay("d", "1")["comment_count"], 2);

    let comment = format!("/api/v1/comments/{}", comments[0]["id"]);
    assert_eq!(
        error_of(&owner.send(&server, "DELETE", &comment, Value::Null)),
        error(403, "forbidden")
    );
    assert_eq!(
        error_of(&owner.forged(&server, "DELETE", &comment, json!({}))),
        error(403, "csrf")
    );
    assert_eq!(
        colleague
            .send(&server, "DELETE", &comment, Value::Null)
            .status,
        204
    );
    assert_eq!(
        error_of(&colleague.send(&server, "DELETE", &comment, Value::Null)),
        error(404, "not_found")
    );

    for body in [
        json!({"at_ms": START_MS, "text": ""}),
        json!({"at_ms": START_MS, "text": " \n "}),
        json!({"at_ms": START_MS, "text": "x".repeat(2001)}),
        json!({"at_ms": START_MS, "text": "nul \u{0}"}),
        json!({"at_ms": "soon", "text": "x"}),
        json!({"at_ms": 1.5, "text": "x"}),
        json!({"at_ms": START_MS}),
        json!({"text": "x"}),
        json!({"at_ms": START_MS, "text": "x", "user": 2}),
        json!([]),
    ] {
        let answer = owner.send(&server, "POST", &path, body.clone());
        assert_eq!(error_of(&answer), error(400, "invalid"), "{body}");
    }
    assert_eq!(say(&owner, START_MS, &"ä".repeat(2000)).status, 201);
    assert_eq!(server.complaints(), [""; 0]);
}

#[test]
fn who_has_seen_what() {
    let (server, id) = start();
    upload(&server, "d", "2", &[event(START_MS + 60_000, 1)]);
    let other = server.replay_id("d", "2");
    let (owner, colleague) = (Person::owner(&server), Person::log_in(&server, COLLEAGUE));
    let path = format!("/api/v1/replays/{id}/seen");
    for _ in 0..2 {
        assert_eq!(owner.send(&server, "PUT", &path, Value::Null).status, 204);
    }
    let viewers = colleague.get(&server, &format!("/api/v1/replays/{id}/viewers"));
    assert_eq!(viewers["viewers"].as_array().unwrap().len(), 1);
    assert_eq!(viewers["viewers"][0]["user"]["email"], "owner@example.test");
    let listed = |person: &Person, query: &str| -> Vec<(String, bool)> {
        let page = person.get(&server, &format!("/api/v1/replays?{query}"));
        let rows = page["replays"].as_array().unwrap().iter();
        rows.map(|row| {
            (
                row["id"].as_str().unwrap().to_owned(),
                row["seen"].as_bool().unwrap(),
            )
        })
        .collect()
    };
    assert_eq!(
        listed(&owner, ""),
        [(other.clone(), false), (id.clone(), true)]
    );
    assert_eq!(
        listed(&colleague, ""),
        [(other.clone(), false), (id.clone(), false)]
    );
    assert_eq!(listed(&owner, "unseen=true"), [(other.clone(), false)]);
    assert_eq!(listed(&owner, "unseen=false").len(), 2);
    assert_eq!(listed(&colleague, "unseen=true").len(), 2);

    let beside = |person: &Person, id: &str, query: &str| {
        let answer = person.get(&server, &format!("/api/v1/replays/{id}/neighbours?{query}"));
        (answer["previous"].clone(), answer["next"].clone())
    };
    assert_eq!(beside(&owner, &id, ""), (json!(other), Value::Null));
    assert_eq!(beside(&owner, &other, ""), (Value::Null, json!(id)));
    assert_eq!(
        beside(&owner, &other, "unseen=true"),
        (Value::Null, Value::Null)
    );
    assert_eq!(
        beside(&owner, &id, "to=2026-01-04"),
        (Value::Null, Value::Null)
    );
    let bad = owner.send(
        &server,
        "GET",
        &format!("/api/v1/replays/{id}/neighbours?range=9d"),
        Value::Null,
    );
    assert_eq!(error_of(&bad), error(400, "invalid"));

    assert_eq!(
        owner.send(&server, "DELETE", &path, Value::Null).status,
        204
    );
    assert_eq!(listed(&owner, "unseen=true").len(), 2);
    // Programs see nothing.
    assert_eq!(
        error_of(&server.get("/api/v1/replays?unseen=true")),
        error(403, "forbidden")
    );
}

#[test]
fn ratings_reach_the_operators() {
    let (server, id) = start();
    let owner = Person::owner(&server);
    let path = format!("/api/v1/replays/{id}/rating");
    assert_eq!(owner.get(&server, &path), Value::Null);
    let rate = |body: Value| owner.send(&server, "PUT", &path, body);
    for body in [
        json!({"rating": "meh"}),
        json!({"rating": "down"}),
        json!({"rating": "down", "reason": "ugly"}),
        json!({"rating": "down", "reason": "other", "text": "x".repeat(2001)}),
        json!({"rating": "down", "reason": "other", "stars": 5}),
        json!({"reason": "other"}),
        Value::String("down".to_owned()),
    ] {
        assert_eq!(
            error_of(&rate(body.clone())),
            error(400, "invalid"),
            "{body}"
        );
    }
    assert_eq!(
        rate(json!({"rating": "down", "reason": "wrong_styles", "text": "all grey"})).status,
        204
    );
    let mine = owner.get(&server, &path);
    assert_eq!(
        (&mine["rating"], &mine["reason"], &mine["text"]),
        (&json!("down"), &json!("wrong_styles"), &json!("all grey"))
    );
    let metric = "reenact_ratings_total{rating=\"down\",reason=\"wrong_styles\"}";
    assert_eq!(server.metric(metric), 1.0);
    assert_eq!(rate(json!({"rating": "up"})).status, 204);
    let all = server.json("/api/v1/ratings")["ratings"].clone();
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(
        (&all[0]["rating"], &all[0]["replay_id"]),
        (&json!("up"), &json!(id))
    );
    assert_eq!(all[0]["user"]["email"], "owner@example.test");
}

#[test]
fn settings_belong_to_one_person() {
    let (server, _) = start();
    let (owner, colleague) = (Person::owner(&server), Person::log_in(&server, COLLEAGUE));
    let path = "/api/v1/me/settings";
    let defaults = json!({"theme": "system", "density": "normal", "motion": "system", "time_zone": "viewer",
        "shortcuts": true, "skip_idle": true, "speed": 1.0, "trail": true});
    assert_eq!(owner.get(&server, path), defaults);
    let changed = owner.send(
        &server,
        "PUT",
        path,
        json!({"theme": "dark", "time_zone": "Europe/Berlin"}),
    );
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(
        owner.send(&server, "PUT", path, json!({"speed": 8})).status,
        200
    );
    let mine = owner.get(&server, path);
    assert_eq!(
        (&mine["theme"], &mine["speed"], &mine["time_zone"]),
        (&json!("dark"), &json!(8.0), &json!("Europe/Berlin"))
    );
    assert_eq!(colleague.get(&server, path), defaults);
    for body in [
        json!({"theme": "pink"}),
        json!({"speed": 0}),
        json!({"speed": "fast"}),
        json!({"time_zone": "Mars/Olympus"}),
        json!({"colour": "red"}),
        json!([]),
    ] {
        let answer = owner.send(&server, "PUT", path, body.clone());
        assert_eq!(error_of(&answer), error(400, "invalid"), "{body}");
    }
    assert_eq!(owner.get(&server, path), mine);
    assert_eq!(error_of(&server.get(path)), error(403, "forbidden"));
}

fn send_text(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    // Not kept: the server ends a connection whose body it did not want to read.
    let common = [
        ("content-type", "application/json"),
        ("connection", "close"),
    ];
    let headers = [&common, headers].concat();
    match body {
        Value::Null => server.send(method, path, &headers[1..], ()),
        body => server.send(method, path, &headers, body.to_string()),
    }
}

#[test]
fn others_get_nothing() {
    let (server, id) = start();
    let owner = Person::owner(&server);
    let stranger = Person::log_in(&server, STRANGER);
    let at = |rest: &str| format!("/api/v1/replays/{id}/{rest}");
    let comment = owner.send(
        &server,
        "POST",
        &at("comments"),
        json!({"at_ms": 1, "text": "secret"}),
    );
    let comment = format!("/api/v1/comments/{}", comment.json()["id"]);
    let rating = json!({"rating": "up"});
    let requests = [
        ("GET", at("comments"), Value::Null),
        ("POST", at("comments"), json!({"at_ms": 1, "text": "x"})),
        ("DELETE", comment, Value::Null),
        ("PUT", at("seen"), Value::Null),
        ("DELETE", at("seen"), Value::Null),
        ("GET", at("viewers"), Value::Null),
        ("GET", at("rating"), Value::Null),
        ("PUT", at("rating"), rating),
        ("GET", at("neighbours"), Value::Null),
    ];
    let token = format!("Bearer {}", server.options.api_token);
    for (method, path, body) in &requests {
        let answer = stranger.send(&server, method, path, body.clone());
        assert_eq!(
            error_of(&answer),
            error(404, "not_found"),
            "{method} {path}"
        );
        let answer = send_text(&server, method, path, &[], body);
        assert_eq!(
            error_of(&answer),
            error(401, "unauthenticated"),
            "{method} {path}"
        );
        if *method != "GET" {
            let answer = owner.forged(&server, method, path, body.clone());
            assert_eq!(error_of(&answer), error(403, "csrf"), "{method} {path}");
        }
        let program = send_text(&server, method, path, &[("authorization", &token)], body);
        // The token may only read, and belongs to no person who could have rated.
        let refused = match *method {
            "GET" if path.ends_with("/rating") => Some("forbidden"),
            "GET" => None,
            _ => Some("missing_scope"),
        };
        match refused {
            None => assert_eq!(program.status, 200, "{method} {path}"),
            Some(code) => assert_eq!(error_of(&program), error(403, code), "{method} {path}"),
        }
    }
    for path in [
        "/api/v1/ratings?project_id=1",
        "/api/v1/summary?project_id=1",
        "/api/v1/projects/1/ingest-status",
    ] {
        let answer = stranger.send(&server, "GET", path, Value::Null);
        assert_eq!(error_of(&answer), error(404, "not_found"), "{path}");
        assert_eq!(
            error_of(&server.send("GET", path, &[], ())),
            error(401, "unauthenticated"),
            "{path}"
        );
    }
    for id in ["aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "%00"] {
        for rest in ["comments", "viewers", "rating", "neighbours"] {
            let answer = owner.send(
                &server,
                "GET",
                &format!("/api/v1/replays/{id}/{rest}"),
                Value::Null,
            );
            assert_eq!(error_of(&answer), error(404, "not_found"), "{id}/{rest}");
        }
    }
    for id in ["999", "x", "-1", "99999999999999999999"] {
        let answer = owner.send(
            &server,
            "DELETE",
            &format!("/api/v1/comments/{id}"),
            Value::Null,
        );
        assert_eq!(error_of(&answer), error(404, "not_found"), "{id}");
    }
    // Nothing of what was tried has happened.
    assert_eq!(
        owner.get(&server, &at("comments"))["comments"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(owner.get(&server, &at("viewers"))["viewers"], json!([]));
    assert_eq!(server.json("/api/v1/ratings")["ratings"], json!([]));
}
