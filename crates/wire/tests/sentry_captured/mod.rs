//! Captured requests of Sentry SDKs, and all that they bring.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use model::Timestamp;
use model::batch::{Batch, ReplaySegment};
use model::ingest::{Client, RawEvent, ReplayPayload};
use serde_json::Value;
use std::path::PathBuf;
use wire::sentry::{self, Credentials, Envelope};

const LIMIT_BYTES: usize = 64_000_000;

pub struct Captured {
    pub file: String,
    pub request: Value,
    pub body: Vec<u8>,
}

impl Captured {
    pub fn text(&self, key: &str) -> &str {
        self.request[key].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request["headers"][name].as_str()
    }

    /// Captures hold the query decoded.
    pub fn raw_query(&self) -> String {
        let pairs = self.request["query"].as_object().unwrap();
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect();
        pairs.join("&")
    }

    pub fn envelope(&self) -> Envelope<'_> {
        Envelope::parse(&self.body).unwrap()
    }

    pub fn credentials(&self) -> Credentials {
        let envelope = self.envelope();
        let project = sentry::endpoint(self.text("path")).map(|(_, project)| project);
        let header = |name: &str| self.header(name);
        sentry::credentials(project, &self.raw_query(), header, envelope.dsn()).unwrap()
    }

    pub fn decode(&self) -> Batch {
        let received_at = Timestamp::from_millis(1_795_225_500_000);
        let client = Client {
            user_agent: self.header("user-agent").map(str::to_owned),
            ..Client::default()
        };
        self.envelope().decode(&client, received_at)
    }
}

pub fn folder(scenario: &str) -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "fixtures",
        "sentry",
        scenario,
    ]
    .iter()
    .collect()
}

pub fn requests(scenario: &str) -> Vec<Captured> {
    let mut files: Vec<String> = std::fs::read_dir(folder(scenario))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let read = |file: String| {
        let text = std::fs::read_to_string(folder(scenario).join(&file)).unwrap();
        let request: Value = serde_json::from_str(&text).unwrap();
        let bytes = BASE64_STANDARD
            .decode(request["body_base64"].as_str().unwrap())
            .unwrap();
        let encoding = request["headers"]["content-encoding"].as_str();
        let body = wire::encoding::decode_body(encoding, &bytes, LIMIT_BYTES)
            .unwrap()
            .into_owned();
        Captured {
            file,
            request,
            body,
        }
    };
    files.into_iter().map(read).collect()
}

/// All that a scenario brought, in one.
pub fn batches(scenario: &str) -> Vec<Batch> {
    requests(scenario).iter().map(Captured::decode).collect()
}

pub fn segments(scenario: &str) -> Vec<ReplaySegment> {
    batches(scenario)
        .into_iter()
        .flat_map(|batch| batch.replays)
        .collect()
}

pub fn events(segment: &ReplaySegment) -> &[RawEvent] {
    match &segment.upload.payload {
        ReplayPayload::Events(events) => events,
        ReplayPayload::Interactions { .. } => &[],
    }
}

pub fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
