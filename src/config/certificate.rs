//! The certificate an application signs in with. It is checked when the configuration is loaded,
//! and read again at each use, because such files are rotated.

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::rsa;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};

/// A certificate and the private key it belongs to.
pub struct ClientCertificate {
    /// SHA-256 of the certificate's DER, by which the directory finds it.
    pub thumbprint: [u8; 32],
    /// The private key that signs in the name of the application.
    pub key: rsa::KeyPair,
}

/// Shows the thumbprint, which is not a secret, and nothing of the key.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// The reason why a text is not a certificate to sign in with. Its content is never part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// PKCS#12 in its binary form, or no certificate at all.
    #[error(
        "contains no certificate in PEM; convert a .pfx by: openssl pkcs12 -in a.pfx -nodes -out a.pem"
    )]
    NoCertificate,
    /// A certificate without its private key.
    #[error(
        "contains no private key in PEM beside the certificate; append it, unencrypted (convert an encrypted one by: openssl pkey -in key.pem)"
    )]
    NoKey,
    /// A key on an elliptic curve, which the directory does not accept, or one too short or too
    /// long.
    #[error("contains a private key that is not RSA of 2048 to 4096 bits; Entra accepts no other")]
    NotRsa,
    /// A key and certificates that do not belong together.
    #[error("contains a private key that belongs to none of its certificates")]
    Strangers,
}

impl ClientCertificate {
    /// Reads PEM: a private key and its certificate, in any order, perhaps with the certificates of
    /// its issuers, which are not sent.
    pub fn parse(pem: &SecretString) -> Result<Self, CertificateProblem> {
        let pem = pem.expose_secret().as_bytes();
        let certificates: Vec<CertificateDer<'_>> =
            CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
        if certificates.is_empty() {
            return Err(CertificateProblem::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| CertificateProblem::NoKey)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => rsa::KeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(CertificateProblem::NotRsa),
        }
        .map_err(|_| CertificateProblem::NotRsa)?;
        // A certificate contains the public key of its subject unchanged, and no other key.
        let public = key.public().as_ref();
        let own = certificates
            .iter()
            .find(|certificate| certificate.windows(public.len()).any(|part| part == public))
            .ok_or(CertificateProblem::Strangers)?;
        let mut thumbprint = [0; 32];
        thumbprint.copy_from_slice(digest(&SHA256, own).as_ref());
        Ok(Self { thumbprint, key })
    }
}
