//! Analysis of all tabs of a replay.

use super::pages::Pages;
use analysis::{Analysis, Fact, Settings};
use rrweb::tape::Value;

/// One analysis per tab, by the tab's number.
pub(crate) struct Analyses {
    settings: Settings,
    tabs: Vec<Analysis>,
}

impl Analyses {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            tabs: Vec::new(),
        }
    }

    /// Goes on where `finish` left facts open; `pages` is the state there.
    pub fn resume(settings: Settings, pages: &Pages, open: &[Fact]) -> Self {
        let tabs = pages.mirrors().enumerate().map(|(tab, mirror)| {
            let own = open.iter().filter(|fact| fact.tab as usize == tab);
            let settings = settings.clone().for_tab(tab as u32);
            Analysis::resume(settings, mirror, own.cloned().collect())
        });
        let tabs = tabs.collect();
        Self { settings, tabs }
    }

    /// Applies an event to its page and notes what it says.
    pub fn event(
        &mut self,
        at_us: i64,
        event: Value<'_>,
        pages: &mut Pages,
        facts: &mut Vec<Fact>,
    ) {
        let (tab, mirror) = pages.of(event);
        while self.tabs.len() <= tab {
            for other in &mut self.tabs {
                other.tab_opened(at_us);
            }
            let settings = self.settings.clone().for_tab(self.tabs.len() as u32);
            self.tabs.push(Analysis::new(settings));
        }
        self.tabs[tab].event(at_us, event, mirror, facts);
    }

    /// Writes what is still open, and begins anew.
    pub fn finish(&mut self, end_us: i64, pages: &Pages, facts: &mut Vec<Fact>) {
        let tabs = std::mem::take(&mut self.tabs);
        for (analysis, mirror) in tabs.into_iter().zip(pages.mirrors()) {
            analysis.finish(end_us, mirror, facts);
        }
    }
}
