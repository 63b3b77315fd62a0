//! Adding nodes where they belong, in whatever order they come.

use super::names::{Seeded, known};
use super::node::{Content, NIL, NodeKey, NodeKind, flag};
use super::snapshot::Serialized;
use super::{Mirror, Observer, Problem};
use crate::tape::Value;
use std::collections::{HashMap, VecDeque};

/// A node that waits for a sibling that names it.
pub(super) struct Aside {
    at: u32,
    previous: Option<i64>,
    next: Option<i64>,
}

/// One entry of `adds`.
struct Add<'t> {
    parent: i64,
    previous: Option<i64>,
    next: Option<i64>,
    node: Serialized<'t>,
    value: Value<'t>,
}

enum Outcome<'t> {
    /// This node is known now, with all below it; whoever waits for one can go on.
    Placed(u32),
    /// Cannot be placed before this id is known.
    Waits(i64, Box<Add<'t>>),
    Dropped,
}

/// Comments and the like before the root element of a document.
const MAX_PROLOGUE: usize = 64;

/// Means "not serialised yet" in the data of old recorders.
const NOT_YET: i64 = -1;

impl Mirror {
    /// Applies the `adds` of a mutation. An add whose parent or next sibling is
    /// unknown waits for exactly that id, so the worst order takes no longer than
    /// the best one.
    pub(super) fn apply_adds(
        &mut self,
        adds: Value<'_>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) {
        let mut waiting: HashMap<i64, Vec<Box<Add<'_>>>, Seeded> = HashMap::default();
        // Those that can go on, once every add had its first turn.
        let mut ready = VecDeque::new();
        for add in adds.items() {
            if let Some(add) = self.read_add(add) {
                let outcome = self.place(add, at_micros, observer);
                self.settle(outcome, &mut waiting, &mut ready);
            }
        }
        loop {
            while let Some(add) = ready.pop_front() {
                let outcome = self.place(*add, at_micros, observer);
                self.settle(outcome, &mut waiting, &mut ready);
            }
            for document in self.attach_early_documents(at_micros, observer) {
                self.settle(Outcome::Placed(document), &mut waiting, &mut ready);
            }
            if ready.is_empty() {
                break;
            }
        }
        for left in waiting.into_values() {
            self.integrity
                .add(Problem::OrphanAddDropped, left.len() as u64);
        }
    }

