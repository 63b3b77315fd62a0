//! Someone who is logged in.

use crate::server::{Answer, EMAIL, PASSWORD, Server};
use serde_json::{Value, json};

pub struct Person {
    cookie: String,
    csrf_token: String,
}

impl Person {
    pub fn log_in(server: &Server, email: &str) -> Self {
        let body = json!({"email": email, "password": PASSWORD}).to_string();
        let json = [("content-type", "application/json")];
        let answer = server.send("POST", "/api/v1/login", &json, body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        Self {
            cookie: cookie.to_owned(),
            csrf_token: answer.json()["csrf_token"].as_str().unwrap().to_owned(),
        }
    }

    pub fn owner(server: &Server) -> Self {
        Self::log_in(server, EMAIL)
    }

    /// Without a body for null.
    pub fn send(&self, server: &Server, method: &str, path: &str, body: Value) -> Answer {
        let mut headers = vec![
            ("cookie", self.cookie.as_str()),
            ("x-csrf-token", self.csrf_token.as_str()),
        ];
        if body.is_null() {
            return match method {
                "GET" | "DELETE" => server.send(method, path, &headers, ()),
                _ => server.send(method, path, &headers, ""),
            };
        }
        headers.push(("content-type", "application/json"));
        server.send(method, path, &headers, body.to_string())
    }

    pub fn get(&self, server: &Server, path: &str) -> Value {
        let answer = self.send(server, "GET", path, Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Without the CSRF token, as a forged form of another site.
    pub fn forged(&self, server: &Server, method: &str, path: &str, body: Value) -> Answer {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/json"),
            // The server ends a connection whose body it did not want to read.
            ("connection", "close"),
        ];
        server.send(method, path, &headers, body.to_string())
    }
}

/// Status and code of an error answer.
pub fn error_of(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let code = body["error"]["code"].as_str();
    let code = code.unwrap_or_else(|| panic!("{} {body}", answer.status));
    (answer.status, code.to_owned())
}

pub fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// A colleague in the owner's organisation and a stranger in another one, whose
/// project has the id 2. Both have the owner's password.
pub const COLLEAGUE: &str = "colleague@example.test";
pub const STRANGER: &str = "stranger@example.test";

pub fn add_people(server: &Server) {
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let add = "INSERT INTO users (organisation_id, email, name, password_hash, role, created_at)
         SELECT ?1, ?2, ?3, password_hash, ?4, 0 FROM users WHERE id = 1";
    db.execute_batch(
        "INSERT INTO organisations (id, name) VALUES (2, 'Other');
         INSERT INTO projects (id, organisation_id, name, ingest_key, time_zone, created_at)
         VALUES (2, 2, 'Theirs', 'their-ingest-key', 'UTC', 0);",
    )
    .unwrap();
    db.execute(add, (1, COLLEAGUE, "Colleague", "member"))
        .unwrap();
    db.execute(add, (2, STRANGER, "Stranger", "owner")).unwrap();
}
