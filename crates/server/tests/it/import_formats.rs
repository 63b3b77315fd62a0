//! `reenact import` of what other products give out: recognised by content, resumed,
//! tried without sending, and told apart from what is no recording.

use crate::import::{corpus, lines};
use crate::server::{Server, program, wait_for};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn fixture(path: &str) -> Value {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fixtures", path]
        .iter()
        .collect();
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The session of `posthog/full`: its id, its window, the window's events.
fn posthog_session() -> (String, String, Vec<Value>) {
    let decoded = fixture("posthog/full/decoded.json");
    let session = &decoded["sessions"][0];
    let windows = session["windows"].as_object().unwrap();
    let (window, events) = windows.iter().next().unwrap();
    let id = session["session_id"].as_str().unwrap().to_owned();
    (id, window.clone(), events.as_array().unwrap().clone())
}

/// The replay of `sentry/session-v11`: its id and the events of each segment.
fn sentry_replay() -> (String, Vec<Value>) {
    let decoded = fixture("sentry/session-v11/decoded.json");
    let requests = decoded.as_array().unwrap().iter();
    let items = || {
        let requests = requests.clone();
        requests.flat_map(|request| request["items"].as_array().unwrap())
    };
    let of_type = |kind: &'static str| items().filter(move |item| item["header"]["type"] == kind);
    let id = &of_type("replay_event").next().unwrap()["payload"]["replay_id"];
    let segments: Vec<_> = of_type("replay_recording")
        .map(|item| item["recording"]["events"].clone())
        .collect();
    assert!(segments.len() == 6 && segments.iter().all(Value::is_array));
    (id.as_str().unwrap().to_owned(), segments)
}

fn count(segments: &[Value]) -> usize {
    let lengths = segments
        .iter()
        .map(|segment| segment.as_array().unwrap().len());
    lengths.sum()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, server: Option<&Server>) -> Command {
        let mut command = program();
        command
            .arg("import")
            .arg("--journal")
            .arg(self.path("journal"));
        match server {
            Some(server) => command
                .args(["--server", server.url(), "--key"])
                .arg(&server.options.ingest_key),
            None => command.args([
                "--server",
                "http://127.0.0.1:1",
                "--dry-run",
                "--key",
                "none",
            ]),
        };
        command
    }

    /// Imports and returns what was said; it must succeed.
    fn import(&self, server: Option<&Server>, what: &Path) -> String {
        let done = self.command(server).arg(what).output().unwrap();
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        assert!(done.status.success(), "{said}");
        said
    }
}

