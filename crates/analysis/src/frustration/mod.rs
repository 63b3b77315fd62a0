//! Signs of trouble besides clicks: a thrashed cursor, quick backs, endless spinners,
//! blank pages, broken images. Clicks are judged in `clicks`; `docs/frustration.md`
//! has all definitions.

mod back;
mod blank;
mod cursor;
mod images;
mod loaders;

use crate::fact::{Body, Frustration, Network, PageView, Signal, to_ms};
use crate::settings::Settings;
use back::Back;
use blank::Blank;
use cursor::Cursor;
use images::Images;
use loaders::Loaders;
use rrweb::mirror::{Mirror, NodeKey};
use rrweb::tape::Value;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Frustrations {
    cursor: Cursor,
    back: Back,
    loaders: Loaders,
    blank: Blank,
    #[serde(default, rename = "broken_images")]
    images: Images,
    #[serde(default)]
    is_hidden: bool,
}

/// From its start to its end.
struct Found {
    from_us: i64,
    until_us: i64,
    signal: Signal,
    node_id: Option<i64>,
    label: Option<String>,
    count: u32,
}

impl Found {
    fn write(self, is_open: bool, out: &mut impl FnMut(i64, bool, Body)) {
        let frustration = Frustration {
            signal: self.signal,
            until_ms: to_ms(self.until_us),
            node_id: self.node_id,
            label: self.label,
            count: self.count,
        };
        out(
            self.from_us,
            is_open,
            Body::Frustration(Box::new(frustration)),
        );
    }
}

impl Frustrations {
    /// Time has come to `at_us`; the page is still what it was after the event before.
    pub fn advance(
        &mut self,
        at_us: i64,
        mirror: &Mirror,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        if let Some(found) = self.cursor.advance(at_us, settings) {
            found.write(false, out);
        }
        while let Some(found) = self.images.advance(at_us, mirror) {
            found.write(false, out);
        }
        if !self.is_hidden
            && let Some(found) = self.blank.look(at_us, mirror, settings)
        {
            found.write(false, out);
        }
    }

    /// The page is about to be replaced, or is not seen any more.
    pub fn leave(
        &mut self,
        at_us: i64,
        mirror: &Mirror,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        while let Some(found) = self.images.end(mirror) {
            found.write(false, out);
        }
        let spinner = self.loaders.end(at_us, mirror, settings);
        let blank = self.blank.end(at_us, settings);
        for found in spinner.into_iter().chain(blank) {
            found.write(false, out);
        }
    }

    /// A page is there, or is seen again.
    pub fn enter(&mut self, at_us: i64, mirror: &Mirror) {
        self.loaders.enter(at_us, mirror);
        self.blank.enter(at_us);
    }

    /// What nobody sees annoys nobody.
    pub fn visibility(
        &mut self,
        at_us: i64,
        is_visible: bool,
        mirror: &Mirror,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        self.is_hidden = !is_visible;
        if is_visible {
            self.enter(at_us, mirror);
        } else {
            self.leave(at_us, mirror, settings, out);
        }
    }

    pub fn added(&mut self, at_us: i64, mirror: &Mirror, node: NodeKey) {
        self.blank.changed();
        if !self.is_hidden {
            self.loaders.added(at_us, mirror, node);
        }
    }

    pub fn removing(
        &mut self,
        at_us: i64,
        mirror: &Mirror,
        node: NodeKey,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        self.blank.changed();
        if let Some(found) = self.loaders.removing(at_us, mirror, node, settings) {
            found.write(false, out);
        }
    }

    pub fn attribute_changed(
        &mut self,
        at_us: i64,
        mirror: &Mirror,
        node: NodeKey,
        name: &str,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        if !self.is_hidden
            && let Some(found) = self
                .loaders
                .attribute_changed(at_us, mirror, node, name, settings)
        {
            found.write(false, out);
        }
    }

    pub fn pointer_moved(&mut self, at_us: i64, x: f64, y: f64, settings: &Settings) {
        self.cursor.moved(at_us, x, y, settings);
    }

    pub fn pointer_pressed(&mut self, is_pressed: bool) {
        self.cursor.pressed(is_pressed);
    }

    pub fn viewed(
        &mut self,
        at_us: i64,
        view: &PageView,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        if let Some(found) = self.back.viewed(at_us, view, settings) {
            found.write(false, out);
        }
    }

    pub fn clicked(&mut self) {
        self.back.clicked();
    }

    pub fn typed(&mut self) {
        self.back.typed();
    }

    /// A request that may be that for an image.
    pub fn requested(&mut self, at_us: i64, network: &Network) {
        let is_image = matches!(
            network.initiator.as_deref(),
            Some("img" | "image" | "input")
        );
        if is_image && network.status.is_some_and(|status| status >= 400) {
            self.images.failed(at_us, &network.url, None);
        }
    }

    /// Our recorder says of an element that its file did not load.
    pub fn failed_to_load(&mut self, at_us: i64, error: Value<'_>) {
        let text = |key| error.get(key).and_then(Value::as_str);
        if let (Some("resource"), Some("img" | "image" | "input"), Some(url)) =
            (text("kind"), text("tag"), text("url"))
        {
            let node_id = error.get("id").and_then(Value::as_i64);
            self.images.failed(at_us, url, node_id);
        }
    }

    /// The end of what there is.
    pub fn write_open(
        &self,
        end_us: i64,
        mirror: &Mirror,
        settings: &Settings,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        let mut ended = self.clone();
        if !ended.is_hidden {
            ended.blank.look(end_us, mirror, settings);
        }
        let all = [
            ended.cursor.end(),
            ended.loaders.end(end_us, mirror, settings),
            ended.blank.end(end_us, settings),
        ];
        for found in all.into_iter().flatten() {
            found.write(true, out);
        }
        while let Some(found) = ended.images.end(mirror) {
            found.write(true, out);
        }
    }
}
