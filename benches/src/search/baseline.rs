//! The same data and questions for DuckDB, by its Python package. Left out, and said
//! so, where that is missing.

use super::generate::{DAY_MS, START_MS, Session, Size, type_name, user_name};
use super::questions::{Answer, PHRASE};
use anyhow::{Context, Result, bail};
use index::Value;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const SCRIPT: &str = include_str!("baseline.py");
const REPEATS: &str = "5";

pub struct Known {
    pub p50_ms: f64,
    numbers: Vec<u64>,
}

impl Known {
    /// The answers must be the same, or the times say nothing.
    pub fn check(&self, answer: &Answer) -> Result<()> {
        if answer.check.is_empty() || self.numbers == answer.check {
            return Ok(());
        }
        bail!(
            "{}: {:?}, but DuckDB says {:?}",
            answer.name,
            answer.check,
            self.numbers
        )
    }
}

/// `BENCH_PYTHON` names the interpreter of a virtual environment that has duckdb.
pub fn run(
    folder: &Path,
    sessions: &[Session],
    size: Size,
) -> Result<Option<HashMap<String, Known>>> {
    let python = std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_duckdb = Command::new(&python)
        .args(["-c", "import duckdb"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has_duckdb {
        writeln!(
            std::io::stderr(),
            "{python} has no duckdb (benches/requirements.txt, BENCH_PYTHON=<its python>): the baseline is left out"
        )?;
        return Ok(None);
    }
    write_tables(folder, sessions, size)?;
    let questions = serde_json::to_vec(&questions())?;
    std::fs::write(folder.join("questions.json"), questions)?;
    let script = folder.join("baseline.py");
    std::fs::write(&script, SCRIPT)?;
    let output = Command::new(&python)
        .arg(script)
        .arg(folder)
        .arg(REPEATS)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the baseline")?;
    if !output.status.success() {
        bail!("the baseline failed");
    }
    let answers: HashMap<String, Json> = serde_json::from_slice(&output.stdout)?;
    let known = answers.into_iter().filter_map(|(name, answer)| {
        let mut times: Vec<f64> = answer["ms"]
            .as_array()?
            .iter()
            .filter_map(Json::as_f64)
            .collect();
        times.sort_by(f64::total_cmp);
        let rows = answer["rows"].as_array()?.iter();
        let numbers = rows.filter_map(|row| row.as_array()?.last()?.as_u64());
        let known = Known {
            p50_ms: *times.get(times.len() / 2)?,
            numbers: numbers.collect(),
        };
        Some((name, known))
    });
    Ok(Some(known.collect()))
}

/// The last column of each row is what is compared.
fn questions() -> Json {
    let (top, second, third) = (type_name(0), type_name(2), type_name(5));
    let days = format!("(at_ms - {START_MS}) // {DAY_MS}");
    let words: Vec<_> = PHRASE.split(' ').collect();
    let pattern = words.join("\\W+");
    let next = |step: &str| format!("SELECT user_id, at_ms FROM events WHERE type = '{step}'");
    json!({
        "list newest": "SELECT *, count(*) OVER () FROM sessions ORDER BY started_ms DESC LIMIT 1",
        "list, three filters": "SELECT count(*) OVER () FROM sessions s WHERE browser = 'Chrome' AND country = 'DE'
            AND id IN (SELECT session FROM events WHERE type = 'Product Clicked' AND plan = 'pro' AND price > 100)
            ORDER BY started_ms DESC LIMIT 1",
        "list, without an event": "SELECT count(*) OVER () FROM sessions WHERE os = 'iOS'
            AND id NOT IN (SELECT session FROM events WHERE type = 'Cart Viewed') ORDER BY started_ms DESC LIMIT 1",
        "look-up of a user": format!("SELECT * FROM events WHERE user_id = '{}' ORDER BY at_ms DESC LIMIT 100", user_name(37)),
        "text on screen": format!("SELECT count(DISTINCT session) FROM texts WHERE regexp_matches(text, '\\b{pattern}\\b')"),
        "facets": "WITH found AS (SELECT * FROM sessions WHERE duration_ms > 60000), six AS (
            SELECT 'browser' field, browser v, count(*) n FROM found GROUP BY 2
            UNION ALL SELECT 'os', os, count(*) FROM found GROUP BY 2
            UNION ALL SELECT 'country', country, count(*) FROM found GROUP BY 2
            UNION ALL SELECT 'device_type', device_type, count(*) FROM found GROUP BY 2
            UNION ALL SELECT 'release', release, count(*) FROM found GROUP BY 2
            UNION ALL SELECT 'user', user_id, count(*) FROM found GROUP BY 2)
            SELECT v, n FROM six WHERE field = 'browser' ORDER BY n DESC",
        "count by day": format!("SELECT {days} d, count(*) FROM events WHERE type = '{top}' GROUP BY 1 ORDER BY 1"),
        "all events by day": format!("SELECT {days} d, count(*) FROM events GROUP BY 1 ORDER BY 1"),
        "users by day": format!("SELECT {days} d, count(DISTINCT user_id) FROM events WHERE type = '{top}' GROUP BY 1 ORDER BY 1"),
        "users by property": format!("SELECT plan, count(DISTINCT user_id) n FROM events WHERE type = '{top}' GROUP BY 1 ORDER BY 2"),
        "funnel, three steps": format!("WITH one AS ({}), two AS ({}), three AS ({}),
            a AS (SELECT one.user_id u, one.at_ms t1, two.at_ms t2 FROM one ASOF LEFT JOIN two
                ON one.user_id = two.user_id AND one.at_ms < two.at_ms),
            b AS (SELECT a.u, a.t1, a.t2, three.at_ms t3 FROM a ASOF LEFT JOIN three ON a.u = three.user_id AND a.t2 < three.at_ms)
            SELECT unnest([count(DISTINCT u), count(DISTINCT u) FILTER (t2 - t1 <= {DAY_MS}), count(DISTINCT u) FILTER (t3 - t1 <= {DAY_MS})]) FROM b",
            next(&top), next(&second), next(&third)),
    })
}

fn write_tables(folder: &Path, sessions: &[Session], size: Size) -> Result<()> {
    let create = |name: &str| {
        anyhow::Ok(BufWriter::with_capacity(
            1 << 20,
            File::create(folder.join(name))?,
        ))
    };
    let (mut events, mut rows, mut texts) = (
        create("events.csv")?,
        create("sessions.csv")?,
        create("texts.csv")?,
    );
    writeln!(
        rows,
        "id,user_id,started_ms,duration_ms,browser,os,country,device_type,release,errors"
    )?;
    writeln!(texts, "session,at_ms,text")?;
    for (number, session) in sessions.iter().enumerate() {
        let Session {
            id,
            started_ms,
            duration_ms,
            browser,
            os,
            country,
            device_type,
            release,
            errors,
            ..
        } = session;
        let user = user_name(session.user);
        writeln!(
            rows,
            "{id},{user},{started_ms},{duration_ms},{browser},{os},{country},{device_type},v{release},{errors}"
        )?;
        for text in session.texts() {
            writeln!(texts, "{id},{},{}", text.at_ms, text.text)?;
        }
        for (at, event) in session.events(size, 5).iter().enumerate() {
            if number == 0 && at == 0 {
                let names: Vec<_> = event
                    .properties
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect();
                writeln!(events, "at_ms,type,user_id,session,{}", names.join(","))?;
            }
            write!(events, "{},{},{user},{id}", event.at.millis(), event.name)?;
            for (_, value) in &event.properties {
                match value {
                    Value::Flag(flag) => write!(events, ",{flag}")?,
                    Value::Number(number) => write!(events, ",{number}")?,
                    Value::Text(text) => write!(events, ",{text}")?,
                }
            }
            writeln!(events)?;
        }
    }
    events.flush()?;
    rows.flush()?;
    texts.flush()?;
    Ok(())
}
