//! The archive of what recorded pages load.

use crate::person::{Person, STRANGER, add_people, error, error_of};
use crate::recording::{START_MS, meta, upload};
use crate::server::{Options, Server, wait_for};
use crate::site::{FONT, PNG, Site};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read as _;

const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

fn start(allowed_networks: &str) -> Server {
    Options::default()
        .sealing_at_once()
        .env("REENACT__ASSETS__ALLOWED_NETWORKS", allowed_networks)
        .start()
}

fn database(server: &Server) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(server.data.join("catalog.sqlite")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db
}

/// As if a recording referred to it.
pub fn want(server: &Server, url: &str, kind: &str) {
    let add =
        "INSERT INTO asset_jobs (project_id, url, kind, added_at, due_at) VALUES (1, ?, ?, 0, 0)";
    database(server).execute(add, [url, kind]).unwrap();
}

/// Key, or the reason why there is none, once nothing has to be fetched any more.
pub fn outcome(server: &Server, url: &str) -> Result<String, String> {
    let db = database(server);
    let sql =
        "SELECT v.key, j.reason FROM asset_jobs j LEFT JOIN asset_versions v ON v.job_id = j.id
         WHERE j.url = ? AND (j.due_at IS NULL OR j.attempts > 0)";
    wait_for(url, || {
        let row = db.query_row(sql, [url], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, Option<String>>(1)?,
            ))
        });
        match row.ok()? {
            (Some(key), _) => Some(Ok(key)),
            (None, reason) => Some(Err(reason.unwrap())),
        }
    })
}

