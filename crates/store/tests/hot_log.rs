//! What the hot log promises: acknowledged frames come back after a stop at any
//! byte, released files go, a full disk refuses and loses nothing.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;
use store::hot_log::{FrameRef, HotLog, Options};

const OPTIONS: Options = Options {
    file_bytes: 4096,
    min_free_bytes: 0,
};

fn open(folder: &Path) -> (HotLog, Vec<(FrameRef, Vec<u8>)>) {
    let mut found = Vec::new();
    let log = HotLog::open(folder, OPTIONS, |at, bytes| found.push((at, bytes))).unwrap();
    (log, found)
}

#[tokio::test]
async fn frames_come_back_in_order_and_released_files_go() {
    let folder = tempfile::tempdir().unwrap();
    let (log, found) = open(folder.path());
    assert!(found.is_empty());
    let mut places = Vec::new();
    for number in 0..20u8 {
        places.push(log.append(vec![number; 1000]).await.unwrap());
    }
    assert!(log.stats().files > 2);
    assert_eq!(log.read(places[7]).unwrap(), vec![7; 1000]);
    log.release(&places[..10]);
    drop(log);
    let (log, found) = open(folder.path());
    let numbers: Vec<_> = found.iter().map(|(_, bytes)| bytes[0]).collect();
    assert_eq!(
        &numbers[numbers.len() - 10..],
        &(10..20).collect::<Vec<_>>()[..]
    );
    assert!(found.len() < 20, "files of released frames are gone");
    log.release(&found.iter().map(|(at, _)| *at).collect::<Vec<_>>());
    assert_eq!(log.stats().files, 0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn waiting_uploads_share_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(folder.path());
    let appends = (0..200).map(|_| log.append(vec![1; 10]));
    for place in futures::future::join_all(appends).await {
        place.unwrap();
    }
    assert!(
        log.stats().flushes < 100,
        "{} flushes for 200 frames",
        log.stats().flushes
    );
}

#[tokio::test]
async fn a_cut_at_any_byte_keeps_every_whole_frame() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut ends = Vec::new();
    for number in 0..3u8 {
        let at = log.append(vec![number; 40]).await.unwrap();
        ends.push(at.offset + 8 + u64::from(at.size_bytes));
    }
    drop(log);
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = std::fs::read(&file).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let (log, found) = open(folder.path());
        let expected = ends.iter().filter(|end| **end <= cut as u64).count();
        assert_eq!(found.len(), expected, "cut at {cut}");
        drop(log);
        for extra in std::fs::read_dir(folder.path()).unwrap() {
            let path = extra.unwrap().path();
            assert_eq!(path.extension().unwrap(), "log", "a cut is no damage");
            if path != file {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn damage_inside_a_file_is_kept_aside_and_the_rest_still_starts() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(folder.path());
    for number in 0..3u8 {
        log.append(vec![number; 40]).await.unwrap();
    }
    drop(log);
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[70] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (log, found) = open(folder.path());
    assert_eq!(found.len(), 1);
    assert!(file.with_extension("damaged").exists());
    log.append(vec![9; 10]).await.unwrap();
}

#[tokio::test]
async fn too_little_free_space_refuses_but_reads() {
    let folder = tempfile::tempdir().unwrap();
    let place = {
        let (log, _) = open(folder.path());
        log.append(vec![5; 10]).await.unwrap()
    };
    let options = Options {
        min_free_bytes: u64::MAX,
        ..OPTIONS
    };
    let log = HotLog::open(folder.path(), options, |_, _| {}).unwrap();
    let refused = log.append(vec![6; 10]).await.unwrap_err();
    assert_eq!(refused.kind(), store::Kind::Full);
    assert!(log.stats().refusing);
    assert_eq!(log.read(place).unwrap(), vec![5; 10]);
}

/// Everything in the folder, whatever it is.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

fn holds(folder: &Path, text: &str) -> bool {
    bytes_of(folder)
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn released_frames_are_erased_and_the_others_stay_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut places = Vec::new();
    for text in ["first-kept", "SECRET-one", "second-kept", "SECRET-two"] {
        places.push(log.append(text.repeat(50).into_bytes()).await.unwrap());
    }
    std::fs::write(folder.path().join("00.damaged"), "SECRET-aside").unwrap();
    log.release(&[places[1], places[3]]);
    assert!(holds(folder.path(), "SECRET"), "releasing erases nothing");
    assert_eq!(log.erase_released().unwrap(), 1000);
    assert!(!holds(folder.path(), "SECRET-one") && !holds(folder.path(), "SECRET-two"));
    log.delete_damaged_copies().unwrap();
    assert!(!holds(folder.path(), "SECRET"));
    assert_eq!(log.needed(), [places[0], places[2]]);
    assert_eq!(log.erase_released().unwrap(), 0, "not again");
    assert_eq!(
        log.read(places[2]).unwrap(),
        "second-kept".repeat(50).into_bytes()
    );
    // The current file goes on.
    let last = log.append(b"third-kept".to_vec()).await.unwrap();
    drop(log);
    let (log, found) = open(folder.path());
    let found: Vec<_> = found.into_iter().map(|(at, _)| at).collect();
    assert_eq!(found, [places[0], places[2], last]);
    log.release(&found);
    assert_eq!(log.stats().files, 0);
}

#[tokio::test]
async fn a_crash_between_the_steps_of_erasing_loses_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(folder.path());
    let gone = log.append(b"SECRET".repeat(20)).await.unwrap();
    let kept = log.append(b"kept".to_vec()).await.unwrap();
    drop(log);
    // Marked, and half of it overwritten.
    let path = folder.path().join(format!("{:016x}.log", gone.file));
    let mut bytes = std::fs::read(&path).unwrap();
    let at = gone.offset as usize;
    bytes[at + 3] |= 0x80;
    bytes[at + 8..at + 68].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let (log, found) = open(folder.path());
    assert_eq!(found, [(kept, b"kept".to_vec())]);
    assert!(log.erase_released().unwrap() > 0, "the next one ends it");
    assert!(!holds(folder.path(), "SECRET"));
}
