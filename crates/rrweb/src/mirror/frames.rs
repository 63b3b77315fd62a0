//! Documents in frames, which may come before their frame.

use super::names::known;
use super::node::{NIL, NodeKey, NodeKind, text_cost};
use super::{Mirror, Observer, Problem};
use crate::Tape;
use crate::tape::Value;

/// A frame's document that came before the frame.
pub(crate) struct EarlyDocument {
    pub parent: i64,
    /// The serialised tree as JSON.
    pub node: Box<str>,
}

impl EarlyDocument {
    pub(super) fn cost(&self) -> usize {
        text_cost(&self.node) + size_of::<Self>()
    }
}

impl Mirror {
    pub(super) fn is_frame(&self, at: u32) -> bool {
        self.node(at)
            .is_some_and(|node| node.kind == NodeKind::Element && node.name == known::IFRAME)
    }

    /// Builds the document of a frame in place of the one it had.
    pub(super) fn attach_document(
        &mut self,
        frame: u32,
        node: Value<'_>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        let id = node.get("id").and_then(Value::as_i64)?;
        let of_frame = self.extra(frame).map_or(NIL, |extra| extra.frame_document);
        let of_id = self.ids.get(&id).copied().unwrap_or(NIL);
        if of_id == self.root || (of_id != NIL && self.is_within(frame, of_id)) {
            self.problem(Problem::Cycle);
            return None;
        }
        for old in [of_frame, of_id] {
            if self.node(old).is_some() {
                self.remove_from_page(old, observer);
                self.free_subtree(old);
            }
        }
        let document = self.build_tree(node, at_micros)?;
        if let Some(node) = self.node_mut(document) {
            node.parent = frame;
        }
        self.change_extra(frame, |extra| extra.frame_document = document);
        if self.is_announced(frame) {
            observer.added(self, NodeKey(document));
        }
        Some(document)
    }

    pub(super) fn keep_early_document(&mut self, parent: i64, node: Value<'_>) {
        if self.early_documents.len() >= self.limits.waiting {
            self.problem(Problem::WaitingLimit);
            return;
        }
        let early = EarlyDocument {
            parent,
            node: node.to_json().into(),
        };
        if self.has_room(early.cost()) {
            self.other_bytes += early.cost();
            self.early_documents.push(early);
        }
    }

    /// New frames may have documents already, which may have frames. None that is left
    /// over names a known node. Returns what was attached.
    pub(super) fn attach_early_documents(
        &mut self,
        at_micros: i64,
        observer: &mut impl Observer,
    ) -> Vec<u32> {
        let mut documents = Vec::new();
        loop {
            let mut early = self.early_documents.iter();
            let Some(parent) = early.find_map(|early| self.ids.get(&early.parent).copied()) else {
                return documents;
            };
            documents.extend(self.attach_early_document_of(parent, at_micros, observer));
        }
    }

    /// The first document that waits for this node, if any; lost when that is no frame.
    pub(super) fn attach_early_document_of(
        &mut self,
        parent: u32,
        at_micros: i64,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        let id = self.node(parent).map_or(0, |node| node.id);
        let mut waiting = self.early_documents.iter();
        let found = waiting.position(|early| early.parent == id)?;
        let early = self.early_documents.remove(found);
        self.other_bytes = self.other_bytes.saturating_sub(early.cost());
        let mut tape = Tape::new();
        if self.is_frame(parent) && tape.parse(&early.node).is_ok() {
            self.attach_document(parent, tape.root(), at_micros, observer)
        } else {
            self.problem(Problem::UnsupportedContent);
            None
        }
    }
}
