//! Thresholds that a project may change.

use crate::selector::Selector;
use std::sync::Arc;

/// What counts as a burst of clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RageRule {
    pub clicks: usize,
    /// Within which that many clicks fall.
    pub within_ms: u32,
    /// Distance from the first click of the burst.
    pub radius_px: u32,
}

impl RageRule {
    pub const DEFAULT: Self = Self {
        clicks: 3,
        within_ms: 1_000,
        radius_px: 50,
    };
}

/// A click that nothing visible follows within this time is dead.
pub const DEAD_AFTER_MS: u32 = 7_000;
/// A request of a script or for a page that takes longer is slow.
pub const SLOW_REQUEST_MS: u32 = 3_000;

/// An answer that takes longer is slow.
pub const SLOW_CLICK_MS: u32 = 3_000;
/// An error so soon after a click is the click's.
pub const ERROR_CLICK_MS: u32 = 2_000;
/// So many turns of the pointer within this time are thrashing.
pub const THRASH_TURNS: usize = 10;
pub const THRASH_WITHIN_MS: u32 = 2_000;
/// A page that is left for the one before it within this time was the wrong one.
pub const QUICK_BACK_MS: u32 = 5_000;
/// A spinner that is shown for longer is endless.
pub const SPINNER_MS: u32 = 10_000;
/// A page that shows nothing for so long is blank.
pub const BLANK_MS: u32 = 5_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The number of the tab that is analysed; facts carry it.
    pub tab: u32,
    pub rage: RageRule,
    pub dead_after_ms: u32,
    pub slow_request_ms: u32,
    pub slow_click_ms: u32,
    pub error_click_ms: u32,
    pub thrash_turns: usize,
    pub thrash_within_ms: u32,
    pub quick_back_ms: u32,
    pub spinner_ms: u32,
    pub blank_ms: u32,
    /// Clicks there are expected to do nothing that is seen: printing, copying.
    pub never_dead: Arc<[Selector]>,
    /// Clicks there are no sign of anything.
    pub ignored: Arc<[Selector]>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tab: 0,
            rage: RageRule::DEFAULT,
            dead_after_ms: DEAD_AFTER_MS,
            slow_request_ms: SLOW_REQUEST_MS,
            slow_click_ms: SLOW_CLICK_MS,
            error_click_ms: ERROR_CLICK_MS,
            thrash_turns: THRASH_TURNS,
            thrash_within_ms: THRASH_WITHIN_MS,
            quick_back_ms: QUICK_BACK_MS,
            spinner_ms: SPINNER_MS,
            blank_ms: BLANK_MS,
            never_dead: Arc::default(),
            ignored: Arc::default(),
        }
    }
}

impl Settings {
    pub fn for_tab(self, tab: u32) -> Self {
        Self { tab, ..self }
    }
}
