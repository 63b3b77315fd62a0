//! Cross-origin rules. The exit beacon is sent with credentials, for which browsers
//! refuse `*`: the page's own origin has to be named. No cookie is ever read on
//! these endpoints, so allowing every origin gives nothing away.

use super::reply::SKIPPED_HEADER;
use crate::Reply;

const MAX_ORIGIN_BYTES: usize = 2_048;
const MAX_REQUESTED_HEADERS: usize = 64;
const MAX_HEADER_NAME_BYTES: usize = 128;
const ONE_DAY_SECONDS: &str = "86400";

/// Headers for the answer to a request with this `Origin`. Without one, or with one
/// that cannot be echoed safely, there is nothing to say.
pub fn cors_headers(origin: Option<&str>) -> Vec<(&'static str, String)> {
    cors_headers_exposing(origin, Some(SKIPPED_HEADER))
}

/// The same for another vendor, whose scripts look at other headers of an answer.
pub(crate) fn cors_headers_exposing(
    origin: Option<&str>,
    exposed: Option<&str>,
) -> Vec<(&'static str, String)> {
    let Some(origin) = origin.filter(|origin| is_echoable(origin)) else {
        return Vec::new();
    };
    let mut headers = vec![
        ("Access-Control-Allow-Origin", origin.to_owned()),
        ("Access-Control-Allow-Credentials", "true".to_owned()),
    ];
    if let Some(exposed) = exposed {
        headers.push(("Access-Control-Expose-Headers", exposed.to_owned()));
    }
    headers.push(("Vary", "Origin".to_owned()));
    headers
}

/// Answers a preflight. `requested_headers` is `Access-Control-Request-Headers`: new
/// SDK versions add headers, so what they ask for is echoed instead of listed here.
/// `wants_private_network` is whether `Access-Control-Request-Private-Network` says
/// `true`: a public page and a server in the intranet.
pub fn preflight_reply(
    origin: Option<&str>,
    requested_headers: Option<&str>,
    wants_private_network: bool,
) -> Reply {
    let mut headers = cors_headers(origin);
    if !headers.is_empty() {
        headers.push((
            "Access-Control-Allow-Methods",
            "GET, POST, OPTIONS".to_owned(),
        ));
        headers.push(("Access-Control-Max-Age", ONE_DAY_SECONDS.to_owned()));
        if let Some(requested) = requested_headers.filter(|requested| is_header_list(requested)) {
            headers.push(("Access-Control-Allow-Headers", requested.to_owned()));
        }
        if wants_private_network {
            headers.push(("Access-Control-Allow-Private-Network", "true".to_owned()));
        }
    }
    Reply {
        status: 204,
        headers,
        content_type: "text/plain",
        body: Vec::new(),
    }
}

fn is_echoable(origin: &str) -> bool {
    !origin.is_empty()
        && origin.len() <= MAX_ORIGIN_BYTES
        && origin.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_header_list(list: &str) -> bool {
    let mut names = list.split(',').map(|name| name.trim_matches([' ', '\t']));
    names.clone().count() <= MAX_REQUESTED_HEADERS && names.all(is_header_name)
}

/// A token of RFC 9110.
fn is_header_name(name: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=MAX_HEADER_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(headers: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
        headers
            .iter()
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_origin_is_echoed_for_credentialed_requests() {
        let headers = cors_headers(Some("https://shop.test:8443"));
        assert_eq!(
            value(&headers, "Access-Control-Allow-Origin"),
            Some("https://shop.test:8443")
        );
        assert_eq!(
            value(&headers, "Access-Control-Allow-Credentials"),
            Some("true")
        );
        assert_eq!(
            value(&headers, "Access-Control-Expose-Headers"),
            Some("X-Session-Replay-Event-Skipped")
        );
        assert_eq!(value(&headers, "Vary"), Some("Origin"));
        assert_eq!(
            value(&cors_headers(Some("null")), "Access-Control-Allow-Origin"),
            Some("null")
        );
        for origin in [None, Some(""), Some("https://a.test\r\nX: y"), Some("a b")] {
            assert_eq!(cors_headers(origin), [], "{origin:?}");
        }
    }

    #[test]
    fn a_preflight_allows_what_was_asked_if_it_is_sound() {
        let asked = "authorization,content-encoding, x-client-url";
        let reply = preflight_reply(Some("https://shop.test"), Some(asked), true);
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        assert_eq!(
            value(&reply.headers, "Access-Control-Allow-Headers"),
            Some(asked)
        );
        assert_eq!(
            value(&reply.headers, "Access-Control-Allow-Methods"),
            Some("GET, POST, OPTIONS")
        );
        assert_eq!(
            value(&reply.headers, "Access-Control-Max-Age"),
            Some("86400")
        );
        assert_eq!(
            value(&reply.headers, "Access-Control-Allow-Private-Network"),
            Some("true")
        );

        let many = vec!["x"; 65].join(",");
        for asked in [
            "",
            "a b",
            "x\r\ny",
            "a,,b",
            "ä",
            many.as_str(),
            "x".repeat(129).as_str(),
        ] {
            let reply = preflight_reply(Some("https://shop.test"), Some(asked), false);
            assert_eq!(
                value(&reply.headers, "Access-Control-Allow-Headers"),
                None,
                "{asked}"
            );
            assert_eq!(
                value(&reply.headers, "Access-Control-Allow-Private-Network"),
                None
            );
        }
        assert_eq!(preflight_reply(None, Some("x"), true).headers, []);
    }
}
