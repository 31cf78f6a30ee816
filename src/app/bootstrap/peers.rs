//! The other processes of the shop, as this one reaches them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::processes::Processes;
use crate::adapters::shared::remote::peer::Peer;
use crate::adapters::shared::remote::peer_url::PeerUrl;
use crate::adapters::shared::remote::service_token::ServiceSigner;
use crate::ports::shared::clock::Clock;

/// The other processes, by the contexts that run there.
#[derive(Clone, Default)]
pub struct Peers(BTreeMap<&'static str, Arc<Peer>>);

impl Peers {
    /// Those that are known. One for each address, however many contexts run there: connections and the breaker are of
    /// the process.
    pub fn of(processes: &Processes, clock: &Arc<dyn Clock>) -> Self {
        // Without a secret nobody could be reached; the settings have seen to it that nobody needs to be.
        let Some(secret) = &processes.secret else {
            return Self::default();
        };
        let own_name: Vec<&str> = processes.here.iter().copied().collect();
        let own_name = if own_name.is_empty() {
            "none".to_owned()
        } else {
            own_name.join(",")
        };
        let signer = Arc::new(ServiceSigner::new(own_name, secret, Arc::clone(clock)));
        let mut by_url: BTreeMap<String, Arc<Peer>> = BTreeMap::new();
        let elsewhere = processes
            .peers
            .iter()
            .filter(|(context, _url)| !processes.runs(context));
        let peers = elsewhere.map(|(context, url): (&&'static str, &PeerUrl)| {
            let tls = processes.tls.as_deref();
            let peer = by_url
                .entry(url.to_string())
                .or_insert_with(|| Arc::new(Peer::new(url.clone(), Arc::clone(&signer), tls)));
            (*context, Arc::clone(peer))
        });
        Self(peers.collect())
    }

    /// The process that runs this context, where it is another one.
    pub fn of_context(&self, context: &str) -> Option<&Arc<Peer>> {
        self.0.get(context)
    }
}
