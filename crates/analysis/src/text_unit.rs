//! The text that stands in one block-level element, and whether it is on screen.
//!
//! There is no CSS here. What is block-level goes by the tag, and hidden is what its
//! tag, its attributes or its inline style hide. Text that only a style sheet hides
//! counts as visible.

use crate::strings::{cut, is_masked};
use foldhash::HashMap;
use rrweb::mirror::{
    AttributeValue, BLOCK_CLASSES, MARK_ATTRIBUTES, MASK_CLASSES, Mirror, NodeKey, NodeKind,
};

/// Longer texts of one element are cut.
pub const MAX_UNIT_BYTES: usize = 16 << 10;
/// Nodes that are looked at for the text of one element.
const MAX_UNIT_NODES: usize = 4_096;

/// Elements whose text continues that of their parent.
pub fn is_inline(tag: &str) -> bool {
    matches!(
        tag,
        "span"
            | "a"
            | "b"
            | "i"
            | "em"
            | "strong"
            | "code"
            | "mark"
            | "small"
            | "u"
            | "s"
            | "sub"
            | "sup"
            | "font"
            | "abbr"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "data"
            | "del"
            | "dfn"
            | "ins"
            | "kbd"
            | "q"
            | "samp"
            | "strike"
            | "time"
            | "tt"
            | "var"
            | "wbr"
            | "tspan"
            | "textpath"
            | "textPath"
            | "acronym"
            | "nobr"
            | "ruby"
            | "rt"
    )
}

/// A button that is drawn from its `value`.
pub fn is_value_button(mirror: &Mirror, node: NodeKey) -> bool {
    mirror.tag(node) == "input"
        && matches!(
            crate::element::attribute(mirror, node, "type"),
            Some("button" | "submit" | "reset")
        )
}

/// Whether text in this element is not on screen, is masked, or was typed.
pub fn hides(mirror: &Mirror, node: NodeKey) -> bool {
    if mirror.kind(node) != Some(NodeKind::Element) {
        return false;
    }
    let tag = mirror.tag(node);
    if matches!(
        tag,
        "head"
            | "script"
            | "style"
            | "noscript"
            | "template"
            | "title"
            | "textarea"
            | "select"
            | "datalist"
            | "option"
            | "desc"
            | "metadata"
            | "iframe"
            | "object"
            | "canvas"
            | "audio"
            | "video"
    ) {
        // The document in a frame has the frame as its parent.
        return tag != "iframe";
    }
    let mut is_open = false;
    for (name, value) in mirror.attributes(node) {
        let text = value.as_str();
        match name {
            "hidden" if value != AttributeValue::Bool(false) => return true,
            "style" if text.is_some_and(style_hides) => return true,
            "class" => {
                let mut classes = text.unwrap_or_default().split_ascii_whitespace();
                if classes
                    .any(|class| BLOCK_CLASSES.contains(&class) || MASK_CLASSES.contains(&class))
                {
                    return true;
                }
            }
            "contenteditable" => match value {
                AttributeValue::Text(text) if text.eq_ignore_ascii_case("false") => {}
                AttributeValue::Bool(false) => {}
                _ => return true,
            },
            "role" if text == Some("textbox") => return true,
            "rr_width" => return true,
            _ if MARK_ATTRIBUTES.contains(&name) => return true,
            "open" => is_open = true,
            "rr_open_mode" => is_open = true,
            _ => {}
        }
    }
    if tag == "dialog" {
        return !is_open || mirror.attribute(node, "open").is_none();
    }
    // In a closed `details` only the summary shows.
    tag != "summary"
        && mirror
            .parent(node)
            .is_some_and(|parent| is_closed_details(mirror, parent))
}

fn is_closed_details(mirror: &Mirror, node: NodeKey) -> bool {
    mirror.tag(node) == "details" && mirror.attribute(node, "open").is_none()
}

/// `display: none` or `visibility: hidden`, however it is spaced.
pub fn style_hides(style: &str) -> bool {
    let has = |property: &str, value: &str| {
        style.match_indices(property).any(|(at, _)| {
            let rest = style[at + property.len()..].trim_start();
            let starts = at == 0 || matches!(style.as_bytes()[at - 1], b';' | b' ');
            starts
                && rest
                    .strip_prefix(':')
                    .is_some_and(|rest| rest.trim_start().starts_with(value))
        })
    };
    has("display", "none") || has("visibility", "hidden")
}

/// Answers of [`block_around`], while the tree stays as it is.
pub type Known = HashMap<NodeKey, Option<NodeKey>>;

/// The block-level element that text in `from` belongs to; None when it is hidden.
pub fn block_around(mirror: &Mirror, from: NodeKey, known: &mut Known) -> Option<NodeKey> {
    let mut climbed = Vec::new();
    let mut block = None;
    let mut is_root = true;
    for node in mirror.ancestors(from) {
        if let Some(answer) = known.get(&node) {
            block = *answer;
            is_root = false;
            break;
        }
        climbed.push(node);
    }
    // Above the top document nothing hides.
    let mut is_hidden = !is_root && block.is_none();
    for node in climbed.into_iter().rev() {
        is_hidden = is_hidden || hides(mirror, node);
        let continues = mirror.kind(node) == Some(NodeKind::Element)
            && is_inline(mirror.tag(node))
            && block.is_some();
        if !continues {
            block = Some(node);
        }
        if is_hidden {
            block = None;
        }
        known.insert(node, block);
    }
    block
}

