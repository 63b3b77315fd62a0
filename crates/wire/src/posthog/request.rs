//! Which of the vendor's addresses a request is for.

use crate::form::query_value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// Events, also parts of replays: `/e/`, `/i/v0/e/`, `/capture/`, `/track/`,
    /// `/engage/`, `/batch/`, `/s/`. All take all of it.
    Capture,
    /// `/flags/` of current SDKs.
    Flags,
    /// `/decide/` of SDKs before the middle of 2025: flags and config in one.
    Decide,
    /// `/array/<token>/config.js`
    ConfigScript { token: &'a str },
    /// `/array/<token>/config`
    ConfigJson { token: &'a str },
    /// `/static/<name>.js` or `/static/<version>/<name>.js`: the recorder and other
    /// parts that the SDK loads when it needs them.
    Script {
        name: &'a str,
        version: Option<&'a str>,
    },
    /// Things this product does not have; the answer says that there are none.
    Nothing(Absent),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    Surveys,
    EarlyAccessFeatures,
    WebExperiments,
    ProductTours,
}

/// The endpoint of a path, with or without slash at its end.
pub fn endpoint(path: &str) -> Option<Endpoint<'_>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    Some(match path {
        "/e" | "/i/v0/e" | "/capture" | "/track" | "/engage" | "/batch" | "/s" => Endpoint::Capture,
        "/flags" => Endpoint::Flags,
        "/decide" => Endpoint::Decide,
        "/api/surveys" => Endpoint::Nothing(Absent::Surveys),
        "/api/early_access_features" => Endpoint::Nothing(Absent::EarlyAccessFeatures),
        "/api/web_experiments" => Endpoint::Nothing(Absent::WebExperiments),
        "/api/product_tours" => Endpoint::Nothing(Absent::ProductTours),
        _ => {
            return match path.strip_prefix("/array/") {
                Some(rest) => config(rest),
                None => script(path.strip_prefix("/static/")?),
            };
        }
    })
}

fn config(rest: &str) -> Option<Endpoint<'_>> {
    let (token, file) = rest.split_once('/')?;
    match file {
        _ if !is_name(token) => None,
        "config.js" => Some(Endpoint::ConfigScript { token }),
        "config" => Some(Endpoint::ConfigJson { token }),
        _ => None,
    }
}

fn script(rest: &str) -> Option<Endpoint<'_>> {
    let (version, file) = match rest.rsplit_once('/') {
        Some((version, file)) => (Some(version), file),
        None => (None, rest),
    };
    let name = file.strip_suffix(".js")?;
    let is_sound = is_name(name) && version.is_none_or(is_name);
    is_sound.then_some(Endpoint::Script { name, version })
}

/// The version that old SDKs ask a script of: `?v=1.172.0`.
pub fn script_version(raw_query: &str) -> Option<String> {
    query_value(raw_query, "v").filter(|version| is_name(version))
}

/// Nothing that leaves a folder, and nothing that ends a string of JavaScript.
fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && !text.starts_with('.')
        && !text.contains("..")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// What the query says about the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// Sent while the page goes away: nobody reads an answer.
    pub is_beacon: bool,
    /// `v` of the flags and decide endpoints.
    pub version: u32,
    /// The config is wanted together with the flags.
    pub wants_config: bool,
}

impl Wishes {
    pub fn parse(raw_query: &str) -> Self {
        let is_set = |name| {
            let value = query_value(raw_query, name);
            matches!(value.as_deref(), Some("1" | "true"))
        };
        let version = query_value(raw_query, "v").and_then(|text| text.parse().ok());
        Self {
            is_beacon: is_set("beacon"),
            version: version.unwrap_or(1),
            wants_config: is_set("config"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        use Endpoint::{Capture, ConfigJson, ConfigScript, Decide, Flags, Nothing, Script};
        let token = "phc_abc-1";
        for (path, expected) in [
            ("/e/", Some(Capture)),
            ("/e", Some(Capture)),
            ("/i/v0/e/", Some(Capture)),
            ("/s/", Some(Capture)),
            ("/batch/", Some(Capture)),
            ("/flags/", Some(Flags)),
            ("/decide", Some(Decide)),
            ("/array/phc_abc-1/config.js", Some(ConfigScript { token })),
            ("/array/phc_abc-1/config", Some(ConfigJson { token })),
            ("/array/a%22b/config", None),
            ("/array//config", None),
            ("/api/surveys/", Some(Nothing(Absent::Surveys))),
            (
                "/static/1.449.2/lazy-recorder.js",
                Some(Script {
                    name: "lazy-recorder",
                    version: Some("1.449.2"),
                }),
            ),
            (
                "/static/recorder-v2.js",
                Some(Script {
                    name: "recorder-v2",
                    version: None,
                }),
            ),
            ("/static/../../etc/passwd.js", None),
            ("/static/a/b/c.js", None),
            ("/static/..js", None),
            ("/static/style.css", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(endpoint(path), expected, "{path}");
        }
    }

    #[test]
    fn wishes() {
        let wishes = Wishes::parse("v=3&ip=1&beacon=1");
        assert_eq!(
            (wishes.version, wishes.is_beacon, wishes.wants_config),
            (3, true, false)
        );
        assert!(Wishes::parse("v=2&config=true").wants_config);
        assert_eq!(Wishes::parse("v=x").version, 1);
    }
}
