//! Runs the conformance suites against the backends of this build.

use store::blobs::ObjectBlobs;
use store::catalog::sqlite::SqliteCatalog;
use store::conformance;

#[tokio::test]
async fn blobs_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    conformance::blobs(&ObjectBlobs::folder(folder.path()).unwrap()).await;
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
