//! `reenact export`: takes a replay out of a running server, as plain rrweb JSON or
//! as one HTML file that plays without a network.

use super::say;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Export {
    /// The replay's id, as in its address.
    replay: String,
    /// `json`: the events as they were recorded. `html`: a page with a player.
    #[arg(long, default_value = "json", value_parser = ["json", "html"])]
    format: String,
    /// Where to write; `-` is standard output.
    #[arg(long, short, default_value = "-")]
    output: PathBuf,
    /// Number of the tab, for recordings of several (html only).
    #[arg(long)]
    tab: Option<usize>,
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:7788")]
    server: String,
    /// API token of the project.
    #[arg(long, env = "REENACT_API_TOKEN")]
    token: String,
}

impl Export {
    pub fn run(&self) -> Result<()> {
        let id: String =
            percent_encoding::utf8_percent_encode(&self.replay, percent_encoding::NON_ALPHANUMERIC)
                .collect();
        let server = self.server.trim_end_matches('/');
        let mut url = format!("{server}/api/v1/replays/{id}/export?format={}", self.format);
        if let Some(tab) = self.tab {
            url.push_str(&format!("&tab={tab}"));
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut answer = agent
            .get(&url)
            .header("authorization", format!("Bearer {}", self.token))
            .call()
            .context("cannot reach the server")?;
        if !answer.status().is_success() {
            let text = answer.body_mut().read_to_string().unwrap_or_default();
            bail!("the server answered {}: {text}", answer.status());
        }
        let mut from = answer.body_mut().as_reader();
        if self.output == Path::new("-") {
            copy(&mut from, &mut std::io::stdout().lock())?;
            return Ok(());
        }
        // Under another name until it is whole.
        let mut part = self.output.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut file =
            File::create(&part).with_context(|| format!("cannot create {}", part.display()))?;
        let copied = copy(&mut from, &mut file).and_then(|size_bytes| {
            file.sync_all().context("cannot write")?;
            std::fs::rename(&part, &self.output).context("cannot name the file")?;
            Ok(size_bytes)
        });
        if copied.is_err() {
            // The error that matters is the one before.
            let _ = std::fs::remove_file(&part);
        }
        say(&format!("{}: {} bytes\n", self.output.display(), copied?))
    }
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> Result<u64> {
    std::io::copy(from, to).context("the recording did not arrive whole")
}
