//! Starting with settings that are right and wrong.

use crate::recording::{START_MS, event, upload};
use crate::server::{Options, program};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// Runs a command that must end by itself.
fn run(mut command: Command) -> Output {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > ENDS_WITHIN {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn mistakes_end_the_program_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reenact.toml");
    std::fs::write(&file, "[server]\nlisten_on = \"127.0.0.1:0\"\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    let options = Options::default;
    for (options, expected) in [
        (options().env("REENACT__SERVER__NONSENSE", "1"), "nonsense"),
        (options().env("REENACT__SEEL__BYTES", "1"), "seel"),
        (options().env("REENACT__SEAL__BYTES", "many"), "bytes"),
        (
            options().env("REENACT__CAPTURE__SAMPLE_RATE", "2"),
            "sample_rate",
        ),
        (options().env("REENACT__LOG__LEVEL", "a=b=c"), "log.level"),
        (
            options().env("REENACT__SERVER__TRUSTED_PROXIES", "[\"proxy\"]"),
            "trusted_proxies",
        ),
        (options().env("REENACT_CONFIG", &file), "listen_on"),
        (
            options().env("REENACT_CONFIG", "/nowhere/reenact.toml"),
            "/nowhere/reenact.toml",
        ),
        (
            options().arg("--ingest-listen").arg("203.0.113.1:1"),
            "cannot listen on 203.0.113.1:1",
        ),
        (options().ingest_key("short"), "ingest key"),
        // It must not need escaping anywhere, or it could not be found and redacted.
        (options().ingest_key("key.with.dots"), "ingest key"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let output = run(options.command(data.path()));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{expected}: {said}");
        assert!(
            said.to_lowercase().contains(&expected.to_lowercase()),
            "{expected}: {said}"
        );
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn the_settings_in_force_are_printed_without_secrets() {
    let output = program()
        .args(["config", "--print"])
        .env("REENACT__SEAL__IDLE_SECONDS", "0.5")
        .env("REENACT__SERVER__METRICS_TOKEN", "hush-hush")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for line in [
        "seal.idle_seconds = 0.5  # environment",
        "seal.bytes = 4194304  # default",
        "server.listen = \"127.0.0.1:7788\"  # default",
        "server.metrics_token = \"***\"  # environment",
    ] {
        assert!(
            text.lines().any(|printed| printed == line),
            "{line} in\n{text}"
        );
    }
    assert!(!text.contains("hush"));
}

#[test]
fn two_servers_never_share_a_folder() {
    let server = Options::default().start();
    let second = run(Options::default().command(&server.data));
    assert_eq!(second.status.code(), Some(1));
    assert!(
        stderr(&second).contains("another server uses the data folder"),
        "{}",
        stderr(&second)
    );
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    server.replay("d", "1");
}

#[test]
fn the_bootstrap_is_for_an_empty_folder_only() {
    let mut server = Options::default().start();
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    let id = server.replay_id("d", "1");
    assert_eq!(server.stop(), Some(0));
    // Other values do not change what is there.
    let data = server.data.clone();
    let other = Options::default().start_in(&data);
    assert_eq!(other.get("/api/v1/replays").status, 401);
    drop(other);
    server.restart();
    assert_eq!(server.events(&id).len(), 1);
    assert_eq!(server.complaints(), [""; 0]);
    assert!(Path::new(&data).join("catalog.sqlite").exists());
}
