//! Errors, issues, spans and films; both orders of arrival of every link.

use super::replay;
use crate::catalog::errors::{
    ErrorRecord, IssueOrder, IssueQuery, LinkKind, NewError, ReplayLinks, SpanRecord, Video,
};
use crate::{Catalog, Kind};
use model::{ProjectId, ReplayId, Timestamp};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn error(event_id: &str, millis: i64, fingerprint: &str) -> NewError {
    NewError {
        record: ErrorRecord {
            event_id: event_id.to_owned(),
            at: at(millis),
            received_at: at(millis + 10),
            source: "sentry".to_owned(),
            level: "error".to_owned(),
            title: format!("title of {event_id}"),
            release: Some(format!("r{millis}")),
            tags_json: "{}".to_owned(),
            exceptions_json: "[]".to_owned(),
            debug_ids_json: "[]".to_owned(),
            event_json: Some("{\"whole\":1}".to_owned()),
            ..ErrorRecord::default()
        },
        fingerprint: fingerprint.to_owned(),
        user_hash: Some(1),
        session_hash: Some(millis.unsigned_abs()),
    }
}

async fn links_of(catalog: &dyn Catalog, replay: ReplayId) -> Vec<(String, LinkKind)> {
    let found = ok!(catalog.errors_of_replay(replay, 100).await);
    let links = found.into_iter();
    links
        .map(|it| (it.record.event_id, it.link.expect("a linked error").1))
        .collect()
}

pub async fn errors(catalog: &dyn Catalog, project: ProjectId) {
    let row = replay(project, "with errors", 50_000);
    let id = row.id;
    let links = |error_ids: &[&str], trace_ids: &[&str]| ReplayLinks {
        replay: id,
        error_ids: error_ids.iter().map(|&it| it.to_owned()).collect(),
        trace_ids: trace_ids.iter().map(|&it| it.to_owned()).collect(),
        now: at(7),
        at: at(50_000),
    };
    let with = |mut error: NewError, replay: Option<ReplayId>, trace: Option<&str>| {
        error.record.replay = replay;
        error.record.trace_id = trace.map(str::to_owned);
        error
    };
    // Errors first, then the replay and what it says.
    let early = [
        with(
            error("named", 50_100, "a"),
            Some(id),
            Some("trace-of-named"),
        ),
        error("listed", 50_200, "a"),
        with(error("traced", 50_300, "b"), None, Some("trace")),
        with(
            error("same-trace", 50_400, "b"),
            None,
            Some("trace-of-named"),
        ),
        error("stranger", 50_500, "c"),
    ];
    assert_eq!(ok!(catalog.put_errors(project, &early).await), 5);
    assert_eq!(ok!(catalog.put_errors(project, &early).await), 0);
    ok!(catalog.put_replays(std::slice::from_ref(&row)).await);
    let count = async || ok!(catalog.replay(id).await).map(|row| row.linked_error_count);
    assert_eq!(count().await, Some(2), "the named one and its trace's");
    ok!(catalog
        .put_links(project, &[links(&["listed", "late"], &["trace"])])
        .await);
    ok!(catalog
        .put_links(project, &[links(&["listed", "named"], &["trace"])])
        .await);
    // Then errors that the replay has spoken of.
    let late = [
        error("late", 50_600, "a"),
        with(error("late-traced", 50_700, "a"), None, Some("trace")),
    ];
    ok!(catalog.put_errors(project, &late).await);
    let expected = [
        ("named", LinkKind::Named),
        ("listed", LinkKind::Listed),
        ("traced", LinkKind::Trace),
        ("same-trace", LinkKind::Trace),
        ("late", LinkKind::Listed),
        ("late-traced", LinkKind::Trace),
    ];
    let expected = expected.map(|(event, kind)| (event.to_owned(), kind));
    assert_eq!(links_of(catalog, id).await, expected);
    assert_eq!(count().await, Some(6));
    ok!(catalog.put_replays(std::slice::from_ref(&row)).await);
    assert_eq!(count().await, Some(6), "writing the row changes nothing");
    // A link grows stronger, and is not a second one.
    ok!(catalog.put_links(project, &[links(&["traced"], &[])]).await);
    assert_eq!(links_of(catalog, id).await[2].1, LinkKind::Listed);
    assert_eq!(count().await, Some(6));
    let other = ProjectId(project.0 + 1000);
    assert_eq!(
        ok!(catalog.issues(other, &page(IssueOrder::LastSeen)).await),
        []
    );
    issues(catalog, project, id).await;
    spans(catalog, project, id).await;
    videos(catalog, id).await;
    long_traces(catalog, project).await;

    assert_eq!(
        ok!(catalog.forget_errors(1).await),
        0,
        "errors of replays stay"
    );
    let more: Vec<_> = (0..5)
        .map(|n| error(&format!("more-{n}"), n, "c"))
        .collect();
    ok!(catalog.put_errors(project, &more).await);
    assert_eq!(ok!(catalog.forget_errors(1).await), 5);
    let stranger = ok!(catalog.issues(project, &page(IssueOrder::LastSeen)).await);
    let stranger = stranger
        .iter()
        .find(|it| it.fingerprint == "c")
        .expect("issue c");
    let kept = ok!(catalog.errors_of_issue(stranger.id, None, 10).await);
    assert_eq!(kept[0].record.event_id, "stranger", "the newest stays");
    assert_eq!((kept.len(), stranger.event_count), (1, 6));
}

