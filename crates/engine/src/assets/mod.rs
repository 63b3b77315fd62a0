//! The archive of what recorded pages load: style sheets, fonts, images, media.
//!
//! The sealer hands in what recordings refer to (`Collector`,
//! [`Engine::want_assets`]); a worker fetches it by rules that keep it out of the
//! internal network (`guard`) and keeps it by content; playback is pointed to it
//! ([`Engine::for_player`]) and asks for nothing else, and a page that plays without
//! a server holds it (`inline`). A style sheet is kept as it came; the references
//! in it are replaced each time it is served, so that parts which arrive later are
//! used too.

mod content;
mod fetch;
mod guard;
mod inline;
mod worker;

pub use content::style_sheet_text;
pub(crate) use fetch::is_forbidden;
pub use guard::{Guard, Names, SystemNames};
pub use inline::Inlined;

use crate::{Engine, Error, Result};
use fetch::Fetcher;
use ipnet::IpNet;
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use privacy::{AssetKind, Prepared, Reference};
use rrweb::tape::Value;
use std::collections::HashMap;
use store::blobs::Bytes;
use store::catalog::assets::{Asset, AssetState, WantedAsset, WantedLimits};
use url::Url;
pub(crate) use worker::work;

/// Where the app serves the archive.
pub const PATH: &str = "/api/v1/assets";
/// Addresses of one project, archived or not.
const MAX_ADDRESSES: u64 = 200_000;
/// References of one recording that are looked at, and of one style sheet.
const MAX_REFERENCES: usize = 5000;
/// What a site serves under an address is looked at again after this.
const REFRESH_MICROS: i64 = 24 * 3_600_000_000;

#[derive(Debug, Clone)]
pub struct Settings {
    pub enabled: bool,
    /// Networks that are not public and may be fetched from all the same.
    pub allowed_networks: Vec<IpNet>,
    /// May be fetched from on this machine: where a server shows its own demo.
    pub own_port: Option<u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_networks: Vec::new(),
            own_port: None,
        }
    }
}

/// An address or a network such as `10.0.0.0/8`.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let network = text.parse();
    network
        .ok()
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

pub struct Assets {
    enabled: bool,
    fetcher: Fetcher,
    /// Makes keys that nobody can work out from a content.
    secret: [u8; store::secret::BYTES],
    wake: tokio::sync::Notify,
    /// Read by who keeps a fetched file, written by who looks for files without an
    /// owner: a blob comes before the row that owns it.
    pub(crate) keeping: tokio::sync::RwLock<()>,
}

/// What a replay refers to and how much of it is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReplayAssets {
    pub archived: u64,
    /// Addresses, and why they are missing.
    pub missing: Vec<(String, String)>,
}

/// An archived file as it is served.
#[derive(Debug)]
pub struct Served {
    pub content_type: String,
    pub bytes: Bytes,
    /// Will be the same next time.
    pub is_final: bool,
}

/// Gathers what a recording refers to. Feed it the events in time order.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    page_url: Option<String>,
    page: Option<Url>,
    found: HashMap<Reference, Option<String>>,
}

impl Collector {
    /// Notes on which page the recording is; for events whose references are known.
    pub fn pass(&mut self, event: Value<'_>) {
        if let Some(url) = privacy::page_url_of(event) {
            self.page_url = Some(url.to_owned());
            self.page = Url::parse(url).ok();
        }
    }

    pub fn note(&mut self, event: Value<'_>) {
        self.pass(event);
        for reference in privacy::collect_references(event, self.page.as_ref()) {
            if self.found.len() < MAX_REFERENCES {
                let page_url = || self.page_url.clone();
                self.found.entry(reference).or_insert_with(page_url);
            }
        }
    }

    pub fn into_wanted(self) -> Vec<WantedAsset> {
        let found = self.found.into_iter();
        let mut wanted: Vec<_> = found
            .map(|(reference, referrer)| wanted(reference, referrer))
            .collect();
        wanted.sort_by(|a, b| a.url.cmp(&b.url));
        wanted
    }
}

fn wanted(reference: Reference, referrer: Option<String>) -> WantedAsset {
    WantedAsset {
        url: reference.url,
        kind: reference.kind.name().to_owned(),
        referrer,
    }
}

fn kind_of(name: &str) -> Option<AssetKind> {
    AssetKind::ALL.into_iter().find(|kind| kind.name() == name)
}

