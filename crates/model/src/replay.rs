//! A replay as lists and pages show it.

use crate::{ProjectId, ReplayId, Timestamp};

/// One row of the catalog. `device_id` and `session_id` are the vendor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    pub id: ReplayId,
    pub project_id: ProjectId,
    pub device_id: String,
    pub session_id: String,
    pub user_id: Option<String>,
    pub source: String,
    pub sdk: Option<String>,
    pub sdk_version: Option<String>,
    /// Client time of the first event, but never later than `first_received_at`:
    /// a clock that runs years ahead must not lead every list.
    pub started_at: Timestamp,
    /// Client time of the first and last event.
    pub first_event_at: Timestamp,
    pub last_event_at: Timestamp,
    pub first_received_at: Timestamp,
    pub last_received_at: Timestamp,
    pub event_count: u64,
    pub interaction_count: u64,
    pub click_count: u64,
    pub size_bytes: u64,
    pub first_url: Option<String>,
    pub last_url: Option<String>,
    pub page_count: u64,
    pub country: Option<String>,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub device_type: Option<String>,
    /// Model of a mobile device.
    pub device: Option<String>,
    pub release: Option<String>,
    pub environment: Option<String>,
    /// Who it was before anybody logged in, where that is not the device.
    pub visitor_id: Option<String>,
    /// Labels of the recorded site, each name once.
    pub tags: Vec<(String, String)>,
    /// When the recording began by its sender's words.
    pub reported_start: Option<Timestamp>,
    /// Errors that came beside the recording and belong to it. The catalog counts
    /// them; writing a row does not change the number.
    pub linked_error_count: u64,
    /// The stream holds a full snapshot, so there is something to show.
    pub playable: bool,
    /// Version of the sealed recording object; 0 when nothing is sealed yet.
    pub recording_version: u64,
    pub signals: Signals,
    /// The end of its retention, decided when it first arrived. The catalog keeps it;
    /// writing a row that is there does not change it.
    pub expires_at: Timestamp,
    /// Kept beyond that.
    pub is_pinned: bool,
}

/// Cells of the activity strip that lists show.
pub const ACTIVITY_CELLS: usize = 48;
/// Highest value of a cell.
pub const ACTIVITY_MAX: u8 = 9;

/// What analysis found in the recording. All zero until it was analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signals {
    pub error_count: u64,
    pub console_error_count: u64,
    pub rage_click_count: u64,
    pub dead_click_count: u64,
    /// All signs of frustration; a burst of clicks counts once.
    pub frustration_count: u64,
    pub request_count: u64,
    pub failed_request_count: u64,
    pub active_ms: u64,
    /// User activity over the replay's length, 0 to [`ACTIVITY_MAX`] each.
    pub activity: [u8; ACTIVITY_CELLS],
    pub tab_count: u64,
    /// Codes of what is missing or was repaired, without repetition.
    pub integrity: Vec<String>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            error_count: 0,
            console_error_count: 0,
            rage_click_count: 0,
            dead_click_count: 0,
            frustration_count: 0,
            request_count: 0,
            failed_request_count: 0,
            active_ms: 0,
            activity: [0; ACTIVITY_CELLS],
            tab_count: 0,
            integrity: Vec::new(),
        }
    }
}

impl Replay {
    /// The vendor's id, `<device id>/<session id>`.
    pub fn vendor_id(&self) -> String {
        format!("{}/{}", self.device_id, self.session_id)
    }

    /// Nobody may see it any more.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        !self.is_pinned && self.expires_at <= now
    }

    /// Days from its first arrival to its end, as decided when it arrived.
    pub fn retention_in_days(&self) -> u64 {
        const DAY_MICROS: i64 = 86_400_000_000;
        let micros = self.expires_at.micros() - self.first_received_at.micros();
        // What was there before there was an end has no whole number of days.
        u64::try_from((micros + DAY_MICROS / 2) / DAY_MICROS).unwrap_or(0)
    }

    pub fn duration_ms(&self) -> u64 {
        u64::try_from(self.last_event_at.millis() - self.first_event_at.millis()).unwrap_or(0)
    }
}
