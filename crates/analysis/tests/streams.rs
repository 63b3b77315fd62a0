//! Small streams by hand, one kind of fact each, in the words of each recorder.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use analysis::{Body, Click, Fact, GapReason, Via, summarise};
use support::*;

fn clicks(facts: &[Fact]) -> Vec<&Click> {
    of_kind(facts, |body| match body {
        Body::Click(click) => Some(&**click),
        _ => None,
    })
}

fn button(id: i64, label: &str) -> String {
    element(id, "button", "", &text(id + 1, label))
}

fn views(facts: &[Fact]) -> Vec<(String, Via)> {
    of_kind(facts, |body| match body {
        Body::PageView(view) => Some((view.href.clone(), view.via)),
        _ => None,
    })
}

fn gaps(facts: &[Fact]) -> Vec<(GapReason, i64, i64, bool)> {
    facts
        .iter()
        .filter_map(|fact| match fact.body {
            Body::Gap(gap) => Some((gap.reason, fact.at_ms(), gap.until_ms, fact.open)),
            _ => None,
        })
        .collect()
}

// Clicks.

#[test]
fn a_clock_does_not_answer_a_click_and_a_message_does() {
    let body = [
        button(10, "Pay"),
        element(20, "p", "", &text(21, "0")),
        element(30, "div", "", ""),
    ]
    .join(",");
    let mut lines = page(0, &body);
    for second in 1..20 {
        lines.push(set_text(second * 1_000, 21, &second.to_string()));
        if second == 6 {
            lines.push(click(6_300, 10));
        }
    }
    let facts = analyse(&lines);
    assert!(clicks(&facts)[0].dead, "only the clock went on");

    lines.truncate(8);
    lines.push(click(6_300, 10));
    lines.push(set_text(7_000, 21, "7"));
    lines.push(add(7_200, 30, &element(31, "b", "", &text(32, "Paid"))));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    assert_eq!(clicks(&facts)[0].changed_after_ms, Some(900));
    assert!(!clicks(&facts)[0].dead);
}

