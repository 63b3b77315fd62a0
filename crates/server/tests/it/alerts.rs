//! Alerts: each match reported once, over a crash, to whom it may go.

pub mod receivers;

use crate::person::{Person, STRANGER, add_people};
use crate::recording::{START_MS, analytics, event, upload};
use crate::server::{Options, Server, wait_for};
use receivers::{MailSink, Receiver};
use serde_json::{Value, json};

fn options() -> Options {
    Options::default()
        .sealing_at_once()
        .env("REENACT__ALERTS__LOOK_SECONDS", "0.1")
        .env(
            "REENACT__ALERTS__RETRY_SECONDS",
            "[0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,600]",
        )
        .env("REENACT__ALERTS__ALLOWED_NETWORKS", "[\"127.0.0.0/8\"]")
        .env("REENACT__SERVER__PUBLIC_URL", "https://replays.test/")
}

fn save(server: &Server, filter: &str) -> i64 {
    let owner = Person::owner(server);
    let body = json!({ "name": "Watched", "search": { "filter": filter } });
    let answer = owner.send(server, "POST", "/api/v1/saved-searches", body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_i64().unwrap()
}

/// An alert on replays of devices that begin with `watched`.
fn alert(server: &Server, more: Value) -> Value {
    let saved_search_id = save(server, "device contains watched");
    let mut body = json!({ "name": "Trouble", "saved_search_id": saved_search_id });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = Person::owner(server).send(server, "POST", "/api/v1/alerts", body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn hook(receiver: &Receiver) -> Value {
    json!({ "webhook": { "url": receiver.url } })
}

fn deliveries(server: &Server, alert: &Value) -> Vec<Value> {
    let log = server.json(&format!("/api/v1/alerts/{}/deliveries", alert["id"]));
    log["deliveries"].as_array().unwrap().clone()
}

fn visit(server: &Server, device: &str) {
    upload(server, device, "1", &[event(START_MS, 1)]);
}

/// Devices that messages report, as they came.
fn devices(receiver: &Receiver) -> Vec<String> {
    let messages = receiver.messages();
    let replays = messages
        .iter()
        .flat_map(|it| it.body["replays"].as_array().unwrap());
    replays
        .map(|it| it["device_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_new_match_is_reported_once_and_signed() {
    let mut server = options().start();
    visit(&server, "watched before");
    wait_for("the row of the first one", || {
        let found = server.json("/api/v1/replays?filter=device%20contains%20watched");
        (found["total"] == 1).then_some(())
    });
    let receiver = Receiver::start();
    let alert = alert(&server, hook(&receiver));
    let secret = alert["webhook"]["secret"].as_str().unwrap().to_owned();
    let shown = server.json(&format!("/api/v1/alerts/{}", alert["id"]));
    assert_eq!(
        shown["webhook"],
        json!({ "url": receiver.url }),
        "the secret is said once"
    );
    visit(&server, "watched 1");
    visit(&server, "other");
    wait_for("the first report", || {
        (devices(&receiver) == ["watched 1"]).then_some(())
    });
    let message = receiver.messages().remove(0);
    let body = &message.body;
    let id = server.replay_id("watched 1", "1");
    assert_eq!(
        body["replays"][0]["url"],
        format!("https://replays.test/replays/{id}")
    );
    assert_eq!(
        (&body["type"], &body["alert"]["name"]),
        (&json!("alert"), &json!("Trouble"))
    );
    assert_eq!(body["saved_search"]["filter"], "device contains watched");
    assert_eq!(
        message.header("x-reenact-message-id"),
        body["id"].as_str().unwrap()
    );
    assert_eq!(
        message.header("x-reenact-signature"),
        message.signature(&secret)
    );
    assert_ne!(
        message.header("x-reenact-signature"),
        message.signature("another secret")
    );

    // More of the same replay is no new match, also after a restart.
    upload(&server, "watched 1", "1", &[event(START_MS + 1000, 2)]);
    server.kill_9();
    server.restart();
    upload(&server, "watched 1", "1", &[event(START_MS + 2000, 3)]);
    visit(&server, "watched 2");
    wait_for("the second report", || {
        devices(&receiver)
            .contains(&"watched 2".to_owned())
            .then_some(())
    });
    assert_eq!(devices(&receiver), ["watched 1", "watched 2"]);
    wait_for("both to be written down", || {
        let log = deliveries(&server, &alert);
        let is_done = |it: &Value| it["status"] == "delivered" && it["outcome"] == "HTTP 200";
        (log.len() == 2 && log.iter().all(is_done)).then_some(())
    });
    assert_eq!(server.metric("reenact_alert_matches_total"), 1.0);
}

#[test]
fn a_session_without_a_recording_is_reported_if_that_is_asked_for() {
    let server = options().start();
    let (asked, other) = (Receiver::start(), Receiver::start());
    alert(&server, hook(&other));
    let mut more = hook(&asked);
    more["includes_unrecorded"] = json!(true);
    let made = alert(&server, more);
    assert_eq!(made["includes_unrecorded"], true);
    // Happens after the alert was made, whenever this runs.
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let bought = |device: &str, after_ms: i64| {
        json!({"event_type": "Bought", "device_id": device, "user_id": format!("user of {device}"),
            "session_id": now_ms, "time": now_ms + after_ms, "insert_id": format!("{device} {after_ms}")})
    };
    let before = json!({"event_type": "Bought", "device_id": "watched before", "session_id": START_MS,
        "time": START_MS, "insert_id": "before"});
    for events in [
        json!([before, bought("other", 1), bought("watched 1", 1)]),
        json!([bought("watched 1", 2), bought("watched 1", 3)]),
    ] {
        assert_eq!(analytics(&server, &events).status, 200);
    }
    wait_for("the first report", || {
        (devices(&asked) == ["watched 1"]).then_some(())
    });
    let report = asked.messages().remove(0).body["replays"][0].clone();
    let url = "https://replays.test/users?project=1&query=user%20of%20watched%201";
    assert_eq!(
        (&report["is_recorded"], &report["user_id"], &report["url"]),
        (&json!(false), &json!("user of watched 1"), &json!(url))
    );
    // The recording of a reported session is no news, another one's is.
    upload(
        &server,
        "watched 1",
        &now_ms.to_string(),
        &[event(now_ms, 1)],
    );
    visit(&server, "watched 2");
    wait_for("the second report", || {
        (devices(&asked) == ["watched 1", "watched 2"]).then_some(())
    });
    wait_for("reports of recordings", || {
        (devices(&other).len() == 2).then_some(())
    });
    assert_eq!(devices(&asked).len(), 2);
}

#[test]
fn a_crash_between_match_and_delivery_loses_nothing() {
    let mut server = options().start();
    let receiver = Receiver::start();
    receiver.answer_with(503);
    let alert = alert(&server, hook(&receiver));
    for number in 0..3 {
        visit(&server, &format!("watched {number}"));
    }
    wait_for("tries for all three", || {
        let mut tried = devices(&receiver);
        tried.sort();
        tried.dedup();
        (tried.len() == 3).then_some(())
    });
    let first_ids: Vec<_> = receiver
        .messages()
        .iter()
        .map(|it| it.body["id"].clone())
        .collect();
    // Nobody listens while the server dies and comes back.
    server.kill_9();
    receiver.forget();
    receiver.answer_with(200);
    server.restart();
    wait_for("all three", || {
        let log = deliveries(&server, &alert);
        let count = log.iter().map(|it| match it["status"] == "delivered" {
            true => it["replay_count"].as_u64().unwrap(),
            false => 0,
        });
        (count.sum::<u64>() == 3).then_some(())
    });
    let mut found = devices(&receiver);
    found.sort();
    assert_eq!(found, ["watched 0", "watched 1", "watched 2"]);
    for message in receiver.messages() {
        assert!(
            first_ids.contains(&message.body["id"]),
            "a second copy has the id of the first"
        );
    }
}

#[test]
fn failures_are_given_up_and_pause_the_alert() {
    let server = options().start();
    let receiver = Receiver::start();
    receiver.answer_with(302);
    let alert = alert(&server, hook(&receiver));
    let owner = Person::owner(&server);
    let path = format!("/api/v1/alerts/{}", alert["id"]);
    for number in 0..3 {
        visit(&server, &format!("watched {number}"));
        wait_for("one more given up", || {
            let log = deliveries(&server, &alert);
            let failed = log.iter().filter(|it| it["status"] == "failed").count();
            (failed > number).then_some(())
        });
    }
    assert_eq!(
        receiver.messages().len(),
        3,
        "redirects are neither followed nor tried again"
    );
    let log = deliveries(&server, &alert);
    assert!(
        log[0]["outcome"].as_str().unwrap().contains("redirects"),
        "{log:?}"
    );
    assert_eq!(owner.get(&server, &path)["paused"], "deliveries_failed");
    receiver.answer_with(200);
    visit(&server, "watched while paused");
    server.replay_id("watched while paused", "1");
    // A test goes out all the same.
    let tested = owner
        .send(&server, "POST", &format!("{path}/test"), Value::Null)
        .json();
    assert_eq!(tested["deliveries"][0]["status"], "delivered", "{tested}");
    assert_eq!(receiver.messages()[3].body["type"], "test");
    let resumed = owner.send(
        &server,
        "PUT",
        &format!("{path}/paused"),
        json!({ "is_paused": false }),
    );
    assert_eq!(
        (&resumed.json()["paused"], &resumed.json()["failure_count"]),
        (&Value::Null, &json!(0))
    );
    visit(&server, "watched again");
    wait_for("a report", || {
        devices(&receiver)
            .contains(&"watched again".to_owned())
            .then_some(())
    });
}

#[test]
fn several_matches_make_one_message_and_quiet_follows() {
    let server = options().start();
    let receiver = Receiver::start();
    let mut more = hook(&receiver);
    more["threshold"] = json!({ "count": 3, "minutes": 60 });
    more["quiet_minutes"] = json!(60);
    alert(&server, more);
    visit(&server, "watched 1");
    visit(&server, "watched 2");
    wait_for("two matches", || {
        (server.metric("reenact_alert_matches_total") == 2.0).then_some(())
    });
    assert_eq!(devices(&receiver), [""; 0]);
    visit(&server, "watched 3");
    wait_for("the report", || {
        (!receiver.messages().is_empty()).then_some(())
    });
    assert_eq!(receiver.messages()[0].body["replay_count"], 3);
    for number in 4..8 {
        visit(&server, &format!("watched {number}"));
    }
    wait_for("all matches", || {
        (server.metric("reenact_alert_matches_total") == 7.0).then_some(())
    });
    assert_eq!(receiver.messages().len(), 1, "it is quiet");
}

#[test]
fn the_own_network_is_not_asked() {
    let server = options()
        .env("REENACT__ALERTS__ALLOWED_NETWORKS", "[]")
        .start();
    let receiver = Receiver::start();
    let alert = alert(&server, hook(&receiver));
    let owner = Person::owner(&server);
    let path = format!("/api/v1/alerts/{}/test", alert["id"]);
    let tested = owner.send(&server, "POST", &path, Value::Null).json();
    let delivery = &tested["deliveries"][0];
    assert_eq!(delivery["status"], "failed");
    assert!(
        delivery["outcome"].as_str().unwrap().contains("not public"),
        "{delivery}"
    );
    assert_eq!(receiver.messages().len(), 0);
}

#[test]
fn e_mail_goes_through_the_operators_server() {
    let sink = MailSink::start();
    let server = options()
        .env("REENACT__MAIL__HOST", "127.0.0.1")
        .env("REENACT__MAIL__PORT", &sink.port.to_string())
        .env("REENACT__MAIL__ENCRYPTION", "none")
        .env("REENACT__MAIL__FROM", "Reenact <reenact@shop.test>")
        .start();
    alert(
        &server,
        json!({ "email_to": ["ops@shop.test", " dev@shop.test "] }),
    );
    visit(&server, "watched 1");
    let mail = wait_for("the mail", || sink.mails().pop());
    assert_eq!(mail.recipients, ["ops@shop.test", "dev@shop.test"]);
    let id = server.replay_id("watched 1", "1");
    for expected in [
        "Subject: Trouble: 1 new replay",
        "From: Reenact <reenact@shop.test>",
        &format!("https://replays.test/replays/{id}"),
    ] {
        assert!(mail.text.contains(expected), "{expected}\n{}", mail.text);
    }
    assert_eq!(sink.mails().len(), 1);
}

#[test]
fn what_makes_no_alert_is_refused() {
    let server = options().start();
    add_people(&server);
    let owner = Person::owner(&server);
    let saved_search_id = save(&server, "device = x");
    let good = json!({
        "name": "A", "saved_search_id": saved_search_id, "webhook": { "url": "https://hooks.test/" },
    });
    for (name, value, expected) in [
        ("saved_search_id", json!(99), "saved_search_id"),
        ("webhook", json!({ "url": "ftp://x" }), "webhook.url"),
        (
            "webhook",
            json!({ "url": "https://u:p@x.test" }),
            "webhook.url",
        ),
        ("webhook", Value::Null, "needs a webhook"),
        ("email_to", json!(["a@b.test"]), "sends no e-mail"),
        (
            "threshold",
            json!({ "count": 0, "minutes": 5 }),
            "threshold",
        ),
        (
            "threshold",
            json!({ "count": 1, "minutes": 0 }),
            "threshold",
        ),
        ("quiet_minutes", json!(99_999), "quiet_minutes"),
        ("name", json!(""), "name"),
        ("nmae", json!(""), "nmae"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let answer = owner.send(&server, "POST", "/api/v1/alerts", body);
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert!(
            answer.text().contains(expected),
            "{name}: {}",
            answer.text()
        );
    }
    let made = owner.send(&server, "POST", "/api/v1/alerts", good.clone());
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/api/v1/alerts/{}", made.json()["id"]);
    let kept = owner.send(&server, "PUT", &path, good.clone()).json();
    assert_eq!(kept["webhook"]["secret"], Value::Null, "the secret stays");
    let mut again = good.clone();
    again["webhook"]["new_secret"] = json!(true);
    let changed = owner.send(&server, "PUT", &path, again).json();
    assert_ne!(
        changed["webhook"]["secret"],
        made.json()["webhook"]["secret"]
    );
    assert!(changed["webhook"]["secret"].is_string());

    let stranger = Person::log_in(&server, STRANGER);
    for (method, path, body) in [
        ("GET", path.clone(), Value::Null),
        ("PUT", path.clone(), good),
        ("DELETE", path.clone(), Value::Null),
        ("POST", format!("{path}/test"), Value::Null),
        (
            "PUT",
            format!("{path}/paused"),
            json!({ "is_paused": true }),
        ),
        ("GET", format!("{path}/deliveries"), Value::Null),
    ] {
        assert_eq!(
            stranger.send(&server, method, &path, body).status,
            404,
            "{method} {path}"
        );
    }
    let search = format!("/api/v1/saved-searches/{saved_search_id}");
    assert_eq!(
        owner.send(&server, "DELETE", &search, Value::Null).status,
        204
    );
    assert_eq!(
        owner.send(&server, "GET", &path, Value::Null).status,
        404,
        "it goes with its search"
    );
}

#[test]
fn a_named_event_is_watched_like_any_other() {
    let server = options().start();
    let receiver = Receiver::start();
    let owner = Person::owner(&server);
    let text = |text: &str| json!({ "[Amplitude] Element Text": text });
    let test = json!({ "property": "[Amplitude] Element Text", "op": "=", "value": "Pay" });
    let matcher = json!({ "event_type": "[Amplitude] Element Clicked", "where": [test] });
    let body = json!({ "name": "Clicked pay", "matchers": [matcher] });
    let named = owner.send(&server, "POST", "/api/v1/named-events", body);
    assert_eq!(named.status, 201, "{}", named.text());
    let mut body = hook(&receiver);
    body["name"] = "Payers".into();
    body["saved_search_id"] = save(&server, "event(\"Clicked pay\")").into();
    let made = owner.send(&server, "POST", "/api/v1/alerts", body);
    assert_eq!(made.status, 201, "{}", made.text());

    for (device, clicked) in [("looker", "Back"), ("payer", "Pay")] {
        visit(&server, device);
        let click = json!([{
            "event_type": "[Amplitude] Element Clicked", "device_id": device, "session_id": 1,
            "time": START_MS, "insert_id": device, "event_properties": text(clicked),
        }]);
        assert_eq!(analytics(&server, &click).status, 200);
    }
    wait_for("the message", || {
        (!devices(&receiver).is_empty()).then_some(())
    });
    assert_eq!(devices(&receiver), ["payer"]);
}
