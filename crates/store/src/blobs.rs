//! Sealed data by key. The seam is thin on purpose: `object_store` already
//! speaks to folders, memory and S3, so a backend here is a choice of its
//! configuration.

use crate::{Error, Result};
pub use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Immutable objects. Keys are `/`-separated, of `a-z0-9_-.`.
#[async_trait::async_trait]
pub trait Blobs: Send + Sync {
    /// Durable when it returns. An object of the same key is replaced whole.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()>;
    async fn get(&self, key: &str) -> Result<Bytes>;
    /// `range` past the end is an error.
    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes>;
    /// The last `size` bytes, or all when there are fewer.
    async fn get_tail(&self, key: &str, size: u64) -> Result<Bytes>;
    /// Deleting what is not there is not an error.
    async fn delete(&self, key: &str) -> Result<()>;
    async fn list(&self, prefix: &str) -> Result<Vec<String>>;
    /// Deletes what puts left behind that a crash cut off; [`list`](Self::list) does not
    /// show it. Nobody may be writing under the prefix.
    async fn delete_unfinished(&self, prefix: &str) -> Result<()>;
}

/// Blobs in anything that `object_store` reaches.
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
    /// Where it is a folder.
    root: Option<PathBuf>,
}

impl ObjectBlobs {
    /// A folder. Every put is flushed to the disk before it returns.
    pub fn folder(root: &std::path::Path) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(Error::io("cannot create the blob folder"))?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(root)
            .map_err(Error::Blobs)?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self {
            store: Arc::new(store),
            root: Some(root.to_owned()),
        })
    }

    /// For tests.
    pub fn memory() -> Self {
        Self {
            store: Arc::new(object_store::memory::InMemory::new()),
            root: None,
        }
    }
}

fn mapped(key: &str) -> impl FnOnce(object_store::Error) -> Error {
    let key = key.to_owned();
    move |error| match error {
        object_store::Error::NotFound { .. } => Error::NotFound(format!("object {key}")),
        other if is_full(&other) => Error::Full(format!("cannot write object {key}")),
        other => Error::Blobs(other),
    }
}

/// `object_store` writes to `<key>#<number>` and renames that.
fn delete_staged(folder: &std::path::Path) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            delete_staged(&entry.path())?;
        } else if entry.file_name().to_string_lossy().contains('#') {
            std::fs::remove_file(entry.path())?;
        }
    }
    // Ignored: most often it is not empty.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// `object_store` wraps the I/O error some levels deep.
fn is_full(error: &object_store::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(current) = source {
        if let Some(io) = current.downcast_ref::<std::io::Error>()
            && matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            )
        {
            return true;
        }
        source = current.source();
    }
    false
}

#[async_trait::async_trait]
impl Blobs for ObjectBlobs {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.store
            .put(&Path::from(key), PutPayload::from_bytes(bytes))
            .await
            .map_err(mapped(key))?;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        let found = self
            .store
            .get(&Path::from(key))
            .await
            .map_err(mapped(key))?;
        found.bytes().await.map_err(mapped(key))
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let wanted = range.end.saturating_sub(range.start);
        let bytes = self
            .store
            .get_range(&Path::from(key), range)
            .await
            .map_err(mapped(key))?;
        if bytes.len() as u64 != wanted {
            return Err(Error::Internal(format!(
                "object {key} is shorter than its index says"
            )));
        }
        Ok(bytes)
    }

    async fn get_tail(&self, key: &str, size: u64) -> Result<Bytes> {
        let total = self
            .store
            .head(&Path::from(key))
            .await
            .map_err(mapped(key))?
            .size;
        self.store
            .get_range(&Path::from(key), total.saturating_sub(size)..total)
            .await
            .map_err(mapped(key))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        match self
            .store
            .delete(&Path::from(key))
            .await
            .map_err(mapped(key))
        {
            Err(Error::NotFound(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let prefix = Path::from(prefix);
        let found = self
            .store
            .list(Some(&prefix))
            .map_ok(|meta| meta.location.to_string());
        let mut keys: Vec<_> = found.try_collect().await.map_err(mapped(prefix.as_ref()))?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn delete_unfinished(&self, prefix: &str) -> Result<()> {
        let Some(root) = &self.root else {
            return Ok(());
        };
        let folder = root.join(prefix);
        let deleted = tokio::task::spawn_blocking(move || delete_staged(&folder));
        let deleted = deleted
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        deleted.map_err(Error::io("cannot delete an unfinished object"))
    }
}