fn zip(path: &Path, files: &[(&str, String)]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

fn posthog_forms(folder: &Folder) -> Vec<PathBuf> {
    let (id, window, events) = posthog_session();
    let with_window: Vec<Value> = events
        .iter()
        .map(|event| {
            let mut event = event.clone();
            event["windowId"] = window.as_str().into();
            event
        })
        .collect();
    let export = json!({"version": "2023-04-28", "data": {
        "id": id,
        "person": {"distinct_ids": ["ada"], "properties": {"email": "ada@mail.example"}},
        "snapshots": with_window,
    }});
    let old_export = json!({"version": "2022-12-02", "data": {
        "id": id, "snapshotsByWindowId": {window.as_str(): events.clone()},
    }});
    let answer = json!({"snapshots": with_window});
    let pairs: Vec<_> = events
        .iter()
        .map(|event| json!([window, event]).to_string())
        .collect();
    let (first, second) = events.split_at(100);
    let blocks = [
        json!({"window_id": window, "data": first}).to_string(),
        json!({"window_id": window, "data": second}).to_string(),
    ];
    vec![
        folder.write("export/recording.json", export.to_string()),
        folder.write(
            "old/recording.json",
            serde_json::to_vec_pretty(&old_export).unwrap(),
        ),
        folder.write(&format!("answer/{id}.json"), answer.to_string()),
        folder.write(&format!("pairs/{id}.jsonl"), pairs.join("\n")),
        folder.write(&format!("blocks/{id}.jsonl"), blocks.join("\n")),
    ]
}

fn sentry_forms(folder: &Folder) -> Vec<PathBuf> {
    let (id, segments) = sentry_replay();
    for (number, segment) in segments.iter().enumerate() {
        folder.write(&format!("parts/{id}/{number}.json"), segment.to_string());
    }
    let archive = folder.path(&format!("replay-{id}.zip"));
    let files: Vec<_> = (0..)
        .zip(&segments)
        .map(|(number, segment)| (format!("segment-{number:03}.json"), segment.to_string()))
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    zip(&archive, &files);
    vec![
        folder.write(
            &format!("all/{id}.json"),
            Value::from(segments.clone()).to_string(),
        ),
        folder.path("parts"),
        archive,
    ]
}

#[test]
fn a_dry_run_knows_every_form_and_sends_nothing() {
    let folder = Folder::new();
    for path in posthog_forms(&folder) {
        let said = folder.import(None, &path);
        assert!(said.contains("PostHog, 192 events readable"), "{said}");
    }
    let (_, segments) = sentry_replay();
    let expected = format!("Sentry, {} events readable", count(&segments));
    for path in sentry_forms(&folder) {
        let said = folder.import(None, &path);
        assert!(said.contains(&expected), "{said}");
    }
    assert!(!folder.path("journal").exists());
}

#[test]
fn a_folder_brings_all_recordings_and_says_what_else_it_held() {
    let server = Server::start();
    let folder = Folder::new();
    folder.write("a/one.jsonl", lines(&corpus("chat-u3")).join("\n"));
    folder.write("a/deeper/two.json", "[]");
    folder.write("b/notes.txt", "Dear Sir or Madam\n");
    folder.write("b/sources.json", r#"{"sources": [{"source": "blob"}]}"#);
    folder.write(
        "b/replay.json",
        r#"{"data": {"id": "1", "count_segments": 3}}"#,
    );
    folder.write("b/other.json", r#"{"colour": "green"}"#);
    let said = folder.import(Some(&server), folder.0.path());
    for expected in [
        "one.jsonl: rrweb, 281 events stored",
        "two.json: skipped, it holds no events",
        "notes.txt: skipped, it is not a recording",
        "sources.json: skipped, it is PostHog's list",
        "replay.json: skipped, it describes a Sentry replay",
        "other.json: skipped, it is JSON, but no recording",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(server.replay("import", "one")["event_count"], 281);
    assert_eq!(server.replays().len(), 1);
}

#[test]
fn an_import_that_was_stopped_goes_on_where_it_was() {
    let mut server = Server::start();
    let folder = Folder::new();
    let one = folder.write("1/first.jsonl", lines(&corpus("chat-u3")).join("\n"));
    let two = folder.write("2/second.jsonl", lines(&corpus("chat-u3")).join("\n"));
    folder.import(Some(&server), &one);
    assert!(
        folder
            .command(Some(&server))
            .arg(&two)
            .output()
            .unwrap()
            .status
            .success()
    );
    let repeated = |server: &Server| server.metric("reenact_duplicate_replay_events_total");
    let done = folder
        .command(Some(&server))
        .args([&one, &two])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(
        said.matches("281 events stored, all of them before")
            .count(),
        2,
        "{said}"
    );
    assert_eq!(repeated(&server), 0.0, "sent again");
    // A journal that a crash cut in the middle of a line costs one upload.
    let journal = std::fs::read_to_string(folder.path("journal")).unwrap();
    std::fs::write(folder.path("journal"), &journal[..journal.len() - 9]).unwrap();
    let said = folder.import(Some(&server), &two);
    assert!(said.contains("281 events stored\n"), "{said}");
    assert_eq!(repeated(&server), 281.0);
    assert!(
        folder
            .import(Some(&server), &two)
            .contains("all of them before")
    );
    // What the server refuses is not remembered.
    server.stop();
    let three = folder.write("3/third.jsonl", lines(&corpus("chat-u3")).join("\n"));
    let done = folder.command(Some(&server)).arg(&three).output().unwrap();
    assert!(!done.status.success());
    server.restart();
    assert!(
        folder
            .import(Some(&server), &three)
            .contains("281 events stored\n")
    );
}

#[test]
fn a_posthog_recording_comes_in_with_its_person() {
    let server = Server::start();
    let (id, window, events) = posthog_session();
    let folder = Folder::new();
    for path in posthog_forms(&folder) {
        let said = folder.import(Some(&server), &path);
        assert!(said.contains("192 events stored"), "{said}");
    }
    let row = server.replay(&id, &id);
    assert_eq!(
        (&row["event_count"], &row["source"], &row["playable"]),
        (&192.into(), &"posthog".into(), &true.into())
    );
    assert_eq!(server.replays().len(), 1, "five forms of one session");
    let stored = server.events(row["id"].as_str().unwrap());
    assert!(
        stored
            .iter()
            .all(|event| event["windowId"] == window.as_str())
    );
    let kinds = |events: &[Value]| {
        let mut kinds: Vec<_> = events
            .iter()
            .map(|event| (event["timestamp"].as_i64(), event["type"].as_i64()))
            .collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds(&stored), kinds(&events));
    let users = server.json("/api/v1/users?identity=ada");
    assert_eq!(users["users"][0]["email"], "ada@mail.example", "{users}");
}

#[test]
fn a_sentry_replay_comes_in_under_its_id() {
    let server = Server::start();
    let (id, segments) = sentry_replay();
    let folder = Folder::new();
    let forms = sentry_forms(&folder);
    for path in &forms {
        let said = folder.import(Some(&server), path);
        assert!(
            said.contains(&format!("{} events stored", count(&segments))),
            "{said}"
        );
    }
    // Three forms of one replay.
    let row = wait_for("all events in the list", || {
        let row = server.replay(&id, &id);
        (row["event_count"] == count(&segments)).then_some(row)
    });
    assert_eq!(
        (&row["source"], &row["playable"]),
        (&"sentry".into(), &true.into())
    );
    assert_eq!(server.replays().len(), 1);
}
