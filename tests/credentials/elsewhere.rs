//! Places where a token or a secret must not go: links and redirects that lead elsewhere, over real
//! sockets with certificates that would be trusted.

use std::sync::{Arc, Mutex};

use crate::process::run;
use crate::site::{Authority, Site, answer, field, ok, token};
use crate::{CLIENT, TENANT, configuration, path};

/// Starts servers that must receive no token: they record every request.
pub(crate) async fn traps(authority: &Authority) -> [Site; 2] {
    let page = |_: usize, _: &str| ok(r#"{"value":[]}"#);
    [Site::with_tls(authority, page).await, Site::plain(page).await]
}

pub(crate) fn port(site: &Site) -> &str {
    site.url.rsplit(':').next().expect("a port")
}

/// An answer of Azure, and the expected error.
struct Case {
    answer: String,
    says: String,
}

/// Returns the cases. `{own}` is the endpoint's port, `{tls}` and `{plain}` those of the traps.
fn cases(fill: impl Fn(&str) -> String) -> Vec<Case> {
    let link = |link: &str, says: &str| Case {
        answer: ok(&format!(r#"{{"nextLink":"{}","value":[]}}"#, fill(link))),
        says: says.to_owned(),
    };
    let redirect = |status: u16, location: &str| Case {
        answer: answer(status, &format!("location: {}\r\n", fill(location)), ""),
        says: format!("HTTP {status}; the redirect is refused"),
    };
    let mut cases = vec![
        link("https://localhost:{tls}/x", "leads to localhost, not to azure.endpoint"),
        link("http://localhost:{plain}/x", "leads to localhost"),
        // The same port without TLS.
        link("http://localhost:{own}/x", "leads to localhost"),
        // The same server by another name.
        link("https://127.0.0.1:{own}/x", "leads to 127.0.0.1"),
        link("//localhost:{tls}/x", "leads to localhost"),
        link("https://localhost:{own}@localhost:{tls}/x", "leads to localhost"),
        link("https://someone@localhost:{own}/x", "leads to localhost"),
        link("https://someone:planted@localhost:{own}/x", "leads to localhost"),
        link("https://localhost:{tls}\\\\@localhost:{own}/x", "leads to localhost"),
        link("\\\\\\\\localhost:{tls}\\\\x", "leads to localhost"),
        link(" https://localhost:{tls}/x", "leads to localhost"),
        link("ftp://localhost:{own}/x", "leads to localhost"),
        link("file:///etc/passwd", "leads to nowhere"),
        link("data:application/json,{}", "leads to nowhere"),
        link("https://[::1", "is not a URL"),
    ];
    for status in [301, 302, 303, 307, 308] {
        for location in [
            "https://localhost:{tls}/x",
            "http://localhost:{plain}/x",
            "https://localhost:{own}/elsewhere",
            "/elsewhere",
        ] {
            cases.push(redirect(status, location));
        }
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_and_no_redirect_takes_the_token_elsewhere() {
    let authority = Authority::new();
    let [tls, plain] = traps(&authority).await;
    let next = Arc::new(Mutex::new(String::new()));
    let answers = next.clone();
    let azure =
        Site::with_tls(&authority, move |_, _| answers.lock().expect("no panic").clone()).await;
    let fill = |text: &str| {
        text.replace("{own}", port(&azure))
            .replace("{tls}", port(&tls))
            .replace("{plain}", port(&plain))
    };
    let config = configuration(
        &format!("  endpoint: {}\n  ca_file: {}\n", azure.url, authority.path()),
        "method: token, token: planted-token",
    );
    for (number, case) in cases(fill).into_iter().enumerate() {
        next.lock().expect("no panic").clone_from(&case.answer);
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &[]);
        assert_eq!(code, 1, "{}\n{error}", case.answer);
        assert!(error.contains("reason=bad_answer"), "{}\n{error}", case.answer);
        assert!(error.contains(&case.says), "{}\n{error}", case.answer);
        assert!(!error.contains("planted"), "{error}");
        assert_eq!(azure.requests().len(), number + 1, "one request each: {}", case.answer);
    }
    assert!(tls.requests().is_empty() && plain.requests().is_empty(), "somebody went elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_takes_the_client_secret_elsewhere() {
    let authority = Authority::new();
    let [tls, plain] = traps(&authority).await;
    for (status, trap) in [(302, &plain), (307, &tls), (308, &plain)] {
        let location = format!("location: {}/token\r\n", trap.url);
        let site = Site::with_tls(&authority, move |_, _| answer(status, &location, "{}")).await;
        let azure = format!(
            "  endpoint: {}\n  authority_host: {}\n  ca_file: {}\n",
            tls.url,
            site.url,
            authority.path()
        );
        let auth = format!(
            "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
        );
        let config = configuration(&azure, &auth);
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &[]);
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("reason=auth"), "{error}");
        assert_eq!(field(&site.requests()[0], "client_secret").as_deref(), Some("a-secret"));
    }
    assert!(tls.requests().is_empty() && plain.requests().is_empty(), "somebody went elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_larger_than_any_token_is_refused() {
    let authority = Authority::new();
    let site = Site::with_tls(&authority, |_, _| token(&"x".repeat(2 * 1024 * 1024), 3599)).await;
    let azure = format!("  authority_host: {}\n  ca_file: {}\n", site.url, authority.path());
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
    );
    let config = configuration(&azure, &auth);
    let (code, _, error) = run(&["once", "--config.file", path(&config)], &[]);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("reason=auth")
            && error.contains("the answer to a request for a token is larger than 1 MiB"),
        "{error}"
    );
}
