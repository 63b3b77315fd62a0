//! What the product does, without HTTP: take in uploads, seal them, list and
//! play replays, let people in.
//!
//! The main type is [`Engine`]. A module is one thing a user does. The write
//! path of an upload reads from top to bottom in [`ingest`]; what happens to it
//! afterwards is in `live` (the state of replays that still change) and
//! `seal` (moving them from the hot log into recording objects).

pub mod access;
pub mod alerts;
pub mod assets;
pub mod capture;
pub mod cohorts;
pub mod collaboration;
pub mod collections;
pub mod deletion;
pub mod errors;
pub mod frustration;
pub mod ingest;
pub mod ingest_status;
mod live;
pub mod metrics;
pub mod named_events;
pub mod people;
pub mod person_settings;
pub mod playback;
pub mod projects;
pub mod recordings;
pub mod replays;
pub mod retention;
mod seal;
pub mod search;
pub mod source_maps;
pub mod summary;
pub mod videos;

use metrics::Metrics;
use model::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::{Blobs, Catalog, HotLog};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Invalid(String),
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Who asks is not known, or the password is wrong.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Who asks is known and may not do it.
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("too many attempts, try again in {} s", retry_after.as_secs().max(1))]
    Throttled { retry_after: Duration },
    #[error("{0}")]
    Conflict(String),
    /// A replay that was here once.
    #[error("this replay {0}")]
    Gone(retention::Gone),
    /// Uploads come faster than they can be stored.
    #[error("uploads come faster than they can be stored")]
    Busy,
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("recording: {0}")]
    Recording(#[from] recording::Error),
    /// A filter that cannot be read, or not be asked.
    #[error("{0}")]
    Filter(index::filter::FilterError),
    #[error("the question took too long; ask about a shorter time or with fewer conditions")]
    TooSlow,
    #[error("{0}")]
    Internal(String),
}

/// What the engine needs to know from the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A replay with nothing new for this long is sealed.
    pub seal_idle: Duration,
    /// A replay with this much unsealed JSON is sealed while it runs.
    pub seal_bytes: u64,
    /// A replay is shown as live when data arrived within this time.
    pub live_window: Duration,
    pub login_lifetime: Duration,
    pub assets: assets::Settings,
    pub retention: retention::Settings,
    pub alerts: alerts::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seal_idle: Duration::from_secs(60),
            seal_bytes: 4 << 20,
            live_window: Duration::from_secs(60),
            login_lifetime: Duration::from_secs(14 * 24 * 3600),
            assets: assets::Settings::default(),
            retention: retention::Settings::default(),
            alerts: alerts::Settings::default(),
        }
    }
}

pub struct Engine {
    pub settings: Settings,
    pub metrics: Metrics,
    pub access: access::Access,
    pub ingest_status: ingest_status::IngestStatus,
    pub source_maps: source_maps::SourceMaps,
    assets: assets::Assets,
    alerts: alerts::Alerts,
    cohorts: cohorts::Cohorts,
    /// Held while a named event is checked and written, so that two cannot mean the same.
    naming: tokio::sync::Mutex<()>,
    catalog: Arc<dyn Catalog>,
    blobs: Arc<dyn Blobs>,
    recordings: Arc<recordings::Recordings>,
    hot_log: HotLog,
    live: live::Registry,
    projects: projects::Cache,
    search: search::Search,
    pending: tokio::sync::mpsc::Sender<ingest::Pending>,
    said: people::Said,
    deletions: deletion::Deletions,
    /// Held while rows of replays go from memory to the catalog, so that an
    /// older copy never overwrites a newer one.
    row_writes: tokio::sync::Mutex<()>,
}

/// Uploads on their way into the catalog.
const PENDING_UPLOADS: usize = 1024;

impl Engine {
    /// Opens the stores in `data`, applies what the hot log still holds, and
    /// starts the background work. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When a store cannot be opened or read.
    pub async fn open(
        data: &std::path::Path,
        settings: Settings,
        hot_log: store::hot_log::Options,
    ) -> Result<(Arc<Self>, Background)> {
        let folder = data.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder).map_err(|error| {
                Error::Internal(format!("cannot create {}: {error}", folder.display()))
            })?;
            let catalog =
                store::catalog::sqlite::SqliteCatalog::open(&folder.join("catalog.sqlite"))?;
            let blobs = store::blobs::ObjectBlobs::folder(&folder.join("blobs"))?;
            // Frames are only read through here: applying them needs the catalog.
            let mut places = Vec::new();
            let hot_log = HotLog::open(&folder.join("hot"), hot_log, |at, _| places.push(at))?;
            let secret = folder.join("assets.secret");
            let secret = store::secret::read_or_create(&secret, assets::new_secret()?)?;
            Ok::<_, Error>((catalog, blobs, hot_log, places, secret))
        });
        let (catalog, blobs, hot_log, places, secret) = opened
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        let catalog: Arc<dyn Catalog> = Arc::new(catalog);
        let blobs: Arc<dyn Blobs> = Arc::new(blobs);
        let (queue, pending) = tokio::sync::mpsc::channel(PENDING_UPLOADS);
        let engine = Arc::new(Self {
            access: access::Access::new(
                catalog.clone(),
                settings.login_lifetime,
                settings.retention.days,
            ),
            assets: assets::Assets::new(&settings.assets, secret),
            alerts: alerts::Alerts::new(&settings.alerts),
            cohorts: cohorts::Cohorts::default(),
            naming: tokio::sync::Mutex::default(),
            settings,
            metrics: Metrics::default(),
            ingest_status: ingest_status::IngestStatus::default(),
            source_maps: source_maps::SourceMaps::new(blobs.clone()),
            catalog,
            recordings: Arc::new(recordings::Recordings::new(blobs.clone())),
            blobs,
            hot_log,
            live: live::Registry::default(),
            projects: projects::Cache::default(),
            search: search::Search::open(&data.join("index")),
            pending: queue,
            said: people::Said::default(),
            deletions: deletion::Deletions::default(),
            row_writes: tokio::sync::Mutex::default(),
        });
        let mut background = Background::start(&engine, pending);
        engine.recover(places).await?;
        background.start_deletions(&engine);
        Ok((engine, background))
    }

    /// Figures of the hot log and of the replays in memory, for metrics.
    pub fn refresh_metrics(&self) {
        let hot = self.hot_log.stats();
        self.metrics
            .hot_log_size_bytes
            .set(i64::try_from(hot.size_bytes).unwrap_or(i64::MAX));
        self.metrics
            .hot_log_files
            .set(i64::try_from(hot.files).unwrap_or(i64::MAX));
        self.metrics
            .hot_log_flushes
            .set(i64::try_from(hot.flushes).unwrap_or(i64::MAX));
        self.metrics
            .replays_in_memory
            .set(i64::try_from(self.live.len()).unwrap_or(i64::MAX));
    }

    /// True when the catalog answers and the disk takes uploads.
    pub async fn is_ready(&self) -> Result<()> {
        self.catalog.is_set_up().await?;
        if self.hot_log.stats().refusing {
            return Err(Error::Store(store::Error::Full(
                "uploads are refused until there is more free space".to_owned(),
            )));
        }
        Ok(())
    }
}

