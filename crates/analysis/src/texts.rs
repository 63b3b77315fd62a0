//! Which text was on screen from when to when.
//!
//! A unit is the text of one block-level element. A text counts when it has stood
//! for [`SETTLE_US`] or has gone again; one that grows or ticks is taken when it comes
//! to rest, at the latest every [`MAX_UNREST_US`]. A unit that goes and comes back
//! with the same text within a second has not gone.

use crate::element::attribute;
use crate::fact::{Body, Fact, Text, to_ms};
use crate::text_unit::{
    Known, block_around, hides, is_value_button, nearest_block, read, style_hides,
};
use foldhash::{HashMap, HashSet};
use rrweb::mirror::{Mirror, NodeKey, NodeKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

const SETTLE_US: i64 = 1_000_000;
const MAX_UNREST_US: i64 = 10_000_000;
/// A text in one place that is replaced again and again is kept if it stood so long,
const LASTING_US: i64 = 5_000_000;
/// or is one of the first, and up to so many in all.
const MAX_SHORT_PER_UNIT: u16 = 4;
const MAX_PER_UNIT: u16 = 32;
/// Texts of one tab.
const MAX_TEXTS: u64 = 50_000;
/// Texts that are on screen at once.
const MAX_SHOWN_BYTES: usize = 32 << 20;
/// Texts that went and may come back; a stream can claim that everything happened
/// within a second.
const MAX_GHOST_BYTES: usize = 8 << 20;
/// One fact holds so much; longer texts are several.
const MAX_PART_BYTES: usize = 2_048;
/// Nodes that are looked at because an attribute shows or hides them, at once and
/// in all: a page could toggle itself for ever.
const MAX_TOGGLED_NODES: usize = 5_000;
const MAX_TOGGLED_NODES_IN_ALL: u64 = 20_000_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unit {
    since_us: i64,
    #[serde(with = "shared")]
    text: Arc<str>,
    /// Last change that is in `text`.
    changed_us: i64,
    /// First and last change that is not.
    unread_us: Option<(i64, i64)>,
    /// Texts of this place so far.
    written: u16,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ghost {
    unit: Unit,
    gone_us: i64,
}

#[derive(Debug, Default)]
pub struct Texts {
    units: HashMap<i64, Unit>,
    /// When unread units are to be read.
    due: BTreeSet<(i64, i64)>,
    /// Units that may come back, by text and id.
    ghosts: HashMap<Arc<str>, BTreeMap<i64, Ghost>>,
    gone: VecDeque<(i64, Arc<str>, i64)>,
    /// Nodes with text that appeared or changed in the running event.
    touched: Vec<NodeKey>,
    shown_bytes: usize,
    /// Of the entries of `gone`, with something for each.
    ghost_bytes: usize,
    counts: TextCounts,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct TextCounts {
    written: u64,
    dropped: u64,
    toggled_nodes: u64,
}

/// What the open text facts do not tell.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Saved {
    counts: TextCounts,
    unread: Vec<(i64, Unit)>,
    ghosts: Vec<(i64, Ghost)>,
    /// Settled units that had other texts before: id, `changed_us`, `written`.
    known: Vec<(i64, i64, u16)>,
}

/// Shared texts are stored as texts.
mod shared {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::sync::Arc;

    pub fn serialize<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Arc::from)
    }
}

type Out<'o> = &'o mut dyn FnMut(i64, bool, Body);

impl Texts {
    // While an event is applied.

    pub fn replaced(&mut self, mirror: &Mirror, at_us: i64, out: Out<'_>) {
        let mut units: Vec<(i64, Unit)> = self.units.drain().collect();
        units.sort_by_key(|(id, _)| *id);
        self.due.clear();
        self.touched.clear();
        for (id, unit) in units {
            self.shown_bytes = self.shown_bytes.saturating_sub(unit.text.len());
            self.goes(id, unit, at_us, out);
        }
        self.touch_all(mirror, mirror.walk());
    }

    pub fn added(&mut self, mirror: &Mirror, node: NodeKey) {
        self.touch_all(mirror, mirror.descendants(node));
    }

