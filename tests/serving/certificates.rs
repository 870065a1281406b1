//! Certificates of a throw-away CA, in files.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};

/// A CA, and the folder that its certificates are written to.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes `NAME.pem` and `NAME.key`, valid for a subject.
    pub(crate) fn issue(&self, folder: &Path, name: &str, subject: SanType) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names.push(subject);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        write(folder, &format!("{name}.pem"), &certificate.pem());
        write(folder, &format!("{name}.key"), &key.serialize_pem());
    }

    /// Writes the files of a server on 127.0.0.1: `server.pem`, `server.key`, and `ca.pem`.
    pub(crate) fn serve(&self, folder: &Path) {
        self.issue(folder, "server", SanType::IpAddress([127, 0, 0, 1].into()));
        write(folder, "ca.pem", &self.pem());
    }
}

pub(crate) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("a name"))
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("room for a file");
}
