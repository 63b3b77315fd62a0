//! The walk over the events of a tab.

use crate::activity::Counter;
use crate::background::{self, Background};
use crate::changes::{Changes, chain};
use crate::clicks::{Clicks, Expected};
use crate::custom::{self, Said};
use crate::element;
use crate::exchange::Exchange;
use crate::fact::{Body, Click, Fact, GapReason, Input};
use crate::fields::Fields;
use crate::frustration::Frustrations;
use crate::gaps::Gaps;
use crate::network::{self, Request};
use crate::pages::{self, Pages};
use crate::selector;
use crate::settings::Settings;
use crate::strings;
use crate::texts::{self, Texts};
use rrweb::envelope::kind;
use rrweb::mirror::{Mirror, NodeKey};
use rrweb::tape::Value;
use serde::{Deserialize, Serialize};

/// `source` of incremental events.
mod source {
    pub const MOUSE_MOVE: i64 = 1;
    pub const MOUSE_INTERACTION: i64 = 2;
    pub const SCROLL: i64 = 3;
    pub const VIEWPORT_RESIZE: i64 = 4;
    pub const INPUT: i64 = 5;
    pub const TOUCH_MOVE: i64 = 6;
    pub const DRAG: i64 = 12;
    pub const SELECTION: i64 = 14;
}

/// `type` of mouse interactions.
mod interaction {
    pub const MOUSE_UP: i64 = 0;
    pub const MOUSE_DOWN: i64 = 1;
    pub const CLICK: i64 = 2;
    pub const CONTEXT_MENU: i64 = 3;
    pub const DOUBLE_CLICK: i64 = 4;
    pub const FOCUS: i64 = 5;
    pub const TOUCH_START: i64 = 7;
    pub const TOUCH_END: i64 = 9;
}

/// Types of events that the envelope has no name for.
const DOM_CONTENT_LOADED: u8 = 0;
const LOAD: u8 = 1;
const ANNOTATION: u8 = 8;

/// A touch that lasts longer or goes further is no tap.
const MAX_TAP_US: i64 = 500_000;
const MAX_TAP_PX: f64 = 10.0;
/// Points of one pointer batch that are counted.
const MAX_POINTS: usize = 500;

/// Walks the events of one tab, see the crate.
pub struct Analysis {
    settings: Settings,
    texts: Texts,
    background: Background,
    state: State,
}

/// What is carried from piece to piece as it is.
#[derive(Default, Serialize, Deserialize)]
struct State {
    clicks: Clicks,
    fields: Fields,
    activity: Counter,
    gaps: Gaps,
    pages: Pages,
    touch: Option<Touch>,
    #[serde(default)]
    frustrations: Frustrations,
}

#[derive(Serialize, Deserialize)]
struct Carried {
    state: State,
    background: background::Saved,
    texts: texts::Saved,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Touch {
    at_us: i64,
    x: f64,
    y: f64,
}

struct Writer<'f> {
    tab: u32,
    facts: &'f mut Vec<Fact>,
}

impl Writer<'_> {
    fn write(&mut self, at_us: i64, open: bool, body: Body) {
        self.facts.push(Fact {
            at_us,
            tab: self.tab,
            open,
            body,
        });
    }
}

