//! The arena and its links. Nothing here knows rrweb.

use super::names::Name;
use super::node::{Content, Extra, NIL, Node, NodeKey, NodeKind, flag};
use super::{Mirror, Problem};

impl Mirror {
    pub(super) fn node(&self, at: u32) -> Option<&Node> {
        self.nodes
            .get(at as usize)
            .filter(|node| node.is(flag::ALIVE))
    }

    pub(super) fn node_mut(&mut self, at: u32) -> Option<&mut Node> {
        self.nodes
            .get_mut(at as usize)
            .filter(|node| node.is(flag::ALIVE))
    }

    pub(super) fn extra(&self, at: u32) -> Option<&Extra> {
        let node = self.node(at)?;
        if !node.is(flag::EXTRA) {
            return None;
        }
        self.extras.get(&at).map(|extra| &**extra)
    }

    /// Changes the extras of a living node, keeping count of their memory.
    pub(super) fn change_extra<R>(
        &mut self,
        at: u32,
        change: impl FnOnce(&mut Extra) -> R,
    ) -> Option<R> {
        let node = self
            .nodes
            .get_mut(at as usize)
            .filter(|node| node.is(flag::ALIVE))?;
        node.flags |= flag::EXTRA;
        let extra = self.extras.entry(at).or_insert_with(|| {
            self.content_bytes += size_of::<Extra>() + 32;
            Box::default()
        });
        let before = extra.cost();
        let result = change(extra);
        self.content_bytes = (self.content_bytes + extra.cost()).saturating_sub(before);
        Some(result)
    }

