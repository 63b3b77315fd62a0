//! The outermost object of an event: what kind it is, when it happened, and where
//! its payload lies in the text. The payload itself is checked for syntax, not read.

use crate::{Error, Result};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// Event types of rrweb that the server looks into.
pub mod kind {
    pub const FULL_SNAPSHOT: u8 = 2;
    pub const INCREMENTAL: u8 = 3;
    pub const META: u8 = 4;
    pub const CUSTOM: u8 = 5;
    pub const PLUGIN: u8 = 6;
}

/// The kind of an event whose `type` is missing or is not one byte.
pub const UNKNOWN_KIND: u8 = 255;

/// What [`read_envelope`] found. Borrows from the event's text.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// [`UNKNOWN_KIND`] when `type` is missing or not an integer of one byte.
    pub kind: u8,
    /// `type` was some number, so the event may be one of a later rrweb.
    pub has_numeric_type: bool,
    /// Milliseconds since the epoch as the client wrote them; `None` when missing
    /// or not a number. May be infinite.
    pub timestamp_ms: Option<f64>,
    /// Where the value of `timestamp` lies in the text, number or not.
    pub timestamp_range: Option<Range<usize>>,
    pub data: Option<&'a RawValue>,
}

/// Reads the envelope of one event: a complete JSON object, keys in any order,
/// unknown keys allowed. Of a key that appears twice the last one counts, as in
/// JavaScript.
///
/// ```
/// let event = rrweb::read_envelope(r#"{"data":{"x":1},"v":7,"timestamp":12.5,"type":3}"#).unwrap();
/// assert_eq!((event.kind, event.timestamp_ms), (3, Some(12.5)));
/// ```
pub fn read_envelope(json: &str) -> Result<Envelope<'_>> {
    let fields: Fields<'_> = serde_json::from_str(json).map_err(Error::NotAnObject)?;
    let kind_number = fields.kind.and_then(as_number);
    Ok(Envelope {
        kind: kind_number.and_then(as_kind).unwrap_or(UNKNOWN_KIND),
        has_numeric_type: kind_number.is_some(),
        timestamp_ms: fields.timestamp.and_then(as_number),
        timestamp_range: fields
            .timestamp
            .map(|value| range_within(json, value.get())),
        data: fields.data,
    })
}

#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
}

// By hand, because a derived reader fails on a repeated key.
impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Type => fields.kind = Some(map.next_value()?),
                        Key::Timestamp => fields.timestamp = Some(map.next_value()?),
                        Key::Data => fields.data = Some(map.next_value()?),
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

enum Key {
    Type,
    Timestamp,
    Data,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "type" => Key::Type,
                    "timestamp" => Key::Timestamp,
                    "data" => Key::Data,
                    _ => Key::Other,
                })
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

pub(crate) fn as_number(value: &RawValue) -> Option<f64> {
    let text = value.get();
    // Rust also reads "inf" and "nan"; JSON numbers start like this.
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn as_kind(number: f64) -> Option<u8> {
    let is_byte = number.fract() == 0.0 && (0.0..f64::from(UNKNOWN_KIND)).contains(&number);
    is_byte.then_some(number as u8)
}

/// Where `part`, which borrows from `whole`, starts and ends in it.
fn range_within(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        json: &str,
        kind: u8,
        timestamp_ms: Option<f64>,
        timestamp_text: Option<&str>,
        data: Option<&str>,
    ) {
        let envelope = read_envelope(json).unwrap();
        assert_eq!(envelope.kind, kind, "{json}");
        assert_eq!(envelope.timestamp_ms, timestamp_ms, "{json}");
        assert_eq!(
            envelope.timestamp_range.map(|range| &json[range]),
            timestamp_text,
            "{json}"
        );
        assert_eq!(envelope.data.map(RawValue::get), data, "{json}");
    }

    #[test]
    fn reads_any_key_order_and_keeps_quiet_about_the_rest() {
        check(
            r#"{"type":3,"timestamp":12,"data":{"a":1}}"#,
            3,
            Some(12.0),
            Some("12"),
            Some(r#"{"a":1}"#),
        );
        check(
            r#" {"delay":1, "data" : [] , "timestamp": 1.5e3 ,"type":2,"_sid":{}} "#,
            2,
            Some(1500.0),
            Some("1.5e3"),
            Some("[]"),
        );
        check(r#"{"t\u0079pe":4}"#, 4, None, None, None);
        check(
            r#"{"type":1,"type":6,"timestamp":1,"timestamp":2}"#,
            6,
            Some(2.0),
            Some("2"),
            None,
        );
    }

    #[test]
    fn odd_values_are_reported_as_missing() {
        check(
            r#"{"type":255,"timestamp":"12"}"#,
            255,
            None,
            Some(r#""12""#),
            None,
        );
        check(
            r#"{"type":3.5,"timestamp":null,"data":null}"#,
            255,
            None,
            Some("null"),
            Some("null"),
        );
        check(
            r#"{"type":3.0,"timestamp":1e999}"#,
            3,
            Some(f64::INFINITY),
            Some("1e999"),
            None,
        );
        assert!(!read_envelope(r#"{"type":"3"}"#).unwrap().has_numeric_type);
        assert!(read_envelope(r#"{"type":-1}"#).unwrap().has_numeric_type);
    }

    #[test]
    fn what_is_not_one_complete_object_is_refused() {
        for json in [
            "",
            "3",
            "[]",
            "null",
            r#""x""#,
            "{",
            r#"{"type":3"#,
            r#"{"type":3}{}"#,
            r#"{"type":03}"#,
            r#"{"data":{]}"#,
        ] {
            assert!(
                matches!(read_envelope(json), Err(Error::NotAnObject(_))),
                "{json}"
            );
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let json = format!(
            r#"{{"type":2,"data":{}{}}}"#,
            "[".repeat(1_000_000),
            "]".repeat(1_000_000)
        );
        assert_eq!(read_envelope(&json).unwrap().kind, 2);
    }
}