impl Analysis {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            texts: Texts::default(),
            background: Background::default(),
            state: State::default(),
        }
    }

    /// Goes on after a stretch that was analysed before: `mirror` is the page at its
    /// end, `open` are the open facts that [`Analysis::finish`] wrote then.
    pub fn resume(settings: Settings, mirror: &Mirror, open: Vec<Fact>) -> Self {
        let carried = open.iter().find_map(|fact| match &fact.body {
            Body::Carry { state } if fact.tab == settings.tab => {
                serde_json::from_str::<Carried>(state).ok()
            }
            _ => None,
        });
        let own: Vec<Fact> = open
            .into_iter()
            .filter(|fact| fact.tab == settings.tab)
            .collect();
        let Some(carried) = carried else {
            // Somebody lost it: what the mirror tells is better than nothing.
            let mut analysis = Self::new(settings);
            analysis.state.pages = Pages::of(mirror);
            analysis.texts = Texts::resume(texts::Saved::default(), &own);
            return analysis;
        };
        Self {
            settings,
            texts: Texts::resume(carried.texts, &own),
            background: Background::restore(carried.background),
            state: carried.state,
        }
    }

    /// Applies the event to the mirror and notes what it says. Facts that are complete
    /// go to `facts`, in no particular order.
    pub fn event(
        &mut self,
        at_us: i64,
        event: Value<'_>,
        mirror: &mut Mirror,
        facts: &mut Vec<Fact>,
    ) {
        let mut writer = Writer {
            tab: self.settings.tab,
            facts,
        };
        let number = event.get("type").and_then(Value::as_i64).unwrap_or(-1);
        let is_snapshot = number == i64::from(kind::FULL_SNAPSHOT);
        self.advance(at_us, is_snapshot, mirror, &mut writer);

        let before = *mirror.integrity();
        let was_edited = is_snapshot && self.state.pages.is_unsure() && !pages::is_fresh(mirror);
        let had_snapshot = self.apply(at_us, event, mirror, &mut writer);
        if before != *mirror.integrity() {
            self.state.gaps.problems(&before, mirror.integrity(), at_us);
        }
        let data = event.get("data");
        if is_snapshot {
            let state = &mut self.state;
            if was_edited && pages::is_fresh(mirror) {
                state.pages.started(at_us);
            }
            state
                .gaps
                .snapshot(at_us, had_snapshot, &mut |at, open, body| {
                    writer.write(at, open, body)
                });
            if had_snapshot {
                state.frustrations.enter(at_us, mirror);
            }
            if let Some((view_us, view)) = state.pages.take_view(Some(mirror)) {
                state.viewed(view_us, view, &self.settings, &mut writer);
            }
            return;
        }
        let Some(data) = data else {
            return;
        };
        match u8::try_from(number).unwrap_or(u8::MAX) {
            kind::INCREMENTAL => {
                if !mirror.has_page() {
                    self.state.gaps.without_page(at_us);
                }
                self.increment(at_us, data, mirror, &mut writer);
            }
            kind::META => {
                let href = data.get("href").and_then(Value::as_str).unwrap_or_default();
                self.state.pages.meta(at_us, href);
                self.resized(at_us, mirror, &mut writer);
            }
            DOM_CONTENT_LOADED | LOAD => self.state.pages.loaded(),
            kind::CUSTOM | kind::PLUGIN => self.said(at_us, number, data, mirror, &mut writer),
            ANNOTATION => {
                if let Said::Fact(body) = custom::other("annotation", data) {
                    writer.write(at_us, false, body);
                }
            }
            _ => {}
        }
    }

    /// Another tab of the replay was opened, which answers a click in this one.
    pub fn tab_opened(&mut self, at_us: i64) {
        self.state.clicks.effect(at_us);
    }

    /// The end of what there is: everything still open comes out with `open` set. The
    /// analysis can go on from there with [`Analysis::resume`].
    pub fn finish(self, end_us: i64, mirror: &Mirror, facts: &mut Vec<Fact>) {
        let Self {
            settings,
            texts,
            background,
            state,
        } = self;
        let mut writer = Writer {
            tab: settings.tab,
            facts,
        };
        let mut out = |at, open, body| writer.write(at, open, body);
        state.clicks.write_open(&settings, &mut out);
        state.fields.write_open(&mut out);
        state.activity.write_open(&mut out);
        state
            .frustrations
            .write_open(end_us, mirror, &settings, &mut out);
        state.gaps.write_open(end_us, texts.dropped(), &mut out);
        if let Some((at_us, view)) = state.pages.view_open() {
            out(at_us, true, view);
        }
        let carried = Carried {
            state,
            background: background.save(),
            texts: texts.finish(mirror, &mut out),
        };
        let state = serde_json::to_string(&carried).expect("states hold nothing that JSON cannot");
        out(end_us, true, Body::Carry { state });
    }

    /// Time has come to `at_us`, and nothing happened since the event before.
    fn advance(&mut self, at_us: i64, is_snapshot: bool, mirror: &Mirror, writer: &mut Writer<'_>) {
        let state = &mut self.state;
        if !is_snapshot && let Some((view_us, view)) = state.pages.take_view(None) {
            state.viewed(view_us, view, &self.settings, writer);
        }
        let mut out = |at, open, body| writer.write(at, open, body);
        state.gaps.event(at_us, &mut out);
        state.clicks.advance(at_us, &self.settings, &mut out);
        state.fields.advance(at_us, &mut out);
        state.activity.advance(at_us, &mut out);
        state
            .frustrations
            .advance(at_us, mirror, &self.settings, &mut out);
        if is_snapshot {
            state
                .frustrations
                .leave(at_us, mirror, &self.settings, &mut out);
        }
        self.texts.advance(mirror, at_us, &mut out);
        if is_snapshot {
            self.texts.read_all(mirror, &mut out);
            state.fields.close(&mut out);
        }
    }

    /// Whether the event was a snapshot that the mirror took.
    fn apply(
        &mut self,
        at_us: i64,
        event: Value<'_>,
        mirror: &mut Mirror,
        writer: &mut Writer<'_>,
    ) -> bool {
        let mut out = |at, open, body| writer.write(at, open, body);
        let mut changes = Changes {
            at_us,
            texts: &mut self.texts,
            clicks: &mut self.state.clicks,
            background: &mut self.background,
            frustrations: &mut self.state.frustrations,
            settings: &self.settings,
            out: &mut out,
            had_snapshot: false,
            last_place: None,
            exchange: Exchange::default(),
        };
        mirror.apply(event, at_us, &mut changes);
        changes.settle();
        let had_snapshot = changes.had_snapshot && mirror.has_page();
        self.texts.applied(mirror, at_us, &mut out);
        had_snapshot
    }

    fn increment(&mut self, at_us: i64, data: Value<'_>, mirror: &Mirror, writer: &mut Writer<'_>) {
        let Some(source) = data.get("source").and_then(Value::as_i64) else {
            return;
        };
        match source {
            source::MOUSE_MOVE | source::TOUCH_MOVE | source::DRAG => {
                let bucket_us = at_us.saturating_sub(at_us.rem_euclid(crate::activity::BUCKET_US));
                for point in data
                    .get("positions")
                    .into_iter()
                    .flat_map(Value::items)
                    .take(MAX_POINTS)
                {
                    let offset_ms = point
                        .get("timeOffset")
                        .and_then(Value::as_f64)
                        .unwrap_or_default();
                    let point_us = at_us.saturating_add((offset_ms * 1_000.0) as i64);
                    let point_us = point_us.clamp(bucket_us, at_us);
                    self.state.activity.count(point_us, false);
                    if source == source::MOUSE_MOVE
                        && let (Some(x), Some(y)) = (
                            point.get("x").and_then(Value::as_f64),
                            point.get("y").and_then(Value::as_f64),
                        )
                    {
                        self.state
                            .frustrations
                            .pointer_moved(point_us, x, y, &self.settings);
                    }
                }
                if source != source::MOUSE_MOVE {
                    self.background.user_action(at_us);
                }
            }
            source::MOUSE_INTERACTION => self.interaction(at_us, data, mirror, writer),
            source::SCROLL => self.scroll(at_us, data, mirror, writer),
            source::VIEWPORT_RESIZE => {
                self.state.activity.count(at_us, false);
                self.resized(at_us, mirror, writer);
            }
            source::INPUT => self.input(at_us, data, mirror, writer),
            source::SELECTION => {
                let is_range = |range: Value<'_>| {
                    let get = |key| range.get(key).and_then(Value::as_i64);
                    get("start") != get("end") || get("startOffset") != get("endOffset")
                };
                if data
                    .get("ranges")
                    .into_iter()
                    .flat_map(Value::items)
                    .take(8)
                    .any(is_range)
                {
                    self.state.clicks.selected();
                }
            }
            _ => {}
        }
    }

    fn resized(&mut self, at_us: i64, mirror: &Mirror, writer: &mut Writer<'_>) {
        if let Some(body) = self.state.pages.resized(mirror.viewport()) {
            writer.write(at_us, false, body);
        }
    }

    fn interaction(
        &mut self,
        at_us: i64,
        data: Value<'_>,
        mirror: &Mirror,
        writer: &mut Writer<'_>,
    ) {
        let number = |key| data.get(key).and_then(Value::as_f64).unwrap_or_default();
        let (x, y) = (number("x"), number("y"));
        let interaction = data.get("type").and_then(Value::as_i64).unwrap_or(-1);
        if interaction == interaction::MOUSE_UP {
            self.state.frustrations.pointer_pressed(false);
        }
        let node_id = data.get("id").and_then(Value::as_i64).unwrap_or(-1);
        if interaction == interaction::FOCUS
            && let Some(node) = mirror.node_by_id(node_id)
            && element::is_field(mirror, node)
        {
            // The caret in a field is an answer of the page.
            self.state.clicks.input(at_us, node_id);
        }
        let is_action = matches!(
            interaction,
            interaction::MOUSE_DOWN
                | interaction::CLICK
                | interaction::CONTEXT_MENU
                | interaction::DOUBLE_CLICK
                | interaction::TOUCH_START
                | interaction::TOUCH_END
        );
        if !is_action {
            return;
        }
        self.background.user_action(at_us);
        let is_strong = matches!(interaction, interaction::CLICK | interaction::TOUCH_START);
        self.state.activity.count(at_us, is_strong);
        match interaction {
            interaction::MOUSE_DOWN => {
                self.state.clicks.press(at_us, node_id);
                self.state.frustrations.pointer_pressed(true);
            }
            interaction::TOUCH_START => {
                self.state.clicks.press(at_us, node_id);
                self.state.touch = Some(Touch { at_us, x, y });
            }
            interaction::TOUCH_END => {
                let touch = self.state.touch.take();
                let is_tap = touch.is_some_and(|touch| {
                    at_us.saturating_sub(touch.at_us) <= MAX_TAP_US
                        && (touch.x - x).hypot(touch.y - y) <= MAX_TAP_PX
                });
                if !is_tap {
                    return;
                }
                let (mut click, _) = describe(mirror, data, x, y, &self.settings);
                click.pointer = Some("touch".to_owned());
                if mirror.has_page() {
                    // The browser makes a click of it, which is judged.
                    writer.write(at_us, false, Body::Touch(Box::new(click)));
                } else {
                    self.click(at_us, click, true, Expected::Nothing, writer);
                }
            }
            interaction::CLICK => {
                let (click, expected) = describe(mirror, data, x, y, &self.settings);
                if mirror
                    .node_by_id(node_id)
                    .is_some_and(|node| element::is_file_field(mirror, node))
                {
                    // A button opened its picker.
                    self.state.clicks.effect(at_us);
                }
                // Some recorders report the click alone.
                self.state.frustrations.pointer_pressed(false);
                self.state.frustrations.clicked();
                self.click(at_us, click, false, expected, writer);
            }
            _ => {}
        }
    }

    fn click(
        &mut self,
        at_us: i64,
        click: Click,
        is_touch: bool,
        expected: Expected,
        writer: &mut Writer<'_>,
    ) {
        let mut out = |at, open, body| writer.write(at, open, body);
        self.state
            .clicks
            .click(at_us, click, is_touch, expected, &self.settings, &mut out);
    }

    fn scroll(&mut self, at_us: i64, data: Value<'_>, mirror: &Mirror, writer: &mut Writer<'_>) {
        self.state.activity.count(at_us, false);
        let id = data.get("id").and_then(Value::as_i64).unwrap_or_default();
        let number = |key| data.get(key).and_then(Value::as_f64).unwrap_or_default();
        let Some(node) = mirror.node_by_id(id) else {
            return;
        };
        if !self.background.is_restless(&chain(mirror, node), at_us) {
            self.state.clicks.scrolled(at_us);
        }
        self.background.user_action(at_us);
        let (x, y) = (number("x").round() as i64, number("y").round() as i64);
        self.state
            .fields
            .scroll(at_us, id, x, y, &mut |at, open, body| {
                writer.write(at, open, body)
            });
    }

    fn input(&mut self, at_us: i64, data: Value<'_>, mirror: &Mirror, writer: &mut Writer<'_>) {
        self.state.activity.count(at_us, true);
        self.background.user_action(at_us);
        let id = data.get("id").and_then(Value::as_i64).unwrap_or_default();
        let Some(node) = mirror.node_by_id(id) else {
            return;
        };
        self.state.clicks.input(at_us, id);
        self.state.frustrations.typed();
        if data.get("userTriggered").and_then(Value::as_bool) == Some(false) {
            return;
        }
        let text = data.get("text").and_then(Value::as_str).unwrap_or_default();
        let masked = !text.is_empty() && strings::is_masked(text);
        let length = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
        if self.state.fields.continue_typing(at_us, id, masked, length) {
            return;
        }
        let input = Input {
            node_id: id,
            selector: element::selector(mirror, node),
            label: element::label(mirror, node),
            masked,
            length,
        };
        let mut out = |at, open, body| writer.write(at, open, body);
        self.state.fields.start_typing(at_us, input, &mut out);
    }

    fn said(
        &mut self,
        at_us: i64,
        number: i64,
        data: Value<'_>,
        mirror: &Mirror,
        writer: &mut Writer<'_>,
    ) {
        let Some(payload) = data.get("payload") else {
            return;
        };
        let text = |key| data.get(key).and_then(Value::as_str).unwrap_or_default();
        let slow_ms = self.settings.slow_request_ms;
        let is_plugin = number == i64::from(kind::PLUGIN);
        if is_plugin && text("plugin") == "rrweb/network@1" {
            // A page's first report has the page itself in it; so has a frame's.
            let first = payload
                .get("requests")
                .and_then(|requests| requests.items().next());
            let page = first
                .filter(|entry| {
                    entry.get("entryType").and_then(Value::as_str) == Some("navigation")
                })
                .and_then(|entry| entry.get("name")?.as_str());
            if payload.get("isInitial").and_then(Value::as_bool) == Some(true)
                && page.is_some_and(|page| self.state.pages.is_at(page))
            {
                self.state.pages.started(at_us);
            }
            let mut others = Vec::new();
            network::plugin(payload, at_us, slow_ms, |found| match found {
                Ok(request) => self.request(request, writer),
                Err(other) => others.push(other),
            });
            for (other_us, body) in others {
                writer.write(other_us, false, body);
            }
            return;
        }
        let said = if is_plugin {
            custom::plugin(text("plugin"), payload)
        } else {
            custom::custom(text("tag"), payload, at_us, slow_ms, mirror.has_page())
        };
        let state = &mut self.state;
        match said {
            Said::Fact(body) => {
                if matches!(&body, Body::Custom(custom) if custom.tag == "error") {
                    state.frustrations.failed_to_load(at_us, payload);
                }
                if matches!(body, Body::Key { .. }) {
                    state.activity.count(at_us, false);
                    self.background.user_action(at_us);
                }
                if let Some(error) = error_of(&body) {
                    state.clicks.errored(at_us, error, &self.settings);
                }
                writer.write(at_us, false, body);
            }
            Said::Request(request) => self.request(*request, writer),
            Said::Navigated { href, title, size } => {
                if size.is_some() && !state.pages.is_of_frame(size) {
                    state.pages.started(at_us);
                }
                if !state.pages.is_of_frame(size)
                    && let Some(body) = state.pages.navigated(href, title)
                {
                    state.viewed(at_us, body, &self.settings, writer);
                }
            }
            Said::Loaded { by_history } => {
                state.pages.loaded();
                if by_history {
                    state.pages.reached_by_history(at_us);
                }
            }
            Said::Started => state.pages.started(at_us),
            Said::Visible(visible) => {
                writer.write(at_us, false, Body::Visibility { visible });
                let mut out = |at, open, body| writer.write(at, open, body);
                state
                    .frustrations
                    .visibility(at_us, visible, mirror, &self.settings, &mut out);
                self.pause(visible, GapReason::PageHidden, at_us, writer);
            }
            Said::Focused(focused) => {
                writer.write(at_us, false, if focused { Body::Focus } else { Body::Blur });
                state.clicks.effect(at_us);
            }
            Said::Recording(goes_on) => self.pause(goes_on, GapReason::NotRecorded, at_us, writer),
            Said::Chunk {
                page,
                number,
                until_us,
            } => self
                .state
                .gaps
                .chunks
                .arrived(page, number, at_us, until_us.max(at_us)),
            Said::Nothing => {}
        }
    }

    fn pause(&mut self, goes_on: bool, reason: GapReason, at_us: i64, writer: &mut Writer<'_>) {
        self.state.clicks.effect(at_us);
        if goes_on {
            let mut out = |at, open, body| writer.write(at, open, body);
            self.state.gaps.end(reason, at_us, &mut out);
        } else {
            self.state.gaps.start(reason, at_us);
        }
    }

    fn request(&mut self, request: Request, writer: &mut Writer<'_>) {
        if request.is_effect() {
            // Polling goes on whatever the visitor clicks; ids of nodes are positive.
            let chain = [(-(hash(request.path()) >> 1), 0), (0, 0), (0, 0), (0, 0)];
            if !self.background.is_restless(&chain, request.at_us) {
                self.state.clicks.effect(request.at_us);
            }
            self.background.learn(&chain, request.at_us);
        }
        self.state
            .frustrations
            .requested(request.at_us, &request.network);
        writer.write(
            request.at_us,
            false,
            Body::Network(Box::new(request.network)),
        );
    }
}

