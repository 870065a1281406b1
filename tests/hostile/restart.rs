//! The first scrape after a restart.

use std::path::Path;

use crate::certificates::write;
use crate::places::page;
use crate::process::{Running, get};
use crate::server::{Answer, Server};

/// Starts an exporter that keeps its days in a folder.
fn start(folder: &Path, endpoint: &str) -> (Running, String) {
    let file = |name: &str| folder.join(name).display().to_string();
    let config = format!(
        "azure:\n  endpoint: {endpoint}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{department: 6000}}\nscopes:\n  - department: \"1234\"\nstate:\n  path: {}\n",
        file("state")
    );
    write(folder, "config.yaml", &config);
    let config = file("config.yaml");
    let mut program =
        Running::start(&["serve", "--config.file", &config, "--web.listen-address=127.0.0.1:0"]);
    let address = program.address();
    (program, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_waits_for_the_stored_costs() {
    let azure = Server::start(vec![Answer::page(page(2000))]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (mut program, address) = start(folder.path(), &azure.endpoint);
    // All that is read is stored by then.
    for _ in 0..600 {
        if get(&address, "/-/ready").0 == 200 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    program.signal("TERM");
    assert!(program.end().success());
    let asked = azure.requests().len();
    let (_program, address) = start(folder.path(), &azure.endpoint);
    for scrape in 0..20 {
        let (status, text) = get(&address, "/metrics");
        let costs = text.matches("\nazure_billing_instance_pretax_cost{").count();
        assert_eq!((status, costs), (200, 2000), "scrape {scrape}");
    }
    assert_eq!(azure.requests().len(), asked, "nobody has asked for it anew");
}
