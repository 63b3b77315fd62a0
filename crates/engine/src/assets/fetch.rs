//! Fetches one file from a stranger's site: within the [`Guard`]'s rules, bounded in
//! time and size, without cookies, and only what a page may show.

use super::content::content_type;
use super::guard::{Forbidden, Guard};
use flate2::read::GzDecoder;
use privacy::AssetKind;
use std::io::Read;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response, header};
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

/// Of a file, both as sent and after decompression.
pub const MAX_BYTES: u64 = 10 << 20;
/// For all redirects and the whole body together.
const TIME_LIMIT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 5;
const USER_AGENT: &str = concat!("Reenact/", env!("CARGO_PKG_VERSION"), " (asset archive)");

#[derive(Debug)]
pub struct Fetched {
    /// Behind all redirects.
    pub url: Url,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Why there is nothing. The reason is a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub reason: &'static str,
    /// Another time it may work.
    pub may_pass: bool,
}

const fn for_good(reason: &'static str) -> Failure {
    Failure {
        reason,
        may_pass: false,
    }
}

const fn for_now(reason: &'static str) -> Failure {
    Failure {
        reason,
        may_pass: true,
    }
}

pub struct Fetcher {
    agent: ureq::Agent,
    time_limit: Duration,
}

impl Fetcher {
    pub fn new(guard: Guard) -> Self {
        Self::with_time_limit(guard, TIME_LIMIT)
    }

    fn with_time_limit(guard: Guard, time_limit: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A proxy would look names up by itself.
            .proxy(None)
            // Every connection is made to an address that was checked for it.
            .max_idle_connections(0)
            .user_agent(USER_AGENT)
            .build();
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::default(), guard),
            time_limit,
        }
    }

    /// Blocks.
    ///
    /// # Errors
    /// [`Failure`] says whether to try again.
    pub fn fetch(
        &self,
        url: &str,
        kind: AssetKind,
        referrer: Option<&str>,
    ) -> Result<Fetched, Failure> {
        let deadline = Instant::now() + self.time_limit;
        let mut url = Url::parse(url).map_err(|_| for_good("invalid_url"))?;
        for _ in 0..=MAX_REDIRECTS {
            check(&url)?;
            let response = self.get(&url, kind, referrer, deadline)?;
            let status = response.status().as_u16();
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                let to = text(response.headers(), header::LOCATION);
                url = url.join(to).map_err(|_| for_good("invalid_redirect"))?;
                continue;
            }
            if status != 200 {
                return Err(match status {
                    408 | 425 | 429 => for_now("refused_for_now"),
                    404 | 410 => for_good("not_found"),
                    401 | 403 => for_good("access_denied"),
                    500.. => for_now("server_error"),
                    _ => for_good("unexpected_status"),
                });
            }
            let declared = text(response.headers(), header::CONTENT_TYPE).to_owned();
            let bytes = body(response)?;
            let content_type =
                content_type(kind, &declared, &bytes).ok_or(for_good("wrong_type"))?;
            url.set_fragment(None);
            return Ok(Fetched {
                url,
                content_type,
                bytes,
            });
        }
        Err(for_good("too_many_redirects"))
    }

    fn get(
        &self,
        url: &Url,
        kind: AssetKind,
        referrer: Option<&str>,
        deadline: Instant,
    ) -> Result<Response<ureq::Body>, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(for_now("timeout"));
        }
        let mut request = self
            .agent
            .get(url.as_str())
            .header(header::ACCEPT, accept(kind))
            .header(header::ACCEPT_ENCODING, "gzip");
        // As much as browsers say to other sites.
        if let Some(origin) = referrer.and_then(|it| Url::parse(it).ok()) {
            let origin = origin.origin().ascii_serialization();
            request = request.header(header::REFERER, format!("{origin}/"));
        }
        let request = request.config().timeout_global(Some(left)).build();
        request.call().map_err(|error| failure_of(&error))
    }
}

/// The part of the rules that can be read off the address.
fn check(url: &Url) -> Result<(), Failure> {
    let is_plain = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && is_plain && url.has_host() {
        Ok(())
    } else {
        Err(for_good("forbidden_address"))
    }
}

fn accept(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Image => "image/avif,image/webp,image/svg+xml,image/*;q=0.8",
        AssetKind::StyleSheet => "text/css",
        AssetKind::Font => "font/woff2,font/*;q=0.9,*/*;q=0.1",
        AssetKind::Media => "video/*,audio/*;q=0.9,*/*;q=0.1",
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn body(response: Response<ureq::Body>) -> Result<Vec<u8>, Failure> {
    let encoding = text(response.headers(), header::CONTENT_ENCODING).to_ascii_lowercase();
    let mut sent = response.into_body().into_reader();
    match encoding.as_str() {
        "" | "identity" => bounded(&mut sent),
        "gzip" | "x-gzip" => {
            // The limit is on both sides: a bomb is small before and large after.
            let mut sent = sent.take(MAX_BYTES + 1);
            let plain = bounded(&mut GzDecoder::new(&mut sent));
            match sent.limit() {
                0 => Err(for_good("too_large")),
                _ => plain,
            }
        }
        _ => Err(for_good("unsupported_encoding")),
    }
}

fn bounded(from: &mut impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > MAX_BYTES {
        return Err(for_good("too_large"));
    }
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(failure_of(&ureq::Error::from(error))),
    }
}

fn failure_of(error: &ureq::Error) -> Failure {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Io(error) if is_forbidden(error) => for_good("forbidden_address"),
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => for_now("timeout"),
            ErrorKind::InvalidData | ErrorKind::InvalidInput => for_good("damaged_content"),
            _ => for_now("connection_failed"),
        },
        ureq::Error::Timeout(_) => for_now("timeout"),
        ureq::Error::BodyExceedsLimit(_) => for_good("too_large"),
        ureq::Error::HostNotFound => for_now("host_not_found"),
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => for_now("tls_failed"),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => for_good("invalid_url"),
        _ => for_now("connection_failed"),
    }
}

/// Whether the guard refused the address.
pub fn is_forbidden(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Forbidden>())
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
