//! Which errors are taken for the same fault.
//!
//! In this order:
//!
//! 1. The fingerprint that the SDK sent, where `{{ default }}` stands for what 2 to 4
//!    would say.
//! 2. Kinds of the exception and its causes, and the calls of the outermost one that
//!    are the application's own (`in_app`; all calls when none is): function and file.
//!    Lines and columns do not count, they change with every release, and neither do
//!    hosts, queries and build hashes in names of files, nor calls that repeat.
//! 3. Without any call: kinds and message, with numbers, hexadecimal words and UUIDs
//!    taken out.
//! 4. Without an exception: the message, likewise.

use model::batch::{ErrorEvent, Exception, Frame};
use std::fmt::Write as _;
use xxhash_rust::xxh3::xxh3_128;

/// Changing the rules starts new issues; the number says under which one was made.
const VERSION: u8 = 1;
const DEFAULT: [&str; 2] = ["{{ default }}", "{{default}}"];
/// The innermost calls tell; the outer ones are where the page came from.
const MAX_CALLS: usize = 30;
/// Shorter words of hexadecimal digits are words of people.
const MIN_HEX_DIGITS: usize = 6;

pub fn fingerprint(error: &ErrorEvent) -> String {
    let parts: Vec<String> = if error.fingerprint.is_empty() {
        default(error)
    } else {
        let wanted = error.fingerprint.iter();
        wanted
            .flat_map(|part| match DEFAULT.contains(&part.as_str()) {
                true => default(error),
                false => vec![part.clone()],
            })
            .collect()
    };
    let mut text = String::new();
    for part in &parts {
        // Lengths keep parts from running into each other. Writing cannot fail.
        let _ = write!(text, "{}:{part}", part.len());
    }
    format!("{VERSION}-{:032x}", xxh3_128(text.as_bytes()))
}

fn default(error: &ErrorEvent) -> Vec<String> {
    let Some(outermost) = error.exceptions.first() else {
        let message = error.message.as_deref().unwrap_or_default();
        return vec!["message".to_owned(), normal_message(message)];
    };
    // A kind that the SDK made up says nothing.
    let kinds = error.exceptions.iter().filter(|it| !it.is_synthetic);
    let mut parts: Vec<String> = kinds.filter_map(|it| it.kind.clone()).collect();
    let calls = calls(outermost);
    if calls.is_empty() {
        let message = outermost.value.as_deref().or(error.message.as_deref());
        parts.push(normal_message(message.unwrap_or_default()));
    } else {
        parts.extend(calls);
    }
    parts
}

fn calls(exception: &Exception) -> Vec<String> {
    let named = |frame: &&Frame| frame.function.is_some() || place(frame).is_some();
    let own = |frame: &&Frame| frame.is_in_app != Some(false);
    let all: Vec<&Frame> = exception.frames.iter().filter(named).collect();
    let mut chosen: Vec<&Frame> = all.iter().copied().filter(own).collect();
    if chosen.is_empty() {
        chosen = all;
    }
    let mut calls: Vec<String> = chosen.into_iter().map(call).collect();
    calls.dedup();
    calls.drain(..calls.len().saturating_sub(MAX_CALLS));
    calls
}

fn call(frame: &Frame) -> String {
    let function = frame.function.as_deref().unwrap_or_default();
    let function = ["async ", "Object.", "new "]
        .iter()
        .fold(function, |name, prefix| {
            name.strip_prefix(prefix).unwrap_or(name)
        });
    // What engines write for functions without a name.
    let function = match function {
        "?" | "<anonymous>" | "anonymous" | "(anonymous)" => "",
        function => function,
    };
    format!("{function}@{}", place(frame).unwrap_or_default())
}

/// The module, or the file without host, query and build hashes.
fn place(frame: &Frame) -> Option<String> {
    if let Some(module) = &frame.module {
        return Some(normal_message(module));
    }
    let file = frame.file.as_deref().or(frame.absolute_path.as_deref())?;
    let file = file.split(['?', '#']).next().unwrap_or_default();
    let path = match file.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => file,
    };
    (!path.is_empty()).then(|| normal_message(path))
}

/// The text without what differs between two occurrences of one fault: words that
/// hold a digit and nothing but hexadecimal digits, dashes and dots, and numbers.
pub fn normal_message(text: &str) -> String {
    let mut normal = String::with_capacity(text.len().min(1024));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        if length == 0 {
            let space = c.is_whitespace();
            if !(space && normal.ends_with(' ')) {
                normal.push(if space { ' ' } else { c });
            }
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(length);
        normal.push_str(&normal_word(word));
        rest = after;
    }
    normal
}

