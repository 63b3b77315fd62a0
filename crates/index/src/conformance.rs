//! What every index must answer, on data that a person can check by eye.
//!
//! Each kind of condition is asked for a hit, a miss, a replay without a value and
//! the negation.
#![expect(
    clippy::unwrap_used,
    reason = "a broken promise is a panic; the line says which"
)]

use crate::filter::{Clock, Comparison, Filter, Happened, Occurs};
use crate::{
    Appearance, Context, Cursor, Facts, Fed, Funnel, Group, Index, Layer, List, NameKind,
    Occurrence, Row, Series, Sort, StreamOf, StreamQuery, Subject, Value,
};
use model::{ProjectId, ReplayId, Timestamp};
use std::collections::{HashMap, HashSet};

const SHOP: ProjectId = ProjectId(1);
const OTHER: ProjectId = ProjectId(2);
/// 2026-03-10T12:00:00Z
const NOON_MS: i64 = 1_773_144_000_000;
const HOUR_MS: i64 = 3_600_000;

fn id(name: &str) -> ReplayId {
    ReplayId::derive(SHOP, name, "1")
}

fn context() -> Context {
    Context {
        clock: Clock {
            now: Timestamp::from_millis(NOON_MS),
            zone: jiff::tz::TimeZone::UTC,
        },
        cohorts: HashMap::from([(
            7,
            HashSet::from(["ada".to_owned(), "zoe".to_owned()]).into(),
        )]),
        named_events: HashMap::new(),
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn row(name: &str, values: &[(&str, Value)]) -> Row {
    let mut all: Vec<(String, Option<Value>)> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some(value.clone())))
        .collect();
    all.push(("recorded".to_owned(), Some(Value::Flag(true))));
    Row {
        id: id(name),
        values: all,
    }
}

fn happened(kind: &'static str, name: &str, replay: &str, after_ms: i64) -> Occurrence {
    Occurrence {
        number: 0,
        kind,
        name: name.to_owned(),
        at: Timestamp::from_millis(start_ms(replay) + after_ms),
        replay: Some(id(replay)),
        user: (replay != "c").then(|| user_of(replay).to_owned()),
        device: Some(format!("device of {replay}")),
        properties: Vec::new(),
        user_properties: Vec::new(),
    }
}

fn user_of(replay: &str) -> &'static str {
    match replay {
        "a" | "d" => "ada",
        _ => "bob",
    }
}

fn of_recording(
    replay: &str,
    version: u64,
    facts: Vec<Occurrence>,
    texts: Vec<Appearance>,
) -> Facts {
    Facts {
        replay: id(replay),
        layer: Layer::Recording,
        version,
        facts,
        texts,
    }
}

/// a: 3 hours ago, b: 2, c: 1, d: 0.
fn start_ms(replay: &str) -> i64 {
    let hours = match replay {
        "a" => 3,
        "b" => 2,
        "c" => 1,
        _ => 0,
    };
    NOON_MS - hours * HOUR_MS
}

impl Occurrence {
    fn with(mut self, name: &str, value: Value) -> Self {
        self.properties.push((name.to_owned(), value));
        self
    }
}

