//! Cohorts: people who behaved so, or who stand in a list. A cohort is worked out when
//! it is asked for, and the answer is used for a minute.
//!
//! Filters name cohorts, and cohorts are made of filters. That one refers to itself,
//! also through others, is refused when it is written (`references`).

mod list;
mod references;

pub(crate) use references::filter_of;

pub use list::{ListFormat, ListReport, MAX_LINES, MAX_LIST_BYTES, csv_of};

use crate::collections::{
    Asker, check_room, checked_name, read_definition, require_owner, write_definition,
};
use crate::replays::{ListRequest, range_of, zone_of};
use crate::search::filter_of_text;
use crate::{Engine, Error, Result};
use index::filter::{Filter, Problem};
use index::{Behaviour, Together};
use model::{ProjectId, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::catalog::Project;
use store::catalog::collections::{Cohort, Member};

/// Of a project.
pub const MAX_COHORTS: usize = 500;
/// How long a worked out cohort is used.
const FRESH_MICROS: i64 = 60 * 1_000_000;
/// Members of all cohorts in memory; each costs about 150 bytes.
const MAX_MEMBERS_IN_MEMORY: u64 = 2_000_000;
/// Cohorts that are worked out at a time; others wait.
const AT_ONCE: usize = 2;
/// How long for their turn.
const WAIT: Duration = Duration::from_secs(10);
/// Lines without anybody that a report names.
pub const UNMATCHED_SHOWN: usize = 1000;

/// Who is in a cohort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CohortDefinition {
    Filter {
        /// In the text form.
        filter: String,
        /// Whether one replay fulfils all conditions, or all that the user did.
        #[serde(default)]
        together: TogetherName,
        #[serde(default)]
        range: Option<String>,
        #[serde(default)]
        from: Option<String>,
        #[serde(default)]
        to: Option<String>,
    },
    /// Whose ids or e-mail addresses were uploaded.
    List,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TogetherName {
    #[default]
    Replay,
    User,
}

impl CohortDefinition {
    pub fn of(cohort: &Cohort) -> Result<Self> {
        read_definition(&cohort.definition)
    }

    fn filter(&self) -> Result<Option<Filter>> {
        match self {
            Self::Filter { filter, .. } => Ok(Some(filter_of_text(filter)?)),
            Self::List => Ok(None),
        }
    }
}

/// A cohort as it was worked out.
#[derive(Debug)]
pub struct Computed {
    pub at: Timestamp,
    pub took: Duration,
    /// By name.
    pub members: Vec<Member>,
    /// All ids under which they may appear in replays.
    pub identities: Arc<HashSet<String>>,
    /// Lines of a list that nobody is known by: the first ones, and how many.
    pub unmatched: Vec<String>,
    pub unmatched_count: usize,
}

#[derive(Clone)]
struct ByMembers;

impl Weighter<(ProjectId, i64), Arc<Computed>> for ByMembers {
    fn weight(&self, _: &(ProjectId, i64), computed: &Arc<Computed>) -> u64 {
        1 + computed.members.len() as u64
    }
}

pub struct Cohorts {
    cache: Cache<(ProjectId, i64), Arc<Computed>, ByMembers>,
    /// Grows with every change, so that nothing older than a change is kept.
    changes: AtomicU64,
    computing: tokio::sync::Semaphore,
    /// Held while one is checked and written, so that two cannot make a circle together.
    writing: tokio::sync::Mutex<()>,
}

impl Default for Cohorts {
    fn default() -> Self {
        Self {
            cache: Cache::with_weighter(MAX_COHORTS, MAX_MEMBERS_IN_MEMORY, ByMembers),
            changes: AtomicU64::new(0),
            computing: tokio::sync::Semaphore::new(AT_ONCE),
            writing: tokio::sync::Mutex::default(),
        }
    }
}

impl Cohorts {
    /// What was worked out before counts no more.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.cache.clear();
    }

    fn fresh(&self, project: ProjectId, id: i64, now: Timestamp) -> Option<Arc<Computed>> {
        let found = self.cache.get(&(project, id));
        found.filter(|it| (0..FRESH_MICROS).contains(&(now.micros() - it.at.micros())))
    }
}

/// What is asked for of a cohort, new or changed.
#[derive(Debug, Clone)]
pub struct CohortRequest {
    pub name: String,
    pub definition: CohortDefinition,
}

type Computing<'a> = Pin<Box<dyn Future<Output = Result<Arc<Computed>>> + Send + 'a>>;

