//! Pages and the window they are in.
//!
//! A Meta event says an address at the start of a recording and at every checkout in
//! its middle; single-page applications tell of navigation in as many ways as there
//! are recorders. A page is a new one when its address differs, or when there is a
//! sign that it was loaded again.

use crate::fact::{Body, PageView, Via};
use crate::strings;
use rrweb::Viewport;
use rrweb::mirror::{Mirror, NodeKind};
use serde::{Deserialize, Serialize};

/// A sign of loading belongs to the Meta event this shortly before it.
const SIGN_AFTER_US: i64 = 5_000_000;
/// Sentry says how a page was reached with the time at which navigation began.
const REACHED_BEFORE_US: i64 = 60_000_000;
/// Nodes that are looked at for the title.
const MAX_TITLE_NODES: usize = 2_000;
/// Nodes that are looked at for the order of their numbers.
const MAX_NUMBERED_NODES: usize = 20_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pages {
    href: Option<String>,
    viewport: Option<(u32, u32)>,
    /// A view that waits for the snapshot, which has the title.
    view: Option<(i64, PageView)>,
    /// Load or DomContentLoaded came since the last Meta event.
    has_loaded: bool,
    /// A Meta event that looked like a checkout.
    checkout_us: Option<i64>,
    back_forward_us: Option<i64>,
}

impl Pages {
    /// What a mirror tells, when nothing better is known.
    pub fn of(mirror: &Mirror) -> Self {
        Self {
            href: mirror.href().map(strings::text),
            viewport: mirror
                .viewport()
                .map(|viewport| (viewport.width, viewport.height)),
            ..Self::default()
        }
    }

    pub fn loaded(&mut self) {
        self.has_loaded = true;
    }

    pub fn reached_by_history(&mut self, at_us: i64) {
        self.back_forward_us = Some(at_us);
    }

    pub fn meta(&mut self, at_us: i64, href: &str) {
        if href.is_empty() {
            return;
        }
        let href = strings::text(href);
        let is_same = self.href.as_ref() == Some(&href);
        let has_loaded = std::mem::take(&mut self.has_loaded);
        if is_same && !has_loaded {
            self.checkout_us = Some(at_us);
            return;
        }
        self.view(at_us, href);
    }

    /// A sign that the last Meta event was the start of a page after all.
    pub fn started(&mut self, at_us: i64) {
        if let Some(meta_us) = self.checkout_us.take()
            && at_us.saturating_sub(meta_us) <= SIGN_AFTER_US
            && let Some(href) = self.href.clone()
        {
            self.view(meta_us, href);
        }
    }

    /// Whether the last Meta event could have been a checkout.
    pub fn is_unsure(&self) -> bool {
        self.checkout_us.is_some()
    }

    pub fn is_at(&self, href: &str) -> bool {
        self.href.as_deref() == Some(href)
    }

    fn view(&mut self, at_us: i64, href: String) {
        let reached = self.back_forward_us.take();
        let by_history = reached
            .is_some_and(|from| (0..=REACHED_BEFORE_US).contains(&at_us.saturating_sub(from)));
        self.checkout_us = None;
        self.href = Some(href.clone());
        let view = PageView {
            href,
            title: None,
            via: if by_history {
                Via::BackForward
            } else {
                Via::Load
            },
        };
        self.view = Some((at_us, view));
    }

    /// The waiting view, now or never with the title of the new page.
    pub fn take_view(&mut self, mirror: Option<&Mirror>) -> Option<(i64, Body)> {
        let (at_us, mut view) = self.view.take()?;
        view.title = mirror.and_then(title_of);
        Some((at_us, Body::PageView(Box::new(view))))
    }

    pub fn view_open(&self) -> Option<(i64, Body)> {
        let (at_us, view) = self.view.clone()?;
        Some((at_us, Body::PageView(Box::new(view))))
    }

    /// The page moved on without loading.
    pub fn navigated(&mut self, href: &str, title: Option<&str>) -> Option<Body> {
        let href = strings::text(href);
        if href.is_empty() || self.href.as_ref() == Some(&href) {
            return None;
        }
        let without_hash = |href: &str| href.split('#').next().unwrap_or_default().to_owned();
        let is_hash = self
            .href
            .as_ref()
            .is_some_and(|before| without_hash(before) == without_hash(&href));
        self.href = Some(href.clone());
        let title = title
            .map(strings::text)
            .filter(|title| !strings::is_masked(title));
        let via = if is_hash { Via::Hash } else { Via::Navigation };
        Some(Body::PageView(Box::new(PageView { href, title, via })))
    }

    /// Amplitude's address plugin also runs in frames of the page, and reports into
    /// its stream; only the size of its window gives it away.
    pub fn is_of_frame(&self, size: Option<(u32, u32)>) -> bool {
        size.is_some() && self.viewport.is_some() && size != self.viewport
    }

    pub fn resized(&mut self, viewport: Option<Viewport>) -> Option<Body> {
        let size = viewport.map(|viewport| (viewport.width, viewport.height))?;
        if self.viewport.replace(size) == Some(size) {
            return None;
        }
        let (width, height) = size;
        Some(Body::Resize { width, height })
    }
}

/// Whether the nodes are numbered as by a recorder that has just started. A page that
/// was not before the snapshot and is after it was loaded again: a checkout keeps
/// the numbers. Documents in frames are numbered later, so they count as fresh.
pub fn is_fresh(mirror: &Mirror) -> bool {
    let mut last_id = 0;
    for (at, node) in mirror.walk().take(MAX_NUMBERED_NODES).enumerate() {
        if at > 0 && mirror.kind(node) == Some(NodeKind::Document) {
            return true;
        }
        let id = mirror.id(node);
        if id < last_id {
            return false;
        }
        last_id = id;
    }
    true
}

fn title_of(mirror: &Mirror) -> Option<String> {
    let root = mirror.root()?;
    let is_title = |node: &rrweb::mirror::NodeKey| {
        mirror.tag(*node) == "title"
            && !mirror.is_svg(*node)
            && mirror.kind(*node) == Some(NodeKind::Element)
    };
    let title = mirror
        .descendants(root)
        .take(MAX_TITLE_NODES)
        .find(is_title)?;
    let text = strings::collapse(strings::cut(
        mirror.text(mirror.children(title).next()?),
        strings::MAX_TEXT_BYTES,
    ));
    (!strings::is_masked(&text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(pages: &mut Pages) -> Option<(String, Via)> {
        match pages.take_view(None)? {
            (_, Body::PageView(view)) => Some((view.href, view.via)),
            _ => None,
        }
    }

    #[test]
    fn a_checkout_is_no_page_and_a_reload_is() {
        let mut pages = Pages::default();
        pages.meta(0, "/a");
        assert_eq!(view(&mut pages), Some(("/a".into(), Via::Load)));
        pages.meta(1, "/a");
        assert_eq!(view(&mut pages), None);
        pages.loaded();
        pages.meta(2, "/a");
        assert!(view(&mut pages).is_some());
        pages.meta(3, "/a");
        pages.started(4);
        assert!(view(&mut pages).is_some());
    }

    #[test]
    fn the_same_navigation_told_twice_is_one() {
        let mut pages = Pages::default();
        pages.meta(0, "/a");
        let kind = |body: Option<Body>| match body {
            Some(Body::PageView(view)) => Some(view.via),
            _ => None,
        };
        assert_eq!(kind(pages.navigated("/b", None)), Some(Via::Navigation));
        assert_eq!(kind(pages.navigated("/b", None)), None);
        assert_eq!(kind(pages.navigated("/b#x", None)), Some(Via::Hash));
    }
}
