//! Deletion that holds: planted strings are looked for in every byte of the data folder.

use crate::person::{Person, STRANGER, add_people, error, error_of};
use crate::recording::{START_MS, analytics, event, meta, track_body, track_path, upload};
use crate::sentry::{envelope, items};
use crate::server::{Options, Server, wait_for};
use crate::site::Site;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};

mod by_search;
mod crashes;
mod dictionaries;
mod leftovers;
mod notices;
mod privacy_api;

const SHEET: &str = "/planted-ada.css";

fn start(options: Options) -> (Server, Site) {
    let css = b"a { color: red } /* planted-ada-asset */";
    let shared = b"b { color: blue } /* shared-asset */";
    let site = Site::start(&[
        (SHEET, "text/css", css),
        ("/shared.css", "text/css", shared),
    ]);
    let server = options
        .ingest_key("0123456789abcdef0123456789abcdef")
        .env("REENACT__ASSETS__ALLOWED_NETWORKS", "[\"127.0.0.1\"]")
        .start();
    add_people(&server);
    (server, site)
}

/// A page with the word in its text, in an attribute, in its address and in a style
/// sheet's address.
fn page(site: &Site, word: &str, sheet: &str) -> Vec<Value> {
    let text = json!({"type": 3, "textContent": format!("{word}-text"), "id": 4});
    let link = json!({"type": 2, "tagName": "link", "id": 5, "childNodes": [],
        "attributes": {"rel": "stylesheet", "href": site.url(sheet)}});
    let shared = json!({"type": 2, "tagName": "link", "id": 6, "childNodes": [],
        "attributes": {"rel": "stylesheet", "href": site.url("/shared.css")}});
    let body = json!({"type": 2, "tagName": "body", "id": 3, "childNodes": [text, link, shared],
        "attributes": {"title": format!("{word}-attribute")}});
    let html =
        json!({"type": 2, "tagName": "html", "attributes": {}, "childNodes": [body], "id": 2});
    let node = json!({"type": 0, "childNodes": [html], "id": 1});
    vec![
        meta(START_MS, &format!("https://shop.test/{word}-url")),
        json!({"type": 2, "timestamp": START_MS + 1, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}}),
        event(START_MS + 5_000, 1),
    ]
}

/// Everything that is known of one visitor: two devices, a replay of each, events with
/// properties of the event and of the user, and an error.
fn plant(server: &Server, site: &Site, name: &str, sheet: &str) {
    let word = format!("planted-{name}");
    let user = format!("{word}-user");
    for device in ["one", "two"] {
        let device = format!("{word}-device-{device}");
        let events = json!([{"event_type": "Bought", "user_id": user, "device_id": device,
            "session_id": START_MS, "time": START_MS + 2_000, "insert_id": format!("{word}-{device}"),
            "event_properties": {"secret": format!("{device}-event-property")},
            "user_properties": {"$set": {"email": format!("{word}@shop.test")}}}]);
        assert_eq!(analytics(server, &events).status, 200);
        upload(
            server,
            &device,
            &START_MS.to_string(),
            &page(site, &device, sheet),
        );
    }
    let event_id: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    let failed = json!({"event_id": format!("{event_id:0>32}"), "platform": "javascript",
        "timestamp": START_MS as f64 / 1000.0, "user": {"id": user, "email": format!("{word}@shop.test")},
        "exception": {"values": [{"type": "Error", "value": format!("{word}-error-message")}]}});
    let sent = envelope(server, items(&json!({}), &[("event", failed)]));
    assert_eq!(sent.status, 200, "{}", sent.text());
}

fn replay_ids(server: &Server, name: &str) -> Vec<String> {
    let devices = ["one", "two"].map(|it| format!("planted-{name}-device-{it}"));
    let ids = devices.map(|device| server.replay_id(&device, &START_MS.to_string()));
    ids.to_vec()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_in(&path)),
            false => files.push(path),
        }
    }
    files
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|part| part == word.as_bytes())
}

/// Where a word is, in plain bytes or in any zstd frame, whatever the file is.
pub fn places(server: &Server, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in files_in(&server.data) {
        // Files come and go while the server works.
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let name = path.strip_prefix(&server.data).unwrap().display();
        if contains(&bytes, word) || path.to_string_lossy().contains(word) {
            found.push(format!("{name}"));
        }
        let magics = bytes.windows(4).enumerate();
        for (at, _) in magics.filter(|(_, part)| *part == [0x28, 0xB5, 0x2F, 0xFD]) {
            let mut plain = Vec::new();
            let decoder = zstd::stream::read::Decoder::new(&bytes[at..]).unwrap();
            // What can be read before the frame ends or is found to be none.
            let _ = decoder
                .single_frame()
                .take(64 << 20)
                .read_to_end(&mut plain);
            if contains(&plain, word) {
                found.push(format!("{name}: frame at {at}"));
            }
        }
    }
    found
}