    fn touch_all(&mut self, mirror: &Mirror, nodes: impl Iterator<Item = NodeKey>) {
        for node in nodes {
            self.touch(mirror, node);
        }
    }

    pub fn touch(&mut self, mirror: &Mirror, node: NodeKey) {
        let has_text = match mirror.kind(node) {
            Some(NodeKind::Text) => !mirror.text(node).trim_ascii().is_empty(),
            Some(NodeKind::Element) => is_value_button(mirror, node),
            _ => false,
        };
        if has_text {
            self.touched.push(node);
        }
    }

    pub fn text_changed(&mut self, node: NodeKey) {
        self.touched.push(node);
    }

    /// `node` is about to go, and still in place.
    pub fn removing(&mut self, mirror: &Mirror, node: NodeKey, at_us: i64, out: Out<'_>) {
        if self.units.is_empty() {
            return;
        }
        let is_block = mirror.kind(node) == Some(NodeKind::Element)
            && !crate::text_unit::is_inline(mirror.tag(node));
        for below in mirror.descendants(node) {
            if mirror.kind(below) == Some(NodeKind::Element) {
                self.remove_unit(mirror, below, at_us, out);
            }
        }
        if !is_block
            && let Some(block) = mirror
                .parent(node)
                .and_then(|parent| nearest_block(mirror, parent))
        {
            self.unread(mirror.id(block), at_us);
        }
    }

    fn remove_unit(&mut self, mirror: &Mirror, block: NodeKey, at_us: i64, out: Out<'_>) {
        let id = mirror.id(block);
        let Some(mut unit) = self.units.remove(&id) else {
            return;
        };
        self.shown_bytes = self.shown_bytes.saturating_sub(unit.text.len());
        if let Some(unread) = unit.unread_us {
            self.due.remove(&(due_us(unread), id));
            let text = read(mirror, block);
            self.change(id, &mut unit, text, out);
        }
        if !unit.text.is_empty() {
            self.goes(id, unit, at_us, out);
        }
    }

    /// An attribute changed that can show or hide what is in the element.
    pub fn attribute_changed(
        &mut self,
        mirror: &Mirror,
        node: NodeKey,
        name: &str,
        old: Option<&str>,
        at_us: i64,
        out: Out<'_>,
    ) {
        match name {
            "value" if is_value_button(mirror, node) => return self.text_changed(node),
            "style" => {
                let hides_now = attribute(mirror, node, "style").is_some_and(style_hides);
                if hides_now == old.is_some_and(style_hides) {
                    return;
                }
            }
            "hidden" => {}
            "open" if matches!(mirror.tag(node), "details" | "dialog") => {}
            _ => return,
        }
        let left = MAX_TOGGLED_NODES_IN_ALL.saturating_sub(self.counts.toggled_nodes);
        let limit = left.min(MAX_TOGGLED_NODES as u64) as usize;
        let goes = hides(mirror, node);
        for below in mirror.descendants(node).take(limit) {
            self.counts.toggled_nodes += 1;
            if goes && mirror.kind(below) == Some(NodeKind::Element) {
                self.remove_unit(mirror, below, at_us, out);
            } else if !goes {
                // Content of `details` comes and goes; reading it tells which.
                self.unread(mirror.id(below), at_us);
                self.touch(mirror, below);
            }
        }
        if let Some(block) = mirror
            .parent(node)
            .and_then(|parent| nearest_block(mirror, parent))
        {
            self.unread(mirror.id(block), at_us);
        }
    }

    // Between events.

    /// The event has been applied: looks at what it touched.
    pub fn applied(&mut self, mirror: &Mirror, at_us: i64, out: Out<'_>) {
        if self.touched.is_empty() {
            return;
        }
        let mut known = HashMap::default();
        let mut seen = HashSet::default();
        for node in std::mem::take(&mut self.touched) {
            let from = match mirror.kind(node) {
                Some(NodeKind::Element) => Some(node),
                Some(NodeKind::Text) => mirror.parent(node),
                _ => None,
            };
            // Most changes are in places that are known; whether those are still on
            // screen is asked when they are read.
            let nearest = from.and_then(|from| nearest_block(mirror, from));
            if nearest.is_some_and(|block| self.unread(mirror.id(block), at_us)) {
                continue;
            }
            if let Some(block) = from.and_then(|from| block_around(mirror, from, &mut known))
                && seen.insert(block)
            {
                self.appears(mirror, block, at_us, out);
            }
        }
    }

