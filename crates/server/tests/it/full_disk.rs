//! A full disk refuses what is new in a way that SDKs try again, and keeps the rest.

use crate::recording::{
    START_MS, analytics, event, meta, snapshot, track, track_body, track_path, upload,
};
use crate::server::{Options, Server, wait_for};
use serde_json::json;
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