/// The nearest block-level element, without asking whether it is hidden.
pub fn nearest_block(mirror: &Mirror, from: NodeKey) -> Option<NodeKey> {
    mirror
        .ancestors(from)
        .find(|node| !is_inline(mirror.tag(*node)))
}

/// The text of a block-level element without that of the blocks in it; white space
/// collapsed. Empty when masked.
pub fn read(mirror: &Mirror, block: NodeKey) -> String {
    let mut reader = Reader::default();
    if is_value_button(mirror, block) {
        reader.push(crate::element::attribute(mirror, block, "value").unwrap_or_default());
        return reader.finish();
    }
    if is_closed_details(mirror, block) {
        return String::new();
    }
    let first = |node| {
        mirror
            .children(node)
            .next()
            .or_else(|| mirror.shadow_children(node).next())
    };
    let mut open: Vec<NodeKey> = vec![block];
    let mut next = first(block);
    for _ in 0..MAX_UNIT_NODES {
        let Some(node) = next else {
            // Everything in the innermost open element was read.
            let Some(done) = open.pop().filter(|_| !open.is_empty()) else {
                break;
            };
            reader.boundary();
            next = after(mirror, done);
            continue;
        };
        if reader.text.len() >= MAX_UNIT_BYTES {
            break;
        }
        match mirror.kind(node) {
            Some(NodeKind::Text) => reader.push(cut(mirror.text(node), MAX_UNIT_BYTES)),
            Some(NodeKind::Element) if is_inline(mirror.tag(node)) && !hides(mirror, node) => {
                reader.boundary();
                open.push(node);
                next = first(node);
                continue;
            }
            Some(NodeKind::Element) => reader.needs_space = true,
            _ => {}
        }
        next = after(mirror, node);
    }
    reader.finish()
}

/// The next child of the same element: those of the shadow root come last.
fn after(mirror: &Mirror, node: NodeKey) -> Option<NodeKey> {
    mirror.next_sibling(node).or_else(|| {
        if mirror.is_shadow_child(node) {
            return None;
        }
        mirror.shadow_children(mirror.parent(node)?).next()
    })
}

#[derive(Default)]
struct Reader {
    text: String,
    needs_space: bool,
    /// An element began or ended since the last character.
    is_boundary: bool,
}

impl Reader {
    fn boundary(&mut self) {
        self.is_boundary = true;
    }

    fn push(&mut self, piece: &str) {
        if piece.starts_with(char::is_whitespace) {
            self.needs_space = true;
        }
        for word in piece.split_whitespace() {
            let glued = self.is_boundary && self.looks_like_two_words(word);
            if (self.needs_space || glued) && !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
            self.needs_space = true;
            self.is_boundary = false;
        }
        self.needs_space =
            piece.ends_with(char::is_whitespace) || (self.needs_space && piece.trim().is_empty());
    }

    /// Elements next to each other are often set apart by a style sheet only:
    /// `Status` `Active`, `Total` `12`. A word that is cut in two goes on in small
    /// letters.
    fn looks_like_two_words(&self, next: &str) -> bool {
        let (Some(last), Some(first)) = (self.text.chars().next_back(), next.chars().next()) else {
            return false;
        };
        (last.is_alphanumeric() && first.is_uppercase() && !last.is_uppercase())
            || (last.is_alphabetic() && first.is_numeric())
            || (last.is_numeric() && first.is_alphabetic())
    }

    fn finish(mut self) -> String {
        if is_masked(&self.text) {
            return String::new();
        }
        let end = cut(&self.text, MAX_UNIT_BYTES).len();
        self.text.truncate(end);
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pieces: &[&str]) -> String {
        let mut reader = Reader::default();
        for piece in pieces {
            if *piece == "|" {
                reader.boundary();
            } else {
                reader.push(piece);
            }
        }
        reader.finish()
    }

    #[test]
    fn pieces_join_as_they_are_seen() {
        assert_eq!(joined(&["Pay", "|", "ment declined"]), "Payment declined");
        assert_eq!(joined(&["  Pay ", " now\n", "!"]), "Pay now !");
        assert_eq!(joined(&["Status", "|", "Active"]), "Status Active");
        assert_eq!(joined(&["Total", "|", "12", "|", "pcs"]), "Total 12 pcs");
        assert_eq!(joined(&["Hel", "lo W", "orld"]), "Hello World");
        assert_eq!(joined(&["a", " ", "b"]), "a b");
        assert_eq!(joined(&["*** **"]), "");
    }

    #[test]
    fn inline_styles_that_hide() {
        assert!(style_hides("color: red; display:none"));
        assert!(style_hides("visibility : hidden;"));
        assert!(!style_hides("display: block"));
        assert!(!style_hides("--display: none"));
    }
}
