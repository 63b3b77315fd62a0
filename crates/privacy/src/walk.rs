//! The one walk over an event: to show it safely, or to find what it loads.
//!
//! It knows where an event holds nodes, attributes, addresses and CSS, and tells an
//! [`Out`] about the event piece by piece, in order. It takes no stack in proportion
//! to the depth of a page. Of a repeated key every value is looked at; where one
//! value decides about others (a node's tag), it is the last, as in JavaScript.

use crate::assets::{AssetKind, Place, loads_sheet, place_of};
use crate::names::local_name;
use crate::wall::{Element, is_safe_change};
use rrweb::envelope::kind;
use rrweb::tape::{Items, Kind, Pairs, Value};
use std::borrow::Cow;

/// Takes the event's JSON in pieces.
pub(crate) trait Out<'t> {
    /// Whether it gets only what is safe to show.
    const IS_WALL: bool;

    /// Punctuation, or JSON made here.
    fn raw(&mut self, json: &str);
    fn string(&mut self, text: &str);
    fn copy(&mut self, value: Value<'t>);

    // Strings that refer to something.

    /// `is_certain` is false when the kind is a guess.
    fn address(&mut self, text: &str, kind: AssetKind, is_certain: bool);
    fn source_set(&mut self, text: &str);
    /// `kind` is that of references outside of at-rules that say better.
    fn css(&mut self, text: &str, kind: AssetKind);

    /// Besides the pieces: a node has these `adoptedStyleSheets`.
    fn adopts(&mut self, id: Value<'t>, sheets: Value<'t>);
}

const FULL_SNAPSHOT: i64 = kind::FULL_SNAPSHOT as i64;
const INCREMENTAL: i64 = kind::INCREMENTAL as i64;

mod source {
    pub const MUTATION: i64 = 0;
    pub const STYLE_SHEET_RULE: i64 = 8;
    pub const FONT: i64 = 10;
    pub const STYLE_DECLARATION: i64 = 13;
    pub const ADOPTED_STYLE_SHEET: i64 = 15;
}

pub(crate) fn event<'t, O: Out<'t>>(event: Value<'t>, out: &mut O) {
    let kind = event.get("type").and_then(Value::as_i64);
    if !matches!(kind, Some(FULL_SNAPSHOT | INCREMENTAL)) {
        return out.copy(event);
    }
    object(event, out, |out, key, value| match key {
        "data" if kind == Some(FULL_SNAPSHOT) => changes(value, out),
        "data" => incremental(value, out),
        _ => out.copy(value),
    });
}

fn incremental<'t, O: Out<'t>>(data: Value<'t>, out: &mut O) {
    match data.get("source").and_then(Value::as_i64) {
        Some(source::MUTATION) => changes(data, out),
        Some(source::STYLE_SHEET_RULE) => object(data, out, |out, key, value| match key {
            "adds" => rules(value, out),
            "replace" | "replaceSync" => css(value, AssetKind::Image, out),
            _ => out.copy(value),
        }),
        Some(source::FONT) => object(data, out, |out, key, value| match key {
            "fontSource" => css(value, AssetKind::Font, out),
            _ => out.copy(value),
        }),
        Some(source::STYLE_DECLARATION) => object(data, out, |out, key, value| match key {
            "set" => object(value, out, |out, key, value| match key {
                "value" => css(value, AssetKind::Image, out),
                _ => out.copy(value),
            }),
            _ => out.copy(value),
        }),
        Some(source::ADOPTED_STYLE_SHEET) => object(data, out, |out, key, value| match key {
            "styles" => sheets(value, out),
            _ => out.copy(value),
        }),
        _ => out.copy(data),
    }
}

/// The data of a snapshot or of a mutation.
fn changes<'t, O: Out<'t>>(data: Value<'t>, out: &mut O) {
    object(data, out, |out, key, value| match key {
        "node" => nodes(value, out),
        "adds" => array(value, out, |out, add| {
            object(add, out, |out, key, value| match key {
                "node" => nodes(value, out),
                _ => out.copy(value),
            });
        }),
        "attributes" => array(value, out, |out, change| {
            object(change, out, |out, key, value| match key {
                "attributes" => attributes("", value, is_safe_change, out),
                _ => out.copy(value),
            });
        }),
        _ => out.copy(value),
    });
}

