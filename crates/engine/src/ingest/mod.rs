//! The write path: scrub, note what the list needs, frame, store, apply.
//!
//! An upload is durable in the hot log before [`Engine::accept_replay`] returns.
//! Applying it to the replay's state in memory follows at once, and is repeated
//! from the hot log after a crash, so it must not depend on how often it happens.

pub mod frame;
pub mod mark;

use crate::ingest_status::Sender;
use crate::{Engine, Error, Result};
use frame::{Frame, FrameBody};
use mark::Mark;
use model::ingest::{AnalyticsUpload, Client, Reason, ReplayPayload, ReplayUpload};
use model::{ProjectId, ReplayId, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::catalog::{Event, Project};
use store::hot_log::FrameRef;

/// How long an upload of analytics events waits for a place in the queue.
const QUEUE_PATIENCE: Duration = Duration::from_secs(2);
/// Events uploads written to the catalog in one transaction.
const EVENT_UPLOADS_AT_ONCE: usize = 256;
const RETRY_CATALOG_AFTER: Duration = Duration::from_secs(1);

/// Analytics events that are durable in the hot log but not in the catalog.
pub struct PendingEvents {
    project: ProjectId,
    events: Vec<Event>,
    frame: FrameRef,
}

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
        let work =
            tokio::spawn(async move { engine.store_replay(&project, upload, received_at).await });
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
        if let ReplayPayload::Events(events) = &mut upload.payload {
            let mut redactions = 0;
            for event in events.iter_mut() {
                if let Some(scrubbed) =
                    privacy::scrub_event(event.kind, &event.json, &project.ingest_key)
                {
                    redactions += scrubbed.redactions;
                    event.json = scrubbed.json;
                }
            }
            upload.problems.add(Reason::RedactedSecret, redactions);
        }
        self.metrics.problems(&upload.problems);
        let sender = Sender {
            device_id: Some(upload.device_id.clone()),
            session_id: Some(upload.session_id.clone()),
        };
        self.ingest_status
            .problems(project.id, &sender, &upload.problems, received_at);
        let is_empty = match &upload.payload {
            ReplayPayload::Events(events) => events.is_empty(),
            ReplayPayload::Interactions { interactions, .. } => interactions.is_empty(),
        };
        if is_empty {
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
        self.metrics.uploads.get_or_create(&label).inc();
        self.ingest_status
            .accepted(project.id, &upload.client, received_at);
        let applied = self
            .apply_replay(project.id, upload, received_at, at)
            .await?;
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
        upload: AnalyticsUpload,
        received_at: Timestamp,
    ) -> Result<u64> {
        self.metrics.problems(&upload.problems);
        self.ingest_status.problems(
            project.id,
            &Sender::default(),
            &upload.problems,
            received_at,
        );
        let count = upload.events.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let place = tokio::time::timeout(QUEUE_PATIENCE, self.events.clone().reserve_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(Error::Busy);
        };
        let engine = self.clone();
        let work = tokio::spawn(async move {
            let label = crate::metrics::SourceLabel {
                source: upload.source.name(),
            };
            let frame = Frame {
                project: project.id,
                received_at,
                body: FrameBody::Events(upload.events),
            };
            let at = engine.hot_log.append(frame.encode()?).await?;
            engine.metrics.uploads.get_or_create(&label).inc();
            engine
                .ingest_status
                .accepted(project.id, &Client::default(), received_at);
            let FrameBody::Events(events) = frame.body else {
                return Ok(0);
            };
            place.send(PendingEvents {
                project: project.id,
                events: catalog_events(project.id, events, at),
                frame: at,
            });
            Ok(count)
        });
        work.await
            .map_err(|error| Error::Internal(error.to_string()))?
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
        self.live
            .apply(self, id, project, upload, marks, received_at, at)
            .await
    }

    /// Applies what the hot log held at the start. A frame that cannot be read is
    /// left where it is and reported; the others are not held up by it.
    pub(crate) async fn recover(&self, places: Vec<FrameRef>) -> Result<()> {
        let total = places.len();
        let mut failed = 0;
        for at in places {
            let recovered = match self
                .hot_log
                .read(at)
                .map_err(Error::from)
                .and_then(|bytes| Frame::decode(&bytes))
            {
                Ok(Frame {
                    project,
                    received_at,
                    body: FrameBody::Replay(upload),
                }) => self
                    .apply_replay(project, upload, received_at, at)
                    .await
                    .map(|_| ()),
                Ok(Frame {
                    project,
                    body: FrameBody::Events(events),
                    ..
                }) => {
                    let pending = PendingEvents {
                        project,
                        events: catalog_events(project, events, at),
                        frame: at,
                    };
                    self.events
                        .send(pending)
                        .await
                        .map_err(|_| Error::Internal("the event queue is closed".to_owned()))
                }
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
}

/// An event without an id of its own gets the place of its upload as one: it is
/// the same when the hot log is read again.
fn catalog_events(
    project: ProjectId,
    events: Vec<model::ingest::AnalyticsEvent>,
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
            device_id: event.device_id,
            user_id: event.user_id,
            session_id: event.session_id,
            json: event.json,
        })
        .collect()
}

/// Moves analytics events into the catalog, many uploads at a time. When the
/// catalog cannot be written (a full disk), the queue fills and uploads are
/// refused; nothing that was accepted is lost.
pub(crate) async fn write_events(
    engine: Arc<Engine>,
    mut pending: tokio::sync::mpsc::Receiver<PendingEvents>,
    mut stopped: tokio::sync::watch::Receiver<bool>,
) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            _ = pending.recv_many(&mut batch, EVENT_UPLOADS_AT_ONCE) => {}
            _ = stopped.changed() => return,
        }
        let mut by_project: std::collections::BTreeMap<ProjectId, (Vec<Event>, Vec<FrameRef>)> =
            Default::default();
        for upload in batch.drain(..) {
            let (events, frames) = by_project.entry(upload.project).or_default();
            events.extend(upload.events);
            frames.push(upload.frame);
        }
        for (project, (events, frames)) in by_project {
            loop {
                match engine.catalog.put_events(project, &events).await {
                    Ok(added) => {
                        engine.metrics.analytics_events.inc_by(added);
                        engine.hot_log.release(&frames);
                        break;
                    }
                    Err(error) => {
                        tracing::error!(%error, "cannot write analytics events; trying again");
                        tokio::select! {
                            _ = tokio::time::sleep(RETRY_CATALOG_AFTER) => {}
                            _ = stopped.changed() => return,
                        }
                    }
                }
            }
        }
    }
}
