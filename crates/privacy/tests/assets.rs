//! References of recorded pages: all found, all replaced, nothing else touched.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use privacy::{AssetKind, Preparer, Reference, rewrite_style_sheet, style_sheet_references};
use rrweb::Tape;
use serde_json::{Value, json};
use url::Url;

const PAGE: &str = "https://shop.test/cart/";

fn element(tag: &str, attributes: Value, children: Value) -> Value {
    json!({"type": 2, "id": 9, "tagName": tag, "attributes": attributes, "childNodes": children})
}

fn snapshot(children: Value) -> Value {
    let html = element("html", json!({}), children);
    json!({"type": 2, "timestamp": 1, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}}})
}

fn incremental(data: Value) -> Value {
    json!({"type": 3, "timestamp": 1, "data": data})
}

fn collected(event: &Value, page: Option<&str>) -> Vec<Reference> {
    let mut tape = Tape::new();
    tape.parse(&event.to_string()).unwrap();
    let page = page.map(|url| Url::parse(url).unwrap());
    privacy::collect_references(tape.root(), page.as_ref())
}

fn page_url_of(event: &Value) -> Option<String> {
    let mut tape = Tape::new();
    tape.parse(&event.to_string()).unwrap();
    privacy::page_url_of(tape.root()).map(str::to_owned)
}

fn found(event: &Value) -> Vec<(String, &'static str)> {
    let mut found: Vec<_> = collected(event, Some(PAGE))
        .into_iter()
        .map(|it| (it.url, it.kind.name()))
        .collect();
    found.sort();
    found
}

/// Everything on `shop.test` is archived under its own name; nothing else is.
fn archived(url: &str) -> Option<String> {
    let path = url.strip_prefix("https://shop.test/")?;
    Some(format!("/api/v1/assets/1/{}", path.replace('/', "_")))
}

/// As it is shown, with its references as they were recorded.
fn safe(event: &Value) -> Value {
    let mut preparer = Preparer::new(Some(PAGE));
    preparer.text(&event.to_string());
    first_of(&preparer.take().into_recorded_json())
}

/// Without the events that follow it.
fn first_of(events: &str) -> Value {
    let events: Vec<Value> = serde_json::from_str(&format!("[{events}]")).unwrap();
    events.into_iter().next().unwrap()
}

fn rewritten_on(page: Option<&str>, event: &Value) -> Value {
    let mut preparer = Preparer::new(page);
    preparer.text(&event.to_string());
    let prepared = preparer.take();
    let urls = prepared.urls().to_vec();
    let json = prepared.into_json(&mut |url| {
        assert!(urls.iter().any(|known| known == url));
        archived(url)
    });
    first_of(&json)
}

fn rewritten(event: &Value) -> Value {
    rewritten_on(Some(PAGE), event)
}

fn attributes_of(event: &Value) -> &Value {
    &event["data"]["node"]["childNodes"][0]["childNodes"][0]["attributes"]
}

fn one(tag: &str, attributes: Value) -> Value {
    snapshot(json!([element(tag, attributes, json!([]))]))
}

const PIXEL: &str = "data:image/gif;base64,";

