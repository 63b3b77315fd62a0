//! What survives a crash, what damage costs, and what deletion leaves behind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use index::filter::{Clock, Filter};
use index::{
    Appearance, Context, Facts, Index, Layer, List, LocalIndex, Occurrence, Options, Row, Sort,
    StreamOf, StreamQuery, Subject, Value,
};
use model::{ProjectId, ReplayId, Timestamp};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

const PROJECT: ProjectId = ProjectId(1);

fn open(folder: &Path) -> LocalIndex {
    LocalIndex::open(folder, &Options::default())
}

fn id(number: usize) -> ReplayId {
    ReplayId::derive(PROJECT, &format!("device {number}"), "1")
}

fn event(number: usize, plan: &str) -> Occurrence {
    Occurrence {
        number: number as u64,
        kind: "event",
        name: "Bought".to_owned(),
        at: Timestamp::from_millis(1_773_144_000_000 + number as i64),
        replay: Some(id(number)),
        user: Some(format!("user {number}")),
        device: Some(format!("device {number}")),
        properties: vec![("plan".to_owned(), Value::text(plan))],
        user_properties: vec![(
            "email".to_owned(),
            Value::text(&format!("mail-{number}@example.org")),
        )],
    }
}

fn text(number: usize, text: &str) -> Appearance {
    Appearance {
        replay: id(number),
        at_ms: 1_773_144_000_000,
        until_ms: None,
        node_id: 3,
        text: text.to_owned(),
    }
}

fn facts(replay: ReplayId, version: u64, texts: Vec<Appearance>) -> Facts {
    Facts {
        replay,
        layer: Layer::Recording,
        version,
        facts: Vec::new(),
        texts,
    }
}

fn list(filter: &str) -> List {
    List {
        filter: Filter::from_text(filter).unwrap(),
        sort: Sort::Started,
        is_ascending: false,
        after: None,
        without: HashSet::new(),
        limit: 10,
    }
}

fn context() -> Context {
    Context {
        clock: Clock {
            now: Timestamp::from_millis(0),
            zone: jiff::tz::TimeZone::UTC,
        },
        cohorts: HashMap::new(),
        named_events: HashMap::new(),
    }
}

async fn count(index: &LocalIndex, filter: &str) -> u64 {
    let page = index.list(PROJECT, list(filter), context()).await;
    page.unwrap().total
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("1")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_crash_costs_what_was_not_flushed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    let events = (0..5).map(|number| event(number, "pro")).collect();
    index.put_events(PROJECT, events, Some(5)).await.unwrap();
    index.flush(PROJECT).await.unwrap();
    let events = (5..9).map(|number| event(number, "pro")).collect();
    index.put_events(PROJECT, events, Some(9)).await.unwrap();
    assert_eq!(count(&index, "event(Bought)").await, 9);
    // Not dropped in order, as a crash would not.
    std::mem::forget(index);
    // A file that was being written, and one that the manifest does not know yet.
    std::fs::write(folder.path().join("1/0000000099.new"), "half").unwrap();
    std::fs::write(folder.path().join("1/0000000098.rnx"), "whole").unwrap();
    let index = open(folder.path());
    assert_eq!(index.fed(PROJECT).await.unwrap().events, 5);
    assert_eq!(count(&index, "event(Bought)").await, 5);
    assert!(!folder.path().join("1/0000000099.new").exists());
    assert!(!folder.path().join("1/0000000098.rnx").exists());
    // Fed again from where it stopped.
    let events = (5..9).map(|number| event(number, "pro")).collect();
    index.put_events(PROJECT, events, Some(9)).await.unwrap();
    assert_eq!(count(&index, "event(Bought, plan = pro)").await, 9);
}

