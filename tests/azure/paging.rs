//! Links between pages, and the requests for them.

use proptest::prelude::*;

use azure_billing_exporter::billing::period::DayRange;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::source::{Access, ReadRequest, Source, read};
use jiff::civil::date;

use crate::exporter::{Exporter, PATIENCE, client, config};
use crate::fixtures::fixture;
use crate::server::{Answer, Server};

const EMPTY: &str = r#"{"value":[]}"#;

/// Returns the target in the request line of each request, decoded.
fn targets(server: &Server) -> Vec<String> {
    let line = |head: &String| head.split(' ').nth(1).expect("a target").to_owned();
    server.requests().iter().map(line).collect()
}

#[tokio::test]
async fn each_kind_of_scope_is_asked_by_its_own_address() {
    for (scope, path, filter) in [
        (
            "billing_account: \"1000000\"",
            "/providers/Microsoft.Billing/billingAccounts/1000000/providers/Microsoft.Billing/billingPeriods/202611/providers/Microsoft.Consumption/usageDetails",
            "",
        ),
        (
            "department: \"1234\"",
            "/providers/Microsoft.Billing/departments/1234/providers/Microsoft.Billing/billingPeriods/202611/providers/Microsoft.Consumption/usageDetails",
            "",
        ),
        (
            "enrollment_account: \"42\", cost: amortized",
            "/providers/Microsoft.Billing/enrollmentAccounts/42/providers/Microsoft.Billing/billingPeriods/202611/providers/Microsoft.Consumption/usageDetails",
            "",
        ),
        (
            "subscription: 00000000-0000-0000-0000-000000000001",
            "/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Consumption/usageDetails",
            "&$filter=properties/usageStart%20ge%20%272026-11-01%27%20and%20properties/usageEnd%20le%20%272026-11-30%27",
        ),
    ] {
        let server = Server::start(vec![Answer::page(EMPTY)]).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, scope), PATIENCE);
        assert!(exporter.poller.poll().await);
        let metric = if scope.contains("amortized") { "amortizedcost" } else { "actualcost" };
        let query = format!(
            "api-version=2021-10-01&$expand=properties/meterDetails&$top=1000&metric={metric}{filter}"
        );
        assert_eq!(targets(&server)[0], format!("{path}?{query}"));
        let head = server.requests()[0].to_lowercase();
        assert!(head.contains("authorization: bearer a-token"), "{head}");
        assert!(head.contains("accept-encoding: gzip"), "{head}");
    }
}

#[tokio::test]
async fn the_second_poll_asks_for_the_newest_days_and_replaces_them() {
    let page = |day: &str, cost: &str| {
        Answer::page(format!(
            r#"{{"value":[{{"properties":{{"date":"2026-11-{day}","cost":{cost},"billingCurrency":"EUR"}}}}]}}"#
        ))
    };
    let elsewhere = page("10", "100");
    let script = vec![page("20", "8.5"), page("20", "7.25"), elsewhere.clone(), elsewhere];
    let server = Server::start(script).await;
    let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
    let cost = |exporter: &Exporter| {
        exporter.costs().last().expect("a cost").rsplit_once(' ').expect("a value").1.to_owned()
    };
    assert!(exporter.poller.poll().await);
    assert_eq!(cost(&exporter), "8.5");
    assert!(exporter.poller.poll().await);
    assert_eq!(cost(&exporter), "7.25", "a restated day is replaced, not added");
    assert!(targets(&server)[1].ends_with("&$filter=properties/usageStart%20ge%20%272026-11-19%27%20and%20properties/usageEnd%20le%20%272026-11-23%27"));
    assert!(exporter.poller.poll().await);
    assert_eq!(cost(&exporter), "7.25", "that all is gone is believed when it is told again");
    assert!(exporter.poller.poll().await);
    assert_eq!(
        exporter.costs(),
        Vec::<String>::new().as_slice(),
        "the days are empty, the other row was not asked for"
    );
    assert_eq!(exporter.status.scopes()[0].ignored.outside, 2);
}

#[tokio::test]
async fn a_raw_link_is_followed_with_every_parameter() {
    let pages =
        ["legacy_page_1.json", "legacy_page_2.json"].map(|page| Answer::page(fixture(page)));
    let server = Server::start(pages.to_vec()).await;
    let mut exporter =
        Exporter::new(&config(&server.endpoint, "billing_account: \"1000000\""), PATIENCE);
    assert!(exporter.poller.poll().await);
    let target = &targets(&server)[1];
    for parameter in [
        "$filter=properties/usageStart%20ge%20%272026-11-01%27",
        "sessiontoken=21:1000001",
        "$skiptoken=317C",
        "skiptokenver=v1",
        "id=0000",
    ] {
        assert!(target.contains(parameter), "{target}");
    }
}

#[tokio::test]
async fn the_end_is_a_link_that_is_absent_null_or_empty_and_an_empty_page_is_no_end() {
    let first = r#"{"nextLink":"{{endpoint}}/next?id=1","value":[]}"#;
    for end in [EMPTY, r#"{"value":[],"nextLink":null}"#, r#"{"nextLink":"","value":[]}"#] {
        let server = Server::start(vec![Answer::page(first), Answer::page(end)]).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
        assert!(exporter.poller.poll().await, "{end}");
        // The empty end is requested once more: it may have lost its rows.
        assert_eq!(server.requests().len(), 3, "{end}");
    }
}

