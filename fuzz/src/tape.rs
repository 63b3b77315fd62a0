//! The tape takes what serde_json takes, and writes what it took.

use rrweb::Tape;
use rrweb::tape::{Kind, Value};

pub fn check(bytes: &[u8]) {
    let Ok(json) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut tape = Tape::new();
    let repaired = rrweb::repair_surrogates(json);
    let serde = serde_json::from_str::<serde_json::Value>(&repaired);
    if tape.parse(json).is_err() {
        assert!(
            serde.is_err() || rrweb::max_depth(json) > rrweb::MAX_DEPTH,
            "serde_json takes what the tape refuses"
        );
        assert!(tape.root().is_null());
        return;
    }
    let written = tape.root().to_json();
    // serde_json refuses numbers beyond a double; the tape keeps their text.
    if let Ok(value) = serde {
        let again: serde_json::Value =
            serde_json::from_str(&written).expect("what the tape writes is JSON");
        assert_eq!(again, value, "the tape changed a value");
    }
    let mut second = Tape::new();
    second.parse(&written).expect("a tape reads what it writes");
    assert_eq!(second.root().to_json(), written);
    assert_eq!(count(tape.root()), count(second.root()));

    // The other way to fill a tape.
    let mut built = Tape::new();
    built.open_array();
    built
        .push_json(json)
        .expect("what is read alone is read behind something");
    built.close(1);
    assert_eq!(built.root().to_json(), format!("[{written}]"));
}

/// Values below this one; walks all iterators.
fn count(root: Value<'_>) -> usize {
    let mut open = vec![root];
    let mut count = 0;
    while let Some(value) = open.pop() {
        count += 1;
        match value.kind() {
            Kind::Array(items) => {
                assert_eq!(items.clone().count(), items.len());
                open.extend(items);
            }
            Kind::Object(pairs) => {
                assert_eq!(pairs.clone().count(), pairs.len());
                open.extend(pairs.map(|(_, value)| value));
            }
            Kind::Number(text) => {
                let number = value.as_f64();
                assert!(number.is_none_or(f64::is_finite), "{text}");
            }
            Kind::Integer(number) => assert_eq!(value.as_i64(), Some(number)),
            Kind::Null | Kind::Bool(_) | Kind::String(_) => {}
        }
    }
    count
}
