//! The way from the hot log into the catalog, for what is no recording. One task goes
//! it, so changes are applied in the order in which they were accepted.

use super::frame::{Frame, FrameBody, Records, VideoFrame};
use crate::errors::record::{record, replay_of, span_record, who};
use crate::{Engine, Error, Result};
use model::batch::IdentityChange;
use model::{ProjectId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::Kind;
use store::catalog::Event;
use store::catalog::errors::{NewError, ReplayLinks, SpanRecord, Video};
use store::catalog::people::SeenUser;
use store::hot_log::FrameRef;
use xxhash_rust::xxh3::xxh3_64;

/// Uploads of analytics events written in one transaction.
const UPLOADS_AT_ONCE: usize = 256;
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A frame that fails for another reason than a full disk this often is left in the
/// hot log and applied at the next start: it must not hold up all others.
const MAX_TRIES: u32 = 5;

/// Something that is durable in the hot log but not in the catalog.
pub enum Pending {
    Events {
        project: ProjectId,
        events: Vec<Event>,
        frame: FrameRef,
    },
    /// Records or a film, read back from the log: in the queue it costs nothing.
    Frame(FrameRef),
    /// Answered when everything before it is in the catalog.
    Mark(tokio::sync::oneshot::Sender<()>),
}

/// Moves what is pending into the catalog, many uploads at a time. When the catalog
/// cannot be written (a full disk), the queue fills and uploads are refused; nothing
/// that was accepted is lost.
pub(crate) async fn write_pending(
    engine: Arc<Engine>,
    mut pending: tokio::sync::mpsc::Receiver<Pending>,
    mut stopped: tokio::sync::watch::Receiver<bool>,
) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            _ = pending.recv_many(&mut batch, UPLOADS_AT_ONCE) => {}
            _ = stopped.changed() => return,
        }
        let mut by_project: BTreeMap<ProjectId, (Vec<Event>, Vec<FrameRef>)> = BTreeMap::new();
        let (mut frames, mut marks) = (Vec::new(), Vec::new());
        for upload in batch.drain(..) {
            match upload {
                Pending::Events {
                    project,
                    events,
                    frame,
                } => {
                    let of_project = by_project.entry(project).or_default();
                    of_project.0.extend(events);
                    of_project.1.push(frame);
                }
                Pending::Frame(frame) => frames.push(frame),
                Pending::Mark(mark) => marks.push(mark),
            }
        }
        for (project, (events, frames)) in by_project {
            let mut work = Work::Events(project, &events);
            if !engine.write_until_done(&mut work, &mut stopped).await {
                return;
            }
            engine.hot_log.release(&frames);
        }
        // Records in a few transactions; films, and all when that fails, one by one.
        let rest = engine.write_together(&frames).await.unwrap_or(frames);
        for at in rest {
            let mut work = Work::Frame(at);
            if !engine.write_until_done(&mut work, &mut stopped).await {
                return;
            }
        }
        for mark in marks {
            // Nobody may be waiting any more.
            let _ = mark.send(());
        }
    }
}

/// What frames of records say, as the catalog takes it.
#[derive(Default)]
struct Rows {
    links: Vec<ReplayLinks>,
    errors: Vec<NewError>,
    users: Vec<SeenUser>,
    spans: Vec<SpanRecord>,
    identities: Vec<IdentityChange>,
}

impl Rows {
    fn add(&mut self, project: ProjectId, records: Records, received_at: Timestamp) {
        let Records {
            source,
            errors,
            spans,
            identities,
            links,
        } = records;
        self.links.extend(links.into_iter().map(|it| ReplayLinks {
            replay: replay_of(project, &it.replay),
            error_ids: it.error_ids,
            trace_ids: it.trace_ids,
            now: received_at,
            at: it.at.unwrap_or(received_at),
        }));
        for error in &errors {
            self.errors
                .push(record(project, &source, error, received_at));
            let user = who(&error.person).filter(|id| !model::batch::is_nobody(id));
            self.users.extend(user.map(|user_id| SeenUser {
                user_id: user_id.clone(),
                at: error.timestamp,
            }));
        }
        let spans = spans.iter();
        self.spans
            .extend(spans.map(|span| span_record(project, span, received_at)));
        self.identities.extend(identities);
    }
}

enum Work<'a> {
    Events(ProjectId, &'a [Event]),
    Frame(FrameRef),
}

impl Engine {
    /// Waits until everything that was accepted before is in the catalog.
    pub(crate) async fn drain_pending(&self) -> Result<()> {
        let (mark, passed) = tokio::sync::oneshot::channel();
        let gone = || Error::Internal("the queue to the catalog is closed".to_owned());
        let sent = self.pending.send(Pending::Mark(mark)).await;
        sent.map_err(|_| gone())?;
        passed.await.map_err(|_| gone())
    }

