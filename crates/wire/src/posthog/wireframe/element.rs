//! One wireframe as elements.

use super::node::{Attribute, Content, Node};
use super::style::{declarations, picture, push_pixels};
use super::{BODY, KEYBOARD, MAX_WIREFRAMES, node_id, part_id};
use crate::value::{long, short};
use rrweb::tape::Value;
use std::collections::HashSet;

/// More cannot be seen in a closed list.
const MAX_OPTIONS: usize = 20;
const MAX_STARS: f64 = 10.0;

/// Elements of one event.
pub(super) struct Builder {
    pub(super) nodes: Vec<Node>,
    pub(super) dropped: u64,
    seen: HashSet<i64>,
}

/// Where a wireframe is put.
#[derive(Clone, Copy)]
struct Place {
    depth: u32,
    parent_id: i64,
    /// Radio buttons of a group stand one below the other.
    is_flowing: bool,
}

type Attributes = Vec<(&'static str, Attribute)>;

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            dropped: 0,
            seen: HashSet::new(),
        }
    }

    /// Adds trees of wireframes under one parent, parents before children.
    pub(super) fn add_trees<'t>(&mut self, trees: impl Iterator<Item = Value<'t>>, parent_id: i64) {
        let place = Place {
            depth: 0,
            parent_id,
            is_flowing: false,
        };
        let mut waiting: Vec<(Value<'t>, Place)> = Vec::new();
        self.dropped += add_all(trees, place, &mut waiting);
        while let Some((wireframe, place)) = waiting.pop() {
            let id = wireframe.get("id").and_then(Value::as_i64).map(node_id);
            let id = id.filter(|id| self.seen.len() < MAX_WIREFRAMES && self.seen.insert(*id));
            let Some(id) = id else {
                self.dropped += 1;
                continue;
            };
            self.add(wireframe, id, place);
            if let Some(children) = wireframe.get("childWireframes") {
                let kind = wireframe.get("type").and_then(Value::as_str);
                let inside = Place {
                    depth: place.depth + 1,
                    parent_id: id,
                    is_flowing: kind == Some("radio_group"),
                };
                self.dropped += add_all(children.items(), inside, &mut waiting);
            }
        }
    }

    fn add(&mut self, wireframe: Value<'_>, id: i64, place: Place) {
        let style = declarations(wireframe, place.is_flowing);
        let text = |key| long(wireframe.get(key));
        match wireframe.get("type").and_then(Value::as_str) {
            Some("text") => {
                self.element("div", "wf wf-text", style, Vec::new(), id, place);
                self.text(text("text").unwrap_or_default(), id, place);
            }
            Some(kind @ ("image" | "screenshot")) => {
                match wireframe.get("base64").and_then(picture) {
                    Some(source) => {
                        let source = vec![("src", Attribute::Text(source))];
                        self.element("img", "wf", style, source, id, place);
                    }
                    None => self.boxed(kind.to_owned(), style, id, place),
                }
            }
            Some("placeholder") => {
                let label = text("label").unwrap_or_default();
                self.boxed(label, style, id, place);
            }
            Some("web_view") => {
                let label = text("url").unwrap_or_else(|| "web view".to_owned());
                self.boxed(label, style, id, place);
            }
            Some("input") => self.input(wireframe, style, id, place),
            _ => self.element("div", "wf", style, Vec::new(), id, place),
        }
    }

    /// A grey box with words in it.
    fn boxed(&mut self, label: String, style: String, id: i64, place: Place) {
        self.element("div", "wf wf-box", style, Vec::new(), id, place);
        self.text(label, id, place);
    }

    fn input(&mut self, wireframe: Value<'_>, style: String, id: i64, place: Place) {
        let kind = short(wireframe.get("inputType")).unwrap_or_default();
        let label = long(wireframe.get("label")).filter(|_| kind != "button");
        let Some(label) = label else {
            self.control(&kind, wireframe, style, "wf", id, place);
            return;
        };
        // The label holds both, so that removing it removes both.
        self.element("label", "wf wf-label", style, Vec::new(), id, place);
        let inside = Place {
            depth: place.depth + 1,
            parent_id: id,
            is_flowing: true,
        };
        let is_wide = !matches!(kind.as_str(), "checkbox" | "radio" | "toggle");
        let class = if is_wide { "wf wf-fill" } else { "wf" };
        let size = match kind.as_str() {
            "toggle" => "width:36px;height:20px;".to_owned(),
            _ => String::new(),
        };
        self.control(&kind, wireframe, size, class, part_id(id, 0), inside);
        let text = Content::Text(label);
        self.push(text, part_id(id, 1), inside);
    }

    fn control(
        &mut self,
        kind: &str,
        wireframe: Value<'_>,
        style: String,
        class: &'static str,
        id: i64,
        place: Place,
    ) {
        let is_checked = wireframe.get("checked").and_then(Value::as_bool) == Some(true);
        let value = long(wireframe.get("value")).unwrap_or_default();
        let mut attributes: Attributes = Vec::new();
        if wireframe.get("disabled").and_then(Value::as_bool) == Some(true) {
            attributes.push(("disabled", Attribute::True));
        }
        match kind {
            "checkbox" | "radio" => {
                attributes.push(("type", Attribute::Text(kind.to_owned())));
                if kind == "radio" {
                    let name = format!("group-{}", place.parent_id);
                    attributes.push(("name", Attribute::Text(name)));
                }
                if is_checked {
                    attributes.push(("checked", Attribute::True));
                }
                self.element("input", class, style, attributes, id, place);
            }
            "toggle" => {
                let class = if is_checked {
                    "wf wf-track wf-on"
                } else {
                    "wf wf-track"
                };
                self.element("span", class, style, Vec::new(), id, place);
                let side = if is_checked { "margin-left:50%;" } else { "" };
                self.part("span", "wf wf-knob", side.to_owned(), id, place);
            }
            "button" => {
                self.element("button", class, style, attributes, id, place);
                let label = || long(wireframe.get("label")).unwrap_or_default();
                let text = if value.is_empty() { label() } else { value };
                self.text(text, id, place);
            }
            "select" => {
                self.element("select", class, style, attributes, id, place);
                self.options(&value, wireframe, id, place);
            }
            "text_area" => {
                attributes.push(("value", Attribute::Text(value)));
                self.element("textarea", class, style, attributes, id, place);
            }
            "progress" => self.progress(wireframe, style, id, place),
            _ => {
                let kind = match kind {
                    "password" | "email" | "number" | "search" | "tel" | "url" => kind,
                    _ => "text",
                };
                attributes.push(("type", Attribute::Text(kind.to_owned())));
                attributes.push(("value", Attribute::Text(value)));
                self.element("input", class, style, attributes, id, place);
            }
        }
    }

    fn options(&mut self, chosen: &str, wireframe: Value<'_>, id: i64, place: Place) {
        let list = wireframe.get("options").into_iter().flat_map(Value::items);
        let mut options: Vec<String> = list
            .filter_map(|option| short(Some(option)))
            .take(MAX_OPTIONS)
            .collect();
        if !chosen.is_empty() && !options.iter().any(|option| option == chosen) {
            options.insert(0, chosen.to_owned());
        }
        let inside = Place {
            depth: place.depth + 1,
            parent_id: id,
            is_flowing: true,
        };
        for (at, option) in (0..).zip(options) {
            let mut attributes: Attributes = vec![("value", Attribute::Text(option.clone()))];
            if option == chosen {
                attributes.push(("selected", Attribute::True));
            }
            let (tag, option_id) = ("option", part_id_of(id, 2 * at));
            self.push(Content::Element { tag, attributes }, option_id, inside);
            let inside = Place {
                depth: inside.depth + 1,
                parent_id: option_id,
                is_flowing: true,
            };
            self.push(Content::Text(option), part_id_of(id, 2 * at + 1), inside);
        }
    }

    fn progress(&mut self, wireframe: Value<'_>, style: String, id: i64, place: Place) {
        let number = |key| wireframe.get(key).and_then(Value::as_f64);
        let value = number("value").unwrap_or(0.0);
        let bar = wireframe.get("style").and_then(|style| style.get("bar"));
        match bar.and_then(Value::as_str) {
            Some("rating") => {
                let stars = number("max").unwrap_or(5.0).clamp(1.0, MAX_STARS);
                let full = value.clamp(0.0, stars).round();
                let text = "★".repeat(full as usize) + &"☆".repeat((stars - full) as usize);
                self.element("div", "wf wf-stars", style, Vec::new(), id, place);
                self.text(text, id, place);
            }
            Some("circular") => {
                self.element("div", "wf wf-ring", style, Vec::new(), id, place);
            }
            _ => {
                let max = number("max").filter(|max| *max > 0.0).unwrap_or(1.0);
                let percent = (100.0 * value / max).clamp(0.0, 100.0).round();
                self.element("div", "wf wf-track", style, Vec::new(), id, place);
                self.part("span", "wf wf-bar", format!("width:{percent}%;"), id, place);
            }
        }
    }

    fn element(
        &mut self,
        tag: &'static str,
        class: &str,
        style: String,
        mut attributes: Attributes,
        id: i64,
        place: Place,
    ) {
        attributes.push(("class", Attribute::Text(class.to_owned())));
        if !style.is_empty() {
            attributes.push(("style", Attribute::Text(style)));
        }
        self.push(Content::Element { tag, attributes }, id, place);
    }

    /// The only element inside of one that is not a wireframe.
    fn part(&mut self, tag: &'static str, class: &str, style: String, id: i64, place: Place) {
        let inside = Place {
            depth: place.depth + 1,
            parent_id: id,
            is_flowing: true,
        };
        self.element(tag, class, style, Vec::new(), part_id_of(id, 0), inside);
    }

    /// The text inside of an element.
    fn text(&mut self, text: String, id: i64, place: Place) {
        if text.is_empty() {
            return;
        }
        let inside = Place {
            depth: place.depth + 1,
            parent_id: id,
            is_flowing: true,
        };
        self.push(Content::Text(text), part_id_of(id, 0), inside);
    }

    fn push(&mut self, content: Content, id: i64, place: Place) {
        self.nodes.push(Node {
            depth: place.depth,
            id,
            parent_id: place.parent_id,
            content,
        });
    }
}

