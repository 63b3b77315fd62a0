//! A request that brings more than a replay. Its parts become frames of their own,
//! each as durable as any; only when all are does the sender hear "accepted".

use super::frame::{Frame, FrameBody, RecordedLinks, Records, VideoFrame};
use super::{Pending, catalog_events, scrub};
use crate::ingest_status::{Item, Sender};
use crate::metrics::SourceLabel;
use crate::{Engine, Error, Result};
use model::batch::{Batch, Feedback, ReplaySegment, replay_link};
use model::ingest::{AnalyticsEvent, Client, Reason, ReplayPayload, Source};
use model::{ReplayId, Timestamp};
use serde_json::json;
use std::sync::Arc;
use store::catalog::Project;

impl Engine {
    /// Stores all parts of a request. The work goes on when the caller goes away. A
    /// part that was stored before another one failed is recognised when it is sent
    /// again.
    ///
    /// # Errors
    /// `Busy`, or a store error of kind `Full` when the disk is full.
    pub async fn accept_batch(
        self: &Arc<Self>,
        project: Arc<Project>,
        batch: Batch,
        client: Client,
        received_at: Timestamp,
    ) -> Result<()> {
        let engine = self.clone();
        let work = tokio::spawn(async move {
            let _upload = engine.deletions.uploads.read().await;
            engine
                .store_batch(&project, batch, client, received_at)
                .await
        });
        work.await
            .map_err(|error| Error::Internal(error.to_string()))?
    }

    async fn store_batch(
        &self,
        project: &Project,
        mut batch: Batch,
        client: Client,
        received_at: Timestamp,
    ) -> Result<()> {
        let source = batch.source;
        self.count_items(project, &batch);
        let feedback = std::mem::take(&mut batch.feedback);
        batch
            .analytics
            .extend(feedback.into_iter().map(feedback_event));
        if !project.capture_enabled && !batch.replays.is_empty() {
            let count = batch.replays.len() as u64;
            batch.problems.add(Reason::CaptureDisabled, count);
            batch.replays.clear();
        }
        let segments = std::mem::take(&mut batch.replays);
        scrub::batch(&mut batch, &project.ingest_key);
        let problems = std::mem::take(&mut batch.problems);
        self.count_problems(
            project.id,
            source,
            &Sender::default(),
            &problems,
            received_at,
        );
        let records = self.records_of(project, &mut batch, &segments);
        let is_replay = !segments.is_empty();
        tokio::try_join!(
            self.store_segments(project, segments, received_at),
            self.store_analytics(project, batch.analytics, received_at),
            self.store_records(project, records, received_at),
        )?;
        // Uploads of replays count themselves.
        if !is_replay {
            self.count_accepted(project.id, source, &client, received_at);
        }
        Ok(())
    }

    fn records_of(
        &self,
        project: &Project,
        batch: &mut Batch,
        segments: &[ReplaySegment],
    ) -> Records {
        let links = segments.iter().filter_map(|segment| {
            let facts = &segment.facts;
            let says_nothing = facts.error_ids.is_empty() && facts.trace_ids.is_empty();
            (!says_nothing).then(|| RecordedLinks {
                replay: segment.upload.session_id.clone(),
                error_ids: facts.error_ids.clone(),
                trace_ids: facts.trace_ids.clone(),
                at: facts.ended_at.or(facts.started_at),
            })
        });
        let mut identities = std::mem::take(&mut batch.identities);
        let errors = &batch.errors;
        let said = errors.iter().map(|it| (&it.person, it.timestamp));
        let said = said.chain(segments.iter().filter_map(|segment| {
            let at = segment.facts.ended_at.or(segment.facts.started_at)?;
            Some((&segment.facts.person, at))
        }));
        identities.extend(said.filter_map(|(person, at)| crate::people::change_of(person, at)));
        Records {
            source: batch.source.name().to_owned(),
            links: links.collect(),
            errors: std::mem::take(&mut batch.errors),
            spans: std::mem::take(&mut batch.spans),
            identities: self.worth_writing(project.id, identities),
        }
    }

