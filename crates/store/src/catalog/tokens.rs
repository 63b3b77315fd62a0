//! Secret API tokens, without the secrets.

use super::Project;
use crate::Result;
use model::{ProjectId, Scopes, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: i64,
    pub name: String,
    pub scopes: Scopes,
    /// In whose name it acts; nobody's for one that came with the set-up.
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct NewToken {
    pub project: ProjectId,
    /// SHA-256; the token itself is kept nowhere.
    pub token_hash: [u8; 32],
    pub name: String,
    pub scopes: Scopes,
    pub created_by: Option<UserId>,
    pub expires_at: Option<Timestamp>,
    pub now: Timestamp,
}

#[async_trait::async_trait]
pub trait TokenCatalog {
    async fn add_api_token(&self, token: &NewToken) -> Result<ApiToken>;
    /// Also one that has expired.
    async fn api_token(&self, token_hash: &[u8; 32]) -> Result<Option<(ApiToken, Project)>>;
    /// Oldest first.
    async fn api_tokens(&self, project: ProjectId) -> Result<Vec<ApiToken>>;
    /// Nothing happens when there is no such token.
    async fn note_token_use(&self, id: i64, at: Timestamp) -> Result<()>;
    /// # Errors
    /// `NotFound` when the project has no such token.
    async fn delete_api_token(&self, project: ProjectId, id: i64) -> Result<()>;
}
