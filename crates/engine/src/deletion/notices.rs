//! Tells the owners by e-mail that somebody asked for a user or a project to be deleted:
//! it cannot be undone, so more than one person should know. The mail says who asked, when
//! and for how many, never whose data it was.
//!
//! A notice is in the catalog before the job is, so a crash loses none; one that was sent
//! just before a crash is sent again with the same id.

use crate::alerts::{Failure, random_hex};
use crate::{Engine, Error, Result};
use model::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::catalog::deletion::DeletionKind;
use store::catalog::notices::{NewNotice, Notice};
use store::catalog::{Project, User};
use tokio::sync::watch;

/// Beyond these the first ones are told.
const MAX_OWNERS: usize = 50;
/// When the mail server takes nothing, deletions are not held up by that.
const MAX_WAITING: usize = 1_000;
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Engine {
    /// Written down before the deletion begins; does nothing without a mail server.
    pub(super) async fn announce(
        &self,
        user: &User,
        project: &Project,
        kind: DeletionKind,
        target_count: u64,
        now: Timestamp,
    ) -> Result<()> {
        if self.settings.alerts.mail.is_none() {
            return Ok(());
        }
        let new = NewNotice {
            message_id: random_hex()?,
            organisation: project.organisation_id,
            project_name: project.name.clone(),
            kind,
            target_count,
            requested_by: user.id,
            requested_at: now,
        };
        if !self.catalog.add_notice(&new, MAX_WAITING).await? {
            tracing::warn!("too many notices about deletions wait to be mailed; one is not");
        }
        self.deletions.announced.notify_one();
        Ok(())
    }

    /// False when none is due.
    async fn send_due_notice(&self) -> Result<bool> {
        let Some(notice) = self.catalog.due_notice(Timestamp::now()).await? else {
            return Ok(false);
        };
        let failure = match self.mail_notice(&notice).await? {
            Ok(outcome) => {
                tracing::info!(outcome, "the owners were told of a deletion");
                self.catalog.delete_notice(notice.id).await?;
                return Ok(true);
            }
            Err(failure) => failure,
        };
        let outcome = failure.outcome;
        let waits = &self.settings.alerts.retry_after;
        let wait = waits.get(usize::try_from(notice.attempts).unwrap_or(usize::MAX));
        match wait.filter(|_| failure.may_pass) {
            Some(wait) => {
                tracing::warn!(
                    outcome,
                    "cannot tell the owners of a deletion; trying again"
                );
                let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
                let due_at = Timestamp::now().micros().saturating_add(wait_us);
                let due_at = Timestamp::from_micros(due_at);
                self.catalog.retry_notice(notice.id, due_at).await?;
            }
            None => {
                tracing::error!(outcome, "the owners are not told of a deletion");
                self.catalog.delete_notice(notice.id).await?;
            }
        }
        Ok(true)
    }

    async fn mail_notice(&self, notice: &Notice) -> Result<Result<String, Failure>> {
        let Some(mail) = self.settings.alerts.mail.clone() else {
            return Ok(Err(Failure::for_good("this server sends no e-mail")));
        };
        let about = &notice.about;
        let owners = self.catalog.owners(about.organisation, MAX_OWNERS).await?;
        let to: Vec<String> = owners.into_iter().map(|owner| owner.email).collect();
        if to.is_empty() {
            return Ok(Err(Failure::for_good("there is no owner")));
        }
        let requester = self.catalog.user(about.requested_by).await?;
        let (subject, text) = text(about, requester.as_ref(), &self.settings.alerts.public_url);
        let id = about.message_id.clone();
        let sent = tokio::task::spawn_blocking(move || mail.send(&to, &id, subject, text));
        sent.await
            .map_err(|error| Error::Internal(error.to_string()))
    }

    async fn time_to_next_notice(&self) -> Duration {
        match self.catalog.next_due_notice().await {
            Ok(None) => Duration::MAX,
            Ok(Some(next)) => {
                let left_us = next.micros() - Timestamp::now().micros();
                Duration::from_micros(left_us.max(0).unsigned_abs())
            }
            Err(error) => {
                tracing::error!(%error, "cannot read which notices of deletions to send");
                RETRY_AFTER
            }
        }
    }
}

/// Sends what is due until the server stops.
pub(crate) async fn work(engine: Arc<Engine>, mut stopped: watch::Receiver<bool>) {
    loop {
        let pause = match engine.send_due_notice().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => engine.time_to_next_notice().await,
            Err(error) => {
                tracing::error!(%error, "cannot send a notice of a deletion; trying again");
                RETRY_AFTER
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = engine.deletions.announced.notified() => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Subject and text.
fn text(about: &NewNotice, requester: Option<&User>, public_url: &str) -> (String, String) {
    let project = &about.project_name;
    let what = match (about.kind, about.target_count) {
        (DeletionKind::Project, _) => format!("the project {project}"),
        (_, 1) => format!("a user of {project}"),
        (_, count) => format!("{count} users of {project}"),
    };
    let who = match requester {
        Some(user) => format!("{} <{}>", user.name, user.email),
        None => "Somebody who has no account any more".to_owned(),
    };
    let at = jiff::Timestamp::from_millisecond(about.requested_at.millis()).unwrap_or_default();
    let text = format!(
        "{who} asked on {at:.0} to delete {what}, with everything that was recorded.\n\n\
         It began at once and cannot be undone. How far it is: {public_url}/settings/deletions\n"
    );
    (format!("Deletion of {what}"), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{OrganisationId, UserId};

    #[test]
    fn the_text_says_what_and_when() {
        let about = |kind, target_count| NewNotice {
            message_id: String::new(),
            organisation: OrganisationId(1),
            project_name: "Shop".to_owned(),
            kind,
            target_count,
            requested_by: UserId(1),
            requested_at: Timestamp::from_millis(1_767_600_000_999),
        };
        for (kind, target_count, expected) in [
            (DeletionKind::User, 1, "Deletion of a user of Shop"),
            (DeletionKind::User, 12, "Deletion of 12 users of Shop"),
            (DeletionKind::Project, 1, "Deletion of the project Shop"),
        ] {
            let about = about(kind, target_count);
            let (subject, text) = text(&about, None, "https://replays.test");
            assert_eq!(subject, expected);
            assert!(
                text.contains("no account any more asked on 2026-01-05T08:00:00Z"),
                "{text}"
            );
            assert!(
                text.contains("https://replays.test/settings/deletions\n"),
                "{text}"
            );
        }
    }
}
