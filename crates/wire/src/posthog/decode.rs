//! A request: events of any kind, under one token. Parts of replays are events, too,
//! and the address they come to says nothing that the events do not say.

use super::compressed::{Packing, write_plain};
use super::events::{self, distinct_id, is_anonymous, property, session_id};
use super::wireframe;
use crate::replay_event::EventBatch;
use crate::value::{self, clean_short, iso_time, short};
use crate::{MAX_EVENT_BYTES, Rejection};
use model::Timestamp;
use model::batch::{Batch, Person, ReplayFacts, ReplaySegment};
use model::ingest::{About, Client, Problems, Reason, ReplayPayload, ReplayUpload, Source};
use rrweb::Tape;
use rrweb::tape::{Value, write_json_string};
use std::collections::HashMap;

/// SDKs of servers send a hundred at once; imports of old data are cut by hand.
pub const MAX_EVENTS_PER_REQUEST: usize = 10_000;
/// Events of the page in all parts of replays of one request.
pub const MAX_REPLAY_EVENTS_PER_REQUEST: usize = 100_000;

const SNAPSHOT: &str = "$snapshot";

/// A request whose token is known, so that it can be let in before it is read.
pub struct Request {
    tape: Tape,
    token: String,
}

impl Request {
    /// Reads a body that [`decode_body`](super::decode_body) has unwrapped.
    ///
    /// # Errors
    /// When it is not JSON, has no token, or has several.
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let tape = value::parse(&value::lossy(body)).map_err(|reason| match reason {
            Reason::TooDeep => Rejection::new(reason, "the body is nested too deeply"),
            _ => Rejection::new(Reason::InvalidJson, "the body is not valid JSON"),
        })?;
        let root = tape.root();
        let mut token = token_of(root);
        // One for all needs no other; a property of that name may be anybody's.
        if token.is_none() {
            for found in event_values(root).filter_map(token_of_event) {
                match &token {
                    Some(token) if *token != found => {
                        let message = "the request names several tokens";
                        return Err(Rejection::new(Reason::UnknownKey, message));
                    }
                    _ => token = Some(found),
                }
            }
        }
        let Some(token) = token else {
            let message = "the request names no token";
            return Err(Rejection::new(Reason::UnknownKey, message));
        };
        Ok(Self { tape, token })
    }

    /// The project's key.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether this is one of this vendor's requests: another one has its events
    /// under the same address (`/batch`) in a list `events`.
    pub fn has_events(&self) -> bool {
        event_values(self.tape.root()).next().is_some()
    }

    /// Reads all events. `limit_bytes` bounds what may be inflated inside of them.
    pub fn decode(&self, client: &Client, received_at: Timestamp, limit_bytes: usize) -> Batch {
        let mut batch = Batch::new(Source::PostHog);
        let root = self.tape.root();
        let mut replays = Replays {
            sessions: Vec::new(),
            at: HashMap::new(),
            budget_bytes: limit_bytes,
            budget_events: MAX_REPLAY_EVENTS_PER_REQUEST,
        };
        let mut count = 0_usize;
        for event in event_values(root) {
            count += 1;
            if count > MAX_EVENTS_PER_REQUEST {
                continue;
            }
            let is_snapshot = event.get("event").and_then(Value::as_str) == Some(SNAPSHOT);
            let result = match is_snapshot {
                true => replays.add(event, client),
                false => events::add_event(event, received_at, &mut batch),
            };
            if let Err(reason) = result {
                batch.problems.add(reason, 1);
            }
        }
        let surplus = count.saturating_sub(MAX_EVENTS_PER_REQUEST);
        batch.problems.add(Reason::TooLarge, surplus as u64);
        let sent_at = root
            .get("sent_at")
            .and_then(Value::as_str)
            .and_then(iso_time);
        batch.replays = replays.finish(received_at, sent_at);
        batch
    }
}

/// The events of a body in any of its shapes.
fn event_values<'t>(root: Value<'t>) -> impl Iterator<Item = Value<'t>> {
    let list = match root.get("batch") {
        Some(batch) => batch,
        None => root,
    };
    let is_event = |value: &Value<'t>| value.get("event").is_some() || value.get("$set").is_some();
    let single = std::iter::once(root).filter(move |root| !list.is_array() && is_event(root));
    list.items().filter(|item| item.is_object()).chain(single)
}

fn token_of(holder: Value<'_>) -> Option<String> {
    let mut keys = ["api_key", "token", "$token"].into_iter();
    keys.find_map(|key| short(holder.get(key)))
}

fn token_of_event(event: Value<'_>) -> Option<String> {
    token_of(event).or_else(|| short(property(event, "token")))
}

/// Parts of replays, by session.
struct Replays {
    sessions: Vec<Session>,
    at: HashMap<String, usize>,
    budget_bytes: usize,
    budget_events: usize,
}

struct Session {
    id: String,
    batch: EventBatch<'static>,
    facts: ReplayFacts,
    client: Client,
    about: About,
    problems: Problems,
    sent_at: Option<Timestamp>,
}

