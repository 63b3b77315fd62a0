//! Uploads on an address of their own: neither listener serves the other's routes.

use crate::recording::{START_MS, event, track_body, track_path};
use crate::server::{Options, send};

#[test]
fn the_app_and_the_ingest_listener_have_nothing_in_common() {
    let options = Options::default().arg("--ingest-listen").arg("127.0.0.1:0");
    let server = options.start();
    let line = server.next_stdout_line();
    let ingest = line
        .strip_prefix("ingest on ")
        .unwrap_or_else(|| panic!("{line}"));
    let key = format!("Bearer {}", server.options.ingest_key);
    let headers = [
        ("authorization", key.as_str()),
        ("content-type", "application/json"),
    ];
    let body = track_body(&[event(START_MS, 1)]);
    let uploads = [
        track_path("d", "1", "replay"),
        "/sessions/track?device_id=d&session_id=2".to_owned(),
        "/api/v1/ingest/rrweb?device_id=d&session_id=3".to_owned(),
    ];
    for path in &uploads {
        let refused = server.send("POST", path, &headers, body.as_slice()).status;
        assert!(
            (300..500).contains(&refused),
            "{path} on the app's port: {refused}"
        );
        let taken = send(
            &format!("{ingest}{path}"),
            "POST",
            &headers,
            body.as_slice(),
        )
        .unwrap();
        assert_eq!(taken.status, 200, "{path}: {}", taken.text());
    }
    for path in ["/2/httpapi", "/batch"] {
        let refused = server.send("POST", path, &headers, "{}").status;
        assert!(
            (300..500).contains(&refused),
            "{path} on the app's port: {refused}"
        );
    }
    let config = format!("/config/{}", server.options.ingest_key);
    assert_eq!(
        send(&format!("{ingest}{config}"), "GET", &[], ())
            .unwrap()
            .status,
        200
    );
    assert_ne!(server.send("GET", &config, &[], ()).status, 200);

    for path in [
        "/",
        "/login",
        "/setup",
        "/stage/",
        "/api/v1/me",
        "/api/v1/replays",
        "/api/v1/setup",
        "/demo/",
        "/metrics",
        "/readyz",
    ] {
        let token = format!("Bearer {}", server.options.api_token);
        let answer = send(
            &format!("{ingest}{path}"),
            "GET",
            &[("authorization", &token)],
            (),
        )
        .unwrap();
        assert_eq!(answer.status, 404, "{path} on the ingest port");
    }
    assert_eq!(
        send(&format!("{ingest}/healthz"), "GET", &[], ())
            .unwrap()
            .status,
        200
    );
    server.replay("d", "1");
    server.replay("d", "2");
    server.replay("d", "3");
    assert_eq!(server.replays().len(), 3);
}
