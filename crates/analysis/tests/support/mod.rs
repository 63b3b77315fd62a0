//! Recordings and small streams for tests.

#![allow(dead_code, clippy::unwrap_used)]

use analysis::{Analysis, Body, Fact, Settings, Tabs};
use rrweb::Tape;
use rrweb::mirror::{Limits, Mirror};
use std::path::PathBuf;

/// The recordings in the repository.
pub fn recordings() -> Vec<(String, Vec<String>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rrweb");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zst"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (name_of(&path), lines_of(&path)))
        .collect()
}

pub fn recording(name: &str) -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../fixtures/rrweb/{name}.jsonl.zst"));
    lines_of(&path)
}

fn name_of(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    name.split('.').next().unwrap().to_owned()
}

pub fn lines_of(path: &std::path::Path) -> Vec<String> {
    let packed = std::fs::read(path).unwrap();
    let text = zstd::decode_all(packed.as_slice()).unwrap();
    String::from_utf8(text)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

pub fn time_us(tape: &Tape) -> i64 {
    let time = tape
        .root()
        .get("timestamp")
        .and_then(rrweb::tape::Value::as_f64)
        .unwrap_or_default();
    (time * 1_000.0) as i64
}

/// One tab, all at once.
pub fn analyse<S: AsRef<str>>(lines: &[S]) -> Vec<Fact> {
    analyse_in_pieces(lines, &[])
}

/// The same, stopping before each of the given lines and going on from what was
/// written then.
pub fn analyse_in_pieces<S: AsRef<str>>(lines: &[S], stops: &[usize]) -> Vec<Fact> {
    let mut tape = Tape::new();
    let mut mirror = Mirror::new(Limits::default());
    let mut analysis = Analysis::new(Settings::default());
    let mut facts = Vec::new();
    let mut last_us = 0;
    for (at, line) in lines.iter().enumerate() {
        if stops.contains(&at) {
            let mut written = Vec::new();
            analysis.finish(last_us, &mirror, &mut written);
            let stored = written.iter().map(|fact| (fact.at_us, fact.to_json()));
            let read: Vec<Fact> = stored
                .map(|(at_us, json)| Fact::from_json(at_us, &json).unwrap())
                .collect();
            assert_eq!(read, written);
            assert!(read.iter().all(|fact| fact.open));
            analysis = Analysis::resume(Settings::default(), &mirror, read);
        }
        tape.parse(line.as_ref()).unwrap();
        last_us = time_us(&tape);
        analysis.event(last_us, tape.root(), &mut mirror, &mut facts);
    }
    analysis.finish(last_us, &mirror, &mut facts);
    facts
}

/// Each tab with its own page.
pub fn analyse_tabs<S: AsRef<str>>(lines: &[S]) -> Vec<Fact> {
    let mut tabs = Tabs::new();
    let mut pages: Vec<(Mirror, Analysis)> = Vec::new();
    let mut facts = Vec::new();
    let mut last_us = 0;
    for line in lines {
        let mut tape = Tape::new();
        tape.parse(line.as_ref()).unwrap();
        last_us = time_us(&tape);
        let tab = tabs.number(tape.root());
        while pages.len() <= tab as usize {
            let settings = Settings::default().for_tab(pages.len() as u32);
            for (_, other) in &mut pages {
                other.tab_opened(last_us);
            }
            pages.push((Mirror::new(Limits::default()), Analysis::new(settings)));
        }
        let (mirror, analysis) = &mut pages[tab as usize];
        analysis.event(last_us, tape.root(), mirror, &mut facts);
    }
    for (mirror, analysis) in pages {
        analysis.finish(last_us, &mirror, &mut facts);
    }
    facts
}

/// In an order that does not depend on when facts were written.
pub fn sorted(facts: &[Fact]) -> Vec<(i64, String)> {
    let mut sorted: Vec<(i64, String)> = facts
        .iter()
        .map(|fact| (fact.at_us, fact.to_json()))
        .collect();
    sorted.sort();
    sorted
}

pub fn of_kind<'f, T>(facts: &'f [Fact], pick: impl Fn(&'f Body) -> Option<T>) -> Vec<T> {
    facts.iter().filter_map(|fact| pick(&fact.body)).collect()
}

pub fn texts(facts: &[Fact]) -> Vec<&str> {
    of_kind(facts, |body| match body {
        Body::Text(text) => Some(text.text.as_str()),
        _ => None,
    })
}

/// A page whose body holds the given nodes (from id 10 on).
pub fn page(at_ms: i64, body: &str) -> Vec<String> {
    vec![
        format!(
            r#"{{"type":4,"data":{{"href":"https://shop.test/","width":1000,"height":700}},"timestamp":{at_ms}}}"#
        ),
        format!(
            r#"{{"type":2,"data":{{"node":{{"type":0,"id":1,"childNodes":[{{"type":2,"id":2,"tagName":"html","attributes":{{}},"childNodes":[{{"type":2,"id":3,"tagName":"head","attributes":{{}},"childNodes":[{{"type":2,"id":4,"tagName":"title","attributes":{{}},"childNodes":[{{"type":3,"id":5,"textContent":"Shop"}}]}}]}},{{"type":2,"id":6,"tagName":"body","attributes":{{}},"childNodes":[{body}]}}]}}]}},"initialOffset":{{"top":0,"left":0}}}},"timestamp":{at_ms}}}"#
        ),
    ]
}

pub fn element(id: i64, tag: &str, attributes: &str, children: &str) -> String {
    format!(
        r#"{{"type":2,"id":{id},"tagName":"{tag}","attributes":{{{attributes}}},"childNodes":[{children}]}}"#
    )
}

pub fn text(id: i64, text: &str) -> String {
    format!(r#"{{"type":3,"id":{id},"textContent":"{text}"}}"#)
}

pub fn increment(at_ms: i64, data: &str) -> String {
    format!(r#"{{"type":3,"data":{{{data}}},"timestamp":{at_ms}}}"#)
}

pub fn click(at_ms: i64, id: i64) -> String {
    increment(
        at_ms,
        &format!(r#""source":2,"type":2,"id":{id},"x":{id},"y":5,"pointerType":0"#),
    )
}

pub fn add(at_ms: i64, parent: i64, node: &str) -> String {
    increment(
        at_ms,
        &format!(
            r#""source":0,"texts":[],"attributes":[],"removes":[],"adds":[{{"parentId":{parent},"nextId":null,"node":{node}}}]"#
        ),
    )
}

/// A list item and its text, each by itself, as recorders send them.
pub fn add_item(at_ms: i64, parent: i64, id: i64, label: &str) -> String {
    let item = element(id, "li", "", "");
    let label = text(id + 1, label);
    increment(
        at_ms,
        &format!(
            r#""source":0,"texts":[],"attributes":[],"removes":[],"adds":[{{"parentId":{parent},"nextId":null,"node":{item}}},{{"parentId":{id},"nextId":null,"node":{label}}}]"#
        ),
    )
}

pub fn remove(at_ms: i64, parent: i64, id: i64) -> String {
    increment(
        at_ms,
        &format!(
            r#""source":0,"texts":[],"attributes":[],"removes":[{{"parentId":{parent},"id":{id}}}],"adds":[]"#
        ),
    )
}

pub fn set_text(at_ms: i64, id: i64, value: &str) -> String {
    increment(
        at_ms,
        &format!(
            r#""source":0,"texts":[{{"id":{id},"value":"{value}"}}],"attributes":[],"removes":[],"adds":[]"#
        ),
    )
}

pub fn set_attribute(at_ms: i64, id: i64, attributes: &str) -> String {
    increment(
        at_ms,
        &format!(
            r#""source":0,"texts":[],"attributes":[{{"id":{id},"attributes":{{{attributes}}}}}],"removes":[],"adds":[]"#
        ),
    )
}

pub fn custom(at_ms: i64, tag: &str, payload: &str) -> String {
    format!(r#"{{"type":5,"data":{{"tag":"{tag}","payload":{payload}}},"timestamp":{at_ms}}}"#)
}

pub fn plugin(at_ms: i64, name: &str, payload: &str) -> String {
    format!(r#"{{"type":6,"data":{{"plugin":"{name}","payload":{payload}}},"timestamp":{at_ms}}}"#)
}

/// An event in which nothing happens, to let time pass.
pub fn tick(at_ms: i64) -> String {
    custom(at_ms, "options", "{}")
}
