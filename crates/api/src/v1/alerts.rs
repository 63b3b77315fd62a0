//! Alerts on saved searches.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::state::State;
use crate::v1::collections::{number, owned, projects_of};
use crate::v1::{OfProject, rfc3339};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use engine::alerts::{
    AlertDefinition, AlertRequest, MAX_DELIVERIES_PAGE, Threshold, WebhookTarget,
};
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::catalog::Project;
use store::catalog::alerts::{Alert, Delivery};

const DELIVERIES: usize = 50;

pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/api/v1/alerts", get(list).post(add))
        .route("/api/v1/alerts/{id}", get(one).put(change).delete(delete))
        .route("/api/v1/alerts/{id}/paused", put(pause))
        .route("/api/v1/alerts/{id}/test", post(test))
        .route("/api/v1/alerts/{id}/deliveries", get(deliveries))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookBody {
    url: String,
    /// Signs with another secret from now on.
    #[serde(default)]
    new_secret: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertBody {
    name: String,
    saved_search_id: i64,
    #[serde(default)]
    threshold: Threshold,
    #[serde(default)]
    quiet_minutes: u64,
    #[serde(default)]
    includes_unrecorded: bool,
    webhook: Option<WebhookBody>,
    #[serde(default)]
    email_to: Vec<String>,
}

impl AlertBody {
    fn request(self) -> AlertRequest {
        let new_secret = self.webhook.as_ref().is_some_and(|it| it.new_secret);
        let webhook = self.webhook.map(|it| WebhookTarget {
            url: it.url.trim().to_owned(),
            secret: String::new(),
        });
        AlertRequest {
            saved_search: self.saved_search_id,
            name: self.name,
            definition: AlertDefinition {
                threshold: self.threshold,
                quiet_minutes: self.quiet_minutes,
                includes_unrecorded: self.includes_unrecorded,
                webhook,
                email_to: self.email_to,
            },
            new_secret,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PausedBody {
    is_paused: bool,
}

#[derive(Deserialize)]
pub struct DeliveriesParams {
    project_id: Option<i64>,
    limit: Option<usize>,
    cursor: Option<i64>,
}

/// The secret is said only when it is new.
async fn alert_json(
    state: &State,
    viewer: &Viewer,
    alert: &Alert,
    secret: Option<&str>,
) -> ApiResult<Value> {
    let definition = AlertDefinition::of(alert)?;
    let webhook = definition.webhook.map(|it| match secret {
        Some(secret) => json!({ "url": it.url, "secret": secret }),
        None => json!({ "url": it.url }),
    });
    let mut json = json!({
        "id": alert.id,
        "name": alert.name,
        "saved_search_id": alert.saved_search,
        "threshold": definition.threshold,
        "quiet_minutes": definition.quiet_minutes,
        "includes_unrecorded": definition.includes_unrecorded,
        "webhook": webhook,
        "email_to": definition.email_to,
        "paused": alert.paused,
        "since": rfc3339(alert.since),
        "failure_count": alert.failures,
        "pending_count": state.engine.pending_alert_deliveries(alert.id).await?,
        "created_at": rfc3339(alert.created_at),
        "changed_at": rfc3339(alert.changed_at),
    });
    owned(&mut json, alert.owner.as_ref(), viewer.user_id());
    Ok(json)
}

fn delivery_json(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "message_id": delivery.message_id,
        "channel": delivery.channel,
        "is_test": delivery.is_test,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "outcome": delivery.outcome,
        "replay_count": delivery.replay_count,
        "created_at": rfc3339(delivery.created_at),
        "tried_at": delivery.tried_at.map(rfc3339),
        "due_at": delivery.due_at.map(rfc3339),
    })
}

async fn find(
    state: &State,
    viewer: &Viewer,
    id: &str,
    asked: Option<i64>,
) -> ApiResult<(Project, Alert)> {
    let id = number(id, "alert")?;
    for project in projects_of(state, viewer, asked).await? {
        match state.engine.alert(project.id, id).await {
            Err(engine::Error::NotFound(_)) => {}
            found => return Ok((project, found?)),
        }
    }
    Err(ApiError::not_found("alert"))
}

async fn list(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let mut alerts = Vec::new();
    for alert in state.engine.alerts(project.id).await? {
        alerts.push(alert_json(&state, &viewer, &alert, None).await?);
    }
    let has_mail = state.engine.settings.alerts.mail.is_some();
    Ok(Json(json!({ "alerts": alerts, "has_mail": has_mail })))
}

async fn add(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
    Body(body): Body<AlertBody>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let project = viewer.project(&state, params.project_id).await?;
    let engine = &state.engine;
    let added = engine.add_alert(
        project.id,
        viewer.user_id(),
        body.request(),
        Timestamp::now(),
    );
    let (alert, secret) = added.await?;
    let json = alert_json(&state, &viewer, &alert, secret.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(json)))
}

async fn one(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let (_, alert) = find(&state, &viewer, &id, params.project_id).await?;
    Ok(Json(alert_json(&state, &viewer, &alert, None).await?))
}

async fn change(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<AlertBody>,
) -> ApiResult<Json<Value>> {
    let (project, alert) = find(&state, &viewer, &id, params.project_id).await?;
    let (alert, secret) = state
        .engine
        .change_alert(
            project.id,
            alert.id,
            viewer.user_id(),
            body.request(),
            Timestamp::now(),
        )
        .await?;
    let json = alert_json(&state, &viewer, &alert, secret.as_deref()).await?;
    Ok(Json(json))
}

async fn delete(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let (project, alert) = find(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    state.engine.delete_alert(project.id, alert.id, me).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pause(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<PausedBody>,
) -> ApiResult<Json<Value>> {
    let (project, alert) = find(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    let engine = &state.engine;
    let paused = engine.pause_alert(project.id, alert.id, me, body.is_paused, Timestamp::now());
    let json = alert_json(&state, &viewer, &paused.await?, None).await?;
    Ok(Json(json))
}

/// Sends a test and answers with what came of it.
async fn test(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let (project, alert) = find(&state, &viewer, &id, params.project_id).await?;
    let me = viewer.user_id();
    let engine = &state.engine;
    let found = engine.test_alert(project.id, alert.id, me, Timestamp::now());
    let found = found.await?;
    let found: Vec<_> = found.iter().map(delivery_json).collect();
    Ok(Json(json!({ "deliveries": found })))
}

async fn deliveries(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<DeliveriesParams>,
) -> ApiResult<Json<Value>> {
    let limit = params.limit.unwrap_or(DELIVERIES);
    if !(1..=MAX_DELIVERIES_PAGE).contains(&limit) {
        let message = format!("limit must be 1 to {MAX_DELIVERIES_PAGE}");
        return Err(ApiError::invalid(message));
    }
    let (project, alert) = find(&state, &viewer, &id, params.project_id).await?;
    let engine = &state.engine;
    let found = engine.alert_deliveries(project.id, alert.id, params.cursor, limit);
    let (found, next) = found.await?;
    let found: Vec<_> = found.iter().map(delivery_json).collect();
    Ok(Json(json!({ "deliveries": found, "next_cursor": next })))
}
