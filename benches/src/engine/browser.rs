//! Opening a replay near its end in Chromium, with the stock player.

use super::seek::Stored;
use super::site::TOKEN;
use crate::report::Row;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const SESSIONS: [&str; 4] = ["metrics-u3", "docs-u1", "trading-u1", "8 hours"];
const CHROMIUM: &str = "/usr/bin/chromium";
const RUNNER: &str = "node_modules/@playwright/test/cli.js";
const RESULTS: &str = "target/bench/browser-results.json";

/// One replay in the answer of `e2e/bench/engine.ts`. Times are medians.
#[derive(Deserialize)]
struct Opened {
    name: String,
    state_ms: f64,
    /// Absent when it took too long or failed.
    all_ms: Option<f64>,
    note: String,
}

pub fn measure(stored: &Stored) -> Result<Vec<Row>> {
    let mut out = std::io::stdout().lock();
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| CHROMIUM.to_owned());
    if let Some(missing) = missing(&chromium) {
        writeln!(out, "SKIPPED: opening in Chromium, because {missing}")?;
        return Ok(Vec::new());
    }
    let replays = stored.replays.iter();
    let wanted = replays.filter(|replay| SESSIONS.contains(&replay.name.as_str()));
    let replays: Vec<_> = wanted
        .map(|replay| {
            serde_json::json!({
                "name": replay.name,
                "id": replay.id,
                "first_ms": replay.first_ms,
                "last_ms": replay.last_ms,
                "json_bytes": replay.json_bytes,
            })
        })
        .collect();
    std::fs::create_dir_all("target/bench")?;
    // An older answer must not be taken for this one's.
    let _ = std::fs::remove_file(RESULTS);
    let results = std::path::absolute(RESULTS)?;
    let status = Command::new("node")
        .args([RUNNER, "test", "--config", "e2e/bench/playwright.config.ts"])
        .env("CHROMIUM", chromium)
        .env("BENCH_ORIGIN", stored.client().origin())
        .env("BENCH_TOKEN", TOKEN)
        .env("BENCH_REPLAYS", serde_json::to_string(&replays)?)
        .env("BENCH_RESULTS", &results)
        .status()?;
    ensure!(status.success(), "e2e/bench/engine.ts failed ({status})");
    let answer = std::fs::read(&results).context("the browser wrote no results")?;
    let opened: Vec<Opened> = serde_json::from_slice(&answer)?;
    Ok(opened
        .into_iter()
        .map(|opened| {
            let row = Row::new(
                &format!("open at 90 %, {}", opened.name),
                opened.state_ms,
                "ms",
                &opened.note,
            );
            match opened.all_ms {
                Some(all_ms) => row.against("all events into the player", all_ms),
                None => row,
            }
        })
        .collect())
}

fn missing(chromium: &str) -> Option<String> {
    let node = Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !node.is_ok_and(|status| status.success()) {
        return Some("node is missing".to_owned());
    }
    if !Path::new(RUNNER).exists() {
        return Some(format!("{RUNNER} is missing (npm ci)"));
    }
    (!Path::new(chromium).exists()).then(|| format!("{chromium} is missing (set CHROMIUM)"))
}
