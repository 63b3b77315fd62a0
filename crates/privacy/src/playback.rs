//! The server's wall around recorded pages.
//!
//! Looks at node trees of full snapshots and mutations, and at attribute changes.
//! Event handlers, scripts, documents in documents, script URLs, prefetches and
//! everything that navigates is taken out; what a page looks like stays. What
//! loads without running code (images, style sheets, fonts) is left to the content
//! policy of the page that shows the recording, and to asset rewriting.

use crate::tree::{Tree, dismantle};
use rrweb::envelope::kind;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

const MUTATION: f64 = 0.0;

/// Shown in place of an event that cannot be checked. Players skip its tag.
const UNREADABLE_TAG: &str = "unreadable";

/// Attributes that no element needs to look right, and some use to act.
const FORBIDDEN_ATTRIBUTES: [&str; 5] = ["srcdoc", "target", "ping", "autofocus", "nonce"];

const URL_ATTRIBUTES: [&str; 14] = [
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "background",
    "ping",
    "to",
    "values",
    "from",
    "by",
    "data",
    "rr_src",
    "rr_dataurl",
];

/// Schemes and types that run code where they are loaded. Images in `data:` stay.
const SCRIPT_URLS: [&str; 6] = [
    "javascript:",
    "vbscript:",
    "data:text/html",
    "data:application/xhtml",
    "data:text/xml",
    "data:application/xml",
];

/// Elements that show another document, and how they name it.
const FRAMES: [&str; 7] = [
    "iframe",
    "frame",
    "embed",
    "object",
    "applet",
    "portal",
    "fencedframe",
];
const FRAME_SOURCES: [&str; 6] = ["src", "data", "code", "codebase", "classid", "archive"];

/// Links that fetch, connect or import instead of styling.
const FETCHING_RELS: [&str; 7] = [
    "import",
    "preload",
    "prefetch",
    "prerender",
    "modulepreload",
    "dns-prefetch",
    "preconnect",
];

/// SVG elements that change another attribute over time.
const ANIMATIONS: [&str; 5] = [
    "animate",
    "set",
    "animatetransform",
    "animatemotion",
    "animatecolor",
];
const ANIMATION_ATTRIBUTES: [&str; 5] = ["attributename", "values", "to", "from", "by"];

/// Makes one event safe to hand to a player. Borrows when nothing had to change. An
/// event that should be checked and cannot be read is replaced by an empty one.
pub fn sanitise_event(kind: u8, json: &str) -> Cow<'_, str> {
    if !may_hold_nodes(kind, json) {
        return Cow::Borrowed(json);
    }
    let Some(mut tree) = Tree::parse(json) else {
        return Cow::Owned(unreadable(json));
    };
    match sanitise_tree(&mut tree.0) {
        true => Cow::Owned(tree.to_json().unwrap_or_else(|| unreadable(json))),
        false => Cow::Borrowed(json),
    }
}

pub(crate) fn may_hold_nodes(kind: u8, json: &str) -> bool {
    match kind {
        kind::FULL_SNAPSHOT => true,
        kind::INCREMENTAL => is_mutation(json),
        _ => false,
    }
}

/// True when something had to change.
pub(crate) fn sanitise_tree(event: &mut Value) -> bool {
    let mut wall = Wall { is_changed: false };
    wall.event(event);
    wall.is_changed
}

/// Errs on the side of looking. The last `source` counts, as for the player.
fn is_mutation(json: &str) -> bool {
    let Ok(envelope) = rrweb::read_envelope(json) else {
        return true;
    };
    envelope.data.is_some_and(|data| {
        rrweb::incremental_source(data.get()).is_some_and(|source| source as f64 == MUTATION)
    })
}

pub(crate) fn unreadable(json: &str) -> String {
    let timestamp = rrweb::read_envelope(json)
        .ok()
        .and_then(|envelope| envelope.timestamp_ms)
        .unwrap_or_default();
    json!({ "type": kind::CUSTOM, "timestamp": timestamp, "data": { "tag": UNREADABLE_TAG, "payload": {} } }).to_string()
}

struct Wall {
    is_changed: bool,
}

impl Wall {
    fn event(&mut self, event: &mut Value) {
        let Some(Value::Object(data)) = event.get_mut("data") else {
            return;
        };
        if let Some(node) = data.get_mut("node") {
            self.nodes(node);
        }
        if let Some(Value::Array(adds)) = data.get_mut("adds") {
            for node in adds.iter_mut().filter_map(|add| add.get_mut("node")) {
                self.nodes(node);
            }
        }
        if let Some(Value::Array(changes)) = data.get_mut("attributes") {
            for change in changes {
                if let Some(Value::Object(attributes)) = change.get_mut("attributes") {
                    self.retain(attributes, is_safe_change);
                }
            }
        }
    }

