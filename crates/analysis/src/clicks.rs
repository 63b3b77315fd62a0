//! Clicks, and what came of them.
//!
//! - **Answer.** A click is answered by the first visible change within the time for
//!   dead clicks. Places that change all the time do not count (`background`), nor
//!   the pointer, hover and focus classes, ripples, nor scrolling and typing that the
//!   visitor did afterwards. What changes between press and release counts as 0 ms.
//! - **Whose answer.** A change answers all waiting clicks, except those on another
//!   target than the newest: not if it comes within [`PROMPT_US`] after the newest
//!   press, and not if they had waited for [`PATIENCE_US`] before it.
//! - **Dead** is a click on something clickable that had the whole time and got no
//!   visible change, no new page, no request that started within [`EFFECT_US`], and did
//!   not take the visitor out of the page. Fields, lists and links that open
//!   elsewhere are never dead: their answer is not part of the page. What does not look
//!   clickable is dead only in a burst: the visitor believed it was.
//! - **Slow** is a click on something clickable whose answer took longer than the
//!   project's limit.
//! - **Error** is a click that an error follows within the project's limit, unless the same
//!   error came shortly before the click, too.
//! - **Rage** is a burst by the project's rule. Three clicks that select a paragraph
//!   or a field are none, nor is a burst whose every click works at once.

use crate::fact::{Body, Click};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A visitor who goes on after so long got no answer.
const PATIENCE_US: i64 = 3_000_000;
/// What changes so soon after a press is the answer to that press.
const PROMPT_US: i64 = 300_000;
/// What a click starts besides changes (requests, a new window) starts within this.
const EFFECT_US: i64 = 2_000_000;
/// Scrolling by the page itself, and input that is the effect of a click.
const SCROLL_EFFECT_US: i64 = 1_000_000;
const INPUT_EFFECT_US: i64 = 500_000;
/// Longer presses are no clicks any more.
const MAX_PRESS_US: i64 = 1_500_000;
/// An error that came so shortly before a click comes by itself.
const ERROR_BEFORE_US: i64 = 10_000_000;
const MAX_ERRORS: usize = 16;
/// Clicks that each get a new answer so soon are on a stepper, pages or slides.
const WORKS_MS: u32 = 500;
/// A click without a press so soon after another is no second one of the visitor.
const ECHO_US: i64 = 100_000;
/// So long it may take on a busy machine until a label's click comes on its field, too: at
/// the same point, on something else.
const LABEL_ECHO_US: i64 = 1_000_000;
/// Clicks that wait for their end at once, more than a finger can do.
const MAX_WAITING: usize = 512;

/// What is expected of a click at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    Change,
    /// It works without one.
    Nothing,
    /// Not clickable by its looks.
    Unknown,
    /// What comes of it is not recorded.
    Unseen,
    /// The project wants to hear nothing about it.
    Ignored,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Waiting {
    at_us: i64,
    click: Click,
    /// On a film, of which no page is known.
    is_touch: bool,
    expected: Expected,
    /// It did something outside of the page's tree.
    has_effect: bool,
    burst: u64,
    /// The page's own click that follows one of the visitor: a label's, on its field.
    #[serde(default)]
    is_echo: bool,
}

