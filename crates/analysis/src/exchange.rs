//! What is taken away and put back the same within one event is no change: a component
//! that draws itself again, or the same message once more.

use crate::background::Chain;
use crate::element::attribute;
use rrweb::mirror::{Mirror, NodeKey, NodeKind};
use std::hash::{Hash, Hasher};

/// Places and nodes that are compared in an event; one with more changes for sure.
const MAX_PLACES: usize = 16;
const MAX_NODES: usize = 200;

/// Comings and goings of one event, by place.
#[derive(Default)]
pub struct Exchange {
    places: Vec<Place>,
    gone: Vec<i64>,
    nodes: usize,
}

pub struct Place {
    pub chain: Chain,
    pub is_shown: bool,
    /// Sum over what came less the sum over what went.
    balance: u64,
    is_moved: bool,
}

impl Place {
    pub fn is_changed(&self) -> bool {
        self.balance != 0 || self.is_moved
    }
}

impl Exchange {
    /// Notes a node that comes, or goes. False when there is no room: then it is a change.
    pub fn note(
        &mut self,
        mirror: &Mirror,
        node: NodeKey,
        comes: bool,
        chain: Chain,
        is_shown: bool,
    ) -> bool {
        let known = self
            .places
            .iter()
            .position(|place| place.chain[0].0 == chain[0].0);
        if self.nodes >= MAX_NODES || (known.is_none() && self.places.len() >= MAX_PLACES) {
            return false;
        }
        let at = known.unwrap_or(self.places.len());
        if known.is_none() {
            self.places.push(Place {
                chain,
                is_shown,
                balance: 0,
                is_moved: false,
            });
        }
        let place = &mut self.places[at];
        for node in mirror.descendants(node).take(MAX_NODES) {
            self.nodes += 1;
            let content = content(mirror, node);
            place.balance = if comes {
                place.balance.wrapping_add(content)
            } else {
                place.balance.wrapping_sub(content)
            };
        }
        // The same node in another place of the list is seen there.
        let id = mirror.id(node);
        if comes {
            place.is_moved |= self.gone.contains(&id);
        } else {
            self.gone.push(id);
        }
        true
    }

    pub fn into_places(self) -> Vec<Place> {
        self.places
    }
}

/// A number for what is seen of a node itself, without its children.
fn content(mirror: &Mirror, node: NodeKey) -> u64 {
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    match mirror.kind(node) {
        Some(NodeKind::Text) => mirror.text(node).hash(&mut hasher),
        Some(NodeKind::Element) => {
            mirror.tag(node).hash(&mut hasher);
            for name in ["class", "style", "src", "value", "hidden", "d"] {
                attribute(mirror, node, name).hash(&mut hasher);
            }
        }
        _ => return 0,
    }
    hasher.finish()
}
