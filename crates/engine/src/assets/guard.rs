//! Where the fetcher may go. Recorded pages name the addresses, and anyone can send
//! a recording, so without this a stranger could read the network of the server.
//!
//! The rules are applied to the addresses that a name stands for, by the resolver
//! whose answer the connection is made to: there is no second look-up that could
//! answer differently.

use ipnet::IpNet;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Where pages keep their files. Other ports speak other protocols.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// As many as the HTTP client takes.
const MAX_ADDRESSES: usize = 16;

/// IPv4 networks that are not the public internet (IANA's special purpose
/// registry), and the one public address at which a cloud serves its machines.
const CLOSED_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Of IPv6 only global unicast is open at all, which leaves out loopback, mapped
/// IPv4, NAT64, unique local, link-local and multicast.
const OPEN_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Parts of it that carry IPv4 addresses (Teredo, 6to4) or are not public.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_inside<A: Into<IpAddr>>(address: IpAddr, network: A, prefix: u8) -> bool {
    IpNet::new(network.into(), prefix).is_ok_and(|network| network.contains(&address))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !CLOSED_V4
            .iter()
            .any(|(network, prefix)| is_inside(address, *network, *prefix)),
        IpAddr::V6(_) => {
            is_inside(address, OPEN_V6.0, OPEN_V6.1)
                && !CLOSED_V6
                    .iter()
                    .any(|(network, prefix)| is_inside(address, *network, *prefix))
        }
    }
}

/// How names become addresses.
pub trait Names: Debug + Send + Sync + 'static {
    fn lookup(&self, host: &str, timeout: Duration) -> io::Result<Vec<IpAddr>>;
}

/// As the system does it.
#[derive(Debug)]
pub struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, host: &str, timeout: Duration) -> io::Result<Vec<IpAddr>> {
        let (say, heard) = sync_channel(1);
        let host = host.to_owned();
        // The system's call cannot be ended, so the thread may live a little longer.
        std::thread::spawn(move || {
            let found = (host.as_str(), 0).to_socket_addrs();
            // Ignored: nobody waits any more.
            let _ = say.send(found.map(|found| found.map(|it| it.ip()).collect()));
        });
        heard.recv_timeout(timeout).unwrap_or_else(|error| {
            Err(match error {
                RecvTimeoutError::Timeout => io::ErrorKind::TimedOut.into(),
                RecvTimeoutError::Disconnected => io::Error::other("the look-up broke off"),
            })
        })
    }
}

/// The address is not one to fetch from.
#[derive(Debug, thiserror::Error)]
#[error("address not allowed")]
pub struct Forbidden;

#[derive(Debug, Clone)]
pub struct Guard {
    names: Arc<dyn Names>,
    /// Open although they are not public, on every port.
    allowed: Arc<[IpNet]>,
    /// Open on this machine.
    own_port: Option<u16>,
}

impl Guard {
    pub fn new(names: impl Names, allowed: &[IpNet], own_port: Option<u16>) -> Self {
        Self {
            names: Arc::new(names),
            allowed: allowed.into(),
            own_port,
        }
    }

    fn permits(&self, address: IpAddr, port: u16) -> bool {
        self.allowed
            .iter()
            .any(|network| network.contains(&address))
            || (address.is_loopback() && self.own_port == Some(port))
            || (PORTS.contains(&port) && is_public(address))
    }

    /// All addresses of the host. One that is not allowed forbids the host: an honest
    /// name does not point inside and outside.
    fn addresses(&self, host: &str, port: u16, timeout: Duration) -> io::Result<Vec<SocketAddr>> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let found = match literal.parse() {
            Ok(address) => vec![address],
            Err(_) => self.names.lookup(host, timeout)?,
        };
        if found.iter().any(|address| !self.permits(*address, port)) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, Forbidden));
        }
        Ok(found
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let default_port = match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        };
        let port = uri.port_u16().unwrap_or(default_port);
        let mut addresses = self.empty();
        let found = self
            .addresses(host, port, *timeout.after)
            .map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::TimedOut => error.into(),
                _ => ureq::Error::HostNotFound,
            })?;
        for address in found.into_iter().take(MAX_ADDRESSES) {
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct NoNames;

    impl Names for NoNames {
        fn lookup(&self, _host: &str, _timeout: Duration) -> io::Result<Vec<IpAddr>> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    #[test]
    fn only_the_public_internet_is_open() {
        let guard = Guard::new(NoNames, &[], None);
        let permits = |address: &str| guard.permits(address.parse().unwrap(), 443);
        for address in [
            "93.184.216.34",
            "8.8.8.8",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "223.255.255.254",
            "2606:2800:220:1:248:1893:25c8:1946",
            "2a00:1450:4001::1",
        ] {
            assert!(permits(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!permits(address), "{address}");
        }
        let public = "8.8.8.8".parse().unwrap();
        for (port, open) in [
            (80, true),
            (8080, true),
            (22, false),
            (6379, false),
            (0, false),
        ] {
            assert_eq!(guard.permits(public, port), open, "{port}");
        }
    }

    #[test]
    fn an_operator_opens_networks_on_purpose() {
        let networks = ["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()];
        let guard = Guard::new(NoNames, &networks, None);
        let permits = |address: &str| guard.permits(address.parse().unwrap(), 9999);
        assert!(permits("10.1.2.3") && permits("::1"));
        assert!(!permits("10.2.2.3") && !permits("::ffff:10.1.2.3"));
    }

    #[test]
    fn a_demo_opens_one_port_of_this_machine() {
        let guard = Guard::new(NoNames, &[], Some(7788));
        let permits = |address: &str, port| guard.permits(address.parse().unwrap(), port);
        assert!(permits("127.0.0.1", 7788) && permits("::1", 7788));
        assert!(!permits("127.0.0.1", 7789) && !permits("10.0.0.1", 7788));
    }
}
