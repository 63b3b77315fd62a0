//! By which numbers a project's signs of frustration are judged. A change is in force
//! for what is sealed after it; what was sealed keeps its judgement.

use crate::projects::{changed_settings, require_owner};
use crate::{Engine, Error, Result};
use analysis::{RageRule, Selector, Settings};
use model::ProjectId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::sync::Arc;
use store::catalog::{Project, User};

const MAX_SELECTORS: usize = 50;

/// `None`: as by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Frustration {
    pub rage_clicks: Option<u32>,
    pub rage_within_ms: Option<u32>,
    pub rage_radius_px: Option<u32>,
    pub dead_after_ms: Option<u32>,
    pub slow_click_ms: Option<u32>,
    pub error_click_ms: Option<u32>,
    pub thrash_turns: Option<u32>,
    pub thrash_within_ms: Option<u32>,
    pub quick_back_ms: Option<u32>,
    pub spinner_ms: Option<u32>,
    pub blank_ms: Option<u32>,
    /// Clicks there are expected to do nothing that is seen.
    pub never_dead_selectors: Option<Vec<String>>,
    /// Clicks there are no sign of anything.
    pub ignored_selectors: Option<Vec<String>>,
}

/// What may be set. A burst of more clicks than the analysis holds, or a wait of many
/// minutes, would make memory and delay grow with what a project asks for.
pub const BOUNDS: [(&str, RangeInclusive<u32>); 11] = [
    ("rage_clicks", 2..=20),
    ("rage_within_ms", 100..=10_000),
    ("rage_radius_px", 1..=500),
    ("dead_after_ms", 1_000..=30_000),
    ("slow_click_ms", 500..=30_000),
    ("error_click_ms", 100..=10_000),
    ("thrash_turns", 3..=60),
    ("thrash_within_ms", 500..=10_000),
    ("quick_back_ms", 1_000..=60_000),
    ("spinner_ms", 2_000..=120_000),
    ("blank_ms", 1_000..=60_000),
];

/// Rules for rage clicks as other products have them.
pub const RAGE_PRESETS: [(&str, RageRule); 4] = [
    ("default", RageRule::DEFAULT),
    (
        "amplitude",
        RageRule {
            clicks: 4,
            within_ms: 1_000,
            radius_px: 50,
        },
    ),
    (
        "sentry",
        RageRule {
            clicks: 3,
            within_ms: 7_000,
            radius_px: 50,
        },
    ),
    // It says no distance and no time in public: "rapid", "in the same area".
    (
        "dynatrace",
        RageRule {
            clicks: 3,
            within_ms: 1_000,
            radius_px: 50,
        },
    ),
];

impl Frustration {
    /// # Errors
    /// When another version wrote it.
    pub fn of(project: &Project) -> Result<Self> {
        serde_json::from_str(&project.frustration)
            .map_err(|error| Error::Internal(format!("frustration settings: {error}")))
    }

    /// All numbers, with the defaults where nothing is set.
    pub fn in_force(&self) -> Self {
        let settings = self.settings().unwrap_or_default();
        Self {
            rage_clicks: Some(settings.rage.clicks as u32),
            rage_within_ms: Some(settings.rage.within_ms),
            rage_radius_px: Some(settings.rage.radius_px),
            dead_after_ms: Some(settings.dead_after_ms),
            slow_click_ms: Some(settings.slow_click_ms),
            error_click_ms: Some(settings.error_click_ms),
            thrash_turns: Some(settings.thrash_turns as u32),
            thrash_within_ms: Some(settings.thrash_within_ms),
            quick_back_ms: Some(settings.quick_back_ms),
            spinner_ms: Some(settings.spinner_ms),
            blank_ms: Some(settings.blank_ms),
            never_dead_selectors: Some(self.never_dead_selectors.clone().unwrap_or_default()),
            ignored_selectors: Some(self.ignored_selectors.clone().unwrap_or_default()),
        }
    }

    fn check(&self) -> Result<()> {
        let all = serde_json::to_value(self).map_err(|error| Error::Internal(error.to_string()))?;
        for (name, bounds) in &BOUNDS {
            let value = all.get(name).and_then(Value::as_u64);
            let is_inside = |value| u32::try_from(value).is_ok_and(|value| bounds.contains(&value));
            if value.is_some_and(|value| !is_inside(value)) {
                let (from, to) = (bounds.start(), bounds.end());
                return invalid(format!("{name} is from {from} to {to}"));
            }
        }
        let settings = self.settings()?;
        if settings.slow_click_ms >= settings.dead_after_ms {
            // No answer would come so late that it is slow, and in time to be one.
            return invalid("slow_click_ms is less than dead_after_ms".to_owned());
        }
        Ok(())
    }

