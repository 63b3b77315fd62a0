//! Recorded sessions for tests.

// Each test uses a part of it; and clippy sees no test here.
#![allow(dead_code, clippy::unwrap_used)]

use rrweb::{Mirror, Observer, Tape};
use std::path::{Path, PathBuf};

pub struct Session {
    pub name: String,
    /// One JSON text per event, by time.
    pub events: Vec<(i64, String)>,
    folder: PathBuf,
}

/// The sessions of the repository.
pub fn sessions() -> Vec<Session> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rrweb");
    let sessions = load_folder(&own);
    assert!(sessions.len() >= 28, "sessions are missing");
    sessions
}

fn load_folder(folder: &Path) -> Vec<Session> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.zst"))
        .collect();
    files.sort();
    files.iter().map(|file| load(file)).collect()
}

pub fn load(file: &Path) -> Session {
    let text = unpack(file);
    let mut tape = Tape::new();
    let mut events: Vec<(i64, String)> = text
        .lines()
        .map(|line| {
            tape.parse(line).unwrap();
            (timestamp_ms(&tape), line.to_owned())
        })
        .collect();
    events.sort_by_key(|(at_ms, _)| *at_ms);
    let name = file.file_name().unwrap().to_string_lossy();
    Session {
        name: name.trim_end_matches(".jsonl.zst").to_owned(),
        events,
        folder: file.parent().unwrap().to_owned(),
    }
}

pub fn timestamp_ms(tape: &Tape) -> i64 {
    tape.root()
        .get("timestamp")
        .and_then(|at| at.as_f64())
        .unwrap() as i64
}

pub fn unpack(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap();
    String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap()
}

impl Session {
    pub fn golden(&self, moment: &str) -> String {
        unpack(
            &self
                .folder
                .join(format!("golden/{}.{moment}.jsonl.zst", self.name)),
        )
    }

    pub fn span_ms(&self) -> (i64, i64) {
        (self.events[0].0, self.events[self.events.len() - 1].0)
    }

    /// The page after all events until this moment, inclusive.
    pub fn at(&self, until_ms: i64) -> Mirror {
        let mut mirror = Mirror::new(Default::default());
        self.play(&mut mirror, i64::MIN, until_ms, &mut ());
        mirror
    }

    /// Applies the events later than `after_ms` until `until_ms`.
    pub fn play(
        &self,
        mirror: &mut Mirror,
        after_ms: i64,
        until_ms: i64,
        observer: &mut impl Observer,
    ) {
        let mut tape = Tape::new();
        for (at_ms, json) in &self.events {
            if *at_ms > after_ms && *at_ms <= until_ms {
                tape.parse(json).unwrap();
                mirror.apply(tape.root(), at_ms * 1000, observer);
            }
        }
    }
}
