//! Stored bytes against what other systems store.

use super::corpus::{Session, Sites};
use crate::report::Row;
use ::engine::recordings::seal_events;
use anyhow::{Context, Result, ensure};
use flate2::Compression;
use recording::{BlockKind, Recording};
use std::io::Write;
use std::process::{Command, Stdio};

const GZIP_SEGMENT_MS: i64 = 10_000;
const ZSTD_SEGMENT_MS: i64 = 60_000;

/// Bytes of one session, all ways.
struct Sizes {
    json: usize,
    gzip: usize,
    snappy: usize,
    zstd: usize,
    ours: usize,
    /// Without a dictionary.
    alone: usize,
    keyframes: u64,
    facts: u64,
    /// Footer and summary.
    index: u64,
    dictionary_share: f64,
}

impl Sizes {
    fn ours_with_dictionary(&self) -> f64 {
        self.ours as f64 + self.dictionary_share
    }
}

pub fn measure(sessions: &[Session], sites: &Sites) -> Result<Vec<Row>> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\nstored bytes; dictionary from the other users of the site"
    )?;
    writeln!(
        out,
        "{:<12} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6} {:>9} {:>8} {:>7} {:>6}  users",
        "session",
        "JSON",
        "gzip 10s",
        "snappy",
        "zstd 60s",
        "ours",
        "no dict",
        "times",
        "keyframes",
        "facts",
        "index",
        "dict"
    )?;
    let mut all = Vec::new();
    for (session, known) in sessions.iter().zip(&sites.known) {
        let (dictionary_bytes, shared_by) = sites.dictionary_bytes(sessions, session.site());
        let share = dictionary_bytes / shared_by as f64;
        let sizes = sizes_of(session, known.dictionary.clone(), share)?;
        writeln!(
            out,
            "{:<12} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6.2} {:>9} {:>8} {:>7} {:>6.0}  {} others, {}",
            session.name,
            sizes.json,
            sizes.gzip,
            sizes.snappy,
            sizes.zstd,
            sizes.ours,
            sizes.alone,
            sizes.gzip as f64 / sizes.ours_with_dictionary(),
            sizes.keyframes,
            sizes.facts,
            sizes.index,
            sizes.dictionary_share,
            known.others,
            match known.min_users {
                0 | 1 => "no dictionary".to_owned(),
                users => format!("what {users} have"),
            }
        )?;
        all.push(sizes);
    }
    rows(&all, sessions.len())
}

fn rows(all: &[Sizes], count: usize) -> Result<Vec<Row>> {
    let sum = |of: &dyn Fn(&Sizes) -> f64| all.iter().map(of).sum::<f64>();
    let mean = |of: &dyn Fn(&Sizes) -> f64| (sum(&|sizes| of(sizes).ln()) / count as f64).exp();
    let data = format!(
        "{count} sessions, {:.1} MB of JSON; dictionaries counted",
        sum(&|sizes| sizes.json as f64) / 1e6
    );
    let ours = sum(&Sizes::ours_with_dictionary);
    let row = |name: &str, baseline: &'static str, of: &dyn Fn(&Sizes) -> f64| {
        Row::new(name, ours / 1e6, "MB", &data).against(baseline, sum(of) / 1e6)
    };
    let smaller =
        |name: &str, of: &dyn Fn(&Sizes) -> f64| Row::new(name, sum(of) / ours, "times", &data);
    let part = |name: &str, of: &dyn Fn(&Sizes) -> f64| {
        Row::new(
            name,
            100.0 * sum(of) / ours,
            "%",
            "of what is stored, in total",
        )
    };
    let gzip = |sizes: &Sizes| sizes.gzip as f64;
    Ok(vec![
        row("stored", "gzip -6 per 10 s", &gzip),
        row("stored", "Snappy (framed) per 10 s", &|sizes| {
            sizes.snappy as f64
        }),
        row("stored", "zstd -9 per 60 s", &|sizes| sizes.zstd as f64),
        row("stored", "our format without dictionary", &|sizes| {
            sizes.alone as f64
        }),
        smaller("smaller than gzip, total", &gzip),
        Row::new(
            "smaller than gzip, geo. mean",
            mean(&|sizes| gzip(sizes) / sizes.ours_with_dictionary()),
            "times",
            &data,
        ),
        Row::new(
            "the same without dictionary",
            mean(&|sizes| gzip(sizes) / sizes.alone as f64),
            "times",
            &data,
        ),
        part("keyframes", &|sizes| sizes.keyframes as f64),
        part("footer and summary", &|sizes| sizes.index as f64),
        part("facts", &|sizes| sizes.facts as f64),
        part("dictionaries", &|sizes| sizes.dictionary_share),
    ])
}

fn sizes_of(
    session: &Session,
    dictionary: std::sync::Arc<recording::Dictionary>,
    dictionary_share: f64,
) -> Result<Sizes> {
    let segments = session.segments(GZIP_SEGMENT_MS);
    let mut gzip = 0;
    let mut snappy = 0;
    for segment in &segments {
        gzip += gzip_bytes(segment.as_bytes())?;
        let mut writer = snap::write::FrameEncoder::new(Vec::new());
        writer.write_all(segment.as_bytes())?;
        snappy += writer.into_inner().context("cannot finish Snappy")?.len();
    }
    let mut zstd = 0;
    for segment in session.segments(ZSTD_SEGMENT_MS) {
        zstd += ::zstd::bulk::compress(segment.as_bytes(), 9)?.len();
    }
    let object = seal_events(dictionary, session.events.clone())?;
    let alone = seal_events(Default::default(), session.events.clone())?.len();
    let index = Recording::read(&object)?.map_err(|_| anyhow::anyhow!("no whole recording"))?;
    let of_kind = |kind| -> u64 { index.of_kind(kind).map(|(_, block)| block.size_bytes).sum() };
    let blocks: u64 = index.blocks.iter().map(|block| block.size_bytes).sum();
    Ok(Sizes {
        json: session.json_bytes,
        gzip,
        snappy,
        zstd,
        ours: object.len(),
        alone,
        keyframes: of_kind(BlockKind::Keyframe),
        facts: of_kind(BlockKind::Facts),
        index: object.len() as u64 - blocks + of_kind(BlockKind::Summary),
        dictionary_share,
    })
}

/// With the program itself when it is there: libraries differ by a few percent.
fn gzip_bytes(plain: &[u8]) -> Result<usize> {
    let program = Command::new("gzip")
        .args(["-6", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut program) = program else {
        return Ok(gzip(plain)?.len());
    };
    let mut input = program.stdin.take().context("no input")?;
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(plain));
        program.wait_with_output()
    })?;
    ensure!(output.status.success(), "gzip failed");
    Ok(output.stdout.len())
}

pub fn gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), Compression::new(6));
    writer.write_all(plain)?;
    Ok(writer.finish()?)
}