/// Three replays and a session without one:
/// `a` has everything, `b` something else, `c` nothing at all, `d` only events.
async fn fill(index: &dyn Index) {
    let number = Value::Number;
    let at = |replay: &str| number(start_ms(replay) as f64);
    let rows = vec![
        row(
            "a",
            &[
                ("started", at("a")),
                ("user", text("ada")),
                ("browser", text("Chrome")),
                ("country", text("DE")),
                ("release", text("1.10")),
                ("duration", number(120_000.0)),
                ("active", number(60_000.0)),
                ("errors", number(2.0)),
                ("rage_clicks", number(1.0)),
                ("frustration", number(3.0)),
                ("referrer", text("https://news.example/a")),
                ("playable", Value::Flag(true)),
                ("size", number(5e6)),
                ("tag.plan", text("pro")),
                ("tag.cart", text("42")),
                ("user.email", text("ada@example.org")),
            ],
        ),
        row(
            "b",
            &[
                ("started", at("b")),
                ("user", text("bob")),
                ("browser", text("Firefox")),
                ("country", text("FR")),
                ("release", text("1.9")),
                ("duration", number(5_000.0)),
                ("active", number(5_000.0)),
                ("errors", number(0.0)),
                ("rage_clicks", number(0.0)),
                ("frustration", number(0.0)),
                ("referrer", text("https://shop.example/")),
                ("playable", Value::Flag(false)),
                ("size", number(100.0)),
                ("tag.plan", text("free")),
                ("tag.cart", text("7")),
                ("user.email", text("bob@example.org")),
            ],
        ),
        row("c", &[("started", at("c"))]),
    ];
    index.put_rows(SHOP, rows).await.unwrap();
    let mut bought = happened("event", "Bought", "a", 10_000)
        .with("total", number(50.0))
        .with("plan", text("pro"));
    bought.user_properties = vec![("tier".to_owned(), text("gold"))];
    let mut elsewhere = happened("event", "Bought", "d", 0);
    elsewhere.replay = None;
    let events = vec![
        happened("event", "Looked", "a", 1_000).with("total", number(1.0)),
        bought,
        happened("event", "Bought", "a", 20_000)
            .with("total", number(5.0))
            .with("plan", text("free")),
        happened("event", "Looked", "b", 500),
        happened("event", "Looked", "d", 0).with("total", number(9.0)),
        elsewhere,
    ];
    let numbered = events.into_iter().zip(1..);
    let events = numbered.map(|(event, number)| Occurrence { number, ..event });
    let events = events.collect();
    index.put_events(SHOP, events, Some(6)).await.unwrap();
    for rows in [9, 4] {
        let fed = Fed {
            rows,
            ..Fed::default()
        };
        index.put_fed(SHOP, fed).await.unwrap();
    }
    let screen = |replay: &str, at_ms: i64, words: &str| Appearance {
        replay: id(replay),
        at_ms: start_ms(replay) + at_ms,
        until_ms: Some(start_ms(replay) + at_ms + 500),
        node_id: at_ms,
        text: words.to_owned(),
    };
    let facts = vec![
        happened("page", "", "a", 0).with("url", text("https://shop.example/checkout?step=1")),
        happened("click", "", "a", 100)
            .with("text", text("Pay now"))
            .with("selector", text("#pay"))
            .with("dead", Value::Flag(true))
            .with("rage", number(4.0)),
        happened("click", "", "a", 200)
            .with("text", text("Back"))
            .with("selector", text("a.back")),
        happened("request", "", "a", 300)
            .with("status", number(500.0))
            .with("url", text("https://api.example/pay"))
            .with("duration", number(1_500.0)),
        happened("error", "", "a", 400).with("message", text("x is undefined")),
        happened("console", "", "a", 500)
            .with("level", text("warn"))
            .with("message", text("slow")),
        happened("vital", "", "a", 600)
            .with("name", text("LCP"))
            .with("value", number(4_000.0)),
    ];
    let texts = vec![
        screen("a", 700, "Your payment was declined. Try again!"),
        screen("a", 900, "Total: 4,50 €"),
    ];
    // A first version that must leave nothing behind.
    let old = vec![happened("error", "", "a", 1).with("message", text("of the first version"))];
    let old_texts = vec![screen("a", 1, "first version")];
    index
        .put_facts(SHOP, of_recording("a", 1, old, old_texts))
        .await
        .unwrap();
    index
        .put_facts(SHOP, of_recording("a", 2, facts, texts))
        .await
        .unwrap();
    let facts = vec![
        happened("page", "", "b", 0).with("url", text("https://shop.example/")),
        happened("click", "", "b", 100).with("text", text("Help")),
        happened("request", "", "b", 300).with("status", number(200.0)),
        happened("error", "", "b", 400).with("message", text("timeout")),
        happened("console", "", "b", 500).with("level", text("error")),
        happened("vital", "", "b", 600)
            .with("name", text("CLS"))
            .with("value", number(0.1)),
    ];
    let texts = vec![screen("b", 700, "Payment accepted")];
    index
        .put_facts(SHOP, of_recording("b", 1, facts, texts))
        .await
        .unwrap();
    // What came beside a recording, twice; it leaves the recording's own facts alone.
    for (version, message) in [(1, "of the first link"), (2, "out of stock")] {
        let linked = happened("error", "", "b", 450).with("message", text(message));
        let beside = Facts {
            layer: Layer::Beside,
            ..of_recording("b", version, vec![linked], Vec::new())
        };
        index.put_facts(SHOP, beside).await.unwrap();
    }
    // Another project knows nothing of it.
    let rows = vec![row("a", &[("browser", text("Chrome"))])];
    index.put_rows(OTHER, rows).await.unwrap();
}

