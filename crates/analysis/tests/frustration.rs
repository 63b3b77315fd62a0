//! Signs of frustration: what counts, and what only looks like it.

#![allow(clippy::unwrap_used)]

mod support;

use analysis::{Body, Click, Fact, Frustration, Signal, summarise};
use support::*;

fn found(facts: &[Fact]) -> Vec<(Signal, i64, i64, bool)> {
    let of = |fact: &Fact| match &fact.body {
        Body::Frustration(found) => Some((found.signal, fact.at_ms(), found.until_ms, fact.open)),
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

fn first(facts: &[Fact]) -> &Frustration {
    of_kind(facts, |body| match body {
        Body::Frustration(found) => Some(&**found),
        _ => None,
    })[0]
}

fn clicks(facts: &[Fact]) -> Vec<&Click> {
    of_kind(facts, |body| match body {
        Body::Click(click) => Some(&**click),
        _ => None,
    })
}

fn content() -> String {
    element(10, "p", "", &text(11, "Shop"))
}

/// A paragraph with words, each node by itself, as recorders send them.
fn add_content(at_ms: i64, parent: i64, id: i64) -> [String; 2] {
    [
        add(at_ms, parent, &element(id, "p", "", "")),
        add(at_ms, id, &text(id + 1, "Shop")),
    ]
}

fn moves(at_ms: i64, points: impl IntoIterator<Item = (i64, i64)>) -> Vec<String> {
    let points = points.into_iter().enumerate();
    let each = points.map(|(step, (x, y))| {
        let at_ms = at_ms + step as i64 * 100;
        let place =
            format!(r#""source":1,"positions":[{{"x":{x},"y":{y},"id":10,"timeOffset":0}}]"#);
        increment(at_ms, &place)
    });
    each.collect()
}

fn pointer(at_ms: i64, kind: u8) -> String {
    increment(
        at_ms,
        &format!(r#""source":2,"type":{kind},"id":10,"x":5,"y":5"#),
    )
}

fn view(at_ms: i64, href: &str) -> String {
    format!(
        r#"{{"type":6,"data":{{"plugin":"amplitude/url-tracking@1","payload":{{"href":"https://shop.test{href}","title":"","viewportHeight":700,"viewportWidth":1000,"type":"url-change-event"}}}},"timestamp":{at_ms}}}"#
    )
}

// Thrashed cursor.

#[test]
fn a_pointer_that_goes_to_and_fro_is_thrashed() {
    let mut lines = page(0, &content());
    lines.extend(moves(1_000, (0..16).map(|step| (100 + step % 2 * 80, 100))));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    assert_eq!(
        found(&facts),
        [(Signal::ThrashedCursor, 1_200, 2_500, false)]
    );
    assert_eq!(first(&facts).count, 14);
}

#[test]
fn dragging_circling_and_wandering_are_not_thrashing() {
    let mut dragging = page(0, &content());
    dragging.push(pointer(900, 1));
    dragging.extend(moves(1_000, (0..16).map(|step| (100 + step % 2 * 80, 100))));
    dragging.push(pointer(2_700, 0));

    let circle = |step: i64| {
        let angle = step as f64 * 0.6;
        let at = |part: f64| 300 + (part * 100.0) as i64;
        (at(angle.cos()), at(angle.sin()))
    };
    let mut circling = page(0, &content());
    circling.extend(moves(1_000, (0..40).map(circle)));

    let mut trembling = page(0, &content());
    trembling.extend(moves(1_000, (0..40).map(|step| (100 + step % 2 * 8, 100))));

    let mut slow = page(0, &content());
    for step in 0..20 {
        slow.extend(moves(1_000 + step * 400, [(100 + step % 2 * 80, 100)]));
    }
    for mut lines in [dragging, circling, trembling, slow] {
        lines.push(tick(30_000));
        assert_eq!(found(&analyse(&lines)), []);
    }
}

// Quick backs.

fn walk(steps: &[(i64, &str)], between: &[String]) -> Vec<(Signal, i64, i64, bool)> {
    let mut lines = page(0, &content());
    lines.extend(steps.iter().map(|(at, href)| view(*at, href)));
    lines.extend(between.iter().cloned());
    let at = |line: &String| -> i64 {
        let (_, time) = line.rsplit_once("\"timestamp\":").unwrap();
        time.trim_end_matches('}').parse().unwrap()
    };
    lines.sort_by_key(at);
    lines.push(tick(60_000));
    found(&analyse(&lines))
}

#[test]
fn a_page_left_at_once_for_the_one_before_is_a_quick_back() {
    let found = walk(&[(1_000, "/help"), (3_000, "/")], &[]);
    assert_eq!(found, [(Signal::QuickBack, 1_000, 3_000, false)]);
}

#[test]
fn redirects_filters_and_pages_that_were_of_use_are_no_quick_backs() {
    // Stayed, led on, another place, only the query, and used.
    assert_eq!(walk(&[(1_000, "/help"), (9_000, "/")], &[]), []);
    assert_eq!(walk(&[(1_000, "/help"), (1_200, "/")], &[]), []);
    assert_eq!(walk(&[(1_000, "/help"), (3_000, "/cart")], &[]), []);
    assert_eq!(walk(&[(1_000, "/?sort=price"), (3_000, "/")], &[]), []);
    let typed = increment(2_000, r#""source":5,"id":10,"text":"x","isChecked":false"#);
    assert_eq!(walk(&[(1_000, "/help"), (3_000, "/")], &[typed]), []);
    let clicked = [click(1_500, 10), click(2_500, 10)];
    assert_eq!(walk(&[(1_000, "/help"), (3_000, "/")], &clicked), []);
}

// Endless spinners.

fn spinner() -> String {
    element(30, "div", r#""class":"spinner""#, "")
}

#[test]
fn a_spinner_that_stays_is_endless() {
    let mut lines = page(0, &content());
    lines.push(add(1_000, 6, &element(29, "div", "", "")));
    lines.push(add(1_000, 29, &spinner()));
    lines.push(tick(15_000));
    let facts = analyse(&lines);
    assert_eq!(
        found(&facts),
        [(Signal::EndlessSpinner, 1_000, 15_000, true)],
        "open, as it is still there"
    );
    assert_eq!(first(&facts).node_id, Some(30));
    lines.push(remove(16_000, 6, 29));
    lines.push(tick(20_000));
    let ended = [(Signal::EndlessSpinner, 1_000, 16_000, false)];
    assert_eq!(found(&analyse(&lines)), ended);

    let busy = element(20, "div", r#""aria-busy":"true""#, "");
    let mut lines = page(0, &[content(), busy].join(","));
    lines.push(set_attribute(12_000, 20, r#""aria-busy":"false""#));
    lines.push(tick(30_000));
    let ended = [(Signal::EndlessSpinner, 0, 12_000, false)];
    assert_eq!(found(&analyse(&lines)), ended, "by what it says of itself");
}

#[test]
fn spinners_that_end_hide_or_wait_to_be_seen_are_not_endless() {
    let mut short = page(0, &content());
    short.push(add(1_000, 6, &spinner()));
    short.push(remove(9_000, 6, 30));

    let mut hidden = page(0, &content());
    hidden.push(add(1_000, 6, &spinner()));
    hidden.push(set_attribute(3_000, 30, r#""style":"display: none""#));

    // In the page all the time, shown by a style sheet only when needed.
    let template = page(0, &[content(), spinner()].join(","));

    let mut list = page(0, &element(20, "div", "", ""));
    for item in 0..5 {
        list.extend(add_content(500, 20, 40 + item * 2));
    }
    list.push(add(600, 20, &spinner()));

    let mut away = page(0, &content());
    away.push(add(1_000, 6, &spinner()));
    away.push(custom(2_000, "window hidden", "{}"));
    away.push(custom(40_000, "window visible", "{}"));
    away.push(remove(41_000, 6, 30));

    let progress = element(30, "progress", r#""value":"3""#, "");
    let mut counted = page(0, &content());
    counted.push(add(1_000, 6, &progress));

    for (name, mut lines) in [
        ("short", short),
        ("hidden", hidden),
        ("template", template),
        ("list", list),
        ("away", away),
        ("counted", counted),
    ] {
        lines.push(tick(60_000));
        assert_eq!(found(&analyse(&lines)), [], "{name}");
    }
}

#[test]
fn many_spinners_at_once_are_one_wait() {
    let mut lines = page(0, &content());
    for id in 30..36 {
        let skeleton = element(id, "i", r#""class":"skeleton""#, "");
        lines.push(add(1_000, 6, &element(id + 20, "div", "", "")));
        lines.push(add(1_000, id + 20, &skeleton));
    }
    for id in 30..36 {
        lines.push(remove(15_000, id + 20, id));
    }
    lines.push(tick(20_000));
    assert_eq!(found(&analyse(&lines)).len(), 1);
}

// Blank pages.

#[test]
fn a_page_without_anything_to_see_is_blank() {
    let root = element(20, "div", r#""id":"root""#, "");
    let mut lines = page(0, &root);
    lines.push(tick(7_000));
    assert_eq!(
        found(&analyse(&lines)),
        [(Signal::BlankPage, 0, 7_000, true)]
    );
    lines.extend(add_content(8_000, 20, 30));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    assert_eq!(found(&facts), [(Signal::BlankPage, 0, 8_000, false)]);
    assert_eq!(first(&facts).label.as_deref(), Some("https://shop.test/"));

    // An application that broke and took everything away.
    let mut lines = page(0, &element(20, "div", "", &content()));
    lines.push(remove(3_000, 20, 10));
    lines.push(tick(4_000));
    lines.push(tick(15_000));
    assert_eq!(
        found(&analyse(&lines)),
        [(Signal::BlankPage, 3_000, 15_000, true)]
    );
}

#[test]
fn pages_that_load_hide_or_show_pictures_are_not_blank() {
    let root = element(20, "div", "", "");
    let mut loading = page(0, &root);
    loading.extend(add_content(3_000, 20, 30));

    let canvas = page(0, &element(20, "canvas", "", ""));
    let blocked = page(
        0,
        &element(20, "div", r#""rr_width":"300px","rr_height":"20px""#, ""),
    );

    let mut hidden = page(0, &root);
    hidden.push(custom(1_000, "window hidden", "{}"));
    hidden.push(custom(30_000, "window visible", "{}"));
    hidden.extend(add_content(31_000, 20, 30));
    for mut lines in [loading, canvas, blocked, hidden] {
        lines.push(tick(60_000));
        assert_eq!(found(&analyse(&lines)), []);
    }
}

// Broken images.

#[test]
fn an_image_that_the_server_does_not_have_is_broken_once() {
    let request = |at: i64, name: &str, initiator: &str, status: u16| {
        let request = format!(
            r#"{{"requests":[{{"name":"https://shop.test/{name}","initiatorType":"{initiator}","startTime":10,"endTime":20,"duration":10,"timeOrigin":{at},"responseStatus":{status},"status":{status}}}]}}"#
        );
        plugin(at, "rrweb/network@1", &request)
    };
    let image = element(20, "img", r#""src":"https://shop.test/a.png""#, "");
    let mut lines = page(0, &[content(), image].join(","));
    lines.push(request(1_000, "a.png", "img", 404));
    lines.push(request(2_000, "a.png", "img", 404));
    lines.push(request(3_000, "b.png", "img", 200));
    lines.push(request(4_000, "api", "fetch", 404));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    assert_eq!(found(&facts).len(), 1);
    assert_eq!(first(&facts).signal, Signal::BrokenImage);
    assert_eq!(
        first(&facts).label.as_deref(),
        Some("https://shop.test/a.png")
    );
}

#[test]
fn an_image_that_something_else_is_shown_for_is_not_broken() {
    let image = |id, size: &str| {
        let attributes = format!(r#""src":"https://shop.test/{id}.png"{size}"#);
        element(id, "img", &attributes, "")
    };
    let images = [image(20, ""), image(21, ""), image(22, r#","width":"1""#)];
    let mut lines = page(0, &[content(), images.join(",")].join(","));
    for id in 20..23 {
        let error = format!(
            r#"{{"kind":"resource","tag":"img","url":"https://shop.test/{id}.png","id":{id}}}"#
        );
        lines.push(custom(1_000, "error", &error));
    }
    lines.push(set_attribute(
        1_200,
        20,
        r#""src":"https://shop.test/b.png""#,
    ));
    lines.push(tick(20_000));
    let facts = analyse(&lines);
    assert_eq!(found(&facts).len(), 1);
    assert_eq!(first(&facts).node_id, Some(21));
}

// Clicks.

fn error(at_ms: i64, message: &str) -> String {
    let said = format!(r#"{{"level":"error","trace":[],"payload":["\"{message}\""]}}"#);
    plugin(at_ms, "rrweb/console@1", &said)
}

fn pay() -> String {
    element(20, "button", "", &text(21, "Pay"))
}

#[test]
fn an_error_soon_after_a_click_is_its_error() {
    let mut lines = page(0, &[pay(), content()].join(","));
    lines.push(click(12_000, 20));
    lines.push(set_text(12_100, 11, "Failed"));
    lines.push(error(12_800, "no total"));
    lines.push(click(40_000, 20));
    lines.push(error(43_000, "too late"));
    lines.push(tick(60_000));
    let facts = analyse(&lines);
    let after: Vec<Option<u32>> = clicks(&facts)
        .iter()
        .map(|click| click.error_after_ms)
        .collect();
    assert_eq!(after, [Some(800), None]);
    let summary = summarise(&facts, 0, 60_000_000);
    // The second click is dead.
    assert_eq!(summary.counts.frustration_count, 2);
}

#[test]
fn an_error_that_comes_by_itself_is_not_that_of_a_click() {
    let mut lines = page(0, &[pay(), content()].join(","));
    for beat in 1..5 {
        lines.push(error(beat * 3_000, "socket closed"));
    }
    lines.insert(5, click(8_500, 20));
    lines.push(tick(60_000));
    let facts = analyse(&lines);
    assert_eq!(clicks(&facts)[0].error_after_ms, None);
}

#[test]
fn a_late_answer_is_a_slow_click() {
    let answer = |after_ms: i64| {
        let mut lines = page(0, &[pay(), content()].join(","));
        lines.push(click(1_000, 20));
        lines.push(set_text(1_000 + after_ms, 11, "Paid"));
        lines.push(tick(60_000));
        clicks(&analyse(&lines))[0].slow
    };
    assert!(answer(3_500));
    assert!(!answer(2_900));
    assert!(!answer(7_500), "that is a dead one");
}

// Pieces.

#[test]
fn signs_that_lie_across_pieces_are_the_same() {
    let mut lines = page(0, &[pay(), content(), element(25, "div", "", "")].join(","));
    lines.push(add(500, 25, &element(26, "b", r#""class":"loading""#, "")));
    lines.extend(moves(1_000, (0..16).map(|step| (100 + step % 2 * 80, 100))));
    lines.push(view(3_000, "/help"));
    lines.push(view(5_000, "/"));
    lines.push(click(6_000, 20));
    lines.push(error(6_500, "no total"));
    lines.push(remove(20_000, 25, 26));
    lines.push(remove(21_000, 6, 10));
    lines.push(remove(21_000, 6, 20));
    lines.push(tick(40_000));
    let whole = sorted(&analyse(&lines));
    assert_eq!(found(&analyse(&lines)).len(), 4);
    for stop in 1..lines.len() {
        let pieces = analyse_in_pieces(&lines, &[stop]);
        assert_eq!(sorted(&pieces), whole, "split at {stop}");
    }
}
