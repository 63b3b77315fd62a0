//! Questions that cannot be answered, and events that want too much.

use super::{found, list, said, start};
use crate::person::{Person, STRANGER, add_people};
use crate::recording::analytics;
use crate::server::{Server, percent_encode, wait_for};
use serde_json::{Value, json};

fn refused(server: &Server, filter: &str) -> Value {
    let answer = server.get(&format!(
        "/api/v1/replays?filter={}",
        percent_encode(filter)
    ));
    assert_eq!(answer.status, 400, "{filter}");
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "invalid_filter", "{filter}");
    error
}

#[test]
fn a_filter_that_cannot_be_read_says_where() {
    let server = Server::start();
    let error = refused(&server, "errors > 1 and brwser = Chrome");
    assert_eq!(error["at"], json!({"start": 15, "end": 21}));
    assert_eq!(error["nearest"], "browser");
    // Before it stand signs of several bytes, and one of two units.
    let error = refused(&server, "text = \"é😀\" brwser = x");
    assert_eq!(error["at"], json!({"start": 16, "end": 22}));
    assert_eq!(error["at_utf16"], json!({"start": 13, "end": 19}));
    for (filter, message) in [
        ("duration > fast", "expected a duration"),
        ("browser > 5", "no order"),
        ("started from 2026-02-02 to 2026-02-01", "ends before"),
        ("cohort = 99", "no cohort 99"),
        ("text = \"...\"", "at least one word"),
        ("(browser = x", "expected"),
    ] {
        let error = refused(&server, filter);
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{filter}: {error}"
        );
    }
    let nested = format!("{}browser = x{}", "not (".repeat(500), ")".repeat(500));
    assert!(
        refused(&server, &nested)["message"]
            .as_str()
            .unwrap()
            .contains("nested")
    );
    let many = vec!["errors > 1"; 500].join(" or ");
    assert!(
        refused(&server, &many)["message"]
            .as_str()
            .unwrap()
            .contains("100 conditions")
    );

    let owner = Person::owner(&server);
    let mut deep = json!({"field": "browser", "op": "exists"});
    for _ in 0..500 {
        deep = json!({ "not": deep });
    }
    for (json, pointer) in [
        (
            json!({"all": [{"field": "brwser", "op": "exists"}]}),
            "/all/0/field",
        ),
        (
            json!({"field": "duration", "op": ">", "value": {}}),
            "/value",
        ),
        (json!([]), ""),
    ] {
        let answer = owner.send(
            &server,
            "POST",
            "/api/v1/search/parse",
            json!({ "json": json }),
        );
        let error = answer.json()["error"].clone();
        assert_eq!(
            (&error["code"], &error["pointer"]),
            (&json!("invalid_filter"), &json!(pointer))
        );
        assert_eq!(error["at"], Value::Null);
    }
    let answer = owner.send(
        &server,
        "POST",
        "/api/v1/search/parse",
        json!({ "json": deep }),
    );
    assert_eq!(answer.status, 400);
    for path in [
        "/api/v1/search/values?field=nothing",
        "/api/v1/search/values",
        "/api/v1/search/names?limit=1000",
        "/api/v1/replays/facets?fields=nothing",
        "/api/v1/replays/facets?limit=51",
        "/api/v1/replays?filter=errors%20%3E%201&limit=101",
    ] {
        assert_eq!(server.get(path).status, 400, "{path}");
        assert_eq!(server.send("GET", path, &[], ()).status, 401, "{path}");
    }
}

#[test]
fn signs_that_other_searches_take_for_commands_are_only_signs() {
    let server = start();
    for words in [
        "\\\" OR 1=1 --",
        "payment* OR NEAR(a b)",
        "a AND b NOT c",
        "col:payment ^ +x -y",
    ] {
        assert_eq!(
            found(&server, &format!("text = \"{words}\"")),
            "",
            "{words}"
        );
    }
    assert_eq!(found(&server, "text = \"(payment) was!\""), "a");
    for path in [
        "values?field=browser&prefix=%25",
        "values?field=browser&prefix=*",
        "names?prefix=%27%22",
    ] {
        let answer = server.json(&format!("/api/v1/search/{path}"));
        assert_eq!(
            answer.as_object().unwrap().values().next().unwrap(),
            &json!([]),
            "{path}"
        );
    }
}

