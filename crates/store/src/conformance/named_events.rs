//! Names of captured events.

use crate::catalog::User;
use crate::{Catalog, Kind};
use model::{ProjectId, Timestamp};

const fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

pub async fn named_events(
    catalog: &dyn Catalog,
    project: ProjectId,
    other: ProjectId,
    user: &User,
) {
    let owner = Some(user.id);
    let pay = ok!(catalog
        .add_named_event(project, owner, "pay", "[1]", at(1))
        .await);
    let add = ok!(catalog
        .add_named_event(project, None, "Add", "[2]", at(2))
        .await);
    let found = ok!(catalog.named_events(project).await);
    let names: Vec<_> = found.iter().map(|it| (it.id, it.name.as_str())).collect();
    assert_eq!(names, [(add, "Add"), (pay, "pay")], "by name, case aside");
    assert_eq!(found[0].owner, None);
    assert_eq!(found[1].owner.as_ref().map(|owner| owner.id), owner);

    let taken = catalog
        .add_named_event(project, None, "PAY", "[]", at(3))
        .await;
    assert_eq!(taken.map_err(|it| it.kind()), Err(Kind::Conflict));
    let taken = catalog
        .update_named_event(project, add, "Pay", "[]", at(3))
        .await;
    assert_eq!(taken.map_err(|it| it.kind()), Err(Kind::Conflict));
    ok!(catalog
        .add_named_event(other, None, "pay", "[]", at(3))
        .await);

    ok!(catalog
        .update_named_event(project, pay, "Paid", "[3]", at(9))
        .await);
    let changed = ok!(catalog.named_event(project, pay).await).expect("it is there");
    assert_eq!(
        (changed.name.as_str(), changed.definition.as_str()),
        ("Paid", "[3]")
    );
    assert_eq!((changed.created_at, changed.changed_at), (at(1), at(9)));

    assert_eq!(ok!(catalog.named_event(other, pay).await), None);
    for refused in [
        catalog
            .update_named_event(other, pay, "x", "[]", at(9))
            .await,
        catalog.delete_named_event(other, pay).await,
    ] {
        assert_eq!(refused.map_err(|it| it.kind()), Err(Kind::NotFound));
    }
    ok!(catalog.delete_named_event(project, pay).await);
    assert_eq!(ok!(catalog.named_events(project).await).len(), 1);
}
