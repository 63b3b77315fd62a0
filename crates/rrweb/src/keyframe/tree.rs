//! Nodes as the recorder serialises them.

use super::Writer;
use crate::mirror::{AttributeValue, Mirror, NodeKey, NodeKind};
use crate::tape::write_json_string;
use std::fmt::Write as _;

/// The recorder leaves out `rootId` in a document with this id.
const TOP_DOCUMENT_ID: i64 = 1;

/// A node whose children are being written.
struct Open {
    node: NodeKey,
    next: Option<NodeKey>,
    in_shadow: bool,
    is_first: bool,
}

impl Writer<'_> {
    /// A document with everything in it but the documents of its frames.
    pub(super) fn tree(&mut self, document: NodeKey) {
        let mirror = self.mirror;
        let root_id = mirror.id(document);
        let mut open = vec![self.open(document)];
        while let Some(top) = open.last_mut() {
            if top.next.is_none() && !top.in_shadow {
                top.in_shadow = true;
                top.next = mirror.shadow_children(top.node).next();
            }
            let Some(child) = top.next else {
                let node = top.node;
                open.pop();
                self.out.push(']');
                self.close(node, root_id);
                continue;
            };
            top.next = mirror.next_sibling(child);
            if !std::mem::replace(&mut top.is_first, false) {
                self.out.push(',');
            }
            match mirror.kind(child) {
                Some(NodeKind::Element) => open.push(self.open(child)),
                _ => self.leaf(child, root_id),
            }
        }
    }

    /// Everything of a document or element up to its first child.
    fn open(&mut self, node: NodeKey) -> Open {
        let mirror = self.mirror;
        if self.is_document(node) {
            self.out.push_str("{\"type\":0");
            self.texts_of(node);
        } else {
            self.out.push_str("{\"type\":2,\"tagName\":");
            self.string(mirror.tag(node));
            self.out.push_str(",\"attributes\":{");
            self.attributes(node);
            self.out.push('}');
        }
        self.out.push_str(",\"childNodes\":[");
        Open {
            node,
            next: mirror.children(node).next(),
            in_shadow: false,
            is_first: true,
        }
    }

    fn leaf(&mut self, node: NodeKey, root_id: i64) {
        let kind = self.mirror.kind(node).unwrap_or(NodeKind::Comment);
        let _ = write!(self.out, "{{\"type\":{}", kind.number());
        if kind == NodeKind::Doctype {
            self.out.push_str(",\"name\":");
            self.string(self.mirror.tag(node));
            self.texts_of(node);
        } else {
            self.out.push_str(",\"textContent\":");
            self.string(self.mirror.text(node));
            if self.mirror.is_style_text(node) {
                self.out.push_str(",\"isStyle\":true");
            }
        }
        self.close(node, root_id);
    }

    /// Fields of a document or doctype that the mirror keeps as attributes.
    fn texts_of(&mut self, node: NodeKey) {
        for (name, value) in self.mirror.attributes(node) {
            self.out.push(',');
            write_json_string(name, &mut self.out);
            self.out.push(':');
            write_json_string(value.as_str().unwrap_or_default(), &mut self.out);
        }
    }

    /// Marks and ids, which come last.
    fn close(&mut self, node: NodeKey, root_id: i64) {
        let mirror = self.mirror;
        let marks = [
            (mirror.is_svg(node), "isSVG"),
            (mirror.is_custom(node), "isCustom"),
            (mirror.is_shadow_host(node), "isShadowHost"),
            (mirror.is_shadow_child(node), "isShadow"),
        ];
        for (_, mark) in marks.iter().filter(|(is_set, _)| *is_set) {
            let _ = write!(self.out, ",\"{mark}\":true");
        }
        if root_id != TOP_DOCUMENT_ID && !self.is_document(node) {
            let _ = write!(self.out, ",\"rootId\":{root_id}");
        }
        let _ = write!(self.out, ",\"id\":{}}}", mirror.id(node));
    }

    fn attributes(&mut self, node: NodeKey) {
        let mut comma = "";
        for (name, value) in self.mirror.attributes(node) {
            self.out.push_str(comma);
            comma = ",";
            write_json_string(name, &mut self.out);
            self.out.push(':');
            match value {
                AttributeValue::Text(text) => write_json_string(text, &mut self.out),
                AttributeValue::Bool(value) => {
                    self.out.push_str(if value { "true" } else { "false" })
                }
                AttributeValue::Number(number) => self.out.push_str(number),
            }
        }
        if self.mirror.extra_of(node).is_some() {
            for (name, value) in state_attributes(self.mirror, node, self.at_ms) {
                let _ = write!(self.out, "{comma}\"{name}\":{value}");
                comma = ",";
            }
        }
    }
}

/// State of an element that a snapshot tells by attributes, as JSON.
fn state_attributes(mirror: &Mirror, node: NodeKey, at_ms: i64) -> Vec<(&'static str, String)> {
    let mut list = Vec::new();
    if let Some(position) = mirror.scroll(node) {
        for (name, value) in [("rr_scrollLeft", position.x), ("rr_scrollTop", position.y)] {
            if value != 0.0 {
                list.push((name, value.to_string()));
            }
        }
    }
    let Some(media) = mirror.media_state(node) else {
        return list;
    };
    if let Some(is_playing) = media.is_playing {
        let state = if is_playing {
            "\"played\""
        } else {
            "\"paused\""
        };
        list.push(("rr_mediaState", state.to_owned()));
    }
    let numbers = [
        ("rr_mediaCurrentTime", media.current_time_at(at_ms * 1000)),
        ("rr_mediaPlaybackRate", media.playback_rate),
        ("rr_mediaVolume", media.volume),
    ];
    let flags = [
        ("rr_mediaMuted", media.muted),
        ("rr_mediaLoop", media.is_loop),
    ];
    list.extend(
        numbers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_string()))),
    );
    list.extend(
        flags
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_string()))),
    );
    list
}
