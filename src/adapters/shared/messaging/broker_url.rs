//! Where the broker is.

use lapin::uri::{AMQPScheme, AMQPUri};

/// Seconds between heartbeats unless the URL says otherwise. A connection is given up after twice as long without a
/// sign of life; below five seconds RabbitMQ's documentation warns of false alarms.
const HEARTBEAT_SECONDS: u16 = 5;
/// Bytes of a frame unless the URL says otherwise. The client holds two buffers of 32 frames for each connection: 2 MiB
/// rather than 8 MiB with the frames of 128 KiB that RabbitMQ offers. A larger event takes several frames.
const FRAME_BYTES_MAX: u32 = 32 * 1024;

/// Where the broker is. It holds a password and shows nobody.
#[derive(Clone)]
pub struct BrokerUrl(AMQPUri);

/// A URL that does not lead to a broker. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBrokerUrl {
    /// Another scheme, or none.
    #[error("is not of the form amqp://user:password@host:port/virtual-host")]
    NotAmqp,
    /// `amqps://`.
    #[error("asks for TLS (amqps), which this build does not speak; give amqp:// and a TLS proxy or a private network")]
    Tls,
    /// A literal IPv6 address, which the client library would silently replace by `localhost`.
    #[error("names the host by an IPv6 address, which is not supported; give a name")]
    Ipv6,
}

/// Without the address: it holds a password.
impl std::fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrokerUrl(..)")
    }
}

impl BrokerUrl {
    /// Takes `amqp://user:password@host:port/virtual-host`. No path is the virtual host `/`, which as a path is `/%2f`.
    ///
    /// # Errors
    /// See [`InvalidBrokerUrl`].
    pub fn parse(text: &str) -> Result<Self, InvalidBrokerUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidBrokerUrl::NotAmqp)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.rsplit('@').next().is_none_or(str::is_empty) {
            return Err(InvalidBrokerUrl::NotAmqp);
        }
        if authority.contains('[') {
            return Err(InvalidBrokerUrl::Ipv6);
        }
        if scheme.eq_ignore_ascii_case("amqps") {
            return Err(InvalidBrokerUrl::Tls);
        }
        let mut uri: AMQPUri = text.parse().map_err(|_text: String| InvalidBrokerUrl::NotAmqp)?;
        if uri.scheme != AMQPScheme::AMQP {
            return Err(InvalidBrokerUrl::NotAmqp);
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        uri.query.frame_max.get_or_insert(FRAME_BYTES_MAX);
        Ok(Self(uri))
    }

    pub(super) fn uri(&self) -> &AMQPUri {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_a_broker_is_taken() {
        let url = BrokerUrl::parse("amqp://shop:secret@broker.example:5673/%2f").unwrap_or_else(|_| panic!());
        assert_eq!(url.uri().authority.host, "broker.example");
        assert_eq!(url.uri().authority.port, 5673);
        assert_eq!(url.uri().vhost, "/");
        assert_eq!(url.uri().query.heartbeat, Some(HEARTBEAT_SECONDS));
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        let refusal = |text: &str| BrokerUrl::parse(text).err();
        assert_eq!(refusal("amqps://broker.example"), Some(InvalidBrokerUrl::Tls));
        assert_eq!(refusal("amqp://[::1]:5672"), Some(InvalidBrokerUrl::Ipv6));
        for text in [
            "",
            "broker.example:5672",
            "http://broker.example",
            "amqp://",
            "amqp:///x",
            "amqp://a:b@:1/",
        ] {
            assert_eq!(refusal(text), Some(InvalidBrokerUrl::NotAmqp), "{text}");
        }
    }
}
