//! What the SDKs want to hear. A browser ends its replay for good on any status but
//! 2xx, and on a rate limit of the category `replay` (fixtures `server-error-v11`
//! and `ratelimit-v11`). So data that cannot be kept is taken with 200 and dropped,
//! and there is no way to write such a limit here.

use crate::amplitude;
use crate::{Rejection, Reply};
use model::ingest::Reason;
use serde_json::json;

const ERROR_HEADER: &str = "X-Sentry-Error";
const LIMITS_HEADER: &str = "X-Sentry-Rate-Limits";
/// Without these, a page's script cannot see that it is limited.
const EXPOSED_HEADERS: &str = "x-sentry-error, x-sentry-rate-limits, retry-after";

/// What SDKs count apart. Replays are left out on purpose, see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    Error,
    Transaction,
    Span,
    Attachment,
    Session,
    Feedback,
    Profile,
    LogItem,
    Monitor,
}

pub const ALL_BUT_REPLAYS: [Category; 9] = [
    Category::Error,
    Category::Transaction,
    Category::Span,
    Category::Attachment,
    Category::Session,
    Category::Feedback,
    Category::Profile,
    Category::LogItem,
    Category::Monitor,
];

impl Category {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Transaction => "transaction",
            Self::Span => "span",
            Self::Attachment => "attachment",
            Self::Session => "session",
            Self::Feedback => "feedback",
            Self::Profile => "profile",
            Self::LogItem => "log_item",
            Self::Monitor => "monitor",
        }
    }
}

/// A pause that SDKs are asked for. They drop and count what falls into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    pub retry_after_s: u32,
    pub categories: Vec<Category>,
}

/// The data was taken, stored or not. `event_id` is the envelope's.
pub fn accepted(event_id: Option<&str>, limits: &[RateLimit]) -> Reply {
    let body = match event_id {
        Some(event_id) => json!({ "id": event_id }),
        None => json!({}),
    };
    let mut reply = Reply::json(200, &body);
    reply.headers.extend(limits_header(limits));
    reply
}

/// `may_hold_replay` is [`Envelope::holds_replay`](super::Envelope::holds_replay),
/// and true when the body could not even be read.
pub fn rejected(rejection: &Rejection, may_hold_replay: bool) -> Reply {
    let status = match rejection.reason {
        Reason::UnknownKey => 403,
        _ if may_hold_replay => 200,
        Reason::CaptureDisabled => 200,
        Reason::TooLarge | Reason::EventTooLarge => 413,
        Reason::Throttled => 429,
        Reason::StorageFull => 503,
        Reason::InvalidId
        | Reason::InvalidEncoding
        | Reason::InvalidJson
        | Reason::TooDeep
        | Reason::InvalidEvent
        | Reason::OwnTraffic
        | Reason::ReplayGone
        | Reason::UnknownItem
        | Reason::InvalidItem
        | Reason::Truncated
        | Reason::UnknownCompression
        | Reason::SegmentConflict
        | Reason::RepairedTimestamp
        | Reason::RepairedText
        | Reason::RedactedSecret => 400,
    };
    let mut reply = Reply::json(
        status,
        &json!({ "detail": rejection.message, "causes": [] }),
    );
    if status == 200 {
        reply = accepted(None, &[]);
    }
    if status == 429 {
        // A bare 429 would be taken for a limit of everything, replays included.
        let limit = RateLimit {
            retry_after_s: 60,
            categories: ALL_BUT_REPLAYS.to_vec(),
        };
        reply.headers.extend(limits_header(&[limit]));
    }
    let message = rejection
        .message
        .replace(|c: char| !(' '..='~').contains(&c), "?");
    reply.headers.push((ERROR_HEADER, message));
    reply
}

fn limits_header(limits: &[RateLimit]) -> Option<(&'static str, String)> {
    let parts: Vec<String> = limits
        .iter()
        // No category at all means every one.
        .filter(|limit| !limit.categories.is_empty())
        .map(|limit| {
            let names: Vec<&str> = limit.categories.iter().map(|it| it.name()).collect();
            let names = names.join(";");
            format!("{}:{names}:project:rate_limited", limit.retry_after_s)
        })
        .collect();
    (!parts.is_empty()).then(|| (LIMITS_HEADER, parts.join(", ")))
}

/// Headers for the answer to a page with this `Origin`.
pub fn cors_headers(origin: Option<&str>) -> Vec<(&'static str, String)> {
    amplitude::cors_headers_exposing(origin, Some(EXPOSED_HEADERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        let found = reply.headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_id_is_repeated() {
        assert_eq!(accepted(Some("abc"), &[]).body, br#"{"id":"abc"}"#);
        let reply = accepted(None, &[]);
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, b"{}".as_slice())
        );
        assert_eq!(header(&reply, LIMITS_HEADER), None);
    }

    #[test]
    fn nothing_but_a_wrong_key_ends_a_replay() {
        for reason in [
            Reason::InvalidJson,
            Reason::InvalidEncoding,
            Reason::TooLarge,
            Reason::Throttled,
            Reason::StorageFull,
            Reason::CaptureDisabled,
        ] {
            let reply = rejected(&Rejection::new(reason, "what was wrong"), true);
            assert_eq!(reply.status, 200, "{reason:?}");
            assert_eq!(header(&reply, LIMITS_HEADER), None, "{reason:?}");
            assert_eq!(header(&reply, ERROR_HEADER), Some("what was wrong"));
        }
        let reply = rejected(&Rejection::new(Reason::UnknownKey, "no such key"), true);
        assert_eq!(reply.status, 403);
        assert_eq!(reply.body, br#"{"detail":"no such key","causes":[]}"#);
    }

    #[test]
    fn other_requests_get_the_vendors_statuses() {
        for (reason, status) in [
            (Reason::InvalidJson, 400),
            (Reason::TooLarge, 413),
            (Reason::Throttled, 429),
            (Reason::StorageFull, 503),
            (Reason::CaptureDisabled, 200),
        ] {
            let reply = rejected(&Rejection::new(reason, "a\r\nb"), false);
            assert_eq!(reply.status, status, "{reason:?}");
            assert_eq!(header(&reply, ERROR_HEADER), Some("a??b"));
        }
    }

    #[test]
    fn no_limit_covers_replays() {
        let throttled = rejected(&Rejection::new(Reason::Throttled, "slow down"), false);
        let limits = header(&throttled, LIMITS_HEADER).unwrap_or_default();
        assert_eq!(
            limits,
            "60:error;transaction;span;attachment;session;feedback;profile;log_item;monitor:project:rate_limited"
        );
        let limit = |retry_after_s, categories: &[Category]| RateLimit {
            retry_after_s,
            categories: categories.to_vec(),
        };
        let limits = [
            limit(5, &[Category::Error]),
            limit(7, &[]),
            limit(9, &[Category::Span, Category::Transaction]),
        ];
        assert_eq!(
            header(&accepted(None, &limits), LIMITS_HEADER),
            Some("5:error:project:rate_limited, 9:span;transaction:project:rate_limited")
        );
    }

    #[test]
    fn pages_may_see_what_they_have_to() {
        let headers = cors_headers(Some("https://shop.test"));
        assert!(headers.contains(&(
            "Access-Control-Allow-Origin",
            "https://shop.test".to_owned()
        )));
        assert!(headers.contains(&("Access-Control-Expose-Headers", EXPOSED_HEADERS.to_owned())));
    }
}
