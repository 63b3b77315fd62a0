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
                self.unlink(old);
                self.free_subtree(old);
            }
        }
        let document = self.build_tree(node, at_micros)?;
        if let Some(node) = self.node_mut(document) {
            node.parent = frame;
        }
        self.change_extra(frame, |extra| extra.frame_document = document);
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

    /// New frames may have documents already, which may have frames.
    pub(super) fn attach_early_documents(&mut self, at_micros: i64, observer: &mut impl Observer) {
        loop {
            let place = self
                .early_documents
                .iter()
                .find_map(|early| self.ids.get(&early.parent));
            match place.copied() {
                Some(frame) => self.attach_early_document_of(frame, at_micros, observer),
                None => break,
            }
        }
    }

    pub(super) fn attach_early_document_of(
        &mut self,
        frame: u32,
        at_micros: i64,
        observer: &mut impl Observer,
    ) {
        let mut frames = vec![frame];
        while let Some(frame) = frames.pop() {
            let id = self.node(frame).map_or(0, |node| node.id);
            let found = self
                .early_documents
                .iter()
                .position(|early| early.parent == id);
            let Some(found) = found else {
                continue;
            };
            let early = self.early_documents.remove(found);
            self.other_bytes = self.other_bytes.saturating_sub(early.cost());
            let is_frame = self.is_frame(frame);
            let mut tape = Tape::new();
            if !is_frame || tape.parse(&early.node).is_err() {
                self.problem(Problem::UnsupportedContent);
                continue;
            }
            let Some(document) = self.attach_document(frame, tape.root(), at_micros) else {
                continue;
            };
            if !self.early_documents.is_empty() {
                let inner = self
                    .early_documents
                    .iter()
                    .filter_map(|early| self.ids.get(&early.parent));
                frames.extend(inner.copied());
            }
            observer.added(self, NodeKey(document));
        }
    }
}