/// Puts siblings on a stack, the first one on top; returns how many had no room.
fn add_all<'t>(
    mut siblings: impl Iterator<Item = Value<'t>>,
    place: Place,
    waiting: &mut Vec<(Value<'t>, Place)>,
) -> u64 {
    let start = waiting.len();
    let room = MAX_WIREFRAMES.saturating_sub(start);
    waiting.extend(siblings.by_ref().take(room).map(|it| (it, place)));
    waiting[start..].reverse();
    siblings.count() as u64
}

/// A control beside a label is a part itself; its own parts follow the label's two.
fn part_id_of(id: i64, part: i64) -> i64 {
    match id >= super::FIRST_PART {
        true => id + 2 + part,
        false => part_id(id, part),
    }
}

/// The keyboard of the device, which is no wireframe.
pub(super) fn keyboard(payload: Value<'_>) -> Node {
    let mut style = String::from("position:fixed;");
    push_pixels("left", payload.get("x"), &mut style, Some(0.0));
    match payload.get("y").filter(|y| y.as_f64().is_some()) {
        Some(y) => push_pixels("top", Some(y), &mut style, None),
        None => style.push_str("bottom:0;"),
    }
    match payload
        .get("width")
        .filter(|width| width.as_f64().is_some())
    {
        Some(width) => push_pixels("width", Some(width), &mut style, None),
        None => style.push_str("width:100%;"),
    }
    push_pixels("height", payload.get("height"), &mut style, Some(0.0));
    let attributes = vec![
        ("class", Attribute::Text("wf wf-box wf-keyboard".to_owned())),
        ("style", Attribute::Text(style)),
    ];
    Node {
        depth: 0,
        id: KEYBOARD,
        parent_id: BODY,
        content: Content::Element {
            tag: "div",
            attributes,
        },
    }
}