    /// A new node without a place in the tree; None, and counted, when the page is
    /// full.
    pub(super) fn create(
        &mut self,
        id: i64,
        kind: NodeKind,
        name: Name,
        flags: u8,
        content: Content,
    ) -> Option<u32> {
        if self.node_count() >= self.limits.nodes {
            self.problem(Problem::NodeLimit);
            return None;
        }
        let node = Node {
            id,
            parent: NIL,
            previous: NIL,
            next: NIL,
            first: NIL,
            last: NIL,
            name,
            depth: 0,
            kind,
            flags: flags | flag::ALIVE,
            content,
        };
        self.content_bytes += node.cost();
        let at = match self.free.pop() {
            Some(at) => {
                self.nodes[at as usize] = node;
                at
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        };
        self.ids.insert(id, at);
        Some(at)
    }

    /// Puts a node without a place below `parent`, before its child `before` (NIL:
    /// as the last one). False, and counted, when that is too deep.
    pub(super) fn link(&mut self, parent: u32, at: u32, before: u32, in_shadow: bool) -> bool {
        let is_document = self
            .node(at)
            .is_some_and(|node| node.kind == NodeKind::Document);
        let depth = match self.node(parent) {
            Some(_) if is_document => 0,
            Some(node) => node.depth.saturating_add(1),
            None => return false,
        };
        if depth > self.limits.depth {
            self.problem(Problem::DepthLimit);
            return false;
        }
        let previous = match self.node(before) {
            Some(next) => next.previous,
            None if in_shadow => self.extra(parent).map_or(NIL, |extra| extra.last_shadow),
            None => self.node(parent).map_or(NIL, |node| node.last),
        };
        if let Some(node) = self.node_mut(at) {
            node.parent = parent;
            node.previous = previous;
            node.next = before;
            node.depth = depth;
            if in_shadow {
                node.flags |= flag::SHADOW;
            } else {
                node.flags &= !flag::SHADOW;
            }
        }
        self.set_next(parent, previous, at, in_shadow);
        self.set_previous(parent, before, at, in_shadow);
        true
    }

    /// Takes a node out of its place, with everything below it.
    pub(super) fn unlink(&mut self, at: u32) {
        let Some(node) = self.node_mut(at) else {
            return;
        };
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        let in_shadow = node.is(flag::SHADOW);
        node.parent = NIL;
        node.previous = NIL;
        node.next = NIL;
        if parent == NIL {
            return;
        }
        if self
            .extra(parent)
            .is_some_and(|extra| extra.frame_document == at)
        {
            self.change_extra(parent, |extra| extra.frame_document = NIL);
            return;
        }
        self.set_next(parent, previous, next, in_shadow);
        self.set_previous(parent, next, previous, in_shadow);
    }

    /// What follows `at` among the children of `parent`; NIL stands for the start.
    fn set_next(&mut self, parent: u32, at: u32, next: u32, in_shadow: bool) {
        if at != NIL {
            self.nodes[at as usize].next = next;
        } else if in_shadow {
            self.change_extra(parent, |extra| extra.first_shadow = next);
        } else {
            self.nodes[parent as usize].first = next;
        }
    }

    /// What precedes `at` among the children of `parent`; NIL stands for the end.
    fn set_previous(&mut self, parent: u32, at: u32, previous: u32, in_shadow: bool) {
        if at != NIL {
            self.nodes[at as usize].previous = previous;
        } else if in_shadow {
            self.change_extra(parent, |extra| extra.last_shadow = previous);
        } else {
            self.nodes[parent as usize].last = previous;
        }
    }

    /// Forgets an unlinked node and everything below it.
    pub(super) fn free_subtree(&mut self, at: u32) {
        let mut doomed = vec![at];
        while let Some(at) = doomed.pop() {
            let Some(node) = self.node(at) else {
                continue;
            };
            let (id, cost, is_aside) = (node.id, node.cost(), node.is(flag::ASIDE));
            let mut child = node.first;
            while let Some(node) = self.node(child) {
                doomed.push(child);
                child = node.next;
            }
            if let Some(extra) = self.extra(at) {
                let mut child = extra.first_shadow;
                doomed.push(extra.frame_document);
                while let Some(node) = self.node(child) {
                    doomed.push(child);
                    child = node.next;
                }
            }
            if let Some(extra) = self.extras.remove(&at) {
                self.content_bytes = self.content_bytes.saturating_sub(extra.cost() + 32);
            }
            self.content_bytes = self.content_bytes.saturating_sub(cost);
            if self.ids.get(&id) == Some(&at) {
                self.ids.remove(&id);
            }
            if is_aside {
                self.aside.remove(&id);
            }
            let node = &mut self.nodes[at as usize];
            node.flags = 0;
            node.content = Content::Text(Box::default());
            self.free.push(at);
        }
    }

    /// Whether `at` is `ancestor` or below it.
    pub(super) fn is_within(&self, mut at: u32, ancestor: u32) -> bool {
        while at != NIL {
            if at == ancestor {
                return true;
            }
            at = self.node(at).map_or(NIL, |node| node.parent);
        }
        false
    }

    /// The next node of the subtree `root` in document order.
    fn following(&self, at: u32, root: u32) -> u32 {
        let Some(node) = self.node(at) else {
            return NIL;
        };
        if node.first != NIL {
            return node.first;
        }
        let inner = self.first_hidden(at);
        if inner != NIL {
            return inner;
        }
        let mut at = at;
        while at != root {
            let Some(node) = self.node(at) else {
                return NIL;
            };
            if node.next != NIL {
                return node.next;
            }
            let parent = node.parent;
            // The light children of a host come first, then those in its shadow, then
            // the document of a frame.
            let inner = if node.kind == NodeKind::Document {
                NIL
            } else if node.is(flag::SHADOW) {
                self.extra(parent).map_or(NIL, |extra| extra.frame_document)
            } else {
                self.first_hidden(parent)
            };
            if inner != NIL {
                return inner;
            }
            at = parent;
        }
        NIL
    }

    /// First node of the shadow root or of the frame's document.
    fn first_hidden(&self, at: u32) -> u32 {
        self.extra(at).map_or(NIL, |extra| {
            if extra.first_shadow != NIL {
                extra.first_shadow
            } else {
                extra.frame_document
            }
        })
    }
}

/// See [`Mirror::descendants`].
pub struct Descendants<'m> {
    pub(super) mirror: &'m Mirror,
    pub(super) root: u32,
    pub(super) at: u32,
}

impl Iterator for Descendants<'_> {
    type Item = NodeKey;

    fn next(&mut self) -> Option<NodeKey> {
        let at = self.at;
        self.mirror.node(at)?;
        self.at = self.mirror.following(at, self.root);
        Some(NodeKey(at))
    }
}

/// See [`Mirror::children`].
pub struct Children<'m> {
    pub(super) mirror: &'m Mirror,
    pub(super) at: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeKey;

    fn next(&mut self) -> Option<NodeKey> {
        let at = self.at;
        self.at = self.mirror.node(at)?.next;
        Some(NodeKey(at))
    }
}
