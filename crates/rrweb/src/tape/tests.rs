use super::*;
use proptest::prelude::*;

fn round(json: &str) -> String {
    let mut tape = Tape::new();
    tape.parse(json).expect(json);
    tape.root().to_json()
}

#[test]
fn canonical_text_comes_back_byte_for_byte() {
    for json in [
        "null",
        "true",
        "-0",
        "0",
        "7",
        "-9007199254740993",
        "123456789012345678901234567890",
        "1.0",
        "1e+21",
        "[]",
        "{}",
        r#"{"a":1,"a":2,"":[{},[],[[1]],"x"],"b":{"c":null}}"#,
        r#""\"\\\n\r\t\b\f\u0000\u001f é 😀 /""#,
        r#"[1,[2,{"k":[3]}],4]"#,
    ] {
        assert_eq!(round(json), json);
    }
    assert_eq!(round(" [ 1 , \"\\u00e9\\/\" ] "), "[1,\"é/\"]");
    assert_eq!(
        round(r#""a\ud83d b \ud83d\ude00 \ude00 \ud83d\u0041""#),
        "\"a\u{fffd} b 😀 \u{fffd} \u{fffd}A\""
    );
}

#[test]
fn looks_up_and_converts() {
    let mut tape = Tape::new();
    tape.parse(r#"{"a":1,"b":[true,2.5,7.0],"a":{"c":"x"},"n":-5000000000}"#)
        .expect("json");
    let root = tape.root();
    assert_eq!(
        root.get("a")
            .and_then(|a| a.get("c"))
            .and_then(Value::as_str),
        Some("x")
    );
    let items: Vec<_> = root.get("b").expect("b").items().collect();
    assert_eq!(items[0].as_bool(), Some(true));
    assert_eq!(items[1].as_f64(), Some(2.5));
    assert_eq!(items[1].as_i64(), None);
    assert_eq!(items[2].as_i64(), Some(7));
    assert_eq!(root.get("n").and_then(Value::as_i64), Some(-5_000_000_000));
    assert!(root.get("zz").is_none());
}

#[test]
fn refuses_what_is_not_json() {
    let mut tape = Tape::new();
    for json in [
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "tru",
        "01",
        "-",
        "1.",
        "1e",
        ".5",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "1 2",
        "{}}",
        "[}",
        "{1:2}",
        "nul",
    ] {
        assert!(tape.parse(json).is_err(), "{json}");
        assert!(tape.root().is_null());
    }
    let deep = "[".repeat(MAX_DEPTH + 2) + &"]".repeat(MAX_DEPTH + 2);
    assert_eq!(tape.parse(&deep), Err(TapeError::TooDeep));
    let allowed = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
    assert_eq!(round(&allowed), allowed);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1e9..1e9).prop_map(|n: f64| n.into()),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::vec((".{0,6}", inner), 0..8)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde(value in any_json()) {
        let json = value.to_string();
        prop_assert_eq!(round(&json), json);
    }

    #[test]
    fn survives_anything(json in ".*") {
        let mut tape = Tape::new();
        if tape.parse(&json).is_ok() {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&tape.root().to_json()).is_ok());
        } else {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&json).is_err());
        }
    }
}
