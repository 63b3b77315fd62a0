//! A part of a replay: a `replay_event` that describes it and a `replay_recording`
//! with its events, or both in one `replay_video` item from a mobile device.
//!
//! They are joined by their segment number. Either half is kept without the other:
//! a description still links errors, and a recording still plays, because all parts
//! of a replay name it in the envelope's header, too.

use super::envelope::Envelope;
use super::event::{device, origin, person};
use super::msgpack::read_parts;
use crate::body::for_each_in;
use crate::encoding::{InflateEnd, Inflated, inflate_sniffed, inflate_zlib};
use crate::replay_event::EventBatch;
use crate::value::{self, at, count, hex_id, lossy, short, short_list, short_pairs, time};
use model::Timestamp;
use model::batch::{ReplayFacts, ReplaySegment, VideoSegment};
use model::ingest::{
    About, Client, Problems, RawEvent, Reason, ReplayPayload, ReplayUpload, Source,
};
use rrweb::envelope::kind;
use rrweb::tape::Value;
use serde_json::value::RawValue;

/// The SDK ends a recording whose segment passes 20 million characters, each of
/// which has at most three bytes.
pub const MAX_RECORDING_BYTES: usize = 64_000_000;

/// A segment is a few seconds long, after a buffer a minute.
pub const MAX_EVENTS_PER_RECORDING: usize = 100_000;

const VIDEO_TAG: &str = "video";

/// The halves of one envelope, until all of its items were seen.
#[derive(Default)]
pub(super) struct Halves {
    described: Vec<Described>,
    recorded: Vec<Recorded>,
    complete: Vec<(Option<Described>, Recorded)>,
    /// Left of [`MAX_RECORDING_BYTES`]: it is a limit of the envelope.
    inflated_bytes: usize,
}

struct Described {
    replay_id: Option<String>,
    user_agent: Option<String>,
    facts: ReplayFacts,
}

struct Recorded {
    segment: Option<u64>,
    events: Vec<RawEvent>,
    mp4: Option<Vec<u8>>,
    problems: Problems,
}

impl Halves {
    pub(super) fn add_event(
        &mut self,
        payload: &[u8],
        envelope: &Envelope<'_>,
        received_at: Timestamp,
    ) -> Result<(), Reason> {
        self.described
            .push(describe(payload, envelope, received_at)?);
        Ok(())
    }

    pub(super) fn add_recording(&mut self, payload: &[u8], received_at: Timestamp) {
        let recorded = self.read_recording(payload, received_at);
        self.recorded.push(recorded);
    }

    pub(super) fn add_video(
        &mut self,
        payload: &[u8],
        envelope: &Envelope<'_>,
        received_at: Timestamp,
    ) {
        let parts = read_parts(payload);
        let mut recorded = self.read_recording(parts.recording.unwrap_or_default(), received_at);
        if let Some(reason) = parts.problem {
            recorded.problems.add(reason, 1);
        }
        let described = parts
            .event
            .map(|event| describe(event, envelope, received_at));
        let described = match described {
            Some(Ok(described)) => Some(described),
            Some(Err(reason)) => {
                recorded.problems.add(reason, 1);
                None
            }
            None => None,
        };
        if let Some(video) = parts.video.filter(|video| !video.is_empty()) {
            match is_mp4(video) {
                true => recorded.mp4 = Some(video.to_vec()),
                false => recorded.problems.add(Reason::InvalidItem, 1),
            }
        }
        self.complete.push((described, recorded));
    }

    fn read_recording(&mut self, payload: &[u8], received_at: Timestamp) -> Recorded {
        let limit_bytes = MAX_RECORDING_BYTES - self.inflated_bytes;
        let mut problems = Problems::default();
        let (segment, body) = split_recording(payload);
        let text = recording_text(body, limit_bytes, &mut problems);
        self.inflated_bytes += text.len().min(limit_bytes);
        let (events, problems) = read_events(&text, received_at, problems);
        Recorded {
            segment,
            events,
            mp4: None,
            problems,
        }
    }

