//! `tls_server_config`: the settings of TLS, checked against each other.

use std::path::Path;

use jiff::Timestamp;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CipherSuite, NamedGroup, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, version,
};
use secrecy::ExposeSecret;
use strict_config::{At, Problems, Section, instead_of, shown};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::client_certificates;
use super::files::Files;
use super::pem::{Pems, certificates};

/// Reads the section, and when its certificate ends; an empty section means no encryption.
pub(super) fn read(
    at: &At<'_>,
    directory: &Path,
    http2: bool,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<(ServerConfig, Option<Timestamp>)> {
    let section = at.section(problems)?;
    if section.is_empty() {
        return None;
    }
    let before = problems.count();
    let provider = provider(&section, problems);
    let versions = versions(&section, problems);
    let prefer_own = section.get("prefer_server_cipher_suites");
    let prefer_own = prefer_own.and_then(|at| at.boolean(problems)).unwrap_or(true);
    let mut pems = Pems { section: &section, directory, files };
    let key = certified_key(&mut pems, &provider, problems);
    let clients = client_certificates::read(&mut pems, &provider, problems);
    if problems.count() > before {
        return None;
    }
    let config = ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&versions)
        .map_err(|error| {
            problems
                .at(at, format!("leaves no version of TLS that can be used: {error}; allow TLS13"))
        })
        .ok()?;
    let config = match clients {
        Some(verifier) => config.with_client_cert_verifier(verifier),
        None => config.with_no_client_auth(),
    };
    let key = key?;
    let expiry = key.end_entity_cert().ok().and_then(expiry);
    let mut config = config.with_cert_resolver(std::sync::Arc::new(SingleCertAndKey::from(key)));
    config.ignore_client_order = prefer_own;
    let protocols: &[&str] = if http2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Some((config, expiry))
}

/// Returns when a certificate ends, or `None` if that cannot be read although TLS works with it.
fn expiry(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    // The year 9999 means "never", and its end is later than jiff's last time.
    Some(Timestamp::UNIX_EPOCH.saturating_add(end).unwrap_or(Timestamp::MAX))
}

fn certified_key(
    pems: &mut Pems<'_>,
    provider: &CryptoProvider,
    problems: &mut Problems,
) -> Option<CertifiedKey> {
    let mut needed = |[inline, file]: [&str; 2], problems: &mut Problems| {
        if pems.section.get(inline).is_none() && pems.section.get(file).is_none() {
            let why = format!("TLS needs it; give it here as PEM, or its file as `{file}`");
            pems.section.missing(inline, &why, problems);
        }
        pems.get([inline, file], problems)
    };
    let certificate = needed(["cert", "cert_file"], problems);
    let key = needed(["key", "key_file"], problems);
    let ((certificate, certificate_at), (key, key_at)) = (certificate?, key?);
    let chain = certificates(&certificate, &certificate_at, problems);
    let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(|_| {
        // The parser's own message could quote the key.
        problems.at(
            &key_at,
            "contains no private key in PEM; it begins with `-----BEGIN PRIVATE KEY-----`",
        );
    });
    let (chain, key) = (chain?, key.ok()?);
    let certified = CertifiedKey::from_der(chain, key, provider);
    let mismatch = |error| {
        let remedy = "give the key that the first certificate was made for, RSA or ECDSA";
        problems.at(&key_at, format!("does not match the certificate ({error}); {remedy}"));
    };
    certified.map_err(mismatch).ok()
}

/// Returns the cryptography that is implemented, limited to what the section allows and in its
/// order.
fn provider(section: &Section<'_>, problems: &mut Problems) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if let Some(at) = section.get("cipher_suites") {
        let chosen = each(&at, problems, cipher_suite);
        if chosen.iter().any(|suite| suite.tls13().is_none()) {
            // As in Go, the list is about TLS 1.2; the suites of 1.3 are all secure and always
            // allowed.
            provider.cipher_suites.retain(|suite| suite.tls13().is_some());
            let older = chosen.into_iter().filter(|suite| suite.tls13().is_none());
            provider.cipher_suites.extend(older);
        }
    }
    if let Some(at) = section.get("curve_preferences") {
        let chosen = each(&at, problems, curve);
        if !chosen.is_empty() {
            provider.kx_groups = chosen;
        }
    }
    provider
}