#[test]
fn an_attacker_gets_no_more_names_than_a_project_has() {
    let server = start();
    let long = "y".repeat(900_000);
    let large = said(
        "a",
        "Large",
        1,
        json!({"event_properties": {"long": long, "n": 1}}),
    );
    assert_eq!(analytics(&server, &json!([large])).status, 200);
    let many: Vec<_> = (0..100)
        .map(|at| {
            let names = (0..100).map(|name| (format!("p{}", at * 100 + name), json!(1)));
            let names: serde_json::Map<String, Value> = names.collect();
            said("b", "Many", at, json!({ "event_properties": names }))
        })
        .collect();
    assert_eq!(analytics(&server, &json!(many)).status, 200);
    let all = || list(&server, "event(Many) count = 100", "")["total"] == 1;
    wait_for("the events", || all().then_some(()));
    assert_eq!(found(&server, "event(Large, n = 1)"), "a");
    // By their first 512 bytes.
    assert_eq!(
        found(
            &server,
            &format!("event(Large, long = \"{}\")", "y".repeat(512))
        ),
        "a"
    );
    assert_eq!(found(&server, "event(Many, p1 = 1)"), "b");
    let status = server.json("/api/v1/projects/1/ingest-status")["search"].clone();
    assert!(status["names"].as_u64().unwrap() <= 2_000, "{status}");
    assert!(
        status["properties_refused"].as_u64().unwrap() >= 7_900,
        "{status}"
    );
    // Ours have room all the same.
    super::upload_as(
        &server,
        super::CHROME,
        "f",
        &[crate::recording::event(1, 1)],
    );
    wait_for("a new replay", || {
        (found(&server, "device = f and browser = Chrome") == "f").then_some(())
    });
}

#[test]
fn nothing_of_another_project_is_found() {
    let server = start();
    add_people(&server);
    let stranger = Person::log_in(&server, STRANGER);
    let id = server.replay("a", "1")["id"].as_str().unwrap().to_owned();
    let ada = wait_for("the person", || {
        let users = server.json("/api/v1/users?identity=ada");
        Some(users["users"][0]["id"].clone()).filter(|id| !id.is_null())
    });
    let event = server.json(&format!("/api/v1/users/{ada}/events"));
    let event = &event["sessions"][0]["events"][0]["id"];
    for path in [
        format!("/api/v1/replays/{id}/text-hits?text=payment"),
        format!("/api/v1/replays/{id}/neighbours?filter=device%20%3D%20a"),
        format!("/api/v1/users/{ada}/events"),
        format!("/api/v1/events/{event}"),
        "/api/v1/replays?project_id=1&filter=device%20%3D%20a".to_owned(),
        "/api/v1/replays/facets?project_id=1".to_owned(),
        "/api/v1/search/values?project_id=1&field=browser".to_owned(),
        "/api/v1/search/names?project_id=1".to_owned(),
    ] {
        let answer = stranger.send(&server, "GET", &path, Value::Null);
        assert_eq!(answer.status, 404, "{path}");
    }
    let theirs = stranger.get(&server, &format!("/api/v1/replays?filter=id%20%3D%20{id}"));
    assert_eq!(
        (&theirs["total"], &theirs["replays"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(
        stranger.get(&server, "/api/v1/search/values?field=browser")["values"],
        json!([])
    );
}

/// There are no regular expressions to explode; patterns with many stars must not either.
#[test]
fn patterns_that_explode_elsewhere_are_answered() {
    let server = start();
    let large = said(
        "a",
        "Large",
        1,
        json!({"event_properties": {"long": "a".repeat(900_000)}}),
    );
    assert_eq!(analytics(&server, &json!([large])).status, 200);
    let too_large = "a".repeat(1 << 20);
    assert_eq!(analytics(&server, &json!([too_large])).status, 413);
    let stars = "*a".repeat(200);
    wait_for("the event", || {
        (found(&server, "event(Large) count = 1") == "a").then_some(())
    });
    assert_eq!(
        found(&server, &format!("event(Large, long like \"{stars}*\")")),
        "a"
    );
    assert_eq!(
        found(&server, &format!("event(Large, long like \"{stars}*b\")")),
        ""
    );
    // Signs of regular expressions are only signs.
    assert_eq!(found(&server, "event(Large, long contains \"(a+)+$\")"), "");
    let answer = server.get("/api/v1/replays?from=2026-02-02&to=2026-02-01");
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("from must be before to"));
}
