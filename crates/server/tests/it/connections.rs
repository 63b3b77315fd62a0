//! Connections that are too large, too many, or break off.

use crate::bad_input::{assert_starts_no_storm, assert_still_works, post};
use crate::recording::{START_MS, event, track_body, track_path};
use crate::server::{Options, Server, wait_for};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

#[test]
fn a_body_of_100_mb_is_refused_with_an_answer() {
    let server = Server::start();
    let bearer = format!("Bearer {}", server.options.ingest_key);
    let path = track_path("d", "1", "replay");
    // Of known and of unknown length.
    for known in [true, false] {
        let mut zeros = std::io::repeat(0).take(100 << 20);
        let length = (100 << 20).to_string();
        let mut headers = vec![("authorization", bearer.as_str())];
        if known {
            headers.push(("content-length", &length));
        }
        let answer = server.send(
            "POST",
            &path,
            &headers,
            ureq::SendBody::from_reader(&mut zeros),
        );
        assert_eq!(answer.status, 413);
        assert_starts_no_storm(&answer);
    }
    assert_eq!(server.problems("too_large"), 2.0);
    assert_still_works(&server, 1);
}

#[test]
fn connections_that_break_off_leave_nothing_behind() {
    let server = Server::start();
    let start = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n",
        track_path("d", "1", "replay"),
        server.host(),
        server.options.ingest_key
    );
    let body = String::from_utf8(track_body(&[event(START_MS, 1)])).unwrap();
    for rest in [
        // The end of the chunks never comes, though the document is whole.
        format!(
            "transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
            body.len()
        ),
        format!("transfer-encoding: chunked\r\n\r\nfff\r\n{body}"),
        format!("transfer-encoding: chunked\r\n\r\nzz\r\n{body}"),
        format!("content-length: {}\r\n\r\n{body}", body.len() + 1),
        "content-length: x\r\n\r\n".to_owned(),
        "content-le".to_owned(),
    ] {
        let mut connection = TcpStream::connect(server.host()).unwrap();
        connection
            .write_all(format!("{start}{rest}").as_bytes())
            .unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        // Ignored: a reset is an answer as well.
        let _ = connection.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{rest}: {answer}");
    }
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        &[0; 4096],
    ] {
        let mut connection = TcpStream::connect(server.host()).unwrap();
        // Ignored: the server may hang up before it has read everything.
        let _ = connection.write_all(garbage);
    }
    wait_for("the broken bodies to be counted", || {
        (server.problems("invalid_encoding") >= 4.0).then_some(())
    });
    assert_still_works(&server, 1);
    assert_eq!(server.replays().len(), 1);
}

/// Uploads wait for memory, and too many are told to come back later; none may take
/// the server down, and it recovers.
#[test]
fn a_flood_of_large_uploads_is_held_back() {
    let options = Options::default().env("REENACT__INGEST__MAX_IN_FLIGHT_BYTES", "8000000");
    let server = options.start();
    let filler = "z".repeat(900_000);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (server, filler) = (&server, &filler);
            scope.spawn(move || {
                for n in 0..4 {
                    let data = json!({"tag": format!("{thread} {n}"), "payload": filler});
                    let event = json!({"type": 5, "timestamp": START_MS + n, "data": data});
                    let path = track_path("d", &thread.to_string(), "replay");
                    let answer = post(server, &path, "", &track_body(&[event]));
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
    let stored: usize = (0..8)
        .map(|thread| {
            server
                .events(&server.replay_id("d", &thread.to_string()))
                .len()
        })
        .sum();
    assert_eq!(stored as f64 + server.problems("throttled"), 32.0);
    assert_still_works(&server, 1);
}

/// Memory set aside for what a request says its length is, before one byte of it is
/// there, would let a single stranger who never sends it hold up everybody.
#[test]
fn a_slow_upload_does_not_hold_up_the_others() {
    let server = Server::start();
    let mut slow = TcpStream::connect(server.host()).unwrap();
    let path = track_path("d", "1", "replay");
    let start = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 33000000\r\n\r\n{{");
    slow.write_all(start.as_bytes()).unwrap();
    // The reading of the first part is not visible from outside; the next request
    // comes by a connection that is opened later.
    for number in 0..3 {
        assert_still_works(&server, number);
    }
    assert_eq!(server.problems("throttled"), 0.0);
}
