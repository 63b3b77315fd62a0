//! The state of replays that still change: their row, what has arrived already,
//! and which frames of the hot log hold it.
//!
//! A replay enters memory with an upload and leaves it when everything is sealed
//! and nothing came for a while. What is here can always be made again from the
//! recording object and the hot log.

use crate::ingest::frame::{Frame, FrameBody};
use crate::ingest::mark::{Mark, Pages};
use crate::playback::events_of;
use crate::recordings::assemble::InteractionBatch;
use crate::{Engine, Result};
use model::ingest::{About, Client, RawEvent, ReplayPayload, ReplayUpload, Source};
use model::replay::{Replay, Signals};
use model::{ProjectId, ReplayId, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use store::catalog::Event;
use store::hot_log::FrameRef;

/// A request of interactions with the same body within this time is the same
/// request sent again; the slowest known retry comes after 11 s.
const SAME_REQUEST_MICROS: i64 = 120_000_000;
const MAX_TAGS: usize = 100;
/// A session ends within hours; what is said to have begun days before did not.
const MAX_EARLY_START_MICROS: i64 = 86_400_000_000;
/// A segment of five seconds for some fourteen hours.
const MAX_SEGMENTS: usize = 10_000;

#[derive(Default)]
pub struct Registry {
    replays: Mutex<HashMap<ReplayId, Arc<tokio::sync::Mutex<Option<Live>>>>>,
    dirty: Mutex<HashSet<ReplayId>>,
}

pub struct Live {
    pub row: Replay,
    seen: HashSet<u64>,
    batches: Vec<(u64, i64)>,
    pub frames: Vec<LiveFrame>,
    pub unsealed_bytes: u64,
    pub last_upload: Instant,
    /// When the oldest unsealed frame came.
    pub unsealed_since: Option<Instant>,
    /// No seal is tried again before this, after one failed.
    pub retry_seal_at: Option<Instant>,
    /// Not kept: announcing again adds nothing, and a crash may have come before it.
    announced: bool,
    /// Times of the row's first and last page; uploads come in any order.
    pages: Option<(Timestamp, Timestamp)>,
    addresses: Pages,
    /// Numbers of the parts that came since the replay is in memory.
    segments: HashSet<u64>,
}

/// A frame and which of its events were new.
#[derive(Debug, Clone)]
pub struct LiveFrame {
    pub at: FrameRef,
    new: New,
}

#[derive(Debug, Clone)]
enum New {
    All,
    Only(Arc<[bool]>),
}

/// What an upload brought.
#[derive(Debug, Default)]
pub struct Applied {
    pub new_events: u64,
    pub duplicates: u64,
    pub size_bytes: u64,
    /// The part had come before, with other content.
    pub is_conflict: bool,
    /// The replay was deleted: nothing was kept.
    pub is_gone: bool,
}

/// The unsealed part of a replay, read from the hot log.
#[derive(Debug, Default)]
pub struct Hot {
    /// In order of arrival.
    pub events: Vec<RawEvent>,
    pub interactions: Vec<InteractionBatch>,
}

impl Registry {
    pub fn len(&self) -> usize {
        self.replays().len()
    }

    pub fn ids(&self) -> Vec<ReplayId> {
        self.replays().keys().copied().collect()
    }

    fn replays(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<ReplayId, Arc<tokio::sync::Mutex<Option<Live>>>>> {
        self.replays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a replay out whatever its state, for it is to be deleted; returns its frames.
    pub async fn take_out(&self, id: ReplayId) -> Vec<FrameRef> {
        let slot = self.replays().remove(&id);
        {
            let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
            dirty.remove(&id);
        }
        let Some(slot) = slot else { return Vec::new() };
        // A seal that is under way finds it empty.
        let live = slot.lock().await.take();
        let frames = live.into_iter().flat_map(|live| live.frames);
        frames.map(|frame| frame.at).collect()
    }

    pub fn contains(&self, id: ReplayId) -> bool {
        self.replays().contains_key(&id)
    }

    pub async fn ids_of(&self, project: ProjectId) -> Vec<ReplayId> {
        let mut found = Vec::new();
        for id in self.ids() {
            let row = self.row(id).await;
            found.extend(
                row.filter(|row| row.project_id == project)
                    .map(|row| row.id),
            );
        }
        found
    }

    pub fn get(&self, id: ReplayId) -> Option<Arc<tokio::sync::Mutex<Option<Live>>>> {
        self.replays().get(&id).cloned()
    }

    pub async fn row(&self, id: ReplayId) -> Option<Replay> {
        let slot = self.get(id)?;
        slot.lock().await.as_ref().map(|live| live.row.clone())
    }

    /// Forgets a replay unless someone holds it; an upload that comes later makes
    /// it again.
    pub fn forget(&self, id: ReplayId) {
        let mut replays = self.replays();
        // An upload may have come and gone since the caller looked.
        let at_rest = |live: &Option<Live>| live.as_ref().is_none_or(|live| live.frames.is_empty());
        if replays.get(&id).is_some_and(|slot| {
            Arc::strong_count(slot) == 1 && slot.try_lock().is_ok_and(|live| at_rest(&live))
        }) && !self.is_dirty(id)
        {
            replays.remove(&id);
        }
    }

    pub fn mark_dirty(&self, id: ReplayId) {
        self.dirty
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
    }

    fn is_dirty(&self, id: ReplayId) -> bool {
        let dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        dirty.contains(&id)
    }

    fn take_dirty(&self) -> HashSet<ReplayId> {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one upload; a struct for one call would only rename them"
    )]
    pub async fn apply(
        &self,
        engine: &Engine,
        id: ReplayId,
        project: ProjectId,
        upload: ReplayUpload,
        marks: Vec<Mark>,
        received_at: Timestamp,
        at: FrameRef,
    ) -> Result<Applied> {
        let slot = self.replays().entry(id).or_default().clone();
        let mut slot = slot.lock().await;
        let live = match &mut *slot {
            Some(live) => live,
            empty => {
                if engine.catalog.gone_replay(id).await?.is_some() {
                    engine.hot_log.release(&[at]);
                    return Ok(Applied {
                        is_gone: true,
                        ..Applied::default()
                    });
                }
                let loaded = match load(engine, id).await? {
                    Some(loaded) => loaded,
                    None => Live::new(first_row(engine, id, project, &upload, received_at).await?),
                };
                empty.insert(loaded)
            }
        };
        live.describe(&upload.client, received_at);
        live.learn(&upload.about);
        let (new, mut applied) = match &upload.payload {
            ReplayPayload::Events(_) => live.add_events(&marks),
            ReplayPayload::Interactions {
                interactions,
                body_hash,
            } => live.add_interactions(*body_hash, received_at, interactions.len() as u64),
        };
        applied.is_conflict = live.is_conflict(upload.about.segment, applied.new_events);
        live.last_upload = Instant::now();
        live.unsealed_bytes += applied.size_bytes;
        match new {
            // Nothing in it is new: the frame is not needed.
            New::Only(flags) if !flags.contains(&true) => engine.hot_log.release(&[at]),
            new => {
                live.unsealed_since.get_or_insert_with(Instant::now);
                live.frames.push(LiveFrame { at, new });
            }
        }
        self.mark_dirty(id);
        Ok(applied)
    }
}

impl Live {
    fn new(row: Replay) -> Self {
        Self {
            row,
            seen: HashSet::new(),
            batches: Vec::new(),
            frames: Vec::new(),
            unsealed_bytes: 0,
            last_upload: Instant::now(),
            unsealed_since: None,
            retry_seal_at: None,
            announced: false,
            pages: None,
            addresses: Pages::default(),
            segments: HashSet::new(),
        }
    }

    /// Later uploads know as much as earlier ones; empty says nothing.
    fn describe(&mut self, client: &Client, received_at: Timestamp) {
        let row = &mut self.row;
        row.first_received_at = row.first_received_at.min(received_at);
        row.last_received_at = row.last_received_at.max(received_at);
        let keep = |field: &mut Option<String>, said: &Option<String>| {
            if said.is_some() {
                field.clone_from(said);
            }
        };
        keep(&mut row.user_id, &client.user_id);
        keep(&mut row.country, &client.country);
        keep(&mut row.sdk, &client.sdk);
        keep(&mut row.sdk_version, &client.sdk_version);
        if row.browser.is_none()
            && let Some(agent) = &client.user_agent
        {
            let seen = woothee::parser::Parser::new().parse(agent);
            let named = |name: &str| (name != "UNKNOWN").then(|| name.to_owned());
            row.browser = seen.as_ref().and_then(|seen| named(seen.name));
            row.os = seen.as_ref().and_then(|seen| named(seen.os));
            row.device_type = seen.as_ref().and_then(|seen| match seen.category {
                "pc" => Some("desktop".to_owned()),
                "smartphone" | "mobilephone" => Some("mobile".to_owned()),
                "UNKNOWN" => None,
                other => Some(other.to_owned()),
            });
        }
        self.set_start();
    }

    /// What the sender says of the replay; later words win, labels add up.
    fn learn(&mut self, about: &About) {
        let row = &mut self.row;
        let keep = |field: &mut Option<String>, said: &Option<String>| {
            if said.is_some() {
                field.clone_from(said);
            }
        };
        keep(&mut row.visitor_id, &about.visitor_id);
        keep(&mut row.release, &about.release);
        keep(&mut row.environment, &about.environment);
        keep(&mut row.device, &about.device);
        if about.device.is_some() || about.os.is_some() {
            row.device_type = Some("mobile".to_owned());
            row.os = about.os.clone().or(row.os.take());
        }
        for (name, value) in &about.tags {
            let is_full = row.tags.len() >= MAX_TAGS;
            match row.tags.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None if is_full => {}
                None => row.tags.push((name.clone(), value.clone())),
            }
        }
        if let Some(start) = about.started_at {
            row.reported_start = Some(row.reported_start.map_or(start, |known| known.min(start)));
        }
        self.set_start();
    }

    /// The earliest of what is known; what is said only if it can be true.
    fn set_start(&mut self) {
        let row = &mut self.row;
        let first = row.first_event_at;
        let earliest = first.micros().saturating_sub(MAX_EARLY_START_MICROS);
        let said = row
            .reported_start
            .filter(|start| start.micros() >= earliest);
        row.started_at = said.unwrap_or(first).min(first).min(row.first_received_at);
    }

    /// Whether a part came again and brought something new. A part that was cut in two
    /// looks the same; both are kept anyway.
    fn is_conflict(&mut self, segment: Option<u64>, new_events: u64) -> bool {
        let Some(segment) = segment else { return false };
        if self.segments.len() >= MAX_SEGMENTS {
            return false;
        }
        !self.segments.insert(segment) && new_events > 0
    }

    fn add_events(&mut self, marks: &[Mark]) -> (New, Applied) {
        let mut applied = Applied::default();
        let mut flags = Vec::with_capacity(marks.len());
        for mark in marks {
            let is_new = self.seen.insert(mark.hash);
            flags.push(is_new);
            if is_new {
                applied.new_events += 1;
                applied.size_bytes += mark.size_bytes as u64;
                self.add_mark(mark);
            } else {
                applied.duplicates += 1;
            }
        }
        let new = if applied.duplicates == 0 {
            New::All
        } else {
            New::Only(flags.into())
        };
        (new, applied)
    }

    fn add_mark(&mut self, mark: &Mark) {
        let row = &mut self.row;
        if row.event_count == 0 {
            row.first_event_at = mark.timestamp;
            row.last_event_at = mark.timestamp;
        }
        if let Some(href) = self.addresses.href(mark) {
            // The snapshot's Meta and a plugin may name the same page.
            if row.last_url.as_ref() != Some(href) {
                row.page_count += 1;
            }
            let (first, last) = self.pages.get_or_insert((mark.timestamp, mark.timestamp));
            if mark.timestamp <= *first {
                *first = mark.timestamp;
                row.first_url = Some(href.clone());
            }
            if mark.timestamp >= *last {
                *last = mark.timestamp;
                row.last_url = Some(href.clone());
            }
        }
        row.first_event_at = row.first_event_at.min(mark.timestamp);
        row.last_event_at = row.last_event_at.max(mark.timestamp);
        row.event_count += 1;
        row.size_bytes += mark.size_bytes as u64;
        row.click_count += u64::from(mark.click);
        row.playable |= mark.full_snapshot || mark.is_film;
        self.set_start();
    }

    fn add_interactions(
        &mut self,
        body_hash: u64,
        received_at: Timestamp,
        count: u64,
    ) -> (New, Applied) {
        let micros = received_at.micros();
        let again = self
            .batches
            .iter()
            .any(|(hash, at)| *hash == body_hash && (micros - at).abs() < SAME_REQUEST_MICROS);
        if again {
            return (
                New::Only([false].into()),
                Applied {
                    duplicates: count,
                    ..Applied::default()
                },
            );
        }
        self.batches.push((body_hash, micros));
        self.row.interaction_count += count;
        if self.row.event_count == 0 {
            self.row.first_event_at = self.row.first_event_at.min(received_at);
            self.row.last_event_at = self.row.last_event_at.max(received_at);
        }
        (
            New::All,
            Applied {
                new_events: count,
                ..Applied::default()
            },
        )
    }
}

/// The row of a replay that was never seen. An event may have named its user.
async fn first_row(
    engine: &Engine,
    id: ReplayId,
    project: ProjectId,
    upload: &ReplayUpload,
    received_at: Timestamp,
) -> Result<Replay> {
    let user_id = engine
        .catalog
        .user_of(project, &upload.device_id, &upload.session_id)
        .await?;
    let of_project = engine.catalog.project(project).await?;
    let days = of_project.map_or(engine.settings.retention.days, |it| it.retention_days);
    Ok(Replay {
        id,
        project_id: project,
        device_id: upload.device_id.clone(),
        session_id: upload.session_id.clone(),
        user_id,
        source: upload.source.name().to_owned(),
        sdk: None,
        sdk_version: None,
        started_at: received_at,
        first_event_at: received_at,
        last_event_at: received_at,
        first_received_at: received_at,
        last_received_at: received_at,
        event_count: 0,
        interaction_count: 0,
        click_count: 0,
        size_bytes: 0,
        first_url: None,
        last_url: None,
        page_count: 0,
        country: None,
        browser: None,
        os: None,
        device_type: None,
        device: None,
        release: None,
        environment: None,
        visitor_id: None,
        tags: Vec::new(),
        reported_start: None,
        linked_error_count: 0,
        playable: false,
        recording_version: 0,
        signals: Signals::default(),
        expires_at: crate::retention::end_of(received_at, days),
        is_pinned: false,
    })
}

/// Makes the state again from the catalog and the sealed recording. Counts come
/// from the recording: the row may count uploads that are about to be applied.
async fn load(engine: &Engine, id: ReplayId) -> Result<Option<Live>> {
    let Some(mut row) = engine.catalog.replay(id).await? else {
        return Ok(None);
    };
    row.event_count = 0;
    row.interaction_count = 0;
    row.click_count = 0;
    row.size_bytes = 0;
    row.page_count = 0;
    row.first_url = None;
    row.last_url = None;
    row.playable = false;
    let version = row.recording_version;
    let mut live = Live::new(row);
    if version > 0 {
        let sealed = engine.recordings.open(&live.row).await?;
        for (at, _) in sealed.index.event_blocks() {
            let content = match sealed.content(at).await {
                // Uploads of the rest of the visit must not fail for it.
                Err(crate::Error::Recording(error)) => {
                    tracing::error!(%error, replay.id = %id, "a block of the recording is damaged");
                    continue;
                }
                other => other?,
            };
            let marks = tokio::task::spawn_blocking(move || {
                let events = events_of(&content, &(i64::MIN..i64::MAX), &None)?;
                Ok::<Vec<_>, crate::Error>(events.iter().map(Mark::of).collect())
            });
            let marks = marks
                .await
                .map_err(|error| crate::Error::Internal(error.to_string()))??;
            live.add_events(&marks);
        }
        for batch in sealed.interactions().await? {
            let count = serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&batch.json)
                .map_or(0, |list| list.len() as u64);
            live.add_interactions(batch.body_hash, batch.received_at, count);
        }
    }
    Ok(Some(live))
}

