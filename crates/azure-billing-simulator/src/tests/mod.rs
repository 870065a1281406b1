//! Rules for every reading, checked through the router as a client uses it.

mod client;
mod control;
mod report;

use std::{collections::BTreeSet, sync::atomic::Ordering};

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::civil::Date;
use tower::ServiceExt;

use self::client::{
    Client, FIRST, LAST, LIST, Page, by_date, encode, path, simulator, sums, values,
};
use super::{CostAnomaly, Fault, Money, Options, RetryAfter, Stall};

#[tokio::test]
async fn equal_options_give_equal_rows_whatever_the_page_size() {
    let client = Client(simulator(Options::default()).0.router());
    let again = Client(simulator(Options::default()).0.router());
    let other = Client(simulator(Options { seed: 2, ..Options::default() }).0.router());
    let target = by_date("department", "1002", "2021-10-01");
    let rows = client.rows(&target).await;
    assert!(rows.len() > 2000, "{}", rows.len());
    assert_eq!(rows, again.rows(&target.replace("$top=1000", "$top=313")).await);
    assert_ne!(rows, other.rows(&target).await);
}

#[tokio::test]
async fn served_rows_add_up_to_the_totals_at_every_scope_and_in_both_shapes() {
    let (simulator, _) = simulator(Options::default());
    let client = Client(simulator.router());
    let mut scopes = simulator.scopes();
    assert_eq!(scopes.len(), 1 + 3 + 6 + 12);
    scopes.sort_by_key(|scope| scope.kind);
    scopes.dedup_by_key(|scope| scope.kind);
    for scope in scopes {
        for version in ["2018-06-30", "2021-10-01"] {
            let rows = client.rows(&by_date(scope.kind, &scope.id, version)).await;
            let totals = simulator.totals(scope.kind, &scope.id, FIRST, LAST);
            assert_eq!(sums(&rows), totals, "{scope:?} {version}");
            assert_eq!(rows.len() as u64, simulator.row_count(scope.kind, &scope.id, FIRST, LAST));
        }
    }
    let amortized = by_date("billing_account", "100000", "2021-10-01&metric=amortizedcost");
    let amortized = sums(&client.rows(&amortized).await);
    assert_eq!(amortized, simulator.amortized_totals("billing_account", "100000", FIRST, LAST));
    assert_ne!(amortized, simulator.totals("billing_account", "100000", FIRST, LAST));
}

#[tokio::test]
async fn a_reading_of_a_period_also_holds_late_usage_of_the_month_before() {
    let (simulator, _) = simulator(Options::default());
    let client = Client(simulator.router());
    let path = path("billing_account", "100000");
    let period = path.replace(LIST, "/providers/Microsoft.Billing/billingPeriods/202611") + LIST;
    let rows = client.rows(&format!("{period}?api-version=2021-10-01")).await;
    assert_eq!(sums(&rows), simulator.period_totals("billing_account", "100000", 2026, 11));
    assert_ne!(sums(&rows), simulator.totals("billing_account", "100000", FIRST, LAST));
    assert!(values(&rows, "date").iter().any(|date| date.starts_with("\"2026-10-2")));
    assert_eq!(values(&rows, "billingPeriodStartDate").len(), 1);
}

#[tokio::test]
async fn sixty_days_hold_every_kind_of_row() {
    let (simulator, hours) = simulator(Options::default());
    hours.store(20, Ordering::Relaxed);
    let client = Client(simulator.router());
    let both_months =
        by_date("billing_account", "100000", "2021-10-01").replace("2026-11-01", "2026-09-01");
    let rows = client.rows(&both_months).await;
    assert_eq!(values(&rows, "date").len(), 2 * 60, "two spellings of each day");
    assert_eq!(
        values(&rows, "chargeType").into_iter().collect::<Vec<_>>(),
        [
            "\"Purchase\"",
            "\"Refund\"",
            "\"RoundingAdjustment\"",
            "\"UnusedReservation\"",
            "\"Usage\""
        ]
    );
    assert_eq!(values(&rows, "publisherType").len(), 2);
    assert_eq!(values(&rows, "frequency").len(), 3);
    assert_eq!(values(&rows, "billingCurrency").len(), 2);
    assert_eq!(values(&rows, "accountName").len(), 6 + 1);
    assert_eq!(values(&rows, "subscriptionId").len(), 12 + 1);
    let ids = values(&rows, "resourceId");
    let instances: BTreeSet<_> =
        ids.iter().map(|id| id.to_lowercase().replace("/\"", "\"")).collect();
    assert_eq!(instances.len(), 400 + 1, "and null");
    assert!(ids.len() > 800, "ids differ in case");
    let distinct: BTreeSet<_> = rows.iter().collect();
    assert!(distinct.len() + 60 < rows.len(), "identical rows, both real");
    for part in
        ["\"tags\":null", "\"tags\":[]", "\"team\":\"web\"", "\"cost\":0", "E-0", "\\\"keep\\\""]
    {
        assert!(rows.iter().any(|row| row.contains(part)), "{part}");
    }
    assert!(rows.iter().any(|row| !row.contains("\"tags\"")));
    let bytes = rows.iter().map(String::len).sum::<usize>() / rows.len();
    assert!((1400..1900).contains(&bytes), "{bytes} bytes a row");
}

