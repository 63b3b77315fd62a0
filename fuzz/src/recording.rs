//! Recording objects: the index, and every block that it names.

use recording::columns::Writer;
use recording::{Assembler, BlockKind, BlockSizes, Cut, Dictionary, MAGIC, Recording};
use rrweb::Tape;

/// Unpacking what a damaged index announces is bounded, but not fast.
const MAX_PLAIN_BYTES: u64 = 4 << 20;
const MAX_BLOCKS: usize = 32;

pub fn check(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0..128, rest)) => read(rest),
        // A footer whose checksum is right, so that what is behind it is reached.
        Some((128..192, rest)) => read(&with_trailer(rest)),
        Some((_, rest)) => round_trip(rest),
        None => {}
    }
}

/// `content`: length of the footer, then blocks and footer.
fn with_trailer(content: &[u8]) -> Vec<u8> {
    let Some((length, rest)) = content.split_first() else {
        return Vec::new();
    };
    let mut object = MAGIC.to_vec();
    object.extend_from_slice(rest);
    let footer = &rest[rest.len().saturating_sub(usize::from(*length))..];
    object.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    object.extend_from_slice(&crc32fast::hash(footer).to_le_bytes());
    object.extend_from_slice(MAGIC);
    object
}

fn read(object: &[u8]) {
    let index = match Recording::read(object) {
        Ok(Ok(index)) => index,
        Ok(Err(needed)) => {
            assert!(needed > object.len());
            return;
        }
        Err(_) => return,
    };
    let dictionary = Dictionary::default();
    let _ = index.seek(0);
    let mut tape = Tape::new();
    for (at, block) in index.blocks.iter().enumerate().take(MAX_BLOCKS) {
        let chain = index.chain(at);
        assert!(chain.is_sorted() && chain.last() == Some(&at));
        let _ = index.keyframe_of(at);
        if block.plain_bytes > MAX_PLAIN_BYTES || block.json_bytes > MAX_PLAIN_BYTES {
            continue;
        }
        let start = usize::try_from(block.offset)
            .unwrap_or(usize::MAX)
            .min(object.len());
        let end = block.offset.saturating_add(block.size_bytes);
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(object.len());
        let Ok(plain) = block.unpack(at, &object[start..end], &[]) else {
            continue;
        };
        if let Ok(mut items) = block.items(at, &plain, &dictionary) {
            while let Ok(Some(_)) = items.next(&mut tape) {}
        }
    }
}

/// JSON values, a line each, come back as they were, whatever blocks they fall into.
fn round_trip(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let dictionary = Dictionary::default();
    let sizes = BlockSizes {
        json_bytes: 300,
        whole_json_bytes: 200,
    };
    let mut assembler = Assembler::new(&dictionary).with_sizes(sizes);
    let mut tape = Tape::new();
    let mut written = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if tape.parse(line).is_err() {
            continue;
        }
        let json = tape.root().to_json();
        let is_whole = json.starts_with("{\"type\":4");
        match assembler.cut(is_whole) {
            Cut::No => {}
            Cut::Whole => assembler.end_block().expect("a block can be written"),
            Cut::Keyframe => {
                let state = [json.clone(), r#"{"type":2,"data":{}}"#.to_owned()];
                assembler
                    .keyframe(at as i64, &state)
                    .expect("a keyframe can be written");
            }
        }
        assembler.event(at as i64 * 977, tape.root(), json.len(), is_whole);
        written.push((at as i64 * 977, json));
    }
    let object = assembler.finish().expect("a recording can be written");
    let index = Recording::read(&object)
        .expect("a recording can be read")
        .expect("it is whole");
    let mut plains: Vec<Vec<u8>> = Vec::new();
    let mut read = Vec::new();
    for (at, block) in index.blocks.iter().enumerate() {
        let packed = &object[block.offset as usize..(block.offset + block.size_bytes) as usize];
        let prefix = block.prefix.map_or(&[][..], |prefix| &plains[prefix]);
        let plain = block.unpack(at, packed, prefix).expect("a block unpacks");
        if block.kind == BlockKind::Events {
            let mut items = block.items(at, &plain, &dictionary).expect("it has items");
            while let Some(at_us) = items.next(&mut tape).expect("every item can be read") {
                read.push((at_us, tape.root().to_json()));
            }
        }
        plains.push(plain);
    }
    assert_eq!(read, written);
    // The same without blocks.
    let mut writer = Writer::new(&dictionary);
    for (at_us, json) in &written {
        tape.parse(json).expect("it was read before");
        writer.push(*at_us, tape.root());
    }
    assert_eq!(writer.items(), written.len() as u64);
    writer.finish();
}
