//! What may be asked to be deleted.

use super::replay;
use crate::Catalog;
use crate::catalog::User;
use crate::catalog::deletion::{DeletionKind, NewDeletion};
use model::{ProjectId, ReplayId, Timestamp};

pub async fn known_replays(
    catalog: &dyn Catalog,
    project: ProjectId,
    other: ProjectId,
    user: &User,
) {
    // More than a backend looks up at once.
    let rows: Vec<_> = (0..1_500)
        .map(|at| replay(project, &format!("known-{at}"), 1))
        .collect();
    ok!(catalog.put_replays(&rows).await);
    let mut ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    assert!(ok!(catalog.has_or_had_replays(project, &[]).await));
    assert!(ok!(catalog.has_or_had_replays(project, &ids).await));
    assert!(
        !ok!(catalog.has_or_had_replays(other, &ids).await),
        "another project's are unknown"
    );
    let new = NewDeletion {
        organisation: user.organisation_id,
        project,
        kind: DeletionKind::Replays,
        user_id: None,
        target_hash: "two of them".to_owned(),
        replays: vec![ids[0], ids[1_499]],
        requested_by: Some(user.id),
        now: Timestamp::from_millis(2),
    };
    let job = ok!(catalog.add_deletion(&new).await);
    ok!(catalog.delete_replays(job.id, project, &new.replays).await);
    assert_eq!(ok!(catalog.replay(ids[0]).await), None);
    assert!(
        ok!(catalog.has_or_had_replays(project, &ids).await),
        "what was deleted is known"
    );
    assert!(!ok!(catalog.has_or_had_replays(other, &ids[..1]).await));
    ids.push(ReplayId::derive(project, "never seen", "1"));
    assert!(
        !ok!(catalog.has_or_had_replays(project, &ids).await),
        "the last of many"
    );
}
