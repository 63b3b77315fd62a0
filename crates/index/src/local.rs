//! The index inside the binary: a folder for each project.

use crate::cache::Cache;
use crate::charts::{self, Funnel, Group, Series};
use crate::deadline::{Deadline, Question};
use crate::people::{self, Behaviour};
use crate::project::Project;
use crate::questions::{self, Cursor, Facet, List, Name, Page, Sort, StreamEvent, StreamQuery};
use crate::{
    Appearance, Context, Error, Facts, FactsVersions, Fed, Index, Occurrence, Result, Row, Stats,
    Subject, Value, manifest,
};
use model::{ProjectId, ReplayId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Options {
    /// Of unpacked blocks, over all projects.
    pub cache_bytes: u64,
    /// Questions that are answered at once; the others wait.
    pub questions_at_once: usize,
    /// How long a question may take, with the time that it waits for its turn.
    pub question_time: Duration,
    /// Projects whose rows stay in memory; of more, those that are asked about least.
    pub open_projects: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 512 << 20,
            questions_at_once: 4,
            question_time: Duration::from_secs(10),
            open_projects: 64,
        }
    }
}

#[derive(Clone)]
pub struct LocalIndex(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    cache: Arc<Cache>,
    cache_numbers: Arc<AtomicU64>,
    projects: Mutex<HashMap<ProjectId, Arc<Slot>>>,
    questions: tokio::sync::Semaphore,
    question_time: Duration,
    open_projects: usize,
    /// Counts uses, to know which was the last one of a project.
    uses: AtomicU64,
}