impl Engine {
    pub async fn cohorts(&self, project: ProjectId) -> Result<Vec<Cohort>> {
        Ok(self.catalog.cohorts(project).await?)
    }

    pub async fn cohort(&self, project: ProjectId, id: i64) -> Result<Cohort> {
        let found = self.catalog.cohort(project, id).await?;
        found.ok_or(Error::NotFound("cohort"))
    }

    /// # Errors
    /// `Invalid` and `Filter` say what cannot be understood, `Conflict` that the name is
    /// taken.
    pub async fn add_cohort(
        &self,
        project: &Project,
        asker: Asker,
        request: CohortRequest,
        now: Timestamp,
    ) -> Result<Cohort> {
        let _writing = self.cohorts.writing.lock().await;
        let count = self.catalog.cohorts(project.id).await?.len();
        check_room(count, MAX_COHORTS, "cohorts")?;
        let (name, definition) = self.cohort_draft(project, None, request, now).await?;
        let catalog = &self.catalog;
        let added = catalog.add_cohort(project.id, asker, &name, &definition, now);
        let id = added.await.map_err(name_taken)?;
        self.cohorts.changed();
        self.cohort(project.id, id).await
    }

    pub async fn change_cohort(
        &self,
        project: &Project,
        id: i64,
        asker: Asker,
        request: CohortRequest,
        now: Timestamp,
    ) -> Result<Cohort> {
        let _writing = self.cohorts.writing.lock().await;
        let before = self.cohort(project.id, id).await?;
        require_owner(before.owner.as_ref(), asker)?;
        let is_list = |definition: &CohortDefinition| *definition == CohortDefinition::List;
        if is_list(&CohortDefinition::of(&before)?) != is_list(&request.definition) {
            return Err(Error::Invalid(
                "a cohort cannot change between a filter and a list".to_owned(),
            ));
        }
        let (name, definition) = self.cohort_draft(project, Some(id), request, now).await?;
        if !name.eq_ignore_ascii_case(&before.name) {
            self.require_unused(project.id, &before, true).await?;
        }
        let catalog = &self.catalog;
        let updated = catalog.update_cohort(project.id, id, &name, &definition, now);
        updated.await.map_err(name_taken)?;
        self.cohorts.changed();
        self.cohort(project.id, id).await
    }

    /// # Errors
    /// `Conflict` names who still refers to it.
    pub async fn delete_cohort(&self, project: ProjectId, id: i64, asker: Asker) -> Result<()> {
        let _writing = self.cohorts.writing.lock().await;
        let cohort = self.cohort(project, id).await?;
        require_owner(cohort.owner.as_ref(), asker)?;
        self.require_unused(project, &cohort, false).await?;
        self.catalog.delete_cohort(project, id).await?;
        self.cohorts.changed();
        Ok(())
    }

    async fn cohort_draft(
        &self,
        project: &Project,
        id: Option<i64>,
        request: CohortRequest,
        now: Timestamp,
    ) -> Result<(String, String)> {
        let name = checked_name(&request.name)?;
        let mut definition = request.definition;
        if let CohortDefinition::Filter {
            filter,
            range,
            from,
            to,
            ..
        } = &mut definition
        {
            range_of(&period(range, from, to), &zone_of(project)?, now)?;
            let read = filter_of_text(filter)?;
            *filter = read.to_text();
            self.check_references(project.id, id, &name, &read).await?;
        }
        Ok((name, write_definition(&definition)?))
    }

    /// Puts the numbers of cohorts into a filter that names them.
    ///
    /// # Errors
    /// `Filter` for a name that no cohort has.
    pub(crate) async fn name_cohorts(&self, project: ProjectId, filter: &mut Filter) -> Result<()> {
        if filter.cohort_names().is_empty() {
            return Ok(());
        }
        let cohorts = self.catalog.cohorts(project).await?;
        filter.name_cohorts(&mut |name| number_of(&cohorts, name))
    }

