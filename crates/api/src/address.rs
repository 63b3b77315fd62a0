//! Who is asking, behind whatever proxies stand in front.
//!
//! `X-Forwarded-*` and the country header are believed only when the connection
//! comes from an address that the operator listed: anybody can send them.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;
use std::str::FromStr;

#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Each entry is an address or a network such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// The entry that is neither.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        let parse = |entry: &String| {
            IpNet::from_str(entry)
                .or_else(|_| IpAddr::from_str(entry).map(IpNet::from))
                .map_err(|_| {
                    format!("{entry:?} is neither an address nor a network such as 10.0.0.0/8")
                })
        };
        Ok(Self(entries.iter().map(parse).collect::<Result<_, _>>()?))
    }

    fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// How the request reached the outermost proxy that is trusted.
#[derive(Debug, Clone)]
pub struct Origin {
    pub address: IpAddr,
    pub is_https: bool,
    /// Host and port as the browser sees them; empty when none was sent.
    pub host: String,
    pub is_trusted_peer: bool,
}

impl Origin {
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let mut origin = Self {
            address: peer.to_canonical(),
            is_https: false,
            host: text("host").to_owned(),
            is_trusted_peer: trusted.contains(peer),
        };
        if !origin.is_trusted_peer {
            return origin;
        }
        // Each proxy appends the address it saw, so the list is read from the
        // right until an address that is not ours: what stands left of it was
        // written by a stranger. Several headers of one name are one list.
        let forwarded: Vec<_> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let forwarded = forwarded.join(",");
        for entry in forwarded.rsplit(',') {
            let Ok(address) = IpAddr::from_str(entry.trim()) else {
                break;
            };
            origin.address = address.to_canonical();
            if !trusted.contains(address) {
                break;
            }
        }
        let last = |name: &str| {
            text(name)
                .rsplit(',')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        origin.is_https = last("x-forwarded-proto").eq_ignore_ascii_case("https");
        let host = last("x-forwarded-host");
        if !host.is_empty() {
            origin.host = host;
        }
        origin
    }

    /// `http://host` or `https://host`.
    pub fn base(&self) -> String {
        format!(
            "{}://{}",
            if self.is_https { "https" } else { "http" },
            self.host
        )
    }
}

/// Loopback, private, link-local and unique-local addresses.
pub fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str, headers: &[(&'static str, &'static str)]) -> Origin {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let trusted = TrustedProxies::parse(&["10.0.0.0/8".to_owned(), "::1".to_owned()]).unwrap();
        Origin::of(peer.parse().unwrap(), &map, &trusted)
    }

    #[test]
    fn forwarded_headers_count_only_from_a_listed_proxy() {
        let headers = [
            ("host", "inner"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "outer"),
        ];
        let stranger = origin("192.0.2.7", &headers);
        assert_eq!(
            (stranger.address.to_string(), stranger.base()),
            ("192.0.2.7".to_owned(), "http://inner".to_owned())
        );
        let proxy = origin("10.1.2.3", &headers);
        assert_eq!(
            (proxy.address.to_string(), proxy.base()),
            ("1.1.1.1".to_owned(), "https://outer".to_owned())
        );
    }

    #[test]
    fn what_a_client_wrote_into_the_list_is_not_believed() {
        let forged = origin(
            "10.1.2.3",
            &[
                ("x-forwarded-for", "127.0.0.1, 203.0.113.9"),
                ("x-forwarded-for", "10.9.9.9"),
            ],
        );
        assert_eq!(forged.address.to_string(), "203.0.113.9");
        let garbage = origin(
            "::ffff:10.1.2.3",
            &[("x-forwarded-for", "203.0.113.9, nonsense")],
        );
        assert_eq!(garbage.address.to_string(), "10.1.2.3");
    }

    #[test]
    fn an_entry_that_is_no_network_is_named() {
        assert!(
            TrustedProxies::parse(&["10.0.0.0/99".to_owned()])
                .unwrap_err()
                .contains("10.0.0.0/99")
        );
    }
}