#[tokio::test]
async fn a_reading_by_days_ignores_and_counts_rows_of_other_days() {
    let row = |day: &str| {
        format!(
            r#"{{"properties":{{"usageStart":"{day}T00:00:00Z","pretaxCost":1,"currency":"EUR"}}}}"#
        )
    };
    let rows = ["2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"].map(row).join(",");
    let server = Server::start(vec![Answer::page(format!(r#"{{"value":[{rows}]}}"#))]).await;
    let config = config(&server.endpoint, "department: \"1\"");
    let days = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 2) };
    let client = client(&config, PATIENCE, std::sync::Arc::default());
    let no_tags = Vec::new().into();
    let access = Access::new(&client, &config.scopes[0].id, &no_tags);
    let request = ReadRequest::new(Source::UsageDetails, Span::Days(days));
    let reading = read(&access, &request).await.expect("a reading");
    assert_eq!((reading.counts.counted, reading.counts.outside), (2, 2));
}

#[tokio::test]
async fn rows_of_other_months_count_in_a_period_of_the_enrollment_and_not_in_a_month_by_date() {
    // Late usage of third parties is billed in a period it is not dated in; a subscription has no
    // such periods, so that a row of another month only shows that the filter was ignored.
    let row = |day: &str| {
        format!(
            r#"{{"properties":{{"date":"{day}","cost":1,"quantity":1,"billingCurrency":"EUR"}}}}"#
        )
    };
    let page = format!(r#"{{"value":[{},{}]}}"#, row("2026-10-31"), row("2026-11-01"));
    // The subscription's October is requested as well, and answered with the same two rows.
    for (scope, counted, sum) in [
        ("department: \"1\"", (2, 0), "2.0"),
        ("subscription: 00000000-0000-0000-0000-000000000001", (2, 2), "1.0"),
    ] {
        let server = Server::start(vec![Answer::page(&page)]).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, scope), PATIENCE);
        assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
        let status = exporter.status.scopes();
        assert_eq!((status[0].rows, status[0].ignored.outside), (Some(counted.0), counted.1));
        let sum = format!("currency=\"EUR\"}} {sum}");
        assert!(exporter.costs().iter().any(|line| line.ends_with(&sum)), "{:?}", exporter.costs());
    }
}

/// Returns a row of one of a few resources, days, currencies, kinds and units, with any amount.
fn row() -> impl Strategy<Value = String> {
    let choice = |texts: &'static [&'static str]| prop::sample::select(texts);
    (
        choice(&["", "/subscriptions/S1/resourceGroups/A/x/One", "/SUBSCRIPTIONS/s1/resourcegroups/a/x/one/", "/subscriptions/S2/resourceGroups/B/x/Two", "a\\\"b\\\\c\\n"]),
        choice(&["", "One", "ONE", "one"]),
        choice(&["USEast2", "eastus2", "", "Mars North"]),
        choice(&["EUR", "usd ", ""]),
        choice(&["Usage", "Purchase", "Refund", "Sponsorship"]),
        choice(&["1 Hour", "10K", ""]),
        "-?[0-9]{1,12}(\\.[0-9]{1,28})?(e-?[0-9])?",
        1_i8..=30,
    )
        .prop_map(|(id, name, location, currency, kind, unit, amount, day)| {
            // JSON has no leading zeros.
            let amount = amount.replacen("-", "-1", 1);
            let amount = if amount.starts_with('-') { amount } else { format!("1{amount}") };
            format!(
                r#"{{"properties":{{"resourceId":"{id}","resourceName":"{name}","resourceLocation":"{location}","billingCurrency":"{currency}","chargeType":"{kind}","unitOfMeasure":"{unit}","cost":{amount},"quantity":{amount},"date":"2026-11-{day:02}T00:00:00Z"}}}}"#
            )
        })
}

/// Returns the pages of some rows, linked.
fn pages(rows: &[String], sizes: &[usize]) -> Vec<Answer> {
    let mut pages = Vec::new();
    let mut rest = rows;
    for size in sizes {
        let (page, more) = rest.split_at((*size).min(rest.len()));
        pages.push(page.join(","));
        rest = more;
    }
    pages.push(rest.join(","));
    let last = pages.len() - 1;
    let page = |(number, rows): (usize, String)| {
        let link =
            if number == last { String::new() } else { format!("{{{{endpoint}}}}/p?id={number}") };
        Answer::page(format!(r#"{{"nextLink":"{link}","value":[{rows}]}}"#))
    };
    pages.into_iter().enumerate().map(page).collect()
}

fn costs(answers: Vec<Answer>) -> Vec<String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::start(answers).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
        assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
        exporter.costs()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neither_the_size_nor_the_order_of_pages_changes_a_byte(
        (rows, shuffled) in prop::collection::vec(row(), 0..40).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        sizes in prop::collection::vec(0_usize..9, 0..8),
    ) {
        prop_assert_eq!(costs(pages(&rows, &[])), costs(pages(&shuffled, &sizes)));
    }
}
