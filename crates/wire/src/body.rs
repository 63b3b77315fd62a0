//! Request bodies: text, and the list of elements in it, read one at a time.

use crate::Rejection;
use model::ingest::{Problems, Reason};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

const MAX_ID_BYTES: usize = 512;

/// The body as text. Broken UTF-8 is replaced and counted, not refused.
pub(crate) fn as_text<'a>(
    body: &'a [u8],
    problems: &mut Problems,
) -> Result<Cow<'a, str>, Rejection> {
    // A byte order mark is legal UTF-8 and illegal JSON.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(Rejection::new(Reason::InvalidJson, "body is empty"));
    }
    // Not the lossy reader at once: it is many times slower on sound text.
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => {
            problems.add(Reason::RepairedText, 1);
            Ok(String::from_utf8_lossy(body))
        }
    }
}

/// A device, session or user id as it is stored: trimmed, control characters
/// replaced. The flag says whether any were.
pub(crate) fn clean_id(id: &str) -> Option<(String, bool)> {
    let id = id.trim();
    if id.is_empty() || id.len() > MAX_ID_BYTES {
        return None;
    }
    let clean = id.replace(char::is_control, "\u{fffd}");
    let is_repaired = clean != id;
    Some((clean, is_repaired))
}

pub(crate) fn clean_or_reject(name: &str, id: Option<&str>) -> Result<(String, bool), Rejection> {
    id.and_then(clean_id).ok_or_else(|| {
        let problem = if id.is_none_or(|id| id.trim().is_empty()) {
            "is missing"
        } else {
            "is too long"
        };
        Rejection::new(
            Reason::InvalidId,
            format!("`{name}` {problem}: expected 1 to {MAX_ID_BYTES} bytes"),
        )
    })
}

/// Calls `each` for every element of the array under `key` of one JSON object;
/// other keys are skipped unread. `Ok(false)` when there is no such key.
pub(crate) fn for_each_under<'de, T: Deserialize<'de>>(
    text: &'de str,
    key: &'static str,
    each: impl FnMut(T),
) -> serde_json::Result<bool> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = deserializer.deserialize_map(ObjectVisitor {
        key,
        each,
        element: PhantomData,
    })?;
    deserializer.end()?;
    Ok(found)
}

/// Calls `each` for every element of one JSON array.
pub(crate) fn for_each_in<'de, T: Deserialize<'de>>(
    text: &'de str,
    each: impl FnMut(T),
) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Elements {
        each,
        element: PhantomData,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()
}

/// Says in words why a body could not be read, without quoting what is in it.
pub(crate) fn not_readable(error: &serde_json::Error, expected: &str) -> Rejection {
    let message = if error.is_data() {
        format!(
            "body is not {expected} (line {}, column {})",
            error.line(),
            error.column()
        )
    } else {
        format!("body is not valid JSON: {error}")
    };
    Rejection::new(Reason::InvalidJson, message)
}

struct ObjectVisitor<F, T> {
    key: &'static str,
    each: F,
    element: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for ObjectVisitor<F, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != self.key {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            // A second list could otherwise be read after the first was counted.
            if std::mem::replace(&mut found, true) {
                return Err(A::Error::custom("the list appears twice"));
            }
            map.next_value_seed(Elements {
                each: &mut self.each,
                element: PhantomData,
            })?;
        }
        Ok(found)
    }
}

struct Elements<F, T> {
    each: F,
    element: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Elements<F, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Elements<F, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.each)(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_trimmed_bounded_and_cleaned() {
        for (given, expected) in [
            ("a/b", Some(("a/b", false))),
            ("  x ", Some(("x", false))),
            ("a\u{0}b\nc\u{85}", Some(("a\u{fffd}b\u{fffd}c", true))),
            ("", None),
            (" \t ", None),
        ] {
            assert_eq!(
                clean_id(given),
                expected.map(|(id, repaired)| (id.to_owned(), repaired)),
                "{given:?}"
            );
        }
        assert!(clean_id(&"x".repeat(512)).is_some());
        assert!(clean_id(&"x".repeat(513)).is_none());
    }

    #[test]
    fn elements_are_found_under_any_key_order() {
        let mut seen = Vec::new();
        let found = for_each_under(
            r#"{"z":{"events":[9]},"events":[1,2],"version":1}"#,
            "events",
            |n: u8| seen.push(n),
        );
        assert!(found.unwrap());
        assert_eq!(seen, [1, 2]);
        assert!(!for_each_under("{}", "events", |_: u8| ()).unwrap());
        for broken in [
            "[]",
            "{",
            r#"{"events":null}"#,
            r#"{"events":[1]}x"#,
            r#"{"events":[1],"events":[2]}"#,
        ] {
            assert!(
                for_each_under(broken, "events", |_: u8| ()).is_err(),
                "{broken}"
            );
        }
    }
}
