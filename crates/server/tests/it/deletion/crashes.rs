//! Deletion when the server is killed: wherever it was, it goes on, and nothing is left.

use super::{
    SHEET, assert_nowhere, assert_unharmed, delete, files_in, page, places, plant, replay_ids,
    start, wait_done,
};
use crate::durability::{Random, seed};
use crate::person::Person;
use crate::recording::{
    START_MS, event, gzip, meta, number_of, snapshot, track_body, track_path, upload,
};
use crate::sentry::{envelope, items};
use crate::server::{Options, Server, send, wait_for};
use crate::site::Site;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A job runs up to so long before it is killed for the first time, and longer by as much
/// each time, so that it comes to its end.
const REACH_MS: u64 = 12;
/// Between the uploads of one writer; the machine has other things to do.
const PAUSE: Duration = Duration::from_millis(5);
const MAX_LAST_TRIES: u32 = 200;
const WRITERS: [&str; 2] = ["carl-one", "carl-two"];

fn database(server: &Server) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db
}

fn count(server: &Server, sql: &str) -> u64 {
    let count = database(server).query_row(sql, [], |row| row.get::<_, i64>(0));
    count.unwrap().unsigned_abs()
}

/// Those who send while the server is killed again and again.
struct Load {
    /// Changes with every start.
    url: RwLock<String>,
    key: String,
    is_over: AtomicBool,
}

/// Ends the load, also when the test fails in between.
struct Ending<'a>(&'a Load);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Load {
    /// True when it was taken; any answer at all must be a success.
    fn post(&self, path: &str, body: &[u8]) -> bool {
        let url = format!("{}{path}", self.url.read().unwrap());
        let bearer = format!("Bearer {}", self.key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-encoding", "gzip"),
        ];
        match send(&url, "POST", &headers, gzip(body)) {
            Ok(answer) => {
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                true
            }
            Err(_) => false,
        }
    }

    /// A visitor who stays: numbered moves of the mouse and events, each sent until it
    /// was taken. Returns how many.
    fn write(&self, device: &str) -> u64 {
        let path = track_path(device, &START_MS.to_string(), "replay");
        let mut number = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            let moved = [event(START_MS + 10 + number as i64, number)];
            let did = json!({"api_key": self.key, "events": [{"event_type": "Counted", "device_id": device,
                "session_id": START_MS, "time": START_MS + number as i64, "insert_id": format!("{device}-{number}")}]});
            let did = did.to_string();
            for (path, body) in [
                (path.as_str(), track_body(&moved)),
                ("/2/httpapi", did.into_bytes()),
            ] {
                let mut tries = 0;
                while !self.post(path, &body) {
                    // Nobody restarts the server when the test has failed.
                    if self.is_over.load(Ordering::Relaxed) && tries > MAX_LAST_TRIES {
                        return number;
                    }
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
            }
            number += 1;
            std::thread::sleep(PAUSE);
        }
        number
    }

    /// A recorder of somebody who is being deleted, and that does not know of it.
    fn go_on_recording(&self, device: &str, site: &Site) {
        let path = track_path(device, &START_MS.to_string(), "replay");
        let body = track_body(&page(site, "planted-ada", SHEET));
        while !self.is_over.load(Ordering::Relaxed) {
            self.post(&path, &body);
            std::thread::sleep(PAUSE);
        }
    }
}

/// What a job has to report.
#[derive(Debug, PartialEq)]
struct Report {
    replays: u64,
    events: u64,
    errors: u64,
    people: u64,
}

impl Report {
    fn expected(server: &Server, name: &str, with_person: bool) -> Self {
        let of = format!("device_id LIKE 'planted-{name}-%'");
        Self {
            replays: count(server, &format!("SELECT count(*) FROM replays WHERE {of}")),
            events: count(server, &format!("SELECT count(*) FROM events WHERE {of}")),
            errors: u64::from(with_person),
            people: u64::from(with_person),
        }
    }

    fn of(job: &Value) -> Self {
        let number = |name: &str| job["deleted"][name].as_u64().unwrap_or(0);
        assert_eq!(job["replays"]["left"], 0, "{job}");
        assert_eq!(job["replays"]["total"], job["deleted"]["replays"], "{job}");
        Self {
            replays: number("replays"),
            events: number("events"),
            errors: number("errors"),
            people: number("people"),
        }
    }
}

