//! Captured uploads of each family from many simulated devices, answered durably,
//! beside a handler that reads the body and answers 200 without storing it.

use crate::families::{FAMILIES, Family};
use crate::load::{self, Outcome};
use crate::process::Server;
use crate::report::{Row, finish};
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};
use tokio::process::Command;

const CONNECTIONS: usize = 128;
const ROUND: Duration = Duration::from_secs(8);
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(1);
const STARTS: usize = 5;
/// Visits of each captured session whose stored size is measured.
const SIZED_DEVICES: usize = 10;
const SEAL_PATIENCE: Duration = Duration::from_secs(120);
/// Nothing new for this long: nothing more will be sealed.
const SEAL_REST: Duration = Duration::from_secs(6);
const BARE: &str = "bare handler that reads the body and answers 200";

pub async fn run(reenact: &str) -> Result<()> {
    let mut rows = Vec::new();
    for family in &FAMILIES {
        rows.extend(throughput(reenact, family).await?);
        rows.extend(sizes(reenact, family).await?);
    }
    let starts = start_times(reenact).await?;
    rows.push(Row::new(
        "start-up, empty folder",
        median(starts.into_iter()),
        "ms",
        "from the start of the process to the address line",
    ));
    finish("ingest", &rows)
}

async fn throughput(reenact: &str, family: &Family) -> Result<Vec<Row>> {
    let sessions = Arc::new(family.sessions()?);
    let requests: usize = sessions.iter().map(Vec::len).sum();
    let decoded: usize = sessions.iter().flatten().map(|it| it.decoded_bytes).sum();
    let data = format!(
        "{requests} captured {} uploads ({decoded} bytes decoded) of {} sessions, {CONNECTIONS} connections, loopback",
        family.name,
        sessions.len()
    );
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let ours = Server::start(serve(reenact, folder.path(), family.key)).await?;
    let mut bare = Command::new(std::env::current_exe()?);
    bare.arg("bare");
    let bare = Server::start(bare).await?;

    // In turn, so that both see the same drift of the machine's speed.
    let devices = Arc::new(AtomicUsize::new(0));
    let mut measured: [Vec<(Outcome, f64)>; 2] = Default::default();
    for round in 0..=ROUNDS {
        for (server, results) in [&bare, &ours].into_iter().zip(&mut measured) {
            let time = if round == 0 { WARM_UP } else { ROUND };
            let cpu = server.cpu_seconds()?;
            let outcome = load::run(
                server.address,
                sessions.clone(),
                CONNECTIONS,
                time,
                devices.clone(),
            )
            .await?;
            if round > 0 {
                results.push((outcome, server.cpu_seconds()? - cpu));
            }
        }
    }
    let [bare_rounds, our_rounds] = &measured;
    let name = |metric: &str| format!("{}: {metric}", family.name);
    let compare = |metric: &str, unit: &'static str, figure: &dyn Fn(&(Outcome, f64)) -> f64| {
        let ours = median(our_rounds.iter().map(figure));
        Row::new(&name(metric), ours, unit, &data)
            .against(BARE, median(bare_rounds.iter().map(figure)))
    };
    let rows = vec![
        compare("requests", "1/s", &|(outcome, _)| {
            outcome.requests_per_second()
        }),
        compare("decoded events", "MB/s", &|(outcome, _)| {
            outcome.decoded_bytes as f64 / 1e6 / outcome.elapsed.as_secs_f64()
        }),
        compare("latency p50", "ms", &|(outcome, _)| outcome.latency_ms(0.5)),
        compare("latency p99", "ms", &|(outcome, _)| {
            outcome.latency_ms(0.99)
        }),
        compare("processor time per GB", "s", &|(outcome, cpu)| {
            cpu / (outcome.decoded_bytes as f64 / 1e9)
        }),
        Row::new(
            &name("peak memory"),
            ours.peak_memory_bytes()? / 1e6,
            "MB",
            &data,
        )
        .against(BARE, bare.peak_memory_bytes()? / 1e6),
    ];
    ours.stop().await?;
    bare.stop().await?;
    Ok(rows)
}

