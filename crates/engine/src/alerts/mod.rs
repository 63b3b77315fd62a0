//! Alerts on saved searches: each new replay that a search finds is reported once, by a
//! web hook, by e-mail, or both.
//!
//! `watch` looks for matches and makes messages, `deliver` sends them. What was found and
//! what has to be said is in the catalog first, so a crash loses nothing; a message that
//! was sent just before a crash is sent again with the same id.

mod deliver;
mod mail;
mod message;
mod session;
mod watch;
mod webhook;

pub use mail::{Encryption, Mail};

pub(crate) use deliver::{Failure, work as deliver};
pub(crate) use watch::work as watch;

use crate::assets::{Guard, SystemNames};
use crate::collections::{
    Asker, check_room, checked_name, read_definition, require_owner, write_definition,
};
use crate::{Engine, Error, Result};
use ipnet::IpNet;
use model::{ProjectId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use store::catalog::Project;
use store::catalog::alerts::{Alert, AlertDraft, Delivery, NewMessage};

/// Of a project.
pub const MAX_ALERTS: usize = 100;
pub const MAX_RECIPIENTS: usize = 10;
const MAX_URL_BYTES: usize = 2000;
const MAX_THRESHOLD: u64 = 1000;
/// Of threshold and quiet period: a week.
const MAX_MINUTES: u64 = 7 * 24 * 60;
/// Messages of an alert that are not delivered yet; matches wait while there are so many.
const MAX_PENDING: u64 = 100;
/// Deliveries in a row that are given up before the alert is paused.
const MAX_FAILURES: u64 = 3;
/// Reports and what was found are kept so long.
const KEPT_MICROS: i64 = 30 * 24 * 3_600_000_000;
/// How long a person who tests an alert waits for the outcome.
const TEST_TIME: Duration = Duration::from_secs(20);
const LOOK_AT_TEST_EVERY: Duration = Duration::from_millis(100);
pub const MAX_DELIVERIES_PAGE: usize = 100;

/// A text that is not shown in logs.
#[derive(Clone, Default)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("***")
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    /// How links in messages begin, without a `/` at the end.
    pub public_url: String,
    /// Networks that are not public and that web hooks may go to all the same.
    pub allowed_networks: Vec<IpNet>,
    /// How often it is looked for new matches.
    pub look_every: Duration,
    /// How long after a failed try comes the next one; behind the last it is given up.
    pub retry_after: Vec<Duration>,
    /// `None`: no e-mail is sent.
    pub mail: Option<Mail>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:7788".to_owned(),
            allowed_networks: Vec::new(),
            look_every: Duration::from_secs(5),
            retry_after: [10, 60, 300, 1800, 7200, 21_600]
                .map(Duration::from_secs)
                .into(),
            mail: None,
        }
    }
}

pub struct Alerts {
    webhooks: webhook::Webhooks,
    wake: tokio::sync::Notify,
}

impl Alerts {
    pub fn new(settings: &Settings) -> Self {
        let guard = Guard::new(SystemNames, &settings.allowed_networks, None);
        Self {
            webhooks: webhook::Webhooks::new(guard),
            wake: tokio::sync::Notify::new(),
        }
    }
}

/// When an alert speaks, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertDefinition {
    #[serde(default)]
    pub threshold: Threshold,
    /// After a message nothing is said for so long; what is found meanwhile comes after.
    #[serde(default)]
    pub quiet_minutes: u64,
    /// Sessions that have events and no recording are reported, too.
    #[serde(default)]
    pub includes_unrecorded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookTarget>,
    /// Recipients of e-mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_to: Vec<String>,
}

/// So many matches within so many minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    pub count: u64,
    pub minutes: u64,
}

