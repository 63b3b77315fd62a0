//! The recording engine through the product: state at a time, facts, export, and
//! recordings that are incomplete or damaged on the disk.

use crate::import::{corpus, import, lines, parse};
use crate::recording::{START_MS, event, meta, number_of, upload};
use crate::server::{Options, Server, program, wait_for};
use serde_json::{Value, json};

/// A server with one recorded session, sealed.
fn with_session(name: &str) -> (Server, String) {
    let server = Options::default().sealing_at_once().start();
    let (ok, said) = import(&server, &[], &[&corpus(name)]);
    assert!(ok, "{said}");
    let id = server.replay_id("import", name);
    server.wait_until_sealed(&id);
    (server, id)
}

fn time_of(event: &Value) -> i64 {
    event["timestamp"].as_i64().unwrap()
}

fn facts(server: &Server, id: &str, kinds: &str) -> Vec<Value> {
    let answer = server.json(&format!("/api/v1/replays/{id}/facts?kinds={kinds}"));
    assert_eq!(answer["complete"], true);
    answer["facts"].as_array().unwrap().clone()
}

#[test]
fn the_state_at_a_time_restores_what_was_there() {
    let (server, id) = with_session("kitchen-u5");
    let recorded: Vec<_> = lines(&corpus("kitchen-u5"))
        .iter()
        .map(|line| parse(line))
        .collect();
    let at = time_of(&recorded[300]);
    let state = server.array(&format!("/api/v1/replays/{id}/state?at={at}"));
    assert_eq!(
        (&state[0]["type"], &state[1]["type"]),
        (&json!(4), &json!(2))
    );
    assert!(state.iter().all(|event| time_of(event) == at));
    // The player gets it followed by what comes after, in one answer.
    let last = time_of(&recorded[recorded.len() - 1]);
    let played = server.array(&format!(
        "/api/v1/replays/{id}/playback?at={at}&to={}",
        last + 1
    ));
    let after: Vec<_> = recorded
        .iter()
        .filter(|event| time_of(event) > at)
        .cloned()
        .collect();
    assert!(after.len() > 10 && played.ends_with(&after));
    let alone = server.array(&format!("/api/v1/replays/{id}/playback?at={at}&to={at}"));
    assert_eq!(played.len(), alone.len() + after.len());
    // Who asks for the very beginning sees the first picture.
    let first = time_of(&recorded[0]);
    let begin = server.array(&format!(
        "/api/v1/replays/{id}/playback?at={first}&to={first}"
    ));
    assert!(
        begin
            .iter()
            .any(|event| event["type"] == 2 && time_of(event) == first)
    );
    // Before the first event there is nothing.
    assert_eq!(
        server.array(&format!("/api/v1/replays/{id}/state?at=0")),
        Vec::<Value>::new()
    );
    for bad in [
        "state",
        "state?at=soon",
        "facts?from=x",
        "export?format=exe",
    ] {
        assert_eq!(
            server.get(&format!("/api/v1/replays/{id}/{bad}")).status,
            400,
            "{bad}"
        );
    }
}