    async fn store_segments(
        &self,
        project: &Project,
        segments: Vec<ReplaySegment>,
        received_at: Timestamp,
    ) -> Result<()> {
        for ReplaySegment { upload, video, .. } in segments {
            let film = video.map(|video| VideoFrame {
                replay: ReplayId::derive(project.id, &upload.device_id, &upload.session_id),
                segment: upload.about.segment.unwrap_or_default(),
                at: video.at,
                duration_ms: video.duration_ms,
                width_px: video.width,
                height_px: video.height,
                mp4: video.mp4,
            });
            self.store_replay(project, upload, received_at).await?;
            if let Some(film) = film {
                self.store_frame(project, FrameBody::Video(film), received_at)
                    .await?;
            }
        }
        Ok(())
    }

    async fn store_analytics(
        &self,
        project: &Project,
        events: Vec<AnalyticsEvent>,
        received_at: Timestamp,
    ) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let place = self.place_in_queue().await?;
        let frame = Frame {
            project: project.id,
            received_at,
            body: FrameBody::Events(events),
        };
        let at = self.hot_log.append(frame.encode()?).await?;
        let FrameBody::Events(events) = frame.body else {
            return Ok(());
        };
        place.send(Pending::Events {
            project: project.id,
            events: catalog_events(project.id, events, received_at, at),
            frame: at,
        });
        Ok(())
    }

    pub(super) async fn store_records(
        &self,
        project: &Project,
        records: Records,
        received_at: Timestamp,
    ) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.store_frame(project, FrameBody::Records(records), received_at)
            .await
    }

    async fn store_frame(
        &self,
        project: &Project,
        body: FrameBody,
        received_at: Timestamp,
    ) -> Result<()> {
        let place = self.place_in_queue().await?;
        let frame = Frame {
            project: project.id,
            received_at,
            body,
        };
        let at = self.hot_log.append(frame.encode()?).await?;
        place.send(Pending::Frame(at));
        Ok(())
    }

    fn count_items(&self, project: &Project, batch: &Batch) {
        let events = batch.replays.iter().map(|it| match &it.upload.payload {
            ReplayPayload::Events(events) => events.len(),
            ReplayPayload::Interactions { interactions, .. } => interactions.len(),
        });
        let visits: u64 = batch.visits.iter().map(|it| it.count).sum();
        let films = batch.replays.iter().filter(|it| it.video.is_some());
        let skipped: u64 = batch.skipped.iter().map(|it| it.count).sum();
        let counts = [
            (Item::ReplaySegment, batch.replays.len() as u64),
            (Item::ReplayEvent, events.sum::<usize>() as u64),
            (Item::Video, films.count() as u64),
            (Item::AnalyticsEvent, batch.analytics.len() as u64),
            (Item::IdentityChange, batch.identities.len() as u64),
            (Item::Error, batch.errors.len() as u64),
            (Item::Span, batch.spans.len() as u64),
            (Item::Feedback, batch.feedback.len() as u64),
            (Item::Attachment, batch.attachments.len() as u64),
            (Item::Visit, visits),
            (Item::Skipped, skipped),
        ];
        for (item, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.metrics.items(batch.source, item, count);
            self.ingest_status
                .items(project.id, batch.source, item, count);
        }
        for loss in &batch.client_losses {
            self.metrics.client_loss(&loss.category, loss.count);
            self.ingest_status.client_loss(project.id, loss);
        }
    }

    pub(super) fn count_accepted(
        &self,
        project: model::ProjectId,
        source: Source,
        client: &Client,
        at: Timestamp,
    ) {
        let label = SourceLabel {
            source: source.name(),
        };
        self.metrics.uploads.get_or_create(&label).inc();
        self.ingest_status.accepted(project, source, client, at);
    }
}

/// Words of a visitor, as an event among the others.
fn feedback_event(feedback: Feedback) -> AnalyticsEvent {
    let replay = feedback.link.replay_id.as_deref();
    let json = json!({
        "event_type": "$feedback",
        "event_properties": {
            "message": feedback.message,
            "name": feedback.name,
            "email": feedback.email,
            "url": feedback.url,
            "error_id": feedback.error_id,
            "replay": replay,
        },
    });
    let user_id = crate::errors::record::who(&feedback.person).cloned();
    AnalyticsEvent {
        event_type: "$feedback".to_owned(),
        timestamp: feedback.timestamp,
        device_id: replay.unwrap_or_default().to_owned(),
        user_id: user_id.or(feedback.email),
        session_id: replay.map(str::to_owned),
        insert_id: Some(feedback.event_id),
        replay_id: replay.map(replay_link),
        json: json.to_string(),
    }
}
