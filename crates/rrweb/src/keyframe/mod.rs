//! Events that show a mirror's page in the stock player.
//!
//! A keyframe is a short list of ordinary rrweb events, all of the same moment. A
//! player that gets it and then the events after that moment shows what it would
//! show had it played everything. Fed to a [`Mirror`], it gives an equal mirror.
//!
//! The order matters, because while seeking the player collects changes from the
//! first mutation on and applies them by kind: adopted sheets after the edits of
//! constructed ones, which would lose these. So everything about sheets of the top
//! document comes before the first mutation, and in frames (which are attached by
//! mutations) constructed sheets are sent as they are by now, without edits.
//! A focus before that mutation finds its node.
//! Positions of scroll come last, when everything has its size.

mod styles;
mod tree;

use crate::mirror::{Mirror, NodeKey, NodeKind, Position};
use crate::tape::write_json_string;
use std::fmt::Write as _;

/// Writes the page of a mirror as events, one per line, oldest first. Empty as long
/// as there was no full snapshot.
pub fn keyframe(mirror: &Mirror, at_ms: i64) -> String {
    let Some(root) = mirror.root() else {
        return String::new();
    };
    let mut writer = Writer {
        mirror,
        at_ms,
        out: String::with_capacity(mirror.memory_bytes() / 2 + 1_024),
    };
    writer.meta();
    writer.full_snapshot(root);
    writer.page_wide();
    let rare = Rare::collect(mirror);
    let is_top = |node: &NodeKey| mirror.document_of(*node) == Some(root);
    let (top, inner): (Vec<NodeKey>, Vec<NodeKey>) =
        rare.nodes.iter().partition(|node| is_top(node));
    let plan = styles::Plan::new(mirror, &rare.nodes);
    writer.sheets(&plan, &top, true);
    let focus_is_on_top = mirror.focused().is_some_and(|node| is_top(&node));
    if focus_is_on_top {
        writer.focus();
    }
    writer.frames(&rare);
    writer.sheets(&plan, &inner, false);
    writer.canvases(&rare);
    writer.inputs(&rare);
    writer.scrolls(root, &rare);
    if !focus_is_on_top {
        writer.focus();
    }
    writer.selection();
    writer.pointer();
    writer.out
}

/// The top document and the nodes that have more than a place and attributes, in
/// document order.
struct Rare {
    nodes: Vec<NodeKey>,
}

impl Rare {
    fn collect(mirror: &Mirror) -> Self {
        let is_rare =
            |node: &NodeKey| mirror.extra_of(*node).is_some() || Some(*node) == mirror.root();
        Self {
            nodes: mirror.walk().filter(is_rare).collect(),
        }
    }
}

struct Writer<'m> {
    mirror: &'m Mirror,
    at_ms: i64,
    out: String,
}

/// Numbers and other plain things; a string takes them without fail.
macro_rules! put {
    ($writer:expr, $($part:tt)*) => { let _ = write!($writer.out, $($part)*); };
}

