//! What is stored for a node.

use super::names::Name;
use super::sheets::Sheet;

/// Stands for no node in links.
pub(super) const NIL: u32 = u32::MAX;

/// A node of a [`Mirror`](super::Mirror): its place in the arena. It is valid as
/// long as the node lives; asking for a dead one gives empty answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey(pub(super) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    Document,
    Doctype,
    Element,
    Text,
    Cdata,
    Comment,
}

impl NodeKind {
    /// From the `type` of a serialised node.
    pub(super) fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Document,
            1 => Self::Doctype,
            2 => Self::Element,
            3 => Self::Text,
            4 => Self::Cdata,
            5 => Self::Comment,
            _ => return None,
        })
    }

    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn has_children(self) -> bool {
        matches!(self, Self::Document | Self::Element)
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Cdata | Self::Comment)
    }
}

/// Bits of [`Node::flags`].
pub(super) mod flag {
    /// Slot in use.
    pub const ALIVE: u8 = 1;
    /// Among the shadow children of its parent.
    pub const SHADOW: u8 = 2;
    pub const SHADOW_HOST: u8 = 4;
    pub const SVG: u8 = 8;
    pub const CUSTOM: u8 = 16;
    /// Text that the player adapts as a style sheet.
    pub const STYLE_TEXT: u8 = 32;
    /// Has an entry in `Mirror::extras`.
    pub const EXTRA: u8 = 64;
    /// Kept aside until a sibling that names it comes (old recorders).
    pub const ASIDE: u8 = 128;
}

pub(super) struct Node {
    pub id: i64,
    pub parent: u32,
    pub previous: u32,
    pub next: u32,
    /// Light children; those of a shadow root are in the extras.
    pub first: u32,
    pub last: u32,
    /// Tag of an element, name of a doctype.
    pub name: Name,
    /// Levels below the document.
    pub depth: u16,
    pub kind: NodeKind,
    pub flags: u8,
    pub content: Content,
}

pub(super) enum Content {
    Attributes(Vec<Attribute>),
    Text(Box<str>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub name: Name,
    pub kind: ValueKind,
    /// Empty unless the kind has a text.
    pub text: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Text,
    True,
    False,
    /// A JSON number by its text.
    Number,
}

/// The value of an attribute as the recorder wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeValue<'m> {
    Text(&'m str),
    Bool(bool),
    /// A JSON number by its text.
    Number(&'m str),
}

impl<'m> AttributeValue<'m> {
    pub fn as_str(self) -> Option<&'m str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Attribute {
    pub fn value(&self) -> AttributeValue<'_> {
        match self.kind {
            ValueKind::Text => AttributeValue::Text(&self.text),
            ValueKind::True => AttributeValue::Bool(true),
            ValueKind::False => AttributeValue::Bool(false),
            ValueKind::Number => AttributeValue::Number(&self.text),
        }
    }
}

/// What few nodes have.
pub(crate) struct Extra {
    pub first_shadow: u32,
    pub last_shadow: u32,
    /// The document in a frame.
    pub frame_document: u32,
    pub scroll: Option<Position>,
    pub form: Option<FormState>,
    pub media: Option<MediaState>,
    /// Edits of the rules of a `style` or `link`.
    pub sheet: Option<Box<Sheet>>,
    pub canvas: Option<Box<CanvasLog>>,
    /// Constructed sheets of a document or shadow root; None if never told.
    pub adopted: Option<Vec<i64>>,
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            first_shadow: NIL,
            last_shadow: NIL,
            frame_document: NIL,
            scroll: None,
            form: None,
            media: None,
            sheet: None,
            canvas: None,
            adopted: None,
        }
    }
}

/// CSS pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Position {
    pub x: f64,
    pub y: f64,
}

/// What the visitor made of a field, as opposed to its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormState {
    pub value: Box<str>,
    pub checked: bool,
    /// Later changes have larger numbers; of a radio group the last one wins.
    pub sequence: u64,
}

/// An `audio` or `video`. None means never told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MediaState {
    pub is_playing: Option<bool>,
    /// Seconds into the medium, at `at_micros`.
    pub current_time: Option<f64>,
    pub at_micros: i64,
    pub playback_rate: Option<f64>,
    pub volume: Option<f64>,
    pub muted: Option<bool>,
    pub is_loop: Option<bool>,
}

impl MediaState {
    /// Seconds into the medium at a later moment.
    pub fn current_time_at(&self, at_micros: i64) -> Option<f64> {
        let seconds = at_micros.saturating_sub(self.at_micros).max(0) as f64 / 1e6;
        self.current_time.map(|from| {
            if self.is_playing == Some(true) {
                let now = from + seconds * self.playback_rate.unwrap_or(1.0);
                // Nothing is lost when it is written down and read again.
                (now * 1e6).round() / 1e6
            } else {
                from
            }
        })
    }
}

/// Drawing commands of a canvas since its last whole frame.
#[derive(Default)]
pub(crate) struct CanvasLog {
    /// `data` of the events, as JSON.
    pub events: Vec<Box<str>>,
    pub bytes: usize,
    /// Commands had to be left out.
    pub is_cut: bool,
}

/// The start of a text, of so many bytes or a little less.
pub(super) fn cut(text: &str, limit_bytes: usize) -> &str {
    let mut end = limit_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What the allocator takes for a text.
pub(super) fn text_cost(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() + 16 }
}

impl Attribute {
    pub fn cost(&self) -> usize {
        size_of::<Self>() + text_cost(&self.text)
    }
}

impl Node {
    pub fn is(&self, bits: u8) -> bool {
        self.flags & bits != 0
    }

    pub fn attributes(&self) -> &[Attribute] {
        match &self.content {
            Content::Attributes(attributes) => attributes,
            Content::Text(_) => &[],
        }
    }

    pub fn text(&self) -> &str {
        match &self.content {
            Content::Attributes(_) => "",
            Content::Text(text) => text,
        }
    }

    pub fn cost(&self) -> usize {
        match &self.content {
            Content::Attributes(attributes) => attributes.iter().map(Attribute::cost).sum(),
            Content::Text(text) => text_cost(text),
        }
    }
}

impl Extra {
    pub fn cost(&self) -> usize {
        size_of::<Self>()
            + self.form.as_ref().map_or(0, |form| text_cost(&form.value))
            + self.sheet.as_ref().map_or(0, |sheet| sheet.memory_bytes())
            + self.canvas.as_ref().map_or(0, |canvas| canvas.bytes)
            + self
                .adopted
                .as_ref()
                .map_or(0, |ids| ids.len() * size_of::<i64>())
    }
}