#[tokio::test]
async fn purchases_show_at_the_billing_account_alone() {
    let (simulator, _) = simulator(Options::default());
    let client = Client(simulator.router());
    let mut below = Money::default();
    for id in ["1001", "1002", "1003"] {
        let rows = client.rows(&by_date("department", id, "2021-10-01")).await;
        assert_eq!(values(&rows, "chargeType").len(), 1);
        below += sums(&rows)["USD"];
    }
    assert!(below < simulator.totals("billing_account", "100000", FIRST, LAST)["USD"]);
}

#[tokio::test]
async fn a_link_is_raw_and_wants_every_parameter_back() {
    let client = Client(simulator(Options::default()).0.router());
    let target = encode(&by_date("billing_account", "100000", "2021-10-01"));
    let (_, text) = client.text(&target).await;
    assert!(text.starts_with(
        "{\"nextLink\":\"http://localhost:1/providers/Microsoft.Billing/billingAccounts/100000/"
    ));
    let link = serde_json::from_str::<Page>(&text).unwrap().next.unwrap();
    assert!(link.contains("$filter=properties/usageStart ge '2026-11-01' and "));
    let (start, query) = link.split_once('?').unwrap();
    let parameters: Vec<_> = query.split('&').collect();
    for lost in &parameters {
        let kept: Vec<_> = parameters.iter().copied().filter(|kept| kept != lost).collect();
        let (status, text) = client.text(&encode(&format!("{start}?{}", kept.join("&")))).await;
        if lost.starts_with("$skiptoken") {
            continue; // the first page again
        }
        assert_eq!(status, StatusCode::BAD_REQUEST, "without {lost}: {text}");
    }
    let (status, text) = client.text(&link.replace(' ', "%2")).await;
    assert_eq!((status, &*text), (StatusCode::BAD_REQUEST, "The request is badly formed."));
}

#[tokio::test]
async fn days_change_at_boundaries_only_and_then_settle() {
    let (simulator, hours) = simulator(Options::default());
    let day = Date::constant(2026, 11, 20);
    let mut seen = Vec::new();
    for hour in 0..24 * 8 {
        hours.store(hour, Ordering::Relaxed);
        let total = simulator.totals("billing_account", "100000", day, day).get("USD").copied();
        let rows = simulator.row_count("billing_account", "100000", day, day);
        let changed = seen.last() != Some(&(total, rows));
        assert!(hour % 4 == 0 || !changed, "changed at hour {hour}");
        assert!(hour <= 24 * 5 || !changed, "not settled at hour {hour}");
        seen.push((total, rows));
    }
    assert_eq!(seen[0].1, 0);
    assert!(
        seen.windows(2).any(|pair| pair[0].1 == pair[1].1 && pair[0].0 != pair[1].0),
        "restated"
    );
    assert!(seen[0].1 < seen[20].1 && seen[20].1 < seen[40].1, "partial at first");
}

#[tokio::test]
async fn calls_above_the_quota_are_throttled_and_recorded() {
    let options = Options { requests_per_minute: Some(2), days: 2, ..Options::default() };
    let (simulator, _) = simulator(options);
    let client = Client(simulator.router());
    let target = encode(&by_date("department", "1001", "2021-10-01"));
    for _ in 0..2 {
        assert_eq!(client.get(&target).await.status(), StatusCode::OK);
    }
    let refused = client.get(&target).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(
        refused.headers().contains_key("x-ms-ratelimit-microsoft.consumption-tenant-retry-after")
    );
    let statuses: Vec<_> = simulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(429)]);
    let (_, text) = client.text("/simulator/requests").await;
    assert_eq!(text, r#"{"answers":{"department":{"200":2,"429":1}},"requests":3}"#);
}

