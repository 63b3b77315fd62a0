use super::*;
use proptest::prelude::*;
use serde_json::json;

fn text(filter: &str) -> Filter {
    Filter::from_text(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"))
}

fn error(filter: &str) -> FilterError {
    Filter::from_text(filter).expect_err(filter)
}

#[test]
fn the_written_forms_mean_what_they_say() {
    for (written, canonical) in [
        ("", ""),
        ("browser=Chrome", "browser = Chrome"),
        (
            "browser = Chrome duration > 90s",
            "browser = Chrome and duration > 90s",
        ),
        ("duration > 1h30m", "duration > 90m"),
        ("size >= 5MB", "size >= 5MB"),
        ("size >= 1500", "size >= 1500B"),
        ("not (a.b = 1)", ""),
        (
            "country NOT IN (DE, \"AT\") or os like win*",
            "country not in (DE, AT) or os like \"win*\"",
        ),
        (
            "event(\"Order Completed\", total > 50, plan != pro) count >= 2 first < 30s",
            "event(\"Order Completed\", total > 50, plan != pro) count >= 2 first < 30s",
        ),
        (
            "event(Bought) count from 2 to 5 at last 7 days",
            "event(Bought) count >= 2 count <= 5 at >= -7d",
        ),
        (
            "event(Bought) sum(total) > 99.5 distinct(\"plan b\") = 2",
            "event(Bought) sum(total) > 99.5 distinct(\"plan b\") = 2",
        ),
        (
            "request() sum(duration) from 1s to 90s",
            "request() sum(duration) >= 1s sum(duration) <= 90s",
        ),
        (
            "event(Bought) count > event(Looked, plan = pro) nth = 1",
            "event(Bought) count > event(Looked, plan = pro) nth = 1",
        ),
        (
            "click() count >= 0.5 * page() at from 2026-01-01 to 2026-01-31 os = a",
            "click() count >= 0.5 * page() at from 2026-01-01 to 2026-01-31 and os = a",
        ),
        (
            "event(Bought) days(count >= 2) >= 3 weeks from 1 to 2 months(count >= 1) = 1",
            "event(Bought) days(count >= 2) >= 3 weeks >= 1 weeks <= 2 months = 1",
        ),
        ("event() days(sum(x) > 1) > 1", ""),
        ("event() days(count from 1 to 2) > 1", ""),
        ("event() days > click()", ""),
        ("event() hours > 1", ""),
        ("click() sum(label) > 1", ""),
        ("click() at missing", ""),
        ("click() count > 0 * page()", ""),
        (
            "started last 6 weeks and ended from -1d/d to today",
            "started >= -6w and ended from -1d/d to +0d/d",
        ),
        (
            "text != \"Payment declined\"",
            "not text = \"Payment declined\"",
        ),
        ("cohort = 5", "cohort = 5"),
        ("cohort(\"Big spenders\")", "cohort(\"Big spenders\")"),
        ("not cohort(\"5\")", "not cohort(\"5\")"),
        ("cohort != \"5\"", "not cohort(\"5\")"),
        (
            "tag.cart = 5 tag.cart = \"5\"",
            "tag.cart = 5 and tag.cart = \"5\"",
        ),
        ("release missing", "release missing"),
        (
            "(event() or os = a) os = b",
            "(event() or os = a) and os = b",
        ),
        (
            "url contains \"/checkout?a=1\"",
            "url contains \"/checkout?a=1\"",
        ),
        ("a.b = 1", ""),
        (
            "started >= 1767225600000",
            "started >= 2026-01-01T00:00:00Z",
        ),
    ] {
        if canonical.is_empty() && !written.is_empty() {
            assert!(Filter::from_text(written).is_err(), "{written}");
        } else {
            assert_eq!(text(written).to_text(), canonical);
        }
    }
}

#[test]
fn and_binds_closer_than_or() {
    let or = text("os = a or os = b and os = c");
    let Filter::Any(parts) = &or else {
        panic!("{or:?}")
    };
    assert!(matches!(parts[1], Filter::All(_)));
    assert_eq!(text(&or.to_text()), or);
}

#[test]
fn an_error_names_the_place_and_what_was_meant() {
    for (filter, at, message, nearest) in [
        ("os = a and browsr = b", 11..17, "no field", Some("browser")),
        ("os = a and", 10..10, "expected a condition", None),
        ("duration > 5", 11..12, "duration: 500ms", None),
        ("os > 5", 3..6, "is a text", None),
        ("(os = a", 7..7, "expected \")\"", None),
        ("os = \"a", 5..6, "not closed", None),
        ("os ~ a", 3..4, "expected =", None),
        (
            "click(sellector = a)",
            6..15,
            "no property",
            Some("selector"),
        ),
        (
            "clik(text = a)",
            0..4,
            "nothing that happens",
            Some("click"),
        ),
        ("duration from 2m to 1m", 9..22, "ends before", None),
        (
            "started from 2026-02-01 to 2026-01-01",
            8..37,
            "ends before",
            None,
        ),
        ("text = \"?!\"", 7..11, "at least one word", None),
        ("dead_clicks = nan", 14..17, "a number", None),
        ("event(X) count >= 1.5", 18..21, "whole number", None),
        ("click() sum(label) > 1", 12..17, "is not a number", None),
        ("click() sum(rge) > 1", 12..15, "no property", Some("rage")),
        ("click() at exists", 8..10, "a time", None),
        ("click() count > 0 * page()", 16..17, "above 0", None),
        (
            "click() count > pge()",
            16..19,
            "nothing that",
            Some("page"),
        ),
        ("recorded = maybe", 11..16, "true or false", None),
        ("ä = 1", 0..2, "no field", None),
        ("os = a ! b", 7..8, "quotes", None),
    ] {
        let error = error(filter);
        assert_eq!(error.at, at, "{filter}: {error}");
        assert!(error.message.contains(message), "{filter}: {error}");
        assert_eq!(error.nearest.as_deref(), nearest, "{filter}");
    }
}

#[test]
fn too_much_is_refused_with_a_number() {
    let conditions = vec!["os = a"; 500].join(" or ");
    let found = error(&conditions);
    assert!(found.message.contains("100 conditions"), "{found}");
    assert_eq!(found.at.start, 100 * "os = a or ".len());
    let nested = format!("{}os = a{}", "(".repeat(500), ")".repeat(500));
    assert!(error(&nested).message.contains("20 deep"));
    let nots = format!("{}os = a", "not ".repeat(10_000));
    assert!(error(&nots).message.contains("32768 bytes"));
    let list = format!("os in ({})", vec!["a"; 501].join(","));
    assert!(error(&list).message.contains("500 values"));
    let long = format!("os = {}", "a".repeat(2000));
    assert!(error(&long).message.contains("1024 bytes"));
}

#[test]
fn a_json_error_names_the_place() {
    for (json, pointer, message) in [
        (
            json!({"all": [{"field": "os", "op": "=", "value": "a"}, {"field": "oss"}]}),
            "/all/1/field",
            "no field",
        ),
        (
            json!({"not": {"field": "os", "op": "=", "value": 5}}),
            "/not/value",
            "a text",
        ),
        (json!({"any": []}), "/any", "at least one"),
        (
            json!({"happened": "click", "where": [{"property": "dead", "op": "=", "value": "x"}]}),
            "/where/0/value",
            "true or false",
        ),
        (
            json!({"happened": "click", "occurs": [{"count": "=", "times": -1}]}),
            "/occurs/0/times",
            "whole number",
        ),
        (
            json!({"happened": "click", "occurs": [{"sum": ">", "property": "label", "value": 1}]}),
            "/occurs/0/property",
            "is not a number",
        ),
        (
            json!({"happened": "click", "occurs": [{"count": ">", "of": {"happened": "pge"}}]}),
            "/occurs/0/of/happened",
            "nothing that",
        ),
        (
            json!({"happened": "click", "occurs": [{"at": {"op": "=", "value": "soon"}}]}),
            "/occurs/0/at/value",
            "a time",
        ),
        (json!([1]), "", "an object"),
        (
            json!({"field": "os", "op": "==", "value": "a"}),
            "/op",
            "expected =",
        ),
    ] {
        let error = Filter::from_json(&json).expect_err(&json.to_string());
        assert_eq!(error.pointer.as_deref(), Some(pointer), "{json}: {error}");
        assert!(error.message.contains(message), "{json}: {error}");
    }
    let mut deep = json!({"field": "os", "op": "exists"});
    for _ in 0..40 {
        deep = json!({ "not": deep });
    }
    let error = Filter::from_json(&deep).expect_err("deep");
    assert!(error.message.contains("20 deep"), "{error}");
}

#[test]
fn times_are_those_of_the_project() {
    let clock = Clock {
        // 00:30 on 30 March 2026 in Berlin, the day after the clocks changed.
        now: model::Timestamp::from_micros(1_774_823_400_000_000),
        zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
    };
    let resolve = |text: &str| {
        let range = When::parse(text).unwrap().resolve(&clock).unwrap();
        let show = |ms| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
        (show(range.start), show(range.end))
    };
    let strings = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    assert_eq!(
        resolve("yesterday"),
        strings("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    );
    assert_eq!(
        resolve("2026-03-30"),
        strings("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z")
    );
    assert_eq!(
        resolve("-0d/w"),
        strings("2026-03-29T22:00:00Z", "2026-04-05T22:00:00Z")
    );
    assert_eq!(resolve("-2h").0, "2026-03-29T20:30:00Z");
    assert_eq!(resolve("-1mo/mo").0, "2026-01-31T23:00:00Z");
    let far = When::parse("-2000000000y").unwrap();
    assert!(far.resolve(&clock).is_err());
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z_][a-zA-Z0-9_.-]{0,8}",
        "\\PC{0,12}",
        Just("and".to_owned()),
        Just("true".to_owned()),
        Just("5".to_owned()),
        Just("a\"b\\c\nd".to_owned()),
    ]
}

fn any_when() -> impl Strategy<Value = When> {
    let step = prop_oneof![
        Just(Step::Second),
        Just(Step::Minute),
        Just(Step::Hour),
        Just(Step::Day),
        Just(Step::Week),
        Just(Step::Month),
        Just(Step::Year)
    ];
    prop_oneof![
        (-60_000_000_000_000_000i64..250_000_000_000_000_000).prop_map(When::At),
        (0i16..9999, 1i8..=12, 1i8..=28)
            .prop_map(|(y, m, d)| When::Day(jiff::civil::date(y, m, d))),
        (any::<i32>(), step.clone(), proptest::option::of(step))
            .prop_map(|(amount, step, whole)| When::relative(amount, step, whole)),
    ]
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-1_000_000i64..1_000_000).prop_map(|n| n as f64),
        proptest::num::f64::NORMAL,
        (0u64..10_000).prop_map(|n| n as f64 * 1000.0),
    ]
}

