//! `reenact doctor` against servers that are well, and that are not.

use crate::recording::{START_MS, meta, snapshot, upload};
use crate::server::{Options, Server, program};
use std::io::{Read, Write};
use std::net::TcpListener;

fn doctor(args: &[&str]) -> (bool, String) {
    let done = program().arg("doctor").args(args).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn dsn(server: &Server, key: &str) -> String {
    server.url().replace("://", &format!("://{key}@")) + "/42"
}

fn has(said: &str, start: &str) -> bool {
    said.lines().any(|line| line.starts_with(start))
}

#[test]
fn every_family_is_asked_as_its_sdk_would_ask() {
    let server = Options::default().ingest_key("0123456789abcdef").start();
    let (ok, said) = doctor(&["--dsn", &dsn(&server, "0123456789abcdef"), "--wait", "0"]);
    assert!(ok, "{said}");
    for step in [
        "ok    server:",
        "ok    cors:",
        "ok    key:",
        "ok    size:",
        "look  arrival:",
    ] {
        assert!(has(&said, step), "{step}: {said}");
    }
    for sdk in ["posthog", "amplitude", "reenact"] {
        let args = [
            "--dsn",
            server.url(),
            "--key",
            "0123456789abcdef",
            "--sdk",
            sdk,
            "--wait",
            "0",
        ];
        let (ok, said) = doctor(&args);
        assert!(ok && has(&said, "ok    key:"), "{said}");
        // No package with the recorder is installed on this server.
        assert_eq!(has(&said, "look  recorder:"), sdk == "posthog", "{said}");
        let mut args = args;
        args[3] = "fedcba9876543210";
        let (ok, said) = doctor(&args);
        assert!(
            !ok && has(&said, "BAD   key: the server does not know this key"),
            "{said}"
        );
    }
    let (ok, said) = doctor(&["--dsn", &dsn(&server, "fedcba9876543210")]);
    assert!(
        !ok && has(&said, "BAD   key: the server does not know this key"),
        "{said}"
    );
    assert!(
        server.replays().is_empty(),
        "questions leave nothing behind"
    );
}

#[test]
fn a_token_shows_whether_uploads_arrive() {
    let server = Server::start();
    let (key, token) = (
        server.options.ingest_key.clone(),
        server.options.api_token.clone(),
    );
    let args = [
        "--dsn",
        server.url(),
        "--key",
        &key,
        "--sdk",
        "amplitude",
        "--token",
        &token,
        "--wait",
        "1",
    ];
    let (ok, said) = doctor(&args);
    assert!(
        !ok && has(&said, "BAD   arrival: nothing has arrived"),
        "{said}"
    );
    assert!(has(&said, "ok    project:"), "{said}");
    upload(
        &server,
        "d",
        "1",
        &[meta(START_MS, "https://shop.test/"), snapshot(START_MS + 1)],
    );
    let (ok, said) = doctor(&args);
    assert!(
        ok && has(
            &said,
            "look  arrival: nothing arrived just now; the last upload came"
        ),
        "{said}"
    );
    // While it waits, a page sends.
    let page = std::thread::scope(|scope| {
        let mut args = args;
        args[9] = "60";
        let asked = scope.spawn(move || doctor(&args));
        let mut number = 2;
        while !asked.is_finished() {
            upload(
                &server,
                "d",
                "1",
                &[meta(START_MS + number, "https://shop.test/")],
            );
            number += 1;
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        asked.join().unwrap()
    });
    assert!(
        page.0 && has(&page.1, "ok    arrival: an upload arrived"),
        "{}",
        page.1
    );
    let mut args = args;
    args[7] = "no-such-token";
    let (ok, said) = doctor(&args);
    assert!(!ok && has(&said, "BAD   token:"), "{said}");
}

/// Answers every request the same, like a proxy that means well.
fn proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let mut part = [0; 65_536];
                // Up to the end of the body, or the client sees a broken connection.
                while let Ok(count @ 1..) = stream.read(&mut part) {
                    bytes.extend_from_slice(&part[..count]);
                    let text = String::from_utf8_lossy(&bytes);
                    let Some(end) = text.find("\r\n\r\n") else {
                        continue;
                    };
                    let length = text[..end].lines().find_map(|line| {
                        line.to_ascii_lowercase()
                            .strip_prefix("content-length:")?
                            .trim()
                            .parse()
                            .ok()
                    });
                    if bytes.len() >= end + 4 + length.unwrap_or(0) {
                        break;
                    }
                }
                // Whoever has gone needs no answer.
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    format!("http://key@{address}/1")
}

#[test]
fn what_stands_in_the_way_is_named() {
    let (ok, said) = doctor(&["--dsn", "http://key@127.0.0.1:1/1"]);
    assert!(!ok && has(&said, "BAD   server: nothing answers"), "{said}");
    let dsn = proxy("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (ok, said) = doctor(&["--dsn", &dsn]);
    assert!(!ok, "{said}");
    for step in ["look  server:", "BAD   cors:", "BAD   key:"] {
        assert!(has(&said, step), "{step}: {said}");
    }
    let dsn = proxy("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (ok, said) = doctor(&["--dsn", &dsn]);
    assert!(!ok && has(&said, "BAD   size:"), "{said}");
    assert!(said.contains("client_max_body_size"), "{said}");
    let (ok, said) = doctor(&["--dsn", "https://not-a-word@replay.test/shop"]);
    assert!(!ok && has(&said, "BAD   form:"), "{said}");
}
