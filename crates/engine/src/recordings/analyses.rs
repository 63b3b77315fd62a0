//! Analysis of all tabs of a replay.

use super::pages::Pages;
use analysis::{Analysis, Fact, Settings};
use rrweb::tape::Value;

/// One analysis per tab, by the tab's number.
#[derive(Default)]
pub(crate) struct Analyses(Vec<Analysis>);

fn settings_of(tab: usize) -> Settings {
    Settings {
        tab: tab as u32,
        ..Settings::default()
    }
}

impl Analyses {
    /// Goes on where `finish` left facts open; `pages` is the state there.
    pub fn resume(pages: &Pages, open: &[Fact]) -> Self {
        let tabs = pages.mirrors().enumerate().map(|(tab, mirror)| {
            let own = open.iter().filter(|fact| fact.tab as usize == tab);
            Analysis::resume(settings_of(tab), mirror, own.cloned().collect())
        });
        Self(tabs.collect())
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
        while self.0.len() <= tab {
            for other in &mut self.0 {
                other.tab_opened(at_us);
            }
            self.0.push(Analysis::new(settings_of(self.0.len())));
        }
        self.0[tab].event(at_us, event, mirror, facts);
    }

    /// Writes what is still open.
    pub fn finish(self, end_us: i64, pages: &Pages, facts: &mut Vec<Fact>) {
        for (analysis, mirror) in self.0.into_iter().zip(pages.mirrors()) {
            analysis.finish(end_us, mirror, facts);
        }
    }
}
