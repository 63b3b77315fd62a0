//! Runs the conformance suite against the index of this build.

use index::{Index, LocalIndex, Options};

#[tokio::test]
async fn local_index() {
    let folder = tempfile::tempdir().unwrap();
    let open = || LocalIndex::open(folder.path(), &Options::default());
    index::conformance::index(Box::new(open()), || async {
        Box::new(open()) as Box<dyn Index>
    })
    .await;
}

#[tokio::test]
async fn with_hardly_any_cache() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        cache_bytes: 1,
        questions_at_once: 1,
        ..Options::default()
    };
    let open = || LocalIndex::open(folder.path(), &options);
    index::conformance::index(Box::new(open()), || async {
        Box::new(open()) as Box<dyn Index>
    })
    .await;
}
