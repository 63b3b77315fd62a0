//! Mutations: removes, adds, texts, attributes, in this order.

use super::inline_style;
use super::names::{Name, Seeded, known};
use super::node::{Attribute, Content, NIL, NodeKey, NodeKind, ValueKind, flag, text_cost};
use super::{Mirror, Observer, Problem};
use crate::tape::{Kind, Value};
use std::collections::HashSet;

impl Mirror {
    pub(super) fn mutation(
        &mut self,
        data: Value<'_>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) {
        let (mut removes, mut adds, mut texts, mut attributes) = (None, None, None, None);
        for (key, list) in data.pairs() {
            let place = match key {
                "removes" => &mut removes,
                "adds" => &mut adds,
                "texts" => &mut texts,
                "attributes" => &mut attributes,
                // PostHog's mobile recorder.
                "updates" => {
                    self.problem(Problem::UnsupportedContent);
                    continue;
                }
                _ => continue,
            };
            if !list.is_array() {
                // Packed by PostHog's recorder and not unpacked, or odd.
                self.problem(Problem::UnsupportedContent);
            }
            *place = Some(list);
        }
        if self.root == NIL {
            self.before_the_first_snapshot(adds, at_micros, observer);
            return;
        }
        let mut missing = Vec::new();
        for remove in removes.into_iter().flat_map(Value::items) {
            self.remove(remove, observer);
        }
        if let Some(adds) = adds {
            self.apply_adds(adds, at_micros, observer);
        }
        for change in texts.into_iter().flat_map(Value::items) {
            match self.target(change) {
                Ok(at) => self.change_text(at, change.get("value"), observer),
                Err(id) => missing.push(id),
            }
        }
        for change in attributes.into_iter().flat_map(Value::items) {
            match self.target(change) {
                Ok(at) => self.change_attributes(at, change.get("attributes"), observer),
                Err(id) => missing.push(id),
            }
        }
        if !missing.is_empty() {
            self.count_missing(&missing, removes);
        }
    }