#[test]
fn every_place_of_a_snapshot() {
    for (tag, attributes, expected) in [
        (
            "img",
            json!({"src": "https://shop.test/a.png"}),
            vec![("https://shop.test/a.png", "image")],
        ),
        (
            "img",
            json!({"src": "../b.png?x=1#part"}),
            vec![("https://shop.test/b.png?x=1", "image")],
        ),
        (
            "img",
            json!({"src": "//cdn.test/c.png"}),
            vec![("https://cdn.test/c.png", "image")],
        ),
        (
            "source",
            json!({"srcset": "a,b.png 1x, https://shop.test/c.png 2x,/d.png"}),
            vec![
                ("https://shop.test/c.png", "image"),
                ("https://shop.test/cart/a,b.png", "image"),
                ("https://shop.test/d.png", "image"),
            ],
        ),
        (
            "video",
            json!({"src": "v.mp4", "poster": "p.jpg"}),
            vec![
                ("https://shop.test/cart/p.jpg", "image"),
                ("https://shop.test/cart/v.mp4", "media"),
            ],
        ),
        (
            "link",
            json!({"rel": "Stylesheet preload", "href": "/s.css"}),
            vec![("https://shop.test/s.css", "style_sheet")],
        ),
        (
            "use",
            json!({"xlink:href": "/icons.svg#cart"}),
            vec![("https://shop.test/icons.svg", "image")],
        ),
        (
            "td",
            json!({"background": "/t.gif"}),
            vec![("https://shop.test/t.gif", "image")],
        ),
        (
            "div",
            json!({"style": "background: url( '/x.png' )"}),
            vec![("https://shop.test/x.png", "image")],
        ),
        (
            "link",
            json!({"rel": "stylesheet", "href": "/inlined.css", "_cssText": "@font-face{src:url(/f.woff2)} a{b:url(/i.png)}"}),
            vec![
                ("https://shop.test/f.woff2", "font"),
                ("https://shop.test/i.png", "image"),
            ],
        ),
        (
            "rect",
            json!({"fill": "url(#gradient)", "mask": "url(/m.svg#m)"}),
            vec![("https://shop.test/m.svg", "image")],
        ),
        // No page looks different for these.
        ("a", json!({"href": "/next"}), vec![]),
        ("link", json!({"rel": "canonical", "href": "/next"}), vec![]),
        ("script", json!({"src": "/x.js"}), vec![]),
        ("iframe", json!({"src": "/frame"}), vec![]),
        ("img", json!({"src": "data:image/png;base64,AA"}), vec![]),
        ("img", json!({"src": "blob:https://shop.test/1"}), vec![]),
        ("use", json!({"href": "#here"}), vec![]),
        ("img", json!({"src": "", "alt": "src"}), vec![]),
        ("img", json!({"src": 7, "style": null}), vec![]),
    ] {
        let event = one(tag, attributes.clone());
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(url, kind)| (url.to_owned(), kind))
            .collect();
        assert_eq!(found(&event), expected, "{tag} {attributes}");
        let new = rewritten(&event);
        match expected.is_empty() {
            true => assert_eq!(new, safe(&event), "{tag} {attributes}"),
            false => assert_ne!(new, event, "{tag} {attributes}"),
        }
    }
}

#[test]
fn archived_parts_are_used_and_others_load_nothing() {
    let src = |tag: &str, src: &str| {
        attributes_of(&rewritten(&one(tag, json!({"src": src}))))["src"].clone()
    };
    assert_eq!(src("img", "/a.png"), "/api/v1/assets/1/a.png");
    assert!(
        src("img", "https://else.test/a.png")
            .as_str()
            .unwrap()
            .starts_with(PIXEL)
    );
    // Not even a request to ourselves.
    assert!(
        src("img", "https://[bad")
            .as_str()
            .unwrap()
            .starts_with(PIXEL)
    );
    assert_eq!(src("video", "https://else.test/v.mp4"), "data:,");
    let with = |name: &str, value: &str, tag: &str| {
        attributes_of(&rewritten(&one(
            tag,
            json!({"rel": "stylesheet", name: value}),
        )))[name]
            .clone()
    };
    assert_eq!(with("href", "/s.css", "link"), "/api/v1/assets/1/s.css");
    assert_eq!(
        with("href", "https://else.test/s.css", "link"),
        "data:text/css,"
    );
    assert_eq!(
        with("xlink:href", "/i.svg#a", "use"),
        "/api/v1/assets/1/i.svg#a"
    );
    assert_eq!(
        with("srcset", "https://else.test/1.png 1x, /2.png 2x", "img"),
        "/api/v1/assets/1/2.png 2x"
    );
    assert_eq!(with("srcset", "https://else.test/1.png", "img"), "");
    assert_eq!(
        with(
            "style",
            "color: red; background: URL(/x.png) no-repeat",
            "p"
        ),
        "color: red; background: url(\"/api/v1/assets/1/x.png\") no-repeat"
    );
    // Without a page, a relative address would be one of ours.
    let event = one("img", json!({"src": "a.png"}));
    let new = rewritten_on(None, &event).to_string();
    assert!(new.contains(PIXEL), "{new}");
    assert!(collected(&event, None).is_empty());
}

