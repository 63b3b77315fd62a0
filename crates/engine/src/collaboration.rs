//! What people add to replays for each other: comments, who saw what, ratings.

use crate::{Engine, Error, Result};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp, UserId};
use store::catalog::User;
use store::catalog::collaboration::{Comment, NewComment, NewRating, Notes, Rating, Viewing};

pub const MAX_TEXT_CHARS: usize = 2000;
/// More on one replay is not a conversation any more, and every viewer loads all.
const MAX_COMMENTS: usize = 1000;
/// Newest ones that operators see.
const MAX_RATINGS: usize = 500;
const RATINGS: [&str; 2] = ["down", "up"];
const RATING_REASONS: [&str; 5] = [
    "missing_parts",
    "wrong_styles",
    "wrong_order",
    "does_not_play",
    "other",
];

/// What a person says about how a replay plays.
#[derive(Debug, Clone)]
pub struct RatingRequest {
    pub rating: String,
    /// Wanted with `down`.
    pub reason: Option<String>,
    pub text: String,
}

impl Engine {
    /// # Errors
    /// `Invalid` for a text that is empty, too long or holds control characters.
    pub async fn add_comment(
        &self,
        replay: &Replay,
        user: &User,
        at_ms: i64,
        text: &str,
        now: Timestamp,
    ) -> Result<Comment> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::Invalid("a comment needs a text".to_owned()));
        }
        check_text(text)?;
        if self.catalog.comments(replay.id).await?.len() >= MAX_COMMENTS {
            return Err(Error::Invalid(format!(
                "a replay has at most {MAX_COMMENTS} comments"
            )));
        }
        let comment = NewComment {
            replay: replay.id,
            user: user.id,
            at_ms,
            text: text.to_owned(),
            now,
        };
        found(self.catalog.add_comment(&comment).await)
    }

    pub async fn comments(&self, replay: ReplayId) -> Result<Vec<Comment>> {
        Ok(self.catalog.comments(replay).await?)
    }

    /// The replay decides who may know of the comment, so the caller looks it up.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn comment(&self, id: i64) -> Result<Comment> {
        let comment = self.catalog.comment(id).await?;
        comment.ok_or(Error::NotFound("comment"))
    }

    /// # Errors
    /// `Forbidden` for another person's comment.
    pub async fn delete_comment(&self, comment: &Comment, user: &User) -> Result<()> {
        if comment.author.id != user.id {
            return Err(Error::Forbidden("only its author can delete a comment"));
        }
        Ok(self.catalog.delete_comment(comment.id).await?)
    }

    pub async fn mark_seen(&self, replay: ReplayId, user: UserId, now: Timestamp) -> Result<()> {
        found(self.catalog.put_seen(replay, user, now).await)
    }

    pub async fn mark_unseen(&self, replay: ReplayId, user: UserId) -> Result<()> {
        Ok(self.catalog.delete_seen(replay, user).await?)
    }

    pub async fn viewers(&self, replay: ReplayId) -> Result<Vec<Viewing>> {
        Ok(self.catalog.viewers(replay).await?)
    }

    /// For each replay, in the order asked.
    pub async fn notes(&self, replays: &[ReplayId], user: Option<UserId>) -> Result<Vec<Notes>> {
        Ok(self.catalog.notes(replays, user).await?)
    }

    /// # Errors
    /// `Invalid` names the field that is wrong.
    pub async fn rate(
        &self,
        replay: &Replay,
        user: &User,
        request: RatingRequest,
        now: Timestamp,
    ) -> Result<()> {
        let one_of = |name: &str, value: &str, allowed: &[&str]| match allowed.contains(&value) {
            true => Ok(()),
            false => Err(Error::Invalid(format!(
                "{name} must be one of {}",
                allowed.join(", ")
            ))),
        };
        one_of("rating", &request.rating, &RATINGS)?;
        match &request.reason {
            Some(reason) => one_of("reason", reason, &RATING_REASONS)?,
            None if request.rating == "down" => one_of("reason", "", &RATING_REASONS)?,
            None => {}
        }
        let text = request.text.trim();
        check_text(text)?;
        self.metrics
            .rating(&request.rating, request.reason.as_deref());
        let rating = NewRating {
            project: replay.project_id,
            replay: replay.id,
            user: user.id,
            rating: request.rating,
            reason: request.reason,
            text: text.to_owned(),
            now,
        };
        found(self.catalog.put_rating(&rating).await)
    }

    pub async fn rating(&self, replay: ReplayId, user: UserId) -> Result<Option<Rating>> {
        Ok(self.catalog.rating(replay, user).await?)
    }

    /// The newest ones of a project, for operators.
    pub async fn ratings(&self, project: ProjectId) -> Result<Vec<Rating>> {
        Ok(self.catalog.ratings(project, MAX_RATINGS).await?)
    }
}

/// A replay's row is written within half a second; before that it cannot be
/// pointed to.
fn found<T>(result: store::Result<T>) -> Result<T> {
    match result {
        Err(error) if error.kind() == store::Kind::NotFound => Err(Error::NotFound("replay")),
        other => Ok(other?),
    }
}

/// # Errors
/// `Invalid` for a text that is too long or not plain.
pub(crate) fn check_text(text: &str) -> Result<()> {
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(Error::Invalid(format!(
            "a text has at most {MAX_TEXT_CHARS} characters"
        )));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        return Err(Error::Invalid(
            "a text is plain: no control characters but line breaks and tabs".to_owned(),
        ));
    }
    Ok(())
}
