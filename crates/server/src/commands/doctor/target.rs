//! What an SDK is pointed at, and how each family asks.

use super::Finding;
use anyhow::{Result, bail};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Family {
    Sentry,
    Posthog,
    Amplitude,
    /// Our own SDK, and plain rrweb.
    Reenact,
}

impl Family {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sentry => "Sentry",
            Self::Posthog => "PostHog",
            Self::Amplitude => "Amplitude",
            Self::Reenact => "Reenact",
        }
    }

    /// As the ingest status calls it.
    pub fn source(self) -> &'static str {
        match self {
            Self::Sentry => "sentry",
            Self::Posthog => "posthog",
            Self::Amplitude => "amplitude",
            Self::Reenact => "rrweb",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub family: Family,
    /// Without slash at its end.
    pub base: String,
    pub key: String,
    /// The number at the end of a DSN.
    project: Option<String>,
}

pub type Question = (
    &'static str,
    String,
    Vec<(&'static str, String)>,
    Option<Vec<u8>>,
);

impl Target {
    /// # Errors
    /// When the text is neither a DSN nor an address with a key.
    pub fn read(dsn: &str, key: Option<&str>, family: Option<Family>) -> Result<Self> {
        let Some((scheme, rest)) = dsn.trim().split_once("://") else {
            bail!("{dsn:?} is no address: it begins with https:// or http://");
        };
        if !matches!(scheme, "http" | "https") {
            bail!("{dsn:?} begins with {scheme}://, SDKs speak https:// and http:// only");
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let rest = rest.trim_end_matches('/');
        let Some((user, address)) = rest.rsplit_once('@') else {
            let Some(key) = key else {
                bail!(
                    "{dsn:?} holds no key: give it with --key, or give a DSN of the form https://key@host/number"
                );
            };
            let Some(family) = family else {
                bail!("say whose SDK it is with --sdk posthog, amplitude or reenact");
            };
            if family == Family::Sentry {
                bail!("Sentry's SDKs take a DSN of the form https://key@host/number");
            }
            return Ok(Self {
                family,
                base: format!("{scheme}://{rest}"),
                key: key.to_owned(),
                project: None,
            });
        };
        // A secret after the key is of old SDKs, and nothing needs it.
        let key = user.split(':').next().unwrap_or_default();
        let Some((address, project)) = address.rsplit_once('/') else {
            bail!("the DSN ends without a project: https://key@host/number");
        };
        Ok(Self {
            family: family.unwrap_or(Family::Sentry),
            base: format!("{scheme}://{address}"),
            key: key.to_owned(),
            project: Some(project.to_owned()),
        })
    }

    /// What can be seen without asking anybody.
    pub fn form(&self) -> Option<Finding> {
        if self.family != Family::Sentry {
            return None;
        }
        let written = wire::sentry::dsn_key(&self.key);
        if written != self.key || self.key.is_empty() {
            return Some(Finding::Bad(
                format!(
                    "SDKs refuse the key {:?} in a DSN: letters, digits and _ only",
                    self.key
                ),
                format!("Write this key as {written} in a DSN: it is the same project."),
            ));
        }
        let project = self.project.as_deref().unwrap_or_default();
        let is_number = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || project.len() > 19 {
            return Some(Finding::Bad(
                format!("the DSN ends in {project:?}, and SDKs want a number there"),
                "Any number will do, as /1.".to_owned(),
            ));
        }
        None
    }

    pub fn upload_url(&self) -> String {
        let Self { base, key, .. } = self;
        match self.family {
            Family::Sentry => {
                let project = self.project.as_deref().unwrap_or("1");
                format!("{base}/api/{project}/envelope/?sentry_version=7&sentry_key={key}")
            }
            Family::Posthog => format!("{base}/s/"),
            Family::Amplitude => format!("{base}/sessions/v2/track"),
            Family::Reenact => format!("{base}/api/v1/ingest/rrweb"),
        }
    }

    /// A request that tells whether the key is known and leaves nothing behind.
    pub fn key_question(&self) -> Question {
        let Self { base, key, .. } = self;
        let json = ("content-type", "application/json".to_owned());
        match self.family {
            Family::Sentry => {
                let text = ("content-type", "text/plain;charset=UTF-8".to_owned());
                ("POST", self.upload_url(), vec![text], Some(b"{}".to_vec()))
            }
            Family::Posthog => ("GET", format!("{base}/array/{key}/config"), vec![], None),
            Family::Amplitude => {
                let body = serde_json::json!({ "api_key": key, "events": [] });
                let body = body.to_string().into_bytes();
                ("POST", format!("{base}/2/httpapi"), vec![json], Some(body))
            }
            // Without ids it is refused, but only after the key was looked at.
            Family::Reenact => {
                let bearer = ("authorization", format!("Bearer {key}"));
                (
                    "POST",
                    self.upload_url(),
                    vec![json, bearer],
                    Some(b"[]".to_vec()),
                )
            }
        }
    }

    pub fn is_unknown_key(&self, status: u16, text: &str) -> bool {
        match self.family {
            Family::Amplitude => text.to_ascii_lowercase().contains("invalid api key"),
            Family::Posthog => matches!(status, 400 | 401 | 403 | 404),
            Family::Sentry | Family::Reenact => matches!(status, 401 | 403),
        }
    }

    /// Where a large body is sent. It carries no key where the key stands in the body,
    /// so that nothing of it is counted.
    pub fn size_url(&self) -> String {
        self.upload_url()
    }

    pub fn recorder_urls(&self) -> Vec<String> {
        let names = [
            "lazy-recorder",
            "posthog-recorder",
            "recorder",
            "recorder-v2",
        ];
        let url = |name: &str| format!("{}/static/{name}.js", self.base);
        names.into_iter().map(url).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dsns_and_addresses() {
        let target =
            Target::read("https://abc:secret@errors.test:8443/behind/42/", None, None).unwrap();
        assert_eq!(
            (
                target.base.as_str(),
                target.key.as_str(),
                target.project.as_deref()
            ),
            ("https://errors.test:8443/behind", "abc", Some("42"))
        );
        assert!(
            target
                .upload_url()
                .starts_with("https://errors.test:8443/behind/api/42/envelope/")
        );
        let target =
            Target::read("http://replay.test/", Some("k-1"), Some(Family::Posthog)).unwrap();
        assert_eq!(target.upload_url(), "http://replay.test/s/");
        assert!(target.form().is_none());
    }

    #[test]
    fn what_no_sdk_could_use_is_said() {
        for (dsn, key, family) in [
            ("replay.test", Some("k"), Some(Family::Posthog)),
            ("ftp://k@replay.test/1", None, None),
            ("https://replay.test", None, Some(Family::Posthog)),
            ("https://replay.test", Some("k"), None),
            ("https://replay.test", Some("k"), Some(Family::Sentry)),
            ("https://k@replay.test", None, None),
        ] {
            assert!(Target::read(dsn, key, family).is_err(), "{dsn}");
        }
        for dsn in [
            "https://a-b@errors.test/1",
            "https://ab@errors.test/shop",
            "https://@errors.test/1",
        ] {
            let target = Target::read(dsn, None, None).unwrap();
            assert!(matches!(target.form(), Some(Finding::Bad(..))), "{dsn}");
        }
    }
}
