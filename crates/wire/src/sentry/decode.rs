//! From the items of an envelope to what the product keeps.

use super::envelope::{Envelope, Item};
use super::replay::Halves;
use super::{event, health, span};
use crate::value::{self, lossy, short};
use crate::{Rejection, encoding};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use model::Timestamp;
use model::batch::{Attachment, Batch, SkippedItems};
use model::ingest::{Client, Reason, Source};
use rrweb::tape::Value;
use std::borrow::Cow;

/// The vendor takes 1 MB of an event and 12 MB of a container of spans.
const MAX_JSON_BYTES: usize = 12_000_000;
const MAX_ATTACHMENTS: usize = 30;
/// Kinds of skipped items that are told apart.
const MAX_SKIPPED_KINDS: usize = 30;

impl Envelope<'_> {
    /// Reads all items. `client` is what the connection says; the items' own words
    /// about SDK and user come first.
    pub fn decode(&self, client: &Client, received_at: Timestamp) -> Batch {
        let mut batch = Batch::new(Source::Sentry);
        for problem in self.problems.iter() {
            batch.problems.add(problem.reason, problem.count);
        }
        let mut halves = Halves::default();
        for item in &self.items {
            let result = match item.kind.as_str() {
                "replay_event" => halves.add_event(item.payload, self, received_at),
                "replay_recording" => {
                    halves.add_recording(item.payload, received_at);
                    Ok(())
                }
                "replay_video" => {
                    halves.add_video(item.payload, self, received_at);
                    Ok(())
                }
                "attachment" => self.add_attachment(item, &mut batch),
                "event" | "transaction" | "feedback" | "user_report" | "span" | "session"
                | "sessions" | "client_report" => {
                    self.add_json(&item.kind, item.payload, received_at, &mut batch)
                }
                kind => {
                    skip(kind, &mut batch);
                    Ok(())
                }
            };
            if let Err(reason) = result {
                batch.problems.add(reason, 1);
            }
        }
        batch.replays = halves.join(self, client, &mut batch.problems);
        batch
    }

    fn add_json(
        &self,
        kind: &str,
        payload: &[u8],
        received_at: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Reason> {
        if payload.len() > MAX_JSON_BYTES {
            return Err(Reason::EventTooLarge);
        }
        let tape = value::parse(&lossy(payload))?;
        let item = tape.root();
        if !item.is_object() {
            return Err(Reason::InvalidItem);
        }
        let problems = &mut batch.problems;
        match kind {
            "event" => {
                let error = event::error_event(item, self, received_at, problems);
                batch.errors.push(error);
            }
            "transaction" => {
                let spans = span::transaction(item, self, received_at, problems);
                batch.spans.extend(spans);
            }
            "span" => {
                let spans = span::spans(item, self, received_at, problems);
                batch.spans.extend(spans);
            }
            "feedback" => {
                let feedback = event::feedback(item, self, received_at, problems);
                batch.feedback.push(feedback.ok_or(Reason::InvalidItem)?);
            }
            "user_report" => {
                let report = event::user_report(item, self, received_at);
                batch.feedback.push(report.ok_or(Reason::InvalidItem)?);
            }
            "session" => batch.visits.push(health::session(item, received_at)),
            "sessions" => batch.visits.extend(health::sessions(item, received_at)),
            _ => {
                let losses = health::client_report(item, problems);
                batch.client_losses.extend(losses);
            }
        }
        Ok(())
    }

    fn add_attachment(&self, item: &Item<'_>, batch: &mut Batch) -> Result<(), Reason> {
        if batch.attachments.len() == MAX_ATTACHMENTS {
            return Err(Reason::TooLarge);
        }
        let header = |key| short(item.header.root().get(key));
        batch.attachments.push(Attachment {
            event_id: self.event_id(),
            file_name: header("filename"),
            content_type: header("content_type"),
            kind: header("attachment_type"),
            bytes: item.payload.to_vec(),
        });
        Ok(())
    }
}

fn skip(kind: &str, batch: &mut Batch) {
    batch.problems.add(Reason::UnknownItem, 1);
    if let Some(skipped) = batch.skipped.iter_mut().find(|it| it.kind == kind) {
        skipped.count += 1;
    } else if batch.skipped.len() < MAX_SKIPPED_KINDS {
        batch.skipped.push(SkippedItems {
            kind: kind.to_owned(),
            count: 1,
        });
    }
}

/// Reads the body of the `store` endpoint: one event, with the id for the answer.
/// SDKs of the first years put it into zlib and base64.
///
/// # Errors
/// When it is no event in any of these forms.
pub fn decode_store(
    body: &[u8],
    received_at: Timestamp,
    limit_bytes: usize,
) -> Result<(Option<String>, Batch), Rejection> {
    let invalid = || Rejection::new(Reason::InvalidJson, "the body is not one event as JSON");
    let body = body.trim_ascii();
    let json = match body.first() {
        Some(b'{') => Cow::Borrowed(body),
        _ => {
            let deflated = BASE64_STANDARD.decode(body).map_err(|_| invalid())?;
            Cow::Owned(encoding::inflate_zlib(&deflated, limit_bytes).bytes)
        }
    };
    let envelope = Envelope::parse(b"{}")?;
    let tape = value::parse(&lossy(&json)).map_err(|_| invalid())?;
    let kind = match tape.root().get("type").and_then(Value::as_str) {
        Some("transaction") => "transaction",
        _ => "event",
    };
    let event_id = value::hex_id(tape.root().get("event_id"));
    let mut batch = Batch::new(Source::Sentry);
    envelope
        .add_json(kind, &json, received_at, &mut batch)
        .map_err(|reason| Rejection::new(reason, "the event cannot be read"))?;
    Ok((event_id, batch))
}
