//! Uploads that lie in the hot log and nowhere else, because the catalog did not take
//! them: they are tried again at the next start, and must not bring back what was deleted.

use crate::errors::record::replay_of;
use crate::ingest::Pending;
use crate::ingest::frame::{Frame, FrameBody, Records};
use crate::{Engine, Error, Result};
use model::batch::{Change, IdentityChange, Person};
use model::{ProjectId, ReplayId};
use std::collections::HashSet;
use store::Kind;
use store::hot_log::FrameRef;

/// What is to be taken out of them.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    /// What belongs to replays that are gone.
    Gone,
    /// That, and what is under these names.
    Names(&'a [String]),
    Project,
}

impl Engine {
    pub(super) async fn take_out_of_stuck(
        &self,
        project: ProjectId,
        whose: Whose<'_>,
    ) -> Result<()> {
        for at in self.stuck_frames().await? {
            let frame = match self.hot_log.read(at) {
                Ok(bytes) => Frame::decode(&bytes),
                Err(error) if error.kind() == Kind::NotFound => continue,
                // The disk may answer the next time.
                Err(error @ store::Error::Io { .. }) => return Err(error.into()),
                Err(error) => Err(Error::from(error)),
            };
            let frame = match frame {
                Ok(frame) if frame.project == project => frame,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, ?at, "deleted an upload that nobody can read");
                    self.hot_log.release(&[at]);
                    continue;
                }
            };
            let rest = match whose {
                Whose::Project => None,
                Whose::Gone => self.rest_of(frame.clone(), &[]).await?,
                Whose::Names(names) => self.rest_of(frame.clone(), names).await?,
            };
            if rest.as_ref() == Some(&frame) {
                continue;
            }
            // First, so that nothing of others is lost. Should both be there after a crash,
            // the job is not done either.
            if let Some(rest) = rest {
                let at = self.hot_log.append(rest.encode()?).await?;
                self.apply_frame(at, rest).await?;
            }
            self.hot_log.release(&[at]);
        }
        Ok(())
    }

    /// Frames that nobody is about to apply or seal.
    async fn stuck_frames(&self) -> Result<Vec<FrameRef>> {
        let gone = || Error::Internal("the queue to the catalog is closed".to_owned());
        // Before the lock: uploads that hold the last places would wait for it.
        let place = self.pending.clone().reserve_owned().await;
        let place = place.map_err(|_| gone())?;
        let _no_uploads = self.deletions.uploads.write().await;
        let (mark, passed) = tokio::sync::oneshot::channel();
        place.send(Pending::Mark(mark));
        passed.await.map_err(|_| gone())?;
        let mut held = HashSet::new();
        for id in self.live.ids() {
            if let Some(slot) = self.live.get(id)
                && let Some(live) = slot.lock().await.as_ref()
            {
                held.extend(live.frames.iter().map(|frame| frame.at));
            }
        }
        let needed = self.hot_log.needed().into_iter();
        Ok(needed.filter(|at| !held.contains(at)).collect())
    }

    /// The upload without what is to go; none when nothing is left.
    async fn rest_of(&self, frame: Frame, names: &[String]) -> Result<Option<Frame>> {
        let project = frame.project;
        let mut gone = HashSet::new();
        for id in replays_in(&frame) {
            if self.catalog.gone_replay(id).await?.is_some() {
                gone.insert(id);
            }
        }
        let is_gone = |vendor_id: &Option<String>| {
            let id = vendor_id.as_deref().map(|id| replay_of(project, id));
            id.is_some_and(|id| gone.contains(&id))
        };
        let body = match frame.body {
            FrameBody::Replay(upload) => {
                let id = ReplayId::derive(project, &upload.device_id, &upload.session_id);
                let devices = [Some(&upload.device_id), upload.about.visitor_id.as_ref()];
                let is_theirs = is_of(names, upload.client.user_id.as_ref(), devices);
                (!gone.contains(&id) && !is_theirs).then_some(FrameBody::Replay(upload))
            }
            FrameBody::Video(film) => {
                (!gone.contains(&film.replay)).then_some(FrameBody::Video(film))
            }
            FrameBody::Events(mut events) => {
                events.retain(|event| {
                    let ids = [event.replay_id.as_deref().and_then(named), session(event)];
                    let mut ids = ids.into_iter().flatten();
                    let is_theirs = is_of(
                        names,
                        event.user_id.as_ref(),
                        [Some(&event.device_id), None],
                    );
                    let derived = |(device, session)| ReplayId::derive(project, device, session);
                    !is_theirs && !ids.any(|of| gone.contains(&derived(of)))
                });
                (!events.is_empty()).then_some(FrameBody::Events(events))
            }
            FrameBody::Records(mut records) => {
                records.errors.retain(|error| {
                    !is_person(names, &error.person) && !is_gone(&error.link.replay_id)
                });
                records.spans.retain(|span| !is_gone(&span.replay_id));
                records
                    .links
                    .retain(|link| !gone.contains(&replay_of(project, &link.replay)));
                records.identities.retain(|change| !is_about(names, change));
                (!records.is_empty()).then_some(FrameBody::Records(records))
            }
        };
        Ok(body.map(|body| Frame { body, ..frame }))
    }
}

fn replays_in(frame: &Frame) -> HashSet<ReplayId> {
    let project = frame.project;
    let derived = |(device, session)| ReplayId::derive(project, device, session);
    match &frame.body {
        FrameBody::Replay(upload) => [derived((&upload.device_id, &upload.session_id))].into(),
        FrameBody::Video(film) => [film.replay].into(),
        FrameBody::Events(events) => {
            let ids = events
                .iter()
                .flat_map(|event| [event.replay_id.as_deref().and_then(named), session(event)]);
            ids.flatten().map(derived).collect()
        }
        FrameBody::Records(Records {
            errors,
            spans,
            links,
            ..
        }) => {
            let errors = errors.iter().filter_map(|it| it.link.replay_id.as_ref());
            let spans = spans.iter().filter_map(|it| it.replay_id.as_ref());
            let links = links.iter().map(|it| &it.replay);
            let ids = errors.chain(spans).chain(links);
            ids.map(|id| replay_of(project, id)).collect()
        }
    }
}

fn named(replay_id: &str) -> Option<(&str, &str)> {
    replay_id.rsplit_once('/')
}

fn session(event: &model::ingest::AnalyticsEvent) -> Option<(&str, &str)> {
    let session = event.session_id.as_deref();
    session.map(|session| (event.device_id.as_str(), session))
}

/// What another user did on the same device stays.
fn is_of<const N: usize>(
    names: &[String],
    user: Option<&String>,
    devices: [Option<&String>; N],
) -> bool {
    match user {
        Some(user) => names.contains(user),
        None => devices.into_iter().flatten().any(|it| names.contains(it)),
    }
}

fn is_person(names: &[String], person: &Person) -> bool {
    let said = [&person.id, &person.email, &person.username];
    said.into_iter().flatten().any(|it| names.contains(it))
}

fn is_about(names: &[String], change: &IdentityChange) -> bool {
    let other = match &change.change {
        Change::Identified { anonymous_id } => Some(anonymous_id),
        Change::Alias { other_id } => Some(other_id),
        Change::Properties { .. } | Change::Group { .. } => None,
    };
    names.contains(&change.visitor_id) || other.is_some_and(|it| names.contains(it))
}
