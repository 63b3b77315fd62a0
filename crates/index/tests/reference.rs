//! Every kind of condition on generated data, against an evaluation that looks at
//! each replay and each of its events in turn and shares no code with the index.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "reference/world.rs"]
mod world;

use index::filter::{
    Clock, Comparison, Filter, Happened, Occurs, Operand, Periods, Phrase, Predicate,
    Step as Period, Test, When,
};
use index::{
    Appearance, Behaviour, Context, Facts, Funnel, Index, Layer, List, LocalIndex, Occurrence,
    Options, Row, Series, Sort, Together, Value,
};
use model::{ProjectId, ReplayId, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use world::{World, holds, id};

const PROJECT: ProjectId = ProjectId(3);
/// 4 ms before a day, a week and a month begin in [`ZONE`]: Monday, 1 June 2026.
const START_MS: i64 = 1_780_264_800_000 - 4;
const ZONE: &str = "Europe/Berlin";
const DAY_MS: i64 = 86_400_000;

fn context() -> Context {
    Context {
        clock: Clock {
            now: Timestamp::from_millis(START_MS),
            zone: jiff::tz::TimeZone::get(ZONE).unwrap(),
        },
        cohorts: HashMap::from([(1, HashSet::from(["u1".to_owned(), "u2".to_owned()]).into())]),
        named_events: HashMap::from([(world::NAMED.to_owned(), world::meanings())]),
    }
}

// Generated data: few different values, so that conditions meet.

fn word() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "pro", "Pro", "free", "größe", "5", "7.5", "true", "a*b",
    ])
    .prop_map(str::to_owned)
}

fn small() -> impl Strategy<Value = f64> {
    proptest::sample::select(vec![-1.0, 0.0, 2.0, 5.0, 7.5])
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        word().prop_map(Value::Text),
        small().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Flag),
    ]
}

fn properties() -> impl Strategy<Value = Vec<(String, Value)>> {
    let one = (proptest::sample::select(vec!["p", "q", "r"]), value());
    proptest::collection::vec(one, 0..3).prop_map(|found| {
        let unique: BTreeMap<_, _> = found.into_iter().collect();
        let unique = unique.into_iter();
        unique
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

fn row() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let text = proptest::option::of(word().prop_map(Value::Text));
    let number = || {
        proptest::option::of(proptest::sample::select(vec![0.0, 2.0, 5.0]).prop_map(Value::Number))
    };
    let user = proptest::option::of(
        proptest::sample::select(vec!["u1", "u2", "u3"]).prop_map(Value::text),
    );
    let started =
        proptest::option::of((0i64..5).prop_map(|s| Value::Number((START_MS + s) as f64)));
    (
        text,
        number(),
        proptest::option::of(value()),
        user,
        started,
        number(),
    )
        .prop_map(|(browser, errors, tag, user, started, duration)| {
            let all = [
                ("browser", browser),
                ("errors", errors),
                ("tag.x", tag),
                ("user", user),
                ("started", started),
                ("duration", duration),
                ("recorded", Some(Value::Flag(true))),
            ];
            let there = all.into_iter();
            there
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect()
        })
}

fn occurrence(kind: &'static str, name: String, replay: usize, after_ms: i64) -> Occurrence {
    Occurrence {
        number: 0,
        kind,
        name,
        at: Timestamp::from_millis(START_MS + after_ms),
        replay: Some(id(replay)),
        user: None,
        device: Some(format!("device {replay}")),
        properties: Vec::new(),
        user_properties: Vec::new(),
    }
}

/// Mostly within a few milliseconds, so that conditions on times meet.
fn after_ms() -> impl Strategy<Value = i64> {
    let days = proptest::sample::select(vec![1, 6, 7, 29, 30, 31]);
    let later = (days, 0i64..8).prop_map(|(days, ms)| days * DAY_MS + ms);
    prop_oneof![3 => 0i64..8, 2 => later]
}

fn event() -> impl Strategy<Value = Occurrence> {
    let name = proptest::sample::select(vec!["Bought", "Looked", "Paid", world::NAMED]);
    (
        name,
        0usize..14,
        after_ms(),
        properties(),
        proptest::option::weighted(0.9, Just(())),
    )
        .prop_map(|(name, replay, at, properties, in_session)| Occurrence {
            properties,
            replay: in_session.map(|()| id(replay)),
            ..occurrence("event", name.to_owned(), replay, at)
        })
}

fn fact() -> impl Strategy<Value = Occurrence> {
    let click = (word(), any::<bool>()).prop_map(|(text, dead)| {
        let properties = vec![
            ("text".to_owned(), Value::Text(text)),
            ("dead".to_owned(), Value::Flag(dead)),
        ];
        ("click", properties)
    });
    let request = proptest::sample::select(vec![200.0, 404.0, 500.0]).prop_map(|status| {
        (
            "request",
            vec![("status".to_owned(), Value::Number(status))],
        )
    });
    (prop_oneof![click, request], after_ms()).prop_map(|((kind, properties), at)| Occurrence {
        properties,
        ..occurrence(kind, String::new(), 0, at)
    })
}

fn screen() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec!["payment", "was", "declined", "pay"]);
    proptest::collection::vec(word, 1..4).prop_map(|words| words.join(" "))
}