#[tokio::test]
async fn scripted_faults_come_in_order_and_then_no_more() {
    let (simulator, _) = simulator(Options { days: 2, ..Options::default() });
    let client = Client(simulator.router());
    let target = encode(&by_date("department", "1001", "2021-10-01"));
    simulator.next_faults([
        Fault::Throttled(RetryAfter::Plain(7)),
        Fault::Reset,
        Fault::CutBody { after_rows: 3, announces_more: false },
        Fault::EmptyPageWithNextLink,
    ]);
    assert_eq!(client.get(&target).await.headers()[header::RETRY_AFTER], "7");
    assert!(client.get(&target).await.into_body().collect().await.is_err());
    let (status, text) = client.text(&target).await;
    assert_eq!(status, StatusCode::OK);
    assert!(serde_json::from_str::<Page>(&text).is_err());
    let through_an_empty_page = client.rows(&target).await;
    assert_eq!(through_an_empty_page, client.rows(&target).await);
    simulator.set_fault("department", "1001", Some(Fault::Stall(Stall::Trickle)));
    let mut body = client.get(&target).await.into_body();
    assert!(body.frame().await.unwrap().is_ok() && body.frame().await.unwrap().is_ok());
}

#[tokio::test]
async fn requests_that_azure_would_refuse_are_refused() {
    let client = Client(simulator(Options::default()).0.router());
    let path = path("department", "1001");
    for (target, status) in [
        (format!("{path}?$top=1"), 400),
        (format!("{path}?api-version=2021-10-01&$top=1001"), 400),
        (format!("{path}?api-version=2021-10-01&$filter=date%20ne%201"), 400),
        (format!("{}?api-version=2021-10-01", path.replace("1001", "9")), 404),
        (format!("{}?api-version=2021-10-01", path.to_uppercase()), 200),
    ] {
        assert_eq!(client.get(&target).await.status(), status, "{target}");
    }
    let nameless = Request::get(format!("{path}?api-version=2021-10-01")).body(Body::empty());
    let refused = client.0.oneshot(nameless.unwrap()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_surge_lets_one_service_use_more_from_its_first_day_on() {
    let surge: CostAnomaly = "Log Analytics=200@2026-11-10".parse().unwrap();
    let usual = simulator(Options::default()).0;
    let (surged, _) = simulator(Options { surges: vec![surge], ..Options::default() });
    let totals = |of: &super::Simulator, first: Date, last: Date| {
        of.totals("billing_account", "100000", first, last)
    };
    let [before, first] = [9, 10].map(|day| Date::new(2026, 11, day).unwrap());
    assert_eq!(totals(&surged, FIRST, before), totals(&usual, FIRST, before));
    // Every cost of that service counts twice, and no other.
    let rows = |of: &super::Simulator| {
        let client = Client(of.router());
        async move { client.rows(&by_date("billing_account", "100000", "2021-10-01")).await }
    };
    let is_of_service = |row: &&String| row.contains("\"meterCategory\":\"Log Analytics\"");
    let is_later = |row: &&String| {
        let date = values(std::slice::from_ref(*row), "date").into_iter().next();
        date.is_some_and(|date| date.trim_matches('"') >= "2026-11-10")
    };
    let some: Vec<String> =
        rows(&usual).await.iter().filter(is_of_service).filter(is_later).cloned().collect();
    assert!(!some.is_empty());
    let mut expected = totals(&usual, first, LAST);
    for (currency, sum) in sums(&some) {
        *expected.get_mut(&currency).unwrap() += sum;
    }
    assert_eq!(totals(&surged, first, LAST), expected);
    assert_eq!(sums(&rows(&surged).await), totals(&surged, FIRST, LAST));
}

#[tokio::test]
async fn an_outage_leaves_the_newest_days_without_rows() {
    let (simulator, _) = simulator(Options { outage_days: 3, ..Options::default() });
    let rows = Client(simulator.router()).rows(&by_date("department", "1002", "2021-10-01")).await;
    let newest = values(&rows, "date").into_iter().max().unwrap();
    let today = super::calendar::date_of(super::calendar::day_at(simulator.now()));
    let last = today.saturating_sub(jiff::ToSpan::days(3));
    assert!(newest.contains(&last.to_string()), "{newest}");
}
