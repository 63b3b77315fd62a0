//! Sends the messages that are due: one at a time of each alert, a few alerts at once,
//! again later what failed for a passing reason.

use super::{AlertDefinition, MAX_FAILURES, message, webhook};
use crate::metrics::ReasonLabel;
use crate::{Engine, Error, Result};
use model::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::catalog::alerts::{Delivery, Tried};
use tokio::sync::watch;
use tokio::task::JoinSet;

const AT_ONCE: usize = 8;
/// How often retries are looked for; new messages wake the worker.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For the log that people read.
    pub outcome: String,
    /// Another time it may work.
    pub may_pass: bool,
}

impl Failure {
    pub fn for_good(outcome: impl Into<String>) -> Self {
        Self {
            outcome: outcome.into(),
            may_pass: false,
        }
    }

    pub fn for_now(outcome: impl Into<String>) -> Self {
        Self {
            outcome: outcome.into(),
            may_pass: true,
        }
    }
}

/// Runs until the server stops. What is being sent then is sent again at the next start.
pub(crate) async fn work(engine: Arc<Engine>, mut stopped: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    let mut busy = HashSet::new();
    loop {
        let due = match running.len() < AT_ONCE {
            true => {
                let limit = AT_ONCE + busy.len();
                engine.catalog.due_deliveries(Timestamp::now(), limit).await
            }
            false => Ok(Vec::new()),
        };
        let due = due.unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read which messages of alerts to send");
            Vec::new()
        });
        for delivery in due {
            if running.len() < AT_ONCE && busy.insert(delivery.alert) {
                let engine = engine.clone();
                running.spawn(async move {
                    engine.try_delivery(&delivery).await;
                    delivery.alert
                });
            }
        }
        tokio::select! {
            Some(done) = running.join_next(), if !running.is_empty() => match done {
                Ok(alert) => drop(busy.remove(&alert)),
                Err(error) => {
                    tracing::error!(%error, "a message of an alert failed badly");
                    // Whose it was is not known any more; the others end first.
                    while running.join_next().await.is_some() {}
                    busy.clear();
                }
            },
            () = engine.alerts.wake.notified() => {}
            () = tokio::time::sleep(engine.time_to_next_delivery().await) => {}
            _ = stopped.changed() => return,
        }
    }
}

impl Engine {
    async fn time_to_next_delivery(&self) -> Duration {
        let next = self.catalog.next_due_delivery().await.ok().flatten();
        let left_us = next.map_or(i64::MAX, |next| next.micros() - Timestamp::now().micros());
        // At least a moment: what is due may be of an alert that is busy.
        let left = Duration::from_micros(left_us.max(100_000).unsigned_abs());
        left.min(LOOK_EVERY)
    }

    async fn try_delivery(self: &Arc<Self>, delivery: &Delivery) {
        let sent = self.send(delivery).await.unwrap_or_else(|error| {
            tracing::error!(%error, "cannot make a message of an alert");
            Err(Failure::for_now("internal"))
        });
        let now = Timestamp::now();
        let (tried, outcome) = match sent {
            Ok(outcome) => (Tried::Delivered, outcome),
            Err(failure) => {
                let waits = &self.settings.alerts.retry_after;
                let wait = waits.get(usize::try_from(delivery.attempts).unwrap_or(usize::MAX));
                let wait = wait.filter(|_| failure.may_pass && !delivery.is_test);
                let tried = wait.map_or(Tried::GivenUp, |wait| {
                    let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
                    Tried::Later(Timestamp::from_micros(now.micros().saturating_add(wait_us)))
                });
                (tried, failure.outcome)
            }
        };
        let label = ReasonLabel {
            reason: match tried {
                Tried::Delivered => "delivered",
                Tried::Later(_) => "failed_for_now",
                Tried::GivenUp => "given_up",
            },
        };
        self.metrics.alert_deliveries.get_or_create(&label).inc();
        if let Err(error) = self.finish(delivery, &tried, &outcome, now).await {
            tracing::error!(%error, "cannot write down what came of a message of an alert");
        }
    }

    async fn finish(
        &self,
        delivery: &Delivery,
        tried: &Tried,
        outcome: &str,
        now: Timestamp,
    ) -> Result<()> {
        let catalog = &self.catalog;
        let failures = catalog
            .finish_delivery(delivery, tried, outcome, now)
            .await?;
        if failures >= MAX_FAILURES {
            tracing::warn!(alert = delivery.alert, outcome, "an alert is paused");
            let reason = Some("deliveries_failed");
            catalog.pause_alert(delivery.alert, reason, now).await?;
        }
        Ok(())
    }

    /// What came of it, in a few words.
    async fn send(self: &Arc<Self>, delivery: &Delivery) -> Result<Result<String, Failure>> {
        let alert = self.alert(delivery.project, delivery.alert).await?;
        let definition = AlertDefinition::of(&alert)?;
        let report = self.report_of(delivery, &alert).await?;
        let engine = self.clone();
        let sent = match delivery.channel.as_str() {
            "webhook" => {
                let Some(target) = definition.webhook else {
                    return Ok(Err(Failure::for_good("no web hook any more")));
                };
                let body = message::json(&report).to_string();
                let id = delivery.message_id.clone();
                let sent_at = Timestamp::now();
                tokio::task::spawn_blocking(move || {
                    let signature = webhook::signature(&target.secret, sent_at, &body);
                    let webhooks = &engine.alerts.webhooks;
                    webhooks.post(&target.url, &id, &signature, body)
                })
            }
            _ => {
                let Some(mail) = self.settings.alerts.mail.clone() else {
                    return Ok(Err(Failure::for_good("this server sends no e-mail")));
                };
                if definition.email_to.is_empty() {
                    return Ok(Err(Failure::for_good("no recipient any more")));
                }
                let (subject, text) = message::text(&report);
                let id = delivery.message_id.clone();
                let to = definition.email_to;
                tokio::task::spawn_blocking(move || mail.send(&to, &id, subject, text))
            }
        };
        sent.await
            .map_err(|error| Error::Internal(error.to_string()))
    }
}
