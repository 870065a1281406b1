//! PEM texts, in the web config itself or in files that it names.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use strict_config::{At, Problems, Section, shown_path};

use super::files::Files;

/// The PEM texts of the section: each can be in the file itself, or in a file of its own.
pub(super) struct Pems<'a> {
    pub(super) section: &'a Section<'a>,
    pub(super) directory: &'a Path,
    pub(super) files: &'a mut Files,
}

impl<'a> Pems<'a> {
    /// Returns the text of `key` or of the file of `key_file`, and which of the two it was.
    pub(super) fn get(
        &mut self,
        [inline, file]: [&str; 2],
        problems: &mut Problems,
    ) -> Option<(SecretString, At<'a>)> {
        match (self.section.get(inline), self.section.get(file)) {
            (Some(at), None) => Some((at.text(problems)?.into(), at)),
            (None, Some(at)) => {
                let path = self.directory.join(at.text(problems)?);
                match self.files.read(&path) {
                    Ok(text) => Some((text.into(), at)),
                    Err(error) => {
                        let remedy = "give the path of a PEM file this user may read";
                        let wrong = format!("{} {error}; {remedy}", shown_path(&path));
                        problems.at(&at, wrong);
                        None
                    }
                }
            }
            (Some(_), Some(at)) => {
                problems.at(&at, format!("contradicts `{inline}`; keep one of the two"));
                None
            }
            (None, None) => None,
        }
    }
}

/// Reads one or more certificates in PEM.
pub(super) fn certificates(
    pem: &SecretString,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem.expose_secret().as_bytes()).collect();
    match all {
        Ok(all) if !all.is_empty() => Some(all),
        _ => {
            let wrong =
                "contains no certificate in PEM; it begins with `-----BEGIN CERTIFICATE-----`";
            problems.at(at, wrong);
            None
        }
    }
}