/// Kills the server again and again until the job is done; returns how often.
fn delete_under_kills(
    server: &mut Server,
    load: &Load,
    random: &mut Random,
    target: &Value,
) -> (Value, u64) {
    let owner = Person::owner(server);
    let answer = owner.send(server, "POST", "/api/v1/deletions", target.clone());
    assert_eq!(answer.status, 202, "{}", answer.text());
    let path = format!("/api/v1/deletions/{}", answer.json()["id"]);
    let mut kills = 0;
    loop {
        let reach_ms = REACH_MS * (kills + 1);
        // Not waiting for anything: the moment itself is what is tested.
        std::thread::sleep(Duration::from_millis(random.below(reach_ms)));
        server.kill_9();
        server.restart();
        kills += 1;
        server.url().clone_into(&mut load.url.write().unwrap());
        let job = owner.get(server, &path);
        assert_ne!(job["state"], "failed", "{job}");
        if job["state"] == "done" {
            return (job, kills);
        }
    }
}

fn assert_all_there(server: &Server, device: &str, written: u64) {
    let id = server.replay_id(device, &START_MS.to_string());
    let events = server.events(&id);
    let found: Vec<_> = events.iter().filter_map(number_of).collect();
    assert_eq!(found, (0..written).collect::<Vec<_>>(), "{device}");
    let row = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(row["event_count"], events.len(), "{device}");
    for part in ["manifest", "playback"] {
        let answer = server.get(&format!("/api/v1/replays/{id}/{part}"));
        assert_eq!(answer.status, 200, "{part}: {}", answer.text());
    }
    let sql = format!(
        "SELECT count(*) FROM events WHERE event_type = 'Counted' AND device_id = '{device}'"
    );
    wait_for("all events", || {
        (count(server, &sql) == written).then_some(())
    });
}

#[test]
fn a_deletion_that_is_killed_at_random_moments() {
    let seed = seed();
    let mut random = Random(seed);
    let (mut server, site) = start(Options::default().sealing_at_once());
    for name in ["bob", "ada", "eve", "dan"] {
        let sheet = match name {
            "ada" => SHEET,
            _ => "/shared.css",
        };
        plant(&server, &site, name, sheet);
    }
    for name in ["bob", "ada", "eve", "dan"] {
        let ids = replay_ids(&server, name);
        ids.iter().for_each(|id| server.wait_until_sealed(id));
    }
    for device in WRITERS {
        let page = [meta(START_MS, "https://shop.test/"), snapshot(START_MS + 1)];
        upload(&server, device, &START_MS.to_string(), &page);
    }
    wait_for("everything that was sent", || {
        let all = [
            ("SELECT count(*) FROM events WHERE event_type = 'Bought'", 8),
            (
                "SELECT count(*) FROM events WHERE event_type LIKE '%Replay Captured'",
                10,
            ),
            ("SELECT count(*) FROM errors", 4),
            ("SELECT count(*) FROM people WHERE user_id IS NOT NULL", 4),
        ];
        let is_there = |(sql, expected): &(&str, u64)| count(&server, sql) == *expected;
        all.iter().all(is_there).then_some(())
    });
    let targets = [
        ("ada", json!({"user_id": "planted-ada-user"}), true),
        (
            "dan",
            json!({"replay_ids": replay_ids(&server, "dan")}),
            false,
        ),
        ("eve", json!({"user_id": "planted-eve-user"}), true),
    ];
    let load = Load {
        url: RwLock::new(server.url().to_owned()),
        key: server.options.ingest_key.clone(),
        is_over: AtomicBool::new(false),
    };
    let written = std::thread::scope(|scope| {
        let load = &load;
        let writers = WRITERS.map(|device| scope.spawn(move || load.write(device)));
        let site = &site;
        scope.spawn(move || load.go_on_recording("planted-ada-device-one", site));
        let ending = Ending(load);
        for (name, target, with_person) in &targets {
            let expected = Report::expected(&server, name, *with_person);
            let (job, kills) = delete_under_kills(&mut server, load, &mut random, target);
            assert_eq!(Report::of(&job), expected, "{job}");
            eprintln!("{name}: {kills} kills, {job}");
        }
        drop(ending);
        writers.map(|writer| writer.join().unwrap())
    });
    for is_restarted in [false, true] {
        for word in ["planted-ada", "planted-eve"] {
            assert_nowhere(&server, word);
        }
        for what in ["text", "attribute", "url", "event-property"] {
            assert_nowhere(&server, &format!("planted-dan-device-one-{what}"));
        }
        assert_unharmed(&server);
        for (device, written) in WRITERS.into_iter().zip(written) {
            assert_all_there(&server, device, written);
        }
        if !is_restarted {
            server.kill_9();
            server.restart();
        }
    }
    let audit = Person::owner(&server).get(&server, "/api/v1/audit");
    assert_eq!(audit["entries"].as_array().unwrap().len(), 3, "{audit}");
}

