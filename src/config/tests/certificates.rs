//! PEM files: certificates to sign in with, and authorities to trust.

use rcgen::{CertificateParams, KeyPair};

use super::{SHORTEST, complaint, load};
use crate::config::certificate::{CertificateProblem, ClientCertificate};

const PEM: &str = include_str!("../../../tests/fixtures/client_certificate.pem");

fn problem(pem: &str) -> CertificateProblem {
    ClientCertificate::parse(&pem.into()).unwrap_err()
}

/// Returns the parts of a PEM file that have a label.
fn part(pem: &str, label: &str) -> String {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----\n"));
    let begins = pem.find(&begin).unwrap();
    let ends = pem.find(&end).unwrap() + end.len();
    pem[begins..ends].to_owned()
}

fn of_elliptic_curve() -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    certificate.pem() + &key.serialize_pem()
}

#[test]
fn a_certificate_is_found_among_those_that_vouch_for_it_wherever_the_key_stands() {
    let (key, certificate) = (part(PEM, "PRIVATE KEY"), part(PEM, "CERTIFICATE"));
    let issuer = part(&of_elliptic_curve(), "CERTIFICATE");
    let parsed = |pem: String| ClientCertificate::parse(&pem.into()).unwrap().thumbprint;
    let expected = parsed(certificate.clone() + &key);
    for pem in [
        format!("{key}{certificate}"),
        format!("{certificate}{issuer}{key}"),
        format!("{issuer}{certificate}{key}"),
        format!("Bag Attributes\n    friendlyName: contoso\n{key}{certificate}"),
    ] {
        assert_eq!(parsed(pem), expected);
    }
}

#[test]
fn what_is_no_certificate_to_sign_in_with_is_told_apart() {
    let (key, certificate) = (part(PEM, "PRIVATE KEY"), part(PEM, "CERTIFICATE"));
    let curve = of_elliptic_curve();
    assert_eq!(problem(""), CertificateProblem::NoCertificate);
    assert_eq!(problem(&key), CertificateProblem::NoCertificate);
    assert_eq!(problem(&certificate), CertificateProblem::NoKey);
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    assert_eq!(problem(&format!("{certificate}{encrypted}")), CertificateProblem::NoKey);
    assert_eq!(problem(&curve), CertificateProblem::NotRsa);
    let stranger = part(&curve, "CERTIFICATE");
    assert_eq!(problem(&format!("{stranger}{key}")), CertificateProblem::Strangers);
}

#[test]
fn authorities_are_read_at_the_start_or_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let yaml = format!("azure: {{ca_file: {}}}\n{SHORTEST}", file.path().display());
    let said = || complaint(&yaml).replace(&file.path().display().to_string(), "FILE");
    assert_eq!(
        said(),
        "config.yaml:1: azure.ca_file: FILE contains no certificates in PEM (-----BEGIN CERTIFICATE-----)"
    );
    std::fs::write(file.path(), part(PEM, "CERTIFICATE").repeat(2)).unwrap();
    assert_eq!(load(&yaml).unwrap().azure.extra_roots.len(), 2);
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(file.path(), garbage).unwrap();
    assert!(said().contains("FILE contains a certificate that cannot be used"), "{}", said());
    std::fs::remove_file(file.path()).unwrap();
    assert!(said().contains("FILE cannot be read: No such file"), "{}", said());
}
