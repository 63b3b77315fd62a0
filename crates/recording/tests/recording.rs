//! Write-read identity, merging, damage, and the golden file of the format.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use model::Timestamp;
use model::ingest::RawEvent;
use proptest::prelude::*;
use recording::{
    Error, InteractionBatch, Marks, Recording, TRAILER_BYTES, decode_events, decode_interactions,
    merge,
};

fn event(millis: i64, text: &str) -> RawEvent {
    let json = format!(r#"{{"type":3,"data":{{"text":"{text}"}},"timestamp":{millis}}}"#);
    RawEvent {
        kind: 3,
        timestamp: Timestamp::from_millis(millis),
        json,
    }
}

fn marks(event: &RawEvent) -> Marks {
    Marks {
        active: event.json.contains("active"),
        href: event
            .json
            .contains("href")
            .then(|| "https://shop/".to_owned()),
    }
}

fn index_of(bytes: &[u8]) -> Recording {
    Recording::read(bytes).unwrap().unwrap()
}

fn events_of(bytes: &[u8]) -> Vec<RawEvent> {
    let index = index_of(bytes);
    index
        .event_blocks()
        .flat_map(|(at, block)| decode_events(at, block, raw(bytes, block)).unwrap())
        .collect()
}

fn raw<'a>(bytes: &'a [u8], block: &recording::Block) -> &'a [u8] {
    &bytes[block.offset as usize..(block.offset + block.size_bytes) as usize]
}

fn sample() -> Vec<u8> {
    let events = vec![
        event(1_000, "href"),
        event(2_000, "active"),
        event(90_000, "ünïcode 😀"),
    ];
    let batch = InteractionBatch {
        received_at: Timestamp::from_millis(5),
        body_hash: u64::MAX,
        json: "[{}]".to_owned(),
    };
    merge(None, events, &[batch], marks).unwrap()
}

/// Set `UPDATE_GOLDEN=1` to write the file after a deliberate change of version.
#[test]
fn the_golden_file_of_version_1_still_reads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1.recording");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, sample()).unwrap();
    }
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(events_of(&bytes), events_of(&sample()));
    let index = index_of(&bytes);
    assert_eq!(index.footer.blocks.len(), 3);
    assert_eq!(index.footer.blocks[0].activity_us, [(2_000_000, 2_000_000)]);
    assert_eq!(
        index.footer.blocks[0].pages,
        [(1_000_000, "https://shop/".to_owned())]
    );
    let (at, block) = index.interaction_blocks().next().unwrap();
    assert_eq!(
        decode_interactions(at, block, raw(&bytes, block)).unwrap()[0].body_hash,
        u64::MAX
    );
}

#[test]
fn a_short_tail_says_how_much_is_needed() {
    let bytes = sample();
    let needed = Recording::read(&bytes[bytes.len() - TRAILER_BYTES..])
        .unwrap()
        .unwrap_err();
    assert!(
        Recording::read(&bytes[bytes.len() - needed..])
            .unwrap()
            .is_ok()
    );
}

#[test]
fn damage_is_found_and_stays_in_its_block() {
    let mut bytes = sample();
    let index = index_of(&bytes);
    let first = index.footer.blocks[0].clone();
    bytes[(first.offset + first.size_bytes / 2) as usize] ^= 1;
    assert!(matches!(
        decode_events(0, &first, raw(&bytes, &first)),
        Err(Error::Block(0, _))
    ));
    let second = &index.footer.blocks[1];
    assert_eq!(
        decode_events(1, second, raw(&bytes, second)).unwrap().len(),
        1
    );
    let end = bytes.len();
    bytes[end - TRAILER_BYTES - 3] ^= 1;
    assert!(matches!(Recording::read(&bytes), Err(Error::Footer(_))));
    assert!(matches!(
        Recording::read(&bytes[..5]),
        Err(Error::NotARecording)
    ));
}

#[test]
fn untouched_blocks_are_copied_byte_for_byte() {
    let first = merge(
        None,
        (0..10).map(|at| event(at * 30_000, "x")).collect(),
        &[],
        marks,
    )
    .unwrap();
    let index = index_of(&first);
    let next = merge(
        Some((&index, &first)),
        vec![event(299_000, "late")],
        &[],
        marks,
    )
    .unwrap();
    let head = &index.footer.blocks[0];
    assert_eq!(
        raw(&first, head),
        raw(&next, &index_of(&next).footer.blocks[0])
    );
    assert_eq!(events_of(&next).len(), 11);
}

proptest! {
    /// However a stream is cut into uploads and in whatever order they arrive,
    /// the recording holds every event in time order.
    #[test]
    fn any_split_and_order_gives_the_same_recording(
        times in proptest::collection::vec(0i64..400_000, 1..60),
        cuts in proptest::collection::vec(1usize..8, 1..20),
        seed in any::<u64>(),
    ) {
        let mut unique: Vec<_> = times;
        unique.sort_unstable();
        unique.dedup();
        let events: Vec<_> = unique.iter().map(|millis| event(*millis, "t")).collect();
        let mut parts = Vec::new();
        let mut rest = events.clone();
        for cut in cuts {
            let tail = rest.split_off(cut.min(rest.len()));
            parts.push(std::mem::replace(&mut rest, tail));
        }
        parts.push(rest);
        let turn = seed as usize % parts.len();
        parts.rotate_left(turn);
        let mut bytes: Option<Vec<u8>> = None;
        for part in parts {
            let index = bytes.as_deref().map(index_of);
            let old = index.as_ref().zip(bytes.as_deref());
            bytes = Some(merge(old, part, &[], marks).unwrap());
        }
        prop_assert_eq!(events_of(&bytes.unwrap()), events);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Recording::read(&bytes);
    }
}
