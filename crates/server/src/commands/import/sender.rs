//! Uploads of one recording: counted with the server's own decoder, remembered, sent.

use super::journal::Journal;
use super::{Import, Totals};
use anyhow::{Context, Result, bail};
use model::Timestamp;
use model::batch::Batch;
use model::ingest::{Client, Problems, ReplayPayload};

/// JSON in one upload; the server takes much more.
pub const UPLOAD_BYTES: usize = 2 << 20;
const ZSTD_LEVEL: i32 = 3;
/// What the local count may inflate; the server has its own limit.
const MAX_INFLATED_BYTES: usize = 256 << 20;

pub struct Sender<'a> {
    import: &'a Import,
    journal: &'a mut Journal,
    agent: ureq::Agent,
    pub totals: Totals,
}

impl<'a> Sender<'a> {
    pub fn new(import: &'a Import, journal: &'a mut Journal) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Self {
            import,
            journal,
            agent,
            totals: Totals::default(),
        }
    }

    pub fn finish(self) -> Result<Totals> {
        Ok(self.totals)
    }

    /// rrweb events, one per line.
    pub fn rrweb(&mut self, session_id: &str, lines: &str) -> Result<()> {
        let device_id = &self.import.device_id;
        let user = self.import.user_id.as_deref();
        let decoded = wire::plain::decode_plain(
            lines.as_bytes(),
            device_id,
            session_id,
            Client::default(),
            Timestamp::now(),
            wire::MAX_EVENT_BYTES,
        );
        let upload = decoded.map_err(|rejection| anyhow::anyhow!("{}", rejection.message))?;
        self.count(&upload.payload, &upload.problems);
        let mut path = format!(
            "/api/v1/ingest/rrweb?device_id={}&session_id={}",
            encode(device_id),
            encode(session_id)
        );
        if let Some(user) = user {
            path.push_str(&format!("&user_id={}", encode(user)));
        }
        self.post(&path, "application/x-ndjson", lines.as_bytes())
    }

    /// A request as a PostHog SDK sends it.
    pub fn posthog(&mut self, body: &str) -> Result<()> {
        let request = wire::posthog::Request::parse(body.as_bytes())
            .map_err(|rejection| anyhow::anyhow!("{}", rejection.message))?;
        let batch = request.decode(&Client::default(), Timestamp::now(), MAX_INFLATED_BYTES);
        self.count_batch(&batch);
        self.post("/s/", "application/json", body.as_bytes())
    }

    /// An envelope as a Sentry SDK sends it.
    pub fn sentry(&mut self, envelope: &[u8]) -> Result<()> {
        let parsed = wire::sentry::Envelope::parse(envelope)
            .map_err(|rejection| anyhow::anyhow!("{}", rejection.message))?;
        self.count_batch(&parsed.decode(&Client::default(), Timestamp::now()));
        let path = format!(
            "/api/1/envelope/?sentry_version=7&sentry_key={}",
            encode(&self.import.key)
        );
        self.post(&path, "application/x-sentry-envelope", envelope)
    }

    fn count_batch(&mut self, batch: &Batch) {
        for replay in &batch.replays {
            self.count(&replay.upload.payload, &replay.upload.problems);
        }
        self.count_problems(&batch.problems);
    }

    fn count(&mut self, payload: &ReplayPayload, problems: &Problems) {
        if let ReplayPayload::Events(events) = payload {
            self.totals.events += events.len() as u64;
        }
        self.count_problems(problems);
    }

    fn count_problems(&mut self, problems: &Problems) {
        for problem in problems.iter() {
            let count = self
                .totals
                .problems
                .entry(problem.reason.name())
                .or_default();
            *count += problem.count;
        }
    }

    fn post(&mut self, path: &str, content_type: &str, body: &[u8]) -> Result<()> {
        self.totals.uploads += 1;
        if self.import.dry_run {
            return Ok(());
        }
        let url = format!("{}{path}", self.import.server.trim_end_matches('/'));
        let mut hasher = blake3::Hasher::new();
        for part in [
            url.as_bytes(),
            b"\0",
            self.import.key.as_bytes(),
            b"\0",
            body,
        ] {
            hasher.update(part);
        }
        let hash = hasher.finalize().to_hex().to_string();
        if self.journal.holds(&hash) {
            self.totals.uploads_there_before += 1;
            return Ok(());
        }
        let packed = zstd::bulk::compress(body, ZSTD_LEVEL).context("zstd")?;
        let sent = self
            .agent
            .post(&url)
            .header("authorization", format!("Bearer {}", self.import.key))
            .header("content-type", content_type)
            .header("content-encoding", "zstd")
            .send(&packed[..]);
        let mut answer = sent.context("cannot reach the server")?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        if !answer.status().is_success() {
            bail!("the server answered {}: {text}", answer.status());
        }
        self.journal.add(hash)
    }

    pub fn import(&self) -> &Import {
        self.import
    }
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
