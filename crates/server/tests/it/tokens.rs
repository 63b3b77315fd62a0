//! API tokens: what they may do, in whose name, and for how long.

use crate::person::{Person, add_people, error, error_of};
use crate::recording::event;
use crate::recording::upload;
use crate::server::{Answer, Options, Server};
use serde_json::{Value, json};

struct Program {
    bearer: String,
    id: i64,
}

impl Program {
    fn new(server: &Server, by: &Person, body: Value) -> Self {
        let answer = by.send(server, "POST", "/api/v1/tokens", body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let made = answer.json();
        Self {
            bearer: format!("Bearer {}", made["token"].as_str().unwrap()),
            id: made["id"].as_i64().unwrap(),
        }
    }

    fn with(server: &Server, by: &Person, scopes: &[&str]) -> Self {
        let name = scopes.join(" and ");
        Self::new(server, by, json!({"name": name, "scopes": scopes}))
    }

    fn send(&self, server: &Server, method: &str, path: &str, body: Value) -> Answer {
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let body = (!body.is_null()).then(|| body.to_string());
        match (method, body) {
            (_, Some(body)) => server.send(method, path, &headers, body),
            ("GET" | "DELETE", None) => server.send(method, path, &headers, ()),
            (_, None) => server.send(method, path, &headers, ""),
        }
    }
}

/// The owner's entry about a token.
fn listed(server: &Server, owner: &Person, program: &Program) -> Value {
    let tokens = owner.get(server, "/api/v1/tokens")["tokens"].clone();
    let mut tokens = tokens.as_array().unwrap().iter();
    let found = tokens.find(|it| it["id"] == program.id);
    found.unwrap().clone()
}

#[test]
fn a_token_does_what_its_scopes_say_and_nothing_else() {
    let server = Server::start();
    let owner = Person::owner(&server);
    upload(&server, "d", "1", &[event(1, 1)]);
    let id = server.replay_id("d", "1");
    let comments = format!("/api/v1/replays/{id}/comments");
    let comment = json!({"at_ms": 1, "text": "look"});
    let rename = json!({"name": "Shop"});
    let questions = [
        ("read", "GET", "/api/v1/replays", Value::Null),
        ("read", "GET", &comments, Value::Null),
        (
            "read",
            "POST",
            "/api/v1/search/parse",
            json!({"text": "errors > 1"}),
        ),
        ("read", "GET", "/api/v1/openapi.json", Value::Null),
        ("write", "POST", &comments, comment),
        (
            "write",
            "PUT",
            "/api/v1/me/settings",
            json!({"theme": "dark"}),
        ),
        ("import", "DELETE", "/api/v1/source-maps/none", Value::Null),
        (
            "import",
            "GET",
            "/api/0/organizations/x/chunk-upload/",
            Value::Null,
        ),
        ("admin", "PATCH", "/api/v1/projects/1", rename),
        (
            "admin",
            "PATCH",
            "/api/v1/settings",
            json!({"capture": {"console": true}}),
        ),
    ];
    for scope in ["read", "write", "delete", "import", "admin"] {
        let program = Program::with(&server, &owner, &[scope]);
        for (needed, method, path, body) in &questions {
            let answer = program.send(&server, method, path, body.clone());
            if *needed == scope {
                assert!(
                    answer.status < 300 || answer.status == 404,
                    "{scope} {method} {path}: {}",
                    answer.text()
                );
                continue;
            }
            let said = error_of(&answer);
            assert_eq!(said, error(403, "missing_scope"), "{scope} {method} {path}");
            assert_eq!(answer.json()["error"]["scope"], *needed);
        }
        for (method, path) in [
            ("GET", "/api/v1/tokens"),
            ("POST", "/api/v1/tokens"),
            ("GET", "/api/v1/me"),
            ("POST", "/api/v1/projects"),
        ] {
            let body = json!({"name": "more", "scopes": ["admin"]});
            let body = if method == "GET" { Value::Null } else { body };
            let answer = program.send(&server, method, path, body);
            assert_eq!(
                error_of(&answer),
                error(403, "forbidden"),
                "{method} {path}"
            );
        }
    }
    let written = owner.get(&server, &comments)["comments"].clone();
    assert_eq!(written.as_array().unwrap().len(), 1);
    assert_eq!(written[0]["mine"], true, "written in the owner's name");
    assert_eq!(owner.get(&server, "/api/v1/me/settings")["theme"], "dark");
}

#[test]
fn a_token_has_no_more_rights_than_who_made_it() {
    let server = Server::start();
    add_people(&server);
    let colleague = Person::log_in(&server, crate::person::COLLEAGUE);
    let program = Program::with(&server, &colleague, &["read", "admin"]);
    let rename = json!({"name": "Mine"});
    let answer = program.send(&server, "PATCH", "/api/v1/projects/1", rename.clone());
    assert_eq!(error_of(&answer), error(403, "forbidden"));
    let answer = program.send(&server, "PATCH", "/api/v1/projects/2", rename);
    assert_eq!(error_of(&answer), error(404, "not_found"));
}

#[test]
fn the_first_token_reads_and_imports_in_nobodys_name() {
    let server = Server::start();
    let first = Program {
        bearer: format!("Bearer {}", server.options.api_token),
        id: 1,
    };
    let owner = Person::owner(&server);
    assert_eq!(
        listed(&server, &owner, &first)["scopes"],
        json!(["read", "import"])
    );
    let answer = first.send(&server, "GET", "/api/v1/replays?unseen=true", Value::Null);
    assert_eq!(error_of(&answer), error(403, "forbidden"));
    let answer = first.send(&server, "PUT", "/api/v1/me/settings", json!({}));
    assert_eq!(error_of(&answer), error(403, "missing_scope"));
}

#[test]
fn requests_for_tokens_are_checked() {
    let server = Server::start();
    let owner = Person::owner(&server);
    for (body, said) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "x", "scopes": ["fly"]}), "fly"),
        (json!({"name": "x", "scopes": []}), "scope"),
        (
            json!({"name": "x", "expires_in_days": 0}),
            "expires_in_days",
        ),
        (
            json!({"name": "x", "expires_in_days": 9999}),
            "expires_in_days",
        ),
        (json!({"name": "x", "scope": "read"}), "scope"),
    ] {
        let answer = owner.send(&server, "POST", "/api/v1/tokens", body.clone());
        assert_eq!(error_of(&answer), error(400, "invalid"), "{body}");
        assert!(answer.text().contains(said), "{}", answer.text());
    }
}