fn page(order: IssueOrder) -> IssueQuery {
    IssueQuery {
        order,
        limit: 10,
        ..IssueQuery::default()
    }
}

/// One trace for days, as of a page from a cache: errors are of the replays around them.
async fn long_traces(catalog: &dyn Catalog, project: ProjectId) {
    const HOUR_MS: i64 = 3_600_000;
    let traced = |name: &str, hour: i64| {
        let mut error = error(name, hour * HOUR_MS, name);
        error.record.trace_id = Some("cached page".to_owned());
        error
    };
    let early = [traced("at 1", 1), traced("at 9", 9)];
    assert_eq!(ok!(catalog.put_errors(project, &early).await), 2);
    // More replays than one moment may have.
    let mut replays = Vec::new();
    for hour in 1..=30 {
        let row = replay(project, &format!("cached {hour}"), hour * HOUR_MS);
        let links = ReplayLinks {
            replay: row.id,
            error_ids: Vec::new(),
            trace_ids: vec!["cached page".to_owned()],
            now: at(hour * HOUR_MS),
            at: at(hour * HOUR_MS),
        };
        // What is said about a replay may come before it, and after.
        let (first, second) = (hour % 2 == 0, hour % 2 == 1);
        if first {
            ok!(catalog
                .put_links(project, std::slice::from_ref(&links))
                .await);
        }
        ok!(catalog.put_replays(std::slice::from_ref(&row)).await);
        if second {
            ok!(catalog
                .put_links(project, std::slice::from_ref(&links))
                .await);
        }
        replays.push(row.id);
    }
    let mut wrong_clock = traced("at 20", 5_000);
    wrong_clock.record.received_at = at(20 * HOUR_MS);
    let mut late = traced("at 25", 25);
    late.record.received_at = at(5_000 * HOUR_MS);
    let later = [wrong_clock, late, traced("at 30", 30), traced("never", 40)];
    assert_eq!(ok!(catalog.put_errors(project, &later).await), 4);
    for (hour, id) in (1..).zip(replays) {
        let expected = match hour {
            1 | 9 | 20 | 25 | 30 => vec![(format!("at {hour}"), LinkKind::Trace)],
            _ => Vec::new(),
        };
        assert_eq!(links_of(catalog, id).await, expected, "hour {hour}");
    }
}

