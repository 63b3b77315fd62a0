//! How much a core seals and reads, in MB of JSON per second of the thread's own
//! processor time: other programs on the machine do not count.

use super::corpus::{Session, Sites};
use super::{median, sizes};
use crate::report::Row;
use ::engine::recordings::seal_events;
use anyhow::Result;
use recording::{Dictionary, Recording};
use rrweb::{Limits, Mirror, Tape};
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;

const ROUNDS: usize = 5;
const SEGMENT_MS: i64 = 10_000;

/// Work on one session that says how long it took.
type Work<'w> = (&'static str, Box<dyn Fn(usize) -> Result<f64> + 'w>);

pub fn measure(sessions: &[Session], sites: &Sites) -> Result<Vec<Row>> {
    let segments: Vec<_> = sessions
        .iter()
        .map(|session| session.segments(SEGMENT_MS))
        .collect();
    let dictionary = |at: usize| sites.known[at].dictionary.clone();
    let objects = (0..sessions.len())
        .map(|at| Ok(seal_events(dictionary(at), sessions[at].events.clone())?))
        .collect::<Result<Vec<_>>>()?;
    let seal = |at: usize, dictionary: Arc<Dictionary>| {
        let events = sessions[at].events.clone();
        timed(|| {
            seal_events(dictionary, events)
                .map(drop)
                .map_err(Into::into)
        })
    };
    let work: [Work<'_>; 6] = [
        (
            "gzip -6 per 10 s (zlib-rs)",
            Box::new(|at| {
                timed(|| {
                    segments[at]
                        .iter()
                        .try_for_each(|segment| sizes::gzip(segment.as_bytes()).map(drop))
                })
            }),
        ),
        (
            "seal, with dictionary",
            Box::new(|at| seal(at, dictionary(at))),
        ),
        (
            "seal, without dictionary",
            Box::new(|at| seal(at, Arc::default())),
        ),
        (
            "parse",
            Box::new(|at| timed(|| parse(&sessions[at], |_, _| ()))),
        ),
        (
            "parse and mirror",
            Box::new(|at| {
                let mut mirror = Mirror::new(Limits::default());
                timed(|| {
                    parse(&sessions[at], |at_us, tape| {
                        mirror.apply(tape.root(), at_us, &mut ())
                    })
                })
            }),
        ),
        (
            "decode",
            Box::new(|at| timed(|| decode(&objects[at], &dictionary(at)))),
        ),
    ];
    let json_bytes: usize = sessions.iter().map(|session| session.json_bytes).sum();
    // In turn, so that all see the same drift of the machine's speed.
    let mut rates = vec![Vec::new(); work.len()];
    for round in 0..=ROUNDS {
        for ((_, run), rates) in work.iter().zip(&mut rates) {
            let mut seconds = 0.0;
            for at in 0..sessions.len() {
                seconds += run(at)?;
            }
            // The first round fills caches and the allocator.
            if round > 0 {
                rates.push(json_bytes as f64 / 1e6 / seconds);
            }
        }
    }
    let gzip = median(&rates[0]);
    let rows = work.iter().zip(&rates).skip(1).map(|((name, _), rates)| {
        let spread = format!(
            "{} sessions, processor time of one thread, median of {ROUNDS} rounds ({:.0} to {:.0})",
            sessions.len(),
            super::quantile(rates, 0.0),
            super::quantile(rates, 1.0)
        );
        Row::new(name, median(rates), "MB/s", &spread).against(work[0].0, gzip)
    });
    Ok(rows.collect())
}

/// Seconds of this thread's processor time.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = thread_seconds();
    work()?;
    Ok(thread_seconds() - start)
}

fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn parse(session: &Session, mut with: impl FnMut(i64, &Tape)) -> Result<()> {
    let mut tape = Tape::new();
    for event in &session.events {
        tape.parse(&event.json)?;
        with(event.timestamp.micros(), std::hint::black_box(&tape));
    }
    Ok(())
}

/// Every event of a recording, on the tape.
fn decode(object: &[u8], dictionary: &Dictionary) -> Result<()> {
    let index = Recording::read(object)?.map_err(|_| anyhow::anyhow!("no whole recording"))?;
    let mut tape = Tape::new();
    for (at, _) in index.event_blocks() {
        let mut plain = Vec::new();
        for link in index.chain(at) {
            let block = &index.blocks[link];
            let range = block.offset as usize..(block.offset + block.size_bytes) as usize;
            plain = block.unpack(link, &object[range], &plain)?;
        }
        let mut items = index.blocks[at].items(at, &plain, dictionary)?;
        while let Some(at_us) = items.next(&mut tape)? {
            std::hint::black_box(at_us);
        }
    }
    Ok(())
}
