//! Thresholds that a project may change.

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The number of the tab that is analysed; facts carry it.
    pub tab: u32,
    pub rage: RageRule,
    pub dead_after_ms: u32,
    pub slow_request_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tab: 0,
            rage: RageRule::DEFAULT,
            dead_after_ms: DEAD_AFTER_MS,
            slow_request_ms: SLOW_REQUEST_MS,
        }
    }
}

impl Settings {
    pub fn for_tab(self, tab: u32) -> Self {
        Self { tab, ..self }
    }
}
