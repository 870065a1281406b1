//! The program when it checks whether another one is alive.

use std::io::{Read, Write};
use std::net::TcpListener;

use tempfile::TempDir;

use crate::certificates::Authority;
use crate::clients::curl;
use crate::process::run;
use crate::serving::{Serving, hash, page, row};

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

/// Checks an address: returns the exit code, and the output. The image may be without authorities.
fn asked(address: &str) -> (i32, String) {
    let nowhere = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];
    let (code, output, errors) = run(&["healthcheck", "--web.listen-address", address], &nowhere);
    (code, output + &errors)
}

/// Returns the exporter's port as an address for every interface.
fn port(address: &str) -> String {
    format!(":{}", address.rsplit(':').next().expect("a port"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_exporter_is_alive_whatever_its_web_config_says() {
    let users = format!("basic_auth_users: {{prometheus: {}}}\n", hash());
    let wants = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let certificate = "alive, but it lets in only clients with a certificate";
    let user = "alive, but it lets in only its users";
    for (web, said) in [
        (String::new(), "healthy\n"),
        (users.clone(), user),
        (TLS.to_owned(), "healthy\n"),
        (format!("{TLS}  max_version: TLS12\n"), "healthy\n"),
        (format!("{TLS}{users}"), user),
        (format!("{TLS}{wants}"), certificate),
        (format!("{TLS}{wants}  max_version: TLS12\n"), certificate),
        ("rate_limit: {interval: 1h, burst: 1}\n".to_owned(), "its rate limit is reached"),
    ] {
        let folder = TempDir::new().expect("a folder");
        Authority::new("contoso CA").serve(folder.path());
        let page = page(&[row("vm", "Microsoft.Compute", 1.0)]);
        let serving = Serving::in_folder(folder, &page, &web, &[]).await;
        if web.starts_with("rate_limit") {
            curl(&[&format!("http://{}/", serving.address)]).expect("an answer");
        }
        let (code, text) = asked(&serving.address);
        assert_eq!(code, 0, "{web}: {text}");
        assert!(text.contains(said), "{web}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_interface_is_asked_on_loopback_and_nobody_there_is_told() {
    let page = page(&[row("vm", "Microsoft.Compute", 1.0)]);
    let mut serving = Serving::start(&page, "").await;
    assert_eq!(asked(&port(&serving.address)).0, 0);
    serving.program.signal("TERM");
    serving.program.end();
    let (code, text) = asked(&port(&serving.address));
    assert_eq!(code, 1);
    assert!(text.contains("is the exporter running") && text.contains("refused"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_asks_below_the_prefix_that_the_exporter_has() {
    let rows = page(&[row("vm", "Microsoft.Compute", 1.0)]);
    let folder = TempDir::new().expect("a folder");
    let flag = "--web.external-url=https://finops.example.com/costs/";
    let serving = Serving::in_folder(folder, &rows, "", &[flag]).await;
    for (flags, code) in [(&[][..], 1), (&[flag], 0), (&["--web.route-prefix=costs"], 0)] {
        let asked = ["healthcheck", "--web.listen-address", &serving.address];
        let (got, output, errors) = run(&[&asked[..], flags].concat(), &[]);
        assert_eq!(got, code, "{flags:?}: {output}{errors}");
        assert!(code == 0 || errors.contains("--web.route-prefix"), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exporter_that_hangs_is_not_healthy() {
    let serving = Serving::start(&page(&[row("vm", "Microsoft.Compute", 1.0)]), "").await;
    serving.program.signal("STOP");
    let (code, text) = asked(&serving.address);
    serving.program.signal("CONT");
    assert_eq!(code, 1);
    assert!(text.contains("no answer"), "{text}");
}

/// Checks a server that answers with a text.
fn asked_of_a_server_that_says(answer: &'static str) -> (i32, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a question");
        let mut question = [0; 1024];
        let read = socket.read(&mut question).expect("a question");
        socket.write_all(answer.as_bytes()).expect("it reads");
        String::from_utf8_lossy(&question[..read]).into_owned()
    });
    let asked = asked(&address);
    let question = server.join().expect("a question");
    assert!(question.starts_with("GET /-/healthy HTTP/1."), "{question}");
    asked
}

#[test]
fn other_answers_are_not_healthy_and_say_why() {
    for (answer, said) in [
        (
            "HTTP/1.0 503 Service Unavailable\r\n\r\nnot healthy: polling has ended for shop; see the log\n",
            "not healthy: polling has ended for shop; see the log\n",
        ),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "answers /-/healthy with 404: it is not azure-billing-exporter, or has another --web.route-prefix",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP"),
        ("", "the answer is not HTTP"),
    ] {
        let (code, text) = asked_of_a_server_that_says(answer);
        assert_eq!(code, 1, "{answer}: {text}");
        assert!(text.contains(said), "{answer}: {text}");
    }
}
