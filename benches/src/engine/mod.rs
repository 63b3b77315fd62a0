//! The recording engine on the recorded sessions of the repository: what is stored
//! and how fast, by calling the sealing pass; seeking, opening a replay and memory,
//! by asking the release server.

mod browser;
mod corpus;
mod memory;
mod seek;
mod site;
mod sizes;
mod speed;

use crate::report::{Row, finish};
use anyhow::Result;

/// `part` is `all`, or one of the parts by name.
pub async fn run(reenact: &str, part: &str) -> Result<()> {
    let sessions = corpus::read()?;
    let sites = corpus::Sites::of(&sessions)?;
    let is_wanted = |name: &str| part == "all" || part == name;
    let mut rows: Vec<Row> = Vec::new();
    if is_wanted("sizes") {
        rows.extend(sizes::measure(&sessions, &sites)?);
    }
    if is_wanted("speed") {
        rows.extend(speed::measure(&sessions, &sites)?);
    }
    if is_wanted("seek") || is_wanted("browser") {
        let stored = seek::Stored::new(reenact, &sessions).await?;
        if is_wanted("seek") {
            rows.extend(stored.measure()?);
        }
        if is_wanted("browser") {
            rows.extend(browser::measure(&stored)?);
        }
        stored.stop().await?;
    }
    if is_wanted("memory") {
        rows.extend(memory::measure(reenact, &sessions).await?);
    }
    if rows.is_empty() {
        anyhow::bail!("there is no part {part}: sizes, speed, seek, browser, memory, all");
    }
    let name = match part {
        "all" => "engine".to_owned(),
        part => format!("engine-{part}"),
    };
    finish(&name, &rows)
}

/// Of values in any order; `part` from 0 to 1. Zero when there is none.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = (values.len() as f64 * part) as usize;
    values.get(at.min(last)).copied().unwrap_or(0.0)
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}
