//! Recorded pages are on other origins, and the exit beacon is sent with credentials.

use crate::recording::{START_MS, event, track_body, track_path};
use crate::server::{Answer, Server};

const PAGE: &str = "https://shop.test:8443";

/// What browsers demand of an answer to a request with credentials: `*` will not do.
fn assert_open_to_page(answer: &Answer, what: &str) {
    for (name, expected) in [
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        (
            "access-control-expose-headers",
            "X-Session-Replay-Event-Skipped",
        ),
        ("vary", "Origin"),
    ] {
        assert_eq!(answer.header(name), expected, "{name} of {what}");
    }
}

#[test]
fn preflights_are_granted_what_the_sdks_ask_for() {
    let server = Server::start();
    let key = &server.options.ingest_key;
    let fetch = "authorization,content-encoding,content-type,x-client-library,x-client-sample-rate,x-client-url,x-client-version,x-sampling-hash-alg";
    let beacon = format!("/sessions/v2/track?device_id=d&session_id=1&type=replay&api_key={key}");
    for (path, method, asked) in [
        (
            "/sessions/v2/track?device_id=d&session_id=1&type=replay",
            "POST",
            fetch,
        ),
        (&beacon, "POST", "content-type"),
        ("/2/httpapi", "POST", "content-type"),
        ("/batch", "POST", "content-encoding,content-type"),
        (
            &format!("/config/{key}?config_group=browser"),
            "GET",
            "content-type",
        ),
        (
            &format!("/sessions/config?api_key={key}"),
            "GET",
            "content-type",
        ),
        (
            "/api/v1/ingest/rrweb?device_id=d&session_id=1",
            "POST",
            "authorization,content-type",
        ),
    ] {
        let headers = [
            ("origin", PAGE),
            ("access-control-request-method", method),
            ("access-control-request-headers", asked),
        ];
        let answer = server.send("OPTIONS", path, &headers, ());
        assert_eq!(answer.status, 204, "{path}");
        assert_open_to_page(&answer, path);
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains(method),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-headers"),
            asked,
            "{path}"
        );
    }
}

#[test]
fn pages_may_read_answers_also_of_errors() {
    let server = Server::start();
    let key = server.options.ingest_key.clone();
    let good = format!("Bearer {key}");
    let track = track_path("d", "1", "replay");
    let body = track_body(&[event(START_MS, 1)]);
    let plain = "/api/v1/ingest/rrweb?device_id=d&session_id=2";
    for (method, path, authorization, body, status) in [
        ("POST", track.as_str(), good.as_str(), body.as_slice(), 200),
        ("POST", &track, "Bearer unknown-key", &body, 401),
        ("POST", &track, "", &body, 401),
        ("POST", &track, &good, b"{", 400),
        ("POST", "/sessions/v2/track", &good, &body, 400),
        ("POST", "/2/httpapi", "", b"{}", 400),
        ("POST", "/2/httpapi", "", b"", 400),
        ("GET", &format!("/config/{key}"), "", b"", 200),
        ("GET", "/config/unknown-key", "", b"", 401),
        ("POST", plain, &good, b"[]", 200),
        ("POST", plain, &good, b"?", 400),
        ("POST", plain, "Bearer unknown-key", b"[]", 401),
        ("POST", "/api/v1/ingest/rrweb", &good, b"[]", 400),
        // The same name twice.
        ("POST", &format!("{plain}&device_id=e"), &good, b"[]", 400),
    ] {
        let mut headers = vec![("origin", PAGE)];
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        let answer = match method {
            "GET" => server.send(method, path, &headers, ()),
            _ => server.send(method, path, &headers, body),
        };
        let what = format!("{method} {path} {authorization}");
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert_open_to_page(&answer, &what);
    }
}

#[test]
fn the_app_is_closed_to_other_origins() {
    let server = Server::start();
    for path in ["/api/v1/replays", "/api/v1/me", "/", "/metrics", "/login"] {
        let answer = server.send("GET", path, &[("origin", PAGE)], ());
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}
