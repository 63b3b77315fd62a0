//! The index inside the binary: a folder for each project.

use crate::cache::Cache;
use crate::charts::{self, Funnel, Group, Series};
use crate::filter::Filter;
use crate::project::{Project, State};
use crate::questions::{self, Facet, List, Page, StreamEvent, StreamQuery};
use crate::{Appearance, Context, Error, Index, Occurrence, Result, Row, Stats, Subject, Value};
use model::{ProjectId, ReplayId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

#[derive(Debug, Clone)]
pub struct Options {
    /// Of unpacked blocks, over all projects.
    pub cache_bytes: u64,
    /// Questions that are answered at once; the others wait.
    pub questions_at_once: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 512 << 20,
            questions_at_once: 4,
        }
    }
}

#[derive(Clone)]
pub struct LocalIndex(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    cache: Arc<Cache>,
    cache_numbers: Arc<AtomicU64>,
    projects: Mutex<HashMap<ProjectId, Arc<OnceLock<Arc<Project>>>>>,
    questions: tokio::sync::Semaphore,
}

impl LocalIndex {
    /// Projects are read when they are first used.
    pub fn open(folder: &Path, options: &Options) -> Self {
        Self(Arc::new(Inner {
            folder: folder.to_owned(),
            cache: Arc::new(Cache::new(options.cache_bytes)),
            cache_numbers: Arc::default(),
            projects: Mutex::default(),
            questions: tokio::sync::Semaphore::new(options.questions_at_once.max(1)),
        }))
    }

    fn project(&self, id: ProjectId) -> Result<Arc<Project>> {
        let slot = {
            let mut projects = self
                .0
                .projects
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            projects.entry(id).or_default().clone()
        };
        if let Some(project) = slot.get() {
            return Ok(project.clone());
        }
        // Two may open it at once only if both find it closed; one of them wins
        // before either has written anything.
        static OPENING: Mutex<()> = Mutex::new(());
        let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(project) = slot.get() {
            return Ok(project.clone());
        }
        let folder = self.0.folder.join(id.to_string());
        let project = Project::open(&folder, self.0.cache.clone(), self.0.cache_numbers.clone())?;
        Ok(slot.get_or_init(|| Arc::new(project)).clone())
    }

    async fn change<T: Send + 'static>(
        &self,
        id: ProjectId,
        work: impl FnOnce(&Project) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let index = self.clone();
        let task = tokio::task::spawn_blocking(move || work(&*index.project(id)?));
        task.await
            .map_err(|error| Error::Internal(error.to_string()))?
    }

    async fn ask<T: Send + 'static>(
        &self,
        id: ProjectId,
        question: impl FnOnce(&State) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.0.questions.acquire().await;
        let _place = place.map_err(|error| Error::Internal(error.to_string()))?;
        self.change(id, move |project| question(&project.read()))
            .await
    }
}

#[async_trait::async_trait]
impl Index for LocalIndex {
    async fn put_rows(&self, project: ProjectId, rows: Vec<Row>) -> Result<()> {
        self.change(project, move |project| project.put_rows(rows))
            .await
    }

    async fn put_events(
        &self,
        project: ProjectId,
        events: Vec<Occurrence>,
        up_to: Option<u64>,
    ) -> Result<()> {
        self.change(project, move |project| project.put_events(events, up_to))
            .await
    }

    async fn put_facts(
        &self,
        project: ProjectId,
        replay: ReplayId,
        version: u64,
        facts: Vec<Occurrence>,
        texts: Vec<Appearance>,
    ) -> Result<()> {
        self.change(project, move |project| {
            project.put_facts(replay, version, facts, texts)
        })
        .await
    }

    async fn flush(&self, project: ProjectId) -> Result<()> {
        self.change(project, Project::flush).await
    }

    async fn fed_up_to(&self, project: ProjectId) -> Result<u64> {
        self.change(project, |project| Ok(project.fed_up_to()))
            .await
    }

    async fn facts_version(&self, project: ProjectId, replay: ReplayId) -> Result<u64> {
        self.change(project, move |project| Ok(project.facts_version(replay)))
            .await
    }

    async fn forget(&self, project: ProjectId, who: Subject) -> Result<u64> {
        self.change(project, move |project| project.forget(&who))
            .await
    }

    async fn list(&self, project: ProjectId, list: List, context: Context) -> Result<Page> {
        self.ask(project, move |state| {
            questions::list(state, &list, &context)
        })
        .await
    }

    async fn facets(
        &self,
        project: ProjectId,
        filter: Filter,
        fields: Vec<String>,
        limit: usize,
        context: Context,
    ) -> Result<Vec<Facet>> {
        self.ask(project, move |state| {
            questions::facets(state, &filter, &fields, limit, &context)
        })
        .await
    }

    async fn values(
        &self,
        project: ProjectId,
        field: String,
        prefix: String,
        limit: usize,
    ) -> Result<Vec<(Value, u64)>> {
        self.ask(project, move |state| {
            questions::values(state, &field, &prefix, limit)
        })
        .await
    }

    async fn names(&self, project: ProjectId, prefix: String, limit: usize) -> Result<Vec<String>> {
        self.ask(project, move |state| {
            Ok(questions::names(state, &prefix, limit))
        })
        .await
    }

    async fn screen_hits(
        &self,
        project: ProjectId,
        replay: ReplayId,
        phrase: String,
        limit: usize,
    ) -> Result<Vec<Appearance>> {
        self.ask(project, move |state| {
            questions::screen_hits(state, replay, &phrase, limit)
        })
        .await
    }

    async fn stream(&self, project: ProjectId, query: StreamQuery) -> Result<Vec<StreamEvent>> {
        self.ask(project, move |state| questions::stream(state, &query))
            .await
    }

    async fn series(
        &self,
        project: ProjectId,
        series: Series,
        context: Context,
    ) -> Result<Vec<Group>> {
        self.ask(project, move |state| {
            charts::series(state, &series, &context)
        })
        .await
    }

    async fn group_by(
        &self,
        project: ProjectId,
        series: Series,
        property: String,
        context: Context,
    ) -> Result<Vec<Group>> {
        self.ask(project, move |state| {
            charts::group_by(state, &series, &property, &context)
        })
        .await
    }

    async fn funnel(
        &self,
        project: ProjectId,
        funnel: Funnel,
        context: Context,
    ) -> Result<Vec<u64>> {
        self.ask(project, move |state| {
            charts::funnel(state, &funnel, &context)
        })
        .await
    }

    async fn stats(&self, project: ProjectId) -> Result<Stats> {
        self.change(project, Project::stats).await
    }
}
