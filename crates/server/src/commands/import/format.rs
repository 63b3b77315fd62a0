//! What is in a file, told by its content.
//!
//! | content | what it is |
//! |-|-|
//! | `[event, …]`, `{"events": […]}`, an event per line | rrweb |
//! | `[[event, …], …]`, or events with Sentry's breadcrumbs | segments of a Sentry replay |
//! | `{"data": {"snapshots": …}}`, `{"snapshots": …}`, `{"snapshot_data_by_window_id": …}` | PostHog, export and API |
//! | `["window", event]` or `{"window_id": …, "data": […]}` per line | PostHog, snapshots of the API |

use super::files::{Found, rest_of};
use super::sender::Sender;
use super::{Import, posthog, rrweb, sentry};
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::io::BufRead;

/// How many events are looked at to tell what an array is.
const SAMPLE_EVENTS: usize = 50;
const SENTRY_TAGS: [&str; 4] = ["breadcrumb", "performanceSpan", "options", "video"];

/// Why a file is no recording.
#[derive(Debug)]
pub struct Skip(pub &'static str);

impl std::fmt::Display for Skip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Skip {}

/// Reads a recording and sends what is in it.
pub fn read(
    import: &Import,
    file: &Found,
    progress: &ProgressBar,
    sender: &mut Sender<'_>,
) -> Result<()> {
    let named = import.session_id.as_deref();
    let session_id = named.unwrap_or(&file.stem);
    let mut sentry = sentry::Replay::new(session_id, import.user_id.as_deref());
    for part in 0..file.part_count() {
        let mut reader = file.open(part, progress)?;
        let mut text = first_line(&mut *reader)?;
        match line_format(&text) {
            Some(format) => {
                sender.totals.format = format.name();
                match format {
                    LineFormat::Rrweb => rrweb_lines(session_id, &text, &mut *reader, sender)?,
                    LineFormat::PostHog => {
                        rest_of(&mut *reader, &mut text)?;
                        let export = posthog::Export::of_lines(&text)?;
                        export.send(named, &file.stem, sender)?;
                    }
                }
            }
            None => {
                rest_of(&mut *reader, &mut text)?;
                document(&text, named, file, &mut sentry, sender)?;
            }
        }
    }
    Ok(())
}

/// Up to the first line end after the first character that is not blank.
fn first_line(reader: &mut dyn BufRead) -> Result<String> {
    let mut text = String::new();
    while text.trim().is_empty() {
        if reader.read_line(&mut text).context("cannot read")? == 0 {
            break;
        }
    }
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

enum LineFormat {
    Rrweb,
    PostHog,
}

impl LineFormat {
    fn name(&self) -> &'static str {
        match self {
            Self::Rrweb => "rrweb",
            Self::PostHog => "PostHog",
        }
    }
}

/// The format when the first line is whole in itself, else nothing.
fn line_format(line: &str) -> Option<LineFormat> {
    if line.trim_start().starts_with('[') {
        let pair: (String, HashMap<&str, &RawValue>) = serde_json::from_str(line).ok()?;
        return pair.1.contains_key("type").then_some(LineFormat::PostHog);
    }
    let Ok(fields) = serde_json::from_str::<HashMap<String, &RawValue>>(line) else {
        let is_packed = line.trim_start().starts_with('"');
        return is_packed.then_some(LineFormat::Rrweb);
    };
    let has = |name: &str| fields.contains_key(name);
    if has("type") && has("timestamp") {
        return Some(LineFormat::Rrweb);
    }
    let has_window = has("window_id") || has("windowId");
    (has_window && has("data")).then_some(LineFormat::PostHog)
}

fn rrweb_lines(
    session_id: &str,
    first: &str,
    reader: &mut dyn BufRead,
    sender: &mut Sender<'_>,
) -> Result<()> {
    let mut lines = rrweb::Lines::new(session_id);
    lines.add(first.trim(), sender)?;
    for line in reader.lines() {
        lines.add(line.context("cannot read")?.trim(), sender)?;
    }
    lines.send(sender)
}

fn document(
    text: &str,
    named: Option<&str>,
    file: &Found,
    sentry: &mut sentry::Replay,
    sender: &mut Sender<'_>,
) -> Result<()> {
    let session_id = named.unwrap_or(&file.stem);
    match text.trim_start().as_bytes().first() {
        None => Ok(()),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).context("not a JSON array")?;
            array(&items, session_id, sentry, sender)
        }
        Some(b'{') => object(text, named, file, sentry, sender),
        Some(_) => Err(Skip("it is not a recording: neither JSON nor an event per line").into()),
    }
}

fn array(
    items: &[&RawValue],
    session_id: &str,
    sentry: &mut sentry::Replay,
    sender: &mut Sender<'_>,
) -> Result<()> {
    if items
        .first()
        .is_some_and(|item| item.get().starts_with('['))
    {
        sender.totals.format = "Sentry";
        for item in items {
            let events: Vec<&RawValue> =
                serde_json::from_str(item.get()).context("a segment is not an array")?;
            sentry.segment(&events, sender)?;
        }
        return Ok(());
    }
    if items.iter().take(SAMPLE_EVENTS).any(|item| is_sentry(item)) {
        sender.totals.format = "Sentry";
        return sentry.segment(items, sender);
    }
    sender.totals.format = "rrweb";
    let mut lines = rrweb::Lines::new(session_id);
    for item in items {
        lines.add(item.get(), sender)?;
    }
    lines.send(sender)
}

fn is_sentry(event: &RawValue) -> bool {
    let Ok(event) = serde_json::from_str::<Value>(event.get()) else {
        return false;
    };
    let tag = event["data"]["tag"].as_str().unwrap_or_default();
    event["type"] == 5 && SENTRY_TAGS.contains(&tag)
}

fn object(
    text: &str,
    named: Option<&str>,
    file: &Found,
    sentry: &mut sentry::Replay,
    sender: &mut Sender<'_>,
) -> Result<()> {
    let fields: HashMap<&str, &RawValue> =
        serde_json::from_str(text).context("not a JSON object")?;
    if let Some(events) = fields.get("events") {
        let items: Vec<&RawValue> =
            serde_json::from_str(events.get()).context("`events` is not an array")?;
        return array(&items, named.unwrap_or(&file.stem), sentry, sender);
    }
    if let Some(export) = posthog::Export::of_document(&fields)? {
        sender.totals.format = "PostHog";
        return export.send(named, &file.stem, sender);
    }
    if fields.contains_key("sources") {
        return Err(Skip(
            "it is PostHog's list of where the snapshots are, without snapshots: ask for each with ?source=",
        )
        .into());
    }
    if text.contains("\"count_segments\"") {
        return Err(Skip(
            "it describes a Sentry replay; the events are in its recording-segments/?download",
        )
        .into());
    }
    Err(Skip("it is JSON, but no recording of a known form").into())
}
