//! Asking the mirror. All answers about a dead node are empty.

use super::names::known;
use super::node::{
    AttributeValue, Extra, FormState, MediaState, NIL, Node, NodeKey, NodeKind, Position, flag,
};
use super::tree::{Children, Descendants};
use super::{Mirror, Pointer, SelectedRange, Viewport};

/// Classes by which recorders leave out the content of an element.
pub const BLOCK_CLASSES: [&str; 6] = [
    "rr-block",
    "amp-block",
    "reenact-block",
    "sentry-block",
    "ph-no-capture",
    "mp-block",
];

/// Classes by which recorders replace the text in an element by asterisks.
pub const MASK_CLASSES: [&str; 6] = [
    "rr-mask",
    "amp-mask",
    "reenact-mask",
    "sentry-mask",
    "ph-mask",
    "mp-mask",
];

/// Attributes that mean the same as one of these classes, whatever their value is.
pub const MARK_ATTRIBUTES: [&str; 9] = [
    "data-rr-block",
    "data-rr-mask",
    "data-amp-block",
    "data-amp-mask",
    "data-reenact-block",
    "data-reenact-mask",
    "data-sentry-block",
    "data-sentry-mask",
    "data-dtrum-mask",
];

impl Mirror {
    /// Whether there is a page at all.
    pub fn has_page(&self) -> bool {
        self.root != NIL
    }

    /// The top document.
    pub fn root(&self) -> Option<NodeKey> {
        self.key(self.root)
    }

    pub fn node_by_id(&self, id: i64) -> Option<NodeKey> {
        self.ids.get(&id).map(|at| NodeKey(*at))
    }

    /// The rrweb id; 0 for a dead node.
    pub fn id(&self, node: NodeKey) -> i64 {
        self.node(node.0).map_or(0, |node| node.id)
    }

    pub fn kind(&self, node: NodeKey) -> Option<NodeKind> {
        self.node(node.0).map(|node| node.kind)
    }

    /// The parent; of a child of a shadow root its host, of a document its frame.
    pub fn parent(&self, node: NodeKey) -> Option<NodeKey> {
        self.key(self.node(node.0)?.parent)
    }

