//! Everything that is kept: the hot log (accepted uploads that are not sealed
//! yet), blobs (sealed recordings) and the catalog (accounts, projects, the
//! rows of replays and events).
//!
//! All SQL and all file access of the product are in this crate. Blobs and the
//! catalog are traits with a conformance suite (`conformance`, a feature) that every
//! backend passes; nothing above may assume SQLite or a local disk.

pub mod blobs;
pub mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod hot_log;
pub mod secret;

pub use blobs::Blobs;
pub use catalog::Catalog;
pub use hot_log::HotLog;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} not found")]
    NotFound(String),
    #[error("{0} exists already")]
    Conflict(String),
    /// The disk is full or close to it. Reading goes on.
    #[error("no space left: {0}")]
    Full(String),
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("blob store: {0}")]
    Blobs(object_store::Error),
    #[error("{what}: {source}")]
    Io {
        what: String,
        source: std::io::Error,
    },
    #[error("{0}")]
    Internal(String),
}

/// What callers branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    NotFound,
    Conflict,
    Full,
    Internal,
}

impl Error {
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Conflict(_) => Kind::Conflict,
            Self::Full(_) => Kind::Full,
            Self::Database(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) =>
            {
                Kind::Full
            }
            Self::Database(_) | Self::Blobs(_) | Self::Io { .. } | Self::Internal(_) => {
                Kind::Internal
            }
        }
    }

    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full(what),
            _ => Self::Io { what, source },
        }
    }
}

/// Free bytes on the file system that holds `path`.
pub fn free_bytes(path: &std::path::Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(path).map_err(|error| Error::Io {
        what: "cannot read free space".into(),
        source: error.into(),
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
