//! `azure`: where the data comes from, and how many requests may be sent for it.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;
use strict_config::{At, Problems, Section, one_of, shown, shown_path};
use url::{Host, Url};

use super::auth::{self, Auth};
use super::cloud::{ApiVersion, Cloud};
use super::environment::{AUTHORITY_HOST, Environment, HTTP_PROXY};
use crate::billing::scope::ScopeType;
use crate::files;

/// The source of the data.
#[derive(Clone, Debug)]
pub struct Azure {
    /// The cloud, one of Azure's separate ones: it decides the audience of tokens.
    pub cloud: Cloud,
    /// The address of the Resource Manager API. `https`, or `http` to this machine; no path, query
    /// or user.
    pub endpoint: Url,
    /// The address that tokens come from. `https`; no path, query or user.
    pub authority_host: Url,
    /// Certificate authorities that are trusted in addition to the system's, for the API and for
    /// tokens.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// The proxy of the environment for requests without TLS, if it is on this machine. A proxy
    /// elsewhere is not used for the machine's own identity service, because its tokens would cross
    /// the network in clear. The address may contain a password.
    pub local_proxy: Option<SecretString>,
    /// The `api-version` that is sent with requests for usage details.
    pub api_version: ApiVersion,
    /// The quotas that the client keeps to, so that Azure's own limits are seldom reached.
    pub requests_per_minute: RequestsPerMinute,
    /// The identity that signs in.
    pub auth: Auth,
}

/// Returns true if a client of one source works as well for the other.
impl PartialEq for Azure {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            cloud,
            endpoint,
            authority_host,
            extra_roots,
            // Not compared: the environment of a process does not change.
            local_proxy: _,
            api_version,
            requests_per_minute,
            auth,
        } = self;
        *cloud == other.cloud
            && *endpoint == other.endpoint
            && *authority_host == other.authority_host
            && *extra_roots == other.extra_roots
            && *api_version == other.api_version
            && *requests_per_minute == other.requests_per_minute
            && *auth == other.auth
    }
}

/// The number of requests a minute to the scopes of each type: Azure's quotas are per type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestsPerMinute {
    billing_account: u32,
    department: u32,
    enrollment_account: u32,
    subscription: u32,
}

impl RequestsPerMinute {
    /// Returns the number for one type of scope; 1 or more.
    pub const fn of(self, scope_type: ScopeType) -> u32 {
        match scope_type {
            ScopeType::BillingAccount => self.billing_account,
            ScopeType::Department => self.department,
            ScopeType::EnrollmentAccount => self.enrollment_account,
            ScopeType::Subscription => self.subscription,
        }
    }

    const fn of_mut(&mut self, scope_type: ScopeType) -> &mut u32 {
        match scope_type {
            ScopeType::BillingAccount => &mut self.billing_account,
            ScopeType::Department => &mut self.department,
            ScopeType::EnrollmentAccount => &mut self.enrollment_account,
            ScopeType::Subscription => &mut self.subscription,
        }
    }
}

impl RequestsPerMinute {
    /// Returns the same number for every type of scope: a simulated Azure has no quota to share.
    pub const fn everywhere(limit: u32) -> Self {
        Self {
            billing_account: limit,
            department: limit,
            enrollment_account: limit,
            subscription: limit,
        }
    }
}

impl Default for RequestsPerMinute {
    fn default() -> Self {
        Self { billing_account: 6, department: 2, enrollment_account: 2, subscription: 6 }
    }
}

