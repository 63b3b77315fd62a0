//! Write-read is identity, damage is found and stays where it is, and every version
//! of the format can still be read.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use proptest::prelude::*;
use recording::columns::Writer;
use recording::{
    Assembler, Block, BlockKind, BlockSizes, Builder, Cut, Dictionary, Recording, base_of,
    with_dictionary,
};
use rrweb::Tape;
use std::collections::HashMap;
use std::sync::Arc;

type Item = (i64, String);

fn tape(json: &str) -> Tape {
    let mut tape = Tape::new();
    tape.parse(json).unwrap();
    tape
}

/// An object with these event blocks; keyframes stand between them.
fn object(dictionary: &Dictionary, blocks: &[Vec<Item>]) -> Vec<u8> {
    let mut assembler = Assembler::new(dictionary);
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            let state = format!(r#"{{"type":2,"data":{{"page":"{at}","text":"as before"}}}}"#);
            let at_us = block.first().map_or(0, |(at_us, _)| *at_us);
            assembler.keyframe(at_us, &[state]).unwrap();
        }
        for (at_us, json) in block {
            assembler.event(*at_us, tape(json).root(), json.len(), false);
        }
    }
    assembler.finish().unwrap()
}

fn raw<'a>(object: &'a [u8], block: &Block) -> &'a [u8] {
    &object[block.offset as usize..(block.offset + block.size_bytes) as usize]
}

fn index_of(object: &[u8]) -> Recording {
    Recording::read(object).unwrap().unwrap()
}

/// Unpacks a block through its chain.
fn plain(object: &[u8], index: &Recording, at: usize) -> recording::Result<Vec<u8>> {
    let mut plain = Vec::new();
    for link in index.chain(at) {
        let block = &index.blocks[link];
        plain = block.unpack(link, raw(object, block), &plain)?;
    }
    Ok(plain)
}

fn items(
    object: &[u8],
    index: &Recording,
    at: usize,
    dictionary: &Dictionary,
) -> recording::Result<Vec<Item>> {
    let plain = plain(object, index, at)?;
    let mut reader = index.blocks[at].items(at, &plain, dictionary)?;
    let mut tape = Tape::new();
    let mut items = Vec::new();
    while let Some(at_us) = reader.next(&mut tape).unwrap() {
        items.push((at_us, tape.root().to_json()));
    }
    Ok(items)
}

fn events(object: &[u8], dictionary: &Dictionary) -> Vec<Item> {
    let index = index_of(object);
    let blocks = index.event_blocks();
    blocks
        .flat_map(|(at, _)| items(object, &index, at, dictionary).unwrap())
        .collect()
}

