//! The URL by which the exporter is reached from outside, and the path that its routes are below, as
//! Prometheus's flags of these names have them.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::web::is_plain;

const FORMS: &str = "write for example https://finops.example.com/azure-billing/";

/// The value of `--web.external-url`: the URL that browsers have, perhaps by way of a proxy. As in
/// Prometheus, it may be the path alone, or empty, which says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalUrl {
    /// The host, in lower case, with the port where it is not the scheme's own.
    authority: Option<String>,
    host: Option<String>,
    path: PathPrefix,
}

impl ExternalUrl {
    /// The host's name or address, an IPv6 address in brackets.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The host and port as a browser names them in `Host` and `Origin`.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }
}

impl FromStr for ExternalUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
            return Err(format!("it must not begin or end with a quote; {FORMS}"));
        }
        if text.starts_with('/') && !text.starts_with("//") {
            return Ok(Self { path: text.parse()?, ..Self::default() });
        }
        let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        let Some(url) = url else {
            return Err(format!("it must begin with http:// or https://, or be a path; {FORMS}"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("it must hold no user and no password; {FORMS}"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("it must end with the path, without ? and #; {FORMS}"));
        }
        let host = url.host_str().map(str::to_owned);
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let authority = host.as_ref().map(|host| format!("{host}{port}"));
        Ok(Self { authority, host, path: url.path().parse()? })
    }
}

/// The value of `--web.route-prefix`. Empty, it is the path of the external URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutePrefix(Option<PathPrefix>);

impl RoutePrefix {
    /// The prefix that counts.
    pub fn beside(&self, external_url: &ExternalUrl) -> PathPrefix {
        self.0.as_ref().unwrap_or(&external_url.path).clone()
    }
}

impl FromStr for RoutePrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|prefix| Self(Some(prefix))) }
    }
}

/// What stands before the path of every route: nothing, or `/azure-billing`. Slashes at either end
/// may be written or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Empty, or with its leading slash and without one at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.trim_matches('/');
        let wrong = if parts.is_empty() {
            return Ok(Self::default());
        } else if !parts.bytes().all(is_plain) {
            "the path may hold letters, digits, / . _ ~ and - only"
        } else if parts.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            "the path must not have empty parts, nor . and .. as parts"
        } else {
            return Ok(Self(format!("/{parts}")));
        };
        Err(format!("{wrong}; write for example /azure-billing"))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