#[tokio::test]
async fn projects_that_nobody_asks_about_are_closed_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        open_projects: 1,
        ..Options::default()
    };
    let index = LocalIndex::open(folder.path(), &options);
    for project in 1..=3 {
        let events = (0..5).map(|number| event(number, "pro")).collect();
        let put = index.put_events(ProjectId(project), events, Some(5));
        put.await.unwrap();
    }
    index.flush_all().await.unwrap();
    assert_eq!(index.recent_projects().await.unwrap().len(), 1);
    // Where a closed one stopped is known without opening it.
    assert_eq!(index.fed(ProjectId(1)).await.unwrap().events, 5);
    assert_eq!(index.recent_projects().await.unwrap().len(), 1);
    assert_eq!(count(&index, "event(Bought)").await, 5);
    assert_eq!(index.recent_projects().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_question_ends_when_its_time_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    let events = (0..5).map(|number| event(number, "pro")).collect();
    index.put_events(PROJECT, events, None).await.unwrap();
    index.flush(PROJECT).await.unwrap();
    let options = Options {
        question_time: std::time::Duration::ZERO,
        ..Options::default()
    };
    let index = LocalIndex::open(folder.path(), &options);
    for filter in ["", "event(Bought)", "browser = Chrome or text = x"] {
        let asked = index.list(PROJECT, list(filter), context()).await;
        assert!(matches!(asked, Err(index::Error::TooSlow)), "{filter}");
    }
    let values = index.values(PROJECT, "event.plan".to_owned(), String::new(), 10);
    assert!(matches!(values.await, Err(index::Error::TooSlow)));
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    {
        let index = open(folder.path());
        let events = (0..50).map(|number| event(number, "pro")).collect();
        index.put_events(PROJECT, events, Some(5)).await.unwrap();
        let texts = vec![text(1, "payment declined")];
        index
            .put_facts(PROJECT, facts(id(1), 1, texts))
            .await
            .unwrap();
        index.flush(PROJECT).await.unwrap();
    }
    for path in files(folder.path()) {
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 25 + 1) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, damaged).unwrap();
            let copy = tempfile::tempdir().unwrap();
            std::fs::create_dir(copy.path().join("1")).unwrap();
            for file in files(folder.path()) {
                let to = copy.path().join("1").join(file.file_name().unwrap());
                std::fs::copy(&file, to).unwrap();
            }
            let index = open(copy.path());
            // Right, less, or an error; never something else, never a panic.
            for (filter, right) in [("event(Bought, plan = pro)", 50), ("text = declined", 1)] {
                match index.list(PROJECT, list(filter), context()).await {
                    Ok(page) => assert!([0, right].contains(&page.total), "{filter}"),
                    Err(index::Error::Damaged(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
        std::fs::write(&path, whole).unwrap();
    }
}

#[tokio::test]
async fn an_index_with_a_damaged_file_begins_anew() {
    for is_gone in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let index = open(folder.path());
        let events = (0..50).map(|number| event(number, "pro")).collect();
        index.put_events(PROJECT, events, Some(50)).await.unwrap();
        index.flush(PROJECT).await.unwrap();
        drop(index);
        let path = files(folder.path())
            .into_iter()
            .find(|path| path.extension().is_some())
            .unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        match is_gone {
            true => std::fs::remove_file(path).unwrap(),
            false => std::fs::write(path, bytes).unwrap(),
        }
        let index = open(folder.path());
        assert_eq!(count(&index, "").await, 0);
        assert_eq!(index.fed(PROJECT).await.unwrap().events, 0);
        // Also for whoever asks without reading all of it.
        assert_eq!(open(folder.path()).fed(PROJECT).await.unwrap().events, 0);
        let events = (0..50).map(|number| event(number, "pro")).collect();
        index.put_events(PROJECT, events, Some(50)).await.unwrap();
        index.flush(PROJECT).await.unwrap();
        assert_eq!(count(&open(folder.path()), "event(Bought)").await, 50);
    }
}

#[tokio::test]
async fn what_is_deleted_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    // Files of several merges hold the planted words.
    for round in 0..6 {
        let events = (0..20)
            .map(|number| event(number, &format!("planted-plan-{number}")))
            .collect();
        index.put_events(PROJECT, events, None).await.unwrap();
        for number in [1, 2] {
            let row = Row {
                id: id(number),
                values: vec![(
                    "tag.note".to_owned(),
                    Some(Value::text(&format!("planted-tag-{number}"))),
                )],
            };
            index.put_rows(PROJECT, vec![row]).await.unwrap();
            let texts = vec![text(number, &format!("plantedtext{number}"))];
            index
                .put_facts(PROJECT, facts(id(number), round + 1, texts))
                .await
                .unwrap();
        }
        index.flush(PROJECT).await.unwrap();
    }
    let planted = |number: usize| {
        [
            "planted-plan-",
            "planted-tag-",
            "plantedtext",
            "mail-",
            "user ",
            "device ",
        ]
        .map(|start| format!("{start}{number}"))
    };
    assert_eq!(found_in_files(folder.path(), &planted(2)).len(), 6);
    assert!(
        index
            .forget(PROJECT, Subject::User("user 1".to_owned()))
            .await
            .unwrap()
            > 0
    );
    assert!(index.forget(PROJECT, Subject::Replay(id(2))).await.unwrap() > 0);
    for number in [1, 2] {
        // Only with a digit after it is it another user.
        let found = found_in_files(folder.path(), &planted(number));
        assert_eq!(found, Vec::<String>::new());
    }
    assert_eq!(count(&index, "event(Bought)").await, 18);
    let again = open(folder.path());
    assert_eq!(count(&again, "event(Bought)").await, 18);
    assert_eq!(count(&again, "text = plantedtext1").await, 0);
}

