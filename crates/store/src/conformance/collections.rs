//! Named searches, playlists, cohorts, alerts.

use super::replay;
use crate::catalog::User;
use crate::catalog::alerts::{AlertDraft, NewMessage, Tried};
use crate::catalog::collections::{Member, SavedSearchDraft};
use crate::{Catalog, Kind};
use model::batch::{Change, IdentityChange};
use model::{ProjectId, ReplayId, Timestamp};

const fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn search(name: &str) -> SavedSearchDraft {
    SavedSearchDraft {
        name: name.to_owned(),
        is_shared: true,
        definition: r#"{"filter":"browser = x"}"#.to_owned(),
    }
}

pub async fn collections(catalog: &dyn Catalog, project: ProjectId, other: ProjectId, user: &User) {
    saved_searches(catalog, project, other, user).await;
    playlists(catalog, project, other, user).await;
    cohorts(catalog, project, other).await;
    alerts(catalog, project, other).await;
}

async fn saved_searches(catalog: &dyn Catalog, project: ProjectId, other: ProjectId, user: &User) {
    let owner = Some(user.id);
    let two = ok!(catalog
        .add_saved_search(project, owner, &search("two"), at(1))
        .await);
    let one = ok!(catalog
        .add_saved_search(project, None, &search("One"), at(2))
        .await);
    let found = ok!(catalog.saved_searches(project).await);
    let names: Vec<_> = found.iter().map(|it| (it.id, it.name.as_str())).collect();
    assert_eq!(names, [(one, "One"), (two, "two")], "by name, case aside");
    assert_eq!(found[0].owner, None);
    assert_eq!(found[1].owner.as_ref().map(|owner| owner.id), owner);
    assert_eq!(found[1].definition, search("two").definition);
    assert_eq!(ok!(catalog.saved_searches(other).await), []);
    assert_eq!(ok!(catalog.saved_search(other, two).await), None);
    let draft = SavedSearchDraft {
        is_shared: false,
        ..search("Zwei")
    };
    ok!(catalog
        .update_saved_search(project, two, &draft, at(9))
        .await);
    let changed = ok!(catalog.saved_search(project, two).await).expect("it is there");
    assert_eq!((changed.name.as_str(), changed.is_shared), ("Zwei", false));
    assert_eq!((changed.created_at, changed.changed_at), (at(1), at(9)));
    let elsewhere = [
        catalog.update_saved_search(other, two, &draft, at(9)).await,
        catalog.delete_saved_search(other, two).await,
    ];
    for refused in elsewhere {
        assert_eq!(refused.map_err(|it| it.kind()), Err(Kind::NotFound));
    }
    ok!(catalog.delete_saved_search(project, one).await);
    assert_eq!(ok!(catalog.saved_searches(project).await).len(), 1);
}

async fn playlists(catalog: &dyn Catalog, project: ProjectId, other: ProjectId, user: &User) {
    let owner = Some(user.id);
    let id = ok!(catalog
        .add_playlist(project, owner, "Best of", true, at(1))
        .await);
    let [a, b, c] = ["a", "b", "c"].map(|name| ReplayId::derive(project, name, "1"));
    let with = |replay, note: &str| (replay, note.to_owned());
    let add = [with(a, "first"), with(b, ""), with(a, "again")];
    assert_eq!(
        ok!(catalog.add_playlist_replays(id, &add, 10, at(2)).await),
        2
    );
    assert_eq!(
        ok!(catalog.add_playlist_replays(id, &add, 10, at(3)).await),
        0
    );
    let too_many = catalog
        .add_playlist_replays(id, &[with(c, "")], 2, at(4))
        .await;
    assert_eq!(too_many.map_err(|it| it.kind()), Err(Kind::Conflict));
    let list = async || {
        let found = ok!(catalog.playlist_replays(id).await).into_iter();
        let shown = found.map(|it| (it.replay, it.note, it.added_at.millis()));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        list().await,
        [(a, "first".into(), 2), (b, String::new(), 2)]
    );
    let order = [with(c, ""), with(b, "now first"), with(a, "first")];
    ok!(catalog.put_playlist_replays(id, &order, at(5)).await);
    let expected = [
        (c, String::new(), 5),
        (b, "now first".into(), 2),
        (a, "first".into(), 2),
    ];
    assert_eq!(list().await, expected);
    let shown = ok!(catalog.playlist(project, id).await).expect("it is there");
    assert_eq!((shown.replay_count, shown.changed_at), (3, at(5)));
    assert_eq!(ok!(catalog.playlists(project).await), [shown]);
    assert_eq!(ok!(catalog.playlist(other, id).await), None);
    ok!(catalog
        .update_playlist(project, id, "Worst of", false, at(6))
        .await);
    let missing = catalog.update_playlist(other, id, "x", true, at(6)).await;
    assert_eq!(missing.map_err(|it| it.kind()), Err(Kind::NotFound));
    ok!(catalog.delete_playlist(project, id).await);
    assert_eq!(list().await, []);
}

