//! Balances and charges: identities, trimming, rounding rows, prepayment.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use http::StatusCode;

use super::{
    super::{
        super::{ControlOptions, Currency, Options, Simulator},
        client::{Client, simulator, units},
    },
    ACCOUNT, Line, month,
    rows::{Row, total, trimmed},
    with,
};

/// Returns the properties of an object as texts.
fn properties(text: &str) -> Line {
    #[derive(serde::Deserialize)]
    struct Whole {
        properties: BTreeMap<String, Box<serde_json::value::RawValue>>,
    }
    let properties = serde_json::from_str::<Whole>(text).expect(text).properties;
    let text = |value: &serde_json::value::RawValue| value.get().trim_matches('"').to_owned();
    properties.into_iter().map(|(name, value)| (name, text(&value))).collect()
}

async fn balance(client: &Client, period: &str) -> Line {
    let answer = client.read(&month(period, ACCOUNT, "balances")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let balance = properties(&answer.text);
    let amount = |name: &str| units(&balance[name]);
    let ending = amount("beginningBalance") + amount("newPurchases") + amount("adjustments")
        - amount("utilized");
    assert_eq!(amount("endingBalance"), ending);
    assert_eq!(
        amount("totalOverage"),
        amount("serviceOverage") + amount("chargesBilledSeparately")
    );
    assert_eq!(amount("totalUsage"), amount("utilized") + amount("totalOverage"));
    balance
}

/// Returns the parts of a balance as rows have them.
fn parts(balance: &Line) -> BTreeMap<&'static str, i128> {
    let amount = |name: &str| units(&balance[name]);
    BTreeMap::from([
        ("credit", amount("utilized") + amount("serviceOverage")),
        ("separate", amount("chargesBilledSeparately")),
        ("marketplace", amount("azureMarketplaceServiceCharges")),
    ])
}

fn in_one(currency: Currency, control: ControlOptions) -> Options {
    Options { currency: Some(currency), ..with(control) }
}

#[tokio::test]
async fn a_balance_is_the_trimmed_sum_of_the_months_rows() {
    for currency in [Currency::Usd, Currency::Jpy, Currency::Kwd] {
        let (simulator, _) = simulator(in_one(currency, ControlOptions::default()));
        let client = Client(simulator.router());
        let (code, decimals) = (currency.code(), currency.decimals());
        for (period, number) in [("202610", 10), ("202611", 11)] {
            let rows = client.billed(ACCOUNT, period).await;
            assert!(rows.iter().all(|row| row.currency == code));
            let balance = balance(&client, period).await;
            let expected = trimmed(&rows, code, decimals);
            assert_eq!(parts(&balance), expected, "{code} {period}");
            assert_eq!(balance["currency"], format!("{code}  "));
            let told = simulator.balance_parts(2026, number).map(|part| part.units());
            assert_eq!(told, ["credit", "separate", "marketplace"].map(|part| expected[part]));
            assert!(told.iter().all(|part| *part > 0), "{told:?}");
            let fraction = balance["totalUsage"].split_once('.').map_or(0, |(_, text)| text.len());
            assert!(fraction <= decimals as usize, "{}", balance["totalUsage"]);
        }
        let current = client
            .read("/providers/Microsoft.Billing/billingAccounts/100000/providers/Microsoft.Consumption/balances?api-version=2024-08-01")
            .await;
        assert_eq!(properties(&current.text), balance(&client, "202611").await);
    }
}

#[tokio::test]
async fn the_difference_is_rounding_within_its_bound() {
    let client = Client(simulator(in_one(Currency::Usd, ControlOptions::default())).0.router());
    let rows = client.billed(ACCOUNT, "202610").await;
    let balance = balance(&client, "202610").await;
    let sum = total(&rows, "USD") + units("0.00001"); // the default's one rounding row
    let invoice = units(&balance["totalUsage"]) + units(&balance["azureMarketplaceServiceCharges"]);
    let groups: std::collections::BTreeSet<_> =
        rows.iter().map(|row| (&row.subscription, &row.meter)).collect();
    let bound = groups.len() as i128 * units("0.01");
    assert!((1..bound).contains(&(sum - invoice)), "{} of {bound}", sum - invoice);
}