#[test]
fn hover_ripples_and_hidden_changes_are_no_answer() {
    let pay = element(10, "button", r#""class":"btn""#, &text(11, "Pay"));
    let hidden = element(20, "div", r#""hidden":"""#, &element(21, "p", "", ""));
    let mut lines = page(0, &[pay, hidden].join(","));
    lines.push(click(5_000, 10));
    lines.push(set_attribute(
        5_010,
        10,
        r#""class":"btn Mui-focusVisible""#,
    ));
    lines.push(add(
        5_020,
        10,
        &element(40, "span", r#""class":"MuiTouchRipple-ripple""#, ""),
    ));
    lines.push(remove(5_500, 10, 40));
    lines.push(add(5_600, 21, &text(41, "unseen")));
    lines.push(add(5_700, 6, &element(42, "script", "", "")));
    lines.push(set_attribute(5_800, 10, r#""data-tracked":"1""#));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    let click = clicks(&facts)[0];
    assert_eq!(click.changed_after_ms, None);
    assert!(click.dead, "{click:?}");
}

#[test]
fn fields_and_links_out_of_the_page_are_never_dead() {
    let body = [
        element(10, "input", r#""type":"text""#, ""),
        element(
            11,
            "a",
            r#""href":"https://other.test/","target":"_blank""#,
            &text(12, "Elsewhere"),
        ),
        element(13, "a", r##""href":"#""##, &text(14, "Nowhere")),
        element(15, "p", "", &text(16, "Words")),
    ];
    let mut lines = page(0, &body.join(","));
    for (at, id) in [(1, 10), (20, 11), (40, 13), (60, 15)] {
        lines.push(click(at * 1_000, id));
    }
    lines.push(tick(90_000));
    let facts = analyse(&lines);
    let dead: Vec<i64> = clicks(&facts)
        .iter()
        .filter(|click| click.dead)
        .map(|click| click.node_id)
        .collect();
    assert_eq!(dead, [13]);
}

#[test]
fn a_request_and_a_new_page_are_answers_too() {
    let request = |at, name: &str| {
        let payload = format!(
            r#"{{"requests":[{{"name":"{name}","method":"POST","initiatorType":"fetch","entryType":"resource","status":200,"startTime":100,"endTime":150,"duration":50}}]}}"#
        );
        plugin(at, "rrweb/network@1", &payload)
    };
    let mut lines = page(0, &button(10, "Save"));
    lines.push(click(1_000, 10));
    lines.push(request(1_200, "https://shop.test/api/save"));
    lines.push(click(20_000, 10));
    lines.push(request(20_200, "https://stats.test/2/httpapi"));
    lines.push(click(40_000, 10));
    lines.push(custom(
        41_000,
        "$url_changed",
        r#"{"href":"https://shop.test/done"}"#,
    ));
    lines.push(tick(60_000));
    let facts = analyse(&lines);
    let dead: Vec<bool> = clicks(&facts).iter().map(|click| click.dead).collect();
    assert_eq!(dead, [false, true, false]);
    assert_eq!(clicks(&facts)[2].changed_after_ms, Some(1_000));
}

#[test]
fn a_click_at_the_end_stays_open() {
    let mut lines = page(0, &button(10, "Pay"));
    lines.push(click(1_000, 10));
    let facts = analyse(&lines);
    let open = facts
        .iter()
        .find(|fact| matches!(fact.body, Body::Click(_)))
        .unwrap();
    assert!(open.open);
    assert!(!clicks(&facts)[0].dead, "nobody saw the seven seconds");
}

#[test]
fn taps_without_a_page_are_touches_and_can_rage() {
    let touch = |at, kind| {
        increment(
            at,
            &format!(
                r#""source":2,"type":{kind},"id":0,"x":10.5,"y":20,"pointerType":2,"pointerId":1"#
            ),
        )
    };
    let mut lines =
        vec![r#"{"type":4,"data":{"href":"","width":400,"height":800},"timestamp":0}"#.to_owned()];
    for at in [1_000, 1_200, 1_400] {
        lines.push(touch(at, 7));
        lines.push(touch(at + 60, 9));
    }
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    let taps = of_kind(&facts, |body| match body {
        Body::Touch(tap) => Some((tap.rage, tap.in_rage, tap.dead)),
        _ => None,
    });
    assert_eq!(
        taps,
        [(3, false, false), (0, true, false), (0, true, false)]
    );
    assert_eq!(summarise(&facts, 0, 20_000_000).counts.rage_click_count, 1);
}

// Text.

#[test]
fn only_what_stands_on_the_screen_is_text() {
    let body = [
        element(10, "script", "", &text(11, "code")),
        element(12, "style", "", &text(13, "rule")),
        element(14, "noscript", "", &text(15, "old")),
        element(16, "p", "", &text(17, "**** ***")),
        element(18, "p", r#""class":"ph-mask""#, &text(19, "kept back")),
        element(
            20,
            "div",
            r#""style":"display: none""#,
            &element(21, "p", "", &text(22, "later")),
        ),
        element(23, "div", r#""contenteditable":"true""#, &text(24, "typed")),
        element(25, "textarea", "", &text(26, "typed too")),
        element(27, "input", r#""type":"submit","value":"Order now""#, ""),
        element(28, "input", r#""type":"text","value":"jane""#, ""),
        element(
            29,
            "select",
            "",
            &element(30, "option", "", &text(31, "Choice")),
        ),
        element(
            32,
            "p",
            "",
            &[
                text(33, "Pay"),
                element(34, "b", "", &text(35, "ment")),
                text(36, " declined"),
            ]
            .join(","),
        ),
    ];
    let mut lines = page(0, &body.join(","));
    let mut shown = texts(&analyse(&lines)).join("|");
    assert_eq!(shown, "Order now|Payment declined");
    lines.push(set_attribute(5_000, 20, r#""style":"display: block""#));
    lines.push(set_attribute(9_000, 32, r#""hidden":"""#));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    shown = texts(&facts).join("|");
    assert!(shown.contains("later"), "{shown}");
    let gone = facts.iter().find_map(|fact| match &fact.body {
        Body::Text(text) if text.text == "Payment declined" => text.until_ms,
        _ => None,
    });
    assert_eq!(gone, Some(9_000));
}

#[test]
fn a_growing_text_is_one_and_a_ticking_one_is_bounded() {
    let mut lines = page(
        0,
        &[
            element(10, "p", "", &text(11, "A")),
            element(12, "p", "", &text(13, "0 left")),
        ]
        .join(","),
    );
    let mut grown = String::from("A");
    for step in 1..200 {
        grown.push_str(" word");
        lines.push(set_text(step * 100, 11, &grown));
        lines.push(set_text(step * 100, 13, &format!("{step} left")));
    }
    for step in 0..300 {
        lines.push(set_text(
            30_000 + step * 2_000,
            13,
            &format!("{step} right"),
        ));
    }
    lines.push(tick(700_000));
    let facts = analyse(&lines);
    let texts = texts(&facts);
    let grown_texts: Vec<&&str> = texts.iter().filter(|text| text.starts_with('A')).collect();
    assert_eq!(grown_texts, [&grown.as_str()]);
    assert!(texts.len() < 12, "{texts:?}");
    assert!(texts.contains(&"299 right"));
    let left_out = of_kind(&facts, |body| match body {
        Body::Integrity(found) if found.reason == "texts_left_out" => Some(found.count),
        _ => None,
    });
    assert!(left_out[0] > 250);
}

#[test]
fn rendering_again_is_the_same_appearance_and_a_flash_is_one_too() {
    let item = element(20, "li", "", &text(21, "Milk"));
    let mut lines = page(0, &element(10, "ul", "", &item));
    lines.push(remove(5_000, 10, 20));
    lines.push(add_item(5_100, 10, 30, "Milk"));
    lines.push(add_item(7_000, 10, 40, "Card refused"));
    lines.push(remove(7_300, 10, 40));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    let mut found = of_kind(&facts, |body| match body {
        Body::Text(text) => Some((text.text.as_str(), text.until_ms, text.node_id)),
        _ => None,
    });
    found.sort_unstable();
    assert_eq!(
        found,
        [("Card refused", Some(7_300), 40), ("Milk", None, 30)]
    );
}

#[test]
fn a_long_text_comes_in_parts_that_join() {
    let long = "All work and no play. ".repeat(300);
    let mut lines = page(0, &element(10, "pre", "", &text(11, &long)));
    let check = |facts: &[Fact]| {
        let mut parts = of_kind(facts, |body| match body {
            Body::Text(text) => Some((text.part, text.text.clone())),
            _ => None,
        });
        parts.sort();
        assert!(parts.len() > 3 && parts.iter().all(|(_, text)| text.len() <= 2_048));
        let whole: String = parts.into_iter().map(|(_, text)| text).collect();
        assert_eq!(whole, long.trim_end());
    };
    check(&analyse(&lines));
    lines.push(remove(9_000, 6, 10));
    lines.push(tick(20_000));
    check(&analyse_in_pieces(&lines, &[2]));
}

// Pages.

#[test]
fn each_recorder_tells_of_navigation_in_its_own_way() {
    let mut amplitude = page(0, "");
    let url = |at, href: &str, width| {
        let payload = format!(
            r#"{{"href":"{href}","title":"","viewportHeight":700,"viewportWidth":{width},"type":"url-change-event"}}"#
        );
        plugin(at, "amplitude/url-tracking@1", &payload)
    };
    amplitude.push(url(100, "https://shop.test/", 1_000));
    amplitude.push(url(200, "https://shop.test/frame", 300));
    amplitude.push(url(300, "https://shop.test/cart", 1_000));
    let expected = [
        ("https://shop.test/".to_owned(), Via::Load),
        ("https://shop.test/cart".to_owned(), Via::Navigation),
    ];
    assert_eq!(views(&analyse(&amplitude)), expected);

    let mut posthog = page(0, "");
    posthog.push(custom(100, "$pageview", r#"{"href":"https://shop.test/"}"#));
    posthog.push(custom(
        200,
        "$pageview",
        r#"{"href":"https://shop.test/cart"}"#,
    ));
    posthog.push(custom(
        210,
        "$url_changed",
        r#"{"href":"https://shop.test/cart"}"#,
    ));
    assert_eq!(views(&analyse(&posthog)), expected);

    let mut sentry = page(0, "");
    sentry.push(custom(
        200,
        "breadcrumb",
        r#"{"category":"navigation","data":{"from":"/","to":"/cart"}}"#,
    ));
    sentry.push(custom(201, "performanceSpan", r#"{"op":"navigation.push","description":"https://shop.test/cart","startTimestamp":0.2,"endTimestamp":0.2,"data":{}}"#));
    let span = r#"{"op":"navigation.back_forward","description":"https://shop.test/","startTimestamp":5,"endTimestamp":6}"#;
    sentry.push(custom(5_000, "performanceSpan", span));
    sentry.extend(page(6_000, ""));
    let mut with_return = expected.to_vec();
    with_return.push(("https://shop.test/".to_owned(), Via::BackForward));
    assert_eq!(views(&analyse(&sentry)), with_return);
}

#[test]
fn a_page_has_its_title_and_a_checkout_is_none() {
    let mut lines = page(0, "");
    lines.extend(page(30_000, ""));
    let facts = analyse(&lines);
    let titles = of_kind(&facts, |body| match body {
        Body::PageView(view) => Some(view.title.clone()),
        _ => None,
    });
    assert_eq!(titles, [Some("Shop".to_owned())]);
}

// What recorders report.

#[test]
fn sentry_reports_lines_requests_vitals_and_keys() {
    let lines = [
        custom(
            1_000,
            "breadcrumb",
            r#"{"timestamp":1,"category":"console","level":"error","message":"bad","data":{"arguments":["bad",{"step":1}],"logger":"console"}}"#,
        ),
        custom(
            2_000,
            "performanceSpan",
            r#"{"op":"resource.fetch","description":"https://a.test/api?x=1","startTimestamp":1.5,"endTimestamp":6,"data":{"method":"POST","statusCode":500,"request":{"headers":{"accept":"*/*"},"size":47,"body":{"sku":"A"}},"response":{"size":118,"body":"no"}}}"#,
        ),
        custom(
            3_000,
            "performanceSpan",
            r#"{"op":"web-vital","description":"largest-contentful-paint","startTimestamp":3,"endTimestamp":3,"data":{"value":2964,"rating":"needs-improvement"}}"#,
        ),
        custom(
            4_000,
            "performanceSpan",
            r#"{"op":"memory","data":{"memory":{"totalJSHeapSize":9,"usedJSHeapSize":6}}}"#,
        ),
        custom(
            5_000,
            "breadcrumb",
            r#"{"category":"ui.keyDown","data":{"ctrlKey":true,"key":"s"}}"#,
        ),
        custom(
            6_000,
            "breadcrumb",
            r#"{"category":"replay.hydrate-error","data":{"url":"https://a.test/"}}"#,
        ),
        custom(
            7_000,
            "breadcrumb",
            r#"{"category":"sentry.feedback","data":{"feedbackId":"f1"}}"#,
        ),
        custom(
            8_000,
            "breadcrumb",
            r#"{"category":"flag","data":{"on":true}}"#,
        ),
        custom(9_000, "options", r#"{"secret":1}"#),
    ];
    let facts = analyse(&lines);
    let kinds: Vec<&str> = facts
        .iter()
        .filter(|fact| !fact.open)
        .map(|fact| match &fact.body {
            Body::Console(line) => {
                assert_eq!(
                    (line.level.as_str(), line.message.as_str()),
                    ("error", r#"bad {"step":1}"#)
                );
                "console"
            }
            Body::Network(network) => {
                assert_eq!(
                    (network.method.as_str(), network.status, network.duration_ms),
                    ("POST", Some(500), Some(4_500))
                );
                assert!(network.failed && network.slow);
                assert_eq!(
                    (fact.at_us, network.request_size_bytes),
                    (1_500_000, Some(47))
                );
                assert_eq!(network.request_body.as_deref(), Some(r#"{"sku":"A"}"#));
                "network"
            }
            Body::WebVital(vital) => {
                assert_eq!((vital.name.as_str(), vital.value), ("LCP", 2_964.0));
                "web_vital"
            }
            Body::Memory {
                used_bytes: 6,
                total_bytes: 9,
            } => "memory",
            Body::Key { key } => {
                assert_eq!(key, "Ctrl+s");
                "key"
            }
            Body::Error(_) => "error",
            Body::Feedback { event_id } => {
                assert_eq!(event_id.as_deref(), Some("f1"));
                "feedback"
            }
            Body::Custom(custom) => {
                assert_eq!(custom.tag, "flag");
                "custom"
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "console",
            "network",
            "web_vital",
            "memory",
            "key",
            "error",
            "feedback",
            "custom"
        ]
    );
}

#[test]
fn amplitude_and_posthog_report_requests() {
    let lines = [
        custom(
            1_000_000_500,
            "fetch-request",
            r#"{"timestamp":1000000100,"type":"fetch","method":"GET","url":"/api","requestHeaders":{"Accept":"*/*"},"status":404,"duration":65,"responseBody":"gone","config":{"apiKey":"k"}}"#,
        ),
        custom(1_000_000_600, "get-sr-props", r#"{"shouldRecord":true}"#),
        plugin(
            1_795_225_176_000,
            "rrweb/network@1",
            r#"{"requests":[{"name":"https://a.test/x","entryType":"resource","initiatorType":"xmlhttprequest","startTime":318,"duration":352.8,"transferSize":912,"status":200,"method":"PUT","timestamp":1795225175000,"responseHeaders":{"content-type":"text/css"}},{"name":"first-contentful-paint","entryType":"paint","startTime":812.5,"timestamp":1795225175100}]}"#,
        ),
    ];
    let facts = analyse(&lines);
    let requests = of_kind(&facts, |body| match body {
        Body::Network(network) => Some((
            network.url.as_str(),
            network.status,
            network.start_ms,
            network.failed,
        )),
        _ => None,
    });
    assert_eq!(
        requests,
        [
            ("/api", Some(404), 1_000_000_100, true),
            ("https://a.test/x", Some(200), 1_795_225_175_000, false)
        ]
    );
    assert!(!facts.iter().any(|fact| fact.to_json().contains("apiKey")));
    assert!(facts.iter().any(|fact| matches!(&fact.body, Body::WebVital(vital) if vital.name == "FCP" && vital.value == 812.5)));
}

#[test]
fn long_payloads_are_cut_and_unknown_events_kept() {
    let long = "x".repeat(100_000);
    let lines = [
        custom(1, "mine", &format!(r#"{{"text":"{long}"}}"#)),
        plugin(2, "mine/plugin@2", "[1,2]"),
        r#"{"type":8,"data":{"type":"timelineMarker","text":"here"},"timestamp":3}"#.to_owned(),
        plugin(
            4,
            "rrweb/console@1",
            &format!(r#"{{"level":"log","payload":["\"{long}\""]}}"#),
        ),
    ];
    let facts = analyse(&lines);
    let customs = of_kind(&facts, |body| match body {
        Body::Custom(custom) => Some((custom.tag.as_str(), custom.payload.len())),
        _ => None,
    });
    assert_eq!(customs[0], ("mine", 4_096));
    assert_eq!(customs[1], ("mine/plugin@2", 5));
    assert_eq!(customs[2].0, "annotation");
    assert!(facts.iter().all(|fact| fact.to_json().len() < 20_000));
}

#[test]
fn typing_and_scrolling_are_one_fact_each_without_the_text() {
    let mut lines = page(
        0,
        &element(10, "input", r#""type":"text","placeholder":"Search""#, ""),
    );
    for (at, value) in ["s", "se", "sec"].iter().enumerate() {
        let at_ms = 1_000 + at as i64 * 200;
        lines.push(increment(
            at_ms,
            &format!(r#""source":5,"text":"{value}","isChecked":false,"id":10"#),
        ));
        lines.push(increment(
            at_ms,
            &format!(r#""source":3,"id":1,"x":0,"y":{at_ms}"#),
        ));
    }
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    let inputs = of_kind(&facts, |body| match body {
        Body::Input(input) => Some((input.label.as_deref(), input.length, input.masked)),
        _ => None,
    });
    assert_eq!(inputs, [(Some("Search"), 3, false)]);
    let scrolls = of_kind(&facts, |body| match body {
        Body::Scroll { y, until_ms, .. } => Some((*y, *until_ms)),
        _ => None,
    });
    assert_eq!(scrolls, [(1_400, 1_400)]);
    assert!(facts.iter().all(|fact| !fact.to_json().contains("\"sec")));
}

// Gaps.

#[test]
fn what_is_missing_is_a_gap_until_the_next_snapshot() {
    let mut lines = vec![set_text(1_000, 11, "x"), set_text(2_000, 11, "y")];
    lines.extend(page(5_000, ""));
    for id in 100..120 {
        lines.push(set_text(8_000 + id, id, "z"));
    }
    let facts = analyse(&lines);
    let found = gaps(&facts);
    assert_eq!(found[0], (GapReason::NoFullSnapshot, 1_000, 5_000, false));
    assert_eq!(found[1].0, GapReason::LostData);
    assert_eq!((found[1].1, found[1].3), (8_100, true));
    let summary = summarise(&facts, 0, 10_000_000);
    let reasons: Vec<(&str, u64)> = summary
        .integrity
        .iter()
        .map(|mark| (mark.reason.as_str(), mark.count))
        .collect();
    assert!(
        reasons.contains(&("no_full_snapshot", 2)) && reasons.contains(&("missing_node", 20)),
        "{reasons:?}"
    );
}

#[test]
fn a_few_missing_nodes_are_no_gap() {
    let mut lines = page(0, "");
    for at in 1..20 {
        lines.push(set_text(at * 10_000, 100, "z"));
    }
    assert!(gaps(&analyse(&lines)).is_empty());
}

#[test]
fn hidden_pages_pauses_jumps_and_wireframes_are_gaps() {
    let day = 24 * 3_600 * 1_000;
    let mut lines = page(0, "");
    lines.push(custom(1_000, "window hidden", "{}"));
    lines.push(custom(3_000, "window visible", "{}"));
    lines.push(custom(4_000, "sessionIdle", "{}"));
    lines.push(custom(5_000, "sessionNoLongerIdle", "{}"));
    lines.push(tick(6_000));
    lines.push(tick(6_000 + 2 * day));
    lines.push(format!(
        r#"{{"type":2,"data":{{"wireframes":[]}},"timestamp":{}}}"#,
        7_000 + 2 * day
    ));
    let facts = analyse(&lines);
    let found = gaps(&facts);
    assert_eq!(
        found[..3],
        [
            (GapReason::PageHidden, 1_000, 3_000, false),
            (GapReason::NotRecorded, 4_000, 5_000, false),
            (GapReason::ClockJump, 6_000, 6_000 + 2 * day, false),
        ]
    );
    assert_eq!(
        (found[3].0, found[3].3),
        (GapReason::UnsupportedContent, true)
    );
}

// Tabs.

#[test]
fn tabs_have_pages_of_their_own() {
    let in_tab =
        |line: &String, key: &str| line.replacen('{', &format!(r#"{{"windowId":"{key}","#), 1);
    let first = page(0, &element(10, "p", "", &text(11, "one")));
    let second = page(2_000, &element(10, "p", "", &text(11, "two")));
    let mut lines: Vec<String> = first.iter().map(|line| in_tab(line, "a")).collect();
    lines.extend(second.iter().map(|line| in_tab(line, "b")));
    lines.push(in_tab(&click(3_000, 10), "b"));
    lines.push(in_tab(&click(30_000, 10), "a"));
    let facts = analyse_tabs(&lines);
    let clicked: Vec<(u32, Option<String>)> = facts
        .iter()
        .filter_map(|fact| match &fact.body {
            Body::Click(click) => Some((fact.tab, click.text.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(
        clicked,
        [(0, Some("one".to_owned())), (1, Some("two".to_owned()))]
    );
    let summary = summarise(&facts, 0, 30_000_000);
    assert_eq!(summary.counts.tab_count, 2);
    assert_eq!(summary.tabs[1].from_ms, 2_000);
    assert_eq!(summary.tabs[1].focused[0].from_ms, 3_000);
}

// Our own recorder.

fn custom(at_ms: i64, tag: &str, payload: &str) -> String {
    format!(r#"{{"type":5,"data":{{"tag":"{tag}","payload":{payload}}},"timestamp":{at_ms}}}"#)
}

#[test]
fn a_number_that_never_came_is_a_gap_until_it_comes() {
    let chunk = |at_ms: i64, number: u64| {
        let until = at_ms + 500;
        let payload = format!(r#"{{"page":"p.1","number":{number},"until":{until}}}"#);
        custom(at_ms, "reenact-chunk", &payload)
    };
    let mut lines = page(0, &button(10, "Pay"));
    lines.extend([chunk(100, 1), chunk(1_000, 2), chunk(5_000, 4)]);
    let facts = analyse(&lines);
    assert_eq!(gaps(&facts), [(GapReason::LostData, 1_500, 5_000, true)]);
    assert_eq!(
        of_kind(&facts, |body| matches!(body, Body::Custom(_)).then_some(())),
        []
    );

    lines.insert(lines.len() - 1, chunk(3_000, 3));
    assert_eq!(gaps(&analyse(&lines)), []);
}

#[test]
fn errors_and_focus_of_our_recorder() {
    let mut lines = page(0, &button(10, "Pay"));
    let error = r#"{"kind":"error","name":"TypeError","message":"x is not a function","stack":"TypeError: x is not a function\n at pay (shop.js:1:2)","handled":false}"#;
    lines.push(custom(100, "error", error));
    lines.push(custom(200, "focus", r#"{"hasFocus":false}"#));
    lines.push(custom(
        300,
        "error",
        r#"{"kind":"resource","url":"https://a.test/x.png"}"#,
    ));
    let facts = analyse(&lines);
    let errors = of_kind(&facts, |body| match body {
        Body::Error(error) => Some(error.clone()),
        _ => None,
    });
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].message, "x is not a function");
    assert_eq!(errors[0].stack, ["at pay (shop.js:1:2)"]);
    assert_eq!(
        of_kind(&facts, |body| matches!(body, Body::Blur).then_some(())).len(),
        1
    );
}
