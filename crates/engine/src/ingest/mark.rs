//! What is noted about an event when it arrives, small enough to keep for all.

use model::Timestamp;
use model::ingest::RawEvent;

/// The facts of one event that a replay's row is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Equal events are the same event: SDKs send batches twice, and none of
    /// them numbers events.
    pub hash: u64,
    pub timestamp: Timestamp,
    pub size_bytes: usize,
    pub full_snapshot: bool,
    pub click: bool,
    pub active: bool,
    pub href: Option<String>,
}

impl Mark {
    pub fn of(event: &RawEvent) -> Self {
        let facts = rrweb::read_envelope(&event.json)
            .map(|envelope| rrweb::event_facts(&envelope))
            .unwrap_or_default();
        Self {
            hash: xxhash_rust::xxh3::xxh3_64(event.json.as_bytes()),
            timestamp: event.timestamp,
            size_bytes: event.json.len(),
            full_snapshot: facts.full_snapshot,
            click: facts.is_click,
            active: facts.is_user_activity,
            href: facts.href,
        }
    }
}
