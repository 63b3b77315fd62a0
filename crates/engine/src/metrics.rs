//! Every metric of the engine, with unit and help text.

use model::ingest::{Problems, Reason};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabel {
    pub reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SourceLabel {
    pub source: &'static str,
}

#[derive(Default)]
pub struct Metrics {
    pub uploads: Family<SourceLabel, Counter>,
    pub upload_bytes: Family<SourceLabel, Counter>,
    pub replay_events: Counter,
    pub duplicate_events: Counter,
    pub analytics_events: Counter,
    pub problems: Family<ReasonLabel, Counter>,
    pub seals: Counter,
    pub seal_failures: Counter,
    pub sealed_bytes: Counter,
    pub hot_log_size_bytes: Gauge,
    pub hot_log_files: Gauge,
    pub hot_log_flushes: Gauge,
    pub replays_in_memory: Gauge,
}

impl Metrics {
    pub fn register(&self, registry: &mut Registry) {
        let to = registry.sub_registry_with_prefix("reenact");
        to.register(
            "uploads",
            "Uploads stored, by kind of SDK",
            self.uploads.clone(),
        );
        to.register_with_unit(
            "upload",
            "Decoded events stored",
            Unit::Bytes,
            self.upload_bytes.clone(),
        );
        to.register(
            "replay_events",
            "Replay events stored",
            self.replay_events.clone(),
        );
        to.register(
            "duplicate_replay_events",
            "Replay events that had arrived before",
            self.duplicate_events.clone(),
        );
        to.register(
            "analytics_events",
            "New analytics events stored",
            self.analytics_events.clone(),
        );
        to.register(
            "ingest_problems",
            "Uploads refused, and events dropped or repaired, by reason",
            self.problems.clone(),
        );
        to.register("seals", "Recording objects written", self.seals.clone());
        to.register(
            "seal_failures",
            "Recording objects that could not be written",
            self.seal_failures.clone(),
        );
        to.register_with_unit(
            "sealed",
            "Size of recording objects written",
            Unit::Bytes,
            self.sealed_bytes.clone(),
        );
        to.register_with_unit(
            "hot_log_size",
            "Size of the hot log",
            Unit::Bytes,
            self.hot_log_size_bytes.clone(),
        );
        to.register(
            "hot_log_files",
            "Files of the hot log",
            self.hot_log_files.clone(),
        );
        to.register(
            "hot_log_flushes",
            "Flushes of the hot log to the disk since the start",
            self.hot_log_flushes.clone(),
        );
        to.register(
            "replays_in_memory",
            "Replays whose state is in memory",
            self.replays_in_memory.clone(),
        );
    }

    /// Counts a whole upload that was refused, or events that were changed.
    pub fn problem(&self, reason: Reason, count: u64) {
        self.problems
            .get_or_create(&ReasonLabel {
                reason: reason.name(),
            })
            .inc_by(count);
    }

    pub fn problems(&self, problems: &Problems) {
        for problem in problems.iter() {
            self.problem(problem.reason, problem.count);
        }
    }
}
