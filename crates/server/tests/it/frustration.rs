//! By which numbers signs of frustration are judged: what may be set, by whom, and that
//! the next sealed recording is judged by it.

use crate::person::{COLLEAGUE, Person, STRANGER, add_people};
use crate::recording::{START_MS, event, meta, upload};
use crate::server::{Options, Server};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/settings/frustration";
const BUTTON: u64 = 10;

fn page(at_ms: i64) -> Value {
    let attributes = json!({"class": "print"});
    let words = json!({"type": 3, "id": 11, "textContent": "Print"});
    let button = json!({"type": 2, "id": BUTTON, "tagName": "button", "attributes": attributes, "childNodes": [words]});
    let body =
        json!({"type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [button]});
    let html =
        json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [body]});
    let node = json!({"type": 0, "id": 1, "childNodes": [html]});
    json!({"type": 2, "timestamp": at_ms, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}})
}

/// Three clicks within half a second on a button that does nothing, and a long look at it.
fn visit(server: &Server, device_id: &str) -> Vec<Value> {
    let mut events = vec![
        meta(START_MS, "https://shop.test/print"),
        page(START_MS + 1),
    ];
    for at in [1_000, 1_200, 1_400] {
        let click = json!({"source": 2, "type": 2, "id": BUTTON, "x": 5, "y": 5});
        events.push(json!({"type": 3, "timestamp": START_MS + at, "data": click}));
    }
    events.push(event(START_MS + 20_000, 1));
    upload(server, device_id, "1", &events);
    let id = server.replay_id(device_id, "1");
    // Before that they are judged anew by every question.
    server.wait_until_sealed(&id);
    let answer = server.json(&format!("/api/v1/replays/{id}/facts?kinds=click"));
    answer["facts"].as_array().unwrap().clone()
}

/// Clicks of the burst that the first one began, and how many of them are dead.
fn judged(clicks: &[Value]) -> (u64, usize) {
    let dead = clicks.iter().filter(|click| click["dead"] == true).count();
    (clicks[0]["rage"].as_u64().unwrap_or(0), dead)
}

fn set(server: &Server, frustration: Value) {
    let body = json!({ "frustration": frustration });
    let answer = Person::owner(server).send(server, "PATCH", PATH, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_changed_threshold_is_in_force_for_what_is_sealed_after_it() {
    let mut server = Options::default().sealing_at_once().start();
    assert_eq!(judged(&visit(&server, "by-default")), (3, 3));
    set(&server, json!({"rage_clicks": 4}));
    assert_eq!(judged(&visit(&server, "four-clicks")), (0, 3));
    set(&server, json!({"never_dead_selectors": [".print"]}));
    assert_eq!(judged(&visit(&server, "never-dead")), (0, 0));
    set(
        &server,
        json!({"rage_clicks": null, "never_dead_selectors": null, "ignored_selectors": ["button"]}),
    );
    assert_eq!(judged(&visit(&server, "ignored")), (0, 0));
    set(
        &server,
        json!({"ignored_selectors": null, "rage_within_ms": 300}),
    );
    assert_eq!(judged(&visit(&server, "quicker")), (0, 3));
    // What was sealed keeps its judgement, and settings outlive the process.
    for (device_id, rage) in [("by-default", 1), ("four-clicks", 0)] {
        let row = server.replay(device_id, "1");
        assert_eq!(row["rage_click_count"], rage, "{device_id}");
        let id = row["id"].as_str().unwrap();
        let clicks = server.json(&format!("/api/v1/replays/{id}/facts?kinds=click"));
        let clicks = clicks["facts"].as_array().unwrap();
        assert_eq!(judged(clicks), (rage * 3, 3), "{device_id}");
    }
    server.kill_9();
    server.restart();
    let answer = server.json(PATH);
    assert_eq!(answer["frustration"]["rage_within_ms"], 300);
    assert_eq!(answer["in_force"]["rage_clicks"], 3);
    assert_eq!(judged(&visit(&server, "after-a-crash")), (0, 3));
}

#[test]
fn what_is_out_of_bounds_is_refused_and_named() {
    let server = Server::start();
    let owner = Person::owner(&server);
    for (change, named) in [
        (json!({"rage_clicks": 99}), "rage_clicks is from 2 to 20"),
        (json!({"rage_clicks": "4"}), "invalid type"),
        (json!({"dead_after_ms": 2_000}), "slow_click_ms"),
        (
            json!({"ignored_selectors": ["div > .print"]}),
            "div > .print",
        ),
        (json!({"colour": 1}), "colour"),
    ] {
        let body = json!({ "frustration": change });
        let answer = owner.send(&server, "PATCH", PATH, body);
        assert_eq!(answer.status, 400, "{change}");
        assert!(answer.text().contains(named), "{}", answer.text());
    }
    let answer = server.json(PATH);
    assert!(answer["presets"].as_array().unwrap().len() >= 4);
    assert_eq!(answer["in_force"]["rage_clicks"], 3);
    assert_eq!(answer["bounds"]["rage_clicks"], json!([2, 20]));
}

#[test]
fn only_owners_change_it_and_only_in_their_own_projects() {
    let server = Server::start();
    add_people(&server);
    let body = json!({"frustration": {"rage_clicks": 5}});
    let colleague = Person::log_in(&server, COLLEAGUE);
    let answer = colleague.send(&server, "PATCH", PATH, body.clone());
    assert_eq!(answer.status, 403);
    assert_eq!(colleague.get(&server, PATH)["in_force"]["rage_clicks"], 3);
    let of_another = format!("{PATH}?project_id=1");
    let stranger = Person::log_in(&server, STRANGER);
    for method in ["GET", "PATCH"] {
        let body = if method == "GET" {
            Value::Null
        } else {
            body.clone()
        };
        let answer = stranger.send(&server, method, &of_another, body);
        assert_eq!(answer.status, 404, "{method}");
    }
    assert_eq!(server.json(PATH)["in_force"]["rage_clicks"], 3);
}
