//! SIGHUP and `POST /-/reload`: another configuration file under a running program.

use std::io::{Read, Write};
use std::process::Command;

use tempfile::NamedTempFile;

use crate::process::{Running, get, request};
use crate::serve::{configuration, until};
use crate::server::{Answer, Server};

const PAGE: &str =
    r#"{"value":[{"properties":{"date":"{{today}}","cost":12.5,"billingCurrency":"EUR"}}]}"#;
const SHOP: &str = "  - {department: \"1\", name: shop}";
const SHOP_AND_WEB: &str =
    "  - {department: \"1\", name: shop}\n  - {department: \"2\", name: web}";
const PAGE_TELLS: &str = "The configuration file cannot be used: the configuration of 20";
const SUCCESSFUL: &str = "azure_billing_exporter_config_last_reload_successful";
const SUCCESS_AT: &str = "azure_billing_exporter_config_last_reload_success_timestamp_seconds";

/// A running program and its file.
struct Reloadable {
    exporter: Running,
    address: String,
    file: NamedTempFile,
}

impl Reloadable {
    fn start(file: NamedTempFile) -> Self {
        let path = file.path().to_str().expect("a path");
        let arguments = ["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"];
        let mut exporter = Running::start(&arguments);
        let address = exporter.address();
        Self { exporter, address, file }
    }

    /// Returns it once every scope was read.
    fn polled(self) -> Self {
        until("ready", || get(&self.address, "/-/ready").0 == 200);
        self
    }

    fn write(&self, text: &str) {
        std::fs::write(self.file.path(), text).expect("the file can be written");
    }

