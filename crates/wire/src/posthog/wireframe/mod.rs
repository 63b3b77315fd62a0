//! Pictures of the screen from mobile devices, as rrweb events that any player shows.
//!
//! Instead of a DOM, these devices send wireframes: boxes with a place on the screen,
//! a type (`text`, `image`, `input`, ...) and a style. A snapshot has a list of trees
//! of them under `data.wireframes`; a mutation has `adds`, `updates` and `removes`.
//! Every wireframe becomes an element at its place:
//!
//! | wireframe | element |
//! |---|---|
//! | `div`, `rectangle`, `radio_group`, `status_bar`, `navigation_bar`, unknown | `div` |
//! | `text` | `div` with the text, aligned as the style says |
//! | `image`, `screenshot` | `img`; a labelled box when there is no picture |
//! | `placeholder`, `web_view` | labelled box |
//! | `input` | the control of HTML; toggle, progress and rating are drawn |
//!
//! An element has the id of its wireframe, so that touches and later mutations find
//! it. Parts that a wireframe does not name, such as the text inside, have ids that
//! are computed from it: each request is converted alone, and must yield the ids that
//! an earlier one did. An update removes the element and adds it anew, as the last
//! child. A keyboard that opens is drawn at the bottom.
//!
//! Wireframes come from users' devices and are not trusted: their trees are walked
//! without recursion, their number and the size of the result are bounded, and no
//! text of theirs reaches a style or a source but in checked form.

mod element;
mod node;
mod style;

use crate::value;
use element::Builder;
use model::ingest::Reason;
use node::{write_add, write_nested};
use rrweb::envelope::kind;
use rrweb::tape::{Value, write_json_string};
use std::collections::HashSet;

/// A screen of one app has some hundred.
pub const MAX_WIREFRAMES: usize = 10_000;

const DOCUMENT: i64 = 1;
const BODY: i64 = 5;
const KEYBOARD: i64 = 6;
/// Ids below are those of the document's own nodes.
const FIRST_FREE: i64 = 16;
/// Wireframes have ids up to here; most are 31 bits wide.
const WIREFRAME_IDS: i64 = 1 << 39;
/// Parts that one wireframe may have.
const PARTS: i64 = 64;
const FIRST_PART: i64 = 1 << 47;

const MUTATION: i64 = 0;

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) events: Vec<String>,
    /// Wireframes without an id, repeated, or too many.
    pub(super) dropped: u64,
}

/// Converts one event; `None` when there is nothing to convert.
///
/// # Errors
/// When it is no event, or nested too deeply.
pub(super) fn convert(json: &str, is_mobile: bool) -> Result<Option<Converted>, Reason> {
    // An event of the web costs a search, no reading.
    if !is_mobile && !json.contains("\"wireframe") {
        return Ok(None);
    }
    let tape = value::parse(json).map_err(|reason| match reason {
        Reason::TooDeep => reason,
        _ => Reason::InvalidEvent,
    })?;
    let event = tape.root();
    let kind = event.get("type").and_then(Value::as_i64);
    let kind = kind.and_then(|kind| u8::try_from(kind).ok());
    let Some(data) = event.get("data") else {
        return Ok(None);
    };
    Ok(match kind {
        Some(kind::FULL_SNAPSHOT) => data
            .get("wireframes")
            .map(|wireframes| snapshot(event, data, wireframes)),
        Some(kind::INCREMENTAL) if is_wireframe_mutation(data, is_mobile) => {
            Some(mutation(event, data))
        }
        Some(kind::CUSTOM) if is_mobile => keyboard(event, data, json),
        _ => None,
    })
}

fn is_wireframe_mutation(data: Value<'_>, is_mobile: bool) -> bool {
    let has_wireframe = |key| {
        let mut list = data.get(key).into_iter().flat_map(Value::items);
        list.any(|item| item.get("wireframe").is_some())
    };
    data.get("source").and_then(Value::as_i64) == Some(MUTATION)
        && (is_mobile || has_wireframe("adds") || has_wireframe("updates"))
}

fn snapshot(event: Value<'_>, data: Value<'_>, wireframes: Value<'_>) -> Converted {
    let mut builder = Builder::new();
    builder.add_trees(wireframes.items(), BODY);
    let mut into = String::new();
    into.push_str("{\"node\":{\"type\":0,\"childNodes\":[{\"type\":1,\"name\":\"html\",\"publicId\":\"\",\"systemId\":\"\",\"id\":2},{\"type\":2,\"tagName\":\"html\",\"attributes\":{},\"childNodes\":[{\"type\":2,\"tagName\":\"head\",\"attributes\":{},\"childNodes\":[{\"type\":2,\"tagName\":\"style\",\"attributes\":{\"_cssText\":");
    write_json_string(style::SHEET, &mut into);
    into.push_str("},\"childNodes\":[],\"id\":7}],\"id\":4},{\"type\":2,\"tagName\":\"body\",\"attributes\":{},\"childNodes\":[");
    write_nested(&builder.nodes, &mut into);
    into.push_str(&format!(
        "],\"id\":{BODY}}}],\"id\":3}}],\"id\":{DOCUMENT}}},\"initialOffset\":"
    ));
    match data.get("initialOffset").filter(|it| it.is_object()) {
        Some(offset) => offset.write_json(&mut into),
        None => into.push_str("{\"top\":0,\"left\":0}"),
    }
    into.push('}');
    Converted {
        events: vec![with_data(event, &into)],
        dropped: builder.dropped,
    }
}

