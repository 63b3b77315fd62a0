//! Who gets in, and who does not.

use crate::recording::{START_MS, event, track_body, track_path, upload};
use crate::server::{Answer, EMAIL, Options, PASSWORD, Server};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

fn post_json(server: &Server, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    server.send("POST", path, &[&[JSON], headers].concat(), body.to_string())
}

fn log_in(server: &Server, headers: &[(&str, &str)], password: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": password});
    post_json(server, "/api/v1/login", headers, &body)
}

/// The `name=value` of the cookie that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

fn error_code(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    assert!(
        body["error"]["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{body}"
    );
    assert_eq!(body["error"]["request_id"], answer.header("x-request-id"));
    (
        answer.status,
        body["error"]["code"].as_str().unwrap().to_owned(),
    )
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn nothing_of_the_app_is_open_without_a_login() {
    let server = Server::start();
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    let id = server.replay_id("d", "1");
    let api = [
        "/api/v1/me",
        "/api/v1/replays",
        "/api/v1/events",
        &format!("/api/v1/replays/{id}"),
        &format!("/api/v1/replays/{id}/manifest"),
        &format!("/api/v1/replays/{id}/events"),
        &format!("/api/v1/replays/{id}/playback"),
        &format!("/api/v1/replays/{id}/interactions"),
        "/api/v1/nothing",
        "/api/v1/openapi.json",
        "/api/v2/replays",
        "/stage/",
        "/stage/stage.js",
    ];
    let forged = "reenact_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let key = format!("Bearer {}", server.options.ingest_key);
    for path in api {
        for headers in [
            vec![],
            vec![("cookie", forged)],
            vec![("cookie", "reenact_session=")],
            // The ingest key stands in every recorded page.
            vec![("authorization", key.as_str())],
            vec![("authorization", "Basic b3duZXI6cGFzc3dvcmQ=")],
            vec![("authorization", "Bearer ")],
        ] {
            let answer = server.send("GET", path, &headers, ());
            assert_eq!(
                error_code(&answer),
                code(401, "unauthenticated"),
                "{path} {headers:?}"
            );
        }
    }
    for path in [
        "/",
        "/replays",
        &format!("/replays/{id}?t=5"),
        "/index.html",
        "/settings",
        "/..%2findex.html",
    ] {
        let answer = server.send("GET", path, &[("cookie", forged)], ());
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer.header("location").starts_with("/login?next=%2F"),
            "{}",
            answer.header("location")
        );
    }
    // Files are public, but only those of the app.
    for path in [
        "/..%2f..%2fCargo.toml",
        "/%2e%2e/%2e%2e/Cargo.toml",
        "/..%5c..%5cCargo.toml",
        "/%2fetc%2fpasswd.d",
        "/catalog.sqlite",
    ] {
        let answer = server.send("GET", path, &[], ());
        assert!(
            answer.status == 404 || answer.status == 303,
            "{path}: {}",
            answer.status
        );
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = server.send(method, &format!("/api/v1/replays/{id}"), &[], "");
        assert!(
            [401, 405].contains(&answer.status),
            "{method}: {}",
            answer.status
        );
    }
    assert_eq!(server.send("GET", "/healthz", &[], ()).status, 200);
    assert_eq!(server.send("GET", "/readyz", &[], ()).status, 200);
}

#[test]
fn the_set_up_link_works_once() {
    let mut server = Options::default().without_bootstrap().start();
    let line = server.next_stdout_line();
    let link = format!("set up at {}/setup#token=", server.url());
    let token = line
        .strip_prefix(&link)
        .unwrap_or_else(|| panic!("{line}"))
        .to_owned();
    assert_eq!(
        server.send("GET", "/api/v1/setup", &[], ()).json()["needed"],
        true
    );
    let setup = |token: &str, password: &str, time_zone: &str| {
        json!({"token": token, "email": EMAIL, "password": password, "name": "Owner",
            "organisation": "Acme", "project": "Shop", "time_zone": time_zone})
    };
    for (body, status, name) in [
        (setup("wrong", PASSWORD, "UTC"), 403, "invalid_setup_token"),
        (setup("", PASSWORD, "UTC"), 403, "invalid_setup_token"),
        (setup(&token, "short", "UTC"), 400, "invalid"),
        (setup(&token, PASSWORD, "Mars/Olympus"), 400, "invalid"),
        (json!({"token": token}), 400, "invalid"),
    ] {
        let answer = post_json(&server, "/api/v1/setup", &[], &body);
        assert_eq!(error_code(&answer), code(status, name), "{body}");
    }
    // A new start prints a new link, and the old one is worth nothing.
    assert_eq!(server.stop(), Some(0));
    server.restart();
    let line = server.next_stdout_line();
    let new_token = line.rsplit_once("#token=").unwrap().1.to_owned();
    let good = setup(&new_token, PASSWORD, "Europe/Berlin");
    for (body, headers, expected) in [
        (
            setup(&token, PASSWORD, "UTC"),
            vec![],
            code(403, "invalid_setup_token"),
        ),
        (
            good.clone(),
            vec![("origin", "https://evil.test")],
            code(403, "csrf"),
        ),
    ] {
        assert_eq!(
            error_code(&post_json(&server, "/api/v1/setup", &headers, &body)),
            expected
        );
    }
    let done = post_json(&server, "/api/v1/setup", &[], &good);
    assert_eq!(done.status, 200, "{}", done.text());
    let me = done.json();
    assert_eq!(me["organisation"]["name"], "Acme");
    assert_eq!(me["projects"][0]["time_zone"], "Europe/Berlin");
    let key = me["projects"][0]["ingest_key"].as_str().unwrap();
    assert!(key.len() >= 32, "{key}");
    let cookie = cookie_of(&done);
    assert_eq!(
        server
            .send("GET", "/api/v1/me", &[("cookie", &cookie)], ())
            .json(),
        me
    );

    assert_eq!(
        server.send("GET", "/api/v1/setup", &[], ()).json()["needed"],
        false
    );
    let again = post_json(&server, "/api/v1/setup", &[], &good);
    assert!([403, 409].contains(&again.status), "{}", again.text());
    assert_eq!(log_in(&server, &[], PASSWORD).status, 200);
}

#[test]
fn a_login_lasts_until_the_logout() {
    let server = Server::start();
    assert_eq!(
        error_code(&log_in(&server, &[], "wrong password")),
        code(401, "invalid_credentials")
    );
    let stranger = json!({"email": "x@example.test", "password": PASSWORD});
    let answer = post_json(&server, "/api/v1/login", &[], &stranger);
    assert_eq!(error_code(&answer), code(401, "invalid_credentials"));
    for headers in [
        ("origin", "https://evil.test"),
        ("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(
            error_code(&log_in(&server, &[headers], PASSWORD)),
            code(403, "csrf")
        );
    }
    let form = server.send(
        "POST",
        "/api/v1/login",
        &[("content-type", "text/plain")],
        "{}",
    );
    assert_eq!(form.status, 415, "a form of another site cannot log in");

    let answer = log_in(&server, &[], PASSWORD);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let set = answer.header("set-cookie");
    for flag in [
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
        "; Max-Age=1209600",
    ] {
        assert!(set.contains(flag), "{set}");
    }
    assert!(
        !set.contains("Secure"),
        "over http the browser would not keep it: {set}"
    );
    assert!(!answer.text().contains("argon2"), "{}", answer.text());
    let cookie = cookie_of(&answer);
    let me = server.send("GET", "/api/v1/me", &[("cookie", &cookie)], ());
    assert_eq!(me.header("cache-control"), "no-store");
    let me = me.json();
    assert_eq!(me["user"]["email"], EMAIL);
    assert_eq!(
        server
            .send("GET", "/api/v1/replays", &[("cookie", &cookie)], ())
            .status,
        200
    );
    assert_ne!(
        server
            .send("GET", "/replays", &[("cookie", &cookie)], ())
            .status,
        303
    );

    let other = cookie_of(&log_in(&server, &[], PASSWORD));
    let csrf = me["csrf_token"].as_str().unwrap();
    for headers in [
        vec![("cookie", cookie.as_str())],
        vec![("cookie", cookie.as_str()), ("x-csrf-token", "wrong")],
        vec![("cookie", other.as_str()), ("x-csrf-token", csrf)],
    ] {
        let answer = server.send("POST", "/api/v1/logout", &headers, "");
        assert_eq!(error_code(&answer), code(403, "csrf"), "{headers:?}");
    }
    let gone = server.send(
        "POST",
        "/api/v1/logout",
        &[("cookie", &cookie), ("x-csrf-token", csrf)],
        "",
    );
    assert_eq!(gone.status, 204);
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(
        server
            .send("GET", "/api/v1/me", &[("cookie", &cookie)], ())
            .status,
        401
    );
    assert_eq!(
        server
            .send("GET", "/api/v1/me", &[("cookie", &other)], ())
            .status,
        200
    );
}

#[test]
fn the_cookie_is_secure_behind_a_trusted_proxy_only() {
    let forwarded = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "app.test"),
        ("origin", "https://app.test"),
    ];
    let trusting = Options::default()
        .env("REENACT__SERVER__TRUSTED_PROXIES", "[\"127.0.0.1\"]")
        .start();
    let answer = log_in(&trusting, &forwarded, PASSWORD);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.header("set-cookie").ends_with("; Secure"),
        "{}",
        answer.header("set-cookie")
    );
    let answer = log_in(&trusting, &[], PASSWORD);
    assert!(!answer.header("set-cookie").contains("Secure"));

    let plain = Server::start();
    let answer = log_in(&plain, &forwarded[..1], PASSWORD);
    assert!(!answer.header("set-cookie").contains("Secure"));
    // Nor is the host that a stranger names believed.
    assert_eq!(log_in(&plain, &forwarded, PASSWORD).status, 403);
}

