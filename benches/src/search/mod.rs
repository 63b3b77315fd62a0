//! Finding replays among many: load, size, and questions, beside the same questions
//! as plain SQL on DuckDB, whose answers must be the same.
//!
//! `cargo xtask bench search` is a tenth of the size that the aims are about;
//! `cargo xtask bench search full` is all of it.

mod baseline;
mod generate;
mod questions;

use crate::report::{Row, finish};
use anyhow::Result;
use generate::{PROJECT, Size};
use index::{Index, LocalIndex, Options};
use std::time::Instant;

const FULL: Size = Size {
    sessions: 200_000,
    events: 5_000_000,
    users: 50_000,
};
const BATCH_EVENTS: usize = 5_000;

pub async fn run(part: &str) -> Result<()> {
    let divided = match part {
        "full" => 1,
        "tiny" => 100,
        _ => 10,
    };
    let size = Size {
        sessions: FULL.sessions / divided,
        events: FULL.events / divided,
        users: FULL.users / divided,
    };
    let data = format!("{} sessions, {} events or so", size.sessions, size.events);
    let sessions = generate::sessions(size);
    let folder = tempfile::tempdir()?;
    let index = LocalIndex::open(&folder.path().join("index"), &Options::default());
    let mut rows = load(&index, &sessions, size, &data).await?;
    let answers = questions::ask(&index, size).await?;
    let baseline = baseline::run(folder.path(), &sessions, size)?;
    for answer in &answers {
        let row = Row::new(&answer.name, answer.p50_ms, "ms", &data);
        let known = baseline.as_ref().and_then(|known| known.get(&answer.name));
        rows.push(match known {
            Some(known) => {
                known.check(answer)?;
                row.against("DuckDB", known.p50_ms)
            }
            None => row,
        });
        rows.push(Row::new(
            &format!("{} p95", answer.name),
            answer.p95_ms,
            "ms",
            &data,
        ));
    }
    rows.extend(questions::while_ingesting(&index, &sessions, size, &data).await?);
    rows.push(reopen(&index, folder.path(), &data).await?);
    if let Some(peak) = peak_memory_mb() {
        rows.push(Row::new("peak memory of the process", peak, "MB", &data));
    }
    finish("search", &rows)
}

async fn load(
    index: &LocalIndex,
    sessions: &[generate::Session],
    size: Size,
    data: &str,
) -> Result<Vec<Row>> {
    let mut batch = Vec::new();
    let (mut seconds, mut events) = (0.0, 0);
    for session in sessions {
        batch.extend(session.events(size, 5));
        if batch.len() >= BATCH_EVENTS {
            events += batch.len();
            let started = Instant::now();
            index
                .put_events(PROJECT, std::mem::take(&mut batch), None)
                .await?;
            seconds += started.elapsed().as_secs_f64();
        }
    }
    events += batch.len();
    let started = Instant::now();
    index.put_events(PROJECT, batch, None).await?;
    index.flush(PROJECT).await?;
    seconds += started.elapsed().as_secs_f64();
    let bytes = index.stats(PROJECT).await?.file_bytes;
    let mut rows = vec![
        Row::new("bulk load", events as f64 / seconds, "events/s", data),
        Row::new("index size", bytes as f64 / events as f64, "B/event", data),
    ];
    let started = Instant::now();
    for part in sessions.chunks(1_000) {
        let part = part.iter().map(generate::Session::row).collect();
        index.put_rows(PROJECT, part).await?;
    }
    for session in sessions {
        let texts = session.texts();
        let facts = index::Facts {
            replay: session.id,
            layer: index::Layer::Recording,
            version: 1,
            facts: Vec::new(),
            texts,
        };
        index.put_facts(PROJECT, facts).await?;
    }
    index.flush(PROJECT).await?;
    let seconds = started.elapsed().as_secs_f64();
    let rate = sessions.len() as f64 / seconds;
    rows.push(Row::new("replays with texts", rate, "replays/s", data));
    let stats = index.stats(PROJECT).await?;
    let more = (stats.file_bytes - bytes) as f64 / sessions.len() as f64;
    rows.push(Row::new("rows and texts", more, "B/replay", data));
    Ok(rows)
}

/// How long a restart takes until the first answer.
async fn reopen(index: &LocalIndex, folder: &std::path::Path, data: &str) -> Result<Row> {
    index.flush(PROJECT).await?;
    let started = Instant::now();
    let again = LocalIndex::open(&folder.join("index"), &Options::default());
    questions::newest(&again).await?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    Ok(Row::new("open and first list", ms, "ms", data))
}

fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024.0)
}