fn operand(kind: FieldKind) -> BoxedStrategy<Operand> {
    match kind {
        FieldKind::Text => any_text().prop_map(Operand::Text).boxed(),
        // What is written in units has no sign.
        FieldKind::Number(Unit::Milliseconds | Unit::Bytes) => {
            any_number().prop_map(|n| Operand::Number(n.abs())).boxed()
        }
        FieldKind::Number(_) => any_number().prop_map(Operand::Number).boxed(),
        FieldKind::Time => any_when().prop_map(Operand::Time).boxed(),
        FieldKind::Flag => any::<bool>().prop_map(Operand::Flag).boxed(),
        FieldKind::Open => prop_oneof![
            any_text().prop_map(Operand::Text),
            any_number().prop_map(Operand::Number),
            any::<bool>().prop_map(Operand::Flag)
        ]
        .boxed(),
    }
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    prop_oneof![
        Just(Comparison::Less),
        Just(Comparison::AtMost),
        Just(Comparison::AtLeast),
        Just(Comparison::More)
    ]
}

fn test(name: String, kind: FieldKind) -> BoxedStrategy<Predicate> {
    let list = proptest::collection::vec(operand(kind), 1..4);
    prop_oneof![
        list.clone().prop_map(Test::Is),
        list.prop_map(Test::IsNot),
        (any_comparison(), operand(kind)).prop_map(|(sign, operand)| Test::Compare(sign, operand)),
        (operand(kind), operand(kind)).prop_map(|(from, to)| Test::Between(from, to)),
        any_text().prop_map(Test::Contains),
        any_text().prop_map(Test::ContainsNot),
        any_text().prop_map(Test::Like),
        any_text().prop_map(Test::LikeNot),
        Just(Test::Exists),
        Just(Test::Missing),
    ]
    .prop_filter("makes sense", {
        let name = name.clone();
        move |test| test.check(&name, kind).is_ok()
    })
    .prop_map(move |test| Predicate {
        name: name.clone(),
        test,
    })
    .boxed()
}

