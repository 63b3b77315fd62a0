//! Events other than snapshots and mutations.

use super::names::known;
use super::node::{FormState, NodeKey, NodeKind, Position, text_cost};
use super::{Mirror, Observer, Pointer, Problem, SelectedRange};
use crate::summary::Viewport;
use crate::tape::Value;

/// `source` of incremental events.
mod source {
    pub const MUTATION: i64 = 0;
    pub const MOUSE_MOVE: i64 = 1;
    pub const MOUSE_INTERACTION: i64 = 2;
    pub const SCROLL: i64 = 3;
    pub const VIEWPORT_RESIZE: i64 = 4;
    pub const INPUT: i64 = 5;
    pub const TOUCH_MOVE: i64 = 6;
    pub const MEDIA: i64 = 7;
    pub const STYLE_SHEET_RULE: i64 = 8;
    pub const CANVAS: i64 = 9;
    pub const FONT: i64 = 10;
    pub const DRAG: i64 = 12;
    pub const STYLE_DECLARATION: i64 = 13;
    pub const SELECTION: i64 = 14;
    pub const ADOPTED_STYLE_SHEET: i64 = 15;
    pub const CUSTOM_ELEMENT: i64 = 16;
}

/// `type` of mouse interactions.
mod interaction {
    /// Those that place the pointer: up, down, click, touch start and end.
    pub const PLACING: [i64; 5] = [0, 1, 2, 7, 9];
    pub const FOCUS: i64 = 5;
    pub const BLUR: i64 = 6;
}

/// Longer ones are for nobody to read.
const MAX_HREF_BYTES: usize = 64 << 10;

const MAX_SELECTED_RANGES: usize = 64;
const MAX_CUSTOM_ELEMENTS: usize = 4_096;

impl Mirror {
    pub(super) fn meta(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let href = data.get("href").and_then(Value::as_str).unwrap_or_default();
        if href.len() <= MAX_HREF_BYTES {
            self.page.href = Some(href.into());
        }
        self.resize(data, observer);
    }

    fn resize(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let size = |key| {
            data.get(key)
                .and_then(Value::as_f64)
                .map(|size| size.round() as u32)
        };
        if let (Some(width), Some(height)) = (size("width"), size("height")) {
            self.page.viewport = Some(Viewport { width, height });
            observer.viewport_changed(self);
        }
    }

    pub(super) fn incremental(
        &mut self,
        data: Value<'_>,
        at_micros: i64,
        observer: &mut impl Observer,
    ) {
        match data.get("source").and_then(Value::as_i64) {
            Some(source::MUTATION) => self.mutation(data, at_micros, observer),
            Some(source::MOUSE_MOVE | source::TOUCH_MOVE | source::DRAG) => {
                // Only the last position counts for the state.
                if let Some(last) = data.get("positions").and_then(|all| all.items().last()) {
                    self.place_pointer(last);
                }
            }
            Some(source::MOUSE_INTERACTION) => {
                self.interact(data);
            }
            Some(source::SCROLL) => self.scroll_to(data, observer),
            Some(source::VIEWPORT_RESIZE) => self.resize(data, observer),
            Some(source::INPUT) => self.input(data, observer),
            Some(source::MEDIA) => self.media(data, at_micros, observer),
            Some(source::STYLE_SHEET_RULE) => self.edit_sheet(data, true, observer),
            Some(source::STYLE_DECLARATION) => self.edit_sheet(data, false, observer),
            Some(source::CANVAS) => self.draw(data, observer),
            Some(source::FONT) => self.add_font(data),
            Some(source::SELECTION) => self.select(data, observer),
            Some(source::ADOPTED_STYLE_SHEET) => self.adopt_sheets(data, observer),
            Some(source::CUSTOM_ELEMENT) => self.define_element(data),
            Some(_) => {}
            None => self.problem(Problem::UnsupportedContent),
        }
    }

    /// The node that an event is about. Targets that were not serialised have the id
    /// -1, and events about nodes that just went are normal: neither is counted.
    fn target_of(&self, data: Value<'_>) -> Option<u32> {
        let id = data.get("id").and_then(Value::as_i64)?;
        self.ids.get(&id).copied()
    }

