//! The asynchronous report: the same bill as the list for a fraction of the calls, whatever fails
//! in between.

use azure_billing_exporter::status::FailureReason;
use azure_billing_simulator::{
    ColumnNames, EmptyReport, ErrorBody, Fault, HeaderCase, Options, ReportFormat, ReportOptions,
    RetryAfter, Step,
};

use crate::simulation::{HOUR, INSTANCES, Setup, Simulation};

fn by(read: &'static str, options: Options) -> Simulation {
    let setup = Setup::new("2026-11-03T00:10:00Z", "billing_account", "100000", options);
    Setup { read, tags: &["team", "env"], ..setup }.start()
}

fn options(report: ReportOptions) -> Options {
    Options { resources: 60, report, ..Options::default() }
}

/// Returns requests by step: the list, and POST, status requests and downloads of reports.
fn steps(simulation: &Simulation, since: u64) -> [usize; 4] {
    let requests = simulation.simulator.requests();
    let count = |step| {
        requests.iter().filter(|asked| asked.number > since && asked.step == Some(step)).count()
    };
    [Step::List, Step::ReportRequest, Step::ReportStatus, Step::ReportBlob].map(count)
}

#[tokio::test(start_paused = true)]
async fn list_and_report_give_the_same_bytes_whatever_the_report_looks_like() {
    let mut list = by("usage_details", options(ReportOptions::default()));
    assert!(list.poll().await);
    let bill = list.bill();
    assert!(bill.contains("tag=\"team\""), "{bill}");
    let plain = ReportFormat::default();
    for (name, report) in [
        ("newest", ReportOptions::default()),
        (
            "older, shuffled, ISO dates",
            ReportOptions {
                format: ReportFormat {
                    columns: ColumnNames::Older,
                    shuffled: true,
                    iso_dates: true,
                    byte_order_mark: false,
                    ..plain
                },
                ..ReportOptions::default()
            },
        ),
        (
            "German, small letters",
            ReportOptions {
                format: ReportFormat {
                    columns: ColumnNames::German,
                    case: HeaderCase::Lower,
                    ..plain
                },
                ..ReportOptions::default()
            },
        ),
        (
            "camel case, many files, at once, with cost allocation",
            ReportOptions {
                format: ReportFormat { case: HeaderCase::Camel, ..plain },
                rows_per_blob: Some(777),
                immediate: true,
                cost_allocation: true,
                ..ReportOptions::default()
            },
        ),
    ] {
        let allocates = report.cost_allocation;
        let mut simulation = by("cost_details", options(report));
        assert!(simulation.poll().await, "{name}: {:?}", simulation.status.scopes()[0].last_poll);
        assert!(simulation.bill() == bill, "{name} differs");
        let ignored = simulation.status.scopes()[0].ignored;
        assert_eq!((ignored.allocated > 0, ignored.outside), (allocates, 0), "{name}");
        assert_eq!(steps(&simulation, 0)[0], 0, "{name}: the list is not asked");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_reported_by_date_as_it_is_listed() {
    let of = |read| {
        let id = "00000000-0000-0000-0000-000000000001";
        let options = options(ReportOptions::default());
        let setup = Setup::new("2026-11-03T00:10:00Z", "subscription", id, options);
        Setup { read, ..setup }.start()
    };
    let (mut list, mut report) = (of("usage_details"), of("cost_details"));
    assert!(list.poll().await && report.poll().await);
    assert!(report.bill() == list.bill() && list.bill().contains("pretax_cost"));
}

#[tokio::test(start_paused = true)]
async fn a_month_without_usage_is_nothing_however_azure_says_so() {
    for empty in [EmptyReport::Status, EmptyReport::NoContent] {
        let report = ReportOptions { empty, ..ReportOptions::default() };
        // The history begins with the month.
        let mut simulation = by("cost_details", Options { days: 3, ..options(report) });
        assert!(simulation.poll().await);
        simulation.assert_is(INSTANCES, "", &simulation.billed(simulation.today()));
        let text = simulation.text();
        assert!(text.contains("azure_billing_previous_period_settled{"), "the month is known");
    }
}

#[tokio::test(start_paused = true)]
async fn older_costs_that_are_read_by_themselves_make_the_open_ones_no_younger() {
    let mut simulation = by("cost_details", options(ReportOptions::default()));
    simulation.simulator.script_at(Step::ReportRequest, [None, Some(Fault::Forbidden)]);
    assert!(simulation.poll().await, "the open period is read, the one before it is not");
    let before = simulation.status.scopes()[0].clone();
    assert!(!simulation.text().contains("azure_billing_previous_period_settled{"));
    tokio::time::advance(HOUR).await;
    assert!(simulation.poll().await, "the one before it is read, the open one is not due");
    let after = simulation.status.scopes()[0].clone();
    assert!(simulation.text().contains("azure_billing_previous_period_settled{"));
    assert_eq!((after.last_success, after.rows), (before.last_success, before.rows));
    assert_eq!((before.polls, after.polls), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_long_month_costs_a_dozen_calls_and_the_next_poll_only_the_newest_days() {
    let report = ReportOptions { polls: 3, ..ReportOptions::default() };
    let options = Options { resources: 500, days: 8, report, ..Options::default() };
    let setup =
        Setup::new("2026-11-08T00:10:00Z", "billing_account", "100000", options.total_rows(48_000));
    let mut simulation = Setup { read: "auto", ..setup }.start();
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
    // 30 pages to find that it is long, the report of November, one page of the empty October.
    assert_eq!(steps(&simulation, 0), [31, 1, 4, 1]);
    let before = simulation.simulator.request_count();
    tokio::time::advance(4 * HOUR).await;
    assert!(simulation.poll().await);
    let [pages, posts, ..] = steps(&simulation, before);
    assert!((18..=30).contains(&pages) && posts == 0, "{pages} pages");
    tokio::time::advance(20 * HOUR).await;
    let before = simulation.simulator.request_count();
    assert!(simulation.poll().await);
    // The previous period is read daily as well; it is empty and costs one call.
    assert_eq!(steps(&simulation, before), [1, 1, 4, 1], "a day later");
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn where_reports_are_refused_the_list_is_read_and_a_report_is_asked_for_after_a_day() {
    let options = Options { resources: 500, days: 8, ..Options::default() }.total_rows(48_000);
    let setup = Setup::new("2026-11-08T00:10:00Z", "billing_account", "100000", options);
    let mut simulation = Setup { read: "auto", ..setup }.unlimited().start();
    let refused = Some(Fault::UnsupportedOffer);
    simulation.simulator.set_fault_at(Step::ReportRequest, "billing_account", "100000", refused);
    for (hours, orders) in [(0, 1), (4, 1), (19, 1), (2, 2)] {
        tokio::time::advance(hours * HOUR).await;
        assert!(simulation.poll().await);
        simulation.assert_published_is_billed();
        assert_eq!(steps(&simulation, 0)[1..], [orders, 0, 0], "again after a day");
    }
    // With reports only, the failure is reported.
    let mut simulation = by("cost_details", self::options(ReportOptions::default()));
    simulation.simulator.next_faults_at(Step::ReportRequest, [Fault::UnsupportedOffer]);
    assert!(!simulation.poll().await);
    let failure = simulation.status.scopes()[0].last_poll.clone().and_then(|poll| poll.failure);
    assert!(failure.is_some_and(|(_, what)| what.contains("`read: usage_details`")));
}

#[tokio::test(start_paused = true)]
async fn what_fails_in_passing_is_tried_again_and_no_row_counts_twice() {
    let error = |status| Fault::ServerError { status, body: ErrorBody::Html };
    let cut = |announces_more| Fault::CutBody { after_rows: 400, announces_more };
    for (step, faults) in [
        (Step::ReportRequest, vec![error(500), Fault::Throttled(RetryAfter::Tenant(90))]),
        (Step::ReportRequest, vec![Fault::Reset, Fault::Unavailable { seconds: 7 }]),
        (Step::ReportStatus, vec![Fault::StillRunning; 20]),
        (
            Step::ReportStatus,
            vec![error(502), Fault::Throttled(RetryAfter::Plain(60)), Fault::Reset],
        ),
        (Step::ReportBlob, vec![cut(true), cut(false)]),
        (Step::ReportBlob, vec![error(500), Fault::Unavailable { seconds: 3 }, Fault::Reset]),
        (Step::ReportBlob, vec![Fault::Throttled(RetryAfter::Plain(5)), Fault::Html]),
    ] {
        let report = ReportOptions { rows_per_blob: Some(1500), ..ReportOptions::default() };
        let mut simulation = by("cost_details", options(report));
        simulation.simulator.next_faults_at(step, faults.clone());
        let polled = simulation.poll().await;
        let poll = simulation.status.scopes()[0].last_poll.clone();
        assert!(polled, "{step:?} {faults:?}: {poll:?}");
        simulation.assert_is(INSTANCES, "", &simulation.billed(simulation.today()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_ends_in_its_reason_and_publishes_nothing() {
    use FailureReason::{BadAnswer, Forbidden, Timeout, Unavailable};
    for (step, fault, reason, told) in [
        (Step::ReportRequest, Fault::Forbidden, Forbidden, "RBACAccessDenied"),
        (Step::ReportRequest, Fault::ForeignLocation, BadAnswer, "Location"),
        (Step::ReportRequest, Fault::MissingLocation, BadAnswer, "without a Location"),
        (Step::ReportRequest, Fault::Redirect, BadAnswer, "the redirect is refused"),
        (Step::ReportStatus, Fault::StillRunning, Timeout, "was not ready after"),
        (Step::ReportStatus, Fault::ReportFailed, Unavailable, "could not write the report"),
        (Step::ReportStatus, Fault::Html, BadAnswer, "manifest"),
        (Step::ReportBlob, Fault::WrongByteCount, BadAnswer, "bytes of the report"),
        (Step::ReportBlob, Fault::ExpiredSas, Unavailable, "the link to the report is refused"),
        (Step::ReportBlob, Fault::ExpiredSas, Unavailable, "HTTP 403 AuthenticationFailed"),
        (Step::ReportBlob, Fault::NotFound, Unavailable, "a file of the report: HTTP 404"),
        (Step::ReportBlob, Fault::Redirect, Unavailable, "the redirect is refused"),
        (
            Step::ReportBlob,
            Fault::CutBody { after_rows: 9, announces_more: false },
            BadAnswer,
            "bytes of the report",
        ),
    ] {
        let mut simulation = by("cost_details", options(ReportOptions::default()));
        // A manifest contains the lengths of the files.
        let at = if fault == Fault::WrongByteCount { Step::ReportStatus } else { step };
        let (kind, id) = ("billing_account", "100000");
        simulation.simulator.set_fault_at(at, kind, id, Some(fault.clone()));
        assert!(!simulation.poll().await, "{step:?} {fault:?}");
        let failure = simulation.status.scopes()[0].last_poll.clone().and_then(|p| p.failure);
        let (why, what) = failure.expect("a failure");
        assert_eq!(why, reason, "{step:?} {fault:?}: {what}");
        assert!(what.contains(told), "{step:?} {fault:?}: {what}");
        assert!(!what.contains("sig="), "a link is a secret: {what}");
        assert!(simulation.published(INSTANCES, "").is_empty(), "{step:?} {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_lost_its_data_changes_no_cost() {
    let mut simulation = by("cost_details", options(ReportOptions::default()));
    assert!(simulation.poll().await);
    let before = simulation.published(INSTANCES, "");
    // At the first status request it is not ready yet.
    simulation.simulator.script_at(Step::ReportStatus, [None, Some(Fault::NoDataFound)]);
    tokio::time::advance(24 * HOUR).await;
    assert!(simulation.poll().await);
    assert_eq!(simulation.published(INSTANCES, ""), before);
    assert!(simulation.dates("suspect") >= 2.0);
}

#[tokio::test(start_paused = true)]
async fn rows_of_cost_allocation_count_on_request() {
    let report = ReportOptions { cost_allocation: true, ..ReportOptions::default() };
    let rows = |simulation: &Simulation| simulation.status.scopes()[0].rows.expect("rows");
    let mut without = by("cost_details", options(report.clone()));
    let mut with = by("cost_details, cost_allocation: include", options(report));
    assert!(without.poll().await && with.poll().await);
    let left_out = without.status.scopes()[0].ignored.allocated;
    assert!(left_out > 0);
    assert_eq!(rows(&with), rows(&without) + left_out);
    assert_eq!(with.status.scopes()[0].ignored.allocated, 0);
    let total =
        |simulation: &Simulation| simulation.published("azure_billing_scope_pretax_cost", "");
    let (with_total, total) = (total(&with), total(&without));
    for (currency, cost) in &total {
        assert!((with_total[currency] - cost).abs() <= 1e-9 * cost.abs(), "only moved");
    }
    assert!(with.bill() != without.bill(), "but moved");
}
