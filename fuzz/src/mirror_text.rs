//! The mirror and its keyframes, given events as text: one JSON value per line.

use rrweb::{Limits, Mirror, Tape, keyframe};

/// Tiny limits, so that every one is met.
pub fn tiny_limits() -> Limits {
    Limits {
        nodes: 24,
        depth: 6,
        text_bytes: 64,
        inline_style_bytes: 48,
        names: 64,
        attributes: 4,
        sheet_edits: 4,
        constructed_sheets: 3,
        canvas_bytes: 256,
        fonts: 2,
        waiting: 3,
        memory_bytes: 64 << 10,
    }
}

pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let events: Vec<Tape> = text
        .lines()
        .filter_map(|line| {
            let mut tape = Tape::new();
            tape.parse(line).ok().map(|()| tape)
        })
        .collect();
    check_events(&events);
}

pub fn check_events(events: &[Tape]) {
    let mut mirror = Mirror::new(Limits::default());
    play(&mut mirror, events);
    check_keyframe(&mirror);

    // Bounds may cut anything, so the keyframe says less; it must still be readable.
    let mut small = Mirror::new(tiny_limits());
    play(&mut small, events);
    let limit = small.limits().nodes;
    assert!(small.node_count() <= limit, "more nodes than allowed");
    restored(&keyframe(&small, 0), *small.limits());
}

pub fn play(mirror: &mut Mirror, events: &[Tape]) {
    for (at, event) in events.iter().enumerate() {
        if event.root().get("type").and_then(|kind| kind.as_i64()) == Some(2)
            && let Some(data) = event.root().get("data")
        {
            let _ = mirror.equals_snapshot(data);
        }
        mirror.apply(event.root(), at as i64 * 1_000, &mut ());
    }
}

/// A keyframe can be read, restores the page, and so makes the same keyframe.
pub fn check_keyframe(mirror: &Mirror) {
    let events = keyframe(mirror, 0);
    let again = restored(&events, *mirror.limits());
    let second = keyframe(&again, 0);
    if second != events {
        let pairs = events.bytes().zip(second.bytes());
        let at = pairs.take_while(|(first, second)| first == second).count();
        panic!(
            "a keyframe restores something else at byte {at}\nfirst  …{}…\nsecond …{}…\nwhole first\n{events}",
            around(&events, at),
            around(&second, at)
        );
    }
    // Not `node_count`: nodes that wait for a sibling are in no place of the page.
    assert_eq!(
        again.walk().count(),
        mirror.walk().count(),
        "a keyframe leaves nodes out\n{events}"
    );
}

pub fn restored(events: &str, limits: Limits) -> Mirror {
    let mut mirror = Mirror::new(limits);
    let mut tape = Tape::new();
    for event in events.lines() {
        if let Err(error) = tape.parse(event) {
            panic!("a keyframe cannot be read: {error}\n{event}");
        }
        mirror.apply(tape.root(), 0, &mut ());
    }
    mirror
}

fn around(text: &str, at: usize) -> String {
    let range = at.saturating_sub(120)..(at + 80).min(text.len());
    String::from_utf8_lossy(&text.as_bytes()[range]).into_owned()
}