/// What is known about this session from the script that made it.
#[test]
fn facts_say_what_happened() {
    let (server, id) = with_session("kitchen-u5");
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    let first = manifest["first_event_ms"].as_i64().unwrap();
    let seconds = |fact: &Value| (fact["at_ms"].as_i64().unwrap() - first) as f64 / 1000.0;
    let clicks = facts(&server, &id, "click");
    let rage: Vec<_> = clicks
        .iter()
        .filter(|click| click["rage"].as_u64() > Some(0))
        .collect();
    assert_eq!(rage.len(), 2, "{rage:#?}");
    assert_eq!(
        (&rage[0]["node_id"], &rage[0]["rage"], &rage[0]["label"]),
        (&json!(63), &json!(8), &json!("dead"))
    );
    assert!((2.5..4.0).contains(&seconds(rage[0])));
    assert!(
        clicks
            .iter()
            .filter(|click| click["node_id"] == 63)
            .all(|click| click["dead"] == true)
    );
    assert_eq!(
        (&rage[1]["node_id"], &rage[1]["rage"]),
        (&json!(16), &json!(5))
    );
    let errors = facts(&server, &id, "error");
    assert!(!errors.is_empty());
    assert!(errors.iter().all(|error| seconds(error) > 12.0));
    // Typed text is nowhere, text on screen is, masked text is not.
    let everything = facts(&server, &id, "")
        .iter()
        .map(Value::to_string)
        .collect::<String>();
    for typed in ["hello there", "hunter2", "4711"] {
        assert!(!everything.contains(typed), "{typed}");
    }
    assert!(
        facts(&server, &id, "text")
            .iter()
            .any(|fact| fact["text"] == "Kitchen sink")
    );
    let kinds: Vec<_> = manifest["markers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|marker| &marker["kind"])
        .collect();
    for kind in ["rage_click", "error"] {
        assert!(kinds.contains(&&json!(kind)), "{kinds:?}");
    }
    let row = server.replay("import", "kitchen-u5");
    assert_eq!(
        (&row["rage_click_count"], &row["tab_count"]),
        (&json!(2), &json!(1))
    );
    assert!(row["error_count"].as_u64() > Some(0) && row["active_ms"].as_u64() > Some(1000));
    assert_eq!(row["activity"].as_array().unwrap().len(), 48);
}

/// While it runs, the same questions have answers before anything is sealed.
#[test]
fn a_running_replay_has_state_and_facts_too() {
    let server = Server::start();
    let (ok, said) = import(&server, &[], &[&corpus("kitchen-u5")]);
    assert!(ok, "{said}");
    let id = server.replay_id("import", "kitchen-u5");
    assert_eq!(server.sealed(&id).0, 0);
    let rage = facts(&server, &id, "click");
    assert_eq!(
        rage.iter()
            .filter(|click| click["rage"].as_u64() > Some(0))
            .count(),
        2
    );
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    assert!(manifest["activity"]["counts"].as_array().unwrap().len() > 10);
    let last = manifest["last_event_ms"].as_i64().unwrap();
    let state = server.array(&format!("/api/v1/replays/{id}/state?at={last}"));
    assert_eq!(state[1]["type"], 2);
}

#[test]
fn an_exported_replay_is_what_was_recorded() {
    let (server, id) = with_session("chat-u3");
    let folder = tempfile::tempdir().unwrap();
    let run = |format: &str, to: &str| {
        let file = folder.path().join(to);
        let done = program()
            .args([
                "export",
                &id,
                "--server",
                server.url(),
                "--format",
                format,
                "--output",
            ])
            .arg(&file)
            .env("REENACT_API_TOKEN", &server.options.api_token)
            .output()
            .unwrap();
        (
            done.status.success(),
            String::from_utf8_lossy(&done.stderr).into_owned(),
            file,
        )
    };
    let (ok, said, file) = run("json", "replay.json");
    assert!(ok, "{said}");
    let exported: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let recorded: Vec<_> = lines(&corpus("chat-u3"))
        .iter()
        .map(|line| parse(line))
        .collect();
    assert_eq!(exported, recorded);

    let (ok, said, _) = run("exe", "replay.exe");
    assert!(!ok && said.contains("html"), "{said}");
    let unknown = program()
        .args(["export", "nothing", "--server", server.url()])
        .env("REENACT_API_TOKEN", &server.options.api_token)
        .output()
        .unwrap();
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("404"));

    // Needs the app's files, which a test run of the server alone may not have.
    let (ok, said, file) = run("html", "replay.html");
    if !ok {
        assert!(said.contains("built without the web app"), "{said}");
        return;
    }
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    let packed = page
        .split("id=\"events\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .unwrap();
    let mut events = String::new();
    let mut plain = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_string(&mut plain, &mut events).unwrap();
    let events: Vec<Value> = serde_json::from_str(&events).unwrap();
    assert!(events.len() >= recorded.len());
}

/// A visit whose beginning, or a part of it, never arrived.
#[test]
fn incomplete_recordings_say_what_is_missing() {
    let server = Options::default().sealing_at_once().start();
    let recorded: Vec<_> = lines(&corpus("kitchen-u5"))
        .iter()
        .map(|line| parse(line))
        .collect();
    let snapshot = recorded
        .iter()
        .position(|event| event["type"] == 2)
        .unwrap();
    let headless: Vec<_> = recorded[snapshot + 1..].to_vec();
    upload(&server, "d", "headless", &headless);
    let id = server.replay_id("d", "headless");
    server.wait_until_sealed(&id);
    assert_eq!(server.events(&id), headless, "nothing is thrown away");
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    let gaps = manifest["gaps"].as_array().unwrap();
    assert_eq!(gaps[0]["reason"], "no_full_snapshot", "{manifest:#}");
    let last = manifest["last_event_ms"].as_i64().unwrap();
    assert!(gaps[0]["to_ms"].as_i64() >= Some(last - 1_000));
    // The beginning comes late: it plays, and the gap is gone.
    upload(&server, "d", "headless", &recorded[..=snapshot]);
    wait_for("the late beginning", || {
        (server.sealed(&id).0 > 0 && server.events(&id).len() == recorded.len()).then_some(())
    });
    wait_for("a manifest without a gap", || {
        let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
        let gaps = manifest["gaps"].as_array().unwrap();
        gaps.iter()
            .all(|gap| gap["reason"] != "no_full_snapshot")
            .then_some(())
    });
    let state = server.array(&format!("/api/v1/replays/{id}/state?at={last}"));
    assert_eq!(state[1]["type"], 2);
}

/// A disk that lies: the damage is found, and everything else still plays.
#[test]
fn a_flipped_bit_costs_one_block() {
    let mut server = Options::default().sealing_at_once().start();
    // Three blocks and more: texts that cannot be packed, 1 MB each.
    let mut noise = 1u64;
    let mut text = || -> String {
        let mut text = String::with_capacity(1 << 20);
        while text.len() < 1 << 20 {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            text.push_str(&format!("{:x}", noise >> 8));
        }
        text
    };
    let mut events = Vec::new();
    for number in 0..14u64 {
        let at_ms = START_MS + 1_000 * number as i64;
        let mut event = event(at_ms, number);
        event["data"]["noise"] = json!(text());
        events.push(event);
    }
    for part in events.chunks(4) {
        upload(&server, "d", "1", part);
    }
    let id = server.replay_id("d", "1");
    server.wait_until_sealed(&id);
    wait_for("all events", || {
        (server.events(&id).len() == events.len()).then_some(())
    });
    server.wait_until_sealed(&id);
    server.stop();
    // As days later: the log, from which it could be made again, is gone.
    std::fs::remove_dir_all(server.data.join("hot")).unwrap();
    let file = server.newest_recording(&id).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&file, bytes).unwrap();
    server.restart();
    let left: Vec<_> = server.events(&id).iter().filter_map(number_of).collect();
    assert!(left.len() >= 8 && left.len() < events.len(), "{left:?}");
    assert_eq!((left[0], left[left.len() - 1]), (0, 13));
    let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
    let gaps = manifest["gaps"].as_array().unwrap();
    assert!(
        gaps.iter().any(|gap| gap["reason"] == "damaged_block"),
        "{gaps:?}"
    );
    assert!(
        server
            .complaints()
            .iter()
            .any(|line| line.contains("damaged"))
    );
}

