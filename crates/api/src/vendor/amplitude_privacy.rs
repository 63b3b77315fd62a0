//! Amplitude's User Privacy API: programs that delete users there do so here. Each user
//! becomes a deletion of our own, which begins at once, so nothing can be taken back.
//!
//! HTTP Basic: the project's ingest key and an API token with the scope `delete`.

use crate::Shared;
use crate::auth::Viewer;
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use axum::Json;
use engine::access::Program;
use jiff::ToSpan;
use jiff::civil::Date;
use model::{Scope, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::catalog::User;
use store::catalog::deletion::{Deletion, DeletionKind, DeletionState};

/// Of one request, users and Amplitude's ids together.
const MAX_IDS: usize = 100;
/// Jobs that one list looks at; the newest come first.
const MAX_JOBS: usize = 20_000;
const MAX_MONTHS: i32 = 6;

/// What clients send as flags is text as often as not.
#[derive(Deserialize)]
pub struct Request {
    #[serde(default)]
    user_ids: Vec<Value>,
    /// Our numbers of users.
    #[serde(default)]
    amplitude_ids: Vec<Value>,
    /// Comes back in the answer and is not kept.
    #[serde(default)]
    requester: String,
    #[serde(default)]
    ignore_invalid_id: Value,
    #[serde(default)]
    delete_from_org: Value,
}

#[derive(Deserialize)]
pub struct Days {
    start_day: String,
    end_day: String,
}

fn program(viewer: &Viewer) -> ApiResult<(&Program, &User)> {
    match viewer {
        Viewer::Program(program) if program.token.scopes.contains(Scope::Delete) => {
            Ok((program, viewer.person()?))
        }
        Viewer::Program(_) => Err(ApiError::missing_scope(Scope::Delete)),
        Viewer::Person { .. } => Err(ApiError::new(
            Code::Forbidden,
            "send the ingest key and an API token by HTTP Basic",
        )),
    }
}

pub async fn create(
    state: Shared,
    viewer: Viewer,
    Body(request): Body<Request>,
) -> ApiResult<Json<Value>> {
    let (program, user) = program(&viewer)?;
    let count = request.user_ids.len() + request.amplitude_ids.len();
    if !(1..=MAX_IDS).contains(&count) {
        return Err(ApiError::invalid(format!(
            "give 1 to {MAX_IDS} user_ids and amplitude_ids"
        )));
    }
    if is_true(&request.delete_from_org) {
        return Err(ApiError::invalid(
            "delete_from_org: a token is for one project; ask in each of them",
        ));
    }
    let engine = &state.engine;
    let project = program.project.id;
    // All are looked for before the first one is deleted.
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for (at, id) in request.user_ids.iter().enumerate() {
        let people = match text_of(id) {
            Some(id) => {
                engine
                    .people(project, Some(id), None, None, Some(1), None)
                    .await?
                    .0
            }
            None => Vec::new(),
        };
        match (people.first(), text_of(id)) {
            (Some(person), Some(id)) => found.push((person.id, id)),
            _ => unknown.push(format!("user_ids[{at}]")),
        }
    }
    for (at, id) in request.amplitude_ids.iter().enumerate() {
        let number = text_of(id).and_then(|id| id.parse().ok());
        let person = match number {
            Some(number) => match engine.person(project, number).await {
                Err(engine::Error::NotFound(_)) => None,
                other => Some(other?),
            },
            None => None,
        };
        let names = person.iter().flat_map(|it| &it.identities);
        let name = names.map(|it| it.identity.clone()).next();
        match (person, name) {
            (Some(it), Some(name)) => found.push((it.person.id, name)),
            _ => unknown.push(format!("amplitude_ids[{at}]")),
        }
    }
    if !unknown.is_empty() && !is_true(&request.ignore_invalid_id) {
        let message = format!("nobody is deleted; not known: {}", unknown.join(", "));
        return Err(ApiError::invalid(message));
    }
    let now = Timestamp::now();
    let day = day_of(now).to_string();
    let (people, identities): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let of = &program.project;
    engine.delete_users(user, of, identities, now).await?;
    let deleted = people.into_iter().map(|person| {
        json!({
            "amplitude_id": person,
            "requested_on_day": day,
            "requester": request.requester,
        })
    });
    let deleted: Vec<_> = deleted.collect();
    Ok(Json(json!({
        "day": day,
        "app": project.to_string(),
        "status": "submitted",
        "amplitude_ids": deleted,
        "active_scrub_done_date": day,
    })))
}

/// Deletions of users by day and status. Whose they were is not kept.
pub async fn list(
    state: Shared,
    viewer: Viewer,
    Query(days): Query<Days>,
) -> ApiResult<Json<Value>> {
    let (program, user) = program(&viewer)?;
    let (from, to) = (
        parsed("start_day", &days.start_day)?,
        parsed("end_day", &days.end_day)?,
    );
    if from > to || from.saturating_add(MAX_MONTHS.months()) < to {
        return Err(ApiError::invalid(format!(
            "end_day must be start_day or up to {MAX_MONTHS} months later"
        )));
    }
    let mut groups: BTreeMap<(Date, &str), Vec<Value>> = BTreeMap::new();
    let mut before = None;
    for _ in 0..MAX_JOBS / 100 {
        let jobs = state.engine.deletions(user, before, None).await?;
        for job in &jobs {
            let day = day_of(job.created_at);
            if (from..=to).contains(&day)
                && job.project == program.project.id
                && job.kind == DeletionKind::User
            {
                let entry = json!({ "amplitude_id": null, "deletion_id": job.id,
                    "requested_on_day": day.to_string(), "requester": "" });
                groups.entry((day, status(job))).or_default().push(entry);
            }
        }
        before = jobs.last().map(|job| job.id);
        if jobs.last().is_none_or(|job| day_of(job.created_at) < from) {
            break;
        }
    }
    let app = program.project.id.to_string();
    let groups = groups.into_iter().map(|((day, status), entries)| {
        json!({ "day": day.to_string(), "app": app, "status": status, "amplitude_ids": entries,
            "active_scrub_done_date": day.to_string() })
    });
    Ok(Json(groups.collect()))
}

/// The words of that API; it has none for a job that failed.
const fn status(job: &Deletion) -> &'static str {
    match job.state {
        DeletionState::Done => "done",
        DeletionState::Waiting | DeletionState::Running | DeletionState::Failed => "submitted",
    }
}

fn is_true(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    value.as_bool() == Some(true) || text.eq_ignore_ascii_case("true")
}

fn text_of(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn parsed(name: &str, day: &str) -> ApiResult<Date> {
    let wrong = |_| ApiError::invalid(format!("{name} must be a day as 2026-01-31"));
    day.parse().map_err(wrong)
}

fn day_of(at: Timestamp) -> Date {
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}
