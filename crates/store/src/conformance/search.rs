//! The logs that a search index follows, and rows by id.

use super::replay;
use crate::Catalog;
use crate::catalog::Event;
use crate::catalog::people::PeopleQuery;
use crate::catalog::search::LogEnds;
use model::batch::{Change, IdentityChange};
use model::{ProjectId, Timestamp, UserId};

fn event(insert_id: &str, user: Option<&str>, json: &str) -> Event {
    Event {
        insert_id: insert_id.to_owned(),
        event_type: "Bought".to_owned(),
        timestamp: Timestamp::from_millis(5),
        received_at: Timestamp::from_millis(6),
        device_id: "log".to_owned(),
        user_id: user.map(str::to_owned),
        session_id: Some("1".to_owned()),
        replay: None,
        json: json.to_owned(),
    }
}

pub async fn search(catalog: &dyn Catalog, project: ProjectId, other: ProjectId, user: UserId) {
    events(catalog, project, other).await;
    replays(catalog, project, other, user).await;
    people(catalog, project).await;
}

async fn events(catalog: &dyn Catalog, project: ProjectId, other: ProjectId) {
    let start = ok!(catalog.log_ends().await);
    assert_eq!(ok!(catalog.projects_changed_after(start).await), []);
    let large = "x".repeat(1000);
    let all = ["1", "2", "1", "3"].map(|id| event(id, None, &large));
    ok!(catalog.put_events(project, &all).await);
    ok!(catalog.put_events(other, &all[..1]).await);
    let mut changed = ok!(catalog.projects_changed_after(start).await);
    changed.sort();
    let mut expected = [project, other];
    expected.sort();
    assert_eq!(changed, expected);
    let behind = ok!(catalog.changes_after(project, start).await);
    assert_eq!(behind.events, 3, "an event that came twice is there once");

    let after = async |number, limit, bytes| {
        let found = ok!(catalog.events_after(project, number, limit, bytes).await);
        found
            .into_iter()
            .map(|(number, event)| (number, event.insert_id))
            .collect::<Vec<_>>()
    };
    let found = after(start.events, 100, 1 << 20).await;
    let ids: Vec<_> = found.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(found.is_sorted_by_key(|(number, _)| *number));
    assert_eq!(after(found[0].0, 1, 1 << 20).await, found[1..2]);
    assert_eq!(after(start.events, 100, 1500).await, found[..2]);
    assert_eq!(after(start.events, 100, 0).await, found[..1]);
    assert_eq!(after(found[2].0, 100, 1 << 20).await, []);

    let asked = [found[2].0, 999_999, found[0].0];
    let by_number = ok!(catalog.events_by_number(project, &asked).await);
    let ids: Vec<_> = by_number
        .iter()
        .map(|(_, it)| it.insert_id.as_str())
        .collect();
    assert_eq!(ids, ["3", "1"]);
    assert_eq!(ok!(catalog.events_by_number(other, &asked).await), []);
}

async fn replays(catalog: &dyn Catalog, project: ProjectId, other: ProjectId, user: UserId) {
    let start = ok!(catalog.log_ends().await);
    let after = async |ends: LogEnds, limit| {
        let found = ok!(catalog
            .replays_changed_after(project, ends.replays, limit)
            .await);
        found
            .iter()
            .map(|(_, replay)| replay.device_id.clone())
            .collect::<Vec<_>>()
    };
    let rows = ["log", "log-2"].map(|device| replay(project, device, 5));
    ok!(catalog.put_replays(&rows).await);
    assert_eq!(after(start, 10).await, ["log", "log-2"]);
    assert_eq!(after(start, 1).await, ["log"]);
    let first = ok!(catalog
        .replays_changed_after(project, start.replays, 1)
        .await)[0]
        .0;
    // Only the last change of each counts.
    ok!(catalog.put_replays(&rows[..1]).await);
    assert_eq!(after(start, 10).await, ["log-2", "log"]);
    assert_eq!(ok!(catalog.changes_after(project, start).await).replays, 2);
    let behind_first = LogEnds {
        replays: first,
        ..start
    };
    assert_eq!(after(behind_first, 10).await, ["log-2", "log"]);

    let end = ok!(catalog.log_ends().await);
    assert_eq!(after(end, 10).await, Vec::<String>::new());
    // Whatever else changes a row is a change, and what says nothing new is none.
    ok!(catalog
        .put_events(project, &[event("4", Some("ada"), "{}")])
        .await);
    assert_eq!(after(end, 10).await, ["log"]);
    let end = ok!(catalog.log_ends().await);
    ok!(catalog
        .put_events(project, &[event("5", Some("ada"), "{}")])
        .await);
    assert_eq!(after(end, 10).await, Vec::<String>::new());

    let asked = [rows[1].id, replay(project, "nobody", 1).id, rows[0].id];
    let found = ok!(catalog.replays(project, &asked).await);
    let devices: Vec<_> = found.iter().map(|it| it.device_id.as_str()).collect();
    assert_eq!(devices, ["log-2", "log"]);
    assert_eq!(ok!(catalog.replays(other, &asked).await), []);

    ok!(catalog
        .put_seen(rows[1].id, user, Timestamp::from_millis(9))
        .await);
    let seen = ok!(catalog.seen_replays(project, user).await);
    assert!(seen.contains(&rows[1].id) && !seen.contains(&rows[0].id));
    let elsewhere = ok!(catalog.seen_replays(other, user).await);
    assert!(!elsewhere.contains(&rows[1].id));
}

async fn people(catalog: &dyn Catalog, project: ProjectId) {
    let set = r#"{"email":"Zoe@Example.org","age":42,"vip":true}"#;
    let change = IdentityChange {
        change_id: Some("zoe".to_owned()),
        timestamp: Timestamp::from_millis(5),
        session_id: None,
        visitor_id: "zoe-1".to_owned(),
        change: Change::Properties {
            set: Some(set.to_owned()),
            set_once: None,
        },
    };
    ok!(catalog.apply_identities(project, &[change]).await);
    for (names, value, expected) in [
        (vec!["$email", "email"], "zoe@example.org", true),
        (vec!["email"], "zoe@example.or", false),
        (vec!["name"], "zoe@example.org", false),
        (vec!["age"], "42", true),
        (vec!["vip"], "true", true),
        (vec!["email"], "' OR 1=1 --", false),
    ] {
        let names = names.into_iter().map(str::to_owned).collect();
        let query = PeopleQuery {
            property: Some((names, value.to_owned())),
            limit: 10,
            ..PeopleQuery::default()
        };
        let found = ok!(catalog.people(project, &query).await);
        assert_eq!(found.len(), usize::from(expected), "{value}");
    }
}
