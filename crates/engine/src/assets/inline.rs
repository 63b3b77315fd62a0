//! What is archived as a part of the page itself, for a replay that plays without a
//! server.

use super::{blob_key, internal, references_of, style_sheet_text};
use crate::{Engine, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::replay::Replay;
use model::{ProjectId, Timestamp};
use privacy::Prepared;
use std::cell::Cell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use store::catalog::assets::AssetState;

/// Of one replay, as `data:` addresses, every use of an asset counted.
const MAX_BYTES: usize = 20_000_000;
/// Style sheets that import others.
const MAX_IMPORT_DEPTH: u32 = 3;

/// What has been put into one replay.
#[derive(Debug)]
pub struct Inlined {
    /// `data:` addresses of what was asked for; `None` of what is not there.
    found: HashMap<String, Option<String>>,
    left_bytes: usize,
}

impl Default for Inlined {
    fn default() -> Self {
        Self {
            found: HashMap::new(),
            left_bytes: MAX_BYTES,
        }
    }
}

impl Inlined {
    /// One use of an address.
    fn spend(&mut self, url: &str) -> Option<&str> {
        let data = self.found.get(url)?.as_deref()?;
        self.left_bytes = self.left_bytes.checked_sub(data.len())?;
        Some(data)
    }
}

impl Engine {
    /// As [`Engine::for_player`], but with what is archived in the events. What is
    /// too much for one file is left out.
    pub async fn with_assets_inside(
        &self,
        replay: &Replay,
        inlined: &mut Inlined,
        prepared: Prepared,
    ) -> Result<String> {
        let urls = prepared.urls().to_vec();
        let (project, at) = (replay.project_id, replay.last_received_at);
        self.load(project, inlined, urls, at, 0).await?;
        let mut inside = std::mem::take(inlined);
        let filled = tokio::task::spawn_blocking(move || {
            let json = prepared.into_json(&mut |url| inside.spend(url).map(str::to_owned));
            (json, inside)
        });
        let (json, inside) = filled.await.map_err(internal)?;
        *inlined = inside;
        Ok(json)
    }

    /// Gets what is not known yet. Boxed, for style sheets refer to others.
    fn load<'a>(
        &'a self,
        project: ProjectId,
        inlined: &'a mut Inlined,
        mut urls: Vec<String>,
        at: Timestamp,
        depth: u32,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            urls.retain(|url| !inlined.found.contains_key(url));
            if urls.is_empty() {
                return Ok(());
            }
            let states = self.catalog.asset_states(project, &urls, at).await?;
            for (url, state) in urls.into_iter().zip(states) {
                // Before it is looked into: style sheets may import each other.
                inlined.found.insert(url.clone(), None);
                if let AssetState::Archived { key, .. } = state {
                    let data = self.data_url(project, inlined, &key, depth).await?;
                    inlined.found.insert(url, data);
                }
            }
            Ok(())
        })
    }

    async fn data_url(
        &self,
        project: ProjectId,
        inlined: &mut Inlined,
        key: &str,
        depth: u32,
    ) -> Result<Option<String>> {
        let Some(asset) = self.catalog.asset(project, key).await? else {
            return Ok(None);
        };
        let max_bytes = inlined.left_bytes;
        if asset.size_bytes > max_bytes as u64 {
            return Ok(None);
        }
        let mut bytes = match self.blobs.get(&blob_key(project, &asset.key)).await {
            Ok(bytes) => bytes,
            // The replay is worth having without it.
            Err(error) => {
                tracing::error!(%error, key, "left an asset out of an export");
                return Ok(None);
            }
        };
        if asset.content_type == "text/css" {
            let css = style_sheet_text(&bytes);
            let base_url = asset.base_url.unwrap_or_default();
            if depth < MAX_IMPORT_DEPTH {
                let urls = references_of(css.clone(), base_url.clone()).await?;
                self.load(project, inlined, urls, asset.created_at, depth + 1)
                    .await?;
            }
            let inside = std::mem::take(&mut inlined.found);
            let rewritten = tokio::task::spawn_blocking(move || {
                // Not spent here, but where the style sheet is used.
                let left_bytes = Cell::new(max_bytes);
                let find = |url: &str| {
                    let data = inside.get(url)?.clone()?;
                    left_bytes.set(left_bytes.get().checked_sub(data.len())?);
                    Some(data)
                };
                let css = privacy::rewrite_style_sheet(&css, &base_url, &find).into_owned();
                (css, inside)
            });
            let (css, inside) = rewritten.await.map_err(internal)?;
            inlined.found = inside;
            bytes = css.into();
        }
        let data = format!(
            "data:{};base64,{}",
            asset.content_type,
            STANDARD.encode(&bytes)
        );
        Ok((data.len() <= inlined.left_bytes).then_some(data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_counts() {
        let mut inlined = Inlined {
            found: HashMap::from([
                ("a".to_owned(), Some("data:,1234".to_owned())),
                ("b".to_owned(), None),
            ]),
            left_bytes: 25,
        };
        let uses = ["a", "b", "a", "a", "c"].map(|url| inlined.spend(url).is_some());
        assert_eq!(uses, [true, false, true, false, false]);
        assert_eq!(inlined.left_bytes, 5);
    }
}
