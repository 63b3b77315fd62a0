//! The hot log: accepted uploads until the sealer has them.
//!
//! One writer thread owns the files. It takes every frame that is waiting,
//! writes them with one `write` and one `fdatasync`, and only then answers, so
//! that many uploads share the cost of one flush (group commit).
//!
//! # Files, version 1
//!
//! `hot/<16 hex digits>.log`: 8 bytes magic `REENHOT1`, then frames. A frame is
//! its length (4 bytes, little endian), the CRC-32 of its bytes (4 bytes), and
//! its bytes. A file is removed when none of its frames is needed any more. Before
//! that, a frame may be erased: the highest bit of its length says that it counts for
//! nothing, the next one that its bytes are overwritten. Both are changes of one byte,
//! which no crash can leave half done.

mod erase;

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

const MAGIC: &[u8; 8] = b"REENHOT1";
const HEADER_BYTES: u64 = 8;
/// Uploads waiting for the writer; senders wait beyond that.
const QUEUE_FRAMES: usize = 1024;
/// Bytes written with one flush at most, so that the first of a batch is not
/// held up by a very long tail.
const BATCH_BYTES: usize = 8 << 20;
/// A frame is one upload after compression; larger is a bug or an attack.
const MAX_FRAME_BYTES: usize = 64 << 20;
const ERASED: u32 = 1 << 31;
const BLANK: u32 = 1 << 30;

/// Where a frame lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameRef {
    pub file: u64,
    pub offset: u64,
    pub size_bytes: u32,
}

#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A file is closed when it reaches this size.
    pub file_bytes: u64,
    /// New frames are refused when the disk has less than this left, so that
    /// sealing and the database can still work.
    pub min_free_bytes: u64,
}

struct Append {
    bytes: Vec<u8>,
    done: oneshot::Sender<Result<FrameRef>>,
}

#[derive(Default)]
struct Files {
    /// Places and sizes of frames still needed, by file.
    needed: BTreeMap<u64, BTreeMap<u64, u32>>,
    /// Bytes of complete frames, by file.
    sizes: BTreeMap<u64, u64>,
    current: Option<u64>,
}

struct Shared {
    folder: PathBuf,
    files: Mutex<Files>,
    readers: Mutex<BTreeMap<u64, Arc<File>>>,
    min_free_bytes: u64,
    flushes: AtomicU64,
}

/// Cheap to clone. The writer thread ends when the last clone is gone and
/// everything that was sent to it is written.
#[derive(Clone)]
pub struct HotLog {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Append>,
}

/// Figures for the metrics page.
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    pub files: u64,
    pub size_bytes: u64,
    pub flushes: u64,
    pub refusing: bool,
}