fn any_field() -> impl Strategy<Value = Filter> {
    let fixed = proptest::sample::select(FIELDS)
        .prop_filter("has values", |field| {
            !matches!(field.origin, Origin::Screen | Origin::Cohort)
        })
        .prop_map(|field| field.name.to_owned());
    let open = prop_oneof![
        any_text().prop_map(|name| format!("tag.{name}x")),
        Just("click.dead".to_owned()),
        Just("request.duration".to_owned()),
        Just("event.a b".to_owned()),
    ];
    prop_oneof![fixed, open]
        .prop_flat_map(|name| {
            let kind = field(&name).unwrap().kind;
            test(name, kind)
        })
        .prop_map(Filter::Field)
}

fn any_period() -> impl Strategy<Value = Step> {
    proptest::sample::select(vec![Step::Day, Step::Week, Step::Month])
}

fn any_occurs(of: &'static str) -> BoxedStrategy<Occurs> {
    let sign = || prop_oneof![any_comparison(), Just(Comparison::Equal)];
    let many = || 0u64..100_000;
    let property = move || match of {
        "event" => any_text()
            .prop_filter("has a name", |name| !name.is_empty())
            .boxed(),
        _ => proptest::sample::select(vec!["duration", "response_size", "status"])
            .prop_map(str::to_owned)
            .boxed(),
    };
    let limit = any_number().prop_map(move |n| if of == "event" { n } else { n.abs() });
    let other = (
        proptest::option::of(any_text()),
        test("p".to_owned(), FieldKind::Open),
    );
    let other = other.prop_map(|(name, predicate)| Happened {
        kind: "event".to_owned(),
        name,
        predicates: vec![predicate],
        occurs: Vec::new(),
    });
    let factor = prop_oneof![Just(1.0), any_number().prop_map(f64::abs)]
        .prop_filter("is above 0", |factor| *factor > 0.0);
    prop_oneof![
        (sign(), many())
            .prop_map(|(sign, n)| Occurs::Count(sign, n))
            .boxed(),
        (sign(), many())
            .prop_map(|(sign, n)| Occurs::First(sign, n))
            .boxed(),
        (sign(), many())
            .prop_map(|(sign, n)| Occurs::Last(sign, n))
            .boxed(),
        (sign(), many())
            .prop_map(|(sign, n)| Occurs::Nth(sign, n))
            .boxed(),
        (property(), sign(), limit)
            .prop_map(|(name, sign, n)| Occurs::Sum(name, sign, n))
            .boxed(),
        (property(), sign(), many())
            .prop_map(|(name, sign, n)| Occurs::Distinct(name, sign, n))
            .boxed(),
        (any_period(), sign(), many(), sign(), many())
            .prop_map(|(period, comparison, number, sign, times)| {
                Occurs::Periods(Periods {
                    period,
                    each: (sign, times),
                    comparison,
                    number,
                })
            })
            .boxed(),
        (sign(), factor, other).prop_map(|(sign, factor, other)| Occurs::Relative(
            sign,
            factor,
            Box::new(other)
        )),
        test("at".to_owned(), FieldKind::Time)
            .prop_map(|predicate| predicate.test)
            .prop_filter("is a time", |test| super::occurs::check_time(test).is_ok())
            .prop_map(Occurs::At)
            .boxed(),
    ]
    .boxed()
}