/// The tasks that work behind the answers.
pub struct Background {
    stop: tokio::sync::watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    stopped: tokio::sync::watch::Receiver<bool>,
}

/// How often changed rows go to the catalog: a replay is in the list well within
/// 5 s of its first upload, and a busy one costs two writes a second at most.
const ROWS_EVERY: Duration = Duration::from_millis(500);
const SEAL_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked whether a better dictionary can be made.
const DICTIONARIES_EVERY: Duration = Duration::from_secs(5);
const SESSIONS_EVERY: Duration = Duration::from_secs(3600);
const ERRORS_EVERY: Duration = Duration::from_secs(3600);
const ALERTS_EVERY: Duration = Duration::from_secs(3600);

impl Background {
    fn start(engine: &Arc<Engine>, pending: tokio::sync::mpsc::Receiver<ingest::Pending>) -> Self {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let repeat = |every: Duration, work: fn(Arc<Engine>) -> Work| {
            let (engine, mut stopped) = (engine.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut ticks = tokio::time::interval(every);
                ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                loop {
                    tokio::select! {
                        _ = ticks.tick() => work(engine.clone()).await,
                        _ = stopped.changed() => return,
                    }
                }
            })
        };
        let mut tasks = vec![
            repeat(ROWS_EVERY, |engine| {
                Box::pin(async move { engine.write_rows().await })
            }),
            repeat(SEAL_EVERY, |engine| {
                Box::pin(async move { engine.seal_due().await })
            }),
            repeat(DICTIONARIES_EVERY, |engine| {
                Box::pin(async move { engine.build_dictionaries().await })
            }),
            repeat(SESSIONS_EVERY, |engine| {
                Box::pin(async move { engine.access.forget_expired(Timestamp::now()).await })
            }),
            repeat(ERRORS_EVERY, |engine| {
                Box::pin(async move { engine.forget_old_errors(Timestamp::now()).await })
            }),
            repeat(ALERTS_EVERY, |engine| {
                Box::pin(async move { engine.forget_old_alert_matches(Timestamp::now()).await })
            }),
        ];
        let rows = search::follow_rows_and_events(engine.clone(), stopped.clone());
        tasks.push(tokio::spawn(rows));
        let facts = search::follow_facts(engine.clone(), stopped.clone());
        tasks.push(tokio::spawn(facts));
        let files = search::write_to_files(engine.clone(), stopped.clone());
        tasks.push(tokio::spawn(files));
        tasks.push(tokio::spawn(assets::work(engine.clone(), stopped.clone())));
        let watch = alerts::watch(engine.clone(), stopped.clone());
        tasks.push(tokio::spawn(watch));
        let deliver = alerts::deliver(engine.clone(), stopped.clone());
        tasks.push(tokio::spawn(deliver));
        tasks.push(tokio::spawn(ingest::write_pending(
            engine.clone(),
            pending,
            stopped.clone(),
        )));
        Self {
            stop,
            tasks,
            stopped,
        }
    }

    /// After everything that the hot log held is applied, so that nothing escapes.
    fn start_deletions(&mut self, engine: &Arc<Engine>) {
        let work = deletion::work(engine.clone(), self.stopped.clone());
        self.tasks.push(tokio::spawn(work));
        let notices = deletion::send_notices(engine.clone(), self.stopped.clone());
        self.tasks.push(tokio::spawn(notices));
        let sweep = retention::sweep(engine.clone(), self.stopped.clone());
        self.tasks.push(tokio::spawn(sweep));
    }

    /// Ends the background work after what is in hand, and writes what is only
    /// in memory. Uploads must have stopped before. What is not sealed stays in
    /// the hot log and is applied at the next start.
    pub async fn stop(self, engine: &Arc<Engine>) {
        // Ignored: no receiver left means that the tasks have ended already.
        let _ = self.stop.send(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task failed");
            }
        }
        engine.write_rows().await;
        if let Err(error) = engine.flush_index().await {
            tracing::error!(%error, "cannot write the index; it is made again at the next start");
        }
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
