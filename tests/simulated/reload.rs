//! Another configuration while scopes are polled: the requests that it causes, and no others.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::budget::{Budget, Grain, Only};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_simulator::{Fault, Options};
use jiff::Timestamp;
use jiff::civil::date;
use tokio::task::JoinSet;

use crate::simulation::{HOUR, INSTANCES, Setup, Simulation};

const SCOPE: &str = "azure_billing_scope_pretax_cost";
const DAILY: &str = "azure_billing_scope_daily_pretax_cost";
const TAG: &str = "azure_billing_tag_pretax_cost";
const START: &str = "2026-11-20T00:10:00Z";

/// Returns two departments without quotas to wait for.
fn departments(options: Options) -> Setup {
    let mut setup = Setup::new(START, "department", "1001", options).unlimited();
    setup.scopes.push(("department", "1002", "web"));
    setup
}

fn small() -> Options {
    Options { resources: 60, ..Options::default() }
}

fn month(name: &str) -> Budget {
    let amount = Amount::parse("100").expect("an amount").amount;
    let (currency, start) = ("USD".to_owned(), date(2014, 5, 1));
    Budget { name: name.to_owned(), amount, currency, grain: Grain::Month, start, only: Only::All }
}

/// Runs the polls of a simulation, until the returned set is dropped.
fn run(simulation: &mut Simulation) -> JoinSet<()> {
    let mut polls = JoinSet::new();
    for poller in simulation.pollers.drain(..) {
        polls.spawn(poller.run());
    }
    polls
}

async fn settle() {
    tokio::time::sleep(HOUR / 2).await;
}

fn last_began(simulation: &Simulation) -> Vec<Timestamp> {
    let scopes = simulation.status.scopes();
    scopes.iter().map(|scope| scope.last_poll.as_ref().expect("a poll").began).collect()
}

