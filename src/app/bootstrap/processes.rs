//! Which contexts run in this process, and where the others are.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::sync::Arc;

use super::contexts;
use super::settings::InvalidSetting;
use crate::adapters::shared::remote::peer_url::PeerUrl;
use crate::adapters::shared::remote::service_token::ServiceSecret;
use crate::adapters::shared::remote::tls::{TlsFile, TlsFiles, TlsIdentity};

/// The variable that says which contexts run in this process.
pub const CONTEXTS: &str = "BANYAN_CONTEXTS";
/// What [`CONTEXTS`] says where none does: a process that only passes operations on, or only asks.
const NO_CONTEXTS: &str = "none";
/// The variable for the secret that the shop's processes share.
pub const SERVICE_SECRET: &str = "BANYAN_SERVICE_SECRET";
/// The variable for the secret that they shared before, while they change to another one.
pub const SERVICE_SECRET_PREVIOUS: &str = "BANYAN_SERVICE_SECRET_PREVIOUS";
/// The variable for the file with the certificate of this process.
pub const TLS_CERTIFICATE: &str = "BANYAN_INTERNAL_TLS_CERT";
/// The variable for the file with its private key.
pub const TLS_KEY: &str = "BANYAN_INTERNAL_TLS_KEY";
/// The variable for the file with the authorities that sign the certificates of the shop's processes.
pub const TLS_AUTHORITIES: &str = "BANYAN_INTERNAL_TLS_CA";

/// Which contexts run in this process, and where the others are.
#[derive(Debug, Clone)]
pub struct Processes {
    /// The contexts that run here.
    pub here: BTreeSet<&'static str>,
    /// The internal addresses of processes that run contexts, by the context's name. Also of those that run here: all
    /// processes of a shop may be given the same ones.
    pub peers: BTreeMap<&'static str, PeerUrl>,
    /// Which contexts the storefront reaches through this process.
    pub storefront: Storefront,
    /// Where other processes reach the contexts that run here; `None` where nobody does.
    pub internal_addr: Option<SocketAddr>,
    /// Signs what the processes say to each other.
    pub secret: Option<ServiceSecret>,
    /// Signed it before: still taken from others.
    pub previous_secret: Option<ServiceSecret>,
    /// What this process shows to the others; `None` where they speak in the clear.
    pub tls: Option<Arc<TlsIdentity>>,
}

/// Which contexts the storefront reaches through a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Storefront {
    /// All that run here or at a known place: what runs elsewhere is passed on.
    Known,
    /// Only those that run here.
    Own,
}

impl Processes {
    /// One process that runs everything.
    pub fn whole() -> Self {
        Self {
            here: contexts::ALL.iter().map(|room| room.name).collect(),
            peers: BTreeMap::new(),
            storefront: Storefront::Known,
            internal_addr: None,
            secret: None,
            previous_secret: None,
            tls: None,
        }
    }

    /// Whether this process runs everything.
    pub fn is_whole(&self) -> bool {
        self.here.len() == contexts::ALL.len()
    }

    /// Whether a context runs here.
    pub fn runs(&self, context: &str) -> bool {
        self.here.contains(context)
    }

    /// The address of a context that runs elsewhere.
    pub fn peer(&self, context: &str) -> Option<&PeerUrl> {
        self.peers.get(context).filter(|_url| !self.runs(context))
    }

    /// Whether the storefront reaches a context through this process.
    pub fn serves(&self, context: &str) -> bool {
        self.runs(context) || (self.storefront == Storefront::Known && self.peers.contains_key(context))
    }

    /// Checks that everybody who is needed here is at a known place.
    ///
    /// # Errors
    /// [`InvalidSetting::MissingPeer`], [`InvalidSetting::ServiceSecretMissing`], [`InvalidSetting::PeerIsSelf`],
    /// [`InvalidSetting::PeerOverTls`], [`InvalidSetting::PeerWithoutTls`].
    pub fn check(&self) -> Result<(), InvalidSetting> {
        for room in contexts::ALL.iter().filter(|room| self.runs(room.name)) {
            for (other, does) in room.neighbours() {
                self.known(other, format!("{}, which runs here, {does} {other}", room.name))?;
            }
        }
        if contexts::ALL.iter().any(|room| self.serves(room.name)) {
            self.known("identity", "its keys verify access tokens".to_owned())?;
        }
        let elsewhere = || self.peers.iter().filter(|(context, _url)| !self.runs(context));
        for (&context, url) in elsewhere() {
            let variable = peer_variable(context);
            if self.internal_addr.is_some_and(|own| url.authority() == own.to_string()) {
                return Err(InvalidSetting::PeerIsSelf { variable, context });
            }
            match (url.is_over_tls(), &self.tls) {
                (true, None) => return Err(InvalidSetting::PeerOverTls { variable }),
                (false, Some(_)) => return Err(InvalidSetting::PeerWithoutTls { variable }),
                (true, Some(_)) | (false, None) => {}
            }
        }
        if self.secret.is_none() && (self.internal_addr.is_some() || elsewhere().next().is_some()) {
            return Err(InvalidSetting::ServiceSecretMissing);
        }
        Ok(())
    }

