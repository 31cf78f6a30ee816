//! What the provider does wrong, and how often: real ones do all of it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::webhook_faults::{WebhookFault, WebhookTally, draw};
use crate::ports::shared::seeded::mixed;

/// What may go wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is carried out, and not answered in time.
    TimeoutAfter,
    /// It is not carried out, and not answered in time.
    TimeoutBefore,
    /// It is carried out, and answered with 500.
    ErrorAfter,
    /// It is carried out, and the connection closes in the middle of the answer.
    CutOff,
    /// It is carried out, and the answer names one minor unit more.
    WrongAmount,
    /// It is not carried out: another one with its key is said to be under way.
    Conflict,
    /// It is not carried out: there are too many.
    Busy,
    /// It takes long.
    Slow,
}

impl Fault {
    /// All of them, with their names in a profile.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::TimeoutAfter, "timeout-after"),
        (Self::TimeoutBefore, "timeout-before"),
        (Self::ErrorAfter, "error-after"),
        (Self::CutOff, "cut-off"),
        (Self::WrongAmount, "wrong-amount"),
        (Self::Conflict, "conflict"),
        (Self::Busy, "busy"),
        (Self::Slow, "slow"),
    ];

    /// Whether a request that only reads can meet it, too.
    fn strikes_reading(self) -> bool {
        !matches!(self, Self::WrongAmount | Self::Conflict)
    }
}

/// How often what goes wrong, each in percent of the requests or of the webhooks: `timeout-after=10,webhook-dropped=1`;
/// nothing for an honest provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultProfile {
    requests: BTreeMap<Fault, u32>,
    webhooks: BTreeMap<WebhookFault, u32>,
}

/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfile {
    /// Not `name=percent`, or the percentage is none.
    #[error("{0:?} is not a fault and its share in percent, as in timeout-after=10")]
    Entry(String),
    /// No such fault.
    #[error("{0:?} is no fault: there are {names}", names = names())]
    Unknown(String),
    /// Said twice.
    #[error("{0} is there twice")]
    Twice(String),
    /// More than all.
    #[error("these are {0} % of the requests or of the webhooks")]
    TooMany(u32),
}

fn names() -> String {
    let requests = Fault::ALL.iter().map(|(_fault, name)| *name);
    let webhooks = WebhookFault::ALL.iter().map(|(_fault, name)| *name);
    requests.chain(webhooks).collect::<Vec<_>>().join(", ")
}

impl FromStr for FaultProfile {
    type Err = InvalidProfile;

    fn from_str(text: &str) -> Result<Self, InvalidProfile> {
        let mut profile = Self::default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for entry in entries {
            let wrong = || InvalidProfile::Entry(entry.to_owned());
            let (name, percent) = entry.split_once('=').ok_or_else(wrong)?;
            let percent: u32 = percent
                .parse()
                .ok()
                .filter(|percent| *percent <= 100)
                .ok_or_else(wrong)?;
            let of_requests = named(&Fault::ALL, name).map(|fault| profile.requests.insert(fault, percent));
            let of_webhooks = named(&WebhookFault::ALL, name).map(|fault| profile.webhooks.insert(fault, percent));
            match of_requests.or(of_webhooks) {
                None => return Err(InvalidProfile::Unknown(name.to_owned())),
                Some(Some(_before)) => return Err(InvalidProfile::Twice(name.to_owned())),
                Some(None) => {}
            }
        }
        let (requests, webhooks) = (profile.requests.values().sum(), profile.webhooks.values().sum());
        match u32::max(requests, webhooks) {
            0..=100 => Ok(profile),
            more => Err(InvalidProfile::TooMany(more)),
        }
    }
}

