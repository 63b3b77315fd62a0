//! What every backend must do. Each function takes an empty backend and panics
//! with the broken promise.

/// Unwraps with the step that failed.
macro_rules! ok {
    ($step:expr) => {
        match $step {
            Ok(value) => value,
            Err(error) => panic!("{}: {error}", stringify!($step)),
        }
    };
}

mod assets;
mod collaboration;
mod collections;
mod deletion;
mod errors;
mod named_events;
mod people;
mod search;
mod tokens;

use crate::catalog::{Cursor, Event, Installation, ReplayQuery, Session};
use crate::{Blobs, Catalog, Kind};
use model::replay::{Replay, Signals};
use model::{ProjectId, ReplayId, Timestamp};

pub async fn blobs(blobs: &dyn Blobs) {
    ok!(blobs.put("a/one.rec", "0123456789".into()).await);
    ok!(blobs.put("a/two.rec", "x".into()).await);
    ok!(blobs.put("ab/three.rec", "y".into()).await);
    assert_eq!(ok!(blobs.get("a/one.rec").await), "0123456789");
    assert_eq!(ok!(blobs.get_range("a/one.rec", 2..5).await), "234");
    assert_eq!(ok!(blobs.get_tail("a/one.rec", 3).await), "789");
    assert_eq!(
        ok!(blobs.get_tail("a/one.rec", 300).await),
        "0123456789",
        "a tail longer than the object is the object"
    );
    assert!(
        blobs.get_range("a/one.rec", 5..50).await.is_err(),
        "a range past the end is an error, not fewer bytes"
    );
    assert_eq!(
        ok!(blobs.list("a").await),
        ["a/one.rec", "a/two.rec"],
        "a prefix is whole path parts"
    );
    ok!(blobs.put("a/one.rec", "new".into()).await);
    assert_eq!(ok!(blobs.get("a/one.rec").await), "new", "put replaces");
    ok!(blobs.delete("a/one.rec").await);
    ok!(blobs.delete("a/one.rec").await);
    for missing in [
        blobs.get("a/one.rec").await,
        blobs.get_range("a/one.rec", 0..1).await,
        blobs.get_tail("a/one.rec", 1).await,
    ] {
        assert_eq!(missing.map_err(|error| error.kind()), Err(Kind::NotFound));
    }
}

fn installation() -> Installation {
    Installation {
        organisation: "Org".to_owned(),
        project: "Shop".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        ingest_key: "ingest-key".to_owned(),
        email: "Owner@example.com".to_owned(),
        name: "Owner".to_owned(),
        password_hash: "$argon2id$".to_owned(),
        api_token_hash: Some([7; 32]),
        retention_days: 30,
        now: Timestamp::from_millis(1),
    }
}

fn replay(project: ProjectId, device: &str, started_ms: i64) -> Replay {
    let at = Timestamp::from_millis(started_ms);
    Replay {
        id: ReplayId::derive(project, device, "1"),
        project_id: project,
        device_id: device.to_owned(),
        session_id: "1".to_owned(),
        user_id: None,
        source: "amplitude".to_owned(),
        sdk: Some("standalone".to_owned()),
        sdk_version: Some("1.51.6".to_owned()),
        started_at: at,
        first_event_at: at,
        last_event_at: Timestamp::from_millis(started_ms + 1500),
        first_received_at: at,
        last_received_at: at,
        event_count: 3,
        interaction_count: 1,
        click_count: 2,
        size_bytes: 4096,
        first_url: Some("https://shop.example/".to_owned()),
        last_url: None,
        page_count: 1,
        country: Some("DE".to_owned()),
        browser: Some("Chrome".to_owned()),
        os: Some("Linux".to_owned()),
        device_type: Some("desktop".to_owned()),
        device: None,
        release: Some("1.2".to_owned()),
        environment: None,
        visitor_id: None,
        tags: vec![("plan".to_owned(), "pro \"x\"".to_owned())],
        reported_start: Some(at),
        linked_error_count: 0,
        playable: true,
        recording_version: 0,
        signals: Signals {
            error_count: 2,
            active_ms: 1200,
            activity: std::array::from_fn(|cell| (cell % 10) as u8),
            tab_count: 1,
            integrity: vec!["lost_data".to_owned(), "clock_jump".to_owned()],
            ..Signals::default()
        },
        expires_at: Timestamp::from_millis(started_ms + 86_400_000),
        is_pinned: false,
    }
}

pub async fn catalog(catalog: &dyn Catalog) {
    accounts(catalog).await;
    let project = ok!(catalog.project_by_ingest_key("ingest-key").await)
        .expect("project of the ingest key")
        .id;
    replays(catalog, project).await;
    events(catalog, project).await;
    let user = ok!(catalog.user_by_email("owner@example.com").await).expect("the owner");
    collaboration::projects(catalog, &user).await;
    collaboration::collaboration(catalog, project, &user).await;
    let second = ok!(catalog.project_by_ingest_key("second-key").await)
        .expect("the second project")
        .id;
    collaboration::sums_and_neighbours(catalog, second).await;
    assets::assets(catalog, project, second).await;
    errors::errors(catalog, project).await;
    people::people(catalog, project).await;
    search::search(catalog, project, second, user.id).await;
    collections::collections(catalog, project, second, &user).await;
    named_events::named_events(catalog, project, second, &user).await;
    deletion::known_replays(catalog, project, second, &user).await;
}

