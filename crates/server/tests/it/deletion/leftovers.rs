//! Deletion where data lies in an unusual place, or belongs to two.

use super::{assert_nowhere, delete, places, start, wait_done, wait_until};
use crate::person::{COLLEAGUE, Person, error, error_of};
use crate::recording::{START_MS, analytics, event, meta, snapshot, upload};
use crate::sentry::{envelope, items, send_all};
use crate::server::{Options, Server, wait_for};
use serde_json::{Value, json};

fn failed(id: &str, user: &str) -> Value {
    json!({"event_id": format!("{id:0>32}"), "platform": "javascript",
        "timestamp": START_MS as f64 / 1000.0, "user": {"id": user},
        "exception": {"values": [{"type": "Error", "value": format!("{user}-message")}]}})
}

fn database(server: &Server) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db
}

/// An upload that the catalog does not take stays in the hot log until the next start.
#[test]
fn an_upload_that_could_not_be_applied_is_erased_too() {
    let (mut server, _site) = start(Options::default());
    let db = database(&server);
    db.execute_batch(
        "CREATE TRIGGER refused BEFORE INSERT ON errors WHEN NEW.title LIKE '%planted-%'
         BEGIN SELECT RAISE(ABORT, 'refused for the test'); END;",
    )
    .unwrap();
    // A server sent errors of two people with one request.
    let both = [
        ("event", failed("a", "planted-ada")),
        ("event", failed("b", "planted-bob")),
    ];
    assert_eq!(envelope(&server, items(&json!({}), &both)).status, 200);
    let one = [("event", failed("c", "planted-ada"))];
    assert_eq!(envelope(&server, items(&json!({}), &one)).status, 200);
    wait_for("the server to give up", || {
        let said = server.complaints();
        let given_up = said
            .iter()
            .filter(|it| it.contains("cannot apply an upload"));
        (given_up.count() >= 2).then_some(())
    });
    assert!(!places(&server, "planted-ada").is_empty());

    delete(&server, json!({"user_id": "planted-ada"}));
    assert_nowhere(&server, "planted-ada");
    assert!(
        !places(&server, "planted-bob").is_empty(),
        "the other's stays"
    );
    db.execute_batch("DROP TRIGGER refused").unwrap();
    drop(db);
    server.kill_9();
    server.restart();
    wait_for("the other's error", || {
        let issues = server.json("/api/v1/issues").to_string();
        issues.contains("planted-bob-message").then_some(())
    });
    assert_nowhere(&server, "planted-ada");
}

#[test]
fn who_shares_a_device_keeps_their_own() {
    let (server, _site) = start(Options::default().sealing_at_once());
    let device = "shared-tablet";
    for (number, user) in ["planted-ada", "planted-bob"].into_iter().enumerate() {
        let start_ms = START_MS + number as i64 * 3_600_000;
        let session = start_ms.to_string();
        let events = json!([{"event_type": "Bought", "user_id": user, "device_id": device,
            "session_id": start_ms, "time": start_ms, "insert_id": user}]);
        assert_eq!(analytics(&server, &events).status, 200);
        let href = format!("https://shop.test/{user}-url");
        let recorded = [
            meta(start_ms, &href),
            snapshot(start_ms + 1),
            event(start_ms + 500, number as u64),
        ];
        upload(&server, device, &session, &recorded);
    }
    let id_of = |number: i64| {
        let session = (START_MS + number * 3_600_000).to_string();
        let id = server.replay_id(device, &session);
        server.wait_until_sealed(&id);
        id
    };
    let (ada, bob) = (id_of(0), id_of(1));
    wait_until("both are known", || {
        [&ada, &bob].iter().all(|id| {
            let replay = server.json(&format!("/api/v1/replays/{id}"));
            replay["user_id"].is_string()
        })
    });
    let job = delete(&server, json!({"user_id": "planted-ada"}));
    assert_eq!(job["replays"]["total"], 1, "{job}");
    assert_nowhere(&server, "planted-ada");
    assert_eq!(server.events(&bob).len(), 3);
    let stream = server.json("/api/v1/events/stream?identity=planted-bob");
    assert!(stream.to_string().contains("Bought"), "{stream}");
    let users = server.json("/api/v1/users?identity=planted-bob");
    assert_eq!(users["users"].as_array().unwrap().len(), 1, "{users}");
    let gone = server.get(&format!("/api/v1/replays/{ada}"));
    assert_eq!(error_of(&gone), error(410, "replay_deleted"));
}

