//! Events that a player needs after a snapshot and that the recorder did not write.

use crate::prepare::Writer;
use crate::walk::{self, Out, is_number};
use rrweb::envelope::kind;
use rrweb::tape::Value;

const SCROLL: u8 = 3;
const ADOPTED_STYLE_SHEET: u8 = 15;

/// Writes the events to play right after one that has just been written.
///
/// - Amplitude's recorder writes adopted style sheets into the nodes of a snapshot
///   (`adoptedStyleSheets: [{styleId, rules}]`), where no other player looks for them;
///   here they become the events that rrweb itself writes.
/// - A player keeps the document of the page before: its adopted sheets and its
///   scroll position would stay, so a full snapshot says what it starts with.
pub(crate) fn write_follow_ups<'t>(event: Value<'t>, writer: &mut Writer<'_, 't>) {
    let timestamp = event.get("timestamp");
    let follow_up = |writer: &mut Writer<'_, 't>, source: u8, id: Value<'t>| {
        writer.next_event();
        writer.raw(&format!(
            r#"{{"type":{},"data":{{"source":{source},"id":"#,
            kind::INCREMENTAL
        ));
        writer.copy(id);
    };
    let end = |writer: &mut Writer<'_, 't>| {
        writer.raw(r#"},"timestamp":"#);
        match timestamp {
            Some(timestamp) => writer.copy(timestamp),
            None => writer.raw("null"),
        }
        writer.raw("}");
    };
    if let Some((document, id, data)) = document_of(event) {
        let offset = |side| {
            let offset = data.get("initialOffset").and_then(|it| it.get(side));
            offset.and_then(Value::as_f64).unwrap_or(0.0)
        };
        follow_up(writer, SCROLL, id);
        // Written as JSON: `{:?}` gives every number a form that JSON knows.
        writer.raw(&format!(
            r#","x":{:?},"y":{:?}"#,
            offset("left"),
            offset("top")
        ));
        end(writer);
        if document.get("adoptedStyleSheets").is_none() {
            follow_up(writer, ADOPTED_STYLE_SHEET, id);
            writer.raw(r#","styleIds":[]"#);
            end(writer);
        }
    }
    for (id, sheets) in std::mem::take(&mut writer.adopted) {
        let sheets = sheets.items().filter_map(|sheet| {
            let style_id = sheet.get("styleId").filter(|id| is_number(*id))?;
            let rules = sheet.get("rules").filter(|rules| rules.is_array())?;
            Some((style_id, rules))
        });
        follow_up(writer, ADOPTED_STYLE_SHEET, id);
        writer.raw(r#","styleIds":["#);
        for (at, (style_id, _)) in sheets.clone().enumerate() {
            writer.raw(if at == 0 { "" } else { "," });
            writer.copy(style_id);
        }
        writer.raw(r#"],"styles":["#);
        for (at, (style_id, rules)) in sheets.enumerate() {
            writer.raw(if at == 0 { "" } else { "," });
            writer.raw(r#"{"styleId":"#);
            writer.copy(style_id);
            writer.raw(r#","rules":"#);
            walk::rules(rules, writer);
            writer.raw("}");
        }
        writer.raw("]");
        end(writer);
    }
}

/// The document of a full snapshot, its id, and the event's data.
fn document_of(event: Value<'_>) -> Option<(Value<'_>, Value<'_>, Value<'_>)> {
    let kind = event.get("type").and_then(Value::as_i64);
    let data = event.get("data")?;
    let document = data.get("node")?;
    let id = document.get("id").filter(|id| is_number(*id))?;
    (kind == Some(i64::from(kind::FULL_SNAPSHOT))).then_some((document, id, data))
}

#[cfg(test)]
mod tests {
    use crate::Preparer;
    use serde_json::{Value, json};

    const SHEETS: &str = "adoptedStyleSheets";

    fn data_of(event: &Value) -> Vec<Value> {
        let mut preparer = Preparer::new(None);
        preparer.text(&event.to_string());
        let json = preparer.take().into_recorded_json();
        let events: Vec<Value> = serde_json::from_str(&format!("[{json}]")).unwrap();
        assert_eq!(&events[0], event);
        events[1..]
            .iter()
            .map(|follow_up| {
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