    /// A node and everything below it.
    fn nodes(&mut self, root: &mut Value) {
        let mut remaining = vec![root];
        while let Some(node) = remaining.pop() {
            let Value::Object(node) = node else { continue };
            self.element(node);
            if let Some(Value::Array(children)) = node.get_mut("childNodes") {
                remaining.extend(children);
            }
        }
    }

    fn element(&mut self, node: &mut Map<String, Value>) {
        let Some(tag) = node.get("tagName").and_then(Value::as_str).map(local_name) else {
            return;
        };
        if tag == "script" {
            self.is_changed = true;
            node.insert("tagName".to_owned(), "noscript".into());
            if let Some(children) = node.insert("childNodes".to_owned(), json!([])) {
                dismantle(children);
            }
        }
        if let Some(Value::Object(attributes)) = node.get_mut("attributes") {
            let element = Element::new(&tag, attributes);
            self.retain(attributes, |name, value| element.keeps(name, value));
        }
    }

    fn retain(
        &mut self,
        attributes: &mut Map<String, Value>,
        keeps: impl Fn(&str, &Value) -> bool,
    ) {
        let before = attributes.len();
        attributes.retain(|name, value| {
            let kept = keeps(&local_name(name), value);
            if !kept {
                dismantle(value.take());
            }
            kept
        });
        self.is_changed |= attributes.len() != before;
    }
}

/// What decides about the attributes of one element besides their own name.
#[derive(Default)]
struct Element {
    is_frame: bool,
    is_base: bool,
    is_script: bool,
    is_acting_meta: bool,
    is_fetching_link: bool,
    is_acting_animation: bool,
}

impl Element {
    fn new(tag: &str, attributes: &Map<String, Value>) -> Self {
        // Not `get`: names differ in case and prefix, and all of them count.
        let any = |wanted: &str, is_acting: fn(&str) -> bool| {
            let mut same_name = attributes
                .iter()
                .filter(|(name, _)| local_name(name) == wanted);
            same_name.any(|(_, value)| value.as_str().is_some_and(is_acting))
        };
        Self {
            is_frame: FRAMES.contains(&tag),
            is_base: tag == "base",
            is_script: tag == "script",
            is_acting_meta: tag == "meta"
                && attributes
                    .keys()
                    .any(|name| local_name(name) == "http-equiv"),
            is_fetching_link: tag == "link" && any("rel", is_fetching_rel),
            is_acting_animation: ANIMATIONS.contains(&tag)
                && any("attributename", is_acting_attribute),
        }
    }

    fn keeps(&self, name: &str, value: &Value) -> bool {
        is_safe(name, value)
            && !(self.is_frame && FRAME_SOURCES.contains(&name))
            && !(self.is_base && name == "href")
            && !(self.is_script && matches!(name, "src" | "href"))
            && !(self.is_acting_meta && name == "content")
            && !(self.is_fetching_link && matches!(name, "href" | "imagesrcset"))
            && !(self.is_acting_animation && ANIMATION_ATTRIBUTES.contains(&name))
    }
}

/// An attribute change names a node by its id, so the element is unknown here: what
/// is dangerous on any element is dropped. The exceptions are `src` and `href`,
/// which images and style sheets need. On a frame or a `base` they are held by the
/// content policy of the page that shows the recording; a mirror of the page's
/// nodes would know the element.
fn is_safe_change(name: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    is_safe(name, value)
        && !matches!(name, "http-equiv" | "content")
        && (name == "src" || !FRAME_SOURCES.contains(&name))
        && !(name == "rel" && is_fetching_rel(text))
        && !(name == "attributename" && is_acting_attribute(text))
}

/// Rules that hold for every element.
fn is_safe(name: &str, value: &Value) -> bool {
    if name.starts_with("on") || FORBIDDEN_ATTRIBUTES.contains(&name) {
        return false;
    }
    match value {
        Value::String(text) if name == "values" => !text.split(';').any(is_script_url),
        Value::String(text) => !URL_ATTRIBUTES.contains(&name) || !is_script_url(text),
        // A list becomes text when a player sets it, past every check above. Only
        // `style` has an honest use of a structure.
        Value::Array(_) | Value::Object(_) => name == "style",
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Browsers ignore space and control characters in front of and inside a scheme.
fn is_script_url(url: &str) -> bool {
    let longest = SCRIPT_URLS
        .iter()
        .map(|prefix| prefix.len())
        .max()
        .unwrap_or_default();
    let significant = url
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control());
    let start: String = significant
        .take(longest)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SCRIPT_URLS.iter().any(|prefix| start.starts_with(prefix))
}

fn is_fetching_rel(rel: &str) -> bool {
    rel.split_whitespace()
        .any(|word| FETCHING_RELS.contains(&word.to_ascii_lowercase().as_str()))
}

fn is_acting_attribute(attribute_name: &str) -> bool {
    let name = local_name(attribute_name.trim());
    name == "href" || name == "src" || name.starts_with("on")
}

/// Lower case and without prefix, as `svg:script` and `xlink:href` also work.
fn local_name(name: &str) -> String {
    name.rsplit(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}