    /// False when the server stops before it is done.
    async fn write_until_done(
        &self,
        work: &mut Work<'_>,
        stopped: &mut tokio::sync::watch::Receiver<bool>,
    ) -> bool {
        let mut tries = 0;
        loop {
            let result = match work {
                Work::Events(project, events) => {
                    let added = self.catalog.put_events(*project, events).await;
                    let added = added.map_err(Error::from);
                    added.map(|added| {
                        self.metrics.analytics_events.inc_by(added);
                    })
                }
                Work::Frame(at) => self.write_frame(*at).await,
            };
            let Err(error) = result else { return true };
            tries += 1;
            let is_full = matches!(&error, Error::Store(error) if error.kind() == Kind::Full);
            if matches!(work, Work::Frame(_)) && !is_full && tries >= MAX_TRIES {
                tracing::error!(%error, "cannot apply an upload; it is tried again at the next start");
                return true;
            }
            tracing::error!(%error, "cannot write to the catalog; trying again");
            tokio::select! {
                _ = tokio::time::sleep(RETRY_AFTER) => {}
                _ = stopped.changed() => return false,
            }
        }
    }

    /// Writes the frames of records together and returns the others.
    async fn write_together(&self, frames: &[FrameRef]) -> Result<Vec<FrameRef>> {
        let mut by_project: BTreeMap<ProjectId, Rows> = BTreeMap::new();
        let mut written = Vec::with_capacity(frames.len());
        let mut others = Vec::new();
        for at in frames {
            let frame = Frame::decode(&self.hot_log.read(*at)?)?;
            match frame.body {
                FrameBody::Records(records) => {
                    let rows = by_project.entry(frame.project).or_default();
                    rows.add(frame.project, records, frame.received_at);
                    written.push(*at);
                }
                _ => others.push(*at),
            }
        }
        for (project, rows) in by_project {
            self.write_records(project, &rows).await?;
        }
        // Never twice: the log counts what is still needed.
        self.hot_log.release(&written);
        Ok(others)
    }

    async fn write_frame(&self, at: FrameRef) -> Result<()> {
        let frame = Frame::decode(&self.hot_log.read(at)?)?;
        match frame.body {
            FrameBody::Records(records) => {
                let mut rows = Rows::default();
                rows.add(frame.project, records, frame.received_at);
                self.write_records(frame.project, &rows).await?;
            }
            FrameBody::Video(film) => self.write_film(frame.project, film).await?,
            FrameBody::Replay(_) | FrameBody::Events(_) => {}
        }
        self.hot_log.release(&[at]);
        Ok(())
    }

    /// Every step may be repeated: the catalog knows what it has.
    async fn write_records(&self, project: ProjectId, rows: &Rows) -> Result<()> {
        if !rows.links.is_empty() {
            self.catalog.put_links(project, &rows.links).await?;
        }
        if !rows.errors.is_empty() {
            let added = self.catalog.put_errors(project, &rows.errors).await?;
            self.metrics.errors.inc_by(added);
        }
        if !rows.users.is_empty() {
            self.catalog.see_users(project, &rows.users).await?;
        }
        if !rows.spans.is_empty() {
            let added = self.catalog.put_spans(project, &rows.spans).await?;
            self.metrics.spans.inc_by(added);
        }
        if !rows.identities.is_empty() {
            let changes = &rows.identities;
            self.catalog.apply_identities(project, changes).await?;
        }
        Ok(())
    }

    async fn write_film(&self, project: ProjectId, film: VideoFrame) -> Result<()> {
        let content_hash = xxh3_64(&film.mp4);
        let (replay, segment) = (film.replay, film.segment);
        let blob_key = format!("video/{project}/{replay}/{segment}-{content_hash:016x}.mp4");
        let size_bytes = film.mp4.len() as u64;
        if self.catalog.gone_replay(replay).await?.is_some() {
            return Ok(());
        }
        self.blobs.put(&blob_key, film.mp4.into()).await?;
        let video = Video {
            id: String::new(),
            segment,
            content_hash,
            at: film.at,
            duration_ms: film.duration_ms,
            width_px: film.width_px,
            height_px: film.height_px,
            size_bytes,
            blob_key: blob_key.clone(),
        };
        match self.catalog.put_video(replay, &video).await {
            Err(error) if error.kind() == Kind::Conflict => {
                tracing::warn!(%error, replay.id = %replay, "a film is not kept");
                Ok(self.blobs.delete(&blob_key).await?)
            }
            other => Ok(other.map(drop)?),
        }
    }
}
