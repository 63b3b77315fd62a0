//! Who is who.

use super::replay;
use crate::Catalog;
use crate::catalog::people::{PeopleQuery, Person, SeenUser};
use model::batch::{Change, IdentityChange};
use model::{ProjectId, Timestamp};

fn said(at: i64, visitor: &str, change: Change) -> IdentityChange {
    IdentityChange {
        change_id: Some(format!("{visitor}-{at}")),
        timestamp: Timestamp::from_millis(at),
        session_id: None,
        visitor_id: visitor.to_owned(),
        change,
    }
}

fn identified(at: i64, user: &str, anonymous: &str) -> IdentityChange {
    let anonymous_id = anonymous.to_owned();
    said(at, user, Change::Identified { anonymous_id })
}

fn properties(at: i64, visitor: &str, set: Option<&str>, once: Option<&str>) -> IdentityChange {
    let change = Change::Properties {
        set: set.map(str::to_owned),
        set_once: once.map(str::to_owned),
    };
    said(at, visitor, change)
}

async fn by_identity(catalog: &dyn Catalog, project: ProjectId, identity: &str) -> Person {
    let query = PeopleQuery {
        identity: Some(identity.to_owned()),
        limit: 10,
        ..PeopleQuery::default()
    };
    let mut found = ok!(catalog.people(project, &query).await);
    assert_eq!(found.len(), 1, "{identity}");
    found.remove(0)
}

pub async fn people(catalog: &dyn Catalog, project: ProjectId) {
    let apply =
        async |changes: &[IdentityChange]| ok!(catalog.apply_identities(project, changes).await);
    let mut before = replay(project, "phone", 70_000);
    before.visitor_id = Some("anon".to_owned());
    ok!(catalog.put_replays(std::slice::from_ref(&before)).await);
    apply(&[properties(10, "anon", Some(r#"{"seen":1}"#), None)]).await;
    let anonymous = by_identity(catalog, project, "anon").await;
    assert_eq!(anonymous.user_id, None);

    let login = identified(20, "ada", "anon");
    apply(&[login.clone(), login.clone()]).await;
    apply(&[login]).await;
    let ada = by_identity(catalog, project, "anon").await;
    assert_eq!(ada.user_id.as_deref(), Some("ada"));
    assert_eq!((ada.identity_count, ada.first_seen.millis()), (2, 10));
    assert_eq!(ada.properties, [("seen".to_owned(), "1".to_owned())]);
    let by_old_id = ok!(catalog.person(project, anonymous.id).await).expect("the merged one");
    assert_eq!(by_old_id.id, ada.id);
    let replays = ok!(catalog.replays_of_person(project, ada.id, 10).await);
    assert_eq!(replays.len(), 1);
    assert_eq!(
        replays[0].user_id.as_deref(),
        Some("ada"),
        "it has a name now"
    );

    let mut late = replay(project, "late phone", 71_000);
    late.visitor_id = Some("anon".to_owned());
    ok!(catalog.put_replays(std::slice::from_ref(&late)).await);
    let written = ok!(catalog.replay(late.id).await).expect("the late one");
    assert_eq!(written.user_id.as_deref(), Some("ada"));

    // Somebody else logs in on the same device: two users stay two.
    apply(&[identified(30, "bob", "anon")]).await;
    let bob = by_identity(catalog, project, "bob").await;
    assert_ne!(bob.id, ada.id);
    assert_eq!(by_identity(catalog, project, "anon").await.id, ada.id);
    let by_old_id = ok!(catalog.person(project, anonymous.id).await).expect("the merged one");
    assert_eq!(by_old_id.id, ada.id, "an id is never used again");
    let alias = Change::Alias {
        other_id: "ada".to_owned(),
    };
    apply(&[said(31, "bob", alias)]).await;
    assert_ne!(by_identity(catalog, project, "bob").await.id, ada.id);
    let kinds: Vec<_> = ok!(catalog.history(bob.id, 10).await);
    let kinds: Vec<_> = kinds.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["merge_refused", "merge_refused"]);
    let history = ok!(catalog.history(ada.id, 10).await);
    let kinds: Vec<_> = history.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["identified", "properties"],
        "once each, newest first"
    );

    // An alias joins who was never known.
    let alias = Change::Alias {
        other_id: "ada@work".to_owned(),
    };
    apply(&[said(40, "ada", alias)]).await;
    assert_eq!(by_identity(catalog, project, "ada@work").await.id, ada.id);

    // The result is the same in any order.
    apply(&[
        properties(
            60,
            "bob",
            Some(r#"{"plan":"new"}"#),
            Some(r#"{"first":"late","plan":"once"}"#),
        ),
        properties(
            50,
            "bob",
            Some(r#"{"plan":"old"}"#),
            Some(r#"{"first":"early"}"#),
        ),
    ])
    .await;
    let bob = by_identity(catalog, project, "bob").await;
    let expected = [("first", "\"early\""), ("plan", "\"new\"")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(bob.properties, expected);

    let group = |at: i64, key: &str| {
        let change = Change::Group {
            kind: "company".to_owned(),
            key: key.to_owned(),
            set: Some(format!(r#"{{"size":{at}}}"#)),
        };
        said(at, "bob", change)
    };
    apply(&[group(80, "acme"), group(70, "before")]).await;
    let groups = ok!(catalog.groups(bob.id).await);
    assert_eq!((groups.len(), groups[0].key.as_str()), (1, "acme"));
    assert_eq!(groups[0].properties, [("size".to_owned(), "80".to_owned())]);

    let seen = SeenUser {
        user_id: "cleo".to_owned(),
        at: Timestamp::from_millis(90_000),
    };
    ok!(catalog.see_users(project, &[seen.clone(), seen]).await);
    let page = |prefix: Option<&str>, after: Option<&Person>| PeopleQuery {
        prefix: prefix.map(str::to_owned),
        after: after.map(|person| (person.last_seen, person.id)),
        limit: 1,
        ..PeopleQuery::default()
    };
    let newest = ok!(catalog.people(project, &page(None, None)).await);
    assert_eq!(newest[0].user_id.as_deref(), Some("cleo"));
    let next = ok!(catalog.people(project, &page(None, Some(&newest[0]))).await);
    assert_eq!(next[0].id, bob.id);
    let found = ok!(catalog.people(project, &page(Some("ada@"), None)).await);
    assert_eq!(found[0].id, ada.id);
    assert_eq!(
        ok!(catalog.person(ProjectId(project.0 + 1000), ada.id).await),
        None
    );
    let names = ok!(catalog.identities(ada.id).await);
    assert_eq!(
        (names.len(), names[0].identity.as_str(), names[0].is_user),
        (3, "ada", true)
    );
}
