//! Mutual TLS between the shop's processes: what one shows to the others, and whom it takes for one of them.
//!
//! The connection is encrypted and proves membership at both ends. What is said on it carries a token of its own all the
//! same (`service_token`): that one is about the message.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{Error, RootCertStore, ServerConfig, version};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// Where the certificates of a process are, all in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// Its own certificate, with those between it and the authority behind it.
    pub certificate: PathBuf,
    /// The private key of its own certificate.
    pub key: PathBuf,
    /// The authorities that sign the certificates of the shop's processes, and of nobody else.
    pub authorities: PathBuf,
}

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    /// [`TlsFiles::certificate`].
    Certificate,
    /// [`TlsFiles::key`].
    Key,
    /// [`TlsFiles::authorities`].
    Authorities,
}

/// A file that no connection can be made with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {why}", .path.display())]
pub struct UnusableTlsFile {
    /// Which.
    pub file: TlsFile,
    /// Where it should be.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: WhyUnusable,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyUnusable {
    /// It is not there, or not ours to read, or no PEM.
    #[error("cannot be read: {0}")]
    NotRead(String),
    /// It is about something else.
    #[error("holds no certificate in PEM")]
    NoCertificate,
    /// It is about something else, or locked.
    #[error("holds no private key in PEM that can be used without a password")]
    NoKey,
    /// The key of somebody else.
    #[error("is not the key of the certificate")]
    OtherKey,
    /// A certificate that the others would not take, as they are given the same authorities.
    #[error("is of no use with these authorities: {0}")]
    NotOfTheShop(String),
    /// It is damaged, or of a kind that is not known.
    #[error("cannot be used: {0}")]
    Odd(String),
}

/// What this process shows to the others, and whom it takes for one of them.
#[derive(Clone)]
pub struct TlsIdentity {
    client: TlsConfig,
    server: ServerConfig,
}

/// Of a private key there is nothing to be said.
impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

impl TlsIdentity {
    /// Reads the files, and sees to it that the others will take what they hold: a mistake is found now, and not by a
    /// neighbour later.
    ///
    /// # Errors
    /// [`UnusableTlsFile`].
    pub fn load(files: &TlsFiles) -> Result<Self, UnusableTlsFile> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&files.certificate).map_err(files.blaming(TlsFile::Certificate))?;
        let authorities = certificates(&files.authorities).map_err(files.blaming(TlsFile::Authorities))?;
        let verifier = verifier(&authorities, &provider).map_err(files.blaming(TlsFile::Authorities))?;
        check_membership(&*verifier, &chain).map_err(files.blaming(TlsFile::Certificate))?;
        let key = read(&files.key).map_err(files.blaming(TlsFile::Key))?;
        let server = server(verifier, chain.clone(), &key, &provider).map_err(files.blaming(TlsFile::Key))?;
        // The client would panic at its first call, did key and certificate not match: the server has just seen to that.
        let key = PrivateKey::from_pem(&key)
            .map_err(|_none| WhyUnusable::NoKey)
            .map_err(files.blaming(TlsFile::Key))?;
        let client = TlsConfig::builder()
            .client_cert(Some(ClientCert::new_with_certs(&for_the_client(&chain), key)))
            .root_certs(RootCerts::new_with_certs(&for_the_client(&authorities)))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        Ok(Self { client, server })
    }

    /// For a server that serves members alone.
    pub fn server(&self) -> ServerConfig {
        self.server.clone()
    }

    /// For a client that asks members alone.
    pub(super) fn client(&self) -> TlsConfig {
        self.client.clone()
    }
}

impl TlsFiles {
    fn path(&self, file: TlsFile) -> &Path {
        match file {
            TlsFile::Certificate => &self.certificate,
            TlsFile::Key => &self.key,
            TlsFile::Authorities => &self.authorities,
        }
    }

    fn blaming(&self, file: TlsFile) -> impl FnOnce(WhyUnusable) -> UnusableTlsFile {
        let path = self.path(file).to_owned();
        move |why| UnusableTlsFile { file, path, why }
    }
}

/// For a client without certificates: it can make no connection over TLS, rather than one to whomever the web trusts.
pub(super) fn nobody() -> TlsConfig {
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[]))
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .build()
}

fn read(path: &Path) -> Result<Vec<u8>, WhyUnusable> {
    std::fs::read(path).map_err(|error| WhyUnusable::NotRead(error.to_string()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, WhyUnusable> {
    let certificates: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match certificates {
        Ok(none) if none.is_empty() => Err(WhyUnusable::NoCertificate),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(WhyUnusable::NotRead(error.to_string())),
    }
}

/// Takes whoever has a certificate of one of the authorities, and nobody else.
fn verifier(
    authorities: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, WhyUnusable> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots
            .add(authority.clone())
            .map_err(|error| WhyUnusable::Odd(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| WhyUnusable::Odd(error.to_string()))
}

/// Whether the neighbours will take this certificate.
fn check_membership(verifier: &dyn ClientCertVerifier, chain: &[CertificateDer<'static>]) -> Result<(), WhyUnusable> {
    let (own, between) = chain.split_first().ok_or(WhyUnusable::NoCertificate)?;
    match verifier.verify_client_cert(own, between, UnixTime::now()) {
        Ok(_taken) => Ok(()),
        Err(error) => Err(WhyUnusable::NotOfTheShop(error.to_string())),
    }
}

fn server(
    verifier: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, WhyUnusable> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_none| WhyUnusable::NoKey)?;
    let odd = |error: Error| match error {
        Error::InconsistentKeys(_) => WhyUnusable::OtherKey,
        error => WhyUnusable::Odd(error.to_string()),
    };
    let mut server = ServerConfig::builder_with_provider(Arc::clone(provider))
        // Both ends are of this program: nobody needs an older one.
        .with_protocol_versions(&[&version::TLS13])
        .map_err(odd)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(odd)?;
    // No connection follows from an earlier one: each proves membership by a certificate that holds now.
    server.send_tls13_tickets = 0;
    Ok(server)
}

fn for_the_client(certificates: &[CertificateDer<'static>]) -> Vec<Certificate<'static>> {
    let certificates = certificates.iter();
    certificates
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect()
}
