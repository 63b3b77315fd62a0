//! Which files there are: those named, those in folders and in zip archives.

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Folders in folders; links are not followed, so there are no circles.
const MAX_FOLDER_DEPTH: usize = 16;
const MAX_FILES: usize = 1_000_000;
/// A file is read whole unless it has one event per line.
const MAX_TEXT_BYTES: u64 = 2 << 30;
/// The window of recordings packed with `zstd --long`.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A recording: a file, an entry of an archive, or numbered parts of either.
pub struct Found {
    parts: Vec<Part>,
    name: String,
    /// Without endings: the session's name if the content has none.
    pub stem: String,
    /// The user asked for exactly this one.
    pub is_named: bool,
    size_bytes: u64,
}

struct Part {
    path: PathBuf,
    zip_index: Option<usize>,
}

pub type Skipped = Vec<(String, String)>;

/// Lists everything in order of names.
pub fn find(paths: &[PathBuf]) -> Result<(Vec<Found>, Skipped)> {
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for path in paths {
        let kind = std::fs::symlink_metadata(path);
        match kind {
            Ok(kind) if kind.is_dir() => in_folder(path, 0, &mut found, &mut skipped)?,
            // A file that cannot be opened is said when its turn comes.
            _ => add_file(path, true, &mut found)?,
        }
        if found.len() > MAX_FILES {
            bail!("there are more than {MAX_FILES} files");
        }
    }
    Ok((found, skipped))
}

