//! Compression inside of events (`"cv":"2024-10"`, SDKs since about 1.165): large
//! values are gzip, each byte written as one character U+0000 to U+00FF. The
//! vendor's own servers write zstd in the same form.
//!
//! | event | compressed |
//! |---|---|
//! | full snapshot | `data` |
//! | mutation | `texts`, `attributes`, `removes`, `adds` of `data`, each |
//! | style sheet rule | `adds`, `removes` of `data`, each |

use crate::MAX_EVENT_BYTES;
use crate::encoding::{InflateEnd, inflate_sniffed};
use model::ingest::Reason;
use rrweb::envelope::kind;
use rrweb::tape::{Value, write_json_string};

const MARK: &str = "cv";
const KNOWN_MARK: &str = "2024-10";

const MUTATION: i64 = 0;
const STYLE_SHEET_RULE: i64 = 8;

/// Writes the event as plain JSON, without the mark. `budget_bytes` is what may
/// still be inflated for this request.
///
/// # Errors
/// The event cannot be read: it is broken, or too large.
pub(super) fn write_plain(
    event: Value<'_>,
    budget_bytes: &mut usize,
    into: &mut String,
) -> Result<Packing, Reason> {
    let packing = match event.get(MARK) {
        None => Packing::None,
        Some(mark) if mark.as_str() == Some(KNOWN_MARK) => Packing::Undone,
        Some(_) => Packing::Unknown,
    };
    if packing != Packing::Undone {
        event.write_json(into);
        return Ok(packing);
    }
    let kind = event.get("type").and_then(Value::as_i64);
    into.push('{');
    let pairs = event.pairs().filter(|(key, _)| *key != MARK);
    for (at, (key, value)) in pairs.enumerate() {
        write_key(key, at, into);
        match key {
            "data" => write_data(kind, value, budget_bytes, into)?,
            _ => value.write_json(into),
        }
    }
    into.push('}');
    Ok(packing)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Undone,
    /// A mark of some later version: the event was written as it came.
    Unknown,
}

fn write_data(
    kind: Option<i64>,
    data: Value<'_>,
    budget_bytes: &mut usize,
    into: &mut String,
) -> Result<(), Reason> {
    if kind == Some(i64::from(kind::FULL_SNAPSHOT)) {
        return write_value(data, budget_bytes, into);
    }
    let lists: &[&str] = match data.get("source").and_then(Value::as_i64) {
        Some(MUTATION) => &["texts", "attributes", "removes", "adds"],
        Some(STYLE_SHEET_RULE) => &["adds", "removes"],
        _ => &[],
    };
    if kind != Some(i64::from(kind::INCREMENTAL)) || lists.is_empty() {
        data.write_json(into);
        return Ok(());
    }
    into.push('{');
    for (at, (key, value)) in data.pairs().enumerate() {
        write_key(key, at, into);
        match lists.contains(&key) {
            true => write_value(value, budget_bytes, into)?,
            false => value.write_json(into),
        }
    }
    into.push('}');
    Ok(())
}

fn write_key(key: &str, at: usize, into: &mut String) {
    if at > 0 {
        into.push(',');
    }
    write_json_string(key, into);
    into.push(':');
}

/// A value that may be compressed. Whether the result is JSON shows when the whole
/// event is read.
fn write_value(
    value: Value<'_>,
    budget_bytes: &mut usize,
    into: &mut String,
) -> Result<(), Reason> {
    let Some(text) = value.as_str() else {
        value.write_json(into);
        return Ok(());
    };
    let packed: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)))
        .collect::<Result<_, _>>()
        .map_err(|_| Reason::InvalidEvent)?;
    let limit_bytes = MAX_EVENT_BYTES
        .saturating_sub(into.len())
        .min(*budget_bytes);
    let inflated = inflate_sniffed(&packed, limit_bytes).ok_or(Reason::InvalidEvent)?;
    *budget_bytes -= inflated.bytes.len();
    match inflated.end {
        InflateEnd::Complete => {}
        InflateEnd::Broken => return Err(Reason::InvalidEvent),
        InflateEnd::TooLarge => return Err(Reason::EventTooLarge),
    }
    let json = std::str::from_utf8(&inflated.bytes).map_err(|_| Reason::InvalidEvent)?;
    // A value, not the end of this object and the start of another.
    if serde_json::from_str::<&serde_json::value::RawValue>(json).is_err() {
        return Err(Reason::InvalidEvent);
    }
    into.push_str(json.trim_ascii());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(json: &str) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json.as_bytes()).unwrap();
        let bytes = encoder.finish().unwrap();
        bytes.into_iter().map(char::from).collect()
    }

    fn zstd(json: &str) -> String {
        let bytes = zstd::encode_all(json.as_bytes(), 1).unwrap();
        bytes.into_iter().map(char::from).collect()
    }

    fn plain(event: &serde_json::Value) -> Result<(String, Packing), Reason> {
        let tape = parse(&event.to_string()).unwrap();
        let mut into = String::new();
        let mut budget_bytes = 1_000;
        write_plain(tape.root(), &mut budget_bytes, &mut into).map(|packing| (into, packing))
    }

    #[test]
    fn every_compressed_value_is_inflated() {
        let node = r#"{"node":{"id":1,"x":"ü"}}"#;
        for packed in [gzip(node), zstd(node)] {
            let event =
                serde_json::json!({ "type": 2, "cv": "2024-10", "data": packed, "timestamp": 7 });
            let expected = format!(r#"{{"type":2,"data":{node},"timestamp":7}}"#);
            assert_eq!(plain(&event), Ok((expected, Packing::Undone)));
        }
        let event = serde_json::json!({ "type": 3, "timestamp": 7, "cv": "2024-10", "data": {
            "source": 0, "texts": gzip("[]"), "adds": gzip("[1]"), "removes": [], "other": "text",
        } });
        let expected = r#"{"type":3,"timestamp":7,"data":{"source":0,"texts":[],"adds":[1],"removes":[],"other":"text"}}"#;
        assert_eq!(plain(&event), Ok((expected.to_owned(), Packing::Undone)));
    }

    #[test]
    fn what_is_not_marked_stays() {
        let event = serde_json::json!({ "type": 2, "data": "text", "timestamp": 7 });
        assert_eq!(plain(&event), Ok((event.to_string(), Packing::None)));
        let event = serde_json::json!({ "type": 2, "data": "text", "cv": "2031-01" });
        assert_eq!(plain(&event), Ok((event.to_string(), Packing::Unknown)));
        let event =
            serde_json::json!({ "type": 3, "cv": "2024-10", "data": { "source": 5, "text": "x" } });
        assert!(plain(&event).is_ok());
    }

    #[test]
    fn bombs_and_rubbish_are_refused() {
        let refused = |data: &str| {
            let event = serde_json::json!({ "type": 2, "cv": "2024-10", "data": data });
            plain(&event).unwrap_err()
        };
        assert_eq!(
            refused(&gzip(&format!("[{}1]", "1,".repeat(1_000)))),
            Reason::EventTooLarge
        );
        assert_eq!(refused("plain text"), Reason::InvalidEvent);
        assert_eq!(refused("日本"), Reason::InvalidEvent);
        assert_eq!(refused(&gzip("1},{")), Reason::InvalidEvent);
        let cut: String = gzip(&"[".repeat(500)).chars().take(20).collect();
        assert_eq!(refused(&cut), Reason::InvalidEvent);
    }
}
