//! What changes all the time by itself: clocks, charts, tickers, adverts.
//!
//! A change of such a place after a click says nothing about the click. Learned are
//! changes that no user action came shortly before; a place counts as restless when
//! it changed in many of the last seconds, or at a steady pace. A container whose
//! parts take turns (the cells of a ticker) is restless as a whole, when at least
//! three of its children are part of it.

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

/// What changes later than this after a user action was not caused by it, as far as
/// learning goes.
const QUIET_US: i64 = 1_000_000;
/// A place that was still for so long is forgotten.
const FORGET_US: i64 = 30_000_000;
const MAX_PLACES: usize = 512;
/// Forgotten places make room at most so often.
const PURGE_US: i64 = 1_000_000;
/// Levels above the place of a change that are looked at.
pub const LEVELS: usize = 4;
/// Changes that are learned from one event; the rest are of the same kind.
const MAX_LEARNED_PER_EVENT: usize = 256;

/// Changed in so many of so many seconds.
const DENSE_SECONDS: u32 = 5;
const DENSE_WINDOW: u32 = 15;
/// Up to this pace two equal intervals make a rhythm, three beyond it.
const FAST_INTERVAL_US: i64 = 2_000_000;
const CHILDREN: usize = 3;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Packed", into = "Packed")]
struct Place {
    last_us: i64,
    /// A bit per second, the lowest is that of `last_us`.
    seconds: u32,
    /// The changes before the last one.
    before_us: [i64; 3],
    /// Different children that changed; 0 is none.
    children: [i64; CHILDREN],
}

/// Places are carried from piece to piece by the hundreds: without names, times as
/// differences.
type Packed = (i64, u32, [i64; 3], [i64; CHILDREN]);

impl From<Place> for Packed {
    fn from(place: Place) -> Self {
        let before = place.before_us.map(|time| {
            if time == 0 {
                0
            } else {
                place.last_us.wrapping_sub(time)
            }
        });
        (place.last_us, place.seconds, before, place.children)
    }
}

impl From<Packed> for Place {
    fn from((last_us, seconds, before, children): Packed) -> Self {
        Self {
            last_us,
            seconds,
            before_us: before.map(|ago| {
                if ago == 0 {
                    0
                } else {
                    last_us.wrapping_sub(ago)
                }
            }),
            children,
        }
    }
}

/// A place and the ones around it: the id, and the id of the child that changed.
pub type Chain = [(i64, i64); LEVELS];

#[derive(Debug, Default)]
pub struct Background {
    places: HashMap<i64, Place>,
    last_action_us: Option<i64>,
    purged_us: Option<i64>,
    learned_at_us: i64,
    learned: usize,
}

impl Background {
    pub fn user_action(&mut self, at_us: i64) {
        self.last_action_us = Some(at_us);
    }

    /// Whether the place is restless; unused levels of a chain are 0.
    pub fn is_restless(&self, chain: &Chain, at_us: i64) -> bool {
        chain.iter().enumerate().any(|(level, (id, _))| {
            self.places.get(id).is_some_and(|place| {
                let is_one = level == 0 || place.children.iter().all(|child| *child != 0);
                is_one && place.is_restless(at_us)
            })
        })
    }

    pub fn learn(&mut self, chain: &Chain, at_us: i64) {
        if self.learned_at_us != at_us {
            self.learned_at_us = at_us;
            self.learned = 0;
        }
        if self.learned >= MAX_LEARNED_PER_EVENT {
            return;
        }
        self.learned += 1;
        let is_quiet = self
            .last_action_us
            .is_none_or(|action| at_us.saturating_sub(action) >= QUIET_US);
        for (id, child) in chain.iter().filter(|(id, _)| *id != 0) {
            if let Some(place) = self.places.get_mut(id) {
                if is_quiet || place.is_restless(at_us) {
                    place.changed(*child, at_us);
                }
            } else if is_quiet && self.make_room(at_us) {
                self.places.entry(*id).or_default().changed(*child, at_us);
            }
        }
    }

    fn make_room(&mut self, at_us: i64) -> bool {
        let is_full = self.places.len() >= MAX_PLACES;
        if is_full
            && self
                .purged_us
                .is_none_or(|purged| at_us.saturating_sub(purged) >= PURGE_US)
        {
            self.purged_us = Some(at_us);
            self.places.retain(|_, place| !place.is_forgotten(at_us));
        }
        self.places.len() < MAX_PLACES
    }

    /// Everything in a fixed order, for the next piece.
    pub fn save(&self) -> Saved {
        let mut places: Vec<(i64, Place)> = self
            .places
            .iter()
            .map(|(id, place)| (*id, place.clone()))
            .collect();
        places.sort_by_key(|(id, _)| *id);
        Saved {
            places,
            last_action_us: self.last_action_us,
            purged_us: self.purged_us,
        }
    }

