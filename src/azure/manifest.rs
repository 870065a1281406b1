//! The answer that says where the files of a report are. Its links are secrets: whoever has one may
//! read what it leads to. So nothing of this answer is quoted but its words for what went wrong,
//! and those without addresses.

use std::fmt;

use serde::Deserialize;
use url::{Host, Url};

use super::error::Error;
use super::shown;

/// Of what Azure says went wrong.
const LONGEST_TOLD: usize = 300;

/// A report that is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    status: String,
    manifest: Option<Manifest>,
    error: Option<OperationError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    data_format: Option<String>,
    #[serde(default)]
    compress_data: bool,
    blob_count: Option<usize>,
    #[serde(default)]
    blobs: Vec<Blob>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OperationError {
    code: String,
    message: String,
}

/// A file of a report.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blob {
    blob_link: String,
    /// How long it is, where Azure says so.
    pub(crate) byte_count: Option<u64>,
}

/// Without the link.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("byte_count", &self.byte_count).finish_non_exhaustive()
    }
}

impl Blob {
    /// The address: encrypted, or on this machine.
    pub(crate) fn url(&self) -> Result<Url, Error> {
        // The text of an error could quote the link.
        let refused =
            |why: &str| Error::BadAnswer(format!("the link to a file of the report {why}"));
        let url = Url::parse(&self.blob_link).map_err(|_| refused("is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            // They would go out as an `Authorization` header.
            return Err(refused("has a user"));
        }
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => Ok(url),
            "http" if here => Ok(url),
            _ => Err(refused("is not encrypted")),
        }
    }
}

/// The files of a report that is written.
pub(crate) fn files(body: &[u8]) -> Result<Vec<Blob>, Error> {
    let bad = |what: String| Error::BadAnswer(format!("the report's manifest: {what}"));
    // The text of a JSON error quotes what it did not expect, which may be a link.
    let operation: Operation = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        bad(format!("not the JSON of one, from line {line} column {column} on"))
    })?;
    match operation.status.to_ascii_lowercase().as_str() {
        "nodatafound" => return Ok(Vec::new()),
        "completed" => {}
        "failed" => {
            let OperationError { code, message } = operation.error.unwrap_or_default();
            let told = shown::one_line(&format!("{code} {message}"), LONGEST_TOLD);
            return Err(Error::Unavailable(format!("Azure could not write the report: {told}")));
        }
        status => return Err(bad(format!("unknown status {}", shown::one_line(status, 50)))),
    }
    let manifest = operation.manifest.ok_or_else(|| bad("it is missing".to_owned()))?;
    if manifest.compress_data
        || manifest.data_format.is_some_and(|format| !format.eq_ignore_ascii_case("csv"))
    {
        return Err(bad("the files are no plain CSV".to_owned()));
    }
    let (files, announced) = (manifest.blobs.len(), manifest.blob_count);
    if let Some(announced) = announced.filter(|announced| *announced != files) {
        return Err(bad(format!("{files} files where {announced} are announced")));
    }
    Ok(manifest.blobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(link: &str) -> Blob {
        Blob { blob_link: link.to_owned(), byte_count: None }
    }

    #[test]
    fn links_are_followed_where_nobody_listens_and_never_shown() {
        for link in [
            "https://example.com/report?sig=planted",
            "http://127.0.0.1:1/report?sig=planted",
            "http://[::1]/report?sig=planted",
            "http://localhost/report?sig=planted",
        ] {
            assert!(blob(link).url().is_ok(), "{link}");
        }
        for link in [
            "http://example.com/report?sig=planted",
            "ftp://127.0.0.1/report?sig=planted",
            "file:///etc/passwd?sig=planted",
            "/report?sig=planted",
            "http://127.0.0.1.example.com/?sig=planted",
            "http://localhost@example.com/?sig=planted",
            "https://someone@example.com/?sig=planted",
            "https://someone:planted@example.com/",
        ] {
            let error = blob(link).url().unwrap_err().to_string();
            assert!(!error.contains("planted"), "{error}");
        }
        assert!(!format!("{:?}", blob("https://example.com/?sig=planted")).contains("planted"));
    }

    #[test]
    fn a_manifest_that_is_none_is_told_of_without_its_links() {
        const LINK: &str = "https://example.com/report?sig=planted";
        let told = |body: String| files(body.as_bytes()).unwrap_err().to_string();
        for (body, says) in [
            // Links where another thing belongs.
            (format!(r#"{{"status":"Completed","manifest":{{"blobs":["{LINK}"]}}}}"#), "column"),
            (format!(r#"{{"status":"Completed","manifest":"{LINK}"}}"#), "column"),
            (format!(r#"{{"status":"{LINK}"}}"#), "unknown status https://example.com/report"),
            (
                format!(r#"{{"status":"Failed","error":{{"code":"x","message":"see {LINK}"}}}}"#),
                "could not write the report: x see https://example.com/report",
            ),
        ] {
            let error = told(body);
            assert!(error.contains(says) && !error.contains("planted"), "{error}");
        }
        let two = r#"{"status":"Completed","manifest":{"blobCount":2,"blobs":[]}}"#;
        let says = "bad answer: the report's manifest: 0 files where 2 are announced";
        assert_eq!(told(two.to_owned()), says);
        assert!(told(format!(r#"{{"status":"{}"}}"#, "x".repeat(1 << 20))).len() < 200);
    }
}
