//! Pieces give what the whole gives, and nothing makes the analysis fall over.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use analysis::{Analysis, Body, Fact, Settings, summarise};
use proptest::prelude::*;
use rrweb::Tape;
use rrweb::mirror::{Limits, Mirror};
use support::{analyse, analyse_in_pieces, recording, recordings, sorted};

/// Facts without what is only for the next piece.
fn lasting(facts: &[Fact]) -> Vec<(i64, String)> {
    let facts: Vec<Fact> = facts
        .iter()
        .filter(|fact| !matches!(fact.body, Body::Carry { .. }))
        .cloned()
        .collect();
    sorted(&facts)
}

fn assert_same(name: &str, whole: &[Fact], pieces: &[Fact], stops: &[usize]) {
    let (whole, pieces) = (lasting(whole), lasting(pieces));
    for (whole, piece) in whole.iter().zip(&pieces) {
        assert_eq!(whole, piece, "{name} stopped at {stops:?}");
    }
    assert_eq!(whole.len(), pieces.len(), "{name} stopped at {stops:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn stopping_anywhere_changes_nothing(stops in prop::collection::btree_set(1..353_usize, 1..8)) {
        let stops: Vec<usize> = stops.into_iter().collect();
        for name in ["kitchen-u5", "chat-u3"] {
            let lines = recording(name);
            assert_same(name, &analyse(&lines), &analyse_in_pieces(&lines, &stops), &stops);
        }
    }

    #[test]
    fn odd_events_do_no_harm(events in prop::collection::vec(odd_event(), 1..60)) {
        let mut tape = Tape::new();
        let mut mirror = Mirror::new(Limits::default());
        let mut analysis = Analysis::new(Settings::default());
        let mut facts = Vec::new();
        for (at_us, json) in &events {
            tape.parse(json).unwrap();
            analysis.event(*at_us, tape.root(), &mut mirror, &mut facts);
        }
        let (first, last) = (events[0].0, events[events.len() - 1].0);
        analysis.finish(last, &mirror, &mut facts);
        for fact in &facts {
            prop_assert_eq!(&Fact::from_json(fact.at_us, &fact.to_json()).unwrap(), fact);
        }
        let summary = summarise(&facts, first, last);
        prop_assert!(summary.activity.counts.len() <= analysis::MAX_BINS);
        prop_assert_eq!(summary.strip.len(), analysis::STRIP_CELLS);
    }
}

#[test]
fn stopping_in_every_recording_changes_nothing() {
    for (name, lines) in recordings() {
        let bytes: usize = lines.iter().map(String::len).sum();
        // The large ones take too long without optimisation.
        if bytes > 3_000_000 {
            continue;
        }
        let stops = [
            1,
            lines.len() / 7,
            lines.len() / 3,
            lines.len() / 2,
            lines.len() - 2,
        ];
        assert_same(
            &name,
            &analyse(&lines),
            &analyse_in_pieces(&lines, &stops),
            &stops,
        );
    }
}

/// JSON with the words that mean something, in all the wrong places.
fn odd_event() -> impl Strategy<Value = (i64, String)> {
    let time = prop_oneof![
        8 => 0..30_000_000_i64,
        1 => Just(i64::MAX),
        1 => Just(i64::MIN),
        1 => any::<i64>(),
    ];
    let event = (any::<u8>(), odd_value()).prop_map(|(kind, data)| {
        let kind = if kind < 200 { kind % 9 } else { kind };
        format!(r#"{{"type":{kind},"data":{data},"timestamp":1}}"#)
    });
    (time, prop_oneof![4 => event, 1 => odd_value()])
}

fn odd_value() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "source",
        "type",
        "id",
        "node",
        "adds",
        "removes",
        "texts",
        "attributes",
        "parentId",
        "nextId",
        "childNodes",
        "tagName",
        "textContent",
        "positions",
        "timeOffset",
        "x",
        "y",
        "text",
        "href",
        "width",
        "height",
        "payload",
        "plugin",
        "tag",
        "requests",
        "startTime",
        "timestamp",
        "duration",
        "op",
        "data",
        "category",
        "wireframes",
        "rrweb/network@1",
        "rrweb/console@1",
        "amplitude/url-tracking@1",
        "breadcrumb",
        "performanceSpan",
        "fetch-request",
        "navigation.push",
        "ui.keyDown",
        "div",
        "span",
        "details",
        "input",
        "style",
        "class",
        "value",
        "window hidden",
        "window visible",
        "startTimestamp",
        "endTimestamp",
        "level",
        "Uncaught x",
        "name",
        "entryType",
    ]);
    let leaf = prop_oneof![
        3 => (0..12_i64).prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => Just("1e308".to_owned()),
        1 => Just("-1.5".to_owned()),
        1 => Just("null".to_owned()),
        1 => any::<bool>().prop_map(|flag| flag.to_string()),
        3 => word.clone().prop_map(|word| format!("{word:?}")),
    ];
    leaf.prop_recursive(5, 48, 8, move |inner| {
        let pair = (word.clone(), inner.clone()).prop_map(|(key, value)| format!("{key:?}:{value}"));
        prop_oneof![
            2 => prop::collection::vec(pair, 0..8).prop_map(|pairs| format!("{{{}}}", pairs.join(","))),
            1 => prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
        ]
    })
}