/// A place for a project, which may not be read yet.
#[derive(Default)]
struct Slot {
    project: OnceLock<Arc<Project>>,
    last_use: AtomicU64,
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
            question_time: options.question_time,
            open_projects: options.open_projects,
            uses: AtomicU64::default(),
        }))
    }

    fn project(&self, id: ProjectId) -> Result<Arc<Project>> {
        let slot = self.projects().entry(id).or_default().clone();
        let number = self.0.uses.fetch_add(1, Ordering::Relaxed);
        slot.last_use.store(number, Ordering::Relaxed);
        if let Some(project) = slot.project.get() {
            return Ok(project.clone());
        }
        // Two may open it at once only if both find it closed; one of them wins
        // before either has written anything.
        static OPENING: Mutex<()> = Mutex::new(());
        let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(project) = slot.project.get() {
            return Ok(project.clone());
        }
        let folder = self.folder(id);
        let project = Project::open(&folder, self.0.cache.clone(), self.0.cache_numbers.clone())?;
        Ok(slot.project.get_or_init(|| Arc::new(project)).clone())
    }

    fn folder(&self, id: ProjectId) -> PathBuf {
        self.0.folder.join(id.to_string())
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Slot>>> {
        let projects = self.0.projects.lock();
        projects.unwrap_or_else(PoisonError::into_inner)
    }

    /// Projects that are read, the last one used first.
    fn open_slots(&self) -> Vec<(ProjectId, Arc<Slot>)> {
        let projects = self.projects();
        let mut slots: Vec<_> = projects
            .iter()
            .filter(|(_, slot)| slot.project.get().is_some())
            .map(|(id, slot)| (*id, slot.clone()))
            .collect();
        slots.sort_by_key(|(_, slot)| std::cmp::Reverse(slot.last_use.load(Ordering::Relaxed)));
        slots
    }

    /// Forgets a project that nobody uses and of which everything is in files.
    fn close(&self, id: ProjectId) {
        let mut projects = self.projects();
        // Under the lock of the map nobody can begin to use it.
        let is_unused = |slot: &Arc<Slot>| {
            let project = slot.project.get();
            Arc::strong_count(slot) == 1
                && project.is_some_and(|it| Arc::strong_count(it) == 1 && !it.is_dirty())
        };
        if projects.get(&id).is_some_and(is_unused) {
            projects.remove(&id);
        }
    }

    fn flush_open(&self) -> Result<()> {
        let mut result = Ok(());
        for (_, slot) in self.open_slots() {
            if let Some(project) = slot.project.get() {
                // One that cannot be written is no reason to lose the others.
                result = result.and(project.flush());
            }
        }
        let idle = self.open_slots().into_iter().skip(self.0.open_projects);
        let idle: Vec<ProjectId> = idle.map(|(id, _)| id).collect();
        idle.into_iter().for_each(|id| self.close(id));
        result
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
        ask: impl FnOnce(&Question<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let until = Deadline::after(self.0.question_time);
        let place = tokio::time::timeout(until.left(), self.0.questions.acquire()).await;
        let place = place.map_err(|_| Error::TooSlow)?;
        let _place = place.map_err(|error| Error::Internal(error.to_string()))?;
        self.change(id, move |project| {
            let state = &*project.read();
            ask(&Question { state, until })
        })
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

    async fn put_facts(&self, project: ProjectId, facts: Facts) -> Result<()> {
        self.change(project, move |project| project.put_facts(facts))
            .await
    }

    async fn put_fed(&self, project: ProjectId, fed: Fed) -> Result<()> {
        self.change(project, move |project| {
            project.put_fed(fed);
            Ok(())
        })
        .await
    }

    async fn fed(&self, id: ProjectId) -> Result<Fed> {
        let is_open = |slot: &Arc<Slot>| slot.project.get().is_some();
        if !self.projects().get(&id).is_some_and(is_open) {
            // Asked of every project at the start: the manifest alone says it.
            let folder = self.folder(id);
            let read = tokio::task::spawn_blocking(move || manifest::read(&folder)).await;
            if let Ok(Ok(found)) = read {
                return Ok(found.unwrap_or_default().fed);
            }
        }
        self.change(id, |project| Ok(project.fed())).await
    }

    async fn facts_versions(
        &self,
        project: ProjectId,
        replays: Vec<ReplayId>,
    ) -> Result<Vec<FactsVersions>> {
        self.change(project, move |project| Ok(project.facts_versions(&replays)))
            .await
    }

    async fn flush(&self, project: ProjectId) -> Result<()> {
        self.change(project, Project::flush).await
    }

    async fn flush_all(&self) -> Result<()> {
        let index = self.clone();
        let task = tokio::task::spawn_blocking(move || index.flush_open());
        task.await
            .map_err(|error| Error::Internal(error.to_string()))?
    }

    async fn forget(&self, project: ProjectId, who: Subject) -> Result<u64> {
        self.change(project, move |project| project.forget(&who))
            .await
    }

    async fn forget_project(&self, id: ProjectId) -> Result<()> {
        self.change(id, Project::clear).await?;
        self.projects().remove(&id);
        let folder = self.folder(id);
        let removed = tokio::task::spawn_blocking(move || {
            std::fs::remove_dir_all(&folder).map_err(Error::io(&folder))
        });
        removed
            .await
            .map_err(|error| Error::Internal(error.to_string()))?
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
        list: List,
        fields: Vec<String>,
        context: Context,
    ) -> Result<Vec<Facet>> {
        self.ask(project, move |state| {
            questions::facets(state, &list, &fields, &context)
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

    async fn names(&self, project: ProjectId, prefix: String, limit: usize) -> Result<Vec<Name>> {
        self.ask(project, move |state| {
            Ok(questions::names(state, &prefix, limit))
        })
        .await
    }

    async fn cursor_of(
        &self,
        project: ProjectId,
        replay: ReplayId,
        sort: Sort,
    ) -> Result<Option<Cursor>> {
        self.ask(project, move |state| {
            Ok(questions::cursor_of(state, replay, sort))
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

    async fn people(
        &self,
        project: ProjectId,
        behaviour: Behaviour,
        context: Context,
    ) -> Result<Vec<String>> {
        self.ask(project, move |state| {
            people::people(state, &behaviour, &context)
        })
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

    async fn recent_projects(&self) -> Result<Vec<ProjectId>> {
        let slots = self.open_slots().into_iter().rev();
        Ok(slots.map(|(id, _)| id).collect())
    }
}
