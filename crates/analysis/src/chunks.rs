//! Which parts of a page's recording never arrived. Our own recorder numbers what it
//! sends: a chunk begins with an event that tells its page and its number there.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pages and holes beyond these are not followed; a replay like that has other problems.
const MAX_PAGES: usize = 64;
const MAX_HOLES: usize = 256;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Chunks {
    pages: BTreeMap<String, Page>,
    holes: Vec<Hole>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Page {
    next: u64,
    until_us: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    page: String,
    /// The first number that is missing, and the first after it that is not.
    from: u64,
    to: u64,
    pub from_us: i64,
    pub until_us: i64,
}

impl Hole {
    pub fn count(&self) -> u64 {
        self.to - self.from
    }
}

impl Chunks {
    pub fn arrived(&mut self, name: &str, number: u64, from_us: i64, until_us: i64) {
        let Some(page) = self.pages.get_mut(name) else {
            // What was before the first is told by the missing snapshot.
            if self.pages.len() < MAX_PAGES {
                let next = number.saturating_add(1);
                self.pages.insert(name.to_owned(), Page { next, until_us });
            }
            return;
        };
        if number < page.next {
            self.fill(name, number);
            return;
        }
        if number > page.next && self.holes.len() < MAX_HOLES {
            self.holes.push(Hole {
                page: name.to_owned(),
                from: page.next,
                to: number,
                from_us: page.until_us.min(from_us),
                until_us: from_us,
            });
        }
        page.next = number.saturating_add(1);
        page.until_us = page.until_us.max(until_us);
    }

    /// A chunk that came out of order: late in time order, or sent twice.
    fn fill(&mut self, page: &str, number: u64) {
        let found = self
            .holes
            .iter()
            .position(|hole| hole.page == page && (hole.from..hole.to).contains(&number));
        let Some(at) = found else {
            return;
        };
        let hole = self.holes.remove(at);
        let before = Hole {
            to: number,
            ..hole.clone()
        };
        let after = Hole {
            from: number + 1,
            ..hole
        };
        let rest = [before, after].into_iter();
        self.holes.extend(rest.filter(|hole| hole.count() > 0));
        self.holes.truncate(MAX_HOLES);
    }

    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes(numbers: &[u64]) -> Vec<(i64, i64, u64)> {
        let mut chunks = Chunks::default();
        for number in numbers {
            let at_us = *number as i64 * 10;
            chunks.arrived("page", *number, at_us, at_us + 5);
        }
        let found = chunks.holes().iter();
        found
            .map(|hole| (hole.from_us, hole.until_us, hole.count()))
            .collect()
    }

    #[test]
    fn a_missing_number_is_a_hole_between_its_neighbours() {
        assert_eq!(holes(&[1, 2, 3]), []);
        assert_eq!(holes(&[1, 2, 5]), [(25, 50, 2)]);
        assert_eq!(holes(&[1, 3, 5]), [(15, 30, 1), (35, 50, 1)]);
    }

    #[test]
    fn the_first_number_seen_may_be_any() {
        assert_eq!(holes(&[7, 8]), []);
    }

    #[test]
    fn what_comes_late_fills_the_hole() {
        assert_eq!(holes(&[1, 3, 2]), []);
        assert_eq!(holes(&[1, 5, 3]), [(15, 50, 1), (15, 50, 1)]);
        assert_eq!(holes(&[1, 2, 2, 1]), []);
    }

    #[test]
    fn pages_are_counted_apart() {
        let mut chunks = Chunks::default();
        for (page, number) in [("a", 1), ("b", 1), ("b", 2), ("a", 2)] {
            chunks.arrived(page, number, 0, 0);
        }
        assert_eq!(chunks.holes(), []);
    }

    #[test]
    fn hostile_numbers_stay_within_bounds() {
        let mut chunks = Chunks::default();
        for number in 0..10_000 {
            chunks.arrived(&(number % 500).to_string(), number * 7, 0, 0);
            chunks.arrived("0", u64::MAX, 0, 0);
        }
        assert!(chunks.pages.len() <= MAX_PAGES && chunks.holes.len() <= MAX_HOLES);
    }
}