fn named<F: Copy>(all: &[(F, &'static str)], name: &str) -> Option<F> {
    all.iter()
        .find(|(_fault, known)| *known == name)
        .map(|(fault, _name)| *fault)
}

/// Deals the faults out, by the number of the request: a run with the same seed and the same order of requests repeats.
#[derive(Debug)]
pub struct Faults {
    profile: FaultProfile,
    seed: u64,
    requests: AtomicU64,
    struck: [AtomicU64; Fault::ALL.len()],
    /// What became of the webhooks.
    pub webhooks: WebhookTally,
}

impl Faults {
    /// Those of a profile.
    pub fn new(profile: FaultProfile, seed: u64) -> Self {
        Self {
            profile,
            seed,
            requests: AtomicU64::new(0),
            struck: Default::default(),
            webhooks: WebhookTally::default(),
        }
    }

    /// What goes wrong with the webhook of this id.
    pub(super) fn webhook_fault(&self, id: &str) -> Option<WebhookFault> {
        draw(&self.profile.webhooks, self.seed, id)
    }

    /// What goes wrong with the next request.
    pub(super) fn next(&self, reads: bool) -> Option<Fault> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut draw = mixed(self.seed ^ mixed(number)) % 100;
        for (fault, percent) in &self.profile.requests {
            let percent = u64::from(*percent);
            if draw < percent {
                let strikes = !reads || fault.strikes_reading();
                if strikes {
                    self.count(*fault);
                }
                return strikes.then_some(*fault);
            }
            draw -= percent;
        }
        None
    }

    fn count(&self, fault: Fault) {
        let counters = Fault::ALL.iter().zip(&self.struck);
        for (_, counter) in counters.filter(|((known, _name), _)| *known == fault) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests so far, and how often each fault struck: whoever claims to have stood them shows these.
    pub fn counts(&self) -> (u64, BTreeMap<&'static str, u64>) {
        let counters = Fault::ALL.iter().zip(&self.struck);
        let struck = counters.map(|((_fault, name), counter)| (*name, counter.load(Ordering::Relaxed)));
        (self.requests.load(Ordering::Relaxed), struck.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str) -> Result<FaultProfile, InvalidProfile> {
        text.parse()
    }

    #[test]
    fn a_profile_is_a_list_of_shares() {
        assert_eq!(profile(""), Ok(FaultProfile::default()));
        let two = profile("busy=1, timeout-after=99").unwrap();
        assert_eq!(two.requests, [(Fault::TimeoutAfter, 99), (Fault::Busy, 1)].into());
        let both = profile("webhook-dropped=5,busy=100,webhook-doubled=95").unwrap();
        assert_eq!(
            both.webhooks,
            [(WebhookFault::Doubled, 95), (WebhookFault::Dropped, 5)].into()
        );
    }

    #[test]
    fn what_is_no_profile_is_refused_with_its_reason() {
        use InvalidProfile::{Entry, TooMany, Twice, Unknown};
        for (text, reason) in [
            ("busy", Entry("busy".into())),
            ("busy=", Entry("busy=".into())),
            ("busy=-1", Entry("busy=-1".into())),
            ("busy=101", Entry("busy=101".into())),
            ("lazy=1", Unknown("lazy".into())),
            ("busy=1,busy=1", Twice("busy".into())),
            ("busy=60,slow=41", TooMany(101)),
            ("webhook-doubled=60,webhook-dropped=41", TooMany(101)),
            ("webhook-dropped=1,webhook-dropped=1", Twice("webhook-dropped".into())),
        ] {
            assert_eq!(profile(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn faults_come_as_often_as_the_profile_says_and_again_with_the_same_seed() {
        let deal = |seed| {
            let faults = Faults::new(profile("timeout-after=10,wrong-amount=5").unwrap(), seed);
            let dealt: Vec<_> = (0..10_000).map(|_| faults.next(false)).collect();
            (dealt, faults.counts().1)
        };
        let (first, counts) = deal(7);
        assert_eq!(first, deal(7).0);
        assert_ne!(first, deal(8).0);
        assert!((900..=1_100).contains(&counts["timeout-after"]), "{counts:?}");
        assert!((400..=600).contains(&counts["wrong-amount"]), "{counts:?}");
        assert_eq!(counts["busy"], 0);
    }

    #[test]
    fn a_webhook_meets_its_fault_whenever_it_is_asked_and_as_often_as_the_profile_says() {
        let faults = Faults::new(profile("webhook-doubled=30,webhook-dropped=5").unwrap(), 7);
        let deal = || -> Vec<_> {
            (0..10_000)
                .map(|n| faults.webhook_fault(&format!("pay_{n}.captured")))
                .collect()
        };
        let dealt = deal();
        assert_eq!(dealt, deal());
        let times = |fault| dealt.iter().filter(|dealt| **dealt == Some(fault)).count();
        assert!((2_800..=3_200).contains(&times(WebhookFault::Doubled)));
        assert!((400..=600).contains(&times(WebhookFault::Dropped)));
        assert_eq!(times(WebhookFault::Reordered), 0);
    }

    #[test]
    fn who_only_reads_is_not_told_of_other_amounts() {
        let faults = Faults::new(profile("wrong-amount=50,conflict=50").unwrap(), 1);
        assert!((0..100).all(|_| faults.next(true).is_none()));
        assert_eq!(faults.counts().0, 100);
    }
}