impl State {
    /// A page is there, which answers every click.
    fn viewed(&mut self, at_us: i64, view: Body, settings: &Settings, writer: &mut Writer<'_>) {
        self.clicks.changed(at_us);
        if let Body::PageView(view) = &view {
            let mut out = |at, open, body| writer.write(at, open, body);
            self.frustrations.viewed(at_us, view, settings, &mut out);
        }
        writer.write(at_us, false, view);
    }
}

/// What was clicked, and what is to be expected of it.
fn describe(
    mirror: &Mirror,
    data: Value<'_>,
    x: f64,
    y: f64,
    settings: &Settings,
) -> (Click, Expected) {
    let pointer = match data.get("pointerType").and_then(Value::as_i64) {
        Some(0) => Some("mouse"),
        Some(1) => Some("pen"),
        Some(2) => Some("touch"),
        _ => None,
    };
    let node_id = data.get("id").and_then(Value::as_i64).unwrap_or(-1);
    let mut click = Click {
        x,
        y,
        node_id,
        pointer: pointer.map(str::to_owned),
        ..Click::default()
    };
    let target: Option<NodeKey> = mirror
        .node_by_id(node_id)
        .and_then(|node| element::element_of(mirror, node));
    let Some(node) = target else {
        return (click, Expected::Nothing);
    };
    let clickable = element::clickable_around(mirror, node);
    let named = element::named_around(mirror, node).unwrap_or(node);
    click.selector = element::selector(mirror, named);
    click.label = element::label(mirror, named);
    click.role = element::role(mirror, named);
    click.tag = strings::name(mirror.tag(named));
    let is_typed = element::is_in_editable(mirror, node)
        || matches!(mirror.tag(node), "textarea" | "select" | "body" | "html");
    click.text = if is_typed {
        None
    } else {
        element::visible_text(mirror, node)
    };
    let expected = if selector::is_in(&settings.ignored, mirror, node) {
        Expected::Ignored
    } else if selector::is_in(&settings.never_dead, mirror, node) {
        Expected::Nothing
    } else if element::is_opaque(mirror, node) {
        Expected::Unseen
    } else if element::answers_outside_the_page(mirror, node) {
        Expected::Nothing
    } else if clickable.is_some() {
        Expected::Change
    } else {
        Expected::Unknown
    };
    (click, expected)
}

/// A number for an error, the same for the same error.
fn error_of(body: &Body) -> Option<i64> {
    match body {
        Body::Error(error) => Some(hash(&error.message)),
        Body::Console(line) if matches!(line.level.as_str(), "error" | "assert") => {
            Some(hash(&line.message))
        }
        _ => None,
    }
}

/// FNV-1a: the same in every run, as it is carried from piece to piece.
fn hash(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash >> 1) as i64 | 2
}
