//! Visitors of the recorded sites.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::state::State;
use crate::v1::events::event_json;
use crate::v1::{OfProject, replays, rfc3339};
use axum::Json;
use axum::extract::Path;
use engine::search::{Session, Stream};
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::catalog::people::Person;

/// Properties that hold a name or an address, the best first.
const NAMES: [&str; 5] = ["name", "$name", "full_name", "username", "first_name"];
const EMAILS: [&str; 2] = ["email", "$email"];

#[derive(Deserialize)]
pub struct ListParams {
    project_id: Option<i64>,
    identity: Option<String>,
    device: Option<String>,
    email: Option<String>,
    property: Option<String>,
    value: Option<String>,
    query: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<ListParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let cursor = params.cursor.as_deref();
    let identity = match (params.identity, params.device) {
        (Some(_), Some(_)) => return Err(ApiError::invalid("send either identity or device")),
        (identity, device) => identity.or(device),
    };
    let property = match (params.email, params.property, params.value) {
        (None, None, None) => None,
        (Some(email), None, None) => Some((EMAILS.map(str::to_owned).to_vec(), email)),
        (None, Some(name), Some(value)) => Some((vec![name], value)),
        _ => {
            return Err(ApiError::invalid("send email, or property with value"));
        }
    };
    let found = state.engine.people(
        project.id,
        identity,
        params.query,
        property,
        params.limit,
        cursor,
    );
    let (people, next_cursor) = found.await?;
    let users: Vec<_> = people.iter().map(person_json).collect();
    Ok(Json(json!({ "users": users, "next_cursor": next_cursor })))
}

pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let id = id.parse().map_err(|_| ApiError::not_found("user"))?;
    let projects = match params.project_id {
        None => viewer.projects(&state).await?,
        asked => vec![viewer.project(&state, asked).await?],
    };
    for project in projects {
        let found = match state.engine.person(project.id, id).await {
            Err(engine::Error::NotFound(_)) => continue,
            found => found?,
        };
        let now = Timestamp::now();
        let shown = replays::with_notes(&state, &viewer, &found.replays, now).await?;
        let identities: Vec<_> = found
            .identities
            .iter()
            .map(|it| {
                json!({
                    "identity": it.identity,
                    "kind": if it.is_user { "user" } else { "anonymous" },
                    "since": rfc3339(it.since),
                    "last_seen": rfc3339(it.last_seen),
                })
            })
            .collect();
        let groups: Vec<_> = found
            .groups
            .iter()
            .map(|it| {
                json!({
                    "kind": it.kind,
                    "key": it.key,
                    "at": rfc3339(it.at),
                    "properties": properties_json(&it.properties),
                })
            })
            .collect();
        let history: Vec<_> = found
            .history
            .iter()
            .map(|it| {
                let detail: Value = serde_json::from_str(&it.detail_json).unwrap_or_default();
                json!({ "at": rfc3339(it.at), "kind": it.kind, "detail": detail })
            })
            .collect();
        let mut answer = person_json(&found.person);
        answer["identities"] = identities.into();
        answer["groups"] = groups.into();
        answer["history"] = history.into();
        answer["replays"] = shown.into();
        return Ok(Json(answer));
    }
    Err(ApiError::not_found("user"))
}

#[derive(Deserialize)]
pub struct StreamParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What a person did, session by session, newest first.
pub async fn events(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<StreamParams>,
) -> ApiResult<Json<Value>> {
    let id = id.parse().map_err(|_| ApiError::not_found("user"))?;
    let projects = match params.project_id {
        None => viewer.projects(&state).await?,
        asked => vec![viewer.project(&state, asked).await?],
    };
    let cursor = params.cursor.as_deref();
    for project in projects {
        let stream = state
            .engine
            .stream_of_person(project.id, id, params.limit, cursor);
        let stream = match stream.await {
            Err(engine::Error::NotFound(_)) => continue,
            found => found?,
        };
        return stream_json(&state, &viewer, stream).await;
    }
    Err(ApiError::not_found("user"))
}

#[derive(Deserialize)]
pub struct IdentityParams {
    identity: Option<String>,
}

/// The same for a device or user id of which nothing else is known.
pub async fn events_of_identity(
    state: Shared,
    viewer: Viewer,
    Query(of): Query<IdentityParams>,
    Query(params): Query<StreamParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let identity = of
        .identity
        .ok_or_else(|| ApiError::invalid("identity is missing"))?;
    let cursor = params.cursor.as_deref();
    let stream = state
        .engine
        .stream(project.id, vec![identity], params.limit, cursor)
        .await?;
    stream_json(&state, &viewer, stream).await
}

async fn stream_json(state: &State, viewer: &Viewer, stream: Stream) -> ApiResult<Json<Value>> {
    let now = Timestamp::now();
    let mut sessions = Vec::with_capacity(stream.sessions.len());
    for session in &stream.sessions {
        let shown = replays::with_notes(state, viewer, session.replay.as_slice(), now);
        let replay = shown.await?.into_iter().next();
        sessions.push(session_json(session, replay));
    }
    let next = stream.next_cursor;
    Ok(Json(json!({ "sessions": sessions, "next_cursor": next })))
}

fn session_json(session: &Session, replay: Option<Value>) -> Value {
    let events = session.events.iter();
    let times = events.clone().map(|(_, event)| event.timestamp);
    let found = session.replay.as_ref();
    // Of a recording it knows the ends; else as far as the events of this page say.
    let started = found.map(|it| it.started_at).or(times.clone().min());
    let ended = found.map(|it| it.last_event_at).or(times.max());
    let first = events.clone().next().map(|(_, event)| event);
    let in_session = first.filter(|_| session.id.is_some());
    json!({
        "id": session.id,
        "session_id": in_session.and_then(|event| event.session_id.as_ref()),
        "device_id": in_session.map(|event| &event.device_id),
        "started_at": started.map(rfc3339),
        "ended_at": ended.map(rfc3339),
        "replay": replay,
        "events": events.map(|(number, event)| event_json(*number, event)).collect::<Vec<_>>(),
    })
}

fn properties_json(properties: &[(String, String)]) -> Value {
    let pairs: Map<String, Value> = properties
        .iter()
        .map(|(name, json)| {
            let value = serde_json::from_str(json).unwrap_or_default();
            (name.clone(), value)
        })
        .collect();
    pairs.into()
}

fn person_json(person: &Person) -> Value {
    let properties = properties_json(&person.properties);
    let text = |names: &[&str]| {
        let mut found = names.iter().filter_map(|name| properties[*name].as_str());
        found.next().map(str::to_owned)
    };
    json!({
        "id": person.id,
        "user_id": person.user_id,
        "name": text(&NAMES),
        "email": text(&EMAILS),
        "first_seen": rfc3339(person.first_seen),
        "last_seen": rfc3339(person.last_seen),
        "identity_count": person.identity_count,
        "properties": properties,
    })
}
