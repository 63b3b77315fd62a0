//! Finding replays: the index beside the catalog, fed by following the catalog's
//! logs (`feed`), and the questions that lists and search fields ask it.
//!
//! Rows that are shown always come from the catalog; the index only says which.

mod facts;
mod feed;
mod list;
mod stream;
mod suggest;

pub use feed::SearchStatus;
pub use list::{FacetRequest, Facets, value_filter};
pub use stream::{Session, Stream};
pub use suggest::{SuggestedName, SuggestedValue};

pub(crate) use list::{condition, recorded, time};

pub(crate) use feed::{follow_facts, follow_rows_and_events, write_to_files};

use crate::{Engine, Error, Result};
use index::filter::{Clock, Filter, FilterError};
use index::{Context, Index, LocalIndex, Subject};
use model::{ProjectId, ReplayId, Timestamp};
use std::path::Path;
use std::sync::Arc;
use store::catalog::Project;

pub struct Search {
    pub(crate) index: Arc<dyn Index>,
    /// Held while something goes from the catalog into the index, so that what is
    /// deleted meanwhile does not come back.
    rows_on_the_way: tokio::sync::Mutex<()>,
    facts_on_the_way: tokio::sync::Mutex<()>,
}

impl Search {
    pub fn open(folder: &Path) -> Self {
        Self {
            index: Arc::new(LocalIndex::open(folder, &index::Options::default())),
            rows_on_the_way: tokio::sync::Mutex::default(),
            facts_on_the_way: tokio::sync::Mutex::default(),
        }
    }
}

impl From<index::Error> for Error {
    fn from(error: index::Error) -> Self {
        match error {
            // The filter reads well but cannot be asked; it has no place.
            index::Error::Filter(problem) => Self::Filter(FilterError {
                at: 0..0,
                pointer: None,
                message: problem.message,
                nearest: problem.nearest,
            }),
            index::Error::TooSlow => Self::TooSlow,
            other => Self::Internal(format!("index: {other}")),
        }
    }
}

/// Reads the text form of a filter.
///
/// # Errors
/// `Filter` names the place.
pub fn filter_of_text(text: &str) -> Result<Filter> {
    Filter::from_text(text).map_err(Error::Filter)
}

/// Reads the JSON form of a filter.
///
/// # Errors
/// `Filter` names the place.
pub fn filter_of_json(json: &serde_json::Value) -> Result<Filter> {
    Filter::from_json(json).map_err(Error::Filter)
}

impl Engine {
    /// What a filter is asked with; `depth` is that of a cohort in which it stands.
    pub(crate) async fn search_context(
        &self,
        project: &Project,
        filter: &Filter,
        now: Timestamp,
        depth: usize,
    ) -> Result<Context> {
        let zone = crate::replays::zone_of(project)?;
        let cohorts = self.cohorts_of(project, filter, now, depth).await?;
        let identities = cohorts
            .into_iter()
            .map(|(id, computed)| (id, computed.identities.clone()));
        Ok(Context {
            clock: Clock { now, zone },
            cohorts: identities.collect(),
            named_events: self.meanings_of(project.id, filter).await?,
        })
    }

    /// Takes a replay out of the index, in memory and in files. The catalog must have
    /// forgotten it before, or it comes back. May be repeated.
    pub async fn forget_replay_in_index(&self, project: ProjectId, id: ReplayId) -> Result<u64> {
        self.forget_in_index(project, Subject::Replay(id)).await
    }

    /// The same for everything under a user id or device id.
    pub async fn forget_user_in_index(&self, project: ProjectId, identity: &str) -> Result<u64> {
        let who = Subject::User(identity.to_owned());
        self.forget_in_index(project, who).await
    }

    /// Takes something out of the index and then out of the catalog. In this order, so
    /// that a crash in between leaves it to be found and deleted again, and while nothing
    /// goes from the one to the other.
    pub(crate) async fn forget_and_delete<T>(
        &self,
        project: ProjectId,
        who: Vec<Subject>,
        delete: impl Future<Output = store::Result<T>>,
    ) -> Result<T> {
        let _rows = self.search.rows_on_the_way.lock().await;
        let _facts = self.search.facts_on_the_way.lock().await;
        for who in who {
            self.search.index.forget(project, who).await?;
        }
        Ok(delete.await?)
    }

    /// Tells the index again which errors belong to a replay, after some were deleted.
    pub(crate) async fn feed_errors_again(&self, project: ProjectId, id: ReplayId) -> Result<()> {
        let _rows = self.search.rows_on_the_way.lock().await;
        let _facts = self.search.facts_on_the_way.lock().await;
        let replays = self.catalog.replays(project, &[id]).await?;
        for replay in &replays {
            let facts = self.facts_of_errors(replay).await?;
            self.search.index.put_facts(project, facts).await?;
        }
        Ok(())
    }

    /// The index of a project that is gone.
    pub(crate) async fn forget_project_in_index(&self, project: ProjectId) -> Result<()> {
        let _rows = self.search.rows_on_the_way.lock().await;
        let _facts = self.search.facts_on_the_way.lock().await;
        Ok(self.search.index.forget_project(project).await?)
    }

    async fn forget_in_index(&self, project: ProjectId, who: Subject) -> Result<u64> {
        let _rows = self.search.rows_on_the_way.lock().await;
        let _facts = self.search.facts_on_the_way.lock().await;
        Ok(self.search.index.forget(project, who).await?)
    }
}
