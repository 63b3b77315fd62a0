//! Rules that the compiler does not know.

use crate::shell::{output, root, run};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Past this, a file has more than one responsibility.
const MAX_FILE_LINES: usize = 800;

pub fn check() -> Result<()> {
    run("cargo", &["fmt", "--all", "--check"])?;
    let mut wrong = Vec::new();
    layers(&mut wrong)?;
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files)?;
    for file in files {
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file
            .strip_prefix(root())
            .unwrap_or(&file)
            .display()
            .to_string();
        let lines = text.lines().count();
        if lines > MAX_FILE_LINES {
            wrong.push(format!("{name}: {lines} lines, more than {MAX_FILE_LINES}"));
        }
        if text.contains("rusqlite::")
            && !name.starts_with("crates/store/")
            && !name.contains("/tests/")
        {
            wrong.push(format!("{name}: SQL belongs into crates/store"));
        }
        if text.contains("axum::")
            && !name.starts_with("crates/api/")
            && !name.starts_with("crates/server/")
        {
            wrong.push(format!("{name}: HTTP belongs into crates/api"));
        }
    }
    let lock = fs::read_to_string(root().join("package-lock.json"))
        .context("cannot read package-lock.json")?;
    if lock.contains("\"resolved\": \"http") {
        wrong.push("package-lock.json records download addresses: install with omit-lockfile-registry-resolved".to_owned());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("tidy:\n  {}", wrong.join("\n  "));
}

/// Compares what the crates depend on with the table in ARCHITECTURE.md, whose
/// lines have the form `api -> engine, model`.
fn layers(wrong: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md"))
        .context("cannot read ARCHITECTURE.md")?;
    let mut allowed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        let Some((left, right)) = line.split_once(" -> ") else {
            continue;
        };
        let right: Vec<_> = right
            .split(',')
            .map(str::trim)
            .filter(|name| *name != "nothing")
            .collect();
        for name in left.split(',') {
            allowed.insert(name.trim(), right.clone());
        }
    }
    let metadata = output("cargo", &["metadata", "--no-deps", "--format-version", "1"])
        .context("cargo metadata failed")?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
    let empty = Vec::new();
    let packages = metadata["packages"].as_array().unwrap_or(&empty);
    let names: Vec<_> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if matches!(name, "xtask" | "benches") {
            continue;
        }
        let Some(allowed) = allowed.get(name) else {
            wrong.push(format!("{name}: not in the table of ARCHITECTURE.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap_or(&empty) {
            let to = dependency["name"].as_str().unwrap_or_default();
            let is_normal = dependency["kind"].is_null();
            if is_normal && names.contains(&to) && !allowed.contains(&to) {
                wrong.push(format!(
                    "{name} -> {to}: not in the table of ARCHITECTURE.md"
                ));
            }
        }
    }
    Ok(())
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
