//! Recorded sessions, and the dictionaries that other users' sessions give.

use anyhow::{Context, Result, ensure};
use model::Timestamp;
use model::ingest::RawEvent;
use recording::columns::Writer;
use recording::{Builder, Dictionary, MIN_USERS};
use rrweb::Tape;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FOLDER: &str = "fixtures/rrweb";
/// As in the server: pages repeat themselves early.
const SAMPLE_JSON_BYTES: usize = 8 << 20;

pub struct Session {
    pub name: String,
    /// By time.
    pub events: Vec<RawEvent>,
    pub json_bytes: usize,
}

impl Session {
    /// The part of the name before the hyphen.
    pub fn site(&self) -> &str {
        self.name.split('-').next().unwrap_or_default()
    }

    pub fn first_ms(&self) -> i64 {
        self.events[0].timestamp.millis()
    }

    pub fn last_ms(&self) -> i64 {
        self.events[self.events.len() - 1].timestamp.millis()
    }

    /// The events in windows of this length, a line each.
    pub fn segments(&self, length_ms: i64) -> Vec<String> {
        let mut segments: BTreeMap<i64, String> = BTreeMap::new();
        for event in &self.events {
            let window = (event.timestamp.millis() - self.first_ms()) / length_ms;
            let segment = segments.entry(window).or_default();
            segment.push_str(&event.json);
            segment.push('\n');
        }
        segments.into_values().collect()
    }
}

/// The sessions of the repository and of the folder that `RECORDINGS` names.
pub fn read() -> Result<Vec<Session>> {
    let mut files = Vec::new();
    let more = std::env::var_os("RECORDINGS").map(PathBuf::from);
    for folder in [Some(PathBuf::from(FOLDER)), more].into_iter().flatten() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            files.push(entry?.path());
        }
    }
    files.retain(|file| file.to_string_lossy().ends_with(".jsonl.zst"));
    files.sort();
    ensure!(!files.is_empty(), "no sessions in {FOLDER}");
    files.iter().map(|file| read_session(file)).collect()
}

fn read_session(file: &Path) -> Result<Session> {
    let packed = std::fs::File::open(file)?;
    let text = zstd::stream::decode_all(packed)
        .with_context(|| format!("cannot unpack {}", file.display()))?;
    let text = String::from_utf8(text)?;
    let mut events = Vec::new();
    for line in text.lines() {
        let envelope = rrweb::read_envelope(line)?;
        let at_ms = envelope.timestamp_ms.context("an event has no time")?;
        events.push(RawEvent {
            kind: envelope.kind,
            timestamp: Timestamp::from_micros((at_ms * 1000.0) as i64),
            json: line.to_owned(),
        });
    }
    ensure!(!events.is_empty(), "{} is empty", file.display());
    events.sort_by_key(|event| event.timestamp);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(Session {
        name: name.trim_end_matches(".jsonl.zst").to_owned(),
        json_bytes: events.iter().map(|event| event.json.len()).sum(),
        events,
    })
}

/// What other users' sessions of the same site give to one.
pub struct Known {
    pub dictionary: Arc<Dictionary>,
    pub size_bytes: usize,
    /// How many other users there are, and how many must have a string.
    pub others: usize,
    pub min_users: usize,
}

/// Leave-one-out dictionaries, in the order of the sessions.
pub struct Sites {
    pub known: Vec<Known>,
}

impl Sites {
    /// The rule of three users holds; of two when there are only two others, because
    /// the corpus has few users, not because the server would do so.
    pub fn of(sessions: &[Session]) -> Result<Self> {
        let mut known = Vec::new();
        for session in sessions {
            let others: Vec<_> = sessions
                .iter()
                .enumerate()
                .filter(|(_, other)| other.site() == session.site() && other.name != session.name)
                .collect();
            let min_users = others.len().min(MIN_USERS);
            let dictionary = match min_users {
                0 | 1 => Dictionary::default(),
                min_users => build(&others, min_users)?,
            };
            let size_bytes = match dictionary.id() {
                0 => 0,
                _ => dictionary.to_bytes()?.len(),
            };
            known.push(Known {
                dictionary: Arc::new(dictionary),
                size_bytes,
                others: others.len(),
                min_users,
            });
        }
        Ok(Self { known })
    }

    /// The mean size of a site's dictionaries, and how many sessions share it.
    pub fn dictionary_bytes(&self, sessions: &[Session], site: &str) -> (f64, usize) {
        let sizes: Vec<_> = sessions
            .iter()
            .zip(&self.known)
            .filter(|(session, _)| session.site() == site)
            .map(|(_, known)| known.size_bytes as f64)
            .collect();
        let mean = sizes.iter().sum::<f64>() / sizes.len().max(1) as f64;
        (mean, sizes.len())
    }
}

fn build(others: &[(usize, &Session)], min_users: usize) -> Result<Dictionary> {
    let empty = Dictionary::default();
    let mut builder = Builder::default();
    let mut tape = Tape::new();
    for (user, session) in others {
        let mut writer = Writer::new(&empty);
        let mut json_bytes = 0;
        for event in &session.events {
            if json_bytes > SAMPLE_JSON_BYTES {
                break;
            }
            json_bytes += event.json.len();
            tape.parse(&event.json)?;
            writer.push(event.timestamp.micros(), tape.root());
        }
        builder.add(*user as u64, &writer);
    }
    // From bytes, as the server has it.
    Ok(Dictionary::from_bytes(
        &builder.build(min_users).to_bytes()?,
    )?)
}

/// All sessions one behind the other, again and again, until `hours` are full; the
/// same page keeps its times between events. Calls `with` for every event.
pub fn joined(
    sessions: &[Session],
    hours: f64,
    mut with: impl FnMut(i64, String) -> Result<()>,
) -> Result<()> {
    const PAUSE_MS: i64 = 1_000;
    let start_ms = sessions[0].first_ms();
    let end_ms = start_ms + (hours * 3_600_000.0) as i64;
    let mut at_ms = start_ms;
    for session in sessions.iter().cycle() {
        let shift_ms = at_ms - session.first_ms();
        for event in &session.events {
            let moved_ms = event.timestamp.millis() + shift_ms;
            with(moved_ms, with_time(&event.json, moved_ms)?)?;
        }
        at_ms += session.last_ms() - session.first_ms() + PAUSE_MS;
        if at_ms >= end_ms {
            return Ok(());
        }
    }
    Ok(())
}

fn with_time(json: &str, at_ms: i64) -> Result<String> {
    let range = rrweb::read_envelope(json)?.timestamp_range;
    let range = range.context("an event has no time")?;
    Ok(format!(
        "{}{at_ms}{}",
        &json[..range.start],
        &json[range.end..]
    ))
}