async fn found(index: &dyn Index, filter: &str) -> String {
    let list = List {
        filter: Filter::from_text(filter).unwrap_or_else(|error| panic!("{filter}: {error}")),
        sort: Sort::Started,
        is_ascending: true,
        after: None,
        without: HashSet::new(),
        limit: 100,
    };
    let page = index.list(SHOP, list, context()).await.unwrap();
    let name = |replay: &Cursor| {
        let names = ["a", "b", "c", "d"];
        names
            .into_iter()
            .find(|name| id(name) == replay.id)
            .unwrap_or("?")
    };
    assert_eq!(page.total, page.replays.len() as u64);
    page.replays.iter().map(name).collect()
}

/// Filters and for which replays they hold.
const FILTERS: &[(&str, &str)] = &[
    ("", "abcd"),
    ("browser = chrome", "a"),
    ("browser != chrome", "bcd"),
    ("not browser = chrome", "bcd"),
    ("browser = Opera", ""),
    ("browser missing", "cd"),
    ("browser exists", "ab"),
    ("browser in (Chrome, Firefox)", "ab"),
    ("browser not in (Chrome)", "bcd"),
    ("browser contains fire", "b"),
    ("browser not contains fire", "acd"),
    ("browser like \"c*e\"", "a"),
    ("browser not like \"c*e\"", "bcd"),
    ("country = DE and browser = Chrome", "a"),
    ("country = DE and browser = Firefox", ""),
    ("country = DE or browser = Firefox", "ab"),
    ("not (country = DE or browser = Firefox)", "cd"),
    ("release = \"1.10\"", "a"),
    ("duration > 2m", ""),
    ("duration >= 2m", "a"),
    ("not duration >= 2m", "bcd"),
    ("duration < 10s recorded = true", "b"),
    ("duration from 5s to 2m", "ab"),
    ("duration missing", "c"),
    ("active = 5s", "b"),
    ("errors >= 1", "a"),
    ("errors = 0", "b"),
    ("rage_clicks > 0", "a"),
    ("size > 1MB", "a"),
    ("playable = true", "a"),
    ("playable != true", "bcd"),
    ("recorded = false", "d"),
    ("referrer contains news", "a"),
    ("started >= -90m", "cd"),
    ("started < -2h", "a"),
    ("started = today", "abcd"),
    ("started = yesterday", ""),
    ("user = ada", "ad"),
    ("user != ada", "bc"),
    ("user.email contains \"@example\"", "ab"),
    ("user.email = \"ada@example.org\"", "a"),
    ("user.tier = gold", "a"),
    ("user.nothing = x", ""),
    ("user.nothing != x", "abcd"),
    ("tag.plan = pro", "a"),
    ("tag.plan != pro", "bcd"),
    ("tag.cart > 10", "a"),
    ("cohort = 7", "ad"),
    ("cohort != 7", "bc"),
    ("url contains checkout", "a"),
    ("url not contains checkout", "bcd"),
    ("url missing", "cd"),
    ("event(Bought)", "a"),
    ("not event(Bought)", "bcd"),
    ("event(Bought) count = 0", "bcd"),
    ("event(Bought) count >= 2", "a"),
    ("event(Bought) count < 2", "bcd"),
    ("event(Looked)", "abd"),
    ("event(bought)", ""),
    ("event(Bought, total > 10)", "a"),
    ("event(Bought, total > 10, plan = pro)", "a"),
    ("event(Bought, total > 10, plan = free)", ""),
    (
        "event(Bought, total > 10) and event(Bought, plan = free)",
        "a",
    ),
    ("event(Looked, total missing)", "b"),
    ("event(Looked, total != 1)", "bd"),
    ("event(Bought) first < 15s", "a"),
    ("event(Bought) first < 5s", ""),
    ("event(Bought) last > 15s", "a"),
    ("event() count >= 3", "a"),
    ("event.plan = pro", "a"),
    ("event.plan != pro", "bcd"),
    ("click(text = \"pay now\", dead = true)", "a"),
    ("click(text = Back, dead = true)", ""),
    ("click.text = help", "b"),
    ("click.selector = \"#pay\"", "a"),
    ("click(rage >= 3)", "a"),
    ("not click()", "cd"),
    ("request(status >= 500)", "a"),
    ("request(status >= 500, duration > 2s)", ""),
    ("request.status = 200", "b"),
    ("request.status != 200", "acd"),
    ("error(message contains undefined)", "a"),
    ("error.message = \"out of stock\"", "b"),
    ("error.message = timeout", "b"),
    ("error.message contains first", ""),
    ("error() count = 2", "b"),
    ("error(message contains \"first version\")", ""),
    ("error.message = timeout", "b"),
    ("console(level = warn)", "a"),
    ("console.level in (warn, error)", "ab"),
    ("vital(name = LCP, value > 2500)", "a"),
    ("not vital(name = LCP, value > 2500)", "bcd"),
    ("text = \"Payment was DECLINED\"", "a"),
    ("text = payment", "ab"),
    ("text = \"was payment\"", ""),
    ("text = pay*", "ab"),
    ("text = pay", ""),
    ("text = \"payment a*\"", "b"),
    ("text != payment", "cd"),
    ("text = \"4,50\"", "a"),
    ("text = \"first version\"", ""),
];

