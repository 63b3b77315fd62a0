//! Secrets in addresses: the values of parameters whose names say that they are
//! secret, and passwords before a host. Found in the text, whatever field it stands
//! in, so that one rule holds for every SDK and for fields nobody has heard of.
//!
//! The text may be JSON, with addresses in strings, in JSON inside of strings, or
//! encoded as a parameter of another address. It is the same JSON afterwards.

use memchr::{memchr3_iter, memmem};
use std::ops::Range;

pub(crate) const REDACTED: &str = "[redacted]";

/// Names that hold one of these are of somebody's own kind of credential. Compared
/// in lower case, without dashes, dots, underscores and brackets.
const SECRET_WORDS: [&str; 18] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "authcode",
    "authkey",
    "sessionid",
    "sessionkey",
    "sessid",
    "csrf",
    "xsrf",
    "signature",
];

/// These are secret as whole names only: `country_code` is none.
const SECRET_NAMES: [&str; 12] = [
    "code",
    "session",
    "sid",
    "auth",
    "jwt",
    "pwd",
    "pass",
    "otp",
    "sig",
    "ticket",
    "cookie",
    "setcookie",
];

/// Members whose text is a query without its question mark.
pub(crate) const QUERY_MEMBERS: [&str; 3] = ["query_string", "http.query", "url.query"];

const MAX_NAME_BYTES: usize = 100;

/// Whether a header, or a parameter of an address, is secret by its name.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.contains(&plain.as_str()) || SECRET_WORDS.iter().any(|word| plain.contains(word))
}

/// The text without secrets in addresses, and how many there were; `None` when there
/// are none.
pub(crate) fn without_secrets(text: &str) -> Option<(String, u64)> {
    let mut secrets: Vec<Range<usize>> = parameters(text).chain(passwords(text)).collect();
    secrets.retain(|secret| !text[secret.clone()].starts_with(REDACTED));
    if secrets.is_empty() {
        return None;
    }
    secrets.sort_by_key(|secret| secret.start);
    let mut scrubbed = String::with_capacity(text.len());
    let (mut done, mut count) = (0, 0);
    for secret in secrets {
        // A strange address may be both; it is gone then.
        if secret.start >= done {
            scrubbed.push_str(&text[done..secret.start]);
            scrubbed.push_str(REDACTED);
            count += 1;
        }
        done = done.max(secret.end);
    }
    scrubbed.push_str(&text[done..]);
    Some((scrubbed, count))
}

/// Where the values of secret parameters are.
fn parameters(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    memchr3_iter(b'=', b'%', b'\\', bytes).filter_map(move |at| {
        let (sign_bytes, is_encoded) = equals_sign(&bytes[at..])?;
        let name = name_before(text, at)?;
        if !is_secret_name(name) {
            return None;
        }
        let start = at + sign_bytes;
        let end = start + value_bytes(&bytes[start..], is_encoded);
        (end > start).then_some(start..end)
    })
}

/// How long the sign is, and whether it stands in an address inside of an address.
fn equals_sign(rest: &[u8]) -> Option<(usize, bool)> {
    match rest {
        [b'=', ..] => Some((1, false)),
        [b'%', b'3', b'D' | b'd', ..] => Some((3, true)),
        [b'\\', b'u', b'0', b'0', b'3', b'D' | b'd', ..] => Some((6, false)),
        _ => None,
    }
}

/// The name that ends before `end`, if a parameter begins with it.
fn name_before(text: &str, end: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]$~".contains(byte);
    let length = bytes[..end].iter().rev().take(MAX_NAME_BYTES);
    let start = end - length.take_while(|byte| is_part(byte)).count();
    let name = &text[start..end];
    // What stands before a name may be written in characters that names have, too.
    let without = |codes: [&str; 3]| {
        let mut codes = codes.iter();
        codes.find_map(|code| {
            name.get(..code.len())?
                .eq_ignore_ascii_case(code)
                .then_some(&name[code.len()..])
        })
    };
    match bytes[..start].last()? {
        b'?' | b'&' | b'#' => Some(name),
        b'%' => without(["26", "3f", "23"]),
        b'\\' => without(["u0026", "u003f", "u0023"]),
        b'"' => is_query_member(&text[..start - 1]).then_some(name),
        _ => None,
    }
}

/// Whether the text before a string's quote names a member that is a query.
fn is_query_member(before: &str) -> bool {
    let before = before.trim_ascii_end().strip_suffix(':');
    let key = before.and_then(|before| before.trim_ascii_end().strip_suffix('"'));
    key.is_some_and(|key| QUERY_MEMBERS.iter().any(|member| key.ends_with(member)))
}

/// How much of the text is the value.
fn value_bytes(rest: &[u8], is_encoded: bool) -> usize {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        at += match byte {
            b'&' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' => break,
            byte if byte.is_ascii_whitespace() => break,
            b'%' if is_encoded && ends_encoded(&rest[at + 1..]) => break,
            b'\\' => match escaped(&rest[at + 1..]) {
                Some(bytes) => 1 + bytes,
                None => break,
            },
            _ => 1,
        };
    }
    at
}