impl LiveFrame {
    /// Reads the frame and keeps what was new in it.
    pub fn read(&self, engine: &Engine, into: &mut Hot) -> Result<()> {
        let frame = Frame::decode(&engine.hot_log.read(self.at)?)?;
        let FrameBody::Replay(upload) = frame.body else {
            return Ok(());
        };
        match upload.payload {
            ReplayPayload::Events(events) => match &self.new {
                New::All => into.events.extend(events),
                New::Only(flags) => {
                    into.events.extend(
                        events
                            .into_iter()
                            .zip(flags.iter())
                            .filter(|(_, new)| **new)
                            .map(|(event, _)| event),
                    );
                }
            },
            ReplayPayload::Interactions {
                interactions,
                body_hash,
            } => {
                let items: Vec<_> = interactions
                    .into_iter()
                    .map(|interaction| interaction.json)
                    .collect();
                let json = format!("[{}]", items.join(","));
                into.interactions.push(InteractionBatch {
                    received_at: frame.received_at,
                    body_hash,
                    json,
                });
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Writes the rows that changed since the last time, and announces replays
    /// that are new with the event that other products' SDKs leave to the server.
    pub(crate) async fn write_rows(&self) {
        let dirty = self.live.take_dirty();
        if dirty.is_empty() {
            return;
        }
        let _order = self.row_writes.lock().await;
        let mut rows = Vec::with_capacity(dirty.len());
        let mut announce: HashMap<ProjectId, Vec<Event>> = HashMap::new();
        for id in &dirty {
            let Some(slot) = self.live.get(*id) else {
                continue;
            };
            let slot = slot.lock().await;
            let Some(live) = slot.as_ref() else { continue };
            rows.push(live.row.clone());
            if !live.announced && wants_announcement(&live.row) {
                announce
                    .entry(live.row.project_id)
                    .or_default()
                    .push(captured_event(&live.row));
            }
        }
        let mut written = self.catalog.put_replays(&rows).await;
        for (project, events) in announce {
            if written.is_ok() {
                written = self.catalog.put_events(project, &events).await.map(|_| ());
            }
        }
        if written.is_ok() {
            written = self.see_users(&rows).await;
        }
        if let Err(error) = written {
            tracing::error!(%error, "cannot write the rows of replays; trying again");
            for id in dirty {
                self.live.mark_dirty(id);
            }
            return;
        }
        for id in dirty {
            if let Some(slot) = self.live.get(id)
                && let Some(live) = slot.lock().await.as_mut()
            {
                live.announced = true;
            }
        }
    }
}

/// Other vendors have no such event.
fn wants_announcement(row: &Replay) -> bool {
    let names = [Source::Amplitude.name(), Source::Rrweb.name()];
    names.contains(&row.source.as_str())
}

/// `[Amplitude] Replay Captured` is made by the service, never by an SDK.
fn captured_event(row: &Replay) -> Event {
    let event_type = "[Amplitude] Replay Captured";
    let json = serde_json::json!({
        "event_type": event_type,
        "device_id": row.device_id,
        "session_id": row.session_id,
        "time": row.started_at.millis(),
        "event_properties": { "[Amplitude] Session Replay ID": row.vendor_id() },
    });
    Event {
        insert_id: format!("replay-captured:{}", row.id),
        event_type: event_type.to_owned(),
        timestamp: row.started_at,
        received_at: row.first_received_at,
        device_id: row.device_id.clone(),
        user_id: row.user_id.clone(),
        session_id: Some(row.session_id.clone()),
        replay: Some(row.id),
        json: json.to_string(),
    }
}
