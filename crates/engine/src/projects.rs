//! Projects: by key for uploads, made and changed by people. Every upload asks for
//! one, so answers are kept for a moment.

use crate::{Engine, Error, Result};
use model::{OrganisationId, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::catalog::{NewProject, Project, User};

/// A changed setting is in force after this time.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// Unknown keys are kept as well; an attacker who tries many only empties the cache.
const KEPT_KEYS: usize = 1024;

type Answers = HashMap<String, (Instant, Option<Arc<Project>>)>;

#[derive(Default)]
pub struct Cache(Mutex<Answers>);

impl Engine {
    /// The project that a public ingest key belongs to.
    pub async fn project_of_key(&self, key: &str) -> Result<Option<Arc<Project>>> {
        let answers = || {
            self.projects
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((at, project)) = answers().get(key)
            && at.elapsed() < KEPT_FOR
        {
            return Ok(project.clone());
        }
        let project = self.catalog.project_by_ingest_key(key).await?.map(Arc::new);
        let mut answers = answers();
        if answers.len() >= KEPT_KEYS {
            answers.clear();
        }
        answers.insert(key.to_owned(), (Instant::now(), project.clone()));
        Ok(project)
    }

    /// Of the oldest project, for the demo shop; `None` before the set-up.
    pub async fn first_ingest_key(&self) -> Result<Option<String>> {
        Ok(self
            .catalog
            .first_project()
            .await?
            .map(|project| project.ingest_key))
    }

    pub async fn projects(&self, organisation: OrganisationId) -> Result<Vec<Project>> {
        Ok(self.catalog.projects(organisation).await?)
    }
}

/// Changes to a project; what is not given stays.
#[derive(Debug, Clone, Default)]
pub struct ProjectChange {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub capture_enabled: Option<bool>,
    /// 1 to 3650; of what arrives from now on.
    pub retention_days: Option<u32>,
}

/// An organisation that needs more is asked to talk to whoever runs the server.
const MAX_PROJECTS: usize = 1000;

impl Engine {
    /// With an ingest key of its own.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner, `Invalid` names the field that is wrong.
    pub async fn add_project(
        &self,
        user: &User,
        name: &str,
        time_zone: &str,
        now: Timestamp,
    ) -> Result<Project> {
        require_owner(user)?;
        if self.projects(user.organisation_id).await?.len() >= MAX_PROJECTS {
            return Err(Error::Invalid(format!(
                "an organisation has at most {MAX_PROJECTS} projects"
            )));
        }
        let project = NewProject {
            organisation_id: user.organisation_id,
            name: checked_name(name)?,
            ingest_key: crate::access::new_ingest_key()?,
            time_zone: checked_zone(time_zone)?,
            retention_days: self.settings.retention.days,
            now,
        };
        Ok(self.catalog.add_project(&project).await?)
    }

    /// # Errors
    /// As for [`Engine::add_project`].
    pub async fn change_project(
        &self,
        user: &User,
        mut project: Project,
        change: ProjectChange,
        now: Timestamp,
    ) -> Result<Project> {
        require_owner(user)?;
        if let Some(name) = change.name {
            project.name = checked_name(&name)?;
        }
        if let Some(zone) = change.time_zone {
            project.time_zone = checked_zone(&zone)?;
        }
        if let Some(enabled) = change.capture_enabled {
            project.capture_enabled = enabled;
        }
        if let Some(days) = change.retention_days {
            project.retention_days = crate::retention::checked_days(days)?;
            let detail = serde_json::json!({ "retention_days": days });
            self.write_audit(user, project.id, "change_retention", &detail, now)
                .await?;
        }
        self.catalog.update_project(&project).await?;
        self.forget_project(&project.ingest_key);
        Ok(project)
    }

    /// It has changed: the next upload asks again.
    pub(crate) fn forget_project(&self, ingest_key: &str) {
        self.projects
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(ingest_key);
    }
}

pub(crate) fn require_owner(user: &User) -> Result<()> {
    match user.role.as_str() {
        "owner" => Ok(()),
        _ => Err(Error::Forbidden("only an owner can do this")),
    }
}

/// Settings that a project keeps as JSON, after a change: fields that are not sent keep
/// their value, `null` takes one away. Settings that cannot be read are replaced, or
/// nobody could repair them.
///
/// # Errors
/// `Invalid` for what is no such setting.
pub(crate) fn changed_settings<T: DeserializeOwned>(
    name: &str,
    kept: &str,
    change: Map<String, Value>,
) -> Result<(T, String)> {
    let mut all: Map<String, Value> = match serde_json::from_str::<T>(kept) {
        Ok(_) => serde_json::from_str(kept).unwrap_or_default(),
        Err(_) => Map::new(),
    };
    all.extend(change);
    all.retain(|_, value| !value.is_null());
    let all = Value::Object(all);
    let text = all.to_string();
    let settings =
        serde_json::from_value(all).map_err(|error| Error::Invalid(format!("{name}: {error}")))?;
    Ok((settings, text))
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.contains(char::is_control) {
        return Err(Error::Invalid(
            "a project needs a name of 1 to 200 characters".to_owned(),
        ));
    }
    Ok(name.to_owned())
}

fn checked_zone(zone: &str) -> Result<String> {
    if jiff::tz::TimeZone::get(zone).is_err() {
        return Err(Error::Invalid(format!(
            "{zone:?} is not the name of a time zone"
        )));
    }
    Ok(zone.to_owned())
}
