//! One result form for every benchmark.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;

/// One figure beside its baseline.
#[derive(Debug, Serialize)]
pub struct Row {
    pub metric: String,
    pub value: f64,
    pub unit: &'static str,
    /// What it is compared with; empty when it stands alone.
    pub baseline: &'static str,
    pub baseline_value: Option<f64>,
    pub ratio: Option<f64>,
    /// What was measured, on which data.
    pub data: String,
}

impl Row {
    pub fn new(metric: &str, value: f64, unit: &'static str, data: &str) -> Self {
        Self {
            metric: metric.to_owned(),
            value,
            unit,
            baseline: "",
            baseline_value: None,
            ratio: None,
            data: data.to_owned(),
        }
    }

    pub fn against(mut self, baseline: &'static str, value: f64) -> Self {
        self.baseline = baseline;
        self.baseline_value = Some(value);
        self.ratio = (value != 0.0).then(|| self.value / value);
        self
    }
}

/// Prints the table and writes `target/bench/<name>.json`.
pub fn finish(name: &str, rows: &[Row]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\n{:<28} {:>12} {:<8} {:>12} {:>7}  baseline",
        "metric", "value", "unit", "baseline", "ratio"
    )?;
    for row in rows {
        let baseline = row.baseline_value.map(number).unwrap_or_default();
        let ratio = row
            .ratio
            .map(|ratio| format!("{ratio:.2}"))
            .unwrap_or_default();
        writeln!(
            out,
            "{:<28} {:>12} {:<8} {:>12} {:>7}  {}",
            row.metric,
            number(row.value),
            row.unit,
            baseline,
            ratio,
            row.baseline
        )?;
    }
    let folder = std::path::Path::new("target/bench");
    std::fs::create_dir_all(folder).context("cannot create target/bench")?;
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, serde_json::to_vec_pretty(rows)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(out, "\nwritten to {}", path.display())?;
    Ok(())
}

fn number(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}
