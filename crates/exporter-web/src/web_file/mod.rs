//! The file of `--web.config.file`: which clients may connect, and with which encryption. Its keys
//! and words are those of Prometheus's exporter toolkit, so that one file serves many exporters.
//! Some values that the toolkit accepts cannot be what the user meant; they are refused here.
//!
//! Certificates and keys are read and matched here, so that a wrong one is a problem with a line.
//! Serving with them is the task of `connections`.

mod client_certificates;
mod files;
mod pem;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use rustls::ServerConfig;
use secrecy::SecretString;
use strict_config::{
    At, Document, Error, File, Keys, Problems, Remedies, duration_or_none, instead_of, keys_of,
    shown,
};

/// What to do about secrets that stand in variables.
const REMEDIES: Remedies =
    Remedies { instead: |_| None, secrets: "give a secret by its `…_file` key, " };

use files::Files;

/// The web config: TLS, users, headers and the limit on requests.
#[derive(Clone, Default)]
pub struct WebConfig {
    /// The settings of TLS, including certificate and key; without them connections are plain.
    pub tls: Option<Arc<ServerConfig>>,
    /// The end of the server's own certificate, if it can be read.
    pub certificate_expiry: Option<Timestamp>,
    /// The users that must sign in; if there are none, everybody may read.
    pub users: Users,
    /// The headers that are added to every answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The limit on requests, for all clients together.
    pub rate_limit: Option<RateLimit>,
}

impl WebConfig {
    /// Reads a text as if it were the file `web.yaml` of a folder. Blocks while it reads the files
    /// that the text names.
    ///
    /// # Errors
    /// Returns every problem if the text cannot be used; never a secret.
    pub fn from_yaml(text: &str, directory: &Path) -> Result<Self, Error> {
        let mut problems = Problems::in_file("web.yaml".to_owned());
        let config = from_text(text, directory, &mut Files::default(), &mut problems);
        problems.finish(config)
    }

    /// Returns the keys that the file can have, for the documentation of an exporter. The keys of
    /// `basic_auth_users` are names of users.
    pub fn keys() -> Keys {
        let nowhere = Path::new("");
        keys_of(REMEDIES, |root, problems| {
            from_root(&root, nowhere, &mut Files::default(), problems)
        })
    }
}

/// The bcrypt hashes of passwords, by the names of their users.
pub type Users = BTreeMap<String, SecretString>;

/// The settings of a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The time after which one more request is allowed.
    pub interval: Duration,
    /// The number of requests that may come at once, after a pause.
    pub burst: u32,
}

/// Shows no names and no hashes. `tls` contains a key and is not shown either.
impl fmt::Debug for WebConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebConfig")
            .field("tls", &self.tls.is_some())
            .field("certificate_expiry", &self.certificate_expiry)
            .field("users", &self.users.len())
            .field("headers", &self.headers)
            .field("rate_limit", &self.rate_limit)
            .finish()
    }
}

/// A web config file and the files it names, as they were when they were last read.
#[derive(Debug)]
pub struct WebFile {
    path: PathBuf,
    seen: Files,
}

impl WebFile {
    /// Returns a file that has not been read yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, seen: Files::default() }
    }

    /// Returns whether any of the files has changed since it was last read, by its place on the
    /// disk, its size and its time of change. Reads this from the file system, and blocks while it
    /// does.
    pub fn has_changed(&self) -> bool {
        self.seen.have_changed()
    }

    /// Reads the files. Blocks while it does.
    ///
    /// # Errors
    /// Returns every problem if the files cannot be used; never a secret.
    pub fn read(&mut self) -> Result<WebConfig, Error> {
        let mut files = Files::default();
        let mut problems = Problems::in_file(self.path.display().to_string());
        let config = match files.read(&self.path) {
            Ok(text) => {
                let directory = self.path.parent().unwrap_or(Path::new(""));
                from_text(&text, directory, &mut files, &mut problems)
            }
            Err(error) => {
                let remedy = "give the path of a readable YAML file";
                problems.in_document(None, format!("{error}; {remedy}"));
                None
            }
        };
        self.seen = files;
        problems.finish(config)
    }
}

