//! What the SDKs want to hear. Every 4xx loses the batch for good; 5xx is tried
//! again for half an hour and more, with the same event ids.

use super::request::Absent;
use crate::amplitude;
use crate::{Rejection, Reply};
use model::ingest::Reason;
use serde_json::{Value, json};

/// What can be over its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    Events,
    Recordings,
    Exceptions,
    FeatureFlags,
}

impl Quota {
    const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Recordings => "recordings",
            Self::Exceptions => "exceptions",
            Self::FeatureFlags => "feature_flags",
        }
    }
}

/// The data is stored. Beacons get no body (fixture `legacy-1.172`).
pub fn capture_ok(is_beacon: bool) -> Reply {
    if is_beacon {
        return Reply {
            status: 204,
            headers: Vec::new(),
            content_type: "text/plain",
            body: Vec::new(),
        };
    }
    Reply::json(200, &json!({ "status": "Ok" }))
}

/// The data was taken but not kept; the SDK is silent about these for a minute
/// (fixture `quota`).
pub fn capture_over_quota(over: &[Quota]) -> Reply {
    let over: Vec<&str> = over.iter().map(|quota| quota.name()).collect();
    Reply::json(200, &json!({ "status": "Ok", "quota_limited": over }))
}

pub fn capture_rejected(rejection: &Rejection) -> Reply {
    let (status, kind, code) = match rejection.reason {
        Reason::UnknownKey => (401, "authentication_error", "invalid_api_key"),
        Reason::TooLarge | Reason::EventTooLarge => (413, "validation_error", "too_large"),
        Reason::StorageFull => (503, "server_error", "unavailable"),
        // A 429 would lose what was sent and change nothing.
        Reason::Throttled | Reason::CaptureDisabled => {
            return capture_over_quota(&[Quota::Recordings, Quota::Events]);
        }
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
        | Reason::RedactedSecret => (400, "validation_error", "invalid_payload"),
    };
    Reply::json(
        status,
        &json!({ "type": kind, "code": code, "detail": rejection.message, "attr": null }),
    )
}

/// An answer about something that this product does not have.
pub fn nothing(absent: Absent) -> Reply {
    let body = match absent {
        Absent::Surveys => json!({ "surveys": [] }),
        Absent::EarlyAccessFeatures => json!({ "earlyAccessFeatures": [] }),
        Absent::WebExperiments => json!({ "experiments": [] }),
        Absent::ProductTours => json!({ "product_tours": [] }),
    };
    Reply::json(200, &body)
}

/// An answer that must be as new as the project's settings.
pub(super) fn fresh_json(body: &Value) -> Reply {
    let mut reply = Reply::json(200, body);
    reply.headers.push(("Cache-Control", "no-store".to_owned()));
    reply
}

/// Headers for the answer to a page with this `Origin`.
pub fn cors_headers(origin: Option<&str>) -> Vec<(&'static str, String)> {
    amplitude::cors_headers_exposing(origin, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn success_and_quota() {
        assert_eq!(body(&capture_ok(false)), json!({ "status": "Ok" }));
        let beacon = capture_ok(true);
        assert_eq!((beacon.status, beacon.body.len()), (204, 0));
        assert_eq!(
            capture_over_quota(&[Quota::Recordings]).body,
            br#"{"status":"Ok","quota_limited":["recordings"]}"#
        );
    }

    #[test]
    fn only_a_full_disk_is_worth_a_second_try() {
        for (reason, status) in [
            (Reason::UnknownKey, 401),
            (Reason::InvalidJson, 400),
            (Reason::TooLarge, 413),
            (Reason::Throttled, 200),
            (Reason::CaptureDisabled, 200),
            (Reason::StorageFull, 503),
        ] {
            let reply = capture_rejected(&Rejection::new(reason, "what was wrong"));
            assert_eq!(reply.status, status, "{reason:?}");
        }
    }
}