impl Writer<'_> {
    fn start(&mut self, kind: u8) {
        put!(self, "{{\"type\":{kind},\"data\":");
    }

    fn end(&mut self) {
        put!(self, ",\"timestamp\":{}}}\n", self.at_ms);
    }

    fn string(&mut self, text: &str) {
        write_json_string(text, &mut self.out);
    }

    fn meta(&mut self) {
        let size = self.mirror.viewport();
        let (width, height) = size.map_or((0, 0), |size| (size.width, size.height));
        self.start(4);
        self.out.push_str("{\"href\":");
        self.string(self.mirror.href().unwrap_or_default());
        put!(self, ",\"width\":{width},\"height\":{height}}}");
        self.end();
    }

    fn full_snapshot(&mut self, root: NodeKey) {
        let Position { x, y } = self.mirror.scroll(root).unwrap_or_default();
        self.start(2);
        self.out.push_str("{\"node\":");
        self.tree(root);
        put!(self, ",\"initialOffset\":{{\"left\":{x},\"top\":{y}}}}}");
        self.end();
    }

    /// What belongs to no node.
    fn page_wide(&mut self) {
        for name in &self.mirror.page().custom_elements {
            self.start(3);
            self.out.push_str("{\"source\":16,\"define\":{\"name\":");
            self.string(name);
            self.out.push_str("}}");
            self.end();
        }
        for font in &self.mirror.page().fonts {
            self.start(3);
            self.out.push_str(font);
            self.end();
        }
    }

    /// Documents of frames, outer before inner, as the recorder sends them; and those
    /// whose frame has not come yet.
    fn frames(&mut self, rare: &Rare) {
        for frame in &rare.nodes {
            if let Some(document) = self.mirror.frame_document(*frame) {
                self.attach_start(self.mirror.id(*frame));
                self.tree(document);
                self.attach_end();
            }
        }
        for early in self.mirror.early_documents() {
            self.attach_start(early.parent);
            self.out.push_str(&early.node);
            self.attach_end();
        }
    }

    fn attach_start(&mut self, frame: i64) {
        self.start(3);
        put!(
            self,
            "{{\"source\":0,\"adds\":[{{\"parentId\":{frame},\"nextId\":null,\"node\":"
        );
    }

    fn attach_end(&mut self) {
        self.out
            .push_str("}],\"removes\":[],\"texts\":[],\"attributes\":[],\"isAttachIframe\":true}");
        self.end();
    }

    fn canvases(&mut self, rare: &Rare) {
        for canvas in &rare.nodes {
            for event in self.mirror.canvas_events(*canvas) {
                self.start(3);
                self.out.push_str(event);
                self.end();
            }
        }
    }

    /// What the visitor entered: a value that a field was given by its attribute is
    /// another thing, which a later change of the attribute would change.
    fn inputs(&mut self, rare: &Rare) {
        let mirror = self.mirror;
        let mut forms: Vec<_> = rare
            .nodes
            .iter()
            .filter_map(|node| Some((mirror.id(*node), mirror.form_state(*node)?)))
            .collect();
        // Checking one of a radio group unchecks the others.
        forms.sort_by_key(|(_, form)| form.sequence);
        for (id, form) in forms {
            self.start(3);
            self.out.push_str("{\"source\":5,\"text\":");
            self.string(&form.value);
            put!(self, ",\"isChecked\":{},\"id\":{id}}}", form.checked);
            self.end();
        }
    }

    fn scrolls(&mut self, root: NodeKey, rare: &Rare) {
        for node in &rare.nodes {
            let Some(Position { x, y }) = self.mirror.scroll(*node) else {
                continue;
            };
            if *node == root && (x, y) == (0.0, 0.0) {
                continue;
            }
            self.start(3);
            let id = self.mirror.id(*node);
            put!(self, "{{\"source\":3,\"id\":{id},\"x\":{x},\"y\":{y}}}");
            self.end();
        }
    }

    fn selection(&mut self) {
        let ranges = self.mirror.selection();
        let is_here = |id: i64| self.is_in_page(id);
        let ranges: Vec<_> = ranges
            .iter()
            .filter(|range| is_here(range.start) && is_here(range.end))
            .collect();
        if ranges.is_empty() {
            return;
        }
        self.start(3);
        self.out.push_str("{\"source\":14,\"ranges\":[");
        for (n, range) in ranges.into_iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            put!(
                self,
                "{comma}{{\"start\":{},\"startOffset\":{},\"end\":{},\"endOffset\":{}}}",
                range.start,
                range.start_offset,
                range.end,
                range.end_offset
            );
        }
        self.out.push_str("]}");
        self.end();
    }

    fn focus(&mut self) {
        let id = self.mirror.focused().map_or(0, |node| self.mirror.id(node));
        if self.is_in_page(id) {
            self.start(3);
            put!(self, "{{\"source\":2,\"type\":5,\"id\":{id}}}");
            self.end();
        }
    }

    fn pointer(&mut self) {
        let pointer = self.mirror.pointer();
        let Some(pointer) = pointer.filter(|pointer| self.is_in_page(pointer.id)) else {
            return;
        };
        self.start(3);
        put!(
            self,
            "{{\"source\":1,\"positions\":[{{\"x\":{},\"y\":{},\"id\":{},\"timeOffset\":0}}]}}",
            pointer.x,
            pointer.y,
            pointer.id
        );
        self.end();
    }

    /// Nodes of old recorders that wait for a sibling are not; keyframes leave them out.
    fn is_in_page(&self, id: i64) -> bool {
        let node = self.mirror.node_by_id(id);
        node.is_some_and(|node| self.mirror.document_of(node).is_some())
    }

    fn is_document(&self, node: NodeKey) -> bool {
        self.mirror.kind(node) == Some(NodeKind::Document)
    }
}
