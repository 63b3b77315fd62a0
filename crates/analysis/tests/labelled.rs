//! The labelled set: recorded visits to the demo's playground, and what a person would
//! say of them. `cargo xtask bench frustration` prints how often we agree.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use analysis::{Body, Fact};
use std::collections::BTreeSet;
use std::path::PathBuf;
use support::{analyse_tabs, lines_of};

#[derive(serde::Deserialize)]
struct Label {
    name: String,
    expected: BTreeSet<String>,
    /// Why the recording cannot tell; then it must be wrong, or the note is out of date.
    limit: Option<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/frustration")
}

fn labels() -> Vec<Label> {
    let text = std::fs::read_to_string(folder().join("labels.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn signals(facts: &[Fact]) -> BTreeSet<String> {
    let mut signals = BTreeSet::new();
    for fact in facts {
        match &fact.body {
            Body::Frustration(found) => {
                let name = serde_json::to_value(found.signal).unwrap();
                signals.insert(name.as_str().unwrap().to_owned());
            }
            Body::Click(click) => {
                let signs = [
                    ("rage_click", click.rage > 0),
                    ("dead_click", click.dead),
                    ("slow_click", click.slow),
                    ("error_click", click.error_after_ms.is_some()),
                ];
                let shown = signs.into_iter().filter(|(_, is_shown)| *is_shown);
                signals.extend(shown.map(|(name, _)| name.to_owned()));
            }
            _ => {}
        }
    }
    signals
}

#[test]
fn every_visit_is_judged_as_it_is_labelled() {
    let labels = labels();
    assert!(labels.len() >= 70, "{} visits", labels.len());
    let mut wrong = Vec::new();
    for Label {
        name,
        expected,
        limit,
    } in &labels
    {
        let facts = analyse_tabs(&lines_of(&folder().join(format!("{name}.jsonl.zst"))));
        let found = signals(&facts);
        if (found == *expected) == limit.is_some() {
            wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_sign_has_true_and_tempting_cases() {
    let labels = labels();
    for signal in [
        "rage_click",
        "dead_click",
        "slow_click",
        "error_click",
        "thrashed_cursor",
        "quick_back",
        "endless_spinner",
        "broken_image",
        "blank_page",
    ] {
        let cases = labels
            .iter()
            .filter(|label| label.expected.contains(signal));
        assert!(cases.count() >= 2, "{signal}");
    }
    let harmless = labels.iter().filter(|label| label.expected.is_empty());
    assert!(harmless.count() >= 35);
}
