//! The write path: scrub, note what the list needs, frame, store, apply.
//!
//! An upload is durable in the hot log before [`Engine::accept_replay`] returns.
//! Applying it to the replay's state in memory follows at once, and is repeated
//! from the hot log after a crash, so it must not depend on how often it happens.

mod batch;
pub mod frame;
pub mod mark;
mod pending;
mod scrub;

use crate::ingest_status::Sender;
use crate::{Engine, Error, Result};
use frame::{Frame, FrameBody, Records};
use mark::Mark;
use model::ingest::{
    AnalyticsUpload, Client, Problems, Reason, ReplayPayload, ReplayUpload, Source,
};
use model::{ProjectId, ReplayId, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::catalog::{Event, Project};
use store::hot_log::FrameRef;

/// How long an upload of analytics events waits for a place in the queue.
const QUEUE_PATIENCE: Duration = Duration::from_secs(2);

pub(crate) use pending::{Pending, write_pending};

impl Engine {
    /// Stores data of a replay. The work goes on when the caller goes away, so
    /// that nothing is stored without being applied.
    ///
    /// # Errors
    /// A store error of kind `Full` when the disk is full; nothing was kept then.
    pub async fn accept_replay(
        self: &Arc<Self>,
        project: Arc<Project>,
        upload: ReplayUpload,
        received_at: Timestamp,
    ) -> Result<()> {
        let engine = self.clone();
        let work = tokio::spawn(async move {
            let _upload = engine.deletions.uploads.read().await;
            engine.store_replay(&project, upload, received_at).await
        });
        work.await
            .map_err(|error| Error::Internal(error.to_string()))?
    }

    async fn store_replay(
        &self,
        project: &Project,
        mut upload: ReplayUpload,
        received_at: Timestamp,
    ) -> Result<()> {
        let source = upload.source;
        scrub::replay(&mut upload, &project.ingest_key);
        let sender = Sender {
            device_id: Some(upload.device_id.clone()),
            session_id: Some(upload.session_id.clone()),
        };
        self.count_problems(project.id, source, &sender, &upload.problems, received_at);
        let is_empty = match &upload.payload {
            ReplayPayload::Events(events) => events.is_empty(),
            ReplayPayload::Interactions { interactions, .. } => interactions.is_empty(),
        };
        if is_empty {
            return Ok(());
        }
        let id = ReplayId::derive(project.id, &upload.device_id, &upload.session_id);
        // One in memory is asked for when it is taken out.
        if !self.live.contains(id) && self.catalog.gone_replay(id).await?.is_some() {
            self.count_gone(project.id, source, &sender, received_at);
            return Ok(());
        }
        let frame = Frame {
            project: project.id,
            received_at,
            body: FrameBody::Replay(upload),
        };
        let bytes = frame.encode()?;
        let at = self.hot_log.append(bytes).await?;
        let FrameBody::Replay(upload) = frame.body else {
            return Ok(());
        };
        let label = crate::metrics::SourceLabel {
            source: source.name(),
        };
        self.count_accepted(project.id, source, &upload.client, received_at);
        let applied = self
            .apply_replay(project.id, upload, received_at, at)
            .await?;
        if applied.is_gone {
            self.count_gone(project.id, source, &sender, received_at);
            return Ok(());
        }
        if applied.is_conflict {
            let mut conflict = Problems::default();
            conflict.add(Reason::SegmentConflict, 1);
            self.count_problems(project.id, source, &sender, &conflict, received_at);
        }
        self.metrics
            .upload_bytes
            .get_or_create(&label)
            .inc_by(applied.size_bytes);
        self.metrics.replay_events.inc_by(applied.new_events);
        self.metrics.duplicate_events.inc_by(applied.duplicates);
        Ok(())
    }

    /// Stores analytics events; returns how many there were.
    pub async fn accept_events(
        self: &Arc<Self>,
        project: Arc<Project>,
        mut upload: AnalyticsUpload,
        received_at: Timestamp,
    ) -> Result<u64> {
        let (source, sender) = (upload.source, Sender::default());
        scrub::events(
            &mut upload.events,
            &mut upload.identities,
            &mut upload.problems,
            &project.ingest_key,
        );
        self.count_problems(project.id, source, &sender, &upload.problems, received_at);
        let count = upload.events.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let place = self.place_in_queue().await?;
        let engine = self.clone();
        let work = tokio::spawn(async move {
            let _upload = engine.deletions.uploads.read().await;
            let records = Records {
                source: source.name().to_owned(),
                identities: engine.worth_writing(project.id, upload.identities),
                ..Records::default()
            };
            engine.store_records(&project, records, received_at).await?;
            let frame = Frame {
                project: project.id,
                received_at,
                body: FrameBody::Events(upload.events),
            };
            let at = engine.hot_log.append(frame.encode()?).await?;
            engine.count_accepted(project.id, source, &Client::default(), received_at);
            let FrameBody::Events(events) = frame.body else {
                return Ok(0);
            };
            place.send(Pending::Events {
                project: project.id,
                events: catalog_events(project.id, events, received_at, at),
                frame: at,
            });
            Ok(count)
        });
        work.await
            .map_err(|error| Error::Internal(error.to_string()))?
    }

    /// A place in the queue to the catalog, taken before anything is stored.
    async fn place_in_queue(&self) -> Result<tokio::sync::mpsc::OwnedPermit<Pending>> {
        let place = self.pending.clone().reserve_owned();
        match tokio::time::timeout(QUEUE_PATIENCE, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::Busy),
        }
    }

    async fn queue(&self, pending: Pending) -> Result<()> {
        let sent = self.pending.send(pending).await;
        sent.map_err(|_| Error::Internal("the queue to the catalog is closed".to_owned()))
    }

    fn count_problems(
        &self,
        project: ProjectId,
        source: Source,
        sender: &Sender,
        problems: &Problems,
        at: Timestamp,
    ) {
        self.metrics.problems(source, problems);
        self.ingest_status
            .problems(project, source, sender, problems, at);
    }

    /// The sender hears that all is well, or it would try for ever.
    fn count_gone(&self, project: ProjectId, source: Source, sender: &Sender, at: Timestamp) {
        let mut gone = Problems::default();
        gone.add(Reason::ReplayGone, 1);
        self.count_problems(project, source, sender, &gone, at);
    }

    async fn apply_replay(
        &self,
        project: ProjectId,
        upload: ReplayUpload,
        received_at: Timestamp,
        at: FrameRef,
    ) -> Result<crate::live::Applied> {
        let id = ReplayId::derive(project, &upload.device_id, &upload.session_id);
        let marks = match &upload.payload {
            ReplayPayload::Events(events) => events.iter().map(Mark::of).collect(),
            ReplayPayload::Interactions { .. } => Vec::new(),
        };
        let applied = self
            .live
            .apply(self, id, project, upload, marks, received_at, at)
            .await?;
        if applied.is_gone {
            // Or what comes for it next would be stored before it is refused.
            self.live.forget(id);
        }
        Ok(applied)
    }

    /// Applies what the hot log held at the start. A frame that cannot be read is
    /// left where it is and reported; the others are not held up by it.
    pub(crate) async fn recover(&self, places: Vec<FrameRef>) -> Result<()> {
        let total = places.len();
        let mut failed = 0;
        for at in places {
            let frame = self.hot_log.read(at).map_err(Error::from);
            let recovered = match frame.and_then(|bytes| Frame::decode(&bytes)) {
                Ok(frame) => self.apply_frame(at, frame).await,
                Err(error) => Err(error),
            };
            if let Err(error) = recovered {
                failed += 1;
                tracing::error!(%error, ?at, "cannot apply an upload from the hot log");
            }
        }
        if total > 0 {
            tracing::info!(
                uploads = total,
                failed,
                "applied the uploads of the hot log"
            );
        }
        Ok(())
    }

    /// Applies a frame that was not applied when it was accepted, or queues it for that.
    pub(crate) async fn apply_frame(&self, at: FrameRef, frame: Frame) -> Result<()> {
        let Frame {
            project,
            received_at,
            body,
        } = frame;
        match body {
            FrameBody::Replay(upload) => self
                .apply_replay(project, upload, received_at, at)
                .await
                .map(drop),
            FrameBody::Events(events) => {
                let events = catalog_events(project, events, received_at, at);
                let frame = at;
                self.queue(Pending::Events {
                    project,
                    events,
                    frame,
                })
                .await
            }
            FrameBody::Records(_) | FrameBody::Video(_) => self.queue(Pending::Frame(at)).await,
        }
    }
}

/// An event without an id of its own gets the place of its upload as one: it is
/// the same when the hot log is read again.
fn catalog_events(
    project: ProjectId,
    events: Vec<model::ingest::AnalyticsEvent>,
    received_at: Timestamp,
    at: FrameRef,
) -> Vec<Event> {
    let events = events.into_iter().enumerate();
    events
        .map(|(position, event)| Event {
            insert_id: event
                .insert_id
                .unwrap_or_else(|| format!("upload:{:x}:{:x}:{position}", at.file, at.offset)),
            replay: event
                .replay_id
                .as_deref()
                .and_then(|id| id.rsplit_once('/'))
                .map(|(device, session)| ReplayId::derive(project, device, session)),
            event_type: event.event_type,
            timestamp: event.timestamp,
            received_at,
            device_id: event.device_id,
            user_id: event.user_id,
            session_id: event.session_id,
            json: event.json,
        })
        .collect()
}
