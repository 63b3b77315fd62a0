//! Runs the conformance suites against the backends of this build.

use store::blobs::ObjectBlobs;
use store::catalog::sqlite::SqliteCatalog;
use store::conformance;

#[tokio::test]
async fn blobs_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    conformance::blobs(&ObjectBlobs::folder(folder.path()).unwrap()).await;
}

/// `list` does not show it, so nothing else would ever delete it.
#[tokio::test]
async fn a_put_that_a_crash_cut_off_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::folder(folder.path()).unwrap();
    store::Blobs::put(&blobs, "a/b/1.rec", "x".into())
        .await
        .unwrap();
    for unfinished in ["a/b/2.rec#1", "a/c/1.rec#12", "ab/1.rec#1"] {
        let path = folder.path().join(unfinished);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "half").unwrap();
    }
    for prefix in ["a", "a", "not/there"] {
        store::Blobs::delete_unfinished(&blobs, prefix)
            .await
            .unwrap();
    }
    let is_there = |path: &str| folder.path().join(path).exists();
    assert!(is_there("a/b/1.rec") && is_there("ab/1.rec#1"));
    assert!(!is_there("a/b/2.rec#1") && !is_there("a/c"));
}

#[tokio::test]
async fn blobs_in_memory() {
    conformance::blobs(&ObjectBlobs::memory()).await;
}

#[tokio::test]
async fn catalog_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    conformance::catalog(&SqliteCatalog::open(&path).unwrap()).await;
    // What was written is there after a restart.
    let again = SqliteCatalog::open(&path).unwrap();
    assert!(store::Catalog::is_set_up(&again).await.unwrap());
}

#[tokio::test]
async fn a_catalog_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    let schema = include_str!("../src/catalog/sqlite/migrations/0001_start.sql");
    old.execute_batch(schema).unwrap();
    let id = model::ReplayId::derive(model::ProjectId(1), "d", "1");
    old.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO organisations VALUES (1, 'Org');
         INSERT INTO projects VALUES (1, 1, 'Shop', 'key', 'UTC', 1, 0);",
    )
    .unwrap();
    old.execute(
        "INSERT INTO replays VALUES (?, 1, 'd', '1', NULL, 'rrweb', NULL, NULL, 1, 1, 2, 1, 2, 3, 0, 0, 9,
         NULL, NULL, 0, NULL, NULL, NULL, NULL, 1, 1)",
        [id.as_bytes()],
    )
    .unwrap();
    drop(old);
    let catalog = SqliteCatalog::open(&path).unwrap();
    let row = store::Catalog::replay(&catalog, id).await.unwrap().unwrap();
    assert_eq!((row.event_count, row.signals), (3, Default::default()));
}

#[test]
fn a_secret_is_made_once_and_kept_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.secret");
    let read = |new: u8| store::secret::read_or_create(&path, [new; 32]);
    assert_eq!((read(1).unwrap(), read(2).unwrap()), ([1; 32], [1; 32]));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(&path, "short").unwrap();
    assert!(read(3).is_err());
}
