//! The address and path of the exporter: the values of the `--web.*` flags.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// An address to listen on, as Prometheus and its exporters write it: `:10540`, `localhost:10540`,
/// `[::1]:10540`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// The host; empty for every interface.
    host: String,
    port: u16,
}

impl ListenAddress {
    /// Returns the socket addresses, best first; the caller binds the first that works. Without a
    /// host the first is IPv6 (which on most systems takes IPv4 as well), then IPv4 for hosts
    /// without IPv6. May ask the DNS resolver, and blocks while it does.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if self.host.is_empty() {
            let (every6, every4) = (Ipv6Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED);
            return Ok(vec![(every6, self.port).into(), (every4, self.port).into()]);
        }
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let forms = "write :10540 (every interface), localhost:10540 or [::1]:10540";
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(format!("the port is missing; {forms}"));
        };
        let port = port.parse().map_err(|_| format!("the port is not 0 to 65535; {forms}"))?;
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(inner)) if inner.parse::<Ipv6Addr>().is_ok() => inner,
            Some(_) => return Err(format!("the brackets hold no IPv6 address; {forms}")),
            None if host.contains(':') => {
                return Err(format!("an IPv6 address needs brackets; {forms}"));
            }
            None if host.contains(|character: char| "/@ ".contains(character)) => {
                return Err(format!("the host is not a name or address; {forms}"));
            }
            None => host,
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The path of the metrics. It must differ from the exporter's other paths, and must not contain
/// characters that have a meaning for the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryPath(String);

impl TelemetryPath {
    /// Returns the path, with its leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a router takes the byte literally and a browser sends it unchanged.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte)
}

impl FromStr for TelemetryPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = if !text.starts_with('/') {
            "it must begin with /"
        } else if text == "/" {
            "/ is the status page"
        } else if text == "/-" || text.starts_with("/-/") {
            "/-/ is where health, readiness and reload are"
        } else if !text.bytes().all(is_plain) {
            "it may contain letters, digits, / . _ ~ and - only"
        } else if text.ends_with('/') || text.contains("//") {
            "it must not have empty parts"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(format!("{wrong}; write for example /metrics"))
    }
}

impl fmt::Display for TelemetryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