impl HotLog {
    /// Opens the log and hands every intact frame to `frame`, oldest first.
    /// A torn end (power was lost in the middle of a write) is cut off: no one
    /// was told that it was accepted. A frame damaged elsewhere ends the reading
    /// of its file, which is kept aside under the ending `.damaged`.
    pub fn open(
        folder: &Path,
        options: Options,
        mut frame: impl FnMut(FrameRef, Vec<u8>),
    ) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io("cannot create the hot log folder"))?;
        let mut files = Files::default();
        for number in file_numbers(folder)? {
            let mut needed = BTreeMap::new();
            read_file(folder, number, &mut |at, bytes| {
                needed.insert(at.offset, at.size_bytes);
                frame(at, bytes);
            })?;
            if !path_of(folder, number).exists() {
                continue;
            }
            files.needed.insert(number, needed);
            let size = std::fs::metadata(path_of(folder, number)).map_or(0, |meta| meta.len());
            files.sizes.insert(number, size);
        }
        let next = files.needed.keys().next_back().map_or(0, |last| last + 1);
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            files: Mutex::new(files),
            readers: Mutex::default(),
            min_free_bytes: options.min_free_bytes,
            flushes: AtomicU64::new(0),
        });
        let (queue, frames) = mpsc::channel(QUEUE_FRAMES);
        let writer = Writer {
            shared: shared.clone(),
            options,
            current: None,
            next,
        };
        std::thread::Builder::new()
            .name("hot-log".to_owned())
            .spawn(move || writer.run(frames))
            .map_err(Error::io("cannot start the hot log thread"))?;
        Ok(Self { shared, queue })
    }

    /// Appends a frame. Durable when it returns: it survives `kill -9` and a
    /// loss of power. The frame is needed until [`HotLog::release`].
    ///
    /// # Errors
    /// [`Error::Full`] when the disk is full or nearly so; nothing was kept.
    pub async fn append(&self, bytes: Vec<u8>) -> Result<FrameRef> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(Error::Internal(
                "frame is too large for the hot log".to_owned(),
            ));
        }
        let (done, answer) = oneshot::channel();
        let gone = || Error::Internal("hot log has stopped".to_owned());
        self.queue
            .send(Append { bytes, done })
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Reads a frame that has not been released.
    pub fn read(&self, at: FrameRef) -> Result<Vec<u8>> {
        let file = self.reader(at.file)?;
        let mut bytes = vec![0; at.size_bytes as usize + 8];
        file.read_exact_at(&mut bytes, at.offset)
            .map_err(Error::io("cannot read a frame of the hot log"))?;
        if u32_at(&bytes, 0) & ERASED != 0 {
            return Err(Error::NotFound("hot log frame".to_owned()));
        }
        let expected = u32_at(&bytes, 4);
        bytes.drain(..8);
        if crc32fast::hash(&bytes) != expected {
            return Err(Error::Internal(format!(
                "damaged frame in hot log file {:x} at {}",
                at.file, at.offset
            )));
        }
        Ok(bytes)
    }

    /// All frames that were not released, oldest first.
    pub fn needed(&self) -> Vec<FrameRef> {
        let files = lock(&self.shared.files);
        let needed = files.needed.iter().flat_map(|(file, needed)| {
            needed.iter().map(|(offset, size_bytes)| FrameRef {
                file: *file,
                offset: *offset,
                size_bytes: *size_bytes,
            })
        });
        needed.collect()
    }

    /// The frames are stored elsewhere now. Files that hold nothing needed go.
    pub fn release(&self, frames: &[FrameRef]) {
        let mut gone = Vec::new();
        {
            let mut files = lock(&self.shared.files);
            for frame in frames {
                if let Some(needed) = files.needed.get_mut(&frame.file) {
                    needed.remove(&frame.offset);
                }
            }
            let current = files.current;
            files.needed.retain(|file, needed| {
                let keep = !needed.is_empty() || Some(*file) == current;
                if !keep {
                    gone.push(*file);
                }
                keep
            });
            for file in &gone {
                files.sizes.remove(file);
            }
        }
        for file in gone {
            lock(&self.shared.readers).remove(&file);
            if let Err(error) = std::fs::remove_file(path_of(&self.shared.folder, file)) {
                tracing::warn!(%error, file, "cannot remove a hot log file; its frames will be read again at the next start");
            }
        }
    }

    /// Overwrites all frames that are not needed any more. Blocks on the disk. Returns how
    /// many bytes were overwritten.
    pub fn erase_released(&self) -> Result<u64> {
        let known: Vec<(u64, u64, BTreeMap<u64, u32>)> = {
            // Together, so that what is being written just now lies behind the end.
            let files = lock(&self.shared.files);
            let sizes = files.sizes.iter();
            sizes
                .map(|(file, size)| {
                    let needed = files.needed.get(file).cloned().unwrap_or_default();
                    (*file, *size, needed)
                })
                .collect()
        };
        let mut erased_bytes = 0;
        for (number, size, needed) in known {
            erased_bytes += erase::file(&path_of(&self.shared.folder, number), size, &needed)?;
        }
        Ok(erased_bytes)
    }

    /// Deletes the copies of damaged files. Blocks on the disk.
    pub fn delete_damaged_copies(&self) -> Result<()> {
        for path in aside(&self.shared.folder)? {
            tracing::warn!(path = %path.display(), "deleted the copy of a damaged hot log file");
            std::fs::remove_file(path).map_err(Error::io("cannot delete a damaged file"))?;
        }
        Ok(())
    }

    pub fn stats(&self) -> Stats {
        let files = lock(&self.shared.files);
        Stats {
            files: files.needed.len() as u64,
            size_bytes: files.sizes.values().sum(),
            flushes: self.shared.flushes.load(Ordering::Relaxed),
            // Asked now: who sends uploads to ready servers only would never learn
            // from an upload that there is room again.
            refusing: crate::free_bytes(&self.shared.folder)
                .is_ok_and(|free| free < self.shared.min_free_bytes),
        }
    }

    fn reader(&self, file: u64) -> Result<Arc<File>> {
        let mut readers = lock(&self.shared.readers);
        if let Some(open) = readers.get(&file) {
            return Ok(open.clone());
        }
        let open = File::open(path_of(&self.shared.folder, file)).map_err(|error| {
            match error.kind() {
                // Its frames were released after the caller looked: sealed by now.
                std::io::ErrorKind::NotFound => Error::NotFound("hot log file".to_owned()),
                _ => Error::io("cannot open a hot log file")(error),
            }
        })?;
        let open = Arc::new(open);
        readers.insert(file, open.clone());
        Ok(open)
    }
}

