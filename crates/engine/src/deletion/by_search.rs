//! Deleting what a search finds: which replays these are, and which are left alone.

use super::MAX_REPLAYS;
use crate::projects::require_owner;
use crate::replays::{ListRequest, MAX_PAGE};
use crate::{Engine, Error, Result};
use model::{ReplayId, Timestamp};
use std::collections::BTreeSet;
use store::catalog::{Project, User};

/// A search, as the list takes it.
#[derive(Debug, Clone, Default)]
pub struct BySearch {
    pub request: ListRequest,
    pub keep_pinned: bool,
    /// Those that are still being recorded.
    pub keep_live: bool,
    /// What whoever asks was told; with another number nothing is deleted.
    pub expected_replays: Option<u64>,
}

/// What would be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    pub replays: Vec<ReplayId>,
    /// Found and left alone.
    pub kept_pinned: u64,
    /// The same; one that is pinned counts as that.
    pub kept_live: u64,
}

impl Engine {
    /// What [`Engine::delete`] would delete; deletes nothing.
    ///
    /// # Errors
    /// As for deleting.
    pub async fn matching(
        &self,
        user: &User,
        project: &Project,
        search: BySearch,
        now: Timestamp,
    ) -> Result<Matching> {
        require_owner(user)?;
        // One that just arrived is only in memory.
        self.write_rows().await;
        self.found_by(project, search, now).await
    }

    pub(super) async fn found_by(
        &self,
        project: &Project,
        search: BySearch,
        now: Timestamp,
    ) -> Result<Matching> {
        let mut request = ListRequest {
            limit: Some(MAX_PAGE),
            cursor: None,
            ..search.request
        };
        let mut found = BTreeSet::new();
        let mut matching = Matching::default();
        loop {
            let page = self.list_replays(project, &request, now).await?;
            for replay in page.replays {
                if search.keep_pinned && replay.is_pinned {
                    matching.kept_pinned += 1;
                } else if search.keep_live && self.is_live(&replay, now) {
                    matching.kept_live += 1;
                } else {
                    // A row may move to a later page meanwhile.
                    found.insert(replay.id);
                }
            }
            if page.total.unwrap_or(0).max(found.len() as u64) > MAX_REPLAYS as u64 {
                return Err(Error::Invalid(format!(
                    "the filter finds more than {MAX_REPLAYS} replays; narrow it, for example by time"
                )));
            }
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                break;
            }
        }
        let count = found.len() as u64;
        if let Some(expected) = search.expected_replays.filter(|it| *it != count) {
            return Err(Error::Conflict(format!(
                "the search finds {count} replays now, not {expected}; nothing was deleted"
            )));
        }
        matching.replays = found.into_iter().collect();
        Ok(matching)
    }
}