fn each<T>(
    at: &At<'_>,
    problems: &mut Problems,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let elements = at.list(problems);
    elements.iter().filter_map(|element| element.parse(problems, &parse)).collect()
}

/// Go's names of the suites that are implemented here.
const CIPHER_SUITES: [(&str, CipherSuite); 9] = [
    ("TLS_AES_128_GCM_SHA256", CipherSuite::TLS13_AES_128_GCM_SHA256),
    ("TLS_AES_256_GCM_SHA384", CipherSuite::TLS13_AES_256_GCM_SHA384),
    ("TLS_CHACHA20_POLY1305_SHA256", CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

fn cipher_suite(word: &str) -> Result<SupportedCipherSuite, String> {
    let names: Vec<&str> = CIPHER_SUITES.iter().map(|(name, _)| *name).collect();
    let known = CIPHER_SUITES.iter().find(|(name, _)| *name == word);
    let implemented = known.and_then(|(_, id)| {
        ring::ALL_CIPHER_SUITES.iter().find(|suite| suite.suite() == *id).copied()
    });
    implemented.ok_or_else(|| match word.strip_prefix("TLS_") {
        // Suites with CBC or RSA key exchange, which Go still has.
        Some(_) => format!(
            "{} is not supported, because it is weak or unknown; {}",
            shown(word),
            instead_of("", &names)
        ),
        None => format!("{} is not known; {}", shown(word), instead_of(word, &names)),
    })
}

const CURVES: [(&str, NamedGroup); 3] = [
    ("X25519", NamedGroup::X25519),
    ("CurveP256", NamedGroup::secp256r1),
    ("CurveP384", NamedGroup::secp384r1),
];

fn curve(word: &str) -> Result<&'static dyn SupportedKxGroup, String> {
    let names = CURVES.map(|(name, _)| name);
    let known = CURVES.iter().find(|(name, _)| *name == word);
    let implemented = known
        .and_then(|(_, id)| ring::ALL_KX_GROUPS.iter().find(|group| group.name() == *id).copied());
    implemented.ok_or_else(|| match word {
        "CurveP521" => format!("`CurveP521` is not implemented; {}", instead_of("", &names)),
        _ => format!("{} is not known; {}", shown(word), instead_of(word, &names)),
    })
}

/// The versions of TLS, from the oldest to the newest.
const VERSIONS: [(&str, &SupportedProtocolVersion); 2] =
    [("TLS12", &version::TLS12), ("TLS13", &version::TLS13)];

fn versions(
    section: &Section<'_>,
    problems: &mut Problems,
) -> Vec<&'static SupportedProtocolVersion> {
    let mut place = |key: &str, default: usize| {
        let at = section.get(key);
        at.and_then(|at| at.parse(problems, tls_version)).unwrap_or(default)
    };
    let (min, max) = (place("min_version", 0), place("max_version", VERSIONS.len() - 1));
    if let Some(at) = section.get("max_version").filter(|_| max < min) {
        problems.at(&at, "is below `min_version`; raise it, or remove it");
    }
    VERSIONS
        .iter()
        .skip(min)
        .take((max + 1).saturating_sub(min))
        .map(|(_, version)| *version)
        .collect()
}

fn tls_version(word: &str) -> Result<usize, String> {
    let names = VERSIONS.map(|(name, _)| name);
    let known = names.iter().position(|name| *name == word);
    known.ok_or_else(|| match word {
        "TLS10" | "TLS11" => {
            format!("`{word}` is broken and not implemented; {}", instead_of("", &names))
        }
        _ => format!("{} is not known; {}", shown(word), instead_of(word, &names)),
    })
}
