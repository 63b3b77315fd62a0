//! Pieces of archives that a program uploads one by one, until it says which of them
//! make an archive. Named by their SHA-1, as `sentry-cli` does. They are kept in
//! memory: whoever uploads asks what is missing and sends that again.

use crate::{Error, Result};
use bytes::Bytes;
use model::ProjectId;
use sha1::{Digest, Sha1};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of one archive, and of all that were begun. The oldest go when more come.
pub const MAX_ARCHIVE_BYTES: usize = 64 << 20;
pub const CHUNK_BYTES: usize = 4 << 20;
const MAX_CHUNKS: usize = 1024;

#[derive(Default)]
pub struct Chunks(Mutex<VecDeque<Chunk>>);

struct Chunk {
    project: ProjectId,
    checksum: String,
    bytes: Bytes,
}

impl Chunks {
    /// # Errors
    /// `Invalid` when the bytes are not those of the checksum, or too many.
    pub fn put(&self, project: ProjectId, checksum: &str, bytes: Bytes) -> Result<()> {
        if bytes.len() > CHUNK_BYTES || checksum_of(&bytes) != checksum {
            return Err(Error::Invalid(
                "a chunk is not what its name says".to_owned(),
            ));
        }
        let mut chunks = self.lock();
        if find(&chunks, project, checksum).is_none() {
            chunks.push_back(Chunk {
                project,
                checksum: checksum.to_owned(),
                bytes,
            });
        }
        let mut kept_bytes: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        while kept_bytes > MAX_ARCHIVE_BYTES || chunks.len() > MAX_CHUNKS {
            kept_bytes -= chunks.pop_front().map_or(0, |chunk| chunk.bytes.len());
        }
        Ok(())
    }

    pub fn missing(&self, project: ProjectId, checksums: &[String]) -> Vec<String> {
        let chunks = self.lock();
        let missing = checksums.iter();
        missing
            .filter(|checksum| find(&chunks, project, checksum).is_none())
            .cloned()
            .collect()
    }

    /// The archive of these chunks, which are then forgotten.
    ///
    /// # Errors
    /// `Invalid` when it is not that of the checksum, or too large.
    pub fn take(&self, project: ProjectId, checksum: &str, parts: &[String]) -> Result<Bytes> {
        let mut archive = Vec::new();
        let mut chunks = self.lock();
        for part in parts {
            let chunk = find(&chunks, project, part);
            let chunk = chunk.ok_or_else(|| Error::Invalid("a chunk is missing".to_owned()))?;
            // The same chunk may be named a thousand times.
            if archive.len() + chunk.bytes.len() > MAX_ARCHIVE_BYTES {
                return Err(Error::Invalid("the archive is too large".to_owned()));
            }
            archive.extend_from_slice(&chunk.bytes);
        }
        chunks.retain(|chunk| chunk.project != project || !parts.contains(&chunk.checksum));
        drop(chunks);
        match checksum_of(&archive) == checksum {
            true => Ok(archive.into()),
            false => Err(Error::Invalid(
                "the archive is not what its checksum says".to_owned(),
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Chunk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<'a>(chunks: &'a VecDeque<Chunk>, project: ProjectId, checksum: &str) -> Option<&'a Chunk> {
    let mut chunks = chunks.iter();
    chunks.find(|chunk| chunk.project == project && chunk.checksum == checksum)
}

fn checksum_of(bytes: &[u8]) -> String {
    let digest = Sha1::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ProjectId = ProjectId(1);

    #[test]
    fn chunks_make_an_archive_once() {
        let chunks = Chunks::default();
        let [a, b, whole] = [&b"a"[..], b"bc", b"abca"].map(checksum_of);
        let wanted = [a.clone(), b.clone(), a.clone()];
        assert_eq!(chunks.missing(ONE, &wanted), wanted);
        chunks.put(ONE, &a, Bytes::from("a")).unwrap();
        chunks.put(ONE, &b, Bytes::from("bc")).unwrap();
        assert!(chunks.put(ONE, &a, Bytes::from("x")).is_err());
        assert_eq!(chunks.missing(ONE, &wanted), [""; 0]);
        assert_eq!(
            chunks.missing(ProjectId(2), &wanted),
            wanted,
            "of another project"
        );
        assert!(chunks.take(ProjectId(2), &whole, &wanted).is_err());
        assert_eq!(chunks.take(ONE, &whole, &wanted).unwrap(), "abca");
        assert!(chunks.take(ONE, &whole, &wanted).is_err(), "only once");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let chunks = Chunks::default();
        let mut names = Vec::new();
        for number in 0..20_u8 {
            let bytes = Bytes::from(vec![number; CHUNK_BYTES]);
            names.push(checksum_of(&bytes));
            chunks.put(ONE, names.last().unwrap(), bytes).unwrap();
        }
        assert_eq!(
            chunks.missing(ONE, &names),
            names[..4],
            "the oldest are gone"
        );
        let too_many = vec![names[19].clone(); 17];
        assert!(chunks.take(ONE, "", &too_many).is_err());
        let large = Bytes::from(vec![0; CHUNK_BYTES + 1]);
        assert!(chunks.put(ONE, &checksum_of(&large), large).is_err());
    }
}