#[test]
fn files_are_served_harmlessly_and_only_to_the_project() {
    let site = Site::start(&[
        ("/a.svg", "image/svg+xml", SVG),
        ("/a.png", "text/html", PNG),
        ("/lie.png", "image/png", b"<html><script>alert(1)</script>"),
    ]);
    let server = start("[\"127.0.0.1\"]");
    add_people(&server);
    for (path, kind) in [
        ("/a.svg", "image"),
        ("/a.png", "image"),
        ("/lie.png", "image"),
        ("/none.png", "image"),
    ] {
        want(&server, &site.url(path), kind);
    }
    let svg = outcome(&server, &site.url("/a.svg")).unwrap();
    let png = outcome(&server, &site.url("/a.png")).unwrap();
    assert_eq!(
        outcome(&server, &site.url("/lie.png")),
        Err("wrong_type".to_owned())
    );
    assert_eq!(
        outcome(&server, &site.url("/none.png")),
        Err("not_found".to_owned())
    );

    let owner = Person::owner(&server);
    let path = format!("/api/v1/assets/1/{svg}");
    let answer = owner.send(&server, "GET", &path, Value::Null);
    assert_eq!((answer.status, answer.body.as_slice()), (200, SVG));
    for (name, value) in [
        ("content-type", "image/svg+xml"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let picture = owner.send(
        &server,
        "GET",
        &format!("/api/v1/assets/1/{png}"),
        Value::Null,
    );
    assert_eq!(
        (picture.header("content-type"), picture.body.as_slice()),
        ("image/png", PNG)
    );

    // Never as a document of its own.
    let token = format!("Bearer {}", server.options.api_token);
    for destination in ["document", "iframe", "embed", "object", "frame"] {
        let headers = [
            ("authorization", token.as_str()),
            ("sec-fetch-dest", destination),
        ];
        let answer = server.send("GET", &path, &headers, ());
        assert_eq!(error_of(&answer), error(403, "forbidden"), "{destination}");
    }
    let as_image = [
        ("authorization", token.as_str()),
        ("sec-fetch-dest", "image"),
    ];
    assert_eq!(server.send("GET", &path, &as_image, ()).status, 200);

    assert_eq!(
        error_of(&server.send("GET", &path, &[], ())),
        error(401, "unauthenticated")
    );
    let stranger = Person::log_in(&server, STRANGER);
    for path in [path.as_str(), &format!("/api/v1/assets/2/{svg}")] {
        let answer = stranger.send(&server, "GET", path, Value::Null);
        assert_eq!(error_of(&answer), error(404, "not_found"), "{path}");
    }
    for path in [
        "/api/v1/assets/1/0000000000000000000000000000000000000000",
        "/api/v1/assets/1/..%2f..%2fcatalog.sqlite",
        "/api/v1/assets/x/y",
        &format!("/api/v1/assets/9/{svg}"),
    ] {
        let answer = owner.send(&server, "GET", path, Value::Null);
        assert_eq!(error_of(&answer), error(404, "not_found"), "{path}");
    }
    // Another server gives the same content another key.
    let other = start("[\"127.0.0.1\"]");
    want(&other, &site.url("/a.svg"), "image");
    assert_ne!(outcome(&other, &site.url("/a.svg")).unwrap(), svg);
    assert_eq!(server.complaints(), [""; 0]);
}

#[test]
fn this_network_is_closed_unless_it_was_opened() {
    let site = Site::start(&[("/a.png", "image/png", PNG)]);
    let closed = start("[]");
    want(&closed, &site.url("/a.png"), "image");
    let by_name = site.url("/a.png").replace("127.0.0.1", "localhost");
    want(&closed, &by_name, "image");
    for url in [site.url("/a.png"), by_name] {
        assert_eq!(outcome(&closed, &url), Err("forbidden_address".to_owned()));
    }
    assert_eq!(
        closed.metric("reenact_assets_failed_total{reason=\"forbidden_address\"}"),
        2.0
    );
    let off = Options::default()
        .env("REENACT__ASSETS__ENABLED", "false")
        .env("REENACT__ASSETS__ALLOWED_NETWORKS", "[\"127.0.0.0/8\"]")
        .start();
    want(&off, &site.url("/a.png"), "image");
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(site.requests(), [""; 0]);
}

#[test]
fn what_fails_for_now_is_tried_again_and_a_restart_forgets_nothing() {
    let mut site = Site::start(&[("/a.png", "image/png", PNG)]);
    let url = site.url("/a.png");
    site.shut_down();
    let mut server = start("[\"127.0.0.1\"]");
    want(&server, &url, "image");
    assert_eq!(outcome(&server, &url), Err("connection_failed".to_owned()));
    let db = database(&server);
    let waits = "SELECT due_at - last_tried_at FROM asset_jobs WHERE url = ?";
    let waits_micros: i64 = db.query_row(waits, [&url], |row| row.get(0)).unwrap();
    assert_eq!(waits_micros, 60_000_000);
    server.kill_9();
    db.execute("UPDATE asset_jobs SET due_at = 1", []).unwrap();
    server.restart();
    let attempts = "SELECT attempts FROM asset_jobs WHERE url = ?";
    wait_for("the second try", || {
        let attempts: i64 = db.query_row(attempts, [&url], |row| row.get(0)).unwrap();
        (attempts == 2).then_some(())
    });
}

#[test]
fn the_stage_may_load_from_the_archive_alone() {
    let server = Server::start();
    let answer = Person::owner(&server).send(&server, "GET", "/stage/", Value::Null);
    let policy = answer.header("content-security-policy").to_owned();
    let archive = format!("{}/api/v1/assets/", server.url());
    for part in [
        "img-src data: blob:",
        "font-src data: blob:",
        "media-src data: blob:",
        "style-src 'self' 'unsafe-inline' data: blob:",
    ] {
        assert!(
            policy.contains(&format!("{part} {archive};")),
            "{part} in {policy}"
        );
    }
    assert!(
        policy.contains("connect-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
}

fn element(id: u64, tag: &str, attributes: Value, children: Value) -> Value {
    json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children})
}

/// Paths of the archive in a text.
fn archived_in(text: &str) -> BTreeSet<String> {
    let paths = text.split("/api/v1/assets/").skip(1);
    let end = |c: char| !c.is_ascii_alphanumeric() && c != '/';
    paths
        .map(|rest| format!("/api/v1/assets/{}", rest.split(end).next().unwrap()))
        .collect()
}

#[test]
fn a_replay_outlives_the_site() {
    let mut site = Site::start(&[
        ("/css/site.css", "text/css", b"@import 'more.css'; @font-face { font-family: f; src: url(../f.woff2) } body { background: url(/back.png) }"),
        ("/css/more.css", "text/css", b"p { background: url(deep.png) } i { background: url(/gone.png) }"),
        ("/css/deep.png", "image/png", b"\x89PNG\r\n\x1a\n deep"),
        ("/f.woff2", "font/woff2", FONT),
        ("/back.png", "image/png", PNG),
        ("/photo.png", "image/png", b"\x89PNG\r\n\x1a\n photo"),
        ("/later.png", "image/png", b"\x89PNG\r\n\x1a\n later"),
    ]);
    let server = start("[\"127.0.0.1\"]");
    let link = element(
        4,
        "link",
        json!({"rel": "stylesheet", "href": site.url("/css/site.css")}),
        json!([]),
    );
    let photo = element(
        5,
        "img",
        json!({"src": site.url("/photo.png"), "srcset": format!("{} 2x", site.url("/gone.png"))}),
        json!([]),
    );
    let html = element(2, "html", json!({}), json!([link, photo]));
    let snapshot = json!({"type": 2, "timestamp": START_MS, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}, "initialOffset": {"left": 0, "top": 0}}});
    let change = json!({"type": 3, "timestamp": START_MS + 1000, "data": {"source": 0, "texts": [], "adds": [], "removes": [],
        "attributes": [{"id": 5, "attributes": {"src": site.url("/later.png")}}]}});
    upload(
        &server,
        "d",
        "1",
        &[meta(START_MS, &site.url("/")), snapshot, change],
    );
    let id = server.replay_id("d", "1");
    server.wait_until_sealed(&id);
    for path in [
        "/css/site.css",
        "/css/more.css",
        "/css/deep.png",
        "/f.woff2",
        "/back.png",
        "/photo.png",
        "/later.png",
    ] {
        assert!(outcome(&server, &site.url(path)).is_ok(), "{path}");
    }
    assert!(outcome(&server, &site.url("/gone.png")).is_err());
    let asked = site.requests();
    assert_eq!(
        asked.iter().collect::<BTreeSet<_>>().len(),
        asked.len(),
        "each once: {asked:?}"
    );
    site.shut_down();

    let playback = server.get(&format!("/api/v1/replays/{id}/playback")).text();
    let page = site.url("/");
    let events: Vec<Value> = serde_json::from_str(&playback).unwrap();
    for event in events.iter().filter(|event| event["type"] != 4) {
        assert!(!event.to_string().contains(&page), "{event}");
    }
    let mut remaining: Vec<_> = archived_in(&playback).into_iter().collect();
    let mut files = Vec::new();
    while let Some(path) = remaining.pop() {
        let answer = server.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let kind = answer.header("content-type").to_owned();
        if kind.starts_with("text/css") {
            assert!(
                !answer.text().contains(&page) && !answer.text().contains("gone"),
                "{}",
                answer.text()
            );
            remaining.extend(archived_in(&answer.text()));
        }
        files.push(kind);
    }
    files.sort();
    let expected = [
        "font/woff2",
        "image/png",
        "image/png",
        "image/png",
        "image/png",
        "text/css; charset=utf-8",
        "text/css; charset=utf-8",
    ];
    assert_eq!(files, expected);
    check_export(&server, &id, &page);
    // What was recorded is still what was recorded.
    let events = server.get(&format!("/api/v1/replays/{id}/events")).text();
    assert!(events.contains(&site.url("/photo.png")));
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    assert_eq!(manifest["assets"]["archived"], 7);
    let missing = &manifest["assets"]["missing"];
    assert_eq!(
        missing,
        &json!([{"url": site.url("/gone.png"), "reason": "not_found"}])
    );
}

