//! How the asking person wants the app to be.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::ApiResult;
use crate::extract::Body;
use axum::Json;
use engine::person_settings::{PersonSettings, SettingsChange};

pub async fn mine(state: Shared, viewer: Viewer) -> ApiResult<Json<PersonSettings>> {
    let user = viewer.person()?;
    Ok(Json(state.engine.person_settings(user.id).await?))
}

/// Fields that are not sent keep their value.
pub async fn change(
    state: Shared,
    viewer: Viewer,
    Body(change): Body<SettingsChange>,
) -> ApiResult<Json<PersonSettings>> {
    let user = viewer.person()?;
    let changed = state.engine.change_person_settings(user.id, change).await?;
    Ok(Json(changed))
}
