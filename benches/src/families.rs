//! Captured uploads of each family of SDKs, prepared to be sent from many devices:
//! what names the device or the session is replaced for each of them.

use crate::load::{DEVICE, Gzip, Request};
use anyhow::{Context, Result};
use base64::Engine as _;
use flate2::{Compress, Compression, FlushCompress};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub struct Family {
    pub name: &'static str,
    /// The key that the captures were made with.
    pub key: &'static str,
    scenarios: &'static [&'static str],
    read: fn(&Value) -> Result<Option<Request>>,
}

pub const FAMILIES: [Family; 3] = [
    Family {
        name: "amplitude",
        key: "f00dfeedf00dfeedf00dfeedf00dfeed",
        scenarios: &[
            "standalone",
            "plugin",
            "unified",
            "packed-1.35",
            "legacy-packed",
        ],
        read: amplitude,
    },
    Family {
        name: "sentry",
        key: "0123456789abcdef0123456789abcdef",
        scenarios: &["session-v11", "session-v10", "session-v8", "session-v7"],
        read: sentry,
    },
    Family {
        name: "posthog",
        key: "phc_capture_demo_token",
        scenarios: &["full", "identity", "legacy-1.172", "legacy-1.96"],
        read: posthog,
    },
];

impl Family {
    /// The uploads of parts of replays of each captured visit, in order.
    pub fn sessions(&self) -> Result<Vec<Vec<Request>>> {
        let folder = Path::new("fixtures").join(self.name);
        let sessions = self.scenarios.iter().map(|scenario| {
            let mut requests = Vec::new();
            for file in files(&folder.join(scenario))? {
                let captured = serde_json::from_slice(&std::fs::read(&file)?)?;
                let request = (self.read)(&captured);
                requests.extend(request.with_context(|| file.display().to_string())?);
            }
            anyhow::ensure!(!requests.is_empty(), "{scenario} has no uploads");
            Ok(requests)
        });
        sessions.collect()
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit())
        })
        .collect();
    files.sort();
    Ok(files)
}

fn body_of(captured: &Value) -> Result<Vec<u8>> {
    let text = captured["body_base64"].as_str().unwrap_or_default();
    Ok(base64::engine::general_purpose::STANDARD.decode(text)?)
}

fn path_of(captured: &Value) -> &str {
    captured["path"].as_str().unwrap_or_default()
}

