//! The page as the player would show it, kept up to date event by event.
//!
//! A [`Mirror`] holds one page: a tree of nodes under their rrweb ids and what a
//! keyframe needs besides (scroll positions, field values, edited style sheets,
//! drawn canvases, the pointer, the selection). [`Mirror::apply`] takes a parsed
//! event and changes the state as rrweb's Replayer would; a full snapshot replaces
//! everything.
//!
//! - **Tree.** Nodes lie in an arena and are linked to their siblings both ways, so
//!   that inserting and removing take the same time everywhere. A shadow root is no
//!   node: its children name the host as parent and form a second list, after the
//!   light one. The document in a frame names the `iframe` as parent but is not
//!   among its children. A child is `light`, `shadow` or a frame's document.
//! - **Rare state** (scroll, form, media, sheets, canvas) lies beside the arena, so
//!   that a node stays small. Names of tags and attributes are stored once.
//! - **Attributes** are kept as the recorder wrote them, in order. What a visitor
//!   changes in a field is kept apart from its attributes, as in a browser.
//! - **Styles.** The text of a sheet is `_cssText`, cut among the text children, or
//!   else the children's own text; rules edited by script are a list of edits on
//!   top, folded when long. There is no CSS parser.
//! - **Faults.** Nothing fails: what cannot be applied is left out and counted in
//!   [`Mirror::integrity`]. Every event takes time in proportion to its size (or to
//!   what it removes), whatever it holds, and nothing recurses. [`Limits`] bound
//!   the memory.
//! - **Observers.** An [`Observer`] hears of every change while it happens; that is
//!   how text for search and "did anything change?" are had in the same pass.

mod compare;
mod events;
mod frames;
mod inline_style;
mod integrity;
mod limits;
mod mutation;
mod names;
mod node;
mod observer;
mod place;
mod read;
mod sheets;
mod snapshot;
mod style;
mod tree;

pub use compare::Comparison;
pub use integrity::{Integrity, Problem};
pub use limits::Limits;
pub use node::{AttributeValue, FormState, MediaState, NodeKey, NodeKind, Position};
pub use observer::{Observer, StyleChange};
pub use read::{BLOCK_CLASSES, MARK_ATTRIBUTES, MASK_CLASSES};
pub use tree::{Children, Descendants};

pub(crate) use frames::EarlyDocument;
pub(crate) use node::Extra;
pub(crate) use sheets::{Edit, Path, Sheet, split_rules};

use crate::kind;
use crate::summary::Viewport;
use crate::tape::Value;
use names::{Names, Seeded};
use node::{NIL, Node};
use std::collections::HashMap;

/// See the module.
pub struct Mirror {
    limits: Limits,
    integrity: Integrity,
    nodes: Vec<Node>,
    /// Dead places in `nodes`.
    free: Vec<u32>,
    ids: HashMap<i64, u32, Seeded>,
    extras: HashMap<u32, Box<Extra>, Seeded>,
    names: Names,
    /// The top document.
    root: u32,
    /// Counts changes that are ordered among each other.
    sequence: u64,
    constructed: Vec<ConstructedSheet>,
    /// Place in `constructed` of a style id.
    constructed_index: HashMap<i64, usize, Seeded>,
    /// Old recorders: nodes that wait for the sibling that names them.
    aside: HashMap<i64, place::Aside, Seeded>,
    /// Frame documents that came before their frame.
    early_documents: Vec<EarlyDocument>,
    page: Page,
    /// Heap of nodes and extras beyond their fixed size.
    content_bytes: usize,
    /// Heap of everything else that can grow.
    other_bytes: usize,
    /// Nodes that may still be moved together with what is below them.
    moves_left: usize,
}

/// What belongs to the page as a whole.
#[derive(Default)]
pub(crate) struct Page {
    pub href: Option<Box<str>>,
    pub viewport: Option<Viewport>,
    /// `data` of Font events, as JSON.
    pub fonts: Vec<Box<str>>,
    pub selection: Vec<SelectedRange>,
    pub pointer: Option<Pointer>,
    /// The field or element that has the focus.
    pub focused: Option<i64>,
    /// Names of elements defined by script.
    pub custom_elements: Vec<Box<str>>,
}

/// Where the pointer was last, relative to the frame that `id` lives in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pointer {
    pub x: f64,
    pub y: f64,
    pub id: i64,
}

/// A selected range, by ids and offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectedRange {
    pub start: i64,
    pub start_offset: i64,
    pub end: i64,
    pub end_offset: i64,
}

/// A style sheet that a script constructed.
pub(crate) struct ConstructedSheet {
    pub style_id: i64,
    /// Document or shadow host in whose window it was made.
    pub owner: i64,
    pub sheet: Sheet,
}

/// How many nodes below moved ones may be moved along in all between two snapshots.
/// Recorders send the children of a moved node anew, so this is for odd data only.
const MAX_MOVED_NODES: usize = 2_000_000;

impl Mirror {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            integrity: Integrity::default(),
            nodes: Vec::new(),
            free: Vec::new(),
            ids: HashMap::default(),
            extras: HashMap::default(),
            names: Names::new(),
            root: NIL,
            sequence: 0,
            constructed: Vec::new(),
            constructed_index: HashMap::default(),
            aside: HashMap::default(),
            early_documents: Vec::new(),
            page: Page::default(),
            content_bytes: 0,
            other_bytes: 0,
            moves_left: MAX_MOVED_NODES,
        }
    }

    /// Applies one event that happened at `at_micros` (microseconds since the epoch,
    /// by the clock of the recording).
    pub fn apply(&mut self, event: Value<'_>, at_micros: i64, observer: &mut impl Observer) {
        let Some(data) = event.get("data") else {
            return;
        };
        let number = event.get("type").and_then(Value::as_i64);
        match number.and_then(|number| u8::try_from(number).ok()) {
            Some(kind::INCREMENTAL) => self.incremental(data, at_micros, observer),
            Some(kind::FULL_SNAPSHOT) => self.full_snapshot(data, at_micros, observer),
            Some(kind::META) => self.meta(data, observer),
            _ => {}
        }
    }

    /// What was wrong with the stream so far.
    pub fn integrity(&self) -> &Integrity {
        &self.integrity
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn problem(&mut self, problem: Problem) {
        self.integrity.add(problem, 1);
    }

    /// Whether `bytes` more are allowed; counted if not.
    fn has_room(&mut self, bytes: usize) -> bool {
        let fits = self.memory_bytes().saturating_add(bytes) <= self.limits.memory_bytes;
        if !fits {
            self.problem(Problem::MemoryLimit);
        }
        fits
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror")
            .field("href", &self.page.href)
            .field("nodes", &self.node_count())
            .field("memory_bytes", &self.memory_bytes())
            .finish_non_exhaustive()
    }
}