    fn read_add<'t>(&mut self, add: Value<'t>) -> Option<Add<'t>> {
        let Some(value) = add.get("node") else {
            // Such as the wireframes of a mobile recorder.
            self.problem(Problem::UnsupportedContent);
            return None;
        };
        let id = |key| add.get(key).and_then(Value::as_i64);
        let node = self.read_or_count(value)?;
        Some(Add {
            parent: id("parentId").unwrap_or_default(),
            previous: id("previousId"),
            next: id("nextId"),
            node,
            value,
        })
    }

    fn place<'t>(
        &mut self,
        add: Add<'t>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) -> Outcome<'t> {
        let Some(parent) = self.ids.get(&add.parent).copied() else {
            if add.node.kind == NodeKind::Document {
                self.keep_early_document(add.parent, add.value);
                return Outcome::Dropped;
            }
            return Outcome::Waits(add.parent, Box::new(add));
        };
        let next = add.next.filter(|next| *next != NOT_YET);
        let next_at = next.and_then(|next| self.ids.get(&next).copied());
        if let (Some(next), None) = (next, next_at) {
            return Outcome::Waits(next, Box::new(add));
        }
        if add
            .node
            .root_id
            .is_some_and(|root| root != 0 && !self.ids.contains_key(&root))
            && add.node.kind != NodeKind::Document
        {
            self.problem(Problem::UnknownRoot);
            return Outcome::Dropped;
        }
        let Some(parent_node) = self.node(parent) else {
            return Outcome::Dropped;
        };
        let parent_kind = parent_node.kind;
        let is_frame = self.is_frame(parent);
        // Nobody sees a comment or an element in a textarea.
        let has_no_place = add.node.kind != NodeKind::Text && self.is_valued_textarea(parent);
        if is_frame != (add.node.kind == NodeKind::Document)
            || !parent_kind.has_children()
            || has_no_place
        {
            self.problem(Problem::UnsupportedContent);
            return Outcome::Dropped;
        }
        if is_frame {
            let document = self.attach_document(parent, add.value, at_micros, observer);
            return document.map_or(Outcome::Dropped, Outcome::Placed);
        }
        let Some(at) = self.node_for(&add.node, parent, at_micros, observer) else {
            return Outcome::Dropped;
        };
        if add.previous == Some(NOT_YET) || add.next == Some(NOT_YET) {
            let is_kept = self.set_aside(at, &add);
            return if is_kept {
                Outcome::Placed(at)
            } else {
                Outcome::Dropped
            };
        }
        self.make_way(parent, at, observer);
        let in_shadow = add.node.is_shadow;
        if in_shadow && let Some(host) = self.node_mut(parent) {
            host.flags |= flag::SHADOW_HOST;
        }
        let previous_at = add
            .previous
            .and_then(|previous| self.ids.get(&previous).copied());
        let before = self.before(parent, in_shadow, previous_at, next_at);
        if !self.attach(parent, at, before, in_shadow, observer) {
            return Outcome::Dropped;
        }
        if !self.aside.is_empty() {
            self.bring_in_asides(parent, at, in_shadow, add.previous, add.next, observer);
        }
        // Now, because a newer document for it may follow. Last, because an odd document
        // may take the id of any other node.
        if !self.early_documents.is_empty() && self.is_frame(at) {
            self.attach_early_document_of(at, at_micros, observer);
        }
        Outcome::Placed(at)
    }

    fn settle<'t>(
        &self,
        outcome: Outcome<'t>,
        waiting: &mut HashMap<i64, Vec<Box<Add<'t>>>, Seeded>,
        ready: &mut VecDeque<Box<Add<'t>>>,
    ) {
        match outcome {
            Outcome::Placed(at) if !waiting.is_empty() => {
                for node in self.descendants(NodeKey(at)) {
                    ready.extend(waiting.remove(&self.id(node)).into_iter().flatten());
                }
            }
            Outcome::Waits(id, add) => waiting.entry(id).or_default().push(add),
            Outcome::Placed(_) | Outcome::Dropped => {}
        }
    }

    /// The child of `parent` before which to insert; NIL for the end.
    fn before(
        &self,
        parent: u32,
        in_shadow: bool,
        previous: Option<u32>,
        next: Option<u32>,
    ) -> u32 {
        let is_child = |at: &u32| {
            self.node(*at).is_some_and(|node| {
                node.parent == parent && node.is(flag::SHADOW) == in_shadow && !node.is(flag::ASIDE)
            })
        };
        let after_previous = previous
            .filter(is_child)
            .and_then(|at| self.node(at))
            .map(|node| node.next)
            .filter(|at| *at != NIL);
        after_previous
            .or_else(|| next.filter(is_child))
            .unwrap_or(NIL)
    }

    /// Links a node without a place and announces it.
    fn attach(
        &mut self,
        parent: u32,
        at: u32,
        before: u32,
        in_shadow: bool,
        observer: &mut impl Observer,
    ) -> bool {
        if !self.link(parent, at, before, in_shadow) || !self.deepen(at) {
            self.unlink(at);
            self.free_subtree(at);
            return false;
        }
        if self
            .node(parent)
            .is_some_and(|parent| parent.name == known::STYLE)
        {
            self.style_text_changed(parent, observer);
        }
        if self.is_announced(at) {
            observer.added(self, NodeKey(at));
        }
        true
    }

    /// Whether a node that has a parent is in the page: all are but those below a node
    /// set aside.
    pub(super) fn is_announced(&self, at: u32) -> bool {
        self.aside.is_empty() || self.is_within(at, self.root)
    }

    /// After a move the nodes below have another depth.
    fn deepen(&mut self, at: u32) -> bool {
        let below: Vec<u32> = match self.node(at) {
            Some(node) if node.first == NIL && !node.is(flag::EXTRA) => return true,
            _ => self
                .descendants(NodeKey(at))
                .skip(1)
                .map(|node| node.0)
                .collect(),
        };
        for at in below {
            let Some(node) = self.node(at) else {
                continue;
            };
            let depth = match self.node(node.parent) {
                _ if node.kind == NodeKind::Document => 0,
                Some(parent) => parent.depth.saturating_add(1),
                None => 0,
            };
            if depth > self.limits.depth {
                self.problem(Problem::DepthLimit);
                return false;
            }
            if let Some(node) = self.node_mut(at) {
                node.depth = depth;
            }
        }
        true
    }

    /// The node that is added: an equal one that has the id already, taken out of
    /// its place with all below it, or a new one.
    fn node_for(
        &mut self,
        read: &Serialized<'_>,
        parent: u32,
        at_micros: i64,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        let Some(old) = self.ids.get(&read.id).copied() else {
            return self.create_from(read, at_micros);
        };
        if old == self.root || self.is_within(parent, old) {
            self.problem(Problem::Cycle);
            return None;
        }
        // Made first and compared: the reader of attributes knows what to leave out.
        let new = self.create_from(read, at_micros)?;
        self.ids.insert(read.id, old);
        self.aside.remove(&read.id);
        let is_equal = self.is_equal_node(old, new);
        let can_move = is_equal && self.take_moves(old);
        self.remove_from_page(old, observer);
        let (kept, dropped) = if can_move { (old, new) } else { (new, old) };
        if !is_equal {
            self.problem(Problem::DuplicateId);
        }
        self.free_subtree(dropped);
        self.ids.insert(read.id, kept);
        if let Some(node) = self.node_mut(kept) {
            node.flags &= !flag::ASIDE;
        }
        Some(kept)
    }

    fn is_equal_node(&self, a: u32, b: u32) -> bool {
        let (Some(a), Some(b)) = (self.node(a), self.node(b)) else {
            return false;
        };
        a.kind == b.kind
            && a.name == b.name
            && a.attributes() == b.attributes()
            && a.text() == b.text()
            && (a.flags ^ b.flags) & flag::SVG == 0
    }

    fn take_moves(&mut self, at: u32) -> bool {
        let count = self
            .descendants(NodeKey(at))
            .take(self.moves_left + 1)
            .count();
        match self.moves_left.checked_sub(count) {
            Some(left) => {
                self.moves_left = left;
                true
            }
            None => {
                self.problem(Problem::NodeLimit);
                false
            }
        }
    }

    /// Unlinks a node that is in the page, after announcing that.
    pub(super) fn remove_from_page(&mut self, at: u32, observer: &mut impl Observer) {
        let Some(node) = self.node(at) else {
            return;
        };
        let (parent, is_text) = (node.parent, node.kind == NodeKind::Text);
        if parent == NIL {
            return;
        }
        let in_style = is_text
            && self
                .node(parent)
                .is_some_and(|parent| parent.name == known::STYLE);
        if in_style {
            self.spread_css_text(parent);
        }
        if self.is_announced(at) {
            observer.removing(self, NodeKey(at));
        }
        self.unlink(at);
        if in_style {
            self.style_text_changed(parent, observer);
        }
    }

    /// Removes what cannot stay beside the new node.
    fn make_way(&mut self, parent: u32, at: u32, observer: &mut impl Observer) {
        let (Some(above), Some(node)) = (self.node(parent), self.node(at)) else {
            return;
        };
        let (kind, name) = (node.kind, node.name);
        if kind == NodeKind::Text && above.name == known::TEXTAREA {
            let texts: Vec<u32> = self
                .children(NodeKey(parent))
                .map(|child| child.0)
                .filter(|child| {
                    self.node(*child)
                        .is_some_and(|node| node.kind == NodeKind::Text)
                })
                .collect();
            for text in texts {
                self.remove_from_page(text, observer);
                self.free_subtree(text);
            }
            self.remove_attribute(parent, known::VALUE);
        } else if kind == NodeKind::Text && above.name == known::STYLE {
            self.make_way_in_style(parent, at);
        } else if above.kind == NodeKind::Document {
            let is_in_the_way = |child: &NodeKey| {
                self.node(child.0).is_some_and(|old| {
                    (kind == NodeKind::Doctype && old.kind == kind)
                        || (name == known::HTML && kind == NodeKind::Element && old.kind == kind)
                })
            };
            // Few nodes stand before the root element.
            let mut children = self.children(NodeKey(parent)).take(MAX_PROLOGUE);
            let old = children.find(is_in_the_way);
            if let Some(old) = old {
                self.remove_from_page(old.0, observer);
                self.free_subtree(old.0);
            }
        }
    }

    /// The player takes the sheet of a `style` that was sent without children as the
    /// content of the first text that is added.
    fn make_way_in_style(&mut self, style: u32, at: u32) {
        let is_empty = self.node(style).is_some_and(|node| node.first == NIL);
        let has_css_text = self.attribute_at(style, known::CSS_TEXT).is_some();
        if is_empty && has_css_text {
            if let Some(node) = self.node_mut(at) {
                let cost = node.cost();
                node.content = Content::Text(Box::default());
                self.content_bytes = self.content_bytes.saturating_sub(cost);
            }
        } else {
            self.spread_css_text(style);
        }
    }

    fn set_aside(&mut self, at: u32, add: &Add<'_>) -> bool {
        if self.aside.len() >= self.limits.waiting {
            self.problem(Problem::WaitingLimit);
            self.free_subtree(at);
            return false;
        }
        if let Some(node) = self.node_mut(at) {
            node.flags |= flag::ASIDE;
        }
        let aside = Aside {
            at,
            previous: add.previous,
            next: add.next,
        };
        self.aside.insert(add.node.id, aside);
        true
    }

    /// Inserts the nodes set aside that the new node names as its neighbours, and
    /// those that these name.
    fn bring_in_asides(
        &mut self,
        parent: u32,
        at: u32,
        in_shadow: bool,
        previous: Option<i64>,
        next: Option<i64>,
        observer: &mut impl Observer,
    ) {
        let mut todo = vec![(at, previous, next)];
        while let Some((at, previous, next)) = todo.pop() {
            for (id, is_before) in [(previous, true), (next, false)] {
                let Some(aside) = id.and_then(|id| self.aside.remove(&id)) else {
                    continue;
                };
                if self.is_within(parent, aside.at) {
                    self.problem(Problem::Cycle);
                    self.aside.extend(id.map(|id| (id, aside)));
                    continue;
                }
                let before = if is_before {
                    at
                } else {
                    self.node(at).map_or(NIL, |node| node.next)
                };
                if let Some(node) = self.node_mut(aside.at) {
                    node.flags &= !flag::ASIDE;
                }
                if self.attach(parent, aside.at, before, in_shadow, observer) {
                    todo.push((aside.at, aside.previous, aside.next));
                }
            }
        }
    }
}
