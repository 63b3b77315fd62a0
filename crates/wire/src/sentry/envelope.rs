//! The envelope: a line of JSON, then items of a header line and a payload each.
//!
//! ```text
//! envelope = header-line *( "\n" item-header-line "\n" payload ) [ "\n" ]
//! ```
//!
//! A header with `length` has a payload of exactly that many bytes, which may hold
//! line breaks; without one the payload ends at the next line break. A wrong length
//! costs nothing but its own item: the next line that looks like an item's header
//! is searched for.

use crate::Rejection;
use crate::value::{self, hex_id, iso_time};
use model::Timestamp;
use model::ingest::{Problems, Reason};
use rrweb::Tape;
use rrweb::tape::Value;

/// Real envelopes hold fewer than forty; each costs a little memory.
pub const MAX_ITEMS: usize = 1_000;

/// Traces put a few hundred bytes into the header of an envelope.
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_ITEM_HEADER_BYTES: usize = 8 * 1024;

/// Kinds of items that SDKs send. Only these end a search for the next item: the
/// payload of a replay event has a `type`, too.
const KINDS: [&str; 22] = [
    "event",
    "transaction",
    "replay_event",
    "replay_recording",
    "replay_video",
    "feedback",
    "user_report",
    "attachment",
    "session",
    "sessions",
    "client_report",
    "span",
    "log",
    "trace_metric",
    "profile",
    "profile_chunk",
    "check_in",
    "raw_security",
    "statsd",
    "metric_buckets",
    "otel_span",
    "nel",
];

/// The parts of a request, not read yet.
pub struct Envelope<'a> {
    pub(super) header: Tape,
    pub(super) items: Vec<Item<'a>>,
    pub(super) problems: Problems,
}

pub(super) struct Item<'a> {
    pub(super) kind: String,
    pub(super) header: Tape,
    pub(super) payload: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Splits a decompressed body.
    ///
    /// # Errors
    /// When the first line is no JSON object: then it is no envelope at all.
    pub fn parse(body: &'a [u8]) -> Result<Self, Rejection> {
        let mut rest = Rest { body, at: 0 };
        let line = rest.line();
        let header = match read_header(line, MAX_HEADER_BYTES) {
            Some(header) => header,
            None => {
                let message = "the first line of the envelope is not a JSON object";
                return Err(Rejection::new(Reason::InvalidJson, message));
            }
        };
        let mut problems = Problems::default();
        let mut items = Vec::new();
        while rest.skip_blank_lines() {
            if items.len() == MAX_ITEMS {
                problems.add(Reason::TooLarge, 1);
                break;
            }
            let line = rest.line();
            match item_header(line) {
                Some((kind, header)) => {
                    let length = value::count(header.root().get("length"));
                    let payload = rest.payload(length, &mut problems);
                    items.push(Item {
                        kind,
                        header,
                        payload,
                    });
                }
                None => {
                    // Its payload is most likely a line, too.
                    problems.add(Reason::InvalidItem, 1);
                    rest.at = next_item(body, rest.at).unwrap_or(body.len());
                }
            }
        }
        Ok(Self {
            header,
            items,
            problems,
        })
    }

    /// The id that the answer repeats: of the event, or of the replay.
    pub fn event_id(&self) -> Option<String> {
        hex_id(self.root().get("event_id"))
    }

    /// Where the page meant to send it, when it goes by way of its own server.
    pub fn dsn(&self) -> Option<&str> {
        self.root().get("dsn")?.as_str()
    }

    /// Whether an answer other than 200 would end somebody's replay.
    pub fn holds_replay(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.kind.starts_with("replay_"))
    }

    pub fn sent_at(&self) -> Option<Timestamp> {
        iso_time(self.root().get("sent_at")?.as_str()?)
    }

    /// A value of the trace that the envelope's sender is part of.
    pub(super) fn trace(&self, key: &str) -> Option<Value<'_>> {
        value::at(self.root(), &["trace", key])
    }

    pub(super) fn root(&self) -> Value<'_> {
        self.header.root()
    }
}

struct Rest<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn skip_blank_lines(&mut self) -> bool {
        while matches!(self.body.get(self.at), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
        self.at < self.body.len()
    }

    /// What is left of the line, and on to the next one.
    fn line(&mut self) -> &'a [u8] {
        let start = self.at;
        let end = line_end(self.body, start);
        self.at = (end + 1).min(self.body.len());
        &self.body[start..end]
    }

    fn payload(&mut self, length: Option<u64>, problems: &mut Problems) -> &'a [u8] {
        let Some(length) = length else {
            return self.line();
        };
        let start = self.at;
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length))
            .filter(|end| matches!(self.body.get(*end), None | Some(b'\n')))
            .filter(|end| *end <= self.body.len());
        let end = end.unwrap_or_else(|| {
            let next = next_item(self.body, start);
            problems.add(
                match next {
                    Some(_) => Reason::InvalidItem,
                    None => Reason::Truncated,
                },
                1,
            );
            // Without the line break before it.
            next.map_or(self.body.len(), |next| next - 1)
        });
        self.at = (end + 1).min(self.body.len());
        &self.body[start..end]
    }
}

