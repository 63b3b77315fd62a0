//! What the SDKs expect to hear. Wrong words here make them send everything again.

use crate::{Rejection, Reply};
use model::Timestamp;
use model::ingest::Reason;
use serde_json::{Value, json};

/// Read by the SDK on a success, where it is allowed to (see `cors`).
pub(super) const SKIPPED_HEADER: &str = "X-Session-Replay-Event-Skipped";

/// The data is stored. The SDK reads the status only.
pub fn track_ok() -> Reply {
    Reply::json(200, &json!({ "code": 200 }))
}

/// The data was taken but not kept. `429` pauses the SDK for a minute; `4005`
/// (capture disabled) ends sending for this session.
pub fn track_skipped(code: u16) -> Reply {
    let mut reply = track_ok();
    reply.headers.push((SKIPPED_HEADER, code.to_string()));
    reply
}

/// Statuses below 500 other than 408, 413 and 429 make the SDK drop the data and
/// carry on; 429 and 5xx are tried once more.
pub fn track_rejected(rejection: &Rejection) -> Reply {
    let status = status(rejection.reason);
    // A 413 whose body matches /payload.*exceed/i would make the SDK halve its batch
    // again and again, down to single events: more than a hundred requests.
    let message = if status == 413 {
        "request body is too large"
    } else {
        rejection.message.as_str()
    };
    Reply::json(
        status,
        &json!({ "error": { "code": rejection.reason.name(), "message": message } }),
    )
}

/// The settings for a known project, from [`config_json`](super::config_json). They
/// must never be older than the last change, so nothing may keep them.
pub fn config_ok(config_json: Vec<u8>) -> Reply {
    let headers = vec![("Cache-Control", "no-store".to_owned())];
    Reply {
        status: 200,
        headers,
        content_type: "application/json",
        body: config_json,
    }
}

/// An unknown key. On 401 the SDK stops asking for the life of the page and does
/// not record; it repeats any 5xx.
pub fn config_rejected() -> Reply {
    Reply::json(
        401,
        &json!({ "error": { "code": Reason::UnknownKey.name(), "message": "unknown ingest key" } }),
    )
}

/// The SDK judges by `code` in the body: without it, events are sent again.
pub fn events_ok(events_ingested: usize, payload_size_bytes: usize, now: Timestamp) -> Reply {
    Reply::json(
        200,
        &json!({
            "code": 200,
            "events_ingested": events_ingested,
            "payload_size_bytes": payload_size_bytes,
            "server_upload_time": now.millis(),
        }),
    )
}

/// The vendor's error forms; `code` in the body is what counts.
pub fn events_rejected(rejection: &Rejection) -> Reply {
    // Any other 4xx than these three would be retried for minutes.
    let code = match status(rejection.reason) {
        code @ (413 | 429 | 503) => code,
        _ => 400,
    };
    let mut body = json!({ "code": code, "error": rejection.message });
    match (code, rejection.missing_field) {
        // A missing field, or an error that starts like this, drops the whole batch.
        (400, Some(field)) => body["missing_field"] = field.into(),
        (400, None) if rejection.reason == Reason::UnknownKey => {
            body["error"] = format!("Invalid API key: {}", rejection.message).into();
        }
        (429, _) => {
            body["eps_threshold"] = 0.into();
            for key in [
                "throttled_devices",
                "throttled_users",
                "exceeded_daily_quota_devices",
                "exceeded_daily_quota_users",
            ] {
                body[key] = json!({});
            }
            body["throttled_events"] = Value::Array(Vec::new());
        }
        _ => {}
    }
    Reply::json(code, &body)
}

fn status(reason: Reason) -> u16 {
    match reason {
        Reason::UnknownKey => 401,
        Reason::CaptureDisabled => 403,
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn track_answers() {
        assert_eq!((track_ok().status, track_ok().headers), (200, Vec::new()));
        let skipped = track_skipped(4005);
        assert_eq!(skipped.status, 200);
        assert_eq!(
            skipped.headers,
            [("X-Session-Replay-Event-Skipped", "4005".to_owned())]
        );
        for (reason, status) in [
            (Reason::UnknownKey, 401),
            (Reason::InvalidId, 400),
            (Reason::InvalidEncoding, 400),
            (Reason::InvalidJson, 400),
            (Reason::TooLarge, 413),
            (Reason::StorageFull, 503),
        ] {
            let reply = track_rejected(&Rejection::new(reason, "what was wrong"));
            assert_eq!(reply.status, status, "{reason:?}");
            assert_eq!(body(&reply)["error"]["code"], reason.name());
        }
    }

    #[test]
    fn a_413_never_starts_the_bisect_storm() {
        let reply = track_rejected(&Rejection::new(Reason::TooLarge, "Payload size Exceeded"));
        let text = String::from_utf8(reply.body).unwrap().to_lowercase();
        assert!(
            !text.contains("payload") && !text.contains("exceed"),
            "{text}"
        );
    }

    #[test]
    fn events_answers_carry_the_code_in_the_body() {
        let ok = events_ok(3, 512, Timestamp::from_millis(1_795_225_016_370));
        assert_eq!(
            body(&ok),
            json!({"code":200,"events_ingested":3,"payload_size_bytes":512,"server_upload_time":1_795_225_016_370_i64})
        );
        for (reason, code) in [
            (Reason::UnknownKey, 400),
            (Reason::InvalidJson, 400),
            (Reason::CaptureDisabled, 400),
            (Reason::TooLarge, 413),
            (Reason::Throttled, 429),
            (Reason::StorageFull, 503),
        ] {
            let reply = events_rejected(&Rejection::new(reason, "what was wrong"));
            assert_eq!(
                (reply.status, &body(&reply)["code"]),
                (code, &json!(code)),
                "{reason:?}"
            );
        }
    }

    #[test]
    fn events_are_dropped_for_good_where_a_retry_is_useless() {
        let unknown = events_rejected(&Rejection::new(Reason::UnknownKey, "no project has it"));
        assert_eq!(
            body(&unknown)["error"],
            "Invalid API key: no project has it"
        );
        let missing = events_rejected(&Rejection::missing(
            "api_key",
            Reason::UnknownKey,
            "the request names no api_key",
        ));
        assert_eq!(
            body(&missing),
            json!({"code":400,"error":"the request names no api_key","missing_field":"api_key"})
        );
        let throttled = body(&events_rejected(&Rejection::new(
            Reason::Throttled,
            "slow down",
        )));
        assert_eq!(throttled["throttled_events"], json!([]));
        assert_eq!(throttled["exceeded_daily_quota_devices"], json!({}));
    }
}