async fn cohorts(catalog: &dyn Catalog, project: ProjectId, other: ProjectId) {
    let add = async |project, name| catalog.add_cohort(project, None, name, "{}", at(1)).await;
    let id = ok!(add(project, "Spenders").await);
    let taken = add(project, "SPENDERS").await;
    assert_eq!(taken.map_err(|it| it.kind()), Err(Kind::Conflict));
    let elsewhere = ok!(add(other, "Spenders").await);
    let second = ok!(add(project, "Others").await);
    let taken = catalog
        .update_cohort(project, second, "spenders", "{}", at(2))
        .await;
    assert_eq!(taken.map_err(|it| it.kind()), Err(Kind::Conflict));
    ok!(catalog
        .update_cohort(project, second, "Rest", r#"{"a":1}"#, at(2))
        .await);
    let names = ok!(catalog.cohorts(project).await).into_iter();
    let names: Vec<_> = names.map(|it| it.name).collect();
    assert_eq!(names, ["Rest", "Spenders"]);
    assert_eq!(ok!(catalog.cohort(project, elsewhere).await), None);

    let said = |visitor: &str, change| IdentityChange {
        change_id: Some(visitor.to_owned()),
        timestamp: at(5),
        session_id: None,
        visitor_id: visitor.to_owned(),
        change,
    };
    let anonymous_id = "grace-anon".to_owned();
    let grace = said("grace", Change::Identified { anonymous_id });
    let set = Some(r#"{"email":"Linus@shop.test"}"#.to_owned());
    let linus = said(
        "linus",
        Change::Properties {
            set,
            set_once: None,
        },
    );
    ok!(catalog.apply_identities(project, &[grace, linus]).await);
    ok!(catalog.put_replays(&[replay(project, "lonely", 5)]).await);
    let lines = [
        "linus@SHOP.test",
        "grace-anon",
        "grace",
        "lonely",
        "nobody",
        "lonely",
    ];
    let lines: Vec<_> = lines.map(str::to_owned).into();
    ok!(catalog.put_cohort_lines(id, lines, at(7)).await);
    let found = ok!(catalog.members_of_list(project, id).await);
    let names: Vec<_> = found
        .members
        .iter()
        .map(|it| (it.name.as_str(), it.is_user))
        .collect();
    let expected = [("grace", true), ("linus", false), ("lonely", false)];
    assert_eq!(
        names.iter().map(|it| it.0).collect::<Vec<_>>(),
        expected.map(|it| it.0)
    );
    assert!(names[0].1 && !names[2].1 && found.members[2].person.is_none());
    assert_eq!(found.identities, ["grace", "grace-anon", "linus", "lonely"]);
    assert_eq!(found.unmatched, ["nobody"]);
    let shown = ok!(catalog.cohort(project, id).await).expect("it is there");
    assert_eq!((shown.line_count, shown.changed_at), (5, at(7)));

    let ids = ["grace-anon", "stranger"].map(str::to_owned).into();
    let found = ok!(catalog.members_by_identity(project, ids).await);
    let stranger = Member {
        name: "stranger".to_owned(),
        is_user: false,
        person: None,
    };
    assert_eq!(found.members[1], stranger);
    assert_eq!(found.identities, ["grace", "grace-anon", "stranger"]);

    let forget = ["linus".to_owned(), "nobody".to_owned()];
    assert_eq!(ok!(catalog.forget_cohort_lines(other, &forget).await), 0);
    assert_eq!(ok!(catalog.forget_cohort_lines(project, &forget).await), 2);
    ok!(catalog
        .put_cohort_lines(id, vec!["one".to_owned()], at(8))
        .await);
    assert_eq!(
        ok!(catalog.members_of_list(project, id).await).unmatched,
        ["one"]
    );
    ok!(catalog.delete_cohort(project, id).await);
    assert_eq!(
        ok!(catalog.members_of_list(project, id).await).unmatched,
        [""; 0]
    );
    assert!(
        catalog
            .put_cohort_lines(id, Vec::new(), at(9))
            .await
            .is_err()
    );
}

async fn alerts(catalog: &dyn Catalog, project: ProjectId, other: ProjectId) {
    let saved_search = ok!(catalog
        .add_saved_search(project, None, &search("watched"), at(1))
        .await);
    let draft = |name: &str| AlertDraft {
        saved_search,
        name: name.to_owned(),
        definition: "{}".to_owned(),
    };
    let id = ok!(catalog
        .add_alert(project, None, &draft("Trouble"), at(10))
        .await);
    assert_eq!(ok!(catalog.alert(other, id).await), None);
    let alert = ok!(catalog.alert(project, id).await).expect("it is there");
    assert_eq!((alert.since, alert.failures), (at(10), 0));
    assert_eq!(ok!(catalog.running_alerts().await), [alert]);
    let [a, b] = ["a", "b"].map(|name| ReplayId::derive(project, name, "1"));
    ok!(catalog.put_alert_matches(id, &[b], at(11)).await);
    ok!(catalog.put_alert_matches(id, &[a, b], at(12)).await);
    let waiting = async || {
        let found = ok!(catalog.waiting_matches(id, at(0), 10).await).into_iter();
        found
            .map(|it| (it.replay, it.matched_at.millis()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        waiting().await,
        [(b, 11), (a, 12)],
        "each once, oldest first"
    );
    assert_eq!(ok!(catalog.alert_matches(id, at(12)).await).len(), 1);

    let message = |message_id: &str, is_test| NewMessage {
        alert: id,
        message_id: message_id.to_owned(),
        channels: ["webhook", "email"].map(str::to_owned).into(),
        is_test,
        replays: if is_test { Vec::new() } else { vec![a, b] },
        now: at(20),
    };
    assert_eq!(ok!(catalog.last_message_at(id).await), None);
    ok!(catalog.add_message(&message("test", true)).await);
    assert_eq!(
        ok!(catalog.last_message_at(id).await),
        None,
        "a test is no message"
    );
    ok!(catalog.add_message(&message("m", false)).await);
    assert_eq!(waiting().await, []);
    assert_eq!(ok!(catalog.last_message_at(id).await), Some(at(20)));
    assert_eq!(ok!(catalog.replays_of_message("m").await), [b, a]);
    assert_eq!(ok!(catalog.pending_deliveries(id).await), 4);
    assert_eq!(ok!(catalog.due_deliveries(at(19), 9).await), []);
    let due = async || ok!(catalog.due_deliveries(at(20), 9).await);
    let mut tried = Vec::new();
    for (is_test, channel, how, failures) in [
        (true, "webhook", Tried::GivenUp, 0),
        (true, "email", Tried::Delivered, 0),
        (false, "webhook", Tried::Later(at(99)), 0),
        (false, "email", Tried::GivenUp, 1),
    ] {
        assert_eq!(ok!(catalog.next_due_delivery().await), Some(at(20)));
        let [first] = &due().await[..] else {
            panic!("one of an alert at a time");
        };
        assert_eq!((first.is_test, first.channel.as_str()), (is_test, channel));
        assert_eq!(
            (first.replay_count, first.project),
            (2 * u64::from(!is_test), project)
        );
        let count = ok!(catalog.finish_delivery(first, &how, "why", at(21)).await);
        assert_eq!(count, failures, "a test is no failure");
        tried.push(first.clone());
    }
    assert_eq!(ok!(catalog.next_due_delivery().await), Some(at(99)));
    let log = ok!(catalog.deliveries(id, None, 2).await);
    let shown: Vec<_> = log
        .iter()
        .map(|it| (it.status.as_str(), it.attempts))
        .collect();
    assert_eq!(shown, [("failed", 1), ("pending", 1)]);
    assert_eq!(
        ok!(catalog.deliveries(id, Some(log[1].id), 9).await).len(),
        2
    );

    ok!(catalog.pause_alert(id, Some("by hand"), at(30)).await);
    ok!(catalog.pause_alert(id, Some("again"), at(31)).await);
    let paused = ok!(catalog.alert(project, id).await).expect("it is there");
    assert_eq!(
        paused.paused.as_deref(),
        Some("by hand"),
        "the first reason stays"
    );
    assert_eq!(ok!(catalog.running_alerts().await), []);
    assert_eq!(ok!(catalog.due_deliveries(at(99), 9).await), []);
    ok!(catalog.pause_alert(id, None, at(40)).await);
    let runs = ok!(catalog.alert(project, id).await).expect("it is there");
    assert_eq!((runs.paused, runs.since, runs.failures), (None, at(40), 0));
    let last = ok!(catalog
        .finish_delivery(&tried[2], &Tried::Delivered, "yes", at(41))
        .await);
    assert_eq!(last, 0);
    ok!(catalog.forget_old_alert_matches(at(50)).await);
    assert_eq!(ok!(catalog.deliveries(id, None, 9).await), []);
    let refused = catalog.update_alert(other, id, &draft("x"), at(1)).await;
    assert_eq!(refused.map_err(|it| it.kind()), Err(Kind::NotFound));
    ok!(catalog.delete_saved_search(project, saved_search).await);
    assert_eq!(
        ok!(catalog.alerts(project).await),
        [],
        "it goes with its search"
    );
}
