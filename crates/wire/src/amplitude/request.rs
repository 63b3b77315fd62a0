//! What a track request says outside of its body.

use crate::Rejection;
use crate::body::clean_or_reject;
use crate::form::query_value;
use model::ingest::{Client, Reason};

/// Long enough for any SDK's name and version and any browser's user agent.
const MAX_CLIENT_TEXT_CHARS: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    Replay,
    Interaction,
}

/// The query of a track request. `seq_number` of old SDKs is not read: it counts
/// uploads of a browser, not events, and later versions no longer send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackQuery {
    pub device_id: String,
    pub session_id: String,
    pub kind: TrackKind,
    /// Only beacons carry the key here; see [`ingest_key`].
    pub api_key: Option<String>,
    /// How many of the two ids had control characters replaced.
    pub repaired_ids: u64,
}

impl TrackQuery {
    /// Reads a raw query string, without decoding by the caller.
    pub fn parse(raw_query: &str) -> Result<Self, Rejection> {
        let value = |name| query_value(raw_query, name);
        let (device_id, is_device_repaired) =
            clean_or_reject("device_id", value("device_id").as_deref())?;
        let (session_id, is_session_repaired) =
            clean_or_reject("session_id", value("session_id").as_deref())?;
        let kind = match value("type").as_deref() {
            None | Some("" | "replay") => TrackKind::Replay,
            Some("interaction") => TrackKind::Interaction,
            Some(_) => {
                let message = "unknown `type`: expected replay or interaction";
                return Err(Rejection::new(Reason::InvalidJson, message));
            }
        };
        let repaired_ids = u64::from(is_device_repaired) + u64::from(is_session_repaired);
        Ok(Self {
            device_id,
            session_id,
            kind,
            api_key: value("api_key"),
            repaired_ids,
        })
    }
}

/// The project's key: a bearer token of fetches, the query's `api_key` of beacons
/// (which cannot have headers) and of old config requests.
pub fn ingest_key(authorization: Option<&str>, raw_query: &str) -> Option<String> {
    let bearer = authorization.and_then(|header| {
        let (scheme, token) = header.trim().split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let non_empty = |key: &String| !key.is_empty();
    bearer
        .filter(non_empty)
        .or_else(|| query_value(raw_query, "api_key").filter(non_empty))
}

/// The client of a replay request, from its headers, looked up by lower-case name.
/// `X-Client-Library` is `standalone/1.51.6`, `plugin/1.35.2` or `segment/0.4.0`;
/// `X-Client-Version` is that of the recorder in all three.
pub fn client_from_headers<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Client {
    let library = header("x-client-library").and_then(|library| library.split('/').next());
    Client {
        sdk: library.and_then(cut),
        sdk_version: header("x-client-version").and_then(cut),
        user_agent: header("user-agent").and_then(cut),
        country: None,
        user_id: None,
    }
}

fn cut(text: &str) -> Option<String> {
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_CLIENT_TEXT_CHARS)
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw_query: &str) -> Result<(String, String, TrackKind, u64), Reason> {
        TrackQuery::parse(raw_query)
            .map(|query| {
                (
                    query.device_id,
                    query.session_id,
                    query.kind,
                    query.repaired_ids,
                )
            })
            .map_err(|rejection| rejection.reason)
    }

    #[test]
    fn ids_and_types() {
        let ok = |device: &str, session: &str, kind, repaired| {
            Ok((device.to_owned(), session.to_owned(), kind, repaired))
        };
        use TrackKind::{Interaction, Replay};
        for (query, expected) in [
            (
                "device_id=d&session_id=1&type=replay",
                ok("d", "1", Replay, 0),
            ),
            (
                "type=interaction&session_id=s%2F1&device_id=a%2Fb+c&seq_number=7",
                ok("a/b c", "s/1", Interaction, 0),
            ),
            ("device_id=d&session_id=1", ok("d", "1", Replay, 0)),
            (
                "device_id=d%00&session_id=1%0a2&type=",
                ok("d\u{fffd}", "1\u{fffd}2", Replay, 2),
            ),
            ("device_id=%ff&session_id=1", ok("\u{fffd}", "1", Replay, 0)),
            ("device_id=d", Err(Reason::InvalidId)),
            ("device_id=&session_id=1", Err(Reason::InvalidId)),
            ("device_id=%20&session_id=1", Err(Reason::InvalidId)),
            ("", Err(Reason::InvalidId)),
            (
                "device_id=d&session_id=1&type=video",
                Err(Reason::InvalidJson),
            ),
        ] {
            assert_eq!(parse(query), expected, "{query}");
        }
        assert_eq!(
            parse(&format!("device_id={}&session_id=1", "x".repeat(513))),
            Err(Reason::InvalidId)
        );
        assert!(parse(&format!("device_id={}&session_id=1", "x".repeat(512))).is_ok());
    }

    #[test]
    fn the_message_names_the_field() {
        let message = TrackQuery::parse("device_id=d").unwrap_err().message;
        assert_eq!(message, "`session_id` is missing: expected 1 to 512 bytes");
    }

    #[test]
    fn the_key_comes_from_the_header_or_the_query() {
        for (authorization, query, expected) in [
            (Some("Bearer abc"), "api_key=def", Some("abc")),
            (Some("bearer  abc "), "", Some("abc")),
            (Some("Basic abc"), "api_key=def", Some("def")),
            (Some("Bearer "), "api_key=def", Some("def")),
            (None, "x=1&api_key=d%65f", Some("def")),
            (None, "api_key=", None),
            (None, "", None),
        ] {
            assert_eq!(
                ingest_key(authorization, query).as_deref(),
                expected,
                "{authorization:?} {query}"
            );
        }
    }

    #[test]
    fn the_client_is_cut_and_cleaned() {
        let long = "x".repeat(2_000);
        let client = client_from_headers(|name| match name {
            "x-client-library" => Some("plugin/1.35.2"),
            "x-client-version" => Some("1.50.2\u{7}"),
            "user-agent" => Some(&long),
            _ => None,
        });
        assert_eq!(client.sdk.as_deref(), Some("plugin"));
        assert_eq!(client.sdk_version.as_deref(), Some("1.50.2"));
        assert_eq!(client.user_agent.map(|text| text.len()), Some(512));
        assert_eq!(client_from_headers(|_| Some(" ")), Client::default());
    }
}