#[tokio::test]
async fn prepayment_is_used_first_then_overage() {
    let control = ControlOptions { prepayment: 900, ..ControlOptions::default() };
    let client = Client(simulator(in_one(Currency::Usd, control)).0.router());
    let months = ["202608", "202609", "202610", "202611"];
    let mut ending = 0;
    let mut used = 0;
    for (place, period) in months.into_iter().enumerate() {
        let balance = balance(&client, period).await;
        assert_eq!(units(&balance["beginningBalance"]), ending, "{period}");
        let bought = if place == 1 { units("900") } else { 0 };
        assert_eq!(units(&balance["newPurchases"]), bought, "{period}");
        ending = units(&balance["endingBalance"]);
        used += units(&balance["utilized"]);
        let overage = units(&balance["serviceOverage"]);
        assert!(overage == 0 || ending == 0, "{period}");
        assert_eq!(place == 0, units(&balance["totalUsage"]) == 0, "before the history: zeros");
        assert!(place < 3 || overage > 0, "all used up by then");
    }
    assert_eq!(used, units("900"));
    let future = client.read(&month("202612", ACCOUNT, "balances")).await;
    assert_eq!(future.status, StatusCode::NO_CONTENT);
    for target in [
        month("202613", ACCOUNT, "balances"),
        month("202611", ("department", "1001"), "balances"),
        month("202611", ACCOUNT, "charges"),
    ] {
        assert_eq!(client.read(&target).await.status, StatusCode::NOT_FOUND, "{target}");
    }
}

async fn charged(client: &Client, scope: (&str, &str), period: &str) -> Vec<Line> {
    let answer = client.read(&month(period, scope, "charges")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let value = answer.json()["value"].as_array().unwrap().clone();
    assert!(value.iter().all(|item| item["kind"] == "legacy"));
    value.iter().map(|item| properties(&item.to_string())).collect()
}

#[tokio::test]
async fn charges_are_those_of_a_department_or_an_account() {
    let client = Client(simulator(with(ControlOptions::default())).0.router());
    for (scope, currencies) in [
        (("department", "1001"), &["USD"][..]),
        (("department", "1003"), &["EUR", "USD"]),
        (("enrollment_account", "2006"), &["EUR"]),
    ] {
        let rows = client.billed(scope, "202610").await;
        let lines = charged(&client, scope, "202610").await;
        assert_eq!(lines.len(), currencies.len());
        for (line, currency) in lines.iter().zip(currencies) {
            assert_eq!((&*line["currency"], &*line["usageStart"]), (*currency, "2026-10-01"));
            assert_eq!(line["usageEnd"], "2026-10-31");
            let parts = trimmed(&rows, currency, 2);
            // Amounts of this size survive a JSON number of 64 bits.
            assert_eq!(units(&line["azureCharges"]), parts["credit"], "{scope:?}");
            assert_eq!(units(&line["chargesBilledSeparately"]), parts["separate"]);
            assert_eq!(units(&line["azureMarketplaceCharges"]), parts["marketplace"]);
        }
        let none = charged(&client, scope, "202601").await;
        assert_eq!(none.len(), 1);
        let names = ["azureCharges", "chargesBilledSeparately", "azureMarketplaceCharges"];
        assert!(names.iter().all(|name| none[0][*name] == "0"));
    }
    let flat =
        month("202610", ("department", "1001"), "charges").replace("/billingAccounts/100000", "");
    assert_eq!(client.read(&flat).await.status, StatusCode::NOT_FOUND);
}

fn rounding(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|row| row.charge_type == "RoundingAdjustment").collect()
}

/// Returns a simulator whose clock stands some hours into December 2026.
fn december(
    options: Options,
    hours: i64,
) -> (Simulator, std::sync::Arc<std::sync::atomic::AtomicI64>) {
    let (simulator, clock) = simulator(options);
    clock.store(24 * 11 + hours, Ordering::Relaxed);
    (simulator, clock)
}

