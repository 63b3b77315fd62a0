//! What a person did, session by session.

use super::list::bounded;
use crate::{Engine, Error, Result};
use index::{StreamEvent, StreamOf, StreamQuery};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use std::collections::HashMap;
use store::catalog::Event;

const MAX_EVENTS: usize = 200;
const EVENTS: usize = 100;
/// Of one session, for a list beside its replay.
const MAX_EVENTS_OF_REPLAY: usize = 1_000;
const EVENTS_OF_REPLAY: usize = 500;

/// Newest first, with their numbers, and where the next page begins.
type EventPage = (Vec<(u64, Event)>, Option<String>);

/// Events of one session, newest first.
#[derive(Debug)]
pub struct Session {
    /// None for what happened outside of any session.
    pub id: Option<ReplayId>,
    /// There if the session was recorded.
    pub replay: Option<Replay>,
    /// With their numbers.
    pub events: Vec<(u64, Event)>,
}

#[derive(Debug)]
pub struct Stream {
    /// Newest first.
    pub sessions: Vec<Session>,
    pub next_cursor: Option<String>,
}

impl Engine {
    /// Of all identities of a person.
    ///
    /// # Errors
    /// `NotFound` for a person of another project; `Invalid` names the parameter that
    /// cannot be understood.
    pub async fn stream_of_person(
        &self,
        project: ProjectId,
        person: i64,
        limit: Option<usize>,
        cursor: Option<&str>,
    ) -> Result<Stream> {
        let person = self.catalog.person(project, person).await?;
        let person = person.ok_or(Error::NotFound("user"))?;
        let identities = self.catalog.identities(person.id).await?;
        let identities = identities.into_iter().map(|it| it.identity).collect();
        self.stream(project, identities, limit, cursor).await
    }

    /// What was done under any of these user ids and device ids, whoever it was.
    ///
    /// # Errors
    /// `Invalid` names the parameter that cannot be understood.
    pub async fn stream(
        &self,
        project: ProjectId,
        identities: Vec<String>,
        limit: Option<usize>,
        cursor: Option<&str>,
    ) -> Result<Stream> {
        let limit = bounded("limit", limit, EVENTS, MAX_EVENTS)?;
        let of = StreamOf::Identities(identities);
        let (found, next_cursor) = self.found_events(project, of, limit, cursor).await?;
        let numbers: Vec<u64> = found.iter().map(|event| event.number).collect();
        // The whole event stands in the catalog; the index cuts long values.
        let events = self.catalog.events_by_number(project, &numbers).await?;
        let mut events: HashMap<u64, Event> = events.into_iter().collect();
        let mut sessions: Vec<Session> = Vec::new();
        for place in &found {
            let Some(event) = events.remove(&place.number) else {
                continue;
            };
            let event = (place.number, event);
            match sessions.iter_mut().find(|it| it.id == place.replay) {
                Some(session) => session.events.push(event),
                None => sessions.push(Session {
                    id: place.replay,
                    replay: None,
                    events: vec![event],
                }),
            }
        }
        let ids: Vec<ReplayId> = sessions.iter().filter_map(|it| it.id).collect();
        let now = Timestamp::now();
        for replay in self.catalog.replays(project, &ids).await? {
            if replay.is_expired(now) {
                continue;
            }
            let session = sessions.iter_mut().find(|it| it.id == Some(replay.id));
            if let Some(session) = session {
                session.replay = Some(replay);
            }
        }
        Ok(Stream {
            sessions,
            next_cursor,
        })
    }

    /// What SDKs and servers said happened in the session of a replay, newest first.
    ///
    /// # Errors
    /// `Invalid` names the parameter that cannot be understood.
    pub async fn events_of_replay(
        &self,
        project: ProjectId,
        replay: ReplayId,
        limit: Option<usize>,
        cursor: Option<&str>,
    ) -> Result<EventPage> {
        let limit = bounded("limit", limit, EVENTS_OF_REPLAY, MAX_EVENTS_OF_REPLAY)?;
        let of = StreamOf::Replay(replay);
        let (found, next_cursor) = self.found_events(project, of, limit, cursor).await?;
        let numbers: Vec<u64> = found.iter().map(|event| event.number).collect();
        let events = self.catalog.events_by_number(project, &numbers).await?;
        Ok((events, next_cursor))
    }

    async fn found_events(
        &self,
        project: ProjectId,
        of: StreamOf,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<(Vec<StreamEvent>, Option<String>)> {
        let before = cursor.map(crate::errors::pair_of_cursor).transpose()?;
        let before = before.map(|(at, number)| (Timestamp::from_micros(at), number.unsigned_abs()));
        let query = StreamQuery {
            of,
            before,
            limit: limit + 1,
            with_properties: false,
        };
        let mut found = self.search.index.stream(project, query).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        let next_cursor = last.map(|last| format!("{}-{}", last.at.micros(), last.number));
        Ok((found, next_cursor))
    }

    /// One event, and its session's replay if there is one.
    pub async fn event(&self, project: ProjectId, number: u64) -> Result<(Event, Option<Replay>)> {
        let found = self.catalog.events_by_number(project, &[number]).await?;
        let (_, event) = found.into_iter().next().ok_or(Error::NotFound("event"))?;
        let session = event.session_id.as_deref();
        let of_session = session.map(|it| ReplayId::derive(project, &event.device_id, it));
        let id = event.replay.or(of_session);
        let replay = match id {
            Some(id) => self.catalog.replay(id).await?,
            None => None,
        };
        let now = Timestamp::now();
        let replay =
            replay.filter(|replay| replay.project_id == project && !replay.is_expired(now));
        Ok((event, replay))
    }
}
