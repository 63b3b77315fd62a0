//! What was answered with success is there afterwards: exactly once, in order of
//! time, whatever happened to the server in between.

use crate::recording::{START_MS, event, gzip, number_of, timestamps, track_body, track_path};
use crate::server::{Options, Server, send, wait_for};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KILLS: u64 = 20;
const WRITERS: u64 = 4;
const SESSIONS_PER_WRITER: u64 = 2;
/// Between uploads of one writer; the machine has other things to do.
const PAUSE: Duration = Duration::from_millis(4);
/// The sealer looks every 2 s after the start; half of the kills aim at that.
const SEALER_AT_MS: u64 = 2_000;
/// The API lists at most 1000 events of one type.
const EVENTS_PER_TYPE: u64 = 500;

/// xorshift64*: a run can be repeated by its seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}

pub fn seed() -> u64 {
    let given = std::env::var("REENACT_TEST_SEED").ok();
    let seed = given.map_or_else(
        || jiff::Timestamp::now().as_nanosecond() as u64,
        |text| text.parse().unwrap(),
    );
    eprintln!("REENACT_TEST_SEED={seed}");
    // Zero would stay zero.
    seed | 1
}

/// What the writers share.
struct Load {
    /// Changes with every start.
    url: RwLock<String>,
    key: String,
    is_over: AtomicBool,
    next_number: AtomicU64,
    /// Answers to those who watch replays.
    watched: AtomicU64,
}

/// Numbers that were answered with success, and all that were tried, by session id.
#[derive(Default)]
struct Sent {
    accepted: BTreeMap<String, Vec<u64>>,
    tried: HashMap<u64, String>,
    analytics: Vec<u64>,
}

fn event_type(number: u64) -> String {
    format!("numbered {}", number / EVENTS_PER_TYPE)
}