    fn appears(&mut self, mirror: &Mirror, block: NodeKey, at_us: i64, out: Out<'_>) {
        let text = read(mirror, block);
        if text.is_empty() {
            return;
        }
        let id = mirror.id(block);
        let unit = match self.take_ghost(&text, id) {
            Some(unit) => unit,
            None => Unit {
                since_us: at_us,
                text: text.into(),
                changed_us: at_us,
                unread_us: None,
                written: 0,
            },
        };
        if self.shown_bytes + unit.text.len() > MAX_SHOWN_BYTES {
            return self.write(id, &unit, at_us, out);
        }
        self.shown_bytes += unit.text.len();
        self.units.insert(id, unit);
    }

    fn take_ghost(&mut self, text: &str, id: i64) -> Option<Unit> {
        let ghosts = self.ghosts.get_mut(text)?;
        let key = if ghosts.contains_key(&id) {
            id
        } else {
            *ghosts.keys().next()?
        };
        let ghost = ghosts.remove(&key)?;
        if ghosts.is_empty() {
            self.ghosts.remove(text);
        }
        Some(ghost.unit)
    }

    /// Whether there is such a unit.
    fn unread(&mut self, id: i64, at_us: i64) -> bool {
        let Some(unit) = self.units.get_mut(&id) else {
            return false;
        };
        let first_us = match unit.unread_us {
            Some(unread) => {
                self.due.remove(&(due_us(unread), id));
                unread.0
            }
            None => at_us,
        };
        unit.unread_us = Some((first_us, at_us));
        self.due.insert((due_us((first_us, at_us)), id));
        true
    }

    /// Time has come to `at_us` without a change: reads what has settled, lets go
    /// what has not come back.
    pub fn advance(&mut self, mirror: &Mirror, at_us: i64, out: Out<'_>) {
        let mut known = HashMap::default();
        while let Some((due, id)) = self.due.first().copied().filter(|(due, _)| *due < at_us) {
            self.due.remove(&(due, id));
            self.read_again(mirror, id, &mut known, out);
        }
        while self
            .gone
            .front()
            .is_some_and(|(gone_us, _, _)| at_us.saturating_sub(*gone_us) > SETTLE_US)
        {
            self.let_go(out);
        }
    }

    /// The first that went does not come back any more.
    fn let_go(&mut self, out: Out<'_>) {
        if let Some((gone_us, text, id)) = self.gone.pop_front() {
            self.ghost_bytes = self.ghost_bytes.saturating_sub(ghost_bytes(&text));
            self.forget_ghost(&text, id, gone_us, out);
        }
    }

    /// A snapshot is about to replace the page: the last chance to read.
    pub fn read_all(&mut self, mirror: &Mirror, out: Out<'_>) {
        let mut known = HashMap::default();
        while let Some((_, id)) = self.due.pop_first() {
            self.read_again(mirror, id, &mut known, out);
        }
    }

    fn read_again(&mut self, mirror: &Mirror, id: i64, known: &mut Known, out: Out<'_>) {
        let Some(mut unit) = self.units.remove(&id) else {
            return;
        };
        self.shown_bytes = self.shown_bytes.saturating_sub(unit.text.len());
        let text = current(mirror, id, known);
        self.change(id, &mut unit, text, out);
        if !unit.text.is_empty() && self.shown_bytes + unit.text.len() <= MAX_SHOWN_BYTES {
            self.shown_bytes += unit.text.len();
            self.units.insert(id, unit);
        }
    }

