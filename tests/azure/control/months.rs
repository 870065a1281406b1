//! Balances and charges of a month, and the official examples.

use std::path::Path;

use super::*;

#[tokio::test]
async fn balances_and_charges_are_asked_by_month_and_for_the_current_one_without() {
    const ACCOUNT: &str = "GET /providers/Microsoft.Billing/billingAccounts/1000000";
    let world = World::of(vec![Answer::status(204, "")]).await;
    let (account, department) = (account(), scope(ScopeType::Department, "1234"));
    let november = Some(Period::of(NOVEMBER.first));
    for period in [november, None] {
        let told = balances(&world.access(&account, None), period).await;
        assert!(matches!(told, Ok(Told::NoData)), "{told:?}");
        let told = charges(&world.access(&department, Some("1000000")), period).await;
        assert!(matches!(told, Ok(Told::NoData)), "{told:?}");
    }
    assert_eq!(
        world.lines(),
        [
            "/billingPeriods/202611/providers/Microsoft.Consumption/balances",
            "/departments/1234/providers/Microsoft.Billing/billingPeriods/202611/providers/Microsoft.Consumption/charges",
            "/providers/Microsoft.Consumption/balances",
            "/departments/1234/providers/Microsoft.Consumption/charges",
        ]
        .map(|path| format!("{ACCOUNT}{path}?api-version=2024-08-01"))
    );
}

/// Returns the answer of an official example, if the samples are beside the project.
fn sample(name: &str) -> Option<Value> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/samples/control");
    let text = std::fs::read_to_string(samples.join(name)).ok()?;
    let sample: Value = serde_json::from_str(&text).expect("JSON");
    Some(sample["responses"]["200"]["body"].clone())
}

#[tokio::test]
async fn official_examples_add_up_to_what_they_say() {
    if let Some(answer) = sample("balances_2024-08-01.json") {
        let world = World::of(vec![Answer::page(answer.to_string())]).await;
        let balances = known(world.balances().await);
        assert_eq!(balances.currency, "USD", "padded");
        assert_eq!(balances.total().to_string(), "474707.99");
        let parts = [balances.usage(), balances.charged_separately, balances.marketplace];
        assert_eq!(parts.map(|part| part.to_string()), ["474098.17", "0", "609.82"]);
    }
    if let Some(answer) = sample("charges_department_2024-08-01.json") {
        let world = World::of(vec![Answer::page(answer.to_string())]).await;
        let department = scope(ScopeType::Department, "42425");
        let april = Some(Period::of(date(2018, 4, 1)));
        let told = charges(&world.access(&department, Some("1234")), april).await;
        let totals: Vec<_> = known(told).iter().map(|it| it.total().to_string()).collect();
        assert_eq!(totals, ["5160.9"]);
    }
    if let Some(answer) = sample("query_daily_shape.json") {
        let world = World::of(vec![Answer::page(answer.to_string())]).await;
        let totals = known(world.query().await);
        assert_eq!(lines(&totals), ["2026-11-01 USD 2.10333307059661"]);
    }
    if let Some(answer) = sample("query_billingAccount_2023-11-01.json") {
        // It has no days: another question was asked.
        let world = World::of(vec![Answer::page(answer.to_string())]).await;
        let Err(Error::BadAnswer(what)) = world.query().await else { panic!("no days") };
        assert!(what.contains("not one column UsageDate among `PreTaxCost`"), "{what}");
    }
}

#[tokio::test]
async fn hidden_prices_and_contradictions_are_told_apart() {
    let sent = |utilized: u32, hidden: bool| {
        let properties = json!({
            "currency": "EUR  ", "beginningBalance": 10, "endingBalance": 8, "newPurchases": 0,
            "adjustments": 0, "utilized": utilized, "serviceOverage": 1, "chargesBilledSeparately": 0,
            "totalOverage": 1, "totalUsage": 3, "azureMarketplaceServiceCharges": 0,
            "priceHidden": hidden,
        });
        Answer::page(json!({ "properties": properties }).to_string())
    };
    let world = World::of(vec![sent(2, false), sent(2, true), sent(3, false)]).await;
    let balances = known(world.balances().await);
    assert_eq!((balances.total().to_string(), balances.currency), ("3".into(), "EUR".into()));
    let hidden = world.balances().await;
    assert!(matches!(hidden, Ok(Told::NotAvailable(Gap::PricesHidden))), "{hidden:?}");
    let Err(Error::BadAnswer(what)) = world.balances().await else { panic!("a contradiction") };
    assert!(what.contains("- utilized does not hold: 8 is not 7"), "{what}");
}
