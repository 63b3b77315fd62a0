//! The `reenact` program: reads the command line and calls what does the work.

mod commands;
mod config;

use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Uploads are many small allocations on several threads: the system's allocator
/// took a fifth of the time of ingest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-hosted session replay in one program.
#[derive(Parser)]
#[command(name = "reenact", version = env!("CARGO_PKG_VERSION"))]
struct Cli {
    /// Settings file; see `reenact config --print`.
    #[arg(long, global = true, env = "REENACT_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server.
    Serve {
        /// Folder in which everything is kept.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Address and port; port 0 takes a free one.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Another address, for uploads only.
        #[arg(long)]
        ingest_listen: Option<SocketAddr>,
        /// Serves the demo shop at /demo/.
        #[arg(long)]
        demo: bool,
    },
    /// Sends recordings of rrweb, PostHog and Sentry to a running server.
    Import(commands::import::Import),
    /// Takes a replay out of a running server.
    Export(commands::export::Export),
    /// Says whether what a page sends arrives, and if not, why.
    Doctor(commands::doctor::Doctor),
    /// Sends source maps to a running server, so that stacks of errors can be read.
    #[command(subcommand)]
    SourceMaps(commands::source_maps::SourceMaps),
    /// Shows the settings in force and where each comes from.
    Config {
        #[arg(long, required = true)]
        print: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve {
            data,
            listen,
            ingest_listen,
            demo,
        } => {
            let flags = config::Flags {
                data,
                listen,
                ingest_listen,
                demo: demo.then_some(true),
            };
            config::layers(cli.config.as_deref(), &flags)
                .and_then(|layers| commands::serve::run(&config::Config::read(&layers)?))
        }
        Command::Import(import) => import.run(),
        Command::Export(export) => export.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::SourceMaps(source_maps) => source_maps.run(),
        Command::Config { .. } => config::layers(cli.config.as_deref(), &config::Flags::default())
            .and_then(|layers| config::print(&layers))
            .and_then(|text| commands::say(&text)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reenact: {error:#}");
            ExitCode::FAILURE
        }
    }
}
