//! The address of another process.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// How an address begins that is reached without TLS.
const PLAIN: &str = "http://";
/// How an address begins that is reached over TLS.
const OVER_TLS: &str = "https://";

/// The address of another process's internal server: `http://host:port` or `https://host:port`, and nothing behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerUrl(String);

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeerUrl {
    /// Another scheme, or none.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// A path, a query, a fragment or a user.
    #[error("must end behind the host and the port, as http://orders:9090 does")]
    MoreThanAHost,
    /// No host, or an odd one.
    #[error("has no host that could be one")]
    Host,
    /// Not a port.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
}

impl PeerUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub fn is_over_tls(&self) -> bool {
        self.0.starts_with(OVER_TLS)
    }

    /// The host, and the port where one was given.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_scheme, authority)| authority)
    }
}

impl fmt::Display for PeerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PeerUrl {
    type Err = InvalidPeerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPeerUrl> {
        let (scheme, authority) = [PLAIN, OVER_TLS]
            .into_iter()
            .find_map(|scheme| Some((scheme, text.strip_prefix(scheme)?)))
            .ok_or(InvalidPeerUrl::Scheme)?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '?', '#', '@', '\\']) {
            return Err(InvalidPeerUrl::MoreThanAHost);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, behind) = rest.split_once(']').ok_or(InvalidPeerUrl::Host)?;
                address.parse::<Ipv6Addr>().map_err(|_odd| InvalidPeerUrl::Host)?;
                (address, behind)
            }
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let of_a_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(of_a_host) {
            return Err(InvalidPeerUrl::Host);
        }
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with('+');
        match port.strip_prefix(':') {
            Some(port) if is_port(port) => {}
            None if port.is_empty() => {}
            _ => return Err(InvalidPeerUrl::Port),
        }
        Ok(Self(format!("{scheme}{authority}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        for text in [
            "http://orders",
            "http://orders:9090",
            "http://10.0.0.7:1",
            "http://[::1]:65535",
            "http://[::1]",
            "https://orders:9090",
            "https://[::1]",
        ] {
            assert_eq!(text.parse::<PeerUrl>().map(|url| url.0), Ok(text.to_owned()));
        }
        assert_eq!(
            "http://orders:9090/".parse::<PeerUrl>().unwrap().as_str(),
            "http://orders:9090"
        );
    }

    #[test]
    fn an_address_knows_its_scheme_and_what_is_behind_it() {
        for (text, over_tls, authority) in [
            ("http://orders:9090/", false, "orders:9090"),
            ("https://orders:9090/", true, "orders:9090"),
            ("https://[::1]", true, "[::1]"),
        ] {
            let url: PeerUrl = text.parse().unwrap();
            assert_eq!((url.is_over_tls(), url.authority()), (over_tls, authority), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        use InvalidPeerUrl::{Host, MoreThanAHost, Port, Scheme};
        for (text, reason) in [
            ("", Scheme),
            ("orders:9090", Scheme),
            ("ftp://orders", Scheme),
            ("HTTP://orders", Scheme),
            ("https//orders", Scheme),
            ("http://https://orders", MoreThanAHost),
            ("http://", Host),
            ("https://", Host),
            ("http://:9090", Host),
            ("http://or ders", Host),
            ("http://[::1", Host),
            ("http://[orders]", Host),
            ("http://a:b@orders", MoreThanAHost),
            ("http://orders/internal", MoreThanAHost),
            ("http://orders?x", MoreThanAHost),
            ("http://orders#x", MoreThanAHost),
            ("http://orders:", Port),
            ("http://orders:0", Port),
            ("http://orders:65536", Port),
            ("http://orders:+80", Port),
            ("http://::1", Host),
            ("http://[::1]9090", Port),
        ] {
            assert_eq!(text.parse::<PeerUrl>(), Err(reason), "{text}");
        }
    }
}
