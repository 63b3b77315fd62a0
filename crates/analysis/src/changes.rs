//! Listens to the mirror: which text comes and goes, and whether something visible
//! changed that does not change all the time.

use crate::background::{Background, Chain, LEVELS};
use crate::clicks::Clicks;
use crate::element::attribute;
use crate::exchange::Exchange;
use crate::fact::Body;
use crate::frustration::Frustrations;
use crate::settings::Settings;
use crate::text_unit::style_hides;
use crate::texts::Texts;
use rrweb::mirror::{Mirror, NodeKey, NodeKind, Observer, StyleChange};

/// Attributes that a visitor does not see. Those of `data-` and `aria-` are judged by
/// [`is_state`].
const UNSEEN: [&str; 33] = [
    "id",
    "name",
    "for",
    "tabindex",
    "title",
    "alt",
    "href",
    "role",
    "rel",
    "target",
    "action",
    "method",
    "autocomplete",
    "autocapitalize",
    "autocorrect",
    "spellcheck",
    "draggable",
    "lang",
    "nonce",
    "integrity",
    "crossorigin",
    "loading",
    "decoding",
    "fetchpriority",
    "inputmode",
    "accesskey",
    "itemprop",
    "ant-click-animating",
    "ant-click-animating-without-extra-node",
    "xmlns",
    "enterkeyhint",
    "slot",
    "part",
];

/// Parts of class names of what only shows that the pointer is there or pressed.
const PASSING: [&str; 7] = [
    "hover",
    "focus",
    "ripple",
    "wave",
    "pressed",
    "animating",
    "touched",
];

pub struct Changes<'a> {
    pub at_us: i64,
    pub texts: &'a mut Texts,
    pub clicks: &'a mut Clicks,
    pub background: &'a mut Background,
    pub frustrations: &'a mut Frustrations,
    pub settings: &'a Settings,
    pub out: &'a mut dyn FnMut(i64, bool, Body),
    pub had_snapshot: bool,
    /// Looked at already in this event.
    pub last_place: Option<NodeKey>,
    /// While a click waits for an answer.
    pub exchange: Exchange,
}

impl Changes<'_> {
    fn changed(&mut self, mirror: &Mirror, place: NodeKey) {
        if self.last_place == Some(place) {
            return;
        }
        self.last_place = Some(place);
        let chain = chain(mirror, place);
        if self.clicks.is_awaiting()
            && !self.background.is_restless(&chain, self.at_us)
            && is_shown(mirror, place)
        {
            self.clicks.changed(self.at_us);
        }
        self.background.learn(&chain, self.at_us);
    }

    fn came_or_goes(&mut self, mirror: &Mirror, node: NodeKey, comes: bool) {
        let Some(parent) = mirror.parent(node) else {
            return;
        };
        if !self.clicks.is_awaiting() {
            if self.last_place != Some(parent) && is_visible(mirror, node) {
                self.changed(mirror, parent);
            }
        } else if is_visible(mirror, node) {
            let chain = chain(mirror, parent);
            let is_shown = is_shown(mirror, parent);
            if !self.exchange.note(mirror, node, comes, chain, is_shown) {
                self.changed(mirror, parent);
            }
        }
    }

    /// The event is over: what came for what went is known.
    pub fn settle(&mut self) {
        for place in std::mem::take(&mut self.exchange).into_places() {
            if place.is_changed()
                && place.is_shown
                && self.clicks.is_awaiting()
                && !self.background.is_restless(&place.chain, self.at_us)
            {
                self.clicks.changed(self.at_us);
            }
            self.background.learn(&place.chain, self.at_us);
        }
    }
}

impl Observer for Changes<'_> {
    fn snapshot(&mut self, mirror: &Mirror) {
        self.had_snapshot = true;
        self.last_place = None;
        self.texts.replaced(mirror, self.at_us, self.out);
    }

    fn added(&mut self, mirror: &Mirror, node: NodeKey) {
        self.texts.added(mirror, node);
        self.frustrations.added(self.at_us, mirror, node);
        self.came_or_goes(mirror, node, true);
    }

    fn removing(&mut self, mirror: &Mirror, node: NodeKey) {
        self.came_or_goes(mirror, node, false);
        self.texts.removing(mirror, node, self.at_us, self.out);
        self.frustrations
            .removing(self.at_us, mirror, node, self.settings, &mut self.out);
        // The places of dead nodes are given to new ones.
        self.last_place = None;
    }

    fn text_changed(&mut self, mirror: &Mirror, node: NodeKey, _old: &str) {
        if mirror.kind(node) != Some(NodeKind::Text) {
            return;
        }
        self.texts.text_changed(node);
        if let Some(parent) = mirror.parent(node) {
            self.changed(mirror, parent);
        }
    }

    fn attribute_changed(&mut self, mirror: &Mirror, node: NodeKey, name: &str, old: Option<&str>) {
        if matches!(name, "style" | "hidden" | "open" | "value") {
            self.texts
                .attribute_changed(mirror, node, name, old, self.at_us, self.out);
        }
        self.frustrations.attribute_changed(
            self.at_us,
            mirror,
            node,
            name,
            self.settings,
            &mut self.out,
        );
        let is_seen = match name {
            "class" => is_visible_class_change(
                old.unwrap_or_default(),
                attribute(mirror, node, "class").unwrap_or_default(),
            ),
            _ if name.starts_with("data-") || name.starts_with("aria-") => is_state(name),
            _ => !UNSEEN.contains(&name),
        };
        if is_seen {
            self.changed(mirror, node);
        }
    }

    fn style_changed(&mut self, mirror: &Mirror, change: StyleChange) {
        match change {
            StyleChange::Sheet(node) | StyleChange::Adopted(node) => {
                // Sheets mostly live in the head, which itself is not seen.
                let chain = [(mirror.id(node), 0), (0, 0), (0, 0), (0, 0)];
                self.sheet_changed(chain);
            }
            StyleChange::Constructed { style_id } => {
                // Apart from the ids of nodes, which are positive.
                let id = style_id.saturating_abs().saturating_neg().saturating_sub(1);
                self.sheet_changed([(id, 0), (0, 0), (0, 0), (0, 0)]);
            }
        }
    }

    fn media_changed(&mut self, mirror: &Mirror, node: NodeKey) {
        self.changed(mirror, node);
    }

    fn canvas_drawn(&mut self, mirror: &Mirror, node: NodeKey) {
        self.changed(mirror, node);
    }
}

