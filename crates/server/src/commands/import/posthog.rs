//! A recording out of PostHog, sent as its SDK sends one. Values that the SDK had
//! compressed stay so: the server undoes that.

use super::sender::{Sender, UPLOAD_BYTES};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

#[derive(Default)]
pub struct Export<'t> {
    session_id: Option<String>,
    distinct_id: Option<String>,
    /// What was known about the person.
    properties: Option<Value>,
    /// Runs of events of one window, in order of the file.
    runs: Vec<(Option<String>, Vec<&'t RawValue>)>,
}

#[derive(Deserialize)]
struct Line<'t> {
    #[serde(alias = "windowId")]
    window_id: Option<String>,
    #[serde(borrow)]
    data: Vec<&'t RawValue>,
}

impl<'t> Export<'t> {
    /// Snapshots as the API gives them: a line for an event or for some of a window.
    pub fn of_lines(text: &'t str) -> Result<Self> {
        let mut export = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let context = || format!("line {}", number + 1);
            if line.starts_with('[') {
                let (window_id, event): (String, &RawValue) =
                    serde_json::from_str(line).with_context(context)?;
                export.add(Some(window_id), event);
            } else {
                let line: Line<'t> = serde_json::from_str(line).with_context(context)?;
                export.runs.push((line.window_id, line.data));
            }
        }
        Ok(export)
    }

    /// An export of the app, or one answer of the API. `None` when it is neither.
    pub fn of_document(fields: &HashMap<&'t str, &'t RawValue>) -> Result<Option<Self>> {
        let mut export = Self::default();
        let inner: HashMap<&str, &RawValue>;
        let mut fields = fields;
        if let Some(data) = fields.get("data").filter(|it| it.get().starts_with('{')) {
            inner = serde_json::from_str(data.get()).context("`data`")?;
            fields = &inner;
        }
        let by_window = ["snapshotsByWindowId", "snapshot_data_by_window_id"];
        if let Some(snapshots) = fields.get("snapshots") {
            let events: Vec<&RawValue> =
                serde_json::from_str(snapshots.get()).context("`snapshots` is not an array")?;
            for event in events {
                #[derive(Deserialize)]
                struct Window {
                    #[serde(alias = "window_id", rename = "windowId")]
                    window_id: Option<String>,
                }
                let window = serde_json::from_str::<Window>(event.get());
                export.add(window.ok().and_then(|it| it.window_id), event);
            }
        } else if let Some(windows) = by_window.iter().find_map(|name| fields.get(name)) {
            let windows: BTreeMap<String, Vec<&RawValue>> =
                serde_json::from_str(windows.get()).context("snapshots by window")?;
            export.runs = windows
                .into_iter()
                .map(|(window_id, events)| (Some(window_id), events))
                .collect();
        } else {
            return Ok(None);
        }
        let value = |name: &str| -> Option<Value> {
            fields
                .get(name)
                .and_then(|raw| serde_json::from_str(raw.get()).ok())
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        export.session_id = value("id").as_ref().and_then(text);
        if let Some(mut person) = value("person") {
            export.distinct_id = text(&person["distinct_ids"][0]);
            export.properties = Some(person["properties"].take()).filter(|it| it.is_object());
        }
        export.distinct_id = value("distinct_id")
            .as_ref()
            .and_then(text)
            .or(export.distinct_id);
        Ok(Some(export))
    }

    fn add(&mut self, window_id: Option<String>, event: &'t RawValue) {
        match self.runs.last_mut() {
            Some((of, events)) if *of == window_id => events.push(event),
            _ => self.runs.push((window_id, vec![event])),
        }
    }

    pub fn send(self, named: Option<&str>, stem: &str, sender: &mut Sender<'_>) -> Result<()> {
        let session_id = named
            .map(str::to_owned)
            .or(self.session_id.clone())
            .unwrap_or_else(|| stem.to_owned());
        let mut request = Request {
            session_id: sound_session_id(&session_id),
            distinct_id: sender.import().user_id.clone().or(self.distinct_id),
            key: sender.import().key.clone(),
            window_id: None,
            events: String::new(),
        };
        let mut first_ms = None;
        for (window_id, events) in self.runs {
            if request.window_id != window_id {
                request.send(sender)?;
                request.window_id = window_id;
            }
            for event in events {
                first_ms = first_ms.or_else(|| time_of(event));
                request.add(event.get(), sender)?;
            }
        }
        request.send(sender)?;
        match (self.properties, first_ms) {
            (Some(properties), Some(at_ms)) => request.person(properties, at_ms, sender),
            _ => Ok(()),
        }
    }
}

fn time_of(event: &RawValue) -> Option<i64> {
    #[derive(Deserialize)]
    struct Timed {
        timestamp: f64,
    }
    let timed: Timed = serde_json::from_str(event.get()).ok()?;
    Some(timed.timestamp as i64).filter(|at_ms| *at_ms > 0)
}

/// Only letters, digits and `-`, at most 70: what the protocol allows.
fn sound_session_id(id: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    id.chars().map(sound).take(70).collect()
}

struct Request {
    session_id: String,
    distinct_id: Option<String>,
    key: String,
    window_id: Option<String>,
    events: String,
}

impl Request {
    fn add(&mut self, event: &str, sender: &mut Sender<'_>) -> Result<()> {
        if !self.events.is_empty() && self.events.len() + event.len() > UPLOAD_BYTES {
            self.send(sender)?;
        }
        if !self.events.is_empty() {
            self.events.push(',');
        }
        self.events.push_str(event);
        Ok(())
    }

    fn send(&mut self, sender: &mut Sender<'_>) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let mut properties = json!({ "$session_id": self.session_id });
        if let Some(window_id) = &self.window_id {
            properties["$window_id"] = window_id.as_str().into();
        }
        if let Some(distinct_id) = &self.distinct_id {
            properties["distinct_id"] = distinct_id.as_str().into();
        }
        let mut properties = properties.to_string();
        properties.pop(); // The closing brace: the events stay as they are.
        let body = format!(
            "{{\"api_key\":{},\"batch\":[{{\"uuid\":{},\"event\":\"$snapshot\",\"properties\":{properties},\"$snapshot_data\":[{}]}}}}]}}",
            json!(self.key),
            json!(self.uuid()),
            self.events
        );
        self.events.clear();
        sender.posthog(&body)
    }

    fn person(&self, properties: Value, at_ms: i64, sender: &mut Sender<'_>) -> Result<()> {
        let Some(distinct_id) = &self.distinct_id else {
            return Ok(());
        };
        let event = json!({
            "uuid": uuid_of(&[&self.session_id, distinct_id, &properties.to_string()]),
            "event": "$set",
            "distinct_id": distinct_id,
            "timestamp": at_ms,
            "properties": { "distinct_id": distinct_id, "$session_id": self.session_id },
            "$set": properties,
        });
        sender.posthog(&json!({ "api_key": self.key, "batch": [event] }).to_string())
    }

    /// The same part has the same id in every run, so it counts once.
    fn uuid(&self) -> String {
        let window_id = self.window_id.as_deref().unwrap_or_default();
        uuid_of(&[&self.session_id, window_id, &self.events])
    }
}

fn uuid_of(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(b"\0");
    }
    let hex = hasher.finalize().to_hex();
    format!(
        "{}-{}-8{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..15],
        &hex[15..18],
        &hex[18..30]
    )
}
