//! What was masked or typed is in no file of the index either, whatever the recorder sent: a
//! mark that was set late, or a recorder that overlooked one, must not make it searchable.

use crate::deletion::places;
use crate::recording::{START_MS, meta, upload};
use crate::server::{Options, Server, percent_encode, wait_for};
use serde_json::{Value, json};

/// Marks of our SDK and of others', as attributes.
const MARKS: [(&str, &str); 12] = [
    ("class", "amp-mask"),
    ("class", "field amp-block"),
    ("class", "reenact-mask"),
    ("class", "reenact-block"),
    ("class", "sentry-mask"),
    ("class", "ph-no-capture"),
    ("data-amp-mask", ""),
    ("data-amp-block", ""),
    ("data-reenact-mask", ""),
    ("data-reenact-block", "true"),
    ("data-rr-mask", ""),
    ("data-dtrum-mask", ""),
];

/// A word of its own, with no beginning in common with others.
fn secret(number: usize) -> String {
    let first = char::from(b'a' + u8::try_from(number).unwrap());
    format!("{first}{first}vault{number}{first}")
}

fn text(id: usize, text: &str) -> Value {
    json!({"type": 3, "textContent": text, "id": id})
}

fn element(id: usize, tag: &str, attributes: Value, children: Vec<Value>) -> Value {
    json!({"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": id})
}

fn incremental(at_ms: i64, data: Value) -> Value {
    json!({"type": 3, "timestamp": at_ms, "data": data})
}

fn found(server: &Server, filter: &str) -> Value {
    let path = format!("/api/v1/replays?filter={}", percent_encode(filter));
    server.json(&path)["total"].clone()
}

fn in_index(server: &Server, word: &str) -> Vec<String> {
    let mut places = places(server, word);
    places.retain(|place| place.starts_with("index/"));
    places
}

#[test]
fn nothing_masked_or_typed_is_in_the_files_of_the_index() {
    let mut server = Options::default().sealing_at_once().start();
    let mut secrets = Vec::new();
    let mut next = || {
        secrets.push(secret(secrets.len()));
        secrets.last().unwrap().clone()
    };
    let mut body = vec![element(
        10,
        "p",
        json!({}),
        vec![text(11, "Everybody sees zebrawords")],
    )];
    let mut events = Vec::new();
    let click = |at_ms: i64, id: usize| {
        incremental(
            at_ms,
            json!({"source": 2, "type": 2, "id": id, "x": 1, "y": 1}),
        )
    };
    for (number, (name, value)) in MARKS.into_iter().enumerate() {
        let id = 100 + 10 * number;
        // By itself, and inside of a button that is clicked.
        let marked = |id: usize, word: &str| {
            element(id, "span", json!({name: value}), vec![text(id + 1, word)])
        };
        body.push(marked(id, &next()));
        let button = element(
            id + 2,
            "button",
            json!({}),
            vec![marked(id + 4, &secret(number))],
        );
        body.push(button);
        events.push(click(START_MS + 1_000 + 100 * id as i64, id + 2));
        events.push(click(START_MS + 1_050 + 100 * id as i64, id + 4));
    }
    let fields = [
        (20, "input", json!({"type": "text", "value": next()})),
        (21, "input", json!({"type": "email"})),
        (22, "textarea", json!({"value": next()})),
        (23, "textarea", json!({})),
    ];
    for (id, tag, attributes) in fields {
        body.push(element(id, tag, attributes, vec![]));
    }
    body.push(element(
        24,
        "div",
        json!({"contenteditable": "true"}),
        vec![text(25, &next())],
    ));
    body.push(element(
        26,
        "select",
        json!({}),
        vec![element(
            27,
            "option",
            json!({"selected": true}),
            vec![text(28, &next())],
        )],
    ));
    for (at_ms, id) in [(200, 20), (300, 21), (400, 23)] {
        let said = json!({"source": 5, "id": id, "text": next(), "isChecked": false});
        events.push(incremental(START_MS + at_ms, said));
        events.push(click(START_MS + at_ms + 10, id));
    }
    // Typed into what may be edited, and shown as the value of a field by the page's script.
    events.push(incremental(
        START_MS + 500,
        json!({"source": 0, "adds": [], "removes": [], "texts": [{"id": 25, "value": next()}],
            "attributes": [{"id": 20, "attributes": {"value": next()}}]}),
    ));
    // A mark that comes after its text.
    body.push(element(30, "p", json!({}), vec![text(31, "plain for now")]));
    events.push(incremental(
        START_MS + 600,
        json!({"source": 0, "adds": [], "removes": [], "texts": [{"id": 31, "value": next()}],
            "attributes": [{"id": 30, "attributes": {"class": "reenact-mask"}}]}),
    ));
    let page = element(3, "body", json!({}), body);
    let html = element(2, "html", json!({}), vec![page]);
    let node = json!({"type": 0, "childNodes": [html], "id": 1});
    let mut recorded = vec![
        meta(START_MS, "https://shop.test/"),
        json!({"type": 2, "timestamp": START_MS + 1, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}}),
    ];
    events.sort_by_key(|event| event["timestamp"].as_i64());
    recorded.extend(events);
    upload(&server, "d", "1", &recorded);
    server.wait_until_sealed(&server.replay_id("d", "1"));
    wait_for("the text that everybody sees", || {
        (found(&server, "text = zebrawords") == 1).then_some(())
    });
    for word in &secrets {
        for filter in [
            format!("text = {word}"),
            format!("click.label contains {word}"),
        ] {
            assert_eq!(found(&server, &filter), 0, "{filter}");
        }
    }
    // The index is in its files afterwards.
    assert_eq!(server.stop(), Some(0));
    assert!(
        !in_index(&server, "zebrawords").is_empty(),
        "the search finds nothing"
    );
    for word in &secrets {
        assert!(!places(&server, word).is_empty(), "{word} was recorded");
        assert_eq!(in_index(&server, word), Vec::<String>::new(), "{word}");
    }
}