/// An exported page brings everything along. It is made of the app's files, which a
/// test run of the server alone may not have.
fn check_export(server: &Server, id: &str, page: &str) {
    let exported = server.get(&format!("/api/v1/replays/{id}/export?format=html"));
    if exported.status != 200 {
        let said = exported.text();
        assert!(said.contains("built without the web app"), "{said}");
        return;
    }
    let html = exported.text();
    let packed = html.split("id=\"events\">").nth(1).unwrap();
    let packed = packed.split("</script>").next().unwrap();
    let packed = BASE64_STANDARD.decode(packed).unwrap();
    let mut plain = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut plain)
        .unwrap();
    let events: Vec<Value> = serde_json::from_str(&plain).unwrap();
    for event in events.iter().filter(|event| event["type"] != 4) {
        let event = event.to_string();
        assert!(
            !event.contains(page) && !event.contains("/api/v1/assets/"),
            "{event}"
        );
    }
    let photo = BASE64_STANDARD.encode(b"\x89PNG\r\n\x1a\n photo");
    let later = BASE64_STANDARD.encode(b"\x89PNG\r\n\x1a\n later");
    for picture in [photo, later] {
        assert!(plain.contains(&format!("data:image/png;base64,{picture}")));
    }
    // The style sheet, and in it the one it imports with its picture, and the font.
    let sheet = plain.split("data:text/css").nth(1).expect("a style sheet");
    let (_, sheet) = sheet.split_once("base64,").unwrap();
    let sheet = BASE64_STANDARD.decode(sheet.split('"').next().unwrap());
    let sheet = String::from_utf8(sheet.unwrap()).unwrap();
    assert!(sheet.contains("data:font/woff2;base64,"), "{sheet}");
    assert!(
        sheet.contains("@import") && sheet.contains("data:text/css"),
        "{sheet}"
    );
    assert!(!sheet.contains(page), "{sheet}");
}
