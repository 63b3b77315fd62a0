//! Owners are told of deletions by e-mail.

use super::privacy_api::Client;
use super::{assert_nowhere, wait_done};
use crate::alerts::receivers::{MailSink, ReceivedMail};
use crate::person::{Person, add_people};
use crate::recording::{START_MS, analytics, event, meta, snapshot, upload};
use crate::server::{EMAIL, Options, Server, wait_for};
use serde_json::{Value, json};

const SECOND_OWNER: &str = "second@example.test";

fn start(port: u16) -> Server {
    let server = Options::default()
        .sealing_at_once()
        .env("REENACT__MAIL__HOST", "127.0.0.1")
        .env("REENACT__MAIL__PORT", &port.to_string())
        .env("REENACT__MAIL__ENCRYPTION", "none")
        .env("REENACT__MAIL__FROM", "Reenact <reenact@shop.test>")
        .env("REENACT__ALERTS__RETRY_SECONDS", "[0.1,0.1,600]")
        .env("REENACT__SERVER__PUBLIC_URL", "https://replays.test/")
        .start();
    // Also somebody who owns nothing, and an owner of another organisation.
    add_people(&server);
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db.execute(
        "INSERT INTO users (organisation_id, email, name, password_hash, role, created_at)
         SELECT organisation_id, ?1, 'Second', password_hash, 'owner', 0 FROM users WHERE id = 1",
        [SECOND_OWNER],
    )
    .unwrap();
    server
}

fn buy(server: &Server, user: &str, device: &str, insert_id: &str) {
    let events = json!([{"event_type": "Bought", "user_id": user, "device_id": device,
        "session_id": START_MS, "time": START_MS, "insert_id": insert_id}]);
    assert_eq!(analytics(server, &events).status, 200);
}

fn user(server: &Server, identity: &str) -> Value {
    wait_for("the user", || {
        let users = server.json(&format!("/api/v1/users?identity={identity}"));
        users["users"].as_array()?.first().cloned()
    })
}

fn mail_number(sink: &MailSink, number: usize) -> ReceivedMail {
    let mut mail = wait_for("the mail", || sink.mails().get(number - 1).cloned());
    // Long lines are folded.
    mail.text = mail.text.replace("=\n", "");
    mail
}

fn delete(server: &Server, target: Value) {
    let owner = Person::owner(server);
    let job = owner.send(server, "POST", "/api/v1/deletions", target);
    assert_eq!(job.status, 202, "{}", job.text());
    wait_done(server, &job.json()["id"]);
}

#[test]
fn all_owners_are_told_and_nothing_says_of_whom() {
    let sink = MailSink::start();
    let server = start(sink.port);
    buy(&server, "planted-ada", "planted-device", "1");
    let before = user(&server, "planted-ada");
    delete(&server, json!({"user_id": "planted-ada"}));
    let mail = mail_number(&sink, 1);
    assert_eq!(mail.recipients, [EMAIL, SECOND_OWNER]);
    for expected in [
        "Subject: Deletion of a user of ",
        &format!("<{EMAIL}> asked on 2"),
        "https://replays.test/settings/deletions",
    ] {
        assert!(mail.text.contains(expected), "{expected}\n{}", mail.text);
    }
    assert!(!mail.text.contains("planted"), "{}", mail.text);
    wait_for("the notice to be forgotten", || {
        let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
        let count = "SELECT count(*) FROM deletion_notices";
        let count: i64 = db.query_row(count, [], |row| row.get(0)).unwrap();
        (count == 0).then_some(())
    });
    assert_nowhere(&server, "planted-ada");

    // Who comes again is somebody new, recording and all.
    let session = (START_MS + 1).to_string();
    let page = [
        meta(START_MS + 1, "https://shop.test/"),
        snapshot(START_MS + 2),
        event(START_MS + 3, 1),
    ];
    upload(&server, "planted-device", &session, &page);
    buy(&server, "planted-ada", "planted-device", "2");
    let after = user(&server, "planted-ada");
    assert_ne!(after["id"], before["id"]);
    assert_ne!(after["first_seen"], Value::Null, "{after}");
    let id = server.replay_id("planted-device", &session);
    assert_eq!(server.events(&id).len(), 3);
    wait_for("the event in the stream", || {
        (server.array_of_events("planted-ada") == 1).then_some(())
    });

    // A replay or what expires is no reason to write to anybody.
    delete(&server, json!({"replay_ids": [id]}));
    let owner = Person::owner(&server);
    let answer = owner.send(&server, "DELETE", "/api/v1/projects/1", Value::Null);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let mail = mail_number(&sink, 2);
    assert!(
        mail.text.contains("Subject: Deletion of the project "),
        "{}",
        mail.text
    );
    assert_eq!(sink.mails().len(), 2);
}

#[test]
fn one_mail_for_many_users() {
    let sink = MailSink::start();
    let server = start(sink.port);
    for name in ["planted-ada", "planted-eve"] {
        buy(&server, name, &format!("{name}-device"), name);
        user(&server, name);
    }
    let client = Client::new(&server, &["delete"]);
    let both = json!({"user_ids": ["planted-ada", "planted-eve"]});
    let answer = client.post(&server, both);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mail = mail_number(&sink, 1);
    assert!(
        mail.text.contains("Subject: Deletion of 2 users of "),
        "{}",
        mail.text
    );
    for id in [1, 2] {
        wait_done(&server, &json!(id));
    }
    assert_eq!(sink.mails().len(), 1);
}

#[test]
fn a_notice_survives_a_crash() {
    // Nobody listens there any more.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut server = start(port);
    buy(&server, "planted-ada", "planted-device", "1");
    delete(&server, json!({"user_id": "planted-ada"}));
    server.kill_9();
    let sink = MailSink::start();
    server.options =
        std::mem::take(&mut server.options).env("REENACT__MAIL__PORT", &sink.port.to_string());
    server.restart();
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db.execute("UPDATE deletion_notices SET due_at = 1", [])
        .unwrap();
    server.kill_9();
    server.restart();
    assert_eq!(mail_number(&sink, 1).recipients, [EMAIL, SECOND_OWNER]);
}
