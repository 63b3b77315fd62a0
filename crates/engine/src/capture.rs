//! What a project's recorders record: told to them by the remote configuration.

use crate::projects::{changed_settings, require_owner};
use crate::{Engine, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use store::catalog::{Project, User};

const MAX_SELECTORS: usize = 200;
const MAX_RULES: usize = 50;
const MAX_PROPERTIES: usize = 20;
const MAX_TEXT_CHARS: usize = 1_000;
/// Recorders accept no more.
const MAX_DURATION_MS: u64 = 60_000;

/// `None`: as the configuration of the server says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capture {
    /// Share of sessions, 0 to 1.
    pub sample_rate: Option<f64>,
    /// Of the other sessions: recorded from before their first error.
    pub error_sample_rate: Option<f64>,
    /// Shorter replays are not sent.
    pub min_duration_ms: Option<u64>,
    pub mask_level: Option<MaskLevel>,
    pub block_selectors: Option<Vec<String>>,
    pub mask_selectors: Option<Vec<String>>,
    pub unmask_selectors: Option<Vec<String>>,
    pub interactions: Option<bool>,
    pub console: Option<bool>,
    pub network: Option<bool>,
    /// With any of these they decide instead of the sample rate; one that holds is enough.
    pub targeting: Option<Vec<TargetingRule>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskLevel {
    Light,
    Medium,
    Conservative,
}

/// What is named must all hold; what is not may be anything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetingRule {
    pub sample_rate: Option<f64>,
    pub url_contains: Option<String>,
    pub event: Option<String>,
    pub event_properties: BTreeMap<String, String>,
    pub user_properties: BTreeMap<String, String>,
}

impl Capture {
    /// # Errors
    /// When another version wrote it. Then nothing may be recorded: what cannot be read
    /// may have asked for more masking.
    pub fn of(project: &Project) -> Result<Self> {
        serde_json::from_str(&project.capture)
            .map_err(|error| Error::Internal(format!("capture settings: {error}")))
    }

    fn check(&self) -> Result<()> {
        let rules = self.targeting.as_deref().unwrap_or_default();
        if rules.len() > MAX_RULES {
            return invalid(format!("at most {MAX_RULES} targeting rules"));
        }
        let rates = [self.sample_rate, self.error_sample_rate].into_iter();
        for rate in rates
            .chain(rules.iter().map(|rule| rule.sample_rate))
            .flatten()
        {
            if !(0.0..=1.0).contains(&rate) {
                return invalid("a sample rate is from 0 to 1".to_owned());
            }
        }
        if self.min_duration_ms.is_some_and(|it| it > MAX_DURATION_MS) {
            return invalid(format!("min_duration_ms is at most {MAX_DURATION_MS}"));
        }
        for selectors in [
            &self.block_selectors,
            &self.mask_selectors,
            &self.unmask_selectors,
        ] {
            let selectors = selectors.as_deref().unwrap_or_default();
            if selectors.len() > MAX_SELECTORS {
                return invalid(format!("at most {MAX_SELECTORS} selectors of a kind"));
            }
            for selector in selectors {
                check_selector(selector)?;
            }
        }
        rules.iter().try_for_each(check_rule)
    }
}

/// Not the whole grammar: what a browser would refuse for sure. A selector that it does
/// not understand hides nothing.
fn check_selector(selector: &str) -> Result<()> {
    check_text("a selector", selector)?;
    let open = |a, b| selector.matches(a).count() != selector.matches(b).count();
    if open('(', ')') || open('[', ']') || selector.contains(['{', '}', ';', '<']) {
        return invalid(format!("{selector:?} is not a CSS selector"));
    }
    Ok(())
}

fn check_rule(rule: &TargetingRule) -> Result<()> {
    for text in [&rule.url_contains, &rule.event].into_iter().flatten() {
        check_text("a condition", text)?;
    }
    for properties in [&rule.event_properties, &rule.user_properties] {
        if properties.len() > MAX_PROPERTIES {
            return invalid(format!("at most {MAX_PROPERTIES} properties in a rule"));
        }
        for (name, value) in properties {
            check_text("the name of a property", name)?;
            check_text("the value of a property", value)?;
        }
    }
    Ok(())
}

fn check_text(what: &str, text: &str) -> Result<()> {
    let chars = text.chars().count();
    if chars == 0 || chars > MAX_TEXT_CHARS || text.contains(char::is_control) {
        return invalid(format!("{what} has 1 to {MAX_TEXT_CHARS} characters"));
    }
    Ok(())
}

fn invalid<T>(message: String) -> Result<T> {
    Err(Error::Invalid(message))
}

impl Engine {
    /// Fields that are not sent keep their value; `null` gives one back to the server's
    /// configuration.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner, `Invalid` says what is wrong.
    pub async fn change_capture(
        &self,
        user: &User,
        mut project: Project,
        change: Map<String, Value>,
    ) -> Result<Project> {
        require_owner(user)?;
        let (capture, text) = changed_settings::<Capture>("capture", &project.capture, change)?;
        capture.check()?;
        project.capture = text;
        self.catalog.update_project(&project).await?;
        self.forget_project(&project.ingest_key);
        Ok(project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> bool {
        let capture = serde_json::from_str::<Capture>(json).map_err(|error| error.to_string());
        capture.is_ok_and(|capture| capture.check().is_ok())
    }

    #[test]
    fn settings_that_no_recorder_can_follow_are_refused() {
        for good in [
            "{}",
            r#"{"sample_rate":0,"error_sample_rate":1,"min_duration_ms":60000}"#,
            r#"{"mask_level":"conservative","mask_selectors":["a[href*='(']:not(.b) )"]}"#,
            r#"{"block_selectors":["[data-x='1'] > p:nth-child(2)"],"unmask_selectors":[]}"#,
            r#"{"targeting":[{"event":"Order","event_properties":{"a":"b"},"sample_rate":0.5}]}"#,
        ] {
            assert!(check(good), "{good}");
        }
        let long = format!(r#"{{"mask_selectors":["{}"]}}"#, "a".repeat(1_001));
        let many = format!(r#"{{"targeting":[{}]}}"#, vec!["{}"; 51].join(","));
        for bad in [
            r#"{"sample_rate":1.5}"#,
            r#"{"targeting":[{"sample_rate":-1}]}"#,
            r#"{"min_duration_ms":60001}"#,
            r#"{"mask_level":"none"}"#,
            r#"{"mask_selectors":[""]}"#,
            r#"{"mask_selectors":["a["]}"#,
            r#"{"mask_selectors":["a{}"]}"#,
            r#"{"colour":1}"#,
            r#"{"targeting":[{"event":""}]}"#,
            long.as_str(),
            many.as_str(),
        ] {
            assert!(!check(bad), "{bad}");
        }
    }
}