    /// Frame documents can come early; everything else is lost.
    fn before_the_first_snapshot(
        &mut self,
        adds: Option<Value<'_>>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) {
        self.problem(Problem::NoFullSnapshot);
        let is_document = |add: Value<'_>| {
            let kind = add.get("node").and_then(|node| node.get("type"));
            kind.and_then(Value::as_i64) == Some(0)
        };
        if let Some(adds) = adds.filter(|adds| adds.items().any(is_document)) {
            self.apply_adds(adds, at_micros, observer);
        }
    }

    fn target(&self, change: Value<'_>) -> Result<u32, i64> {
        let id = change.get("id").and_then(Value::as_i64).unwrap_or_default();
        self.ids.get(&id).copied().ok_or(id)
    }

    /// A change of a node that the same event removes is normal.
    fn count_missing(&mut self, missing: &[i64], removes: Option<Value<'_>>) {
        let removed: HashSet<i64, Seeded> = removes
            .into_iter()
            .flat_map(Value::items)
            .filter_map(|remove| remove.get("id").and_then(Value::as_i64))
            .collect();
        let count = missing.iter().filter(|id| !removed.contains(id)).count();
        self.integrity.add(Problem::MissingNode, count as u64);
    }

    fn remove(&mut self, remove: Value<'_>, observer: &mut impl Observer) {
        // An ancestor went first.
        let Ok(at) = self.target(remove) else {
            return;
        };
        let parent = remove
            .get("parentId")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let Some(parent) = self.ids.get(&parent).copied() else {
            self.problem(Problem::MissingParent);
            return;
        };
        if at == self.root {
            self.problem(Problem::UnsupportedContent);
            return;
        }
        if self.node(at).is_some_and(|node| node.parent != parent) {
            self.problem(Problem::WrongParent);
        }
        self.remove_from_page(at, observer);
        self.free_subtree(at);
    }

    fn change_text(&mut self, at: u32, value: Option<Value<'_>>, observer: &mut impl Observer) {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        let Some(node) = self.node(at).filter(|node| node.kind.is_text()) else {
            self.problem(Problem::UnsupportedContent);
            return;
        };
        let parent = node.parent;
        let in_style = node.kind == NodeKind::Text
            && self
                .node(parent)
                .is_some_and(|parent| parent.name == known::STYLE);
        if in_style {
            self.spread_css_text(parent);
        }
        let text = self.allowed_text(text);
        let old = self.replace_text(at, text);
        if in_style {
            if let Some(node) = self.node_mut(at) {
                // The player adapts a changed text, not an added one.
                node.flags |= flag::STYLE_TEXT;
            }
            self.style_text_changed(parent, observer);
        }
        if *old != *text {
            observer.text_changed(self, NodeKey(at), &old);
        }
    }

    /// Puts a text in place of another, which it returns.
    pub(super) fn replace_text(&mut self, at: u32, text: &str) -> Box<str> {
        let Some(node) = self.node_mut(at) else {
            return Box::default();
        };
        let Content::Text(place) = &mut node.content else {
            return Box::default();
        };
        let old = std::mem::replace(place, text.into());
        self.content_bytes = (self.content_bytes + text_cost(text)).saturating_sub(text_cost(&old));
        old
    }

    fn change_attributes(
        &mut self,
        at: u32,
        attributes: Option<Value<'_>>,
        observer: &mut impl Observer,
    ) {
        let Some(attributes) = attributes else {
            return;
        };
        let Some(node) = self.node(at).filter(|node| node.kind == NodeKind::Element) else {
            self.problem(Problem::UnsupportedContent);
            return;
        };
        let tag = node.name;
        if matches!(tag, known::STYLE | known::LINK)
            && attributes
                .get("_cssText")
                .is_some_and(|css| css.as_str().is_some())
        {
            self.load_sheet(at, attributes, observer);
            return;
        }
        for (key, value) in attributes.pairs() {
            match value.kind() {
                Kind::Null => self.drop_attribute(at, key, observer),
                Kind::String(_) => self.set_attribute(at, key, value, observer),
                Kind::Object(_) if key == "style" => self.change_style(at, value, observer),
                // The player leaves them alone.
                _ => self.problem(Problem::UnsupportedContent),
            }
        }
    }

    fn drop_attribute(&mut self, at: u32, key: &str, observer: &mut impl Observer) {
        let Some(name) = self.names.find(key) else {
            return;
        };
        let Some(old) = self.remove_attribute(at, name) else {
            return;
        };
        if name == known::OPEN && self.node(at).is_some_and(|node| node.name == known::DIALOG) {
            // The player closes it and forgets how it was opened.
            self.remove_attribute(at, known::OPEN_MODE);
        }
        self.after_attribute(at, name);
        observer.attribute_changed(self, NodeKey(at), key, old.value().as_str());
    }

    fn set_attribute(
        &mut self,
        at: u32,
        key: &str,
        value: Value<'_>,
        observer: &mut impl Observer,
    ) {
        let Some(attribute) = self.read_attribute(key, value) else {
            return;
        };
        let name = attribute.name;
        let old = self.put_attribute(at, attribute);
        if name == known::VALUE
            && self
                .node(at)
                .is_some_and(|node| node.name == known::TEXTAREA)
        {
            // The value is the content then.
            let children: Vec<u32> = self.children(NodeKey(at)).map(|child| child.0).collect();
            for child in children {
                self.remove_from_page(child, observer);
                self.free_subtree(child);
            }
        }
        self.after_attribute(at, name);
        let old = old.as_ref().and_then(|old| old.value().as_str());
        observer.attribute_changed(self, NodeKey(at), key, old);
    }

    fn change_style(&mut self, at: u32, diff: Value<'_>, observer: &mut impl Observer) {
        let old = self.attribute_at(at, known::STYLE);
        let style = old.and_then(|value| value.as_str()).unwrap_or_default();
        let limit = self.limits.inline_style_bytes;
        let changed = if style.len() <= limit {
            inline_style::apply(style, diff)
        } else {
            None
        };
        let Some(text) = changed.filter(|text| text.len() <= limit) else {
            self.problem(Problem::AttributeLimit);
            return;
        };
        if !self.has_room(text_cost(&text)) {
            return;
        }
        let style = Attribute {
            name: known::STYLE,
            kind: ValueKind::Text,
            text: text.into(),
        };
        let old = self.put_attribute(at, style);
        let old = old.as_ref().and_then(|old| old.value().as_str());
        observer.attribute_changed(self, NodeKey(at), "style", old);
    }

    /// What else an attribute changes.
    fn after_attribute(&mut self, at: u32, name: Name) {
        let is_canvas = self.node(at).is_some_and(|node| node.name == known::CANVAS);
        if is_canvas && matches!(name, known::WIDTH | known::HEIGHT) {
            // A browser clears it.
            self.clear_canvas(at);
        }
    }

    /// Adds or replaces an attribute; the one before.
    pub(super) fn put_attribute(&mut self, at: u32, attribute: Attribute) -> Option<Attribute> {
        let limit = self.limits.attributes;
        let node = self.nodes.get_mut(at as usize)?;
        let Content::Attributes(list) = &mut node.content else {
            return None;
        };
        let cost = attribute.cost();
        if let Some(place) = list.iter_mut().find(|old| old.name == attribute.name) {
            let old = std::mem::replace(place, attribute);
            self.content_bytes = (self.content_bytes + cost).saturating_sub(old.cost());
            return Some(old);
        }
        if list.len() < limit {
            list.reserve_exact(1);
            list.push(attribute);
            self.content_bytes += cost;
        } else {
            self.problem(Problem::AttributeLimit);
        }
        None
    }

    pub(super) fn remove_attribute(&mut self, at: u32, name: Name) -> Option<Attribute> {
        let node = self.nodes.get_mut(at as usize)?;
        let Content::Attributes(list) = &mut node.content else {
            return None;
        };
        let place = list.iter().position(|attribute| attribute.name == name)?;
        let old = list.remove(place);
        self.content_bytes = self.content_bytes.saturating_sub(old.cost());
        Some(old)
    }
}