    fn interact(&mut self, data: Value<'_>) {
        let id = data.get("id").and_then(Value::as_i64);
        let is_here = id.is_some_and(|id| self.ids.contains_key(&id));
        match data.get("type").and_then(Value::as_i64) {
            Some(interaction::FOCUS) if is_here => self.page.focused = id,
            Some(interaction::BLUR) if id == self.page.focused => self.page.focused = None,
            Some(kind) if interaction::PLACING.contains(&kind) => self.place_pointer(data),
            _ => {}
        }
    }

    fn place_pointer(&mut self, data: Value<'_>) {
        let number = |key| data.get(key).and_then(Value::as_f64).unwrap_or_default();
        let id = data.get("id").and_then(Value::as_i64);
        if let Some(id) = id.filter(|id| self.ids.contains_key(id)) {
            let (x, y) = (number("x"), number("y"));
            self.page.pointer = Some(Pointer { x, y, id });
        }
    }

    fn scroll_to(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let number = |key| data.get(key).and_then(Value::as_f64);
        if let (Some(at), Some(x), Some(y)) = (self.target_of(data), number("x"), number("y")) {
            self.change_extra(at, |extra| extra.scroll = Some(Position { x, y }));
            for element in self.elements_that_scroll_the_window(at) {
                if self.extra(element).is_some() {
                    self.change_extra(element, |extra| extra.scroll = None);
                }
            }
            observer.scrolled(self, NodeKey(at));
        }
    }

    /// Snapshots tell the position of a window at its root element too (in quirks mode
    /// at its body), later events only at the document.
    fn elements_that_scroll_the_window(&self, document: u32) -> Vec<u32> {
        if self.kind(NodeKey(document)) != Some(NodeKind::Document) {
            return Vec::new();
        }
        let named = |parent: u32, name| {
            let is_named = move |node: &NodeKey| {
                self.node(node.0)
                    .is_some_and(|node| node.kind == NodeKind::Element && node.name == name)
            };
            // They stand near the front.
            self.children(NodeKey(parent)).take(64).find(is_named)
        };
        let root = named(document, known::HTML);
        let is_quirky = self.attribute_at(document, known::COMPAT_MODE).is_some();
        let body = root
            .filter(|_| is_quirky)
            .and_then(|root| named(root.0, known::BODY));
        root.into_iter().chain(body).map(|node| node.0).collect()
    }

    fn input(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let Some(at) = self.target_of(data) else {
            return;
        };
        let text = data.get("text").and_then(Value::as_str).unwrap_or_default();
        let value = self.allowed_text(text).into();
        let checked = data.get("isChecked").and_then(Value::as_bool) == Some(true);
        let key = NodeKey(at);
        let old_checked = self.is_checked(key);
        // Once there is a state, nothing has to be copied.
        let from_attributes = match self.form_state(key) {
            Some(_) => String::new(),
            None => self.form_value(key).unwrap_or_default().to_owned(),
        };
        let sequence = self.next_sequence();
        let state = FormState {
            value,
            checked,
            sequence,
        };
        let before = self.change_extra(at, |extra| extra.form.replace(state));
        let old_value = match &before {
            Some(Some(before)) => &before.value,
            _ => from_attributes.as_str(),
        };
        observer.input(self, key, old_value, old_checked);
    }

    fn media(&mut self, data: Value<'_>, at_micros: i64, observer: &mut impl Observer) {
        let Some(at) = self.target_of(data) else {
            return;
        };
        let number = |key| data.get(key).and_then(Value::as_f64);
        let flag = |key| data.get(key).and_then(Value::as_bool);
        let kind = data.get("type").and_then(Value::as_i64);
        self.change_extra(at, |extra| {
            let media = extra.media.get_or_insert_default();
            media.current_time = number("currentTime").or_else(|| media.current_time_at(at_micros));
            media.at_micros = at_micros;
            match kind {
                Some(0) => media.is_playing = Some(true),
                Some(1) => media.is_playing = Some(false),
                _ => {}
            }
            media.volume = number("volume").or(media.volume);
            media.muted = flag("muted").or(media.muted);
            media.is_loop = flag("loop").or(media.is_loop);
            media.playback_rate = number("playbackRate").or(media.playback_rate);
        });
        observer.media_changed(self, NodeKey(at));
    }