#[test]
fn every_event_of_style_sheets_and_mutations() {
    let css = "a{background:url(/x.png)}";
    let new_css = "a{background:url(\"/api/v1/assets/1/x.png\")}";
    let text = |is_style: Option<bool>| json!({"type": 3, "id": 5, "textContent": css, "isStyle": is_style});
    let style = element("style", json!({}), json!([text(None)]));
    for data in [
        json!({"source": 8, "adds": [{"rule": css, "index": 0}]}),
        json!({"source": 8, "replace": css}),
        json!({"source": 8, "replaceSync": css}),
        json!({"source": 13, "set": {"property": "background", "value": "url(/x.png)"}}),
        json!({"source": 15, "styleIds": [1], "styles": [{"styleId": 1, "rules": [{"rule": css}]}]}),
        json!({"source": 10, "family": "f", "fontSource": "url(/x.png)", "buffer": false}),
        json!({"source": 0, "adds": [{"parentId": 1, "node": text(Some(true))}]}),
        json!({"source": 0, "adds": [{"parentId": 1, "node": style}]}),
        json!({"source": 0, "adds": [{"parentId": 1, "node": {"type": 2, "tagName": "x-a", "adoptedStyleSheets": [{"rules": [{"rule": css}]}]}}]}),
        json!({"source": 0, "attributes": [{"id": 5, "attributes": {"style": {"background": "url(/x.png)", "color": false}}}]}),
        json!({"source": 0, "attributes": [{"id": 5, "attributes": {"style": {"background": ["url(/x.png)", "important"]}}}]}),
        json!({"source": 0, "attributes": [{"id": 5, "attributes": {"src": "/x.png"}}]}),
    ] {
        let event = incremental(data);
        let kind = if event["data"]["source"] == 10 {
            "font"
        } else {
            "image"
        };
        assert_eq!(
            found(&event),
            [("https://shop.test/x.png".to_owned(), kind)],
            "{event}"
        );
        let new = rewritten(&event).to_string();
        assert!(
            new.contains("/api/v1/assets/1/x.png") && !new.contains("(/x.png"),
            "{new}"
        );
    }
    let event = incremental(json!({"source": 8, "replace": css}));
    assert_eq!(rewritten(&event)["data"]["replace"], new_css);
    // What a text says is not what it loads.
    let visible = incremental(json!({"source": 0, "texts": [{"id": 4, "value": css}]}));
    assert_eq!(
        (found(&visible).len(), rewritten(&visible)),
        (0, visible.clone())
    );
    let paragraph = snapshot(json!([element("p", json!({}), json!([text(None)]))]));
    assert_eq!(rewritten(&paragraph), paragraph);
}

#[test]
fn a_link_whose_element_is_unknown_stays_a_link() {
    let change = |href: &str| {
        incremental(json!({"source": 0, "attributes": [{"id": 5, "attributes": {"href": href}}]}))
    };
    assert_eq!(found(&change("/next")), []);
    assert_eq!(
        found(&change("/dark.css?v=2")),
        [("https://shop.test/dark.css?v=2".to_owned(), "style_sheet")]
    );
    let elsewhere = change("https://else.test/dark.css");
    assert_eq!(rewritten(&elsewhere), elsewhere);
    let new = rewritten(&change("/dark.css"));
    assert_eq!(
        new["data"]["attributes"][0]["attributes"]["href"],
        "/api/v1/assets/1/dark.css"
    );
}

#[test]
fn other_events_are_not_touched() {
    for event in [
        json!({"type": 4, "timestamp": 1, "data": {"href": "https://shop.test/x.png"}}),
        json!({"type": 5, "timestamp": 1, "data": {"tag": "src", "payload": {"src": "/x.png"}}}),
        json!({"type": 6, "timestamp": 1, "data": {"payload": {"src": "/x.png"}}}),
        incremental(json!({"source": 5, "text": "src=/x.png url(/y.png)"})),
        json!({"type": 2}),
        json!({"type": 3, "data": "src"}),
        json!([]),
    ] {
        assert_eq!(rewritten(&event), event);
        assert!(found(&event).is_empty(), "{event}");
    }
    let address =
        |kind| page_url_of(&json!({"type": kind, "timestamp": 1, "data": {"href": PAGE}}));
    assert_eq!(address(4).as_deref(), Some(PAGE));
    assert_eq!(address(3), None);
}