impl Load {
    fn new(server: &Server) -> Self {
        Self {
            url: RwLock::new(server.url().to_owned()),
            key: server.options.ingest_key.clone(),
            is_over: AtomicBool::new(false),
            next_number: AtomicU64::new(0),
            watched: AtomicU64::new(0),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// True when the upload was taken. Any answer at all must be a success.
    fn post(&self, path: &str, encoding: &str, body: &[u8]) -> bool {
        let url = format!("{}{path}", self.url.read().unwrap());
        let bearer = format!("Bearer {}", self.key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-encoding", encoding),
        ];
        match send(&url, "POST", &headers, body) {
            Ok(answer) => {
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                true
            }
            // It was killed, and comes back under another address.
            Err(_) => false,
        }
    }

    fn write(&self, writer: u64, mut random: Random) -> Sent {
        let mut sent = Sent::default();
        while !self.is_over() {
            std::thread::sleep(PAUSE);
            let session_id = format!("{writer}-{}", random.below(SESSIONS_PER_WRITER));
            let count = 1 + random.below(5);
            let first = self.next_number.fetch_add(count, Ordering::Relaxed);
            let numbers: Vec<_> = (first..first + count).collect();
            // Every number has a time of its own; uploads come in any order of time.
            let time_of = |number: u64| START_MS + ((number * 7_919) % 1_000_003) as i64;
            let events: Vec<_> = numbers.iter().map(|n| event(time_of(*n), *n)).collect();
            let kind = random.below(8);
            // An SDK tries again or gives up; both must leave no doubles behind.
            let tries = 1 + random.below(3) * 200;
            let accepted = (0..tries).any(|_| match kind {
                0 => {
                    let list: Vec<_> = numbers
                        .iter()
                        .map(|n| json!({"event_type": event_type(*n), "device_id": "d", "insert_id": n.to_string(),
                            "time": START_MS, "event_properties": {"number": n}}))
                        .collect();
                    let body = json!({"api_key": self.key, "events": list}).to_string();
                    self.post("/2/httpapi", "identity", body.as_bytes())
                }
                1 | 2 => {
                    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
                    let path = format!("/api/v1/ingest/rrweb?device_id=d&session_id={session_id}");
                    self.post(&path, "identity", lines.as_bytes())
                }
                _ => self.post(&track_path("d", &session_id, "replay"), "gzip", &gzip(&track_body(&events))),
            } || {
                if !self.is_over() {
                    std::thread::sleep(PAUSE);
                }
                false
            });
            match (kind, accepted) {
                (0, true) => sent.analytics.extend(numbers),
                (0, false) => {}
                _ => {
                    sent.tried
                        .extend(numbers.iter().map(|n| (*n, session_id.clone())));
                    if accepted {
                        sent.accepted.entry(session_id).or_default().extend(numbers);
                    }
                }
            }
        }
        sent
    }

    /// Watches replays all the time: they can be read whatever is going on.
    fn watch(&self, token: &str) {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        while !self.is_over() {
            std::thread::sleep(PAUSE * 5);
            let url = self.url.read().unwrap().clone();
            let Ok(list) = send(&format!("{url}/api/v1/replays"), "GET", &headers, ()) else {
                continue;
            };
            assert_eq!(list.status, 200, "{}", list.text());
            for row in list.json()["replays"].as_array().unwrap() {
                let path = format!("{url}/api/v1/replays/{}", row["id"].as_str().unwrap());
                for part in ["/manifest", "/playback"] {
                    // An error is a connection that broke: the server was killed.
                    if let Ok(answer) = send(&format!("{path}{part}"), "GET", &headers, ()) {
                        assert_eq!(answer.status, 200, "{part}: {}", answer.text());
                        self.watched.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }
}

/// Runs writers and a watcher while `disturb` does what it does to the server.
fn under_load(
    server: &mut Server,
    seed: u64,
    disturb: impl FnOnce(&mut Server, &Load),
) -> Vec<Sent> {
    let load = Load::new(server);
    let token = server.options.api_token.clone();
    std::thread::scope(|scope| {
        let load = &load;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || load.write(writer, Random(seed ^ (writer << 32)))))
            .collect();
        let watcher = scope.spawn(move || load.watch(&token));
        disturb(server, load);
        load.is_over.store(true, Ordering::Relaxed);
        watcher.join().unwrap();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    })
}

/// Every accepted number is in its replay once, no number is anywhere twice, and
/// rows, events and the announcement agree.
fn check(server: &Server, sent: &[Sent]) {
    let mut count = 0;
    for (writer, sent) in sent.iter().enumerate() {
        for number in 0..SESSIONS_PER_WRITER {
            let session_id = format!("{writer}-{number}");
            let accepted = sent
                .accepted
                .get(&session_id)
                .map_or(&[][..], Vec::as_slice);
            if accepted.is_empty() {
                continue;
            }
            let id = server.replay_id("d", &session_id);
            let events = server.events(&id);
            assert!(
                timestamps(&events).is_sorted(),
                "{session_id} is out of order"
            );
            let mut found: Vec<_> = events.iter().filter_map(number_of).collect();
            found.sort_unstable();
            for pair in found.windows(2) {
                assert!(pair[0] != pair[1], "{} is twice in {session_id}", pair[0]);
            }
            for number in accepted {
                assert!(
                    found.binary_search(number).is_ok(),
                    "{number} is lost from {session_id}"
                );
            }
            for number in &found {
                assert_eq!(
                    sent.tried.get(number),
                    Some(&session_id),
                    "{number} is in the wrong replay"
                );
            }
            let row = server.json(&format!("/api/v1/replays/{id}"));
            assert_eq!(row["event_count"], found.len(), "{session_id}");
            count += found.len();
        }
    }
    eprintln!("{count} replay events");
    assert!(count > 100, "only {count} events came through");
    let replays = server.replays();
    let listed: u64 = replays
        .iter()
        .map(|row| row["event_count"].as_u64().unwrap())
        .sum();
    assert_eq!(listed, count as u64, "the list counts as the replays do");

    let captured =
        server.json("/api/v1/events?limit=1000&event_type=%5BAmplitude%5D%20Replay%20Captured");
    assert_eq!(
        captured["events"].as_array().unwrap().len(),
        replays.len(),
        "one announcement for each replay"
    );
    let analytics: Vec<_> = sent.iter().flat_map(|sent| &sent.analytics).collect();
    let mut by_type: HashMap<String, HashMap<u64, u64>> = HashMap::new();
    for number in &analytics {
        let of_type = by_type
            .entry(event_type(**number))
            .or_insert_with_key(|name| {
                let path = format!(
                    "/api/v1/events?limit=1000&event_type={}",
                    name.replace(' ', "%20")
                );
                let mut counts = HashMap::new();
                for event in server.json(&path)["events"].as_array().unwrap() {
                    *counts
                        .entry(event["event_properties"]["number"].as_u64().unwrap())
                        .or_default() += 1;
                }
                counts
            });
        assert_eq!(of_type.get(number), Some(&1), "analytics event {number}");
    }
    eprintln!("{} analytics events", analytics.len());
}

/// Analytics events reach the catalog a moment after the answer.
fn wait_for_calm(server: &Server) {
    wait_for("everything to be sealed and written", || {
        let all_sealed = server.replays().iter().all(|row| {
            let id = row["id"].as_str().unwrap();
            let now = server.json(&format!("/api/v1/replays/{id}"));
            now["event_count"] == row["event_count"] && row["event_count"] == server.sealed(id).1
        });
        all_sealed.then_some(())
    });
}

#[test]
fn accepted_uploads_survive_twenty_kills() {
    let seed = seed();
    let mut random = Random(seed);
    let options = Options::default().env("REENACT__SEAL__BYTES", "4000");
    let mut server = options.env("REENACT__SEAL__IDLE_SECONDS", "0.2").start();
    let mut seals = 0.0;
    let sent = under_load(&mut server, seed, |server, load| {
        for kill in 0..KILLS {
            let ready = Instant::now();
            let after_ms = match kill % 2 {
                0 => SEALER_AT_MS - 50 + random.below(150),
                _ => 50 + random.below(2_500),
            };
            // Not waiting for anything: the moment itself is what is tested.
            std::thread::sleep(Duration::from_millis(after_ms).saturating_sub(ready.elapsed()));
            seals += server.metric("reenact_seals_total");
            server.kill_9();
            server.restart();
            let bad: Vec<_> = server
                .complaints()
                .into_iter()
                .filter(|line| line.contains("ERROR"))
                .collect();
            assert!(bad.is_empty(), "after kill {kill}: {bad:?}");
            server.url().clone_into(&mut load.url.write().unwrap());
        }
    });
    assert!(seals > 0.0, "nothing was sealed in between");
    eprintln!("{seals} seals between {KILLS} kills");
    check(&server, &sent);
    wait_for_calm(&server);
    check(&server, &sent);
    server.kill_9();
    server.restart();
    check(&server, &sent);
}

#[test]
fn a_stop_under_load_loses_nothing() {
    let seed = seed();
    let options = Options::default().env("REENACT__SEAL__BYTES", "4000");
    let mut server = options.start();
    let sent = under_load(&mut server, seed, |server, load| {
        wait_for("some uploads and some to watch", || {
            let is_watched = load.watched.load(Ordering::Relaxed) > 20;
            (is_watched && server.metric("reenact_replay_events_total") > 300.0).then_some(())
        });
        let start = Instant::now();
        assert_eq!(server.stop(), Some(0));
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "stopping took {:?}",
            start.elapsed()
        );
        assert_eq!(server.complaints(), [""; 0]);
    });
    server.restart();
    check(&server, &sent);
    assert_eq!(server.complaints(), [""; 0]);
    // A second time: nothing is left that the first start had to repair.
    assert_eq!(server.stop(), Some(0));
    server.restart();
    check(&server, &sent);
    assert_eq!(server.complaints(), [""; 0]);
}