/// `&`, `#` and what cannot be in an address, in percent notation.
fn ends_encoded(code: &[u8]) -> bool {
    [b"26", b"23", b"22", b"20"]
        .iter()
        .any(|it| code.starts_with(*it))
}

/// Length of a JSON escape after its backslash, when it is part of a value: some
/// programs write `/` so, others everything that is not ASCII.
fn escaped(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'/', ..] => Some(1),
        [b'u', digits @ ..] => {
            let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
            let code = u32::from_str_radix(digits, 16).ok()?;
            let is_end = char::from_u32(code)
                .is_some_and(|c| c.is_whitespace() || c.is_control() || "&#\"'<>`".contains(c));
            (!is_end).then_some(5)
        }
        _ => None,
    }
}

/// Passwords in `https://user:password@host`.
fn passwords(text: &str) -> impl Iterator<Item = Range<usize>> {
    memmem::find_iter(text.as_bytes(), "://").filter_map(|at| {
        let start = at + 3;
        let is_end = |c: char| c.is_whitespace() || "/?#\"'\\<>`".contains(c);
        let authority = text[start..].split(is_end).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let from = start + name.len() + 1;
        (!password.is_empty()).then(|| from..from + password.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let scrubbed = without_secrets(text);
        let found = scrubbed.as_ref().map_or(text, |(text, _)| text);
        assert_eq!(found, expected);
        assert_eq!(without_secrets(found), None, "once is enough");
    }

    #[test]
    fn values_of_secret_parameters_go() {
        check(
            "https://a.test/x?token=abc&page=2#top",
            "https://a.test/x?token=[redacted]&page=2#top",
        );
        for name in [
            "access_token",
            "Password",
            "api_key",
            "apiKey",
            "code",
            "client-secret",
            "session",
            "session_id",
            "PHPSESSID",
            "X-Amz-Signature",
            "X-Amz-Credential",
            "jwt",
            "user[password]",
        ] {
            check(
                &format!("/cb#a=1&{name}=s3cr%26et"),
                &format!("/cb#a=1&{name}=[redacted]"),
            );
        }
        check(
            "see https://a.test/?otp=1 now",
            "see https://a.test/?otp=[redacted] now",
        );
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "https://a.test/x?page=2&country_code=de&sort=session",
            "https://a.test/token=5",
            "https://a.test/?token=&code",
            "https://a.test/?token=[redacted]",
            "a ? token : b",
            "if (token == code) token = code",
            "https://a.test:8080/a@b:c",
            "https://user@a.test/",
            "=",
            "?=",
            "%3D",
            "\\u003d",
            "://",
            "://@",
            "",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn escapes_and_addresses_inside_of_addresses_hide_nothing() {
        check(
            "?next=https%3A%2F%2Fb.test%2F%3Ftoken%3Dabc%26x%3D1&y=2",
            "?next=https%3A%2F%2Fb.test%2F%3Ftoken%3D[redacted]%26x%3D1&y=2",
        );
        check(
            r#"{"u":"/\u003ftoken\u003da\/b\u00e9c\u0026x=1"}"#,
            r#"{"u":"/\u003ftoken\u003d[redacted]\u0026x=1"}"#,
        );
        check(
            r#"{"text":"{\"u\":\"/?code=abc\",\"v\":1}"}"#,
            r#"{"text":"{\"u\":\"/?code=[redacted]\",\"v\":1}"}"#,
        );
        check(r#"["?token=a\"b"]"#, r#"["?token=[redacted]\"b"]"#);
        check(r#"["?token=a\n"]"#, r#"["?token=[redacted]\n"]"#);
        check(r#"["?token=a\\"]"#, r#"["?token=[redacted]\\"]"#);
    }

    #[test]
    fn queries_that_stand_alone() {
        check(
            r#"{"query_string": "token=a&b=1", "http.query":"code=x","message":"code=x"}"#,
            r#"{"query_string": "token=[redacted]&b=1", "http.query":"code=[redacted]","message":"code=x"}"#,
        );
    }

    #[test]
    fn passwords_before_a_host() {
        check(
            "wss://ada:pass@word@a.test:443/x?y=z:1@b",
            "wss://ada:[redacted]@a.test:443/x?y=z:1@b",
        );
        check("a://b&token=c:d@e", "a://b&token=[redacted]");
    }

    #[test]
    fn every_text_that_was_json_is_json() {
        let parts = [
            "?token=",
            "\\u0026",
            "\\\\",
            "\\\"",
            "%3Dx",
            "é",
            "\\ud83d\\ude00",
            "://a:b@",
            "=",
            "code",
        ];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| parts.iter().map(move |part| format!("{text}{part}")))
                .collect();
        }
        for text in texts {
            let json = format!("{{\"query_string\":\"{text}\"}}");
            let scrubbed = without_secrets(&json).map_or(json.clone(), |(json, _)| json);
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&scrubbed);
            assert!(parsed.is_ok(), "{json} {scrubbed}");
        }
    }
}
