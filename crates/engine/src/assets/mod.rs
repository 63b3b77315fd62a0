//! The archive of what recorded pages load: style sheets, fonts, images, media.
//!
//! The sealer hands in what recordings refer to ([`wanted_by`],
//! [`Engine::want_assets`]); a worker fetches it by rules that keep it out of the
//! internal network ([`guard`]) and keeps it by content; playback is pointed to it
//! ([`Engine::for_player`]) and asks for nothing else. A style sheet is kept as
//! it came; the references in it are replaced each time it is served, so that parts
//! which arrive later are used too.

mod content;
mod fetch;
mod guard;
mod worker;

pub use content::style_sheet_text;
pub use guard::{Guard, Names, SystemNames};

use crate::{Engine, Error, Result};
use fetch::Fetcher;
use ipnet::IpNet;
use model::ingest::RawEvent;
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use privacy::{AssetKind, Reference};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::blobs::Bytes;
use store::catalog::assets::{Asset, AssetState, WantedAsset, WantedLimits};
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_networks: Vec::new(),
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
pub struct Collector {
    page_url: Option<String>,
    found: HashMap<Reference, Option<String>>,
}

impl Collector {
    pub fn note(&mut self, event: &RawEvent) {
        if let Some(url) = privacy::page_url_of(event.kind, &event.json) {
            self.page_url = Some(url);
        }
        let page_url = self.page_url.as_deref();
        for reference in privacy::collect_references(event.kind, &event.json, page_url) {
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

/// All that these events of one recording refer to, in whatever order they came.
/// Reads every event that may refer to something, so not on an async thread.
pub fn wanted_by(events: &[RawEvent]) -> Vec<WantedAsset> {
    let mut in_time: Vec<_> = events.iter().collect();
    in_time.sort_by_key(|event| event.timestamp);
    let mut collector = Collector::default();
    for event in in_time {
        collector.note(event);
    }
    collector.into_wanted()
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

    fn with_names(
        settings: &Settings,
        secret: [u8; store::secret::BYTES],
        names: impl Names,
    ) -> Self {
        Self {
            enabled: settings.enabled,
            fetcher: Fetcher::new(Guard::new(names, &settings.allowed_networks)),
            secret,
            wake: tokio::sync::Notify::default(),
        }
    }

    /// `base_url` is given for style sheets, whose meaning depends on it.
    fn key_of(&self, project: ProjectId, base_url: Option<&str>, bytes: &[u8]) -> String {
        let base_url = base_url.unwrap_or_default();
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
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

    /// Makes recorded events ready for the player, as JSON texts in order: safe to
    /// show, followed by what players have to be told, and with every reference
    /// pointing to the archive or to nothing. `page_url` is the page before the first
    /// event, and that of the last afterwards.
    pub async fn for_player(
        &self,
        replay: &Replay,
        page_url: &mut Option<String>,
        events: Vec<RawEvent>,
    ) -> Result<Vec<String>> {
        let first_page = page_url.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(first_page, events)).await;
        let Ready {
            texts,
            urls,
            last_page,
        } = prepared.map_err(internal)?;
        *page_url = last_page;
        if texts.iter().all(|text| text.loads_on.is_none()) {
            return Ok(texts.into_iter().map(|text| text.json).collect());
        }
        let archived = self
            .archived(replay.project_id, urls, replay.last_received_at)
            .await?;
        let rewritten = tokio::task::spawn_blocking(move || {
            let find = |url: &str| archived.get(url).cloned();
            let texts = texts.into_iter();
            texts.map(|text| text.pointed_to(&find)).collect()
        });
        rewritten.await.map_err(internal)
    }

    /// The paths of those addresses that are archived, as of a time.
    pub async fn archived(
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
        let (sheet, base) = (css.clone(), base_url.clone());
        let references =
            tokio::task::spawn_blocking(move || privacy::style_sheet_references(&sheet, &base));
        let mut urls: Vec<_> = references
            .await
            .map_err(internal)?
            .into_iter()
            .map(|it| it.url)
            .collect();
        urls.truncate(MAX_REFERENCES);
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

/// Events that only lack where their references point to.
struct Ready {
    texts: Vec<Text>,
    urls: Vec<String>,
    last_page: Option<String>,
}

struct Text {
    kind: u8,
    json: String,
    /// When there are references: the page that they may be relative to, if known.
    loads_on: Option<Option<Arc<str>>>,
}

impl Text {
    fn pointed_to(self, archived: &dyn Fn(&str) -> Option<String>) -> String {
        let Some(page_url) = &self.loads_on else {
            return self.json;
        };
        match privacy::rewrite_event(self.kind, &self.json, page_url.as_deref(), archived) {
            Cow::Owned(new) => new,
            Cow::Borrowed(_) => self.json,
        }
    }
}

fn prepare(page_url: Option<String>, events: Vec<RawEvent>) -> Ready {
    const FOLLOW_UP: u8 = 3;
    let mut page: Option<Arc<str>> = page_url.map(Into::into);
    let mut urls = HashSet::new();
    let mut texts = Vec::with_capacity(events.len());
    for event in events {
        let next_page = privacy::page_url_of(event.kind, &event.json);
        page = next_page.map(Into::into).or(page);
        let prepared = privacy::prepare_event(event.kind, &event.json, page.as_deref());
        let loads_on = prepared.loads.then(|| page.clone());
        urls.extend(prepared.references.into_iter().map(|it| it.url));
        let follow_ups = prepared.follow_ups;
        let changed = match prepared.json {
            Cow::Owned(new) => Some(new),
            Cow::Borrowed(_) => None,
        };
        texts.push(Text {
            kind: event.kind,
            json: changed.unwrap_or(event.json),
            loads_on: loads_on.clone(),
        });
        texts.extend(follow_ups.into_iter().map(|json| Text {
            kind: FOLLOW_UP,
            json,
            loads_on: loads_on.clone(),
        }));
    }
    Ready {
        texts,
        urls: urls.into_iter().collect(),
        last_page: page.map(|page| page.to_string()),
    }
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
