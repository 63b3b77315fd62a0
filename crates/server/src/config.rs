//! Settings: what was written, checked and turned into what it means.

use anyhow::{Context, Result, bail};
use api::TrustedProxies;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::amplitude::{CaptureSettings, MaskLevel, TargetingRule};

const DEFAULTS: &str = include_str!("default.toml");
const ENV_PREFIX: &str = "REENACT__";
/// Settings that `config --print` does not show.
const SECRETS: [&str; 2] = ["server.metrics_token", "mail.password"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub log: Log,
    api: Api,
    ingest: Ingest,
    seal: Seal,
    assets: Assets,
    retention: Retention,
    alerts: Alerts,
    mail: Mail,
    posthog: PostHog,
    login: Login,
    capture: Capture,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    ingest_listen: String,
    pub data: PathBuf,
    public_url: String,
    trusted_proxies: Vec<String>,
    country_header: String,
    metrics_token: String,
    metrics_token_file: String,
    pub demo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Api {
    requests_per_minute: u32,
    anonymous_requests_per_minute: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ingest {
    max_body_bytes: usize,
    max_decoded_bytes: usize,
    max_in_flight_bytes: usize,
    min_free_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    idle_seconds: f64,
    bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Assets {
    enabled: bool,
    allowed_networks: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retention {
    days: u32,
    check_seconds: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alerts {
    look_seconds: f64,
    retry_seconds: Vec<f64>,
    allowed_networks: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    host: String,
    port: u16,
    encryption: String,
    username: String,
    password: String,
    password_file: String,
    from: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostHog {
    package_dir: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capture {
    sample_rate: f64,
    mask_level: String,
    block_selectors: Vec<String>,
    mask_selectors: Vec<String>,
    unmask_selectors: Vec<String>,
    interactions: bool,
    console: bool,
    network: bool,
    targeting: Vec<TargetingRule>,
}

/// Settings given as flags; what is not given stays as it is.
#[derive(Debug, Default, Serialize)]
pub struct Flags {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingest_listen: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<bool>,
}

/// All layers, lowest first.
pub fn layers(file: Option<&Path>, flags: &Flags) -> Result<Figment> {
    let mut layers = Figment::from(Toml::string(DEFAULTS));
    if let Some(file) = file {
        if !file.is_file() {
            bail!(
                "cannot read the configuration: there is no file {}",
                file.display()
            );
        }
        layers = layers.merge(Toml::file_exact(file));
    }
    let flags = Serialized::default("server", flags);
    Ok(layers
        .merge(Env::prefixed(ENV_PREFIX).split("__").lowercase(true))
        .merge(flags))
}

impl Config {
    /// # Errors
    /// Names the setting and the place where it was written.
    pub fn read(layers: &Figment) -> Result<Self> {
        let config: Self = layers.extract().context("configuration")?;
        config.check().context("configuration")?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.capture.sample_rate) {
            bail!("capture.sample_rate must be from 0 to 1");
        }
        if !(0.0..=86_400.0).contains(&self.seal.idle_seconds) {
            bail!("seal.idle_seconds must be from 0 to 86400");
        }
        engine::retention::checked_days(self.retention.days)
            .map_err(|error| anyhow::anyhow!("retention.days: {error}"))?;
        if !(0.1..=86_400.0).contains(&self.retention.check_seconds) {
            bail!("retention.check_seconds must be from 0.1 to 86400");
        }
        self.mask_level()?;
        self.ingest_listen()?;
        self.trusted_proxies()?;
        self.metrics_token()?;
        self.assets()?;
        self.alerts()?;
        Ok(())
    }

    fn mask_level(&self) -> Result<Option<MaskLevel>> {
        Ok(match self.capture.mask_level.as_str() {
            "" => None,
            "light" => Some(MaskLevel::Light),
            "medium" => Some(MaskLevel::Medium),
            "conservative" => Some(MaskLevel::Conservative),
            other => bail!("capture.mask_level {other:?} is not light, medium or conservative"),
        })
    }

    pub fn ingest_listen(&self) -> Result<Option<SocketAddr>> {
        let text = self.server.ingest_listen.as_str();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .with_context(|| format!("server.ingest_listen {text:?} is not an address with a port"))
    }

    fn trusted_proxies(&self) -> Result<TrustedProxies> {
        TrustedProxies::parse(&self.server.trusted_proxies)
            .map_err(|error| anyhow::anyhow!("server.trusted_proxies: {error}"))
    }

    fn metrics_token(&self) -> Result<Option<String>> {
        let file = self.server.metrics_token_file.as_str();
        let token = if file.is_empty() {
            self.server.metrics_token.clone()
        } else {
            std::fs::read_to_string(file)
                .with_context(|| format!("server.metrics_token_file {file}"))?
                .trim()
                .to_owned()
        };
        Ok((!token.is_empty()).then_some(token))
    }

    fn assets(&self) -> Result<engine::assets::Settings> {
        let networks = &self.assets.allowed_networks;
        Ok(engine::assets::Settings {
            enabled: self.assets.enabled,
            allowed_networks: networks_of("assets.allowed_networks", networks)?,
            own_port: None,
        })
    }

    fn alerts(&self) -> Result<engine::alerts::Settings> {
        let seconds =
            |name: &str, number: f64, least: f64| match (least..=604_800.0).contains(&number) {
                true => Ok(Duration::from_secs_f64(number)),
                false => bail!("alerts.{name} must be from {least} to 604800"),
            };
        let retries = self.alerts.retry_seconds.iter();
        let url = self.server.public_url.trim_end_matches('/');
        if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") {
            bail!("server.public_url must begin with http:// or https://");
        }
        let networks = &self.alerts.allowed_networks;
        Ok(engine::alerts::Settings {
            public_url: url.to_owned(),
            allowed_networks: networks_of("alerts.allowed_networks", networks)?,
            look_every: seconds("look_seconds", self.alerts.look_seconds, 0.1)?,
            retry_after: retries
                .map(|wait| seconds("retry_seconds", *wait, 0.0))
                .collect::<Result<_>>()?,
            mail: self.mail()?,
        })
    }

    fn mail(&self) -> Result<Option<engine::alerts::Mail>> {
        use engine::alerts::{Encryption, Secret};
        let mail = &self.mail;
        if mail.host.is_empty() {
            return Ok(None);
        }
        let encryption = match mail.encryption.as_str() {
            "starttls" => Encryption::StartTls,
            "tls" => Encryption::Tls,
            "none" => Encryption::None,
            other => bail!("mail.encryption {other:?} is not starttls, tls or none"),
        };
        let password = match mail.password_file.as_str() {
            "" => mail.password.clone(),
            file => std::fs::read_to_string(file)
                .with_context(|| format!("mail.password_file {file}"))?
                .trim()
                .to_owned(),
        };
        let mail = engine::alerts::Mail {
            host: mail.host.clone(),
            port: mail.port,
            encryption,
            username: mail.username.clone(),
            password: Secret(password),
            from: mail.from.clone(),
        };
        mail.check()
            .map_err(|error| anyhow::anyhow!("mail.{error}"))?;
        Ok(Some(mail))
    }

    /// # Errors
    /// Names the setting that is wrong.
    pub fn engine(&self) -> Result<engine::Settings> {
        Ok(engine::Settings {
            seal_idle: Duration::from_secs_f64(self.seal.idle_seconds),
            seal_bytes: self.seal.bytes,
            login_lifetime: Duration::from_secs(u64::from(self.login.days) * 24 * 3600),
            assets: self.assets()?,
            retention: engine::retention::Settings {
                days: self.retention.days,
                check_every: Duration::from_secs_f64(self.retention.check_seconds),
            },
            alerts: self.alerts()?,
            ..engine::Settings::default()
        })
    }

    pub fn hot_log(&self) -> store::hot_log::Options {
        const FILE_BYTES: u64 = 64 << 20;
        store::hot_log::Options {
            file_bytes: FILE_BYTES,
            min_free_bytes: self.ingest.min_free_bytes,
        }
    }

    pub fn api(&self) -> Result<api::Settings> {
        let defaults = CaptureSettings::default();
        let mut capture = CaptureSettings {
            sample_rate: Some(self.capture.sample_rate),
            mask_level: self.mask_level()?,
            block_selectors: self.capture.block_selectors.clone(),
            mask_selectors: self.capture.mask_selectors.clone(),
            unmask_selectors: self.capture.unmask_selectors.clone(),
            targeting: self.capture.targeting.clone(),
            ..defaults
        };
        capture.interactions.enabled = self.capture.interactions;
        capture.console.enabled = self.capture.console;
        capture.network.enabled = self.capture.network;
        Ok(api::Settings {
            trusted_proxies: self.trusted_proxies()?,
            country_header: self.server.country_header.to_lowercase(),
            demo: self.server.demo,
            metrics_token: self.metrics_token()?,
            max_body_bytes: self.ingest.max_body_bytes,
            max_decoded_bytes: self.ingest.max_decoded_bytes,
            max_in_flight_bytes: self.ingest.max_in_flight_bytes,
            rate_limits: api::Limits {
                requests_per_minute: self.api.requests_per_minute,
                anonymous_requests_per_minute: self.api.anonymous_requests_per_minute,
            },
            capture,
            posthog_package_dir: (!self.posthog.package_dir.is_empty())
                .then(|| PathBuf::from(&self.posthog.package_dir)),
        })
    }
}

fn networks_of<N: FromIterator<ipnet::IpNet>>(name: &str, texts: &[String]) -> Result<N> {
    let networks = texts.iter().map(|text| {
        engine::assets::parse_network(text)
            .with_context(|| format!("{name}: {text:?} is not a network such as 10.0.0.0/8"))
    });
    networks.collect()
}

/// Every setting in force, one line each, with where it was set.
///
/// # Errors
/// Also when a setting is unknown or wrong.
pub fn print(layers: &Figment) -> Result<String> {
    Config::read(layers)?;
    let all: Dict = layers.extract().context("configuration")?;
    let mut lines = String::new();
    for (section, settings) in &all {
        let Value::Dict(_, settings) = settings else {
            continue;
        };
        for (name, value) in settings {
            let key = format!("{section}.{name}");
            let source = layers
                .find_metadata(&key)
                .map_or_else(String::new, |found| match &found.source {
                    Some(figment::Source::File(path)) => path.display().to_string(),
                    _ if found.name.contains("environment") => "environment".to_owned(),
                    _ if found.name.contains("TOML source string") => "default".to_owned(),
                    _ => "flag".to_owned(),
                });
            let text = serde_json::to_string(value)?;
            let shown = if SECRETS.contains(&key.as_str()) && text != "\"\"" {
                "\"***\"".to_owned()
            } else {
                text
            };
            lines.push_str(&format!("{key} = {shown}  # {source}\n"));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(toml: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reenact.toml");
        std::fs::write(&path, toml).unwrap();
        Config::read(&layers(Some(&path), &Flags::default()).unwrap())
    }

    #[test]
    fn the_defaults_are_complete_and_a_file_changes_them() {
        let config = with_file("[server]\nlisten = \"0.0.0.0:80\"\n").unwrap();
        assert_eq!(config.server.listen.port(), 80);
        assert_eq!(config.engine().unwrap().seal_idle, Duration::from_secs(60));
    }

    #[test]
    fn mistakes_are_named() {
        for (toml, expected) in [
            ("[server]\nlisten_on = \"x\"\n", "listen_on"),
            ("[sever]\nlisten = \"x\"\n", "sever"),
            ("[server]\nlisten = \"nowhere\"\n", "listen"),
            ("[capture]\nsample_rate = 2.0\n", "sample_rate"),
            ("[retention]\ndays = 0\n", "retention.days"),
            ("[capture]\nmask_level = \"lots\"\n", "mask_level"),
            (
                "[server]\ntrusted_proxies = [\"proxy\"]\n",
                "trusted_proxies",
            ),
            (
                "[assets]\nallowed_networks = [\"intranet\"]\n",
                "allowed_networks",
            ),
            ("[alerts]\nlook_seconds = 0\n", "look_seconds"),
            ("[server]\npublic_url = \"x.test\"\n", "public_url"),
            (
                "[mail]\nhost = \"m.test\"\nencryption = \"ssl\"\n",
                "encryption",
            ),
            ("[mail]\nhost = \"m.test\"\n", "mail.from"),
        ] {
            let error = format!("{:#}", with_file(toml).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn flags_win_and_printing_hides_secrets() {
        let flags = Flags {
            data: Some("elsewhere".into()),
            ..Flags::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reenact.toml");
        std::fs::write(&path, "[server]\nmetrics_token = \"hush\"\n").unwrap();
        let text = print(&layers(Some(&path), &flags).unwrap()).unwrap();
        assert!(
            text.contains("server.data = \"elsewhere\"  # flag"),
            "{text}"
        );
        assert!(text.contains("log.level = \"info\"  # default"), "{text}");
        assert!(
            text.contains("server.metrics_token = \"***\"") && !text.contains("hush"),
            "{text}"
        );
    }
}
