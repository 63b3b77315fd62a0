//! One upload as it lies in the hot log.
//!
//! Version 1: a byte 1, the size of the plain text (4 bytes, little endian), then
//! a zstd frame of it: a JSON line (the header), and then what the header's `kind`
//! says: for replays and analytics a line for each event, `<microseconds> <type>
//! <JSON>` of a replay, the JSON of an interaction, the fields of an analytics event
//! as JSON; `records` as one JSON document; a film as its bytes.

use crate::{Error, Result};
use model::batch::{ErrorEvent, IdentityChange, Span};
use model::ingest::{
    About, AnalyticsEvent, Client, Problems, RawEvent, RawInteraction, ReplayPayload, ReplayUpload,
    Source,
};
use model::{ProjectId, ReplayId, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Write as _;

const VERSION: u8 = 1;
/// Frames live for minutes; cheap matters more than small.
const ZSTD_LEVEL: i32 = 1;
/// A request body is bounded well below; this bounds a damaged length.
const MAX_PLAIN_BYTES: usize = 512 << 20;

#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub project: ProjectId,
    pub received_at: Timestamp,
    pub body: FrameBody,
}

#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time exists, on its way; a box would only cost"
)]
pub enum FrameBody {
    Replay(ReplayUpload),
    Events(Vec<AnalyticsEvent>),
    Records(Records),
    Video(VideoFrame),
}

/// What a request says besides recordings and analytics events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Records {
    pub source: String,
    pub errors: Vec<ErrorEvent>,
    pub spans: Vec<Span>,
    pub identities: Vec<IdentityChange>,
    pub links: Vec<RecordedLinks>,
}

impl Records {
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
            && self.spans.is_empty()
            && self.identities.is_empty()
            && self.links.is_empty()
    }
}

/// What a part of a replay says belongs to it; the replay by its vendor's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedLinks {
    pub replay: String,
    pub error_ids: Vec<String>,
    pub trace_ids: Vec<String>,
    /// A time in the part, by its device.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VideoFrame {
    pub replay: ReplayId,
    pub segment: u64,
    pub at: Timestamp,
    pub duration_ms: u64,
    pub width_px: u32,
    pub height_px: u32,
    pub mp4: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    project: ProjectId,
    received_at: Timestamp,
    kind: Kind,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayHeader<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    video: Option<VideoHeader>,
}

#[derive(Serialize, Deserialize)]
struct VideoHeader {
    replay: String,
    segment: u64,
    at: Timestamp,
    duration_ms: u64,
    width_px: u32,
    height_px: u32,
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Kind {
    ReplayEvents,
    Interactions,
    AnalyticsEvents,
    Records,
    Video,
}

#[derive(Serialize, Deserialize)]
struct ReplayHeader<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    device_id: Cow<'a, str>,
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    body_hash: u64,
    sdk: Option<String>,
    sdk_version: Option<String>,
    user_agent: Option<String>,
    country: Option<String>,
    user_id: Option<String>,
    #[serde(flatten)]
    about: About,
}

#[derive(Serialize, Deserialize)]
struct EventLine<'a> {
    event_type: Cow<'a, str>,
    timestamp: Timestamp,
    device_id: Cow<'a, str>,
    user_id: Option<Cow<'a, str>>,
    session_id: Option<Cow<'a, str>>,
    insert_id: Option<Cow<'a, str>>,
    replay_id: Option<Cow<'a, str>>,
    json: Cow<'a, str>,
}

thread_local! {
    /// Setting up a compressor costs more than compressing a small upload.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            empty => empty.insert(zstd::bulk::Compressor::new(ZSTD_LEVEL)?),
        };
        compressor.compress(plain)
    })
}

