//! Names that people give to what SDKs capture by themselves: found wherever filters are, also of
//! what arrived before, and never written on an event.

use crate::person::{COLLEAGUE, Person, STRANGER, add_people, error_of};
use crate::recording::{analytics, event, upload};
use crate::server::{Answer, Server, percent_encode, wait_for};
use serde_json::{Value, json};

const ALL: &str = "/api/v1/named-events";
const PAY: &str = "Clicked pay button";

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// What Amplitude's autocapture sends of a click.
fn clicked(device: &str, number: i64, at_ms: i64, text: &str, id: &str) -> Value {
    json!({
        "event_type": "[Amplitude] Element Clicked", "device_id": device, "session_id": 1, "time": at_ms,
        "insert_id": format!("{device}-{number}"),
        "event_properties": {
            "[Amplitude] Element Tag": "button", "[Amplitude] Element Text": text,
            "[Amplitude] Element ID": id, "[Amplitude] Page URL": "https://shop.test/cart",
        },
    })
}

/// `old` clicked an older page's button, `new` the one of today, both twice; `other` something else.
fn fill(server: &Server) {
    let at_ms = now_ms() - 60_000;
    for device in ["old", "new", "other"] {
        upload(server, device, "1", &[event(at_ms, 1)]);
    }
    let clicks = json!([
        clicked("old", 1, at_ms, "Pay", "pay-v1"),
        clicked("old", 2, at_ms + 1_000, "Pay", "pay-v1"),
        clicked("new", 1, at_ms, "Pay now", "pay"),
        clicked("new", 2, at_ms + 1_000, "Pay now", "pay"),
        clicked("other", 1, at_ms, "Back", "back"),
    ]);
    assert_eq!(analytics(server, &clicks).status, 200);
    wait_for("the events in the index", || {
        let raw = "event(\"[Amplitude] Element Clicked\")";
        (devices(server, raw) == "new old other").then_some(())
    });
}

fn matcher(tests: &[(&str, &str, &str)]) -> Value {
    let tests = tests.iter().map(|(property, op, value)| {
        json!({ "property": format!("[Amplitude] {property}"), "op": op, "value": value })
    });
    let tests: Vec<_> = tests.collect();
    json!({ "event_type": "[Amplitude] Element Clicked", "where": tests })
}

fn todays() -> Value {
    matcher(&[
        ("Element ID", "=", "pay"),
        ("Page URL", "contains", "/cart"),
    ])
}

fn devices(server: &Server, filter: &str) -> String {
    let path = format!(
        "/api/v1/replays?range=all&filter={}",
        percent_encode(filter)
    );
    let answer = server.json(&path);
    let found = answer["replays"].as_array().unwrap().iter();
    let mut devices: Vec<_> = found.map(|it| it["device_id"].as_str().unwrap()).collect();
    devices.sort_unstable();
    devices.join(" ")
}

fn add(person: &Person, server: &Server, name: &str, matchers: Value) -> Answer {
    let body = json!({ "name": name, "matchers": matchers });
    person.send(server, "POST", ALL, body)
}

fn refused(answer: &Answer, code: &str, message: &str) {
    assert_eq!(error_of(answer).1, code, "{}", answer.text());
    assert!(answer.text().contains(message), "{}", answer.text());
}

