//! Moving replays from the hot log into recording objects.
//!
//! The order makes a crash harmless at every step: the new object is durable
//! first, then the catalog points to it, then the frames are released. After a
//! crash in between, the frames are applied again and found to hold nothing new.

use crate::live::{Hot, Live};
use crate::recordings::assemble::{Assembled, Old, Parts, assemble};
use crate::recordings::{folder_of, key_of};
use crate::{Engine, Result};
use model::ReplayId;
use model::replay::{ACTIVITY_CELLS, ACTIVITY_MAX, Replay, Signals};
use recording::BlockSizes;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A long session is written again when it has grown by this part, so that the
/// bytes written in all stay within a few times its size.
const GROWTH_PART: u64 = 4;
/// What is unsealed is in memory while it is sealed.
const MAX_UNSEALED_BYTES: u64 = 64 << 20;
/// Unsealed data older than this is sealed however small it is.
const MAX_UNSEALED_AGE: Duration = Duration::from_secs(600);
const FORGET_AFTER: Duration = Duration::from_secs(120);
const RETRY_AFTER: Duration = Duration::from_secs(60);

impl Engine {
    /// Seals what is due, on all cores but leaving one to uploads, and forgets
    /// replays that are at rest.
    pub(crate) async fn seal_due(self: Arc<Self>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = cores.saturating_sub(1).max(1);
        let mut running = tokio::task::JoinSet::new();
        for id in self.live.ids() {
            let Some(slot) = self.live.get(id) else {
                continue;
            };
            let state = slot.lock().await.as_ref().map(|live| self.is_due(live));
            drop(slot);
            match state {
                Some(Due::Seal) => {
                    if running.len() >= at_once {
                        // A seal reports its own errors.
                        let _ = running.join_next().await;
                    }
                    running.spawn(self.clone().seal_or_wait(id));
                }
                // An upload that failed while it was loaded leaves an empty slot.
                Some(Due::Forget) | None => self.live.forget(id),
                Some(Due::No) => {}
            }
        }
        running.join_all().await;
    }

    async fn seal_or_wait(self: Arc<Self>, id: ReplayId) {
        let Err(error) = self.seal(id).await else {
            return;
        };
        if !self.live.contains(id) {
            // It was deleted meanwhile.
            return;
        }
        self.metrics.seal_failures.inc();
        tracing::error!(%error, replay.id = %id, "cannot seal a replay; trying again in a minute");
        if let Some(slot) = self.live.get(id)
            && let Some(live) = slot.lock().await.as_mut()
        {
            live.retry_seal_at = Some(Instant::now() + RETRY_AFTER);
        }
    }

    fn is_due(&self, live: &Live) -> Due {
        let idle = live.last_upload.elapsed();
        if live.frames.is_empty() {
            return if idle > FORGET_AFTER {
                Due::Forget
            } else {
                Due::No
            };
        }
        if live.retry_seal_at.is_some_and(|at| at > Instant::now()) {
            return Due::No;
        }
        let large = live.unsealed_bytes
            >= self
                .settings
                .seal_bytes
                .max((live.row.size_bytes / GROWTH_PART).min(MAX_UNSEALED_BYTES));
        let old = live
            .unsealed_since
            .is_some_and(|since| since.elapsed() > MAX_UNSEALED_AGE);
        if idle >= self.settings.seal_idle || large || old {
            Due::Seal
        } else {
            Due::No
        }
    }