fn assert_nowhere(server: &Server, word: &str) {
    assert_eq!(places(server, word), Vec::<String>::new(), "{word} is left");
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

fn delete(server: &Server, target: Value) -> Value {
    let owner = Person::owner(server);
    let answer = owner.send(server, "POST", "/api/v1/deletions", target);
    assert_eq!(answer.status, 202, "{}", answer.text());
    wait_done(server, &answer.json()["id"])
}

fn wait_done(server: &Server, id: &Value) -> Value {
    let owner = Person::owner(server);
    wait_for("the deletion to end", || {
        let job = owner.get(server, &format!("/api/v1/deletions/{id}"));
        assert_ne!(job["state"], "failed", "{job}");
        (job["state"] == "done").then_some(job)
    })
}

/// Until the catalog and the archive have what was sent.
fn wait_until_stored(server: &Server) {
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    wait_for("events, errors and people", || {
        (count("SELECT count(*) FROM events WHERE event_type = 'Bought'") == 4
            && count("SELECT count(*) FROM errors") == 2
            && count("SELECT count(*) FROM people WHERE user_id IS NOT NULL") >= 2)
            .then_some(())
    });
}

fn wait_for_sheets(server: &Server) {
    wait_for("the style sheets", || {
        (files_in(&server.data.join("blobs/assets")).len() == 2).then_some(())
    });
}

/// The other visitor is still there, recording, events, error, person and all.
fn assert_unharmed(server: &Server) {
    for id in replay_ids(server, "bob") {
        let events = server.events(&id);
        assert_eq!(events.len(), 3);
        assert!(json!(events).to_string().contains("planted-bob-device"));
    }
    let users = server.json("/api/v1/users?identity=planted-bob-user");
    assert_eq!(users["users"].as_array().unwrap().len(), 1, "{users}");
    let issues = server.json("/api/v1/issues");
    assert!(issues.to_string().contains("planted-bob-error-message"));
    assert_eq!(server.array_of_events("planted-bob-user"), 2);
}

impl Server {
    fn array_of_events(&self, identity: &str) -> usize {
        let stream = self.json(&format!("/api/v1/events/stream?identity={identity}"));
        let sessions = stream["sessions"].as_array().unwrap().iter();
        sessions
            .map(|it| {
                it["events"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|it| it["event_type"] == "Bought")
                    .count()
            })
            .sum()
    }
}

fn a_user_is_deleted(options: Options, is_sealed: bool) {
    let (server, site) = start(options);
    plant(&server, &site, "bob", "/shared.css");
    plant(&server, &site, "ada", SHEET);
    let ids = replay_ids(&server, "ada");
    wait_until_stored(&server);
    if is_sealed {
        ids.iter().for_each(|id| server.wait_until_sealed(id));
        replay_ids(&server, "bob")
            .iter()
            .for_each(|id| server.wait_until_sealed(id));
        wait_for_sheets(&server);
    }
    assert!(
        !places(&server, "planted-ada").is_empty(),
        "the search finds nothing"
    );
    let job = delete(&server, json!({"user_id": "planted-ada-user"}));
    assert_eq!(job["replays"], json!({"total": 2, "left": 0}), "{job}");
    assert_eq!(
        (&job["deleted"]["people"], &job["deleted"]["errors"]),
        (&json!(1), &json!(1)),
        "{job}"
    );
    assert_nowhere(&server, "planted-ada");
    if is_sealed {
        assert!(
            !places(&server, "shared-asset").is_empty(),
            "others need it"
        );
    }
    assert_unharmed(&server);

    for id in &ids {
        let answer = server.get(&format!("/api/v1/replays/{id}/events"));
        assert_eq!(error_of(&answer), error(410, "replay_deleted"));
    }
    // A recorder that is still at it hears that all is well, and nothing comes back.
    let device = "planted-ada-device-one";
    let path = track_path(device, &START_MS.to_string(), "replay");
    let late = crate::recording::track(
        &server,
        &path,
        &track_body(&page(&site, "planted-ada", SHEET)),
    );
    assert_eq!(late.status, 200);
    assert_nowhere(&server, "planted-ada");
    assert!(server.problems("replay_gone") >= 1.0);
    // Again is no mistake, and a start does not bring it back either.
    delete(&server, json!({"user_id": "planted-ada-user"}));
    delete(&server, json!({"replay_ids": ids}));
    let mut server = server;
    server.kill_9();
    server.restart();
    assert_nowhere(&server, "planted-ada");
    assert_unharmed(&server);
    let audit = Person::owner(&server).get(&server, "/api/v1/audit");
    assert_eq!(audit["entries"].as_array().unwrap().len(), 3, "{audit}");
    assert_eq!(audit["entries"][2]["action"], "delete_user");
    assert!(!audit.to_string().contains("planted"), "{audit}");
}

#[test]
fn nothing_is_left_of_a_user_whose_replays_are_hot() {
    a_user_is_deleted(Options::default(), false);
}

#[test]
fn nothing_is_left_of_a_user_whose_replays_are_sealed() {
    a_user_is_deleted(Options::default().sealing_at_once(), true);
}

#[test]
fn a_killed_deletion_goes_on() {
    let (mut server, site) = start(Options::default().sealing_at_once());
    plant(&server, &site, "bob", "/shared.css");
    plant(&server, &site, "ada", SHEET);
    wait_until_stored(&server);
    let ids = replay_ids(&server, "ada");
    ids.iter().for_each(|id| server.wait_until_sealed(id));
    let owner = Person::owner(&server);
    let target = json!({"user_id": "planted-ada-user"});
    let job = owner.send(&server, "POST", "/api/v1/deletions", target);
    assert_eq!(job.status, 202, "{}", job.text());
    // Wherever it is just then; each round is killed somewhat later.
    for pause_ms in [0, 7, 16, 31, 55, 90, 140] {
        std::thread::sleep(std::time::Duration::from_millis(pause_ms));
        server.kill_9();
        server.restart();
    }
    wait_done(&server, &job.json()["id"]);
    assert_nowhere(&server, "planted-ada");
    assert_unharmed(&server);
}

#[test]
fn a_replay_and_a_filter() {
    let (server, site) = start(Options::default().sealing_at_once());
    plant(&server, &site, "bob", "/shared.css");
    plant(&server, &site, "ada", SHEET);
    wait_until_stored(&server);
    let ids = replay_ids(&server, "ada");
    ids.iter().for_each(|id| server.wait_until_sealed(id));
    wait_for_sheets(&server);
    let owner = Person::owner(&server);
    let path = format!("/api/v1/replays/{}", ids[0]);
    let token = format!("Bearer {}", server.options.api_token);
    let by_token = server.send("DELETE", &path, &[("authorization", &token)], ());
    assert_eq!(error_of(&by_token), error(403, "missing_scope"));
    let stranger = Person::log_in(&server, STRANGER);
    let by_stranger = stranger.send(&server, "DELETE", &path, Value::Null);
    assert_eq!(error_of(&by_stranger), error(404, "not_found"));

    let answer = owner.send(&server, "DELETE", &path, Value::Null);
    assert_eq!(answer.status, 202, "{}", answer.text());
    // At once, whenever the work is done.
    assert_eq!(error_of(&server.get(&path)), error(410, "replay_deleted"));
    assert_eq!(server.replays().len(), 3);
    wait_done(&server, &answer.json()["id"]);
    for what in ["text", "attribute", "url", "event-property"] {
        assert_nowhere(&server, &format!("planted-ada-device-one-{what}"));
    }
    assert_eq!(server.events(&ids[1]).len(), 3, "the other one plays");
    let assets = || files_in(&server.data.join("blobs/assets")).len();
    assert_eq!(assets(), 2, "it needs the same style sheet");

    wait_for("the index", || {
        let found = server.json("/api/v1/replays?filter=device%20%3D%20planted-ada-device-two");
        (found["total"] == 1).then_some(())
    });
    let job = delete(
        &server,
        json!({"filter": "device = planted-ada-device-two"}),
    );
    assert_eq!(job["replays"]["total"], 1, "{job}");
    assert_eq!(server.replays().len(), 2);
    assert_eq!(assets(), 1, "nobody needs it any more");
    assert_nowhere(&server, "planted-ada-asset");
    assert_eq!(job["deleted"]["assets"], 1, "{job}");
    for bad in [
        json!({}),
        json!({"filter": "x", "user_id": "y"}),
        json!({"whole_project": true}),
        json!({"replay_ids": []}),
        json!({"user_id": ""}),
    ] {
        let answer = owner.send(&server, "POST", "/api/v1/deletions", bad.clone());
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
    }
    let unknown = json!({"replay_ids": ["a".repeat(26)]});
    let answer = owner.send(&server, "POST", "/api/v1/deletions", unknown);
    assert_eq!(error_of(&answer), error(404, "not_found"));
}

#[test]
fn a_project_is_deleted() {
    let (server, site) = start(Options::default().sealing_at_once());
    plant(&server, &site, "bob", "/shared.css");
    plant(&server, &site, "ada", SHEET);
    wait_until_stored(&server);
    replay_ids(&server, "ada")
        .iter()
        .for_each(|id| server.wait_until_sealed(id));
    let owner = Person::owner(&server);
    let answer = owner.send(&server, "DELETE", "/api/v1/projects/1", Value::Null);
    assert_eq!(answer.status, 202, "{}", answer.text());
    wait_done(&server, &answer.json()["id"]);
    for word in ["planted-", "shared-asset"] {
        assert_nowhere(&server, word);
    }
    assert_eq!(
        owner.get(&server, "/api/v1/projects"),
        json!({"projects": []})
    );
    let path = track_path("d", "1", "replay");
    assert_eq!(
        crate::recording::track(&server, &path, &track_body(&[event(1, 1)])).status,
        401
    );
}

#[test]
fn what_expires_is_hidden_at_once_and_then_deleted() {
    let options = Options::default().sealing_at_once();
    let (server, site) = start(options.env("REENACT__RETENTION__CHECK_SECONDS", "1"));
    plant(&server, &site, "bob", "/shared.css");
    plant(&server, &site, "ada", SHEET);
    wait_until_stored(&server);
    let ids = replay_ids(&server, "ada");
    ids.iter().for_each(|id| server.wait_until_sealed(id));
    let bobs = replay_ids(&server, "bob");
    let owner = Person::owner(&server);
    for id in &bobs {
        let pinned = owner.send(
            &server,
            "PUT",
            &format!("/api/v1/replays/{id}/pin"),
            Value::Null,
        );
        assert_eq!(pinned.status, 204, "{}", pinned.text());
        assert_eq!(
            server.json(&format!("/api/v1/replays/{id}"))["expires_at"],
            Value::Null
        );
    }
    let all_days = |server: &Server| {
        let rows = server.replays().into_iter();
        let days: Vec<_> = rows.map(|row| row["retention_in_days"].clone()).collect();
        days
    };
    // A shorter time is for what comes later, until somebody says otherwise.
    let change = json!({"retention_days": 1});
    let changed = owner.send(&server, "PATCH", "/api/v1/projects/1", change);
    assert_eq!(changed.json()["retention_days"], 1, "{}", changed.text());
    assert_eq!(
        all_days(&server),
        [30, 30, 30, 30],
        "as it was when they came"
    );
    let one = server.json(&format!("/api/v1/replays/{}", ids[0]));
    assert_eq!(one["retention_in_days"], 30);
    for days in [0, 3651] {
        let wrong = json!({"retention_days": days});
        let answer = owner.send(&server, "PATCH", "/api/v1/projects/1", wrong);
        assert_eq!(answer.status, 400, "{days}");
    }
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    // Everything came two days ago.
    let two_days_us = 2 * 86_400_000_000_i64;
    for sql in [
        "UPDATE replays SET first_received_at = first_received_at - ?1",
        "UPDATE events SET received_at = received_at - ?1",
        "UPDATE errors SET received_at = received_at - ?1",
        "UPDATE people SET last_received_at = last_received_at - ?1 WHERE user_id LIKE '%ada%'",
    ] {
        db.execute(sql, [two_days_us]).unwrap();
    }
    db.execute(
        "UPDATE errors SET received_at = received_at + ?1 WHERE user LIKE '%bob%'",
        [10 * two_days_us],
    )
    .unwrap();
    assert_eq!(
        server.replays().len(),
        4,
        "the change is not for what was there"
    );
    // Two days more from an arrival two days ago.
    assert_eq!(all_days(&server), [32, 32, 32, 32]);
    let applied = owner.send(
        &server,
        "POST",
        "/api/v1/projects/1/apply-retention",
        Value::Null,
    );
    assert_eq!(applied.status, 200, "{}", applied.text());
    assert_eq!(applied.json()["replays_changed"], 4);
    assert_eq!(server.replays().len(), 2, "hidden before any job ran");
    assert_eq!(all_days(&server), [1, 1], "also of what is pinned");
    for id in &ids {
        let answer = server.get(&format!("/api/v1/replays/{id}"));
        assert_eq!(error_of(&answer), error(410, "replay_expired"));
        assert_eq!(answer.json()["error"]["retention_days"], 1);
    }
    wait_for("the expiry", || {
        let jobs = owner.get(&server, "/api/v1/deletions");
        let jobs = jobs["deletions"].as_array().unwrap().clone();
        let is_done = !jobs.is_empty() && jobs.iter().all(|job| job["state"] == "done");
        (is_done && places(&server, "planted-ada").is_empty()).then_some(())
    });
    assert_eq!(
        error_of(&server.get(&format!("/api/v1/replays/{}", ids[0]))),
        error(410, "replay_expired")
    );
    assert_unharmed(&server);
}
