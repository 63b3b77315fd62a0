//! Deletion that holds: of replays, a person, a project, and of what expired.
//!
//! A request becomes a job in the catalog, which hides the replays at once; one task
//! does the jobs, one after the other. Every step may be repeated, and what says that
//! there is something to do goes last, so a job that a crash cut off is done again from
//! its beginning and finds what is left.
//!
//! Nothing comes back because of three fences, in this order for every replay: its mark
//! in the catalog (an upload is refused), `uploads` (what had been let in before is
//! applied) and `seals` (what was being written is there to be deleted).

mod by_search;
mod dictionaries;
mod notices;
mod stuck;
mod traces;

pub use by_search::{BySearch, Matching};

pub(crate) use notices::work as send_notices;

use crate::projects::require_owner;
use crate::recordings::folder_of_id;
use crate::{Engine, Error, Result};
use index::Subject;
use model::{OrganisationId, ProjectId, ReplayId, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::catalog::deletion::{
    AuditEntry, Counts, Deletion, DeletionKind, EventPlace, NewDeletion,
};
use store::catalog::{Project, User};
use store::hot_log::FrameRef;
use stuck::Whose;
use tokio::sync::{Notify, RwLock};

/// Replays of one job; as many ids fit into a request.
pub const MAX_REPLAYS: usize = 8_000;
/// Deleted together: each batch writes the index's files that it touches anew.
const REPLAYS_AT_ONCE: usize = 200;
const EVENTS_AT_ONCE: usize = 20_000;
const ROWS_AT_ONCE: usize = 5_000;
pub const MAX_PAGE: usize = 100;
const RETRY_AFTER: Duration = Duration::from_secs(5);
const MAX_TRIES: u32 = 10;
/// Longer than an ingest key is remembered after its project was deleted.
const KEY_FORGOTTEN_AFTER: Duration = Duration::from_secs(6);

#[derive(Default)]
pub struct Deletions {
    /// Read by every upload from its check until it is applied or queued.
    pub(crate) uploads: RwLock<()>,
    /// Read by every seal.
    pub(crate) seals: RwLock<()>,
    wake: Notify,
    /// There is mail for the owners.
    announced: Notify,
}

/// What to delete.
#[derive(Debug)]
pub(crate) struct Request {
    pub kind: DeletionKind,
    pub user_id: Option<String>,
    pub replays: Vec<ReplayId>,
}

impl Request {
    fn of_user(identity: String) -> Result<Self> {
        Ok(Self {
            kind: DeletionKind::User,
            user_id: Some(checked_identity(identity)?),
            replays: Vec::new(),
        })
    }
}

/// What somebody wants to be deleted.
#[derive(Debug, Clone)]
pub enum Target {
    Replays(Vec<ReplayId>),
    Search(Box<BySearch>),
    /// A user id, or any other identity of the person.
    User(String),
    Project,
}

impl Engine {
    /// Makes a job that deletes; the replays are gone when this returns.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner, `NotFound` for a replay that never was in the
    /// project, `Invalid` when there are too many, `Filter` names the place in a filter,
    /// `Conflict` when a search finds another number than was expected.
    pub async fn delete(
        &self,
        user: &User,
        project: &Project,
        target: Target,
        now: Timestamp,
    ) -> Result<Deletion> {
        require_owner(user)?;
        // One that just arrived is only in memory.
        self.write_rows().await;
        let request = match target {
            Target::Replays(ids) => Request {
                kind: DeletionKind::Replays,
                user_id: None,
                replays: self.known_replays(project.id, ids).await?,
            },
            Target::Search(search) => Request {
                kind: DeletionKind::Replays,
                user_id: None,
                replays: self.found_by(project, *search, now).await?.replays,
            },
            Target::User(identity) => {
                let request = Request::of_user(identity)?;
                self.announce(user, project, request.kind, 1, now).await?;
                request
            }
            Target::Project => {
                let kind = DeletionKind::Project;
                self.announce(user, project, kind, 1, now).await?;
                Request {
                    kind,
                    user_id: None,
                    replays: Vec::new(),
                }
            }
        };
        self.request_deletion(project, Some(user), request, now)
            .await
    }

    /// The same for many users, of whom the owners are told together.
    ///
    /// # Errors
    /// As for one; nobody is deleted then.
    pub async fn delete_users(
        &self,
        user: &User,
        project: &Project,
        identities: Vec<String>,
        now: Timestamp,
    ) -> Result<Vec<Deletion>> {
        require_owner(user)?;
        let requests: Result<Vec<_>> = identities.into_iter().map(Request::of_user).collect();
        let requests = requests?;
        self.write_rows().await;
        let count = requests.len() as u64;
        if count > 0 {
            self.announce(user, project, DeletionKind::User, count, now)
                .await?;
        }
        let mut jobs = Vec::new();
        for request in requests {
            let job = self.request_deletion(project, Some(user), request, now);
            jobs.push(job.await?);
        }
        Ok(jobs)
    }

    pub(crate) async fn request_deletion(
        &self,
        project: &Project,
        user: Option<&User>,
        request: Request,
        now: Timestamp,
    ) -> Result<Deletion> {
        let new = NewDeletion {
            organisation: project.organisation_id,
            project: project.id,
            kind: request.kind,
            target_hash: target_hash(self.assets.keyed_hasher(), project.id, &request),
            user_id: request.user_id,
            replays: request.replays,
            requested_by: user.map(|user| user.id),
            now,
        };
        let job = self.catalog.add_deletion(&new).await?;
        if request.kind == DeletionKind::Project {
            self.forget_project(&project.ingest_key);
        }
        self.deletions.wake.notify_one();
        Ok(job)
    }

    /// # Errors
    /// `Forbidden` for who is not an owner, `NotFound` also for one of another
    /// organisation.
    pub async fn deletion(&self, user: &User, id: i64) -> Result<Deletion> {
        let organisation = organisation_of_owner(user)?;
        let found = self.catalog.deletion(id).await?;
        found
            .filter(|it| it.organisation == organisation)
            .ok_or(Error::NotFound("deletion"))
    }

    /// Of the whole organisation, newest first.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner.
    pub async fn deletions(
        &self,
        user: &User,
        before: Option<i64>,
        limit: Option<usize>,
    ) -> Result<Vec<Deletion>> {
        let organisation = organisation_of_owner(user)?;
        let limit = page_size(limit)?;
        Ok(self.catalog.deletions(organisation, before, limit).await?)
    }

    /// Of the whole organisation, newest first.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner.
    pub async fn audit(
        &self,
        user: &User,
        before: Option<i64>,
        limit: Option<usize>,
    ) -> Result<Vec<AuditEntry>> {
        let organisation = organisation_of_owner(user)?;
        let limit = page_size(limit)?;
        Ok(self.catalog.audit(organisation, before, limit).await?)
    }

    /// Those that are there, or were: deleting again is no mistake.
    async fn known_replays(&self, project: ProjectId, ids: Vec<ReplayId>) -> Result<Vec<ReplayId>> {
        if ids.is_empty() || ids.len() > MAX_REPLAYS {
            let message = format!("replay_ids must be 1 to {MAX_REPLAYS} ids");
            return Err(Error::Invalid(message));
        }
        match self.catalog.has_or_had_replays(project, &ids).await? {
            true => Ok(ids),
            false => Err(Error::NotFound("replay")),
        }
    }

    async fn run_deletion(&self, job: &Deletion) -> Result<()> {
        match (job.kind, &job.user_id) {
            (DeletionKind::Replays, _) => self.delete_listed(job).await?,
            (DeletionKind::Expiry, _) => {
                self.delete_listed(job).await?;
                self.delete_expired(job).await?;
            }
            (DeletionKind::User, Some(identity)) => self.delete_user(job, identity).await?,
            // Everything was deleted before a crash, only the traces may be left.
            (DeletionKind::User, None) => {}
            (DeletionKind::Project, _) => self.delete_project(job).await?,
        }
        self.catalog.forget_deletion_user(job.id).await?;
        self.erase_traces(job).await
    }

    async fn delete_listed(&self, job: &Deletion) -> Result<()> {
        loop {
            let ids = self
                .catalog
                .deletion_replays(job.id, REPLAYS_AT_ONCE)
                .await?;
            if ids.is_empty() {
                return Ok(());
            }
            self.delete_batch(job, &ids).await?;
        }
    }

    /// Waits for uploads and seals that were let in before; what comes later sees that
    /// the replays are gone.
    async fn pass_fences(&self) -> Result<()> {
        drop(self.deletions.uploads.write().await);
        drop(self.deletions.seals.write().await);
        self.drain_pending().await
    }

    /// The same, and then the log has nothing any more of what was accepted before: after
    /// a crash nothing is applied a second time that is deleted from here on. `frames` are
    /// of replays that were taken out of memory.
    async fn settle(&self, job: &Deletion, frames: &[FrameRef], whose: Whose<'_>) -> Result<()> {
        self.pass_fences().await?;
        self.hot_log.release(frames);
        self.take_out_of_stuck(job.project, whose).await?;
        self.erase_log(job).await
    }

    async fn delete_batch(&self, job: &Deletion, ids: &[ReplayId]) -> Result<()> {
        let project = job.project;
        let mut frames = Vec::new();
        for id in ids {
            frames.extend(self.live.take_out(*id).await);
        }
        self.settle(job, &frames, Whose::Gone).await?;
        let mut files = 0;
        let folders: Vec<_> = ids.iter().map(|id| folder_of_id(project, *id)).collect();
        for (id, folder) in ids.iter().zip(&folders) {
            files += self.delete_blobs(folder).await?;
            files += self.delete_blobs(&format!("video/{project}/{id}")).await?;
        }
        self.recordings.forget(&folders);
        {
            let _order = self.row_writes.lock().await;
            let rows = self.catalog.delete_replays(job.id, project, ids);
            let who = vec![Subject::Replays(ids.to_vec())];
            self.forget_and_delete(project, who, rows).await?;
        }
        self.count(job, "files", files).await
    }

    async fn delete_user(&self, job: &Deletion, identity: &str) -> Result<()> {
        // What is under way under the name belongs to it.
        self.pass_fences().await?;
        self.write_rows().await;
        let project = job.project;
        let identities = self.catalog.identities_of(project, identity).await?;
        let replays = self.catalog.replays_of_identities(project, &identities);
        let replays = replays.await?;
        let now = Timestamp::now();
        self.catalog
            .add_deletion_replays(job.id, &replays, now)
            .await?;
        self.delete_listed(job).await?;
        self.settle(job, &[], Whose::Names(&identities)).await?;
        loop {
            let catalog = &self.catalog;
            let found = catalog.events_of_identities(project, &identities, EVENTS_AT_ONCE);
            if !self.delete_events(job, &found.await?).await? {
                break;
            }
        }
        self.said.clear();
        self.forget_in_cohorts(project, &identities).await?;
        // Who they are goes last: a repeated job needs their names.
        let person = self.catalog.delete_person(job.id, project, &identities);
        person.await?;
        self.cohorts.changed();
        Ok(())
    }

    /// False when there were none.
    async fn delete_events(&self, job: &Deletion, events: &[EventPlace]) -> Result<bool> {
        if events.is_empty() {
            return Ok(false);
        }
        let project = job.project;
        let numbers: Vec<u64> = events.iter().map(|event| event.number).collect();
        let sessions = self.catalog.sessions_of_only(project, events).await?;
        let who = vec![Subject::Events(numbers.clone()), Subject::Replays(sessions)];
        let rows = self.catalog.delete_events(job.id, project, &numbers);
        self.forget_and_delete(project, who, rows).await?;
        Ok(true)
    }

    async fn delete_expired(&self, job: &Deletion) -> Result<()> {
        let project = job.project;
        self.settle(job, &[], Whose::Gone).await?;
        let now = Timestamp::now();
        loop {
            let found = self.catalog.expired_events(project, now, EVENTS_AT_ONCE);
            if !self.delete_events(job, &found.await?).await? {
                break;
            }
        }
        loop {
            let catalog = &self.catalog;
            let rows = catalog.delete_expired(job.id, project, now, ROWS_AT_ONCE);
            if rows.await?.is_empty() {
                return Ok(());
            }
        }
    }

    async fn delete_project(&self, job: &Deletion) -> Result<()> {
        let project = job.project;
        // Its key may be remembered for some seconds.
        tokio::time::sleep(KEY_FORGOTTEN_AFTER).await;
        self.pass_fences().await?;
        let mut frames = Vec::new();
        for id in self.live.ids_of(project).await {
            frames.extend(self.live.take_out(id).await);
        }
        self.settle(job, &frames, Whose::Project).await?;
        {
            let _order = self.row_writes.lock().await;
            loop {
                let catalog = &self.catalog;
                let counts = catalog.delete_project_rows(job.id, project, ROWS_AT_ONCE);
                if counts.await?.is_empty() {
                    break;
                }
            }
        }
        self.forget_project_in_index(project).await?;
        // Whoever fetches a file for it finds no job any more.
        drop(self.assets.keeping.write().await);
        let mut files = 0;
        for kind in [
            "recordings",
            "video",
            "assets",
            "dictionaries",
            "source-maps",
        ] {
            files += self.delete_blobs(&format!("{kind}/{project}")).await?;
        }
        self.recordings.forget_all(project);
        self.count(job, "files", files).await
    }

    async fn delete_blobs(&self, folder: &str) -> Result<u64> {
        let keys = self.blobs.list(folder).await?;
        for key in &keys {
            self.blobs.delete(key).await?;
        }
        self.blobs.delete_unfinished(folder).await?;
        Ok(keys.len() as u64)
    }

    async fn count(&self, job: &Deletion, name: &str, number: u64) -> Result<()> {
        let counts = Counts::from([(name.to_owned(), number)]);
        Ok(self.catalog.add_deletion_counts(job.id, &counts).await?)
    }
}

/// Does jobs until the server stops. What it is at then goes on at the next start.
pub(crate) async fn work(engine: Arc<Engine>, mut stopped: tokio::sync::watch::Receiver<bool>) {
    let mut tries = 0;
    loop {
        let step = tokio::select! {
            step = next(&engine, &mut tries) => step,
            _ = stopped.changed() => return,
        };
        let pause = async {
            match step {
                Step::Again => {}
                Step::Retry => tokio::time::sleep(RETRY_AFTER).await,
                Step::Wait => engine.deletions.wake.notified().await,
            }
        };
        tokio::select! {
            () = pause => {}
            _ = stopped.changed() => return,
        }
    }
}

enum Step {
    Again,
    Retry,
    Wait,
}

async fn next(engine: &Engine, tries: &mut u32) -> Step {
    let job = match engine.catalog.next_deletion(Timestamp::now()).await {
        Ok(Some(job)) => job,
        Ok(None) => return Step::Wait,
        Err(error) => {
            tracing::error!(%error, "cannot read what to delete; trying again");
            return Step::Retry;
        }
    };
    let ran = engine.run_deletion(&job).await;
    let error = match ran {
        Ok(()) => None,
        Err(error) => {
            *tries += 1;
            tracing::error!(%error, deletion.id = job.id, tries, "cannot delete");
            if *tries < MAX_TRIES {
                return Step::Retry;
            }
            Some("it failed again and again; the server's log says why")
        }
    };
    *tries = 0;
    let finished = engine
        .catalog
        .finish_deletion(job.id, error, Timestamp::now());
    match finished.await {
        Ok(()) => {
            tracing::info!(
                deletion.id = job.id,
                failed = error.is_some(),
                "a deletion ended"
            );
            Step::Again
        }
        Err(error) => {
            tracing::error!(%error, deletion.id = job.id, "cannot write down that it is deleted");
            Step::Retry
        }
    }
}

fn organisation_of_owner(user: &User) -> Result<OrganisationId> {
    require_owner(user)?;
    Ok(user.organisation_id)
}

fn page_size(limit: Option<usize>) -> Result<usize> {
    let limit = limit.unwrap_or(MAX_PAGE);
    match (1..=MAX_PAGE).contains(&limit) {
        true => Ok(limit),
        false => Err(Error::Invalid(format!("limit must be 1 to {MAX_PAGE}"))),
    }
}

fn checked_identity(identity: String) -> Result<String> {
    const MAX_BYTES: usize = 1024;
    match identity.is_empty() || identity.len() > MAX_BYTES {
        true => Err(Error::Invalid(format!(
            "user_id must be 1 to {MAX_BYTES} bytes"
        ))),
        false => Ok(identity),
    }
}

/// Two jobs that mean the same have the same one. Nobody can try out whose it is: the
/// hasher has a secret key.
fn target_hash(mut hasher: blake3::Hasher, project: ProjectId, request: &Request) -> String {
    hasher.update(&project.0.to_le_bytes());
    hasher.update(request.kind.name().as_bytes());
    hasher.update(request.user_id.as_deref().unwrap_or_default().as_bytes());
    // What expires is another list each time, and one job at a time is enough.
    if request.kind != DeletionKind::Expiry {
        let mut ids = request.replays.clone();
        ids.sort_unstable();
        for id in ids {
            hasher.update(id.as_bytes());
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