#[tokio::test]
async fn rounding_rows_take_the_difference_away_some_days_after_the_month() {
    for currency in [Currency::Usd, Currency::Jpy, Currency::Kwd] {
        let control = ControlOptions { rounding_rows_after: Some(5), ..ControlOptions::default() };
        let (simulator, clock) = december(in_one(currency, control), 5 * 24 - 1);
        let client = Client(simulator.router());
        let before = client.billed(ACCOUNT, "202611").await;
        assert!(rounding(&before).is_empty(), "not yet");
        let invoice: i128 = parts(&balance(&client, "202611").await).values().sum();
        assert_ne!(total(&before, currency.code()), invoice);

        clock.fetch_add(1, Ordering::Relaxed);
        let after = client.billed(ACCOUNT, "202611").await;
        let rows = rounding(&after);
        assert_eq!(rows.len(), 3, "one for each part");
        assert!(rows.iter().all(|row| row.date == "20261130" && row.subscription.is_empty()));
        for (part, sum) in parts(&balance(&client, "202611").await) {
            let own: Vec<_> = after.iter().filter(|row| row.part == part).cloned().collect();
            assert_eq!(total(&own, currency.code()), sum, "{currency:?} {part}");
        }
        let dated = client.dated(ACCOUNT, "2026-11-30", "2026-11-30").await;
        assert_eq!(rounding(&dated).len(), 3);
        let below = client.billed(("department", "1001"), "202611").await;
        assert!(rounding(&below).is_empty(), "at the billing account alone");
        let simulated = simulator.period_totals(ACCOUNT.0, ACCOUNT.1, 2026, 11);
        assert_eq!(simulated[currency.code()].units(), total(&after, currency.code()));
    }
}

#[tokio::test]
async fn a_daily_total_has_the_rounding_rows_or_not() {
    for (rounding_in_query, shown) in [(true, 3), (false, 0)] {
        let control = ControlOptions {
            rounding_rows_after: Some(5),
            rounding_in_query,
            ..ControlOptions::default()
        };
        let (simulator, _) = december(in_one(Currency::Usd, control), 6 * 24);
        let client = Client(simulator.router());
        let rows = client.dated(ACCOUNT, "2026-11-30", "2026-11-30").await;
        let mut body = super::daily("ActualCost", "2026-11-30", "2026-11-30");
        let (lines, _) = client.lines(ACCOUNT, &body).await;
        let hidden: i128 = rounding(&rows).iter().skip(shown).map(|row| row.cost).sum();
        let sum = total(&rows, "USD") - hidden;
        assert_eq!(units(&lines[0]["Cost"]), sum - sum % 10_000_000);
        body["dataset"]["grouping"] =
            serde_json::json!([{"type": "Dimension", "name": "ChargeType"}]);
        let (lines, _) = client.lines(ACCOUNT, &body).await;
        let found = lines.iter().any(|line| line["ChargeType"] == "roundingadjustment");
        assert_eq!(found, rounding_in_query);
    }
}

#[tokio::test]
async fn a_refund_can_be_in_transactions_alone() {
    let control = ControlOptions { refunds_in_transactions: true, ..ControlOptions::default() };
    let client = Client(simulator(in_one(Currency::Usd, control)).0.router());
    let rows = client.billed(ACCOUNT, "202610").await;
    assert!(rows.iter().all(|row| row.charge_type != "Refund"));
    let target = "/providers/Microsoft.Billing/billingAccounts/100000/providers/Microsoft.Consumption/reservationTransactions?api-version=2024-08-01&$filter=properties/eventDate%20ge%202026-10-01%20AND%20properties/eventDate%20le%202026-10-31";
    let answer = client.read(target).await;
    let value = answer.json()["value"].as_array().expect(&answer.text).clone();
    assert_eq!(value.len(), 2, "on the 10th and the 24th");
    let amounts = value.iter().map(|item| properties(&item.to_string()));
    let cents = units("0.01");
    let back: i128 = amounts
        .map(|line| {
            assert_eq!(line["eventType"], "Refund");
            -units(&line["amount"]) / cents * cents
        })
        .sum();
    let balance = balance(&client, "202610").await;
    assert_eq!(units(&balance["adjustments"]), back);
    assert_eq!(parts(&balance), trimmed(&rows, "USD", 2));
}