async fn accounts(catalog: &dyn Catalog) {
    assert!(!ok!(catalog.is_set_up().await));
    ok!(catalog.install(&installation()).await);
    assert!(ok!(catalog.is_set_up().await));
    assert_eq!(
        catalog
            .install(&installation())
            .await
            .map_err(|error| error.kind()),
        Err(Kind::Conflict)
    );

    let user = ok!(catalog.user_by_email("owner@EXAMPLE.com").await)
        .expect("e-mail without regard to case");
    assert_eq!(ok!(catalog.user(user.id).await), Some(user.clone()));
    assert_eq!(ok!(catalog.user_by_email("other@example.com").await), None);
    let projects = ok!(catalog.projects(user.organisation_id).await);
    assert_eq!(projects.len(), 1);
    assert_eq!(projects[0].time_zone, "Europe/Berlin");
    assert!(projects[0].capture_enabled);
    assert_eq!(
        ok!(catalog.organisation(user.organisation_id).await).map(|org| org.name),
        Some("Org".to_owned())
    );
    assert_eq!(
        ok!(catalog.project(projects[0].id).await).as_ref(),
        Some(&projects[0])
    );
    assert_eq!(
        ok!(catalog.project_by_ingest_key("no such key").await),
        None
    );

    let project = projects[0].id;
    tokens::tokens(catalog, project, user.id).await;

    let session = |byte: u8, expires| Session {
        token_hash: [byte; 32],
        user_id: user.id,
        csrf_token: "csrf".to_owned(),
        expires_at: Timestamp::from_millis(expires),
    };
    for one in [session(1, 10), session(2, 20), session(3, 30)] {
        ok!(catalog.put_session(&one).await);
    }
    assert_eq!(ok!(catalog.session(&[2; 32]).await), Some(session(2, 20)));
    ok!(catalog.delete_session(&[2; 32]).await);
    ok!(catalog
        .delete_expired_sessions(Timestamp::from_millis(10))
        .await);
    let left = [
        ok!(catalog.session(&[1; 32]).await),
        ok!(catalog.session(&[2; 32]).await),
        ok!(catalog.session(&[3; 32]).await),
    ];
    assert_eq!(left, [None, None, Some(session(3, 30))]);
}

async fn replays(catalog: &dyn Catalog, project: ProjectId) {
    let mut rows: Vec<_> = (0..5)
        .map(|at| replay(project, &format!("device-{at}"), 1000 * (at / 2)))
        .collect();
    ok!(catalog.put_replays(&rows).await);
    for row in &rows {
        assert_eq!(
            ok!(catalog.replay(row.id).await).as_ref(),
            Some(row),
            "a row comes back as it was written"
        );
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.started_at, row.id)));
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = ok!(catalog
            .list_replays(
                project,
                &ReplayQuery {
                    after,
                    limit: 2,
                    ..Default::default()
                }
            )
            .await);
        let Some(last) = page.last() else { break };
        after = Some(Cursor {
            started_at: last.started_at,
            id: last.id,
        });
        paged.extend(page);
    }
    assert_eq!(
        paged, rows,
        "paging shows every row once, newest first, also where times are equal"
    );
    let range = ReplayQuery {
        from: Some(Timestamp::from_millis(1000)),
        to: Some(Timestamp::from_millis(2000)),
        limit: 100,
        ..Default::default()
    };
    let found = ok!(catalog.list_replays(project, &range).await);
    assert!(
        found.iter().all(|row| row.started_at.millis() == 1000) && found.len() == 2,
        "from inclusive, to exclusive"
    );
    assert_eq!(
        ok!(catalog
            .list_replays(
                ProjectId(99),
                &ReplayQuery {
                    limit: 9,
                    ..Default::default()
                }
            )
            .await),
        []
    );

    let mut changed = rows[0].clone();
    changed.event_count = 99;
    changed.last_url = Some("https://shop.example/cart".to_owned());
    ok!(catalog.put_replays(std::slice::from_ref(&changed)).await);
    assert_eq!(ok!(catalog.replay(changed.id).await), Some(changed));
}

async fn events(catalog: &dyn Catalog, project: ProjectId) {
    let event = |insert_id: &str, user: Option<&str>| Event {
        insert_id: insert_id.to_owned(),
        event_type: "Page Viewed".to_owned(),
        timestamp: Timestamp::from_millis(5),
        received_at: Timestamp::from_millis(6),
        device_id: "device-0".to_owned(),
        user_id: user.map(str::to_owned),
        session_id: Some("1".to_owned()),
        replay: None,
        json: "{}".to_owned(),
    };
    assert_eq!(
        ok!(catalog
            .put_events(
                project,
                &[event("a", None), event("a", None), event("b", None)]
            )
            .await),
        2
    );
    assert_eq!(ok!(catalog.user_of(project, "device-0", "1").await), None);
    assert_eq!(
        ok!(catalog
            .put_events(project, &[event("a", None), event("c", Some("user-1"))])
            .await),
        1
    );
    assert_eq!(
        ok!(catalog.list_events(project, Some("Page Viewed"), 10).await).len(),
        3
    );
    assert_eq!(ok!(catalog.list_events(project, None, 2).await).len(), 2);
    assert_eq!(
        ok!(catalog.list_events(project, Some("Other"), 10).await),
        []
    );
    assert_eq!(
        ok!(catalog.user_of(project, "device-0", "1").await).as_deref(),
        Some("user-1")
    );

    let id = ReplayId::derive(project, "device-0", "1");
    let mut row = ok!(catalog.replay(id).await).expect("replay of the session");
    assert_eq!(
        row.user_id.as_deref(),
        Some("user-1"),
        "an event names the user of its session's replay"
    );
    row.user_id = None;
    ok!(catalog.put_replays(&[row]).await);
    assert_eq!(
        ok!(catalog.replay(id).await)
            .and_then(|row| row.user_id)
            .as_deref(),
        Some("user-1"),
        "and it stays"
    );
}