fn sample(name: &str) -> Vec<Item> {
    let path = format!(
        "{}/../../fixtures/rrweb/{name}.jsonl.zst",
        env!("CARGO_MANIFEST_DIR")
    );
    let packed = std::fs::read(path).unwrap();
    let text = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
    let lines = text.lines().map(|line| {
        let tape = tape(line);
        let at_ms = tape.root().get("timestamp").unwrap().as_i64().unwrap();
        (at_ms * 1000, tape.root().to_json())
    });
    lines.collect()
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        ".{0,12}",
        "[0-9]{1,18}",
        "-?[0-9]{1,4}\\.[0-9]{0,4}",
        "M[0-9]{1,3}\\.[0-9]{1,3} -[0-9]{1,4}L0[0-9]{1,4},[0-9]{1,3}\u{1}?Z",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-100i64..100).prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (-1e4..1e4f64).prop_map(|n| ((n * 100.0).round() / 100.0).into()),
        text.prop_map(Into::into),
    ];
    let key = prop_oneof![
        Just("id".to_owned()),
        Just("node".to_owned()),
        Just("childNodes".to_owned()),
        Just("attributes".to_owned()),
        Just("timestamp".to_owned()),
        Just("data".to_owned()),
        Just("type".to_owned()),
        ".{0,3}",
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_items() -> impl Strategy<Value = Vec<Item>> {
    let at_us = prop_oneof![
        any::<i64>(),
        1_700_000_000_000_000..1_700_000_100_000_000i64
    ];
    prop::collection::vec((at_us, any_json()), 0..12).prop_map(|items| {
        items
            .into_iter()
            .map(|(at_us, value)| (at_us, value.to_string()))
            .collect()
    })
}

proptest! {
    #[test]
    fn everything_comes_back(blocks in prop::collection::vec(any_items(), 0..4)) {
        let empty = Dictionary::default();
        let expected: Vec<Item> = blocks.concat();
        prop_assert_eq!(events(&object(&empty, &blocks), &empty), expected);
    }

    #[test]
    fn a_dictionary_changes_nothing(items in any_items(), others in any_items()) {
        let empty = Dictionary::default();
        let mut builder = Builder::default();
        for user in 0..3 {
            let mut writer = Writer::new(&empty);
            for (at_us, json) in others.iter().chain(items.iter().step_by(2)) {
                writer.push(*at_us, tape(json).root());
            }
            builder.add(user, &writer);
        }
        let built = builder.build(3);
        let read = Dictionary::from_bytes(&built.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(read.id(), built.id());
        let object = object(&built, std::slice::from_ref(&items));
        prop_assert_eq!(events(&object, &read), items);
    }

    /// A reader gets any bytes, be it from a disk that lies.
    #[test]
    fn no_bytes_make_the_reader_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let empty = Dictionary::default();
        if let Ok(mut reader) = recording::columns::Reader::new(&content, &empty, 10_000) {
            let mut tape = Tape::new();
            while let Ok(Some(_)) = reader.next(&mut tape) {}
        }
        let _ = Recording::read(&content);
        let _ = Dictionary::from_bytes(&content);
    }

    /// One byte of real columns changed: an error or other values, never a panic.
    #[test]
    fn changed_columns_do_not_make_the_reader_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let empty = Dictionary::default();
        let mut writer = Writer::new(&empty);
        let mut json_bytes = 0;
        for (at_us, json) in sample("kitchen-u5").iter().take(40) {
            writer.push(*at_us, tape(json).root());
            json_bytes += json.len() as u64;
        }
        let mut content = writer.finish();
        let at = at.index(content.len());
        content[at] = byte;
        if let Ok(mut reader) = recording::columns::Reader::new(&content, &empty, json_bytes) {
            let mut tape = Tape::new();
            while let Ok(Some(_)) = reader.next(&mut tape) {}
        }
    }
}

#[test]
fn an_item_may_be_a_bare_value() {
    let empty = Dictionary::default();
    for json in [
        "-9.817125296601216e-130",
        "1e400",
        "7",
        "null",
        "\"\"",
        "[]",
        "{}",
    ] {
        let items = vec![(0, json.to_owned())];
        assert_eq!(
            events(&object(&empty, std::slice::from_ref(&items)), &empty),
            items
        );
    }
}

#[test]
fn recorded_sessions_come_back_byte_for_byte() {
    let empty = Dictionary::default();
    for name in ["kitchen-u5", "chat-u3"] {
        let items = sample(name);
        let whole = object(&empty, std::slice::from_ref(&items));
        assert_eq!(events(&whole, &empty), items);
        let thirds: Vec<_> = items
            .chunks(items.len() / 3 + 1)
            .map(<[_]>::to_vec)
            .collect();
        assert_eq!(events(&object(&empty, &thirds), &empty), items);
    }
}