/// Which of these are in any file, also inside of what is packed.
fn found_in_files(folder: &Path, wanted: &[String]) -> Vec<String> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for path in files(folder) {
        let bytes = std::fs::read(path).unwrap();
        // Blocks stand one behind the other: unpack from every zstd magic number.
        for at in 0..bytes.len().saturating_sub(4) {
            if bytes[at..at + 4] == [0x28, 0xb5, 0x2f, 0xfd] {
                all.extend(unpack(&bytes[at..]));
            }
        }
        all.push(bytes);
    }
    assert!(all.len() > files(folder).len(), "nothing was unpacked");
    let is_there = |wanted: &&String| {
        all.iter().any(|bytes| {
            let mut places = bytes.windows(wanted.len()).enumerate();
            places.any(|(at, window)| {
                let goes_on = bytes.get(at + wanted.len()).is_some_and(u8::is_ascii_digit);
                window == wanted.as_bytes() && !goes_on
            })
        })
    };
    wanted.iter().filter(is_there).cloned().collect()
}

fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let reader = zstd::stream::read::Decoder::new(bytes).ok()?.single_frame();
    let mut plain = Vec::new();
    reader.take(1 << 20).read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn copy_of(kept: &Path) -> tempfile::TempDir {
    // Opening deletes what it does not know; the kept files are not to be touched.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("1")).unwrap();
    for file in files(kept) {
        let to = folder.path().join("1").join(file.file_name().unwrap());
        std::fs::copy(&file, to).unwrap();
    }
    folder
}

fn kept_files(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{version}"))
}

/// What an older version wrote is made again, not misread.
#[tokio::test]
async fn files_of_an_older_format_are_refused() {
    let folder = copy_of(&kept_files(1));
    let index = open(folder.path());
    assert_eq!(index.fed(PROJECT).await.unwrap().events, 0);
    assert_eq!(count(&index, "").await, 0);
}

/// Files of the second format, kept as they were written. When this fails, the format
/// changed: raise its version and keep these files for the test above.
#[tokio::test]
async fn files_of_the_second_format_are_read() {
    let golden = kept_files(2);
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        let index = open(&golden);
        let events = (0..3).map(|number| event(number, "pro")).collect();
        index.put_events(PROJECT, events, Some(3)).await.unwrap();
        let texts = vec![text(1, "payment declined")];
        index
            .put_facts(PROJECT, facts(id(1), 4, texts))
            .await
            .unwrap();
        index.flush(PROJECT).await.unwrap();
    }
    let folder = copy_of(&golden);
    let index = open(folder.path());
    assert_eq!(count(&index, "event(Bought, plan = pro)").await, 3);
    assert_eq!(count(&index, "text = \"payment declined\"").await, 1);
    assert_eq!(
        count(&index, "user.email = \"mail-2@example.org\"").await,
        1
    );
    assert_eq!(index.fed(PROJECT).await.unwrap().events, 3);
    let versions = index.facts_versions(PROJECT, vec![id(1)]).await.unwrap();
    assert_eq!(versions[0].recording, 4);
    let query = StreamQuery {
        of: StreamOf::Identities(vec!["user 2".to_owned()]),
        before: None,
        limit: 2,
        with_properties: false,
    };
    let events = index.stream(PROJECT, query).await.unwrap();
    assert_eq!((events.len(), events[0].number), (1, 2));
}