    pub fn restore(saved: Saved) -> Self {
        Self {
            places: saved.places.into_iter().collect(),
            last_action_us: saved.last_action_us,
            purged_us: saved.purged_us,
            ..Self::default()
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Saved {
    places: Vec<(i64, Place)>,
    last_action_us: Option<i64>,
    purged_us: Option<i64>,
}

impl Place {
    fn is_forgotten(&self, at_us: i64) -> bool {
        at_us.saturating_sub(self.last_us) > FORGET_US
    }

    fn changed(&mut self, child: i64, at_us: i64) {
        if self.seconds == 0 || self.is_forgotten(at_us) {
            *self = Self {
                last_us: at_us,
                seconds: 1,
                ..Self::default()
            };
        } else if self.last_us != at_us {
            self.seconds = shift(self.seconds, second(at_us) - second(self.last_us)) | 1;
            self.before_us = [self.last_us, self.before_us[0], self.before_us[1]];
            self.last_us = at_us;
        }
        if !self.children.contains(&child)
            && let Some(free) = self.children.iter_mut().find(|known| **known == 0)
        {
            *free = child;
        }
    }

    fn is_restless(&self, at_us: i64) -> bool {
        if self.is_forgotten(at_us) {
            return false;
        }
        let seconds =
            shift(self.seconds, second(at_us) - second(self.last_us)) & ((1 << DENSE_WINDOW) - 1);
        if seconds.count_ones() >= DENSE_SECONDS {
            return true;
        }
        let times = [
            self.last_us,
            self.before_us[0],
            self.before_us[1],
            self.before_us[2],
        ];
        let known = times.iter().skip(1).take_while(|time| **time != 0).count();
        let intervals: Vec<i64> = times[..=known]
            .windows(2)
            .map(|pair| pair[0].saturating_sub(pair[1]))
            .collect();
        let (Some(longest), Some(shortest)) = (intervals.iter().max(), intervals.iter().min())
        else {
            return false;
        };
        let needed = if *longest <= FAST_INTERVAL_US { 2 } else { 3 };
        intervals.len() >= needed
            && *longest
                <= (shortest / 2)
                    .saturating_add(*shortest)
                    .saturating_add(30_000)
            && at_us.saturating_sub(self.last_us) <= longest.saturating_mul(3)
    }
}

fn second(at_us: i64) -> i64 {
    at_us.div_euclid(1_000_000)
}

fn shift(seconds: u32, by: i64) -> u32 {
    if (0..32).contains(&by) {
        seconds << by
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000;

    fn chain(id: i64) -> Chain {
        [(id, 0), (0, 0), (0, 0), (0, 0)]
    }

    #[test]
    fn a_clock_is_restless_and_a_toast_is_not() {
        let mut background = Background::default();
        for beat in 1..4 {
            background.learn(&chain(1), beat * 1_000 * MS);
        }
        assert!(background.is_restless(&chain(1), 3_500 * MS));
        assert!(!background.is_restless(&chain(1), 20_000 * MS));
        for at in [2_000, 9_000, 12_500] {
            background.learn(&chain(2), at * MS);
        }
        assert!(!background.is_restless(&chain(2), 13_000 * MS));
    }

    #[test]
    fn what_follows_a_click_is_not_learned() {
        let mut background = Background::default();
        for at in [1_000, 2_000, 3_000, 4_000, 5_000, 6_000] {
            background.user_action(at * MS - 200 * MS);
            background.learn(&chain(1), at * MS);
        }
        assert!(!background.is_restless(&chain(1), 6_500 * MS));
    }

    #[test]
    fn a_ticker_is_restless_as_a_whole_but_a_page_with_one_clock_is_not() {
        let mut ticker = Background::default();
        let mut clock = Background::default();
        for beat in 1..10_i64 {
            let cell = 100 + beat % 5;
            ticker.learn(&[(cell, 0), (10, cell), (0, 0), (0, 0)], beat * 700 * MS);
            clock.learn(&[(100, 0), (10, 100), (0, 0), (0, 0)], beat * 700 * MS);
        }
        let fresh = [(999, 0), (10, 999), (0, 0), (0, 0)];
        assert!(ticker.is_restless(&fresh, 6_500 * MS));
        assert!(!clock.is_restless(&fresh, 6_500 * MS));
    }

    #[test]
    fn memory_is_bounded_and_survives_saving() {
        let mut background = Background::default();
        for id in 1..5_000 {
            background.learn(&chain(id), id * MS);
        }
        assert!(background.places.len() <= MAX_PLACES);
        let restored = Background::restore(background.save());
        assert_eq!(restored.places.len(), background.places.len());
    }
}
