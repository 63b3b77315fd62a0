//! Keys in a DSN: SDKs take letters, digits and `_` only, projects have dashes, too.

use crate::sentry::{items, segment};
use crate::server::{Options, program};
use serde_json::json;

const KEY: &str = "my-old_key-1";
const DSN_KEY: &str = "my_2dold_5fkey_2d1";
const REPLAY: &str = "11111111111111111111111111111111";

#[test]
fn a_key_with_dashes_has_a_form_that_dsns_take() {
    let server = Options::default().ingest_key(KEY).start();
    for (number, key) in [(0, DSN_KEY), (1, KEY)] {
        let path = format!("/api/42/envelope/?sentry_version=7&sentry_key={key}");
        let body = segment(REPLAY, number, &[1_795_000_000_000 + number as i64]);
        let answer = server.send("POST", &path, &[], body);
        assert_eq!(
            (answer.status, answer.header("x-sentry-error")),
            (200, ""),
            "{key}"
        );
    }
    let dsn = server.url().replace("://", &format!("://{DSN_KEY}@")) + "/42";
    let body = items(
        &json!({ "dsn": dsn }),
        &[("event", json!({ "message": "m" }))],
    );
    let answer = server.send("POST", "/tunnel", &[], body);
    assert_eq!((answer.status, answer.header("x-sentry-error")), (200, ""));
    let id = server.replay_id(REPLAY, REPLAY);
    assert_eq!(server.events(&id).len(), 2);

    let wrong = "/api/42/envelope/?sentry_key=my_2dold_2dkey_2d1";
    assert_eq!(server.send("POST", wrong, &[], "{}").status, 403);

    let doctor = |key: &str| {
        let dsn = server.url().replace("://", &format!("://{key}@")) + "/42";
        let done = program()
            .args(["doctor", "--wait", "0", "--dsn", &dsn])
            .output();
        let done = done.unwrap();
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        (done.status.success(), said)
    };
    let (ok, said) = doctor(DSN_KEY);
    assert!(ok, "{said}");
    let (ok, said) = doctor(KEY);
    assert!(!ok && said.contains(DSN_KEY), "{said}");
}