/// Clicks close to each other, while more may come.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Burst {
    number: u64,
    x: f64,
    y: f64,
    last_us: i64,
    has_selected: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Press {
    at_us: i64,
    node_id: i64,
    is_answered: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Clicks {
    waiting: VecDeque<Waiting>,
    burst: Option<Burst>,
    next_burst: u64,
    press: Option<Press>,
    /// Whether a change would be of interest.
    is_awaiting: bool,
    /// Errors of late, by hash, and when each was last seen.
    #[serde(default)]
    errors: Vec<(i64, i64)>,
}

impl Clicks {
    pub fn is_awaiting(&self) -> bool {
        self.is_awaiting
    }

    pub fn press(&mut self, at_us: i64, node_id: i64) {
        self.press = Some(Press {
            at_us,
            node_id,
            is_answered: false,
        });
        self.is_awaiting = true;
    }

    pub fn click(
        &mut self,
        at_us: i64,
        mut click: Click,
        is_touch: bool,
        expected: Expected,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        let press = self.press.take();
        if press.is_some_and(|press| {
            press.is_answered && at_us.saturating_sub(press.at_us) <= MAX_PRESS_US
        }) {
            click.changed_after_ms = Some(0);
        }
        let radius = f64::from(settings.rage.radius_px);
        let joins = self
            .burst
            .as_ref()
            .is_some_and(|burst| (burst.x - click.x).hypot(burst.y - click.y) <= radius);
        if !joins {
            self.close_burst(settings);
            self.next_burst += 1;
            self.burst = Some(Burst {
                number: self.next_burst,
                x: click.x,
                y: click.y,
                last_us: at_us,
                has_selected: false,
            });
        }
        if let Some(burst) = &mut self.burst {
            burst.last_us = at_us;
        }
        if self.waiting.len() >= MAX_WAITING {
            self.close_burst(settings);
            if let Some(first) = self.waiting.pop_front() {
                first.write(false, false, settings, out);
            }
        }
        let is_echo = press.is_none()
            && self.waiting.back().is_some_and(|before| {
                let after_us = at_us.saturating_sub(before.at_us);
                let is_label_s = before.click.node_id != click.node_id
                    && (before.click.x, before.click.y) == (click.x, click.y);
                after_us <= ECHO_US || is_label_s && after_us <= LABEL_ECHO_US
            });
        self.waiting.push_back(Waiting {
            is_echo,
            at_us,
            click,
            is_touch,
            expected,
            has_effect: false,
            burst: self.next_burst,
        });
        self.is_awaiting = true;
    }

    /// Text was selected: the clicks around it may have been for that.
    pub fn selected(&mut self) {
        if let Some(burst) = &mut self.burst {
            burst.has_selected = true;
        }
    }

    /// Something visible changed that does not change all the time.
    pub fn changed(&mut self, at_us: i64) {
        if let Some(press) = &mut self.press {
            press.is_answered = true;
        }
        let newest = self.waiting.iter().rev().find(|waiting| !waiting.is_echo);
        let Some(newest) = newest.or(self.waiting.back()) else {
            self.is_awaiting = false;
            return;
        };
        let (newest_target, newest_us) = match self.press {
            Some(press) if press.at_us >= newest.at_us => (press.node_id, press.at_us),
            _ => (newest.click.node_id, newest.at_us),
        };
        let is_prompt = at_us.saturating_sub(newest_us) <= PROMPT_US;
        for waiting in &mut self.waiting {
            let gave_up = !waiting.is_echo
                && waiting.click.node_id != newest_target
                && (is_prompt || newest_us.saturating_sub(waiting.at_us) >= PATIENCE_US);
            if waiting.click.changed_after_ms.is_none() && !gave_up {
                let after_us = at_us.saturating_sub(waiting.at_us).max(0);
                waiting.click.changed_after_ms =
                    Some(u32::try_from(after_us / 1_000).unwrap_or(u32::MAX));
            }
        }
        // Until the next event.
        self.is_awaiting = false;
    }

    pub fn scrolled(&mut self, at_us: i64) {
        if self.newest_is_within(at_us, SCROLL_EFFECT_US) {
            self.changed(at_us);
        }
    }

    pub fn input(&mut self, at_us: i64, node_id: i64) {
        let is_target = self
            .waiting
            .back()
            .is_some_and(|newest| newest.click.node_id == node_id);
        if is_target || self.newest_is_within(at_us, INPUT_EFFECT_US) {
            self.changed(at_us);
        }
    }

    fn newest_is_within(&self, at_us: i64, within_us: i64) -> bool {
        self.waiting
            .back()
            .is_some_and(|newest| at_us.saturating_sub(newest.at_us) <= within_us)
    }

    /// A request or a new window began.
    pub fn effect(&mut self, at_us: i64) {
        for waiting in &mut self.waiting {
            if (0..=EFFECT_US).contains(&at_us.saturating_sub(waiting.at_us)) {
                waiting.has_effect = true;
            }
        }
    }

    /// An error came; `error` is the same number for the same error.
    pub fn errored(&mut self, at_us: i64, error: i64, settings: &Settings) {
        let known = self.errors.iter().position(|(known, _)| *known == error);
        let before_us = known.map(|at| self.errors.remove(at).1);
        if self.errors.len() >= MAX_ERRORS {
            self.errors.remove(0);
        }
        self.errors.push((error, at_us));
        let within_us = i64::from(settings.error_click_ms) * 1_000;
        let newest = self
            .waiting
            .iter_mut()
            .rev()
            .find(|waiting| waiting.at_us <= at_us && waiting.expected != Expected::Ignored);
        let Some(newest) = newest else { return };
        let after_us = at_us.saturating_sub(newest.at_us);
        let comes_by_itself = before_us.is_some_and(|before| {
            (0..=ERROR_BEFORE_US).contains(&newest.at_us.saturating_sub(before))
        });
        if after_us <= within_us && !comes_by_itself {
            let after_ms = u32::try_from(after_us / 1_000).unwrap_or(u32::MAX);
            newest.click.error_after_ms.get_or_insert(after_ms);
        }
    }

    /// Writes the clicks of which nothing more can come.
    pub fn advance(
        &mut self,
        at_us: i64,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        self.press = self
            .press
            .filter(|press| at_us.saturating_sub(press.at_us) <= MAX_PRESS_US);
        if self.waiting.is_empty() {
            self.burst = None;
            self.is_awaiting = self.press.is_some_and(|press| !press.is_answered);
            return;
        }
        let within_us = i64::from(settings.rage.within_ms) * 1_000;
        if self
            .burst
            .as_ref()
            .is_some_and(|burst| at_us.saturating_sub(burst.last_us) > within_us)
        {
            self.close_burst(settings);
        }
        let dead_after_us = i64::from(settings.dead_after_ms) * 1_000;
        let error_after_us = i64::from(settings.error_click_ms) * 1_000;
        while let Some(first) = self.waiting.front() {
            let is_over = at_us.saturating_sub(first.at_us) > dead_after_us;
            let in_burst = self
                .burst
                .as_ref()
                .is_some_and(|burst| burst.number == first.burst);
            let is_answered = first.click.changed_after_ms.is_some()
                && at_us.saturating_sub(first.at_us) > error_after_us;
            if in_burst || !(is_over || is_answered) {
                break;
            }
            if let Some(first) = self.waiting.pop_front() {
                first.write(is_over, false, settings, out);
            }
        }
        self.is_awaiting = self.press.is_some_and(|press| !press.is_answered)
            || self
                .waiting
                .iter()
                .any(|waiting| waiting.click.changed_after_ms.is_none());
    }

    /// Writes the clicks that are still waiting as they look now.
    pub fn write_open(&self, settings: &Settings, out: &mut impl FnMut(i64, bool, Body)) {
        let mut closed = self.clone();
        closed.close_burst(settings);
        for waiting in closed.waiting {
            waiting.write(false, true, settings, out);
        }
    }

    fn close_burst(&mut self, settings: &Settings) {
        let Some(burst) = self.burst.take() else {
            return;
        };
        let from = self
            .waiting
            .partition_point(|waiting| waiting.burst < burst.number);
        let members: Vec<&mut Waiting> = self.waiting.range_mut(from..).collect();
        let within_us = i64::from(settings.rage.within_ms) * 1_000;
        let needed = settings.rage.clicks.max(2);
        let own = members.iter().filter(|member| !member.is_echo);
        let own_us: Vec<i64> = own.map(|member| member.at_us).collect();
        let is_quick = own_us
            .windows(needed)
            .any(|window| window[needed - 1].saturating_sub(window[0]) <= within_us);
        let is_selecting = burst.has_selected
            && members.len() <= 3
            && members
                .iter()
                .all(|member| member.expected == Expected::Unknown);
        // In a field nothing tells of a selection. Taps on a film select nothing.
        let is_in_field = members.len() <= 3
            && members
                .iter()
                .all(|member| member.expected == Expected::Nothing && !member.is_touch);
        let works = members.iter().all(|member| {
            matches!(member.expected, Expected::Unseen | Expected::Ignored)
                || member
                    .click
                    .changed_after_ms
                    .is_some_and(|after_ms| after_ms <= WORKS_MS)
                    && member.click.error_after_ms.is_none()
        });
        if !is_quick || is_selecting || is_in_field || works {
            return;
        }
        let count = own_us.len() as u32;
        for (at, member) in members.into_iter().enumerate() {
            if at == 0 {
                member.click.rage = count;
            } else {
                member.click.in_rage = true;
            }
        }
    }
}

impl Waiting {
    fn write(
        mut self,
        is_over: bool,
        is_open: bool,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        self.click.slow = self.expected == Expected::Change
            && self
                .click
                .changed_after_ms
                .is_some_and(|after_ms| after_ms >= settings.slow_click_ms);
        let is_expected = match self.expected {
            Expected::Change => true,
            Expected::Nothing | Expected::Unseen | Expected::Ignored => false,
            Expected::Unknown => self.click.rage > 0 || self.click.in_rage,
        };
        self.click.dead =
            is_over && is_expected && self.click.changed_after_ms.is_none() && !self.has_effect;
        let click = Box::new(self.click);
        let body = if self.is_touch {
            Body::Touch(click)
        } else {
            Body::Click(click)
        };
        out(self.at_us, is_open, body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000;

    struct Bench {
        clicks: Clicks,
        settings: Settings,
        done: Vec<Click>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                clicks: Clicks::default(),
                settings: Settings::default(),
                done: Vec::new(),
            }
        }

        fn until(&mut self, at_ms: i64) {
            let done = &mut self.done;
            self.clicks
                .advance(at_ms * MS, &self.settings, &mut |_, _, body| {
                    if let Body::Click(click) = body {
                        done.push(*click);
                    }
                });
        }

        fn click(&mut self, at_ms: i64, node_id: i64, expected: Expected) {
            self.until(at_ms);
            let click = Click {
                x: node_id as f64 * 100.0,
                node_id,
                ..Click::default()
            };
            self.clicks.click(
                at_ms * MS,
                click,
                false,
                expected,
                &self.settings,
                &mut |_, _, _| {},
            );
        }

        fn change(&mut self, at_ms: i64) {
            self.until(at_ms);
            self.clicks.changed(at_ms * MS);
        }
    }

    #[test]
    fn a_click_without_an_answer_is_dead_only_on_what_should_answer() {
        let mut bench = Bench::new();
        bench.click(0, 1, Expected::Change);
        bench.click(5_000, 2, Expected::Nothing);
        bench.click(10_000, 3, Expected::Unknown);
        bench.until(30_000);
        let dead: Vec<bool> = bench.done.iter().map(|click| click.dead).collect();
        assert_eq!(dead, [true, false, false]);
    }

    #[test]
    fn an_answer_within_seven_seconds_counts() {
        let mut bench = Bench::new();
        bench.click(0, 1, Expected::Change);
        bench.change(6_900);
        bench.click(20_000, 1, Expected::Change);
        bench.change(27_500);
        bench.until(40_000);
        assert_eq!(bench.done[0].changed_after_ms, Some(6_900));
        assert!(!bench.done[0].dead);
        assert_eq!(bench.done[1].changed_after_ms, None);
        assert!(bench.done[1].dead);
    }

    #[test]
    fn the_answer_to_a_later_click_is_not_one_to_a_click_given_up() {
        let mut bench = Bench::new();
        bench.click(0, 1, Expected::Change);
        bench.click(4_000, 2, Expected::Change);
        bench.change(4_100);
        bench.click(20_000, 1, Expected::Change);
        bench.click(21_000, 2, Expected::Change);
        bench.change(22_500);
        bench.until(40_000);
        let changed: Vec<Option<u32>> = bench
            .done
            .iter()
            .map(|click| click.changed_after_ms)
            .collect();
        assert_eq!(changed, [None, Some(100), Some(2_500), Some(1_500)]);
    }

    #[test]
    fn a_prompt_answer_is_that_of_the_newest_press() {
        let mut bench = Bench::new();
        bench.click(0, 1, Expected::Change);
        bench.clicks.press(1_000 * MS, 2);
        bench.change(1_020);
        bench.click(1_080, 2, Expected::Change);
        bench.change(1_200);
        bench.until(20_000);
        let ends: Vec<(Option<u32>, bool)> = bench
            .done
            .iter()
            .map(|click| (click.changed_after_ms, click.dead))
            .collect();
        assert_eq!(ends, [(None, true), (Some(0), false)]);
    }

    #[test]
    fn a_burst_is_one_rage_and_may_be_dead_anywhere() {
        let mut bench = Bench::new();
        for at in 0..5 {
            bench.click(at * 200, 1, Expected::Unknown);
        }
        bench.until(20_000);
        let rage: Vec<(u32, bool, bool)> = bench
            .done
            .iter()
            .map(|c| (c.rage, c.in_rage, c.dead))
            .collect();
        assert_eq!(rage[0], (5, false, true));
        assert!(rage[1..].iter().all(|rest| *rest == (0, true, true)));
    }

    #[test]
    fn slow_clicks_far_clicks_and_selecting_are_no_rage() {
        let mut bench = Bench::new();
        for at in 0..5 {
            bench.click(at * 700, 1, Expected::Change);
        }
        for at in 0..3 {
            bench.click(10_000 + at * 200, at + 1, Expected::Change);
        }
        for at in 0..3 {
            bench.click(20_000 + at * 200, 9, Expected::Unknown);
            bench.clicks.selected();
        }
        bench.until(60_000);
        assert_eq!(bench.done.len(), 11);
        assert!(
            bench
                .done
                .iter()
                .all(|click| click.rage == 0 && !click.in_rage)
        );
    }

    #[test]
    fn the_pages_own_click_on_a_labels_field_is_none_of_the_visitor() {
        let mut bench = Bench::new();
        let click = |bench: &mut Bench, at_ms: i64, node_id| {
            bench.until(at_ms);
            let click = Click {
                node_id,
                ..Click::default()
            };
            let (settings, clicks) = (&bench.settings, &mut bench.clicks);
            let at_us = at_ms * MS;
            clicks.click(
                at_us,
                click,
                false,
                Expected::Change,
                settings,
                &mut |_, _, _| {},
            );
        };
        // A machine so busy that the field's click comes after 150 ms.
        for at_ms in [0, 450, 900] {
            bench.clicks.press(at_ms * MS, 1);
            click(&mut bench, at_ms + 10, 1);
            click(&mut bench, at_ms + 160, 2);
            bench.clicks.input((at_ms + 250) * MS, 2);
        }
        // Two that nothing answers, of which the page makes four.
        for at_ms in [20_000, 20_400] {
            bench.clicks.press(at_ms * MS, 1);
            click(&mut bench, at_ms + 10, 1);
            click(&mut bench, at_ms + 160, 2);
        }
        bench.until(60_000);
        assert_eq!(bench.done.len(), 10);
        assert!(bench.done.iter().all(|click| click.rage == 0));
        let answers = bench
            .done
            .iter()
            .take(6)
            .map(|click| click.changed_after_ms);
        let answers: Vec<Option<u32>> = answers.collect();
        assert_eq!(answers, [240, 90, 240, 90, 240, 90].map(Some));
    }

    #[test]
    fn what_happens_on_the_press_is_the_answer() {
        let mut bench = Bench::new();
        bench.clicks.press(0, 1);
        bench.change(20);
        bench.click(100, 1, Expected::Change);
        bench.until(10_000);
        assert_eq!(bench.done[0].changed_after_ms, Some(0));
    }

    #[test]
    fn endless_clicking_is_bounded() {
        let mut bench = Bench::new();
        for at in 0..5_000 {
            bench.click(at, 1, Expected::Change);
        }
        assert!(bench.clicks.waiting.len() <= MAX_WAITING);
    }
}
