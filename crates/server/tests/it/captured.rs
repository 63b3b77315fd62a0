//! Captured requests of the vendors' SDKs, sent byte for byte.

use crate::server::{Answer, Server, send};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;
use std::path::PathBuf;

/// Of the connection, not of the request.
const CONNECTION_HEADERS: [&str; 4] = ["host", "connection", "content-length", "transfer-encoding"];

pub fn folder(scenario: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../fixtures", scenario]
        .iter()
        .collect()
}

pub fn json_of(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// All requests of a scenario (`sentry/session-v11`) in order of arrival.
pub fn requests(scenario: &str) -> Vec<Captured> {
    let is_request = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(|c: char| c.is_ascii_digit())
    };
    let entries = std::fs::read_dir(folder(scenario)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(is_request);
    files.sort();
    assert!(!files.is_empty(), "{scenario} has no requests");
    files.iter().map(|file| Captured(json_of(file))).collect()
}

pub struct Captured(Value);

impl Captured {
    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    pub fn path(&self) -> &str {
        self.text("path")
    }

    pub fn note(&self) -> &str {
        self.text("note")
    }

    pub fn body(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(self.text("body_base64")).unwrap()
    }

    pub fn query(&self) -> String {
        let pairs = self.0["query"].as_object().into_iter().flatten();
        let pairs = pairs.map(|(name, value)| {
            let value = crate::server::percent_encode(value.as_str().unwrap());
            format!("{name}={value}")
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    pub fn asks(&self, name: &str) -> Option<&str> {
        self.0["query"][name].as_str()
    }

    pub fn headers(&self) -> Vec<(&str, &str)> {
        let headers = self.0["headers"].as_object().unwrap().iter();
        headers
            .filter(|(name, _)| !CONNECTION_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect()
    }

    /// Sends it to `path`, or where it went.
    pub fn send_to(&self, server: &Server, path: Option<&str>) -> Answer {
        let path = path.unwrap_or(self.path());
        let url = format!("{}{path}?{}", server.url(), self.query());
        let headers = self.headers();
        let answer = match self.text("method") {
            method @ ("GET" | "OPTIONS") => send(&url, method, &headers, ()),
            method => send(&url, method, &headers, self.body()),
        };
        answer.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    pub fn send(&self, server: &Server) -> Answer {
        self.send_to(server, None)
    }
}
