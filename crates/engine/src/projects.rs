//! Projects by key. Every upload asks, so answers are kept for a moment.

use crate::{Engine, Result};
use model::OrganisationId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::catalog::Project;

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
