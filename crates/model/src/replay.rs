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
    /// The stream holds a full snapshot, so there is something to show.
    pub playable: bool,
    /// Version of the sealed recording object; 0 when nothing is sealed yet.
    pub recording_version: u64,
}

impl Replay {
    /// The vendor's id, `<device id>/<session id>`.
    pub fn vendor_id(&self) -> String {
        format!("{}/{}", self.device_id, self.session_id)
    }

    pub fn duration_ms(&self) -> u64 {
        u64::try_from(self.last_event_at.millis() - self.first_event_at.millis()).unwrap_or(0)
    }
}
