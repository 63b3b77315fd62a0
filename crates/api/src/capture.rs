//! The server's capture settings with those of a project over them.

use crate::state::State;
use engine::capture::{Capture, MaskLevel};
use store::catalog::Project;
use wire::amplitude::{self, CaptureSettings};

/// What the recorders of a project are told.
pub fn in_force(state: &State, project: &Project) -> CaptureSettings {
    let mut settings = state.settings.capture.clone();
    settings.capture_enabled &= project.capture_enabled;
    match Capture::of(project) {
        Ok(capture) => put_over(&mut settings, capture),
        // They may have asked for more masking than the server does.
        Err(error) => {
            tracing::warn!(project = project.id.0, %error, "capture is off");
            settings.capture_enabled = false;
        }
    }
    settings
}

fn put_over(settings: &mut CaptureSettings, own: Capture) {
    settings.sample_rate = own.sample_rate.or(settings.sample_rate);
    settings.error_sample_rate = own.error_sample_rate.or(settings.error_sample_rate);
    settings.mask_level = own.mask_level.map(level).or(settings.mask_level);
    let min_ms = own.min_duration_ms;
    settings.min_session_duration_ms = min_ms.unwrap_or(settings.min_session_duration_ms);
    for (own, known) in [
        (own.block_selectors, &mut settings.block_selectors),
        (own.mask_selectors, &mut settings.mask_selectors),
        (own.unmask_selectors, &mut settings.unmask_selectors),
    ] {
        if let Some(own) = own {
            *known = own;
        }
    }
    for (own, known) in [
        (own.interactions, &mut settings.interactions.enabled),
        (own.console, &mut settings.console.enabled),
        (own.network, &mut settings.network.enabled),
    ] {
        *known = own.unwrap_or(*known);
    }
    if let Some(rules) = own.targeting {
        settings.targeting = rules.into_iter().map(rule).collect();
    }
}

const fn level(level: MaskLevel) -> amplitude::MaskLevel {
    match level {
        MaskLevel::Light => amplitude::MaskLevel::Light,
        MaskLevel::Medium => amplitude::MaskLevel::Medium,
        MaskLevel::Conservative => amplitude::MaskLevel::Conservative,
    }
}

fn rule(rule: engine::capture::TargetingRule) -> amplitude::TargetingRule {
    amplitude::TargetingRule {
        sample_rate: rule.sample_rate,
        url_contains: rule.url_contains,
        event: rule.event,
        event_properties: rule.event_properties,
        user_properties: rule.user_properties,
    }
}
