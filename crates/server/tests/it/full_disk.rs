//! A full disk refuses what is new in a way that SDKs try again, and keeps the rest.

use crate::recording::{
    START_MS, analytics, event, meta, snapshot, track, track_body, track_path, upload,
};
use crate::sentry::{KEY, envelope, items, segment};
use crate::server::{Options, Server, wait_for};
use crate::{posthog, sentry};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn assert_refuses(server: &Server) {
    let answer = track(
        server,
        &track_path("d", "2", "replay"),
        &track_body(&[event(START_MS, 2)]),
    );
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "storage_full");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://shop.test"
    );
    let events = json!([{"event_type": "a", "device_id": "d", "insert_id": "1"}]);
    let answer = analytics(server, &events);
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!(503)));
    let bearer = format!("Bearer {}", server.options.ingest_key);
    let path = "/api/v1/ingest/rrweb?device_id=d&session_id=3";
    let answer = server.send(
        "POST",
        path,
        &[("authorization", &bearer)],
        event(START_MS, 1).to_string(),
    );
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(server.problems("storage_full") >= 3.0);
    let ready = server.send("GET", "/readyz", &[], ());
    assert_eq!(ready.status, 503, "{}", ready.text());
    assert_eq!(server.send("GET", "/healthz", &[], ()).status, 200);
}

fn assert_plays(server: &Server, id: &str) {
    assert_eq!(server.events(id).len(), 3);
    let played = server.array(&format!("/api/v1/replays/{id}/playback"));
    assert!(played.len() >= 3, "{} events", played.len());
    assert!(server.json(&format!("/api/v1/replays/{id}/manifest"))["chunks"].is_array());
}

fn upload_one(server: &Server) -> String {
    upload(
        server,
        "d",
        "1",
        &[
            meta(START_MS, "https://shop.test/"),
            snapshot(START_MS + 1),
            event(START_MS + 2, 1),
        ],
    );
    server.replay_id("d", "1")
}

#[test]
fn uploads_are_refused_below_the_reserve() {
    let mut server = Server::start();
    let id = upload_one(&server);
    assert_eq!(server.stop(), Some(0));
    let data = server.data.clone();
    let key = server.options.ingest_key.clone();
    // More than any disk has.
    let mut options =
        Options::default().env("REENACT__INGEST__MIN_FREE_BYTES", "1000000000000000000");
    options.ingest_key.clone_from(&key);
    options.api_token.clone_from(&server.options.api_token);
    let refusing = options.start_in(&data);
    let ready = refusing.send("GET", "/readyz", &[], ());
    assert_eq!(
        ready.status, 503,
        "before the first upload was refused, too"
    );
    assert_refuses(&refusing);
    assert_plays(&refusing, &id);
    drop(refusing);
    server.restart();
    assert_eq!(server.send("GET", "/readyz", &[], ()).status, 200);
    upload(&server, "d", "2", &[event(START_MS, 2)]);
    server.replay("d", "2");
    assert_plays(&server, &id);
}

