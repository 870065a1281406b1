//! `state.path`: what the program does with its file, also where it cannot use it.

use std::path::Path;
use std::process::Command;

use crate::process::{Running, get, program, run};
use crate::serve::{configuration, until};
use crate::server::{Answer, Server};

/// Returns a page of resources whose ids and names are long and all different, so that they take
/// space.
fn page(resources: usize) -> String {
    let rows: Vec<String> = (0..resources)
        .map(|number| {
            let noise: String = (0..40_u64)
                .map(|place| {
                    let mixed = (number as u64 * 41 + place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    format!("{mixed:016x}")
                })
                .collect();
            format!(
                r#"{{"properties":{{"date":"{{{{today}}}}","cost":12.5,"billingCurrency":"EUR","resourceId":"/subscriptions/s/resourceGroups/g/x/{noise}"}}}}"#
            )
        })
        .collect();
    format!(r#"{{"value":[{}]}}"#, rows.join(","))
}

/// Returns a configuration that keeps days in a file.
fn stored(endpoint: &str, state: &Path) -> tempfile::NamedTempFile {
    let file = configuration(endpoint, "  - {department: \"1234\", name: shop}");
    let mut text = std::fs::read_to_string(file.path()).expect("the file");
    text.push_str(&format!("state: {{path: {}}}\n", state.display()));
    std::fs::write(file.path(), text).expect("the file can be written");
    file
}

fn arguments(file: &tempfile::NamedTempFile) -> [&str; 5] {
    let path = file.path().to_str().expect("a path");
    ["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"]
}

const COST: &str = "azure_billing_scope_pretax_cost{scope=\"shop\",charge_type=\"usage\",publisher_type=\"\",pricing_model=\"\",currency=\"EUR\"} 12.5\n";

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_it_is_ready_with_all_costs_before_azure_answers() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state.redb");
    let azure = Server::start(vec![Answer::page(page(1))]).await;
    let file = stored(&azure.endpoint, &state);
    let mut exporter = Running::start(&arguments(&file));
    let address = exporter.address();
    until("both months", || get(&address, "/metrics").1.contains("poll_success{scope=\"shop\"} 1"));
    assert!(get(&address, "/metrics").1.contains(COST));
    exporter.signal("KILL");
    exporter.end();
    let silent = Server::start(vec![Answer::Stall]).await;
    let file = stored(&silent.endpoint, &state);
    let mut exporter = Running::start(&arguments(&file));
    let address = exporter.address();
    until("ready", || get(&address, "/-/ready").0 == 200);
    let (_, metrics) = get(&address, "/metrics");
    assert!(metrics.contains(COST), "{metrics}");
    assert!(!metrics.contains("last_success_timestamp_seconds{scope=\"shop\"} 0.0"), "{metrics}");
    assert!(silent.requests().is_empty(), "the last poll is recent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_exporter_on_the_same_file_says_so_and_exits() {
    let directory = tempfile::tempdir().expect("a directory");
    let azure = Server::start(vec![Answer::page(page(1))]).await;
    let file = stored(&azure.endpoint, &directory.path().join("state.redb"));
    let mut exporter = Running::start(&arguments(&file));
    exporter.line_with("read");
    let (code, _, error) = run(&arguments(&file), &[]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("state.redb is in use by another azure-billing-exporter"), "{error}");
    // The other commands leave it unchanged.
    for command in ["once", "check"] {
        let path = file.path().to_str().expect("a path");
        let (code, _, error) = run(&[command, "--config.file", path], &[]);
        assert_eq!(code, 0, "{command}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_path_it_warns_once_that_a_restart_costs_quota() {
    let azure = Server::start(vec![Answer::page(page(1))]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\", name: shop}");
    let mut exporter = Running::start(&arguments(&file));
    exporter.line_with("read");
    let warned = exporter.seen.iter().filter(|line| line.contains("set state.path")).count();
    assert_eq!(warned, 1, "{:#?}", exporter.seen);
}

/// Starts the program where no file may grow beyond so many KiB, like a full disk.
fn start_with_little_room(kibibytes: u64, arguments: &[&str]) -> Running {
    let script = format!("ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).arg(program().get_program()).args(arguments).env_clear();
    Running::of(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_and_polling_goes_on_in_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state.redb");
    let azure = Server::start(vec![Answer::page(page(4000))]).await;
    let file = stored(&azure.endpoint, &state);
    drop(azure_billing_exporter::store::Store::open(&state, Box::new(jiff_epoch)).expect("free"));
    let empty = std::fs::metadata(&state).expect("the file").len();
    let mut exporter = start_with_little_room(empty / 1024 + 64, &arguments(&file));
    let address = exporter.address();
    let told = exporter.line_with("days cannot be stored, polling goes on in memory");
    assert!(told.contains("File too large") && told.contains("state.path"), "{told}");
    until("a poll", || get(&address, "/metrics").1.contains("poll_success{scope=\"shop\"} 1"));
    let (_, metrics) = get(&address, "/metrics");
    assert!(metrics.contains("currency=\"EUR\"} 50000.0\n"), "{metrics}");
    let failures = "azure_billing_poll_failures_total{scope=\"shop\",reason=\"store\"} ";
    let failed = metrics.lines().find_map(|line| line.strip_prefix(failures));
    assert!(failed.is_some_and(|count| count != "0"), "{failed:?}");
}

fn jiff_epoch() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_cannot_be_written_is_reported_and_polling_goes_on_in_memory() {
    let azure = Server::start(vec![Answer::page(page(1))]).await;
    // Nobody can create files there, not even root.
    let file = stored(&azure.endpoint, Path::new("/proc/state.redb"));
    let mut exporter = Running::start(&arguments(&file));
    let told = exporter.line_with("cannot store days, polling goes on in memory");
    let address = exporter.address();
    assert!(told.contains("/proc/state.redb") && told.contains("permissions"), "{told}");
    until("a poll", || get(&address, "/metrics").1.contains("poll_success{scope=\"shop\"} 1"));
    assert!(get(&address, "/metrics").1.contains(COST));
    assert_eq!(
        exporter.seen.iter().filter(|line| line.contains("level=ERROR")).count(),
        1,
        "told once"
    );
}
