//! Events that a player needs after a snapshot and that the recorder did not write.

use crate::tree::Tree;
use rrweb::envelope::kind;
use serde_json::{Map, Value, json};

const SHEETS: &str = "adoptedStyleSheets";
const SCROLL: u64 = 3;
const ADOPTED_STYLE_SHEET: u64 = 15;

/// The events to play right after this one.
///
/// - Amplitude's recorder writes adopted style sheets into the nodes of a snapshot
///   (`adoptedStyleSheets: [{styleId, rules}]`), where no other player looks for them;
///   here they become the events that rrweb itself writes.
/// - A player keeps the document of the page before: its adopted sheets and its
///   scroll position would stay, so a full snapshot says what it starts with.
pub fn follow_ups(event_kind: u8, json: &str) -> Vec<String> {
    if !may_have_follow_ups(event_kind, json) {
        return Vec::new();
    }
    match Tree::parse(json) {
        Some(tree) => follow_ups_of(event_kind, &tree.0),
        None => Vec::new(),
    }
}

pub(crate) fn may_have_follow_ups(event_kind: u8, json: &str) -> bool {
    event_kind == kind::FULL_SNAPSHOT || (event_kind == kind::INCREMENTAL && json.contains(SHEETS))
}

pub(crate) fn follow_ups_of(event_kind: u8, event: &Value) -> Vec<String> {
    let is_snapshot = event_kind == kind::FULL_SNAPSHOT;
    let (data, timestamp) = (&event["data"], &event["timestamp"]);
    let mut events = Vec::new();
    let mut add = |data: Value| {
        events.push(
            json!({ "type": kind::INCREMENTAL, "data": data, "timestamp": timestamp }).to_string(),
        )
    };
    let document = &data["node"]["id"];
    if is_snapshot && document.is_number() {
        let offset = |side: &str| data["initialOffset"][side].as_f64().unwrap_or(0.0);
        add(json!({ "source": SCROLL, "id": document, "x": offset("left"), "y": offset("top") }));
        if data["node"].get(SHEETS).is_none() {
            add(json!({ "source": ADOPTED_STYLE_SHEET, "id": document, "styleIds": [] }));
        }
    }
    let mut remaining = vec![data];
    while let Some(value) = remaining.pop() {
        match value {
            Value::Array(items) => remaining.extend(items),
            Value::Object(members) => {
                if let Some(adopted) = adopted_by(members) {
                    add(adopted);
                }
                remaining.extend(
                    members
                        .iter()
                        .filter(|(key, _)| *key != "attributes")
                        .map(|(_, member)| member),
                );
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    events
}

/// The sheets that a node says it adopts, as the data of rrweb's own event.
fn adopted_by(node: &Map<String, Value>) -> Option<Value> {
    let sheets = node.get(SHEETS)?.as_array()?;
    let id = node.get("id").filter(|id| id.is_number())?;
    let styles: Vec<_> = sheets
        .iter()
        .filter(|sheet| sheet["styleId"].is_number() && sheet["rules"].is_array())
        .collect();
    let style_ids: Vec<_> = styles.iter().map(|sheet| &sheet["styleId"]).collect();
    let styles: Vec<_> = styles
        .iter()
        .map(|sheet| json!({ "styleId": sheet["styleId"], "rules": sheet["rules"] }))
        .collect();
    Some(
        json!({ "source": ADOPTED_STYLE_SHEET, "id": id, "styleIds": style_ids, "styles": styles }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_of(event: &Value) -> Vec<Value> {
        let kind = event["type"].as_u64().unwrap() as u8;
        let events = follow_ups(kind, &event.to_string());
        events
            .iter()
            .map(|text| {
                let follow_up: Value = serde_json::from_str(text).unwrap();
                assert_eq!(
                    (&follow_up["type"], &follow_up["timestamp"]),
                    (&json!(3), &event["timestamp"])
                );
                follow_up["data"].clone()
            })
            .collect()
    }

    #[test]
    fn sheets_in_nodes_become_events() {
        let sheet = json!({ "styleId": 4, "rules": [{ "rule": "p { color: red }", "index": 0 }] });
        let host = json!({ "type": 2, "tagName": "x-card", "id": 9, "isShadowHost": true, "childNodes": [], SHEETS: [sheet] });
        let root = json!({ "type": 0, "id": 1, SHEETS: [], "childNodes": [host.clone()] });
        let snapshot = json!({ "type": 2, "timestamp": 5.5, "data": { "node": root, "initialOffset": { "left": 3, "top": 40 } } });
        let adopted = json!({ "source": 15, "id": 9, "styleIds": [4], "styles": [sheet] });
        let expected = [
            json!({ "source": 3, "id": 1, "x": 3.0, "y": 40.0 }),
            json!({ "source": 15, "id": 1, "styleIds": [], "styles": [] }),
            adopted.clone(),
        ];
        assert_eq!(data_of(&snapshot), expected);
        let added = json!({ "type": 3, "timestamp": 6, "data": { "source": 0, "adds": [{ "parentId": 1, "node": host }] } });
        assert_eq!(data_of(&added), [adopted]);
    }

    #[test]
    fn a_snapshot_without_sheets_takes_away_those_of_the_page_before() {
        let snapshot = json!({ "type": 2, "timestamp": 5, "data": { "node": { "type": 0, "id": 7, "childNodes": [] } } });
        let expected = [
            json!({ "source": 3, "id": 7, "x": 0.0, "y": 0.0 }),
            json!({ "source": 15, "id": 7, "styleIds": [] }),
        ];
        assert_eq!(data_of(&snapshot), expected);
    }

    #[test]
    fn other_events_have_none() {
        for event in [
            json!({ "type": 3, "timestamp": 5, "data": { "source": 0, "adds": [] } }),
            json!({ "type": 3, "timestamp": 5, "data": { "source": 5, "text": SHEETS } }),
            json!({ "type": 5, "timestamp": 5, "data": { "tag": "x", "payload": { "id": 1, SHEETS: [] } } }),
            json!({ "type": 2, "timestamp": 5, "data": {} }),
        ] {
            assert_eq!(data_of(&event), [] as [Value; 0], "{event}");
        }
    }
}
