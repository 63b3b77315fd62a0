//! Reading one JSON item of a stranger: texts cut and cleaned, times in any unit.

use crate::replay_event::sound_timestamp;
use model::Timestamp;
use model::ingest::Reason;
use rrweb::tape::{Kind, Value};
use rrweb::{Tape, TapeError};

/// Names, ids, addresses of pages.
const MAX_SHORT_BYTES: usize = 1_024;
/// Messages and texts that people wrote.
const MAX_LONG_BYTES: usize = 16 * 1_024;
/// Values of a list that is read one by one; what is beyond stays in the JSON.
pub(crate) const MAX_LIST: usize = 200;

/// Clocks count seconds since 1970 with ten digits until the year 2286, and have
/// counted milliseconds with more since the spring of 1970.
pub(crate) const MAX_SECONDS: f64 = 9_999_999_999.0;

pub(crate) fn parse(json: &str) -> Result<Tape, Reason> {
    let mut tape = Tape::new();
    match tape.parse(json) {
        Ok(()) => Ok(tape),
        Err(TapeError::TooDeep) => Err(Reason::TooDeep),
        Err(TapeError::Syntax { .. } | TapeError::TooLarge) => Err(Reason::InvalidItem),
    }
}

/// The bytes as text, broken UTF-8 replaced.
pub(crate) fn lossy(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The value at the end of a path of keys.
pub(crate) fn at<'t>(value: Value<'t>, path: &[&str]) -> Option<Value<'t>> {
    path.iter()
        .try_fold(value, |value, key| value.get(key))
        .filter(|value| !value.is_null())
}

/// A one-line text. Numbers and truth values count as text: versions, ids and tags
/// are sent as either.
pub(crate) fn short(value: Option<Value<'_>>) -> Option<String> {
    clean(&scalar(value?)?, MAX_SHORT_BYTES, |c| c.is_control())
}

/// A text that may have lines.
pub(crate) fn long(value: Option<Value<'_>>) -> Option<String> {
    let is_unwanted = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    clean(&scalar(value?)?, MAX_LONG_BYTES, is_unwanted)
}

/// The texts of a list, or one text that stands for a list.
pub(crate) fn short_list(value: Option<Value<'_>>) -> Vec<String> {
    match value {
        Some(value) if value.is_array() => value
            .items()
            .take(MAX_LIST)
            .filter_map(|item| short(Some(item)))
            .collect(),
        value => short(value).into_iter().collect(),
    }
}

/// Pairs of texts, sent as an object or as a list of pairs.
pub(crate) fn short_pairs(value: Option<Value<'_>>) -> Vec<(String, String)> {
    let Some(value) = value else {
        return Vec::new();
    };
    let of_object = value
        .pairs()
        .map(|(key, value)| (clean_short(key), short(Some(value))));
    let of_list = value.items().map(|pair| {
        let mut pair = pair.items();
        (short(pair.next()), short(pair.next()))
    });
    of_object
        .chain(of_list)
        .filter_map(|(key, value)| Some((key?, value?)))
        .take(MAX_LIST)
        .collect()
}

pub(crate) fn clean_short(text: &str) -> Option<String> {
    clean(text, MAX_SHORT_BYTES, |c| c.is_control())
}

/// An id of 16 bytes in hexadecimal, with or without dashes: lower case, no dashes.
pub(crate) fn hex_id(value: Option<Value<'_>>) -> Option<String> {
    hex_text(value?.as_str()?, 32)
}

pub(crate) fn span_id(value: Option<Value<'_>>) -> Option<String> {
    hex_text(value?.as_str()?, 16)
}

pub(crate) fn hex_text(text: &str, digits: usize) -> Option<String> {
    if text.len() > 2 * digits {
        return None;
    }
    let id: String = text.trim().chars().filter(|c| *c != '-').collect();
    let is_id = id.len() == digits
        && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        // What SDKs send for "none".
        && id.bytes().any(|byte| byte != b'0');
    is_id.then(|| id.to_ascii_lowercase())
}