    /// Replaces a text in the file.
    fn change(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.file.path()).expect("the file");
        assert!(text.contains(from), "{text}");
        self.write(&text.replace(from, to));
    }

    fn reload(&self) -> (u16, String) {
        let (status, _, body) = request(&self.address, "POST", "/-/reload", "*/*");
        (status, body)
    }

    fn metrics(&self) -> String {
        get(&self.address, "/metrics").1
    }

    fn value(&self, family: &str) -> f64 {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(family)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{family} in {metrics}")).parse().expect("a number")
    }

    /// Returns the lines of the families of costs, budgets and scopes.
    fn bill(&self) -> Vec<String> {
        let families = ["scope_", "budget_", "instance_"];
        let start = |family| format!("azure_billing_{family}");
        let starts = families.map(start);
        let metrics = self.metrics();
        let lines =
            metrics.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
        lines.map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_file_counts_at_once_and_the_answer_says_what_has_changed() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let program = Reloadable::start(configuration(&azure.endpoint, SHOP_AND_WEB)).polled();
    assert_eq!(program.value(SUCCESSFUL), 1.0, "the start was a good one");
    let (started, asked) = (program.value(SUCCESS_AT), azure.requests().len());
    assert_eq!(
        program.reload(),
        (200, "the configuration was read again\nnothing changed\n".to_owned())
    );
    program.change("name: shop", "name: retail");
    program.change(
        "poll: {interval: 1h}",
        "poll: {interval: 2h}\nmetrics: {instances: {max_series: 0}}\nbudgets:\n  - {name: all, scope: retail, amount: 100, currency: EUR}",
    );
    let told = "the configuration was read again\nscope shop renamed to retail\npoll changed\nmetrics changed\nbudgets changed\n";
    assert_eq!(program.reload(), (200, told.to_owned()));
    let metrics = program.metrics();
    for line in [
        "azure_billing_scope_pretax_cost{scope=\"retail\",charge_type=\"usage\",publisher_type=\"\",pricing_model=\"\",currency=\"EUR\"} 12.5\n",
        "azure_billing_scope_pretax_cost{scope=\"web\",charge_type=\"usage\",publisher_type=\"\",pricing_model=\"\",currency=\"EUR\"} 12.5\n",
        "azure_billing_budget_spent_pretax_cost{scope=\"retail\",budget=\"all\",currency=\"EUR\"} 12.5\n",
        "azure_billing_poll_interval_seconds{scope=\"retail\"} 7200.0\n",
        "azure_billing_poll_success{scope=\"retail\"} 1.0\n",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    assert!(!metrics.contains("scope=\"shop\"") && !metrics.contains("instance_pretax_cost{"));
    assert!(get(&program.address, "/").1.contains("retail"), "the page as well");
    assert!(program.value(SUCCESS_AT) > started);
    assert_eq!(azure.requests().len(), asked, "nothing that Azure would have to be asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_is_told_by_answer_log_and_metric() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let mut program = Reloadable::start(configuration(&azure.endpoint, SHOP)).polled();
    let good = std::fs::read_to_string(program.file.path()).expect("the file");
    let (bill, read_at) = (program.bill(), program.value(SUCCESS_AT));
    let asked = azure.requests().len();
    assert!(!bill.is_empty());
    let misspelt = good.replace("name: shop", "nam: retail");
    let bad = [
        (misspelt.as_str(), ":6: scopes[0].nam: unknown key; did you mean `name`?"),
        (
            &good.replace("  - {department: \"1\", name: shop}", "  []"),
            "scopes: there is nothing to read",
        ),
        (
            &good.replace("token: planted-secret", "token_file: /nowhere/token"),
            "/nowhere/token cannot be read",
        ),
        ("scopes: [", ":1: is not valid YAML"),
        ("", "scopes: there is nothing to read"),
    ];
    for (text, why) in bad {
        program.write(text);
        let (status, answer) = program.reload();
        assert_eq!(status, 500, "{answer}");
        assert!(answer.starts_with("the configuration stays as it was:\n"), "{answer}");
        assert!(answer.contains(why), "{why} in {answer}");
        assert!(!answer.contains("planted-secret"), "{answer}");
        let told = program.exporter.line_with("the configuration stays as it was");
        assert!(told.contains("level=ERROR"), "{told}");
        assert_eq!((program.value(SUCCESSFUL), program.value(SUCCESS_AT)), (0.0, read_at));
        assert_eq!(program.bill(), bill);
        assert!(get(&program.address, "/").1.contains(PAGE_TELLS));
    }
    program.exporter.signal("HUP");
    program.exporter.line_with("the configuration stays as it was");
    std::fs::remove_file(program.file.path()).expect("the file");
    let (status, answer) = program.reload();
    assert!(status == 500 && answer.contains("cannot be read: "), "{answer}");
    assert_eq!((program.bill(), program.value(SUCCESSFUL)), (bill, 0.0));
    assert_eq!(get(&program.address, "/-/healthy").0, 200);
    program.write(&good);
    assert_eq!(program.reload().0, 200);
    assert_eq!(program.value(SUCCESSFUL), 1.0);
    assert!(program.value(SUCCESS_AT) > read_at);
    assert!(!get(&program.address, "/").1.contains(PAGE_TELLS));
    assert_eq!(azure.requests().len(), asked);
    let secret = |line: &&String| line.contains("planted-secret");
    assert_eq!(program.exporter.seen.iter().find(secret), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_does_the_same_as_often_as_it_comes() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let mut program = Reloadable::start(configuration(&azure.endpoint, SHOP)).polled();
    for (from, to) in [("shop", "retail"), ("retail", "contoso")] {
        program.change(&format!("name: {from}"), &format!("name: {to}"));
        program.exporter.signal("HUP");
        let told = program.exporter.line_with("the configuration was read again");
        assert!(told.contains(&format!("scope {from} renamed to {to}")), "{told}");
        assert!(program.metrics().contains(&format!("scope_info{{scope=\"{to}\"")));
    }
    program.exporter.signal("TERM");
    assert!(program.exporter.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_scope_is_read_and_a_removed_one_vanishes_in_the_middle_of_its_poll() {
    // The first scope is read, and no answer ever comes for another one.
    let azure = Server::start(vec![Answer::page(PAGE), Answer::Stall]).await;
    let mut program = Reloadable::start(configuration(&azure.endpoint, SHOP)).polled();
    program.change(SHOP, SHOP_AND_WEB);
    let (status, answer) = program.reload();
    assert!(status == 200 && answer.contains("\nscope web added\n"), "{answer}");
    until("a question", || azure.requests().len() == 2);
    let (status, waits) = get(&program.address, "/-/ready");
    assert!(status == 503 && waits.contains(": web\n"), "{waits}");
    assert!(program.metrics().contains("scope_info{scope=\"web\""));
    program.change(SHOP_AND_WEB, SHOP);
    let (status, answer) = program.reload();
    assert!(status == 200 && answer.contains("\nscope web removed\n"), "{answer}");
    assert!(!program.metrics().contains("\"web\""), "{}", program.metrics());
    assert_eq!(get(&program.address, "/-/ready").0, 200);
    assert_eq!(get(&program.address, "/-/healthy").0, 200, "its poll has not died");
    // All scopes but another one, and back, while that one is being read.
    program.change(SHOP, "  - {department: \"3\", name: it}");
    assert_eq!(program.reload().0, 200);
    program.change("  - {department: \"3\", name: it}", SHOP);
    assert_eq!(program.reload().0, 200);
    assert!(!program.bill().iter().any(|line| line.contains(" 12.5")), "it is read anew");
    program.exporter.signal("TERM");
    assert!(program.exporter.end().success());
    let deaths = program
        .exporter
        .lines_to_the_end()
        .iter()
        .filter(|line| line.contains("polling has ended"));
    assert_eq!(deaths.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_endpoint_and_token_are_used_at_once_by_a_scope_that_failed_without_them() {
    let wrong = Server::start(vec![Answer::status(403, "")]).await;
    let right = Server::start(vec![Answer::page(PAGE)]).await;
    let mut program = Reloadable::start(configuration(&wrong.endpoint, SHOP)).polled();
    let asked = wrong.requests().len();
    program.exporter.line_with("poll failed");
    program.change(&wrong.endpoint, &right.endpoint);
    program.change("token: planted-secret", "token: another-secret");
    let (status, answer) = program.reload();
    assert_eq!(
        (status, answer.as_str()),
        (200, "the configuration was read again\nazure changed\n")
    );
    until("costs", || program.metrics().contains(" 12.5\n"));
    assert_eq!(wrong.requests().len(), asked);
    assert!(right.requests().iter().all(|head| head.contains("Bearer another-secret")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_stored_days_waits_for_a_restart_and_that_is_said_each_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, SHOP);
    let mut text = std::fs::read_to_string(file.path()).expect("the file");
    let (old, new) = (directory.path().join("old.redb"), directory.path().join("new.redb"));
    text.push_str(&format!("state: {{path: {}}}\n", old.display()));
    std::fs::write(file.path(), text).expect("the file can be written");
    let program = Reloadable::start(file).polled();
    program.change("old.redb", "new.redb");
    let told =
        format!("state.path needs a restart: until then days are kept in {}\n", old.display());
    for (from, to, change) in [
        ("shop", "shop", "nothing changed\n"),
        ("shop", "retail", "scope shop renamed to retail\n"),
        ("retail", "contoso", "scope retail renamed to contoso\n"),
    ] {
        program.change(&format!("name: {from}"), &format!("name: {to}"));
        let expected = format!("the configuration was read again\n{change}{told}");
        assert_eq!(program.reload(), (200, expected));
        assert!(old.exists() && !new.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_there_is_nothing_to_read_again_and_that_is_said() {
    let environment = [
        ("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000001"),
        ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000002"),
        ("AZURE_CLIENT_SECRET", "planted-secret"),
        // Nothing listens there: no test sends requests to Azure.
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ];
    let serve = ["serve", "--scope", "department/1", "--web.listen-address", "127.0.0.1:0"];
    let mut exporter = Running::start_in(&serve, &environment);
    let address = exporter.address();
    let (status, _, answer) = request(&address, "POST", "/-/reload", "*/*");
    let why = "there is no configuration file to read again: restart the exporter with other flags, or with --config.file\n";
    assert_eq!((status, answer.as_str()), (501, why));
    exporter.signal("HUP");
    exporter.line_with("there is no configuration file");
    assert!(get(&address, "/metrics").1.contains(&format!("{SUCCESSFUL} 1\n")));
    exporter.signal("TERM");
    assert!(exporter.end().success());
    // Its terminal ends a demo, unless the caller prevents that, as `nohup` does: the tests may
    // have been started that way, too.
    let mut terminal = Command::new("env");
    terminal.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_azure-billing-exporter"), "demo"]);
    terminal.args(["--web.listen-address", "127.0.0.1:0"]);
    let mut demo = Running::of(terminal);
    let address = demo.address();
    assert_eq!(request(&address, "POST", "/-/reload", "*/*").0, 501);
    demo.signal("HUP");
    assert_eq!(demo.end().code(), None, "ended by the signal");
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_that_come_together_are_all_answered_and_other_methods_are_not_allowed() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let program = Reloadable::start(configuration(&azure.endpoint, SHOP)).polled();
    for method in ["GET", "HEAD", "DELETE"] {
        let (status, head, _) = request(&program.address, method, "/-/reload", "*/*");
        assert!(status == 405 && head.contains("allow: post,put"), "{method}: {head}");
    }
    assert_eq!(request(&program.address, "PUT", "/-/reload", "*/*").0, 200);
    program.change("name: shop", "name: retail");
    let reloads: Vec<_> = (0..40)
        .map(|_| {
            let address = program.address.clone();
            std::thread::spawn(move || request(&address, "POST", "/-/reload", "*/*"))
        })
        .collect();
    let answers: Vec<_> = reloads.into_iter().map(|one| one.join().expect("no panic")).collect();
    assert!(answers.iter().all(|(status, ..)| *status == 200), "{answers:?}");
    let renamed = answers.iter().filter(|(.., text)| text.contains("shop renamed to retail"));
    assert!(renamed.count() >= 1);
    assert!(program.metrics().contains("scope_info{scope=\"retail\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_comes_while_it_stops_is_told_so() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let mut program = Reloadable::start(configuration(&azure.endpoint, SHOP)).polled();
    let mut open = std::net::TcpStream::connect(&program.address).expect("it listens");
    open.write_all(b"POST /-/reload HTTP/1.1\r\n").expect("it reads");
    // Connections are accepted in order: at the end of these the open one has long been read.
    for _ in 0..5 {
        assert_eq!(get(&program.address, "/-/healthy").0, 200);
    }
    program.exporter.signal("TERM");
    program.exporter.line_with("stopping");
    open.write_all(b"host: localhost\r\nconnection: close\r\n\r\n").expect("it still reads");
    let mut answer = String::new();
    open.read_to_string(&mut answer).expect("it still answers");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.ends_with("the exporter is stopping\n"), "{answer}");
    assert!(program.exporter.end().success());
}
