//! Memory of a server that many pages send to at once.

use super::corpus::Session;
use super::site::{Client, Site};
use crate::report::Row;
use anyhow::{Result, ensure};
use std::sync::atomic::{AtomicUsize, Ordering};

const REPLAYS: usize = 5_000;
/// Of JSON, the beginning of a real session.
const WANTED_BYTES: usize = 100_000;
/// A session whose first events are larger is left out.
const MAX_BYTES: usize = 200_000;
const CONNECTIONS: usize = 8;

pub async fn measure(reenact: &str, sessions: &[Session]) -> Result<Vec<Row>> {
    let bodies: Vec<String> = sessions.iter().map(beginning).collect();
    let bodies: Vec<String> = bodies
        .into_iter()
        .filter(|body| body.len() <= MAX_BYTES)
        .collect();
    ensure!(!bodies.is_empty(), "no session begins small enough");
    let mean_kb = bodies.iter().map(String::len).sum::<usize>() as f64 / bodies.len() as f64 / 1e3;
    let data = format!(
        "{REPLAYS} replays, each the first {mean_kb:.0} KB (mean) of one of {} sessions in one upload",
        bodies.len()
    );
    // Never sealed while this lasts.
    let unsealed = Site::start(reenact, &[("REENACT__SEAL__IDLE_SECONDS", "86400")]).await?;
    unsealed.wait_until_at_rest()?;
    let idle = unsealed.memory_bytes()?;
    upload(unsealed.client(), &bodies)?;
    unsealed.wait_until_at_rest()?;
    let mut rows = vec![Row::new("idle", idle / 1e6, "MB RSS", "an empty folder")];
    rows.extend(rows_of("live, not sealed", &unsealed, idle, &data)?);
    unsealed.stop().await?;

    // Sealed as soon as there is time, and live all the same.
    let sealed = Site::start(reenact, &[("REENACT__SEAL__IDLE_SECONDS", "0")]).await?;
    upload(sealed.client(), &bodies)?;
    let after_uploads = sealed.client().metric("reenact_replays_in_memory")?;
    sealed.wait_until_sealed(REPLAYS as f64)?;
    let data = format!("{data}; {after_uploads:.0} were in memory after the last upload");
    rows.extend(rows_of("live, sealed", &sealed, idle, &data)?);
    sealed.stop().await?;
    Ok(rows)
}

fn rows_of(name: &str, site: &Site, idle: f64, data: &str) -> Result<Vec<Row>> {
    let live = site.client().metric("reenact_replays_in_memory")?;
    let memory = site.memory_bytes()?;
    let data = format!("{data}; {live:.0} in memory when measured");
    let peak = site.peak_memory_bytes()?;
    let mut rows = vec![
        Row::new(name, memory / 1e6, "MB RSS", &data),
        Row::new(name, peak / 1e6, "MB peak", &data),
    ];
    if live > 0.0 {
        let each = (memory - idle) / live / 1e3;
        rows.push(Row::new(name, each, "KB each", &data));
    }
    Ok(rows)
}

fn beginning(session: &Session) -> String {
    let mut body = String::new();
    for event in &session.events {
        if body.len() >= WANTED_BYTES {
            break;
        }
        body.push(if body.is_empty() { '[' } else { ',' });
        body.push_str(&event.json);
    }
    body.push(']');
    body
}

fn upload(client: &Client, bodies: &[String]) -> Result<()> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= REPLAYS {
                    return Ok(());
                }
                let device = format!("device-{at}");
                client.upload(&device, "session", &bodies[at % bodies.len()])?;
            }
        };
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(done) => done,
                Err(_) => anyhow::bail!("a thread failed"),
            })
    })
}