impl Frame {
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut lines = String::new();
        let mut bytes: &[u8] = &[];
        let mut video = None;
        let (kind, replay) = match &self.body {
            FrameBody::Replay(upload) => {
                let (kind, body_hash) = replay_lines(&mut lines, &upload.payload);
                let client = upload.client.clone();
                let replay = ReplayHeader {
                    source: upload.source.name().into(),
                    device_id: upload.device_id.as_str().into(),
                    session_id: upload.session_id.as_str().into(),
                    body_hash,
                    sdk: client.sdk,
                    sdk_version: client.sdk_version,
                    user_agent: client.user_agent,
                    country: client.country,
                    user_id: client.user_id,
                    about: upload.about.clone(),
                };
                (kind, Some(replay))
            }
            FrameBody::Events(events) => {
                for event in events {
                    let line = EventLine {
                        event_type: event.event_type.as_str().into(),
                        timestamp: event.timestamp,
                        device_id: event.device_id.as_str().into(),
                        user_id: event.user_id.as_deref().map(Into::into),
                        session_id: event.session_id.as_deref().map(Into::into),
                        insert_id: event.insert_id.as_deref().map(Into::into),
                        replay_id: event.replay_id.as_deref().map(Into::into),
                        json: event.json.as_str().into(),
                    };
                    lines.push_str(&serde_json::to_string(&line).map_err(internal)?);
                    lines.push('\n');
                }
                (Kind::AnalyticsEvents, None)
            }
            FrameBody::Records(records) => {
                lines = serde_json::to_string(records).map_err(internal)?;
                (Kind::Records, None)
            }
            FrameBody::Video(film) => {
                bytes = &film.mp4;
                video = Some(VideoHeader {
                    replay: film.replay.to_string(),
                    segment: film.segment,
                    at: film.at,
                    duration_ms: film.duration_ms,
                    width_px: film.width_px,
                    height_px: film.height_px,
                });
                (Kind::Video, None)
            }
        };
        let header = Header {
            project: self.project,
            received_at: self.received_at,
            kind,
            replay,
            video,
        };
        let mut plain = serde_json::to_vec(&header).map_err(internal)?;
        plain.push(b'\n');
        plain.extend_from_slice(lines.as_bytes());
        plain.extend_from_slice(bytes);
        let packed = compress(&plain).map_err(internal)?;
        let mut bytes = Vec::with_capacity(packed.len() + 5);
        bytes.push(VERSION);
        bytes.extend_from_slice(&u32::try_from(plain.len()).map_err(internal)?.to_le_bytes());
        bytes.extend_from_slice(&packed);
        Ok(bytes)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let bad = |what: &str| Error::Internal(format!("hot log frame: {what}"));
        let [VERSION, a, b, c, d, packed @ ..] = bytes else {
            return Err(bad("unknown version"));
        };
        let plain_bytes = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        if plain_bytes > MAX_PLAIN_BYTES {
            return Err(bad("too large"));
        }
        let plain = zstd::bulk::decompress(packed, plain_bytes).map_err(internal)?;
        let end = plain.iter().position(|byte| *byte == b'\n');
        let (header, rest) = plain.split_at(end.ok_or_else(|| bad("no header"))?);
        let header: Header<'_> = serde_json::from_slice(header).map_err(internal)?;
        let rest = &rest[1..];
        let lines = match header.kind {
            Kind::Video => "",
            _ => std::str::from_utf8(rest).map_err(|_| bad("not text"))?,
        };
        let body = match (header.kind, header.replay) {
            (Kind::AnalyticsEvents, _) => {
                FrameBody::Events(lines.lines().map(event_of).collect::<Result<_>>()?)
            }
            (Kind::Records, _) => {
                FrameBody::Records(serde_json::from_str(lines).map_err(internal)?)
            }
            (Kind::Video, _) => {
                let film = header.video.ok_or_else(|| bad("no header of a film"))?;
                FrameBody::Video(VideoFrame {
                    replay: film.replay.parse().map_err(internal)?,
                    segment: film.segment,
                    at: film.at,
                    duration_ms: film.duration_ms,
                    width_px: film.width_px,
                    height_px: film.height_px,
                    mp4: rest.to_vec(),
                })
            }
            (kind, Some(replay)) => FrameBody::Replay(upload_of(kind, replay, lines)?),
            (Kind::ReplayEvents | Kind::Interactions, None) => return Err(bad("no replay header")),
        };
        Ok(Self {
            project: header.project,
            received_at: header.received_at,
            body,
        })
    }
}

fn replay_lines(lines: &mut String, payload: &ReplayPayload) -> (Kind, u64) {
    match payload {
        ReplayPayload::Events(events) => {
            lines.reserve(events.iter().map(|event| event.json.len() + 24).sum());
            for event in events {
                // Writing to a string cannot fail.
                let _ = writeln!(
                    lines,
                    "{} {} {}",
                    event.timestamp.micros(),
                    event.kind,
                    event.json
                );
            }
            (Kind::ReplayEvents, 0)
        }
        ReplayPayload::Interactions {
            interactions,
            body_hash,
        } => {
            for interaction in interactions {
                lines.push_str(&interaction.json);
                lines.push('\n');
            }
            (Kind::Interactions, *body_hash)
        }
    }
}