#[test]
fn style_sheets() {
    let sheet = r#"@charset "utf-8";
@namespace svg url(http://www.w3.org/2000/svg);
@import "base.css" screen;
@import url(theme.css) layer(x) supports(background: url("y.png"));
/* url(comment.png) */
@font-face { font-family: "url(a.png)"; src: local("A"), url( 'f.woff2' ) format("woff2"), url(f.ttf) }
@media (min-width: 1px) { a::before { content: "url(string.png)"; background: image-set("one.png" type("image/png") 1x, url(two.png) 2x) } }
b { background: u\72l(escaped.png) , URL("q.png" ); cursor: url(c.cur) 2 2, auto; --x: url(var.png); filter: url(#f) }
c { background: url(data:image/png;base64,AA) url() url(   ) }
"#;
    let base = "https://shop.test/css/site.css";
    let found: Vec<_> = style_sheet_references(sheet, base)
        .into_iter()
        .map(|it| {
            (
                it.url
                    .strip_prefix("https://shop.test/css/")
                    .unwrap()
                    .to_owned(),
                it.kind,
            )
        })
        .collect();
    use AssetKind::{Font, Image, StyleSheet};
    let expected = [
        ("base.css", StyleSheet),
        ("theme.css", StyleSheet),
        ("y.png", Image),
        ("f.woff2", Font),
        ("f.ttf", Font),
        ("one.png", Image),
        ("two.png", Image),
        ("escaped.png", Image),
        ("q.png", Image),
        ("c.cur", Image),
        ("var.png", Image),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(url, kind)| ((*url).to_owned(), *kind))
        .collect();
    assert_eq!(found, expected);

    let new = rewrite_style_sheet(sheet, base, &archived);
    for kept in [
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "/* url(comment.png) */",
        r#"font-family: "url(a.png)""#,
        r#"content: "url(string.png)""#,
        "filter: url(#f)",
        "url(data:image/png;base64,AA) url() url(   )",
    ] {
        assert!(new.contains(kept), "{kept} in {new}");
    }
    for replaced in [
        r#"@import "/api/v1/assets/1/css_base.css" screen;"#,
        r#"@import url("/api/v1/assets/1/css_theme.css") layer(x)"#,
        r#"url("/api/v1/assets/1/css_f.woff2") format("woff2")"#,
        r#"image-set("/api/v1/assets/1/css_one.png" type("image/png") 1x, url("/api/v1/assets/1/css_two.png") 2x)"#,
    ] {
        assert!(new.contains(replaced), "{replaced} in {new}");
    }
    // Once more changes nothing but what is not archived under its new name.
    assert_eq!(style_sheet_references(&new, "about:blank"), []);
    let gone = rewrite_style_sheet(
        "@import 'x.css'; a{b:url(y)}",
        "https://else.test/",
        &archived,
    );
    assert_eq!(gone.matches("data:").count(), 2, "{gone}");
    assert!(
        !gone.contains("else.test") && !gone.contains("x.css"),
        "{gone}"
    );
}

#[test]
fn hostile_css_is_survived_and_says_nothing() {
    let deep = format!(
        "a{}url(https://evil.test/x.png){}",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    let new = rewrite_style_sheet(&deep, "https://shop.test/", &archived);
    assert!(!new.contains("evil.test"));
    for sheet in [
        "url(",
        "url(\"",
        "@import",
        "@import \"x",
        "a{b:url(x",
        "\\",
        "url(\\",
        "}}}}url(https://evil.test/x)",
        "/* url(",
        "@font-face{src:url(https://evil.test/f",
        "\u{0}url(https://evil.test/x)",
        "image-set(\"https://evil.test/x",
        "<!-- url(https://evil.test/x) -->",
        "a{b:url(https://evil.test/\u{1}x)} c{d:url(https://evil.test/y)}",
    ] {
        let new = rewrite_style_sheet(sheet, "https://shop.test/", &archived);
        let references = style_sheet_references(&new, "https://shop.test/");
        assert!(
            references.iter().all(|it| !it.url.contains("evil")),
            "{sheet}: {new}"
        );
    }
    // An address cannot end the string that it stands in.
    let tricky = |_: &str| Some("/x\") } body { display: none } a { b: url(\"\n".to_owned());
    let new = rewrite_style_sheet("a{b:url(y)}", "https://shop.test/", &tricky);
    assert_eq!(
        style_sheet_references(&new, "https://shop.test/").len(),
        1,
        "{new}"
    );
}