    /// Joins what belongs together. What has no replay id in any place is dropped.
    pub(super) fn join(
        mut self,
        envelope: &Envelope<'_>,
        client: &Client,
        problems: &mut Problems,
    ) -> Vec<ReplaySegment> {
        let mut pairs = std::mem::take(&mut self.complete);
        for recorded in std::mem::take(&mut self.recorded) {
            let same_segment = |it: &Described| it.facts.segment == recorded.segment;
            let at =
                self.described
                    .iter()
                    .position(same_segment)
                    .or(if self.described.is_empty() {
                        None
                    } else {
                        Some(0)
                    });
            pairs.push((at.map(|at| self.described.remove(at)), recorded));
        }
        let mut segments = Vec::new();
        for (described, recorded) in pairs {
            let problem_count = recorded.events.len() as u64;
            match segment(described, Some(recorded), envelope, client) {
                Some(segment) => segments.push(segment),
                None => problems.add(Reason::InvalidId, problem_count.max(1)),
            }
        }
        for described in self.described {
            match segment(Some(described), None, envelope, client) {
                Some(segment) => segments.push(segment),
                None => problems.add(Reason::InvalidId, 1),
            }
        }
        segments
    }
}

fn describe(
    payload: &[u8],
    envelope: &Envelope<'_>,
    received_at: Timestamp,
) -> Result<Described, Reason> {
    let tape = value::parse(&lossy(payload))?;
    let event = tape.root();
    if !event.is_object() {
        return Err(Reason::InvalidItem);
    }
    // iOS sends `replay_video` as the type: it is not looked at.
    let ids = |key| {
        let list = event.get(key).into_iter().flat_map(Value::items);
        list.take(value::MAX_LIST)
            .filter_map(|id| hex_id(Some(id)))
            .collect()
    };
    let kind = event.get("replay_type").and_then(Value::as_str);
    let facts = ReplayFacts {
        segment: count(event.get("segment_id")),
        upload_ids: Vec::new(),
        is_triggered_by_error: matches!(kind, Some("buffer" | "error")),
        started_at: time(event.get("replay_start_timestamp")),
        ended_at: time(event.get("timestamp")),
        clock_offset_ms: envelope
            .sent_at()
            .map(|sent_at| received_at.millis() - sent_at.millis()),
        urls: short_list(event.get("urls")),
        error_ids: ids("error_ids"),
        trace_ids: ids("trace_ids"),
        origin: origin(event, envelope),
        person: person(event),
        tags: short_pairs(event.get("tags")),
        device: device(event),
        locale: short(at(event, &["contexts", "culture", "locale"])),
        time_zone: short(at(event, &["contexts", "culture", "timezone"])),
        json: Some(event.to_json()),
    };
    let headers = at(event, &["request", "headers"]);
    Ok(Described {
        replay_id: hex_id(event.get("replay_id")),
        user_agent: short(headers.and_then(|headers| headers.get("User-Agent"))),
        facts,
    })
}

/// The segment's number from the header line, and the body after it. A body without
/// that line is tolerated.
fn split_recording(payload: &[u8]) -> (Option<u64>, &[u8]) {
    let end = payload.iter().position(|byte| *byte == b'\n');
    let line = &payload[..end.unwrap_or(payload.len())];
    if !line.starts_with(b"{") {
        return (None, payload);
    }
    let body = end.map_or(&payload[payload.len()..], |end| &payload[end + 1..]);
    let header = value::parse(&lossy(line)).ok();
    let segment = header.and_then(|header| count(header.root().get("segment_id")));
    (segment, body)
}

/// The recording's JSON: deflated by the SDK's worker, or as it is when the page's
/// policy forbids workers, and on mobile devices.
fn recording_text(body: &[u8], limit_bytes: usize, problems: &mut Problems) -> String {
    let inflated = match body.first() {
        None => return String::new(),
        Some(0x78) => inflate_zlib(body, limit_bytes),
        Some(b'[' | b' ' | b'\n' | b'\t') if body.len() <= limit_bytes => Inflated {
            bytes: body.to_vec(),
            end: InflateEnd::Complete,
        },
        _ => match inflate_sniffed(body, limit_bytes) {
            Some(inflated) => inflated,
            None => {
                problems.add(Reason::InvalidItem, 1);
                return String::new();
            }
        },
    };
    match inflated.end {
        InflateEnd::Complete => {}
        InflateEnd::Broken => problems.add(Reason::Truncated, 1),
        InflateEnd::TooLarge => problems.add(Reason::TooLarge, 1),
    }
    String::from_utf8(inflated.bytes).unwrap_or_else(|error| {
        // A character that was cut in the middle is no repair.
        let is_cut = error.utf8_error().error_len().is_none();
        problems.add(Reason::RepairedText, u64::from(!is_cut));
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })
}

