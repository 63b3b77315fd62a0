//! What was wrong with a stream, by the number.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A reason to trust a recording less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// An increment came before any full snapshot.
    NoFullSnapshot,
    /// A change of a node that is not there. A burst of these means a gap.
    MissingNode,
    /// A removal from a parent that is not there.
    MissingParent,
    /// A node was removed from another parent than the one it has.
    WrongParent,
    /// An added node whose parent or sibling never came.
    OrphanAddDropped,
    /// An added node of a document that is not there.
    UnknownRoot,
    /// Two nodes with one id.
    DuplicateId,
    /// An id that is no positive integer a browser can hold.
    InvalidId,
    /// A node was to be put under itself.
    Cycle,
    /// A snapshot in the middle of a page shows another page than the increments do.
    CheckoutDiffers,
    /// Events this mirror has no meaning for: wireframes, packed lists, odd shapes.
    UnsupportedContent,
    NodeLimit,
    DepthLimit,
    TextLimit,
    AttributeLimit,
    SheetLimit,
    CanvasLimit,
    FontLimit,
    WaitingLimit,
    MemoryLimit,
}

const PROBLEMS: [(Problem, &str); 20] = [
    (Problem::NoFullSnapshot, "no_full_snapshot"),
    (Problem::MissingNode, "missing_node"),
    (Problem::MissingParent, "missing_parent"),
    (Problem::WrongParent, "wrong_parent"),
    (Problem::OrphanAddDropped, "orphan_add_dropped"),
    (Problem::UnknownRoot, "unknown_root"),
    (Problem::DuplicateId, "duplicate_id"),
    (Problem::InvalidId, "invalid_id"),
    (Problem::Cycle, "cycle"),
    (Problem::CheckoutDiffers, "checkout_differs"),
    (Problem::UnsupportedContent, "unsupported_content"),
    (Problem::NodeLimit, "node_limit"),
    (Problem::DepthLimit, "depth_limit"),
    (Problem::TextLimit, "text_limit"),
    (Problem::AttributeLimit, "attribute_limit"),
    (Problem::SheetLimit, "sheet_limit"),
    (Problem::CanvasLimit, "canvas_limit"),
    (Problem::FontLimit, "font_limit"),
    (Problem::WaitingLimit, "waiting_limit"),
    (Problem::MemoryLimit, "memory_limit"),
];

impl Problem {
    /// The name in reports and storage.
    pub fn name(self) -> &'static str {
        PROBLEMS[self as usize].1
    }

    pub fn from_name(name: &str) -> Option<Self> {
        PROBLEMS
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(problem, _)| *problem)
    }
}

/// How often each [`Problem`] occurred. Serialises as an object of those that did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Integrity {
    counts: [u64; PROBLEMS.len()],
}

impl Integrity {
    pub fn count(&self, problem: Problem) -> u64 {
        self.counts[problem as usize]
    }

    pub fn add(&mut self, problem: Problem, times: u64) {
        let count = &mut self.counts[problem as usize];
        *count = count.saturating_add(times);
    }

    pub fn merge(&mut self, other: &Self) {
        for (problem, times) in other.iter() {
            self.add(problem, times);
        }
    }

    pub fn is_clean(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// The problems that occurred, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Problem, u64)> + '_ {
        PROBLEMS
            .iter()
            .map(|(problem, _)| (*problem, self.count(*problem)))
            .filter(|(_, count)| *count > 0)
    }
}

impl Serialize for Integrity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (problem, count) in self.iter() {
            map.serialize_entry(problem.name(), &count)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, (problem, name)) in PROBLEMS.iter().enumerate() {
            assert_eq!(*problem as usize, at);
            assert_eq!(problem.name(), *name);
            assert_eq!(Problem::from_name(name), Some(*problem));
        }
    }

    #[test]
    fn only_what_happened_is_written() {
        let mut integrity = Integrity::default();
        assert!(integrity.is_clean());
        integrity.add(Problem::MissingNode, 2);
        integrity.merge(&integrity.clone());
        let json = serde_json::to_string(&integrity).unwrap();
        assert_eq!(json, r#"{"missing_node":4}"#);
    }
}
