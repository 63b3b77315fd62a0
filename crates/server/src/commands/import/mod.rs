//! `reenact import`: sends recordings in files to a running server, in uploads of
//! bounded size, as their recorders would. What a file holds is told by its content.

mod files;
mod format;
mod journal;
mod posthog;
mod rrweb;
mod sender;
mod sentry;

use super::say;
use anyhow::{Result, bail};
use files::Found;
use format::Skip;
use journal::Journal;
use sender::Sender;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Import {
    /// Files, folders and zip archives: rrweb events (a JSON array, or one event per
    /// line), PostHog exports and snapshots, segments of Sentry replays; plain, gzip
    /// or zstd.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:7788")]
    server: String,
    /// Ingest key of the project.
    #[arg(long, env = "REENACT_INGEST_KEY")]
    key: String,
    /// Device of rrweb recordings, which do not name one.
    #[arg(long, default_value = "import")]
    device_id: String,
    /// The file's name if not given; only for a single file.
    #[arg(long)]
    session_id: Option<String>,
    #[arg(long)]
    user_id: Option<String>,
    /// Reads everything and sends nothing.
    #[arg(long)]
    dry_run: bool,
    /// File that remembers what was sent, so that an import that was stopped goes on
    /// where it was. Delete it to send everything again. If not given, it lies beside
    /// the first of the files: `<file>.reenact-journal`.
    #[arg(long)]
    journal: Option<PathBuf>,
}

/// What became of one recording.
#[derive(Default)]
struct Totals {
    format: &'static str,
    events: u64,
    uploads: u64,
    uploads_there_before: u64,
    /// Events that were dropped or repaired, by reason.
    problems: BTreeMap<&'static str, u64>,
}

impl Import {
    fn journal_path(&self) -> PathBuf {
        let beside = |first: &PathBuf| {
            // A folder may be named by dots.
            let path = first.canonicalize().ok()?;
            let mut name = path.file_name()?.to_owned();
            name.push(".reenact-journal");
            Some(path.with_file_name(name))
        };
        let journal = self.journal.clone();
        journal
            .or_else(|| self.files.first().and_then(beside))
            .unwrap_or_else(|| PathBuf::from(".reenact-journal"))
    }

    pub fn run(&self) -> Result<()> {
        let (found, mut skipped) = files::find(&self.files)?;
        if self.session_id.is_some() && found.len() > 1 {
            bail!(
                "--session-id names one recording, but there are {} files",
                found.len()
            );
        }
        let mut journal = match self.dry_run {
            true => Journal::nowhere(),
            false => Journal::open(&self.journal_path())?,
        };
        let progress = files::progress_bar(&found)?;
        let (mut stored, mut failed) = (0_usize, Vec::new());
        for file in &found {
            progress.set_message(file.name());
            let mut sender = Sender::new(self, &mut journal);
            let read = format::read(self, file, &progress, &mut sender);
            match read.and_then(|()| sender.finish()) {
                Ok(totals) if totals.uploads == 0 => {
                    skipped.push((file.name(), "it holds no events".to_owned()));
                }
                Ok(totals) => {
                    stored += 1;
                    progress.suspend(|| say(&self.line(file, &totals)))?;
                }
                // One that was found in a folder need not be a recording.
                Err(error) if !file.is_named && error.is::<Skip>() => {
                    skipped.push((file.name(), error.to_string()));
                }
                Err(error) => {
                    progress.suspend(|| eprintln!("{}: {error:#}", file.name()));
                    failed.push(file.name());
                }
            }
        }
        progress.finish_and_clear();
        for (name, why) in &skipped {
            say(&format!("{name}: skipped, {why}\n"))?;
        }
        if found.len() + skipped.len() > 1 {
            let (skipped, failed) = (skipped.len(), failed.len());
            say(&format!(
                "{stored} recordings, {skipped} skipped, {failed} failed\n"
            ))?;
        }
        if !failed.is_empty() {
            bail!(
                "{} of {} files were not imported whole; run the same command again to go on",
                failed.len(),
                found.len()
            );
        }
        Ok(())
    }

    fn line(&self, file: &Found, totals: &Totals) -> String {
        let verb = if self.dry_run { "readable" } else { "stored" };
        let mut line = format!(
            "{}: {}, {} events {verb}",
            file.name(),
            totals.format,
            totals.events
        );
        if totals.uploads_there_before == totals.uploads {
            line.push_str(", all of them before");
        } else if totals.uploads_there_before > 0 {
            line.push_str(&format!(
                ", {} of {} uploads before",
                totals.uploads_there_before, totals.uploads
            ));
        }
        if !totals.problems.is_empty() {
            let list: Vec<_> = totals
                .problems
                .iter()
                .map(|(reason, count)| format!("{reason} {count}"))
                .collect();
            line.push_str(&format!(" ({})", list.join(", ")));
        }
        line.push('\n');
        line
    }
}