#[test]
fn a_name_finds_what_arrived_before_it_and_survives_a_crash() {
    let mut server = Server::start();
    fill(&server);
    let named = format!("event(\"{PAY}\")");
    assert_eq!(devices(&server, &named), "");
    let owner = Person::owner(&server);
    let made = add(&owner, &server, &format!(" {PAY} "), json!([todays()]));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["name"], &made["matchers"]),
        (&json!(PAY), &json!([todays()]))
    );
    server.kill_9();
    server.restart();
    let owner = Person::owner(&server);
    assert_eq!(devices(&server, &named), "new");

    // The page looked different before: the same name has both.
    let one = format!("{ALL}/{}", made["id"]);
    let older = matcher(&[("Element Text", "=", "pay"), ("Element ID", "like", "*-v1")]);
    let body = json!({ "name": PAY, "matchers": [todays(), older] });
    assert_eq!(owner.send(&server, "PUT", &one, body).status, 200);
    for (filter, expected) in [
        (named.as_str(), "new old"),
        ("event(\"Clicked pay button\") count >= 2", "new old"),
        ("event(\"Clicked pay button\") count >= 3", ""),
        (
            "event(\"Clicked pay button\", \"[Amplitude] Element Text\" = \"Pay now\")",
            "new",
        ),
        (
            "event(\"[Amplitude] Element Clicked\") count > event(\"Clicked pay button\")",
            "other",
        ),
        ("event(\"Clicked pay button\") days >= 1", "new old"),
        ("not event(\"Clicked pay button\")", "other"),
        ("event(\"clicked pay button\")", ""),
    ] {
        assert_eq!(devices(&server, filter), expected, "{filter}");
    }

    // A cohort, and suggestions.
    for together in ["replay", "user"] {
        let definition = json!({ "kind": "filter", "filter": named, "together": together });
        let body = json!({ "name": together, "definition": definition });
        let cohort = owner.send(&server, "POST", "/api/v1/cohorts", body).json();
        let users = server.json(&format!("/api/v1/cohorts/{}/users", cohort["id"]));
        assert_eq!(
            users["users"].as_array().unwrap().len(),
            2,
            "{together}: {users}"
        );
    }
    let names = server.json("/api/v1/search/names?prefix=clicked%20p");
    let expected = json!([{ "name": PAY, "kind": "named_event", "type": null, "filter": named }]);
    assert_eq!(names["names"], expected);

    // The events themselves are as they were sent.
    let path = format!("/api/v1/replays/{}/analytics", server.replay_id("new", "1"));
    for event in server.json(&path)["events"].as_array().unwrap() {
        assert_ne!(event["event_type"], PAY);
        assert_ne!(event["generated_name"], PAY);
    }

    // Used names stay; what is not used can be renamed and deleted, and the events stay.
    let body = json!({ "name": "Paid", "matchers": [todays()] });
    refused(
        &owner.send(&server, "PUT", &one, body.clone()),
        "conflict",
        "the cohort",
    );
    refused(
        &owner.send(&server, "DELETE", &one, Value::Null),
        "conflict",
        "the cohort",
    );
    for id in [1, 2] {
        let path = format!("/api/v1/cohorts/{id}");
        assert_eq!(
            owner.send(&server, "DELETE", &path, Value::Null).status,
            204
        );
    }
    assert_eq!(owner.send(&server, "PUT", &one, body).status, 200);
    assert_eq!(devices(&server, &named), "");
    assert_eq!(devices(&server, "event(Paid)"), "new");
    assert_eq!(owner.send(&server, "DELETE", &one, Value::Null).status, 204);
    assert_eq!(devices(&server, "event(Paid)"), "");
    assert_eq!(
        devices(&server, "event(\"[Amplitude] Element Clicked\")"),
        "new old other"
    );

    let entries = owner.get(&server, "/api/v1/audit")["entries"].clone();
    let entries = entries.as_array().unwrap().iter();
    let lines: Vec<_> = entries
        .filter(|it| it["action"].as_str().unwrap().contains("named"))
        .map(|it| {
            format!(
                "{} {}",
                it["action"].as_str().unwrap(),
                it["detail"]["name"]
            )
        })
        .collect();
    let expected = [
        "delete_named_event \"Paid\"",
        "change_named_event \"Paid\"",
        "change_named_event \"Clicked pay button\"",
        "add_named_event \"Clicked pay button\"",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn matchers_are_counted_before_they_have_a_name() {
    let server = Server::start();
    fill(&server);
    let long_ago_ms = now_ms() - 40 * 86_400_000;
    let old = json!([clicked("other", 9, long_ago_ms, "Gone", "gone")]);
    assert_eq!(analytics(&server, &old).status, 200);
    let owner = Person::owner(&server);
    let count = |matchers: Value| {
        let body = json!({ "matchers": matchers });
        let answer = owner.send(&server, "POST", "/api/v1/named-events/count", body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let text = |text: &str| matcher(&[("Element Text", "=", text)]);
    wait_for("the old event in the index", || {
        count(json!([text("Gone")]))["last_seen_on"]
            .is_string()
            .then_some(())
    });
    let gone = count(json!([text("Gone")]));
    assert_eq!((&gone["count"], &gone["days"]), (&json!(0), &json!(30)));
    assert_eq!(count(json!([todays()]))["count"], 2);
    // What two matchers find is counted once.
    let both = json!([todays(), matcher(&[("Element Text", "contains", "pay")])]);
    assert_eq!(count(both)["count"], 4);
    let never = count(json!([text("Never")]));
    assert_eq!(
        (&never["count"], &never["last_seen_on"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(count(json!([matcher(&[])]))["count"], 5);
}

#[test]
fn what_is_there_already_or_wrong_is_refused_with_its_reason() {
    let server = Server::start();
    fill(&server);
    let owner = Person::owner(&server);
    assert_eq!(add(&owner, &server, PAY, json!([todays()])).status, 201);
    let other = || json!([matcher(&[("Element Text", "=", "Back")])]);
    refused(
        &add(&owner, &server, "clicked PAY button", other()),
        "conflict",
        "is named already",
    );
    // The same tests in another order are the same matcher.
    let same = matcher(&[
        ("Page URL", "contains", "/CART"),
        ("Element ID", "=", "pay"),
    ]);
    let again = add(&owner, &server, "Paid", json!([other()[0], same]));
    refused(
        &again,
        "conflict",
        "is named \\\"Clicked pay button\\\" already",
    );
    let sent = add(&owner, &server, "[amplitude] element clicked", other());
    refused(&sent, "conflict", "sent by the site itself");
    for (name, matchers, code, message) in [
        ("", other(), "invalid", "name must be"),
        ("a\nb", other(), "invalid", "name must be"),
        ("x", json!([]), "invalid", "1 to 10"),
        (
            "x",
            json!([{ "event_type": "" }]),
            "invalid_filter",
            "/matchers/0/event_type",
        ),
        (
            "x",
            json!([matcher(&[("Element ID", "near", "x")])]),
            "invalid_filter",
            "/matchers/0/where/0/op",
        ),
        (
            "x",
            json!([matcher(&[("Element ID", "=", &"x".repeat(2000))])]),
            "invalid_filter",
            "1024 bytes",
        ),
    ] {
        refused(&add(&owner, &server, name, matchers), code, message);
    }
    let from = json!({ "property": "p", "op": "from", "value": 5, "to": 1 });
    let backwards = json!([{ "event_type": "x", "where": [from] }]);
    refused(
        &add(&owner, &server, "x", backwards),
        "invalid_filter",
        "ends before it begins",
    );
    assert_eq!(
        server.json(ALL)["named_events"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn names_are_the_projects_own() {
    let server = Server::start();
    add_people(&server);
    let owner = Person::owner(&server);
    let made = add(&owner, &server, PAY, json!([todays()])).json();
    let one = format!("{ALL}/{}", made["id"]);
    let stranger = Person::log_in(&server, STRANGER);
    let body = || json!({ "name": "Theirs", "matchers": [todays()] });
    for (method, body) in [
        ("GET", Value::Null),
        ("PUT", body()),
        ("DELETE", Value::Null),
    ] {
        let answer = stranger.send(&server, method, &one, body);
        assert_eq!(error_of(&answer), (404, "not_found".to_owned()), "{method}");
    }
    assert_eq!(stranger.get(&server, ALL)["named_events"], json!([]));
    // In another project the same name means something else.
    assert_eq!(
        add(&stranger, &server, PAY, json!([matcher(&[])])).status,
        201
    );
    // Colleagues share them.
    let colleague = Person::log_in(&server, COLLEAGUE);
    assert_eq!(colleague.send(&server, "PUT", &one, body()).status, 200);
    // Programs read them; to write them takes the scope.
    assert_eq!(server.json(&one)["name"], "Theirs");
    let bearer = format!("Bearer {}", server.options.api_token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let answer = server.send("POST", ALL, &headers, body().to_string());
    assert_eq!(error_of(&answer), (403, "missing_scope".to_owned()));
}
