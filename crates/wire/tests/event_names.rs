//! Names for what real SDKs captured by themselves.

#![allow(clippy::unwrap_used)]

use base64::Engine;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use wire::event_name::generated_name;

fn body(request: &Value) -> Option<Value> {
    let packed = request.get("body_base64")?.as_str()?;
    let packed = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()?;
    if let Ok(body) = serde_json::from_slice(&packed) {
        return Some(body);
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .ok()?;
    serde_json::from_str(&text).ok()
}

fn events(value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| events(one, found)),
        Value::Object(fields) => {
            let name = fields.get("event_type").or(fields.get("event"));
            let properties = fields.get("event_properties").or(fields.get("properties"));
            if let (Some(Value::String(name)), Some(properties)) = (name, properties) {
                found.push((name.clone(), properties.clone()));
            } else {
                fields.values().for_each(|one| events(one, found));
            }
        }
        _ => {}
    }
}

/// The raw name and the generated one of every captured event of a vendor.
fn names(vendor: &str) -> BTreeSet<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/{vendor}"));
    let mut found = Vec::new();
    for session in std::fs::read_dir(folder).unwrap() {
        let session = session.unwrap().path();
        let Ok(files) = std::fs::read_dir(session) else {
            continue;
        };
        for file in files {
            let Ok(text) = std::fs::read_to_string(file.unwrap().path()) else {
                continue;
            };
            if let Some(body) = serde_json::from_str::<Value>(&text)
                .ok()
                .as_ref()
                .and_then(body)
            {
                events(&body, &mut found);
            }
        }
    }
    assert!(found.len() > 20, "{vendor}: {} events", found.len());
    found
        .into_iter()
        .filter_map(|(name, properties)| {
            let generated = generated_name(&name, &properties)?;
            Some((name, generated))
        })
        .collect()
}

#[test]
fn amplitude() {
    let names = names("amplitude");
    for (raw, expected) in [
        ("[Amplitude] Page Viewed", "Viewed \"Capture Page One\""),
        ("[Amplitude] Element Clicked", "Clicked input#chk"),
        ("[Amplitude] Element Clicked", "Clicked \"Send form\""),
        ("[Amplitude] Element Changed", "Changed input#open"),
        ("[Amplitude] Rage Click", "Rage click on \"Does nothing\""),
        ("[Amplitude] Dead Click", "Dead click on \"Send form\""),
        ("[Amplitude] Form Started", "Started form \"f\""),
        ("[Amplitude] Form Submitted", "Submitted form \"f\""),
        ("[Amplitude] File Downloaded", "Downloaded report.csv"),
        (
            "[Amplitude] Network Request",
            "Request GET /api/fail answered 500",
        ),
        ("session_start", "Session started"),
    ] {
        let expected = (raw.to_owned(), expected.to_owned());
        assert!(names.contains(&expected), "{expected:?} in {names:#?}");
    }
}

#[test]
fn posthog() {
    let names = names("posthog");
    for (raw, expected) in [
        ("$pageview", "Viewed \"Lamp shop\""),
        ("$autocapture", "Clicked \"Add to cart\""),
        ("$autocapture", "Clicked \"Buy now\""),
        ("$autocapture", "Changed input#name"),
        ("$rageclick", "Rage click on \"Does nothing\""),
        ("$dead_click", "Dead click on \"Does nothing\""),
    ] {
        let expected = (raw.to_owned(), expected.to_owned());
        assert!(names.contains(&expected), "{expected:?} in {names:#?}");
    }
}
