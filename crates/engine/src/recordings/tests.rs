//! The sealing pass over real recordings, in small blocks: however the events
//! arrive, the recording says the same.

use super::assemble::{Assembled, InteractionBatch, Old, Parts, assemble};
use super::{Recordings, Sealed, key_of};
use crate::live::Hot;
use crate::playback::{View, events_of};
use model::ingest::RawEvent;
use model::replay::{Replay, Signals};
use model::{ProjectId, ReplayId, Timestamp};
use proptest::prelude::*;
use recording::{BlockKind, BlockSizes, Dictionary};
use rrweb::Tape;
use std::sync::Arc;
use store::Blobs;
use store::blobs::ObjectBlobs;

fn sample(name: &str) -> Vec<RawEvent> {
    let path = format!(
        "{}/../../fixtures/rrweb/{name}.jsonl.zst",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap();
    let text = String::from_utf8(text).unwrap();
    let events = text.lines().map(|line| {
        let json = rrweb::repair_surrogates(line).into_owned();
        let envelope = rrweb::read_envelope(&json).unwrap();
        RawEvent {
            kind: envelope.kind,
            timestamp: Timestamp::from_millis(envelope.timestamp_ms.unwrap() as i64),
            json: json.clone(),
        }
    });
    events.collect()
}

/// One replay whose versions are sealed by hand.
struct Store {
    blobs: Arc<dyn Blobs>,
    recordings: Arc<Recordings>,
    row: Replay,
    sizes: BlockSizes,
}

const SMALL: BlockSizes = BlockSizes {
    json_bytes: 12_000,
    whole_json_bytes: 8_000,
};

impl Store {
    fn new(sizes: BlockSizes) -> Self {
        let blobs: Arc<dyn Blobs> = Arc::new(ObjectBlobs::memory());
        let at = Timestamp::from_millis(0);
        Self {
            recordings: Arc::new(Recordings::new(blobs.clone())),
            blobs,
            sizes,
            row: Replay {
                id: ReplayId::derive(ProjectId(1), "device", "session"),
                project_id: ProjectId(1),
                device_id: "device".to_owned(),
                session_id: "session".to_owned(),
                user_id: None,
                source: "rrweb".to_owned(),
                sdk: None,
                sdk_version: None,
                started_at: at,
                first_event_at: at,
                last_event_at: at,
                first_received_at: at,
                last_received_at: at,
                expires_at: at,
                is_pinned: false,
                event_count: 0,
                interaction_count: 0,
                click_count: 0,
                size_bytes: 0,
                first_url: None,
                last_url: None,
                page_count: 0,
                country: None,
                browser: None,
                os: None,
                device_type: None,
                device: None,
                release: None,
                environment: None,
                visitor_id: None,
                tags: Vec::new(),
                reported_start: None,
                linked_error_count: 0,
                playable: false,
                recording_version: 0,
                signals: Signals::default(),
            },
        }
    }

    async fn open(&self) -> Sealed {
        self.recordings.open(&self.row).await.unwrap()
    }

    async fn seal(&mut self, events: &[RawEvent], interactions: &[InteractionBatch]) {
        let old = match self.row.recording_version {
            0 => None,
            version => {
                let bytes = self.blobs.get(&key_of(&self.row, version)).await.unwrap();
                let first = events.iter().map(|event| event.timestamp.micros()).min();
                Some(Old::read(&self.open().await, bytes, first).await.unwrap())
            }
        };
        let parts = Parts {
            dictionary: Arc::new(Dictionary::default()),
            sizes: self.sizes,
            old,
            hot: Hot {
                events: events.to_vec(),
                interactions: interactions.to_vec(),
            },
            wants_assets: true,
            settings: analysis::Settings::default(),
        };
        let Assembled { object, .. } = assemble(parts).unwrap();
        self.row.recording_version += 1;
        let key = key_of(&self.row, self.row.recording_version);
        self.blobs.put(&key, object.into()).await.unwrap();
    }

    async fn events(&self) -> Vec<String> {
        let sealed = self.open().await;
        let mut events = Vec::new();
        for content in sealed.contents(BlockKind::Events, ..).await.unwrap() {
            let read = events_of(&content, &(i64::MIN..i64::MAX), &None).unwrap();
            events.extend(read.into_iter().map(|event| event.json));
        }
        events
    }

    /// Facts in an order of their own: what happens at one time is not ordered.
    async fn facts(&self) -> Vec<String> {
        let sealed = self.open().await;
        let facts = sealed.facts(&(i64::MIN..i64::MAX)).await.unwrap();
        let mut lines: Vec<_> = facts
            .iter()
            .map(|fact| format!("{} {}", fact.at_us, fact.to_json()))
            .filter(|line| !line.contains(r#""kind":"carry""#))
            .collect();
        lines.sort();
        lines
    }

    async fn state(&self, at_us: i64, hot: &[RawEvent]) -> String {
        let sealed = match self.row.recording_version {
            0 => None,
            _ => Some(self.open().await),
        };
        let mut view = View {
            row: self.row.clone(),
            settings: analysis::Settings::default(),
            sealed,
            hot: Hot {
                events: hot.to_vec(),
                interactions: Vec::new(),
            },
        };
        let pages = view.pages_at(at_us).await.unwrap();
        pages.state(None, at_us / 1000).join("\n")
    }
}

fn expected_state(events: &[RawEvent], at_us: i64) -> String {
    let mut mirror = rrweb::Mirror::new(Default::default());
    let mut tape = Tape::new();
    for event in events
        .iter()
        .filter(|event| event.timestamp.micros() <= at_us)
    {
        tape.parse(&event.json).unwrap();
        mirror.apply(tape.root(), event.timestamp.micros(), &mut ());
    }
    rrweb::keyframe(&mirror, at_us / 1000).trim_end().to_owned()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// Cuts where the time changes: events of one moment come in one upload.
fn cut(events: &[RawEvent], at: usize) -> usize {
    let mut at = at.clamp(0, events.len());
    while at > 0 && at < events.len() && events[at - 1].timestamp == events[at].timestamp {
        at += 1;
    }
    at
}

fn sorted(mut events: Vec<RawEvent>) -> Vec<RawEvent> {
    events.sort_by_key(|event| event.timestamp);
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Uploads split anywhere, in any order, some twice, sealed one by one.
    #[test]
    fn the_way_of_arrival_changes_nothing(
        cuts in prop::collection::vec(0usize..354, 1..6),
        order in any::<prop::sample::Selector>(),
        repeated in any::<prop::sample::Index>(),
    ) {
        let events = sorted(sample("kitchen-u5"));
        let mut places: Vec<_> = cuts.iter().map(|at| cut(&events, *at)).collect();
        places.extend([0, events.len()]);
        places.sort_unstable();
        let mut uploads: Vec<Vec<RawEvent>> = places
            .windows(2)
            .map(|pair| events[pair[0]..pair[1]].to_vec())
            .filter(|upload| !upload.is_empty())
            .collect();
        uploads.push(uploads[repeated.index(uploads.len())].clone());
        let mut shuffled = Vec::new();
        while !uploads.is_empty() {
            let at = order.select(0..uploads.len());
            shuffled.push(uploads.remove(at));
        }
        let (at_once, piecewise) = block_on(async {
            let mut whole = Store::new(SMALL);
            whole.seal(&events, &[]).await;
            let mut parts = Store::new(SMALL);
            for upload in &shuffled {
                parts.seal(upload, &[]).await;
            }
            ((whole.events().await, whole.facts().await), (parts.events().await, parts.facts().await))
        });
        // Equal events are one event: that is how a repeated upload is known.
        let mut seen = std::collections::HashSet::new();
        let recorded: Vec<_> = events.iter().map(|event| event.json.clone()).collect();
        let recorded: Vec<_> = recorded.into_iter().filter(|json| seen.insert(json.clone())).collect();
        for (what, one, other) in [
            ("sealed at once", &at_once.0, &recorded),
            ("sealed in pieces", &piecewise.0, &recorded),
            ("facts", &piecewise.1, &at_once.1),
        ] {
            let first = one.iter().zip(other).find(|(one, other)| one != other);
            prop_assert!(first.is_none() && one.len() == other.len(), "{what}: {} and {}, {first:?}", one.len(), other.len());
        }
    }

    /// The state at any time, with any part of the events sealed and the rest not.
    #[test]
    fn the_state_at_a_time_is_that_of_playing_up_to_it(
        sealed in 0usize..354,
        at in 0usize..353,
    ) {
        let events = sorted(sample("kitchen-u5"));
        let sealed = cut(&events, sealed);
        let at_us = events[at].timestamp.micros();
        let state = block_on(async {
            let mut store = Store::new(SMALL);
            if sealed > 0 {
                store.seal(&events[..sealed], &[]).await;
            }
            store.state(at_us, &events[sealed..]).await
        });
        prop_assert_eq!(state, expected_state(&events, at_us));
    }
}

#[test]
fn several_full_snapshots_and_small_blocks_play_the_same() {
    let events = sorted(sample("chat-u3"));
    block_on(async {
        let mut store = Store::new(SMALL);
        store.seal(&events, &[]).await;
        let sealed = store.open().await;
        assert!(sealed.index.of_kind(BlockKind::Keyframe).count() > 3);
        for event in events.iter().step_by(9) {
            let at_us = event.timestamp.micros();
            assert_eq!(
                store.state(at_us, &[]).await,
                expected_state(&events, at_us),
                "at {at_us}"
            );
        }
    });
}

#[test]
fn interactions_are_kept_from_version_to_version() {
    let events = sorted(sample("kitchen-u5"));
    let batch = |at_ms| InteractionBatch {
        received_at: Timestamp::from_millis(at_ms),
        body_hash: u64::MAX - at_ms as u64,
        json: r#"[{"type":"click","x":1}]"#.to_owned(),
    };
    block_on(async {
        let mut store = Store::new(SMALL);
        store.seal(&events[..100], &[batch(1)]).await;
        store.seal(&[], &[batch(2)]).await;
        assert_eq!(store.facts().await.len(), {
            let mut alone = Store::new(SMALL);
            alone.seal(&events[..100], &[]).await;
            alone.facts().await.len()
        });
        store.seal(&events[100..], &[batch(3)]).await;
        let kept = store.open().await.interactions().await.unwrap();
        assert_eq!(kept, [batch(1), batch(2), batch(3)]);
        assert_eq!(store.events().await.len(), events.len());
    });
}

#[test]
fn a_damaged_block_costs_its_own_events_only() {
    let events = sorted(sample("kitchen-u5"));
    block_on(async {
        let mut store = Store::new(SMALL);
        store.seal(&events[..300], &[]).await;
        let sealed = store.open().await;
        let blocks: Vec<_> = sealed
            .index
            .event_blocks()
            .map(|(_, block)| block.clone())
            .collect();
        let damaged = &blocks[blocks.len() / 2];
        let key = key_of(&store.row, 1);
        let mut bytes = store.blobs.get(&key).await.unwrap().to_vec();
        bytes[(damaged.offset + damaged.size_bytes / 2) as usize] ^= 4;
        store.blobs.put(&key, bytes.into()).await.unwrap();
        // As after a restart: nothing of it is in memory.
        store.recordings = Arc::new(Recordings::new(store.blobs.clone()));

        assert_eq!(store.events().await.len(), 300 - damaged.count as usize);
        let last_us = events[299].timestamp.micros();
        assert_eq!(
            store.state(last_us, &[]).await,
            expected_state(&events[..300], last_us)
        );
        // What comes later is added all the same.
        store.seal(&events[300..], &[]).await;
        assert_eq!(
            store.events().await.len(),
            events.len() - damaged.count as usize
        );
    });
}

/// No recording is whole when it is watched live, and any may be cut short.
#[test]
fn every_beginning_of_a_stream_can_be_read() {
    let events = sorted(sample("kitchen-u5"));
    block_on(async {
        for end in (1..events.len()).step_by(13) {
            let mut store = Store::new(SMALL);
            store.seal(&events[..end], &[]).await;
            assert_eq!(store.events().await.len(), end);
            let last_us = events[end - 1].timestamp.micros();
            assert_eq!(
                store.state(last_us, &[]).await,
                expected_state(&events[..end], last_us)
            );
        }
    });
}

/// A lost beginning, a lost middle, an orphan: nothing is thrown away, the reason is
/// said, and from the next snapshot on it plays.
#[test]
fn broken_streams_are_kept_and_play_from_the_next_sound_point() {
    let events = sorted(sample("chat-u3"));
    let snapshots: Vec<_> = (0..events.len())
        .filter(|at| events[*at].kind == 2)
        .collect();
    assert_eq!(snapshots.len(), 3);
    block_on(async {
        // Without the first snapshot.
        let headless: Vec<_> = events[snapshots[0] + 1..].to_vec();
        let mut store = Store::new(SMALL);
        store.seal(&headless, &[]).await;
        assert_eq!(store.events().await.len(), headless.len());
        let facts = store.facts().await;
        assert!(
            facts.iter().any(|fact| fact.contains("no_full_snapshot")),
            "{facts:#?}"
        );
        let before_us = events[snapshots[1] - 2].timestamp.micros();
        assert_eq!(store.state(before_us, &[]).await, "");
        let after_us = events[snapshots[1] + 20].timestamp.micros();
        assert_eq!(
            store.state(after_us, &[]).await,
            expected_state(&headless, after_us)
        );
    });
}