/// As `object_store` leaves it behind when it is killed while it writes.
fn leave_unfinished(folder: &Path, name: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), "planted-ada-unfinished").unwrap();
}

#[test]
fn what_was_being_written_when_it_was_killed_goes_too() {
    let (server, site) = start(Options::default().sealing_at_once());
    plant(&server, &site, "ada", SHEET);
    let ids = replay_ids(&server, "ada");
    ids.iter().for_each(|id| server.wait_until_sealed(id));
    let blobs = server.data.join("blobs");
    leave_unfinished(&blobs.join("recordings/1").join(&ids[0]), "2.recording#1");
    leave_unfinished(&blobs.join("video/1").join(&ids[0]), "0-00.mp4#1");
    leave_unfinished(&blobs.join("assets/1"), "0123#2");
    leave_unfinished(&blobs.join("dictionaries/1"), "0123.dictionary#1");
    assert_eq!(places(&server, "planted-ada-unfinished").len(), 4);
    delete(&server, json!({"user_id": "planted-ada-user"}));
    assert_nowhere(&server, "planted-ada");
    let recordings = files_in(&blobs.join("recordings"));
    assert_eq!(recordings, Vec::<std::path::PathBuf>::new());
}

/// An error of one person hangs on a replay of another one, and the index says so.
#[test]
fn a_crash_between_the_database_and_the_index() {
    let (mut server, _site) = start(Options::default().sealing_at_once());
    let replay = "1".repeat(32);
    let page = [meta(START_MS, "https://shop.test/"), snapshot(START_MS + 1)];
    upload(&server, &replay, &replay, &page);
    let id = server.replay_id(&replay, &replay);
    let failed = json!({"event_id": "a".repeat(32), "platform": "javascript", "tags": {"replayId": replay},
        "timestamp": START_MS as f64 / 1000.0, "user": {"id": "planted-ada"},
        "exception": {"values": [{"type": "Error", "value": "planted-ada-message"}]}});
    let sent = envelope(&server, items(&json!({}), &[("event", failed)]));
    assert_eq!(sent.status, 200, "{}", sent.text());
    let by_message = "/api/v1/replays?filter=error(message%20%3D%20planted-ada-message)";
    wait_for("the error in the index", || {
        (server.json(by_message)["total"] == 1).then_some(())
    });
    // The index is in its files afterwards.
    assert_eq!(server.stop(), Some(0));
    server.restart();

    let db = database(&server);
    db.execute_batch(
        "CREATE TRIGGER refused BEFORE UPDATE OF user_id ON deletions WHEN new.user_id IS NULL
         BEGIN SELECT RAISE(ABORT, 'refused for the test'); END;",
    )
    .unwrap();
    let owner = Person::owner(&server);
    let target = json!({"user_id": "planted-ada"});
    let job = owner.send(&server, "POST", "/api/v1/deletions", target);
    assert_eq!(job.status, 202, "{}", job.text());
    wait_for("the deletion to be held up", || {
        let said = server.complaints();
        let is_held = said.iter().any(|line| line.contains("cannot delete"));
        is_held.then_some(())
    });
    assert_eq!(count(&server, "SELECT count(*) FROM errors"), 0);
    server.kill_9();
    db.execute_batch("DROP TRIGGER refused").unwrap();
    drop(db);
    server.restart();
    wait_done(&server, &job.json()["id"]);
    assert_nowhere(&server, "planted-ada");
    assert_eq!(server.json(by_message)["total"], 0);
    let row = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(row["linked_error_count"], 0);
}