    async fn seal(&self, id: ReplayId) -> Result<()> {
        let _seal = self.deletions.seals.read().await;
        let Some(slot) = self.live.get(id) else {
            return Ok(());
        };
        let (row, frames, unsealed_bytes) = match slot.lock().await.as_ref() {
            Some(live) => (live.row.clone(), live.frames.clone(), live.unsealed_bytes),
            None => return Ok(()),
        };
        let mut hot = Hot::default();
        for frame in &frames {
            frame.read(self, &mut hot)?;
        }
        let old = match row.recording_version {
            0 => None,
            version => {
                let bytes = self.blobs.get(&key_of(&row, version)).await?;
                let first_new = hot.events.iter().map(|event| event.timestamp).min();
                let first_new_us = first_new.map(|first| first.micros());
                Some(Old::read(&self.recordings.open(&row).await?, bytes, first_new_us).await?)
            }
        };
        let version = row.recording_version + 1;
        let parts = Parts {
            dictionary: self.recordings.dictionaries.current(row.project_id).await?,
            sizes: BlockSizes::default(),
            old,
            hot,
            wants_assets: self.assets.is_enabled(),
            settings: self.analysis_settings(row.project_id).await?,
        };
        let assembled = tokio::task::spawn_blocking(move || assemble(parts))
            .await
            .map_err(|error| crate::Error::Internal(error.to_string()))??;
        let Assembled {
            object,
            analysis,
            wanted,
        } = assembled;
        self.metrics.sealed_bytes.inc_by(object.len() as u64);
        self.blobs
            .put(&key_of(&row, version), object.into())
            .await?;

        // From here the catalog, then memory, then the hot log: see the module.
        let _order = self.row_writes.lock().await;
        let mut slot = slot.lock().await;
        let Some(live) = slot.as_mut() else {
            return Ok(());
        };
        let mut sealed_row = live.row.clone();
        sealed_row.recording_version = version;
        sealed_row.signals = signals_of(&analysis);
        self.catalog
            .put_replays(std::slice::from_ref(&sealed_row))
            .await?;
        live.row.recording_version = version;
        live.row.signals.clone_from(&sealed_row.signals);
        let places: Vec<_> = live
            .frames
            .drain(..frames.len())
            .map(|frame| frame.at)
            .collect();
        live.unsealed_bytes = live.unsealed_bytes.saturating_sub(unsealed_bytes);
        live.unsealed_since = (!live.frames.is_empty()).then(Instant::now);
        drop(slot);
        // Before the hot log forgets the events that named them.
        let now = model::Timestamp::now();
        let queued = self.want_assets(row.project_id, Some(id), &wanted, now);
        if let Err(error) = queued.await {
            tracing::error!(%error, replay.id = %id, "cannot queue what a recording refers to");
        }
        self.hot_log.release(&places);
        self.metrics.seals.inc();
        self.recordings.dictionaries.sealed(row.project_id);
        self.delete_old_versions(&row, version).await;
        Ok(())
    }

    /// Keeps the version before, which a player may be reading.
    pub(crate) async fn delete_old_versions(&self, row: &Replay, version: u64) {
        let keep = [key_of(row, version), key_of(row, version - 1)];
        let found = match self.blobs.list(&folder_of(row)).await {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, "cannot list old versions of a recording"),
        };
        for key in found.into_iter().filter(|key| !keep.contains(key)) {
            if let Err(error) = self.blobs.delete(&key).await {
                tracing::warn!(%error, key, "cannot delete an old version of a recording");
            }
        }
    }
}

enum Due {
    No,
    Seal,
    Forget,
}

/// What lists show of the analysis.
fn signals_of(summary: &analysis::Summary) -> Signals {
    let counts = &summary.counts;
    let mut activity = [0; ACTIVITY_CELLS];
    for (cell, found) in activity.iter_mut().zip(&summary.strip) {
        *cell = (*found).min(ACTIVITY_MAX);
    }
    let mut integrity: Vec<String> = Vec::new();
    for mark in &summary.integrity {
        if !integrity.contains(&mark.reason) {
            integrity.push(mark.reason.clone());
        }
    }
    Signals {
        error_count: counts.error_count,
        console_error_count: counts.console_error_count,
        rage_click_count: counts.rage_click_count,
        dead_click_count: counts.dead_click_count,
        frustration_count: counts.frustration_count,
        request_count: counts.request_count,
        failed_request_count: counts.failed_request_count,
        active_ms: counts.active_ms,
        activity,
        tab_count: counts.tab_count,
        integrity,
    }
}
