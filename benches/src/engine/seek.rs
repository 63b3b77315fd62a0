//! The state at random times, over HTTP.

use super::corpus::{Session, joined};
use super::site::{Client, Site};
use super::{median, quantile};
use crate::report::Row;
use anyhow::{Context, Result};
use std::io::Write;

const SEEKS_PER_SESSION: usize = 20;
const SEEKS_IN_LONG: usize = 200;
const BASELINE_PER_SESSION: usize = 3;
const BASELINE_IN_LONG: usize = 2;
const UPLOAD_BYTES: usize = 2 << 20;
const HOURS: f64 = 8.0;
const LONG: &str = "8 hours";
const BASELINE: &str = "all events up to then";

pub struct Recorded {
    pub name: String,
    pub id: String,
    pub first_ms: i64,
    pub last_ms: i64,
    pub json_bytes: usize,
}

/// A server that holds all sessions, sealed, and the long one as the last.
pub struct Stored {
    site: Site,
    pub replays: Vec<Recorded>,
    hours: f64,
}

impl Stored {
    /// `BENCH_HOURS` makes the long session shorter, to try things out.
    pub async fn new(reenact: &str, sessions: &[Session]) -> Result<Self> {
        let hours = match std::env::var("BENCH_HOURS") {
            Ok(hours) => hours.parse().context("BENCH_HOURS is no number")?,
            Err(_) => HOURS,
        };
        let site = Site::start(reenact, &[("REENACT__SEAL__IDLE_SECONDS", "1")]).await?;
        let mut replays = Vec::new();
        for session in sessions {
            let mut uploader = Uploader::new(site.client(), &session.name);
            for event in &session.events {
                uploader.push(event.timestamp.millis(), &event.json)?;
            }
            replays.push(uploader.finish()?);
        }
        let mut uploader = Uploader::new(site.client(), LONG);
        joined(sessions, hours, |at_ms, json| uploader.push(at_ms, &json))?;
        replays.push(uploader.finish()?);
        site.wait_until_sealed(replays.len() as f64)?;
        Ok(Self {
            site,
            replays,
            hours,
        })
    }

    pub fn client(&self) -> &Client {
        self.site.client()
    }

    pub async fn stop(self) -> Result<()> {
        self.site.stop().await
    }

    pub fn measure(&self) -> Result<Vec<Row>> {
        let mut times = Times {
            state: 0x9E37_79B9_7F4A_7C15,
        };
        let mut first = Vec::new();
        let mut all = Group::default();
        let mut charts = Group::default();
        let mut long = Group::default();
        for replay in &self.replays {
            let is_long = replay.name == LONG;
            let (seeks, baselines) = match is_long {
                true => (SEEKS_IN_LONG, BASELINE_IN_LONG),
                false => (SEEKS_PER_SESSION, BASELINE_PER_SESSION),
            };
            let mut group = Group::default();
            for n in 0..seeks {
                let at = times.between(replay.first_ms, replay.last_ms);
                let id = &replay.id;
                let path = format!("/api/v1/replays/{id}/playback?at={at}&to={at}");
                let (ms, bytes) = self.client().time(&path)?;
                if n == 0 {
                    first.push(ms);
                }
                group.seek_ms.push(ms);
                group.seek_bytes.push(bytes as f64);
                if n < baselines {
                    let from = replay.first_ms;
                    let path = format!("/api/v1/replays/{id}/events?from={from}&to={}", at + 1);
                    let (ms, bytes) = self.client().time(&path)?;
                    group.baseline_ms.push(ms);
                    group.baseline_bytes.push(bytes as f64);
                }
            }
            group.print(replay)?;
            if is_long {
                long.add(&group);
                continue;
            }
            if replay.name.starts_with("metrics-") {
                charts.add(&group);
            }
            all.add(&group);
        }
        let mut rows = Vec::new();
        all.rows("seek, all sessions", &mut rows);
        charts.rows("seek, charts", &mut rows);
        long.rows(&format!("seek, {} hours", self.hours), &mut rows);
        rows.push(Row::new(
            "seek, first of a session",
            quantile(&first, 0.99),
            "ms p99",
            "nothing of the recording in the server's memory; the files are in the system's",
        ));
        Ok(rows)
    }
}