fn any_happened() -> impl Strategy<Value = Filter> {
    let event = (
        proptest::option::of(any_text()),
        proptest::collection::vec(
            any_text()
                .prop_filter("has a name", |name| !name.is_empty())
                .prop_flat_map(|name| test(name, FieldKind::Open)),
            0..3,
        ),
        proptest::collection::vec(any_occurs("event"), 0..3),
    )
        .prop_map(|(name, predicates, occurs)| Happened {
            kind: "event".to_owned(),
            name,
            predicates,
            occurs,
        });
    let predicate = proptest::sample::select(happening("request").unwrap().properties)
        .prop_flat_map(|(name, kind)| test(name.to_owned(), kind));
    let request = (
        proptest::collection::vec(predicate, 0..3),
        proptest::collection::vec(any_occurs("request"), 0..3),
    )
        .prop_map(|(predicates, occurs)| Happened {
            kind: "request".to_owned(),
            name: None,
            predicates,
            occurs,
        });
    prop_oneof![event, request].prop_map(Filter::Happened)
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        any_field(),
        any_happened(),
        "[a-z]{1,5}( [a-z]{1,5}){0,2}\\*?".prop_map(|text| Filter::Screen(Phrase { text })),
        any::<i64>().prop_map(Filter::Cohort),
        "[a-z0-9]{1,5}( [\"a-z]{1,5}){0,2}".prop_map(Filter::CohortNamed),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn text_and_json_are_two_forms_of_one_filter(filter in any_filter()) {
        let text = filter.to_text();
        prop_assert_eq!(&Filter::from_text(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?, &filter);
        let json = filter.to_json();
        let sent = serde_json::from_str(&json.to_string()).unwrap();
        prop_assert_eq!(&Filter::from_json(&sent).map_err(|error| TestCaseError::fail(format!("{json}: {error:?}")))?, &filter);
    }

    #[test]
    fn no_text_makes_the_parser_fail_in_another_way(text in "(\\PC|and |or |not |\\(|\\)|os|=|event|\"|,| ){0,40}") {
        if let Err(error) = Filter::from_text(&text) {
            prop_assert!(error.at.start <= error.at.end && error.at.end <= text.len());
        }
    }
}

#[test]
fn a_calendar_follows_the_time_zone() {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let at_us = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    for (step, at, start) in [
        // The day on which clocks are set back has 25 hours.
        (
            Step::Day,
            "2026-10-25T22:59:59.999Z",
            "2026-10-24T22:00:00Z",
        ),
        (Step::Day, "2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z"),
        (Step::Week, "2026-10-25T22:59:59Z", "2026-10-18T22:00:00Z"),
        (Step::Month, "2026-10-31T23:00:00Z", "2026-10-31T23:00:00Z"),
        (Step::Month, "2026-10-31T22:59:59Z", "2026-09-30T22:00:00Z"),
    ] {
        let mut calendar = Calendar::new(step, &zone);
        assert_eq!(
            calendar.start_us(at_us(at)),
            at_us(start),
            "{step:?} of {at}"
        );
    }
    // What no calendar knows is by itself, and does not stop the others.
    let mut days = Calendar::new(Step::Day, &zone);
    assert_eq!(days.start_us(i64::MAX - 1), i64::MAX - 1);
    assert_eq!(days.start_us(i64::MIN), i64::MIN);
    assert_eq!(
        days.start_us(at_us("2026-10-25T12:00:00Z")),
        at_us("2026-10-24T22:00:00Z")
    );
}
