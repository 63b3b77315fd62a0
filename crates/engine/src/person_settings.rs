//! How one person wants the app to be.

use crate::{Engine, Error, Result};
use model::UserId;
use serde::{Deserialize, Serialize};

/// What is not written keeps its value; what is not known is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonSettings {
    pub theme: Theme,
    pub density: Density,
    pub motion: Motion,
    /// `viewer`, `project` or an IANA name.
    pub time_zone: String,
    pub shortcuts: bool,
    pub skip_idle: bool,
    pub speed: f64,
    pub trail: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    Compact,
    #[default]
    Normal,
    Comfortable,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Motion {
    #[default]
    System,
    Reduce,
}

impl Default for PersonSettings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            density: Density::default(),
            motion: Motion::default(),
            time_zone: "viewer".to_owned(),
            shortcuts: true,
            skip_idle: true,
            speed: 1.0,
            trail: true,
        }
    }
}

/// Changes to some of the settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    theme: Option<Theme>,
    density: Option<Density>,
    motion: Option<Motion>,
    time_zone: Option<String>,
    shortcuts: Option<bool>,
    skip_idle: Option<bool>,
    speed: Option<f64>,
    trail: Option<bool>,
}

const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=16.0;

impl Engine {
    /// The defaults for who changed nothing.
    pub async fn person_settings(&self, user: UserId) -> Result<PersonSettings> {
        let stored = self.catalog.person_settings(user).await?;
        // A value that this version does not know must not lock a person out.
        Ok(stored
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default())
    }

    /// # Errors
    /// `Invalid` for a time zone or a speed that does not exist.
    pub async fn change_person_settings(
        &self,
        user: UserId,
        change: SettingsChange,
    ) -> Result<PersonSettings> {
        let settings = self.person_settings(user).await?.changed(change)?;
        let json =
            serde_json::to_string(&settings).map_err(|error| Error::Internal(error.to_string()))?;
        self.catalog.put_person_settings(user, &json).await?;
        Ok(settings)
    }
}

impl PersonSettings {
    fn changed(self, change: SettingsChange) -> Result<Self> {
        let changed = Self {
            theme: change.theme.unwrap_or(self.theme),
            density: change.density.unwrap_or(self.density),
            motion: change.motion.unwrap_or(self.motion),
            time_zone: change.time_zone.unwrap_or(self.time_zone),
            shortcuts: change.shortcuts.unwrap_or(self.shortcuts),
            skip_idle: change.skip_idle.unwrap_or(self.skip_idle),
            speed: change.speed.unwrap_or(self.speed),
            trail: change.trail.unwrap_or(self.trail),
        };
        let zone = changed.time_zone.as_str();
        if !matches!(zone, "viewer" | "project") && jiff::tz::TimeZone::get(zone).is_err() {
            return Err(Error::Invalid(format!(
                "time_zone must be viewer, project or the name of a time zone, not {zone:?}"
            )));
        }
        if !SPEEDS.contains(&changed.speed) {
            return Err(Error::Invalid(format!(
                "speed must be from {} to {}",
                SPEEDS.start(),
                SPEEDS.end()
            )));
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let change = |json: &str| serde_json::from_str::<SettingsChange>(json).unwrap();
        let dark = PersonSettings::default()
            .changed(change(r#"{"theme":"dark","speed":2}"#))
            .unwrap();
        let zoned = dark
            .changed(change(r#"{"time_zone":"Asia/Tokyo"}"#))
            .unwrap();
        assert_eq!(
            (zoned.theme, zoned.speed, zoned.time_zone.as_str()),
            (Theme::Dark, 2.0, "Asia/Tokyo")
        );
        for bad in [
            r#"{"time_zone":"Mars/Olympus"}"#,
            r#"{"speed":0}"#,
            r#"{"speed":17}"#,
        ] {
            assert!(PersonSettings::default().changed(change(bad)).is_err());
        }
        for bad in [r#"{"theme":"pink"}"#, r#"{"colour":1}"#, r#"{"trail":1}"#] {
            assert!(serde_json::from_str::<SettingsChange>(bad).is_err());
        }
    }

    #[test]
    fn settings_of_another_version_still_read() {
        let old: PersonSettings =
            serde_json::from_str(r#"{"theme":"dark","gone":1}"#).expect("settings");
        assert_eq!(old.theme, Theme::Dark);
        assert!(old.shortcuts);
    }
}
