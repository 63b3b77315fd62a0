//! Whether a snapshot shows the page that the mirror has.

use super::names::known;
use super::node::{Attribute, NIL, Node, NodeKind, flag};
use super::snapshot::{Serialized, read_node};
use super::{AttributeValue, Mirror};
use crate::tape::{Kind, Value};

/// What [`Mirror::equals_snapshot`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// A snapshot in the middle of the page, which adds nothing.
    Equal,
    /// A snapshot in the middle of the page that shows something else: increments
    /// were lost or misunderstood.
    Differs,
    /// The first snapshot, or one of another page.
    NewPage,
}

impl Mirror {
    /// Compares the `data` of a full snapshot with the mirror: ids, order, tags,
    /// texts and attributes. What the recorder writes differently in a snapshot
    /// (inline styles, form values, text of sheets) is left out, and so are the
    /// documents of frames, which are not in it.
    pub fn equals_snapshot(&self, data: Value<'_>) -> Comparison {
        let Some(node) = data.get("node").filter(|_| self.root != NIL) else {
            return Comparison::NewPage;
        };
        if self.is_equal_tree(node) {
            Comparison::Equal
        } else if is_of_new_recorder(node) {
            Comparison::NewPage
        } else {
            Comparison::Differs
        }
    }

    fn is_equal_tree(&self, node: Value<'_>) -> bool {
        struct Level<'t> {
            items: crate::tape::Items<'t>,
            light: u32,
            shadow: u32,
            parent: super::names::Name,
        }
        let level = |at: u32, read: &Serialized<'_>, items| {
            let node = self.node(at)?;
            let shadow = self.extra(at).map_or(NIL, |extra| extra.first_shadow);
            // The text of a textarea is its value.
            let has_children = read.kind.has_children() && node.name != known::TEXTAREA;
            has_children.then_some(Level {
                items,
                light: node.first,
                shadow,
                parent: node.name,
            })
        };
        fn items<'t>(read: &Serialized<'t>) -> crate::tape::Items<'t> {
            read.children
                .map_or_else(crate::tape::Items::none, Value::items)
        }
        let Ok(read) = read_node(node) else {
            return false;
        };
        if !self.is_equal(self.root, &read, known::NONE) {
            return false;
        }
        let mut open: Vec<Level<'_>> = level(self.root, &read, items(&read)).into_iter().collect();
        while let Some(top) = open.last_mut() {
            let Some(child) = top.items.next() else {
                if top.light != NIL || top.shadow != NIL {
                    return false;
                }
                open.pop();
                continue;
            };
            let Ok(read) = read_node(child) else {
                return false;
            };
            let cursor = if read.is_shadow {
                &mut top.shadow
            } else {
                &mut top.light
            };
            let at = *cursor;
            let Some(node) = self.node(at) else {
                return false;
            };
            *cursor = node.next;
            if !self.is_equal(at, &read, top.parent) {
                return false;
            }
            open.extend(level(at, &read, items(&read)));
        }
        true
    }

    fn is_equal(&self, at: u32, read: &Serialized<'_>, parent: super::names::Name) -> bool {
        let Some(node) = self.node(at) else {
            return false;
        };
        node.id == read.id
            && node.kind == read.kind
            && self.names.text(node.name) == read.name
            && (parent == known::STYLE || node.text() == read.text || node.kind == NodeKind::Cdata)
            && (node.kind != NodeKind::Element || self.has_equal_attributes(node, read))
            && node.is(flag::SHADOW) == read.is_shadow
    }

    fn has_equal_attributes(&self, node: &Node, read: &Serialized<'_>) -> bool {
        let is_compared = |name: &str| {
            let is_state = name.starts_with("rr_")
                || matches!(
                    name,
                    "value" | "checked" | "selected" | "style" | "_cssText"
                );
            let is_of_link = node.name == known::LINK && matches!(name, "rel" | "href");
            !is_state && !is_of_link
        };
        let mut count = 0;
        for (key, value) in read.attributes.into_iter().flat_map(Value::pairs) {
            if value.is_null() || !is_compared(key) {
                continue;
            }
            count += 1;
            let own = self.names.find(key);
            let own = node
                .attributes()
                .iter()
                .find(|attribute| Some(attribute.name) == own);
            let is_same = match (own.map(Attribute::value), value.kind()) {
                (Some(AttributeValue::Text(own)), Kind::String(text)) => own == text,
                // A mutation writes a boolean attribute as an empty text.
                (Some(AttributeValue::Text(own)), Kind::Bool(true)) => own.is_empty(),
                (Some(AttributeValue::Bool(own)), Kind::Bool(value)) => own == value,
                (Some(AttributeValue::Bool(own)), Kind::String(text)) => own && text.is_empty(),
                (Some(AttributeValue::Number(_)), Kind::Number(_) | Kind::Integer(_)) => true,
                _ => false,
            };
            if !is_same {
                return false;
            }
        }
        let own = node.attributes().iter();
        count
            == own
                .filter(|own| is_compared(self.names.text(own.name)))
                .count()
    }
}

/// A recorder that starts on a page numbers the nodes from 1 in document order. One
/// that goes on keeps the numbers, and any node that came since breaks the row.
fn is_of_new_recorder(node: Value<'_>) -> bool {
    let mut expected = 1;
    let mut open = vec![node];
    let mut lists: Vec<crate::tape::Items<'_>> = Vec::new();
    loop {
        if let Some(node) = open.pop() {
            if node.get("id").and_then(Value::as_i64) != Some(expected) {
                return false;
            }
            expected += 1;
            lists.extend(node.get("childNodes").map(Value::items));
        }
        match lists.last_mut().map(Iterator::next) {
            Some(Some(child)) => open.push(child),
            Some(None) => {
                lists.pop();
            }
            None => return true,
        }
    }
}
