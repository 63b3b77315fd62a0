//! What our own SDK needs of the server: its files, its settings, its short form.

use crate::person::{COLLEAGUE, Person, add_people, error, error_of};
use crate::recording::{event, gzip, meta, snapshot};
use crate::server::{Answer, Options, Server, wait_for};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/settings";

fn config(server: &Server) -> Value {
    let path = format!("/config/{}?config_group=browser", server.options.ingest_key);
    server.send("GET", &path, &[], ()).json()["configs"]["sessionReplay"].take()
}

#[test]
fn capture_settings_of_a_project_reach_its_recorders() {
    let server = Options::default()
        .env("REENACT__CAPTURE__MASK_LEVEL", "light")
        .env("REENACT__CAPTURE__MASK_SELECTORS", "[\".of-the-server\"]")
        .start();
    add_people(&server);
    let owner = Person::owner(&server);
    let change = |capture: Value| {
        let answer = owner.send(&server, "PATCH", PATH, json!({ "capture": capture }));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let before = owner.get(&server, PATH);
    assert_eq!(before["capture"]["mask_level"], Value::Null);
    assert_eq!(before["in_force"]["mask_level"], "light");
    assert_eq!(
        config(&server)["sr_privacy_config"]["maskSelector"],
        json!([".of-the-server"])
    );
    let rule =
        json!({"url_contains": "/pay", "event": "Order", "user_properties": {"plan": "pro"}});
    let after = change(json!({
        "sample_rate": 0.25,
        "error_sample_rate": 1,
        "min_duration_ms": 2000,
        "mask_level": "conservative",
        "mask_selectors": [".secret"],
        "block_selectors": ["#map"],
        "unmask_selectors": [".public"],
        "console": true,
        "interactions": false,
        "targeting": [rule],
    }));
    assert_eq!(after["capture"]["sample_rate"], 0.25);
    assert_eq!(after["in_force"]["mask_level"], "conservative");
    let told = config(&server);
    assert_eq!(
        told["sr_sampling_config"],
        json!({"capture_enabled": true, "sample_rate": 0.25, "error_sample_rate": 1.0, "min_session_duration_ms": 2000})
    );
    assert_eq!(
        told["sr_privacy_config"],
        json!({"defaultMaskLevel": "conservative", "blockSelector": ["#map"], "maskSelector": [".secret"], "unmaskSelector": [".public"]})
    );
    assert_eq!(told["sr_interaction_config"]["enabled"], false);
    assert_eq!(told["sr_logging_config"]["console"]["enabled"], true);
    let conditions = told["sr_targeting_config"]["segments"][0]["conditions"][0]
        .as_array()
        .unwrap();
    assert_eq!(conditions.len(), 3);

    // What is not named stays; null gives it back to the server's configuration.
    let after = change(json!({"sample_rate": null, "mask_level": null, "targeting": null}));
    assert_eq!(after["capture"]["min_duration_ms"], 2000);
    let told = config(&server);
    assert_eq!(told["sr_privacy_config"]["defaultMaskLevel"], "light");
    assert_eq!(told["sr_sampling_config"]["sample_rate"], 1.0);
    assert_eq!(told.get("sr_targeting_config"), None);
    // A rate of the project's own wins even when it is 0.
    change(json!({"sample_rate": 0}));
    assert_eq!(config(&server)["sr_sampling_config"]["sample_rate"], 0.0);
}

#[test]
fn only_owners_change_them_and_only_to_what_recorders_understand() {
    let server = Server::start();
    add_people(&server);
    let owner = Person::owner(&server);
    let before = config(&server);
    for capture in [
        json!({"sample_rate": 2}),
        json!({"mask_level": "none"}),
        json!({"mask_selectors": ["a["]}),
        json!({"colour": "red"}),
        json!({"targeting": [{"colour": "red"}]}),
        json!([]),
    ] {
        let body = json!({ "capture": capture });
        let answer = owner.send(&server, "PATCH", PATH, body.clone());
        assert_eq!(error_of(&answer), error(400, "invalid"), "{body}");
    }
    let body = json!({"capture": {"sample_rate": 0.5}});
    let member = Person::log_in(&server, COLLEAGUE);
    let answer = member.send(&server, "PATCH", PATH, body.clone());
    assert_eq!(error_of(&answer), error(403, "forbidden"));
    let answer = owner.forged(&server, "PATCH", PATH, body.clone());
    assert_eq!(error_of(&answer), error(403, "csrf"));
    let other = format!("{PATH}?project_id=2");
    let answer = owner.send(&server, "PATCH", &other, body);
    assert_eq!(error_of(&answer), error(404, "not_found"));
    assert_eq!(server.send("GET", PATH, &[], ()).status, 401);
    assert_eq!(config(&server), before);
}

fn ingest(server: &Server, device: &str, body: &str) -> Answer {
    let path = format!(
        "/api/v1/ingest/rrweb?device_id={device}&session_id=1&library=@reenact/browser/9.8.7"
    );
    let bearer = format!("Bearer {}", server.options.ingest_key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-encoding", "gzip"),
    ];
    server.send("POST", &path, &headers, gzip(body.as_bytes()).as_slice())
}

/// A custom event as our SDK sends it.
fn in_columns(number: u64, at_ms: i64) -> String {
    format!(
        "[columns 1]\n\n{{[\"type\",\"data\",\"timestamp\"]\n\n5\n\n{{[\"tag\",\"payload\"]\n\n\"n\"\n\n{{[\"number\"]\n\n{number}\n\n{at_ms}"
    )
}

#[test]
fn events_in_columns_are_stored_once_with_those_that_came_as_they_are() {
    let server = Server::start();
    let at_ms = crate::recording::START_MS;
    let page = json!([
        meta(at_ms, "https://shop.test/"),
        snapshot(at_ms),
        event(at_ms + 10, 1)
    ]);
    let body = page.to_string();
    assert_eq!(ingest(&server, "d", &body).status, 200);
    let columns = in_columns(7, at_ms + 20);
    let answer = ingest(&server, "d", &columns);
    assert_eq!(answer.json()["accepted_events"], 1, "{}", answer.text());
    // The beacon's copy.
    let plain = format!(
        r#"[{{"type":5,"data":{{"tag":"n","payload":{{"number":7}}}},"timestamp":{}}}]"#,
        at_ms + 20
    );
    assert_eq!(ingest(&server, "d", &plain).status, 200);
    let id = wait_for("the replay", || {
        let replay = server.replays().pop()?;
        (replay["event_count"] == 4).then(|| replay["id"].as_str().unwrap().to_owned())
    });
    let events = server.events(&id);
    assert_eq!(events.len(), 4);
    assert_eq!(server.replay("d", "1")["sdk_version"], "9.8.7");
    // Refused as a whole, with a status that makes the SDK send it as it is.
    for broken in ["[columns 1]\n\n{0", "[columns 2]\n\n1"] {
        assert_eq!(
            error_of(&ingest(&server, "d", broken)),
            error(400, "invalid_json")
        );
    }
}

#[test]
fn one_script_tag_is_the_whole_installation() {
    let server = Server::start();
    let file = server.send(
        "GET",
        "/sdk/reenact.js",
        &[("origin", "https://shop.test")],
        (),
    );
    if file.status == 404 && std::env::var_os("CI").is_none() {
        // Built without Node.
        return;
    }
    assert_eq!(file.status, 200);
    assert_eq!(file.header("access-control-allow-origin"), "*");
    assert_eq!(file.header("cross-origin-resource-policy"), "cross-origin");
    assert!(file.header("content-type").starts_with("text/javascript"));
    assert!(file.header("cache-control").contains("max-age=3600"));
    let tag = file.header("etag").to_owned();
    let again = server.send("GET", "/sdk/reenact.js", &[("if-none-match", &tag)], ());
    assert_eq!(again.status, 304);
    assert_eq!(server.get("/sdk/recorder.js").status, 200);
    assert_eq!(server.get("/sdk/modules/console.js").status, 200);
    let version = server.json("/sdk/version.json");
    assert!(
        version["integrity"]["reenact.js"]
            .as_str()
            .unwrap()
            .starts_with("sha384-")
    );
    let name = version["version"].as_str().unwrap();
    let pinned = server.get(&format!("/sdk/{name}/reenact.js"));
    assert!(pinned.header("cache-control").contains("immutable"));
    assert_eq!(pinned.text(), file.text());
    for missing in [
        "/sdk/0.0.1-abc/reenact.js",
        "/sdk/types/index.d.ts",
        "/sdk/../Cargo.toml",
    ] {
        assert_eq!(server.get(missing).status, 404, "{missing}");
    }
}
