//! Values of the flags of `backfill`: where the history goes, and with which labels.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};
use url::Url;

use super::azure::is_loopback;
use super::secret::Secret;

/// The prefix of label names that Prometheus reserves.
const RESERVED: &str = "__";

/// A label of every sample, such as `job=azure-billing`: a label that the live series get when they
/// are scraped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExtraLabel {
    /// The name, one that Prometheus accepts.
    pub name: String,
    /// The value, any text but an empty one, which would be no label.
    pub value: String,
}

impl FromStr for ExtraLabel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err("write NAME=VALUE, for example job=azure-billing".to_owned());
        };
        let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let first = name.starts_with(|character: char| !character.is_ascii_digit());
        if !first || !name.chars().all(word) || name.starts_with(RESERVED) {
            return Err(format!(
                "`{name}` is not a label name; use letters, digits and _, and do not begin with a digit or __"
            ));
        }
        if value.is_empty() {
            return Err(format!("the label {name} is empty; give it a value, or leave it out"));
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// The address of a remote-write receiver. It never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverUrl(Url);

impl ReceiverUrl {
    /// Returns the address.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ReceiverUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "for example https://prometheus.example.com/api/v1/write";
        let Ok(url) = Url::parse(text) else {
            return Err(format!("is not an address; write {example}"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password, which every list of processes shows; write `Basic …` into a file and give --remote-write.authorization-file".to_owned());
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err("would send costs in clear text; use https (http works only to 127.0.0.1, [::1] and localhost)".to_owned());
            }
            _ => return Err(format!("must begin with https://, {example}")),
        }
        if url.fragment().is_some() {
            return Err(format!("must end before #, {example}"));
        }
        Ok(Self(url))
    }
}

/// A header of every request to a receiver, such as the one that names the tenant of the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraHeader {
    /// The name: any header except those that the protocol sets and those that carry secrets.
    pub name: HeaderName,
    /// The value.
    pub value: HeaderValue,
}

/// The headers that the protocol or HTTP itself sets.
const OWN_HEADERS: [&str; 6] = [
    "content-type",
    "content-encoding",
    "content-length",
    "host",
    "user-agent",
    "x-prometheus-remote-write-version",
];

impl FromStr for ExtraHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write NAME=VALUE, for example X-Scope-OrgID=finance";
        let (name, value) = text.split_once('=').ok_or(form)?;
        let name: HeaderName = name.parse().map_err(|_| form)?;
        let value: HeaderValue = value.parse().map_err(|_| form)?;
        if ["authorization", "proxy-authorization"].contains(&name.as_str()) {
            return Err("a secret on the command line is visible in every list of processes; write it into a file and give --remote-write.authorization-file".to_owned());
        }
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err(format!("{name} is set by the protocol; leave it out"));
        }
        Ok(Self { name, value })
    }
}

/// The file that contains the whole value of the `Authorization` header: `Bearer …` or `Basic …`.
/// It is read for each request, because secret stores rotate such files.
#[derive(Clone)]
pub struct AuthorizationFile(Secret);

impl AuthorizationFile {
    /// Returns the secret in the file.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl FromStr for AuthorizationFile {
    type Err = std::convert::Infallible;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let key = "--remote-write.authorization-file";
        Ok(Self(Secret::File { path: PathBuf::from(path), key }))
    }
}

impl fmt::Debug for AuthorizationFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_that_prometheus_accepts() {
        let label: ExtraLabel = "job=azure=billing".parse().unwrap();
        assert_eq!((label.name.as_str(), label.value.as_str()), ("job", "azure=billing"));
        for wrong in ["job", "=x", "1st=x", "__name__=x", "a-b=x", "job=", "jöb=x"] {
            assert!(wrong.parse::<ExtraLabel>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_receiver_is_reached_by_https_or_on_this_machine() {
        for good in [
            "https://mimir.example.com/api/v1/push",
            "http://127.0.0.1:9090/api/v1/write",
            "http://[::1]:9090/api/v1/write?x=y",
            "http://localhost/api/v1/receive",
        ] {
            assert_eq!(good.parse::<ReceiverUrl>().unwrap().as_url().as_str(), good);
        }
        for (wrong, why) in [
            ("http://prometheus.example.com/api/v1/write", "in clear text; use https"),
            ("https://user:secret@example.com/", "--remote-write.authorization-file"),
            ("https://user@example.com/", "--remote-write.authorization-file"),
            ("ftp://example.com/", "must begin with https://"),
            ("prometheus:9090", "must begin with https://"),
            ("/api/v1/write", "is not an address"),
            ("https://example.com/#x", "must end before #"),
        ] {
            let error = wrong.parse::<ReceiverUrl>().unwrap_err();
            assert!(error.contains(why) && !error.contains("secret@"), "{wrong}: {error}");
        }
    }

    #[test]
    fn headers_name_tenants_and_hold_no_secret() {
        let header: ExtraHeader = "X-Scope-OrgID=finance".parse().unwrap();
        assert_eq!(
            (header.name.as_str(), header.value),
            ("x-scope-orgid", "finance".parse().unwrap())
        );
        for (wrong, why) in [
            ("Authorization=Bearer x", "--remote-write.authorization-file"),
            ("Content-Type=text/plain", "is set by the protocol"),
            ("X-Scope-OrgID", "write NAME=VALUE"),
            ("a b=c", "write NAME=VALUE"),
        ] {
            let error = wrong.parse::<ExtraHeader>().unwrap_err();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }
}