struct Current {
    number: u64,
    file: File,
    /// End of the last frame that was flushed.
    end: u64,
}

struct Writer {
    shared: Arc<Shared>,
    options: Options,
    current: Option<Current>,
    next: u64,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Append>) {
        while let Some(first) = queue.blocking_recv() {
            let mut size = first.bytes.len();
            let mut batch = vec![first];
            while size < BATCH_BYTES
                && let Ok(next) = queue.try_recv()
            {
                size += next.bytes.len();
                batch.push(next);
            }
            match self.write(&batch) {
                Ok(places) => {
                    for (append, place) in batch.into_iter().zip(places) {
                        if append.done.send(Ok(place)).is_err() {
                            // The caller went away; it cannot apply the frame,
                            // so the next start will.
                            tracing::warn!("a stored upload had no one waiting for it");
                        }
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "cannot write the hot log");
                    let full = matches!(error.kind(), crate::Kind::Full);
                    for append in batch {
                        let copy = if full {
                            Error::Full(error.to_string())
                        } else {
                            Error::Internal(error.to_string())
                        };
                        let _ = append.done.send(Err(copy));
                    }
                }
            }
        }
    }

    fn write(&mut self, batch: &[Append]) -> Result<Vec<FrameRef>> {
        let free = crate::free_bytes(&self.shared.folder)?;
        if free < self.options.min_free_bytes {
            return Err(Error::Full(format!(
                "{free} bytes free, {} are kept in reserve",
                self.options.min_free_bytes
            )));
        }
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.end >= self.options.file_bytes)
        {
            self.close_current();
        }
        let current = match &mut self.current {
            Some(current) => current,
            empty => empty.insert(open_next(&self.shared, &mut self.next)?),
        };
        let mut bytes = Vec::with_capacity(batch.iter().map(|append| append.bytes.len() + 8).sum());
        let mut places = Vec::with_capacity(batch.len());
        for append in batch {
            let size_bytes = append.bytes.len() as u32;
            places.push(FrameRef {
                file: current.number,
                offset: current.end + bytes.len() as u64,
                size_bytes,
            });
            bytes.extend_from_slice(&size_bytes.to_le_bytes());
            bytes.extend_from_slice(&crc32fast::hash(&append.bytes).to_le_bytes());
            bytes.extend_from_slice(&append.bytes);
        }
        let written = current
            .file
            .write_all_at(&bytes, current.end)
            .and_then(|()| current.file.sync_data());
        if let Err(source) = written {
            // After a failed flush the state of the cached pages is unknown:
            // cut what was written and go on in a new file.
            let end = current.end;
            if let Err(error) = current
                .file
                .set_len(end)
                .and_then(|()| current.file.sync_all())
            {
                tracing::error!(%error, "cannot cut an unfinished write off the hot log");
            }
            self.close_current();
            return Err(Error::io("cannot write the hot log")(source));
        }
        current.end += bytes.len() as u64;
        let mut files = lock(&self.shared.files);
        let needed = files.needed.entry(current.number).or_default();
        needed.extend(places.iter().map(|place| (place.offset, place.size_bytes)));
        files.sizes.insert(current.number, current.end);
        self.shared.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(places)
    }

    fn close_current(&mut self) {
        self.current = None;
        lock(&self.shared.files).current = None;
    }
}

