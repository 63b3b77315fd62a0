//! Recognises records of our own uploads inside of what is uploaded.
//!
//! The SDKs' network tracking skips only the vendor's hosts. Pointed at a server of
//! one's own, each upload would be recorded as a request and uploaded again: an
//! endless loop as soon as the server answers with an error.

use crate::posthog::{self, Endpoint};
use crate::sentry;

/// Where SDKs are told to send, as paths of this server. Two of different families
/// on one page would record each other's uploads, too.
const INGEST_PATHS: [&str; 3] = ["/sessions/v2/track", "/sessions/track", "/2/httpapi"];

/// These are followed by the ingest key as a path segment.
const CONFIG_PATHS: [&str; 2] = ["/config", "/sessions/config"];

/// Whether `url` is one of our ingest addresses on one of `own_hosts` (`host` or
/// `host:port`). A relative address is not: its host is the page's, which is
/// unknown here and whose own `/batch` may be somebody's shop.
pub(crate) fn is_own_traffic(url: &str, own_hosts: &[&str]) -> bool {
    let Some((host, path)) = split_url(url) else {
        return false;
    };
    let is_own_host = own_hosts
        .iter()
        .any(|own| without_default_port(&own.to_ascii_lowercase()) == host);
    is_own_host && is_ingest_path(path)
}

fn is_ingest_path(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let is_config = |config: &&str| {
        path.strip_prefix(config)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    INGEST_PATHS.contains(&path)
        || CONFIG_PATHS.iter().any(is_config)
        || sentry::endpoint(path).is_some()
        || matches!(
            posthog::endpoint(path),
            Some(Endpoint::Capture | Endpoint::Flags | Endpoint::Decide)
        )
}

/// Host with a non-default port, in lower case, and the path of an absolute URL.
fn split_url(url: &str) -> Option<(String, &str)> {
    let url = url.trim();
    let scheme_end = url.find("//")?;
    let scheme = url[..scheme_end].to_ascii_lowercase();
    if !matches!(scheme.as_str(), "" | "http:" | "https:") {
        return None;
    }
    let rest = &url[scheme_end + 2..];
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let host = authority
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Some((without_default_port(&host).to_owned(), path))
}

fn without_default_port(host: &str) -> &str {
    host.strip_suffix(":80")
        .or_else(|| host.strip_suffix(":443"))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_addresses_on_our_hosts() {
        let own = ["Replay.test", "127.0.0.1:8000", "secure.test:443"];
        for (url, expected) in [
            ("https://replay.test/2/httpapi", true),
            (
                "https://REPLAY.test:443/sessions/v2/track?device_id=1",
                true,
            ),
            ("http://127.0.0.1:8000/config/0123", true),
            ("http://127.0.0.1:8000/config", true),
            (
                "http://127.0.0.1:8000/sessions/config/0123?config_group=browser",
                true,
            ),
            ("//replay.test/batch/", true),
            ("https://user:pass@replay.test/batch#x", true),
            ("https://secure.test/batch", true),
            ("https://replay.test/api/42/envelope/?sentry_key=abc", true),
            ("https://replay.test/i/v0/e/?ip=1", true),
            ("https://replay.test/s/", true),
            ("https://shop.test/s/", false),
            ("https://replay.test/static/app.js", false),
            ("https://replay.test/s/share", false),
            ("http://127.0.0.1:9000/config/0123", false),
            ("http://127.0.0.1/config/0123", false),
            ("https://replay.test/configuration", false),
            ("https://replay.test/demo/api/fail", false),
            ("https://replay.test/", false),
            ("https://replay.test", false),
            (
                "https://shop.test/2/httpapi?next=https://replay.test/batch",
                false,
            ),
            ("https://replay.test@shop.test/batch", false),
            ("/2/httpapi", false),
            ("ftp://replay.test/batch", false),
            ("", false),
        ] {
            assert_eq!(is_own_traffic(url, &own), expected, "{url}");
        }
        assert!(!is_own_traffic("https://replay.test/batch", &[]));
    }
}
