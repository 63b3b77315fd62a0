//! What the player gets runs nothing; what is kept is what was recorded.

use crate::recording::{START_MS, upload};
use crate::server::Options;
use serde_json::{Value, json};

fn element(id: u64, tag: &str, attributes: Value, children: Value) -> Value {
    json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children})
}

/// A page whose every part tries something.
fn hostile() -> Vec<Value> {
    let children = json!([
        element(
            10,
            "script",
            json!({"src": "https://evil.test/x.js"}),
            json!([])
        ),
        element(
            11,
            "img",
            json!({"src": "x", "onerror": "attack()"}),
            json!([])
        ),
        element(
            12,
            "a",
            json!({"href": " java\tscript:attack()"}),
            json!([])
        ),
        element(
            13,
            "iframe",
            json!({"srcdoc": "<script>attack()</script>"}),
            json!([])
        ),
        element(
            14,
            "iframe",
            json!({"src": "https://evil.test/frame"}),
            json!([])
        ),
        element(15, "base", json!({"href": "https://evil.test/"}), json!([])),
        element(
            16,
            "meta",
            json!({"http-equiv": "refresh", "content": "0;url=https://evil.test/"}),
            json!([])
        ),
    ]);
    let body = element(3, "body", json!({"onload": "attack()"}), children);
    let html = element(2, "html", json!({}), json!([body]));
    let node = json!({"type": 0, "id": 1, "childNodes": [html]});
    let attributes = json!([{"id": 11, "attributes": {"ONCLICK": "attack()", "title": "fine"}}]);
    let add = element(
        20,
        "svg",
        json!({"onload": "attack()", "isSVG": true}),
        json!([]),
    );
    vec![
        json!({"type": 2, "timestamp": START_MS, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}}),
        json!({"type": 3, "timestamp": START_MS + 1, "data": {"source": 0, "texts": [], "removes": [],
            "attributes": attributes, "adds": [{"parentId": 3, "nextId": null, "node": add}]}}),
        json!({"type": 99, "timestamp": START_MS + 2, "data": "unknown"}),
    ]
}

#[test]
fn playback_is_sanitised_and_the_recording_is_not() {
    let server = Options::default().sealing_at_once().start();
    upload(&server, "d", "1", &hostile());
    let id = server.replay_id("d", "1");
    for sealed in [false, true] {
        if sealed {
            server.wait_until_sealed(&id);
        }
        assert_eq!(server.events(&id), hostile(), "exactly as recorded");
        let played = server
            .get(&format!("/api/v1/replays/{id}/playback"))
            .text()
            .to_lowercase();
        for bad in [
            "attack",
            "onerror",
            "onload",
            "onclick",
            "srcdoc",
            "script:",
            "evil.test",
        ] {
            assert!(!played.contains(bad), "{bad} in {played}");
        }
        assert!(played.contains("\"fine\""), "harmless attributes stay");
    }
}
