//! Fuzzing with cargo-fuzz; `fuzz/README.md` says what the targets check.

use crate::shell::{output, root, run_in, step};
use anyhow::{Context, Result, bail};
use std::path::Path;

const DEFAULT_SECONDS: &str = "60";

/// Runs one target, or all one after the other, each for so many seconds.
pub fn fuzz(target: Option<&str>, seconds: Option<&str>) -> Result<()> {
    let folder = root().join("fuzz");
    let seconds: u32 = seconds
        .unwrap_or(DEFAULT_SECONDS)
        .parse()
        .context("how many seconds?")?;
    if output("cargo", &["+nightly", "fuzz", "--version"]).is_none() {
        bail!(
            "cargo-fuzz is missing: rustup toolchain install nightly && cargo install cargo-fuzz"
        );
    }
    let known = targets(&folder)?;
    let wanted = match target {
        None => known,
        Some(target) if known.iter().any(|name| name == target) => vec![target.to_owned()],
        Some(target) => bail!(
            "there is no target {target}; there are: {}",
            known.join(", ")
        ),
    };
    // gcc's own address checks, which zstd's C code would get, do not fit LLVM's.
    let environment = [("CFLAGS", "-fno-sanitize=address")];
    if !folder.join("corpus").is_dir() {
        step("seeds");
        run_in(
            &folder,
            "cargo",
            &["run", "--quiet", "--example", "seeds"],
            &[],
        )?;
    }
    let time = format!("-max_total_time={seconds}");
    for target in wanted {
        step(&format!("fuzz {target}, {seconds} s"));
        run_in(
            &folder,
            "cargo",
            // Seeds are up to 16 KB long.
            &[
                "+nightly",
                "fuzz",
                "run",
                &target,
                "--",
                &time,
                "-max_len=16384",
                "-timeout=20",
            ],
            &environment,
        )?;
    }
    Ok(())
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        std::fs::read_dir(folder.join("fuzz_targets")).context("cannot read fuzz_targets")?
    {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}
