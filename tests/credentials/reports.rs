//! The targets of a report's requests: status requests go to the endpoint alone, downloads to any
//! private address, and no token goes with them.

use std::sync::{Arc, Mutex};

use crate::elsewhere::{port, traps};
use crate::process::run;
use crate::site::{Authority, Site, answer, header, ok};
use crate::{configuration, path};

/// A file of a report.
pub(crate) const FILE: &str = "Date,Cost,Currency\n{{today}},1,EUR\n";

/// Returns the manifest of a report of one file that is ready.
pub(crate) fn manifest(link: &str) -> String {
    format!(
        r#"{{"status":"Completed","manifest":{{"dataFormat":"Csv","blobCount":1,"blobs":[{{"blobLink":"{link}"}}]}}}}"#
    )
}

/// Starts an Azure that answers what a test sets, and a configuration that reads a report of it.
async fn azure(authority: &Authority) -> (Site, Arc<Mutex<String>>, tempfile::NamedTempFile) {
    let next = Arc::new(Mutex::new(String::new()));
    let answers = next.clone();
    let azure =
        Site::with_tls(authority, move |_, _| answers.lock().expect("no panic").clone()).await;
    let config = configuration(
        &format!("  endpoint: {}\n  ca_file: {}\n", azure.url, authority.path()),
        "method: token, token: planted-token",
    );
    let text = std::fs::read_to_string(config.path()).expect("the file");
    let text =
        text.replace("- department: \"1234\"", "- {department: \"1234\", read: cost_details}");
    std::fs::write(config.path(), text).expect("the file can be written");
    (azure, next, config)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_location_and_no_link_of_a_report_takes_the_token_elsewhere() {
    let authority = Authority::new();
    let [tls, plain] = traps(&authority).await;
    let (azure, next, config) = azure(&authority).await;
    let fill = |text: &str| {
        text.replace("{own}", port(&azure))
            .replace("{tls}", port(&tls))
            .replace("{plain}", port(&plain))
    };
    let location = |location: &str| {
        answer(202, &format!("retry-after: 0\r\nlocation: {}\r\n", fill(location)), "")
    };
    let link = |link: &str| ok(&manifest(&fill(link)));
    let cases = [
        (location("https://localhost:{tls}/x"), "leads to localhost, not to azure.endpoint"),
        (location("http://localhost:{own}/x"), "leads to localhost, not to azure.endpoint"),
        (location("http://localhost:{plain}/x"), "leads to localhost, not to azure.endpoint"),
        (location("https://127.0.0.1:{own}/x"), "leads to 127.0.0.1"),
        (location("//localhost:{tls}/x"), "leads to localhost"),
        (location("https://someone:planted@localhost:{own}/x"), "leads to localhost"),
        (location("file:///etc/passwd"), "leads to nowhere"),
        (answer(202, "retry-after: 0\r\n", ""), "without a Location"),
        (link("http://example.com/x?sig=planted"), "does not use https"),
        (link("http://127.0.0.1.example.com/x?sig=planted"), "does not use https"),
        (link("ftp://localhost:{tls}/x?sig=planted"), "does not use https"),
        (link("https://someone:planted@localhost:{tls}/x"), "contains a user name"),
        (link("/x?sig=planted"), "is not a URL"),
    ];
    for (number, (answer, says)) in cases.into_iter().enumerate() {
        next.lock().expect("no panic").clone_from(&answer);
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &[]);
        assert_eq!(code, 1, "{answer}\n{error}");
        assert!(error.contains("reason=bad_answer") && error.contains(says), "{answer}\n{error}");
        assert!(!error.contains("planted"), "{error}");
        let asked = azure.requests();
        assert_eq!(asked.len(), number + 1, "one request each: {answer}");
        assert!(asked[number].starts_with("POST /"), "{}", asked[number]);
    }
    assert!(tls.requests().is_empty() && plain.requests().is_empty(), "somebody went elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_without_a_token_and_redirects_of_theirs_are_refused() {
    let authority = Authority::new();
    let (azure, next, config) = azure(&authority).await;
    let trap = Site::plain(|_, _| ok(FILE)).await;
    let elsewhere = format!("location: {}/x\r\n", trap.url);
    let storages = [
        Site::with_tls(&authority, |_, _| ok(FILE)).await,
        Site::with_tls(&authority, move |_, _| answer(302, &elsewhere, "")).await,
    ];
    for (number, storage) in storages.iter().enumerate() {
        let link = format!("{}/file?sig=planted", storage.url);
        *next.lock().expect("no panic") = ok(&manifest(&link));
        let (_, _, error) = run(&["once", "--config.file", path(&config)], &[]);
        assert_eq!(error.contains("the redirect is refused"), number == 1, "{error}");
        assert!(!error.contains("planted"), "{error}");
        let asked = storage.requests();
        assert!(!asked.is_empty(), "the file is read: {error}");
        for request in asked {
            assert!(request.starts_with("GET /file?sig=planted "), "{request}");
            assert_eq!(header(&request, "authorization"), None, "{request}");
            assert!(!request.contains("planted-token"), "{request}");
        }
    }
    assert!(trap.requests().is_empty(), "a redirect was followed");
    // Otherwise there was no token that could have been sent.
    let asked = azure.requests();
    assert!(asked.iter().all(|it| header(it, "authorization") == Some("Bearer planted-token")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_at_a_file_is_told_of_the_file_and_not_of_the_scope() {
    let authority = Authority::new();
    let (azure, next, config) = azure(&authority).await;
    let xml = |code: &str, message: &str| {
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}\nRequestId:0</Message><AuthenticationErrorDetail>sig=planted</AuthenticationErrorDetail></Error>"
        )
    };
    let missing = xml("BlobNotFound", "The specified blob does not exist.");
    let refused = xml("AuthorizationFailure", "This request is not authorized.");
    let long = format!("{FILE}{}", "2026-11-20,1,EUR\n".repeat(70_000));
    let cases = [
        (
            answer(404, "x-ms-error-code: BlobNotFound\r\n", &missing),
            "unavailable",
            "a file of the report: HTTP 404 BlobNotFound",
            "allow this machine to reach the storage account",
        ),
        (
            answer(409, "x-ms-error-code: AccountIsDisabled\r\n", ""),
            "unavailable",
            "a file of the report: HTTP 409 AccountIsDisabled",
            "`read: usage_details`",
        ),
        (
            answer(403, "", &refused),
            "unavailable",
            "the link to the report is refused: HTTP 403 AuthorizationFailure",
            "allow this machine to reach the storage account",
        ),
        (ok(&long), "bad_answer", "is longer than 1048626 bytes; 46 are announced", ""),
        (ok("PAR1"), "bad_answer", "is Parquet, not plain CSV", ""),
    ];
    for (file, reason, says, remedy) in cases {
        let sent = file.clone();
        let storage = Site::with_tls(&authority, move |_, _| sent.clone()).await;
        let manifest = manifest(&format!("{}/0.csv?sig=planted", storage.url));
        let manifest = manifest.replace("?sig=planted\"", "?sig=planted\",\"byteCount\":46");
        *next.lock().expect("no panic") = ok(&manifest);
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &[]);
        assert_eq!(code, 1, "{error}");
        for part in [&format!("reason={reason}"), says, remedy] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
        assert!(!error.contains("planted") && !error.contains("id of the scope"), "{error}");
        assert_eq!(storage.requests().len(), 1, "the same file would only come again: {error}");
    }
    drop(azure);
}