/// Runs everything against an empty index. `again` gives it back after what a restart
/// would do to it.
pub async fn index<F, I>(mut opened: Box<dyn Index>, again: F)
where
    F: Fn() -> I,
    I: Future<Output = Box<dyn Index>>,
{
    fill(&*opened).await;
    filters(&*opened).await;
    questions(&*opened).await;
    opened.flush(SHOP).await.unwrap();
    opened.flush(OTHER).await.unwrap();
    filters(&*opened).await;
    drop(opened);
    opened = again().await;
    let fed = Fed {
        rows: 9,
        events: 6,
        facts: 0,
    };
    assert_eq!(opened.fed(SHOP).await.unwrap(), fed);
    let versions = ["a", "b", "c"].map(id).to_vec();
    let versions = opened.facts_versions(SHOP, versions).await.unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|it| (it.recording, it.beside))
        .collect();
    assert_eq!(versions, [(2, 0), (1, 2), (0, 0)]);
    filters(&*opened).await;
    questions(&*opened).await;
    errors(&*opened).await;
    forget(&*opened).await;
    drop(opened);
    after_forget(&*again().await).await;
}

async fn filters(index: &dyn Index) {
    for (filter, expected) in FILTERS {
        assert_eq!(found(index, filter).await, *expected, "{filter}");
    }
}

fn what(kind: &str, name: Option<&str>) -> Happened {
    Happened {
        kind: kind.to_owned(),
        name: name.map(str::to_owned),
        predicates: Vec::new(),
        occurs: Vec::new(),
    }
}

fn hours(name: &str, with_users: bool) -> Series {
    Series {
        what: what("event", Some(name)),
        boundaries: (-3..=1)
            .map(|hour| Timestamp::from_millis(NOON_MS + hour * HOUR_MS))
            .collect(),
        with_users,
    }
}

