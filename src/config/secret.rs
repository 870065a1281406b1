//! Secrets: where they are, never what they are. Errors and `Debug` name only the file and the key.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use strict_config::{BYTE_ORDER_MARK, SHARED, Unreadable, is_shared, shown_path};

use crate::files;

/// A secret, or the file that contains it.
#[derive(Clone, Debug)]
pub enum Secret {
    /// A secret in the configuration or the environment: fixed until that is read again.
    Value(SecretString),
    /// A file that is read at each use, because secret stores rotate such files while the process
    /// runs.
    File {
        /// The file, relative to the working directory or absolute.
        path: PathBuf,
        /// The key or variable that names it, for errors.
        key: &'static str,
    },
}

/// Compares the secrets, or the paths of their files. The content of files is not compared, because
/// it is read at each use.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(one), Self::Value(other)) => one.expose_secret() == other.expose_secret(),
            (Self::File { path, key }, Self::File { path: other, key: of }) => {
                path == other && key == of
            }
            _ => false,
        }
    }
}

impl Secret {
    /// Returns the secret as it is now, one line. May read a small local file, and blocks while it
    /// does.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        self.read_with(|text| sanitize_line(SecretString::from(text)))
    }

    /// Returns a secret of many lines as it is now, such as the PEM of a private key.
    pub fn read_whole(&self) -> Result<SecretString, SecretError> {
        self.read_with(|text| Ok(SecretString::from(text)))
    }

    fn read_with(
        &self,
        accept: impl FnOnce(String) -> Result<SecretString, SecretProblem>,
    ) -> Result<SecretString, SecretError> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::File { path, key } => read_file(path)
                .and_then(accept)
                .map_err(|reason| SecretError { key, path: path.clone(), reason }),
        }
    }

    /// Returns a warning about a file that users other than its owner and group can read. It is not
    /// an error, because it may be intended, as in a container with a single user.
    pub(super) fn warning(&self) -> Option<String> {
        match self {
            Self::File { path, .. } if is_shared(path) => {
                Some(format!("{} {SHARED}", path.display()))
            }
            _ => None,
        }
    }
}

/// The size limit of a secret file: a certificate with all its issuers has some kilobytes.
const LARGEST: u64 = 64 * 1024;

/// A secret file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {} {reason}", shown_path(path))]
pub struct SecretError {
    /// The key or variable that names the file.
    pub key: &'static str,
    /// The file.
    pub path: PathBuf,
    /// The problem, with its remedy.
    pub reason: SecretProblem,
}

/// The reason why a secret file cannot be used, with the remedy. Its content is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretProblem {
    /// The file is absent, forbidden, not text, too large, or not a file.
    #[error("{}; {}", .0, remedy(.0))]
    Unreadable(#[from] Unreadable),
    /// The file is empty, which happens while a secret store has not written to it yet.
    #[error("is empty; write the secret into it")]
    Empty,
    /// The file contains more than the secret, and would break the header it is sent in.
    #[error("contains more than one line; write the bare secret into it")]
    ManyLines,
}

fn remedy(error: &Unreadable) -> &'static str {
    match error {
        Unreadable::Io(_) => "mount it, or let this user read it",
        Unreadable::NotText => "write the bare secret into it",
        Unreadable::TooLarge(_) => "name the file that contains the bare secret",
        // The file is read at each use, but a pipe can be read only once.
        Unreadable::Special(_) | Unreadable::Endless(_) | Unreadable::Spent => {
            "write the secret into a file"
        }
    }
}

fn read_file(path: &Path) -> Result<String, SecretProblem> {
    let mut text = files::read_text(path, LARGEST)?;
    // In place, because a copy would stay in memory.
    let marks = text.len() - text.trim_start_matches(BYTE_ORDER_MARK).len();
    text.drain(..marks);
    Ok(text)
}

/// Checks a secret that the configuration or the environment itself contains.
pub(super) fn bare(text: &str) -> Result<SecretString, String> {
    sanitize_line(SecretString::from(text))
        .map_err(|_| "is empty or more than one line; give the bare secret".to_owned())
}

/// Removes the byte order mark and the line end that editors and `echo` leave, and refuses what is
/// still not a secret.
fn sanitize_line(secret: SecretString) -> Result<SecretString, SecretProblem> {
    let text = secret.expose_secret().trim_start_matches(BYTE_ORDER_MARK);
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() {
        Err(SecretProblem::Empty)
    } else if line.contains(char::is_control) {
        Err(SecretProblem::ManyLines)
    } else {
        Ok(SecretString::from(line))
    }
}