/// Reads the section; without one the defaults and the environment count.
pub(super) fn read(
    at: Option<At<'_>>,
    environment: &Environment,
    directory: &Path,
    problems: &mut Problems,
) -> Option<Azure> {
    let section = match at {
        Some(at) => Some(at.section(problems)?),
        None => None,
    };
    let get = |key| section.as_ref().and_then(|section: &Section<'_>| section.get(key));
    let [cloud, endpoint, authority_host, ca_file] =
        ["cloud", "endpoint", "authority_host", "ca_file"].map(get);
    let api_version = get("usage_details_api_version");
    let [requests_per_minute, auth] = ["requests_per_minute", "auth"].map(get);

    let authority = authority(cloud, authority_host, environment, problems);
    let requests_per_minute = quotas(requests_per_minute, problems);
    let auth = auth::read(auth, environment, directory, problems);
    let (cloud, authority_host) = authority?;
    let endpoint = match endpoint {
        Some(at) => at.parse(problems, |text| {
            let endpoint = address(text, Plain::ToThisMachine, cloud.endpoint())?;
            of_no_other_cloud(endpoint, cloud, Cloud::endpoint)
        }),
        None => Url::parse(cloud.endpoint()).ok(),
    };
    let api_version = match api_version {
        Some(at) => at.parse(problems, ApiVersion::parse),
        None => Some(ApiVersion::default()),
    };
    let extra_roots = match ca_file {
        Some(at) => at.parse(problems, |file| extra_roots(&directory.join(file))),
        None => Some(Vec::new()),
    };
    Some(Azure {
        cloud,
        endpoint: endpoint?,
        authority_host: authority_host?,
        extra_roots: extra_roots?,
        local_proxy: local_proxy(environment),
        api_version: api_version?,
        requests_per_minute,
        auth: auth?,
    })
}

/// Returns the cloud and the address that its tokens come from. The file goes before
/// `AZURE_AUTHORITY_HOST`, and that before the public cloud.
fn authority(
    cloud: Option<At<'_>>,
    host: Option<At<'_>>,
    environment: &Environment,
    problems: &mut Problems,
) -> Option<(Cloud, Option<Url>)> {
    let example = Cloud::Public.authority_host();
    let parse = |text: &str| address(text, Plain::Never, example);
    let cloud = match cloud {
        Some(at) => Some(at.parse(problems, |word| one_of(word, &Cloud::ALL, Cloud::as_str))?),
        None => None,
    };
    if let Some(at) = host {
        let cloud = cloud.unwrap_or_default();
        let host = at
            .parse(problems, |text| of_no_other_cloud(parse(text)?, cloud, Cloud::authority_host));
        return Some((cloud, host));
    }
    if let Some(cloud) = cloud {
        return Some((cloud, Url::parse(cloud.authority_host()).ok()));
    }
    let Some(text) = environment.get(AUTHORITY_HOST, problems) else {
        return Some((Cloud::Public, Url::parse(example).ok()));
    };
    let host = parse(text).map_err(|wrong| problems.outside(AUTHORITY_HOST, wrong)).ok();
    Some((host.as_ref().and_then(Cloud::of_authority).unwrap_or_default(), host))
}

/// Returns an address, unless it belongs to another cloud, which does not accept tokens of this
/// one.
fn of_no_other_cloud(
    address: Url,
    cloud: Cloud,
    known: fn(Cloud) -> &'static str,
) -> Result<Url, String> {
    match Cloud::of(&address, known) {
        Some(other) if other != cloud => {
            let (other, cloud) = (other.as_str(), cloud.as_str());
            Err(format!(
                "is that of cloud `{other}`, and azure.cloud is `{cloud}`; remove the key, and set `cloud: {other}` if that is meant"
            ))
        }
        _ => Ok(address),
    }
}

/// The cases in which an address may do without TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    Never,
    ToThisMachine,
}

/// Parses the address of a service. It is never quoted: people put passwords into addresses.
fn address(text: &str, plain: Plain, example: &str) -> Result<Url, String> {
    let Ok(url) = Url::parse(text) else {
        return Err(format!("is not an address; write for example {example}"));
    };
    match url.scheme() {
        "https" => {}
        "http" if plain == Plain::ToThisMachine && is_loopback(&url) => {}
        "http" if plain == Plain::ToThisMachine => {
            return Err("would send tokens in clear text; use https (http works only to \
                        127.0.0.1, [::1] and localhost)"
                .to_owned());
        }
        _ => return Err(format!("must begin with https://, for example {example}")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password; see azure.auth".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("must end after the host and port, for example {example}"));
    }
    Ok(url)
}

/// Reads the certificates of a PEM file, each of which must be valid.
fn extra_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let file = shown_path(path);
    let pem = files::read(path, files::WRITTEN_BY_HAND)
        .map_err(|error| format!("{file} {error}; give a readable PEM file"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => {
            let mut roots = RootCertStore::empty();
            for certificate in &certificates {
                let wrong =
                    |error| format!("{file} contains a certificate that cannot be used: {error}");
                roots.add(certificate.clone()).map_err(wrong)?;
            }
            Ok(certificates)
        }
        _ => Err(format!("{file} contains no certificates in PEM (-----BEGIN CERTIFICATE-----)")),
    }
}

fn local_proxy(environment: &Environment) -> Option<SecretString> {
    // What is not a URL is left to the HTTP library, so that these problems are dropped.
    let unheard = &mut Problems::default();
    let proxy = HTTP_PROXY.into_iter().find_map(|name| environment.get(name, unheard))?;
    Url::parse(proxy).ok().filter(is_loopback).map(|_| SecretString::from(proxy))
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn quotas(at: Option<At<'_>>, problems: &mut Problems) -> RequestsPerMinute {
    let mut quotas = RequestsPerMinute::default();
    let section = at.and_then(|at| at.section(problems));
    for scope_type in ScopeType::ALL {
        let at = section.as_ref().and_then(|section| section.get(scope_type.as_str()));
        if let Some(quota) = at.and_then(|at| at.parse_number(problems, quota)) {
            *quotas.of_mut(scope_type) = quota;
        }
    }
    quotas
}

/// Parses a number of requests a minute.
pub(super) fn quota(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(quota @ 1..) => Ok(quota),
        _ => Err(format!("{} is not a whole number of requests; use 1 or more", shown(text))),
    }
}
