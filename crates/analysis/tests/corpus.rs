//! Recordings of the real recorder.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use analysis::{Body, Fact, summarise};
use support::{analyse, of_kind, recording, recordings, texts};

#[test]
fn kitchen_u5_holds_what_its_script_did() {
    let facts = analyse(&recording("kitchen-u5"));
    let clicks = of_kind(&facts, |body| match body {
        Body::Click(click) => Some(&**click),
        _ => None,
    });
    let rage: Vec<(i64, u32)> = clicks
        .iter()
        .filter(|click| click.rage > 0)
        .map(|c| (c.node_id, c.rage))
        .collect();
    assert_eq!(rage, [(63, 8), (16, 5)]);
    let mut dead: Vec<i64> = clicks
        .iter()
        .filter(|click| click.dead)
        .map(|click| click.node_id)
        .collect();
    dead.dedup();
    assert_eq!(dead, [63, 16]);
    assert_eq!(clicks[0].label.as_deref(), Some("dead"));
    assert_eq!(clicks[0].selector, "button#dead");
    assert!(
        clicks
            .iter()
            .skip(13)
            .all(|click| click.changed_after_ms.is_some())
    );

    let errors = of_kind(&facts, |body| match body {
        Body::Error(error) => Some((error.name.as_str(), error.message.as_str())),
        _ => None,
    });
    assert_eq!(errors, [("Error", "planned failure signal")]);
    let lines = of_kind(&facts, |body| match body {
        Body::Console(line) => Some((line.level.as_str(), line.message.as_str())),
        _ => None,
    });
    assert_eq!(lines, [("error", "boom {\"a\":1}")]);

    let texts = texts(&facts);
    assert!(
        texts.iter().any(|text| text.contains("row bicycle")),
        "text split over elements"
    );
    assert!(texts.contains(&"Dialog text"));
    assert!(
        !texts.iter().any(|text| text.contains("4711")),
        "masked text"
    );
    assert!(!texts.contains(&"hidden words"), "closed details");
    let typed = [
        "hello there",
        "hunter2",
        "pa55w0rd",
        "s3cretpass",
        "4000123",
    ];
    for fact in &facts {
        let json = fact.to_json();
        assert!(typed.iter().all(|typed| !json.contains(typed)), "{json}");
    }

    let summary = summarise(
        &facts,
        facts.iter().map(|f| f.at_us).min().unwrap(),
        1_795_229_712_000_000,
    );
    assert_eq!(summary.counts.rage_click_count, 2);
    assert_eq!(summary.counts.dead_click_count, 2);
    assert_eq!(
        (
            summary.counts.error_count,
            summary.counts.console_error_count
        ),
        (1, 1)
    );
    assert_eq!(summary.counts.page_count, 1);
    let last = summary.viewports.last().unwrap();
    assert_eq!((last.width, last.height), (900, 700));
    assert!(summary.gaps.is_empty() && summary.integrity.is_empty());
}

#[test]
fn streamed_answers_are_whole_texts() {
    let facts = analyse(&recording("chat-u3"));
    let texts = texts(&facts);
    assert!(texts.len() < 40, "{} texts", texts.len());
    assert!(texts.contains(
        &"Each parallel token keeps a early account and a sparse queue, so the contract stays idle."
    ));
    let streamed = texts
        .iter()
        .find(|text| text.starts_with("Each narrow window keeps a packet"))
        .unwrap();
    assert!(streamed.contains("so the kitchen stays durable. When a batch schedules"));
    // Checkouts show the same page again: nothing appears twice.
    let mut once = texts.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), texts.len());
    let pages = of_kind(&facts, |body| {
        matches!(body, Body::PageView(_)).then_some(())
    });
    assert_eq!(pages.len(), 1);
}

#[test]
fn all_recordings_give_sensible_facts() {
    for (name, lines) in recordings() {
        let facts = analyse(&lines);
        let count = |pick: fn(&Body) -> bool| facts.iter().filter(|fact| pick(&fact.body)).count();
        let clicks = count(|body| matches!(body, Body::Click(_)));
        let dead = count(|body| matches!(body, Body::Click(click) if click.dead));
        let texts = count(|body| matches!(body, Body::Text(_)));
        let gaps = count(|body| matches!(body, Body::Gap(_)));
        let pages = count(|body| matches!(body, Body::PageView(_)));
        println!(
            "{name}: {} facts, {clicks} clicks, {dead} dead, {texts} texts, {pages} pages",
            facts.len()
        );
        let in_stream = lines
            .iter()
            .filter(|line| line.contains(r#""source":2,"type":2,"#))
            .count();
        assert_eq!(clicks, in_stream, "{name}");
        assert_eq!(gaps, 0, "{name}");
        assert!(pages >= 1 && texts > 0, "{name}");
        // Their scripts click what works, but for the kitchen's dead buttons.
        assert!(
            dead == 0 || name.starts_with("kitchen"),
            "{name}: {dead} dead clicks"
        );
        let bytes: usize = lines.iter().map(String::len).sum();
        let stored: usize = facts.iter().map(stored_bytes).sum();
        assert!(
            stored < bytes / 4 + 20_000,
            "{name}: {stored} bytes of facts from {bytes}"
        );
    }
}

fn stored_bytes(fact: &Fact) -> usize {
    fact.to_json().len()
}

#[test]
fn nobody_was_frustrated_without_a_reason() {
    for (name, lines) in recordings() {
        let facts = analyse(&lines);
        let found = of_kind(&facts, |body| match body {
            Body::Frustration(found) => Some(&**found),
            _ => None,
        });
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
