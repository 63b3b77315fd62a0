//! Analytics events, and what some of them mean besides: who somebody is, and what
//! went wrong.

use crate::sentry::event::exception;
use crate::value::{at, clean_short, long, short, short_list, time};
use model::Timestamp;
use model::batch::{
    Batch, Change, ErrorEvent, IdentityChange, Level, Link, Origin, Person, is_nobody, replay_link,
};
use model::ingest::{AnalyticsEvent, Reason};
use rrweb::tape::Value;
use xxhash_rust::xxh3::xxh3_128;

const MAX_ANALYTICS_EVENT_BYTES: usize = 1_000_000;
const MAX_EXCEPTIONS: usize = 20;

/// What an event says about itself and its sender.
struct Facts<'t> {
    event: Value<'t>,
    name: String,
    distinct_id: String,
    device_id: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    uuid: Option<String>,
    timestamp: Timestamp,
}

/// Reads one event of a request into the batch.
pub(super) fn add_event(
    event: Value<'_>,
    received_at: Timestamp,
    batch: &mut Batch,
) -> Result<(), Reason> {
    let facts = facts(event, received_at, batch)?;
    let json = event.to_json();
    if json.len() > MAX_ANALYTICS_EVENT_BYTES {
        return Err(Reason::EventTooLarge);
    }
    identities(&facts, batch);
    if facts.name == "$exception" {
        let error = error_event(&facts, &json);
        batch.errors.push(error);
    }
    batch.analytics.push(AnalyticsEvent {
        event_type: facts.name,
        timestamp: facts.timestamp,
        // A server's event names a user only.
        device_id: match (&facts.device_id, &facts.user_id) {
            (Some(device_id), _) => device_id.clone(),
            (None, None) => facts.distinct_id.clone(),
            (None, Some(_)) => String::new(),
        },
        user_id: facts.user_id,
        replay_id: facts.session_id.as_deref().map(replay_link),
        session_id: facts.session_id,
        insert_id: facts.uuid,
        json,
    });
    Ok(())
}

fn facts<'t>(
    event: Value<'t>,
    received_at: Timestamp,
    batch: &mut Batch,
) -> Result<Facts<'t>, Reason> {
    let property = |name| property(event, name);
    let name = match short(event.get("event")) {
        Some(name) => name,
        // The oldest way to describe a person.
        None if event.get("$set").is_some() => "$set".to_owned(),
        None => return Err(Reason::InvalidEvent),
    };
    let distinct_id = distinct_id(event).ok_or(Reason::InvalidEvent)?;
    let device_id = short(property("$device_id"));
    let is_identified = match property("$is_identified").and_then(Value::as_bool) {
        Some(is_identified) => is_identified,
        None => {
            name == "$identify"
                || property("$user_id").is_some()
                || (device_id.as_deref() != Some(distinct_id.as_str())
                    && !is_anonymous(&distinct_id))
        }
    };
    let timestamp = event_time(event, received_at).unwrap_or_else(|| {
        batch.problems.add(Reason::RepairedTimestamp, 1);
        received_at
    });
    Ok(Facts {
        event,
        name,
        user_id: is_identified.then(|| distinct_id.clone()),
        distinct_id,
        device_id,
        session_id: session_id(event),
        uuid: short(event.get("uuid")).or_else(|| short(property("$insert_id"))),
        timestamp,
    })
}

pub(super) fn property<'t>(event: Value<'t>, name: &str) -> Option<Value<'t>> {
    at(event, &["properties", name])
}

/// The person's id: anonymous, or the user's after `identify`.
pub(super) fn distinct_id(event: Value<'_>) -> Option<String> {
    short(event.get("distinct_id"))
        .or_else(|| short(event.get("$distinct_id")))
        .or_else(|| short(property(event, "distinct_id")))
}

/// SDKs make anonymous ids as UUIDs or, in the first versions, as five groups of
/// hexadecimal digits of any length.
pub(super) fn is_anonymous(distinct_id: &str) -> bool {
    let groups: Vec<&str> = distinct_id.split('-').collect();
    let is_hex =
        |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    (groups.len() == 5 && groups.iter().all(is_hex)) || is_nobody(distinct_id)
}

/// The session, if its id has the form that is allowed for one.
pub(super) fn session_id(event: Value<'_>) -> Option<String> {
    let id = short(property(event, "$session_id"))?;
    let is_sound = id.len() <= 70
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_sound.then_some(id)
}

