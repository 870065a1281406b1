//! The URL under which others reach the exporter, and the path that all routes are below. They work
//! as Prometheus's flags of the same names.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::addresses::is_plain;

const FORMS: &str = "write for example https://finops.example.com/azure-billing/";

/// The value of `--web.external-url`: the URL that browsers use, perhaps through a proxy. As in
/// Prometheus, it may be the path alone, or empty, which sets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalUrl {
    /// The host, in lower case, with the port if it is not the default of the scheme.
    authority: Option<String>,
    host: Option<String>,
    path: PathPrefix,
}

impl ExternalUrl {
    /// Returns the host's name or address, an IPv6 address in brackets.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Returns the host and port as a browser names them in `Host` and `Origin`.
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
            return Err(format!("it must contain no user and no password; {FORMS}"));
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

/// The value of `--web.route-prefix`. An empty one stands for the path of the external URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutePrefix(Option<PathPrefix>);

impl RoutePrefix {
    /// Returns the prefix in force: this one, or the path of the external URL.
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

/// The prefix of every route: empty, or a path such as `/azure-billing`. Slashes at either end may
/// be written or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Returns the prefix: empty, or with its leading slash and without one at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path of a route below the prefix.
    pub fn below(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl FromStr for PathPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.trim_matches('/');
        let wrong = if parts.is_empty() {
            return Ok(Self::default());
        } else if !parts.bytes().all(is_plain) {
            "the path may contain letters, digits, / . _ ~ and - only"
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