    /// # Errors
    /// `Invalid` names the selector that is not understood.
    pub fn settings(&self) -> Result<Settings> {
        let default = Settings::default();
        let turns = self.thrash_turns.map(|turns| turns as usize);
        Ok(Settings {
            rage: RageRule {
                clicks: self
                    .rage_clicks
                    .map_or(default.rage.clicks, |clicks| clicks as usize),
                within_ms: self.rage_within_ms.unwrap_or(default.rage.within_ms),
                radius_px: self.rage_radius_px.unwrap_or(default.rage.radius_px),
            },
            dead_after_ms: self.dead_after_ms.unwrap_or(default.dead_after_ms),
            slow_click_ms: self.slow_click_ms.unwrap_or(default.slow_click_ms),
            error_click_ms: self.error_click_ms.unwrap_or(default.error_click_ms),
            thrash_turns: turns.unwrap_or(default.thrash_turns),
            thrash_within_ms: self.thrash_within_ms.unwrap_or(default.thrash_within_ms),
            quick_back_ms: self.quick_back_ms.unwrap_or(default.quick_back_ms),
            spinner_ms: self.spinner_ms.unwrap_or(default.spinner_ms),
            blank_ms: self.blank_ms.unwrap_or(default.blank_ms),
            never_dead: selectors("never_dead_selectors", self.never_dead_selectors.as_deref())?,
            ignored: selectors("ignored_selectors", self.ignored_selectors.as_deref())?,
            ..default
        })
    }
}

fn selectors(field: &str, written: Option<&[String]>) -> Result<Arc<[Selector]>> {
    let written = written.unwrap_or_default();
    if written.len() > MAX_SELECTORS {
        return invalid(format!("{field} has at most {MAX_SELECTORS} selectors"));
    }
    let read = written
        .iter()
        .map(|text| Selector::parse(text).map_err(|why| Error::Invalid(format!("{field}: {why}"))));
    read.collect()
}

fn invalid<T>(message: String) -> Result<T> {
    Err(Error::Invalid(message))
}

impl Engine {
    /// Fields that are not sent keep their value; `null` gives one back to the default.
    ///
    /// # Errors
    /// `Forbidden` for who is not an owner, `Invalid` says what is wrong.
    pub async fn change_frustration(
        &self,
        user: &User,
        mut project: Project,
        change: Map<String, Value>,
    ) -> Result<Project> {
        require_owner(user)?;
        let (frustration, text) =
            changed_settings::<Frustration>("frustration", &project.frustration, change)?;
        frustration.check()?;
        project.frustration = text;
        self.catalog.update_project(&project).await?;
        self.forget_project(&project.ingest_key);
        Ok(project)
    }

    /// By which a project's recordings are analysed now. What cannot be read is as by
    /// default: a recording must not wait for it.
    pub(crate) async fn analysis_settings(&self, project: ProjectId) -> Result<Settings> {
        let Some(project) = self.catalog.project(project).await? else {
            return Ok(Settings::default());
        };
        let settings = Frustration::of(&project).and_then(|own| own.settings());
        Ok(settings.unwrap_or_else(|error| {
            tracing::warn!(project = project.id.0, %error, "signs of frustration are judged as by default");
            Settings::default()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> bool {
        serde_json::from_str::<Frustration>(json).is_ok_and(|own| own.check().is_ok())
    }

    #[test]
    fn numbers_and_selectors_out_of_bounds_are_refused() {
        for good in [
            "{}",
            r#"{"rage_clicks":4,"rage_within_ms":1000,"rage_radius_px":50}"#,
            r#"{"never_dead_selectors":[".print","a[href$='.pdf']"],"ignored_selectors":["[id=game]"]}"#,
            r#"{"dead_after_ms":2000,"slow_click_ms":1000}"#,
        ] {
            assert!(check(good), "{good}");
        }
        let many = format!(r#"{{"ignored_selectors":[{}]}}"#, ["\"a\""; 51].join(","));
        for bad in [
            r#"{"rage_clicks":1}"#,
            r#"{"rage_clicks":-1}"#,
            r#"{"rage_clicks":3.5}"#,
            r#"{"rage_within_ms":4294967296}"#,
            r#"{"dead_after_ms":2000}"#,
            r#"{"blank_ms":60001}"#,
            r#"{"never_dead_selectors":["a b"]}"#,
            r#"{"colour":1}"#,
            many.as_str(),
        ] {
            assert!(!check(bad), "{bad}");
        }
    }

    #[test]
    fn bounds_name_every_number_and_defaults_and_presets_lie_inside() {
        let in_force = Frustration::default().in_force();
        assert!(in_force.check().is_ok());
        let all = serde_json::to_value(&in_force).unwrap();
        let numbers = all.as_object().unwrap().values();
        assert_eq!(numbers.filter(|value| value.is_u64()).count(), BOUNDS.len());
        for (name, rule) in RAGE_PRESETS {
            let own = Frustration {
                rage_clicks: Some(rule.clicks as u32),
                rage_within_ms: Some(rule.within_ms),
                rage_radius_px: Some(rule.radius_px),
                ..Frustration::default()
            };
            assert!(own.check().is_ok(), "{name}");
        }
    }
}
