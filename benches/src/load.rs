//! A load generator that costs little itself: prepared requests over keep-alive
//! connections, and just enough of HTTP to read an answer.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where the number of the simulated device goes.
pub const DEVICE: &str = "{device}";

/// A recorded upload with places for the device's number: in its head, and in its body
/// where the session's id stands.
#[derive(Default)]
pub struct Request {
    pub head: String,
    pub body: Vec<u8>,
    pub decoded_bytes: usize,
    pub places: Vec<usize>,
    pub id_bytes: usize,
    /// When the body is a gzip file, whose checksum is of what is in it.
    pub gzip: Option<Gzip>,
}

pub struct Gzip {
    pub plain: Vec<u8>,
    pub places: Vec<usize>,
}

impl Request {
    /// Writes the request of one device.
    pub fn write(&self, device: usize, message: &mut Vec<u8>) {
        message.clear();
        let head = self.head.replace(DEVICE, &format!("bench-{device}"));
        message.extend_from_slice(head.as_bytes());
        let start = message.len();
        message.extend_from_slice(&self.body);
        // Hexadecimal digits are an id for everybody.
        let id = format!("{:0width$x}", device + 1, width = self.id_bytes);
        for place in &self.places {
            let place = start + place;
            message[place..place + id.len()].copy_from_slice(id.as_bytes());
        }
        if let Some(gzip) = &self.gzip {
            let mut checksum = crc32fast::Hasher::new();
            let mut from = 0;
            for place in &gzip.places {
                checksum.update(&gzip.plain[from..*place]);
                checksum.update(id.as_bytes());
                from = place + id.len();
            }
            checksum.update(&gzip.plain[from..]);
            let at = message.len() - 8;
            message[at..at + 4].copy_from_slice(&checksum.finalize().to_le_bytes());
        }
    }
}

#[derive(Debug, Default)]
pub struct Outcome {
    pub requests: u64,
    pub decoded_bytes: u64,
    pub elapsed: Duration,
    latencies: Vec<Duration>,
}

impl Outcome {
    pub fn requests_per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// In milliseconds; `part` from 0 to 1.
    pub fn latency_ms(&self, part: f64) -> f64 {
        let at = (self.latencies.len() as f64 * part) as usize;
        let latency = self
            .latencies
            .get(at.min(self.latencies.len().saturating_sub(1)));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Every device sends its sessions' requests in order, then the next device's
/// turn comes. Devices are numbered on from `first_device`, so that two runs
/// against one server do not send the same replays.
pub async fn run(
    address: SocketAddr,
    sessions: Arc<Vec<Vec<Request>>>,
    connections: usize,
    time: Duration,
    devices: Arc<AtomicUsize>,
) -> Result<Outcome> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (sessions, devices) = (sessions.clone(), devices.clone());
            tokio::spawn(
                async move { one_connection(address, &sessions, begun + time, &devices).await },
            )
        })
        .collect();
    let mut whole = Outcome::default();
    for task in tasks {
        let part = task.await??;
        whole.requests += part.requests;
        whole.decoded_bytes += part.decoded_bytes;
        whole.latencies.extend(part.latencies);
    }
    whole.elapsed = begun.elapsed();
    whole.latencies.sort_unstable();
    Ok(whole)
}

async fn one_connection(
    address: SocketAddr,
    sessions: &[Vec<Request>],
    until: Instant,
    devices: &AtomicUsize,
) -> Result<Outcome> {
    let mut stream = TcpStream::connect(address)
        .await
        .context("cannot connect")?;
    stream.set_nodelay(true)?;
    let mut outcome = Outcome::default();
    let mut message = Vec::new();
    let mut answer = vec![0; 16 << 10];
    loop {
        let device = devices.fetch_add(1, Ordering::Relaxed);
        for request in &sessions[device % sessions.len()] {
            if Instant::now() >= until {
                return Ok(outcome);
            }
            request.write(device, &mut message);
            let sent = Instant::now();
            stream.write_all(&message).await?;
            let status = read_answer(&mut stream, &mut answer).await?;
            outcome.latencies.push(sent.elapsed());
            if !matches!(status, 200 | 204) {
                bail!("the server answered {status}");
            }
            outcome.requests += 1;
            outcome.decoded_bytes += request.decoded_bytes as u64;
        }
    }
}

/// Sends the requests of one device, one after the other.
pub async fn send(address: SocketAddr, requests: &[Request], device: usize) -> Result<()> {
    let mut stream = TcpStream::connect(address)
        .await
        .context("cannot connect")?;
    let (mut message, mut answer) = (Vec::new(), vec![0; 16 << 10]);
    for request in requests {
        request.write(device, &mut message);
        stream.write_all(&message).await?;
        let status = read_answer(&mut stream, &mut answer).await?;
        if !matches!(status, 200 | 204) {
            bail!("the server answered {status}");
        }
    }
    Ok(())
}

/// Reads one answer with a Content-Length; returns its status.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<u16> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the connection ended inside an answer");
        }
        filled += read;
        let text = std::str::from_utf8(&buffer[..filled]).context("answer is not text")?;
        let Some(head_end) = text.find("\r\n\r\n") else {
            continue;
        };
        let head = text[..head_end].to_ascii_lowercase();
        let length: usize = match head.split("content-length:").nth(1) {
            Some(rest) => rest.lines().next().unwrap_or_default().trim().parse()?,
            None => 0,
        };
        let refusals = ["x-session-replay-event-skipped:", "x-sentry-error:"];
        if refusals
            .iter()
            .any(|name| head.contains(&format!("\r\n{name}")))
        {
            bail!("the server dropped an upload");
        }
        if filled >= head_end + 4 + length {
            return head
                .split(' ')
                .nth(1)
                .unwrap_or_default()
                .parse()
                .context("no status");
        }
    }
}
