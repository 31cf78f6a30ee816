//! Whether a peer can be asked for an operation: its contract is compared with ours before the first call, and again when
//! it answers by another one. What does not fit is not sent; everything else is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::peer::{Peer, Reply};
use crate::ports::shared::contract::{Contract, Refusals};
use crate::ports::shared::operation::TableOfContents;

/// Contracts of a peer that are remembered: during a rollout two versions answer in turns, and each is judged once.
const REMEMBERED_MAX: usize = 8;

/// How long an operation is refused before the peer is asked again whether it is still of that version: where nothing is
/// sent, no answer tells.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// What was found when a contract was compared with ours.
#[derive(Debug)]
pub(super) struct Judgement {
    digest: String,
    refusals: Refusals,
}

impl Judgement {
    /// Whether the operation can be asked for.
    pub(super) fn allows(&self, operation: &str) -> bool {
        !self.refusals.contains_key(operation)
    }
}

/// What is known of the contract of one context at one peer.
#[derive(Debug)]
pub(super) struct Handshake {
    ours: Contract,
    our_digest: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By what the peer answered last, and since when that is known.
    current: Option<(Arc<Judgement>, Instant)>,
    /// Of these contracts it is known what they mean; the one that was judged first goes first.
    judged: Vec<Arc<Judgement>>,
}

impl Known {
    fn judged(&self, digest: &str) -> Option<Arc<Judgement>> {
        self.judged.iter().find(|known| known.digest == digest).cloned()
    }
}

impl Handshake {
    /// Nothing is known yet.
    pub(super) fn new<C: TableOfContents + ?Sized>() -> Self {
        let ours = Contract::of::<C>();
        Self {
            our_digest: ours.digest(),
            ours,
            known: Mutex::default(),
        }
    }

    /// What was found of the contract that the peer answered by last; `None` when it must be asked for.
    pub(super) fn current_for(&self, operation: &str) -> Option<Arc<Judgement>> {
        let known = self.known();
        let (current, since) = known.current.as_ref()?;
        let still_holds = current.allows(operation) || since.elapsed() < REFUSED_FOR;
        still_holds.then(|| Arc::clone(current))
    }

    /// Takes note of the contract that an answer was given by.
    pub(super) fn heard(&self, reply: &Reply) {
        let Some(digest) = reply.contract.as_deref() else {
            return;
        };
        let mut known = self.known();
        if known
            .current
            .as_ref()
            .is_some_and(|(current, _)| current.digest == digest)
        {
            return;
        }
        known.current = known.judged(digest).map(|judgement| (judgement, Instant::now()));
    }

    /// Judges the contract that a peer sent.
    pub(super) fn judge(&self, peer: &Peer, reply: &Reply) -> Result<Arc<Judgement>, serde_json::Error> {
        let theirs: Contract = serde_json::from_slice(&reply.body)?;
        // The digest is the peer's own: of what this version does not know in a contract, it cannot make one.
        let digest = reply.contract.clone().unwrap_or_else(|| theirs.digest());
        let refusals = if digest == self.our_digest {
            Refusals::new()
        } else {
            self.ours.refusals_of(&theirs)
        };
        let mut known = self.known();
        let judgement = known.judged(&digest).unwrap_or_else(|| {
            log(peer, &theirs.context, &digest, &refusals);
            let judgement = Arc::new(Judgement { digest, refusals });
            if known.judged.len() >= REMEMBERED_MAX {
                known.judged.remove(0);
            }
            known.judged.push(Arc::clone(&judgement));
            judgement
        });
        known.current = Some((Arc::clone(&judgement), Instant::now()));
        Ok(judgement)
    }

    /// A panic elsewhere cannot leave it in disorder: what is not known is asked for.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Once for each contract that was not seen before.
fn log(peer: &Peer, context: &str, digest: &str, refusals: &Refusals) {
    let peer = peer.url();
    tracing::info!(%peer, context, contract = digest, "the contract was compared");
    for (operation, reasons) in refusals {
        let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        let reasons = reasons.join("; ");
        tracing::error!(%peer, operation, contract = digest, reasons, "cannot be asked for: the versions differ");
    }
}
