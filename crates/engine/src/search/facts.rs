//! What is known about a replay, as the index takes it.

use analysis::{Body, Fact, Signal, Source, Via};
use index::{Appearance, Occurrence, Value};
use model::Timestamp;
use model::replay::Replay;
use store::catalog::errors::StoredError;

/// Of one recording; in more than these nobody looks for one.
const MAX_FACTS: usize = 100_000;
const MAX_TEXTS: usize = 100_000;

#[derive(Debug, Default)]
pub struct Found {
    pub facts: Vec<Occurrence>,
    pub texts: Vec<Appearance>,
}

/// What a recording says.
pub fn of_recording(replay: &Replay, facts: Vec<Fact>) -> Found {
    // A browser reports a click for every tap; an app only taps.
    let has_clicks = facts.iter().any(|fact| matches!(fact.body, Body::Click(_)));
    let mut found = Found::default();
    for fact in facts {
        let at_ms = fact.at_ms();
        if let Body::Text(text) = fact.body {
            if found.texts.len() < MAX_TEXTS {
                found.texts.push(Appearance {
                    replay: replay.id,
                    at_ms,
                    until_ms: text.until_ms,
                    node_id: text.node_id,
                    text: text.text,
                });
            }
            continue;
        }
        if found.facts.len() < MAX_FACTS
            && let Some((kind, name, properties)) = described(fact.body, at_ms, has_clicks)
        {
            let at = Timestamp::from_micros(fact.at_us);
            found
                .facts
                .push(occurrence(replay, at, kind, name, properties));
        }
    }
    found
}

/// Errors that came beside the recording and are linked to it.
pub fn of_errors(replay: &Replay, errors: &[StoredError]) -> Vec<Occurrence> {
    let occurrences = errors.iter().map(|error| {
        let it = &error.record;
        let message = it.message.as_ref().unwrap_or(&it.title);
        let source = if it.is_server_side { "backend" } else { "sdk" };
        let properties = pairs([
            ("name", it.kind.as_deref().map(Value::text)),
            ("message", Some(Value::text(message))),
            ("source", Some(Value::text(source))),
        ]);
        occurrence(replay, it.at, "error", String::new(), properties)
    });
    occurrences.collect()
}

fn occurrence(
    replay: &Replay,
    at: Timestamp,
    kind: &'static str,
    name: String,
    properties: Vec<(String, Value)>,
) -> Occurrence {
    Occurrence {
        number: 0,
        kind,
        name,
        at,
        replay: Some(replay.id),
        user: replay.user_id.clone(),
        device: Some(replay.device_id.clone()),
        properties,
        user_properties: Vec::new(),
    }
}

type Described = (&'static str, String, Vec<(String, Value)>);

/// Kind, name and properties, in the words of the filter language.
fn described(body: Body, at_ms: i64, has_clicks: bool) -> Option<Described> {
    let text = |text: &str| Some(Value::text(text));
    let maybe = |text: &Option<String>| text.as_deref().map(Value::text);
    let number = |number: Option<u64>| number.map(|number| Value::Number(number as f64));
    let flag = |flag: bool| Some(Value::Flag(flag));
    let (kind, properties) = match body {
        Body::PageView(page) => (
            "page",
            pairs([
                ("url", text(&page.href)),
                ("title", maybe(&page.title)),
                ("via", text(via(page.via))),
            ]),
        ),
        Body::Touch(_) if has_clicks => return None,
        Body::Click(click) | Body::Touch(click) => (
            "click",
            pairs([
                ("selector", text(&click.selector)),
                ("label", maybe(&click.label)),
                ("role", maybe(&click.role)),
                ("tag", text(&click.tag)),
                ("text", maybe(&click.text)),
                ("pointer", maybe(&click.pointer)),
                ("rage", number(Some(u64::from(click.rage)))),
                ("dead", flag(click.dead)),
                ("slow", flag(click.slow)),
                ("error_after", number(click.error_after_ms.map(u64::from))),
                (
                    "changed_after",
                    number(click.changed_after_ms.map(u64::from)),
                ),
            ]),
        ),
        Body::Frustration(found) => (
            "frustration",
            pairs([
                ("signal", text(signal(found.signal))),
                ("label", maybe(&found.label)),
                (
                    "lasted",
                    number(u64::try_from(found.until_ms.saturating_sub(at_ms)).ok()),
                ),
                ("count", number(Some(u64::from(found.count)))),
            ]),
        ),
        Body::Network(request) => (
            "request",
            pairs([
                ("url", text(&request.url)),
                ("method", text(&request.method)),
                ("status", number(request.status.map(u64::from))),
                ("duration", number(request.duration_ms)),
                ("failed", flag(request.failed)),
                ("slow", flag(request.slow)),
                ("response_size", number(request.response_size_bytes)),
            ]),
        ),
        Body::Error(error) => (
            "error",
            pairs([
                ("name", text(&error.name)),
                ("message", text(&error.message)),
                ("source", text(source(error.source))),
            ]),
        ),
        Body::Console(console) => (
            "console",
            pairs([
                ("level", text(&console.level)),
                ("message", text(&console.message)),
            ]),
        ),
        Body::WebVital(vital) => (
            "vital",
            pairs([
                ("name", text(&vital.name)),
                (
                    "value",
                    vital
                        .value
                        .is_finite()
                        .then_some(Value::Number(vital.value)),
                ),
                ("rating", maybe(&vital.rating)),
            ]),
        ),
        Body::Custom(custom) => {
            let payload = pairs([("payload", text(&custom.payload))]);
            return Some(("custom", custom.tag, payload));
        }
        _ => return None,
    };
    Some((kind, String::new(), properties))
}

fn pairs<const N: usize>(values: [(&str, Option<Value>); N]) -> Vec<(String, Value)> {
    let values = values.into_iter();
    values
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

const fn via(via: Via) -> &'static str {
    match via {
        Via::Load => "load",
        Via::Navigation => "navigation",
        Via::BackForward => "back_forward",
        Via::Hash => "hash",
    }
}

const fn signal(signal: Signal) -> &'static str {
    match signal {
        Signal::ThrashedCursor => "thrashed_cursor",
        Signal::QuickBack => "quick_back",
        Signal::EndlessSpinner => "endless_spinner",
        Signal::BrokenImage => "broken_image",
        Signal::BlankPage => "blank_page",
    }
}

const fn source(source: Source) -> &'static str {
    match source {
        Source::Console => "console",
        Source::Event => "event",
        Source::Backend => "backend",
    }
}