fn from_text(
    text: &str,
    directory: &Path,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<WebConfig> {
    let document = Document::parse(text, problems)?;
    let keys = WebConfig::keys();
    from_root(&At::root(&document, File { text, keys: &keys }), directory, files, problems)
}

fn from_root(
    root: &At<'_>,
    directory: &Path,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<WebConfig> {
    let root = root.section(problems)?;
    let [tls, http] = ["tls_server_config", "http_server_config"].map(|key| root.get(key));
    let [users, rate] = ["basic_auth_users", "rate_limit"].map(|key| root.get(key));
    let http = http.and_then(|at| at.section(problems));
    let http2 = http.as_ref().and_then(|http| http.get("http2"));
    let http2 = http2.and_then(|at| at.boolean(problems)).unwrap_or(true);
    let headers = http.as_ref().and_then(|http| http.get("headers"));
    let tls = tls.and_then(|at| tls::read(&at, directory, http2, files, problems));
    let (tls, certificate_expiry) = tls.unzip();
    Some(WebConfig {
        tls: tls.map(Arc::new),
        certificate_expiry: certificate_expiry.flatten(),
        users: users.map(|at| read_users(&at, problems)).unwrap_or_default(),
        headers: headers.map(|at| read_headers(&at, problems)).unwrap_or_default(),
        rate_limit: rate.and_then(|at| rate_limit(&at, problems)),
    })
}

fn read_users(at: &At<'_>, problems: &mut Problems) -> Users {
    let entries = at.entries(problems).into_iter();
    let users = entries.filter_map(|(name, at)| {
        if name.is_empty() || name.contains(':') || name.contains(char::is_control) {
            problems.at(&at, "is not a user name that a client can send; use one without `:`");
        }
        Some((name.to_owned(), at.parse(problems, password_hash)?))
    });
    users.collect()
}

/// Parses a hash. A wrong one is not quoted: it may be the password itself.
fn password_hash(text: &str) -> Result<SecretString, String> {
    match text.parse::<bcrypt::HashParts>() {
        Ok(parts) if (4..=31).contains(&parts.get_cost()) && text.len() == 60 => Ok(text.into()),
        _ => Err("is not a bcrypt hash; make one with `htpasswd -nBC 10 NAME`".to_owned()),
    }
}

/// The headers that can be added to every answer.
const HEADERS: [&str; 5] = [
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "X-XSS-Protection",
    "Strict-Transport-Security",
];

fn read_headers(at: &At<'_>, problems: &mut Problems) -> Vec<(HeaderName, HeaderValue)> {
    let Some(section) = at.section(problems) else { return Vec::new() };
    let present = HEADERS.iter().filter_map(|name| Some((*name, section.get(name)?)));
    let headers = present.filter_map(|(name, at)| {
        let allowed: &[&str] = match name {
            "X-Content-Type-Options" => &["nosniff"],
            "X-Frame-Options" => &["deny", "sameorigin"],
            _ => &[],
        };
        let value = at.parse(problems, |text| header_value(text, allowed))?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    });
    headers.collect()
}

fn header_value(text: &str, allowed: &[&str]) -> Result<HeaderValue, String> {
    if !allowed.is_empty() && !allowed.contains(&text) {
        return Err(format!("{} is not known; {}", shown(text), instead_of(text, allowed)));
    }
    let value = HeaderValue::from_str(text);
    value.map_err(|_| {
        "contains characters that a header cannot contain; use one line of ASCII".to_owned()
    })
}

fn rate_limit(at: &At<'_>, problems: &mut Problems) -> Option<RateLimit> {
    let section = at.section(problems)?;
    let [interval, burst] = ["interval", "burst"].map(|key| section.get(key));
    let interval = interval?.parse_number(problems, |text| match text {
        "0" => Ok(Duration::ZERO),
        text => duration_or_none(text),
    })?;
    let burst = match burst {
        Some(at) => at.parse_number(problems, |text| match text.parse() {
            Ok(burst @ 1..) => Ok(burst),
            _ => Err(format!("{} lets no request through; use 1 or more", shown(text))),
        })?,
        None if interval.is_zero() => return None,
        None => {
            let why = "give the number of requests that may come at once";
            section.missing("burst", why, problems);
            return None;
        }
    };
    (!interval.is_zero()).then_some(RateLimit { interval, burst })
}
