//! A thrashed cursor: the pointer goes to and fro while nothing is pressed.

use super::Found;
use crate::fact::Signal;
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Movement that is less is a trembling hand.
const STRETCH_PX: f64 = 20.0;
/// Turns that are remembered; more within the window are more than enough.
const MAX_TURNS: usize = 64;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// Where the current stretch began.
    from: Option<(f64, f64)>,
    direction: Option<(f64, f64)>,
    turns_us: VecDeque<i64>,
    thrash: Option<Thrash>,
    is_pressed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Thrash {
    from_us: i64,
    last_us: i64,
    turns: u32,
}

impl Cursor {
    pub fn pressed(&mut self, is_pressed: bool) {
        self.is_pressed = is_pressed;
        // Dragging and drawing go to and fro on purpose.
        self.turns_us.clear();
    }

    pub fn moved(&mut self, at_us: i64, x: f64, y: f64, settings: &Settings) {
        if self.is_pressed {
            return;
        }
        let Some((from_x, from_y)) = self.from else {
            self.from = Some((x, y));
            return;
        };
        let step = (x - from_x, y - from_y);
        let length_px = step.0.hypot(step.1);
        if length_px.is_nan() || length_px < STRETCH_PX {
            return;
        }
        self.from = Some((x, y));
        let before = self.direction.replace(step);
        if before.is_some_and(|before| before.0 * step.0 + before.1 * step.1 < 0.0) {
            self.turned(at_us, settings);
        }
    }

    fn turned(&mut self, at_us: i64, settings: &Settings) {
        let within_us = i64::from(settings.thrash_within_ms) * 1_000;
        self.turns_us.push_back(at_us);
        while self.turns_us.len() > MAX_TURNS
            || self
                .turns_us
                .front()
                .is_some_and(|first| at_us.saturating_sub(*first) > within_us)
        {
            self.turns_us.pop_front();
        }
        if let Some(thrash) = &mut self.thrash {
            thrash.last_us = at_us;
            thrash.turns = thrash.turns.saturating_add(1);
        } else if self.turns_us.len() >= settings.thrash_turns {
            self.thrash = Some(Thrash {
                from_us: self.turns_us[0],
                last_us: at_us,
                turns: self.turns_us.len() as u32,
            });
        }
    }

    /// The thrashing that has come to its end.
    pub fn advance(&mut self, at_us: i64, settings: &Settings) -> Option<Found> {
        let within_us = i64::from(settings.thrash_within_ms) * 1_000;
        let thrash = self.thrash.as_ref()?;
        if at_us.saturating_sub(thrash.last_us) <= within_us {
            return None;
        }
        self.end()
    }

    pub fn end(&mut self) -> Option<Found> {
        let thrash = self.thrash.take()?;
        Some(Found {
            from_us: thrash.from_us,
            until_us: thrash.last_us,
            signal: Signal::ThrashedCursor,
            node_id: None,
            label: None,
            count: thrash.turns,
        })
    }
}
