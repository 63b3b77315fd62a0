//! The columns of a block, behind checksum and compression.

use recording::Dictionary;
use recording::columns::{Reader, Writer};
use rrweb::Tape;

pub fn check(bytes: &[u8]) {
    let Some((budget, content)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let dictionary = Dictionary::default();
    let budget = u64::from(u16::from_le_bytes(*budget)) * 8;
    let Ok(mut items) = Reader::new(content, &dictionary, budget) else {
        return;
    };
    let mut tape = Tape::new();
    let mut read = Vec::new();
    let mut read_bytes = 0;
    while let Ok(Some(at_us)) = items.next(&mut tape) {
        let json = tape.root().to_json();
        read_bytes += json.len() as u64;
        read.push((at_us, json));
    }
    // Escapes make six characters out of one; brackets and commas come on top.
    assert!(
        read_bytes <= budget * 8 + 64,
        "{read_bytes} bytes out of {budget} announced"
    );
    // What was read is JSON, and can be written again.
    let mut writer = Writer::new(&dictionary);
    let mut tapes = Vec::new();
    for (at_us, json) in &read {
        let mut tape = Tape::new();
        tape.parse(json).expect("what is read is JSON");
        writer.push(*at_us, tape.root());
        tapes.push(tape);
    }
    let content = writer.finish();
    let mut items = Reader::new(&content, &dictionary, u64::MAX).expect("it can be read again");
    for (at_us, json) in &read {
        assert_eq!(items.next(&mut tape).expect("every item"), Some(*at_us));
        assert_eq!(tape.root().to_json(), *json);
    }
    assert_eq!(items.next(&mut tape), Ok(None));
}
