//! The OpenAPI document of everything under `/api/v1`, and what of it is law: who may use
//! an operation is looked up here, so the document cannot say otherwise.
//!
//! It is written by hand, apart from the handlers. A test asks a server that has data for
//! everything that can be read and compares the answers with the schemas, both ways;
//! another one compares the operations with the router.

mod build;
mod facts;
mod operations;
mod operations_kept;
mod schemas;
mod schemas_found;
mod schemas_kept;

use crate::auth::Viewer;
use crate::code::Code;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use build::{integer, object, one_of, optional, text};
use model::Scope;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Who is not logged in, too.
    Anyone,
    /// Only people.
    Person,
    /// People, and programs whose token has the scope.
    Scope(Scope),
    /// Whoever knows a project's public ingest key.
    IngestKey,
}

static ACCESS: LazyLock<HashMap<(&'static str, &'static str), Access>> = LazyLock::new(|| {
    let all = operations::all().into_iter();
    all.map(|it| ((it.path, it.method), it.access)).collect()
});

/// What a request needs; none for a path that is not part of the document.
///
/// What is in the router but not in the document needs everything, so that a forgotten
/// line closes a door instead of opening one.
pub fn access_of(method: &Method, path: &str) -> Option<Access> {
    if path.starts_with("/api/0/") {
        // What `sentry-cli` asks.
        return Some(Access::Scope(Scope::Import));
    }
    if !path.starts_with("/api/v1/") {
        return None;
    }
    let method = match *method {
        Method::GET | Method::HEAD => "get",
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "",
    };
    let found = ACCESS.get(&(path, method)).copied();
    Some(found.unwrap_or(Access::Person))
}

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n");

pub async fn serve(_viewer: Viewer) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, DOCUMENT.as_str()).into_response()
}

/// The document as it is checked in.
pub fn text_of_document() -> &'static str {
    &DOCUMENT
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations::all() {
        paths.entry(operation.path).or_insert_with(|| json!({}))[operation.method] =
            operation.to_json();
    }
    let mut schemas = schemas::all();
    schemas.extend(schemas_found::all());
    schemas.extend(schemas_kept::all());
    schemas.extend(facts::all());
    schemas.push(("ErrorCode", one_of_codes()));
    schemas.push(("Error", error()));
    let schemas: Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Reenact",
            "version": "1",
            "description": "Everything that the app does. Times are RFC 3339 in UTC, or milliseconds since the epoch in fields that end in `_ms` and say so. More fields may be added; ignore those that you do not know. See docs/api.md.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token, made under Settings, API tokens. `x-scope` of an operation names the scope that it needs.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "reenact_session",
                    "description": "The app's login. Whatever is not GET or HEAD needs the header `x-csrf-token` besides, with the value from `/api/v1/me`.",
                },
                "ingestKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The public ingest key of a project. It only writes.",
                },
            },
        },
    })
}

fn one_of_codes() -> Value {
    let all: Vec<Code> = Code::OWN.into_iter().chain(Code::OF_UPLOADS).collect();
    let lines: Vec<_> = all
        .iter()
        .map(|code| format!("- `{}`: {}", code.name(), code.meaning()))
        .collect();
    let names: Vec<_> = all.iter().map(|code| code.name()).collect();
    json!({ "type": "string", "enum": names, "description": lines.join("\n") })
}

fn error() -> Value {
    let place = || object([("start", integer()), ("end", integer())]);
    let scopes = Scope::ALL.map(Scope::name);
    object([(
        "error",
        object([
            ("code", build::schema("ErrorCode")),
            ("message", text()),
            ("request_id", text()),
            ("scope", optional(one_of(&scopes))),
            ("nearest", optional(build::or_null(text()))),
            ("at", optional(build::or_null(place()))),
            ("at_utf16", optional(build::or_null(place()))),
            ("pointer", optional(build::or_null(text()))),
            ("gone_at", optional(build::time())),
            ("retention_days", optional(integer())),
        ]),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Methods and paths that the router knows under `/api/v1`, as it prints itself: there
    /// is no other way to ask it.
    fn routed() -> BTreeSet<(String, String)> {
        let routes = crate::api_routes().merge(crate::ingest_routes());
        let printed = format!("{routes:?}");
        let (mut methods, mut paths) = (HashMap::new(), Vec::new());
        for part in printed.split("RouteId(").skip(1) {
            let Some((number, rest)) = part.split_once(')') else {
                continue;
            };
            let quoted = |start: &str| rest.split_once(start)?.1.split('"').next();
            if rest.starts_with(": \"") {
                paths.extend(quoted(": \"").map(|path| (number, path)));
            } else if rest.contains("allow_header: ") {
                methods.insert(number, quoted("allow_header: Bytes(b\"").unwrap_or("any"));
            }
        }
        let mut all = BTreeSet::new();
        for (number, path) in paths {
            for method in methods[number].split(',').filter(|it| *it != "HEAD") {
                if path.starts_with("/api/v1/") {
                    all.insert((method.to_lowercase(), path.to_owned()));
                }
            }
        }
        all
    }

    #[test]
    fn the_router_and_the_document_know_the_same() {
        let mut routed = routed();
        // It takes any method to answer with CORS headers.
        let ingest = "/api/v1/ingest/rrweb";
        assert!(routed.remove(&("any".to_owned(), ingest.to_owned())));
        routed.insert(("post".to_owned(), ingest.to_owned()));
        let documented = operations::all();
        let documented: BTreeSet<_> = documented
            .iter()
            .map(|it| (it.method.to_owned(), it.path.to_owned()))
            .collect();
        assert!(routed.len() > 60, "{routed:?}");
        let missing: Vec<_> = routed.difference(&documented).collect();
        let made_up: Vec<_> = documented.difference(&routed).collect();
        assert!(missing.is_empty(), "not in the document: {missing:?}");
        assert!(made_up.is_empty(), "not in the router: {made_up:?}");
    }

    #[test]
    fn what_is_not_documented_is_closed_to_programs() {
        let of = |method, path| access_of(&method, path);
        let read = Some(Access::Scope(Scope::Read));
        assert_eq!(of(Method::GET, "/api/v1/replays"), read);
        assert_eq!(of(Method::HEAD, "/api/v1/replays"), read);
        assert_eq!(of(Method::POST, "/api/v1/replays"), Some(Access::Person));
        assert_eq!(of(Method::GET, "/api/v1/new"), Some(Access::Person));
        assert_eq!(of(Method::GET, "/api/{project}/{*rest}"), None);
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        fn collect(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(to)) = fields.get("$ref") {
                        found.insert(to.trim_start_matches("#/components/schemas/").to_owned());
                    }
                    fields.values().for_each(|value| collect(value, found));
                }
                Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut wanted = BTreeSet::new();
        collect(&document, &mut wanted);
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let known: BTreeSet<_> = schemas.keys().cloned().collect();
        assert_eq!(known, wanted);
        assert!(!text_of_document().contains("x-optional"));
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let document = document();
        let mut names = BTreeSet::new();
        for path in document["paths"].as_object().unwrap().values() {
            for operation in path.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name} twice");
            }
        }
    }

    /// `cargo xtask codegen` writes it anew.
    #[test]
    fn the_document_that_is_checked_in_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        if std::env::var_os("REENACT_WRITE_GOLDEN").is_some() {
            std::fs::write(path, text_of_document()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == text_of_document(),
            "docs/openapi.json is out of date: run `cargo xtask codegen`"
        );
    }
}
