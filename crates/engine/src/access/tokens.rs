//! API tokens: what programs log in with.

use super::{Access, hash_of, random_text};
use crate::{Error, Result};
use model::{ProjectId, Scopes, Timestamp};
use store::catalog::tokens::{ApiToken, NewToken};
use store::catalog::{Project, User};

/// A use is written down when the one before is at least this old, in milliseconds: a
/// busy program costs one write a minute.
const USE_NOTED_EVERY_MS: i64 = 60_000;
const MAX_DAYS: u32 = 3_650;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// What a person wants of a token.
pub struct TokenRequest {
    pub name: String,
    pub scopes: Scopes,
    /// Days until it expires; none: never.
    pub expires_in_days: Option<u32>,
}

/// A program that has a token.
pub struct Program {
    pub token: ApiToken,
    pub project: Project,
    /// In whose name it acts.
    pub user: Option<User>,
}

impl Access {
    /// # Errors
    /// `Unauthenticated` for a token that is not known or has expired.
    pub async fn program(&self, token: &str, now: Timestamp) -> Result<Program> {
        let Some((token, project)) = self.catalog.api_token(&hash_of(token)).await? else {
            return Err(Error::Unauthenticated("this API token is not known"));
        };
        if token.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::Unauthenticated("this API token has expired"));
        }
        let noted_ms = token.last_used_at.map_or(i64::MIN, Timestamp::millis);
        if now.millis().saturating_sub(noted_ms) >= USE_NOTED_EVERY_MS {
            // A full disk must not keep programs from reading.
            if let Err(error) = self.catalog.note_token_use(token.id, now).await {
                tracing::warn!(%error, "cannot note that a token was used");
            }
        }
        let user = match token.created_by {
            Some(id) => self.catalog.user(id).await?,
            None => None,
        };
        Ok(Program {
            token,
            project,
            user,
        })
    }

    /// Makes a token for the project, which acts in the name of `user`; its text is shown
    /// once and never kept.
    ///
    /// # Errors
    /// `Invalid` with what is wrong.
    pub async fn new_token(
        &self,
        project: ProjectId,
        user: &User,
        request: TokenRequest,
        now: Timestamp,
    ) -> Result<(ApiToken, String)> {
        let invalid = |what: &str| Err(Error::Invalid(what.to_owned()));
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > 200 || name.contains(char::is_control) {
            return invalid("a token needs a name of 1 to 200 characters");
        }
        if request.scopes.0.is_empty() {
            return invalid("a token needs at least one scope");
        }
        let expires_at = match request.expires_in_days {
            None => None,
            Some(days @ 1..=MAX_DAYS) => {
                let after_ms = i64::from(days) * DAY_MS;
                Some(Timestamp::from_millis(
                    now.millis().saturating_add(after_ms),
                ))
            }
            Some(_) => {
                return Err(Error::Invalid(format!(
                    "expires_in_days must be 1 to {MAX_DAYS}"
                )));
            }
        };
        let text = random_text()?;
        let token = NewToken {
            project,
            token_hash: hash_of(&text),
            name: name.to_owned(),
            scopes: request.scopes,
            created_by: Some(user.id),
            expires_at,
            now,
        };
        Ok((self.catalog.add_api_token(&token).await?, text))
    }

    pub async fn tokens(&self, project: ProjectId) -> Result<Vec<ApiToken>> {
        Ok(self.catalog.api_tokens(project).await?)
    }

    /// # Errors
    /// `NotFound` when the project has no such token.
    pub async fn delete_token(&self, project: ProjectId, id: i64) -> Result<()> {
        match self.catalog.delete_api_token(project, id).await {
            Err(error) if error.kind() == store::Kind::NotFound => Err(Error::NotFound("token")),
            other => Ok(other?),
        }
    }
}
