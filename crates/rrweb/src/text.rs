//! Repairs on JSON text that leave everything else byte for byte as it was.

use std::borrow::Cow;

/// Replaces every `\uXXXX` escape of a lone surrogate by U+FFFD.
///
/// JavaScript strings can end in half a surrogate pair (text that was cut or
/// masked by UTF-16 length) and `JSON.stringify` writes the half as an escape.
/// serde_json refuses such a document as soon as the string is decoded, so one cut
/// emoji would cost a whole upload. Pairs are untouched.
///
/// ```
/// assert_eq!(rrweb::repair_surrogates(r#""\ud83d""#), "\"\u{fffd}\"");
/// assert_eq!(rrweb::repair_surrogates(r#""\ud83d\ude00 \\ud83d""#), r#""\ud83d\ude00 \\ud83d""#);
/// ```
pub fn repair_surrogates(json: &str) -> Cow<'_, str> {
    // Nearly every text ends here: substring search is many times faster than the walk.
    if !json.contains("\\ud") && !json.contains("\\uD") {
        return Cow::Borrowed(json);
    }
    let mut repaired: Option<String> = None;
    let mut kept_until = 0;
    let mut at = 0;
    while let Some(distance) = json[at..].find('\\') {
        let escape = at + distance;
        at = match surrogate_at(json, escape) {
            Some(Surrogate::High) if surrogate_at(json, escape + 6) == Some(Surrogate::Low) => {
                escape + 12
            }
            Some(_) => {
                let text = repaired.get_or_insert_with(|| String::with_capacity(json.len()));
                text.push_str(&json[kept_until..escape]);
                text.push('\u{fffd}');
                kept_until = escape + 6;
                kept_until
            }
            // Skip the escaped character too: it may be a backslash.
            None => next_char_boundary(json, escape + 2),
        };
    }
    match repaired {
        Some(mut text) => {
            text.push_str(&json[kept_until..]);
            Cow::Owned(text)
        }
        None => Cow::Borrowed(json),
    }
}

/// Removes white space outside of strings, line breaks above all: a stored event
/// is one line. The input must be valid JSON.
pub fn compact(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in json.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = character == '"';
        }
        text.push(character);
    }
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surrogate {
    High,
    Low,
}

/// The surrogate that the escape starting at byte `at` stands for, if it does.
fn surrogate_at(json: &str, at: usize) -> Option<Surrogate> {
    let escape = json.as_bytes().get(at..at + 6)?;
    if &escape[..2] != b"\\u"
        || !escape[2].eq_ignore_ascii_case(&b'd')
        || !escape[4..].iter().all(u8::is_ascii_hexdigit)
    {
        return None;
    }
    match escape[3].to_ascii_lowercase() {
        b'8' | b'9' | b'a' | b'b' => Some(Surrogate::High),
        b'c'..=b'f' => Some(Surrogate::Low),
        _ => None,
    }
}

/// Broken JSON can have a multi-byte character after a backslash.
fn next_char_boundary(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_lone_escapes_are_replaced() {
        for (given, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#),
            (r#""\ude00\ud83d""#, r#""��""#),
            (r#""\ud83d\ud83d\ude00""#, r#""�\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\�""#),
            (r#""\ud7ff \uE000""#, r#""\ud7ff \uE000""#),
            (r#""\ud83d\n\ude00""#, r#""�\n�""#),
            (r#""\ud8"#, r#""\ud8"#),
            ("\\é\\ud800", "\\é�"),
            ("\\ud800\\", "�\\"),
        ] {
            assert_eq!(repair_surrogates(given), expected, "{given}");
        }
    }

    #[test]
    fn a_sound_text_is_not_copied() {
        assert!(matches!(
            repair_surrogates(r#""\ud83d\ude00 ü""#),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn white_space_goes_outside_of_strings_only() {
        assert_eq!(
            compact("{ \"a\" :\r\n [1,\t\"b c\\\" d\" , 2 ] }"),
            r#"{"a":[1,"b c\" d",2]}"#
        );
        assert_eq!(compact(r#"{"a":"\\" , "b":1}"#), r#"{"a":"\\","b":1}"#);
    }

    /// What `JSON.stringify` writes for a string of these UTF-16 units.
    fn stringify(units: &[u16]) -> String {
        let mut text = String::from("\"");
        for unit in char::decode_utf16(units.iter().copied()) {
            match unit {
                Ok('\\') => text.push_str("\\\\"),
                Ok('"') => text.push_str("\\\""),
                Ok(c) if c.is_control() => text.push_str(&format!("\\u{:04x}", c as u32)),
                Ok(c) => text.push(c),
                Err(lone) => text.push_str(&format!("\\u{:04x}", lone.unpaired_surrogate())),
            }
        }
        text.push('"');
        text
    }

    fn units() -> impl Strategy<Value = Vec<u16>> {
        let unit = prop_oneof![
            any::<u16>(),
            0xd800u16..=0xdfff,
            Just(0x5c),
            Just(0x75),
            Just(0x64),
            Just(0x38)
        ];
        prop::collection::vec(unit, 0..40)
    }

    proptest! {
        #[test]
        fn every_string_javascript_can_write_becomes_readable(units in units()) {
            let json = stringify(&units);
            let read: String = serde_json::from_str(&repair_surrogates(&json)).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }

        #[test]
        fn escaped_units_become_readable_and_pairs_stay(units in units()) {
            let mut json = String::from("\"");
            for unit in &units {
                json.push_str(&format!("\\u{unit:04X}"));
            }
            json.push('"');
            let read: String = serde_json::from_str(&repair_surrogates(&json)).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }

        #[test]
        fn any_text_survives(text in "[\\\\ud8c\"é]{0,40}") {
            prop_assert!(repair_surrogates(&text).len() <= text.len());
        }
    }
}
