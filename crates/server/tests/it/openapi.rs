//! Every operation of the OpenAPI document, asked of servers with data: status and body
//! must be what the document says, no field less and no field more.

mod kept;

use crate::captured::{folder, json_of};
use crate::json_schema::problems;
use crate::person::Person;
use crate::server::{Answer, EMAIL, Options, PASSWORD, Server, percent_encode, wait_for};
use crate::site::{PNG, Site};
use crate::{assets, posthog, sentry, source_maps};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// More of a kind teach nothing new.
const ASKED_OF_A_KIND: usize = 12;

struct Document {
    document: Value,
    answered: BTreeSet<String>,
}

impl Document {
    fn checked_in() -> Self {
        Self {
            document: json_of(&folder("../docs/openapi.json")),
            answered: BTreeSet::new(),
        }
    }

    fn operations(&self) -> Vec<(String, String)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        });
        all.collect()
    }

    fn operation(&self, method: &str, path: &str) -> &Value {
        let found = &self.document["paths"][path][method.to_lowercase()];
        assert!(found.is_object(), "{method} {path} is not in the document");
        found
    }

    fn check_body(&self, schema: &Value, body: &Value, what: &str) {
        let wrong = problems(&self.document["components"]["schemas"], schema, body);
        assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
    }

    /// A good answer, as the document has it.
    fn check(&mut self, method: &str, path: &str, answer: &Answer) {
        let what = format!("{method} {path}");
        let responses = self.operation(method, path)["responses"].clone();
        let expected = &responses[answer.status.to_string()];
        assert!(
            expected.is_object(),
            "{what}: {} {}",
            answer.status,
            answer.text()
        );
        match expected["content"].as_object() {
            None => assert!(answer.body.is_empty(), "{what}"),
            Some(content) => {
                let (kind, media) = content.iter().next().unwrap();
                if kind == "application/json" {
                    assert!(answer.header("content-type").starts_with(kind), "{what}");
                    self.check_body(&media["schema"], &answer.json(), &what);
                } else if kind != "*/*" {
                    assert_eq!(answer.header("content-type"), kind, "{what}");
                }
            }
        }
        self.answered.insert(what);
    }

    fn check_error(&self, answer: &Answer, status: u16, what: &str) {
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        let schema = json!({ "$ref": "#/components/schemas/Error" });
        self.check_body(&schema, &answer.json(), what);
    }
}

/// Everything on a server that a path may name.
#[derive(Debug, Default)]
struct Known {
    ids: BTreeMap<&'static str, Vec<String>>,
    /// Pairs of replay and film.
    films: Vec<[String; 2]>,
    assets: Vec<[String; 2]>,
    identities: Vec<String>,
}

