//! Bounds on what requests may cost together.

use axum::body::{Body, Bytes};
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
/// SDKs give up after 10 s; waiting longer for memory helps nobody.
const PATIENCE: Duration = Duration::from_secs(5);
/// A client that sends nothing for this long has gone.
const CHUNK_PATIENCE: Duration = Duration::from_secs(15);
/// The largest body takes this long on a very slow connection.
const BODY_PATIENCE: Duration = Duration::from_secs(120);
/// What is read and thrown away after the limit, so that the client gets to see
/// the answer instead of a broken connection.
const DISCARD_BYTES: usize = 256 << 20;

/// Memory for uploads. What is being received and what is being decoded have
/// their own halves: a slow sender holds no more than it has sent, and never what
/// decoding the others needs.
pub struct Admission {
    receiving: Memory,
    decoding: Memory,
}

struct Memory {
    units: Arc<Semaphore>,
    all: usize,
}

impl Memory {
    fn new(bytes: usize) -> Self {
        let all = (bytes / UNIT_BYTES).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            units: Arc::new(Semaphore::new(all)),
            all,
        }
    }

    /// # Errors
    /// `Throttled` when nothing became free in time.
    async fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Rejection> {
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, self.all);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let waiting = self.units.clone().acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(memory)) => Ok(memory),
            _ => Err(Rejection::new(Reason::Throttled, "the server is busy")),
        }
    }
}

impl Admission {
    pub fn new(bytes: usize) -> Self {
        Self {
            receiving: Memory::new(bytes / 2),
            decoding: Memory::new(bytes / 2),
        }
    }

    /// Reads a body of at most `limit` bytes and sets memory aside to decode it.
    pub async fn receive(
        &self,
        body: Body,
        limit: usize,
    ) -> Result<(Bytes, OwnedSemaphorePermit), Rejection> {
        let body = read(body, limit, Some(&self.receiving)).await?;
        let memory = self
            .decoding
            .reserve(body.len().saturating_mul(DECODED_FACTOR))
            .await?;
        Ok((body, memory))
    }
}

/// Reads a body of at most `limit` bytes, for limits so small that no memory
/// need be set aside.
///
/// # Errors
/// `TooLarge`, or `InvalidEncoding` when the connection breaks off or stalls.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    read(body, limit, None).await
}

/// Reads and forgets a body whose answer is clear already.
pub async fn discard(body: Body) {
    // The answer is an error in any case.
    let _ = read(body, 0, None).await;
}

async fn read(body: Body, limit: usize, memory: Option<&Memory>) -> Result<Bytes, Rejection> {
    match tokio::time::timeout(BODY_PATIENCE, read_chunks(body, limit, memory)).await {
        Ok(read) => read,
        Err(_) => Err(stalled()),
    }
}

fn stalled() -> Rejection {
    Rejection::new(
        Reason::InvalidEncoding,
        "request body did not arrive in time",
    )
}

async fn read_chunks(
    body: Body,
    limit: usize,
    memory: Option<&Memory>,
) -> Result<Bytes, Rejection> {
    let mut chunks = body.into_data_stream();
    let mut reserved: Option<OwnedSemaphorePermit> = None;
    let mut first: Option<Bytes> = None;
    let mut all: Vec<u8> = Vec::new();
    let mut size = 0usize;
    while let Some(chunk) = tokio::time::timeout(CHUNK_PATIENCE, chunks.next())
        .await
        .map_err(|_| stalled())?
    {
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
            (first, all, reserved) = (None, Vec::new(), None);
            continue;
        }
        if let Some(memory) = memory {
            let more = memory.reserve(chunk.len()).await?;
            match &mut reserved {
                Some(reserved) => reserved.merge(more),
                none => *none = Some(more),
            }
        }
        if first.is_none() && all.is_empty() {
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
