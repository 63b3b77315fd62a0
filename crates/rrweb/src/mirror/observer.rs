//! Who wants to know what changes, while it changes.

use super::{Mirror, NodeKey};

/// Called by [`Mirror::apply`] for every change that took effect. All methods do
/// nothing by default; calls are static, so an unused one costs nothing.
///
/// A consumer that keeps an index (of visible text, of clickable things) fills it in
/// `snapshot` and keeps it with `added`, `removing` and `text_changed`: every node
/// of the page is in exactly one subtree that was announced and not yet removed.
/// Keys are valid from `snapshot`/`added` until `removing` returns.
#[allow(unused_variables)]
pub trait Observer {
    /// The page was replaced as a whole: all earlier keys are void.
    fn snapshot(&mut self, mirror: &Mirror) {}

    /// `node` is in the page now, with everything below it
    /// ([`Mirror::descendants`]). Nodes that come below it later are announced by
    /// themselves. A moved node is removed and added.
    fn added(&mut self, mirror: &Mirror, node: NodeKey) {}

    /// `node` is about to go, with everything below it. It is still in place.
    fn removing(&mut self, mirror: &Mirror, node: NodeKey) {}

    /// The text of a text node, comment or CDATA section was replaced.
    fn text_changed(&mut self, mirror: &Mirror, node: NodeKey, old: &str) {}

    /// `old` is None when the attribute was absent or no text. Inline styles are
    /// attributes too (`style`).
    fn attribute_changed(&mut self, mirror: &Mirror, node: NodeKey, name: &str, old: Option<&str>) {
    }

    /// Rules changed without a change of nodes.
    fn style_changed(&mut self, mirror: &Mirror, change: StyleChange) {}

    /// Value or checked state of a field changed. `old` is what was shown before.
    fn input(&mut self, mirror: &Mirror, node: NodeKey, old_value: &str, old_checked: bool) {}

    /// An element, or a document as a whole, was scrolled.
    fn scrolled(&mut self, mirror: &Mirror, node: NodeKey) {}

    fn media_changed(&mut self, mirror: &Mirror, node: NodeKey) {}

    fn canvas_drawn(&mut self, mirror: &Mirror, node: NodeKey) {}

    fn viewport_changed(&mut self, mirror: &Mirror) {}

    fn selection_changed(&mut self, mirror: &Mirror) {}
}

/// Whose rules changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StyleChange {
    /// Rules of the sheet of a `style` or `link` were edited by script.
    Sheet(NodeKey),
    /// A constructed sheet was edited; whoever adopted it looks different.
    Constructed { style_id: i64 },
    /// A document or shadow host adopted other sheets.
    Adopted(NodeKey),
}

/// For those who only want the state.
impl Observer for () {}