async fn questions(index: &dyn Index) {
    let pairs = |values: Vec<(Value, u64)>| {
        let shown = values
            .into_iter()
            .map(|(value, count)| format!("{}:{count}", value.show()));
        shown.collect::<Vec<_>>().join(" ")
    };
    let ask =
        |field: &str, prefix: &str| index.values(SHOP, field.to_owned(), prefix.to_owned(), 10);
    assert_eq!(
        pairs(ask("browser", "").await.unwrap()),
        "Chrome:1 Firefox:1"
    );
    assert_eq!(pairs(ask("browser", "ch").await.unwrap()), "Chrome:1");
    assert_eq!(pairs(ask("user", "").await.unwrap()), "ada:2 bob:1");
    assert_eq!(pairs(ask("event.plan", "").await.unwrap()), "free:1 pro:1");
    assert_eq!(pairs(ask("request.status", "5").await.unwrap()), "500:1");
    for (prefix, expected) in [
        ("L", vec![(NameKind::Event, "Looked")]),
        ("plan", vec![(NameKind::EventProperty, "plan")]),
        (
            "tag",
            vec![(NameKind::Label, "tag.cart"), (NameKind::Label, "tag.plan")],
        ),
    ] {
        let names = index.names(SHOP, prefix.to_owned(), 10).await.unwrap();
        let names: Vec<_> = names.iter().map(|it| (it.kind, it.name.as_str())).collect();
        assert_eq!(names, expected, "{prefix}");
    }
    let fields = vec!["country".to_owned(), "url".to_owned()];
    let among = List {
        filter: Filter::from_text("errors >= 1").unwrap(),
        sort: Sort::Started,
        is_ascending: true,
        after: None,
        without: HashSet::from([id("b")]),
        limit: 10,
    };
    let facets = index.facets(SHOP, among, fields, context()).await.unwrap();
    let facets: Vec<_> = facets
        .into_iter()
        .map(|facet| pairs(facet.values))
        .collect();
    assert_eq!(facets, ["DE:1", "https://shop.example/checkout?step=1:1"]);

    let hits = index
        .screen_hits(SHOP, id("a"), "declined".to_owned(), 10)
        .await
        .unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!((hits[0].at_ms, hits[0].node_id), (start_ms("a") + 700, 700));
    assert_eq!(hits[0].until_ms, Some(start_ms("a") + 1_200));
    assert_eq!(hits[0].text, "Your payment was declined. Try again!");
    let hits = index
        .screen_hits(SHOP, id("b"), "declined".to_owned(), 10)
        .await
        .unwrap();
    assert_eq!(hits, []);

    let stream_of = |of, before, limit| {
        index.stream(
            SHOP,
            StreamQuery {
                of,
                before,
                limit,
                with_properties: true,
            },
        )
    };
    let stream = |identity: &str, before, limit| {
        let identities = identity.split(',').map(str::to_owned).collect();
        stream_of(StreamOf::Identities(identities), before, limit)
    };
    let events = stream("ada", None, 10).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names.len(), 5);
    assert_eq!(names[2..], ["Bought", "Bought", "Looked"]);
    assert_eq!(events[3].properties.len(), 3);
    assert_eq!(events[3].replay, Some(id("a")));
    assert_eq!(
        events.iter().filter(|event| event.replay.is_none()).count(),
        1
    );
    let page_end = Some((events[3].at, events[3].number));
    let older = stream("ada", page_end, 10).await.unwrap();
    assert_eq!(older, events[4..]);
    let all = stream("ada,device of a,bob,nobody", None, 10)
        .await
        .unwrap();
    assert_eq!(all.len(), 6);
    // Numbers tell events of one moment apart, so no page misses or repeats any.
    let numbers: Vec<u64> = all.iter().map(|event| event.number).collect();
    let mut paged = Vec::new();
    let mut before = None;
    while let Some(event) = stream("ada,bob", before, 1).await.unwrap().pop() {
        before = Some((event.at, event.number));
        paged.push(event.number);
    }
    assert_eq!(paged, numbers);
    assert_eq!(stream("device of b", None, 1).await.unwrap().len(), 1);
    assert_eq!(stream("nobody", None, 10).await.unwrap(), []);
    let of_a: Vec<_> = all
        .iter()
        .filter(|event| event.replay == Some(id("a")))
        .collect();
    assert!(!of_a.is_empty());
    let session = stream_of(StreamOf::Replay(id("a")), None, 10)
        .await
        .unwrap();
    assert_eq!(session.iter().collect::<Vec<_>>(), of_a);

    let counted = |groups: Vec<Group>| {
        groups
            .iter()
            .map(|group| (group.count, group.users))
            .collect::<Vec<_>>()
    };
    let groups = index
        .series(SHOP, hours("Looked", true), context())
        .await
        .unwrap();
    assert_eq!(counted(groups), [(1, 1), (1, 1), (0, 0), (1, 1)]);
    let groups = index
        .series(SHOP, hours("Bought", false), context())
        .await
        .unwrap();
    assert_eq!(
        groups.iter().map(|group| group.count).collect::<Vec<_>>(),
        [2, 0, 0, 1]
    );
    let groups = index
        .group_by(SHOP, hours("Bought", true), "plan".to_owned(), context())
        .await
        .unwrap();
    let mut shown: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                group.value.as_ref().map(Value::show),
                group.count,
                group.users,
            )
        })
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            (None, 1, 1),
            (Some("free".to_owned()), 1, 1),
            (Some("pro".to_owned()), 1, 1)
        ]
    );
    let funnel = |steps: &[&str], within_ms| {
        let funnel = Funnel {
            steps: steps.iter().map(|name| what("event", Some(name))).collect(),
            from: Timestamp::from_millis(NOON_MS - 24 * HOUR_MS),
            to: Timestamp::from_millis(NOON_MS + HOUR_MS),
            within_ms,
        };
        index.funnel(SHOP, funnel, context())
    };
    assert_eq!(funnel(&["Looked", "Bought"], 60_000).await.unwrap(), [2, 1]);
    assert_eq!(
        funnel(&["Looked", "Bought", "Bought"], 60_000)
            .await
            .unwrap(),
        [2, 1, 1]
    );
    assert_eq!(funnel(&["Looked", "Bought"], 1_000).await.unwrap(), [2, 0]);

    pages(index).await;
    people(index).await;
}

