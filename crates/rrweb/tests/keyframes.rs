//! A mirror fed with its own keyframe is the same mirror, now and later.

#![allow(clippy::unwrap_used)]

mod support;

use rrweb::{Mirror, Tape, keyframe};
use support::Session;

const MOMENTS: u64 = 20;

fn restored(events: &str) -> Mirror {
    let mut mirror = Mirror::new(Default::default());
    let mut tape = Tape::new();
    for event in events.lines() {
        tape.parse(event).unwrap();
        mirror.apply(tape.root(), support::timestamp_ms(&tape) * 1000, &mut ());
    }
    mirror
}

/// Moments spread over a session, other ones in each, the same in every run.
fn moments(session: &Session) -> Vec<i64> {
    let (start, end) = session.span_ms();
    let mut random = session.events.len() as u64;
    let mut moments: Vec<i64> = (0..MOMENTS)
        .map(|_| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            start + (random >> 33) as i64 % (end - start + 1)
        })
        .collect();
    moments.push(end);
    moments.sort_unstable();
    moments
}

fn outline(mirror: &Mirror) -> Vec<(i64, i64, String, String)> {
    let line = |node| {
        let parent = mirror.parent(node).map_or(0, |parent| mirror.id(parent));
        (
            mirror.id(node),
            parent,
            mirror.tag(node).to_owned(),
            mirror.text(node).to_owned(),
        )
    };
    mirror.walk().map(line).collect()
}

#[track_caller]
fn assert_same_text(left: &str, right: &str, what: &str) {
    if left != right {
        let at = left
            .bytes()
            .zip(right.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let around = |text: &str| {
            let bytes = text.as_bytes();
            let range = at.saturating_sub(200)..(at + 200).min(bytes.len());
            String::from_utf8_lossy(&bytes[range]).into_owned()
        };
        panic!(
            "{what}: differ at byte {at}\n{}\n--\n{}",
            around(left),
            around(right)
        );
    }
}

#[test]
fn a_keyframe_restores_the_mirror() {
    for session in support::sessions() {
        let mut mirror = Mirror::new(Default::default());
        let mut from_keyframe: Option<Mirror> = None;
        let mut until = i64::MIN;
        let mut bytes = 0;
        for (n, moment) in moments(&session).into_iter().enumerate() {
            session.play(&mut mirror, until, moment, &mut ());
            if let Some(continued) = &mut from_keyframe {
                session.play(continued, until, moment, &mut ());
                let what = format!("{} continued until {moment}", session.name);
                assert_same_text(
                    &keyframe(continued, moment),
                    &keyframe(&mirror, moment),
                    &what,
                );
            }
            until = moment;
            if !mirror.has_page() {
                assert!(keyframe(&mirror, moment).is_empty());
                continue;
            }
            let events = keyframe(&mirror, moment);
            bytes += events.len();
            let again = restored(&events);
            let what = format!("{} at {moment}", session.name);
            assert!(
                again.integrity().is_clean(),
                "{what}: {:?}",
                again.integrity()
            );
            assert_eq!(outline(&again), outline(&mirror), "{what}");
            assert_same_text(&keyframe(&again, moment), &events, &what);
            assert_eq!(again.node_count(), mirror.node_count(), "{what}");
            // Its own life from here, and from a later start too.
            if n % 7 == 2 {
                from_keyframe = Some(again);
            }
        }
        let (nodes, memory) = (mirror.node_count(), mirror.memory_bytes() / 1024);
        let keyframe_kb = bytes / 1024 / (MOMENTS as usize + 1);
        eprintln!(
            "{}: {nodes} nodes, {memory} KB, keyframe {keyframe_kb} KB",
            session.name
        );
    }
}