impl Replays {
    fn add(&mut self, event: Value<'_>, client: &Client) -> Result<(), Reason> {
        let id = session_id(event).ok_or(Reason::InvalidId)?;
        let window_id = short(property(event, "$window_id")).unwrap_or_else(|| id.clone());
        let data = property(event, "$snapshot_data").ok_or(Reason::InvalidEvent)?;
        let is_mobile = short(property(event, "$snapshot_source")).as_deref() == Some("mobile");
        let at = match self.at.get(&id) {
            Some(at) => *at,
            None => {
                self.at.insert(id.clone(), self.sessions.len());
                self.sessions.push(Session::new(id, event, client));
                self.sessions.len() - 1
            }
        };
        let session = &mut self.sessions[at];
        session.describe(event);
        let single = std::iter::once(data).filter(|data| data.is_object());
        for item in data.items().chain(single) {
            if self.budget_events == 0 {
                session.problems.add(Reason::TooLarge, 1);
                continue;
            }
            self.budget_events -= 1;
            let added = session.add(item, &window_id, is_mobile, &mut self.budget_bytes);
            if let Err(reason) = added {
                session.problems.add(reason, 1);
            }
        }
        Ok(())
    }

    fn finish(self, received_at: Timestamp, sent_at: Option<Timestamp>) -> Vec<ReplaySegment> {
        let finish = |mut session: Session| {
            let sent_at = session.sent_at.or(sent_at);
            session.facts.clock_offset_ms =
                sent_at.map(|sent_at| received_at.millis() - sent_at.millis());
            let (events, problems) = session.batch.finish(received_at, session.problems);
            ReplaySegment {
                upload: ReplayUpload {
                    source: Source::PostHog,
                    device_id: session.id.clone(),
                    session_id: session.id,
                    client: session.client,
                    about: session.about,
                    payload: ReplayPayload::Events(events),
                    problems,
                },
                facts: session.facts,
                video: None,
            }
        };
        self.sessions.into_iter().map(finish).collect()
    }
}

impl Session {
    fn new(id: String, event: Value<'_>, client: &Client) -> Self {
        let origin = events::origin(event);
        let client = Client {
            sdk: origin.sdk.clone(),
            sdk_version: origin.sdk_version.clone(),
            ..client.clone()
        };
        Self {
            id,
            batch: EventBatch::new(&[]),
            facts: ReplayFacts {
                origin,
                ..ReplayFacts::default()
            },
            client,
            about: About::default(),
            problems: Problems::default(),
            sent_at: None,
        }
    }

    /// Facts of one of its parts; the last one wins, for people log in, not out.
    fn describe(&mut self, event: Value<'_>) {
        self.facts.upload_ids.extend(short(event.get("uuid")));
        let sent_at = event.get("sent_at").and_then(Value::as_str);
        self.sent_at = sent_at.and_then(iso_time).or(self.sent_at);
        let (anonymous, user_id) = match distinct_id(event) {
            Some(id) if is_anonymous(&id) => (Some(id), None),
            id => (None, id),
        };
        if anonymous.is_some() {
            self.about.visitor_id = anonymous;
        }
        if let Some(user_id) = user_id.as_deref().and_then(clean_short) {
            self.facts.person = Person {
                id: Some(user_id.clone()),
                ..Person::default()
            };
            self.client.user_id = Some(user_id);
        }
    }

    fn add(
        &mut self,
        item: Value<'_>,
        window_id: &str,
        is_mobile: bool,
        budget_bytes: &mut usize,
    ) -> Result<(), Reason> {
        // Events of `@rrweb/packer` are strings.
        if let Some(packed) = item.as_str() {
            let unpacked = rrweb::unpack(packed, MAX_EVENT_BYTES.min(*budget_bytes))
                .map_err(|_| Reason::InvalidEvent)?;
            *budget_bytes -= unpacked.json.len().min(*budget_bytes);
            self.batch.add(with_window(unpacked.json, Some(window_id)));
            return Ok(());
        }
        if !item.is_object() {
            return Err(Reason::InvalidEvent);
        }
        let mut json = String::new();
        let packing = write_plain(item, budget_bytes, &mut json)?;
        self.problems.add(
            Reason::UnknownCompression,
            u64::from(packing == Packing::Unknown),
        );
        // An event of a tab that forwards for others knows its window better.
        let window_id = Some(window_id).filter(|_| item.get("windowId").is_none());
        match wireframe::convert(&json, is_mobile)? {
            Some(converted) => {
                self.problems.add(Reason::InvalidItem, converted.dropped);
                for event in converted.events {
                    self.batch.add(with_window(event, window_id));
                }
            }
            None => self.batch.add(with_window(json, window_id)),
        }
        Ok(())
    }
}

/// Adds `windowId`, by which windows of one session are told apart.
fn with_window(mut json: String, window_id: Option<&str>) -> String {
    if let Some(window_id) = window_id
        && let Some(end) = json.rfind('}')
    {
        let mut key = String::from(",\"windowId\":");
        write_json_string(window_id, &mut key);
        // An empty object is no event, with or without this comma.
        json.insert_str(end, &key);
    }
    json
}
