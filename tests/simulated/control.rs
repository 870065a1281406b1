//! Totals and the quota, in paused time: each of Azure's headers is obeyed, and rows never wait for
//! totals.

use std::time::Duration;

use azure_billing_exporter::azure::{Client, Error};
use azure_billing_exporter::billing::period::DayRange;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::config::Control;
use azure_billing_exporter::control::{Answer as Told, ControlAccess, limit, query};
use jiff::civil::date;
use serde_json::json;
use tokio::time::Instant;

use crate::scripted::{Answer, Azure, answer, ok};

const DAYS: DayRange = DayRange { first: date(2026, 11, 1), last: date(2026, 11, 30) };
const CONTROL: Control =
    Control { query: true, balances: true, charges: true, requests_per_minute: 2 };

fn no_cost() -> Answer {
    ok(&json!({ "properties": { "nextLink": null, "columns": [], "rows": [] } }))
}

/// Queries a billing account, and returns how long that took.
async fn ask(client: &Client, longest: Duration) -> (Result<u32, Error>, Duration) {
    let scope = ScopeId {
        scope_type: ScopeType::BillingAccount,
        id: "1000000".to_owned(),
        cost: CostType::Actual,
    };
    let access = ControlAccess { client, scope: &scope, account: None, longest };
    let start = Instant::now();
    let told = query(&access, DAYS).await;
    let calls = told.map(|told| match told {
        Told::Known(totals) => totals.calls,
        other => panic!("{other:?}"),
    });
    (calls, start.elapsed())
}

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

#[tokio::test(start_paused = true)]
async fn the_longest_wait_of_all_headers_is_kept() {
    const NAMES: [&str; 5] = ["qpu", "entity", "tenant", "clienttype", "client"];
    let header = |name: &str| format!("x-ms-ratelimit-microsoft.costmanagement-{name}-retry-after");
    let each = NAMES.map(|name| (vec![(header(name), "7")], 7));
    let all = NAMES.iter().zip(["3", "5", "9", "4", "8"]);
    let all: Vec<_> = all.map(|(name, wait)| (header(name), wait)).collect();
    for (headers, wait) in each.into_iter().chain([(all, 9)]) {
        let mut throttled = Some(headers.clone());
        let azure = Azure::new(move |_| match throttled.take() {
            Some(headers) => {
                let headers: Vec<_> =
                    headers.iter().map(|(name, wait)| (name.as_str(), *wait)).collect();
                answer(429, &headers, "")
            }
            None => no_cost(),
        });
        let (calls, took) = ask(&azure.client(), SECONDS(30)).await;
        assert!(matches!(calls, Ok(1)), "{headers:?}: {calls:?}");
        assert_eq!((took, azure.calls().len()), (SECONDS(wait), 2), "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_reported_at_once_and_kept_for_the_next_call() {
    let header = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after";
    let azure = Azure::new(move |_| answer(429, &[(header, "60")], ""));
    let client = azure.client();
    limit(&client, Control { requests_per_minute: 30, ..CONTROL });
    let (refused, took) = ask(&client, SECONDS(30)).await;
    assert!(matches!(refused, Err(Error::Throttled(_))), "{refused:?}");
    assert_eq!(took, Duration::ZERO);
    azure.answer(|_| no_cost());
    let (refused, took) = ask(&client, SECONDS(30)).await;
    assert!(matches!(refused, Err(Error::Throttled(_))), "{refused:?}");
    assert_eq!((took, azure.calls().len()), (Duration::ZERO, 1), "nothing is asked");
    tokio::time::advance(SECONDS(45)).await;
    let (asked, took) = ask(&client, SECONDS(30)).await;
    assert!(asked.is_ok(), "{asked:?}");
    assert_eq!(took, SECONDS(15));
}

#[tokio::test(start_paused = true)]
async fn totals_have_a_quota_of_their_own() {
    let azure = Azure::new(|_| no_cost());
    let client = azure.client();
    limit(&client, CONTROL);
    for expected in [0, 0, 60] {
        let (asked, took) = ask(&client, SECONDS(90)).await;
        assert!(asked.is_ok(), "{asked:?}");
        assert_eq!(took, SECONDS(expected));
    }
    let (asked, took) = ask(&client, SECONDS(30)).await;
    assert!(asked.is_ok() && took.is_zero(), "the second call of this minute: {asked:?}");
    let (late, took) = ask(&client, SECONDS(30)).await;
    assert!(matches!(late, Err(Error::Timeout(_))), "{late:?}");
    assert_eq!((took, azure.calls().len()), (SECONDS(30), 4), "nothing is asked");
}