#[test]
fn a_token_expires_and_shows_when_it_was_used() {
    let server = Server::start();
    let owner = Person::owner(&server);
    let body = json!({"name": "short", "expires_in_days": 30});
    let program = Program::new(&server, &owner, body);
    let before = listed(&server, &owner, &program);
    assert_eq!(before["last_used_at"], Value::Null);
    assert_ne!(before["expires_at"], Value::Null);
    let ask = || program.send(&server, "GET", "/api/v1/projects", Value::Null);
    assert_eq!(ask().status, 200);
    assert_ne!(
        listed(&server, &owner, &program)["last_used_at"],
        Value::Null
    );

    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let past = "UPDATE api_tokens SET expires_at = 1 WHERE id = ?";
    db.execute(past, [program.id]).unwrap();
    let answer = ask();
    assert_eq!(error_of(&answer), error(401, "unauthenticated"));
    assert!(answer.text().contains("expired"), "{}", answer.text());
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let server = Options::default()
        .env("REENACT__API__REQUESTS_PER_MINUTE", "4")
        .env("REENACT__API__ANONYMOUS_REQUESTS_PER_MINUTE", "3")
        .start();
    let owner = Person::owner(&server);
    let one = Program::with(&server, &owner, &["read"]);
    let two = Program::with(&server, &owner, &["read"]);
    let ask = |program: &Program| program.send(&server, "GET", "/api/v1/projects", Value::Null);
    let answer = ask(&one);
    assert_eq!(answer.status, 200);
    assert_eq!(
        (
            answer.header("ratelimit-limit"),
            answer.header("ratelimit-remaining"),
            answer.header("ratelimit-reset"),
        ),
        ("4", "3", "15")
    );
    // One more a quarter of a minute later is another four; never that many.
    let refused = (0..40).map(|_| ask(&one)).find(|it| it.status != 200);
    let refused = refused.expect("a limit");
    assert_eq!(error_of(&refused), error(429, "rate_limited"));
    let wait_s: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=15).contains(&wait_s), "{wait_s}");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert_eq!(ask(&two).status, 200, "another token has its own");

    let guess = [("authorization", "Bearer guessed")];
    let guesses = (0..40).map(|_| server.send("GET", "/api/v1/replays", &guess, ()));
    let refused = guesses.into_iter().find(|it| it.status != 401);
    let refused = refused.expect("a limit");
    assert_eq!(error_of(&refused), error(429, "rate_limited"));
    let login = json!({"email": "x@example.test", "password": "y"}).to_string();
    let json = [("content-type", "application/json")];
    let answer = server.send("POST", "/api/v1/login", &json, login);
    assert_eq!(error_of(&answer), error(429, "rate_limited"));
    // Who is known does not suffer from strangers at the same address.
    assert_eq!(ask(&two).status, 200);
    upload(&server, "d", "1", &[event(1, 1)]);
}
