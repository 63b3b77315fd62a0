//! What the analysis finds in recordings, and how long it takes.
//!
//! `cargo run --release -p analysis --example facts -- FILE.jsonl…` prints a line per
//! recording; with `--list KIND` also the facts of that kind.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use analysis::{Analysis, Body, Fact, Settings, summarise};
use rrweb::Tape;
use rrweb::mirror::{Limits, Mirror};
use std::collections::BTreeMap;

fn main() {
    let mut list = None;
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--list" => list = arguments.next(),
            _ => files.push(argument),
        }
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut tapes = Vec::new();
        for line in text.lines() {
            let mut tape = Tape::new();
            if tape.parse(line).is_ok() {
                tapes.push(tape);
            }
        }
        let time = |tape: &Tape| {
            (tape.root().get("timestamp").unwrap().as_f64().unwrap() * 1_000.0) as i64
        };
        tapes.sort_by_key(time);
        let (first, last) = (time(&tapes[0]), time(&tapes[tapes.len() - 1]));
        let rate = |took: f64| text.len() as f64 / 1e6 / took;

        let start = cpu_seconds();
        let mut tape = Tape::new();
        let mut mirror = Mirror::new(Limits::default());
        for line in text.lines() {
            tape.parse(line).unwrap();
            mirror.apply(tape.root(), time(&tape), &mut ());
        }
        let alone = cpu_seconds() - start;

        let start = cpu_seconds();
        let mut facts = Vec::new();
        let mut mirror = Mirror::new(Limits::default());
        let mut analysis = Analysis::new(Settings::default());
        for line in text.lines() {
            tape.parse(line).unwrap();
            analysis.event(time(&tape), tape.root(), &mut mirror, &mut facts);
        }
        analysis.finish(last, &mirror, &mut facts);
        let both = cpu_seconds() - start;

        let summary = summarise(&facts, first, last);
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for fact in &facts {
            *kinds.entry(kind(fact)).or_default() += 1;
        }
        let stored: usize = facts
            .iter()
            .filter(|fact| !matches!(fact.body, Body::Carry { .. }))
            .map(|fact| fact.to_json().len())
            .sum();
        let carried: usize = facts
            .iter()
            .map(|fact| match &fact.body {
                Body::Carry { state } => state.len(),
                _ => 0,
            })
            .sum();
        println!(
            "{file}: {:.0} MB/s, mirror alone {:.0}; {} KB facts, {} KB carried, {kinds:?} {:?} gaps {:?} integrity {:?}",
            rate(both),
            rate(alone),
            stored / 1_000,
            carried / 1_000,
            summary.counts,
            summary.gaps,
            summary.integrity,
        );
        if let Some(list) = &list {
            facts.sort_by_key(|fact| fact.at_us);
            for fact in facts.iter().filter(|fact| kind(fact) == *list) {
                println!(
                    "  {:>9.3} {}",
                    (fact.at_us - first) as f64 / 1e6,
                    fact.to_json()
                );
            }
        }
    }
}

/// Of this thread: other programs on the machine do not count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn kind(fact: &Fact) -> String {
    let json = fact.to_json();
    json.split('"').nth(3).unwrap_or_default().to_owned()
}
