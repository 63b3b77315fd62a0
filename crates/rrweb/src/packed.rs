//! Events packed by `@rrweb/packer`, mark `v1`: the event plus `"v":"v1"` as JSON,
//! zlib, and every byte as one character U+0000 to U+00FF.

use crate::{Error, Result, text};
use flate2::read::ZlibDecoder;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::io::Read;

/// The mark in the only version of the format.
const VERSION_KEY: &str = "v";
const VERSION_1: &str = "\"v1\"";

/// An unpacked event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The event's JSON object without the packer's mark, other keys in order.
    pub json: String,
    /// Half characters or broken UTF-8 had to be replaced.
    pub is_repaired: bool,
}

/// Undoes the packing of one event; the inflated text may not pass `limit_bytes`.
pub fn unpack(packed: &str, limit_bytes: usize) -> Result<Unpacked> {
    let deflated: Vec<u8> = packed
        .chars()
        .map(|c| u8::try_from(u32::from(c)))
        .collect::<Result<_, _>>()
        .map_err(|_| Error::NotLatin1)?;
    let mut inflated = Vec::new();
    let one_past = u64::try_from(limit_bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    ZlibDecoder::new(deflated.as_slice())
        .take(one_past)
        .read_to_end(&mut inflated)
        .map_err(Error::Inflate)?;
    if inflated.len() > limit_bytes {
        return Err(Error::TooLarge { limit_bytes });
    }
    let valid = match std::str::from_utf8(&inflated) {
        Ok(valid) => Cow::Borrowed(valid),
        Err(_) => String::from_utf8_lossy(&inflated),
    };
    let repaired = text::repair_surrogates(&valid);
    let is_repaired = matches!(valid, Cow::Owned(_)) || matches!(repaired, Cow::Owned(_));
    Ok(Unpacked {
        json: without_mark(&repaired)?,
        is_repaired,
    })
}

fn without_mark(json: &str) -> Result<String> {
    let Members(members) = serde_json::from_str(json).map_err(Error::NotAnObject)?;
    let is_version_1 =
        |(key, value): &(String, &RawValue)| key == VERSION_KEY && value.get() == VERSION_1;
    if !members.iter().any(is_version_1) {
        return Err(Error::UnknownPacking);
    }
    let mut text = String::with_capacity(json.len());
    for (key, value) in members.iter().filter(|(key, _)| key != VERSION_KEY) {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&serde_json::to_string(key).map_err(Error::NotAnObject)?);
        text.push(':');
        text.push_str(value.get());
    }
    text.push_str(if text.is_empty() { "{}" } else { "}" });
    Ok(text)
}

/// The members of an object in their order, values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    fn pack(text: &[u8]) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder
            .finish()
            .unwrap()
            .into_iter()
            .map(char::from)
            .collect()
    }

    #[test]
    fn drops_the_mark_and_keeps_the_order() {
        let packed =
            pack(r#"{"type":3,"data":{"v":"v1","z":[1, 2]},"v":"v1","timestamp":12.5}"#.as_bytes());
        let event = unpack(&packed, 1_000).unwrap();
        assert_eq!(
            event.json,
            r#"{"type":3,"data":{"v":"v1","z":[1, 2]},"timestamp":12.5}"#
        );
        assert!(!event.is_repaired);
        assert_eq!(unpack(&pack(br#"{"v":"v1"}"#), 1_000).unwrap().json, "{}");
    }

    #[test]
    fn repairs_half_characters() {
        let event = unpack(&pack(br#"{"v":"v1","a":"\ud83d"}"#), 1_000).unwrap();
        assert_eq!(
            (event.json.as_str(), event.is_repaired),
            (r#"{"a":"�"}"#, true)
        );
        let event = unpack(&pack(b"{\"v\":\"v1\",\"a\":\"\xff\"}"), 1_000).unwrap();
        assert_eq!(
            (event.json.as_str(), event.is_repaired),
            ("{\"a\":\"\u{fffd}\"}", true)
        );
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(matches!(unpack("日本", 1_000), Err(Error::NotLatin1)));
        assert!(matches!(unpack("not zlib", 1_000), Err(Error::Inflate(_))));
        assert!(matches!(
            unpack("", 1_000),
            Err(Error::Inflate(_) | Error::NotAnObject(_))
        ));
        assert!(matches!(
            unpack(&pack(b"[]"), 1_000),
            Err(Error::NotAnObject(_))
        ));
        assert!(matches!(
            unpack(&pack(br#"{"v":"v2"}"#), 1_000),
            Err(Error::UnknownPacking)
        ));
        assert!(matches!(
            unpack(&pack(&[b' '; 1_001]), 1_000),
            Err(Error::TooLarge { .. })
        ));
        let cut: String = pack(br#"{"v":"v1","a":"aaaaaaaaaaaaaaaaaaaaaaaa"}"#)
            .chars()
            .take(12)
            .collect();
        assert!(unpack(&cut, 1_000).is_err());
    }
}
