//! `client_auth_type`, `client_ca` and `client_allowed_sans`: whether a client needs a certificate,
//! from which issuers, and with which names.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use strict_config::{At, Problems, one_of};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::pem::{Pems, certificates};

/// The rules for client certificates, in Go's words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClientAuth {
    No,
    Request,
    RequireAny,
    /// The first name that the toolkit had for `RequireAny`.
    Require,
    VerifyIfGiven,
    RequireAndVerify,
}

impl ClientAuth {
    const ALL: [Self; 6] = [
        Self::No,
        Self::Request,
        Self::RequireAny,
        Self::Require,
        Self::VerifyIfGiven,
        Self::RequireAndVerify,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::No => "NoClientCert",
            Self::Request => "RequestClientCert",
            Self::RequireAny => "RequireAnyClientCert",
            Self::Require => "RequireClientCert",
            Self::VerifyIfGiven => "VerifyClientCertIfGiven",
            Self::RequireAndVerify => "RequireAndVerifyClientCert",
        }
    }

    const fn verifies(self) -> bool {
        matches!(self, Self::VerifyIfGiven | Self::RequireAndVerify)
    }

    const fn is_mandatory(self) -> bool {
        matches!(self, Self::RequireAny | Self::Require | Self::RequireAndVerify)
    }
}

/// Reads the section and returns the verifier of client certificates; none if they are not
/// requested.
pub(super) fn read(
    pems: &mut Pems<'_>,
    provider: &CryptoProvider,
    problems: &mut Problems,
) -> Option<Arc<dyn ClientCertVerifier>> {
    let auth = pems.section.get("client_auth_type");
    let allowed = pems.section.get("client_allowed_sans");
    let authorities = pems.get(["client_ca", "client_ca_file"], problems);
    let auth = match auth {
        Some(at) => {
            at.parse(problems, |word| one_of(word, &ClientAuth::ALL, ClientAuth::as_str))?
        }
        None => ClientAuth::No,
    };
    let allowed = allowed.map(|at| allowed_names(&at, auth, problems));
    let issued = match authorities {
        Some((_, at)) if auth == ClientAuth::No => {
            problems.at(&at, "has no effect without `client_auth_type: RequireAndVerifyClientCert`; add that, or remove it");
            return None;
        }
        Some((pem, at)) => {
            let mut roots = RootCertStore::empty();
            let (added, _) = roots.add_parsable_certificates(certificates(&pem, &at, problems)?);
            let verifier = (added > 0).then(|| issued_by(roots, auth, provider)).flatten();
            if verifier.is_none() {
                problems.at(
                    &at,
                    "contains no certificate that can sign others; give that of the clients' CA",
                );
            }
            verifier
        }
        None => None,
    };
    if auth.verifies() && issued.is_none() {
        if problems.count() == 0 {
            let why = format!(
                "`{}` needs the CA that clients' certificates are signed by",
                auth.as_str()
            );
            pems.section.missing("client_ca_file", &why, problems);
        }
        return None;
    }
    let algorithms = provider.signature_verification_algorithms;
    let issued = issued.filter(|_| auth.verifies());
    (auth != ClientAuth::No).then(|| Arc::new(Judge { auth, issued, allowed, algorithms }) as _)
}

fn issued_by(
    roots: RootCertStore,
    auth: ClientAuth,
    provider: &CryptoProvider,
) -> Option<Arc<dyn ClientCertVerifier>> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone().into());
    let builder = if auth.is_mandatory() { builder } else { builder.allow_unauthenticated() };
    builder.build().ok()
}

fn allowed_names(at: &At<'_>, auth: ClientAuth, problems: &mut Problems) -> BTreeSet<String> {
    if !auth.is_mandatory() {
        let remedy = "set `client_auth_type: RequireAndVerifyClientCert`";
        problems.at(at, format!("lets clients in that show no certificate; {remedy}"));
    }
    let names = at.list(problems);
    names.iter().filter_map(|name| Some(name.text(problems)?.to_owned())).collect()
}

/// The verifier of client certificates. In every case, the client must prove that it has the key.
#[derive(Debug)]
struct Judge {
    auth: ClientAuth,
    /// The check of issuers, if it is required.
    issued: Option<Arc<dyn ClientCertVerifier>>,
    allowed: Option<BTreeSet<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ClientCertVerifier for Judge {
    fn client_auth_mandatory(&self) -> bool {
        self.auth.is_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.issued.as_ref().map_or(&[], |issued| issued.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(issued) = &self.issued {
            issued.verify_client_cert(end_entity, intermediates, now)?;
        }
        match &self.allowed {
            Some(allowed) if !names_of(end_entity).iter().any(|name| allowed.contains(name)) => {
                Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Returns the subject's alternative names as the toolkit compares them: as text, without
/// wildcards. Returns none for a certificate that cannot be read.
fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let names = Certificate::from_der(certificate).ok().and_then(|certificate| {
        certificate.tbs_certificate().get_extension::<SubjectAltName>().ok().flatten()
    });
    let Some((_, SubjectAltName(names))) = names else { return Vec::new() };
    let text = |name: &GeneralName| match name {
        GeneralName::DnsName(name)
        | GeneralName::Rfc822Name(name)
        | GeneralName::UniformResourceIdentifier(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            address(bytes.as_bytes()).map(|address| address.to_string())
        }
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}
