//! What visitors typed, and what was masked, is found by no search for text on screen: the
//! captured traffic of every vendor.

use crate::captured::requests;
use crate::server::{Options, Server, percent_encode, wait_for};
use crate::{posthog, sentry};
use serde_json::Value;
use std::collections::BTreeSet;

const AMPLITUDE_KEY: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";
const INPUT_SOURCE: u64 = 5;
const INCREMENTAL: u64 = 3;

#[derive(Default)]
struct Seen {
    /// What stood in fields.
    typed: BTreeSet<String>,
    /// Every text node.
    shown: BTreeSet<String>,
}

impl Seen {
    fn look(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(text) = fields.get("textContent").and_then(Value::as_str) {
                    self.shown.insert(text.to_lowercase());
                }
                let attribute = &value["attributes"]["value"];
                let is_field = matches!(value["tagName"].as_str(), Some("input" | "textarea"));
                if let Some(text) = attribute.as_str().filter(|_| is_field) {
                    // What a button says is not typed.
                    let kind = value["attributes"]["type"].as_str().unwrap_or("text");
                    if !matches!(kind, "submit" | "button" | "reset") {
                        self.typed.insert(text.to_lowercase());
                    }
                }
                fields.values().for_each(|value| self.look(value));
            }
            Value::Array(values) => values.iter().for_each(|value| self.look(value)),
            _ => {}
        }
    }

    fn of(server: &Server) -> Self {
        let mut seen = Self::default();
        for replay in server.replays() {
            for event in server.events(replay["id"].as_str().unwrap()) {
                let data = &event["data"];
                let is_input = event["type"] == INCREMENTAL && data["source"] == INPUT_SOURCE;
                if let Some(text) = data["text"].as_str().filter(|_| is_input) {
                    seen.typed.insert(text.to_lowercase());
                    continue;
                }
                for text in data["texts"].as_array().into_iter().flatten() {
                    let text = text["value"].as_str().unwrap_or_default();
                    seen.shown.insert(text.to_lowercase());
                }
                seen.look(&data["adds"]);
                seen.look(&data["node"]);
            }
        }
        seen
    }
}

fn is_word(text: &str) -> bool {
    text.chars()
        .filter(|letter| letter.is_alphanumeric())
        .count()
        >= 4
}

fn is_mask(text: &str) -> bool {
    let text = text.trim();
    text.len() > 1 && text.chars().all(|letter| matches!(letter, '*' | '•' | ' '))
}

/// How many replays the text was on screen of; none for a text without words.
fn count(server: &Server, text: &str) -> Option<u64> {
    let filter = format!("text = {}", Value::from(text));
    let path = format!("/api/v1/replays?filter={}", percent_encode(&filter));
    let answer = server.get(&path);
    match answer.status {
        200 => answer.json()["total"].as_u64(),
        _ => {
            assert_eq!(answer.json()["error"]["code"], "invalid_filter", "{text}");
            None
        }
    }
}

/// Masks and typed texts that were looked for.
fn check(server: &Server) -> (usize, usize) {
    wait_for("sealed recordings", || {
        let replays = server.replays();
        let is_done = |row: &Value| row["state"] == "complete" || row["playable"] == false;
        (!replays.is_empty() && replays.iter().all(is_done)).then_some(())
    });
    let seen = Seen::of(server);
    let word = seen.shown.iter().find(|text| {
        let text = text.trim();
        is_word(text) && text.len() < 30 && text.chars().all(|it| it.is_alphabetic() || it == ' ')
    });
    // Some pages mask every word.
    if let Some(word) = word {
        wait_for(&format!("{word:?} to be found"), || {
            count(server, word.trim()).filter(|found| *found > 0)
        });
    }
    let stands_on_a_page = |typed: &str| seen.shown.iter().any(|text| text.contains(typed.trim()));
    let typed = seen.typed.iter();
    let hidden: Vec<_> = typed
        .filter(|text| is_word(text) && !stands_on_a_page(text))
        .collect();
    for text in &hidden {
        assert_eq!(count(server, text).unwrap_or(0), 0, "{text:?} was typed");
    }
    let masks = seen.typed.iter().chain(&seen.shown);
    let masks: Vec<_> = masks.filter(|text| is_mask(text)).collect();
    for text in &masks {
        assert_eq!(count(server, text), None, "{text:?} has no words");
    }
    (hidden.len(), masks.len())
}

fn start(key: &str) -> Server {
    Options::default().ingest_key(key).sealing_at_once().start()
}

#[test]
fn nothing_typed_or_masked_is_found_in_captured_traffic() {
    let (mut typed, mut masked) = (0, 0);
    let mut add = |vendor: &str, (hidden, masks): (usize, usize)| {
        assert!(hidden + masks > 0, "{vendor} hides nothing");
        typed += hidden;
        masked += masks;
    };
    let server = start(AMPLITUDE_KEY);
    for scenario in ["standalone", "plugin", "unified", "packed-1.35"] {
        for request in requests(&format!("amplitude/{scenario}")) {
            let answer = request.send(&server);
            assert!(answer.status < 300, "{scenario}: {}", answer.text());
        }
    }
    add("amplitude", check(&server));
    let server = start(sentry::KEY);
    for scenario in [
        "session-v11",
        "session-v10",
        "session-v8",
        "session-v7",
        "clicks-v11",
    ] {
        sentry::send_all(&server, &format!("sentry/{scenario}"));
    }
    add("sentry", check(&server));
    let server = start(posthog::TOKEN);
    for scenario in ["full", "plain", "base64", "legacy-1.96"] {
        posthog::send_all(&server, &format!("posthog/{scenario}"));
    }
    add("posthog", check(&server));
    assert!(typed > 0 && masked > 0, "{typed} typed, {masked} masked");
}
