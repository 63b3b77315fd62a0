//! `reenact import`: sends recordings in files to a running server, in uploads
//! of bounded size, as a recorder would.

use super::say;
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// JSON in one upload; the server takes much more.
const UPLOAD_BYTES: usize = 2 << 20;
const ZSTD_LEVEL: i32 = 3;
/// The window of recordings packed with `zstd --long`.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

#[derive(clap::Args)]
pub struct Import {
    /// rrweb recordings: a JSON array of events, or one event per line; plain,
    /// gzip or zstd.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:7788")]
    server: String,
    /// Ingest key of the project.
    #[arg(long, env = "REENACT_INGEST_KEY")]
    key: String,
    #[arg(long, default_value = "import")]
    device_id: String,
    /// The file's name if not given; only for a single file.
    #[arg(long)]
    session_id: Option<String>,
    #[arg(long)]
    user_id: Option<String>,
}

#[derive(Default)]
struct Totals {
    events: u64,
    problems: serde_json::Map<String, serde_json::Value>,
}

impl Import {
    pub fn run(&self) -> Result<()> {
        if self.session_id.is_some() && self.files.len() > 1 {
            bail!(
                "--session-id names one recording, but there are {} files",
                self.files.len()
            );
        }
        let mut failed = 0;
        for file in &self.files {
            match self.one(file) {
                Ok(totals) => {
                    let problems = if totals.problems.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", serde_json::to_string(&totals.problems)?)
                    };
                    say(&format!(
                        "{}: {} events stored{problems}\n",
                        file.display(),
                        totals.events
                    ))?;
                }
                Err(error) => {
                    failed += 1;
                    eprintln!("{}: {error:#}", file.display());
                }
            }
        }
        if failed > 0 {
            bail!(
                "{failed} of {} files were not imported whole",
                self.files.len()
            );
        }
        Ok(())
    }

    fn one(&self, path: &Path) -> Result<Totals> {
        let file = File::open(path).context("cannot open")?;
        let progress = ProgressBar::new(file.metadata().context("cannot read")?.len());
        let style =
            ProgressStyle::with_template("{bar:30} {percent}% {bytes}/{total_bytes} {eta} {msg}")
                .context("progress bar")?;
        progress.set_style(style);
        progress.set_message(
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        );
        let mut reader = BufReader::new(unpacked(progress.wrap_read(file))?);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default();
        let session_id = self.session_id.as_deref().unwrap_or(stem);
        let mut upload = Upload::new(self, session_id);
        if first_byte(&mut reader)? == Some(b'[') {
            let mut text = String::new();
            reader.read_to_string(&mut text).context("cannot read")?;
            let events: Vec<&RawValue> = serde_json::from_str(&text).context("not a JSON array")?;
            for event in events {
                upload.add(event.get())?;
            }
        } else {
            for line in reader.lines() {
                upload.add(line.context("cannot read")?.trim())?;
            }
        }
        upload.send()?;
        progress.finish_and_clear();
        Ok(upload.totals)
    }
}

fn unpacked(file: impl Read + 'static) -> Result<Box<dyn Read>> {
    let mut file = BufReader::new(file);
    let start = file.fill_buf().context("cannot read")?;
    Ok(match start {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::Decoder::with_buffer(file).context("not zstd")?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .context("zstd")?;
            Box::new(decoder)
        }
        _ => Box::new(file),
    })
}

fn first_byte(reader: &mut impl BufRead) -> Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf().context("cannot read")?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let blank = buffer
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if let Some(byte) = buffer.get(blank) {
            return Ok(Some(*byte));
        }
        reader.consume(blank);
    }
}

struct Upload {
    url: String,
    authorization: String,
    lines: String,
    totals: Totals,
}

impl Upload {
    fn new(import: &Import, session_id: &str) -> Self {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let mut url = format!(
            "{}/api/v1/ingest/rrweb?device_id={}&session_id={}",
            import.server.trim_end_matches('/'),
            encode(&import.device_id),
            encode(session_id)
        );
        if let Some(user) = &import.user_id {
            url.push_str(&format!("&user_id={}", encode(user)));
        }
        Self {
            url,
            authorization: format!("Bearer {}", import.key),
            lines: String::new(),
            totals: Totals::default(),
        }
    }

    fn add(&mut self, event: &str) -> Result<()> {
        if event.is_empty() {
            return Ok(());
        }
        if !self.lines.is_empty() && self.lines.len() + event.len() > UPLOAD_BYTES {
            self.send()?;
        }
        // A pretty-printed event of an array spans lines; strings cannot hold any.
        self.lines.extend(
            event
                .chars()
                .map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }),
        );
        self.lines.push('\n');
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let body = zstd::bulk::compress(self.lines.as_bytes(), ZSTD_LEVEL).context("zstd")?;
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let sent = agent
            .post(&self.url)
            .header("authorization", &self.authorization)
            .header("content-type", "application/x-ndjson")
            .header("content-encoding", "zstd")
            .send(&body[..]);
        let mut answer = sent.context("cannot reach the server")?;
        let text = answer
            .body_mut()
            .read_to_string()
            .context("cannot read the answer")?;
        if !answer.status().is_success() {
            bail!("the server answered {}: {text}", answer.status());
        }
        let answer: serde_json::Value =
            serde_json::from_str(&text).context("the answer is not JSON")?;
        self.totals.events += answer["accepted_events"].as_u64().unwrap_or(0);
        for (reason, count) in answer["problems"].as_object().into_iter().flatten() {
            let before = self
                .totals
                .problems
                .get(reason)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0);
            self.totals.problems.insert(
                reason.clone(),
                (before + count.as_u64().unwrap_or(0)).into(),
            );
        }
        self.lines.clear();
        Ok(())
    }
}