/// Returns every value of the `scope` label.
fn labels(simulation: &Simulation) -> BTreeSet<String> {
    let text = simulation.text();
    let scopes = text.lines().filter_map(|line| line.split("scope=\"").nth(1)?.split('"').next());
    scopes.map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn limits_budgets_and_names_count_at_once_without_a_call_and_polls_keep_their_time() {
    let mut simulation = departments(small()).start();
    let polls = run(&mut simulation);
    settle().await;
    let (asked, began) = (simulation.simulator.request_count(), last_began(&simulation));
    let cost = |simulation: &Simulation, label: &str| {
        simulation.published(INSTANCES, &format!("scope=\"{label}\""))
    };
    let (shop, web) = (cost(&simulation, "shop"), cost(&simulation, "web"));
    simulation.reload(|setup| {
        setup.scopes[0].2 = "retail";
        setup.rules.limits = Limits::default().with("instances", 3);
        setup.rules.budgets = vec![month("all")];
    });
    assert_eq!(labels(&simulation), ["retail", "web"].map(str::to_owned).into());
    for (was, now) in [(shop, "retail"), (web, "web")] {
        let sums = cost(&simulation, now);
        assert_eq!(sums.keys().collect::<Vec<_>>(), was.keys().collect::<Vec<_>>());
        for (currency, sum) in sums {
            assert!((sum - was[&currency]).abs() < 1e-6, "folded, not lost: {now} {currency}");
        }
    }
    let text = simulation.text();
    let series =
        text.lines().filter(|line| line.starts_with(&format!("{INSTANCES}{{scope=\"web\"")));
    assert!(series.count() <= 4, "three and what is folded for each currency");
    let spent = simulation.published("azure_billing_budget_spent_pretax_cost", "budget=\"all\"");
    assert!(spent["USD"] > 0.0, "{spent:?}");
    // A swap of names leaves the data with their scopes.
    let (retail, web) = (cost(&simulation, "retail"), cost(&simulation, "web"));
    simulation.reload(|setup| (setup.scopes[0].2, setup.scopes[1].2) = ("web", "retail"));
    assert_eq!((cost(&simulation, "web"), cost(&simulation, "retail")), (retail, web));
    tokio::time::sleep(3 * HOUR).await;
    assert_eq!(simulation.simulator.request_count(), asked);
    assert_eq!(last_began(&simulation), began);
    tokio::time::sleep(HOUR).await;
    for (before, after) in began.iter().zip(last_began(&simulation)) {
        let gap = after.duration_since(*before).as_secs();
        assert!((3 * 3600 + 48 * 60..=4 * 3600).contains(&gap), "{gap} s between two polls");
    }
    drop(polls);
}

#[tokio::test(start_paused = true)]
async fn another_interval_counts_from_the_last_poll_on() {
    let mut simulation = departments(small()).start();
    let polls = run(&mut simulation);
    tokio::time::sleep(HOUR).await;
    let began = last_began(&simulation);
    simulation.reload(|setup| setup.interval = "2h");
    assert_eq!(simulation.value("azure_billing_poll_interval_seconds"), 7200.0);
    tokio::time::sleep(HOUR / 2).await;
    assert_eq!(last_began(&simulation), began);
    tokio::time::sleep(HOUR / 2).await;
    let next = last_began(&simulation);
    for (before, after) in began.iter().zip(&next) {
        let gap = after.duration_since(*before).as_secs();
        assert!((2 * 3600 - 360..=2 * 3600).contains(&gap), "{gap} s between two polls");
    }
    simulation.reload(|setup| setup.interval = "12h");
    tokio::time::sleep(10 * HOUR).await;
    assert_eq!(last_began(&simulation), next);
    drop(polls);
}

#[tokio::test(start_paused = true)]
async fn a_new_scope_is_polled_at_once_and_a_removed_one_vanishes_also_from_the_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("state.redb");
    let mut simulation = departments(small()).stored_in(&path).start();
    let mut polls = run(&mut simulation);
    settle().await;
    let (asked, began) = (simulation.simulator.request_count(), last_began(&simulation));
    let shop = simulation.published(INSTANCES, "scope=\"shop\"");
    simulation.reload(|setup| setup.scopes[1] = ("department", "1003", "it"));
    assert_eq!(labels(&simulation), ["it", "shop"].map(str::to_owned).into());
    assert!(simulation.published(INSTANCES, "scope=\"it\"").is_empty(), "nobody has read it");
    assert!(simulation.status.scopes()[1].last_poll.is_none());
    for poller in simulation.pollers.drain(..) {
        polls.spawn(poller.run());
    }
    settle().await;
    assert_eq!(last_began(&simulation)[0], began[0], "the other one is left in peace");
    assert_eq!(simulation.published(INSTANCES, "scope=\"shop\""), shop);
    assert!(simulation.published(INSTANCES, "scope=\"it\"")["USD"] > 0.0);
    let calls = simulation.requests_since(asked);
    assert!(calls.iter().all(|call| call.contains("departments/1003/")), "{calls:?}");
    drop(polls);
    tokio::task::yield_now().await;
    drop(simulation);
    assert_eq!(stored(&path), ["department/1001", "department/1003"].map(str::to_owned).into());
}

