//! Every metric of the engine, with unit and help text.

use crate::ingest_status::Item;
use model::ingest::{Problems, Reason, Source};
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RatingLabels {
    pub rating: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SourceReasonLabels {
    pub source: &'static str,
    pub reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ItemLabels {
    pub source: &'static str,
    pub kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CategoryLabel {
    pub category: &'static str,
}

/// What SDKs call what they drop; other words of strangers are counted together.
const LOSS_CATEGORIES: [&str; 10] = [
    "replay",
    "error",
    "transaction",
    "span",
    "session",
    "attachment",
    "feedback",
    "profile",
    "log_item",
    "default",
];

#[derive(Default)]
pub struct Metrics {
    pub uploads: Family<SourceLabel, Counter>,
    pub upload_bytes: Family<SourceLabel, Counter>,
    pub replay_events: Counter,
    pub duplicate_events: Counter,
    pub analytics_events: Counter,
    pub problems: Family<ReasonLabel, Counter>,
    pub source_problems: Family<SourceReasonLabels, Counter>,
    pub items: Family<ItemLabels, Counter>,
    pub client_losses: Family<CategoryLabel, Counter>,
    pub errors: Counter,
    pub spans: Counter,
    pub seals: Counter,
    pub seal_failures: Counter,
    pub sealed_bytes: Counter,
    pub hot_log_size_bytes: Gauge,
    pub hot_log_files: Gauge,
    pub hot_log_flushes: Gauge,
    pub replays_in_memory: Gauge,
    pub ratings: Family<RatingLabels, Counter>,
    pub assets_archived: Counter,
    pub assets_failed: Family<ReasonLabel, Counter>,
    pub assets_not_queued: Counter,
    pub alert_matches: Counter,
    pub alert_deliveries: Family<ReasonLabel, Counter>,
    pub index_rows: Gauge,
    pub index_events: Gauge,
    pub index_facts: Gauge,
    pub index_texts: Gauge,
    pub index_bytes: Gauge,
    pub index_refused: Gauge,
    pub index_behind: Gauge,
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
        to.register(
            "ingest_source_problems",
            "The same, by kind of SDK, as far as it is known",
            self.source_problems.clone(),
        );
        to.register(
            "ingest_items",
            "Parts of requests that were read, by kind of SDK and of part",
            self.items.clone(),
        );
        to.register(
            "client_losses",
            "Items that SDKs say they dropped themselves, by category",
            self.client_losses.clone(),
        );
        to.register("errors", "New errors stored", self.errors.clone());
        to.register("spans", "New spans stored", self.spans.clone());
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
        to.register(
            "ratings",
            "What people said about how replays play",
            self.ratings.clone(),
        );
        to.register(
            "alert_matches",
            "Replays that alerts found",
            self.alert_matches.clone(),
        );
        to.register(
            "alert_deliveries",
            "Tries to deliver a message of an alert, by what they came to",
            self.alert_deliveries.clone(),
        );
        to.register(
            "assets_archived",
            "Parts of recorded pages fetched and kept",
            self.assets_archived.clone(),
        );
        to.register(
            "assets_failed",
            "Tries to fetch a part of a recorded page that failed, by reason",
            self.assets_failed.clone(),
        );
        self.register_index(to);
        to.register(
            "assets_not_queued",
            "Parts of recorded pages that were not fetched because a project has too many",
            self.assets_not_queued.clone(),
        );
    }

    fn register_index(&self, to: &mut Registry) {
        let index = to.sub_registry_with_prefix("index");
        for (name, help, gauge) in [
            (
                "rows",
                "Sessions that can be found, of projects in use",
                &self.index_rows,
            ),
            (
                "events",
                "Analytics events in the index, of projects in use",
                &self.index_events,
            ),
            (
                "facts",
                "What recordings say, of projects in use",
                &self.index_facts,
            ),
            (
                "texts",
                "Texts of screens, of projects in use",
                &self.index_texts,
            ),
            (
                "refused_properties",
                "Properties left out because a project has too many names, since its start",
                &self.index_refused,
            ),
            (
                "behind",
                "Changed replays and new events that the index does not know yet",
                &self.index_behind,
            ),
        ] {
            index.register(name, help, gauge.clone());
        }
        let help = "Size of the index, of projects in use";
        index.register_with_unit("size", help, Unit::Bytes, self.index_bytes.clone());
    }

    pub(crate) fn index(&self, stats: &index::Stats, behind: u64) {
        for (gauge, number) in [
            (&self.index_rows, stats.rows),
            (&self.index_events, stats.events),
            (&self.index_facts, stats.facts),
            (&self.index_texts, stats.texts),
            (&self.index_bytes, stats.file_bytes),
            (&self.index_refused, stats.refused.properties),
            (&self.index_behind, behind),
        ] {
            gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    /// Counts a whole upload that was refused, or events that were changed.
    pub fn problem(&self, reason: Reason, count: u64) {
        self.problems
            .get_or_create(&ReasonLabel {
                reason: reason.name(),
            })
            .inc_by(count);
    }

    /// Both are words of a fixed list.
    pub fn rating(&self, rating: &str, reason: Option<&str>) {
        self.ratings
            .get_or_create(&RatingLabels {
                rating: rating.to_owned(),
                reason: reason.unwrap_or_default().to_owned(),
            })
            .inc();
    }

    pub fn problems(&self, source: Source, problems: &Problems) {
        for problem in problems.iter() {
            self.problem(problem.reason, problem.count);
            self.source_problem(source, problem.reason, problem.count);
        }
    }

    pub fn source_problem(&self, source: Source, reason: Reason, count: u64) {
        let labels = SourceReasonLabels {
            source: source.name(),
            reason: reason.name(),
        };
        self.source_problems.get_or_create(&labels).inc_by(count);
    }

    pub fn items(&self, source: Source, item: Item, count: u64) {
        let labels = ItemLabels {
            source: source.name(),
            kind: item.name(),
        };
        self.items.get_or_create(&labels).inc_by(count);
    }

    pub fn client_loss(&self, category: &str, count: u64) {
        let known = LOSS_CATEGORIES.iter().find(|known| **known == category);
        let label = CategoryLabel {
            category: known.copied().unwrap_or("other"),
        };
        self.client_losses.get_or_create(&label).inc_by(count);
    }
}
