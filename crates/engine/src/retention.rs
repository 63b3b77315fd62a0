//! How long data is kept. Everything gets its end when it arrives: the project's number
//! of days later. A change of the number is for what comes then, unless somebody says
//! otherwise ([`Engine::apply_retention`]).

use crate::deletion::Request;
use crate::projects::require_owner;
use crate::{Engine, Error, Result};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::catalog::deletion::{AuditEntry, DeletionKind, GoneReason};
use store::catalog::{Project, User};

const DAY_MICROS: i64 = 86_400_000_000;
pub const MAX_DAYS: u32 = 3650;
/// Replays of one expiry job; the next one takes the rest.
const REPLAYS_AT_ONCE: usize = 5_000;
/// How long it is known that a replay was here once, and that its uploads are refused.
const GONE_KNOWN_DAYS: i64 = 400;

#[derive(Debug, Clone)]
pub struct Settings {
    /// Of new projects.
    pub days: u32,
    /// How often it is looked what has expired. It is hidden at once, whenever that is.
    pub check_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            days: 30,
            check_every: Duration::from_secs(3600),
        }
    }
}

/// Why a replay cannot be shown any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    pub reason: GoneReason,
    pub at: Timestamp,
    pub retention_days: u32,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.reason {
            GoneReason::Deleted => f.write_str("was deleted"),
            GoneReason::Expired => {
                let days = self.retention_days;
                write!(f, "has expired: the project kept it for {days} days")
            }
        }
    }
}

pub(crate) fn end_of(received_at: Timestamp, days: u32) -> Timestamp {
    let micros = i64::from(days).saturating_mul(DAY_MICROS);
    Timestamp::from_micros(received_at.micros().saturating_add(micros))
}

/// # Errors
/// `Invalid` outside of 1 to [`MAX_DAYS`].
pub fn checked_days(days: u32) -> Result<u32> {
    match (1..=MAX_DAYS).contains(&days) {
        true => Ok(days),
        false => Err(Error::Invalid(format!(
            "retention_days must be 1 to {MAX_DAYS}"
        ))),
    }
}

impl Engine {
    /// What is known of a replay that cannot be shown; `row` if it is still there.
    pub(crate) async fn gone_replay(
        &self,
        project: ProjectId,
        id: ReplayId,
        row: Option<Replay>,
    ) -> Result<Option<Gone>> {
        let known = self.catalog.gone_replay(id).await?;
        if let Some(known) = known.filter(|it| it.project == project) {
            return Ok(Some(Gone {
                reason: known.reason,
                at: known.at,
                retention_days: known.retention_days,
            }));
        }
        let Some(row) = row else { return Ok(None) };
        let of_project = self.catalog.project(project).await?;
        Ok(Some(Gone {
            reason: GoneReason::Expired,
            at: row.expires_at,
            // As it is written down when it is deleted.
            retention_days: of_project.map_or(self.settings.retention.days, |it| it.retention_days),
        }))
    }

    /// Keeps a replay until the pin is taken away, or lets it end when it would have.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner, `NotFound` and `Gone` as for reading it.
    pub async fn pin_replay(
        &self,
        user: &User,
        replay: &Replay,
        is_pinned: bool,
        now: Timestamp,
    ) -> Result<()> {
        require_owner(user)?;
        // One that just arrived is only in memory.
        self.write_rows().await;
        let pin = is_pinned.then_some((user.id, now));
        let project = replay.project_id;
        if !self.catalog.pin_replay(project, replay.id, pin).await? {
            return Err(Error::NotFound("replay"));
        }
        let action = match is_pinned {
            true => "pin_replay",
            false => "unpin_replay",
        };
        let detail = json!({ "replay": replay.id });
        self.write_audit(user, project, action, &detail, now).await
    }

    /// Gives what is there already the end that the project's number of days means.
    /// Returns how many replays have another end now.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner.
    pub async fn apply_retention(
        &self,
        user: &User,
        project: &Project,
        now: Timestamp,
    ) -> Result<u64> {
        require_owner(user)?;
        self.write_rows().await;
        let changed = self.catalog.apply_retention(project.id).await?;
        let detail = json!({ "retention_days": project.retention_days, "replays": changed });
        self.write_audit(user, project.id, "apply_retention", &detail, now)
            .await?;
        Ok(changed)
    }

    pub(crate) async fn write_audit(
        &self,
        user: &User,
        project: ProjectId,
        action: &str,
        detail: &serde_json::Value,
        now: Timestamp,
    ) -> Result<()> {
        let entry = AuditEntry {
            id: 0,
            organisation: user.organisation_id,
            project,
            at: now,
            user: Some(user.id),
            action: action.to_owned(),
            detail_json: detail.to_string(),
        };
        Ok(self.catalog.add_audit(&entry).await?)
    }

    async fn find_expired(&self, now: Timestamp) -> Result<()> {
        for id in self.catalog.projects_with_expired(now).await? {
            let Some(project) = self.catalog.project(id).await? else {
                continue;
            };
            let replays = self.catalog.expired_replays(id, now, REPLAYS_AT_ONCE);
            let request = Request {
                kind: DeletionKind::Expiry,
                user_id: None,
                replays: replays.await?,
            };
            self.request_deletion(&project, None, request, now).await?;
        }
        let before = now.micros() - GONE_KNOWN_DAYS * DAY_MICROS;
        let before = Timestamp::from_micros(before);
        self.catalog.forget_gone_replays(before).await?;
        Ok(())
    }
}

/// Looks for what has expired until the server stops.
pub(crate) async fn sweep(engine: Arc<Engine>, mut stopped: tokio::sync::watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(engine.settings.retention.check_every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        if let Err(error) = engine.find_expired(Timestamp::now()).await {
            tracing::error!(%error, "cannot find what has expired; trying again later");
        }
        if let Err(error) = engine.erase_released().await {
            tracing::error!(%error, "cannot erase what is not needed in the log; trying again later");
        }
    }
}