fn open_next(shared: &Shared, next: &mut u64) -> Result<Current> {
    let number = *next;
    let path = path_of(&shared.folder, number);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(Error::io("cannot create a hot log file"))?;
    *next += 1;
    let flushed = file.write_all(MAGIC).and_then(|()| file.sync_all());
    flushed.map_err(Error::io("cannot write a hot log file"))?;
    sync_folder(&shared.folder)?;
    let mut files = lock(&shared.files);
    files.current = Some(number);
    files.needed.insert(number, BTreeMap::new());
    files.sizes.insert(number, HEADER_BYTES);
    Ok(Current {
        number,
        file,
        end: HEADER_BYTES,
    })
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("cannot flush the hot log folder"))
}

fn file_numbers(folder: &Path) -> Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("cannot read the hot log folder"))? {
        let name = entry
            .map_err(Error::io("cannot read the hot log folder"))?
            .file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".log"))
            .map(|hex| u64::from_str_radix(hex, 16));
        if let Some(Ok(number)) = number {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Copies of damaged files.
fn aside(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = Error::io("cannot read the hot log folder");
    let entries = std::fs::read_dir(folder).map_err(read)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths
        .filter(|path| path.extension().is_some_and(|it| it == "damaged"))
        .collect())
}

fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016x}.log"))
}

fn read_file(folder: &Path, number: u64, frame: &mut impl FnMut(FrameRef, Vec<u8>)) -> Result<()> {
    let path = path_of(folder, number);
    let read = |source| Error::io("cannot read a hot log file")(source);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    if size < HEADER_BYTES {
        // Killed between creating the file and writing its first bytes.
        std::fs::remove_file(&path).map_err(Error::io("cannot remove an empty hot log file"))?;
        return Ok(());
    }
    let mut magic = [0; 8];
    if file.read_exact(&mut magic).is_err() || &magic != MAGIC {
        return damaged(folder, number, size, 0);
    }
    let mut offset = HEADER_BYTES;
    while offset + 8 <= size {
        let mut head = [0; 8];
        file.read_exact(&mut head).map_err(read)?;
        let word = u32_at(&head, 0);
        let size_bytes = word & !(ERASED | BLANK);
        let end = offset + 8 + u64::from(size_bytes);
        if end > size || size_bytes as usize > MAX_FRAME_BYTES {
            break;
        }
        if word & ERASED != 0 {
            file.seek(SeekFrom::Start(end)).map_err(read)?;
            offset = end;
            continue;
        }
        let mut bytes = vec![0; size_bytes as usize];
        file.read_exact(&mut bytes).map_err(read)?;
        if crc32fast::hash(&bytes) != u32_at(&head, 4) {
            if end < size {
                damaged(folder, number, size, offset)?;
            }
            break;
        }
        frame(
            FrameRef {
                file: number,
                offset,
                size_bytes,
            },
            bytes,
        );
        offset = end;
    }
    if offset < size {
        tracing::warn!(
            file = number,
            cut_bytes = size - offset,
            "cut an unfinished end off the hot log"
        );
        file.set_len(offset)
            .and_then(|()| file.seek(SeekFrom::Start(0)).map(|_| ()))
            .map_err(read)?;
        file.sync_all().map_err(read)?;
    }
    Ok(())
}

/// Keeps a copy of a file whose inside cannot be read, for a person to look at.
fn damaged(folder: &Path, number: u64, size: u64, offset: u64) -> Result<()> {
    tracing::error!(
        file = number,
        offset,
        size,
        "hot log file is damaged; the rest of it is kept aside"
    );
    let aside = folder.join(format!("{number:016x}.damaged"));
    std::fs::copy(path_of(folder, number), aside)
        .map_err(Error::io("cannot keep a damaged hot log file aside"))?;
    Ok(())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// A panic while a lock is held leaves plain counters behind, never half a change.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
