//! Following the catalog: the index is fed from its logs, in their order, and
//! remembers how far it came. So there is one way for what arrives now, what a crash
//! took from the index, and an index that is made anew.
//!
//! Facts follow behind by themselves: they are read from sealed recordings, which
//! takes longer than a row.

use super::facts;
use crate::{Engine, Error, Result};
use index::feed::{StoredEvent, event_of, row_of};
use index::{Facts, FactsVersions, Fed, Layer, Stats};
use model::ProjectId;
use model::replay::Replay;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::catalog::search::LogEnds;
use tokio::sync::watch;

/// How often it is looked whether the logs grew; one small query each time.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// After something failed.
const RETRY_AFTER: Duration = Duration::from_secs(10);
const FLUSH_EVERY: Duration = Duration::from_secs(10);
const EVENTS_AT_ONCE: usize = 2_000;
const EVENT_BYTES_AT_ONCE: usize = 8 << 20;
const ROWS_AT_ONCE: usize = 500;
/// Each may be a recording that has to be read.
const REPLAYS_AT_ONCE: usize = 50;
/// Steps for one project before the next one has its turn.
const STEPS_AT_ONCE: usize = 20;
const MAX_LINKED_ERRORS: usize = 1_000;

/// What the index knows of a project.
#[derive(Debug, Clone, Copy)]
pub struct SearchStatus {
    pub stats: Stats,
    pub max_names: u64,
}

/// One of the two followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    RowsAndEvents,
    Facts,
}

pub(crate) async fn follow_rows_and_events(engine: Arc<Engine>, stopped: watch::Receiver<bool>) {
    follow(&engine, What::RowsAndEvents, stopped).await;
}

pub(crate) async fn follow_facts(engine: Arc<Engine>, stopped: watch::Receiver<bool>) {
    follow(&engine, What::Facts, stopped).await;
}

async fn follow(engine: &Engine, what: What, mut stopped: watch::Receiver<bool>) {
    let mut seen = LogEnds::default();
    // Projects in whose logs there is, or may be, more to read; and those that could
    // not be fed, which must not hold up the others.
    let mut behind: BTreeSet<ProjectId> = BTreeSet::new();
    let mut failed: BTreeMap<ProjectId, Instant> = BTreeMap::new();
    loop {
        let looked = engine.look(&mut seen, &mut behind).await;
        let cannot_look = report(looked, "cannot look for changes");
        let now = Instant::now();
        let waits = |since: &Instant| now.duration_since(*since) < RETRY_AFTER;
        behind.extend(failed.keys());
        failed.retain(|_, since| waits(since));
        behind.retain(|project| !failed.contains_key(project));
        for project in std::mem::take(&mut behind) {
            let fed = engine.feed(project, what, &stopped).await;
            match fed {
                Ok(IsDone::Yes) => {}
                Ok(IsDone::No) => drop(behind.insert(project)),
                Err(_) => {
                    report(fed, "cannot feed the index");
                    failed.insert(project, Instant::now());
                }
            }
        }
        let pause = match (cannot_look, behind.is_empty()) {
            (true, _) => RETRY_AFTER,
            (false, true) => LOOK_EVERY,
            (false, false) => Duration::ZERO,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.changed() => return,
        }
    }
}

