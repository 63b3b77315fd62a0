//! Where a request goes and who sends it.
//!
//! A DSN, `https://<key>[:<secret>]@<host>/[<path>/]<project>`, holds everything. Its
//! host and path are kept by the SDK; the key comes in the query (browsers, Node), in
//! `X-Sentry-Auth` (Python, mobile), or as a whole DSN in the envelope's header when
//! the request went by way of the app's own server ("tunnel").

use crate::Rejection;
use crate::form::query_value;
use crate::value::clean_short;
use model::ingest::Reason;
use std::borrow::Cow;
use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/api/<project>/envelope/`
    Envelope,
    /// `/api/<project>/store/`: one event, from old SDKs.
    Store,
}

/// The endpoint and project of a path, whatever stands before `/api/`.
pub fn endpoint(path: &str) -> Option<(Endpoint, &str)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (rest, endpoint) = path.rsplit_once('/')?;
    let (rest, project) = rest.rsplit_once('/')?;
    let is_api = rest == "/api" || rest.ends_with("/api");
    let endpoint = match endpoint {
        "envelope" => Endpoint::Envelope,
        "store" => Endpoint::Store,
        _ => return None,
    };
    (is_api && is_project(project)).then_some((endpoint, project))
}

/// Who sends. `project` is the vendor's numeric id, where the request names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub public_key: String,
    pub project: Option<String>,
    pub sdk: Option<String>,
    pub sdk_version: Option<String>,
}

/// Reads the key wherever it may be. `header` looks up by lower-case name, `dsn` is
/// [`Envelope::dsn`](super::Envelope::dsn), `path_project` comes from [`endpoint`].
///
/// # Errors
/// Without a key, or when two places name different keys or projects.
pub fn credentials<'a>(
    path_project: Option<&str>,
    raw_query: &str,
    header: impl Fn(&str) -> Option<&'a str>,
    dsn: Option<&str>,
) -> Result<Credentials, Rejection> {
    let auth = header("x-sentry-auth")
        .or_else(|| header("authorization"))
        .and_then(sentry_scheme)
        .unwrap_or_default();
    let dsn = dsn.and_then(parse_dsn);
    let keys = [
        query_value(raw_query, "sentry_key"),
        auth_value(auth, "sentry_key"),
        dsn.as_ref().map(|(key, _)| key.clone()),
    ];
    let projects = [
        path_project.map(str::to_owned),
        dsn.map(|(_, project)| project),
    ];
    let client =
        query_value(raw_query, "sentry_client").or_else(|| auth_value(auth, "sentry_client"));
    let (sdk, sdk_version) = client.as_deref().map_or((None, None), split_client);
    let Some(public_key) = the_only(keys)? else {
        return Err(denied("the request names no key: `sentry_key` is missing"));
    };
    Ok(Credentials {
        public_key,
        project: the_only(projects)?,
        sdk,
        sdk_version,
    })
}

/// The value all places agree on.
fn the_only<const N: usize>(places: [Option<String>; N]) -> Result<Option<String>, Rejection> {
    let mut found: Option<String> = None;
    for value in places.into_iter().flatten().filter(|it| !it.is_empty()) {
        match &found {
            Some(found) if *found != value => {
                return Err(denied("the request names two different keys or projects"));
            }
            _ => found = Some(value),
        }
    }
    Ok(found)
}

fn denied(message: &str) -> Rejection {
    Rejection::new(Reason::UnknownKey, message)
}

/// `Sentry a=1, b=2`; the scheme in any case.
fn sentry_scheme(header: &str) -> Option<&str> {
    let (scheme, values) = header.trim().split_once([' ', '\t'])?;
    scheme.eq_ignore_ascii_case("sentry").then_some(values)
}

fn auth_value(list: &str, name: &str) -> Option<String> {
    list.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// How a key is written in a DSN, where SDKs take letters, digits and `_` only: in a
/// key with anything else, that and `_` are written as `_` and two hexadecimal digits.
pub fn dsn_key(key: &str) -> Cow<'_, str> {
    if key.bytes().all(is_dsn_byte) {
        return Cow::Borrowed(key);
    }
    let mut written = String::with_capacity(key.len() + 16);
    for byte in key.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() => written.push(char::from(b)),
            // Writing cannot fail.
            b => drop(write!(written, "_{b:02x}")),
        }
    }
    Cow::Owned(written)
}

/// The key that [`dsn_key`] has written so; `None` when it has not.
pub fn key_of_dsn(written: &str) -> Option<String> {
    let mut parts = written.split('_');
    let mut key = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        key.push(byte.is_ascii().then_some(char::from(byte))?);
        key.push_str(rest);
    }
    (key != written && dsn_key(&key) == written).then_some(key)
}

fn is_dsn_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `sentry.javascript.browser/11.12.0`
fn split_client(client: &str) -> (Option<String>, Option<String>) {
    let (sdk, version) = client.split_once(['/', ' ']).unwrap_or((client, ""));
    (clean_short(sdk), clean_short(version))
}

/// Key and project of a DSN.
fn parse_dsn(dsn: &str) -> Option<(String, String)> {
    let rest = dsn.split_once("://")?.1;
    let (user, address) = rest.rsplit_once('@')?;
    let key = user.split(':').next()?;
    let path = address.split(['?', '#']).next()?.trim_end_matches('/');
    let project = path.rsplit_once('/')?.1;
    let is_key = !key.is_empty() && key.bytes().all(is_dsn_byte);
    (is_key && is_project(project)).then(|| (key.to_owned(), project.to_owned()))
}

fn is_project(project: &str) -> bool {
    (1..=19).contains(&project.len()) && project.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        use Endpoint::{Envelope, Store};
        for (path, expected) in [
            ("/api/42/envelope/", Some((Envelope, "42"))),
            ("/api/42/envelope", Some((Envelope, "42"))),
            ("/behind/a/proxy/api/42/store/", Some((Store, "42"))),
            ("/api/v1/envelope/", None),
            ("/api/42/minidump/", None),
            ("/api//envelope/", None),
            ("/42/envelope/", None),
            ("/tunnel", None),
            ("", None),
        ] {
            assert_eq!(endpoint(path), expected, "{path}");
        }
    }

    #[track_caller]
    fn check(query: &str, auth: Option<&str>, dsn: Option<&str>, expected: Option<(&str, &str)>) {
        let header = |name: &str| (name == "x-sentry-auth").then_some(auth).flatten();
        let found = credentials(Some("42"), query, header, dsn);
        let found = found.as_ref().ok();
        assert_eq!(
            found.map(|it| (
                it.public_key.as_str(),
                it.sdk_version.as_deref().unwrap_or("")
            )),
            expected
        );
    }

    #[test]
    fn keys_are_found_wherever_sdks_put_them() {
        let browser =
            "sentry_version=7&sentry_key=abc&sentry_client=sentry.javascript.browser%2F11.12.0";
        check(browser, None, None, Some(("abc", "11.12.0")));
        let python = "Sentry sentry_key=abc, sentry_version=7, sentry_client=sentry.python/2.75.0";
        check("", Some(python), None, Some(("abc", "2.75.0")));
        let java =
            "sentry sentry_version=7,sentry_client=sentry.java/8,sentry_key=abc,sentry_secret=x";
        check("", Some(java), None, Some(("abc", "8")));
        let dsn = "https://abc:secret@errors.test:8443/behind/42";
        check("", None, Some(dsn), Some(("abc", "")));
        check("sentry_key=abc", Some(java), Some(dsn), Some(("abc", "8")));
    }

    #[test]
    fn requests_without_one_key_are_refused() {
        check("", None, None, None);
        check("sentry_key=", Some("Bearer abc"), None, None);
        check("sentry_key=abc", Some("Sentry sentry_key=def"), None, None);
        check(
            "sentry_key=abc",
            None,
            Some("https://abc@errors.test/43"),
            None,
        );
        // What is no DSN says nothing.
        check("sentry_key=abc", None, Some("nonsense"), Some(("abc", "")));
        check("", None, Some("https://a/b@errors.test/42"), None);
    }

    #[test]
    fn keys_in_dsns() {
        for (key, written) in [
            ("abc", "abc"),
            ("a_2db", "a_2db"),
            ("a-b", "a_2db"),
            ("a-b_2d", "a_2db_5f2d"),
            ("-", "_2d"),
            ("a.b~", "a_2eb_7e"),
        ] {
            assert_eq!(dsn_key(key), written, "{key}");
            let expected = (key != written).then(|| key.to_owned());
            let found = key_of_dsn(written).filter(|found| expected.is_some() || found == key);
            assert_eq!(found, expected, "{written}");
        }
        for other in ["", "abc", "a_b", "a_2", "a_ffx", "a_2Db", "a_5fb", "_é"] {
            assert_eq!(key_of_dsn(other), None, "{other}");
        }
    }

    #[test]
    fn authorization_works_as_well() {
        let header = |name: &str| (name == "authorization").then_some("Sentry sentry_key=abc");
        let found = credentials(None, "", header, None).unwrap();
        assert_eq!((found.public_key.as_str(), found.project), ("abc", None));
    }
}
