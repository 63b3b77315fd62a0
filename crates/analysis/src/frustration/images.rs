//! Broken images: one that the server did not have, in its place on the page.

use super::Found;
use crate::changes::is_shown;
use crate::element::attribute;
use crate::fact::Signal;
use crate::strings;
use rrweb::mirror::{Mirror, NodeKey, NodeKind};
use serde::{Deserialize, Serialize};

/// Images that were reported as broken; the same one again says nothing new.
const MAX_IMAGES: usize = 32;
const MAX_WAITING: usize = 16;
/// A page that has something else to show puts it there within this.
const FALLBACK_US: i64 = 1_000_000;
/// Nodes that are looked at for the one with an address.
const MAX_NODES: usize = 20_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Images {
    reported: Vec<String>,
    waiting: Vec<Waiting>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Waiting {
    at_us: i64,
    url: String,
    /// Looked for when it is needed if it is not known.
    node_id: Option<i64>,
}

impl Images {
    pub fn failed(&mut self, at_us: i64, url: &str, node_id: Option<i64>) {
        let url = strings::text(url);
        if let Some(known) = self.waiting.iter_mut().find(|waiting| waiting.url == url) {
            known.node_id = known.node_id.or(node_id);
        } else if self.waiting.len() < MAX_WAITING && !self.reported.contains(&url) {
            self.waiting.push(Waiting {
                at_us,
                url,
                node_id,
            });
        }
    }

    /// Those that nothing came for, while the page is what it was.
    pub fn advance(&mut self, at_us: i64, mirror: &Mirror) -> Option<Found> {
        let over = |waiting: &Waiting| at_us.saturating_sub(waiting.at_us) > FALLBACK_US;
        while let Some(at) = self.waiting.iter().position(over) {
            let waiting = self.waiting.remove(at);
            if let Some(found) = self.judge(waiting, mirror) {
                return Some(found);
            }
        }
        None
    }

    /// The end of the page.
    pub fn end(&mut self, mirror: &Mirror) -> Option<Found> {
        while let Some(waiting) = self.waiting.pop() {
            if let Some(found) = self.judge(waiting, mirror) {
                return Some(found);
            }
        }
        None
    }

    fn judge(&mut self, waiting: Waiting, mirror: &Mirror) -> Option<Found> {
        let node = match waiting.node_id {
            Some(id) => mirror
                .node_by_id(id)
                .filter(|node| shows(mirror, *node, &waiting.url)),
            None => mirror
                .walk()
                .take(MAX_NODES)
                .find(|node| shows(mirror, *node, &waiting.url)),
        }?;
        if is_tiny(mirror, node) || !is_shown(mirror, node) {
            return None;
        }
        if self.reported.len() >= MAX_IMAGES {
            self.reported.remove(0);
        }
        self.reported.push(waiting.url.clone());
        Some(Found {
            from_us: waiting.at_us,
            until_us: waiting.at_us,
            signal: Signal::BrokenImage,
            node_id: Some(mirror.id(node)),
            label: Some(waiting.url),
            count: 1,
        })
    }
}

/// Whether an image has this address now.
fn shows(mirror: &Mirror, node: NodeKey, url: &str) -> bool {
    mirror.kind(node) == Some(NodeKind::Element)
        && matches!(mirror.tag(node), "img" | "input" | "image" | "source")
        && (["src", "href", "xlink:href"]
            .iter()
            .any(|name| attribute(mirror, node, name).is_some_and(|it| strings::text(it) == url))
            || attribute(mirror, node, "srcset").is_some_and(|set| set.contains(url)))
}

/// Pictures for counting are not meant to be seen.
fn is_tiny(mirror: &Mirror, node: NodeKey) -> bool {
    ["width", "height", "rr_width", "rr_height"]
        .iter()
        .any(|name| {
            attribute(mirror, node, name)
                .is_some_and(|size| matches!(size, "0" | "1" | "0px" | "1px"))
        })
}