    /// The cohorts that a filter asks for; those that do not exist are left out.
    pub(crate) async fn cohorts_of(
        &self,
        project: &Project,
        filter: &Filter,
        now: Timestamp,
        depth: usize,
    ) -> Result<Vec<(i64, Arc<Computed>)>> {
        let mut found = Vec::new();
        for id in filter.cohorts() {
            match self.compute(project, id, now, depth).await {
                Ok(computed) => found.push((id, computed)),
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Who is in a cohort, as it was at most a minute ago, or with `is_fresh` now.
    ///
    /// # Errors
    /// `Filter` when it refers to a cohort that is gone, `TooSlow`.
    pub async fn cohort_members(
        &self,
        project: &Project,
        id: i64,
        is_fresh: bool,
        now: Timestamp,
    ) -> Result<Arc<Computed>> {
        if is_fresh {
            self.cohorts.cache.remove(&(project.id, id));
        }
        self.compute(project, id, now, 0).await
    }

    /// What is known of a cohort without working it out.
    pub fn known_cohort(&self, project: ProjectId, id: i64) -> Option<Arc<Computed>> {
        self.cohorts.cache.get(&(project, id))
    }

    fn compute<'a>(
        &'a self,
        project: &'a Project,
        id: i64,
        now: Timestamp,
        depth: usize,
    ) -> Computing<'a> {
        Box::pin(async move {
            let cohorts = &self.cohorts;
            if let Some(fresh) = cohorts.fresh(project.id, id, now) {
                return Ok(fresh);
            }
            // Circles are refused when they are written; this ends one all the same.
            if depth > references::MAX_DEPTH {
                return Err(references::too_deep());
            }
            // Only the outermost takes a place, or they could wait for each other.
            let _place = match depth {
                0 => {
                    let place = tokio::time::timeout(WAIT, cohorts.computing.acquire()).await;
                    place.map_err(|_| Error::TooSlow)?.ok()
                }
                _ => None,
            };
            if let Some(fresh) = cohorts.fresh(project.id, id, now) {
                return Ok(fresh);
            }
            let changes = cohorts.changes.load(Ordering::SeqCst);
            let computed = Arc::new(self.compute_now(project, id, now, depth).await?);
            if cohorts.changes.load(Ordering::SeqCst) == changes {
                cohorts.cache.insert((project.id, id), computed.clone());
            }
            Ok(computed)
        })
    }

    async fn compute_now(
        &self,
        project: &Project,
        id: i64,
        now: Timestamp,
        depth: usize,
    ) -> Result<Computed> {
        let start = Instant::now();
        let cohort = self.cohort(project.id, id).await?;
        let mut found = match CohortDefinition::of(&cohort)? {
            CohortDefinition::List => self.catalog.members_of_list(project.id, id).await?,
            CohortDefinition::Filter {
                filter,
                together,
                range,
                from,
                to,
            } => {
                let mut filter = filter_of_text(&filter)?;
                self.name_cohorts(project.id, &mut filter).await?;
                let period = period(&range, &from, &to);
                let (from, to) = range_of(&period, &zone_of(project)?, now)?;
                let context = self
                    .search_context(project, &filter, now, depth + 1)
                    .await?;
                let behaviour = Behaviour {
                    filter,
                    together: match together {
                        TogetherName::Replay => Together::Replay,
                        TogetherName::User => Together::User,
                    },
                    from,
                    to,
                };
                let index = &self.search.index;
                let ids = index.people(project.id, behaviour, context).await?;
                self.catalog.members_by_identity(project.id, ids).await?
            }
        };
        let unmatched_count = found.unmatched.len();
        found.unmatched.truncate(UNMATCHED_SHOWN);
        Ok(Computed {
            at: now,
            took: start.elapsed(),
            members: found.members,
            identities: Arc::new(found.identities.into_iter().collect()),
            unmatched: found.unmatched,
            unmatched_count,
        })
    }

    /// A page of members, by name, behind `after`.
    pub fn members_after<'c>(
        computed: &'c Computed,
        after: Option<&str>,
        limit: usize,
    ) -> (&'c [Member], Option<&'c str>) {
        let members = &computed.members;
        let start = after.map_or(0, |after| {
            members.partition_point(|member| member.name.as_str() <= after)
        });
        let end = members.len().min(start.saturating_add(limit));
        let page = &members[start..end];
        let next = page.last().filter(|_| end < members.len());
        (page, next.map(|last| last.name.as_str()))
    }
}

fn period(range: &Option<String>, from: &Option<String>, to: &Option<String>) -> ListRequest {
    ListRequest {
        range: range.clone(),
        from: from.clone(),
        to: to.clone(),
        ..ListRequest::default()
    }
}

fn name_taken(error: store::Error) -> Error {
    match error.kind() {
        store::Kind::Conflict => Error::Conflict("a cohort with this name exists".to_owned()),
        _ => error.into(),
    }
}

fn number_of(cohorts: &[Cohort], name: &str) -> Result<i64> {
    let found = cohorts
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case(name.trim()));
    found.map(|it| it.id).ok_or_else(|| {
        Error::from(index::Error::Filter(Problem {
            message: format!("there is no cohort {name:?}"),
            nearest: None,
        }))
    })
}