fn line_end(body: &[u8], start: usize) -> usize {
    let found = body[start..].iter().position(|byte| *byte == b'\n');
    found.map_or(body.len(), |distance| start + distance)
}

/// Start of the next line after the one at `from` that is the header of an item.
fn next_item(body: &[u8], from: usize) -> Option<usize> {
    let mut at = line_end(body, from) + 1;
    while at < body.len() {
        let end = line_end(body, at);
        let line = &body[at..end];
        let is_header = line.starts_with(b"{")
            && item_header(line).is_some_and(|(kind, _)| KINDS.contains(&kind.as_str()));
        if is_header {
            return Some(at);
        }
        at = end + 1;
    }
    None
}

fn item_header(line: &[u8]) -> Option<(String, Tape)> {
    let header = read_header(line, MAX_ITEM_HEADER_BYTES)?;
    let kind = value::short(header.root().get("type"))?;
    Some((kind, header))
}

fn read_header(line: &[u8], max_bytes: usize) -> Option<Tape> {
    if line.len() > max_bytes {
        return None;
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let tape = value::parse(&value::lossy(line)).ok()?;
    tape.root().is_object().then_some(tape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, items: &[(&str, &str)], problems: &[(Reason, u64)]) {
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let found: Vec<(&str, &str)> = envelope
            .items
            .iter()
            .map(|item| {
                let payload = std::str::from_utf8(item.payload).unwrap();
                (item.kind.as_str(), payload)
            })
            .collect();
        assert_eq!(found, items);
        let found: Vec<(Reason, u64)> = envelope
            .problems
            .iter()
            .map(|problem| (problem.reason, problem.count))
            .collect();
        assert_eq!(found, problems);
    }

    #[test]
    fn items_with_and_without_length() {
        check("{}", &[], &[]);
        check("{}\n", &[], &[]);
        check(
            "{}\n{\"type\":\"event\"}\n{\"a\":1}\r\n\n{\"type\":\"attachment\",\"length\":5}\na\nb\nc\n{\"type\":\"x\",\"length\":0}\n\n{\"type\":\"session\"}\n{}",
            &[
                ("event", "{\"a\":1}\r"),
                ("attachment", "a\nb\nc"),
                ("x", ""),
                ("session", "{}"),
            ],
            &[],
        );
        check("{}\n{\"type\":\"event\"}", &[("event", "")], &[]);
    }

    #[test]
    fn a_wrong_length_costs_at_most_its_item() {
        let next = "\n{\"type\":\"session\"}\n{}";
        for length in ["3", "999999", "9007199254740992"] {
            check(
                &format!(
                    "{{}}\n{{\"type\":\"event\",\"length\":{length}}}\n{{\"a\":\"bcd\"}}{next}"
                ),
                &[("event", "{\"a\":\"bcd\"}"), ("session", "{}")],
                &[(Reason::InvalidItem, 1)],
            );
        }
        // A length that is no number is none.
        check(
            "{}\n{\"type\":\"event\",\"length\":-1}\n{\"a\":1}",
            &[("event", "{\"a\":1}")],
            &[],
        );
        // The payload of a replay event looks like a header, but is not the next line.
        check(
            "{}\n{\"type\":\"replay_event\",\"length\":7}\n{\"type\":\"replay_event\"}\n{\"type\":\"replay_recording\",\"length\":2}\n[]",
            &[
                ("replay_event", "{\"type\":\"replay_event\"}"),
                ("replay_recording", "[]"),
            ],
            &[(Reason::InvalidItem, 1)],
        );
    }

    #[test]
    fn a_cut_body_keeps_its_start() {
        check(
            "{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"replay_recording\",\"length\":50}\n{\"segment_id\":0}\nx",
            &[
                ("event", "{}"),
                ("replay_recording", "{\"segment_id\":0}\nx"),
            ],
            &[(Reason::Truncated, 1)],
        );
        check(
            "{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"replay_rec",
            &[("event", "{}")],
            &[(Reason::InvalidItem, 1)],
        );
    }

    #[test]
    fn a_broken_header_is_skipped_with_its_payload() {
        check(
            "{}\n{\"length\":3}\nabc\n{\"type\":\"session\"}\n{}",
            &[("session", "{}")],
            &[(Reason::InvalidItem, 1)],
        );
        for body in ["", "x", "[]", "{", "\n{}"] {
            assert!(Envelope::parse(body.as_bytes()).is_err(), "{body:?}");
        }
    }

    #[test]
    fn the_number_of_items_is_bounded() {
        let body = format!("{{}}{}", "\n{\"type\":\"x\"}\n{}".repeat(MAX_ITEMS + 5));
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        assert_eq!(envelope.items.len(), MAX_ITEMS);
        assert_eq!(envelope.problems.count(Reason::TooLarge), 1);
    }
}