/// A container that is being walked through.
enum Open<'t> {
    Node {
        node: Node<'t>,
        pairs: Pairs<'t>,
        is_first: bool,
    },
    Children {
        children: Items<'t>,
        are_in_style: bool,
        is_first: bool,
    },
}

/// What decides about the parts of a node.
struct Node<'t> {
    tag: Cow<'t, str>,
    is_script: bool,
    /// Its text is CSS.
    is_css: bool,
    has_children: bool,
}

impl<'t> Node<'t> {
    /// `None` when it is none.
    fn open<O: Out<'t>>(value: Value<'t>, is_in_style: bool, out: &mut O) -> Option<Self> {
        let Kind::Object(pairs) = value.kind() else {
            out.copy(value);
            return None;
        };
        let mut node = Self {
            tag: Cow::Borrowed(""),
            is_script: false,
            is_css: is_in_style,
            has_children: false,
        };
        let (mut id, mut sheets) = (None, None);
        for (key, value) in pairs {
            match key {
                "tagName" => {
                    node.tag = value.as_str().map_or(Cow::Borrowed(""), local_name);
                    // A list becomes text when a player makes the element.
                    node.is_script = node.tag == "script" || value.is_array() || value.is_object();
                }
                "isStyle" => node.is_css = is_in_style || value.as_bool() == Some(true),
                "childNodes" => node.has_children = true,
                "id" => id = is_number(value).then_some(value),
                "adoptedStyleSheets" => sheets = value.is_array().then_some(value),
                _ => {}
            }
        }
        if let (Some(id), Some(sheets)) = (id, sheets) {
            out.adopts(id, sheets);
        }
        out.raw("{");
        Some(node)
    }
}

pub(crate) fn is_number(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Integer(_) | Kind::Number(_))
}

/// A node and everything below it.
fn nodes<'t, O: Out<'t>>(root: Value<'t>, out: &mut O) {
    let opened = |value: Value<'t>, is_in_style, out: &mut O| {
        let node = Node::open(value, is_in_style, out)?;
        let (pairs, is_first) = (value.pairs(), true);
        Some(Open::Node {
            node,
            pairs,
            is_first,
        })
    };
    let mut open: Vec<Open<'t>> = opened(root, false, out).into_iter().collect();
    while let Some(innermost) = open.last_mut() {
        let next = match innermost {
            Open::Node {
                node,
                pairs,
                is_first,
            } => match pairs.next() {
                Some((key, value)) => {
                    comma(is_first, out);
                    out.string(key);
                    out.raw(":");
                    part(node, key, value, out)
                }
                None => {
                    if O::IS_WALL && node.is_script && !node.has_children {
                        out.raw(r#","childNodes":[]"#);
                    }
                    out.raw("}");
                    open.pop();
                    None
                }
            },
            Open::Children {
                children,
                are_in_style,
                is_first,
            } => match children.next() {
                Some(child) => {
                    comma(is_first, out);
                    opened(child, *are_in_style, out)
                }
                None => {
                    out.raw("]");
                    open.pop();
                    None
                }
            },
        };
        open.extend(next);
    }
}

/// One member of a node; its children are left to the caller.
fn part<'t, O: Out<'t>>(
    node: &Node<'t>,
    key: &str,
    value: Value<'t>,
    out: &mut O,
) -> Option<Open<'t>> {
    match key {
        "tagName" if O::IS_WALL && node.is_script => out.string("noscript"),
        "childNodes" if O::IS_WALL && node.is_script => out.raw("[]"),
        "childNodes" if value.is_array() => {
            out.raw("[");
            return Some(Open::Children {
                children: value.items(),
                are_in_style: node.tag == "style",
                is_first: true,
            });
        }
        "attributes" => {
            let element = Element::new(&node.tag, node.is_script, value);
            let keeps = |name: &str, value| element.keeps(name, value);
            attributes(&node.tag, value, keeps, out);
        }
        "textContent" if node.is_css => css(value, AssetKind::Image, out),
        "adoptedStyleSheets" => sheets(value, out),
        _ => out.copy(value),
    }
    None
}

