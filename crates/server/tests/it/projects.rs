//! Several projects, their numbers, and how their ingest does.

use crate::person::{COLLEAGUE, Person, STRANGER, add_people, error, error_of};
use crate::recording::{START_MS, event, track, track_body, track_path, upload};
use crate::server::{Server, wait_for};
use model::Timestamp;
use serde_json::{Value, json};

#[test]
fn a_second_project_is_a_world_of_its_own() {
    let server = Server::start();
    add_people(&server);
    let owner = Person::owner(&server);
    let made = owner.send(
        &server,
        "POST",
        "/api/v1/projects",
        json!({"name": " Blog ", "time_zone": "Asia/Tokyo"}),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let blog = made.json();
    let (id, key) = (
        blog["id"].as_i64().unwrap(),
        blog["ingest_key"].as_str().unwrap(),
    );
    assert_eq!(
        (blog["name"].as_str(), blog["time_zone"].as_str()),
        (Some("Blog"), Some("Asia/Tokyo"))
    );
    assert!(key.len() >= 32 && key != server.options.ingest_key);
    let names = |person: &Person| {
        let projects = person.get(&server, "/api/v1/projects");
        let projects = projects["projects"].as_array().unwrap().iter();
        projects
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&owner), ["My project", "Blog"]);
    assert_eq!(names(&Person::log_in(&server, STRANGER)), ["Theirs"]);
    assert_eq!(
        owner.get(&server, "/api/v1/me")["projects"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let program = server.json("/api/v1/projects");
    assert_eq!(
        program["projects"].as_array().unwrap().len(),
        1,
        "a token is for one project"
    );

    // The same device and session in both are two replays.
    upload(&server, "d", "1", &[event(START_MS, 1)]);
    let bearer = format!("Bearer {key}");
    let body = track_body(&[event(START_MS, 2)]);
    let answer = server.send(
        "POST",
        &track_path("d", "1", "replay"),
        &[("authorization", &bearer)],
        body.as_slice(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let listed = |project: i64| {
        let page = owner.get(&server, &format!("/api/v1/replays?project_id={project}"));
        page["replays"].as_array().unwrap().clone()
    };
    let theirs = wait_for("the replay of the second project", || listed(id).pop());
    let first = wait_for("the replay of the first project", || listed(1).pop());
    assert_eq!(
        (theirs["project_id"].as_i64(), first["project_id"].as_i64()),
        (Some(id), Some(1))
    );
    let replay = theirs["id"].as_str().unwrap();
    assert_eq!(
        owner.get(&server, &format!("/api/v1/replays/{replay}"))["project_id"],
        id
    );
    // The token of the first project does not open it.
    assert_eq!(
        error_of(&server.get(&format!("/api/v1/replays/{replay}"))),
        error(404, "not_found")
    );
    let wrong = format!("/api/v1/replays/{replay}/comments?project_id=1");
    assert_eq!(
        error_of(&owner.send(&server, "GET", &wrong, Value::Null)),
        error(404, "not_found")
    );
}

#[test]
fn owners_change_projects() {
    let server = Server::start();
    add_people(&server);
    let owner = Person::owner(&server);
    let change = |body: Value| owner.send(&server, "PATCH", "/api/v1/projects/1", body);
    let renamed = change(json!({"name": "Shop"}));
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    assert_eq!(
        renamed.json()["time_zone"],
        "UTC",
        "what is not named stays"
    );
    assert_eq!(change(json!({"time_zone": "America/New_York"})).status, 200);
    let project = owner.get(&server, "/api/v1/projects")["projects"][0].clone();
    assert_eq!(
        (&project["name"], &project["time_zone"]),
        (&json!("Shop"), &json!("America/New_York"))
    );
    for body in [
        json!({"name": ""}),
        json!({"name": "x".repeat(201)}),
        json!({"name": "line\nbreak"}),
        json!({"time_zone": "Mars/Olympus"}),
        json!({"ingest_key": "stolen-key-12345"}),
        json!({"capture_enabled": "no"}),
    ] {
        assert_eq!(
            error_of(&change(body.clone())),
            error(400, "invalid"),
            "{body}"
        );
        if body.get("capture_enabled").is_none() {
            let made = owner.send(&server, "POST", "/api/v1/projects", body.clone());
            assert_eq!(error_of(&made), error(400, "invalid"), "{body}");
        }
    }
    // Capture is off at once.
    assert_eq!(change(json!({"capture_enabled": false})).status, 200);
    let config = server.send(
        "GET",
        &format!("/config/{}", server.options.ingest_key),
        &[],
        (),
    );
    let sampling = &config.json()["configs"]["sessionReplay"]["sr_sampling_config"];
    assert_eq!(sampling["capture_enabled"], false);

    let name = json!({"name": "x"});
    let (member, stranger) = (
        Person::log_in(&server, COLLEAGUE),
        Person::log_in(&server, STRANGER),
    );
    for (method, path, refused) in [
        ("POST", "/api/v1/projects", "forbidden"),
        ("PATCH", "/api/v1/projects/1", "missing_scope"),
    ] {
        let answer = member.send(&server, method, path, name.clone());
        assert_eq!(error_of(&answer), error(403, "forbidden"), "{method}");
        let token = format!("Bearer {}", server.options.api_token);
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
        ];
        let answer = server.send(method, path, &headers, name.to_string());
        assert_eq!(error_of(&answer), error(403, refused), "{method}");
        assert_eq!(
            error_of(&owner.forged(&server, method, path, name.clone())),
            error(403, "csrf")
        );
    }
    for path in [
        "/api/v1/projects/2",
        "/api/v1/projects/99",
        "/api/v1/projects/x",
    ] {
        let answer = owner.send(&server, "PATCH", path, name.clone());
        assert_eq!(error_of(&answer), error(404, "not_found"), "{path}");
    }
    assert_eq!(
        error_of(&stranger.send(&server, "PATCH", "/api/v1/projects/1", name)),
        error(404, "not_found")
    );
}

#[test]
fn quick_numbers() {
    let server = Server::start();
    let owner = Person::owner(&server);
    let now_ms = Timestamp::now().millis();
    upload(
        &server,
        "a",
        "1",
        &[event(now_ms - 1000, 1), event(now_ms, 2)],
    );
    upload(&server, "a", "2", &[event(now_ms, 3)]);
    upload(&server, "b", "1", &[event(now_ms, 4)]);
    // Long ago.
    upload(&server, "c", "1", &[event(START_MS, 5)]);
    wait_for("four replays", || {
        (server.replays().len() == 4).then_some(())
    });
    let summary = |range: &str| {
        owner.get(
            &server,
            &format!("/api/v1/summary?project_id=1&range={range}"),
        )
    };
    let week = summary("7d");
    assert_eq!(
        (
            &week["replay_count"],
            &week["user_count"],
            &week["event_count"]
        ),
        (&json!(3), &json!(2), &json!(4))
    );
    assert!(week["size_bytes"].as_u64().unwrap() > 0);
    for name in ["error_count", "rage_click_count", "dead_click_count"] {
        assert_eq!(week[name], 0, "{name}");
    }
    let days = week["per_day"].as_array().unwrap();
    assert_eq!(days.len(), 7);
    let sum: u64 = days
        .iter()
        .map(|day| day["replay_count"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 3);
    let names: Vec<_> = days
        .iter()
        .map(|day| day["day"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted() && names[0].len() == 10, "{names:?}");
    assert_eq!(summary("30d")["per_day"].as_array().unwrap().len(), 30);
    assert_eq!(
        server.json("/api/v1/summary")["per_day"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
    for query in ["range=9d", "range=all", "project_id=x"] {
        let answer = server.get(&format!("/api/v1/summary?{query}"));
        assert_eq!(error_of(&answer), error(400, "invalid"), "{query}");
    }
}

#[test]
fn what_arrived_and_what_was_refused() {
    let server = Server::start();
    let path = "/api/v1/projects/1/ingest-status";
    let empty = json!({"accepted_last_hour": 0, "rejected": [], "last_upload_at": null, "sdk_seen": [],
        "families": [], "client_losses": []});
    let mut status = server.json(path);
    assert_eq!(status["search"].take()["properties_refused"], 0);
    status.as_object_mut().unwrap().remove("search");
    assert_eq!(status, empty);
    let wrong_key = server.send(
        "POST",
        &track_path("d", "1", "replay"),
        &[("authorization", "Bearer nobodys-key")],
        "",
    );
    assert_eq!(wrong_key.status, 401);
    upload(&server, "good", "1", &[event(START_MS, 1)]);
    let bad = track(&server, &track_path("bad", "1", "replay"), b"{no json");
    assert_eq!(bad.status, 400, "{}", bad.text());
    let half = track(
        &server,
        &track_path("half", "1", "replay"),
        &track_body(&[event(START_MS, 1), json!(7)]),
    );
    assert_eq!(half.status, 200, "{}", half.text());

    let rejected = |query: &str| -> Vec<(String, u64)> {
        let status = server.json(&format!("{path}?{query}"));
        let list = status["rejected"].as_array().unwrap().iter();
        list.map(|it| {
            assert!(it["last_at"].as_str().unwrap().ends_with('Z'));
            (
                it["reason"].as_str().unwrap().to_owned(),
                it["count"].as_u64().unwrap(),
            )
        })
        .collect()
    };
    let of = |reason: &str| (reason.to_owned(), 1);
    let unknown = of("unknown_key");
    assert_eq!(
        rejected(""),
        [of("invalid_json"), of("invalid_event"), unknown.clone()]
    );
    assert_eq!(
        rejected("device_id=bad"),
        [of("invalid_json"), unknown.clone()]
    );
    assert_eq!(
        rejected("device_id=half&session_id=1"),
        [of("invalid_event"), unknown.clone()]
    );
    assert_eq!(rejected("device_id=good"), [unknown]);
    let status = server.json(path);
    assert_eq!(status["accepted_last_hour"], 2);
    assert!(status["last_upload_at"].is_string());
    let owner = Person::owner(&server);
    for path in [
        "/api/v1/projects/9/ingest-status",
        "/api/v1/projects/x/ingest-status",
    ] {
        assert_eq!(
            error_of(&owner.send(&server, "GET", path, Value::Null)),
            error(404, "not_found")
        );
    }
}
