//! Visitors: of three vendors, one model.

use crate::posthog;
use crate::recording::{START_MS, analytics, event, upload};
use crate::sentry;
use crate::server::{Server, wait_for};
use serde_json::{Value, json};

/// The one user with this identity.
fn user(server: &Server, identity: &str, is_ready: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/v1/users?identity={identity}");
    wait_for(&format!("the user {identity}"), || {
        let list = server.json(&path);
        let users = list["users"].as_array().unwrap();
        assert!(users.len() <= 1, "{users:?}");
        let found = users.first()?;
        let whole = server.json(&format!("/api/v1/users/{}", found["id"]));
        is_ready(&whole).then_some(whole)
    })
}

fn identities(user: &Value) -> Vec<&str> {
    let list = user["identities"].as_array().unwrap();
    list.iter()
        .map(|it| it["identity"].as_str().unwrap())
        .collect()
}

#[test]
fn posthog_identifies_aliases_and_groups() {
    let server = posthog::start();
    posthog::send_all(&server, "posthog/identity");
    posthog::send_all(&server, "posthog/identity");
    // Replays and identities are written each at their own time.
    let found = user(&server, "user-77", |it| {
        it["identity_count"] == 3
            && it["replays"][0]["user_id"] == "user-77"
            && it["properties"]["plan"] == "pro"
            && !it["groups"][0].is_null()
    });
    assert_eq!(found["user_id"], "user-77");
    assert_eq!(found["properties"]["plan"], "pro");
    let mut names = identities(&found);
    names.sort_unstable();
    assert_eq!(
        names,
        ["01a1fbc7-75c4-789b-b92c-7a124ad9ad97", "crm-991", "user-77"]
    );
    assert_eq!(
        (&found["groups"][0]["kind"], &found["groups"][0]["key"]),
        (&json!("company"), &json!("acme"))
    );
    let kinds: Vec<_> = found["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    for kind in ["identified", "alias", "group", "properties"] {
        assert_eq!(
            kinds.iter().filter(|it| **it == kind).count(),
            if kind == "properties" {
                kinds.len() - 3
            } else {
                1
            },
            "{kinds:?}"
        );
    }
    let replays = found["replays"].as_array().unwrap();
    assert_eq!(
        replays.len(),
        1,
        "the visit after `reset` is somebody else's"
    );
    assert_eq!(replays[0]["user_id"], "user-77");
    let id = replays[0]["id"].as_str().unwrap();
    let replay = server.json(&format!("/api/v1/replays/{id}"));
    assert_eq!(replay["person"]["user_id"], "user-77");
}

#[test]
fn amplitude_knows_who_was_on_a_device() {
    let server = Server::start();
    upload(&server, "phone", "1", &[event(START_MS, 1)]);
    let id = server.replay_id("phone", "1");
    let login = |insert: &str, user: &str| {
        json!({ "event_type": "$identify", "device_id": "phone", "user_id": user, "session_id": 1, "time": START_MS,
            "insert_id": insert, "user_properties": { "$set": { "plan": "pro", "email": format!("{user}@shop.test") }, "$setOnce": { "first": 1 } } })
    };
    assert_eq!(
        analytics(&server, &json!([login("1", "ada"), login("1", "ada")])).status,
        200
    );
    let ada = user(&server, "phone", |it| {
        it["email"] == "ada@shop.test" && it["replays"][0]["id"] == id.as_str()
    });
    assert_eq!(
        (&ada["email"], &ada["properties"]["first"]),
        (&json!("ada@shop.test"), &json!(1))
    );
    assert_eq!(ada["replays"][0]["id"], id);
    // Another person on the same device: two known users stay two.
    assert_eq!(analytics(&server, &json!([login("2", "bob")])).status, 200);
    let bob = user(&server, "bob", |it| it["properties"]["plan"] == "pro");
    assert_ne!(bob["id"], ada["id"]);
    assert_eq!(identities(&bob), ["bob"]);
    assert!(
        bob["history"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["kind"] == "merge_refused")
    );
    let list = server.json("/api/v1/users?query=bo&limit=1");
    assert_eq!(list["users"][0]["user_id"], "bob");
}

#[test]
fn sentry_names_users_in_replays_and_errors() {
    let server = sentry::start();
    let replay = "3".repeat(32);
    sentry::envelope(&server, sentry::segment(&replay, 0, &[1_795_000_000_000]));
    let found = user(&server, "u-1", |it| {
        it["email"] == "ada@shop.test" && !it["replays"][0].is_null()
    });
    assert_eq!(found["replays"][0]["session_id"], replay);
    let error = json!({ "event_id": "4".repeat(32), "message": "m", "user": { "id": "u-2", "username": "bob" } });
    sentry::envelope(&server, sentry::items(&json!({}), &[("event", error)]));
    user(&server, "u-2", |it| it["name"] == "bob");
    for nobody in ["undefined", "null"] {
        let error = json!({ "event_id": "5".repeat(32), "message": "m", "user": { "id": nobody } });
        sentry::envelope(&server, sentry::items(&json!({}), &[("event", error)]));
    }
    let list = server.json("/api/v1/users");
    assert_eq!(list["users"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("/api/v1/users/99").status, 404);
    assert_eq!(server.get("/api/v1/users?limit=0").status, 400);
    assert_eq!(server.send("GET", "/api/v1/users", &[], ()).status, 401);
}
