//! Cohorts: from filters and lists, in filters, and in circles.

use super::{fill, found, list, start};
use crate::person::{Person, STRANGER, add_people, error, error_of};
use crate::recording::{START_MS, analytics};
use crate::server::{Options, Server, wait_for};
use serde_json::{Value, json};

fn add(server: &Server, name: &str, definition: Value) -> Value {
    let owner = Person::owner(server);
    let body = json!({ "name": name, "definition": definition });
    let answer = owner.send(server, "POST", "/api/v1/cohorts", body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn by_filter(filter: &str) -> Value {
    json!({ "kind": "filter", "filter": filter })
}

fn by_user(filter: &str) -> Value {
    json!({ "kind": "filter", "filter": filter, "together": "user" })
}

fn names(server: &Server, id: &Value) -> String {
    let answer = server.json(&format!("/api/v1/cohorts/{id}/users"));
    let users = answer["users"].as_array().unwrap().iter();
    let names: Vec<_> = users.map(|it| it["name"].as_str().unwrap()).collect();
    names.join(" ")
}

/// A program of the owner that may write.
fn token(server: &Server) -> String {
    let body = json!({ "name": "sync", "scopes": ["read", "write"] });
    let answer = Person::owner(server).send(server, "POST", "/api/v1/tokens", body);
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn put_list(
    server: &Server,
    token: &str,
    id: &Value,
    kind: &str,
    body: &str,
) -> crate::server::Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
    server.send("PUT", &format!("/api/v1/cohorts/{id}/list"), &headers, body)
}

#[test]
fn a_cohort_from_a_filter_works_wherever_filters_do() {
    let mut server = start();
    let spenders = add(
        &server,
        "Big spenders",
        by_filter("event(Bought, total > 10)"),
    );
    let nobody = add(&server, "Nobody", by_filter("browser = Opera"));
    assert_eq!(
        spenders["definition"]["filter"],
        "event(Bought, total > 10)"
    );
    let check = |server: &Server| {
        for (filter, expected) in [
            ("cohort(\"Big spenders\")", "a"),
            ("cohort(\"big SPENDERS\") and browser = Chrome", "a"),
            ("not cohort(\"Big spenders\")", "bc"),
            ("cohort != \"Big spenders\"", "bc"),
            ("cohort(Nobody)", ""),
            ("cohort != Nobody", "abc"),
        ] {
            assert_eq!(found(server, filter), expected, "{filter}");
        }
        assert_eq!(found(server, &format!("cohort = {}", spenders["id"])), "a");
        let facets = server
            .json("/api/v1/replays/facets?fields=browser&filter=cohort(%22Big%20spenders%22)");
        assert_eq!(
            (&facets["total"], &facets["facets"][0]["values"][0]["value"]),
            (&json!(1), &json!("Chrome"))
        );
        let id = list(server, "browser = Chrome", "")["replays"][0]["id"].clone();
        let id = id.as_str().unwrap();
        let beside = server.json(&format!(
            "/api/v1/replays/{id}/neighbours?filter=not%20cohort(Nobody)"
        ));
        assert!(beside["previous"].is_string(), "{beside}");
    };
    check(&server);
    // Named in suggestions as it is written.
    let values = server.json("/api/v1/search/values?field=cohort&prefix=big");
    assert_eq!(values["values"][0]["text"], "\"Big spenders\"");
    let one = server.json(&format!("/api/v1/cohorts/{}", spenders["id"]));
    assert_eq!(one["size"]["user_count"], 1);
    assert_eq!(names(&server, &spenders["id"]), "ada");
    assert_eq!(names(&server, &nobody["id"]), "");
    server.kill_9();
    server.restart();
    check(&server);
    assert_eq!(server.complaints(), [""; 0]);
}

#[test]
fn what_a_user_did_counts_together() {
    let server = start();
    // A sale that a server reports, outside of any session.
    let later = json!({"event_type": "Bought", "user_id": "ada", "device_id": "till", "time": START_MS + 50_000, "insert_id": "t"});
    assert_eq!(analytics(&server, &json!([later])).status, 200);
    let ask = |name: &str, definition: Value| {
        let id = add(&server, name, definition)["id"].clone();
        move |server: &Server| {
            server.json(&format!("/api/v1/cohorts/{id}?fresh=true"));
            names(server, &id)
        }
    };
    let three = ask("three", by_user("event(Bought) count >= 3"));
    wait_for("the last sale", || (three(&server) == "ada").then_some(()));
    let in_one = json!({ "kind": "filter", "filter": "event(Bought) count >= 3" });
    assert_eq!(ask("in one", in_one)(&server), "");
    assert_eq!(ask("never", by_user("not event(Bought)"))(&server), "bob c");
    assert_eq!(
        ask("looked twice", by_user("event(Looked) count = 2"))(&server),
        "ada"
    );
    assert_eq!(
        ask("no Chrome", by_user("browser != Chrome"))(&server),
        "bob c"
    );
    let mut long_ago = by_user("event(Bought)");
    long_ago["to"] = json!("2020-01-01");
    assert_eq!(ask("long ago", long_ago)(&server), "");
    let mut recent = by_user("not event(Bought)");
    recent["from"] = json!("2026-01-06");
    assert_eq!(ask("none since", recent)(&server), "ada bob c");
}

#[test]
fn a_list_is_matched_with_people_and_devices() {
    let mut server = start();
    wait_for("the person", || {
        let found = server.json("/api/v1/users?email=ada@shop.test");
        (!found["users"].as_array().unwrap().is_empty()).then_some(())
    });
    let id = add(&server, "VIP", json!({ "kind": "list" }))["id"].clone();
    let list = "name,email\nAda,ADA@shop.test\nC,c\nC,c\nX,nobody@shop.test\n";
    let answer = put_list(&server, &server.options.api_token, &id, "text/csv", list);
    assert_eq!(error_of(&answer), error(403, "missing_scope"));
    let owner = Person::owner(&server);
    let path = format!("/api/v1/cohorts/{id}/list");
    let list = json!(["ADA@shop.test", "c", "c", "nobody@shop.test"]);
    let answer = owner.send(&server, "PUT", &path, list);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let report = answer.json();
    assert_eq!(
        (&report["line_count"], &report["duplicate_count"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(
        (&report["unmatched_count"], &report["unmatched"]),
        (&json!(1), &json!(["nobody@shop.test"]))
    );
    assert_eq!(names(&server, &id), "ada c");
    assert_eq!(found(&server, "cohort(VIP)"), "ac");
    assert_eq!(found(&server, "not cohort(VIP)"), "b");
    let csv = server.get(&format!("/api/v1/cohorts/{id}/users.csv"));
    assert_eq!(csv.text(), "identity,kind\nada,user\nc,anonymous\n");
    assert!(csv.header("content-disposition").starts_with("attachment"));

    // By a program, as CSV, in place of what was there.
    let token = token(&server);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "name": "Synced", "definition": { "kind": "list" } }).to_string();
    let synced = server
        .send("POST", "/api/v1/cohorts", &headers, body)
        .json()["id"]
        .clone();
    for (body, expected) in [("user_id\nada\nbob\n", "ada bob"), ("bob\n", "bob")] {
        let answer = put_list(&server, &token, &synced, "text/csv", body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(names(&server, &synced), expected);
    }
    for (kind, body, expected) in [
        ("text/csv", "ada\nb\u{7}b", "line 2"),
        ("application/json", "{}", "array"),
        ("text/plain", "ada", "text/csv"),
    ] {
        let answer = put_list(&server, &token, &synced, kind, body);
        assert!(
            answer.status >= 400 && answer.text().contains(expected),
            "{}",
            answer.text()
        );
    }
    assert_eq!(
        names(&server, &synced),
        "bob",
        "what cannot be read changes nothing"
    );
    server.kill_9();
    server.restart();
    assert_eq!(found(&server, "cohort(VIP) and not cohort(Synced)"), "ac");
}

#[test]
fn cohorts_forget_who_is_deleted() {
    let server = start();
    wait_for("the person", || {
        let found = server.json("/api/v1/users?email=ada@shop.test");
        (!found["users"].as_array().unwrap().is_empty()).then_some(())
    });
    let owner = Person::owner(&server);
    let lists = [json!(["ada", "a", "bob"]), json!(["ADA@shop.test", "c"])];
    let lists = lists.map(|lines| {
        let id = add(&server, &lines.to_string(), json!({ "kind": "list" }))["id"].clone();
        let path = format!("/api/v1/cohorts/{id}/list");
        assert_eq!(owner.send(&server, "PUT", &path, lines).status, 200);
        id
    });
    let computed = add(&server, "Buyers", by_filter("event(Bought)"))["id"].clone();
    let members = || {
        let of = |id| names(&server, id);
        (of(&lists[0]), of(&lists[1]), of(&computed))
    };
    let expected = |one: &str, two: &str, three: &str| (one.into(), two.into(), three.into());
    assert_eq!(members(), expected("ada bob", "ada c", "ada"));
    let job = owner.send(
        &server,
        "POST",
        "/api/v1/deletions",
        json!({ "user_id": "ada" }),
    );
    assert_eq!(job.status, 202, "{}", job.text());
    let path = format!("/api/v1/deletions/{}", job.json()["id"]);
    wait_for("the deletion", || {
        (owner.get(&server, &path)["state"] == "done").then_some(())
    });
    // At once, although a cohort is used for a minute.
    assert_eq!(members(), expected("bob", "c", ""));
    for (id, lines) in lists.iter().zip([1, 1]) {
        let shown = owner.get(&server, &format!("/api/v1/cohorts/{id}"));
        assert_eq!(
            (&shown["line_count"], &shown["unmatched"]),
            (&json!(lines), &json!([]))
        );
    }
}

#[test]
fn circles_and_what_is_used_are_refused() {
    let server = Options::default().sealing_at_once().start();
    let owner = Person::owner(&server);
    let a = add(&server, "A", by_filter("browser = Chrome"))["id"].clone();
    let b = add(&server, "B", by_filter("not cohort(A)"))["id"].clone();
    let c = add(&server, "C", by_filter(&format!("cohort = {b}")))["id"].clone();
    let put = |id: &Value, name: &str, definition: Value| {
        let body = json!({ "name": name, "definition": definition });
        owner.send(&server, "PUT", &format!("/api/v1/cohorts/{id}"), body)
    };
    let refused = |answer: crate::server::Answer, status: u16, expected: &str| {
        assert_eq!(answer.status, status, "{}", answer.text());
        let message = answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.contains(expected), "{message}");
    };
    refused(
        put(&a, "A", by_filter("os = x or cohort(C)")),
        400,
        "A → C → B → A",
    );
    refused(put(&a, "A", by_filter("cohort(A)")), 400, "A → A");
    refused(
        put(&a, "A", json!({ "kind": "list" })),
        400,
        "cannot change",
    );
    refused(
        put(&a, "Renamed", by_filter("os = x")),
        409,
        "the cohort \"B\"",
    );
    refused(put(&c, "b", by_filter("os = x")), 409, "exists");
    refused(put(&b, "B", by_filter("brwser = x")), 400, "no field");
    let delete = |id: &Value| {
        let path = format!("/api/v1/cohorts/{id}");
        owner.send(&server, "DELETE", &path, Value::Null)
    };
    refused(delete(&b), 409, "the cohort \"C\"");
    let add = |name: &str, definition: Value| {
        let body = json!({ "name": name, "definition": definition });
        owner.send(&server, "POST", "/api/v1/cohorts", body)
    };
    refused(add("a", by_filter("os = x")), 409, "exists");
    refused(
        add("D", by_filter("cohort(Nobody)")),
        400,
        "no cohort \"Nobody\"",
    );
    refused(add(" ", by_filter("os = x")), 400, "name");
    refused(
        add(
            "D",
            json!({ "kind": "filter", "filter": "os = x", "range": "9d" }),
        ),
        400,
        "range",
    );
    refused(add("D", json!({ "kind": "sql" })), 400, "`sql`");
    let unknown = server.get("/api/v1/replays?filter=cohort(Nobody)");
    refused(unknown, 400, "no cohort \"Nobody\"");
    assert_eq!(server.complaints(), [""; 0]);
}

#[test]
fn another_projects_cohorts_do_not_exist() {
    let server = Options::default().sealing_at_once().start();
    fill(&server);
    add_people(&server);
    let id = add(&server, "Ours", by_filter("os = x"))["id"].clone();
    let stranger = Person::log_in(&server, STRANGER);
    for (method, path, body) in [
        ("GET", format!("/api/v1/cohorts/{id}"), Value::Null),
        ("GET", format!("/api/v1/cohorts/{id}/users"), Value::Null),
        (
            "GET",
            format!("/api/v1/cohorts/{id}/users.csv"),
            Value::Null,
        ),
        ("DELETE", format!("/api/v1/cohorts/{id}"), Value::Null),
        ("PUT", format!("/api/v1/cohorts/{id}/list"), json!(["x"])),
        (
            "PUT",
            format!("/api/v1/cohorts/{id}"),
            json!({ "name": "x", "definition": { "kind": "list" } }),
        ),
    ] {
        assert_eq!(
            stranger.send(&server, method, &path, body).status,
            404,
            "{method} {path}"
        );
    }
    let listed = stranger.get(&server, "/api/v1/cohorts");
    assert_eq!(listed["cohorts"], json!([]));
    for filter in [format!("cohort%20%3D%20{id}"), "cohort(Ours)".to_owned()] {
        let path = format!("/api/v1/replays?filter={filter}");
        let answer = stranger.send(&server, "GET", &path, Value::Null);
        assert_eq!(answer.status, 400);
        assert!(
            answer.text().contains("there is no cohort"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(found(&server, "cohort(Ours)"), "");
}
