//! Dictionaries, and the columns that refer to one.

use recording::columns::{Reader, Writer};
use recording::{Builder, Dictionary};
use rrweb::Tape;

pub fn check(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0..64, rest)) => {
            let _ = Dictionary::from_bytes(rest);
        }
        Some((64..160, rest)) => damaged(rest),
        Some((_, rest)) => round_trip(rest),
        None => {}
    }
}

/// Content with a right checksum: the first two bytes say where the dictionary ends
/// and a block that uses it begins.
fn damaged(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (plain, content) = rest.split_at(length);
    let mut packed = b"REENDIC1".to_vec();
    packed.extend_from_slice(&crc32fast::hash(plain).to_le_bytes());
    packed.extend_from_slice(&(plain.len() as u32).to_le_bytes());
    packed.extend(zstd::bulk::compress(plain, 1).expect("anything can be packed"));
    let Ok(dictionary) = Dictionary::from_bytes(&packed) else {
        return;
    };
    let again = Dictionary::from_bytes(&dictionary.to_bytes().expect("it can be written"));
    assert_eq!(again.expect("and read").id(), dictionary.id());
    let _ = dictionary.memory_bytes();
    if let Ok(mut items) = Reader::new(content, &dictionary, 64 << 10) {
        let mut tape = Tape::new();
        while let Ok(Some(_)) = items.next(&mut tape) {}
    }
}

/// Lines of JSON as samples of three users; what a dictionary was made of is
/// written and read with it.
fn round_trip(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let empty = Dictionary::default();
    let mut builder = Builder::default();
    let mut tape = Tape::new();
    for user in 0..3 {
        let mut writer = Writer::new(&empty);
        for line in text.lines() {
            if tape.parse(line).is_ok() {
                writer.push(0, tape.root());
            }
        }
        builder.add(user, &writer);
    }
    let dictionary = builder.build(recording::MIN_USERS);
    let bytes = dictionary.to_bytes().expect("it can be written");
    let dictionary = Dictionary::from_bytes(&bytes).expect("and read");
    let mut writer = Writer::new(&dictionary);
    let mut written = Vec::new();
    for line in text.lines() {
        if tape.parse(line).is_ok() {
            writer.push(0, tape.root());
            written.push(tape.root().to_json());
        }
    }
    let content = writer.finish();
    let mut items = Reader::new(&content, &dictionary, u64::MAX).expect("columns can be read");
    for json in written {
        assert_eq!(items.next(&mut tape).expect("every item"), Some(0));
        assert_eq!(tape.root().to_json(), json);
    }
}
