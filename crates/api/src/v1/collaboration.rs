//! Comments, who saw what, ratings. Programs may read; only people write.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::v1::replays::find;
use crate::v1::{OfProject, rfc3339};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use engine::collaboration::RatingRequest;
use model::{Timestamp, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use store::catalog::collaboration::{Author, Comment, Rating};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    at_ms: i64,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRating {
    rating: String,
    reason: Option<String>,
    #[serde(default)]
    text: String,
}

fn person_json(author: &Author) -> Value {
    json!({ "id": author.id, "name": author.name, "email": author.email })
}

fn comment_json(comment: &Comment, me: Option<UserId>) -> Value {
    json!({
        "id": comment.id,
        "at_ms": comment.at_ms,
        "text": comment.text,
        "user": { "id": comment.author.id, "name": comment.author.name },
        "created_at": rfc3339(comment.created_at),
        "mine": Some(comment.author.id) == me,
    })
}

fn rating_json(rating: &Rating) -> Value {
    json!({
        "replay_id": rating.replay,
        "rating": rating.rating,
        "reason": rating.reason,
        "text": rating.text,
        "user": person_json(&rating.author),
        "created_at": rfc3339(rating.created_at),
    })
}

pub async fn comments(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let comments = state.engine.comments(replay.id).await?;
    let me = viewer.user_id();
    let comments: Vec<_> = comments.iter().map(|it| comment_json(it, me)).collect();
    Ok(Json(json!({ "comments": comments })))
}

pub async fn add_comment(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<NewComment>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let user = viewer.person()?;
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let comment = state
        .engine
        .add_comment(&replay, user, body.at_ms, &body.text, Timestamp::now())
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(comment_json(&comment, Some(user.id))),
    ))
}

pub async fn delete_comment(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let user = viewer.person()?;
    let id = id.parse().map_err(|_| ApiError::not_found("comment"))?;
    let comment = state.engine.comment(id).await?;
    // Who may not see the replay learns nothing of its comments.
    find(&state, &viewer, &comment.replay.to_string(), None)
        .await
        .map_err(|_| ApiError::not_found("comment"))?;
    state.engine.delete_comment(&comment, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn mark_seen(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let user = viewer.person()?;
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    state
        .engine
        .mark_seen(replay.id, user.id, Timestamp::now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn mark_unseen(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<StatusCode> {
    let user = viewer.person()?;
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    state.engine.mark_unseen(replay.id, user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn viewers(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let viewings = state.engine.viewers(replay.id).await?;
    let viewers: Vec<_> = viewings
        .iter()
        .map(|it| json!({ "user": person_json(&it.viewer), "seen_at": rfc3339(it.seen_at) }))
        .collect();
    Ok(Json(json!({ "viewers": viewers })))
}

pub async fn rate(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
    Body(body): Body<NewRating>,
) -> ApiResult<StatusCode> {
    let user = viewer.person()?;
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let request = RatingRequest {
        rating: body.rating,
        reason: body.reason,
        text: body.text,
    };
    state
        .engine
        .rate(&replay, user, request, Timestamp::now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The asking person's own, or null.
pub async fn rating(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let user = viewer.person()?;
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let rating = state.engine.rating(replay.id, user.id).await?;
    Ok(Json(rating.as_ref().map(rating_json).unwrap_or_default()))
}

pub async fn ratings(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<OfProject>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let ratings = state.engine.ratings(project.id).await?;
    let ratings: Vec<_> = ratings.iter().map(rating_json).collect();
    Ok(Json(json!({ "ratings": ratings })))
}