fn upload_of(kind: Kind, replay: ReplayHeader<'_>, lines: &str) -> Result<ReplayUpload> {
    let payload = if kind == Kind::Interactions {
        let interactions = lines
            .lines()
            .map(|line| RawInteraction {
                json: line.to_owned(),
            })
            .collect();
        ReplayPayload::Interactions {
            interactions,
            body_hash: replay.body_hash,
        }
    } else {
        ReplayPayload::Events(lines.lines().map(raw_event_of).collect::<Result<_>>()?)
    };
    Ok(ReplayUpload {
        source: Source::named(&replay.source)
            .ok_or_else(|| Error::Internal("hot log frame: unknown source".to_owned()))?,
        device_id: replay.device_id.into_owned(),
        session_id: replay.session_id.into_owned(),
        client: Client {
            sdk: replay.sdk,
            sdk_version: replay.sdk_version,
            user_agent: replay.user_agent,
            country: replay.country,
            user_id: replay.user_id,
        },
        about: replay.about,
        payload,
        problems: Problems::default(),
    })
}

fn raw_event_of(line: &str) -> Result<RawEvent> {
    let parsed = line.split_once(' ').and_then(|(micros, rest)| {
        let (kind, json) = rest.split_once(' ')?;
        Some(RawEvent {
            kind: kind.parse().ok()?,
            timestamp: Timestamp::from_micros(micros.parse().ok()?),
            json: json.to_owned(),
        })
    });
    parsed.ok_or_else(|| Error::Internal("hot log frame: unreadable event".to_owned()))
}

fn event_of(line: &str) -> Result<AnalyticsEvent> {
    let line: EventLine<'_> = serde_json::from_str(line).map_err(internal)?;
    Ok(AnalyticsEvent {
        event_type: line.event_type.into_owned(),
        timestamp: line.timestamp,
        device_id: line.device_id.into_owned(),
        user_id: line.user_id.map(Cow::into_owned),
        session_id: line.session_id.map(Cow::into_owned),
        insert_id: line.insert_id.map(Cow::into_owned),
        replay_id: line.replay_id.map(Cow::into_owned),
        json: line.json.into_owned(),
    })
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("hot log frame: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(source: Source, payload: ReplayPayload) -> FrameBody {
        FrameBody::Replay(ReplayUpload {
            source,
            device_id: "dev \"1\" /ü".to_owned(),
            session_id: "17".to_owned(),
            client: Client {
                sdk: Some("standalone".to_owned()),
                country: Some("DE".to_owned()),
                ..Client::default()
            },
            about: About {
                segment: Some(3),
                tags: vec![("plan".to_owned(), "pro".to_owned())],
                ..About::default()
            },
            payload,
            problems: Problems::default(),
        })
    }

    #[test]
    fn every_kind_of_upload_round_trips() {
        let event = RawEvent {
            kind: 3,
            timestamp: Timestamp::from_micros(-5),
            json: r#"{"a":"b c\n"}"#.to_owned(),
        };
        let analytics = AnalyticsEvent {
            event_type: "Page \"Viewed\"".to_owned(),
            timestamp: Timestamp::from_micros(7),
            device_id: "d".to_owned(),
            user_id: None,
            session_id: Some("1".to_owned()),
            insert_id: None,
            replay_id: Some("d/1".to_owned()),
            json: "{}".to_owned(),
        };
        let interactions = vec![RawInteraction {
            json: r#"{"x":1}"#.to_owned(),
        }];
        for body in [
            upload(
                Source::Sentry,
                ReplayPayload::Events(vec![event.clone(), event.clone()]),
            ),
            upload(Source::PostHog, ReplayPayload::Events(vec![event.clone()])),
            upload(Source::Rrweb, ReplayPayload::Events(vec![event])),
            upload(
                Source::Amplitude,
                ReplayPayload::Interactions {
                    interactions,
                    body_hash: u64::MAX,
                },
            ),
            FrameBody::Events(vec![analytics]),
            FrameBody::Records(Records {
                source: "sentry".to_owned(),
                links: vec![RecordedLinks {
                    replay: "r".to_owned(),
                    error_ids: vec!["e".to_owned()],
                    trace_ids: Vec::new(),
                    at: Some(Timestamp::from_millis(7)),
                }],
                errors: vec![crate::errors::record::tests::error("E", "a\nb", &[])],
                ..Records::default()
            }),
            FrameBody::Video(VideoFrame {
                replay: ReplayId::derive(ProjectId(1), "a", "b"),
                segment: 4,
                at: Timestamp::from_millis(8),
                duration_ms: 5000,
                width_px: 320,
                height_px: 640,
                mp4: vec![0, 10, 255, 10, 0],
            }),
        ] {
            let frame = Frame {
                project: ProjectId(3),
                received_at: Timestamp::from_micros(9),
                body,
            };
            let bytes = frame.encode().unwrap();
            assert_eq!(Frame::decode(&bytes).unwrap(), frame);
            for cut in 0..bytes.len() {
                assert!(Frame::decode(&bytes[..cut]).is_err());
            }
        }
    }
}
