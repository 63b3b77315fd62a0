//! Runs of a program (`session`, `sessions`) and what a client dropped by itself.

use crate::value::{at, count, iso_time, short, time};
use model::Timestamp;
use model::batch::{ClientLoss, Visit, VisitStatus};
use model::ingest::{Problems, Reason};
use rrweb::tape::Value;

/// A report lists one line per reason and category.
const MAX_LOSSES: usize = 200;
/// A server adds up by the minute.
const MAX_AGGREGATES: usize = 1_000;

const AGGREGATED: [(&str, VisitStatus); 5] = [
    ("exited", VisitStatus::Exited),
    ("errored", VisitStatus::Errored),
    ("unhandled", VisitStatus::Unhandled),
    ("crashed", VisitStatus::Crashed),
    ("abnormal", VisitStatus::Abnormal),
];

pub(super) fn session(item: Value<'_>, received_at: Timestamp) -> Visit {
    let updated_at = time(item.get("timestamp")).unwrap_or(received_at);
    let error_count = count(item.get("errors")).unwrap_or(0);
    let status = match item.get("status").and_then(Value::as_str) {
        Some("exited") => VisitStatus::Exited,
        Some("errored") => VisitStatus::Errored,
        Some("unhandled") => VisitStatus::Unhandled,
        Some("crashed") => VisitStatus::Crashed,
        Some("abnormal") => VisitStatus::Abnormal,
        _ => VisitStatus::Running,
    };
    Visit {
        id: short(item.get("sid")),
        visitor: short(item.get("did")),
        status,
        started_at: time(item.get("started")).unwrap_or(updated_at),
        updated_at,
        is_first: item.get("init").and_then(Value::as_bool) == Some(true),
        error_count,
        count: 1,
        release: short(at(item, &["attrs", "release"])),
        environment: short(at(item, &["attrs", "environment"])),
    }
}

pub(super) fn sessions(item: Value<'_>, received_at: Timestamp) -> Vec<Visit> {
    let list = item.get("aggregates").into_iter().flat_map(Value::items);
    let mut visits = Vec::new();
    for aggregate in list.take(MAX_AGGREGATES) {
        let started_at = aggregate
            .get("started")
            .and_then(Value::as_str)
            .and_then(iso_time)
            .unwrap_or(received_at);
        for (key, status) in AGGREGATED {
            let Some(count) = count(aggregate.get(key)).filter(|count| *count > 0) else {
                continue;
            };
            visits.push(Visit {
                id: None,
                visitor: short(aggregate.get("did")),
                status,
                started_at,
                updated_at: started_at,
                is_first: true,
                error_count: 0,
                count,
                release: short(at(item, &["attrs", "release"])),
                environment: short(at(item, &["attrs", "environment"])),
            });
        }
    }
    visits
}

pub(super) fn client_report(item: Value<'_>, problems: &mut Problems) -> Vec<ClientLoss> {
    let list = item
        .get("discarded_events")
        .into_iter()
        .flat_map(Value::items);
    let mut losses = Vec::new();
    for loss in list.take(MAX_LOSSES) {
        let read = || {
            Some(ClientLoss {
                reason: short(loss.get("reason"))?,
                category: short(loss.get("category"))?,
                count: count(loss.get("quantity"))?,
            })
        };
        match read() {
            Some(loss) => losses.push(loss),
            None => problems.add(Reason::InvalidItem, 1),
        }
    }
    losses
}