impl Known {
    fn of(server: &Server, person: &Person) -> Self {
        let list = |path: &str, list: &str, field: &str| -> Vec<String> {
            let answer = person.get(server, path)[list].clone();
            let items = answer.as_array().unwrap().iter();
            let ids = items.map(|it| match &it[field] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            ids.collect()
        };
        let mut known = Self::default();
        let replays = list("/api/v1/replays?limit=100", "replays", "id");
        let issues = list("/api/v1/issues?limit=100", "issues", "id");
        let errors = issues
            .iter()
            .flat_map(|id| list(&format!("/api/v1/issues/{id}/errors"), "errors", "id"));
        known.ids.insert("errors", errors.collect());
        known.ids.insert("issues", issues);
        known
            .ids
            .insert("users", list("/api/v1/users?limit=100", "users", "id"));
        known.identities = list("/api/v1/events", "events", "device_id");
        known.identities.dedup();
        let mut events = Vec::new();
        for identity in known.identities.iter().take(ASKED_OF_A_KIND) {
            let identity = percent_encode(identity);
            let path = format!("/api/v1/events/stream?identity={identity}");
            let stream = person.get(server, &path);
            let found = stream["sessions"].as_array().unwrap().iter();
            let found = found.filter_map(|it| it["events"][0]["id"].as_u64());
            events.extend(found.map(|id| id.to_string()));
        }
        known.ids.insert("events", events);
        for id in &replays {
            let manifest = person.get(server, &format!("/api/v1/replays/{id}/manifest"));
            for film in manifest["video"].as_array().unwrap() {
                let film = film["id"].as_str().unwrap().to_owned();
                known.films.push([id.clone(), film]);
            }
        }
        known.ids.insert("replays", replays);
        for (kind, name) in [
            ("saved-searches", "saved_searches"),
            ("playlists", "playlists"),
            ("cohorts", "cohorts"),
            ("named-events", "named_events"),
            ("alerts", "alerts"),
        ] {
            known
                .ids
                .insert(kind, list(&format!("/api/v1/{kind}"), name, "id"));
        }
        known.ids.insert("projects", vec!["1".to_owned()]);
        known
    }

    /// The paths that a template means.
    fn paths(&self, template: &str) -> Vec<String> {
        let mut places = template.split(['{', '}']);
        let before = places.next().unwrap_or_default();
        if !template.contains('{') {
            return vec![template.to_owned()];
        }
        let pairs = |list: &[[String; 2]], second: &str| -> Vec<String> {
            let filled = list.iter().map(|[one, two]| {
                let (start, rest) = template.split_once('{').unwrap();
                let (_, rest) = rest.split_once('}').unwrap();
                format!("{start}{one}{rest}").replace(second, two)
            });
            filled.collect()
        };
        if template.contains("{film}") {
            return pairs(&self.films, "{film}");
        }
        if template.contains("{key}") {
            return pairs(&self.assets, "{key}");
        }
        let kind = before.trim_end_matches('/').rsplit('/').next().unwrap();
        let known = self.ids.get(kind).map(Vec::as_slice).unwrap_or_default();
        known
            .iter()
            .take(ASKED_OF_A_KIND)
            .map(|id| template.replace("{id}", &percent_encode(id)))
            .collect()
    }

    /// Values for what must be asked with.
    fn required(&self, parameter: &str, path: &str, server: &Server) -> Vec<String> {
        match parameter {
            "text" => vec!["payment".to_owned()],
            "field" => ["browser", "event.total", "click.label"]
                .map(str::to_owned)
                .into(),
            "identity" => self.identities.clone(),
            "at" => {
                let replay = path.trim_end_matches("/state");
                let manifest = server.json(&format!("{replay}/manifest"));
                vec![manifest["last_event_ms"].to_string()]
            }
            other => panic!("{path} requires {other}"),
        }
    }
}

/// Asks for everything that can be read, and for some of it wrongly.
fn read_everything(document: &mut Document, server: &Server, known: &Known) {
    let person = Person::owner(server);
    for (method, template) in document.operations() {
        if method != "GET" {
            continue;
        }
        let parameters = document.operation(&method, &template)["parameters"].clone();
        let asked: Vec<_> = parameters.as_array().into_iter().flatten().collect();
        let asked: Vec<_> = asked.iter().filter(|it| it["in"] == "query").collect();
        let required: Vec<_> = asked
            .iter()
            .filter(|it| it["required"] == true)
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        for path in known.paths(&template) {
            let mut questions = vec![path.clone()];
            for name in &required {
                let values = known.required(name, &path, server);
                let values = values.iter().take(ASKED_OF_A_KIND);
                questions = values
                    .map(|value| format!("{path}?{name}={}", percent_encode(value)))
                    .collect();
            }
            for question in &questions {
                let answer = person.send(server, &method, question, Value::Null);
                assert_eq!(answer.status, 200, "{question}: {}", answer.text());
                document.check(&method, &template, &answer);
            }
        }
        // What the document says of a parameter holds: nonsense is refused.
        let Some(path) = known.paths(&template).into_iter().next() else {
            continue;
        };
        let given = required
            .iter()
            .map(|name| {
                let value = &known.required(name, &path, server)[0];
                format!("&{name}={}", percent_encode(value))
            })
            .collect::<String>();
        for parameter in asked {
            let name = parameter["name"].as_str().unwrap();
            let is_free = parameter["schema"] == json!({ "type": "string" });
            if is_free || required.contains(&name) && name != "at" {
                continue;
            }
            let others = given.replace("&at=", "&no=");
            let question = format!("{path}?{name}=nonsense{others}");
            let answer = person.send(server, &method, &question, Value::Null);
            // The one project's id is looked up before anything else is read.
            document.check_error(&answer, 400, &question);
        }
        for name in &required {
            let answer = person.send(server, &method, &path, Value::Null);
            document.check_error(&answer, 400, &format!("{path} without {name}"));
        }
    }
    for (path, status) in [
        ("/api/v1/replays/none", 404),
        ("/api/v1/replays?filter=brwser%20%3D%20x", 400),
        ("/api/v1/nothing", 404),
        ("/api/v1/login", 405),
    ] {
        let answer = person.send(server, "GET", path, Value::Null);
        document.check_error(&answer, status, path);
        let answer = server.send("GET", path, &[], ());
        document.check_error(&answer, 401, path);
    }
}

/// Does everything that can be done.
fn write_everything(document: &mut Document, server: &Server, replay: &str) {
    let person = Person::owner(server);
    let mut tell = |method: &str, template: &str, id: &str, body: Value| -> Value {
        let path = template.replace("{id}", id);
        let answer = person.send(server, method, &path, body);
        document.check(method, template, &answer);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    };
    let comments = "/api/v1/replays/{id}/comments";
    let comment = tell(
        "POST",
        comments,
        replay,
        json!({"at_ms": 1, "text": "look"}),
    );
    tell("GET", comments, replay, Value::Null);
    let id = comment["id"].to_string();
    tell("DELETE", "/api/v1/comments/{id}", &id, Value::Null);
    tell("PUT", "/api/v1/replays/{id}/seen", replay, Value::Null);
    tell("GET", "/api/v1/replays/{id}/viewers", replay, Value::Null);
    tell("DELETE", "/api/v1/replays/{id}/seen", replay, Value::Null);
    let rating = json!({"rating": "down", "reason": "other", "text": "dark"});
    tell("PUT", "/api/v1/replays/{id}/rating", replay, rating);
    tell("GET", "/api/v1/replays/{id}/rating", replay, Value::Null);
    tell("GET", "/api/v1/ratings", "", Value::Null);
    tell("PUT", "/api/v1/me/settings", "", json!({"theme": "dark"}));
    let token = json!({"name": "t", "scopes": ["read", "write"], "expires_in_days": 3});
    let token = tell("POST", "/api/v1/tokens", "", token);
    tell("GET", "/api/v1/tokens", "", Value::Null);
    let id = token["id"].to_string();
    tell("DELETE", "/api/v1/tokens/{id}", &id, Value::Null);
    let project = tell("POST", "/api/v1/projects", "", json!({"name": "Second"}));
    let id = project["id"].to_string();
    tell(
        "PATCH",
        "/api/v1/projects/{id}",
        &id,
        json!({"name": "Two"}),
    );
    let rule = json!({"url_contains": "/pay", "sample_rate": 0.5});
    let capture = json!({"capture": {"sample_rate": 0.5, "targeting": [rule]}});
    tell("PATCH", "/api/v1/settings", "", capture);
    tell("GET", "/api/v1/settings", "", Value::Null);
    let path = "/api/v1/settings/frustration";
    let frustration = json!({"rage_clicks": 4, "never_dead_selectors": [".print"]});
    tell("PATCH", path, "", json!({ "frustration": frustration }));
    tell("GET", path, "", Value::Null);
    for filter in [
        "errors > 1",
        "not (text = pay or click(label = x) count > 2)",
    ] {
        let parsed = tell("POST", "/api/v1/search/parse", "", json!({"text": filter}));
        tell(
            "POST",
            "/api/v1/search/parse",
            "",
            json!({"json": parsed["json"]}),
        );
    }

    let bearer = format!("Bearer {}", server.options.api_token);
    let zip = [("authorization", bearer.as_str())];
    let maps = "/api/v1/source-maps";
    let answer = server.send("POST", maps, &zip, source_maps::bundle("shop@1"));
    document.check("POST", maps, &answer);
    let uploads = server.json(maps);
    let path = format!("{maps}/{}", uploads["uploads"][0]["id"].as_str().unwrap());
    document.check("GET", maps, &server.get(maps));
    let answer = server.send("DELETE", &path, &zip, ());
    document.check("DELETE", "/api/v1/source-maps/{id}", &answer);

    let bearer = format!("Bearer {}", server.options.ingest_key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let path = "/api/v1/ingest/rrweb";
    let events = json!([{"type": 4, "timestamp": 1, "data": {"href": "https://a.test/"}}]);
    let question = format!("{path}?device_id=d&session_id=1");
    let answer = server.send("POST", &question, &headers, events.to_string());
    document.check("POST", path, &answer);

    let login = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let json = [("content-type", "application/json")];
    let answer = server.send("POST", "/api/v1/login", &json, login);
    document.check("POST", "/api/v1/login", &answer);
    let answer = person.send(server, "POST", "/api/v1/logout", Value::Null);
    document.check("POST", "/api/v1/logout", &answer);
}

fn set_up(document: &mut Document) {
    let server = Options::default().without_bootstrap().start();
    let path = "/api/v1/setup";
    document.check("GET", path, &server.send("GET", path, &[], ()));
    let line = server.next_stdout_line();
    let token = line.rsplit_once("#token=").unwrap().1;
    let body = json!({"token": token, "email": EMAIL, "password": PASSWORD,
        "organisation": "Acme", "project": "Shop"});
    let json = [("content-type", "application/json")];
    let answer = server.send("POST", path, &json, body.to_string());
    document.check("POST", path, &answer);
}

fn wait_until_sealed(server: &Server) {
    wait_for("all recordings to be sealed", || {
        let replays = server.replays();
        let is_open = |row: &Value| row["state"] == "processing" || row["duration_ms"].is_null();
        (!replays.is_empty() && !replays.iter().any(is_open)).then_some(())
    });
}

#[test]
fn answers_are_what_the_document_says() {
    let mut document = Document::checked_in();
    set_up(&mut document);

    let site = Site::start(&[("/a.png", "image/png", PNG)]);
    let server = Options::default()
        .ingest_key(sentry::KEY)
        .sealing_at_once()
        .env("REENACT__ASSETS__ALLOWED_NETWORKS", "[\"127.0.0.1\"]")
        .env("REENACT__ALERTS__ALLOWED_NETWORKS", "[\"127.0.0.1\"]")
        .start();
    crate::search::fill(&server);
    for scenario in [
        "session-v11",
        "replay-video-synthetic",
        "server-error-v11",
        "tracing-static-v11",
        "backend",
    ] {
        sentry::send_all(&server, &format!("sentry/{scenario}"));
    }
    assets::want(&server, &site.url("/a.png"), "image");
    let key = assets::outcome(&server, &site.url("/a.png")).unwrap();
    let issues = "/api/v1/issues?status_side=server";
    wait_for("errors of servers", || {
        (server.json(issues)["issues"][0]["id"].is_u64()).then_some(())
    });
    wait_until_sealed(&server);
    let owner = Person::owner(&server);
    let first = server.replays()[0]["id"].as_str().unwrap().to_owned();
    kept::keep_everything(&mut document, &server, &site, &first);
    let mut known = Known::of(&server, &owner);
    known.assets.push(["1".to_owned(), key]);
    assert!(known.ids.values().all(|ids| !ids.is_empty()), "{known:?}");
    read_everything(&mut document, &server, &known);
    write_everything(&mut document, &server, &known.ids["replays"][0]);
    kept::delete_everything(&mut document, &server, &known.ids["replays"][0]);

    let server = Options::default()
        .ingest_key(posthog::TOKEN)
        .sealing_at_once()
        .start();
    for scenario in ["full", "identity", "canvas", "mobile-synthetic"] {
        posthog::send_all(&server, &format!("posthog/{scenario}"));
    }
    wait_until_sealed(&server);
    let known = Known::of(&server, &Person::owner(&server));
    read_everything(&mut document, &server, &known);

    let all = document.operations();
    let all: BTreeSet<_> = all
        .iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let unasked: Vec<_> = all.difference(&document.answered).collect();
    assert!(unasked.is_empty(), "never answered: {unasked:?}");
}
