//! Looks for new matches of alerts, and makes the messages about them.

use super::{AlertDefinition, MAX_PENDING, random_hex};
use crate::collections::SearchDefinition;
use crate::search::{condition, recorded, time};
use crate::{Engine, Error, Result};
use index::filter::{Comparison, Filter, Test};
use index::{Fed, List};
use model::{ReplayId, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use store::catalog::alerts::{Alert, NewMessage};
use tokio::sync::watch;

/// A replay is looked at so long after its last upload: until then it was sealed, and
/// what happened in it is known.
const LOOKED_AT_MICROS: i64 = 24 * 3_600_000_000;
/// What an alert may find in that time. A search that finds everything is no alert.
const MAX_MATCHES: usize = 10_000;
const PAGE: usize = 500;
/// Matches that one message reports.
const MAX_REPORTED: usize = 1000;

/// What an alert was last asked about.
#[derive(PartialEq, Eq)]
struct Looked {
    fed: Fed,
    changed_at: Timestamp,
    search_changed_at: Timestamp,
}

/// Runs until the server stops.
pub(crate) async fn work(engine: Arc<Engine>, mut stopped: watch::Receiver<bool>) {
    let mut looked = HashMap::new();
    loop {
        if let Err(error) = look(&engine, &mut looked).await {
            tracing::error!(%error, "cannot look for matches of alerts; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(engine.settings.alerts.look_every) => {}
            _ = stopped.changed() => return,
        }
    }
}

async fn look(engine: &Engine, looked: &mut HashMap<i64, Looked>) -> Result<()> {
    let alerts = engine.catalog.running_alerts().await?;
    looked.retain(|id, _| alerts.iter().any(|alert| alert.id == *id));
    for alert in &alerts {
        // One that cannot be asked does not hold up the others.
        if let Err(error) = look_at(engine, alert, looked).await {
            let reason = match &error {
                Error::Filter(_) | Error::Invalid(_) => Some("search_cannot_be_asked"),
                _ => None,
            };
            tracing::warn!(alert = alert.id, %error, "cannot ask the search of an alert");
            if let Some(reason) = reason {
                let now = Timestamp::now();
                engine
                    .catalog
                    .pause_alert(alert.id, Some(reason), now)
                    .await?;
            }
        }
    }
    Ok(())
}

async fn look_at(engine: &Engine, alert: &Alert, looked: &mut HashMap<i64, Looked>) -> Result<()> {
    let search = engine
        .catalog
        .saved_search(alert.project, alert.saved_search)
        .await?;
    let search = search.ok_or(Error::NotFound("saved search"))?;
    let now = Looked {
        fed: engine.search.index.fed(alert.project).await?,
        changed_at: alert.changed_at,
        search_changed_at: search.changed_at,
    };
    if looked.get(&alert.id) != Some(&now) {
        let definition = SearchDefinition::of(&search)?;
        engine
            .find_matches(alert, &definition, Timestamp::now())
            .await?;
        looked.insert(alert.id, now);
    }
    engine.report_matches(alert, Timestamp::now()).await
}

impl Engine {
    /// Writes down what the search finds and the alert has not found before.
    async fn find_matches(
        &self,
        alert: &Alert,
        search: &SearchDefinition,
        now: Timestamp,
    ) -> Result<()> {
        let project = self.project_of(alert).await?;
        let lookback = Timestamp::from_micros(now.micros() - LOOKED_AT_MICROS);
        let since = alert.since.max(lookback);
        let new = Test::Compare(Comparison::AtLeast, time(since));
        let mut sessions = recorded(true).and(condition("received", new.clone()));
        if AlertDefinition::of(alert)?.includes_unrecorded {
            // It is not noted when events arrived. What is new happened since.
            let others = recorded(false).and(condition("ended", new));
            sessions = Filter::Any(vec![sessions, others]);
        }
        let request = search.request();
        let mut list = self.wanted_of(&project, &request, sessions, now).await?;
        // A match is not older than the arrival that it was found by.
        let known = self.catalog.alert_matches(alert.id, since).await?;
        list.without = known.iter().map(|it| it.replay).collect();
        loop {
            if list.without.len() > MAX_MATCHES {
                let reason = Some("too_many_matches");
                return Ok(self.catalog.pause_alert(alert.id, reason, now).await?);
            }
            let context = self.search_context(&project, &list.filter, now, 0).await?;
            let page = List {
                limit: PAGE,
                ..list.clone()
            };
            let found = self.search.index.list(project.id, page, context).await?;
            let found: Vec<ReplayId> = found.replays.iter().map(|found| found.id).collect();
            if found.is_empty() {
                return Ok(());
            }
            let catalog = &self.catalog;
            catalog.put_alert_matches(alert.id, &found, now).await?;
            self.metrics.alert_matches.inc_by(found.len() as u64);
            list.without.extend(found);
        }
    }

    /// Makes a message of what waits to be reported, if it is time for one.
    async fn report_matches(&self, alert: &Alert, now: Timestamp) -> Result<()> {
        let definition = AlertDefinition::of(alert)?;
        let threshold = &definition.threshold;
        let minutes_ago = |minutes: u64| {
            let micros = i64::try_from(minutes).unwrap_or(i64::MAX);
            Timestamp::from_micros(now.micros() - micros.saturating_mul(60_000_000))
        };
        // A single match counts whenever it was; several have to come together.
        let since = match threshold.count {
            1 => Timestamp::from_micros(i64::MIN),
            _ => minutes_ago(threshold.minutes),
        };
        let catalog = &self.catalog;
        loop {
            let waiting = catalog
                .waiting_matches(alert.id, since, MAX_REPORTED)
                .await?;
            if waiting.is_empty() || (waiting.len() as u64) < threshold.count {
                return Ok(());
            }
            let last = catalog.last_message_at(alert.id).await?;
            let is_quiet = last.is_some_and(|last| last > minutes_ago(definition.quiet_minutes));
            if definition.quiet_minutes > 0 && is_quiet {
                return Ok(());
            }
            if catalog.pending_deliveries(alert.id).await? >= MAX_PENDING {
                return Ok(());
            }
            let message = NewMessage {
                alert: alert.id,
                message_id: random_hex()?,
                channels: definition.channels(),
                is_test: false,
                replays: waiting.iter().map(|it| it.replay).collect(),
                now,
            };
            catalog.add_message(&message).await?;
            self.alerts.wake.notify_one();
        }
    }
}
