//! API tokens.

use crate::catalog::tokens::NewToken;
use crate::{Catalog, Kind};
use model::{ProjectId, Scope, Scopes, Timestamp, UserId};

/// With a catalog that was set up with the token `[7; 32]`.
pub async fn tokens(catalog: &dyn Catalog, project: ProjectId, user: UserId) {
    let (first, of) = ok!(catalog.api_token(&[7; 32]).await).expect("the first token");
    assert_eq!(of.id, project);
    assert_eq!(first.scopes, Scopes([Scope::Read, Scope::Import].into()));
    assert_eq!((first.created_by, first.expires_at), (None, None));
    assert_eq!(ok!(catalog.api_token(&[8; 32]).await), None);

    let at = Timestamp::from_millis;
    let new = NewToken {
        project,
        token_hash: [9; 32],
        name: "export".to_owned(),
        scopes: Scopes([Scope::Write, Scope::Delete].into()),
        created_by: Some(user),
        expires_at: Some(at(90)),
        now: at(4),
    };
    let mut token = ok!(catalog.add_api_token(&new).await);
    assert_eq!(
        (token.created_by, token.expires_at, token.last_used_at),
        (Some(user), Some(at(90)), None)
    );
    ok!(catalog.note_token_use(token.id, at(5)).await);
    token.last_used_at = Some(at(5));
    assert_eq!(
        ok!(catalog.api_tokens(project).await),
        [first, token.clone()]
    );
    let found = ok!(catalog.api_token(&[9; 32]).await);
    assert_eq!(found.map(|(found, _)| found), Some(token.clone()));
    assert_eq!(
        catalog
            .delete_api_token(ProjectId(99), token.id)
            .await
            .map_err(|error| error.kind()),
        Err(Kind::NotFound)
    );
    ok!(catalog.delete_api_token(project, token.id).await);
    assert_eq!(ok!(catalog.api_token(&[9; 32]).await), None);
}