/// A small file system in memory; only root can have one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: cannot mount a small disk");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let chunk = vec![1; 64 << 10];
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        while std::io::Write::write(&mut file, &chunk).is_ok() {}
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.path().join("ballast")
    }

    fn relieve(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server is gone by now; lazily, in case that something still looks at it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_recovers_when_there_is_room_again() {
    let Some(disk) = SmallDisk::mount("size=24m") else {
        return;
    };
    let options = Options::default().env("REENACT__INGEST__MIN_FREE_BYTES", "4000000");
    let server = options
        .sealing_at_once()
        .start_in(&disk.path().join("data"));
    let id = upload_one(&server);
    server.wait_until_sealed(&id);
    // Leaves less than the reserve, but room for the catalog.
    std::fs::write(disk.ballast(), vec![1; 22_000_000]).unwrap();
    assert_refuses(&server);
    assert_plays(&server, &id);
    disk.relieve();
    // Whoever sends uploads to ready servers only must see it without sending one.
    assert_eq!(server.send("GET", "/readyz", &[], ()).status, 200);
    upload(&server, "d", "2", &[event(START_MS, 2)]);
    server.replay("d", "2");
}

#[test]
fn not_one_byte_left_loses_nothing_that_was_accepted() {
    let Some(disk) = SmallDisk::mount("size=24m") else {
        return;
    };
    let options = Options::default().env("REENACT__INGEST__MIN_FREE_BYTES", "0");
    let mut server = options
        .sealing_at_once()
        .start_in(&disk.path().join("data"));
    let id = upload_one(&server);
    let mut accepted = Vec::new();
    let mut try_upload = |server: &Server, number: u64| {
        let body = track_body(&[event(START_MS + number as i64, number)]);
        let answer = track(server, &track_path("d", "2", "replay"), &body);
        match answer.status {
            200 => accepted.push(number),
            status => assert_eq!(status, 503, "{}", answer.text()),
        }
        answer.status
    };
    for number in 0..20 {
        try_upload(&server, number);
    }
    disk.fill();
    let refused = (20..60)
        .filter(|number| try_upload(&server, *number) == 503)
        .count();
    assert!(refused > 0, "the disk is not full");
    wait_for("a seal to fail", || {
        (server.metric("reenact_seal_failures_total") > 0.0 || !server.complaints().is_empty())
            .then_some(())
    });
    assert_plays(&server, &id);
    disk.relieve();
    for number in 60..80 {
        assert_eq!(try_upload(&server, number), 200);
    }
    let second = server.replay_id("d", "2");
    let expected: Vec<_> = accepted
        .iter()
        .map(|number| event(START_MS + *number as i64, *number))
        .collect();
    assert_eq!(server.events(&second), expected);
    server.kill_9();
    server.restart();
    assert_eq!(server.events(&second), expected);
    assert_plays(&server, &id);
    drop(server);
}

const REPLAY: &str = "11111111111111111111111111111111";

/// An error of the replay.
fn sentry_error(number: u64) -> String {
    let event = json!({
        "event_id": format!("{number:032x}"), "timestamp": START_MS as f64 / 1000.0, "platform": "javascript",
        "message": "lost?", "tags": { "replayId": REPLAY },
    });
    items(&json!({}), &[("event", event)])
}

fn posthog_event(number: u64) -> Value {
    json!([{
        "uuid": format!("p-{number}"), "event": "thing", "timestamp": "2026-11-18T00:00:00Z",
        "properties": { "token": KEY, "distinct_id": "ada", "number": number },
    }])
}

fn posthog_part(number: u64) -> Value {
    let mut part = posthog::snapshot("s", &json!([event(START_MS + number as i64, number)]));
    part[0]["uuid"] = format!("part-{number}").into();
    part[0]["properties"]["token"] = KEY.into();
    part
}

#[test]
fn sentry_and_posthog_are_refused_in_their_own_words() {
    let options = Options::default().ingest_key(KEY);
    // More than any disk has.
    let server = options
        .env("REENACT__INGEST__MIN_FREE_BYTES", "1000000000000000000")
        .start();
    let answer = envelope(&server, sentry_error(1));
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.json()["detail"].as_str().unwrap().contains("space"));
    // Either would be taken for a limit of replays, too, and end them.
    assert_eq!(answer.header("retry-after"), "");
    assert_eq!(answer.header("x-sentry-rate-limits"), "");
    // Any other status would end the replay for good: the part is lost, and said to be.
    let answer = envelope(&server, segment(REPLAY, 0, &[START_MS]));
    assert_eq!(answer.status, 200);
    assert_ne!(answer.header("x-sentry-error"), "");
    assert_eq!(answer.header("x-sentry-rate-limits"), "");
    for body in [posthog_event(1), posthog_part(1)] {
        let answer = posthog::capture(&server, "/e/", &body);
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(answer.json()["type"], "server_error");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://shop.test"
        );
    }
    // Without these, pages would stop recording until they are loaded again.
    let config = server.get(&format!("/array/{KEY}/config"));
    assert_eq!(config.json()["sessionRecording"]["endpoint"], "/s/");
    let flags = posthog::capture(&server, "/flags/?v=2&config=true", &json!({ "token": KEY }));
    assert_eq!(flags.status, 200);
    assert!(server.problems("storage_full") >= 4.0);
    assert_eq!(server.replays(), [Value::Null; 0]);
}

