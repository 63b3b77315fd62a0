//! What events say about the sessions that they belong to.

use crate::Occurrence;
use crate::state::State;
use crate::value::Value;
use model::ReplayId;
use std::collections::HashMap;

/// Sessions in which a user or device is named.
pub fn of_user(state: &State, identity: &str) -> Vec<ReplayId> {
    let wanted = Value::text(identity);
    let is_theirs = |row: &u32| {
        ["user", "device", "visitor"]
            .iter()
            .any(|field| state.rows.value(*row, field).as_ref() == Some(&wanted))
    };
    let rows = state.rows.live.iter().filter(is_theirs);
    rows.map(|row| state.rows.id(row)).collect()
}

#[derive(Clone, Copy)]
enum Said<'a> {
    Id(&'a str),
    Value(&'a Value),
}

/// Sessions that have events but no replay get a row of their own, and all learn who
/// the user is and what was said about them last.
pub fn note(state: &mut State, events: &[Occurrence]) {
    #[derive(Default)]
    struct Seen<'a> {
        times: Option<(i64, i64)>,
        latest: HashMap<&'a str, (i64, Said<'a>), foldhash::fast::RandomState>,
    }
    let mut sessions: HashMap<ReplayId, Seen<'_>, foldhash::fast::RandomState> = HashMap::default();
    for event in events {
        let Some(id) = event.replay else { continue };
        let at = event.at.millis();
        let seen = sessions.entry(id).or_default();
        let (first, last) = seen.times.unwrap_or((at, at));
        seen.times = Some((first.min(at), last.max(at)));
        let named = [("user", &event.user), ("device", &event.device)];
        let named = named
            .into_iter()
            .filter_map(|(name, text)| Some((name, Said::Id(text.as_deref()?))));
        let about_user = event.properties.iter();
        let about_user = about_user.filter(|(name, _)| name.starts_with("user."));
        let about_user = about_user.map(|(name, value)| (name.as_str(), Said::Value(value)));
        for (name, said) in named.chain(about_user) {
            let latest = seen.latest.entry(name).or_insert((at, said));
            if at >= latest.0 {
                *latest = (at, said);
            }
        }
    }
    for (id, seen) in sessions {
        let row = state.rows.number(id);
        state.rows.seen(row);
        state.changed(id);
        let is_recorded = state.rows.value(row, "recorded") == Some(Value::Flag(true));
        for (name, (_, said)) in seen.latest {
            if name != "device" || !is_recorded {
                match said {
                    Said::Id(text) => state.rows.set(row, name, Some(&Value::text(text))),
                    Said::Value(value) => state.rows.set(row, name, Some(value)),
                }
            }
        }
        let Some((first, last)) = seen.times.filter(|_| !is_recorded) else {
            continue;
        };
        let started = state.rows.number_of(row, "started");
        let ended = state.rows.number_of(row, "ended");
        let started = started.unwrap_or(f64::INFINITY).min(first as f64);
        let ended = ended.unwrap_or(f64::NEG_INFINITY).max(last as f64);
        for (name, number) in [
            ("started", started),
            ("ended", ended),
            ("duration", ended - started),
        ] {
            state.rows.set(row, name, Some(&Value::Number(number)));
        }
        state.rows.set(row, "recorded", Some(&Value::Flag(false)));
    }
}
