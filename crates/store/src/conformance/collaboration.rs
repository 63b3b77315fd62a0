//! Comments, views, ratings, settings of people; more projects; sums.

use super::{installation, replay};
use crate::catalog::collaboration::{NewComment, NewRating, Notes};
use crate::catalog::{Cursor, NewProject, Order, ReplayQuery, ReplaySums, User};
use crate::{Catalog, Kind};
use model::replay::Signals;
use model::{ProjectId, ReplayId, Timestamp};

pub async fn projects(catalog: &dyn Catalog, user: &User) {
    let new = |key: &str| NewProject {
        organisation_id: user.organisation_id,
        name: "Second".to_owned(),
        ingest_key: key.to_owned(),
        time_zone: "UTC".to_owned(),
        retention_days: 7,
        now: Timestamp::from_millis(7),
    };
    let taken = new(&installation().ingest_key);
    assert_eq!(
        catalog.add_project(&taken).await.map_err(|it| it.kind()),
        Err(Kind::Conflict),
        "an ingest key names one project"
    );
    let mut second = ok!(catalog.add_project(&new("second-key")).await);
    assert_eq!(ok!(catalog.project(second.id).await), Some(second.clone()));
    second.name = "Renamed".to_owned();
    second.capture_enabled = false;
    second.capture = r#"{"sample_rate":0.5}"#.to_owned();
    second.frustration = r#"{"rage_clicks":4}"#.to_owned();
    ok!(catalog.update_project(&second).await);
    let found = ok!(catalog.project_by_ingest_key("second-key").await);
    assert_eq!(found, Some(second));
}

pub async fn collaboration(catalog: &dyn Catalog, project: ProjectId, user: &User) {
    let [one, two] = [replay(project, "seen", 1), replay(project, "other", 2)];
    ok!(catalog.put_replays(&[one.clone(), two.clone()]).await);
    let missing = ReplayId::derive(project, "nobody", "0");
    let at = Timestamp::from_millis;
    comments(catalog, one.id, missing, user).await;

    assert_eq!(
        catalog
            .put_seen(missing, user.id, at(1))
            .await
            .map_err(|it| it.kind()),
        Err(Kind::NotFound)
    );
    ok!(catalog.put_seen(one.id, user.id, at(5)).await);
    ok!(catalog.put_seen(one.id, user.id, at(9)).await);
    let viewers = ok!(catalog.viewers(one.id).await);
    assert_eq!(
        (viewers.len(), viewers[0].seen_at, viewers[0].viewer.id),
        (1, at(5), user.id),
        "the first time counts"
    );
    let ids = [two.id, one.id, missing];
    let notes = |comment_count, seen| Notes {
        comment_count,
        seen,
    };
    assert_eq!(
        ok!(catalog.notes(&ids, Some(user.id)).await),
        [notes(0, false), notes(1, true), notes(0, false)]
    );
    assert_eq!(ok!(catalog.notes(&ids, None).await)[1], notes(1, false));
    let unseen = ReplayQuery {
        unseen_by: Some(user.id),
        to: Some(at(3)),
        limit: 10,
        ..Default::default()
    };
    let listed = ok!(catalog.list_replays(project, &unseen).await);
    assert!(listed.iter().any(|row| row.id == two.id) && listed.iter().all(|row| row.id != one.id));
    ok!(catalog.delete_seen(one.id, user.id).await);
    ok!(catalog.delete_seen(one.id, user.id).await);
    assert_eq!(ok!(catalog.viewers(one.id).await), []);

    let mut rating = NewRating {
        project,
        replay: one.id,
        user: user.id,
        rating: "down".to_owned(),
        reason: Some("wrong_styles".to_owned()),
        text: "grey".to_owned(),
        now: at(5),
    };
    ok!(catalog.put_rating(&rating).await);
    rating.rating = "up".to_owned();
    rating.reason = None;
    ok!(catalog.put_rating(&rating).await);
    let mine = ok!(catalog.rating(one.id, user.id).await).expect("the rating");
    assert_eq!((mine.rating.as_str(), &mine.reason), ("up", &None));
    assert_eq!(ok!(catalog.ratings(project, 10).await), [mine]);
    assert_eq!(ok!(catalog.ratings(ProjectId(99), 10).await), []);
    assert_eq!(ok!(catalog.rating(two.id, user.id).await), None);

    assert_eq!(ok!(catalog.person_settings(user.id).await), None);
    for json in ["{\"theme\":\"dark\"}", "{}"] {
        ok!(catalog.put_person_settings(user.id, json).await);
        let stored = ok!(catalog.person_settings(user.id).await);
        assert_eq!(stored.as_deref(), Some(json));
    }
}

async fn comments(catalog: &dyn Catalog, replay: ReplayId, missing: ReplayId, user: &User) {
    let new = |replay, at_ms, text: &str| NewComment {
        replay,
        user: user.id,
        at_ms,
        text: text.to_owned(),
        now: Timestamp::from_millis(5),
    };
    let refused = catalog.add_comment(&new(missing, 1, "x")).await;
    assert_eq!(refused.map_err(|it| it.kind()), Err(Kind::NotFound));
    let late = ok!(catalog
        .add_comment(&new(replay, 900, "späť 👀\nline"))
        .await);
    let early = ok!(catalog.add_comment(&new(replay, -5, "early")).await);
    assert_eq!(late.author.name, user.name);
    assert_eq!(
        ok!(catalog.comments(replay).await),
        [early.clone(), late.clone()],
        "in the replay's time order"
    );
    assert_eq!(ok!(catalog.comment(late.id).await), Some(late));
    ok!(catalog.delete_comment(early.id).await);
    assert_eq!(ok!(catalog.comment(early.id).await), None);
}

/// In a project that nothing else is in.
pub async fn sums_and_neighbours(catalog: &dyn Catalog, project: ProjectId) {
    let at = Timestamp::from_millis;
    let rows: Vec<_> = [
        (10, "a", None),
        (20, "b", Some("u")),
        (20, "c", Some("u")),
        (30, "a", None),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (started_ms, device, user))| {
        let mut row = replay(project, device, started_ms);
        row.session_id = number.to_string();
        row.id = ReplayId::derive(project, device, &row.session_id);
        row.user_id = user.map(str::to_owned);
        row.signals = Signals {
            error_count: 1,
            ..Signals::default()
        };
        row
    })
    .collect();
    ok!(catalog.put_replays(&rows).await);
    let sums = ok!(catalog
        .replay_sums(project, &[at(0)..at(20), at(20)..at(31), at(40)..at(50)])
        .await);
    let of = |replay_count, user_count| ReplaySums {
        replay_count,
        user_count,
        event_count: 3 * replay_count,
        error_count: replay_count,
        rage_click_count: 0,
        dead_click_count: 0,
        size_bytes: 4096 * replay_count,
    };
    assert_eq!(sums, [of(1, 1), of(3, 2), of(0, 0)]);

    let mut order = rows.clone();
    order.sort_by_key(|row| (row.started_at, row.id));
    for (place, row) in order.iter().enumerate() {
        let beside = |order| ReplayQuery {
            after: Some(Cursor {
                started_at: row.started_at,
                id: row.id,
            }),
            order,
            limit: 1,
            ..Default::default()
        };
        let newer = ok!(catalog
            .list_replays(project, &beside(Order::OldestFirst))
            .await);
        let older = ok!(catalog
            .list_replays(project, &beside(Order::NewestFirst))
            .await);
        assert_eq!(newer.first(), order.get(place + 1));
        assert_eq!(
            older.first(),
            place.checked_sub(1).map(|before| &order[before])
        );
    }
}