#[test]
fn a_recording_is_continued_without_touching_what_is_there() {
    let empty = Dictionary::default();
    let items = sample("kitchen-u5");
    let (first, second) = items.split_at(200);
    let blocks: Vec<_> = first.chunks(50).map(<[_]>::to_vec).collect();
    let old_object = object(&empty, &blocks);
    let old = index_of(&old_object);
    let keep = old.blocks.len();
    let base = base_of(&old.blocks).unwrap();
    let base_plain = plain(&old_object, &old, base).unwrap();
    let mut assembler =
        Assembler::after(&empty, &old, &old_object, keep, Some(base_plain)).unwrap();
    assembler
        .keyframe(
            second[0].0,
            &[r#"{"type":2,"data":{"page":"next"}}"#.to_owned()],
        )
        .unwrap();
    for (at_us, json) in second {
        assembler.event(*at_us, tape(json).root(), json.len(), false);
    }
    let new_object = assembler.finish().unwrap();
    let end = old
        .blocks
        .last()
        .map(|last| last.offset + last.size_bytes)
        .unwrap() as usize;
    assert_eq!(new_object[..end], old_object[..end]);
    assert_eq!(events(&new_object, &empty), items);
}

#[test]
fn a_flipped_bit_costs_its_own_block_only() {
    let empty = Dictionary::default();
    let items = sample("kitchen-u5");
    let blocks: Vec<_> = items.chunks(60).map(<[_]>::to_vec).collect();
    let sound = object(&empty, &blocks);
    let index = index_of(&sound);
    for (at, block) in index.event_blocks() {
        let mut damaged = sound.clone();
        damaged[(block.offset + block.size_bytes / 2) as usize] ^= 1;
        for (other, _) in index.event_blocks() {
            let read = items_or_error(&damaged, &index, other);
            assert_eq!(
                read.is_err(),
                other == at,
                "block {other} with damage in {at}"
            );
        }
    }
    let mut damaged = sound.clone();
    let footer = damaged.len() - recording::TRAILER_BYTES - 3;
    damaged[footer] ^= 1;
    assert!(Recording::read(&damaged).is_err());
    damaged.truncate(4);
    assert!(Recording::read(&damaged).is_err());
}

fn items_or_error(object: &[u8], index: &Recording, at: usize) -> recording::Result<Vec<Item>> {
    items(object, index, at, &Dictionary::default())
}

#[test]
fn the_footer_is_found_in_a_tail() {
    let items = sample("kitchen-u5");
    let whole = object(&Dictionary::default(), &[items]);
    let needed = Recording::read(&whole[whole.len() - 20..])
        .unwrap()
        .unwrap_err();
    assert_eq!(index_of(&whole[whole.len() - needed..]), index_of(&whole));
}

#[test]
fn keyframes_depend_on_few_and_cost_what_changed() {
    let empty = Dictionary::default();
    let page: String = sample("chat-u3")
        .iter()
        .find(|(_, json)| json.starts_with(r#"{"type":2"#))
        .map(|(_, json)| json.clone())
        .unwrap();
    let mut assembler = Assembler::new(&empty);
    for at in 0..30 {
        assembler.keyframe(at, std::slice::from_ref(&page)).unwrap();
        let json = format!(r#"{{"type":3,"data":{{"n":{at}}}}}"#);
        assembler.event(at, tape(&json).root(), json.len(), false);
    }
    let object = assembler.finish().unwrap();
    let index = index_of(&object);
    let chains = index.event_blocks().map(|(at, _)| index.chain(at).len());
    assert_eq!(chains.max(), Some(recording::MAX_CHAIN));
    let sizes: Vec<_> = index
        .of_kind(BlockKind::Keyframe)
        .map(|(_, block)| block.size_bytes)
        .collect();
    assert!(sizes[1] * 50 < sizes[0], "{sizes:?}");
}

#[test]
fn blocks_end_when_they_are_large_enough() {
    let empty = Dictionary::default();
    let mut assembler = Assembler::new(&empty);
    assert_eq!(assembler.cut(true), Cut::No);
    let json = r#"{"type":3}"#;
    assembler.event(
        1,
        tape(json).root(),
        BlockSizes::default().whole_json_bytes as usize,
        true,
    );
    assert_eq!(
        (assembler.cut(true), assembler.cut(false)),
        (Cut::Whole, Cut::No)
    );
    assembler.event(
        2,
        tape(json).root(),
        BlockSizes::default().json_bytes as usize,
        true,
    );
    assert_eq!(assembler.cut(false), Cut::Keyframe);
}

#[test]
fn seeking_finds_the_last_sound_place() {
    let empty = Dictionary::default();
    let blocks: Vec<Vec<Item>> = (0..4)
        .map(|n| {
            vec![
                (n * 100, r#"{"type":3}"#.to_owned()),
                (n * 100 + 50, "{}".to_owned()),
            ]
        })
        .collect();
    let object = object(&empty, &blocks);
    let index = index_of(&object);
    let found = |at_us| index.blocks[index.seek(at_us).unwrap()].from_us;
    assert_eq!(
        [found(-5), found(0), found(99), found(100), found(1_000)],
        [0, 0, 0, 100, 300]
    );
}

/// What one or two people have is nobody else's business.
#[test]
fn a_dictionary_holds_nothing_of_one_user_alone() {
    let empty = Dictionary::default();
    let mut builder = Builder::default();
    for user in 0..3u64 {
        // Two recordings of one user count once.
        for _ in 0..2 {
            let mut writer = Writer::new(&empty);
            let shared_by_two = if user < 2 {
                "of-two-users"
            } else {
                "of-another"
            };
            let json = format!(
                r#"{{"all":"of-all-users","two":"{shared_by_two}","private-key-{user}":"private-{user}"}}"#
            );
            writer.push(0, tape(&json).root());
            builder.add(user, &writer);
        }
    }
    let bytes = builder.build(1_000).to_bytes().unwrap();
    let plain = zstd::decode_all(&bytes[16..]).unwrap();
    let text = String::from_utf8_lossy(&plain);
    assert!(text.contains("of-all-users") && text.contains("all"));
    for private in ["of-two-users", "of-another", "private"] {
        assert!(!text.contains(private), "{private}");
    }
}

/// A dictionary of everything in these items, whoever's it is.
fn dictionary_of(items: &[Item]) -> Dictionary {
    let mut writer = Writer::new(Box::leak(Box::default()));
    for (at_us, json) in items {
        writer.push(*at_us, tape(json).root());
    }
    let mut builder = Builder::default();
    builder.add(1, &writer);
    builder.build(1)
}

#[test]
fn a_recording_says_the_same_with_another_dictionary() {
    let items_of = sample("kitchen-u5");
    let blocks: Vec<_> = items_of.chunks(60).map(<[_]>::to_vec).collect();
    let old = dictionary_of(&items_of);
    assert_ne!(old.id(), 0);
    let before = object(&old, &blocks);
    let index = index_of(&before);
    let known = HashMap::from([(old.id(), Arc::new(dictionary_of(&items_of)))]);
    for new in [Dictionary::default(), dictionary_of(&items_of[..100])] {
        let after = with_dictionary(&before, &known, &new).unwrap();
        let redone = index_of(&after);
        assert_eq!(redone.blocks.len(), index.blocks.len());
        for (at, (was, is)) in index.blocks.iter().zip(&redone.blocks).enumerate() {
            assert_eq!(
                items(&after, &redone, at, &new).unwrap(),
                items(&before, &index, at, &old).unwrap(),
                "block {at}"
            );
            assert_eq!(
                (is.kind, is.starts_whole, is.prefix, is.from_us, is.to_us),
                (
                    was.kind,
                    was.starts_whole,
                    was.prefix,
                    was.from_us,
                    was.to_us
                )
            );
            assert_eq!(is.dictionary, new.id());
        }
    }
    // Damage is not spread, and the block is not taken for a sound one.
    let (at, block) = index.event_blocks().nth(1).unwrap();
    let mut damaged = before.clone();
    damaged[(block.offset + block.size_bytes / 2) as usize] ^= 1;
    let empty = Dictionary::default();
    let after = with_dictionary(&damaged, &known, &empty).unwrap();
    let redone = index_of(&after);
    for (other, _) in redone.event_blocks() {
        let read = items_or_error(&after, &redone, other);
        assert_eq!(read.is_err(), other == at, "block {other}");
    }
    // Neither is one whose dictionary is lost.
    let after = with_dictionary(&before, &HashMap::new(), &empty).unwrap();
    let redone = index_of(&after);
    assert!(redone.event_blocks().count() > 1);
    for (at, _) in redone.event_blocks() {
        assert!(items_or_error(&after, &redone, at).is_err());
    }
}

/// Objects of every version that was ever written must stay readable. Made by
/// `REENACT_WRITE_GOLDEN=1 cargo test -p recording golden`, once per version.
#[test]
fn golden_files_are_read() {
    let folder = format!("{}/tests/golden", env!("CARGO_MANIFEST_DIR"));
    let items = sample("kitchen-u5");
    let expected = &items[..120];
    if std::env::var_os("REENACT_WRITE_GOLDEN").is_some() {
        let empty = Dictionary::default();
        let mut builder = Builder::default();
        for user in 0..3 {
            let mut writer = Writer::new(&empty);
            for (at_us, json) in &items[..60] {
                writer.push(*at_us, tape(json).root());
            }
            builder.add(user, &writer);
        }
        let dictionary = builder.build(3);
        let blocks: Vec<_> = expected.chunks(40).map(<[_]>::to_vec).collect();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            format!("{folder}/v2.dictionary"),
            dictionary.to_bytes().unwrap(),
        )
        .unwrap();
        std::fs::write(
            format!("{folder}/v2.recording"),
            object(&dictionary, &blocks),
        )
        .unwrap();
    }
    let dictionary = std::fs::read(format!("{folder}/v2.dictionary")).unwrap();
    let dictionary = Dictionary::from_bytes(&dictionary).unwrap();
    assert_ne!(dictionary.id(), 0);
    let object = std::fs::read(format!("{folder}/v2.recording")).unwrap();
    assert_eq!(events(&object, &dictionary), expected);
    let index = index_of(&object);
    assert_eq!(index.of_kind(BlockKind::Keyframe).count(), 2);
    assert!(
        items_or_error(&object, &index, 0).is_err(),
        "another dictionary"
    );
}
