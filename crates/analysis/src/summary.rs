//! What lists and the player's timeline show, from the facts of a replay.

use crate::fact::{Body, Fact, GapReason, Signal, Via, to_ms};
use crate::strings::cut;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bins of the activity over the whole replay.
pub const MAX_BINS: usize = 600;
/// Cells of the strip in lists.
pub const STRIP_CELLS: usize = 48;
const STRIP_MAX: u8 = 9;
/// User actions in a second that fill a cell of the strip.
const BUSY_PER_SECOND: f64 = 12.0;
/// Longer pauses between actions are idle.
const IDLE_MS: i64 = 5_000;
/// Of each kind; the rest are in the facts.
const MAX_MARKERS_PER_KIND: usize = 500;
const MAX_RANGES: usize = 2_000;
const MAX_LABEL_BYTES: usize = 120;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub pages: Vec<PageMark>,
    pub markers: Vec<Marker>,
    /// Ranges with user activity.
    pub active: Vec<Range>,
    pub activity: ActivityBins,
    /// [`STRIP_CELLS`] numbers from 0 to 9.
    pub strip: Vec<u8>,
    pub viewports: Vec<ViewportMark>,
    pub tabs: Vec<TabRange>,
    pub gaps: Vec<GapRange>,
    pub integrity: Vec<IntegrityMark>,
    pub counts: Counts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageMark {
    pub at_ms: i64,
    pub href: String,
    pub title: Option<String>,
    pub via: Via,
    pub tab: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkerKind {
    Error,
    ConsoleError,
    RageClick,
    DeadClick,
    SlowClick,
    ErrorClick,
    ThrashedCursor,
    QuickBack,
    EndlessSpinner,
    BrokenImage,
    BlankPage,
    FailedRequest,
    SlowRequest,
    WebVital,
    Navigation,
    Custom,
    Feedback,
    Click,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub at_ms: i64,
    pub kind: MarkerKind,
    pub label: String,
    pub tab: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub from_ms: i64,
    pub to_ms: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityBins {
    pub bin_ms: i64,
    pub counts: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewportMark {
    pub at_ms: i64,
    pub width: u32,
    pub height: u32,
    pub tab: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabRange {
    pub tab: u32,
    pub from_ms: i64,
    pub to_ms: i64,
    /// When the visitor was in this tab: by his actions.
    pub focused: Vec<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GapRange {
    pub from_ms: i64,
    pub to_ms: i64,
    pub reason: GapReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrityMark {
    pub reason: String,
    pub count: u64,
    pub at_ms: i64,
}

/// Numbers for the row of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub error_count: u64,
    pub console_error_count: u64,
    /// Bursts.
    pub rage_click_count: u64,
    /// A burst counts once.
    pub dead_click_count: u64,
    /// All signs of frustration; a burst of clicks counts once.
    #[serde(default)]
    pub frustration_count: u64,
    pub click_count: u64,
    pub request_count: u64,
    pub failed_request_count: u64,
    pub page_count: u64,
    pub active_ms: u64,
    pub tab_count: u64,
}

/// `first_us` and `last_us` are the bounds of the replay. Facts come in any order;
/// of the open ones only the latest of each tab.
pub fn summarise(facts: &[Fact], first_us: i64, last_us: i64) -> Summary {
    let (first_ms, last_ms) = (to_ms(first_us), to_ms(last_us.max(first_us)));
    let mut in_order: Vec<&Fact> = facts
        .iter()
        .filter(|fact| !matches!(fact.body, Body::Text(_)))
        .collect();
    in_order.sort_by_key(|fact| (fact.at_us, fact.tab));
    let mut summary = Summary::default();
    let mut seconds: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    let mut spans: BTreeMap<u32, Range> = BTreeMap::new();
    for fact in in_order {
        let span = spans.entry(fact.tab).or_insert(Range {
            from_ms: fact.at_ms(),
            to_ms: fact.at_ms(),
        });
        span.to_ms = span.to_ms.max(fact.at_ms());
        if let Body::Span { until_ms } = fact.body {
            // Facts about earlier requests may lie before the first event.
            span.from_ms = fact.at_ms();
            span.to_ms = span.to_ms.max(until_ms);
        }
        if let Body::Activity(activity) = &fact.body {
            let start = fact.at_us.div_euclid(1_000_000);
            for (at, count) in activity
                .counts
                .iter()
                .enumerate()
                .filter(|(_, count)| **count > 0)
            {
                let second = seconds
                    .entry(start.saturating_add(at as i64))
                    .or_insert((0, fact.tab));
                second.0 = second.0.saturating_add(u32::from(*count));
                second.1 = fact.tab;
            }
        }
        summary.note(fact);
    }
    summary.active = active_ranges(&seconds, first_ms, last_ms);
    summary.counts.active_ms = summary
        .active
        .iter()
        .map(|range| (range.to_ms - range.from_ms).max(0) as u64)
        .sum();
    summary.activity = bins(&seconds, first_ms, last_ms);
    summary.strip = strip(&seconds, first_ms, last_ms);
    summary.tabs = tabs(&spans, &seconds, first_ms, last_ms);
    summary.counts.tab_count = summary.tabs.len() as u64;
    summary.gaps.sort();
    summary.gaps.truncate(MAX_RANGES);
    summary.cut_markers();
    summary
}

impl Summary {
    fn note(&mut self, fact: &Fact) {
        let at_ms = fact.at_ms();
        let counts = &mut self.counts;
        let mut marker = None;
        match &fact.body {
            Body::PageView(view) => {
                counts.page_count += 1;
                if self.pages.len() < MAX_RANGES {
                    self.pages.push(PageMark {
                        at_ms,
                        href: view.href.clone(),
                        title: view.title.clone(),
                        via: view.via,
                        tab: fact.tab,
                    });
                }
                marker = Some((MarkerKind::Navigation, view.href.as_str()));
            }
            Body::Click(click) | Body::Touch(click) => {
                let is_click = matches!(fact.body, Body::Click(_));
                counts.click_count += u64::from(is_click);
                let label = click.label.as_deref().unwrap_or(&click.selector);
                let is_rage = click.rage > 0;
                let is_dead = click.dead && !click.in_rage;
                counts.rage_click_count += u64::from(is_rage);
                counts.dead_click_count += u64::from(is_dead);
                let is_first = !click.in_rage;
                let is_slow = click.slow && is_first;
                let is_error = click.error_after_ms.is_some() && is_first;
                counts.frustration_count += u64::from(is_rage || is_dead || is_slow || is_error);
                for (is_so, kind) in [
                    (is_rage && is_dead, MarkerKind::DeadClick),
                    (is_slow, MarkerKind::SlowClick),
                    (is_error, MarkerKind::ErrorClick),
                ] {
                    if is_so {
                        self.mark(at_ms, kind, label, fact.tab);
                    }
                }
                marker = match (is_rage, is_dead) {
                    (true, _) => Some((MarkerKind::RageClick, label)),
                    (false, true) => Some((MarkerKind::DeadClick, label)),
                    (false, false) if is_click && !click.in_rage => {
                        Some((MarkerKind::Click, label))
                    }
                    _ => None,
                };
            }
            Body::Frustration(found) => {
                counts.frustration_count += 1;
                let kind = match found.signal {
                    Signal::ThrashedCursor => MarkerKind::ThrashedCursor,
                    Signal::QuickBack => MarkerKind::QuickBack,
                    Signal::EndlessSpinner => MarkerKind::EndlessSpinner,
                    Signal::BrokenImage => MarkerKind::BrokenImage,
                    Signal::BlankPage => MarkerKind::BlankPage,
                };
                marker = Some((kind, found.label.as_deref().unwrap_or_default()));
            }
            Body::Error(error) => {
                counts.error_count += 1;
                marker = Some((MarkerKind::Error, error.message.as_str()));
            }
            Body::Console(line) if matches!(line.level.as_str(), "error" | "assert") => {
                counts.console_error_count += 1;
                marker = Some((MarkerKind::ConsoleError, line.message.as_str()));
            }
            Body::Network(network) => {
                counts.request_count += 1;
                counts.failed_request_count += u64::from(network.failed);
                marker = match (network.failed, network.slow) {
                    (true, _) => Some((MarkerKind::FailedRequest, network.url.as_str())),
                    (false, true) => Some((MarkerKind::SlowRequest, network.url.as_str())),
                    _ => None,
                };
            }
            Body::WebVital(vital) => marker = Some((MarkerKind::WebVital, vital.name.as_str())),
            Body::Custom(custom) => marker = Some((MarkerKind::Custom, custom.tag.as_str())),
            Body::Feedback { .. } => marker = Some((MarkerKind::Feedback, "")),
            Body::Resize { width, height } if self.viewports.len() < MAX_RANGES => {
                self.viewports.push(ViewportMark {
                    at_ms,
                    width: *width,
                    height: *height,
                    tab: fact.tab,
                })
            }
            Body::Gap(gap) => self.gaps.push(GapRange {
                from_ms: at_ms,
                to_ms: gap.until_ms,
                reason: gap.reason,
            }),
            Body::Integrity(found) => match self
                .integrity
                .iter_mut()
                .find(|known| known.reason == found.reason)
            {
                Some(known) => known.count = known.count.saturating_add(found.count),
                None => self.integrity.push(IntegrityMark {
                    reason: found.reason.clone(),
                    count: found.count,
                    at_ms,
                }),
            },
            _ => {}
        }
        if let Some((kind, label)) = marker {
            self.mark(at_ms, kind, label, fact.tab);
        }
    }

    fn mark(&mut self, at_ms: i64, kind: MarkerKind, label: &str, tab: u32) {
        let label = cut(label, MAX_LABEL_BYTES).to_owned();
        self.markers.push(Marker {
            at_ms,
            kind,
            label,
            tab,
        });
    }

    fn cut_markers(&mut self) {
        let mut seen: BTreeMap<MarkerKind, usize> = BTreeMap::new();
        self.markers.retain(|marker| {
            let number = seen.entry(marker.kind).or_default();
            *number += 1;
            *number <= MAX_MARKERS_PER_KIND
        });
    }
}

/// Seconds with actions, joined over short pauses.
fn active_ranges(seconds: &BTreeMap<i64, (u32, u32)>, first_ms: i64, last_ms: i64) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for second in seconds.keys() {
        let from_ms = second.saturating_mul(1_000).clamp(first_ms, last_ms);
        let to_ms = from_ms.saturating_add(1_000).min(last_ms);
        let is_full = ranges.len() >= MAX_RANGES;
        match ranges.last_mut() {
            Some(range) if is_full || from_ms - range.to_ms <= IDLE_MS => {
                range.to_ms = range.to_ms.max(to_ms)
            }
            _ => ranges.push(Range { from_ms, to_ms }),
        }
    }
    ranges
}

/// Actions per bin of `bin_ms`.
fn count_bins(
    seconds: &BTreeMap<i64, (u32, u32)>,
    first_ms: i64,
    bin_ms: i64,
    bins: usize,
) -> Vec<u32> {
    let mut counts = vec![0_u32; bins];
    for (second, (count, _)) in seconds {
        // The middle of the second, which no bin splits unfairly.
        let offset_ms = second
            .saturating_mul(1_000)
            .saturating_add(500)
            .saturating_sub(first_ms);
        let at = offset_ms.div_euclid(bin_ms).clamp(0, bins as i64 - 1) as usize;
        counts[at] = counts[at].saturating_add(*count);
    }
    counts
}

fn bins(seconds: &BTreeMap<i64, (u32, u32)>, first_ms: i64, last_ms: i64) -> ActivityBins {
    let length_ms = last_ms.saturating_sub(first_ms).max(1);
    // Whole seconds, as facts are.
    let bin_ms = ((length_ms / MAX_BINS as i64 + 1_000) / 1_000 * 1_000).max(1_000);
    let bins = ((length_ms + bin_ms - 1) / bin_ms).clamp(1, MAX_BINS as i64) as usize;
    ActivityBins {
        bin_ms,
        counts: count_bins(seconds, first_ms, bin_ms, bins),
    }
}

fn strip(seconds: &BTreeMap<i64, (u32, u32)>, first_ms: i64, last_ms: i64) -> Vec<u8> {
    let length_ms = last_ms.saturating_sub(first_ms).max(1);
    let cell_ms = length_ms / STRIP_CELLS as i64 + 1;
    let busy = BUSY_PER_SECOND * (cell_ms as f64 / 1_000.0).max(1.0);
    let cells = count_bins(seconds, first_ms, cell_ms, STRIP_CELLS);
    let level = |count: u32| {
        // Roots, or single clicks vanish beside pointer movement.
        let share = (f64::from(count) / busy).min(1.0).sqrt();
        (share * f64::from(STRIP_MAX)).ceil() as u8
    };
    cells.into_iter().map(level).collect()
}

/// Tabs with the ranges in which the last action was theirs.
fn tabs(
    spans: &BTreeMap<u32, Range>,
    seconds: &BTreeMap<i64, (u32, u32)>,
    first_ms: i64,
    last_ms: i64,
) -> Vec<TabRange> {
    let mut tabs: Vec<TabRange> = spans
        .iter()
        .map(|(tab, span)| TabRange {
            tab: *tab,
            from_ms: span.from_ms,
            to_ms: span.to_ms,
            focused: Vec::new(),
        })
        .collect();
    let mut current = tabs.first().map_or(0, |first| first.tab);
    let mut since_ms = first_ms;
    let mut switches: Vec<(u32, Range)> = Vec::new();
    for (second, (_, tab)) in seconds {
        if *tab != current && switches.len() < MAX_RANGES {
            let at_ms = second.saturating_mul(1_000).clamp(first_ms, last_ms);
            switches.push((
                current,
                Range {
                    from_ms: since_ms,
                    to_ms: at_ms,
                },
            ));
            (current, since_ms) = (*tab, at_ms);
        }
    }
    switches.push((
        current,
        Range {
            from_ms: since_ms,
            to_ms: last_ms,
        },
    ));
    for (tab, range) in switches
        .into_iter()
        .filter(|(_, range)| range.from_ms < range.to_ms)
    {
        if let Some(place) = tabs.iter_mut().find(|place| place.tab == tab) {
            place.focused.push(range);
        }
    }
    tabs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::BUCKET_US;
    use crate::fact::{Activity, Click};

    fn fact(at_us: i64, tab: u32, body: Body) -> Fact {
        Fact {
            at_us,
            tab,
            open: false,
            body,
        }
    }

    fn busy(at_s: i64, tab: u32, seconds: &[usize]) -> Fact {
        let mut activity = Activity::default();
        for second in seconds {
            activity.counts[*second] = 3;
        }
        fact(
            at_s * 1_000_000 - (at_s * 1_000_000).rem_euclid(BUCKET_US),
            tab,
            Body::Activity(Box::new(activity)),
        )
    }

    #[test]
    fn activity_becomes_ranges_bins_and_a_strip() {
        let facts = [busy(0, 0, &[1, 2, 9]), busy(100, 0, &[0])];
        let summary = summarise(&facts, 0, 110_000_000);
        let ranges: Vec<(i64, i64)> = summary
            .active
            .iter()
            .map(|range| (range.from_ms, range.to_ms))
            .collect();
        assert_eq!(
            ranges,
            [(1_000, 3_000), (9_000, 10_000), (100_000, 101_000)]
        );
        assert_eq!(summary.counts.active_ms, 4_000);
        assert_eq!(summary.activity.bin_ms, 1_000);
        assert_eq!(summary.activity.counts.iter().sum::<u32>(), 12);
        assert_eq!(summary.strip.len(), STRIP_CELLS);
        assert!(summary.strip.iter().all(|cell| *cell <= STRIP_MAX));
        assert_eq!(summary.strip.iter().filter(|cell| **cell > 0).count(), 4);
    }

    #[test]
    fn eight_hours_fit_in_the_bins() {
        let facts = [busy(20_000, 0, &[5])];
        let summary = summarise(&facts, 0, 8 * 3_600 * 1_000_000);
        assert!(summary.activity.counts.len() <= MAX_BINS);
        assert_eq!(summary.activity.counts.iter().sum::<u32>(), 3);
    }

    #[test]
    fn a_burst_counts_once() {
        let click = |rage, in_rage| {
            let click = Click {
                rage,
                in_rage,
                dead: true,
                ..Click::default()
            };
            fact(5_000_000, 0, Body::Click(Box::new(click)))
        };
        let facts = [click(3, false), click(0, true), click(0, true)];
        let summary = summarise(&facts, 0, 9_000_000);
        assert_eq!(
            (
                summary.counts.rage_click_count,
                summary.counts.dead_click_count
            ),
            (1, 1)
        );
        assert_eq!(summary.counts.click_count, 3);
        let json = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
    }

    #[test]
    fn focus_follows_the_actions() {
        let facts = [busy(0, 0, &[1]), busy(20, 1, &[0]), busy(40, 0, &[5])];
        let summary = summarise(&facts, 0, 60_000_000);
        assert_eq!(summary.tabs.len(), 2);
        let ranges: Vec<(i64, i64)> = summary.tabs[1]
            .focused
            .iter()
            .map(|range| (range.from_ms, range.to_ms))
            .collect();
        assert_eq!(ranges, [(20_000, 45_000)]);
    }
}
