//! What `banyan serve` says on standard output once it serves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where the shop is.
pub fn text(address: SocketAddr) -> String {
    let url = url(address);
    format!("Banyan serves at {url} (read the API at {url}/docs/)\n")
}

/// How the shop is reached from this machine.
pub fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

/// An address that listens everywhere is reached at this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