    /// Light children, in order.
    pub fn children(&self, node: NodeKey) -> Children<'_> {
        let at = self.node(node.0).map_or(NIL, |node| node.first);
        Children { mirror: self, at }
    }

    /// Children of the shadow root, in order.
    pub fn shadow_children(&self, node: NodeKey) -> Children<'_> {
        let at = self.extra(node.0).map_or(NIL, |extra| extra.first_shadow);
        Children { mirror: self, at }
    }

    /// The document in a frame.
    pub fn frame_document(&self, frame: NodeKey) -> Option<NodeKey> {
        self.key(self.extra(frame.0)?.frame_document)
    }

    pub fn next_sibling(&self, node: NodeKey) -> Option<NodeKey> {
        self.key(self.node(node.0)?.next)
    }

    /// The node and everything below it in document order: light children, then the
    /// shadow root's, then a frame's document.
    pub fn descendants(&self, node: NodeKey) -> Descendants<'_> {
        Descendants {
            mirror: self,
            root: node.0,
            at: node.0,
        }
    }

    /// All nodes of the page in document order.
    pub fn walk(&self) -> Descendants<'_> {
        self.descendants(NodeKey(self.root))
    }

    /// The node and what it is in, innermost first, out of shadow roots and frames.
    pub fn ancestors(&self, node: NodeKey) -> impl Iterator<Item = NodeKey> + '_ {
        std::iter::successors(self.key(node.0), |node| self.parent(*node))
    }

    /// Tag of an element (as recorded, lower case), name of a doctype, else empty.
    pub fn tag(&self, node: NodeKey) -> &str {
        self.node(node.0)
            .map_or("", |node| self.names.text(node.name))
    }

    pub fn is_svg(&self, node: NodeKey) -> bool {
        self.has_flag(node, flag::SVG)
    }

    pub fn is_custom(&self, node: NodeKey) -> bool {
        self.has_flag(node, flag::CUSTOM)
    }

    pub fn is_shadow_host(&self, node: NodeKey) -> bool {
        self.has_flag(node, flag::SHADOW_HOST)
    }

    /// Whether the node is a direct child of a shadow root.
    pub fn is_shadow_child(&self, node: NodeKey) -> bool {
        self.has_flag(node, flag::SHADOW)
    }

    /// Text that the player reads as a style sheet.
    pub(crate) fn is_style_text(&self, node: NodeKey) -> bool {
        self.has_flag(node, flag::STYLE_TEXT)
    }

    /// Whether the node is in a shadow tree, at any depth.
    pub fn is_in_shadow(&self, node: NodeKey) -> bool {
        self.ancestors(node)
            .take_while(|node| self.kind(*node) != Some(NodeKind::Document))
            .any(|node| self.is_shadow_child(node))
    }

    /// The document that the node lives in (itself, if it is one).
    pub fn document_of(&self, node: NodeKey) -> Option<NodeKey> {
        self.ancestors(node)
            .find(|node| self.kind(*node) == Some(NodeKind::Document))
    }

    /// Attributes in recorded order.
    pub fn attributes(&self, node: NodeKey) -> impl Iterator<Item = (&str, AttributeValue<'_>)> {
        let attributes = self.node(node.0).map_or(&[][..], Node::attributes);
        attributes
            .iter()
            .map(|attribute| (self.names.text(attribute.name), attribute.value()))
    }

    pub fn attribute(&self, node: NodeKey, name: &str) -> Option<AttributeValue<'_>> {
        self.attribute_at(node.0, self.names.find(name)?)
    }

    pub(super) fn attribute_at(
        &self,
        at: u32,
        name: super::names::Name,
    ) -> Option<AttributeValue<'_>> {
        let attributes = self.node(at)?.attributes();
        attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(super::node::Attribute::value)
    }

    /// Content of a text node, comment or CDATA section. The text below a `style`
    /// with `_cssText` is empty, see [`Mirror::style_text`].
    pub fn text(&self, node: NodeKey) -> &str {
        self.node(node.0).map_or("", Node::text)
    }

    /// Whether a text node is code of a script or a style.
    pub fn is_hidden_text(&self, node: NodeKey) -> bool {
        self.node(node.0)
            .and_then(|node| self.node(node.parent))
            .is_some_and(|parent| matches!(parent.name, known::STYLE | known::SCRIPT))
    }

    /// What a field shows: the visitor's input or else what its attributes say.
    /// None for other elements.
    pub fn form_value(&self, node: NodeKey) -> Option<&str> {
        let tag = self.node(node.0)?.name;
        if !matches!(tag, known::INPUT | known::TEXTAREA | known::SELECT) {
            return None;
        }
        if let Some(form) = self.form_state(node) {
            return Some(&form.value);
        }
        let attribute = || {
            self.attribute_at(node.0, known::VALUE)
                .and_then(AttributeValue::as_str)
        };
        Some(
            match tag {
                known::SELECT => self.selected_option(node).or_else(attribute),
                known::TEXTAREA => {
                    attribute().or_else(|| self.children(node).next().map(|text| self.text(text)))
                }
                _ => attribute(),
            }
            .unwrap_or_default(),
        )
    }

    /// The value of the option that is marked as selected, or else of the first.
    fn selected_option(&self, select: NodeKey) -> Option<&str> {
        let mut options = self.descendants(select).filter(|node| {
            self.node(node.0)
                .is_some_and(|node| node.name == known::OPTION)
        });
        let first = options.next()?;
        let is_selected = |option: &NodeKey| {
            self.attribute_at(option.0, known::SELECTED)
                .is_some_and(|value| value != AttributeValue::Bool(false))
        };
        let option = std::iter::once(first)
            .chain(options)
            .find(is_selected)
            .unwrap_or(first);
        let value = self.attribute_at(option.0, known::VALUE);
        value
            .and_then(AttributeValue::as_str)
            .or_else(|| self.children(option).next().map(|text| self.text(text)))
    }

    /// Whether a box or a radio button is checked.
    pub fn is_checked(&self, node: NodeKey) -> bool {
        match self.form_state(node) {
            Some(form) => form.checked,
            None => self
                .attribute_at(node.0, known::CHECKED)
                .is_some_and(|value| value != AttributeValue::Bool(false)),
        }
    }

    /// What the visitor made of a field, if he touched it.
    pub fn form_state(&self, node: NodeKey) -> Option<&FormState> {
        self.extra(node.0)?.form.as_ref()
    }

    /// Scroll position of an element or, for a document, of its window.
    pub fn scroll(&self, node: NodeKey) -> Option<Position> {
        self.extra(node.0)?.scroll
    }

    pub fn media_state(&self, node: NodeKey) -> Option<MediaState> {
        self.extra(node.0)?.media
    }

    /// `data` of the drawing events of a canvas since its last whole frame, as JSON.
    pub fn canvas_events(&self, node: NodeKey) -> &[Box<str>] {
        self.extra(node.0)
            .and_then(|extra| extra.canvas.as_ref())
            .map_or(&[], |canvas| &canvas.events)
    }

    /// Constructed sheets that a document or shadow host has adopted.
    pub fn adopted_sheets(&self, node: NodeKey) -> &[i64] {
        self.extra(node.0)
            .and_then(|extra| extra.adopted.as_deref())
            .unwrap_or_default()
    }

    pub(crate) fn extra_of(&self, node: NodeKey) -> Option<&Extra> {
        self.extra(node.0)
    }

    pub(crate) fn page(&self) -> &super::Page {
        &self.page
    }

    pub(crate) fn early_documents(&self) -> &[super::EarlyDocument] {
        &self.early_documents
    }

    pub(crate) fn constructed(&self) -> &[super::ConstructedSheet] {
        &self.constructed
    }

    /// The page's address according to the last Meta event.
    pub fn href(&self) -> Option<&str> {
        self.page.href.as_deref()
    }

    pub fn viewport(&self) -> Option<Viewport> {
        self.page.viewport
    }

    /// Where the pointer was last.
    pub fn pointer(&self) -> Option<Pointer> {
        self.page.pointer
    }

    /// The node that has the focus.
    pub fn focused(&self) -> Option<NodeKey> {
        self.node_by_id(self.page.focused?)
    }

    pub fn selection(&self) -> &[SelectedRange] {
        &self.page.selection
    }

    fn classes(&self, node: NodeKey) -> impl Iterator<Item = &str> {
        self.attribute_at(node.0, known::CLASS)
            .and_then(AttributeValue::as_str)
            .unwrap_or_default()
            .split_ascii_whitespace()
    }

    /// Whether the element carries a mark that its text is not to be recorded.
    pub fn is_marked(&self, node: NodeKey) -> bool {
        let is_mark = |class| BLOCK_CLASSES.contains(&class) || MASK_CLASSES.contains(&class);
        let mut names = self.attributes(node).map(|(name, _)| name);
        self.classes(node).any(is_mark) || names.any(|name| MARK_ATTRIBUTES.contains(&name))
    }

    /// Whether the node is in an element with such a mark.
    pub fn is_masked(&self, node: NodeKey) -> bool {
        self.ancestors(node).any(|node| self.is_marked(node))
    }

    pub fn node_count(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Memory that the mirror holds, in constant time.
    pub fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.free.capacity() * size_of::<u32>()
            + self.ids.capacity() * (size_of::<(i64, u32)>() + 1)
            + self.extras.capacity() * (size_of::<(u32, usize)>() + 1)
            + self.names.memory_bytes()
            + self.content_bytes
            + self.other_bytes
    }

    fn has_flag(&self, node: NodeKey, bit: u8) -> bool {
        self.node(node.0).is_some_and(|node| node.is(bit))
    }

    fn key(&self, at: u32) -> Option<NodeKey> {
        self.node(at).map(|_| NodeKey(at))
    }
}