/// `user-1234` and `5d0a1f0c-7b6e` lose what differs; `utf8` and `base64` stay.
fn normal_word(word: &str) -> String {
    let parts = word.split(['-', '_']).map(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = digits > 0 && digits == part.len();
        let is_hash = digits > 0 && is_hex && part.len() >= MIN_HEX_DIGITS;
        // Build tools also write hashes of any letters.
        let is_mixed =
            digits > 1 && part.len() >= 8 && part.bytes().any(|b| b.is_ascii_uppercase());
        match is_number || is_hash || is_mixed {
            true => "#",
            false => part,
        }
    });
    let mut normal: Vec<&str> = parts.collect();
    // The groups of a UUID are one thing.
    normal.dedup_by(|next, before| *next == "#" && *before == "#");
    if normal.len() > 1 && normal[0] == "#" && is_uuid_like(word) {
        return "#".to_owned();
    }
    normal.join("-")
}

fn is_uuid_like(word: &str) -> bool {
    word.len() >= 32
        && word
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{error, frame};
    use super::*;

    #[test]
    fn what_differs_is_taken_out() {
        for (text, expected) in [
            ("user 1234 not found", "user # not found"),
            (
                "order 5d0a1f0c-7b6e-4f8a-9c2d-3e4f5a6b7c8d is gone",
                "order # is gone",
            ),
            ("at 0x7ffe12ab", "at 0x7ffe12ab"),
            ("hash deadbeef01", "hash #"),
            (
                "cannot decode utf8 as base64",
                "cannot decode utf8 as base64",
            ),
            ("10.5 is > 10", "#.# is > #"),
            ("a  \n b", "a b"),
            ("", ""),
        ] {
            assert_eq!(normal_message(text), expected, "{text}");
        }
    }

    #[test]
    fn a_release_later_it_is_the_same_fault() {
        let before = error(
            "TypeError",
            "x is 5",
            &[frame("pay", "https://a.test/main.4f3a2b1c.js", 10)],
        );
        let after = error(
            "TypeError",
            "x is 7",
            &[frame("pay", "https://b.test/main.99aa88bb.js?v=2", 99)],
        );
        assert_eq!(fingerprint(&before), fingerprint(&after));
        let elsewhere = error(
            "TypeError",
            "x is 5",
            &[frame("cart", "https://a.test/main.4f3a2b1c.js", 10)],
        );
        assert_ne!(fingerprint(&before), fingerprint(&elsewhere));
        let other_kind = error(
            "RangeError",
            "x is 5",
            &[frame("pay", "https://a.test/main.4f3a2b1c.js", 10)],
        );
        assert_ne!(fingerprint(&before), fingerprint(&other_kind));
    }

    #[test]
    fn calls_of_libraries_do_not_count() {
        let mut library = frame("render", "react.js", 1);
        library.is_in_app = Some(false);
        let own = frame("pay", "app.js", 1);
        let one = error("E", "m", &[library.clone(), own.clone(), own.clone()]);
        let two = error("E", "m", &[own]);
        assert_eq!(fingerprint(&one), fingerprint(&two));
        let only_library = error("E", "m", &[library]);
        assert_ne!(fingerprint(&only_library), fingerprint(&two));
    }

    #[test]
    fn messages_count_where_there_are_no_calls() {
        let one = error("E", "user 1 is gone", &[]);
        assert_eq!(
            fingerprint(&one),
            fingerprint(&error("E", "user 22 is gone", &[]))
        );
        assert_ne!(
            fingerprint(&one),
            fingerprint(&error("E", "user 1 is back", &[]))
        );
        // Real minified code: all names are one letter, so the file must tell.
        let minified = |file: &str| error("E", "m", &[frame("a", file, 1)]);
        assert_ne!(
            fingerprint(&minified("/a.js")),
            fingerprint(&minified("/b.js"))
        );
    }

    #[test]
    fn an_sdk_may_say_it_better() {
        let mut one = error("E", "one", &[]);
        let mut two = error("F", "two", &[]);
        for error in [&mut one, &mut two] {
            error.fingerprint = vec!["checkout".to_owned()];
        }
        assert_eq!(fingerprint(&one), fingerprint(&two));
        for error in [&mut one, &mut two] {
            error.fingerprint.push("{{ default }}".to_owned());
        }
        assert_ne!(fingerprint(&one), fingerprint(&two));
        one.fingerprint = vec!["{{default}}".to_owned()];
        assert_eq!(fingerprint(&one), fingerprint(&error("E", "one", &[])));
    }
}