/// What the uploads of a few visits take on the disk once they are sealed, beside what
/// came in. Each visit is short; what all of them share is kept once.
async fn sizes(reenact: &str, family: &Family) -> Result<Vec<Row>> {
    let sessions = family.sessions()?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let mut command = serve(reenact, folder.path(), family.key);
    command.env("REENACT__SEAL__IDLE_SECONDS", "1");
    let server = Server::start(command).await?;
    let (mut received, mut decoded) = (0, 0);
    for device in 0..SIZED_DEVICES {
        for requests in &sessions {
            for request in requests {
                received += request.body.len();
                decoded += request.decoded_bytes;
            }
        }
        let numbers = (0..sessions.len()).map(|at| device * sessions.len() + at);
        for (number, requests) in numbers.zip(&sessions) {
            load::send(server.address, requests, number).await?;
        }
    }
    let blobs = folder.path().join("blobs/recordings");
    let expected = SIZED_DEVICES * sessions.len();
    let stored = wait_until_sealed(&blobs, expected).await?;
    server.stop().await?;
    let data = format!(
        "{expected} visits, {} of each captured {} session, sealed one by one",
        SIZED_DEVICES, family.name
    );
    let row = |metric: &str, value: u64| {
        let metric = format!("{}: {metric}", family.name);
        Row::new(&metric, value as f64 / 1e3, "kB", &data)
            .against("bodies as received", received as f64 / 1e3)
    };
    Ok(vec![
        row("stored recordings", stored),
        row("events as JSON", decoded as u64),
    ])
}

/// The size of the newest objects, once there is one for every replay and they rest.
async fn wait_until_sealed(folder: &Path, expected: usize) -> Result<u64> {
    let begun = Instant::now();
    let mut last = (0, 0);
    let mut since = Instant::now();
    while begun.elapsed() < SEAL_PATIENCE {
        let now = newest_objects(folder);
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if last.0 == expected && since.elapsed() > SEAL_REST {
            return Ok(last.1);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("only {} of {expected} replays were sealed", last.0)
}

/// How many replays have an object, and the bytes of the newest of each.
fn newest_objects(folder: &Path) -> (usize, u64) {
    let entries = |folder: &Path| {
        let found = std::fs::read_dir(folder).into_iter().flatten();
        found.flatten().map(|entry| entry.path())
    };
    let replays = entries(folder).flat_map(|project| entries(&project).collect::<Vec<_>>());
    let newest = replays.filter_map(|replay| {
        let objects = entries(&replay).filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "recording")
        });
        std::fs::metadata(objects.max()?).ok().map(|it| it.len())
    });
    let sizes: Vec<u64> = newest.collect();
    (sizes.len(), sizes.iter().sum())
}

fn serve(reenact: &str, data: &Path, key: &str) -> Command {
    let mut command = Command::new(reenact);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data);
    command
        .env("REENACT_BOOTSTRAP_EMAIL", "bench@example.com")
        .env("REENACT_BOOTSTRAP_PASSWORD", "a long enough password");
    command
        .env("REENACT_BOOTSTRAP_PROJECT", "bench")
        .env("REENACT_BOOTSTRAP_INGEST_KEY", key);
    // A line per request would measure the terminal.
    command.env("REENACT__LOG__LEVEL", "warn");
    command.env("REENACT__API__REQUESTS_PER_MINUTE", "0");
    command
}

/// Starts on a folder that is set up: setting up hashes a password, once.
async fn start_times(reenact: &str) -> Result<Vec<f64>> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    Server::start(serve(reenact, folder.path(), FAMILIES[0].key))
        .await?
        .stop()
        .await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(serve(reenact, folder.path(), FAMILIES[0].key)).await?;
        times.push(server.start.as_secs_f64() * 1000.0);
        server.stop().await?;
    }
    Ok(times)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The baseline: the same HTTP stack, nothing behind it.
pub async fn bare() -> Result<()> {
    let router = axum::Router::new().fallback(|body: axum::body::Bytes| async move {
        std::hint::black_box(body.len());
        "{\"code\":200}"
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let line = format!("listening on http://{}\n", listener.local_addr()?);
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
    Ok(axum::serve(listener, router).await?)
}