/// Returns every scope that has stored data.
fn stored(path: &Path) -> BTreeSet<String> {
    use redb::{ReadableDatabase, ReadableTable, TableDefinition};
    let database = redb::Database::open(path).expect("a database that nobody uses");
    let reading = database.begin_read().expect("a transaction");
    let mut scopes = BTreeSet::new();
    let polls: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("polls");
    let polls = reading.open_table(polls).expect("a table");
    let entries = polls.iter().expect("entries").map(|entry| entry.expect("an entry"));
    scopes.extend(entries.map(|(scope, _)| scope.value().to_owned()));
    let sources: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("sources");
    let sources = reading.open_table(sources).expect("a table");
    let entries = sources.iter().expect("entries").map(|entry| entry.expect("an entry"));
    scopes.extend(entries.map(|(scope, _)| scope.value().to_owned()));
    let scope_totals: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("totals");
    let scope_totals = reading.open_table(scope_totals).expect("a table");
    let entries = scope_totals.iter().expect("entries").map(|entry| entry.expect("an entry"));
    scopes.extend(entries.map(|(key, _)| key.value().0.to_owned()));
    let days: TableDefinition<'_, (&str, &str, u8, u32), &[u8]> = TableDefinition::new("days");
    let days = reading.open_table(days).expect("a table");
    let entries = days.iter().expect("entries").map(|entry| entry.expect("an entry"));
    scopes.extend(entries.map(|(key, _)| key.value().0.to_owned()));
    scopes
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_leaves_nothing_of_a_scope_that_is_removed_nor_touches_one_that_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("state.redb");
    let options = Options { latency: Duration::from_secs(10), ..small() };
    let mut simulation = departments(options).stored_in(&path).start();
    // These polls are not aborted: they run to their end.
    let _polls = run(&mut simulation);
    tokio::time::sleep(Duration::from_secs(15)).await;
    let under_way = simulation.simulator.request_count();
    assert!(under_way >= 2, "both have asked");
    simulation.reload(|setup| _ = setup.scopes.pop());
    settle().await;
    assert!(simulation.simulator.request_count() > under_way, "it has gone on");
    assert_eq!(labels(&simulation), [String::from("shop")].into());
    // Another scope that is removed and restored in the middle of its next poll.
    tokio::time::sleep(3 * HOUR).await;
    let before = simulation.simulator.request_count();
    while simulation.simulator.request_count() == before {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    simulation.reload(|setup| setup.scopes[0] = ("department", "1003", "it"));
    simulation.reload(|setup| setup.scopes[0] = ("department", "1001", "shop"));
    settle().await;
    assert_eq!(simulation.pollers.len(), 2, "one for it, which was removed, and one for shop");
    let status = simulation.status.scopes()[0].clone();
    assert_eq!((status.polls, status.last_poll.is_none(), status.restored), (0, true, false));
    assert!(simulation.published(INSTANCES, "").is_empty(), "of the old poll");
    drop((_polls, simulation));
    tokio::task::yield_now().await;
    assert_eq!(stored(&path), BTreeSet::new(), "it was removed, and not read since");
}

#[tokio::test(start_paused = true)]
async fn a_larger_window_reads_the_days_that_are_new_in_it_and_a_smaller_one_nothing() {
    let options = Options { days: 90, ..small() };
    let mut simulation = Setup::new(START, "department", "1001", options).unlimited().start();
    let polls = run(&mut simulation);
    settle().await;
    let before = simulation.simulator.request_count();
    simulation.reload(|setup| setup.rules.daily_window = 60);
    settle().await;
    let asked = simulation.requests_since(before);
    // The days that every poll reads, and the days of the window before the known month.
    let newest = |asked: &&String| asked.contains("ge%20%272026-11-15%27");
    let added = |asked: &&String| {
        asked.contains("ge%20%272026-09-22%27") && asked.contains("le%20%272026-09-30%27")
    };
    assert!(asked.iter().all(|call| newest(&call) || added(&call)), "{asked:?}");
    assert!(asked.iter().any(|call| added(&call)), "{asked:?}");
    let days = (date(2026, 9, 22), date(2026, 9, 30));
    let september = simulation.simulator.totals("department", "1001", days.0, days.1);
    let september = september["USD"].to_string().parse().expect("a number");
    for (month, billed) in [
        ("09", september),
        ("10", simulation.billed(date(2026, 10, 1))["USD"]),
        ("11", simulation.billed(date(2026, 11, 1))["USD"]),
    ] {
        let shown = simulation.published(DAILY, &format!("date=\"2026-{month}"))["USD"];
        assert!((shown - billed).abs() <= 1e-9 * billed, "{month}: {shown} is not {billed}");
    }
    let before = simulation.simulator.request_count();
    simulation.reload(|setup| setup.rules.daily_window = 29);
    assert!(simulation.published(DAILY, "date=\"2026-09").is_empty(), "at once");
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(simulation.simulator.request_count(), before);
    drop(polls);
}

#[tokio::test(start_paused = true)]
async fn new_tag_keys_are_read_at_once_also_where_a_poll_is_under_way_and_costs_stay_meanwhile() {
    let latency = Duration::from_secs(10);
    let options = Options { latency, ..small() };
    let mut simulation = departments(options).start();
    let polls = run(&mut simulation);
    settle().await;
    let cost = simulation.published(SCOPE, "");
    let (before, bill) = (simulation.simulator.request_count(), simulation.bill());
    simulation.reload(|setup| setup.tags = &["team"]);
    assert_eq!(simulation.bill(), bill, "until they are read");
    // Another key is configured before the first calls with that key are answered.
    tokio::time::sleep(latency / 2).await;
    assert!(simulation.simulator.request_count() > before, "at once");
    simulation.reload(|setup| setup.tags = &["team", "env"]);
    for _ in 0..100 {
        tokio::time::sleep(latency / 3).await;
        assert_eq!(simulation.published(SCOPE, ""), cost);
    }
    settle().await;
    for tag in ["team", "env"] {
        let sums = simulation.published(TAG, &format!("tag=\"{tag}\""));
        assert_eq!(sums.keys().collect::<Vec<_>>(), cost.keys().collect::<Vec<_>>());
        for (currency, sum) in sums {
            assert!((sum - cost[&currency]).abs() < 1e-6, "{tag} {currency}");
        }
    }
    let before = simulation.simulator.request_count();
    simulation.reload(|setup| setup.tags = &["env"]);
    assert!(simulation.published(TAG, "tag=\"team\"").is_empty(), "at once");
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(simulation.simulator.request_count(), before, "less is known already");
    drop(polls);
}

/// Applies reloads in order; returns the last one's requests except those for the newest days.
async fn asked_for(changes: &[fn(&mut Setup)]) -> Vec<String> {
    let options = Options { days: 120, ..small() };
    let mut simulation = Setup::new(START, "department", "1001", options).unlimited().start();
    let polls = run(&mut simulation);
    settle().await;
    let mut asked = Vec::new();
    for change in changes {
        let before = simulation.simulator.request_count();
        simulation.reload(change);
        settle().await;
        asked = simulation.requests_since(before);
    }
    drop(polls);
    let billed: f64 =
        [9, 10, 11].map(|month| simulation.billed(date(2026, month, 1))["USD"]).iter().sum();
    let family = "azure_billing_budget_spent_pretax_cost";
    let spent = simulation.published(family, "budget=\"quarter\"")["USD"];
    assert!((spent - billed).abs() <= 1e-9 * billed, "{spent} is not {billed}");
    asked.retain(|call| !call.contains("ge%20%272026-11-15%27"));
    asked
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_months_that_nobody_has_read_as_a_whole_has_them_read_and_counts_each_day_once()
{
    let budget: fn(&mut Setup) = |setup| {
        let quarter = Budget { grain: Grain::Quarter, start: date(2026, 9, 1), ..month("quarter") };
        setup.rules.budgets = vec![month("all"), quarter];
    };
    let none: fn(&mut Setup) = |setup| setup.rules.budgets.clear();
    let wide: fn(&mut Setup) = |setup| setup.rules.daily_window = 60;
    let wider: fn(&mut Setup) = |setup| setup.rules.daily_window = 90;
    for changes in [
        &[budget][..],
        // Days of a month with a known sum are read again, and the other way round.
        &[budget, wide],
        &[wide, budget],
        &[wider, budget],
        &[budget, none, wide, budget],
        &[budget, none, wider, budget],
    ] {
        let asked = asked_for(changes).await;
        let september = |call: &String| call.contains("billingPeriods/202609");
        assert!(!asked.is_empty() && asked.iter().all(september), "{}: {asked:?}", changes.len());
    }
    for changes in [[budget, budget], [budget, none]] {
        let calls = asked_for(&[changes[0], changes[1], budget]).await;
        assert!(calls.is_empty(), "known: {calls:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_changes_nothing_of_how_a_failing_scope_is_read_asks_azure_for_nothing() {
    let mut simulation = departments(small()).start();
    let polls = run(&mut simulation);
    settle().await;
    simulation.simulator.set_fault("department", "1002", Some(Fault::Forbidden));
    tokio::time::sleep(5 * HOUR).await;
    assert_eq!(simulation.value("azure_billing_poll_success"), 1.0);
    let failed = |simulation: &Simulation| simulation.status.scopes()[1].polls;
    let (before, polled) = (simulation.simulator.request_count(), failed(&simulation));
    for limit in 1..50 {
        simulation.reload(|setup| {
            setup.rules.limits = Limits::default().with("instances", limit);
        });
        tokio::task::yield_now().await;
    }
    assert_eq!(simulation.simulator.request_count(), before);
    // It may succeed by the report, or with another identity.
    simulation.simulator.set_fault("department", "1002", None);
    simulation.reload(|setup| setup.read = "auto");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(failed(&simulation), polled + 1);
    let began = last_began(&simulation);
    assert!(began[0] < began[1], "the healthy one has kept its time");
    drop(polls);
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_made_count_against_the_quota_of_another_client() {
    // Calls beyond that are answered with 429.
    let options = Options { requests_per_minute: Some(2), ..Options::default() };
    let mut simulation = Setup::new(START, "department", "1001", options).start();
    simulation.setup.scopes.push(("department", "1002", "web"));
    simulation.reload(|_| {});
    let polls = run(&mut simulation);
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_secs(35)).await;
        simulation.reload_client();
    }
    let requests = simulation.simulator.requests();
    assert!(requests.len() > 20, "{}", requests.len());
    assert!(requests.iter().all(|request| request.status == Some(200)), "{requests:?}");
    let calls = |simulation: &Simulation| simulation.simulator.request_count();
    // The quota of the new configuration also applies to calls that wait already.
    let mut simulation = departments(Options { days: 60, ..Options::default() });
    simulation.unlimited = false;
    let mut simulation = simulation.start();
    let more = run(&mut simulation);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(calls(&simulation), 2);
    simulation.setup.unlimited = true;
    simulation.reload_client();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(calls(&simulation) > 20, "{}", calls(&simulation));
    drop((polls, more));
}

#[tokio::test(start_paused = true)]
async fn what_is_published_stays_where_stored_days_were_lost_and_are_not_read_again_yet() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("state.redb");
    let mut simulation =
        Setup::new(START, "billing_account", "100000", small()).stored_in(&path).start();
    assert!(simulation.poll().await);
    let (setup, simulator, clock) = simulation.end();
    crate::restart::remove_a_day(&path);
    let mut simulation = Simulation::new(setup, simulator, clock, |_| {});
    let cost = simulation.published(INSTANCES, "scope=\"shop\"");
    assert!(!simulation.poll().await);
    simulation.reload(|setup| setup.scopes[0].2 = "contoso");
    assert_eq!(simulation.published(INSTANCES, "scope=\"contoso\""), cost);
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
}

/// Another thread reloads as fast as it can, while days of two scopes are read and stored.
#[tokio::test(start_paused = true)]
async fn nobody_ever_sees_half_of_a_reload_however_it_meets_with_polls() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut undisturbed = departments(small()).start();
    let mut simulation =
        departments(small()).stored_in(&directory.path().join("state.redb")).start();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let names = [["shop", "web"], ["web", "shop"], ["retail", "it"]];
    let (context, handles) = (simulation.context.clone(), simulation.handles.clone());
    let (setup, stopped) = (simulation.setup.clone(), stop.clone());
    let reloads = std::thread::spawn(move || {
        let mut reloads = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let mut setup = setup.clone();
            let names = names[reloads % names.len()];
            (setup.scopes[0].2, setup.scopes[1].2) = (names[0], names[1]);
            setup.rules.limits = Limits::default().with("instances", 5 + reloads % 7);
            azure_billing_exporter::poller::reload(&context, &handles, setup.wanted())
                .expect("no bug");
            reloads += 1;
        }
        reloads
    });
    let (exposition, stopped) = (simulation.exposition.clone(), stop.clone());
    let reader = std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let text = exposition.scrape(azure_billing_exporter::metrics::Format::Text);
            let text = text.expect("an exposition");
            let of = |family: &str| -> Vec<String> {
                let start = format!("{family}{{scope=\"");
                let lines =
                    text.lines().filter_map(|line| line.strip_prefix(&start)?.split('"').next());
                lines.map(str::to_owned).collect()
            };
            // A publish writes the one, each scrape the other.
            let published = of("azure_billing_scope_info");
            assert_eq!(published, of("azure_billing_poll_interval_seconds"));
            assert!(names.iter().any(|names| names[..] == published[..]), "{published:?}");
            seen.insert(published);
        }
        seen.len()
    });
    for _ in 0..6 {
        for exporter in [&mut undisturbed, &mut simulation] {
            for poller in &mut exporter.pollers {
                assert!(poller.poll().await);
            }
        }
        tokio::time::advance(4 * HOUR).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reloads.join().expect("no panic") > 5);
    assert!(reader.join().expect("no panic") > 1);
    simulation.reload(|_| {});
    assert_eq!(simulation.bill(), undisturbed.bill());
    assert_eq!(simulation.restart().bill(), undisturbed.bill());
}
