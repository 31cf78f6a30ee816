//! Certificates of a test's own making: authorities, and what they sign.

use std::path::Path;

use banyan::adapters::shared::remote::tls::{TlsFiles, TlsIdentity};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// Somebody who signs certificates. All of them have the same name, so that only their keys tell them apart.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub struct Signed {
    pub certificate: String,
    pub key: String,
}

/// The three files of a process.
pub struct Papers {
    pub files: TlsFiles,
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Those who are signed by it, and nobody else.
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// A certificate for this host.
    pub fn sign(&self, host: &str) -> Signed {
        self.sign_with(host, |_params| {})
    }

    /// A certificate for this host, as it was once.
    pub fn sign_expired(&self, host: &str) -> Signed {
        self.sign_with(host, |params| params.not_after = date_time_ymd(2001, 1, 1))
    }

    fn sign_with(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Signed {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Signed {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// The files of a process on this machine.
    pub fn papers(&self) -> Papers {
        Papers::of(&self.sign("127.0.0.1"), &self.pem())
    }
}

impl Signed {
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()]
    }

    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

impl Papers {
    pub fn of(signed: &Signed, authorities: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let files = TlsFiles {
            certificate: write("certificate.pem", &signed.certificate),
            key: write("key.pem", &signed.key),
            authorities: write("authorities.pem", authorities),
        };
        Self { files, folder }
    }

    pub fn identity(&self) -> TlsIdentity {
        TlsIdentity::load(&self.files).unwrap()
    }

    /// How a process is told of them.
    pub fn environment(&self) -> [(String, String); 3] {
        let value = |path: &Path| path.to_str().unwrap().to_owned();
        [
            ("BANYAN_INTERNAL_TLS_CERT".to_owned(), value(&self.files.certificate)),
            ("BANYAN_INTERNAL_TLS_KEY".to_owned(), value(&self.files.key)),
            ("BANYAN_INTERNAL_TLS_CA".to_owned(), value(&self.files.authorities)),
        ]
    }

    /// A file that is not one of the three.
    pub fn another(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}
