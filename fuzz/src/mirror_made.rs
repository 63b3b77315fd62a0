//! The mirror and its keyframes, given events that look like a recorder's but say
//! anything: ids that are taken, unknown or negative, nodes below themselves,
//! siblings of other parents.

use crate::made::events;
use crate::mirror_text::{check_events, check_keyframe, play, restored};
use rrweb::{Limits, Mirror, Tape, keyframe};

pub fn check(bytes: &[u8]) {
    let tapes: Vec<Tape> = events(bytes)
        .iter()
        .map(|event| {
            let mut tape = Tape::new();
            tape.parse(event).expect("made events are JSON");
            tape
        })
        .collect();
    check_events(&tapes);

    // A keyframe in the middle, then the same events for both.
    let (before, after) = tapes.split_at(tapes.len() / 2);
    let mut mirror = Mirror::new(Limits::default());
    play(&mut mirror, before);
    if !mirror.has_page() {
        return;
    }
    let mut continued = restored(&keyframe(&mirror, 0), Limits::default());
    play(&mut continued, after);
    play(&mut mirror, after);
    check_keyframe(&continued);
}
