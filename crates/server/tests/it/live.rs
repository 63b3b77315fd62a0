//! A running replay can be listed and watched, and being sealed changes nothing.

use crate::recording::{START_MS, event, meta, number_of, snapshot, timestamps, upload};
use crate::server::{Options, Server};
use serde_json::Value;
use std::time::{Duration, Instant};

const LISTED_WITHIN: Duration = Duration::from_secs(5);

/// The chunks of the manifest, played one after the other, are the whole recording.
fn check_chunks(server: &Server, id: &str, expected: &[Value]) {
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    let chunks = manifest["chunks"].as_array().unwrap();
    let ms = |value: &Value| value.as_i64().unwrap();
    let times = timestamps(expected);
    let (first, last) = (times[0], times[times.len() - 1]);
    assert_eq!(
        (
            ms(&manifest["first_event_ms"]),
            ms(&manifest["last_event_ms"])
        ),
        (first, last)
    );
    assert_eq!(ms(&chunks[0]["from_ms"]), first);
    assert_eq!(ms(&chunks[chunks.len() - 1]["to_ms"]), last + 1);
    for pair in chunks.windows(2) {
        assert_eq!(pair[0]["to_ms"], pair[1]["from_ms"]);
    }
    let mut played = Vec::new();
    for chunk in chunks {
        let (from, to) = (ms(&chunk["from_ms"]), ms(&chunk["to_ms"]));
        let range = format!("from={from}&to={to}");
        let recorded = server.array(&format!("/api/v1/replays/{id}/events?{range}"));
        assert_eq!(recorded.len() as u64, chunk["event_count"], "{chunk}");
        played.extend(server.array(&format!("/api/v1/replays/{id}/playback?{range}")));
    }
    assert_eq!(
        server.array(&format!("/api/v1/replays/{id}/playback")),
        played
    );
    // The player also gets what follows a snapshot, but nothing is missing.
    let recorded: Vec<_> = played
        .into_iter()
        .filter(|event| expected.contains(event))
        .collect();
    assert_eq!(recorded, expected);
    assert_eq!(server.events(id), expected);
    assert_eq!(manifest["replay"]["event_count"], expected.len());
    let pages: Vec<_> = manifest["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| &page["href"])
        .collect();
    assert_eq!(pages, ["https://shop.test/"]);
}

#[test]
fn a_replay_is_listed_at_once_and_stays_the_same_when_sealed() {
    let server = Options::default().sealing_at_once().start();
    let mut all = vec![meta(START_MS, "https://shop.test/"), snapshot(START_MS)];
    let start = Instant::now();
    upload(&server, "d", "1", &all);
    let row = server.replay("d", "1");
    assert!(
        start.elapsed() < LISTED_WITHIN,
        "listed after {:?}",
        start.elapsed()
    );
    assert_eq!(
        (&row["state"], &row["playable"]),
        (&"processing".into(), &true.into())
    );
    let id = row["id"].as_str().unwrap();
    check_chunks(&server, id, &all);

    // Ten minutes in steps, sealed in the midst of it.
    let mut revision = 0;
    for step in 0..5 {
        let news: Vec<_> = (0..60)
            .map(|n| {
                event(
                    START_MS + step * 120_000 + n * 2_000,
                    (step * 60 + n) as u64,
                )
            })
            .collect();
        upload(&server, "d", "1", &news);
        all.extend(news);
        check_chunks(&server, id, &all);
        if step % 2 == 0 {
            server.wait_until_sealed(id);
            check_chunks(&server, id, &all);
        }
        let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
        assert!(
            manifest["chunks"].as_array().unwrap().len() as i64 > step,
            "{manifest}"
        );
        let newer = manifest["revision"].as_u64().unwrap();
        assert!(newer > revision);
        revision = newer;
    }

    // Late data before, between and among sealed chunks and the end.
    let late = [-5, 1, 60_001, 119_999, 300_000, 599_999, 700_000];
    let late: Vec<_> = late
        .iter()
        .map(|ms| event(START_MS + ms, 1000 + ms.unsigned_abs()))
        .collect();
    upload(&server, "d", "1", &late);
    all.extend(late);
    all.sort_by_key(|event| event["timestamp"].as_i64());
    check_chunks(&server, id, &all);
    server.wait_until_sealed(id);
    check_chunks(&server, id, &all);
    assert_eq!(all.iter().filter_map(number_of).count(), 307);
}

#[test]
fn days_are_those_of_the_recording_and_an_import_is_not_live() {
    let server = Server::start();
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    let row = server.replay("d", "1");
    assert_eq!(
        row["status"], "complete",
        "it arrived now, but was long ago"
    );
    assert_eq!(row["playable"], false, "there is no snapshot");
    let day = "from=2026-01-05&to=2026-01-05";
    let listed = server.json(&format!("/api/v1/replays?{day}"));
    assert_eq!(listed["replays"][0]["id"], row["id"]);
    let other_day = server.json("/api/v1/replays?from=2026-01-06&to=2026-01-06");
    assert_eq!(other_day["replays"].as_array().unwrap().len(), 0);

    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_ms = i64::try_from(now.unwrap().as_millis()).unwrap();
    upload(&server, "d", "2", &[event(now_ms - 120_000, 1)]);
    assert_eq!(server.replay("d", "2")["status"], "live");
}
