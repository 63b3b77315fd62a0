//! Finding replays, through the product: every kind of condition, suggestions, what
//! survives a crash, bad input.

mod bad_input;
mod cohorts;
mod filters;
mod hidden;
mod hidden_files;
mod lists;
mod users;

use crate::recording::{START_MS, analytics, event, gzip, meta, track_body, track_path};
use crate::server::{Options, Server, percent_encode, wait_for};
use serde_json::{Value, json};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const BUTTON: u64 = 10;
const FIELD: u64 = 30;

fn element(id: u64, tag: &str, attributes: Value, children: Value) -> Value {
    json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children})
}

fn text(id: u64, text: &str) -> Value {
    json!({"type": 3, "id": id, "textContent": text})
}

/// A page with a button, some words and a field to type into.
fn page(at_ms: i64, button: &str, words: &str) -> Value {
    let children = json!([
        element(
            BUTTON,
            "button",
            json!({"id": "pay"}),
            json!([text(11, button)])
        ),
        element(20, "p", json!({}), json!([text(21, words)])),
        element(FIELD, "input", json!({"type": "text"}), json!([])),
    ]);
    let body = element(3, "body", json!({}), children);
    let html = element(2, "html", json!({}), json!([body]));
    let node = json!({"type": 0, "id": 1, "childNodes": [html]});
    json!({"type": 2, "timestamp": at_ms, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}})
}

fn click(at_ms: i64) -> Value {
    json!({"type": 3, "timestamp": at_ms, "data": {"source": 2, "type": 2, "id": BUTTON, "x": 5, "y": 5}})
}

fn typed(at_ms: i64, text: &str) -> Value {
    json!({"type": 3, "timestamp": at_ms, "data": {"source": 5, "id": FIELD, "text": text, "isChecked": false}})
}

fn custom(at_ms: i64, tag: &str, payload: Value) -> Value {
    json!({"type": 5, "timestamp": at_ms, "data": {"tag": tag, "payload": payload}})
}

fn console(at_ms: i64, level: &str, message: &str) -> Value {
    let payload = json!({"level": level, "payload": [json!(message).to_string()], "trace": []});
    json!({"type": 6, "timestamp": at_ms, "data": {"plugin": "rrweb/console@1", "payload": payload}})
}

fn upload_as(server: &Server, agent: &str, device_id: &str, events: &[Value]) {
    let bearer = format!("Bearer {}", server.options.ingest_key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("user-agent", agent),
    ];
    let path = track_path(device_id, "1", "replay");
    let answer = server.send("POST", &path, &headers, gzip(&track_body(events)));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn said(device_id: &str, event_type: &str, after_ms: i64, more: Value) -> Value {
    let mut event = json!({
        "event_type": event_type, "device_id": device_id, "session_id": 1, "time": START_MS + after_ms,
        "insert_id": format!("{device_id}-{event_type}-{after_ms}"),
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

/// `a` has everything, `b` something else, `c` nothing but a recording without a page,
/// `d` only events. They start an hour apart, `a` first.
pub fn fill(server: &Server) {
    let hours = |hours: i64| START_MS + hours * 3_600_000;
    let at = hours(0);
    let a = [
        meta(at, "https://shop.test/checkout?step=1"),
        page(at + 1, "Pay now", "Your payment was declined."),
        click(at + 1_000),
        typed(at + 1_500, "typed-by-hand"),
        custom(
            at + 2_000,
            "fetch-request",
            json!({"url": "https://api.test/pay", "method": "POST", "status": 500, "duration": 1500}),
        ),
        custom(
            at + 2_500,
            "error",
            json!({"name": "TypeError", "message": "x is undefined"}),
        ),
        console(at + 3_000, "warn", "low on stock"),
        custom(
            at + 3_500,
            "web_vital",
            json!({"name": "LCP", "value": 4000, "rating": "poor"}),
        ),
        custom(at + 4_000, "cart", json!({"items": 3})),
        event(at + 20_000, 1),
    ];
    upload_as(server, CHROME, "a", &a);
    let at = hours(1);
    let mut b = vec![
        meta(at, "https://shop.test/"),
        page(at + 1, "Help", "Payment accepted."),
        click(at + 1_000),
        custom(
            at + 2_000,
            "fetch-request",
            json!({"url": "https://api.test/pay", "method": "GET", "status": 200, "duration": 20}),
        ),
        console(at + 3_000, "error", "out of stock"),
    ];
    b.extend((0..18).map(|step| {
        let place = json!({"x": 100 + step % 2 * 80, "y": 5, "id": 1, "timeOffset": 0});
        json!({"type": 3, "timestamp": at + 1_100 + step * 100, "data": {"source": 1, "positions": [place]}})
    }));
    upload_as(server, FIREFOX, "b", &b);
    upload_as(server, "", "c", &[event(hours(2), 1)]);
    let events = json!([
        said(
            "a",
            "Looked",
            100,
            json!({"event_properties": {"total": 1}})
        ),
        said(
            "a",
            "Bought",
            10_000,
            json!({"user_id": "ada", "event_properties": {"total": 50, "plan": "pro"},
            "user_properties": {"$set": {"tier": "gold", "email": "ada@shop.test"}}})
        ),
        said(
            "a",
            "Bought",
            15_000,
            json!({"event_properties": {"total": 5, "plan": "free"}})
        ),
        said("b", "Looked", 3_600_100, json!({"user_id": "bob"})),
        said(
            "d",
            "Looked",
            0,
            json!({"user_id": "ada", "event_properties": {"total": 9}})
        ),
    ]);
    assert_eq!(analytics(server, &events).status, 200);
    wait_until_indexed(server);
}

/// Until the last things that are fed can be found.
fn wait_until_indexed(server: &Server) {
    for filter in [
        "text = declined",
        "text = accepted",
        "event(Bought, total = 5)",
        "user = bob",
        "device = c",
    ] {
        wait_for(filter, || (!found(server, filter).is_empty()).then_some(()));
    }
    let names = || server.json("/api/v1/search/names?prefix=Loo")["names"][0]["name"] == "Looked";
    wait_for("the name of an event", || names().then_some(()));
}

fn list(server: &Server, filter: &str, more: &str) -> Value {
    let filter = percent_encode(filter);
    server.json(&format!("/api/v1/replays?filter={filter}{more}"))
}

fn devices(answer: &Value) -> String {
    let replays = answer["replays"].as_array().unwrap().iter();
    replays
        .map(|it| it["device_id"].as_str().unwrap())
        .collect()
}

/// Devices of the replays that a filter finds, oldest first.
fn found(server: &Server, filter: &str) -> String {
    let answer = list(server, filter, "&order=asc&limit=100");
    let found = devices(&answer);
    assert_eq!(answer["total"], found.len(), "{filter}");
    found
}

pub fn start() -> Server {
    let server = Options::default().sealing_at_once().start();
    fill(&server);
    server
}
