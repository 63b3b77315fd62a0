//! Quick backs: a page is left for the one before it, before it could be of use.

use super::Found;
use crate::fact::{PageView, Signal, Via};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};

/// A page that is left sooner only led on: a redirect.
const REDIRECT_US: i64 = 500_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Back {
    current: Option<Page>,
    /// The place before the current page.
    before: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Page {
    href: String,
    since_us: i64,
    clicks: u32,
    has_typed: bool,
}

/// Without query and fragment, which tabs and filters change.
fn place(href: &str) -> &str {
    href.split(['?', '#']).next().unwrap_or_default()
}

impl Back {
    pub fn viewed(&mut self, at_us: i64, view: &PageView, settings: &Settings) -> Option<Found> {
        let is_same = self
            .current
            .as_ref()
            .is_some_and(|page| place(&page.href) == place(&view.href));
        if is_same || view.via == Via::Hash {
            return None;
        }
        let next = Page {
            href: view.href.clone(),
            since_us: at_us,
            clicks: 0,
            has_typed: false,
        };
        let left = self.current.replace(next)?;
        let before = self.before.replace(place(&left.href).to_owned());
        let stayed_us = at_us.saturating_sub(left.since_us);
        let most_us = i64::from(settings.quick_back_ms) * 1_000;
        let is_quick = (REDIRECT_US..=most_us).contains(&stayed_us);
        // One click is the way back; more, or typing, were what the page was for.
        let is_used = left.has_typed || left.clicks > 1;
        if before.as_deref() != Some(place(&view.href)) || !is_quick || is_used {
            return None;
        }
        Some(Found {
            from_us: left.since_us,
            until_us: at_us,
            signal: Signal::QuickBack,
            node_id: None,
            label: Some(left.href),
            count: 1,
        })
    }

    pub fn clicked(&mut self) {
        if let Some(page) = &mut self.current {
            page.clicks = page.clicks.saturating_add(1);
        }
    }

    pub fn typed(&mut self) {
        if let Some(page) = &mut self.current {
            page.has_typed = true;
        }
    }
}