#[test]
fn films_of_a_replay_go_with_it() {
    let (server, _site) = start(Options::default());
    send_all(&server, "sentry/replay-video-synthetic");
    let films = |folder: &str| super::files_in(&server.data.join(folder));
    let rows = "SELECT count(*) FROM videos v JOIN replays r ON r.id = v.replay";
    let count = |sql: &str| -> usize {
        let db = database(&server);
        let count = db.query_row(sql, [], |row| row.get::<_, i64>(0));
        count.unwrap() as usize
    };
    let sent = 3;
    wait_until("the films", || count(rows) >= sent);
    assert_eq!(
        films("blobs/video").len(),
        count("SELECT count(*) FROM videos")
    );
    let replays = server.replays();
    let ids: Vec<_> = replays.iter().map(|replay| &replay["id"]).collect();
    delete(&server, json!({"replay_ids": ids}));
    assert_eq!(films("blobs/video"), Vec::<std::path::PathBuf>::new());
    assert_eq!(count("SELECT count(*) FROM videos"), 0);
    // Sent again, as by a retry: nothing comes back.
    send_all(&server, "sentry/replay-video-synthetic");
    delete(&server, json!({"replay_ids": ids}));
    assert_eq!(films("blobs/video"), Vec::<std::path::PathBuf>::new());
    assert_eq!(server.replays(), Vec::<Value>::new());
}

/// Lists that people made by hand name people.
#[test]
fn lists_forget_who_was_deleted() {
    let (server, _site) = start(Options::default().sealing_at_once());
    let session = START_MS.to_string();
    upload(
        &server,
        "planted-ada",
        &session,
        &[meta(START_MS, "https://shop.test/"), snapshot(START_MS + 1)],
    );
    let id = server.replay_id("planted-ada", &session);
    let db = database(&server);
    db.execute_batch(
        "INSERT INTO cohorts (id, project_id, name, definition, created_at, changed_at) VALUES (1, 1, 'Testers', '{}', 0, 0);
         INSERT INTO cohort_lines VALUES (1, 'planted-ada'), (1, 'bob');
         INSERT INTO playlists (id, project_id, name, is_shared, created_at, changed_at) VALUES (1, 1, 'Odd', 1, 0, 0);
         INSERT INTO playlist_replays SELECT 1, id, 0, 'planted-note', 0 FROM replays WHERE device_id = 'planted-ada';"
    )
    .unwrap();
    delete(&server, json!({"user_id": "planted-ada"}));
    assert_nowhere(&server, "planted-");
    let lines: String = db
        .query_row("SELECT group_concat(line) FROM cohort_lines", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(lines, "bob");
    let gone = server.get(&format!("/api/v1/replays/{id}"));
    assert_eq!(error_of(&gone), error(410, "replay_deleted"));
}

#[test]
fn only_owners_read_jobs_and_the_audit() {
    let (server, _site) = start(Options::default());
    upload(&server, "ada", "1", &[meta(START_MS, "https://shop.test/")]);
    let id = server.replay_id("ada", "1");
    let owner = Person::owner(&server);
    let job = owner.send(
        &server,
        "POST",
        "/api/v1/deletions",
        json!({"replay_ids": [id]}),
    );
    assert_eq!(job.status, 202, "{}", job.text());
    let job = job.json();
    wait_done(&server, &job["id"]);
    let colleague = Person::log_in(&server, COLLEAGUE);
    let stranger = Person::log_in(&server, crate::person::STRANGER);
    let of_job = format!("/api/v1/deletions/{}", job["id"]);
    for path in ["/api/v1/deletions", "/api/v1/audit", &of_job] {
        let refused = colleague.send(&server, "GET", path, Value::Null);
        assert_eq!(error_of(&refused), error(403, "forbidden"), "{path}");
    }
    let unknown = stranger.send(&server, "GET", &of_job, Value::Null);
    assert_eq!(error_of(&unknown), error(404, "not_found"));
    assert_eq!(
        stranger.get(&server, "/api/v1/deletions")["deletions"],
        json!([])
    );
    assert_eq!(stranger.get(&server, "/api/v1/audit")["entries"], json!([]));
    for (method, path, body) in [
        ("POST", "/api/v1/deletions", json!({"user_id": "ada"})),
        ("DELETE", "/api/v1/projects/1", Value::Null),
        ("POST", "/api/v1/projects/1/apply-retention", Value::Null),
    ] {
        let refused = colleague.send(&server, method, path, body);
        assert_eq!(error_of(&refused), error(403, "forbidden"), "{path}");
    }
}
