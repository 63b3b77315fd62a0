//! Segments of a Sentry replay, sent as the SDK sends them: an envelope each.

use super::sender::Sender;
use anyhow::Result;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Of one envelope. A longer list is cut into several segments.
const SEGMENT_BYTES: usize = 8 << 20;
/// Seconds and milliseconds are mixed: no time in milliseconds is this small.
const MAX_SECONDS: f64 = 9_999_999_999.0;
const MAX_URLS: usize = 100;

pub struct Replay {
    id: String,
    user_id: Option<String>,
    next_segment: u64,
    started_at_ms: f64,
}

impl Replay {
    /// `name` holds the replay's id where the file is called after it.
    pub fn new(name: &str, user_id: Option<&str>) -> Self {
        Self {
            id: id_in(name),
            user_id: user_id.map(str::to_owned),
            next_segment: 0,
            started_at_ms: f64::INFINITY,
        }
    }

    pub fn segment(&mut self, events: &[&RawValue], sender: &mut Sender<'_>) -> Result<()> {
        let mut from = 0;
        let mut size_bytes = 0;
        for (at, event) in events.iter().enumerate() {
            if size_bytes > 0 && size_bytes + event.get().len() > SEGMENT_BYTES {
                self.send(&events[from..at], sender)?;
                (from, size_bytes) = (at, 0);
            }
            size_bytes += event.get().len();
        }
        if from < events.len() {
            self.send(&events[from..], sender)?;
        }
        Ok(())
    }

    fn send(&mut self, events: &[&RawValue], sender: &mut Sender<'_>) -> Result<()> {
        let segment = self.next_segment;
        self.next_segment += 1;
        let mut last_ms = f64::NEG_INFINITY;
        let mut urls = Vec::new();
        for event in events {
            let Ok(event) = serde_json::from_str::<Value>(event.get()) else {
                continue; // It is counted where the envelope is decoded.
            };
            if let Some(time) = event["timestamp"].as_f64().filter(|time| *time > 0.0) {
                let at_ms = if time <= MAX_SECONDS {
                    time * 1000.0
                } else {
                    time
                };
                self.started_at_ms = self.started_at_ms.min(at_ms);
                last_ms = last_ms.max(at_ms);
            }
            if let (4, Some(href)) = (
                event["type"].as_u64().unwrap_or(0),
                event["data"]["href"].as_str(),
            ) && !href.is_empty()
                && urls.len() < MAX_URLS
            {
                urls.push(href.to_owned());
            }
        }
        let mut description = json!({
            "type": "replay_event",
            "event_id": self.id,
            "replay_id": self.id,
            "segment_id": segment,
            "replay_type": "session",
            "platform": "javascript",
            "urls": urls,
        });
        if last_ms.is_finite() {
            description["timestamp"] = (last_ms / 1000.0).into();
            description["replay_start_timestamp"] = (self.started_at_ms / 1000.0).into();
        }
        if let Some(user) = &self.user_id {
            description["user"] = json!({ "id": user });
        }
        let texts: Vec<_> = events.iter().map(|event| event.get()).collect();
        let recording = format!("{{\"segment_id\":{segment}}}\n[{}]", texts.join(","));
        let header = json!({ "event_id": self.id });
        let envelope = format!(
            "{header}\n{{\"type\":\"replay_event\"}}\n{description}\n{{\"type\":\"replay_recording\",\"length\":{}}}\n{recording}",
            recording.len()
        );
        sender.sentry(envelope.as_bytes())
    }
}

/// The 32 hexadecimal digits in a name; another name always gives the same id.
fn id_in(name: &str) -> String {
    let plain: String = name.chars().filter(|c| *c != '-').collect();
    let digits = plain.to_ascii_lowercase();
    let found = digits
        .split(|c: char| !c.is_ascii_hexdigit())
        .find(|run| run.len() == 32);
    match found {
        Some(id) => id.to_owned(),
        None => blake3::hash(name.as_bytes()).to_hex()[..32].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::id_in;

    #[test]
    fn a_replay_keeps_its_id() {
        let id = "0388c6cc2d4f4b6f9f3b0a7e5d1c2b3a";
        for name in [
            id.to_owned(),
            id.to_uppercase(),
            format!("replay_{id}"),
            "0388c6cc-2d4f-4b6f-9f3b-0a7e5d1c2b3a".to_owned(),
        ] {
            assert_eq!(id_in(&name), id, "{name}");
        }
        let made = id_in("monday");
        assert_eq!((made.len(), made == id_in("monday")), (32, true));
        assert_ne!(made, id_in("tuesday"));
    }
}