#[derive(Default)]
struct Group {
    seek_ms: Vec<f64>,
    seek_bytes: Vec<f64>,
    baseline_ms: Vec<f64>,
    baseline_bytes: Vec<f64>,
}

impl Group {
    fn add(&mut self, other: &Self) {
        self.seek_ms.extend(&other.seek_ms);
        self.seek_bytes.extend(&other.seek_bytes);
        self.baseline_ms.extend(&other.baseline_ms);
        self.baseline_bytes.extend(&other.baseline_bytes);
    }

    fn rows(&self, name: &str, rows: &mut Vec<Row>) {
        let data = format!(
            "{} seeks to random times, whole answers; baseline: {} of these times",
            self.seek_ms.len(),
            self.baseline_ms.len()
        );
        for (unit, part) in [("ms p50", 0.5), ("ms p99", 0.99)] {
            let baseline = quantile(&self.baseline_ms, part);
            rows.push(
                Row::new(name, quantile(&self.seek_ms, part), unit, &data)
                    .against(BASELINE, baseline),
            );
        }
        let baseline = median(&self.baseline_bytes) / 1e3;
        rows.push(
            Row::new(name, median(&self.seek_bytes) / 1e3, "KB p50", &data)
                .against(BASELINE, baseline),
        );
    }

    fn print(&self, replay: &Recorded) -> Result<()> {
        writeln!(
            std::io::stdout(),
            "seek {:<12} {:>7.1} MB  first {:>7.1} ms  p50 {:>7.1} ms  p99 {:>7.1} ms  {:>7.0} KB   all events: {:>8.0} ms {:>8.0} KB",
            replay.name,
            replay.json_bytes as f64 / 1e6,
            self.seek_ms.first().copied().unwrap_or_default(),
            median(&self.seek_ms),
            quantile(&self.seek_ms, 0.99),
            median(&self.seek_bytes) / 1e3,
            median(&self.baseline_ms),
            median(&self.baseline_bytes) / 1e3,
        )?;
        Ok(())
    }
}

/// The same random times in every run.
struct Times {
    state: u64,
}

impl Times {
    fn between(&mut self, from: i64, to: i64) -> i64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        from + (self.state >> 33) as i64 % (to - from + 1)
    }
}

/// Collects events into uploads of bounded size.
struct Uploader<'c> {
    client: &'c Client,
    name: String,
    body: String,
    id: Option<String>,
    first_ms: Option<i64>,
    last_ms: i64,
    json_bytes: usize,
}

impl<'c> Uploader<'c> {
    fn new(client: &'c Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
            body: String::new(),
            id: None,
            first_ms: None,
            last_ms: 0,
            json_bytes: 0,
        }
    }

    fn push(&mut self, at_ms: i64, json: &str) -> Result<()> {
        self.body.push(if self.body.is_empty() { '[' } else { ',' });
        self.body.push_str(json);
        self.first_ms.get_or_insert(at_ms);
        self.last_ms = self.last_ms.max(at_ms);
        self.json_bytes += json.len();
        match self.body.len() > UPLOAD_BYTES {
            true => self.send(),
            false => Ok(()),
        }
    }

    fn send(&mut self) -> Result<()> {
        if self.body.is_empty() {
            return Ok(());
        }
        self.body.push(']');
        let session = self.name.replace(' ', "-");
        self.id = Some(self.client.upload(&session, &session, &self.body)?);
        self.body.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Recorded> {
        self.send()?;
        Ok(Recorded {
            id: self.id.context("no event was sent")?,
            first_ms: self.first_ms.unwrap_or_default(),
            last_ms: self.last_ms,
            json_bytes: self.json_bytes,
            name: self.name,
        })
    }
}