fn report<T>(result: Result<T>, what: &str) -> bool {
    result
        .inspect_err(|error| tracing::error!(%error, "{what}; trying again"))
        .is_err()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IsDone {
    Yes,
    No,
}

/// Every ten seconds, and at the end.
pub(crate) async fn write_to_files(engine: Arc<Engine>, mut stopped: watch::Receiver<bool>) {
    loop {
        let is_stopped = tokio::select! {
            () = tokio::time::sleep(FLUSH_EVERY) => false,
            _ = stopped.changed() => true,
        };
        if is_stopped {
            return;
        }
        report(engine.flush_index().await, "cannot write the index");
    }
}

impl Engine {
    pub(crate) async fn flush_index(&self) -> Result<()> {
        self.search.index.flush_all().await?;
        let mut all = Stats::default();
        let mut behind = 0;
        for project in self.search.index.recent_projects().await? {
            let fed = self.search.index.fed(project).await?;
            let after = LogEnds {
                events: fed.events,
                replays: fed.facts.min(fed.rows),
            };
            let left = self.catalog.changes_after(project, after).await?;
            behind += left.events + left.replays;
            let stats = self.search.index.stats(project).await?;
            all.rows += stats.rows;
            all.events += stats.events;
            all.facts += stats.facts;
            all.texts += stats.texts;
            all.file_bytes += stats.file_bytes;
            all.refused.properties += stats.refused.properties;
        }
        self.metrics.index(&all, behind);
        Ok(())
    }

    /// # Errors
    /// When the index cannot be read.
    pub async fn search_status(&self, project: ProjectId) -> Result<SearchStatus> {
        Ok(SearchStatus {
            stats: self.search.index.stats(project).await?,
            max_names: index::MAX_NAMES as u64,
        })
    }

    /// Finds the projects that changed since the last time.
    async fn look(&self, seen: &mut LogEnds, behind: &mut BTreeSet<ProjectId>) -> Result<()> {
        let ends = self.catalog.log_ends().await?;
        if ends == *seen {
            return Ok(());
        }
        behind.extend(self.catalog.projects_changed_after(*seen).await?);
        *seen = ends;
        Ok(())
    }

    async fn feed(
        &self,
        project: ProjectId,
        what: What,
        stopped: &watch::Receiver<bool>,
    ) -> Result<IsDone> {
        for _ in 0..STEPS_AT_ONCE {
            if *stopped.borrow() {
                break;
            }
            let is_done = match what {
                What::RowsAndEvents => {
                    // Rows first: what events say about a session adds to its row.
                    let rows = self.feed_rows(project).await?;
                    let events = self.feed_events(project).await?;
                    rows == IsDone::Yes && events == IsDone::Yes
                }
                What::Facts => self.feed_facts(project).await? == IsDone::Yes,
            };
            if is_done {
                return Ok(IsDone::Yes);
            }
        }
        Ok(IsDone::No)
    }

    async fn feed_rows(&self, project: ProjectId) -> Result<IsDone> {
        let index = &self.search.index;
        let _on_the_way = self.search.rows_on_the_way.lock().await;
        let after = index.fed(project).await?.rows;
        let changed = self
            .catalog
            .replays_changed_after(project, after, ROWS_AT_ONCE)
            .await?;
        let Some((rows, _)) = changed.last() else {
            return Ok(IsDone::Yes);
        };
        let fed = Fed {
            rows: *rows,
            ..Fed::default()
        };
        let rows = changed.iter().map(|(_, replay)| row_of(replay)).collect();
        index.put_rows(project, rows).await?;
        index.put_fed(project, fed).await?;
        Ok(done(changed.len() < ROWS_AT_ONCE))
    }

    async fn feed_events(&self, project: ProjectId) -> Result<IsDone> {
        let index = &self.search.index;
        let _on_the_way = self.search.rows_on_the_way.lock().await;
        let after = index.fed(project).await?.events;
        let events = self
            .catalog
            .events_after(project, after, EVENTS_AT_ONCE, EVENT_BYTES_AT_ONCE)
            .await?;
        let Some((up_to, _)) = events.last() else {
            return Ok(IsDone::Yes);
        };
        let up_to = *up_to;
        // Reading JSON is work that must not hold up answers.
        let read = tokio::task::spawn_blocking(move || {
            let events = events.iter();
            let occurrences = events.map(|(number, event)| {
                event_of(&StoredEvent {
                    number: *number,
                    project,
                    event_type: &event.event_type,
                    at: event.timestamp,
                    device_id: &event.device_id,
                    user_id: event.user_id.as_deref(),
                    session_id: event.session_id.as_deref(),
                    replay: event.replay,
                    json: &event.json,
                })
            });
            occurrences.collect::<Vec<_>>()
        });
        let occurrences = read
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        index.put_events(project, occurrences, Some(up_to)).await?;
        // The bound by bytes may have cut it, so only nothing is the end.
        Ok(IsDone::No)
    }

    async fn feed_facts(&self, project: ProjectId) -> Result<IsDone> {
        let index = &self.search.index;
        let _on_the_way = self.search.facts_on_the_way.lock().await;
        let after = index.fed(project).await?.facts;
        let changed = self
            .catalog
            .replays_changed_after(project, after, REPLAYS_AT_ONCE)
            .await?;
        let ids = changed.iter().map(|(_, replay)| replay.id).collect();
        let known = index.facts_versions(project, ids).await?;
        for ((number, replay), known) in changed.iter().zip(known) {
            self.feed_facts_of(replay, known).await?;
            let fed = Fed {
                facts: *number,
                ..Fed::default()
            };
            index.put_fed(project, fed).await?;
        }
        Ok(done(changed.len() < REPLAYS_AT_ONCE))
    }

    async fn feed_facts_of(&self, replay: &Replay, known: FactsVersions) -> Result<()> {
        let project = replay.project_id;
        if replay.recording_version > known.recording {
            match self.facts_of_recording(replay).await {
                Ok(facts) => self.search.index.put_facts(project, facts).await?,
                // A newer version replaced it, which is a change of its own; or it is
                // damaged, and the others must not wait for it.
                Err(error) if is_lost(&error) => {
                    tracing::warn!(%error, replay.id = %replay.id, "cannot index what a recording says");
                }
                Err(error) => return Err(error),
            }
        }
        if replay.linked_error_count > known.beside {
            let facts = self.facts_of_errors(replay).await?;
            self.search.index.put_facts(project, facts).await?;
        }
        Ok(())
    }

    pub(super) async fn facts_of_errors(&self, replay: &Replay) -> Result<Facts> {
        let errors = self.catalog.errors_of_replay(replay.id, MAX_LINKED_ERRORS);
        Ok(Facts {
            replay: replay.id,
            layer: Layer::Beside,
            version: replay.linked_error_count,
            facts: facts::of_errors(replay, &errors.await?),
            texts: Vec::new(),
        })
    }

    async fn facts_of_recording(&self, replay: &Replay) -> Result<Facts> {
        let sealed = self.recordings.open(replay).await?;
        let facts = sealed.facts(&(i64::MIN..i64::MAX)).await?;
        let found = facts::of_recording(replay, facts);
        Ok(Facts {
            replay: replay.id,
            layer: Layer::Recording,
            version: replay.recording_version,
            facts: found.facts,
            texts: found.texts,
        })
    }
}

fn is_lost(error: &Error) -> bool {
    match error {
        Error::Recording(_) => true,
        Error::Store(error) => error.kind() == store::Kind::NotFound,
        _ => false,
    }
}

const fn done(is_done: bool) -> IsDone {
    match is_done {
        true => IsDone::Yes,
        false => IsDone::No,
    }
}
