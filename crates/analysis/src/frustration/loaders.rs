//! Endless spinners: an element that says "wait" and stays.
//!
//! There is no layout here, so a spinner that only a style sheet hides looks like one
//! that is shown. Therefore one that came with the page counts only when it says to be
//! busy in words for screen readers, and the foot of a long list, which waits to be
//! scrolled to, does not count at all.

use super::Found;
use crate::changes::is_shown;
use crate::element::{self, attribute};
use crate::fact::Signal;
use crate::settings::Settings;
use rrweb::mirror::{Mirror, NodeKey, NodeKind};
use serde::{Deserialize, Serialize};

/// What all words of spinners contain.
const STEMS: [&[u8; 4]; 4] = [b"spin", b"load", b"skel", b"shim"];
const MAX_LOADERS: usize = 16;
/// Nodes that are looked at in what was added, or in a page.
const MAX_ADDED_NODES: usize = 200;
const MAX_PAGE_NODES: usize = 20_000;
/// Elements beside the last child that make a list of their parent.
const LIST: usize = 3;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Loaders {
    shown: Vec<Loader>,
    /// Until when an endless one was reported: others beside it are the same wait.
    reported_until_us: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Loader {
    node_id: i64,
    since_us: i64,
    label: Option<String>,
}

/// Words of class names; `loaded` and `loading-done` are none.
fn is_loader_class(class: &str) -> bool {
    // Most classes are none: a quick look first.
    let has_stem = class.as_bytes().windows(4).any(|stem| {
        STEMS
            .iter()
            .any(|known| stem.eq_ignore_ascii_case(known.as_slice()))
    });
    if !has_stem {
        return false;
    }
    let mut is_loader = false;
    for token in class.split_ascii_whitespace().take(32) {
        if token == "animate-spin" {
            is_loader = true;
        }
        for word in words(token) {
            match word.to_ascii_lowercase().as_str() {
                "spinner" | "spinning" | "loader" | "loading" | "preloader" | "skeleton"
                | "shimmer" => is_loader = true,
                // A box around what may load, always there.
                "nested" => return false,
                "loaded" | "done" | "complete" | "hidden" | "hide" | "lazy" => return false,
                _ => {}
            }
        }
    }
    is_loader
}

/// `ButtonSpinner_root--small` is Button, Spinner, root, small.
fn words(token: &str) -> impl Iterator<Item = &str> {
    token.split(['-', '_']).flat_map(|part| {
        let mut starts: Vec<usize> = part
            .char_indices()
            .filter(|(at, sign)| *at > 0 && sign.is_ascii_uppercase())
            .map(|(at, _)| at)
            .collect();
        starts.insert(0, 0);
        starts.push(part.len());
        let pairs: Vec<(usize, usize)> = starts.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.into_iter().map(|(from, to)| &part[from..to])
    })
}

fn says_busy(mirror: &Mirror, node: NodeKey) -> bool {
    attribute(mirror, node, "aria-busy") == Some("true")
        || (attribute(mirror, node, "role") == Some("progressbar")
            && mirror.attribute(node, "aria-valuenow").is_none())
        || (mirror.tag(node) == "progress" && mirror.attribute(node, "value").is_none())
}

fn is_loader(mirror: &Mirror, node: NodeKey) -> bool {
    mirror.kind(node) == Some(NodeKind::Element)
        && !matches!(
            mirror.tag(node),
            "html" | "head" | "script" | "style" | "link" | "img" | "iframe" | "video" | "source"
        )
        && (says_busy(mirror, node)
            || attribute(mirror, node, "class").is_some_and(is_loader_class))
}

/// The last child of a list: more comes when it is scrolled to.
fn is_foot_of_list(mirror: &Mirror, node: NodeKey) -> bool {
    let is_element = |node: &NodeKey| mirror.kind(*node) == Some(NodeKind::Element);
    let Some(parent) = mirror.parent(node) else {
        return false;
    };
    let mut next = mirror.next_sibling(node);
    while let Some(sibling) = next {
        if is_element(&sibling) {
            return false;
        }
        next = mirror.next_sibling(sibling);
    }
    let others = mirror
        .children(parent)
        .filter(|child| is_element(child) && *child != node && !is_loader(mirror, *child));
    others.take(LIST).count() == LIST
}

impl Loaders {
    /// A page, or a page that is seen again.
    pub fn enter(&mut self, at_us: i64, mirror: &Mirror) {
        self.shown.clear();
        for node in mirror.walk().take(MAX_PAGE_NODES) {
            if mirror.kind(node) == Some(NodeKind::Element) && says_busy(mirror, node) {
                self.appeared(at_us, mirror, node);
            }
        }
    }

    pub fn added(&mut self, at_us: i64, mirror: &Mirror, node: NodeKey) {
        for node in mirror.descendants(node).take(MAX_ADDED_NODES) {
            if is_loader(mirror, node) {
                self.appeared(at_us, mirror, node);
            }
        }
    }

    fn appeared(&mut self, at_us: i64, mirror: &Mirror, node: NodeKey) {
        let node_id = mirror.id(node);
        if self.shown.len() < MAX_LOADERS
            && self.shown.iter().all(|loader| loader.node_id != node_id)
            && is_shown(mirror, node)
        {
            self.shown.push(Loader {
                node_id,
                since_us: at_us,
                label: Some(element::selector(mirror, node)),
            });
        }
    }

    pub fn attribute_changed(
        &mut self,
        at_us: i64,
        mirror: &Mirror,
        node: NodeKey,
        name: &str,
        settings: &Settings,
    ) -> Option<Found> {
        if !matches!(
            name,
            "class" | "aria-busy" | "aria-valuenow" | "value" | "role" | "style" | "hidden"
        ) {
            return None;
        }
        if matches!(name, "style" | "hidden") && !self.shown.is_empty() && !is_shown(mirror, node) {
            return self.removing(at_us, mirror, node, settings);
        }
        if is_loader(mirror, node) {
            self.appeared(at_us, mirror, node);
            return None;
        }
        let node_id = mirror.id(node);
        self.gone(at_us, settings, mirror, |loader, _| {
            loader.node_id == node_id
        })
    }

    /// A node goes, or hides, with what is in it.
    pub fn removing(
        &mut self,
        at_us: i64,
        mirror: &Mirror,
        node: NodeKey,
        settings: &Settings,
    ) -> Option<Found> {
        self.gone(at_us, settings, mirror, |_, key| {
            key.is_none_or(|key| mirror.ancestors(key).any(|around| around == node))
        })
    }

    fn gone(
        &mut self,
        at_us: i64,
        settings: &Settings,
        mirror: &Mirror,
        is_gone: impl Fn(&Loader, Option<NodeKey>) -> bool,
    ) -> Option<Found> {
        let mut first = None;
        let mut at = 0;
        while at < self.shown.len() {
            let loader = &self.shown[at];
            let key = mirror.node_by_id(loader.node_id);
            if !is_gone(loader, key) {
                at += 1;
                continue;
            }
            let is_foot = key.is_some_and(|key| is_foot_of_list(mirror, key));
            let loader = self.shown.remove(at);
            if !is_foot {
                first.get_or_insert(loader);
            }
        }
        self.found(first?, at_us, settings)
    }

    /// All of them go.
    pub fn end(&mut self, at_us: i64, mirror: &Mirror, settings: &Settings) -> Option<Found> {
        self.gone(at_us, settings, mirror, |_, _| true)
    }

    fn found(&mut self, loader: Loader, at_us: i64, settings: &Settings) -> Option<Found> {
        let is_long =
            at_us.saturating_sub(loader.since_us) >= i64::from(settings.spinner_ms) * 1_000;
        let is_new = self
            .reported_until_us
            .is_none_or(|until| loader.since_us >= until);
        if !is_long || !is_new {
            return None;
        }
        self.reported_until_us = Some(at_us);
        Some(Found {
            from_us: loader.since_us,
            until_us: at_us,
            signal: Signal::EndlessSpinner,
            node_id: Some(loader.node_id),
            label: loader.label,
            count: 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_spinners() {
        for class in [
            "spinner",
            "ant-spin ant-spin-spinning",
            "btn is-loading",
            "MuiSkeleton-root",
            "ButtonSpinner_root__x1",
            "h-4 animate-spin",
        ] {
            assert!(is_loader_class(class), "{class}");
        }
        for class in [
            "spin-button",
            "page loaded",
            "loading-done",
            "lazy-loading",
            "downloading-list-item-x",
            "loading hidden",
            "ant-spin-nested-loading",
            "upload",
        ] {
            assert!(!is_loader_class(class), "{class}");
        }
    }
}
