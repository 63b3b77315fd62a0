//! A server under test: start, figures from the operating system, stop.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Clock ticks a second in `/proc/<pid>/stat`: fixed by the kernel's interface.
const TICKS_PER_SECOND: f64 = 100.0;
const START_PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub start: Duration,
}

impl Server {
    /// Starts the command and waits for `listening on http://…`.
    pub async fn start(mut command: Command) -> Result<Self> {
        let begun = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")?;
        let out = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        let read =
            tokio::time::timeout(START_PATIENCE, BufReader::new(out).read_line(&mut line)).await;
        read.context("the server did not start in time")??;
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            bail!("unexpected first line {line:?}")
        };
        Ok(Self {
            child,
            address: address.parse()?,
            start: begun.elapsed(),
        })
    }

    /// Processor time so far, in seconds.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.read("stat")?;
        // The name in parentheses may hold spaces; the fields after it do not.
        let fields: Vec<_> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |at: usize| {
            fields
                .get(at)
                .and_then(|field| field.parse::<f64>().ok())
                .context("unexpected form of stat")
        };
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    /// Largest resident memory so far, in bytes.
    pub fn peak_memory_bytes(&self) -> Result<f64> {
        self.memory("VmHWM:")
    }

    /// Resident memory now, in bytes.
    pub fn memory_bytes(&self) -> Result<f64> {
        self.memory("VmRSS:")
    }

    fn memory(&self, field: &str) -> Result<f64> {
        let status = self.read("status")?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .with_context(|| format!("no {field} in status"))?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024.0)
    }

    fn read(&self, file: &str) -> Result<String> {
        let pid = self.child.id().context("the server has ended")?;
        std::fs::read_to_string(format!("/proc/{pid}/{file}"))
            .with_context(|| format!("cannot read /proc/{pid}/{file}"))
    }

    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("cannot stop the server")
    }
}