    fn draw(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let Some(at) = self.target_of(data) else {
            return;
        };
        if self.node(at).is_none_or(|node| node.name != known::CANVAS) {
            self.problem(Problem::UnsupportedContent);
            return;
        }
        let json: Box<str> = data.to_json().into();
        let cost = text_cost(&json) + size_of::<Box<str>>();
        let limit = self.limits.canvas_bytes;
        if cost > limit || !self.has_room(cost) {
            self.problem(Problem::CanvasLimit);
            return;
        }
        let is_whole = is_whole_frame(data);
        let was_cut = self.change_extra(at, |extra| {
            let log = extra.canvas.get_or_insert_default();
            if is_whole {
                **log = super::node::CanvasLog::default();
            }
            log.bytes += cost;
            log.events.push(json);
            if log.bytes <= limit {
                return false;
            }
            // Half at once, so that the work per event stays the same.
            let mut excess = log.bytes - limit / 2;
            let size = |event: &str| text_cost(event) + size_of::<Box<str>>();
            let keep_from = log
                .events
                .iter()
                .position(|event| {
                    let fits = excess == 0;
                    excess = excess.saturating_sub(size(event));
                    fits
                })
                .unwrap_or(log.events.len() - 1);
            log.events.drain(..keep_from);
            log.bytes = log.events.iter().map(|event| size(event)).sum();
            log.is_cut = true;
            true
        });
        if was_cut == Some(true) {
            self.problem(Problem::CanvasLimit);
        }
        observer.canvas_drawn(self, NodeKey(at));
    }

    pub(super) fn clear_canvas(&mut self, at: u32) {
        if self.extra(at).is_some_and(|extra| extra.canvas.is_some()) {
            self.change_extra(at, |extra| extra.canvas = None);
        }
        self.remove_attribute(at, known::RR_DATA_URL);
    }

    fn add_font(&mut self, data: Value<'_>) {
        let font = data.to_json();
        if self.page.fonts.iter().any(|known| **known == *font) {
            return;
        }
        if self.page.fonts.len() >= self.limits.fonts || font.len() > self.limits.text_bytes {
            self.problem(Problem::FontLimit);
        } else if self.has_room(text_cost(&font)) {
            self.other_bytes += text_cost(&font);
            self.page.fonts.push(font.into());
        }
    }

    fn select(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let range = |range: Value<'_>| {
            let number = |key| range.get(key).and_then(Value::as_i64);
            Some(SelectedRange {
                start: number("start")?,
                start_offset: number("startOffset")?,
                end: number("end")?,
                end_offset: number("endOffset")?,
            })
        };
        let ranges = data.get("ranges").into_iter().flat_map(Value::items);
        self.page.selection = ranges.filter_map(range).take(MAX_SELECTED_RANGES).collect();
        observer.selection_changed(self);
    }

    fn define_element(&mut self, data: Value<'_>) {
        let define = data.get("define").and_then(|define| define.get("name"));
        let Some(name) = define
            .and_then(Value::as_str)
            .filter(|name| name.len() < 256)
        else {
            return;
        };
        let known = &mut self.page.custom_elements;
        if known.len() < MAX_CUSTOM_ELEMENTS && !known.iter().any(|known| **known == *name) {
            known.push(name.into());
            self.other_bytes += text_cost(name);
        }
    }
}

/// What a recorder with a frame rate sends: the canvas is cleared and an image is
/// drawn over it.
fn is_whole_frame(data: Value<'_>) -> bool {
    let Some(commands) = data.get("commands").filter(|commands| commands.is_array()) else {
        return false;
    };
    let property = |command: Value<'_>, name: &str| {
        command.get("property").and_then(Value::as_str) == Some(name)
    };
    let mut commands = commands.items();
    let (Some(clear), Some(draw), None) = (commands.next(), commands.next(), commands.next())
    else {
        return false;
    };
    let image = draw.get("args").and_then(|args| args.items().next());
    let is_bitmap = image
        .and_then(|image| image.get("rr_type"))
        .and_then(Value::as_str)
        == Some("ImageBitmap");
    property(clear, "clearRect") && property(draw, "drawImage") && is_bitmap
}
