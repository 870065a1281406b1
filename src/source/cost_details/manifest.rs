//! The answer that lists the files of a report. Its links are secrets: whoever has one may read the
//! file. So nothing of this answer is quoted except its error text, and that without addresses.

use crate::azure::{Error, sanitize_line};
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use url::{Host, Position, Url};

use super::lenient::{Word, count};

/// The longest quote of Azure's error text.
const LONGEST_TOLD: usize = 300;

/// A finished report. Fields that may be absent may be null as well.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    status: String,
    manifest: Option<Manifest>,
    error: Option<OperationError>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    data_format: Word,
    compress_data: Word,
    #[serde(deserialize_with = "count")]
    blob_count: Option<u64>,
    blobs: Option<Vec<Blob>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OperationError {
    code: Word,
    message: Word,
}

/// A file of a report.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blob {
    blob_link: String,
    /// The length of the file, if Azure announces it.
    #[serde(default, deserialize_with = "count")]
    pub(crate) byte_count: Option<u64>,
}

/// Leaves out the link, which is a secret.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("byte_count", &self.byte_count).finish_non_exhaustive()
    }
}

impl Blob {
    /// Returns the address without its signature: the same for links that are signed again.
    fn place(&self) -> String {
        match Url::parse(&self.blob_link) {
            Ok(url) => format!("{}{}", &url[Position::BeforeHost..Position::AfterPort], url.path()),
            // A link that is not a URL is refused when it is followed.
            Err(_) => self.blob_link.clone(),
        }
    }

    /// Returns the address, if it is encrypted or on this machine.
    pub(crate) fn url(&self) -> Result<Url, Error> {
        // The text of a parse error could quote the link.
        let refused =
            |why: &str| Error::BadAnswer(format!("the link to a file of the report {why}"));
        let url = Url::parse(&self.blob_link).map_err(|_| refused("is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            // A user would be sent as an `Authorization` header.
            return Err(refused("contains a user name"));
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
            _ => Err(refused("does not use https")),
        }
    }
}

/// Returns the files of a finished report.
pub(crate) fn files(body: &[u8]) -> Result<Vec<Blob>, Error> {
    let bad = |what: String| Error::BadAnswer(format!("the report's manifest: {what}"));
    // The text of a JSON error quotes the unexpected value, which may be a link.
    let operation: Operation = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        bad(format!("not valid: error at line {line} column {column}"))
    })?;
    match operation.status.trim().to_ascii_lowercase().as_str() {
        "nodatafound" => return Ok(Vec::new()),
        "completed" => {}
        "failed" => {
            let message = operation.error.unwrap_or_default().message();
            return Err(Error::ReportFailed(message));
        }
        status => return Err(bad(format!("unknown status {}", sanitize_line(status, 50)))),
    }
    let manifest = operation.manifest.ok_or_else(|| bad("it is missing".to_owned()))?;
    let format = manifest.data_format.0;
    if manifest.compress_data.0.eq_ignore_ascii_case("true")
        || !(format.is_empty() || format.eq_ignore_ascii_case("csv"))
    {
        return Err(bad("the files are not plain CSV".to_owned()));
    }
    let files = manifest.blobs.unwrap_or_default();
    let (found, announced) = (files.len(), manifest.blob_count);
    if let Some(announced) = announced.filter(|announced| *announced != found as u64) {
        return Err(bad(format!("{found} files, but {announced} are announced")));
    }
    let mut seen = HashSet::new();
    if let Some(number) = files.iter().position(|file| !seen.insert(file.place())) {
        // The rows of this file would count twice.
        return Err(bad(format!("file {} of {found} is listed twice", number + 1)));
    }
    Ok(files)
}

