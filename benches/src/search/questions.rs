//! The questions and their times.

use super::generate::{DAY_MS, DAYS, PROJECT, START_MS, Session, Size, type_name, user_name};
use crate::report::Row;
use anyhow::Result;
use index::filter::{Clock, Filter, Happened};
use index::{Context, Funnel, Index, List, LocalIndex, Series, Sort, StreamOf, StreamQuery};
use model::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A question is asked for so long, but so often at least and at most: one that is
/// answered at once would else be judged by a single pause of the machine.
const ASKED_FOR: Duration = Duration::from_secs(2);
const MIN_REPEATS: usize = 20;
const MAX_REPEATS: usize = 200;
pub const THREE_FILTERS: &str =
    "browser = Chrome and country = DE and event(\"Product Clicked\", plan = pro, price > 100)";
pub const WITHOUT: &str = "os = iOS and not event(\"Cart Viewed\")";
pub const PHRASE: &str = "payment declined";
const FACETS: [&str; 6] = ["browser", "os", "country", "device_type", "release", "user"];

/// An answer, its times, and numbers that must be the same elsewhere.
pub struct Answer {
    pub name: String,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub check: Vec<u64>,
}

pub fn context() -> Context {
    Context {
        clock: Clock {
            now: Timestamp::from_millis(START_MS + DAYS * DAY_MS),
            zone: jiff_utc(),
        },
        cohorts: HashMap::new(),
        named_events: HashMap::new(),
    }
}

fn jiff_utc() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::UTC
}

pub fn event(name: &str) -> Happened {
    Happened {
        kind: "event".to_owned(),
        name: Some(name.to_owned()),
        predicates: Vec::new(),
        occurs: Vec::new(),
    }
}

fn days(name: Option<&str>, with_users: bool) -> Series {
    Series {
        what: Happened {
            name: name.map(str::to_owned),
            ..event("")
        },
        boundaries: (0..=DAYS)
            .map(|day| Timestamp::from_millis(START_MS + day * DAY_MS))
            .collect(),
        with_users,
    }
}

fn list_of(filter: &str) -> Result<List> {
    Ok(List {
        filter: Filter::from_text(filter)?,
        sort: Sort::Started,
        is_ascending: false,
        after: None,
        without: Default::default(),
        limit: 100,
    })
}

pub async fn newest(index: &LocalIndex) -> Result<u64> {
    Ok(index.list(PROJECT, list_of("")?, context()).await?.total)
}

/// Asks one question; the numbers to check.
async fn answer(index: &LocalIndex, name: &str, size: Size, round: usize) -> Result<Vec<u64>> {
    let list = async |filter: &str| -> Result<Vec<u64>> {
        Ok(vec![
            index
                .list(PROJECT, list_of(filter)?, context())
                .await?
                .total,
        ])
    };
    let counts =
        |groups: Vec<index::Group>| groups.iter().map(|group| group.count).collect::<Vec<_>>();
    Ok(match name {
        "list newest" => list("").await?,
        "list, three filters" => list(THREE_FILTERS).await?,
        "list, without an event" => list(WITHOUT).await?,
        "text on screen" => list(&format!("text = \"{PHRASE}\"")).await?,
        "look-up of a user" => {
            let query = StreamQuery {
                of: StreamOf::Identities(vec![user_name(round * 37 % size.users)]),
                before: None,
                limit: 100,
                with_properties: false,
            };
            index.stream(PROJECT, query).await?;
            Vec::new()
        }
        "facets" => {
            let fields = FACETS.iter().map(|name| (*name).to_owned()).collect();
            let among = List {
                limit: 20,
                ..list_of("duration > 1m")?
            };
            let facets = index.facets(PROJECT, among, fields, context()).await?;
            facets
                .iter()
                .take(1)
                .flat_map(|facet| facet.values.iter().map(|(_, count)| *count))
                .collect()
        }
        "count by day" => counts(
            index
                .series(PROJECT, days(Some(&type_name(0)), false), context())
                .await?,
        ),
        "all events by day" => counts(index.series(PROJECT, days(None, false), context()).await?),
        "users by day" => {
            let groups = index
                .series(PROJECT, days(Some(&type_name(0)), true), context())
                .await?;
            groups.iter().map(|group| group.users).collect()
        }
        "users by property" => {
            let series = days(Some(&type_name(0)), true);
            let groups = index
                .group_by(PROJECT, series, "plan".to_owned(), context())
                .await?;
            let mut users: Vec<_> = groups.iter().map(|group| group.users).collect();
            users.sort_unstable();
            users
        }
        _ => {
            let funnel = Funnel {
                steps: [0, 2, 5].map(|rank| event(&type_name(rank))).to_vec(),
                from: Timestamp::from_millis(START_MS),
                to: Timestamp::from_millis(START_MS + DAYS * DAY_MS),
                within_ms: DAY_MS as u64,
            };
            index.funnel(PROJECT, funnel, context()).await?
        }
    })
}

const NAMES: [&str; 11] = [
    "list newest",
    "list, three filters",
    "list, without an event",
    "look-up of a user",
    "text on screen",
    "facets",
    "count by day",
    "all events by day",
    "users by day",
    "users by property",
    "funnel, three steps",
];

fn quantile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() as f64 * part) as usize;
    times
        .get(at.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

pub async fn ask(index: &LocalIndex, size: Size) -> Result<Vec<Answer>> {
    let mut answers = Vec::new();
    for name in NAMES {
        // The first one warms up.
        let check = answer(index, name, size, 0).await?;
        let mut times = Vec::new();
        let begun = Instant::now();
        for round in 0..MAX_REPEATS {
            if round >= MIN_REPEATS && begun.elapsed() > ASKED_FOR {
                break;
            }
            let started = Instant::now();
            answer(index, name, size, round).await?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        answers.push(Answer {
            name: name.to_owned(),
            p50_ms: quantile(&mut times, 0.5),
            p95_ms: quantile(&mut times, 0.95),
            check,
        });
    }
    Ok(answers)
}

/// The list with three filters, alone and while 5,000 events a second come in.
pub async fn while_ingesting(
    index: &LocalIndex,
    sessions: &[Session],
    size: Size,
    data: &str,
) -> Result<Vec<Row>> {
    const SECONDS: u64 = 10;
    const EVENTS_AT_ONCE: usize = 500;
    let asked = async || -> Result<f64> {
        let mut times = Vec::new();
        let until = Instant::now() + Duration::from_secs(SECONDS);
        while Instant::now() < until {
            let started = Instant::now();
            answer(index, "list, three filters", size, 0).await?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(quantile(&mut times, 0.95))
    };
    let alone_ms = asked().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let ingest = {
        let (index, stop, sessions) = (index.clone(), stop.clone(), sessions.to_vec());
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            let mut events = sessions
                .iter()
                .cycle()
                .flat_map(|session| session.events(size, 99));
            let started = Instant::now();
            let mut sent = 0;
            while !stop.load(Ordering::Relaxed) {
                ticks.tick().await;
                let batch: Vec<_> = events.by_ref().take(EVENTS_AT_ONCE).collect();
                sent += batch.len();
                index.put_events(PROJECT, batch, None).await?;
            }
            anyhow::Ok(sent as f64 / started.elapsed().as_secs_f64())
        })
    };
    let busy_ms = asked().await?;
    stop.store(true, Ordering::Relaxed);
    let rate = ingest.await??;
    Ok(vec![
        Row::new("three filters, ingesting p95", busy_ms, "ms", data).against("alone", alone_ms),
        Row::new("ingested meanwhile", rate, "events/s", data),
    ])
}
