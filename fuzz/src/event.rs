//! Reading an event's outermost object, its facts, and packed events.

use rrweb::{Tape, read_envelope};

/// Small, so that the limit is met.
const UNPACKED_BYTES: usize = 64 << 10;

pub fn check(bytes: &[u8]) {
    // As packed bytes, each a character.
    let packed: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    if let Ok(unpacked) = rrweb::unpack(&packed, UNPACKED_BYTES) {
        assert!(serde_json::from_str::<serde_json::Value>(&unpacked.json).is_ok());
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // As a packed text that is no Latin-1.
    let _ = rrweb::unpack(text, UNPACKED_BYTES);

    let json = rrweb::repair_surrogates(text);
    assert!(json.len() <= text.len());
    assert_eq!(rrweb::repair_surrogates(&json), json);
    let depth = rrweb::max_depth(&json);
    assert_eq!(rrweb::depth::is_too_deep(&json), depth > rrweb::MAX_DEPTH);
    for kind in 0..=7 {
        let _ = rrweb::facts_of(kind, &json);
    }
    let _ = rrweb::incremental_source(&json);

    let Ok(envelope) = read_envelope(&json) else {
        return;
    };
    if let Some(range) = envelope.timestamp_range.clone() {
        let number = json[range].parse::<f64>().ok();
        assert_eq!(number, envelope.timestamp_ms.or(number));
    }
    let compact = rrweb::compact(&json);
    let again = read_envelope(&compact).expect("compact JSON is JSON");
    assert_eq!(again.kind, envelope.kind);
    assert_eq!(
        again.timestamp_ms.map(f64::to_bits),
        envelope.timestamp_ms.map(f64::to_bits)
    );
    // The other parser agrees about what is in the envelope.
    let mut tape = Tape::new();
    if depth <= rrweb::MAX_DEPTH && tape.parse(&json).is_ok() {
        let kind = tape.root().get("type").and_then(|kind| kind.as_i64());
        let kind = kind.and_then(|kind| u8::try_from(kind).ok());
        if let Some(kind) = kind {
            assert_eq!(envelope.kind, kind);
        }
        // Of a repeated `data` the quick reader looks at the first, which no recorder writes.
        let data_keys = tape.root().pairs().filter(|(key, _)| *key == "data");
        if data_keys.count() <= 1 {
            let facts = rrweb::event_facts(&envelope);
            assert_eq!(facts, rrweb::facts_of(envelope.kind, &json));
        }
    }
}