/// Device time, or how long before sending it was. `None` when what is said is
/// absurd; when nothing is said, the event is taken for new.
fn event_time(event: Value<'_>, received_at: Timestamp) -> Option<Timestamp> {
    if let Some(timestamp) = event.get("timestamp").filter(|it| !it.is_null()) {
        return time(Some(timestamp));
    }
    let Some(offset_ms) = event.get("offset").and_then(Value::as_f64) else {
        return Some(received_at);
    };
    // A page can be asleep for days, no longer.
    let is_sound = (0.0..31.0 * 86_400_000.0).contains(&offset_ms);
    is_sound.then(|| Timestamp::from_micros(received_at.micros() - (offset_ms * 1_000.0) as i64))
}

fn identities(facts: &Facts<'_>, batch: &mut Batch) {
    let text = |name| short(property(facts.event, name));
    let known = |id: Option<String>| {
        id.filter(|id| *id != facts.distinct_id)
            .filter(|id| !is_nobody(id))
    };
    let mut changes = Vec::new();
    if is_nobody(&facts.distinct_id) {
        return;
    }
    match facts.name.as_str() {
        "$identify" => {
            if let Some(anonymous_id) = known(text("$anon_distinct_id")) {
                changes.push(Change::Identified { anonymous_id });
            }
        }
        "$create_alias" | "$merge_dangerously" => {
            if let Some(other_id) = known(text("alias")) {
                changes.push(Change::Alias { other_id });
            }
        }
        "$groupidentify" => {
            let set = object(property(facts.event, "$group_set"));
            if let (Some(kind), Some(key)) = (text("$group_type"), text("$group_key")) {
                changes.push(Change::Group { kind, key, set });
            }
        }
        _ => {}
    }
    // Beside the properties, or among them.
    let of = |name| object(facts.event.get(name)).or_else(|| object(property(facts.event, name)));
    let (set, set_once) = (of("$set"), of("$set_once"));
    if set.is_some() || set_once.is_some() {
        changes.push(Change::Properties { set, set_once });
    }
    for change in changes {
        batch.identities.push(IdentityChange {
            change_id: facts.uuid.clone(),
            timestamp: facts.timestamp,
            session_id: facts.session_id.clone(),
            visitor_id: facts.distinct_id.clone(),
            change,
        });
    }
}

/// An object that says something, as JSON.
fn object(value: Option<Value<'_>>) -> Option<String> {
    let value = value.filter(|value| value.pairs().next().is_some())?;
    Some(value.to_json())
}

fn error_event(facts: &Facts<'_>, json: &str) -> ErrorEvent {
    let property = |name| property(facts.event, name);
    let list = property("$exception_list")
        .into_iter()
        .flat_map(Value::items);
    let mut exceptions: Vec<_> = list.take(MAX_EXCEPTIONS).map(exception).collect();
    if exceptions.is_empty() {
        // SDKs before 2025 have one, in properties of its own.
        let mut one = model::batch::Exception {
            kind: short(property("$exception_type")),
            value: long(property("$exception_message")),
            ..Default::default()
        };
        one.is_handled = property("$exception_handled").and_then(Value::as_bool);
        if one.kind.is_some() || one.value.is_some() {
            exceptions.push(one);
        }
    }
    let level = match property("$exception_level").and_then(Value::as_str) {
        Some("fatal") => Level::Fatal,
        Some("warning") => Level::Warning,
        Some("info" | "log") => Level::Info,
        Some("debug") => Level::Debug,
        _ => Level::Error,
    };
    ErrorEvent {
        event_id: facts
            .uuid
            .clone()
            .unwrap_or_else(|| format!("{:032x}", xxh3_128(json.as_bytes()))),
        timestamp: facts.timestamp,
        level,
        message: None,
        exceptions,
        fingerprint: short_list(property("$exception_fingerprint")),
        logger: None,
        transaction: short(property("$pathname")),
        url: short(property("$current_url")),
        link: Link {
            replay_id: facts.session_id.clone(),
            session_id: facts.session_id.clone(),
            window_id: short(property("$window_id")),
            ..Link::default()
        },
        origin: origin(facts.event),
        person: Person {
            id: facts.user_id.clone(),
            email: short(at(facts.event, &["$set", "email"])),
            ..Person::default()
        },
        tags: Vec::new(),
        debug_ids: Vec::new(),
        json: json.to_owned(),
    }
}

pub(super) fn origin(event: Value<'_>) -> Origin {
    let library = short(property(event, "$lib"));
    let platform = match library.as_deref() {
        // Old builds say nothing in snapshots; they are all of the web.
        None | Some("web" | "js") => clean_short("javascript"),
        Some(library) => clean_short(library.strip_prefix("posthog-").unwrap_or(library)),
    };
    Origin {
        platform,
        release: short(property(event, "$app_version")),
        sdk: match library.as_deref() {
            None | Some("web" | "js") => clean_short("posthog-js"),
            Some(_) => library,
        },
        sdk_version: short(property(event, "$lib_version")),
        ..Origin::default()
    }
}