    /// Takes in what was unread.
    fn change(&mut self, id: i64, unit: &mut Unit, text: String, out: Out<'_>) {
        let Some((first_us, last_us)) = unit.unread_us else {
            return;
        };
        if *text == *unit.text {
            unit.unread_us = None;
            return;
        }
        let had_settled = first_us.saturating_sub(unit.changed_us) >= SETTLE_US;
        if had_settled || text.is_empty() {
            self.write(id, unit, first_us, out);
            unit.written = unit.written.saturating_add(1);
        }
        unit.since_us = since_us(unit, &text);
        unit.text = text.into();
        unit.changed_us = last_us;
        unit.unread_us = None;
    }

    fn goes(&mut self, id: i64, unit: Unit, at_us: i64, out: Out<'_>) {
        let text = unit.text.clone();
        let ghost = Ghost {
            unit,
            gone_us: at_us,
        };
        let before = self
            .ghosts
            .entry(text.clone())
            .or_default()
            .insert(id, ghost);
        self.ghost_bytes += ghost_bytes(&text);
        self.gone.push_back((at_us, text, id));
        if let Some(before) = before {
            self.write(id, &before.unit, before.gone_us, out);
        }
        while self.ghost_bytes > MAX_GHOST_BYTES {
            self.let_go(out);
        }
    }

    fn forget_ghost(&mut self, text: &Arc<str>, id: i64, gone_us: i64, out: Out<'_>) {
        let Some(ghosts) = self.ghosts.get_mut(text) else {
            return;
        };
        // The same text may have come back and gone again.
        if ghosts.get(&id).is_none_or(|ghost| ghost.gone_us != gone_us) {
            return;
        }
        let ghost = ghosts.remove(&id);
        if ghosts.is_empty() {
            self.ghosts.remove(text);
        }
        if let Some(ghost) = ghost {
            self.write(id, &ghost.unit, gone_us, out);
        }
    }

    fn write(&mut self, id: i64, unit: &Unit, until_us: i64, out: Out<'_>) {
        let is_lasting = until_us.saturating_sub(unit.since_us) >= LASTING_US;
        let is_busy =
            unit.written >= MAX_PER_UNIT || (unit.written >= MAX_SHORT_PER_UNIT && !is_lasting);
        // Figures that flash by while a table is scrolled or counts.
        let is_flash = until_us.saturating_sub(unit.since_us) < SETTLE_US
            && !unit.text.contains(char::is_alphabetic);
        if is_busy || is_flash || self.counts.written >= MAX_TEXTS {
            self.counts.dropped += 1;
            return;
        }
        self.counts.written += 1;
        write_parts(id, unit.since_us, &unit.text, Some(until_us), false, out);
    }