#[derive(Debug, Clone)]
enum Step {
    Rows(BTreeMap<usize, BTreeMap<String, Value>>),
    Events(Vec<Occurrence>),
    Facts(usize, Vec<Occurrence>, Vec<String>),
    Flush,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let facts = (
        0usize..10,
        proptest::collection::vec(fact(), 0..4),
        proptest::collection::vec(screen(), 0..3),
    );
    prop_oneof![
        3 => proptest::collection::btree_map(0usize..10, row(), 1..6).prop_map(Step::Rows),
        4 => proptest::collection::vec(event(), 1..12).prop_map(Step::Events),
        4 => facts.prop_map(|(replay, facts, texts)| Step::Facts(replay, facts, texts)),
        1 => Just(Step::Flush),
        1 => Just(Step::Restart),
    ]
}

// Generated questions.

fn comparison() -> impl Strategy<Value = Comparison> {
    proptest::sample::select(vec![
        Comparison::Less,
        Comparison::AtMost,
        Comparison::AtLeast,
        Comparison::More,
    ])
}

fn open_operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        word().prop_map(Operand::Text),
        small().prop_map(Operand::Number),
        any::<bool>().prop_map(Operand::Flag),
    ]
}

fn number_test() -> impl Strategy<Value = Test> {
    let operand = || proptest::sample::select(vec![0.0, 2.0, 5.0]).prop_map(Operand::Number);
    prop_oneof![
        operand().prop_map(|operand| Test::Is(vec![operand])),
        operand().prop_map(|operand| Test::IsNot(vec![operand])),
        (comparison(), operand()).prop_map(|(sign, operand)| Test::Compare(sign, operand)),
        Just(Test::Between(Operand::Number(1.0), Operand::Number(5.0))),
        Just(Test::Exists),
        Just(Test::Missing),
    ]
}

fn text_test() -> impl Strategy<Value = Test> {
    let operand = || word().prop_map(Operand::Text);
    let part = || proptest::sample::select(vec!["r", "ö", "5", "", "E"]).prop_map(str::to_owned);
    let pattern = || {
        proptest::sample::select(vec!["p*", "*r*", "*", "größe", "*e", "f*e*e"])
            .prop_map(str::to_owned)
    };
    prop_oneof![
        proptest::collection::vec(operand(), 1..3).prop_map(Test::Is),
        proptest::collection::vec(operand(), 1..3).prop_map(Test::IsNot),
        part().prop_map(Test::Contains),
        part().prop_map(Test::ContainsNot),
        pattern().prop_map(Test::Like),
        pattern().prop_map(Test::LikeNot),
        Just(Test::Exists),
        Just(Test::Missing),
    ]
}

fn open_test() -> impl Strategy<Value = Test> {
    prop_oneof![
        text_test(),
        number_test(),
        proptest::collection::vec(open_operand(), 1..3).prop_map(Test::Is),
        proptest::collection::vec(open_operand(), 1..3).prop_map(Test::IsNot),
    ]
}

fn named(
    names: Vec<&'static str>,
    test: impl Strategy<Value = Test>,
) -> impl Strategy<Value = Predicate> {
    (proptest::sample::select(names), test).prop_map(|(name, test)| Predicate {
        name: name.to_owned(),
        test,
    })
}

fn time_test() -> impl Strategy<Value = Test> {
    let at = || (0i64..8).prop_map(|ms| Operand::Time(When::At((START_MS + ms) * 1000)));
    prop_oneof![
        (comparison(), at()).prop_map(|(sign, at)| Test::Compare(sign, at)),
        at().prop_map(|at| Test::Is(vec![at])),
        (at(), at()).prop_map(|(one, two)| match (&one, &two) {
            (Operand::Time(When::At(from)), Operand::Time(When::At(to))) if from > to => {
                Test::Between(two, one)
            }
            _ => Test::Between(one, two),
        }),
    ]
}