async fn people(index: &dyn Index) {
    use crate::{Behaviour, Together};
    let ask = async |filter: &str, together, from_ms: Option<i64>, to_ms: Option<i64>| {
        let behaviour = Behaviour {
            filter: Filter::from_text(filter).unwrap(),
            together,
            from: from_ms.map(|ms| Timestamp::from_millis(NOON_MS + ms)),
            to: to_ms.map(|ms| Timestamp::from_millis(NOON_MS + ms)),
        };
        let found = index.people(SHOP, behaviour, context()).await.unwrap();
        found.join(" ")
    };
    for (filter, from_hours, expected) in [
        ("", None, "ada bob"),
        ("browser = Chrome and event(Bought)", None, "ada"),
        ("event(Looked) count >= 2", None, ""),
        ("not event(Bought)", None, "ada bob"),
        ("cohort = 7", None, "ada"),
        ("event(Looked)", Some(-2), "ada bob"),
        ("event(Bought)", Some(-2), ""),
        ("browser = Opera", None, ""),
    ] {
        let from_ms = from_hours.map(|hours: i64| hours * HOUR_MS);
        let found = ask(filter, Together::Replay, from_ms, None).await;
        assert_eq!(found, expected, "{filter}");
    }
    for (filter, from_hours, expected) in [
        // In two sessions, and once outside of any.
        ("event(Looked) count = 2", None, "ada"),
        ("event(Bought) count = 3", None, "ada"),
        ("event(Bought) count = 1", Some(-1), "ada"),
        ("event(Bought) count = 0", None, "bob"),
        ("not event(Bought)", None, "bob"),
        ("not event(Looked)", Some(-1), "bob"),
        ("not event(Looked)", None, ""),
        (
            "event(Bought, plan = pro) and event(Looked, total = 9)",
            None,
            "ada",
        ),
        ("browser != Chrome", None, "bob"),
        ("browser exists", Some(-2), "bob"),
        ("browser missing", None, ""),
        ("text = declined or cohort = 7", None, "ada"),
        ("not cohort = 7", None, "bob"),
        ("event(Looked) first <= 1s", None, "ada bob"),
        ("event(Looked) last > 1h", None, "ada"),
        ("error() count > 5", None, ""),
    ] {
        let from_ms = from_hours.map(|hours: i64| hours * HOUR_MS);
        let found = ask(filter, Together::User, from_ms, None).await;
        assert_eq!(found, expected, "{filter}");
    }
    let until = ask(
        "event(Bought) count = 2",
        Together::User,
        None,
        Some(-HOUR_MS),
    );
    assert_eq!(until.await, "ada");
}