/// What the server has said to have stored.
#[derive(Default)]
struct Accepted {
    errors: BTreeSet<u64>,
    segments: BTreeSet<u64>,
    events: BTreeSet<u64>,
    parts: BTreeSet<u64>,
    refused: usize,
}

impl Accepted {
    fn send(&mut self, server: &Server, number: u64) {
        let at_ms = START_MS + number as i64;
        let error = envelope(server, sentry_error(number));
        let is_stored = match error.status {
            200 => true,
            status => {
                assert_eq!(status, 503, "{}", error.text());
                false
            }
        };
        self.note(is_stored, number, |it| &mut it.errors);
        let segment = envelope(server, segment(REPLAY, number, &[at_ms]));
        assert_eq!(segment.status, 200, "{}", segment.text());
        let is_stored = segment.header("x-sentry-error").is_empty();
        self.note(is_stored, number, |it| &mut it.segments);
        for is_part in [false, true] {
            let body = match is_part {
                true => posthog_part(number),
                false => posthog_event(number),
            };
            let answer = posthog::capture(server, "/e/", &body);
            assert!(matches!(answer.status, 200 | 503), "{}", answer.text());
            self.note(answer.status == 200, number, |it| match is_part {
                true => &mut it.parts,
                false => &mut it.events,
            });
        }
    }

    fn note(&mut self, is_stored: bool, number: u64, of: impl Fn(&mut Self) -> &mut BTreeSet<u64>) {
        match is_stored {
            true => drop(of(self).insert(number)),
            false => self.refused += 1,
        }
    }

    /// A part that failed may have been stored before it did: it is there, or not.
    fn check(&self, server: &Server) {
        let has_all = |found: BTreeSet<u64>, expected: &BTreeSet<u64>| expected.is_subset(&found);
        wait_for("all that was accepted", || {
            let replay = server.replay_id(REPLAY, REPLAY);
            let errors = server.json(&format!("/api/v1/replays/{replay}/errors?limit=1000"));
            let errors = errors["errors"].as_array().unwrap().iter();
            let errors =
                errors.map(|it| u64::from_str_radix(it["event_id"].as_str().unwrap(), 16).unwrap());
            let events = server.json("/api/v1/events?limit=1000");
            let events = events["events"].as_array().unwrap().iter();
            let events = events.map(|it| it["insert_id"].as_str().unwrap()[2..].parse().unwrap());
            let times = |id: &str| {
                let events = server.events(id);
                let times = events
                    .iter()
                    .map(|it| it["timestamp"].as_u64().unwrap() - START_MS as u64);
                times.collect::<BTreeSet<u64>>()
            };
            let posthog = server.replay_id("s", "s");
            (has_all(errors.collect(), &self.errors)
                && has_all(events.collect(), &self.events)
                && has_all(times(&replay), &self.segments)
                && has_all(times(&posthog), &self.parts))
            .then_some(())
        });
    }
}

#[test]
fn not_one_byte_left_loses_nothing_of_sentry_and_posthog_that_was_accepted() {
    let Some(disk) = SmallDisk::mount("size=24m") else {
        return;
    };
    let options = Options::default().ingest_key(sentry::KEY);
    let mut server = options
        .env("REENACT__INGEST__MIN_FREE_BYTES", "0")
        .sealing_at_once()
        .start_in(&disk.path().join("data"));
    let mut accepted = Accepted::default();
    for number in 1..10 {
        accepted.send(&server, number);
    }
    assert_eq!(accepted.refused, 0);
    accepted.check(&server);
    disk.fill();
    for number in 10..30 {
        accepted.send(&server, number);
    }
    assert!(accepted.refused > 0, "the disk is not full");
    disk.relieve();
    let refused = accepted.refused;
    // The catalog is behind; until it has caught up, the queue may say "later".
    wait_for("room", || {
        accepted.send(&server, 30);
        (accepted.parts.contains(&30)
            && accepted.events.contains(&30)
            && accepted.errors.contains(&30))
        .then_some(())
    });
    eprintln!("{refused} of 80 were refused");
    for number in 31..40 {
        accepted.send(&server, number);
    }
    accepted.check(&server);
    server.kill_9();
    server.restart();
    accepted.check(&server);
    drop(server);
}
