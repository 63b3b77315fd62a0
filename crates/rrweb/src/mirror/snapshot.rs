//! Nodes from their serialised form, single ones and whole trees.

use super::names::known;
use super::node::{
    Attribute, Content, MediaState, NIL, NodeKind, Position, ValueKind, cut, flag, text_cost,
};
use super::{Comparison, MAX_MOVED_NODES, Mirror, Observer, Problem, names::Names};
use crate::tape::{Kind, Value};

/// JavaScript holds no larger integers, so two larger ids could be one.
const MAX_ID: i64 = (1 << 53) - 1;

/// The fields of a serialised node.
pub(super) struct Serialized<'t> {
    pub kind: NodeKind,
    pub id: i64,
    pub name: &'t str,
    pub text: &'t str,
    pub attributes: Option<Value<'t>>,
    pub children: Option<Value<'t>>,
    pub root_id: Option<i64>,
    pub is_shadow: bool,
    flags: u8,
    public_id: Option<&'t str>,
    system_id: Option<&'t str>,
    compat_mode: Option<&'t str>,
    /// Amplitude's recorder tells here what stock rrweb tells in an event.
    pub adopted: Option<Value<'t>>,
}

/// What is wrong with a serialised node that cannot be read.
pub(super) fn read_node(node: Value<'_>) -> Result<Serialized<'_>, Problem> {
    let mut kind = None;
    let mut id = None;
    let mut read = Serialized {
        kind: NodeKind::Comment,
        id: 0,
        name: "",
        text: "",
        attributes: None,
        children: None,
        root_id: None,
        is_shadow: false,
        flags: 0,
        public_id: None,
        system_id: None,
        compat_mode: None,
        adopted: None,
    };
    for (key, value) in node.pairs() {
        let mut mark = |bit: u8| {
            read.flags |= if value.as_bool() == Some(true) {
                bit
            } else {
                0
            }
        };
        match key {
            "type" => kind = value.as_i64().and_then(NodeKind::from_number),
            "id" => id = value.as_i64(),
            "tagName" | "name" => read.name = value.as_str().unwrap_or_default(),
            "textContent" => read.text = value.as_str().unwrap_or_default(),
            "attributes" => read.attributes = Some(value),
            "childNodes" => read.children = Some(value),
            "rootId" => read.root_id = value.as_i64(),
            "isShadow" => read.is_shadow = value.as_bool() == Some(true),
            "isShadowHost" => mark(flag::SHADOW_HOST),
            "isSVG" => mark(flag::SVG),
            "isCustom" => mark(flag::CUSTOM),
            "isStyle" => mark(flag::STYLE_TEXT),
            "publicId" => read.public_id = value.as_str(),
            "systemId" => read.system_id = value.as_str(),
            "compatMode" => read.compat_mode = value.as_str(),
            "adoptedStyleSheets" => read.adopted = Some(value),
            _ => {}
        }
    }
    read.kind = kind.ok_or(Problem::UnsupportedContent)?;
    if !matches!(read.kind, NodeKind::Element | NodeKind::Doctype) {
        read.name = "";
    }
    read.id = id
        .filter(|id| (1..=MAX_ID).contains(id))
        .ok_or(Problem::InvalidId)?;
    Ok(read)
}

impl Mirror {
    pub(super) fn full_snapshot(
        &mut self,
        data: Value<'_>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) {
        let comparison = self.equals_snapshot(data);
        if comparison == Comparison::Differs {
            self.problem(Problem::CheckoutDiffers);
        }
        self.clear(comparison == Comparison::Equal);
        match data.get("node").filter(|node| node.is_object()) {
            Some(node) => {
                if let Some(root) = self.build_tree(node, at_micros) {
                    self.root = root;
                    let offset = |key| {
                        let number = data.get("initialOffset")?.get(key)?.as_f64()?;
                        Some(number)
                    };
                    if let (Some(x), Some(y)) = (offset("left"), offset("top")) {
                        self.change_extra(root, |extra| extra.scroll = Some(Position { x, y }));
                    }
                    self.attach_early_documents(at_micros, &mut ());
                }
            }
            // Wireframes of a mobile recorder, or odd data.
            None => self.problem(Problem::UnsupportedContent),
        }
        if self.nodes.capacity() > 4 * self.nodes.len() + 1_024 {
            self.nodes.shrink_to(2 * self.nodes.len());
        }
        observer.snapshot(self);
    }

    /// Forgets the page. Pointer and focus stay where they are if the page goes on.
    fn clear(&mut self, page_goes_on: bool) {
        self.nodes.clear();
        self.free.clear();
        self.ids.clear();
        self.extras.clear();
        self.names = Names::new();
        self.root = NIL;
        self.constructed.clear();
        self.constructed_index.clear();
        self.aside.clear();
        self.page.selection.clear();
        if !page_goes_on {
            self.page.pointer = None;
            self.page.focused = None;
        }
        self.content_bytes = 0;
        let fonts = self.page.fonts.iter().map(|font| text_cost(font));
        let custom = self.page.custom_elements.iter().map(|name| text_cost(name));
        let early = self.early_documents.iter().map(|early| early.cost());
        self.other_bytes = fonts.chain(custom).chain(early).sum();
        self.moves_left = MAX_MOVED_NODES;
    }

    /// Builds a document with all its descendants; it has no place itself yet.
    pub(super) fn build_tree(&mut self, node: Value<'_>, at_micros: i64) -> Option<u32> {
        let read = self.read_or_count(node)?;
        if read.kind != NodeKind::Document {
            self.problem(Problem::UnsupportedContent);
            return None;
        }
        let root = self.create_from(&read, at_micros)?;
        let mut open = Vec::new();
        if let Some(children) = self.children_to_build(root, &read) {
            open.push((root, children.items()));
        }
        while let Some((parent, items)) = open.last_mut() {
            let parent = *parent;
            let Some(child) = items.next() else {
                open.pop();
                continue;
            };
            let Some(read) = self.read_or_count(child) else {
                continue;
            };
            if read.kind == NodeKind::Document {
                // Documents of frames come by themselves.
                self.problem(Problem::UnsupportedContent);
                continue;
            }
            if self.ids.contains_key(&read.id) {
                self.problem(Problem::DuplicateId);
                continue;
            }
            let Some(at) = self.create_from(&read, at_micros) else {
                continue;
            };
            let in_shadow = read.is_shadow;
            if in_shadow && let Some(host) = self.node_mut(parent) {
                host.flags |= flag::SHADOW_HOST;
            }
            if !self.link(parent, at, NIL, in_shadow) {
                self.free_subtree(at);
                continue;
            }
            if let Some(children) = self.children_to_build(at, &read) {
                open.push((at, children.items()));
            }
        }
        Some(root)
    }

    /// The player makes one text of the `value` of a textarea, whatever is in it.
    fn children_to_build<'t>(&self, at: u32, read: &Serialized<'t>) -> Option<Value<'t>> {
        let can_have = self.node(at)?.kind.has_children() && !self.is_valued_textarea(at);
        read.children
            .filter(|children| can_have && children.items().len() > 0)
    }

    pub(super) fn is_valued_textarea(&self, at: u32) -> bool {
        let value = self.attribute_at(at, known::VALUE);
        value.is_some_and(|value| value.as_str().is_some())
            && self
                .node(at)
                .is_some_and(|node| node.name == known::TEXTAREA)
    }

    pub(super) fn read_or_count<'t>(&mut self, node: Value<'t>) -> Option<Serialized<'t>> {
        match read_node(node) {
            Ok(read) => Some(read),
            Err(problem) => {
                self.problem(problem);
                None
            }
        }
    }

    /// A node without children and without a place.
    pub(super) fn create_from(&mut self, read: &Serialized<'_>, at_micros: i64) -> Option<u32> {
        let mut name = known::NONE;
        if !read.name.is_empty() {
            name = match self.names.intern(read.name, self.limits.names) {
                Some(name) => name,
                None => {
                    self.problem(Problem::AttributeLimit);
                    return None;
                }
            };
        }
        let mut rare = Rare::default();
        let content = match read.kind {
            NodeKind::Text | NodeKind::Cdata | NodeKind::Comment => {
                Content::Text(self.allowed_text(read.text).into())
            }
            NodeKind::Element => {
                let attributes = read.attributes.map_or_else(Vec::new, |attributes| {
                    self.read_attributes(attributes, &mut rare)
                });
                Content::Attributes(attributes)
            }
            NodeKind::Doctype | NodeKind::Document => {
                let fields = [
                    (known::PUBLIC_ID, read.public_id),
                    (known::SYSTEM_ID, read.system_id),
                    (known::COMPAT_MODE, read.compat_mode),
                ];
                let present = fields.into_iter().filter_map(|(name, text)| {
                    let text = text.filter(|text| text.len() <= self.limits.text_bytes)?;
                    Some(Attribute {
                        name,
                        kind: ValueKind::Text,
                        text: text.into(),
                    })
                });
                Content::Attributes(present.collect())
            }
        };
        let at = self.create(read.id, read.kind, name, read.flags, content)?;
        if rare != Rare::default() {
            rare.media.at_micros = at_micros;
            self.change_extra(at, |extra| {
                if rare.scroll != Position::default() {
                    extra.scroll = Some(rare.scroll);
                }
                if rare.has_media {
                    extra.media = Some(rare.media);
                }
            });
        }
        if let Some(adopted) = read.adopted {
            self.read_inline_sheets(at, adopted);
        }
        Some(at)
    }

    fn read_attributes(&mut self, attributes: Value<'_>, rare: &mut Rare) -> Vec<Attribute> {
        let mut list: Vec<Attribute> = Vec::with_capacity(attributes.pairs().len().min(32));
        for (key, value) in attributes.pairs() {
            if key.starts_with("rr_") && rare.read(key, value) {
                continue;
            }
            let Some(attribute) = self.read_attribute(key, value) else {
                continue;
            };
            if let Some(same) = list.iter_mut().find(|old| old.name == attribute.name) {
                *same = attribute;
            } else if list.len() < self.limits.attributes {
                list.push(attribute);
            } else {
                self.problem(Problem::AttributeLimit);
            }
        }
        list.shrink_to_fit();
        list
    }

    /// None for an absent one (null), and, counted, for one that cannot be kept.
    pub(super) fn read_attribute(&mut self, key: &str, value: Value<'_>) -> Option<Attribute> {
        let (kind, text) = match value.kind() {
            Kind::Null => return None,
            Kind::String(text) => (ValueKind::Text, text),
            Kind::Bool(true) => (ValueKind::True, ""),
            Kind::Bool(false) => (ValueKind::False, ""),
            Kind::Number(number) => (ValueKind::Number, number),
            Kind::Integer(number) => {
                let name = self.name_or_count(key)?;
                return Some(Attribute {
                    name,
                    kind: ValueKind::Number,
                    text: number.to_string().into(),
                });
            }
            Kind::Array(_) | Kind::Object(_) => {
                self.problem(Problem::UnsupportedContent);
                return None;
            }
        };
        if text.len() > self.limits.text_bytes {
            self.problem(Problem::TextLimit);
            return None;
        }
        if !self.has_room(text_cost(text)) {
            return None;
        }
        let name = self.name_or_count(key)?;
        Some(Attribute {
            name,
            kind,
            text: text.into(),
        })
    }

    pub(super) fn name_or_count(&mut self, key: &str) -> Option<super::names::Name> {
        let name = self.names.intern(key, self.limits.names);
        if name.is_none() {
            self.problem(Problem::AttributeLimit);
        }
        name
    }

    /// As much of a text as may be kept.
    pub(super) fn allowed_text<'t>(&mut self, text: &'t str) -> &'t str {
        if !self.has_room(text_cost(text)) {
            return "";
        }
        if text.len() > self.limits.text_bytes {
            self.problem(Problem::TextLimit);
            return cut(text, self.limits.text_bytes);
        }
        text
    }
}

/// Attributes that are state, not markup.
#[derive(Default, PartialEq)]
struct Rare {
    scroll: Position,
    media: MediaState,
    has_media: bool,
}

impl Rare {
    /// Whether the attribute was one of these.
    fn read(&mut self, key: &str, value: Value<'_>) -> bool {
        match key {
            "rr_scrollLeft" => self.scroll.x = value.as_f64().unwrap_or_default(),
            "rr_scrollTop" => self.scroll.y = value.as_f64().unwrap_or_default(),
            "rr_mediaState" => {
                self.media.is_playing = value.as_str().map(|state| state == "played")
            }
            "rr_mediaCurrentTime" => self.media.current_time = value.as_f64(),
            "rr_mediaPlaybackRate" => self.media.playback_rate = value.as_f64(),
            "rr_mediaVolume" => self.media.volume = value.as_f64(),
            "rr_mediaMuted" => self.media.muted = value.as_bool(),
            "rr_mediaLoop" => self.media.is_loop = value.as_bool(),
            _ => return false,
        }
        self.has_media |= key.starts_with("rr_media");
        true
    }
}
