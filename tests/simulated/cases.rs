//! Small inputs that once went wrong, with the right result: each stands for a kind of fault.

use std::sync::{Arc, Mutex};

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::budget::{Budget, Grain, Only};
use azure_billing_exporter::poller::Clock;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::scripted::{
    Azure, Exporter, HOURS, Request, days, error, listed, month, page, page_before, usage, with,
};

const DEPARTMENT: &str = "scopes: [{department: \"2222\", name: shop, read: usage_details}]\n";
const DATES: &str = "azure_billing_dates";
const SUSPECT: &str = "suspect";
const PREVIOUS: &str = "azure_billing_scope_previous_period_pretax_cost";
const DAILY: &str = "azure_billing_scope_daily_pretax_cost";
const DEGRADED: &str = "azure_billing_degraded_rows";
const VISIBLE: &str = "azure_billing_scope_charges_visible";
const PART: &str = "azure_billing_poll_part_success";

/// Rows that a test changes while they are served.
#[derive(Clone, Default)]
struct Rows(Arc<Mutex<Vec<Value>>>);

impl Rows {
    fn of(rows: impl IntoIterator<Item = Value>) -> Self {
        Self(Arc::new(Mutex::new(rows.into_iter().collect())))
    }

    fn set(&self, rows: impl IntoIterator<Item = Value>) {
        *self.0.lock().expect("no panic") = rows.into_iter().collect();
    }

    fn change(&self, mut change: impl FnMut(&mut Value)) {
        self.0.lock().expect("no panic").iter_mut().for_each(&mut change);
    }

    fn azure(&self) -> Azure {
        let rows = self.clone();
        Azure::new(move |request| listed(request, &rows.0.lock().expect("no panic")))
    }
}

/// Returns so many rows on each of some days of a month.
fn month_of(month: &str, days: std::ops::RangeInclusive<u32>, rows: usize) -> Vec<Value> {
    let day = |day: u32| std::iter::repeat_n(usage(&format!("{month}-{day:02}")), rows);
    days.flat_map(day).collect()
}

fn is_part(exporter: &Exporter, part: &str) -> Option<f64> {
    let samples = exporter.samples(&format!("{PART}{{")).into_iter();
    let mut part = samples.filter(|(series, _)| series.contains(&format!("part=\"{part}\"")));
    part.next().map(|(_, value)| value)
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_period_than_was_asked_for_is_bad() {
    // The open period is answered whatever period is requested, as with customer agreements.
    let rows = month_of("2026-11", 1..=19, 5);
    let azure = Azure::new(move |_| page(&rows));
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &azure);
    assert!(exporter.poll().await, "the open period is right");
    assert_eq!(exporter.cost(), 95.0);
    assert!(exporter.samples(PREVIOUS).is_empty(), "the open month once more");
    assert_eq!(
        (is_part(&exporter, "open"), is_part(&exporter, "previous")),
        (Some(1.0), Some(0.0))
    );
    let failed = exporter.first().parts[1].clone();
    let (reason, what) = failed.expect("a try").expect_err("a failure");
    assert_eq!(reason.as_str(), "bad_answer");
    let told = "none of 95 rows belongs to 2026-10, which was requested; they belong to 2026-11";
    assert!(what.contains(told), "{what}");
}

#[tokio::test(start_paused = true)]
async fn days_that_are_answered_with_another_month_are_bad_and_with_other_days_of_theirs_are_not() {
    let rows = Rows::of(month_of("2026-11", 1..=19, 5));
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &rows.azure());
    assert!(exporter.poll().await);
    tokio::time::advance(HOURS(4)).await;
    let before = exporter.bill();
    // A reading of days, answered with September.
    let september = month_of("2026-09", 1..=30, 5);
    exporter.azure.answer(move |_| page(&september));
    assert!(!exporter.poll().await);
    let (reason, what) = exporter.failure();
    assert_eq!(reason, "bad_answer");
    assert!(what.contains("belongs to 2026-11-16..2026-11-20"), "{what}");
    assert_eq!(exporter.bill(), before);
    // Answered with the whole month: an ignored filter, and a reading of the month.
    let november = month_of("2026-11", 1..=19, 6);
    exporter.azure.answer(move |_| page(&november));
    tokio::time::advance(HOURS(1)).await;
    assert!(exporter.poll().await);
    assert_eq!(exporter.cost(), 114.0);
}