/// Two tabs of one session, their events mixed: each has its own page, also when the
/// ids of their nodes are the same.
#[test]
fn tabs_are_kept_apart() {
    let server = Options::default().sealing_at_once().start();
    let mut events = Vec::new();
    for (tab, text) in [("left", "of the left tab"), ("right", "of the right tab")] {
        let offset = if tab == "left" { 0 } else { 500 };
        let mut meta = meta(START_MS + offset, &format!("https://shop.test/{tab}"));
        let paragraph = json!({"type": 2, "id": 4, "tagName": "p", "attributes": {},
            "childNodes": [{"type": 3, "id": 5, "textContent": text}]});
        let body = json!({"type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [paragraph]});
        let html =
            json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [body]});
        let node = json!({"type": 0, "id": 1, "childNodes": [html]});
        let mut snapshot = json!({"type": 2, "timestamp": START_MS + offset + 1,
            "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}});
        let mut click = json!({"type": 3, "timestamp": START_MS + offset + 4_000,
            "data": {"source": 2, "type": 2, "id": 4, "x": 5, "y": 5}});
        for event in [&mut meta, &mut snapshot, &mut click] {
            event["windowId"] = json!(tab);
        }
        events.extend([meta, snapshot, click]);
    }
    events.sort_by_key(time_of);
    upload(&server, "d", "tabs", &events);
    let id = server.replay_id("d", "tabs");
    for sealed in [false, true] {
        if sealed {
            server.wait_until_sealed(&id);
        }
        assert_eq!(server.events(&id), events);
        let manifest = server.json(&format!("/api/v1/replays/{id}/manifest"));
        let tabs: Vec<_> = manifest["tabs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tab| &tab["tab"])
            .collect();
        assert_eq!(tabs, [0, 1], "{manifest:#}");
        let at = START_MS + 4_100;
        for (tab, shown, hidden) in [
            ("tab=0", "left tab", "right tab"),
            ("tab=1", "right tab", "left tab"),
        ] {
            let state = server
                .get(&format!("/api/v1/replays/{id}/state?at={at}&{tab}"))
                .text();
            assert!(
                state.contains(shown) && !state.contains(hidden),
                "{tab}: {state}"
            );
            let played = server.array(&format!(
                "/api/v1/replays/{id}/playback?at={at}&to={}&{tab}",
                at + 5_000
            ));
            let clicks = played
                .iter()
                .filter(|event| event["data"]["source"] == 2 && event["data"]["type"] == 2);
            assert_eq!(clicks.count(), usize::from(tab == "tab=1"));
        }
        // Without a tab it is the one that was used last.
        let state = server
            .get(&format!("/api/v1/replays/{id}/state?at={at}"))
            .text();
        assert!(state.contains("left tab"));
    }
}

/// What several visitors have in common is stored once, in a dictionary of the
/// project; what only one has is never in it.
#[test]
fn a_project_gets_a_dictionary() {
    let server = Options::default().sealing_at_once().start();
    let recorded: Vec<_> = lines(&corpus("kitchen-u5"))
        .iter()
        .map(|line| parse(line))
        .collect();
    let visit = |device: &str| {
        let mut events = recorded.clone();
        events.push(
            json!({"type": 5, "timestamp": time_of(&recorded[recorded.len() - 1]) + 1,
            "data": {"tag": "note", "payload": {"text": format!("secret of {device} alone")}}}),
        );
        upload(&server, device, "1", &events);
        let id = server.replay_id(device, "1");
        server.wait_until_sealed(&id);
        (
            std::fs::metadata(server.newest_recording(&id).unwrap())
                .unwrap()
                .len(),
            id,
            events,
        )
    };
    let (before, ..) = visit("device-0");
    for number in 1..7 {
        visit(&format!("device-{number}"));
    }
    let folder = server.data.join("blobs/dictionaries/1");
    let dictionary = wait_for("a dictionary", || {
        let files = std::fs::read_dir(&folder).ok()?;
        let mut paths = files.map(|file| file.unwrap().path());
        paths.find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "dictionary")
        })
    });
    let bytes = std::fs::read(dictionary).unwrap();
    let plain = zstd::decode_all(&bytes[16..]).unwrap();
    let text = String::from_utf8_lossy(&plain);
    assert!(text.contains("Kitchen sink") && !text.contains("secret of"));
    wait_for("a recording that uses it", || {
        let (after, id, events) = visit(&format!(
            "late-{}",
            std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos()
        ));
        assert_eq!(server.events(&id), events, "exactly as recorded");
        (after * 3 < before * 2).then_some(())
    });
}
