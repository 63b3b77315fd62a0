//! The examples of `docs/api.md`, run as they stand there.

use crate::captured::folder;
use crate::person::Person;
use crate::server::{Server, wait_for};
use crate::source_maps;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Lines of all shell blocks, without comments.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(folder("../docs/api.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|rest| rest.split("```").next().unwrap().lines());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Status and body of one `curl` command.
fn run(setting: &str, command: &str, variables: &[(&str, &str)], folder: &Path) -> (u16, String) {
    let script = format!("{setting}\n{command} -s -S -w '\\n%{{http_code}}'");
    let done = Command::new("sh")
        .args(["-c", &script])
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command}: {complaint}");
    let said = String::from_utf8(done.stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// An example that finds nothing shows nothing.
fn finds_nothing(body: &str) -> bool {
    let lists = [
        "replays", "facets", "hits", "facts", "users", "sessions", "uploads",
    ];
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    lists.iter().any(|name| body[*name] == json!([])) || body == json!([])
}

#[test]
fn every_example_of_the_manual_works() {
    let server: Server = crate::search::start();
    let owner = Person::owner(&server);
    let scopes = ["read", "write", "delete", "import", "admin"];
    let body = json!({"name": "manual", "scopes": scopes});
    let token = owner.send(&server, "POST", "/api/v1/tokens", body).json();
    let ada = wait_for("the person", || {
        let users = server.json("/api/v1/users?property=tier&value=gold");
        Some(users["users"][0]["id"].to_string()).filter(|id| id != "null")
    });
    let replay = server.replay_id("a", "1");
    server.wait_until_sealed(&replay);
    let folder = tempfile::tempdir().unwrap();
    let maps = folder.path().join("maps.zip");
    std::fs::write(maps, source_maps::bundle("shop@1")).unwrap();
    let variables = [
        ("SERVER", server.url()),
        ("TOKEN", token["token"].as_str().unwrap()),
        ("REPLAY", &replay),
        ("USER_ID", &ada),
        ("DEVICE", "a"),
    ];
    let commands = commands();
    let (examples, settings): (Vec<_>, Vec<_>) =
        commands.iter().partition(|line| line.starts_with("curl "));
    assert!(examples.len() > 20, "{examples:?}");
    let setting: String = settings.iter().map(|line| format!("{line}\n")).collect();
    for example in examples {
        let (status, body) = run(&setting, example, &variables, folder.path());
        assert!((200..300).contains(&status), "{example}: {status} {body}");
        assert!(!finds_nothing(&body), "{example} finds nothing: {body}");
    }
}
