//! The scrapers in common use, over TLS and with a password.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::certificates::Authority;
use crate::clients::curl;
use crate::prometheus::{Prometheus, scrape_config};
use crate::serving::{Serving, hash, page, row};

const COST: &str = "azure_billing_scope_pretax_cost{currency=\"EUR\"}";

/// Starts an exporter behind TLS and a password, and returns how to scrape it.
async fn locked() -> (Serving, [String; 3]) {
    let folder = TempDir::new().expect("a folder");
    Authority::new("contoso CA").serve(folder.path());
    let web = format!(
        "tls_server_config: {{cert_file: server.pem, key_file: server.key}}\nbasic_auth_users: {{prometheus: {}}}\n",
        hash()
    );
    let page = page(&[row("vm", "Microsoft.Compute", 12.5)]);
    let serving = Serving::in_folder(folder, &page, &web, &[]).await;
    let settings = [
        "scheme: https".to_owned(),
        format!("tls_config: {{ca_file: {}}}", serving.path("ca.pem").display()),
        "basic_auth: {username: prometheus, password: planted-password}".to_owned(),
    ];
    (serving, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_over_tls_with_a_password() {
    let (serving, settings) = locked().await;
    let target: SocketAddr = serving.address.parse().expect("an address");
    let settings = settings.each_ref().map(String::as_str);
    let prometheus = Prometheus::scraping(target, &settings);
    let cost = prometheus.query_until_found(COST);
    assert_eq!(cost[0].value, "12.5");
    let without = Prometheus::scraping(target, &settings[..2]);
    assert_eq!(without.query_until_found("up")[0].value, "0", "without the password");
}

#[tokio::test(flavor = "multi_thread")]
async fn victoria_metrics_scrapes_over_tls_with_a_password() {
    let (serving, settings) = locked().await;
    let target: SocketAddr = serving.address.parse().expect("an address");
    let settings = settings.each_ref().map(String::as_str);
    let victoria = VictoriaMetrics::start(&scrape_config(target, &settings));
    let mut last = String::new();
    for _ in 0..300 {
        let address = format!("http://{}/api/v1/query", victoria.address);
        let query = format!("query={COST}");
        let answer = curl(&["--get", "--data-urlencode", &query, &address]);
        last = answer.map_or_else(|error| error, |answer| answer.text().to_owned());
        if last.contains("\"12.5\"") {
            return;
        }
        sleep(Duration::from_millis(200));
    }
    let log = std::fs::read_to_string(victoria.folder.path().join("log")).expect("the log");
    panic!("{last}\n{log}");
}

/// A server for one test, ended when dropped.
struct VictoriaMetrics {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl VictoriaMetrics {
    fn start(config: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("scrape.yaml"), config).expect("room for a file");
        // It does not report a port that the system chose, so that a free one is found first.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port");
        let process = Command::new("victoria-metrics")
            .current_dir(&folder)
            .args(["-promscrape.config=scrape.yaml", "-storageDataPath=data"])
            .args(["-search.latencyOffset=0s", "-memory.allowedBytes=64MB"])
            .arg(format!("-httpListenAddr={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log")).expect("room for a file"))
            .spawn();
        let process = process.unwrap_or_else(|error| {
            panic!("cannot start victoria-metrics ({error}): run `make tools`")
        });
        Self { process, address, folder }
    }
}

impl Drop for VictoriaMetrics {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
