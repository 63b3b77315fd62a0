//! Bounds on what requests may cost together.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use model::ingest::Reason;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::Rejection;

/// Decoded bodies are some eight times the size of what is sent.
const DECODED_FACTOR: usize = 8;
/// Permits are counted in these, for a semaphore counts in 32 bits.
const UNIT_BYTES: usize = 4096;
/// A body of unknown length is taken for one of this size.
const UNKNOWN_BYTES: usize = 1 << 20;
/// SDKs give up after 10 s; waiting longer helps nobody.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is read and thrown away after the limit, so that the client gets to see
/// the answer instead of a broken connection.
const DISCARD_BYTES: usize = 256 << 20;

pub struct Admission {
    units: Arc<Semaphore>,
    all: usize,
}

impl Admission {
    pub fn new(bytes: usize) -> Self {
        let all = (bytes / UNIT_BYTES).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            units: Arc::new(Semaphore::new(all)),
            all,
        }
    }

    /// Waits for memory for a request; `None` when the server is too busy.
    pub async fn admit(&self, headers: &HeaderMap) -> Option<OwnedSemaphorePermit> {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let bytes = length
            .unwrap_or(UNKNOWN_BYTES)
            .saturating_mul(DECODED_FACTOR);
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, self.all);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let waiting = self.units.clone().acquire_many_owned(units);
        tokio::time::timeout(PATIENCE, waiting).await.ok()?.ok()
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// `TooLarge`, or `InvalidEncoding` when the connection breaks off.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    let mut chunks = body.into_data_stream();
    let mut first: Option<Bytes> = None;
    let mut all: Vec<u8> = Vec::new();
    let mut size = 0usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            Rejection::new(
                Reason::InvalidEncoding,
                format!("request body broke off: {error}"),
            )
        })?;
        size = size.saturating_add(chunk.len());
        if size > DISCARD_BYTES {
            break;
        }
        if size > limit {
            (first, all) = (None, Vec::new());
        } else if first.is_none() && all.is_empty() {
            // Most uploads are one chunk, which needs no copy.
            first = Some(chunk);
        } else {
            if let Some(first) = first.take() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&chunk);
        }
    }
    if size > limit {
        return Err(Rejection::new(
            Reason::TooLarge,
            format!("request body is larger than {limit} bytes"),
        ));
    }
    Ok(first.unwrap_or_else(|| all.into()))
}
