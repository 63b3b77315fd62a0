//! `reenact source-maps upload`, and stacks of errors that are led back to the source.

use crate::server::{Answer, Server, program, wait_for};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

const DEBUG_ID: &str = "0388c6cc-2d4f-4b6f-9f3b-0a7e5d1c2b3a";

fn build_file(name: &str) -> String {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "../../fixtures/source-maps",
        name,
    ]
    .iter()
    .collect();
    std::fs::read_to_string(path).unwrap()
}

/// A build folder with one script and its map.
fn build(debug_id: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    let mut script = build_file("app.js");
    if let Some(id) = debug_id {
        script.push_str(&format!("//# debugId={id}\n"));
    }
    std::fs::write(folder.path().join("assets/app.js"), script).unwrap();
    std::fs::write(
        folder.path().join("assets/app.js.map"),
        build_file("app.js.map"),
    )
    .unwrap();
    std::fs::write(folder.path().join("assets/other.js"), "x()").unwrap();
    folder
}

fn upload(server: &Server, folder: &Path, args: &[&str]) -> (bool, String) {
    let done = program()
        .args(["source-maps", "upload", "--server", server.url(), "--token"])
        .arg(&server.options.api_token)
        .args(args)
        .arg(folder)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Sends an error of the built script as Sentry's SDK does; returns its first frame.
fn report(server: &Server, number: u32, change: impl FnOnce(&mut Value)) -> Value {
    let script = build_file("app.js");
    let column = script.find("new TypeError").unwrap() + 1;
    let mut event = json!({
        "event_id": format!("{number:032x}"),
        "platform": "javascript",
        "timestamp": 1_767_600_000 + number,
        "exception": {"values": [{"type": "TypeError", "value": format!("no fruit {number}"), "stacktrace": {"frames": [
            {"filename": "https://shop.test/assets/app.js", "abs_path": "https://shop.test/assets/app.js?v=1", "function": "e", "lineno": 1, "colno": column, "in_app": true},
        ]}}]},
    });
    change(&mut event);
    let path = format!(
        "/api/1/store/?sentry_key={}&sentry_version=7",
        server.options.ingest_key
    );
    let answer = server.send("POST", &path, &[], event.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    frame_of(server, number)
}

fn frame_of(server: &Server, number: u32) -> Value {
    let id = format!("{number:032x}");
    let error = wait_for("the error to be listed", || {
        let issues = server.json("/api/v1/issues?limit=100");
        let mut details = issues["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|issue| server.json(&format!("/api/v1/issues/{}", issue["id"])));
        details.find_map(|detail| {
            let latest = detail["latest"].as_array().unwrap();
            latest
                .iter()
                .find(|error| error["event_id"] == id.as_str())
                .cloned()
        })
    });
    error["exceptions"][0]["frames"][0].clone()
}

fn assert_is_source(frame: &Value) {
    assert!(
        frame["file"].as_str().unwrap().ends_with("src/cart.ts"),
        "{frame}"
    );
    assert_eq!(
        (&frame["line"], &frame["function"], &frame["context_line"]),
        (
            &3.into(),
            &"priceOf".into(),
            &"    throw new TypeError('no such fruit');".into()
        )
    );
    assert_eq!(
        (&frame["built"]["line"], &frame["built"]["function"]),
        (&1.into(), &"e".into())
    );
}

#[test]
fn a_map_is_found_by_release_and_address_before_and_after_the_error() {
    let server = Server::start();
    let before = report(&server, 1, |event| event["release"] = "shop@1".into());
    assert!(
        before["file"].as_str().unwrap().ends_with("/assets/app.js"),
        "{before}"
    );
    assert!(before.get("built").is_none_or(Value::is_null));
    let folder = build(None);
    let (ok, said) = upload(&server, folder.path(), &["--release", "shop@1"]);
    assert!(ok, "{said}");
    assert!(
        said.contains("~/assets/app.js: by release and address"),
        "{said}"
    );
    assert!(
        said.contains("~/assets/other.js: skipped, it has no source map"),
        "{said}"
    );
    assert_is_source(&frame_of(&server, 1));
    assert_is_source(&report(&server, 2, |event| {
        event["release"] = "shop@1".into()
    }));
    // Another release has other code in the same place.
    let other = report(&server, 3, |event| event["release"] = "shop@2".into());
    assert_eq!(other["line"], 1, "{other}");

    let uploads = server.json("/api/v1/source-maps");
    assert_eq!(uploads["uploads"].as_array().unwrap().len(), 1);
    assert_eq!(uploads["uploads"][0]["map_count"], 1);
    let id = uploads["uploads"][0]["id"].as_str().unwrap();
    let bearer = format!("Bearer {}", server.options.api_token);
    let deleted = server.send(
        "DELETE",
        &format!("/api/v1/source-maps/{id}"),
        &[("authorization", &bearer)],
        (),
    );
    assert_eq!(deleted.status, 204);
    assert_eq!(frame_of(&server, 1)["line"], 1, "the map is gone");
    assert!(
        server.json("/api/v1/source-maps")["uploads"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_map_is_found_by_its_debug_id() {
    let server = Server::start();
    let folder = build(Some(DEBUG_ID));
    // The same twice is one upload.
    for _ in 0..2 {
        let (ok, said) = upload(&server, folder.path(), &[]);
        assert!(
            ok && said.contains(&format!("debug id {DEBUG_ID}")),
            "{said}"
        );
    }
    assert_eq!(
        server.json("/api/v1/source-maps")["uploads"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let images = json!({"images": [{"type": "sourcemap", "code_file": "https://shop.test/assets/app.js?v=1", "debug_id": DEBUG_ID.to_uppercase()}]});
    assert_is_source(&report(&server, 1, |event| event["debug_meta"] = images));
    let plain = report(&server, 2, |_| {});
    assert_eq!(
        plain["line"], 1,
        "without an id and a release nothing leads there"
    );
}

#[test]
fn what_cannot_be_used_is_said() {
    let server = Server::start();
    let folder = build(None);
    let (ok, said) = upload(&server, folder.path(), &[]);
    assert!(
        !ok && said.contains("name the release with --release"),
        "{said}"
    );
    let (ok, said) = upload(&server, folder.path(), &["--release", "r", "--dry-run"]);
    assert!(
        ok && said.contains("1 scripts with source maps found"),
        "{said}"
    );
    assert!(
        server.json("/api/v1/source-maps")["uploads"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    std::fs::write(folder.path().join("assets/app.js.map"), "{}").unwrap();
    let (ok, said) = upload(&server, folder.path(), &["--release", "r"]);
    assert!(!ok && said.contains("its map cannot be read"), "{said}");
    let bearer = format!("Bearer {}", server.options.api_token);
    for (headers, expected) in [
        (vec![("authorization", bearer.as_str())], 400),
        (vec![], 401),
    ] {
        let answer = server.send("POST", "/api/v1/source-maps", &headers, &b"not a zip"[..]);
        assert_eq!(answer.status, expected, "{}", answer.text());
    }
}

fn checksum_of(bytes: &[u8]) -> String {
    use sha1::Digest;
    let digest = sha1::Sha1::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An artifact bundle as `sentry-cli` makes it: places in the archive count the header.
pub fn bundle(release: &str) -> Vec<u8> {
    let manifest = json!({ "release": release, "files": {
        "files/app.js": { "url": "~/assets/app.js", "type": "minified_source", "headers": { "sourcemap": "app.js.map" } },
        "files/app.js.map": { "url": "~/assets/app.js.map", "type": "source_map", "headers": {} },
    } });
    let mut file = std::io::Cursor::new(Vec::new());
    file.write_all(b"SYSB\x02\0\0\0").unwrap();
    let mut archive = zip::ZipWriter::new(file);
    for (name, content) in [
        ("manifest.json", manifest.to_string()),
        ("files/app.js", build_file("app.js")),
        ("files/app.js.map", build_file("app.js.map")),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A form with these chunks, as files with these names.
fn send_chunks(server: &Server, chunks: &[(&str, &[u8])]) -> Answer {
    let mut form = Vec::new();
    for (name, bytes) in chunks {
        let header = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        form.extend([header.as_bytes(), bytes, b"\r\n"].concat());
    }
    form.extend(b"--x--\r\n");
    let bearer = format!("Bearer {}", server.options.api_token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    server.send(
        "POST",
        "/api/0/organizations/any/chunk-upload/",
        &headers,
        form,
    )
}

fn assemble(server: &Server, checksum: &str, chunks: &[&str]) -> Value {
    let bearer = format!("Bearer {}", server.options.api_token);
    let body =
        json!({ "checksum": checksum, "chunks": chunks, "projects": ["any"], "version": "shop@1" });
    let path = "/api/0/organizations/any/artifactbundle/assemble/";
    let answer = server.send(
        "POST",
        path,
        &[("authorization", &bearer)],
        body.to_string(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn chunks_of_sentry_cli_become_an_upload() {
    let server = Server::start();
    let options = server.json("/api/0/organizations/any/chunk-upload/");
    assert_eq!(options["hashAlgorithm"], "sha1");
    assert_eq!(options["url"], "/api/0/organizations/reenact/chunk-upload/");
    let archive = bundle("shop@1");
    let (first, second) = archive.split_at(archive.len() / 2);
    let [whole, one, two] = [&archive[..], first, second].map(checksum_of);
    let names = [one.as_str(), two.as_str()];
    let missing =
        |names: &[&str]| json!({ "state": "not_found", "missingChunks": names, "detail": null });
    assert_eq!(assemble(&server, &whole, &names), missing(&names));
    assert_eq!(send_chunks(&server, &[(&one, first)]).status, 200);
    assert_eq!(assemble(&server, &whole, &names), missing(&names[1..]));
    assert_eq!(
        send_chunks(&server, &[(&two, first)]).status,
        400,
        "other bytes"
    );
    assert_eq!(send_chunks(&server, &[(&two, second)]).status, 200);
    assert_eq!(assemble(&server, &whole, &names)["state"], "ok");
    assert_is_source(&report(&server, 1, |event| {
        event["release"] = "shop@1".into()
    }));
    // What is no archive is said to be none, once it is whole.
    assert_eq!(send_chunks(&server, &[(&one, first)]).status, 200);
    let answer = assemble(&server, &one, &names[..1]);
    assert_eq!(answer["state"], "error", "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("archive"));
    let five = [(names[0], first); 5];
    assert_eq!(
        send_chunks(&server, &five).status,
        400,
        "more than was allowed"
    );
    for (method, path) in [
        ("GET", "/api/0/organizations/any/chunk-upload/"),
        ("POST", "/api/0/organizations/any/chunk-upload/"),
        ("POST", "/api/0/organizations/any/artifactbundle/assemble/"),
    ] {
        assert_eq!(server.send(method, path, &[], "{}").status, 401, "{path}");
    }
}