    /// Checks that the contexts that a command asks are at a known place.
    ///
    /// # Errors
    /// [`InvalidSetting::MissingPeer`].
    pub fn check_known(&self, contexts: &[&'static str]) -> Result<(), InvalidSetting> {
        contexts
            .iter()
            .try_for_each(|context| self.known(context, format!("this command asks {context}")))
    }

    fn known(&self, context: &'static str, reason: String) -> Result<(), InvalidSetting> {
        if self.runs(context) || self.peers.contains_key(context) {
            return Ok(());
        }
        Err(InvalidSetting::MissingPeer {
            variable: peer_variable(context),
            reason,
        })
    }
}

/// The variable for the address of a process that runs this context.
pub fn peer_variable(context: &str) -> String {
    format!("BANYAN_{}_URL", context.to_ascii_uppercase())
}

/// The contexts that a list names: all for an empty one, none for `none`.
///
/// # Errors
/// [`InvalidSetting::UnknownContext`].
pub fn contexts(list: &str) -> Result<BTreeSet<&'static str>, InvalidSetting> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => Ok(contexts::ALL.iter().map(|room| room.name).collect()),
        [NO_CONTEXTS] => Ok(BTreeSet::new()),
        names => names.iter().map(|name| context(name)).collect(),
    }
}

fn context(name: &str) -> Result<&'static str, InvalidSetting> {
    let known = contexts::ALL.iter().map(|room| room.name);
    known
        .clone()
        .find(|known| *known == name)
        .ok_or_else(|| InvalidSetting::UnknownContext {
            name: name.to_owned(),
            known: known.collect::<Vec<_>>().join(", "),
        })
}

/// The address that is the value of `variable`; none for an empty one.
///
/// # Errors
/// [`InvalidSetting::PeerUrl`].
pub fn peer_url(variable: &str, text: &str) -> Result<Option<PeerUrl>, InvalidSetting> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|source| InvalidSetting::PeerUrl {
        variable: variable.to_owned(),
        source,
    })
}

/// The secret that is the value of `variable`; none for an empty one.
///
/// # Errors
/// [`InvalidSetting::ServiceSecret`].
pub fn service_secret(variable: &'static str, text: &str) -> Result<Option<ServiceSecret>, InvalidSetting> {
    if text.is_empty() {
        return Ok(None);
    }
    ServiceSecret::new(text)
        .map(Some)
        .map_err(|source| InvalidSetting::ServiceSecret { variable, source })
}

/// What a process shows to the others, from the files that are the values of [`TLS_CERTIFICATE`], [`TLS_KEY`] and
/// [`TLS_AUTHORITIES`]; none for three empty ones.
///
/// # Errors
/// [`InvalidSetting::TlsIncomplete`], [`InvalidSetting::TlsFile`].
pub fn tls_identity(
    certificate: &OsStr,
    key: &OsStr,
    authorities: &OsStr,
) -> Result<Option<Arc<TlsIdentity>>, InvalidSetting> {
    let values = [
        (TLS_CERTIFICATE, certificate),
        (TLS_KEY, key),
        (TLS_AUTHORITIES, authorities),
    ];
    let variable_where = |is_empty: bool| {
        let found = values.iter().find(|(_variable, value)| value.is_empty() == is_empty);
        found.map(|(variable, _value)| *variable)
    };
    match (variable_where(false), variable_where(true)) {
        (None, _) => Ok(None),
        (Some(given), Some(missing)) => Err(InvalidSetting::TlsIncomplete { missing, given }),
        (Some(_), None) => {
            let files = TlsFiles {
                certificate: certificate.into(),
                key: key.into(),
                authorities: authorities.into(),
            };
            let identity = TlsIdentity::load(&files).map_err(|source| InvalidSetting::TlsFile {
                variable: match source.file {
                    TlsFile::Certificate => TLS_CERTIFICATE,
                    TlsFile::Key => TLS_KEY,
                    TlsFile::Authorities => TLS_AUTHORITIES,
                },
                source,
            })?;
            Ok(Some(Arc::new(identity)))
        }
    }
}
