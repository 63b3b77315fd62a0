//! What Amplitude's events say about people. Every event names device and user, so
//! a login shows in all of them; properties come with `$identify`, `$groupidentify`
//! or beside any event.

use crate::value::{clean_short, parse, short};
use model::batch::{Change, IdentityChange};
use model::ingest::AnalyticsEvent;
use rrweb::tape::Value;

const MAX_GROUPS: usize = 20;

/// Adds what `event` says. A pair of device and user is told once per request.
pub(super) fn add(event: &AnalyticsEvent, identities: &mut Vec<IdentityChange>) {
    let visitor_id = match &event.user_id {
        Some(user_id) => user_id,
        None => &event.device_id,
    };
    let told = |change: Change, change_id: Option<String>| IdentityChange {
        change_id,
        timestamp: event.timestamp,
        session_id: event.session_id.clone(),
        visitor_id: visitor_id.clone(),
        change,
    };
    if event.user_id.is_some() && !event.device_id.is_empty() {
        let anonymous_id = event.device_id.clone();
        let change = Change::Identified { anonymous_id };
        let is_known = |it: &IdentityChange| it.visitor_id == *visitor_id && it.change == change;
        if !identities.iter().any(is_known) {
            identities.push(told(change, None));
        }
    }
    let may_say_more = ["user_properties", "groups"]
        .iter()
        .any(|key| event.json.contains(key));
    if !may_say_more {
        return;
    }
    let Ok(tape) = parse(&event.json) else { return };
    let root = tape.root();
    if let Some(properties) = root.get("user_properties") {
        let set = match operations(properties) {
            true => object(properties.get("$set")),
            false => object(Some(properties)),
        };
        let set_once = object(properties.get("$setOnce"));
        if set.is_some() || set_once.is_some() {
            let change = Change::Properties { set, set_once };
            identities.push(told(change, event.insert_id.clone()));
        }
    }
    let groups = root.get("groups").into_iter().flat_map(Value::pairs);
    let set = root
        .get("group_properties")
        .and_then(|properties| object(properties.get("$set")));
    for (kind, key) in groups.take(MAX_GROUPS) {
        // One may be in several groups of a kind; the first is the one shown.
        let key = match key.is_array() {
            true => short(key.items().next()),
            false => short(Some(key)),
        };
        if let (Some(kind), Some(key)) = (clean_short(kind), key) {
            let set = set.clone();
            let change = Change::Group { kind, key, set };
            identities.push(told(change, event.insert_id.clone()));
        }
    }
}

/// `{"$set":{...}}`; without operations the object is what is set.
fn operations(properties: Value<'_>) -> bool {
    properties.pairs().any(|(key, _)| key.starts_with('$'))
}

fn object(value: Option<Value<'_>>) -> Option<String> {
    let value = value.filter(|value| value.pairs().next().is_some())?;
    Some(value.to_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn said(json: &str, user_id: Option<&str>) -> Vec<Change> {
        let event = AnalyticsEvent {
            event_type: "$identify".to_owned(),
            timestamp: Timestamp::default(),
            device_id: "device".to_owned(),
            user_id: user_id.map(str::to_owned),
            session_id: None,
            insert_id: None,
            replay_id: None,
            json: json.to_owned(),
        };
        let mut identities = Vec::new();
        add(&event, &mut identities);
        add(&event, &mut identities);
        identities.into_iter().map(|it| it.change).collect()
    }

    #[test]
    fn a_login_is_told_once() {
        let anonymous_id = "device".to_owned();
        assert_eq!(
            said("{}", Some("ada")),
            [Change::Identified { anonymous_id }]
        );
        assert_eq!(said("{}", None), []);
    }

    #[test]
    fn properties_come_as_operations_or_as_they_are() {
        let set = |set: &str, once: Option<&str>| Change::Properties {
            set: Some(set.to_owned()),
            set_once: once.map(str::to_owned),
        };
        let json =
            r#"{"user_properties":{"$set":{"plan":"pro"},"$setOnce":{"a":1},"$add":{"n":1}}}"#;
        assert_eq!(
            said(json, None)[0],
            set(r#"{"plan":"pro"}"#, Some(r#"{"a":1}"#))
        );
        let json = r#"{"user_properties":{"plan":"pro"}}"#;
        assert_eq!(said(json, None)[0], set(r#"{"plan":"pro"}"#, None));
        assert_eq!(said(r#"{"user_properties":{}}"#, None), []);
    }

    #[test]
    fn groups_have_a_kind_and_a_key() {
        let json =
            r#"{"groups":{"org":["acme","x"],"team":7},"group_properties":{"$set":{"size":3}}}"#;
        let changes = said(json, None);
        let group = |kind: &str, key: &str| Change::Group {
            kind: kind.to_owned(),
            key: key.to_owned(),
            set: Some(r#"{"size":3}"#.to_owned()),
        };
        assert_eq!(changes[..2], [group("org", "acme"), group("team", "7")]);
    }
}
