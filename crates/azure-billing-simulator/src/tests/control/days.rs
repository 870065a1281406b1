//! Days that differ between two looks: skew, late days, restated days, months below zero.

use std::sync::atomic::Ordering;

use jiff::{Span, civil::Date};

use super::{
    super::{
        super::{ControlOptions, Currency, Fault, Options, Step},
        client::{Client, simulator, units},
    },
    ACCOUNT, daily, month, november,
    rows::{by_day, total},
    with,
};

#[tokio::test]
async fn totals_are_a_refresh_behind_or_ahead_of_the_rows() {
    let (even, clock) = simulator(with(ControlOptions::default()));
    let even = Client(even.router());
    for ahead in [-1, 1] {
        let options = with(ControlOptions { ahead, ..ControlOptions::default() });
        let (skewed, skewed_clock) = simulator(options);
        let client = Client(skewed.router());
        for hour in (20..60).step_by(4) {
            skewed_clock.store(hour, Ordering::Relaxed);
            clock.store(hour, Ordering::Relaxed);
            let now = even.query(ACCOUNT, &november()).await.text;
            let told = client.query(ACCOUNT, &november()).await.text;
            assert_ne!(told, now, "{hour}");
            clock.store(hour + i64::from(ahead) * 4, Ordering::Relaxed);
            assert_eq!(told, even.query(ACCOUNT, &november()).await.text, "{hour}");
            let balance = month("202611", ACCOUNT, "balances");
            assert_eq!(client.read(&balance).await.text, even.read(&balance).await.text);
            let charges = month("202611", ("department", "1001"), "charges");
            assert_eq!(client.read(&charges).await.text, even.read(&charges).await.text);
        }
        let now = client.query(ACCOUNT, &november()).await.text;
        skewed.set_totals_ahead(0);
        assert_ne!(client.query(ACCOUNT, &november()).await.text, now);
        skewed.next_faults_at(
            Step::Query,
            [if ahead < 0 { Fault::TotalsBehind } else { Fault::TotalsAhead }],
        );
        assert_eq!(client.query(ACCOUNT, &november()).await.text, now);
    }
}

#[tokio::test]
async fn a_day_restated_long_after_it_changes_with_a_refresh_everywhere() {
    let (simulator, clock) = simulator(with(ControlOptions::default()));
    let client = Client(simulator.router());
    let day = Date::constant(2026, 10, 31);
    let body = daily("ActualCost", "2026-10-31", "2026-10-31");
    let rows = client.dated(ACCOUNT, "2026-10-31", "2026-10-31").await;
    let (told, balance) = (
        client.query(ACCOUNT, &body).await.text,
        client.read(&month("202610", ACCOUNT, "balances")).await.text,
    );
    simulator.restate_day(day, 150);
    assert_eq!(client.query(ACCOUNT, &body).await.text, told, "from the next refresh on");
    clock.fetch_add(4, Ordering::Relaxed);
    simulator.set_totals_ahead(-1);
    assert_eq!(client.query(ACCOUNT, &body).await.text, told, "one refresh behind");
    simulator.set_totals_ahead(0);
    let restated = client.dated(ACCOUNT, "2026-10-31", "2026-10-31").await;
    assert_eq!(rows.len(), restated.len());
    assert!(total(&restated, "USD") > total(&rows, "USD"));
    let (lines, _) = client.lines(ACCOUNT, &body).await;
    let sum = by_day(&restated).into_values().map(|units| units - units % 10_000_000);
    assert_eq!(lines.iter().map(|line| units(&line["Cost"])).sum::<i128>(), sum.sum());
    assert_ne!(client.read(&month("202610", ACCOUNT, "balances")).await.text, balance);
    assert_eq!(client.dated(ACCOUNT, "2026-10-30", "2026-10-30").await.len(), rows.len());
}

#[tokio::test]
async fn a_late_day_comes_hours_later_everywhere() {
    let (simulator, clock) = simulator(with(ControlOptions::default()));
    let client = Client(simulator.router());
    let day = Date::constant(2026, 11, 21);
    simulator.delay_day(day, 48);
    let body = daily("ActualCost", "2026-11-21", "2026-11-22");
    let mut seen = Vec::new();
    for hour in [48, 72, 24 * 8] {
        clock.store(hour, Ordering::Relaxed);
        let rows = client.dated(ACCOUNT, "2026-11-21", "2026-11-22").await;
        let (lines, _) = client.lines(ACCOUNT, &body).await;
        let days = by_day(&rows);
        assert_eq!(lines.len(), days.len(), "{hour}");
        let of = |date: &str| rows.iter().filter(|row| row.date == date).count();
        seen.push((of("20261121"), of("20261122")));
    }
    assert_eq!(seen[0].0, 0, "{seen:?}");
    assert!(seen[1].0 < seen[1].1, "{seen:?}");
    assert!(seen[2].0 > 50, "{seen:?}");
}

#[tokio::test]
async fn months_can_be_nothing_or_below_zero() {
    for percent in [0, -100] {
        let options = Options { currency: Some(Currency::Usd), ..with(ControlOptions::default()) };
        let (simulator, clock) = simulator(options);
        let client = Client(simulator.router());
        let mut day = Date::constant(2026, 10, 1);
        while day.month() == 10 {
            simulator.restate_day(day, percent);
            day = day.saturating_add(Span::new().days(1));
        }
        clock.fetch_add(4, Ordering::Relaxed);
        let department = ("department", "1002");
        let rows = client.billed(department, "202610").await;
        let sum = total(&rows, "USD");
        assert_eq!(sum.signum(), i128::from(percent.signum()));
        let charges = client.read(&month("202610", department, "charges")).await.json();
        let charged = charges["value"][0]["properties"]["azureCharges"].as_f64().unwrap();
        assert_eq!(charged < 0.0, percent < 0);
        let (lines, _) =
            client.lines(department, &daily("ActualCost", "2026-10-01", "2026-10-31")).await;
        assert_eq!(lines.len(), 31, "a day of 0 is a row");
        assert!(lines.iter().all(|line| line["Cost"].starts_with('-') == (percent < 0)));
    }
}

#[tokio::test]
async fn a_late_row_can_be_in_the_daily_total_of_its_own_date() {
    let options = with(ControlOptions { late_rows_in_query: true, ..ControlOptions::default() });
    let client = Client(simulator(options).0.router());
    let dated = by_day(&client.dated(ACCOUNT, "2026-10-01", "2026-10-31").await);
    let billed = by_day(&client.billed(ACCOUNT, "202611").await);
    let (lines, _) = client.lines(ACCOUNT, &daily("ActualCost", "2026-10-01", "2026-10-31")).await;
    let mut late = 0;
    for line in lines {
        let key = (line["UsageDate"].clone(), line["Currency"].clone());
        let own = billed.get(&key).copied().unwrap_or(0);
        late += usize::from(own != 0);
        let sum = dated.get(&key).copied().unwrap_or(0) + own;
        assert_eq!(units(&line["Cost"]), sum - sum % 10_000_000, "{key:?}");
    }
    assert_eq!(late, 2);
}
