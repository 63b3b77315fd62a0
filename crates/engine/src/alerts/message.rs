//! What a message of an alert says. It is made when it is sent: what was deleted in the
//! meantime is not told any more.

use super::session::Session;
use crate::collections::SearchDefinition;
use crate::{Engine, Error, Result};
use model::Timestamp;
use model::replay::Replay;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::catalog::Project;
use store::catalog::alerts::{Alert, Delivery};
use store::catalog::collections::SavedSearch;

/// Replays that a message describes; it counts all.
const MAX_DESCRIBED: usize = 50;

pub struct Report {
    message_id: String,
    is_test: bool,
    created_at: Timestamp,
    alert: Alert,
    search: SavedSearch,
    filter: String,
    project: Project,
    public_url: String,
    replay_count: usize,
    /// The first ones.
    replays: Vec<(model::ReplayId, Matched)>,
}

/// What is known of a match when it is told.
enum Matched {
    Replay(Box<Replay>),
    Unrecorded(Session),
    Gone,
}

impl Report {
    fn replay_url(&self, id: model::ReplayId) -> String {
        format!("{}/replays/{id}", self.public_url)
    }

    /// What the user did, where there is nothing to play.
    fn user_url(&self, session: &Session) -> String {
        let who = session.user_id.as_ref().or(session.device_id.as_ref());
        let who = who.map(String::as_str).unwrap_or_default();
        let who = utf8_percent_encode(who, NON_ALPHANUMERIC);
        let project = self.project.id.0;
        format!("{}/users?project={project}&query={who}", self.public_url)
    }

    fn list_url(&self) -> String {
        let filter = utf8_percent_encode(&self.filter, NON_ALPHANUMERIC);
        let project = self.project.id.0;
        format!(
            "{}/replays?project={project}&filter={filter}",
            self.public_url
        )
    }
}

impl Engine {
    pub(super) async fn report_of(&self, delivery: &Delivery, alert: &Alert) -> Result<Report> {
        let project = self.project_of(alert).await?;
        let catalog = &self.catalog;
        let search = catalog.saved_search(alert.project, alert.saved_search);
        let search = search.await?.ok_or(Error::NotFound("saved search"))?;
        let mut ids = catalog.replays_of_message(&delivery.message_id).await?;
        let replay_count = ids.len();
        ids.truncate(MAX_DESCRIBED);
        let found = catalog.replays(project.id, &ids).await?.into_iter();
        let mut found: HashMap<_, _> = found.map(|replay| (replay.id, replay)).collect();
        let mut replays = Vec::new();
        let now = Timestamp::now();
        for id in ids {
            let matched = match found.remove(&id) {
                Some(replay) => Matched::Replay(Box::new(replay)),
                None => match self.unrecorded_session(&project, id, now).await? {
                    Some(session) => Matched::Unrecorded(session),
                    None => Matched::Gone,
                },
            };
            replays.push((id, matched));
        }
        Ok(Report {
            message_id: delivery.message_id.clone(),
            is_test: delivery.is_test,
            created_at: delivery.created_at,
            alert: alert.clone(),
            filter: SearchDefinition::of(&search)?.filter,
            search,
            project,
            public_url: self.settings.alerts.public_url.clone(),
            replay_count,
            replays,
        })
    }
}

fn rfc3339(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    format!("{at:.3}")
}

/// The body of a web hook.
pub fn json(report: &Report) -> Value {
    let replays = report.replays.iter().map(|(id, matched)| match matched {
        Matched::Gone => json!({ "id": id, "gone": true }),
        Matched::Unrecorded(session) => json!({
            "id": id,
            "is_recorded": false,
            "url": report.user_url(session),
            "user_id": session.user_id,
            "device_id": session.device_id,
            "started_at": rfc3339(session.started_at),
        }),
        Matched::Replay(replay) => json!({
            "id": id,
            "is_recorded": true,
            "url": report.replay_url(*id),
            "user_id": replay.user_id,
            "device_id": replay.device_id,
            "started_at": rfc3339(replay.started_at),
            "duration_ms": replay.duration_ms(),
            "first_url": replay.first_url,
            "browser": replay.browser,
            "os": replay.os,
            "country": replay.country,
            "error_count": replay.signals.error_count + replay.linked_error_count,
        }),
    });
    json!({
        "id": report.message_id,
        "type": if report.is_test { "test" } else { "alert" },
        "created_at": rfc3339(report.created_at),
        "alert": { "id": report.alert.id, "name": report.alert.name },
        "saved_search": {
            "id": report.search.id,
            "name": report.search.name,
            "filter": report.filter,
        },
        "project": { "id": report.project.id, "name": report.project.name },
        "url": report.list_url(),
        "replay_count": report.replay_count,
        "replays": replays.collect::<Vec<_>>(),
    })
}

/// Subject and text of an e-mail.
pub fn text(report: &Report) -> (String, String) {
    let name = &report.alert.name;
    let count = report.replay_count;
    if report.is_test {
        let text = format!(
            "This is a test of the alert \"{name}\" of {}. Nothing was found.\n",
            report.project.name
        );
        return (format!("Test of the alert {name}"), text);
    }
    let replays = if count == 1 { "replay" } else { "replays" };
    let mut text = format!(
        "The search \"{}\" of {} found {count} new {replays}.\n\n",
        report.search.name, report.project.name
    );
    for (id, matched) in &report.replays {
        let replay = match matched {
            Matched::Replay(replay) => replay,
            Matched::Unrecorded(session) => {
                let who = session.user_id.as_ref().or(session.device_id.as_ref());
                let who = one_line(who.map(String::as_str).unwrap_or_default());
                let (at, url) = (rfc3339(session.started_at), report.user_url(session));
                text.push_str(&format!("{at}  {who}  not recorded\n{url}\n\n"));
                continue;
            }
            Matched::Gone => {
                text.push_str("A replay that was deleted since\n\n");
                continue;
            }
        };
        let who = replay.user_id.as_ref().unwrap_or(&replay.device_id);
        let at = rfc3339(replay.started_at);
        let seconds = replay.duration_ms() / 1000;
        text.push_str(&format!("{at}  {}  {seconds} s\n", one_line(who)));
        if let Some(url) = &replay.first_url {
            text.push_str(&format!("{}\n", one_line(url)));
        }
        text.push_str(&format!("{}\n\n", report.replay_url(*id)));
    }
    if count > report.replays.len() {
        let more = count - report.replays.len();
        text.push_str(&format!("And {more} more.\n\n"));
    }
    text.push_str(&format!("All of them: {}\n", report.list_url()));
    (format!("{name}: {count} new {replays}"), text)
}

/// Recorded text cannot begin a line of its own.
fn one_line(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MAX_CHARS).collect()
}