impl Changes<'_> {
    fn sheet_changed(&mut self, chain: Chain) {
        if self.clicks.is_awaiting() && !self.background.is_restless(&chain, self.at_us) {
            self.clicks.changed(self.at_us);
        }
        self.background.learn(&chain, self.at_us);
    }
}

/// A place and the elements around it; the page as a whole is no place.
pub fn chain(mirror: &Mirror, place: NodeKey) -> Chain {
    let mut chain = [(0, 0); LEVELS];
    let mut child = 0;
    for (level, node) in mirror.ancestors(place).take(LEVELS).enumerate() {
        let is_page = mirror.kind(node) == Some(NodeKind::Document)
            || matches!(mirror.tag(node), "body" | "html");
        if level > 0 && is_page {
            break;
        }
        let id = mirror.id(node);
        chain[level] = (id, child);
        child = id;
    }
    chain
}

pub fn is_shown(mirror: &Mirror, node: NodeKey) -> bool {
    mirror.ancestors(node).all(|node| {
        !matches!(
            mirror.tag(node),
            "head" | "script" | "noscript" | "template" | "title"
        ) && mirror.attribute(node, "hidden").is_none()
            && !attribute(mirror, node, "style").is_some_and(style_hides)
    })
}

/// Whether the coming or going of this node can be seen.
fn is_visible(mirror: &Mirror, node: NodeKey) -> bool {
    match mirror.kind(node) {
        Some(NodeKind::Text) => !mirror.text(node).trim_ascii().is_empty(),
        Some(NodeKind::Element) => {
            let tiny = |name| {
                attribute(mirror, node, name)
                    .is_some_and(|size| matches!(size, "0" | "1" | "0px" | "1px"))
            };
            match mirror.tag(node) {
                "script" | "style" | "link" | "meta" | "noscript" | "template" | "title"
                | "base" => return false,
                // Measuring pixels and frames of other companies.
                "iframe" | "img" if tiny("width") || tiny("height") => return false,
                _ => {}
            }
            let class = attribute(mirror, node, "class").unwrap_or_default();
            !is_passing(class)
                && mirror.attribute(node, "hidden").is_none()
                && !attribute(mirror, node, "style").is_some_and(style_hides)
        }
        Some(NodeKind::Document) => true,
        _ => false,
    }
}

fn is_passing(class: &str) -> bool {
    let class = class.as_bytes();
    PASSING.iter().any(|part| {
        class
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    })
}

/// Whether classes changed that are more than a sign of the pointer.
fn is_visible_class_change(old: &str, new: &str) -> bool {
    let differs = |from: &str, to: &str| {
        from.split_ascii_whitespace().take(64).any(|class| {
            !is_passing(class) && !to.split_ascii_whitespace().any(|other| other == class)
        })
    };
    differs(old, new) || differs(new, old)
}

/// Attributes by which components are styled.
fn is_state(name: &str) -> bool {
    let state = name.split_once('-').map_or("", |(_, state)| state);
    matches!(
        state,
        "state"
            | "open"
            | "active"
            | "selected"
            | "checked"
            | "expanded"
            | "pressed"
            | "hidden"
            | "current"
            | "disabled"
            | "invalid"
            | "busy"
            | "sort"
            | "theme"
            | "visible"
            | "valuenow"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hover_and_focus_are_not_seen() {
        assert!(!is_visible_class_change("btn", "btn btn:hover is-focused"));
        assert!(!is_visible_class_change("a b", "b a"));
        assert!(is_visible_class_change("tab", "tab active"));
        assert!(is_visible_class_change("x MuiFocusVisible", "y"));
        assert!(is_state("aria-expanded"));
        assert!(!is_state("data-reactid"));
    }
}
