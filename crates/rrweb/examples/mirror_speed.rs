//! How fast sessions are parsed, applied and written as keyframes (use --release).
//!
//! `mirror_speed FILE...`: files with one event per line (`.zst`: packed).

use rrweb::{Mirror, Tape, keyframe};
use std::io::{Error, Write};
use std::time::{Duration, Instant};

/// Every file is played this often and the best time counts.
const ROUNDS: usize = 5;

fn main() -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let mut total = (0, Duration::ZERO, Duration::ZERO);
    for file in std::env::args().skip(1) {
        let mut bytes = std::fs::read(&file)?;
        if file.ends_with(".zst") {
            bytes = zstd::decode_all(bytes.as_slice())?;
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut best = [Duration::MAX; 3];
        let (mut nodes, mut memory, mut keyframe_bytes) = (0, 0, 0);
        for _ in 0..ROUNDS {
            let mut tape = Tape::new();
            let mut mirror = Mirror::new(Default::default());
            let mut times = [Duration::ZERO; 3];
            for line in text.lines() {
                let start = Instant::now();
                tape.parse(line).map_err(Error::other)?;
                let parsed = Instant::now();
                mirror.apply(tape.root(), 0, &mut ());
                times[0] += parsed - start;
                times[1] += parsed.elapsed();
            }
            let start = Instant::now();
            keyframe_bytes = keyframe(&mirror, 0).len();
            times[2] = start.elapsed();
            nodes = mirror.node_count();
            memory = mirror.memory_bytes();
            for (best, time) in best.iter_mut().zip(times) {
                *best = (*best).min(time);
            }
        }
        let speed = |bytes: usize, time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
        writeln!(
            out,
            "{file}: {:.1} MB, parse {:.0} MB/s, apply {:.0} MB/s; {nodes} nodes, {} KB; keyframe {} KB in {:.2} ms",
            text.len() as f64 / 1e6,
            speed(text.len(), best[0]),
            speed(text.len(), best[1]),
            memory / 1024,
            keyframe_bytes / 1024,
            best[2].as_secs_f64() * 1e3,
        )?;
        total.0 += text.len();
        total.1 += best[0];
        total.2 += best[1];
    }
    let (bytes, parse, apply) = total;
    writeln!(
        out,
        "all: {:.1} MB, parse {:.0} MB/s, apply {:.0} MB/s",
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / parse.as_secs_f64(),
        bytes as f64 / 1e6 / apply.as_secs_f64(),
    )
}