fn mutation(event: Value<'_>, data: Value<'_>) -> Converted {
    let mut builder = Builder::new();
    let mut removed = HashSet::new();
    let mut removes = String::new();
    let mut remove = |parent: Option<Value<'_>>, id: i64| {
        if removed.insert(id) {
            if !removes.is_empty() {
                removes.push(',');
            }
            let parent = parent_id(parent);
            removes.push_str(&format!("{{\"parentId\":{parent},\"id\":{id}}}"));
        }
    };
    let list = |key| data.get(key).into_iter().flat_map(Value::items);
    for item in list("removes").take(MAX_WIREFRAMES) {
        if let Some(id) = item.get("id").and_then(Value::as_i64) {
            remove(item.get("parentId"), node_id(id));
        }
    }
    for item in list("updates").take(MAX_WIREFRAMES) {
        let id = value::at(item, &["wireframe", "id"]).and_then(Value::as_i64);
        if let Some(id) = id {
            remove(item.get("parentId"), node_id(id));
        }
    }
    for item in list("updates").chain(list("adds")) {
        let wireframe = item.get("wireframe").into_iter();
        builder.add_trees(wireframe, parent_id(item.get("parentId")));
    }
    let mut into = format!(
        "{{\"source\":{MUTATION},\"texts\":[],\"attributes\":[],\"removes\":[{removes}],\"adds\":["
    );
    for (at, node) in builder.nodes.iter().enumerate() {
        if at > 0 {
            into.push(',');
        }
        write_add(node, &mut into);
    }
    into.push_str("]}");
    Converted {
        events: vec![with_data(event, &into)],
        dropped: builder.dropped,
    }
}

/// The event itself, and the keyboard on the screen or away from it.
fn keyboard(event: Value<'_>, data: Value<'_>, json: &str) -> Option<Converted> {
    if data.get("tag").and_then(Value::as_str) != Some("keyboard") {
        return None;
    }
    let payload = data.get("payload")?;
    let mut adds = String::new();
    if payload.get("open").and_then(Value::as_bool) == Some(true) {
        write_add(&element::keyboard(payload), &mut adds);
    }
    let change = format!(
        "{{\"source\":{MUTATION},\"texts\":[],\"attributes\":[],\"removes\":[{{\"parentId\":{BODY},\"id\":{KEYBOARD}}}],\"adds\":[{adds}]}}"
    );
    let timestamp = event.get("timestamp").map(Value::to_json);
    let timestamp = timestamp.unwrap_or_else(|| "null".to_owned());
    let kind = kind::INCREMENTAL;
    let drawn = format!("{{\"type\":{kind},\"data\":{change},\"timestamp\":{timestamp}}}");
    Some(Converted {
        events: vec![json.to_owned(), drawn],
        dropped: 0,
    })
}

/// The event with other data, all else as it was.
fn with_data(event: Value<'_>, data: &str) -> String {
    let mut into = String::with_capacity(data.len() + 64);
    into.push('{');
    for (at, (key, value)) in event.pairs().enumerate() {
        if at > 0 {
            into.push(',');
        }
        write_json_string(key, &mut into);
        into.push(':');
        match key {
            "data" => into.push_str(data),
            _ => value.write_json(&mut into),
        }
    }
    into.push('}');
    into
}

/// 0 and nothing stand for the screen itself.
fn parent_id(value: Option<Value<'_>>) -> i64 {
    match value.and_then(Value::as_i64) {
        None | Some(0) => BODY,
        Some(id) => node_id(id),
    }
}

/// The id of a wireframe's element: its own, unless that is taken or no sound id.
fn node_id(wireframe_id: i64) -> i64 {
    if (FIRST_FREE..WIREFRAME_IDS).contains(&wireframe_id) {
        return wireframe_id;
    }
    let hash = xxhash_rust::xxh3::xxh3_64(&wireframe_id.to_le_bytes());
    WIREFRAME_IDS + (hash >> 25) as i64
}

/// The id of a part of an element that is no wireframe itself.
fn part_id(node_id: i64, part: i64) -> i64 {
    FIRST_PART + node_id * PARTS + part
}

#[cfg(test)]
mod tests;