/// The first lines of the request, with the headers that were captured.
fn head_of(captured: &Value, query: &str, body_bytes: usize) -> Result<String> {
    let headers = captured["headers"].as_object().context("no headers")?;
    let path = path_of(captured);
    let mut head =
        format!("POST {path}?{query} HTTP/1.1\r\nhost: bench\r\ncontent-length: {body_bytes}\r\n");
    for (name, value) in headers {
        if !matches!(
            name.as_str(),
            "host" | "connection" | "content-length" | "transfer-encoding"
        ) {
            let value = value.as_str().unwrap_or_default();
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str("\r\n");
    Ok(head)
}

fn query_of(captured: &Value) -> String {
    let pairs = captured["query"].as_object().into_iter().flatten();
    let pairs = pairs.map(|(name, value)| {
        let value = value.as_str().unwrap_or_default().replace('/', "%2F");
        format!("{name}={value}")
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn amplitude(captured: &Value) -> Result<Option<Request>> {
    if !path_of(captured).ends_with("/track") {
        return Ok(None);
    }
    let device = captured["query"]["device_id"]
        .as_str()
        .context("no device id")?;
    let query = captured["raw_query"].as_str().context("no query")?;
    let body = body_of(captured)?;
    let encoding = captured["headers"]["content-encoding"].as_str();
    let decoded_bytes = wire::encoding::decode_body(encoding, &body, usize::MAX >> 1)?.len();
    let query = query.replace(device, DEVICE);
    Ok(Some(Request {
        head: head_of(captured, &query, body.len())?,
        body,
        decoded_bytes,
        ..Request::default()
    }))
}

/// The replay's id stands in plain text before the compressed recording.
fn sentry(captured: &Value) -> Result<Option<Request>> {
    let body = body_of(captured)?;
    let note = captured["note"].as_str().unwrap_or_default();
    if !note.contains("replay_recording") {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&body);
    let id = text_after(&text, "\"replay_id\":\"").context("no replay id")?;
    let client = model::ingest::Client::default();
    let envelope = wire::sentry::Envelope::parse(&body)?;
    let batch = envelope.decode(&client, model::Timestamp::from_millis(1_795_225_000_000));
    Ok(Some(Request {
        head: head_of(captured, &query_of(captured), body.len())?,
        decoded_bytes: events_bytes(&batch),
        places: places(&body, id.as_bytes()),
        id_bytes: id.len(),
        body,
        ..Request::default()
    }))
}

/// The session's id stands in the compressed text, so that is taken apart there.
fn posthog(captured: &Value) -> Result<Option<Request>> {
    if !matches!(path_of(captured), "/s/" | "/s") {
        return Ok(None);
    }
    let query = query_of(captured);
    let raw = body_of(captured)?;
    let plain = wire::posthog::decode_body(&query, None, &raw, usize::MAX >> 1)?;
    let client = model::ingest::Client::default();
    let request = wire::posthog::Request::parse(&plain)?;
    let now = model::Timestamp::from_millis(1_795_225_000_000);
    let batch = request.decode(&client, now, usize::MAX >> 1);
    let text = String::from_utf8_lossy(&plain);
    let id = text_after(&text, "\"$session_id\":\"").context("no session id")?;
    let plain_places = places(&plain, id.as_bytes());
    let (body, places) = gzip_apart(&plain, &plain_places, id.len())?;
    Ok(Some(Request {
        head: head_of(captured, &query, body.len())?,
        decoded_bytes: events_bytes(&batch),
        places,
        id_bytes: id.len(),
        body,
        gzip: Some(Gzip {
            plain,
            places: plain_places,
        }),
    }))
}

fn text_after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let rest = text.split_once(key)?.1;
    Some(rest.split_once('"')?.0)
}

/// JSON of all replay events, as it is stored.
fn events_bytes(batch: &model::batch::Batch) -> usize {
    let payloads = batch.replays.iter().map(|it| &it.upload.payload);
    payloads
        .map(|payload| match payload {
            model::ingest::ReplayPayload::Events(events) => {
                events.iter().map(|event| event.json.len()).sum()
            }
            model::ingest::ReplayPayload::Interactions { .. } => 0,
        })
        .sum()
}

fn places(text: &[u8], id: &[u8]) -> Vec<usize> {
    let windows = text.windows(id.len()).enumerate();
    windows
        .filter(|(_, window)| *window == id)
        .map(|(at, _)| at)
        .collect()
}

/// A gzip file whose parts at `places` are stored as they are, so that they can be
/// replaced without compressing again. Returns where they stand in it. The checksum
/// at its end is written when it is sent.
fn gzip_apart(plain: &[u8], places: &[usize], length: usize) -> Result<(Vec<u8>, Vec<usize>)> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut stored_at = Vec::new();
    let mut from = 0;
    for place in places.iter().copied().chain([plain.len()]) {
        // No part refers to another one, for what it refers to may be replaced.
        let mut part = Vec::with_capacity(place - from + 128);
        let mut compress = Compress::new(Compression::default(), false);
        compress.compress_vec(&plain[from..place], &mut part, FlushCompress::Sync)?;
        file.extend_from_slice(&part);
        if place < plain.len() {
            let size = u16::try_from(length)?;
            file.push(0);
            file.extend_from_slice(&size.to_le_bytes());
            file.extend_from_slice(&(!size).to_le_bytes());
            stored_at.push(file.len());
            file.extend_from_slice(&plain[place..place + length]);
            from = place + length;
        }
    }
    // An empty last block, and room for the checksum.
    file.extend_from_slice(&[1, 0, 0, 255, 255, 0, 0, 0, 0]);
    file.extend_from_slice(&u32::try_from(plain.len())?.to_le_bytes());
    Ok((file, stored_at))
}