/// What a count is compared with.
fn other() -> impl Strategy<Value = Happened> {
    let name = proptest::option::of(proptest::sample::select(vec!["Looked", "Paid"]));
    (name, any::<bool>()).prop_map(|(name, is_click)| Happened {
        kind: if is_click { "click" } else { "event" }.to_owned(),
        name: name.map(str::to_owned).filter(|_| !is_click),
        predicates: Vec::new(),
        occurs: Vec::new(),
    })
}

fn periods() -> impl Strategy<Value = Occurs> {
    let period = proptest::sample::select(vec![Period::Day, Period::Week, Period::Month]);
    let sign = || prop_oneof![comparison(), Just(Comparison::Equal)];
    (period, sign(), 0u64..3, sign(), 0u64..4).prop_map(
        |(period, each, times, comparison, number)| {
            Occurs::Periods(Periods {
                period,
                each: (each, times),
                comparison,
                number,
            })
        },
    )
}

fn occurs(properties: Vec<&'static str>) -> BoxedStrategy<Occurs> {
    let sign = || prop_oneof![comparison(), Just(Comparison::Equal)];
    let property = move || proptest::sample::select(properties.clone()).prop_map(str::to_owned);
    let factor = proptest::sample::select(vec![0.5, 1.0, 2.0]);
    prop_oneof![
        3 => (sign(), 0u64..4).prop_map(|(sign, n)| Occurs::Count(sign, n)),
        1 => (sign(), 0u64..4).prop_map(|(sign, n)| Occurs::First(sign, n)),
        1 => (sign(), 0u64..4).prop_map(|(sign, n)| Occurs::Last(sign, n)),
        2 => (property(), sign(), small()).prop_map(|(name, sign, n)| Occurs::Sum(name, sign, n)),
        2 => (property(), sign(), 0u64..4).prop_map(|(name, sign, n)| Occurs::Distinct(name, sign, n)),
        3 => periods(),
        2 => (sign(), factor, other()).prop_map(|(sign, factor, other)| Occurs::Relative(sign, factor, Box::new(other))),
        2 => (sign(), 0u64..4).prop_map(|(sign, n)| Occurs::Nth(sign, n)),
        2 => time_test().prop_map(Occurs::At),
    ]
    .boxed()
}

fn did_event() -> BoxedStrategy<Happened> {
    (
        proptest::option::of(proptest::sample::select(vec![
            "Bought",
            "Looked",
            "Gone",
            world::NAMED,
        ])),
        proptest::collection::vec(named(vec!["p", "q", "none"], open_test()), 0..3),
        proptest::collection::vec(occurs(vec!["p", "q", "none"]), 0..3),
    )
        .prop_map(|(name, predicates, occurs)| Happened {
            kind: "event".to_owned(),
            name: name.map(str::to_owned),
            predicates,
            occurs,
        })
        .boxed()
}

fn did_click() -> BoxedStrategy<Happened> {
    let dead = any::<bool>().prop_map(|dead| Test::Is(vec![Operand::Flag(dead)]));
    let predicate = prop_oneof![named(vec!["text"], text_test()), named(vec!["dead"], dead)];
    (
        proptest::collection::vec(predicate, 0..3),
        proptest::collection::vec(occurs(vec!["text"]), 0..3),
    )
        .prop_map(|(predicates, occurs)| Happened {
            kind: "click".to_owned(),
            name: None,
            predicates,
            occurs,
        })
        .boxed()
}