impl Assets {
    pub(crate) fn new(settings: &Settings, secret: [u8; store::secret::BYTES]) -> Self {
        Self::with_names(settings, secret, SystemNames)
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    fn with_names(
        settings: &Settings,
        secret: [u8; store::secret::BYTES],
        names: impl Names,
    ) -> Self {
        Self {
            enabled: settings.enabled,
            fetcher: Fetcher::new(Guard::new(
                names,
                &settings.allowed_networks,
                settings.own_port,
            )),
            secret,
            wake: tokio::sync::Notify::default(),
            keeping: tokio::sync::RwLock::default(),
        }
    }

    /// For what nobody else should be able to work out.
    pub(crate) fn keyed_hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.secret)
    }

    /// `base_url` is given for style sheets, whose meaning depends on it.
    fn key_of(&self, project: ProjectId, base_url: Option<&str>, bytes: &[u8]) -> String {
        let base_url = base_url.unwrap_or_default();
        let mut hasher = self.keyed_hasher();
        hasher.update(&project.0.to_le_bytes());
        hasher.update(&(base_url.len() as u64).to_le_bytes());
        hasher.update(base_url.as_bytes());
        hasher.update(bytes);
        hex(&hasher.finalize().as_bytes()[..20])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn blob_key(project: ProjectId, key: &str) -> String {
    format!("assets/{project}/{key}")
}

fn path_of(project: ProjectId, key: &str) -> String {
    format!("{PATH}/{project}/{key}")
}

impl Engine {
    /// Queues what a recording refers to. For the sealer, after the replay's row is
    /// in the catalog. Nothing happens while archiving is off.
    pub async fn want_assets(
        &self,
        project: ProjectId,
        replay: Option<ReplayId>,
        wanted: &[WantedAsset],
        now: Timestamp,
    ) -> Result<()> {
        if !self.assets.enabled || wanted.is_empty() {
            return Ok(());
        }
        let limits = WantedLimits {
            max_per_project: MAX_ADDRESSES,
            refresh_before: Timestamp::from_micros(now.micros() - REFRESH_MICROS),
        };
        let refused = self
            .catalog
            .want_assets(project, replay, wanted, limits, now)
            .await?;
        self.metrics.assets_not_queued.inc_by(refused);
        self.assets.wake.notify_one();
        Ok(())
    }

    /// Events ready for the player, separated by commas: with every reference
    /// pointing to the archive or to nothing.
    pub async fn for_player(&self, replay: &Replay, prepared: Prepared) -> Result<String> {
        let urls = prepared.urls().to_vec();
        let archived = self
            .archived(replay.project_id, urls, replay.last_received_at)
            .await?;
        let pointed = tokio::task::spawn_blocking(move || {
            prepared.into_json(&mut |url| archived.get(url).cloned())
        });
        pointed.await.map_err(internal)
    }

    /// The paths of those addresses that are archived, as of a time.
    async fn archived(
        &self,
        project: ProjectId,
        urls: Vec<String>,
        at: Timestamp,
    ) -> Result<HashMap<String, String>> {
        if urls.is_empty() {
            return Ok(HashMap::new());
        }
        let states = self.catalog.asset_states(project, &urls, at).await?;
        let archived = urls
            .into_iter()
            .zip(states)
            .filter_map(|(url, state)| match state {
                AssetState::Archived { key, .. } => Some((url, path_of(project, &key))),
                AssetState::Waiting | AssetState::Failed { .. } | AssetState::Unknown => None,
            });
        Ok(archived.collect())
    }

    /// For the player: what of the page is missing, and why.
    pub async fn replay_assets(&self, replay: ReplayId) -> Result<ReplayAssets> {
        let mut assets = ReplayAssets::default();
        for (url, state) in self
            .catalog
            .assets_of_replay(replay, MAX_REFERENCES)
            .await?
        {
            let reason = match state {
                AssetState::Archived { .. } => {
                    assets.archived += 1;
                    continue;
                }
                AssetState::Failed { reason } => reason,
                AssetState::Waiting => "waiting".to_owned(),
                AssetState::Unknown => "unknown".to_owned(),
            };
            assets.missing.push((url, reason));
        }
        Ok(assets)
    }

    /// A file of the archive, ready to be shown.
    ///
    /// # Errors
    /// `NotFound`, also for a key of another project.
    pub async fn asset(&self, project: ProjectId, key: &str) -> Result<Served> {
        let asset = self.catalog.asset(project, key).await?;
        let asset = asset.ok_or(Error::NotFound("asset"))?;
        let bytes = self.blobs.get(&blob_key(project, &asset.key)).await?;
        if asset.content_type == "text/css" {
            return self.style_sheet(project, asset, &bytes).await;
        }
        Ok(Served {
            content_type: asset.content_type,
            bytes,
            is_final: true,
        })
    }

    async fn style_sheet(&self, project: ProjectId, asset: Asset, bytes: &[u8]) -> Result<Served> {
        let css = style_sheet_text(bytes);
        let base_url = asset.base_url.unwrap_or_default();
        let urls = references_of(css.clone(), base_url.clone()).await?;
        let states = self
            .catalog
            .asset_states(project, &urls, asset.created_at)
            .await?;
        // Also an archived part may get a better version, but no replay waits for it.
        let is_final = !states.contains(&AssetState::Waiting);
        let archived: HashMap<_, _> = urls
            .into_iter()
            .zip(states)
            .filter_map(|(url, state)| match state {
                AssetState::Archived { key, .. } => Some((url, path_of(project, &key))),
                _ => None,
            })
            .collect();
        let rewritten = tokio::task::spawn_blocking(move || {
            let find = |url: &str| archived.get(url).cloned();
            privacy::rewrite_style_sheet(&css, &base_url, &find).into_owned()
        });
        Ok(Served {
            content_type: "text/css; charset=utf-8".to_owned(),
            bytes: rewritten.await.map_err(internal)?.into(),
            is_final,
        })
    }
}

async fn references_of(css: String, base_url: String) -> Result<Vec<String>> {
    let found =
        tokio::task::spawn_blocking(move || privacy::style_sheet_references(&css, &base_url));
    let found = found.await.map_err(internal)?.into_iter();
    Ok(found.map(|it| it.url).take(MAX_REFERENCES).collect())
}

fn internal(error: tokio::task::JoinError) -> Error {
    Error::Internal(error.to_string())
}

/// Random, for a server that has no secret yet.
pub(crate) fn new_secret() -> Result<[u8; store::secret::BYTES]> {
    let mut secret = [0; store::secret::BYTES];
    getrandom::fill(&mut secret)
        .map_err(|error| Error::Internal(format!("no random numbers: {error}")))?;
    Ok(secret)
}
