//! The data that survives the end of the process.

use std::fs;
use std::path::Path;

use azure_billing_exporter::store::Store;
use azure_billing_simulator::Options;
use jiff::Timestamp;

use crate::simulation::{HOUR, INSTANCES, Setup, Simulation};

fn stored(path: &Path) -> Simulation {
    let options = Options { resources: 60, ..Options::default() };
    Setup::new("2026-11-20T00:10:00Z", "billing_account", "100000", options).stored_in(path).start()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[tokio::test(start_paused = true)]
async fn a_restart_publishes_the_same_bytes_before_it_asks_for_anything() {
    let directory = directory();
    let mut simulation = stored(&directory.path().join("state.redb"));
    for _ in 0..3 {
        assert!(simulation.poll().await);
        tokio::time::advance(4 * HOUR).await;
    }
    let (bill, requests) = (simulation.bill(), simulation.simulator.request_count());
    let before = simulation.status.scopes()[0].clone();
    let simulation = simulation.restart();
    assert_eq!(simulation.bill(), bill);
    assert_eq!(simulation.simulator.request_count(), requests);
    let after = simulation.status.scopes()[0].clone();
    assert!(after.restored, "ready");
    assert_eq!(after.last_success, before.last_success, "the age is visible");
    assert_eq!(after.rows, before.rows);
    assert_eq!(simulation.value("azure_billing_poll_success"), 1.0);
    assert_eq!(after.polls, 0, "a counter starts anew");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_only_the_newest_days_are_asked_for_and_a_failure_is_remembered() {
    let directory = directory();
    let mut simulation = stored(&directory.path().join("state.redb"));
    assert!(simulation.poll().await);
    let whole = simulation.simulator.request_count();
    tokio::time::advance(4 * HOUR).await;
    let mut simulation = simulation.restart();
    assert!(simulation.poll().await);
    let asked = simulation.requests_since(whole);
    assert!(asked.iter().all(|asked| asked.contains("filter")), "{asked:?}");
    simulation.assert_published_is_billed();
    tokio::time::advance(4 * HOUR).await;
    simulation.simulator.next_faults([azure_billing_simulator::Fault::Forbidden]);
    assert!(!simulation.poll().await);
    let bill = simulation.bill();
    let simulation = simulation.restart();
    assert_eq!(simulation.bill(), bill);
    assert_eq!(simulation.value("azure_billing_poll_success"), 0.0);
    let poll = simulation.status.scopes()[0].last_poll.clone().expect("a poll");
    let (reason, what) = poll.failure.expect("a failure");
    assert_eq!(reason.as_str(), "forbidden");
    assert!(what.contains("RBACAccessDenied"), "{what}");
}

#[tokio::test(start_paused = true)]
async fn what_was_learnt_of_a_source_is_not_learnt_again() {
    let directory = directory();
    let path = directory.path().join("state.redb");
    let options = Options { resources: 60, ignore_filter: true, ..Options::default() };
    let setup = Setup::new("2026-11-20T00:10:00Z", "billing_account", "100000", options);
    let mut simulation = setup.stored_in(&path).start();
    for _ in 0..2 {
        assert!(simulation.poll().await);
        tokio::time::advance(4 * HOUR).await;
    }
    let before = simulation.simulator.request_count();
    let mut simulation = simulation.restart();
    assert!(simulation.poll().await);
    let asked = simulation.requests_since(before);
    assert!(!asked.is_empty() && asked.iter().all(|it| !it.contains("filter")), "{asked:?}");
}

fn last_began(simulation: &Simulation) -> Timestamp {
    simulation.status.scopes()[0].last_poll.as_ref().expect("a poll").began
}

/// Returns how long after `last` the first poll after a restart begins, in seconds. A reload half
/// an hour after the restart, which changes nothing, neither advances nor delays it.
async fn first_poll_after(mut simulation: Simulation, last: Timestamp) -> i64 {
    let task = tokio::spawn(simulation.pollers.remove(0).run());
    tokio::time::sleep(HOUR / 2).await;
    simulation.reload(|_| {});
    while simulation.status.scopes()[0].polls == 0 {
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    }
    task.abort();
    last_began(&simulation).duration_since(last).as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_restart_waits_for_the_next_poll_where_the_last_one_is_recent() {
    let directory = directory();
    let path = directory.path().join("state.redb");
    let mut simulation = stored(&path);
    assert!(simulation.poll().await);
    let last = last_began(&simulation);
    tokio::time::advance(HOUR).await;
    let waited = first_poll_after(simulation.restart(), last).await;
    assert!((4 * 3600 - 720..=4 * 3600 + 1).contains(&waited), "{waited}");
    // A poll that failed, or a scope that was never read, is not waited for.
    let mut simulation = stored(&directory.path().join("other.redb"));
    assert!(simulation.poll().await);
    simulation.simulator.next_faults([azure_billing_simulator::Fault::Forbidden]);
    assert!(!simulation.poll().await);
    let simulation = simulation.restart();
    let restarted = simulation.clock.now();
    assert_eq!(first_poll_after(simulation, restarted).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_scope_keeps_its_days_and_another_one_drops_them() {
    let directory = directory();
    let mut simulation = stored(&directory.path().join("state.redb"));
    assert!(simulation.poll().await);
    let cost = simulation.published(INSTANCES, "scope=\"shop\"");
    let named = |scopes| move |setup| Setup { scopes, ..setup };
    let simulation = simulation.restart_as(named(vec![("billing_account", "100000", "contoso")]));
    assert_eq!(simulation.published(INSTANCES, "scope=\"contoso\""), cost);
    let simulation = simulation.restart_as(named(vec![("department", "1001", "contoso")]));
    assert!(simulation.published(INSTANCES, "").is_empty());
    let simulation = simulation.restart_as(named(vec![("billing_account", "100000", "contoso")]));
    assert!(simulation.published(INSTANCES, "").is_empty(), "dropped when it was not configured");
}

#[tokio::test(start_paused = true)]
async fn the_closed_months_survive_a_restart_after_the_month_has_changed() {
    let directory = directory();
    let options = Options { resources: 60, ..Options::default() };
    let setup = Setup::new("2026-11-29T00:10:00Z", "department", "1001", options);
    let mut simulation = setup.stored_in(&directory.path().join("state.redb")).start();
    for _ in 0..40 {
        assert!(simulation.poll().await);
        tokio::time::advance(6 * HOUR).await;
        let bill = simulation.bill();
        simulation = simulation.restart();
        assert_eq!(simulation.bill(), bill);
    }
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn a_damaged_file_is_set_aside_and_everything_is_read_again() {
    let directory = directory();
    let path = directory.path().join("state.redb");
    let mut simulation = stored(&path);
    assert!(simulation.poll().await);
    let cost = simulation.published(INSTANCES, "");
    let (setup, simulator, clock) = simulation.end();
    let whole = fs::read(&path).expect("the file");
    let half = whole.len() / 2;
    let damages: [(&str, Vec<u8>); 4] = [
        ("text", b"not a database at all, but long enough to look at".to_vec()),
        ("half", whole[..half].to_vec()),
        ("zeros", [&whole[..4096], &vec![0; whole.len() - 4096]].concat()),
        ("header", [&[0xff; 512], &whole[512..]].concat()),
    ];
    for (place, (damage, bytes)) in damages.into_iter().enumerate() {
        fs::write(&path, bytes).expect("the file can be written");
        tokio::time::advance(HOUR).await;
        let mut simulation =
            Simulation::new(setup.clone(), simulator.clone(), clock.clone(), |_| {});
        assert!(simulation.published(INSTANCES, "").is_empty(), "{damage}");
        let aside = fs::read_dir(directory.path()).expect("the directory").filter(|entry| {
            let name = entry.as_ref().expect("an entry").file_name();
            name.to_string_lossy().starts_with("state.redb.corrupt-2026112")
        });
        assert_eq!(aside.count(), place + 1, "{damage}");
        assert!(simulation.poll().await, "{damage}");
        assert!(simulation.published(INSTANCES, "")["USD"] >= cost["USD"] * 0.9, "{damage}");
        let bill = simulation.bill();
        assert_eq!(simulation.restart().bill(), bill, "{damage}: the new file is used");
    }
}

/// Any flipped bit either has no effect, or is noticed: what is published is right, or missing.
#[tokio::test(start_paused = true)]
async fn no_flipped_bit_is_ever_published() {
    let directory = directory();
    let path = directory.path().join("state.redb");
    let mut simulation = stored(&path);
    assert!(simulation.poll().await);
    let bill = simulation.bill();
    let (setup, simulator, clock) = simulation.end();
    let whole = fs::read(&path).expect("the file");
    let (mut right, mut missing) = (0, 0);
    for number in 0..60_usize {
        let mut bytes = whole.clone();
        bytes[number * 104_729 % whole.len()] ^= 1 << (number % 8);
        fs::write(&path, bytes).expect("the file can be written");
        let simulation = Simulation::new(setup.clone(), simulator.clone(), clock.clone(), |_| {});
        if simulation.published(INSTANCES, "").is_empty() {
            missing += 1;
        } else {
            assert_eq!(simulation.bill(), bill, "bit {number}");
            right += 1;
        }
    }
    assert!(right > 0 && missing > 0, "{right} right, {missing} missing");
}

#[tokio::test(start_paused = true)]
async fn a_stored_day_that_is_lost_is_read_again_and_nothing_vanishes_meanwhile() {
    let directory = directory();
    let path = directory.path().join("state.redb");
    let mut simulation = stored(&path);
    assert!(simulation.poll().await);
    let cost = simulation.published(INSTANCES, "");
    let (setup, simulator, clock) = simulation.end();
    remove_a_day(&path);
    let mut simulation = Simulation::new(setup, simulator, clock, |_| {});
    assert_eq!(simulation.published(INSTANCES, ""), cost, "the books are there");
    assert!(!simulation.poll().await);
    let failures = simulation.status.scopes()[0].failures;
    assert_eq!(failures[azure_billing_exporter::status::FailureReason::Store as usize], 1);
    assert_eq!(simulation.published(INSTANCES, ""), cost);
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
    let bill = simulation.bill();
    assert_eq!(simulation.restart().bill(), bill);
}

/// Removes the newest day from the database, as no crash can.
pub(crate) fn remove_a_day(path: &Path) {
    type Key = (&'static str, &'static str, u8, u32);
    const DAYS: redb::TableDefinition<'_, Key, &[u8]> = redb::TableDefinition::new("days");
    let database = redb::Database::open(path).expect("a database");
    let writing = database.begin_write().expect("a transaction");
    {
        let mut days = writing.open_table(DAYS).expect("days");
        let removed = days.remove(("billing_account/100000", "2026-11-19", 0, 0)).expect("a table");
        assert!(removed.is_some());
    }
    writing.commit().expect("a commit");
}

#[tokio::test(start_paused = true)]
async fn another_format_is_set_aside_and_read_again() {
    const ABOUT: redb::TableDefinition<'_, &str, u32> = redb::TableDefinition::new("about");
    let directory = directory();
    let path = directory.path().join("state.redb");
    let mut simulation = stored(&path);
    assert!(simulation.poll().await);
    let (setup, simulator, clock) = simulation.end();
    {
        let database = redb::Database::open(&path).expect("a database");
        let writing = database.begin_write().expect("a transaction");
        writing.open_table(ABOUT).expect("a table").insert("format", 0).expect("a place");
        writing.commit().expect("a commit");
    }
    let mut simulation = Simulation::new(setup, simulator, clock, |_| {});
    assert!(simulation.published(INSTANCES, "").is_empty());
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
    assert!(directory.path().join("state.redb.format-0").is_file(), "the old days are not deleted");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_cannot_be_written_costs_nothing_but_the_restart() {
    let directory = directory();
    let missing = directory.path().join("missing");
    let mut simulation = stored(&missing.join("state.redb"));
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
    let failures = simulation.status.scopes()[0].failures;
    let store = azure_billing_exporter::status::FailureReason::Store as usize;
    assert!(failures[store] > 0);
    // The folder is created: from then on all days are stored, also those read before.
    fs::create_dir(&missing).expect("a directory");
    tokio::time::advance(4 * HOUR).await;
    assert!(simulation.poll().await);
    assert_eq!(simulation.status.scopes()[0].failures[store], failures[store]);
    let bill = simulation.bill();
    assert_eq!(simulation.restart().bill(), bill);
}

#[test]
fn a_file_is_used_by_one_process_and_read_by_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let path = directory.path().join("state.redb");
    let now = || Box::new(|| Timestamp::UNIX_EPOCH);
    let _store = Store::open(&path, now()).expect("a store");
    let second = Store::open(&path, now()).expect_err("in use").to_string();
    assert!(second.contains("is in use by another azure-billing-exporter"), "{second}");
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
