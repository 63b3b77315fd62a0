//! What is shown must not run anything; what is stored must stay JSON.

use ::privacy::Preparer;
use serde_json::Value;

const KEY: &str = "0a1b2c";
const PAGE: &str = "https://shop.example/a/b?c#d";

pub fn check(bytes: &[u8]) {
    let Ok(json) = std::str::from_utf8(bytes) else {
        return;
    };
    let text = |preparer: &mut Preparer| {
        preparer.text(json);
        preparer.take()
    };
    // The event comes first; what follows it is for players.
    let safe = text(&mut Preparer::new(Some(PAGE))).into_recorded_json();
    let events: Vec<Value> = serde_json::from_str(&format!("[{safe}]")).unwrap_or_default();
    assert!(!events.is_empty(), "no list of events: {safe}");
    for event in &events {
        check_event(event);
    }
    let mut again = Preparer::new(Some(PAGE));
    again.text(&events[0].to_string());
    let again = again.take().into_recorded_json();
    let again: Vec<Value> = serde_json::from_str(&format!("[{again}]")).unwrap_or_default();
    assert_eq!(again.first(), events.first(), "not idempotent");
    let pointed = text(&mut Preparer::new(Some(PAGE)))
        .into_json(&mut |url| (url.len() % 2 == 0).then(|| "/archived".to_owned()));
    assert!(serde_json::from_str::<Value>(&format!("[{pointed}]")).is_ok());
    let mut tape = rrweb::Tape::new();
    if tape.parse(json).is_ok() {
        let _ = ::privacy::page_url_of(tape.root());
        let _ = ::privacy::collect_references(tape.root(), None);
    }
    // As the server does: a stored event has the kind that its envelope says.
    let kind = rrweb::read_envelope(json).map_or(rrweb::UNKNOWN_KIND, |envelope| envelope.kind);
    let is_json = serde_json::from_str::<Value>(json).is_ok();
    if let Some(scrubbed) = ::privacy::scrub_event(kind, json, KEY) {
        assert!(!is_json || serde_json::from_str::<Value>(&scrubbed.json).is_ok());
        assert!(!scrubbed.json.contains(KEY));
    }
    let _ = ::privacy::rewrite_style_sheet(json, PAGE, &|_| Some("/archived".to_owned()));
}

/// The player's view, written apart from the wall's code.
fn check_event(event: &Value) {
    let data = &event["data"];
    let mut nodes: Vec<&Value> = vec![&data["node"]];
    let (kind, source) = (event["type"].as_f64(), data["source"].as_f64());
    if kind == Some(3.0) && source == Some(0.0) {
        nodes = data["adds"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|add| &add["node"])
            .collect();
        for change in data["attributes"].as_array().into_iter().flatten() {
            check_attributes(&change["attributes"]);
        }
    } else if kind != Some(2.0) {
        return;
    }
    while let Some(node) = nodes.pop() {
        if node["tagName"].is_string() {
            assert!(
                !node["tagName"]
                    .as_str()
                    .unwrap_or_default()
                    .eq_ignore_ascii_case("script")
            );
            check_attributes(&node["attributes"]);
        }
        nodes.extend(node["childNodes"].as_array().into_iter().flatten());
    }
}

fn check_attributes(attributes: &Value) {
    for (name, value) in attributes.as_object().into_iter().flatten() {
        let name = name.to_ascii_lowercase();
        assert!(!name.starts_with("on"), "{name} would run");
        assert!(name != "srcdoc", "{name} would load a document");
        let text = value.as_str().unwrap_or_default();
        let text: String = text.chars().filter(|c| *c > ' ').collect();
        if matches!(
            name.as_str(),
            "href" | "src" | "xlink:href" | "action" | "formaction"
        ) {
            assert!(
                !text.to_ascii_lowercase().starts_with("javascript:"),
                "{name}={text}"
            );
        }
    }
}
