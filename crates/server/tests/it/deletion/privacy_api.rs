//! Amplitude's User Privacy API, as its clients use it.

use super::{assert_nowhere, start, wait_done};
use crate::person::{Person, error, error_of};
use crate::recording::analytics;
use crate::server::{Answer, Options, Server, wait_for};
use base64::Engine as _;
use serde_json::{Value, json};

const PATH: &str = "/api/2/deletions/users";

pub struct Client(String);

impl Client {
    /// With a token of an owner that has these scopes.
    pub fn new(server: &Server, scopes: &[&str]) -> Self {
        let owner = Person::owner(server);
        let wanted = json!({"name": "erasure", "scopes": scopes, "expires_in_days": null});
        let made = owner.send(server, "POST", "/api/v1/tokens?project_id=1", wanted);
        assert!(made.status < 300, "{}", made.text());
        let made = made.json();
        let token = made["token"].as_str().unwrap();
        Self::with(&server.options.ingest_key, token)
    }

    fn with(key: &str, token: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{key}:{token}"));
        Self(format!("Basic {pair}"))
    }

    pub fn post(&self, server: &Server, body: Value) -> Answer {
        let headers = [
            ("authorization", self.0.as_str()),
            ("content-type", "application/json"),
        ];
        server.send("POST", PATH, &headers, body.to_string())
    }

    fn get(&self, server: &Server, query: &str) -> Answer {
        let headers = [("authorization", self.0.as_str())];
        server.send("GET", &format!("{PATH}?{query}"), &headers, ())
    }
}

#[test]
fn programs_written_for_amplitude_delete_users() {
    let (server, _site) = start(Options::default());
    for user in ["planted-ada", "planted-eve", "bob"] {
        let events = json!([{"event_type": "Bought", "user_id": user, "device_id": format!("{user}-device"),
            "insert_id": user}]);
        assert_eq!(analytics(&server, &events).status, 200);
    }
    let id_of = |user: &str| {
        wait_for("the user", || {
            let users = server.json(&format!("/api/v1/users?identity={user}"));
            users["users"][0]["id"].as_i64()
        })
    };
    let (ada, eve, bob) = (id_of("planted-ada"), id_of("planted-eve"), id_of("bob"));
    let client = Client::new(&server, &["delete"]);

    // One that nobody knows, and nothing happens to the other.
    let target = json!({"user_ids": ["planted-ada", "nobody-at-all"]});
    let refused = client.post(&server, target);
    assert_eq!(error_of(&refused), error(400, "invalid"));
    assert!(refused.text().contains("user_ids[1]"), "{}", refused.text());
    assert_eq!(id_of("planted-ada"), ada);

    let target = json!({"user_ids": ["planted-ada", "nobody-at-all"], "amplitude_ids": [eve],
        "ignore_invalid_id": "True", "delete_from_org": "False", "include_mapped_user_ids": "True",
        "requester": "dpo"});
    let answer = client.post(&server, target);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let ids = answer["amplitude_ids"].as_array().unwrap();
    let ids: Vec<_> = ids.iter().map(|it| it["amplitude_id"].clone()).collect();
    assert_eq!(ids, [json!(ada), json!(eve)], "{answer}");
    assert_eq!(answer["amplitude_ids"][0]["requester"], "dpo");
    assert_eq!(
        (&answer["status"], &answer["app"]),
        (&json!("submitted"), &json!("1"))
    );

    let day = answer["day"].as_str().unwrap().to_owned();
    let days = format!("start_day={day}&end_day={day}");
    wait_for("both to be done", || {
        let groups = client.get(&server, &days).json();
        let group = &groups[0];
        (group["status"] == "done" && group["amplitude_ids"].as_array()?.len() == 2).then_some(())
    });
    for id in [1, 2] {
        wait_done(&server, &json!(id));
    }
    assert_nowhere(&server, "planted-");
    assert_eq!(id_of("bob"), bob);

    for (query, part) in [
        ("start_day=2026-01-01&end_day=2026-07-02", "6 months"),
        ("start_day=2026-01-02&end_day=2026-01-01", "6 months"),
        ("start_day=yesterday&end_day=2026-01-01", "start_day"),
    ] {
        let answer = client.get(&server, query);
        assert_eq!(error_of(&answer), error(400, "invalid"), "{query}");
        assert!(answer.text().contains(part), "{}", answer.text());
    }
    let longest = client.get(&server, "start_day=2026-01-01&end_day=2026-07-01");
    assert_eq!(longest.status, 200, "{}", longest.text());
}

#[test]
fn the_privacy_api_asks_for_the_key_and_a_token_that_deletes() {
    let (server, _site) = start(Options::default());
    let target = json!({"user_ids": ["ada"]});
    let reader = Client::new(&server, &["read"]);
    assert_eq!(
        error_of(&reader.post(&server, target.clone())),
        error(403, "missing_scope")
    );
    // In nobody's name, and without the scope.
    let key = &server.options.ingest_key;
    let bootstrap = Client::with(key, &server.options.api_token);
    assert_eq!(bootstrap.post(&server, target.clone()).status, 403);
    for client in [
        Client::with(key, "made-up"),
        Client::with("other", &server.options.api_token),
    ] {
        assert_eq!(
            error_of(&client.post(&server, target.clone())),
            error(401, "unauthenticated")
        );
    }
    let client = Client::new(&server, &["delete"]);
    let too_many: Vec<_> = (0..101).map(|at| format!("user-{at}")).collect();
    for bad in [
        json!({}),
        json!({"user_ids": too_many}),
        json!({"user_ids": ["ada"], "delete_from_org": "true"}),
    ] {
        assert_eq!(error_of(&client.post(&server, bad)), error(400, "invalid"));
    }
    // Elsewhere this way in is closed.
    let headers = [("authorization", client.0.as_str())];
    assert_eq!(
        server.send("GET", "/api/v1/replays", &headers, ()).status,
        401
    );
}