impl Default for Threshold {
    fn default() -> Self {
        Self {
            count: 1,
            minutes: 60,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTarget {
    pub url: String,
    /// Signs what is sent. Made by the server.
    #[serde(default)]
    pub secret: String,
}

impl AlertDefinition {
    pub fn of(alert: &Alert) -> Result<Self> {
        read_definition(&alert.definition)
    }

    fn channels(&self) -> Vec<String> {
        let webhook = self.webhook.is_some().then_some("webhook");
        let email = (!self.email_to.is_empty()).then_some("email");
        let channels = webhook.into_iter().chain(email);
        channels.map(str::to_owned).collect()
    }

    fn check(&mut self, settings: &Settings) -> Result<()> {
        let invalid = |message: String| Err(Error::Invalid(message));
        let Threshold { count, minutes } = self.threshold;
        if !(1..=MAX_THRESHOLD).contains(&count) || !(1..=MAX_MINUTES).contains(&minutes) {
            return invalid(format!(
                "threshold must be 1 to {MAX_THRESHOLD} matches within 1 to {MAX_MINUTES} minutes"
            ));
        }
        if self.quiet_minutes > MAX_MINUTES {
            return invalid(format!("quiet_minutes must be 0 to {MAX_MINUTES}"));
        }
        if self.channels().is_empty() {
            return invalid("an alert needs a webhook or email_to".to_owned());
        }
        if let Some(target) = &self.webhook {
            webhook::check_url(&target.url)?;
        }
        if !self.email_to.is_empty() && settings.mail.is_none() {
            return invalid("this server sends no e-mail; see [mail] in its settings".to_owned());
        }
        if self.email_to.len() > MAX_RECIPIENTS {
            return invalid(format!("email_to may be {MAX_RECIPIENTS} addresses"));
        }
        for address in &mut self.email_to {
            *address = address.trim().to_owned();
            mail::check_address(address)?;
        }
        Ok(())
    }
}

pub(crate) fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(format!("no random numbers: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn new_secret() -> Result<String> {
    Ok(format!("{}{}", random_hex()?, random_hex()?))
}

/// What is asked for of an alert, new or changed.
#[derive(Debug, Clone)]
pub struct AlertRequest {
    pub saved_search: i64,
    pub name: String,
    pub definition: AlertDefinition,
    /// Signs with another secret from now on.
    pub new_secret: bool,
}

impl Engine {
    pub async fn alerts(&self, project: ProjectId) -> Result<Vec<Alert>> {
        Ok(self.catalog.alerts(project).await?)
    }

    pub async fn alert(&self, project: ProjectId, id: i64) -> Result<Alert> {
        let found = self.catalog.alert(project, id).await?;
        found.ok_or(Error::NotFound("alert"))
    }

    /// The alert, and the secret that it signs with.
    ///
    /// # Errors
    /// `Invalid` names what cannot be understood.
    pub async fn add_alert(
        &self,
        project: ProjectId,
        asker: Asker,
        request: AlertRequest,
        now: Timestamp,
    ) -> Result<(Alert, Option<String>)> {
        let count = self.catalog.alerts(project).await?.len();
        check_room(count, MAX_ALERTS, "alerts")?;
        let (draft, secret) = self.alert_draft(project, asker, request, None).await?;
        let id = self.catalog.add_alert(project, asker, &draft, now).await?;
        Ok((self.alert(project, id).await?, secret))
    }

    /// The alert, and the secret if it is another one.
    pub async fn change_alert(
        &self,
        project: ProjectId,
        id: i64,
        asker: Asker,
        request: AlertRequest,
        now: Timestamp,
    ) -> Result<(Alert, Option<String>)> {
        let before = self.alert(project, id).await?;
        require_owner(before.owner.as_ref(), asker)?;
        let (draft, secret) = self
            .alert_draft(project, asker, request, Some(&before))
            .await?;
        let catalog = &self.catalog;
        catalog.update_alert(project, id, &draft, now).await?;
        Ok((self.alert(project, id).await?, secret))
    }

    async fn alert_draft(
        &self,
        project: ProjectId,
        asker: Asker,
        request: AlertRequest,
        before: Option<&Alert>,
    ) -> Result<(AlertDraft, Option<String>)> {
        let mut definition = request.definition;
        definition.check(&self.settings.alerts)?;
        let search = self.saved_search(project, request.saved_search, asker);
        let search = search.await.map_err(|error| match error {
            Error::NotFound(_) => {
                Error::Invalid("saved_search_id: there is no such saved search".to_owned())
            }
            other => other,
        })?;
        let mut secret = None;
        if let Some(target) = &mut definition.webhook {
            let known = before.map(AlertDefinition::of).transpose()?;
            let known = known.and_then(|known| known.webhook);
            target.secret = match known {
                Some(known) if !request.new_secret => known.secret,
                Some(_) | None => secret.insert(new_secret()?).clone(),
            };
        }
        let draft = AlertDraft {
            saved_search: search.id,
            name: checked_name(&request.name)?,
            definition: write_definition(&definition)?,
        };
        Ok((draft, secret))
    }

    /// Pauses, or runs on: then what arrives from now on is reported, and what waited to
    /// be delivered is.
    pub async fn pause_alert(
        &self,
        project: ProjectId,
        id: i64,
        asker: Asker,
        is_paused: bool,
        now: Timestamp,
    ) -> Result<Alert> {
        let alert = self.alert(project, id).await?;
        require_owner(alert.owner.as_ref(), asker)?;
        if alert.paused.is_some() != is_paused {
            let reason = is_paused.then_some("by_hand");
            self.catalog.pause_alert(id, reason, now).await?;
            self.alerts.wake.notify_one();
        }
        self.alert(project, id).await
    }

    pub async fn delete_alert(&self, project: ProjectId, id: i64, asker: Asker) -> Result<()> {
        let alert = self.alert(project, id).await?;
        require_owner(alert.owner.as_ref(), asker)?;
        Ok(self.catalog.delete_alert(project, id).await?)
    }

    /// Sends a message that says it is a test, once, and waits for what comes of it.
    ///
    /// # Errors
    /// `Conflict` when too much is on its way already.
    pub async fn test_alert(
        &self,
        project: ProjectId,
        id: i64,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Vec<Delivery>> {
        let alert = self.alert(project, id).await?;
        require_owner(alert.owner.as_ref(), asker)?;
        if self.catalog.pending_deliveries(id).await? >= MAX_PENDING {
            return Err(Error::Conflict(
                "too many messages of this alert are on their way".to_owned(),
            ));
        }
        let message = NewMessage {
            alert: id,
            message_id: random_hex()?,
            channels: AlertDefinition::of(&alert)?.channels(),
            is_test: true,
            replays: Vec::new(),
            now,
        };
        self.catalog.add_message(&message).await?;
        self.alerts.wake.notify_one();
        let until = tokio::time::Instant::now() + TEST_TIME;
        loop {
            let page = message.channels.len() + MAX_DELIVERIES_PAGE;
            let mut found = self.catalog.deliveries(id, None, page).await?;
            found.retain(|it| it.message_id == message.message_id);
            let is_done = found.iter().all(|it| it.status != "pending");
            if is_done || tokio::time::Instant::now() >= until {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_AT_TEST_EVERY).await;
        }
    }

    /// Newest first, and where the next page goes on.
    pub async fn alert_deliveries(
        &self,
        project: ProjectId,
        id: i64,
        before: Option<i64>,
        limit: usize,
    ) -> Result<(Vec<Delivery>, Option<i64>)> {
        self.alert(project, id).await?;
        let mut found = self.catalog.deliveries(id, before, limit + 1).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|last| last.id);
        Ok((found, next))
    }

    /// Messages that are not delivered yet.
    pub async fn pending_alert_deliveries(&self, id: i64) -> Result<u64> {
        Ok(self.catalog.pending_deliveries(id).await?)
    }

    pub(crate) async fn forget_old_alert_matches(&self, now: Timestamp) {
        let before = Timestamp::from_micros(now.micros() - KEPT_MICROS);
        if let Err(error) = self.catalog.forget_old_alert_matches(before).await {
            tracing::error!(%error, "cannot forget old reports of alerts");
        }
    }

    async fn project_of(&self, alert: &Alert) -> Result<Project> {
        let project = self.catalog.project(alert.project).await?;
        project.ok_or(Error::NotFound("project"))
    }
}
