//! Bounded strings from untrusted ones.

use rrweb::tape::{Kind, Value};

/// Addresses, messages and the like.
pub const MAX_TEXT_BYTES: usize = 2_048;
/// Payloads, bodies.
pub const MAX_PAYLOAD_BYTES: usize = 4_096;
/// Names: tags, levels, methods, roles.
pub const MAX_NAME_BYTES: usize = 128;

/// At most `limit_bytes`, whole characters.
pub fn cut(text: &str, limit_bytes: usize) -> &str {
    let mut end = text.len().min(limit_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub fn name(text: &str) -> String {
    cut(text, MAX_NAME_BYTES).to_owned()
}

pub fn text(text: &str) -> String {
    cut(text, MAX_TEXT_BYTES).to_owned()
}

/// A string as it is, anything else as JSON; bounded.
pub fn plain(value: Value<'_>, limit_bytes: usize) -> String {
    match value.kind() {
        Kind::String(text) => cut(text, limit_bytes).to_owned(),
        Kind::Null => String::new(),
        // Writing out a large payload only to cut it would cost its whole size; that
        // is no more than reading it did.
        _ => cut(&value.to_json(), limit_bytes).to_owned(),
    }
}

/// White space collapsed to single spaces, none at the ends.
pub fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// Whether the recorder replaced all of it, or there is nothing.
pub fn is_masked(text: &str) -> bool {
    text.chars().all(|c| c == '*' || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("äöü", 3), "ä");
        assert_eq!(cut("abc", 9), "abc");
    }

    #[test]
    fn masked_text_is_stars_and_spaces() {
        assert!(is_masked("**** **\u{a0}*"));
        assert!(is_masked(" "));
        assert!(!is_masked("4 * 3"));
        assert_eq!(collapse("  a \n b\t"), "a b");
    }
}
