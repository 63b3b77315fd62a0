//! The server's wall around recorded pages.
//!
//! Event handlers, scripts, documents in documents, script URLs, prefetches and
//! everything that navigates is taken out of node trees and attribute changes; what
//! a page looks like stays. What loads without running code (images, style sheets,
//! fonts) is left to asset rewriting, and to the content policy of the page that
//! shows the recording.

use crate::names::local_name;
use rrweb::tape::{Kind, Value};

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

/// What decides about the attributes of one element besides their own name.
pub(crate) struct Element {
    is_frame: bool,
    is_base: bool,
    is_script: bool,
    is_acting_meta: bool,
    is_fetching_link: bool,
    is_acting_animation: bool,
}

impl Element {
    pub fn new(tag: &str, is_script: bool, attributes: Value<'_>) -> Self {
        // Not `get`: names differ in case and prefix, and all of them count.
        let any = |wanted: &str, is_acting: fn(&str) -> bool| {
            let mut same_name = attributes
                .pairs()
                .filter(|(name, _)| local_name(name) == wanted);
            same_name.any(|(_, value)| value.as_str().is_some_and(is_acting))
        };
        Self {
            is_frame: FRAMES.contains(&tag),
            is_base: tag == "base",
            is_script,
            is_acting_meta: tag == "meta"
                && attributes
                    .pairs()
                    .any(|(name, _)| local_name(name) == "http-equiv"),
            is_fetching_link: tag == "link" && any("rel", is_fetching_rel),
            is_acting_animation: ANIMATIONS.contains(&tag)
                && any("attributename", is_acting_attribute),
        }
    }

    pub fn keeps(&self, name: &str, value: Value<'_>) -> bool {
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
pub(crate) fn is_safe_change(name: &str, value: Value<'_>) -> bool {
    let text = value.as_str().unwrap_or_default();
    is_safe(name, value)
        && !matches!(name, "http-equiv" | "content")
        && (name == "src" || !FRAME_SOURCES.contains(&name))
        && !(name == "rel" && is_fetching_rel(text))
        && !(name == "attributename" && is_acting_attribute(text))
}

/// Rules that hold for every element.
fn is_safe(name: &str, value: Value<'_>) -> bool {
    if name.starts_with("on") || FORBIDDEN_ATTRIBUTES.contains(&name) {
        return false;
    }
    match value.kind() {
        Kind::String(text) if name == "values" => !text.split(';').any(is_script_url),
        Kind::String(text) => !URL_ATTRIBUTES.contains(&name) || !is_script_url(text),
        // A list becomes text when a player sets it, past every check above. Only
        // `style` has an honest use of a structure.
        Kind::Array(_) | Kind::Object(_) => name == "style",
        Kind::Null | Kind::Bool(_) | Kind::Integer(_) | Kind::Number(_) => true,
    }
}

/// Browsers ignore space and control characters in front of and inside a scheme.
fn is_script_url(url: &str) -> bool {
    SCRIPT_URLS.iter().any(|prefix| {
        let mut significant = url
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control());
        prefix.chars().all(|wanted| {
            significant
                .next()
                .is_some_and(|c| c.to_ascii_lowercase() == wanted)
        })
    })
}

fn is_fetching_rel(rel: &str) -> bool {
    rel.split_whitespace()
        .any(|word| FETCHING_RELS.contains(&word.to_ascii_lowercase().as_str()))
}

fn is_acting_attribute(attribute_name: &str) -> bool {
    let name = local_name(attribute_name.trim());
    name == "href" || name == "src" || name.starts_with("on")
}