/// Of an element, or of one that a mutation names only by its id (`tag` empty).
fn attributes<'t, O: Out<'t>>(
    tag: &str,
    attributes: Value<'t>,
    keeps: impl Fn(&str, Value<'t>) -> bool,
    out: &mut O,
) {
    if !attributes.is_object() {
        return out.copy(attributes);
    }
    let loads_sheet = loads_sheet(tag, attributes);
    let mut is_first = true;
    out.raw("{");
    for (name, value) in attributes.pairs() {
        let local = local_name(name);
        if O::IS_WALL && !keeps(&local, value) {
            continue;
        }
        comma(&mut is_first, out);
        out.string(name);
        out.raw(":");
        match (place_of(tag, &local, loads_sheet), value.as_str()) {
            (Place::Address(kind), Some(text)) => out.address(text, kind, true),
            (Place::MaybeSheet, Some(text)) => out.address(text, AssetKind::StyleSheet, false),
            (Place::SourceSet, Some(text)) => out.source_set(text),
            (Place::Css, _) => style(value, out),
            _ => out.copy(value),
        }
    }
    out.raw("}");
}

/// A style as text, or as the changed properties: text, or text with a priority.
fn style<'t, O: Out<'t>>(value: Value<'t>, out: &mut O) {
    if !value.is_object() {
        return css(value, AssetKind::Image, out);
    }
    object(value, out, |out, _, property| {
        if !property.is_array() {
            return css(property, AssetKind::Image, out);
        }
        let mut is_text = true;
        array(property, out, |out, part| {
            match std::mem::take(&mut is_text) {
                true => css(part, AssetKind::Image, out),
                false => out.copy(part),
            }
        });
    });
}

fn sheets<'t, O: Out<'t>>(value: Value<'t>, out: &mut O) {
    array(value, out, |out, sheet| {
        object(sheet, out, |out, key, value| match key {
            "rules" => rules(value, out),
            _ => out.copy(value),
        });
    });
}

pub(crate) fn rules<'t, O: Out<'t>>(value: Value<'t>, out: &mut O) {
    array(value, out, |out, rule| {
        object(rule, out, |out, key, value| match key {
            "rule" => css(value, AssetKind::Image, out),
            _ => out.copy(value),
        });
    });
}

fn css<'t, O: Out<'t>>(value: Value<'t>, kind: AssetKind, out: &mut O) {
    match value.as_str() {
        Some(text) => out.css(text, kind),
        None => out.copy(value),
    }
}

/// Calls `member` for each; anything but an object is copied.
fn object<'t, O: Out<'t>>(
    value: Value<'t>,
    out: &mut O,
    mut member: impl FnMut(&mut O, &'t str, Value<'t>),
) {
    let Kind::Object(pairs) = value.kind() else {
        return out.copy(value);
    };
    let mut is_first = true;
    out.raw("{");
    for (key, value) in pairs {
        comma(&mut is_first, out);
        out.string(key);
        out.raw(":");
        member(out, key, value);
    }
    out.raw("}");
}

/// Calls `item` for each; anything but an array is copied.
fn array<'t, O: Out<'t>>(value: Value<'t>, out: &mut O, mut item: impl FnMut(&mut O, Value<'t>)) {
    let Kind::Array(items) = value.kind() else {
        return out.copy(value);
    };
    let mut is_first = true;
    out.raw("[");
    for value in items {
        comma(&mut is_first, out);
        item(out, value);
    }
    out.raw("]");
}

fn comma<'t, O: Out<'t>>(is_first: &mut bool, out: &mut O) {
    if !std::mem::take(is_first) {
        out.raw(",");
    }
}
