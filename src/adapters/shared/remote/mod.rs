//! Contexts that run in another process.
//!
//! [`handler::Remote`] is a context like any other to whoever calls it; [`peer::Peer`] is the process where it runs. The
//! other half of the protocol is `adapters/shared/http/internal`.

pub mod consumers;
pub mod feed;
pub mod handler;
mod handshake;

mod addresses;
pub mod peer;
pub mod peer_url;
pub mod protocol;
pub mod service_token;
pub mod tls;
