//! `reenact serve`: opens the stores, listens, and stops in order.

use super::say;
use crate::config::{Config, Log, LogFormat};
use anyhow::{Context, Result};
use axum::Router;
use engine::Engine;
use engine::access::Setup;
use model::Timestamp;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Connections that are still busy this long after the signal are cut.
const PATIENCE: Duration = Duration::from_secs(15);

pub fn run(config: &Config) -> Result<()> {
    start_log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(config))
}

fn start_log(log: &Log) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&log.level)
        .with_context(|| format!("log.level {:?}", log.level))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

async fn serve(config: &Config) -> Result<()> {
    let mut signals = Signals::new()?;
    let data = &config.server.data;
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot create the data folder {}", data.display()))?;
    let _lock = lock(data)?;
    let (listener, address) = bind(config.server.listen).await?;
    let mut settings = config.engine()?;
    if settings.alerts.public_url.is_empty() {
        settings.alerts.public_url = format!("http://{address}");
    }
    let is_here = address.ip().is_loopback() || address.ip().is_unspecified();
    if config.server.demo && is_here {
        // So that replays of the demo shop have its style sheet and pictures.
        settings.assets.own_port = Some(address.port());
    }
    let (engine, background) = Engine::open(data, settings, config.hot_log())
        .await
        .with_context(|| format!("cannot open the data folder {}", data.display()))?;
    bootstrap(&engine).await?;
    let state = api::State::new(engine.clone(), config.api()?);

    let (stop, stopped) = watch::channel(false);
    let mut servers = Vec::new();
    say(&format!("listening on http://{address}\n"))?;
    if let Some(ingest) = config.ingest_listen()? {
        let (ingest_listener, ingest_address) = bind(ingest).await?;
        say(&format!("ingest on http://{ingest_address}\n"))?;
        servers.push(spawn(
            listener,
            api::app_router(state.clone()),
            stopped.clone(),
        ));
        servers.push(spawn(ingest_listener, api::ingest_router(state), stopped));
    } else {
        servers.push(spawn(listener, api::router(state), stopped));
    }
    if !engine.access.is_set_up().await? {
        let token = engine.access.new_setup_token()?;
        say(&format!("set up at http://{address}/setup#token={token}\n"))?;
    }
    if config.server.demo {
        say(&format!("demo shop at http://{address}/demo/\n"))?;
    }

    signals.wait().await;
    tracing::info!("stopping");
    // Ignored: a server that has ended already needs no signal.
    let _ = stop.send(true);
    for mut server in servers {
        if tokio::time::timeout(PATIENCE, &mut server).await.is_err() {
            tracing::warn!("cut connections that did not end");
            server.abort();
        }
    }
    background.stop(&engine).await;
    tracing::info!("stopped");
    Ok(())
}

/// Two servers in one folder would write over each other.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.try_lock()
        .map_err(|_| anyhow::anyhow!("another server uses the data folder {}", data.display()))?;
    Ok(file)
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let bound = listener.local_addr().context("cannot read the address")?;
    Ok((listener, bound))
}

fn spawn(
    listener: TcpListener,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        let stop = async move {
            // An error means that the sender is gone, which is a stop as well.
            let _ = stopped.changed().await;
        };
        // An answer leaves in parts; without this, each waits 40 ms for the
        // receipt of the one before.
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
        });
        if let Err(error) = axum::serve(listener, service)
            .with_graceful_shutdown(stop)
            .await
        {
            tracing::error!(%error, "the listener failed");
        }
    })
}

/// Installed before anything is opened, so that a signal during the start ends
/// the program in order too.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let context = "cannot listen to signals";
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context(context)?,
            interrupt: signal(SignalKind::interrupt()).context(context)?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Sets an empty server up from the environment, for installations without a browser.
async fn bootstrap(engine: &Arc<Engine>) -> Result<()> {
    let read = |name: &str| {
        std::env::var(format!("REENACT_BOOTSTRAP_{name}"))
            .ok()
            .filter(|value| !value.is_empty())
    };
    let Some(email) = read("EMAIL") else {
        return Ok(());
    };
    if engine.access.is_set_up().await? {
        tracing::info!("the data folder is set up already; REENACT_BOOTSTRAP_* is not used");
        return Ok(());
    }
    let setup = Setup {
        organisation: read("ORGANISATION").unwrap_or_else(|| "My organisation".to_owned()),
        project: read("PROJECT").unwrap_or_else(|| "My project".to_owned()),
        time_zone: read("TIME_ZONE").unwrap_or_else(|| "UTC".to_owned()),
        email,
        name: String::new(),
        password: read("PASSWORD").context("REENACT_BOOTSTRAP_PASSWORD is not set")?,
        ingest_key: read("INGEST_KEY"),
        api_token: read("API_TOKEN"),
    };
    engine
        .access
        .install(setup, Timestamp::now())
        .await
        .context("REENACT_BOOTSTRAP_*")
}
