//! Captured Amplitude uploads from many simulated devices, answered durably,
//! beside a handler that reads the body and answers 200 without storing it.

use crate::load::{self, DEVICE, Outcome, Request};
use crate::process::Server;
use crate::report::{Row, finish};
use anyhow::{Context, Result};
use base64::Engine as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tokio::process::Command;

const KEY: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";
const SCENARIOS: [&str; 5] = [
    "standalone",
    "plugin",
    "unified",
    "packed-1.35",
    "legacy-packed",
];
const CONNECTIONS: usize = 128;
const ROUND: Duration = Duration::from_secs(8);
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(1);
const STARTS: usize = 5;
const BARE: &str = "bare handler that reads the body and answers 200";

pub async fn run(reenact: &str) -> Result<()> {
    let sessions = Arc::new(read_sessions()?);
    let requests: usize = sessions.iter().map(Vec::len).sum();
    let decoded: usize = sessions
        .iter()
        .flatten()
        .map(|request| request.decoded_bytes)
        .sum();
    let data = format!(
        "{requests} captured Amplitude uploads ({decoded} bytes decoded) of {} sessions, {CONNECTIONS} connections, loopback",
        sessions.len()
    );
    let starts = start_times(reenact).await?;

    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let ours = Server::start(serve(reenact, folder.path())).await?;
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
    let compare = |metric: &str, unit: &'static str, figure: &dyn Fn(&(Outcome, f64)) -> f64| {
        Row::new(metric, median(our_rounds.iter().map(figure)), unit, &data)
            .against(BARE, median(bare_rounds.iter().map(figure)))
    };
    let rows = [
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
        Row::new("peak memory", ours.peak_memory_bytes()? / 1e6, "MB", &data)
            .against(BARE, bare.peak_memory_bytes()? / 1e6),
        Row::new(
            "start-up, empty folder",
            median(starts.into_iter()),
            "ms",
            "from the start of the process to the address line",
        ),
    ];
    ours.stop().await?;
    bare.stop().await?;
    finish("ingest", &rows)
}

fn serve(reenact: &str, data: &Path) -> Command {
    let mut command = Command::new(reenact);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data);
    command
        .env("REENACT_BOOTSTRAP_EMAIL", "bench@example.com")
        .env("REENACT_BOOTSTRAP_PASSWORD", "a long enough password");
    command
        .env("REENACT_BOOTSTRAP_PROJECT", "bench")
        .env("REENACT_BOOTSTRAP_INGEST_KEY", KEY);
    // A line per request would measure the terminal.
    command.env("REENACT__LOG__LEVEL", "warn");
    command
}

/// Starts on a folder that is set up: setting up hashes a password, once.
async fn start_times(reenact: &str) -> Result<Vec<f64>> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    Server::start(serve(reenact, folder.path()))
        .await?
        .stop()
        .await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(serve(reenact, folder.path())).await?;
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

fn read_sessions() -> Result<Vec<Vec<Request>>> {
    SCENARIOS
        .iter()
        .map(|scenario| read_session(&Path::new("fixtures/amplitude").join(scenario)))
        .collect()
}

/// The replay uploads of one captured visit, in order.
fn read_session(folder: &Path) -> Result<Vec<Request>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit())
        })
        .collect();
    files.sort();
    let mut requests = Vec::new();
    for file in files {
        let captured: serde_json::Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        let path = captured["path"].as_str().unwrap_or_default();
        if !path.ends_with("/track") {
            continue;
        }
        let device = captured["query"]["device_id"]
            .as_str()
            .context("no device id")?;
        let query = captured["raw_query"]
            .as_str()
            .context("no query")?
            .replace(device, DEVICE);
        let body = base64::engine::general_purpose::STANDARD
            .decode(captured["body_base64"].as_str().unwrap_or_default())?;
        let headers = captured["headers"].as_object().context("no headers")?;
        let encoding = headers
            .get("content-encoding")
            .and_then(serde_json::Value::as_str);
        let decoded_bytes = wire::encoding::decode_body(encoding, &body, usize::MAX >> 1)?.len();
        let mut head = format!(
            "POST {path}?{query} HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            if !matches!(name.as_str(), "host" | "connection" | "content-length") {
                head.push_str(&format!(
                    "{name}: {}\r\n",
                    value.as_str().unwrap_or_default()
                ));
            }
        }
        head.push_str("\r\n");
        requests.push(Request {
            head,
            body,
            decoded_bytes,
        });
    }
    Ok(requests)
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
