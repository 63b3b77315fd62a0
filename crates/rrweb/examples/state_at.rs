//! Prints keyframes of a recorded session, one JSON list of events per line.
//!
//! `state_at FILE TIME_MS...`: FILE has one event per line (`.zst`: packed), times
//! are milliseconds since the epoch; what happened until then, inclusive, counts.
//! Without times it prints the session itself as such a list, by time.

use rrweb::{Mirror, Tape, keyframe};
use std::io::{Error, Write};

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .ok_or_else(|| Error::other("usage: state_at FILE TIME_MS..."))?;
    let times: Vec<i64> = arguments
        .map(|time| time.parse().map_err(Error::other))
        .collect::<Result<_, _>>()?;
    let mut bytes = std::fs::read(&file)?;
    if file.ends_with(".zst") {
        bytes = zstd::decode_all(bytes.as_slice())?;
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut events = Vec::new();
    for line in text.lines() {
        let mut tape = Tape::new();
        tape.parse(line).map_err(Error::other)?;
        let timestamp_ms = tape.root().get("timestamp").and_then(|at| at.as_f64());
        events.push((timestamp_ms.unwrap_or_default() as i64, line, tape));
    }
    events.sort_by_key(|(at_ms, ..)| *at_ms);
    let mut out = std::io::stdout().lock();
    if times.is_empty() {
        let lines: Vec<&str> = events.iter().map(|(_, line, _)| *line).collect();
        writeln!(out, "[{}]", lines.join(","))?;
    }
    for time_ms in times {
        let mut mirror = Mirror::new(Default::default());
        let until = |event: &&(i64, &str, Tape)| event.0 <= time_ms;
        for (at_ms, _, event) in events.iter().take_while(until) {
            mirror.apply(event.root(), at_ms * 1000, &mut ());
        }
        let list = keyframe(&mirror, time_ms);
        writeln!(out, "[{}]", list.trim_end().replace('\n', ","))?;
    }
    Ok(())
}