fn filter() -> impl Strategy<Value = Filter> {
    let phrase = proptest::sample::select(vec![
        "payment",
        "was declined",
        "pay*",
        "pay",
        "payment was d*",
        "declined payment",
    ]);
    let leaf = prop_oneof![
        named(vec!["browser"], text_test()).prop_map(Filter::Field),
        named(vec!["errors", "duration"], number_test()).prop_map(Filter::Field),
        named(vec!["tag.x", "event.p", "event.none"], open_test()).prop_map(Filter::Field),
        named(vec!["click.text"], text_test()).prop_map(Filter::Field),
        did_event().prop_map(Filter::Happened),
        did_click().prop_map(Filter::Happened),
        phrase.prop_map(|text| Filter::Screen(Phrase {
            text: text.to_owned()
        })),
        Just(Filter::Cohort(1)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// About all that people did.
fn behaviour() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![did_event(), did_click()].prop_map(Filter::Happened);
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// Events that belong to no session name their user.
fn with_users(steps: Vec<Step>) -> Vec<Step> {
    let name = |mut event: Occurrence| {
        if event.replay.is_none() {
            let at = event.at.millis().rem_euclid(3) as usize;
            event.user = Some(["u1", "u3", "x9"][at].to_owned());
        }
        event
    };
    let steps = steps.into_iter();
    steps
        .map(|step| match step {
            Step::Events(events) => Step::Events(events.into_iter().map(name).collect()),
            other => other,
        })
        .collect()
}

async fn feed(steps: Vec<Step>, folder: &std::path::Path) -> (World, LocalIndex) {
    let open = || LocalIndex::open(folder, &Options::default());
    let (mut world, mut index, mut version) = (World::default(), open(), 0);
    for step in steps {
        match step {
            Step::Rows(rows) => {
                let all: Vec<Row> = rows
                    .iter()
                    .map(|(replay, values)| Row {
                        id: id(*replay),
                        values: [
                            "browser", "errors", "tag.x", "user", "started", "duration", "recorded",
                        ]
                        .into_iter()
                        .map(|name| (name.to_owned(), values.get(name).cloned()))
                        .collect(),
                    })
                    .collect();
                world.rows.extend(rows);
                index.put_rows(PROJECT, all).await.unwrap();
            }
            Step::Events(mut events) => {
                // Sessions without a replay have fields of their own, which the
                // reference does not make; only 0 to 9 get facts and conditions.
                events.retain(|event| {
                    let replay = world.replay_of(event);
                    replay.is_none_or(|replay| world.rows.contains_key(&replay))
                });
                world.events.extend(events.clone());
                index.put_events(PROJECT, events, None).await.unwrap();
            }
            Step::Facts(replay, facts, texts) => {
                if !world.rows.contains_key(&replay) {
                    continue;
                }
                version += 1;
                let appearances = texts.iter().enumerate().map(|(at, text)| Appearance {
                    replay: id(replay),
                    at_ms: START_MS + at as i64,
                    until_ms: None,
                    node_id: 1,
                    text: text.clone(),
                });
                let appearances = appearances.collect();
                index
                    .put_facts(
                        PROJECT,
                        Facts {
                            replay: id(replay),
                            layer: Layer::Recording,
                            version,
                            facts: facts.clone(),
                            texts: appearances,
                        },
                    )
                    .await
                    .unwrap();
                world.facts.insert(replay, facts);
                world.texts.insert(replay, texts);
            }
            Step::Flush => index.flush(PROJECT).await.unwrap(),
            Step::Restart => {
                index.flush(PROJECT).await.unwrap();
                index = open();
            }
        }
    }
    (world, index)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_filter_finds_what_looking_at_everything_finds(
        steps in proptest::collection::vec(step(), 1..20),
        filters in proptest::collection::vec(filter(), 12),
    ) {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (world, index) = feed(steps, folder.path()).await;
            for filter in filters {
                let expected: BTreeSet<ReplayId> = world.replays().into_iter()
                    .filter(|replay| world.holds(&filter, *replay)).map(id).collect();
                let list = List { filter: filter.clone(), sort: Sort::Started, is_ascending: false, after: None, without: Default::default(), limit: 100 };
                let page = index.list(PROJECT, list, context()).await.unwrap();
                let found: BTreeSet<ReplayId> = page.replays.iter().map(|found| found.id).collect();
                prop_assert_eq!(found, expected, "{}", filter.to_text());
                prop_assert_eq!(page.total, page.replays.len() as u64);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_cohort_is_who_did_so(
        steps in proptest::collection::vec(step(), 1..20),
        filters in proptest::collection::vec(behaviour(), 12),
        (from, to) in (0i64..4, 4i64..9),
    ) {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (world, index) = feed(with_users(steps), folder.path()).await;
            for filter in filters {
                for within in [i64::MIN..i64::MAX, from..to] {
                    let everyone = world.people().into_iter();
                    let expected: Vec<String> = everyone
                        .filter(|person| world.did_in_all(&filter, person, &within)).collect();
                    let at = |ms: i64| Some(Timestamp::from_millis(START_MS + ms)).filter(|_| within.start == from);
                    let behaviour = Behaviour { filter: filter.clone(), together: Together::User, from: at(from), to: at(to) };
                    let found = index.people(PROJECT, behaviour, context()).await.unwrap();
                    prop_assert_eq!(found, expected, "{} in {:?}", filter.to_text(), within);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn events_are_counted_as_by_hand(
        steps in proptest::collection::vec(step(), 1..20),
        what in did_event(),
        (from, to) in (0i64..4, 4i64..9),
    ) {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (world, index) = feed(steps, folder.path()).await;
            let what = Happened { occurs: Vec::new(), ..what };
            let at = |ms: i64| Timestamp::from_millis(START_MS + ms);
            let matching: Vec<&Occurrence> = world.events.iter().filter(|event| {
                what.name.as_ref().is_none_or(|name| world::is_called(name, event))
                    && what.predicates.iter().all(|predicate| holds(&predicate.test, &World::property(event, &predicate.name)))
            }).collect();
            let series = Series { what: what.clone(), boundaries: (from..=to).map(at).collect(), with_users: true };
            let groups = index.series(PROJECT, series.clone(), context()).await.unwrap();
            let expected: Vec<(u64, u64)> = (from..to).map(|ms| {
                let within: Vec<_> = matching.iter().filter(|event| event.at >= at(ms) && event.at < at(ms + 1)).collect();
                let users: BTreeSet<_> = within.iter().map(|event| &event.device).collect();
                (within.len() as u64, users.len() as u64)
            }).collect();
            prop_assert_eq!(groups.iter().map(|group| (group.count, group.users)).collect::<Vec<_>>(), expected.clone());
            let without = Series { with_users: false, ..series.clone() };
            let groups = index.series(PROJECT, without, context()).await.unwrap();
            prop_assert_eq!(groups.iter().map(|group| group.count).collect::<Vec<_>>(), expected.iter().map(|(count, _)| *count).collect::<Vec<_>>());

            let mut by_value: BTreeMap<Option<String>, (u64, BTreeSet<&Option<String>>)> = BTreeMap::new();
            for event in matching.iter().filter(|event| event.at >= at(from) && event.at < at(to)) {
                let value = World::property(event, "p").first().map(|value| format!("{value:?}"));
                let group = by_value.entry(value).or_default();
                group.0 += 1;
                group.1.insert(&event.device);
            }
            let groups = index.group_by(PROJECT, series, "p".to_owned(), context()).await.unwrap();
            let found: BTreeMap<_, _> = groups.into_iter()
                .map(|group| (group.value.map(|value| format!("{value:?}")), (group.count, group.users))).collect();
            let expected: BTreeMap<_, _> = by_value.into_iter().map(|(value, (count, users))| (value, (count, users.len() as u64))).collect();
            prop_assert_eq!(found, expected);
            Ok(())
        })?;
    }

    #[test]
    fn a_funnel_finds_the_longest_chain(
        steps in proptest::collection::vec(step(), 1..20),
        names in proptest::collection::vec(proptest::sample::select(vec!["Bought", "Looked", "Paid"]), 1..4),
        within_ms in 0u64..6,
    ) {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (world, index) = feed(steps, folder.path()).await;
            let mut by_user: BTreeMap<&Option<String>, Vec<(i64, &str)>> = BTreeMap::new();
            for event in &world.events {
                by_user.entry(&event.device).or_default().push((event.at.millis(), &event.name));
            }
            /// All chains, tried one by one.
            fn longest(done: &[(i64, &str)], names: &[&str], began: Option<i64>, last: i64, within: i64) -> usize {
                let Some((name, rest)) = names.split_first() else { return 0 };
                let next = done.iter().filter(|(at, done)| done == name && *at > last && began.is_none_or(|began| at - began <= within));
                next.map(|(at, _)| 1 + longest(done, rest, began.or(Some(*at)), *at, within)).max().unwrap_or(0)
            }
            let expected: Vec<u64> = (1..=names.len()).map(|length| {
                by_user.values().filter(|done| longest(done, &names, None, i64::MIN, within_ms as i64) >= length).count() as u64
            }).collect();
            let happened = |name: &&str| Happened { kind: "event".to_owned(), name: Some((*name).to_owned()), predicates: Vec::new(), occurs: Vec::new() };
            let funnel = Funnel {
                steps: names.iter().map(happened).collect(),
                from: Timestamp::from_millis(START_MS - 1),
                to: Timestamp::from_millis(START_MS + 100 * DAY_MS),
                within_ms,
            };
            prop_assert_eq!(index.funnel(PROJECT, funnel, context()).await.unwrap(), expected);
            Ok(())
        })?;
    }
}