fn in_folder(
    folder: &Path,
    depth: usize,
    found: &mut Vec<Found>,
    skipped: &mut Skipped,
) -> Result<()> {
    if depth > MAX_FOLDER_DEPTH {
        let why = format!("it is more than {MAX_FOLDER_DEPTH} folders deep");
        skipped.push((folder.display().to_string(), why));
        return Ok(());
    }
    let list = || format!("cannot list {}", folder.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(list)? {
        let entry = entry.with_context(list)?;
        entries.push((entry.path(), entry.file_type().with_context(list)?));
        if entries.len() > MAX_FILES {
            bail!("{} has more than {MAX_FILES} files", folder.display());
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let mut numbered = Vec::new();
    for (path, kind) in entries {
        if kind.is_dir() {
            in_folder(&path, depth + 1, found, skipped)?;
        } else if !kind.is_file() {
            skipped.push((path.display().to_string(), "it is not a file".to_owned()));
        } else if let Some(number) = part_number(&stem_of(&path)) {
            numbered.push((number, path));
        } else {
            add_file(&path, false, found)?;
        }
    }
    numbered.sort();
    let parts = numbered.into_iter().map(|(_, path)| Part {
        path,
        zip_index: None,
    });
    add_numbered(folder, parts.collect(), found);
    Ok(())
}

/// `7` of `7`, `0007` and `segment-7`: such files are one recording together.
fn part_number(stem: &str) -> Option<u64> {
    let rest = stem.strip_prefix("segment").unwrap_or(stem);
    rest.trim_start_matches(['-', '_']).parse().ok()
}

fn add_numbered(folder: &Path, parts: Vec<Part>, found: &mut Vec<Found>) {
    if parts.is_empty() {
        return;
    }
    let sizes = parts.iter().filter_map(|part| match part.zip_index {
        Some(_) => None,
        None => std::fs::metadata(&part.path).ok(),
    });
    found.push(Found {
        size_bytes: sizes.map(|metadata| metadata.len()).sum(),
        parts,
        name: folder.display().to_string(),
        stem: stem_of(folder),
        is_named: false,
    });
}

fn add_file(path: &Path, is_named: bool, found: &mut Vec<Found>) -> Result<()> {
    let size_bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size_bytes > 0 && is_zip(path) {
        return in_archive(path, size_bytes, found);
    }
    found.push(Found {
        parts: vec![Part {
            path: path.to_owned(),
            zip_index: None,
        }],
        name: path.display().to_string(),
        stem: stem_of(path),
        is_named,
        size_bytes,
    });
    Ok(())
}

fn is_zip(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"PK\x03\x04"
}

fn open_zip(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>> {
    let file = File::open(path).context("cannot open")?;
    zip::ZipArchive::new(BufReader::new(file)).context("not a readable zip archive")
}

fn in_archive(path: &Path, size_bytes: u64, found: &mut Vec<Found>) -> Result<()> {
    let mut archive = open_zip(path).with_context(|| path.display().to_string())?;
    if archive.len() > MAX_FILES {
        bail!("{} has more than {MAX_FILES} files", path.display());
    }
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let entry = archive
            .by_index_raw(index)
            .context("cannot read the archive")?;
        if entry.is_file() {
            let name = entry.name().context("cannot read the archive")?;
            entries.push((PathBuf::from(name.into_owned()), index));
        }
    }
    entries.sort();
    let mut numbered = Vec::new();
    let share_bytes = size_bytes / entries.len().max(1) as u64;
    for (inside, index) in entries {
        let part = Part {
            path: path.to_owned(),
            zip_index: Some(index),
        };
        match part_number(&stem_of(&inside)) {
            Some(number) => numbered.push((number, part)),
            None => found.push(Found {
                parts: vec![part],
                name: format!("{}:{}", path.display(), inside.display()),
                stem: stem_of(&inside),
                is_named: false,
                size_bytes: share_bytes,
            }),
        }
    }
    numbered.sort_by_key(|(number, _)| *number);
    add_numbered(
        path,
        numbered.into_iter().map(|(_, part)| part).collect(),
        found,
    );
    Ok(())
}

fn stem_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

pub fn progress_bar(found: &[Found]) -> Result<ProgressBar> {
    let progress = ProgressBar::new(found.iter().map(|file| file.size_bytes).sum());
    let style =
        ProgressStyle::with_template("{bar:30} {percent}% {bytes}/{total_bytes} {eta} {msg}")
            .context("progress bar")?;
    progress.set_style(style);
    Ok(progress)
}

impl Found {
    pub fn name(&self) -> String {
        self.name.clone()
    }

    pub fn part_count(&self) -> usize {
        self.parts.len()
    }

    /// Opens a part, without its compression.
    pub fn open(&self, part: usize, progress: &ProgressBar) -> Result<Box<dyn BufRead>> {
        let Part { path, zip_index } = &self.parts[part];
        let Some(index) = zip_index else {
            let file = File::open(path).context("cannot open")?;
            return unpacked(progress.wrap_read(file));
        };
        let mut archive = open_zip(path)?;
        let mut entry = archive
            .by_index(*index)
            .context("cannot read the archive")?;
        let mut bytes = Vec::new();
        let read = entry.by_ref().take(MAX_TEXT_BYTES + 1);
        progress
            .wrap_read(read)
            .read_to_end(&mut bytes)
            .context("cannot read the archive")?;
        if bytes.len() as u64 > MAX_TEXT_BYTES {
            bail!("it is larger than {MAX_TEXT_BYTES} bytes");
        }
        unpacked(std::io::Cursor::new(bytes))
    }
}

/// All of it, in UTF-8.
pub fn rest_of(reader: &mut dyn BufRead, text: &mut String) -> Result<()> {
    let limit = MAX_TEXT_BYTES.saturating_sub(text.len() as u64);
    let mut limited = reader.take(limit + 1);
    limited.read_to_string(text).context("cannot read")?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        bail!("it is larger than {MAX_TEXT_BYTES} bytes; split it, or write one event per line");
    }
    Ok(())
}

fn unpacked(file: impl Read + 'static) -> Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(file);
    let start = file.fill_buf().context("cannot read")?;
    Ok(match start {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::Decoder::with_buffer(file).context("not zstd")?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .context("zstd")?;
            Box::new(BufReader::new(decoder))
        }
        _ => Box::new(file),
    })
}
