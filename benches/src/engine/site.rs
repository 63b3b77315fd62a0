//! A release server with a folder of its own, and requests to it.

use crate::process::Server;
use anyhow::{Context, Result, bail};
use std::io::Read;
use std::time::{Duration, Instant};
use tokio::process::Command;
use ureq::Agent;

const KEY: &str = "bench-ingest-key-7d41f0";
pub const TOKEN: &str = "bench-api-token-5f2c9e8a7b1d";
/// A server that has used less than this of the processor for a while is at rest.
const REST: Duration = Duration::from_secs(6);
const REST_CPU_SECONDS: f64 = 0.3;
const PATIENCE: Duration = Duration::from_secs(1_800);

pub struct Site {
    server: Server,
    client: Client,
    // Removed when everything else has ended.
    _folder: tempfile::TempDir,
}

/// Requests over kept connections; cheap to clone, for threads.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    origin: String,
}

impl Site {
    /// `settings` are environment variables.
    pub async fn start(reenact: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let mut command = Command::new(reenact);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .env("REENACT_BOOTSTRAP_EMAIL", "bench@example.com")
            .env("REENACT_BOOTSTRAP_PASSWORD", "a long enough password")
            .env("REENACT_BOOTSTRAP_PROJECT", "bench")
            .env("REENACT_BOOTSTRAP_INGEST_KEY", KEY)
            .env("REENACT_BOOTSTRAP_API_TOKEN", TOKEN)
            .env("REENACT__LOG__LEVEL", "warn")
            .env("REENACT__API__REQUESTS_PER_MINUTE", "0")
            // Recorded pages name addresses that are not there.
            .env("REENACT__ASSETS__ENABLED", "false")
            .envs(settings.iter().copied());
        let server = Server::start(command).await?;
        let client = Client {
            agent: Agent::config_builder()
                .timeout_global(Some(PATIENCE))
                .build()
                .into(),
            origin: format!("http://{}", server.address),
        };
        Ok(Self {
            server,
            client,
            _folder: folder,
        })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn memory_bytes(&self) -> Result<f64> {
        self.server.memory_bytes()
    }

    pub fn peak_memory_bytes(&self) -> Result<f64> {
        self.server.peak_memory_bytes()
    }

    /// Waits until `seals` recordings are written and nothing more is being done.
    pub fn wait_until_sealed(&self, seals: f64) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while self.client.metric("reenact_seals_total")? < seals {
            if Instant::now() > until {
                bail!("the server did not seal {seals} recordings in time");
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        self.wait_until_at_rest()
    }

    pub fn wait_until_at_rest(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        let mut cpu_seconds = self.server.cpu_seconds()?;
        loop {
            std::thread::sleep(REST);
            let now = self.server.cpu_seconds()?;
            if now - cpu_seconds < REST_CPU_SECONDS {
                break;
            }
            if Instant::now() > until {
                bail!("the server does not come to rest");
            }
            cpu_seconds = now;
        }
        if self.client.metric("reenact_seal_failures_total")? > 0.0 {
            bail!("the server could not seal everything");
        }
        Ok(())
    }

    pub async fn stop(self) -> Result<()> {
        self.server.stop().await
    }
}

impl Client {
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends a JSON array of events; the id of the replay.
    pub fn upload(&self, device: &str, session: &str, events: &str) -> Result<String> {
        let url = format!(
            "{}/api/v1/ingest/rrweb?device_id={device}&session_id={session}",
            self.origin
        );
        let answer = self
            .agent
            .post(&url)
            .header("authorization", format!("Bearer {KEY}"))
            .header("content-type", "application/json")
            .send(events)
            .with_context(|| format!("the upload of {session} failed"))?
            .into_body()
            .read_to_string()?;
        let answer: serde_json::Value = serde_json::from_str(&answer)?;
        let id = answer["replay"].as_str().context("no id in the answer")?;
        Ok(id.to_owned())
    }

    /// Reads a whole answer: milliseconds and bytes.
    pub fn time(&self, path: &str) -> Result<(f64, usize)> {
        let start = Instant::now();
        let bytes = self.get(path)?.len();
        Ok((start.elapsed().as_secs_f64() * 1e3, bytes))
    }

    pub fn get(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self
            .agent
            .get(format!("{}{path}", self.origin))
            .header("authorization", format!("Bearer {TOKEN}"))
            .call()
            .with_context(|| format!("GET {path}"))?;
        let mut bytes = Vec::new();
        answer.into_body().into_reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The value of a metric without labels.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let text = String::from_utf8(self.get("/metrics")?)?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .with_context(|| format!("no metric {name}"))?;
        Ok(line.trim().parse()?)
    }
}
