//! Films of screens, from devices that have no page to record.

use crate::{Engine, Error, Result};
use model::ReplayId;
use store::catalog::errors::Video;

impl Engine {
    /// In time order.
    pub async fn videos(&self, replay: ReplayId) -> Result<Vec<Video>> {
        Ok(self.catalog.videos(replay).await?)
    }

    /// One of them, with its bytes as far as they are asked for.
    ///
    /// # Errors
    /// `NotFound` for a film that the replay does not have.
    pub async fn video(&self, replay: ReplayId, id: &str) -> Result<Video> {
        let videos = self.catalog.videos(replay).await?;
        let found = videos.into_iter().find(|video| video.id == id);
        found.ok_or(Error::NotFound("film"))
    }

    pub async fn video_bytes(
        &self,
        video: &Video,
        range: std::ops::Range<u64>,
    ) -> Result<bytes::Bytes> {
        Ok(self.blobs.get_range(&video.blob_key, range).await?)
    }
}