/// A time in seconds, in milliseconds, or in ISO form; `None` when it is none of
/// them or absurd.
pub(crate) fn time(value: Option<Value<'_>>) -> Option<Timestamp> {
    let value = value?;
    if let Some(number) = value.as_f64() {
        let is_seconds = number <= MAX_SECONDS;
        return sound_timestamp(if is_seconds { number * 1_000.0 } else { number });
    }
    iso_time(value.as_str()?)
}

/// RFC 3339, also without a zone, which means UTC.
pub(crate) fn iso_time(text: &str) -> Option<Timestamp> {
    if text.len() > 64 {
        return None;
    }
    let text = text.trim();
    let zoned: Option<jiff::Timestamp> = text.parse().ok();
    let time = zoned.or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })?;
    sound_timestamp(time.as_microsecond() as f64 / 1_000.0)
}

/// A count that is not negative; other numbers are `None`.
pub(crate) fn count(value: Option<Value<'_>>) -> Option<u64> {
    u64::try_from(value?.as_i64()?).ok()
}

fn scalar(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String(text) => Some(text.to_owned()),
        Kind::Integer(number) => Some(number.to_string()),
        Kind::Number(text) => Some(text.to_owned()),
        Kind::Bool(is_true) => Some(is_true.to_string()),
        Kind::Null | Kind::Array(_) | Kind::Object(_) => None,
    }
}

fn clean(text: &str, max_bytes: usize, is_unwanted: impl Fn(char) -> bool) -> Option<String> {
    let text = text.trim();
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let clean: String = text[..end]
        .chars()
        .map(|c| if is_unwanted(c) { '\u{fffd}' } else { c })
        .collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(json: &str, read: impl Fn(Option<Value<'_>>) -> T) -> T {
        let tape = parse(json).unwrap();
        read(Some(tape.root()))
    }

    #[test]
    fn times_come_in_every_unit() {
        let at = Some(1_795_225_345_173_700);
        for json in [
            "1795225345.1737",
            "1795225345173.7",
            r#""2026-11-21T01:42:25.1737Z""#,
            r#""2026-11-21T02:42:25.173700+01:00""#,
            r#""2026-11-21T01:42:25.173700""#,
            r#"" 2026-11-21 01:42:25.1737 ""#,
        ] {
            assert_eq!(with(json, time).map(Timestamp::micros), at, "{json}");
        }
        for json in ["0", "-1", "1e300", "null", r#""yesterday""#, r#""""#, "[1]"] {
            assert_eq!(with(json, time), None, "{json}");
        }
    }

    #[test]
    fn texts_are_cut_and_cleaned() {
        assert_eq!(
            with(r#"" a\u0000b\nc ""#, short).as_deref(),
            Some("a\u{fffd}b\u{fffd}c")
        );
        assert_eq!(
            with(r#""a\nb\u0007""#, long).as_deref(),
            Some("a\nb\u{fffd}")
        );
        assert_eq!(with("4.20", short).as_deref(), Some("4.20"));
        assert_eq!(with("true", short).as_deref(), Some("true"));
        assert_eq!(with(r#""  ""#, short), None);
        let long_text = format!("\"{}\"", "ü".repeat(2_000));
        assert_eq!(with(&long_text, short).map(|text| text.len()), Some(1_024));
    }

    #[test]
    fn ids_are_told_from_other_texts() {
        let id = Some("5d0a1f0c7b6e4f8a9c2d3e4f5a6b7c8d".to_owned());
        for json in [
            r#""5d0a1f0c7b6e4f8a9c2d3e4f5a6b7c8d""#,
            r#""5D0A1F0C-7B6E-4F8A-9C2D-3E4F5A6B7C8D""#,
        ] {
            assert_eq!(with(json, hex_id), id, "{json}");
        }
        let zero = format!("\"{}\"", "0".repeat(32));
        for json in ["7", r#""""#, r#""5d0a""#, r#""../../etc""#, zero.as_str()] {
            assert_eq!(with(json, hex_id), None, "{json}");
        }
    }

    #[test]
    fn tags_come_as_objects_and_as_pairs() {
        let expected = vec![
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), "x".to_owned()),
        ];
        for json in [
            r#"{"a":1,"b":"x","c":null,"d":{}}"#,
            r#"[["a",1],["b","x"],["c"],7]"#,
        ] {
            assert_eq!(with(json, short_pairs), expected, "{json}");
        }
    }
}