#[test]
fn guessing_passwords_is_slowed_down() {
    let server = Server::start();
    for _ in 0..5 {
        assert_eq!(log_in(&server, &[], "wrong password").status, 401);
    }
    for password in ["wrong password", PASSWORD] {
        let answer = log_in(&server, &[("x-forwarded-for", "203.0.113.9")], password);
        assert_eq!(error_code(&answer), code(429, "throttled"));
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=900).contains(&seconds), "{seconds}");
    }
    // However the address is written.
    let upper = json!({"email": format!(" {} ", EMAIL.to_uppercase()), "password": PASSWORD});
    assert_eq!(post_json(&server, "/api/v1/login", &[], &upper).status, 429);
    let other = json!({"email": "other@example.test", "password": PASSWORD});
    assert_eq!(post_json(&server, "/api/v1/login", &[], &other).status, 401);
}

#[test]
fn an_api_token_reads_and_an_ingest_key_writes() {
    let server = Server::start();
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    let id = server.replay_id("d", "1");
    assert_eq!(server.events(&id).len(), 1);
    assert_eq!(
        error_code(&server.get("/api/v1/me")),
        code(403, "forbidden")
    );
    assert_eq!(
        error_code(&server.get("/api/v1/replays?project_id=2")),
        code(404, "not_found")
    );
    assert_eq!(
        error_code(&server.get(&format!("/api/v1/replays/{id}?project_id=2"))),
        code(404, "not_found")
    );
    for id in ["aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "..", "%00"] {
        let answer = server.get(&format!("/api/v1/replays/{id}"));
        assert_eq!(error_code(&answer), code(404, "not_found"), "{id}");
    }
    let token = format!("Bearer {}", server.options.api_token);
    let body = track_body(&[event(START_MS, 2)]);
    for path in [
        track_path("d", "1", "replay"),
        "/api/v1/ingest/rrweb?device_id=d&session_id=1".to_owned(),
    ] {
        let answer = server.send("POST", &path, &[("authorization", &token)], body.as_slice());
        assert_eq!(answer.status, 401, "{path}");
    }
    assert_eq!(server.events(&id).len(), 1);
    for (query, what) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("range=9d", "range"),
        ("cursor=x", "cursor"),
        ("from=soon", "from"),
        ("from=2026-01-02&to=2026-01-01", "before"),
    ] {
        let answer = server.get(&format!("/api/v1/replays?{query}"));
        assert_eq!(error_code(&answer), code(400, "invalid"), "{query}");
        assert!(answer.text().contains(what), "{query}: {}", answer.text());
    }
}