async fn pages(index: &dyn Index) {
    for (sort, is_ascending, expected) in [
        (Sort::Started, false, "dcba"),
        (Sort::Started, true, "abcd"),
        (Sort::Duration, false, "abdc"),
        (Sort::Errors, true, "ba"),
    ] {
        let mut names = String::new();
        let mut after = None;
        loop {
            let list = List {
                filter: Filter::everything(),
                sort,
                is_ascending,
                after,
                without: HashSet::new(),
                limit: 1,
            };
            let page = index.list(SHOP, list, context()).await.unwrap();
            assert_eq!(page.total, 4);
            let Some(last) = page.replays.last() else {
                break;
            };
            let name = ["a", "b", "c", "d"]
                .into_iter()
                .find(|name| id(name) == last.id);
            names.push_str(name.unwrap());
            after = Some(*last);
        }
        // Replays without a value come last, in the order of their ids.
        assert_eq!(names.len(), 4, "{sort:?}");
        assert!(names.starts_with(expected), "{sort:?} {names}");
    }
}

async fn errors(index: &dyn Index) {
    let list = |text: &str| List {
        filter: Filter::from_text(text).unwrap(),
        sort: Sort::Started,
        is_ascending: false,
        after: None,
        without: HashSet::new(),
        limit: 10,
    };
    for (filter, message) in [
        ("cohort = 8", "no cohort 8"),
        ("cohort(Nobody)", "no cohort \"Nobody\""),
        ("started from -1d to -2d", "ends before"),
        ("started > -2000000000y", "too far away"),
    ] {
        let error = index.list(SHOP, list(filter), context()).await.unwrap_err();
        assert!(error.to_string().contains(message), "{filter}: {error}");
    }
    let mut backwards = hours("Looked", false);
    backwards.boundaries.reverse();
    assert!(index.series(SHOP, backwards, context()).await.is_err());
    // More names than a project may have are left out and counted.
    let event = (0..3_000).map(|number| {
        happened("event", "Looked", "c", 0).with(&format!("name {number}"), Value::Flag(true))
    });
    index
        .put_events(OTHER, event.collect(), None)
        .await
        .unwrap();
    let refused = index.stats(OTHER).await.unwrap().refused.properties;
    assert!((900..=1_100).contains(&refused), "{refused}");
}

async fn forget(index: &dyn Index) {
    let forgotten = index
        .forget(SHOP, Subject::User("ada".to_owned()))
        .await
        .unwrap();
    // Rows a and d, five events, seven facts, two texts.
    assert_eq!(forgotten, 16);
    assert_eq!(
        index
            .forget(SHOP, Subject::User("ada".to_owned()))
            .await
            .unwrap(),
        0
    );
    after_forget(index).await;
}

async fn after_forget(index: &dyn Index) {
    assert_eq!(found(index, "").await, "bc");
    assert_eq!(found(index, "event(Looked)").await, "b");
    assert_eq!(found(index, "text = payment").await, "b");
    let query = StreamQuery {
        of: StreamOf::Identities(vec!["ada".to_owned()]),
        before: None,
        limit: 10,
        with_properties: false,
    };
    assert_eq!(index.stream(SHOP, query).await.unwrap(), []);
    let groups = index
        .series(SHOP, hours("Looked", true), context())
        .await
        .unwrap();
    assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), 1);
    let values = index.values(SHOP, "event.plan".to_owned(), String::new(), 10);
    assert_eq!(values.await.unwrap(), []);
    let filter = Filter::Happened(Happened {
        occurs: vec![Occurs::Count(Comparison::Equal, 0)],
        ..what("event", Some("Bought"))
    });
    assert_eq!(found(index, &filter.to_text()).await, "bc");
}
