//! From what the product stores to what the index takes.

use crate::value::cut;
use crate::{Occurrence, Row, Value};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use serde_json::{Map, Value as Json};

/// Objects within objects that become names with dots; deeper ones stay JSON.
const MAX_NESTED: usize = 3;
/// Of one event; the project's bound on names comes on top.
const MAX_PROPERTIES: usize = 256;

/// The row of a replay. Every field is named, so that one that is gone goes away.
pub fn row_of(replay: &Replay) -> Row {
    let text = |text: &str| Some(Value::text(text));
    let maybe = |text: &Option<String>| text.as_deref().map(Value::text);
    let number = |number: u64| Some(Value::Number(number as f64));
    let time = |at: Timestamp| Some(Value::Number(at.millis() as f64));
    let signals = &replay.signals;
    let activity = signals.activity.iter().copied().max().unwrap_or(0);
    let integrity = (!signals.integrity.is_empty()).then(|| signals.integrity.join(" "));
    // From the last event to its arrival: an import of past visits is not live.
    let delay_ms = replay.last_received_at.millis() - replay.last_event_at.millis();
    let delay_ms = u64::try_from(delay_ms).unwrap_or(0);
    let mut values = vec![
        ("device", text(&replay.device_id)),
        ("session", text(&replay.session_id)),
        ("visitor", maybe(&replay.visitor_id)),
        ("browser", maybe(&replay.browser)),
        ("os", maybe(&replay.os)),
        ("country", maybe(&replay.country)),
        ("device_type", maybe(&replay.device_type)),
        ("device_model", maybe(&replay.device)),
        ("release", maybe(&replay.release)),
        ("environment", maybe(&replay.environment)),
        ("source", text(&replay.source)),
        ("sdk", maybe(&replay.sdk)),
        ("sdk_version", maybe(&replay.sdk_version)),
        ("first_url", maybe(&replay.first_url)),
        ("last_url", maybe(&replay.last_url)),
        ("integrity", maybe(&integrity)),
        ("recorded", Some(Value::Flag(true))),
        ("playable", Some(Value::Flag(replay.playable))),
        ("started", time(replay.started_at)),
        ("ended", time(replay.last_event_at)),
        ("received", time(replay.last_received_at)),
        ("duration", number(replay.duration_ms())),
        ("delay", number(delay_ms)),
        ("active", number(signals.active_ms)),
        ("activity", number(u64::from(activity))),
        ("events", number(replay.event_count)),
        ("clicks", number(replay.click_count)),
        ("pages", number(replay.page_count)),
        (
            "errors",
            number(
                signals
                    .error_count
                    .saturating_add(replay.linked_error_count),
            ),
        ),
        ("console_errors", number(signals.console_error_count)),
        ("rage_clicks", number(signals.rage_click_count)),
        ("dead_clicks", number(signals.dead_click_count)),
        ("frustration", number(signals.frustration_count)),
        ("requests", number(signals.request_count)),
        ("failed_requests", number(signals.failed_request_count)),
        ("tabs", number(signals.tab_count)),
        ("size", number(replay.size_bytes)),
        // A pinned one has no end.
        (
            "expires",
            (!replay.is_pinned).then(|| Value::Number(replay.expires_at.millis() as f64)),
        ),
    ];
    // Events may have said who it was; a row that does not know takes nothing away.
    if replay.user_id.is_some() {
        values.push(("user", maybe(&replay.user_id)));
    }
    let fields = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let tags = replay.tags.iter();
    let tags = tags.map(|(name, value)| (format!("tag.{name}"), Some(Value::text(value))));
    Row {
        id: replay.id,
        values: fields.chain(tags).collect(),
    }
}

/// An analytics event as the catalog keeps it.
#[derive(Debug, Clone, Copy)]
pub struct StoredEvent<'a> {
    /// See [`Occurrence::number`].
    pub number: u64,
    pub project: ProjectId,
    pub event_type: &'a str,
    pub at: Timestamp,
    pub device_id: &'a str,
    pub user_id: Option<&'a str>,
    pub session_id: Option<&'a str>,
    pub replay: Option<ReplayId>,
    /// The whole event as a JSON object, of any family of SDKs.
    pub json: &'a str,
}

