//! Messages as POST requests, signed, to public addresses only.

use super::MAX_URL_BYTES;
use super::deliver::Failure;
use crate::assets::{Guard, is_forbidden};
use crate::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use model::Timestamp;
use sha2::Sha256;
use std::time::Duration;
use ureq::http::header;
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

const TIME_LIMIT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("Reenact/", env!("CARGO_PKG_VERSION"), " (alerts)");
pub const ID_HEADER: &str = "x-reenact-message-id";
pub const SIGNATURE_HEADER: &str = "x-reenact-signature";

/// # Errors
/// `Invalid` for what is no address of a web hook.
pub fn check_url(text: &str) -> Result<()> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_plain = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && is_plain && url.has_host()
    });
    match url.is_some() && text.len() <= MAX_URL_BYTES {
        true => Ok(()),
        false => Err(Error::Invalid(format!(
            "webhook.url must be an http or https address without a password, at most {MAX_URL_BYTES} bytes"
        ))),
    }
}

/// `t=<seconds>,v1=<hex>`: HMAC SHA-256 of `<seconds>.<body>`, so that an old message
/// cannot be sent again by somebody else.
pub fn signature(secret: &str, sent_at: Timestamp, body: &str) -> String {
    let seconds = sent_at.millis() / 1000;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let mut signature = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        signature.push_str(&format!("{byte:02x}"));
    }
    signature
}

pub struct Webhooks(ureq::Agent);

impl Webhooks {
    pub fn new(guard: Guard) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A proxy would look names up by itself.
            .proxy(None)
            // Every connection is made to an address that was checked for it.
            .max_idle_connections(0)
            .timeout_global(Some(TIME_LIMIT))
            .user_agent(USER_AGENT)
            .build();
        let connector = DefaultConnector::default();
        Self(ureq::Agent::with_parts(config, connector, guard))
    }

    /// Blocks. The answer's body is not read.
    pub fn post(
        &self,
        url: &str,
        message_id: &str,
        signature: &str,
        body: String,
    ) -> Result<String, Failure> {
        let sent = self
            .0
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(ID_HEADER, message_id)
            .header(SIGNATURE_HEADER, signature)
            .send(body);
        let status = match sent {
            Ok(response) => response.status().as_u16(),
            Err(error) => return Err(failure_of(&error)),
        };
        let outcome = format!("HTTP {status}");
        match status {
            200..=299 => Ok(outcome),
            300..=399 => Err(Failure::for_good(format!(
                "{outcome}: redirects are not followed"
            ))),
            408 | 425 | 429 | 500.. => Err(Failure::for_now(outcome)),
            _ => Err(Failure::for_good(outcome)),
        }
    }
}

fn failure_of(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::Io(error) if is_forbidden(error) => {
            Failure::for_good("the address is not public; see alerts.allowed_networks")
        }
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            Failure::for_now("no answer in time")
        }
        ureq::Error::Timeout(_) => Failure::for_now("no answer in time"),
        ureq::Error::HostNotFound => Failure::for_now("no such host"),
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => Failure::for_now("TLS failed"),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::for_good("not an address"),
        _ => Failure::for_now("no connection"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_other_programs() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expected = "49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686";
        let found = signature(
            "secret",
            Timestamp::from_millis(1_700_000_000_999),
            "{\"a\":1}",
        );
        assert_eq!(found, format!("t=1700000000,v1={expected}"));
    }

    #[test]
    fn addresses_are_checked() {
        for good in ["https://hooks.test/a?b=c", "http://10.0.0.1:9000/"] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hooks.test",
            "ftp://a.test",
            "https://u:p@a.test/",
            "file:///etc/passwd",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
        assert!(check_url(&format!("https://a.test/{}", "x".repeat(2000))).is_err());
    }
}
