//! Secrets: where they are, never what they are. Errors and `Debug` name the file and the key only.

use std::fs;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

/// A secret, or the file that holds it.
#[derive(Clone, Debug)]
pub enum Secret {
    /// Written into the configuration or the environment: fixed until the next reload.
    Value(SecretString),
    /// Read on each use, because secret stores rotate such files under a running process.
    File {
        /// The file, relative to the working directory or absolute.
        path: PathBuf,
        /// The key or variable that names it, for errors.
        key: &'static str,
    },
}

impl Secret {
    /// The secret as it is now. Reads a small local file, if at all, and blocks for that long.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::File { path, key } => read_file(path.clone()).map_err(|reason| SecretError {
                key,
                path: path.clone(),
                reason,
            }),
        }
    }
}

/// A secret file that is of no use.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {} {reason}", path.display())]
pub struct SecretError {
    /// The key or variable that names the file.
    pub key: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: SecretProblem,
}

/// Why a secret file is of no use, with the remedy. Its content is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretProblem {
    /// It is absent, forbidden, or no file.
    #[error("cannot be read: {0}; mount it, or let this user read it")]
    Unreadable(#[from] std::io::Error),
    /// It is no text.
    #[error("is not UTF-8 text; write the bare secret into it")]
    NotText,
    /// It holds nothing, which happens while a secret store has not delivered yet.
    #[error("is empty; write the secret into it")]
    Empty,
    /// It holds more than the secret, and would break the header it is sent in.
    #[error("holds more than one line; write the bare secret into it")]
    ManyLines,
}

fn read_file(path: PathBuf) -> Result<SecretString, SecretProblem> {
    let bytes = fs::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| SecretProblem::NotText)?;
    one_line(SecretString::from(text))
}

/// Takes off the line end that editors and `echo` leave, and refuses what is still no secret.
pub(super) fn one_line(secret: SecretString) -> Result<SecretString, SecretProblem> {
    let text = secret.expose_secret();
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