pub fn event_of(event: &StoredEvent<'_>) -> Occurrence {
    // A session without a recording has the id that its recording would have.
    let of_session = |session| ReplayId::derive(event.project, event.device_id, session);
    let replay = event.replay.or_else(|| event.session_id.map(of_session));
    let whole: Json = serde_json::from_str(event.json).unwrap_or_default();
    let object = |name: &str| whole.get(name).and_then(Json::as_object);
    let mut properties = Vec::new();
    let mut user_properties = Vec::new();
    for name in ["event_properties", "properties"] {
        if let Some(found) = object(name) {
            flatten(found, "", 0, &mut properties);
            user_set(found, &mut user_properties);
        }
    }
    if let Some(found) = object("user_properties") {
        let has_operations = found.keys().any(|name| name.starts_with('$'));
        if has_operations {
            user_set(found, &mut user_properties);
        } else {
            flatten(found, "", 0, &mut user_properties);
        }
    }
    // What is said about the user is not said about the event.
    properties.retain(|(name, _)| !name.starts_with("$set"));
    Occurrence {
        number: event.number,
        kind: "event",
        name: cut(event.event_type).to_owned(),
        at: event.at,
        replay,
        user: event.user_id.map(str::to_owned),
        device: Some(event.device_id.to_owned()),
        properties,
        user_properties,
    }
}

/// What is set, in the words of either family of SDKs.
fn user_set(found: &Map<String, Json>, user_properties: &mut Vec<(String, Value)>) {
    // What is only set once comes first: the other may have changed it since.
    for name in ["$setOnce", "$set_once", "$set"] {
        if let Some(set) = found.get(name).and_then(Json::as_object) {
            flatten(set, "", 0, user_properties);
        }
    }
}

fn flatten(object: &Map<String, Json>, before: &str, depth: usize, out: &mut Vec<(String, Value)>) {
    for (name, json) in object {
        if out.len() >= MAX_PROPERTIES {
            return;
        }
        let name = format!("{before}{name}");
        let value = match json {
            Json::Null => continue,
            Json::Bool(flag) => Value::Flag(*flag),
            Json::Number(number) => match number.as_f64().filter(|number| number.is_finite()) {
                Some(number) => Value::Number(number + 0.0),
                None => continue,
            },
            Json::String(text) => Value::text(text),
            Json::Object(inner) if depth < MAX_NESTED => {
                flatten(inner, &format!("{name}."), depth + 1, out);
                continue;
            }
            Json::Object(_) | Json::Array(_) => Value::text(&json.to_string()),
        };
        out.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Occurrence {
        event_of(&StoredEvent {
            number: 1,
            project: ProjectId(1),
            event_type: "Bought",
            at: Timestamp::from_millis(5),
            device_id: "d",
            user_id: None,
            session_id: Some("7"),
            replay: None,
            json,
        })
    }

    fn shown(properties: &[(String, Value)]) -> String {
        let all = properties
            .iter()
            .map(|(name, value)| format!("{name}={}", value.show()));
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn properties_of_every_family_are_found() {
        let amplitude = event(
            r#"{"event_properties":{"total":5.5,"cart":{"size":2,"a":{"b":{"c":{"d":1}}}},"tags":["x",1],"none":null},
                "user_properties":{"$setOnce":{"first":"a"},"$set":{"plan":"pro"}}}"#,
        );
        assert_eq!(
            shown(&amplitude.properties),
            r#"total=5.5 cart.size=2 cart.a.b.c={"d":1} tags=["x",1]"#
        );
        assert_eq!(shown(&amplitude.user_properties), "first=a plan=pro");
        let expected = ReplayId::derive(ProjectId(1), "d", "7");
        assert_eq!(amplitude.replay, Some(expected));
        let plain = event(r#"{"user_properties":{"plan":"free"}}"#);
        assert_eq!(shown(&plain.user_properties), "plan=free");
        let posthog = event(
            r#"{"properties":{"$current_url":"/a","$set":{"email":"e"},"$set_once":{"x":true}}}"#,
        );
        assert_eq!(shown(&posthog.properties), "$current_url=/a");
        assert_eq!(shown(&posthog.user_properties), "x=true email=e");
    }

    #[test]
    fn hostile_events_are_bounded() {
        let long = "x".repeat(1 << 20);
        let found = event(&format!(r#"{{"event_properties":{{"a":"{long}"}}}}"#));
        assert_eq!(found.properties[0].1.show().len(), crate::MAX_VALUE_BYTES);
        let many: Vec<_> = (0..10_000)
            .map(|number| format!(r#""p{number}":1"#))
            .collect();
        let found = event(&format!(r#"{{"event_properties":{{{}}}}}"#, many.join(",")));
        assert_eq!(found.properties.len(), MAX_PROPERTIES);
        assert!(event("not json").properties.is_empty());
        assert!(event(r#"{"event_properties":[1]}"#).properties.is_empty());
        let deep = format!(
            r#"{{"event_properties":{}1{}}}"#,
            r#"{"a":"#.repeat(100),
            "}".repeat(100)
        );
        assert_eq!(event(&deep).properties.len(), 1);
    }
}
