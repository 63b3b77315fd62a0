//! End-to-end benchmarks of the release binary: `cargo xtask bench <name>`.
//!
//! Each prints a table for people and writes `target/bench/<name>.json` for
//! programs. Figures are compared with a named baseline of the same run, for
//! the speed of a machine differs from hour to hour.

mod engine;
mod families;
mod ingest;
mod load;
mod process;
mod report;
mod search;

use anyhow::{Result, bail};

/// As in the server, parts of which are measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ingest", server] => ingest::run(server).await,
        ["engine", server] => engine::run(server, "all").await,
        ["engine", server, part] => engine::run(server, part).await,
        ["search", _] => search::run("scaled").await,
        ["search", _, part] => search::run(part).await,
        ["bare"] => ingest::bare().await,
        _ => bail!(
            "usage: benches <ingest|engine|search> <path of the reenact binary> [part of engine or search]"
        ),
    }
}