impl OperationError {
    /// Returns the error that ended the report, in the words of Azure. The code 0 means no error.
    fn message(&self) -> String {
        let code = self.code.0.as_str();
        let code = if code.bytes().all(|digit| digit == b'0') { "" } else { code };
        match format!("{code} {}", self.message.0).trim() {
            "" => "Azure gives no reason".to_owned(),
            message => sanitize_line(message, LONGEST_TOLD),
        }
    }
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
        let message = |body: String| files(body.as_bytes()).unwrap_err().to_string();
        for (body, says) in [
            // Links in the place of other values.
            (format!(r#"{{"status":"Completed","manifest":{{"blobs":["{LINK}"]}}}}"#), "column"),
            (format!(r#"{{"status":"Completed","manifest":"{LINK}"}}"#), "column"),
            (format!(r#"{{"status":"{LINK}"}}"#), "unknown status https://example.com/report"),
            (
                format!(r#"{{"status":"Failed","error":{{"code":"x","message":"see {LINK}"}}}}"#),
                "could not write the report: x see https://example.com/report",
            ),
        ] {
            let error = message(body);
            assert!(error.contains(says) && !error.contains("planted"), "{error}");
        }
        let two = r#"{"status":"Completed","manifest":{"blobCount":2,"blobs":[]}}"#;
        let says = "bad answer: the report's manifest: 0 files, but 2 are announced";
        assert_eq!(message(two.to_owned()), says);
        assert!(message(format!(r#"{{"status":"{}"}}"#, "x".repeat(1 << 20))).len() < 200);
    }

    const PART: &str = r#"{"blobLink":"https://example.com/a/0.csv?sig=planted","byteCount":7}"#;

    #[test]
    fn what_is_null_or_says_nothing_is_as_if_it_were_absent() {
        for fields in [
            format!(r#""status":"Completed","error":null,"manifest":{{"blobs":[{PART}]}}"#),
            format!(
                r#""status":" completed ","error":{{"code":"0","message":null}},"manifest":{{"manifestVersion":null,"dataFormat":null,"blobCount":null,"byteCount":null,"compressData":null,"requestContext":null,"blobs":[{PART}]}},"validTill":null"#
            ),
            format!(
                r#""status":"COMPLETED","error":{{"code":0,"message":{{"a":[1]}}}},"manifest":{{"dataFormat":" CSV ","blobCount":"1","compressData":"False","blobs":[{PART}]}}"#
            ),
        ] {
            let found = files(format!("{{{fields}}}").as_bytes()).unwrap();
            assert_eq!(found.iter().map(|it| it.byte_count).collect::<Vec<_>>(), [Some(7)]);
        }
        for (count, bytes) in
            [("null", None), ("\"12\"", Some(12)), ("\" \"", None), ("12", Some(12))]
        {
            let text = format!(
                r#"{{"status":"Completed","manifest":{{"blobs":[{{"blobLink":"https://example.com/","byteCount":{count}}}]}}}}"#
            );
            assert_eq!(files(text.as_bytes()).unwrap()[0].byte_count, bytes, "{count}");
        }
        let none = r#"{"status":"Completed","manifest":{"blobCount":0,"blobs":null}}"#;
        assert!(files(none.as_bytes()).unwrap().is_empty());
        for unreadable in ["-1", "\"many\"", "1.5"] {
            let text =
                format!(r#"{{"status":"Completed","manifest":{{"blobCount":{unreadable}}}}}"#);
            assert!(files(text.as_bytes()).is_err(), "{unreadable}");
        }
    }

    #[test]
    fn a_report_that_failed_says_why_where_azure_does() {
        for (error, message) in [
            (r#"{"code":"Busy","message":"try later"}"#, "Busy try later"),
            (r#"{"code":"00","message":"try later"}"#, "try later"),
            (r#"{"code":5,"message":null}"#, "5"),
            (r#"{"code":"","message":null}"#, "Azure gives no reason"),
            (r#"{"code":0}"#, "Azure gives no reason"),
            ("null", "Azure gives no reason"),
        ] {
            let text = format!(r#"{{"status":"Failed","error":{error}}}"#);
            let failed = files(text.as_bytes()).unwrap_err();
            assert_eq!(failed.to_string(), format!("Azure could not write the report: {message}"));
            assert!(matches!(failed, Error::ReportFailed(_)) && !failed.is_transient());
        }
    }

    #[test]
    fn a_file_that_is_named_twice_would_count_twice() {
        let named = |links: [&str; 2]| {
            let blobs = links.map(|link| format!(r#"{{"blobLink":"{link}"}}"#)).join(",");
            files(
                format!(r#"{{"status":"Completed","manifest":{{"blobs":[{blobs}]}}}}"#).as_bytes(),
            )
        };
        let first = "https://example.com/a/0.csv?sig=planted";
        for second in [
            first,
            "https://example.com/a/0.csv",
            "https://EXAMPLE.com:443/a/0.csv?sv=1&sig=planted2",
            "https://example.com/a/b/../0.csv?sig=planted3#x",
        ] {
            let said = named([first, second]).unwrap_err().to_string();
            let expected = "bad answer: the report's manifest: file 2 of 2 is listed twice";
            assert_eq!(said, expected, "{second}");
        }
        for second in [
            "https://example.com/a/1.csv?sig=planted",
            "https://other.example.com/a/0.csv?sig=planted",
            "https://example.com/A/0.csv?sig=planted",
        ] {
            assert_eq!(named([first, second]).unwrap().len(), 2, "{second}");
        }
    }
}