fn read_events(
    text: &str,
    received_at: Timestamp,
    mut problems: Problems,
) -> (Vec<RawEvent>, Problems) {
    let mut batch = EventBatch::accepting_seconds();
    let mut seen = 0;
    if !text.trim_ascii().is_empty() {
        let result = for_each_in(text, |event: &RawValue| {
            seen += 1;
            if seen <= MAX_EVENTS_PER_RECORDING {
                batch.add(event.get().to_owned());
            }
        });
        // Where the data is known to be cut, this is that cut.
        if let Err(error) = result
            && problems.count(Reason::Truncated) + problems.count(Reason::TooLarge) == 0
        {
            let reason = match error.is_eof() {
                true => Reason::Truncated,
                false => Reason::InvalidItem,
            };
            problems.add(reason, 1);
        }
    }
    let surplus = seen.saturating_sub(MAX_EVENTS_PER_RECORDING);
    problems.add(Reason::InvalidEvent, surplus as u64);
    batch.finish(received_at, problems)
}

fn segment(
    described: Option<Described>,
    recorded: Option<Recorded>,
    envelope: &Envelope<'_>,
    client: &Client,
) -> Option<ReplaySegment> {
    let (replay_id, user_agent, mut facts) = match described {
        Some(it) => (it.replay_id, it.user_agent, it.facts),
        None => (None, None, ReplayFacts::default()),
    };
    let replay_id = replay_id.or_else(|| envelope.event_id())?;
    let (events, mp4, problems) = match recorded {
        Some(it) => {
            facts.segment = it.segment.or(facts.segment);
            (it.events, it.mp4, it.problems)
        }
        None => (Vec::new(), None, Problems::default()),
    };
    let video = mp4.map(|mp4| video(mp4, &events, &facts));
    let person = &facts.person;
    let user_id = [&person.id, &person.email, &person.username];
    let client = Client {
        sdk: facts.origin.sdk.clone().or_else(|| client.sdk.clone()),
        sdk_version: facts
            .origin
            .sdk_version
            .clone()
            .or_else(|| client.sdk_version.clone()),
        // By way of a tunnel, the connection's is a server's.
        user_agent: user_agent.or_else(|| client.user_agent.clone()),
        country: client.country.clone(),
        user_id: user_id.into_iter().flatten().next().cloned(),
    };
    Some(ReplaySegment {
        upload: ReplayUpload {
            source: Source::Sentry,
            device_id: replay_id.clone(),
            session_id: replay_id,
            client,
            about: about(&facts),
            payload: ReplayPayload::Events(events),
            problems,
        },
        facts,
        video,
    })
}

fn about(facts: &ReplayFacts) -> About {
    let device = &facts.device;
    let os = match (&device.os, &device.os_version) {
        (Some(os), Some(version)) => Some(format!("{os} {version}")),
        (os, _) => os.clone(),
    };
    About {
        segment: facts.segment,
        started_at: facts.started_at,
        visitor_id: None,
        release: facts.origin.release.clone(),
        environment: facts.origin.environment.clone(),
        os,
        device: device.model.clone().or_else(|| device.family.clone()),
        tags: facts.tags.clone(),
    }
}

/// An mp4 file begins with a box of this type.
fn is_mp4(video: &[u8]) -> bool {
    video.get(4..8) == Some(b"ftyp")
}

/// What the film is like is told by an event among the others.
fn video(mp4: Vec<u8>, events: &[RawEvent], facts: &ReplayFacts) -> VideoSegment {
    let mut video = VideoSegment {
        at: facts
            .started_at
            .or_else(|| events.iter().map(|event| event.timestamp).min())
            .unwrap_or_default(),
        duration_ms: 0,
        width: 0,
        height: 0,
        frame_count: None,
        frame_rate: None,
        mp4,
    };
    if let (Some(start), Some(end)) = (facts.started_at, facts.ended_at) {
        video.duration_ms = u64::try_from(end.millis() - start.millis()).unwrap_or(0);
    }
    for event in events.iter().filter(|event| event.kind == kind::CUSTOM) {
        let Ok(tape) = value::parse(&event.json) else {
            continue;
        };
        let data = tape.root().get("data");
        let tag = data
            .and_then(|data| data.get("tag"))
            .and_then(Value::as_str);
        if let Some(payload) = data.and_then(|data| data.get("payload"))
            && tag == Some(VIDEO_TAG)
        {
            let pixels = |key| u32::try_from(count(payload.get(key)).unwrap_or(0)).unwrap_or(0);
            video.at = event.timestamp;
            video.duration_ms = count(payload.get("duration")).unwrap_or(video.duration_ms);
            video.width = pixels("width");
            video.height = pixels("height");
            video.frame_count = count(payload.get("frameCount"));
            video.frame_rate = payload.get("frameRate").and_then(Value::as_f64);
            break;
        }
    }
    video
}
