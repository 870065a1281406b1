//! The way to Azure: clouds, certificate authorities of the user, and proxies of the environment.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;

use crate::process::run;
use crate::site::{Authority, Site, answer, header, ok, token};
use crate::{CLIENT, PAGE, TENANT, configuration, path};

fn secret() -> String {
    format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_the_user_is_trusted_for_api_and_tokens_and_only_if_named() {
    let authority = Authority::new();
    let site = Site::with_tls(&authority, |_, _| token("a-token", 3599)).await;
    let azure = Site::with_tls(&authority, |_, _| ok(PAGE)).await;
    let addresses = format!("  endpoint: {}\n  authority_host: {}\n", azure.url, site.url);
    let with = format!("{addresses}  ca_file: {}\n", authority.path());
    let config = configuration(&with, &secret());
    let (code, output, error) = run(&["once", "--config.file", path(&config)], &[]);
    assert_eq!(code, 0, "{error}");
    assert!(output.contains("currency=\"EUR\"} 1.0\n"), "{output}");
    assert_eq!(header(&azure.requests()[0], "authorization"), Some("Bearer a-token"));
    for (auth, reason) in
        [(secret(), "auth"), ("method: token, token: a-token".to_owned(), "unavailable")]
    {
        let before = (azure.requests().len(), site.requests().len());
        let config = configuration(&addresses, &auth);
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &[]);
        assert_eq!(code, 1, "{error}");
        assert!(
            error.contains(&format!("reason={reason}")) && error.contains("certificate"),
            "{error}"
        );
        assert_eq!((azure.requests().len(), site.requests().len()), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cloud_has_addresses_of_its_own_and_is_reached_by_the_proxy_of_the_environment() {
    let ready = "method: token, token: a-token";
    let mut runs = Vec::new();
    for (cloud, api, authority) in [
        ("public", "management.azure.com", "login.microsoftonline.com"),
        ("us_government", "management.usgovcloudapi.net", "login.microsoftonline.us"),
        ("china", "management.chinacloudapi.cn", "login.chinacloudapi.cn"),
    ] {
        let own = format!("  cloud: {cloud}\n");
        let private = format!("{own}  authority_host: https://login.contoso.example.com\n");
        runs.push((own.clone(), ready.to_owned(), api));
        runs.push((own, secret(), authority));
        runs.push((private, secret(), "login.contoso.example.com"));
    }
    let mut running = Vec::new();
    for (azure, auth, host) in runs {
        let proxy = Site::plain(|_, _| answer(403, "", "")).await;
        running.push(spawn_blocking(move || {
            let config = configuration(&azure, &auth);
            let proxied = proxy.url.replace("://", "://someone:planted@");
            let (code, output, error) =
                run(&["once", "--config.file", path(&config)], &[("HTTPS_PROXY", &proxied)]);
            assert_eq!(code, 1, "{error}");
            let asked = proxy.requests();
            let line = format!("CONNECT {host}:443 HTTP/1.1\r\n");
            assert!(asked.iter().all(|asked| asked.starts_with(&line)), "{line}{asked:?}");
            assert!(!asked.is_empty(), "{error}");
            // "someone:planted".
            let known = header(&asked[0], "proxy-authorization");
            assert_eq!(known, Some("Basic c29tZW9uZTpwbGFudGVk"));
            let secrets = ["a-token", "a-secret"];
            let seen = asked.concat();
            assert!(secrets.iter().all(|secret| !seen.contains(secret)), "{seen}");
            assert!(!output.contains("planted") && !error.contains("planted"), "{error}");
        }));
    }
    for run in running {
        run.await.expect("as expected");
    }
}

/// Starts a proxy that forwards everything, and returns what it received.
async fn tunnel() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let record = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.expect("a head"));
            }
            let text = String::from_utf8_lossy(&head).into_owned();
            record.lock().expect("no panic").extend(head);
            let target = text.split(' ').nth(1).expect("a target").to_owned();
            tokio::spawn(async move {
                let mut target = TcpStream::connect(target).await.expect("it listens");
                socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it reads");
                let _ = copy_bidirectional(&mut socket, &mut target).await;
            });
        }
    });
    (url, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_carries_what_it_cannot_read_unless_the_environment_excepts_the_host() {
    let authority = Authority::new();
    let azure = Site::with_tls(&authority, |_, _| ok(PAGE)).await;
    let addresses = format!("  endpoint: {}\n  ca_file: {}\n", azure.url, authority.path());
    let config = configuration(&addresses, "method: token, token: a-token");
    let host = azure.url.trim_start_matches("https://");
    for (exception, proxied) in [("", true), ("localhost", false)] {
        let (proxy, heard) = tunnel().await;
        let environment = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", exception)];
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &environment);
        assert_eq!(code, 0, "{error}");
        let heard = String::from_utf8_lossy(&heard.lock().expect("no panic")).into_owned();
        assert_eq!(heard.starts_with(&format!("CONNECT {host} ")), proxied, "{heard}");
        assert!(!heard.contains("a-token"), "{heard}");
    }
}