async fn issues(catalog: &dyn Catalog, project: ProjectId, replay: ReplayId) {
    let listed = ok!(catalog.issues(project, &page(IssueOrder::LastSeen)).await);
    let order: Vec<_> = listed.iter().map(|it| it.fingerprint.as_str()).collect();
    assert_eq!(order, ["a", "c", "b"]);
    let a = &listed[0];
    assert_eq!(
        (a.event_count, a.user_count, a.session_count, a.replay_count),
        (4, 1, 4, 1)
    );
    assert_eq!((a.first_seen, a.last_seen), (at(50_100), at(50_700)));
    assert_eq!(a.title, "title of late-traced");
    assert_eq!(
        (a.first_release.as_deref(), a.last_release.as_deref()),
        (Some("r50100"), Some("r50700"))
    );
    let by_events = ok!(catalog.issues(project, &page(IssueOrder::Events)).await);
    let order: Vec<_> = by_events.iter().map(|it| it.fingerprint.as_str()).collect();
    assert_eq!(order, ["a", "b", "c"]);
    let behind = IssueQuery {
        after: Some((by_events[0].sort_value(IssueOrder::Events), by_events[0].id)),
        ..page(IssueOrder::Events)
    };
    assert_eq!(ok!(catalog.issues(project, &behind).await), by_events[1..]);
    let titled = |text: &str| IssueQuery {
        text: Some(text.to_owned()),
        ..page(IssueOrder::LastSeen)
    };
    assert_eq!(
        ok!(catalog.issues(project, &titled("STRANGER")).await).len(),
        1
    );
    assert_eq!(ok!(catalog.issues(project, &titled("%")).await).len(), 0);
    let of_release = IssueQuery {
        release: Some("r50500".to_owned()),
        ..page(IssueOrder::LastSeen)
    };
    assert_eq!(ok!(catalog.issues(project, &of_release).await).len(), 1);

    let newest = ok!(catalog.errors_of_issue(a.id, None, 2).await);
    assert_eq!(newest[0].record.event_id, "late-traced");
    assert_eq!(newest[0].link, Some((replay, LinkKind::Trace)));
    assert_eq!(newest[0].record.event_json, None);
    let after = Some((newest[1].record.at, newest[1].id));
    let rest = ok!(catalog.errors_of_issue(a.id, after, 10).await);
    assert_eq!((rest.len(), rest[1].record.event_id.as_str()), (2, "named"));
    let one = ok!(catalog.error(project, newest[0].id).await).expect("the error");
    assert_eq!(one.record.event_json.as_deref(), Some("{\"whole\":1}"));
    let replays = ok!(catalog.replays_of_issue(a.id, 10).await);
    assert_eq!((replays.len(), replays[0].replay), (1, replay));
    let stretches = [at(0)..at(50_150), at(50_150)..at(60_000)];
    assert_eq!(ok!(catalog.error_counts(a.id, &stretches).await), [1, 3]);
    assert_eq!(ok!(catalog.releases_of_issue(a.id, 1).await).len(), 1);
}

async fn spans(catalog: &dyn Catalog, project: ProjectId, replay: ReplayId) {
    let span = |trace: &str, id: &str, start: i64, replay: Option<ReplayId>| SpanRecord {
        trace_id: trace.to_owned(),
        span_id: id.to_owned(),
        started_at: at(start),
        ended_at: at(start + 5),
        received_at: at(start),
        replay,
        measurements_json: "[]".to_owned(),
        ..SpanRecord::default()
    };
    let elsewhere = ReplayId::derive(project, "elsewhere", "1");
    let new = [
        span("trace", "2", 20, None),
        span("trace", "1", 10, None),
        span("trace", "3", 30, Some(elsewhere)),
        span("unknown", "1", 5, None),
        span("own", "1", 40, Some(replay)),
        span("own", "2", 50, None),
    ];
    assert_eq!(ok!(catalog.put_spans(project, &new).await), 6);
    assert_eq!(ok!(catalog.put_spans(project, &new[..1]).await), 0);
    let found = ok!(catalog.spans_of_replay(project, replay, 10).await);
    let starts: Vec<_> = found.iter().map(|it| it.started_at.millis()).collect();
    assert_eq!(starts, [10, 20, 40, 50]);
    assert_eq!(
        ok!(catalog.spans_of_replay(project, replay, 1).await).len(),
        1
    );
    assert_eq!(ok!(catalog.forget_traces(at(15)).await), 2);
}

async fn videos(catalog: &dyn Catalog, replay: ReplayId) {
    let film = |segment: u64, hash: u64, start: i64| Video {
        id: String::new(),
        segment,
        content_hash: hash,
        at: at(start),
        duration_ms: 5000,
        width_px: 320,
        height_px: 640,
        size_bytes: 9,
        blob_key: format!("video/{segment}/{hash}"),
    };
    let ids = async |film: Video| catalog.put_video(replay, &film).await.map(|it| it.id);
    assert_eq!(ok!(ids(film(3, u64::MAX, 30)).await), "3");
    assert_eq!(ok!(ids(film(3, u64::MAX, 30)).await), "3", "the same film");
    assert_eq!(ok!(ids(film(3, 5, 31)).await), "3.1");
    assert_eq!(ok!(ids(film(2, 6, 10)).await), "2");
    let found = ok!(catalog.videos(replay).await);
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.id.as_str(), it.content_hash))
        .collect();
    assert_eq!(found, [("2", 6), ("3", u64::MAX), ("3.1", 5)]);
    let mut last = Ok(String::new());
    for hash in 10..30 {
        last = ids(film(3, hash, 32)).await;
    }
    assert_eq!(last.map_err(|error| error.kind()), Err(Kind::Conflict));
}