    /// Texts that were left out, for the integrity of the replay.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped
    }

    // From piece to piece.

    pub fn finish(self, mirror: &Mirror, out: Out<'_>) -> Saved {
        let mut saved = Saved {
            counts: self.counts,
            ..Saved::default()
        };
        let mut known = HashMap::default();
        let mut units: Vec<(i64, Unit)> = self.units.into_iter().collect();
        units.sort_by_key(|(id, _)| *id);
        for (id, unit) in units {
            match unit.unread_us {
                None => {
                    write_parts(id, unit.since_us, &unit.text, None, true, out);
                    if unit.written > 0 || unit.changed_us != unit.since_us {
                        saved.known.push((id, unit.changed_us, unit.written));
                    }
                }
                Some((first_us, _)) => {
                    let text = current(mirror, id, &mut known);
                    let had_settled = first_us.saturating_sub(unit.changed_us) >= SETTLE_US;
                    let is_same = *text == *unit.text;
                    if had_settled && !is_same {
                        write_parts(id, unit.since_us, &unit.text, Some(first_us), true, out);
                    }
                    write_parts(id, since_us(&unit, &text), &text, None, true, out);
                    saved.unread.push((id, unit));
                }
            }
        }
        for (gone_us, text, id) in self.gone {
            let ghost = self.ghosts.get(&text).and_then(|ghosts| ghosts.get(&id));
            if let Some(ghost) = ghost.filter(|ghost| ghost.gone_us == gone_us) {
                write_parts(id, ghost.unit.since_us, &text, Some(gone_us), true, out);
                saved.ghosts.push((id, ghost.clone()));
            }
        }
        saved
    }

    /// `open` are the open text facts of the piece before.
    pub fn resume(saved: Saved, open: &[Fact]) -> Self {
        let mut texts = Self {
            counts: saved.counts,
            ..Self::default()
        };
        let unread: HashSet<i64> = saved.unread.iter().map(|(id, _)| *id).collect();
        let mut parts: BTreeMap<(i64, u32), (i64, &str)> = BTreeMap::new();
        for fact in open {
            if let Body::Text(text) = &fact.body
                && text.until_ms.is_none()
                && !unread.contains(&text.node_id)
            {
                parts.insert((text.node_id, text.part), (fact.at_us, &text.text));
            }
        }
        let mut whole: BTreeMap<i64, (i64, String)> = BTreeMap::new();
        for ((id, _), (since_us, text)) in parts {
            whole
                .entry(id)
                .or_insert((since_us, String::new()))
                .1
                .push_str(text);
        }
        for (id, (since_us, text)) in whole {
            texts.shown_bytes += text.len();
            let unit = Unit {
                since_us,
                text: text.into(),
                changed_us: since_us,
                unread_us: None,
                written: 0,
            };
            texts.units.insert(id, unit);
        }
        for (id, changed_us, written) in saved.known {
            if let Some(unit) = texts.units.get_mut(&id) {
                (unit.changed_us, unit.written) = (changed_us, written);
            }
        }
        for (id, unit) in saved.unread {
            if let Some(unread) = unit.unread_us {
                texts.due.insert((due_us(unread), id));
            }
            texts.shown_bytes += unit.text.len();
            texts.units.insert(id, unit);
        }
        for (id, ghost) in saved.ghosts {
            texts.ghost_bytes += ghost_bytes(&ghost.unit.text);
            texts
                .gone
                .push_back((ghost.gone_us, ghost.unit.text.clone(), id));
            texts
                .ghosts
                .entry(ghost.unit.text.clone())
                .or_default()
                .insert(id, ghost);
        }
        texts
    }
}

/// When the new text of a unit appeared: a text that grows was there from its start.
fn since_us(unit: &Unit, text: &str) -> i64 {
    let Some((first_us, last_us)) = unit.unread_us.filter(|_| *text != *unit.text) else {
        return unit.since_us;
    };
    let had_settled = first_us.saturating_sub(unit.changed_us) >= SETTLE_US;
    match (text.starts_with(&*unit.text), had_settled) {
        (true, false) => unit.since_us,
        (true, true) => first_us,
        (false, _) => last_us,
    }
}

fn ghost_bytes(text: &str) -> usize {
    text.len() + size_of::<Ghost>() + 64
}

fn due_us((first_us, last_us): (i64, i64)) -> i64 {
    last_us
        .saturating_add(SETTLE_US)
        .min(first_us.saturating_add(MAX_UNREST_US))
}

/// What a unit shows now; nothing if it became hidden.
fn current(mirror: &Mirror, id: i64, known: &mut Known) -> String {
    let Some(block) = mirror.node_by_id(id) else {
        return String::new();
    };
    match block_around(mirror, block, known) {
        Some(_) => read(mirror, block),
        None => String::new(),
    }
}

fn write_parts(
    id: i64,
    since_us: i64,
    text: &str,
    until_us: Option<i64>,
    is_open: bool,
    out: Out<'_>,
) {
    let mut rest = text;
    let mut part = 0;
    while !rest.is_empty() {
        let end = if rest.len() <= MAX_PART_BYTES {
            rest.len()
        } else {
            // Rather between words; the space stays with the first part.
            let end = crate::strings::cut(rest, MAX_PART_BYTES).len();
            rest[..end].rfind(' ').map_or(end, |space| space + 1)
        };
        let (now, later) = rest.split_at(end);
        let text = Text {
            text: now.to_owned(),
            node_id: id,
            until_ms: until_us.map(to_ms),
            part,
        };
        out(since_us, is_open, Body::Text(Box::new(text)));
        rest = later;
        part += 1;
    }
}
