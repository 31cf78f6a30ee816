//! `BANYAN_INTERNAL_TLS_*`: processes of the binary that is shipped, with certificates.

use std::path::Path;
use std::process::Output;

use super::command_line::banyan;
use super::databases_apart::sell_something;
use crate::support::app::{On, TestApp};
use crate::support::certificates::{Authority, Papers};
use crate::support::processes::SECRET;

const CERTIFICATE: &str = "BANYAN_INTERNAL_TLS_CERT";
const KEY: &str = "BANYAN_INTERNAL_TLS_KEY";
const AUTHORITIES: &str = "BANYAN_INTERNAL_TLS_CA";

/// What a server says that is told this, and does not start for it.
fn complaint(folder: &Path, environment: &[(String, String)]) -> String {
    let told = environment.iter().cloned();
    let output = banyan(folder).envs(told).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(folder.read_dir().unwrap().next().is_none(), "nothing was begun");
    said
}

#[test]
fn two_files_of_the_three_are_too_few() {
    let folder = tempfile::tempdir().unwrap();
    let papers = Authority::new().papers();
    for missing in [CERTIFICATE, KEY, AUTHORITIES] {
        let mut told = papers.environment().to_vec();
        told.retain(|(variable, _file)| variable != missing);
        let said = complaint(folder.path(), &told);
        assert!(said.contains(&format!("{missing} is missing")), "{said}");
        told.push((missing.to_owned(), String::new()));
        assert_eq!(complaint(folder.path(), &told), said, "an empty one is none");
    }
}

/// What is said of `papers` with another file in the place of one.
fn complaint_of(papers: &Papers, variable: &str, file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut told = papers.environment();
    let place = told.iter_mut().find(|(name, _file)| name == variable).unwrap();
    file.clone_into(&mut place.1);
    let said = complaint(folder.path(), &told);
    assert!(said.contains(variable) && said.contains(file), "{said}");
    said
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_variable_and_the_reason() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let papers = ours.papers();
    let empty = papers.another("empty.pem", "");
    let broken = papers.another(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nno base64 at all!\n-----END CERTIFICATE-----\n",
    );
    let no_certificate = papers.another(
        "no-certificate.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let key = papers.files.key.to_str().unwrap();
    let certificate = papers.files.certificate.to_str().unwrap();
    let expired = papers.another("expired.pem", &ours.sign_expired("127.0.0.1").certificate);
    let foreign = papers.another("foreign.pem", &theirs.sign("127.0.0.1").certificate);
    let other_key = papers.another("other-key.pem", &ours.sign("127.0.0.1").key);
    let strangers = papers.another("strangers.pem", &theirs.pem());
    for (variable, file, reason) in [
        (CERTIFICATE, "/nowhere/certificate.pem", "cannot be read"),
        (KEY, "/nowhere/key.pem", "cannot be read"),
        (AUTHORITIES, "/nowhere/authorities.pem", "cannot be read"),
        (CERTIFICATE, "/", "cannot be read"),
        (CERTIFICATE, &empty, "holds no certificate"),
        (KEY, &empty, "holds no private key"),
        (AUTHORITIES, &empty, "holds no certificate"),
        (CERTIFICATE, key, "holds no certificate"),
        (KEY, certificate, "holds no private key"),
        (AUTHORITIES, key, "holds no certificate"),
        (CERTIFICATE, &broken, "cannot be read"),
        (AUTHORITIES, &no_certificate, "cannot be used"),
        (KEY, &other_key, "is not the key of the certificate"),
        (CERTIFICATE, &expired, "expired"),
        (CERTIFICATE, &foreign, "is of no use with these authorities"),
    ] {
        let said = complaint_of(&papers, variable, file);
        assert!(said.contains(reason), "{variable}={file}: {said}");
    }
    // Which of the two is wrong cannot be told; the certificate is what would not be taken.
    let folder = tempfile::tempdir().unwrap();
    let mut told = papers.environment();
    told[2].1 = strangers;
    let said = complaint(folder.path(), &told);
    assert!(
        said.contains(CERTIFICATE) && said.contains("with these authorities"),
        "{said}"
    );
}

#[test]
fn neighbours_are_all_over_tls_or_none_is() {
    let folder = tempfile::tempdir().unwrap();
    let papers = Authority::new().papers();
    let told = |identity: &str, own_address: &str| {
        [
            ("BANYAN_CONTEXTS", "payments"),
            ("BANYAN_SERVICE_SECRET", SECRET),
            ("BANYAN_INTERNAL_ADDR", own_address),
            ("BANYAN_IDENTITY_URL", identity),
        ]
        .map(|(variable, value)| (variable.to_owned(), value.to_owned()))
    };
    let own = "127.0.0.1:9090";
    let said = complaint(folder.path(), &told("https://identity:9090", own));
    assert!(said.contains("BANYAN_IDENTITY_URL begins with https://"), "{said}");
    let with_certificates = |identity| [&told(identity, own)[..], &papers.environment()].concat();
    let said = complaint(folder.path(), &with_certificates("http://identity:9090"));
    assert!(said.contains("BANYAN_IDENTITY_URL begins with http://"), "{said}");
    let said = complaint(folder.path(), &with_certificates("https://127.0.0.1:9090"));
    assert!(said.contains("the internal address of this process"), "{said}");
}

fn fsck(app: &TestApp, with_certificates: bool) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut told = app.operator_environment();
    if !with_certificates {
        told.retain(|variable, _file| !variable.starts_with("BANYAN_INTERNAL_TLS_"));
    }
    let output = banyan(folder.path()).arg("fsck").envs(told).output().unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (output, said)
}

#[test]
fn a_shop_of_processes_with_certificates_sells_and_shows_its_books_to_members_alone() {
    let app = TestApp::start_over_tls("catalog-apart", On::Sqlite);
    sell_something(&app);
    let (checked, said) = fsck(&app, true);
    assert_eq!(checked.status.code(), Some(0), "{said}");
    assert!(!checked.stdout.is_empty());
    let (refused, said) = fsck(&app, false);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("begins with https://") && said.lines().count() == 1,
        "{said}"
    );
}
