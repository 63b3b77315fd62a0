//! Fetches what is queued: a few at a time, gently with each site, again later what
//! failed for a passing reason.

use super::fetch::{Failure, Fetched};
use super::{MAX_REFERENCES, blob_key, kind_of, style_sheet_text, wanted};
use crate::metrics::ReasonLabel;
use crate::{Engine, Result};
use model::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use store::catalog::assets::{Asset, AssetJob, AssetOutcome};
use tokio::task::JoinSet;

const AT_ONCE: usize = 4;
const PER_HOST_AT_ONCE: usize = 2;
/// Between two requests to a site on one of its places.
const HOST_PAUSE: Duration = Duration::from_millis(50);
/// Jobs that are looked at to find some of hosts that are not busy.
const LOOKED_AT: usize = 200;
/// How often retries are looked for; new jobs wake the worker.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const RETRY_AFTER_SECONDS: [i64; 4] = [60, 600, 3600, 6 * 3600];
/// Of all archived files of a project.
const MAX_PROJECT_BYTES: u64 = 5 << 30;

/// Runs until the server stops. A fetch that is cut off then is done again later.
pub(crate) async fn work(engine: Arc<Engine>, mut stopped: tokio::sync::watch::Receiver<bool>) {
    if !engine.assets.enabled {
        return;
    }
    let mut running = JoinSet::new();
    let mut places = Places::default();
    loop {
        let jobs = match running.len() < AT_ONCE {
            true => engine.catalog.due_assets(Timestamp::now(), LOOKED_AT).await,
            false => Ok(Vec::new()),
        };
        let jobs = jobs.unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read which assets to fetch");
            Vec::new()
        });
        for job in jobs {
            if running.len() < AT_ONCE && places.take(&job) {
                let engine = engine.clone();
                running.spawn(async move {
                    engine.archive(&job).await;
                    tokio::time::sleep(HOST_PAUSE).await;
                    job
                });
            }
        }
        tokio::select! {
            Some(done) = running.join_next(), if !running.is_empty() => match done {
                Ok(job) => places.give_back(&job),
                Err(error) => {
                    tracing::error!(%error, "a fetch failed badly");
                    // Whose it was is not known any more; the others end first.
                    while running.join_next().await.is_some() {}
                    places = Places::default();
                }
            },
            () = engine.assets.wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Who is being asked right now.
#[derive(Default)]
struct Places {
    jobs: HashSet<i64>,
    hosts: HashMap<String, usize>,
}

impl Places {
    fn take(&mut self, job: &AssetJob) -> bool {
        let busy = self.hosts.entry(host_of(job)).or_default();
        if *busy >= PER_HOST_AT_ONCE || !self.jobs.insert(job.id) {
            return false;
        }
        *busy += 1;
        true
    }

    fn give_back(&mut self, job: &AssetJob) {
        self.jobs.remove(&job.id);
        let host = host_of(job);
        if let Some(busy) = self.hosts.get_mut(&host) {
            *busy -= 1;
        }
        self.hosts.retain(|_, busy| *busy > 0);
    }
}

fn host_of(job: &AssetJob) -> String {
    let host = url::Url::parse(&job.wanted.url).ok();
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_default()
}

impl Engine {
    async fn archive(self: &Arc<Self>, job: &AssetJob) {
        let fetched = match kind_of(&job.wanted.kind) {
            Some(kind) => {
                let (engine, wanted) = (self.clone(), job.wanted.clone());
                let fetch = tokio::task::spawn_blocking(move || {
                    let fetcher = &engine.assets.fetcher;
                    fetcher.fetch(&wanted.url, kind, wanted.referrer.as_deref())
                });
                fetch.await.unwrap_or(Err(Failure {
                    reason: "internal",
                    may_pass: false,
                }))
            }
            None => Err(Failure {
                reason: "unknown_kind",
                may_pass: false,
            }),
        };
        let now = Timestamp::now();
        // Nothing of a replay that is deleted just now may come back this way.
        let _keeping = self.assets.keeping.read().await;
        match self.catalog.has_asset_job(job.id).await {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => return tracing::error!(%error, "cannot read an asset's job"),
        }
        let outcome = match fetched {
            Ok(fetched) => self.keep(job, fetched, now).await,
            Err(failure) => Ok(self.failed(job, failure, now)),
        };
        let finished = match outcome {
            Ok(outcome) => self.catalog.finish_asset(job, &outcome, now).await,
            Err(error) => {
                tracing::error!(%error, "cannot keep an asset");
                let failure = Failure {
                    reason: "not_stored",
                    may_pass: true,
                };
                let outcome = self.failed(job, failure, now);
                self.catalog.finish_asset(job, &outcome, now).await
            }
        };
        if let Err(error) = finished {
            tracing::error!(%error, "cannot write down an asset");
        }
    }

    fn failed(&self, job: &AssetJob, failure: Failure, now: Timestamp) -> AssetOutcome {
        let label = ReasonLabel {
            reason: failure.reason,
        };
        self.metrics.assets_failed.get_or_create(&label).inc();
        let wait = RETRY_AFTER_SECONDS.get(job.attempts as usize);
        let wait = wait.filter(|_| failure.may_pass);
        AssetOutcome::Failed {
            reason: failure.reason.to_owned(),
            retry_at: wait
                .map(|seconds| Timestamp::from_micros(now.micros() + seconds * 1_000_000)),
        }
    }

    async fn keep(&self, job: &AssetJob, fetched: Fetched, now: Timestamp) -> Result<AssetOutcome> {
        let size_bytes = fetched.bytes.len() as u64;
        let used_bytes = self.catalog.assets_size_bytes(job.project).await?;
        if used_bytes + size_bytes > MAX_PROJECT_BYTES {
            let failure = Failure {
                reason: "archive_full",
                may_pass: false,
            };
            return Ok(self.failed(job, failure, now));
        }
        let is_sheet = fetched.content_type == "text/css";
        let base_url = is_sheet.then(|| fetched.url.to_string());
        let asset = Asset {
            key: self
                .assets
                .key_of(job.project, base_url.as_deref(), &fetched.bytes),
            content_type: fetched.content_type.to_owned(),
            size_bytes,
            base_url,
            created_at: now,
        };
        // What a sheet refers to is queued before the sheet counts as done, so that it
        // is never served as complete without.
        if let Some(base_url) = &asset.base_url {
            let mut references =
                privacy::style_sheet_references(&style_sheet_text(&fetched.bytes), base_url);
            references.truncate(MAX_REFERENCES);
            // The address that the page named, so that the parts are found by it.
            let referrer = || Some(job.wanted.url.clone());
            let parts: Vec<_> = references
                .into_iter()
                .map(|reference| wanted(reference, referrer()))
                .collect();
            self.want_assets(job.project, None, &parts, now).await?;
        }
        self.blobs
            .put(&blob_key(job.project, &asset.key), fetched.bytes.into())
            .await?;
        self.metrics.assets_archived.inc();
        Ok(AssetOutcome::Archived(asset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ProjectId;
    use store::catalog::assets::WantedAsset;

    fn job(id: i64, url: &str) -> AssetJob {
        AssetJob {
            id,
            project: ProjectId(1),
            wanted: WantedAsset {
                url: url.to_owned(),
                kind: "image".to_owned(),
                referrer: None,
            },
            attempts: 0,
        }
    }

    #[test]
    fn a_site_is_asked_for_two_files_at_a_time() {
        let mut places = Places::default();
        let one = job(1, "https://a.test/1");
        assert!(places.take(&one));
        assert!(!places.take(&one), "a job that is running is still due");
        assert!(places.take(&job(2, "https://a.test/2")));
        assert!(!places.take(&job(3, "https://a.test/3")));
        assert!(
            places.take(&job(4, "https://b.test/1")),
            "other sites go on"
        );
        places.give_back(&one);
        assert!(places.take(&job(3, "https://a.test/3")));
        for (id, url) in [
            (2, "https://a.test/2"),
            (3, "https://a.test/3"),
            (4, "https://b.test/1"),
        ] {
            places.give_back(&job(id, url));
        }
        assert!(places.jobs.is_empty() && places.hosts.is_empty());
    }
}