#[tokio::test(start_paused = true)]
async fn rows_that_say_which_period_they_are_billed_in_belong_to_it_whatever_their_date() {
    let late = || with(usage("2026-10-30"), json!({"billingPeriodStartDate": "2026-11-01"}));
    let rows = Rows::of([late(), late()]);
    let mut exporter = Exporter::start("2026-11-02T12:00:00Z", DEPARTMENT, &rows.azure());
    assert!(exporter.poll().await, "{:?}", exporter.first().last_poll);
    assert_eq!(exporter.cost(), 2.0, "late usage of third parties is all there is");
}

#[tokio::test(start_paused = true)]
async fn a_scope_is_nested_in_the_account_that_its_rows_name() {
    let scopes = "scopes:\n- {billing_account: \"1000001\", name: contoso, read: usage_details}\n- {department: \"2222\", name: shop, read: usage_details}\n- {subscription: 00000000-0000-0000-0000-000000000001, name: lab, read: usage_details}\n";
    let nested = |exporter: &Exporter, scope: &str| {
        let info = exporter.samples(&format!("azure_billing_scope_info{{scope=\"{scope}\""));
        info[0].0.contains("nested=\"true\"")
    };
    for (account, department, subscription) in [
        ("2000002", false, false),
        ("1000001", true, true),
        ("/providers/Microsoft.Billing/billingAccounts/1000001", true, true),
    ] {
        let row = with(usage("2026-11-10"), json!({"billingAccountId": account}));
        let rows = Rows::of([row]);
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::starting_at("2026-11-12T12:00:00Z".parse().expect("a time"));
        let store = Some(folder.path().join("state.redb"));
        let mut exporter = Exporter::with(clock, scopes, &rows.azure(), Vec::new(), store);
        assert!(nested(&exporter, "shop"), "as long as nothing is known");
        assert!(!nested(&exporter, "lab"), "as long as nothing is known");
        exporter.poll_all().await;
        for _ in 0..2 {
            assert_eq!(nested(&exporter, "shop"), department, "{account}");
            assert_eq!(nested(&exporter, "lab"), subscription, "{account}");
            assert!(!nested(&exporter, "contoso"));
            exporter = exporter.restart();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_without_a_date_counts_once_in_its_period() {
    let undated = |date: Value| {
        with(
            usage("2026-11-01"),
            json!({"date": date, "cost": 10, "chargeType": "Purchase", "resourceId": null}),
        )
    };
    for date in [Value::Null, json!(""), json!("0001-01-01T00:00:00Z"), json!("soon")] {
        let mut november = month_of("2026-11", 1..=20, 5);
        november.push(undated(date.clone()));
        let rows = Rows::of(november);
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::starting_at("2026-11-20T12:00:00Z".parse().expect("a time"));
        let store = Some(folder.path().join("state.redb"));
        let mut exporter = Exporter::with(clock, DEPARTMENT, &rows.azure(), Vec::new(), store);
        for poll in 0..9 {
            assert!(exporter.poll().await, "{date} {poll}: {:?}", exporter.first().last_poll);
            assert_eq!(exporter.cost(), 110.0, "{date} {poll}");
            assert_eq!(exporter.sum(DAILY, ""), 110.0, "{date} {poll}");
            assert_eq!(exporter.sum(DEGRADED, "no_date"), 1.0, "{date} {poll}");
            assert_eq!(exporter.sum(DATES, SUSPECT), 0.0, "{date} {poll}");
            if poll == 4 {
                exporter = exporter.restart();
                assert_eq!(exporter.cost(), 110.0, "{date}: after a restart");
            }
            tokio::time::advance(HOURS(4)).await;
        }
        // It gets its date: the same money, on a day.
        rows.change(|row| {
            if row["properties"]["cost"] == 10 {
                row["properties"]["date"] = json!("2026-11-19");
            }
        });
        tokio::time::advance(HOURS(20)).await;
        for _ in 0..2 {
            assert!(exporter.poll().await);
            tokio::time::advance(HOURS(1)).await;
        }
        assert_eq!((exporter.cost(), exporter.sum(DEGRADED, "no_date")), (110.0, 0.0), "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_without_a_date_counts_once_where_a_month_is_too_long_for_one_reading() {
    let undated =
        with(usage("2026-11-01"), json!({"date": null, "cost": 10, "chargeType": "Purchase"}));
    let mut november = month_of("2026-11", 1..=20, 2000);
    november.push(undated);
    let azure = Rows::of(november).azure();
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &azure);
    for _ in 0..8 {
        assert!(exporter.poll().await);
        assert_eq!(exporter.cost(), 40_010.0);
        tokio::time::advance(HOURS(4)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn usage_that_is_free_or_covered_is_published_as_nothing() {
    let free = |properties: Value| {
        let row = with(with(usage("2026-11-10"), json!({"cost": 0})), properties);
        std::iter::repeat_n(row, 120).collect::<Vec<_>>()
    };
    for (name, rows) in [
        ("covered", free(json!({"pricingModel": "Reservation", "effectivePrice": 0}))),
        ("covered by a plan", free(json!({"pricingModel": "SavingsPlan", "effectivePrice": 1}))),
        ("a free grant", free(json!({"unitPrice": 0.1, "effectivePrice": 0}))),
    ] {
        let azure = Rows::of(rows).azure();
        let mut exporter = Exporter::start("2026-11-12T12:00:00Z", DEPARTMENT, &azure);
        assert!(exporter.poll().await, "{name}: {:?}", exporter.first().last_poll);
        assert_eq!((exporter.cost(), exporter.sum(VISIBLE, "")), (0.0, 1.0), "{name}");
        let usage = exporter.sum("azure_billing_instance_usage_quantity", "");
        assert_eq!(usage, 120.0, "{name}");
    }
    // Only the previous period is free; since the 3rd there is only covered usage.
    let covered = json!({"cost": 0, "pricingModel": "Reservation", "effectivePrice": 0});
    let mut rows: Vec<Value> = month_of("2026-10", 1..=31, 5);
    rows.iter_mut().for_each(|row| *row = with(row.clone(), covered.clone()));
    rows.extend(month_of("2026-11", 1..=2, 5));
    rows.extend(month_of("2026-11", 3..=20, 10).into_iter().map(|row| with(row, covered.clone())));
    let azure = Rows::of(rows).azure();
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &azure);
    for _ in 0..8 {
        assert!(exporter.poll().await, "{:?}", exporter.first().last_poll);
        assert_eq!((exporter.cost(), is_part(&exporter, "previous")), (10.0, Some(1.0)));
        tokio::time::advance(HOURS(4)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn zeros_beside_a_price_are_hidden_charges() {
    for price in [
        json!({"effectivePrice": 0.1}),
        json!({"effectivePrice": null, "unitPrice": 0.1}),
        json!({"effectivePrice": 0.1, "pricingModel": "On Demand"}),
        json!({"effectivePrice": 0.1, "pricingModel": null}),
    ] {
        let row = with(with(usage("2026-11-10"), json!({"cost": 0})), price.clone());
        let azure = Rows::of(std::iter::repeat_n(row, 120)).azure();
        let mut exporter = Exporter::start("2026-11-12T12:00:00Z", DEPARTMENT, &azure);
        assert!(!exporter.poll().await, "{price}");
        let (reason, what) = exporter.failure();
        assert_eq!(reason, "forbidden");
        assert!(
            what.contains("120 of them name a price") && what.contains("view charges"),
            "{what}"
        );
        assert!(exporter.samples("azure_billing_scope_pretax_cost{").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn zeros_without_any_price_are_published_and_suspect_until_somebody_says_that_they_are_right()
{
    let dark = || {
        let nothing = json!({"cost": 0, "effectivePrice": 0, "unitPrice": 0});
        std::iter::repeat_n(with(usage("2026-11-10"), nothing), 120)
    };
    let azure = Rows::of(dark()).azure();
    let mut exporter = Exporter::start("2026-11-12T12:00:00Z", DEPARTMENT, &azure);
    assert!(exporter.poll().await);
    assert_eq!((exporter.cost(), exporter.sum(VISIBLE, "")), (0.0, 0.0));
    let settled = DEPARTMENT.replace("read:", "charges: free, read:");
    let mut exporter = Exporter::start("2026-11-12T12:00:00Z", &settled, &azure);
    assert!(exporter.poll().await);
    assert_eq!((exporter.cost(), exporter.sum(VISIBLE, "")), (0.0, 1.0));
    // A cost since then shows that costs are visible.
    let azure = Rows::of(dark().chain([usage("2026-11-11")])).azure();
    let mut exporter = Exporter::start("2026-11-12T12:00:00Z", DEPARTMENT, &azure);
    assert!(exporter.poll().await);
    assert_eq!((exporter.cost(), exporter.sum(VISIBLE, "")), (1.0, 1.0));
}

#[tokio::test(start_paused = true)]
async fn costs_that_become_zero_while_quantities_stay_are_never_believed() {
    let rows = Rows::of(month_of("2026-11", 1..=20, 10));
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &rows.azure());
    assert!(exporter.poll().await);
    assert_eq!(exporter.cost(), 200.0);
    rows.change(|row| row["properties"]["cost"] = json!(0));
    rows.change(|row| row["properties"]["effectivePrice"] = json!(0));
    for _ in 0..10 {
        tokio::time::advance(HOURS(5)).await;
        assert!(!exporter.poll().await);
        let (reason, what) = exporter.failure();
        assert_eq!(reason, "forbidden");
        assert!(what.contains("had a cost") && what.contains("view charges"), "{what}");
        assert_eq!(exporter.cost(), 200.0);
    }
    rows.change(|row| row["properties"]["cost"] = json!(1));
    tokio::time::advance(HOURS(5)).await;
    assert!(exporter.poll().await);
    assert_eq!(exporter.cost(), 200.0);
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_that_ends_a_list_is_asked_for_once_more() {
    for times in [1, 2] {
        let mut empty = times;
        let azure = Azure::new(move |request: &Request| {
            if month(request).is_none_or(|month| month != "2026-11") && !is_later_page(request) {
                return page(&[]);
            }
            match request.uri().query().and_then(|query| query.split_once("page=")) {
                None => page_before(&month_of("2026-11", 1..=3, 5), "/x?page=2"),
                Some((_, "2")) if empty > 0 => {
                    empty -= 1;
                    page(&[])
                }
                Some((_, "2")) => page_before(&month_of("2026-11", 4..=6, 5), "/x?page=3"),
                Some(_) => page(&month_of("2026-11", 7..=9, 5)),
            }
        });
        let mut exporter = Exporter::start("2026-11-12T12:00:00Z", DEPARTMENT, &azure);
        assert!(exporter.poll().await);
        // The same answer twice is believed: an empty page may end a list.
        assert_eq!(exporter.cost(), if times == 1 { 45.0 } else { 15.0 });
    }
}

fn is_later_page(request: &Request) -> bool {
    request.uri().query().is_some_and(|query| query.contains("page="))
}

#[tokio::test(start_paused = true)]
async fn a_row_without_a_cost_counts_as_nothing_and_an_answer_without_any_is_bad() {
    for without in [json!({"cost": null}), json!({"cost": null, "pretaxCost": null})] {
        let mut november = month_of("2026-11", 1..=10, 5);
        november[7] = with(november[7].clone(), without.clone());
        let rows = Rows::of(november);
        let mut exporter = Exporter::start("2026-11-12T12:00:00Z", DEPARTMENT, &rows.azure());
        assert!(exporter.poll().await);
        assert_eq!((exporter.cost(), exporter.sum(DEGRADED, "no_cost")), (49.0, 1.0));
        rows.change(|row| *row = with(row.clone(), without.clone()));
        tokio::time::advance(HOURS(25)).await;
        assert!(!exporter.poll().await);
        let (reason, what) = exporter.failure();
        assert_eq!(reason, "bad_answer");
        assert!(what.contains("none of 50 rows has a cost"), "{what}");
        assert_eq!(exporter.cost(), 49.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_dated_tomorrow_counts_and_tells_nothing_about_freshness() {
    let mut november = month_of("2026-11", 1..=10, 5);
    november.push(usage("2026-11-21"));
    let rows = Rows::of(november);
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &rows.azure());
    let tenth = "2026-11-11T00:00:00Z".parse::<jiff::Timestamp>().expect("a time").as_second();
    for _ in 0..3 {
        assert!(exporter.poll().await);
        assert_eq!((exporter.cost(), exporter.sum(DAILY, "2026-11-21")), (51.0, 1.0));
        for family in ["newest_usage", "latest_complete_day"] {
            let value = exporter.sum(&format!("azure_billing_{family}_timestamp_seconds"), "");
            assert_eq!(value as i64, tenth, "{family}");
        }
        tokio::time::advance(HOURS(4)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn complete_days_that_double_are_suspect_until_a_second_answer_agrees() {
    let rows = Rows::of(month_of("2026-11", 1..=20, 10));
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", DEPARTMENT, &rows.azure());
    assert!(exporter.poll().await);
    assert_eq!(exporter.cost(), 200.0);
    let doubled = month_of("2026-11", 1..=20, 20);
    rows.set(doubled);
    tokio::time::advance(HOURS(25)).await;
    assert!(exporter.poll().await);
    // Days 1 to 16 were complete; the newer ones are expected to grow.
    assert_eq!((exporter.cost(), exporter.sum(DATES, SUSPECT)), (240.0, 16.0));
    // It was one answer, of which the newer days stay as they are.
    let settled = || month_of("2026-11", 17..=20, 20).into_iter();
    rows.set(month_of("2026-11", 1..=16, 10).into_iter().chain(settled()));
    tokio::time::advance(HOURS(1)).await;
    assert!(exporter.poll().await);
    assert_eq!((exporter.cost(), exporter.sum(DATES, SUSPECT)), (240.0, 0.0));
    rows.set(month_of("2026-11", 1..=16, 20).into_iter().chain(settled()));
    for (suspect, cost) in [(16.0, 240.0), (0.0, 400.0)] {
        tokio::time::advance(HOURS(25)).await;
        assert!(exporter.poll().await);
        assert_eq!((exporter.cost(), exporter.sum(DATES, SUSPECT)), (cost, suspect));
    }
}

const ACCOUNT: &str = "scopes: [{billing_account: \"1000001\", name: contoso, read: auto}]\npoll: {report_after_pages: 1}\n";

#[tokio::test(start_paused = true)]
async fn a_list_that_is_refused_as_unsupported_is_a_failure_with_a_back_off() {
    let azure = Azure::new(|_| error(422, "422"));
    let mut exporter = Exporter::start("2026-11-20T12:00:00Z", ACCOUNT, &azure);
    let (status, poller) = (exporter.status.clone(), exporter.pollers.remove(0));
    let task = tokio::spawn(poller.run());
    tokio::time::sleep(HOURS(4)).await;
    task.abort();
    let scope = status.scopes()[0].clone();
    // After 1, 2, 4, … 128 minutes.
    assert!((7..=9).contains(&scope.polls), "{} polls", scope.polls);
    assert_eq!(scope.failures.iter().sum::<u64>(), scope.polls);
    assert_eq!(azure.calls().len() as u64, scope.polls, "one call a poll");
    assert_eq!(exporter.failure().0, "bad_answer");
}

/// Returns a list of two pages a month, so that a report is requested; `refuse` answers that.
fn long_months(refuse: fn() -> crate::scripted::Answer) -> Azure {
    Azure::new(move |request: &Request| {
        if request.method() == http::Method::POST {
            return refuse();
        }
        let october = month(request).is_some_and(|month| month == "2026-10");
        match (is_later_page(request), days(request)) {
            _ if october => page(&[]),
            (true, _) => page(&month_of("2026-11", 10..=19, 60)),
            (false, None) => page_before(&month_of("2026-11", 1..=9, 60), "/x?page=2"),
            (false, Some(_)) => listed(request, &month_of("2026-11", 1..=19, 60)),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_refused_leaves_the_list_and_is_asked_for_again_after_a_day() {
    for refuse in [
        || error(403, "AuthorizationFailed"),
        || error(401, "BillingAccessDenied"),
        || error(400, "BadRequest"),
        || error(404, "NotFound"),
        || error(422, "422"),
        || error(424, "FailedDependency"),
    ] as [fn() -> crate::scripted::Answer; 6]
    {
        let azure = long_months(refuse);
        let mut exporter = Exporter::start("2026-11-20T12:00:00Z", ACCOUNT, &azure);
        let orders = |azure: &Azure| {
            azure.calls().iter().filter(|(_, call)| call.starts_with("POST")).count()
        };
        for (hours, ordered) in [(0, 1), (4, 1), (12, 1), (9, 2)] {
            tokio::time::advance(HOURS(hours)).await;
            let status = refuse().expect("an answer").status();
            assert!(exporter.poll().await, "{status}: {:?}", exporter.first().last_poll);
            assert_eq!(exporter.cost(), 1140.0, "{status}");
            assert_eq!(orders(&azure), ordered, "{status} after {hours} hours more");
        }
        assert_eq!(exporter.first().failures.iter().sum::<u64>(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_month_of_a_budget_that_is_not_there_fails_nothing_else_and_is_tried_by_itself() {
    let budget = Budget {
        name: "year".to_owned(),
        amount: Amount::parse("1000").expect("an amount").amount,
        currency: "EUR".to_owned(),
        grain: Grain::Year,
        start: date(2026, 8, 1),
        only: Only::All,
    };
    let mut there = false;
    let rows: Vec<Value> = ["2026-08", "2026-09", "2026-10", "2026-11"]
        .iter()
        .flat_map(|month| month_of(month, 1..=19, 1))
        .collect();
    let answered = Arc::new(Mutex::new(false));
    let is_there = answered.clone();
    let azure = Azure::new(move |request: &Request| {
        there |= *is_there.lock().expect("no panic");
        match month(request) {
            Some(month) if month == "2026-08" && !there => error(404, "NotFound"),
            _ => listed(request, &rows),
        }
    });
    let clock = Clock::starting_at("2026-11-20T12:00:00Z".parse().expect("a time"));
    let mut exporter = Exporter::with(clock, DEPARTMENT, &azure, vec![budget], None);
    let (status, poller) = (exporter.status.clone(), exporter.pollers.remove(0));
    let task = tokio::spawn(poller.run());
    tokio::time::sleep(HOURS(3)).await;
    let scope = status.scopes()[0].clone();
    assert!(scope.last_poll.as_ref().is_some_and(|poll| poll.failure.is_none()), "{scope:?}");
    assert_eq!((scope.polls, exporter.cost()), (1, 19.0));
    let parts = |exporter: &Exporter| ["open", "previous", "budgets"].map(|p| is_part(exporter, p));
    assert_eq!(parts(&exporter), [Some(1.0), Some(1.0), Some(0.0)]);
    let spent = "azure_billing_budget_spent_pretax_cost{";
    assert!(exporter.samples(spent).is_empty(), "what is not known is not published");
    // With the poll, and 1, 2, 4 … 128 minutes after it; September is read once.
    let of = |month: &str| azure.calls().iter().filter(|(_, call)| call.contains(month)).count();
    assert!((7..=9).contains(&of("/202608/")), "{}", of("/202608/"));
    assert_eq!((of("/202609/"), of("/202611/")), (1, 1));
    let tries = of("/202608/") as u64;
    assert_eq!(scope.failures.iter().sum::<u64>(), tries, "each failure counts once");
    *answered.lock().expect("no panic") = true;
    tokio::time::sleep(HOURS(5)).await;
    task.abort();
    assert_eq!(parts(&exporter), [Some(1.0), Some(1.0), Some(1.0)]);
    assert_eq!(exporter.samples(spent)[0].1, 76.0);
}

#[tokio::test(start_paused = true)]
async fn rows_of_the_last_of_a_month_that_come_on_the_first_are_seen_with_the_next_poll() {
    let mut all = month_of("2026-10", 1..=31, 5);
    all.extend(month_of("2026-11", 1..=1, 1));
    let rows = Rows::of(all.clone());
    let mut exporter = Exporter::start("2026-11-01T04:00:00Z", DEPARTMENT, &rows.azure());
    assert!(exporter.poll().await);
    assert_eq!(exporter.sum(PREVIOUS, ""), 155.0);
    all.extend(month_of("2026-10", 31..=31, 3));
    rows.set(all);
    tokio::time::advance(HOURS(4)).await;
    assert!(exporter.poll().await);
    assert_eq!(exporter.sum(PREVIOUS, ""), 158.0);
}

#[tokio::test(start_paused = true)]
async fn the_first_reading_of_an_installation_is_no_change_of_the_month_before() {
    const CHANGED: &str = "azure_billing_previous_period_last_change_timestamp_seconds";
    let mut all = month_of("2026-10", 1..=31, 5);
    all.extend(month_of("2026-11", 1..=9, 5));
    let rows = Rows::of(all.clone());
    let mut exporter = Exporter::start("2026-11-10T12:00:00Z", DEPARTMENT, &rows.azure());
    assert!(exporter.poll().await);
    assert!(exporter.samples(&format!("{CHANGED}{{")).is_empty());
    all.extend(month_of("2026-10", 20..=20, 1));
    rows.set(all);
    tokio::time::advance(HOURS(25)).await;
    assert!(exporter.poll().await);
    let changed = exporter.sum(CHANGED, "") as i64;
    assert_eq!(
        changed,
        "2026-11-11T13:00:00Z".parse::<jiff::Timestamp>().expect("a time").as_second()
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_shrinks_no_mean() {
    const USUAL: &str = "azure_billing_scope_usual_day_pretax_cost";
    let mut all = month_of("2026-09", 1..=30, 4);
    all.extend(month_of("2026-10", 1..=31, 4));
    let rows = Rows::of(all);
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::starting_at("2026-10-31T12:00:00Z".parse().expect("a time"));
    let store = Some(folder.path().join("state.redb"));
    let mut exporter = Exporter::with(clock, DEPARTMENT, &rows.azure(), Vec::new(), store);
    assert!(exporter.poll().await);
    let usual = |exporter: &Exporter| exporter.samples(&format!("{USUAL}{{"))[0].1;
    assert_eq!(usual(&exporter), 4.0);
    // No usage arrives for seven weeks, while the window moves on.
    for day in 0..50 {
        tokio::time::advance(HOURS(24)).await;
        assert!(exporter.poll().await);
        assert_eq!(usual(&exporter), 4.0, "day {day}");
    }
    exporter = exporter.restart();
    assert_eq!(usual(&exporter), 4.0);
}
