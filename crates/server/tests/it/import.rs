//! `reenact import` brings recordings in files into a running server.

use crate::recording::gzip;
use crate::server::{Server, program};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub fn corpus(name: &str) -> PathBuf {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fixtures/rrweb"]
        .iter()
        .collect();
    folder.join(format!("{name}.jsonl.zst"))
}

pub fn lines(path: &Path) -> Vec<String> {
    let plain = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    let text = String::from_utf8(plain).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The one thing in the corpus that JSON readers refuse: half a surrogate pair.
pub fn parse(line: &str) -> Value {
    serde_json::from_str(&line.replace("\\ud83d\"", "\u{fffd}\"")).unwrap()
}

/// Runs the command without a memory of earlier runs; returns whether it succeeded
/// and what it said.
pub fn import(server: &Server, args: &[&str], files: &[&Path]) -> (bool, String) {
    import_in(tempfile::tempdir().unwrap().path(), server, args, files)
}

/// The same with the journal of this folder.
fn import_in(folder: &Path, server: &Server, args: &[&str], files: &[&Path]) -> (bool, String) {
    let done = program()
        .args(["import", "--server", server.url(), "--journal"])
        .arg(folder.join("journal"))
        .args(args)
        .args(files)
        .env("REENACT_INGEST_KEY", &server.options.ingest_key)
        .output()
        .unwrap();
    let text = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn as_texts(events: &[Value]) -> Vec<String> {
    let mut texts: Vec<_> = events.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

#[test]
fn recordings_come_in_whole_and_only_once() {
    let server = Server::start();
    let files = [corpus("kitchen-u5"), corpus("chat-u3")];
    for again in [false, true] {
        let (ok, said) = import(&server, &[], &[&files[0], &files[1]]);
        assert!(ok, "{said}");
        for (name, count, file) in [("kitchen-u5", 353, &files[0]), ("chat-u3", 281, &files[1])] {
            assert!(said.contains(&format!("{count} events stored")), "{said}");
            let row = server.replay("import", name);
            assert_eq!(
                (&row["event_count"], &row["playable"]),
                (&count.into(), &true.into()),
                "{again}"
            );
            let expected: Vec<_> = lines(file).iter().map(|line| parse(line)).collect();
            let id = row["id"].as_str().unwrap();
            assert_eq!(as_texts(&server.events(id)), as_texts(&expected), "{name}");
        }
    }
    assert_eq!(server.replays().len(), 2);
    assert_eq!(server.problems("repaired_text"), 2.0, "once per import");
}

#[test]
fn the_journal_lies_beside_what_was_imported() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (data, here) = (folder.path().join("export"), folder.path().join("here"));
    std::fs::create_dir(&data).unwrap();
    std::fs::create_dir(&here).unwrap();
    std::fs::copy(corpus("chat-u3"), data.join("chat.jsonl")).unwrap();
    let import = || {
        let done = program()
            .current_dir(&here)
            .args(["import", "--server", server.url(), "../export"])
            .env("REENACT_INGEST_KEY", &server.options.ingest_key)
            .output()
            .unwrap();
        assert!(done.status.success());
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> = entries
            .map(|it| it.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let said = [import(), import()];
    assert_ne!(said[0], said[1], "the second knows of the first");
    assert_eq!(
        names(folder.path()),
        ["export", "export.reenact-journal", "here"]
    );
    assert_eq!(
        (names(&data), names(&here)),
        (vec!["chat.jsonl".to_owned()], vec![])
    );
}

#[test]
fn every_form_of_file_is_understood() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let lines = lines(&corpus("chat-u3"));
    let array = format!("[\n  {}\n]\n", lines.join(",\n  "));
    let pretty: Vec<_> = lines.iter().map(|line| parse(line)).collect();
    let forms = [
        ("lines.jsonl", lines.join("\n").into_bytes()),
        ("array.json", array.clone().into_bytes()),
        ("pretty.json", serde_json::to_vec_pretty(&pretty).unwrap()),
        ("lines.jsonl.gz", gzip(lines.join("\r\n").as_bytes())),
        (
            "array.json.zst",
            zstd::encode_all(array.as_bytes(), 3).unwrap(),
        ),
    ];
    for (at, (name, bytes)) in forms.into_iter().enumerate() {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let session_id = format!("form {at}");
        let args = [
            "--device-id",
            "d",
            "--session-id",
            &session_id,
            "--user-id",
            "someone",
        ];
        let (ok, said) = import(&server, &args, &[&path]);
        assert!(ok, "{name}: {said}");
        let row = server.replay("d", &session_id);
        assert_eq!(
            (&row["event_count"], &row["user_id"]),
            (&281.into(), &"someone".into()),
            "{name}"
        );
    }
}

#[test]
fn what_cannot_be_imported_is_said() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.json");
    std::fs::write(&path, "Dear Sir or Madam\n").unwrap();
    let chat = corpus("chat-u3");
    for (address, key, file, expected) in [
        (server.url(), "", path.as_path(), "not a recording"),
        (server.url(), "", Path::new("/nowhere.json"), "cannot open"),
        (server.url(), "unknown-key", &chat, "answered 401"),
        ("http://127.0.0.1:1", "", &chat, "cannot reach the server"),
    ] {
        let key = if key.is_empty() {
            &server.options.ingest_key
        } else {
            key
        };
        let args = ["import", "--server", address, "--key", key, "--journal"];
        let journal = folder.path().join("journal");
        let done = program()
            .args(args)
            .args([journal.as_path(), file])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    assert!(server.replays().is_empty());
}
