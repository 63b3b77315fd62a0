//! All automation of the project: `cargo xtask <command>`. Needs Rust, Node with
//! npm, and nothing else; what is missing is installed or named.

mod codegen;
mod front_end;
mod fuzz;
mod python;
mod shell;
mod tidy;

use anyhow::{Result, bail};
use shell::{run, step};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask run [--debug] [serve flags]   build everything and start the server with the demo shop
cargo xtask test                          everything that CI runs
cargo xtask tidy                          format, layers, SQL outside of store, lock file
cargo xtask codegen [--check]             OpenAPI document and TypeScript types of the API
cargo xtask web                           build the web app and the demo shop
cargo xtask bench ingest                  measure the release build; writes target/bench/<name>.json
cargo xtask bench engine [part]           the same: sizes, speed, seek, browser, memory, or all
cargo xtask bench search [full]           finding among 20,000 replays, or 200,000; beside DuckDB if there is Python
cargo xtask bench frustration             how often signs of frustration are judged right, beside other SDKs; FRUSTRATION_RECORD=1 renews the fixtures
cargo xtask bench player|sdk              the same in Chromium, beside rrweb's player and recorder
cargo xtask screenshots                   pictures of every page, in docs/screenshots
cargo xtask fuzz [target] [seconds]       look for inputs that break a reader; needs nightly and cargo-fuzz
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["run", ref flags @ ..] => start(flags),
        ["test"] => test(),
        ["tidy"] => tidy::check(),
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        ["web"] => front_end::build(),
        ["bench", name] => bench(name, None),
        ["bench", name, part] => bench(name, Some(part)),
        ["screenshots"] => screenshots(),
        ["fuzz"] => fuzz::fuzz(None, None),
        ["fuzz", target] => fuzz::fuzz(Some(target), None),
        ["fuzz", target, seconds] => fuzz::fuzz(Some(target), Some(seconds)),
        [] | ["help" | "--help" | "-h"] => {
            eprint!("{USAGE}");
            Ok(())
        }
        _ => {
            eprint!("{USAGE}");
            Err(anyhow::anyhow!("unknown command: {}", arguments.join(" ")))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(flags: &[&str]) -> Result<()> {
    front_end::build()?;
    let (profile, flags) = match flags {
        ["--debug", rest @ ..] => (&[][..], rest),
        rest => (&["--release"][..], rest),
    };
    step("build the server");
    run(
        "cargo",
        &[&["build", "--package", "server"], profile].concat(),
    )?;
    eprintln!(
        "\nThe server starts now and keeps everything in the folder data/. What to do next:\n\
         1. At the first start, open the set-up link below and make your account.\n\
         2. Open the demo shop below, click around, fill in the checkout form.\n\
         3. Open Replays in the app and watch yourself. Ctrl+C stops the server; nothing is lost.\n"
    );
    let serve = ["run", "--quiet", "--package", "server"];
    run(
        "cargo",
        &[&serve, profile, &["--", "serve", "--demo"], flags].concat(),
    )
}

fn test() -> Result<()> {
    step("tidy");
    tidy::check()?;
    codegen::check()?;
    // First, for debug builds read these files from where they are, if they are.
    front_end::build()?;
    step("clippy");
    run(
        "cargo",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    step("documentation");
    shell::run_with(
        "cargo",
        &["doc", "--workspace", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    step("unit, conformance and service tests");
    run("cargo", &["test", "--workspace"])?;
    front_end::test()?;
    front_end::end_to_end()
}

fn screenshots() -> Result<()> {
    front_end::build()?;
    step("build");
    run("cargo", &["build", "--release", "--package", "server"])?;
    step("screenshots");
    front_end::screenshots()
}

fn bench(name: &str, part: Option<&str>) -> Result<()> {
    if !matches!(
        (name, part),
        ("ingest" | "player" | "sdk" | "frustration", None) | ("engine" | "search", _)
    ) {
        bail!(
            "there is no benchmark {name}; there are: ingest, engine, search, player, sdk, frustration"
        );
    }
    if matches!(name, "player" | "sdk" | "frustration") {
        front_end::build()?;
    }
    step("build");
    run(
        "cargo",
        &[
            "build",
            "--release",
            "--package",
            "server",
            "--package",
            "benches",
        ],
    )?;
    step(name);
    if matches!(name, "player" | "sdk" | "frustration") {
        return front_end::bench(name);
    }
    let mut arguments = vec![name, "target/release/reenact"];
    arguments.extend(part);
    let python = (name == "search").then(python::for_benches).flatten();
    let environment: Vec<_> = python
        .iter()
        .map(|it| ("BENCH_PYTHON", it.as_str()))
        .collect();
    shell::run_with("target/release/benches", &arguments, &environment)
}
