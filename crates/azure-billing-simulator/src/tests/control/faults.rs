//! Faults of the totals, and those of the list that only totals can find.

use http::StatusCode;

use super::{
    super::{
        super::{ControlOptions, CostQuota, Fault, Options, RetryAfter, Step, Unauthorized},
        client::{Client, simulator},
    },
    ACCOUNT, lines_of, month, november,
    rows::total,
    with,
};

#[tokio::test]
async fn pages_are_lost_repeated_and_cut_without_a_sign() {
    let options = Options { resources: 100, ..with(ControlOptions::default()) };
    let (simulator, _) = simulator(options);
    let client = Client(simulator.router());
    let read = || client.dated(ACCOUNT, "2026-11-01", "2026-11-30");
    let all = read().await;
    let (pages, left) = (all.len() / 1000, all.len() % 1000);
    assert!(pages >= 3 && left > 0, "{}", all.len());
    for (fault, count) in [
        (Fault::LostPage, all.len() - 1000),
        (Fault::RepeatedPage, all.len() + 1000),
        (Fault::ShortPage { rows: 400 }, all.len() - 600),
    ] {
        simulator.script([None, Some(fault.clone())]);
        let rows = read().await;
        assert_eq!(rows.len(), count, "{fault:?}");
        assert_ne!(total(&rows, "USD"), total(&all, "USD"), "{fault:?}");
        assert_eq!(read().await.len(), all.len(), "once");
    }
    // The page before the last loses the last one, and is the last one then.
    let before_last = (1..pages).map(|_| None).chain([Some(Fault::LostPage)]);
    simulator.script(before_last);
    assert_eq!(read().await.len(), all.len() - left);
    assert_eq!(simulator.fault_counts()[&Fault::LostPage], 2);
}

#[tokio::test]
async fn each_total_fails_in_every_way() {
    let (simulator, _) = simulator(with(ControlOptions::default()));
    let client = Client(simulator.router());
    let department = ("department", "1001");
    let balances = month("202610", ACCOUNT, "balances");
    let charges = month("202610", department, "charges");
    let transactions = balances
        .replace("/billingPeriods/202610", "")
        .replace("balances", "reservationTransactions");
    let qpu = Fault::Throttled(RetryAfter::CostManagement(CostQuota::Qpu, 9));
    let faults = [
        (Fault::Unauthorized(Unauthorized::NoClaims), 401),
        (Fault::Forbidden, 403),
        (Fault::NotFound, 404),
        (Fault::NoContent, 204),
        (Fault::FailedDependency, 424),
        (qpu, 429),
        (Fault::Unavailable { seconds: 1 }, 503),
    ];
    for step in [Step::Query, Step::Balances, Step::Charges, Step::Transactions] {
        simulator.next_faults_at(step, faults.iter().map(|(fault, _)| fault.clone()));
        let ask = async || match step {
            Step::Query => client.query(department, &november()).await,
            Step::Balances => client.read(&balances).await,
            Step::Charges => client.read(&charges).await,
            _ => client.read(&transactions).await,
        };
        for (fault, status) in &faults {
            let answer = ask().await;
            assert_eq!(answer.status.as_u16(), *status, "{step:?} {fault:?}");
            if *status == 429 {
                let header = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after";
                assert_eq!(answer.headers[header], "9");
            }
        }
        assert_eq!(ask().await.status, StatusCode::OK, "{step:?}");
    }
    let steps = |step| simulator.requests().iter().filter(|asked| asked.step == Some(step)).count();
    assert_eq!([Step::Query, Step::Balances, Step::Charges, Step::List].map(steps), [8, 8, 8, 0]);
}

#[tokio::test]
async fn every_quota_of_cost_management_has_its_header() {
    let (simulator, _) = simulator(with(ControlOptions::default()));
    let client = Client(simulator.router());
    for (quota, waits) in [
        (CostQuota::Entity, &[("entity", "5")][..]),
        (CostQuota::Tenant, &[("tenant", "5")]),
        (CostQuota::ClientType, &[("clienttype", "5")]),
        (CostQuota::All, &[("qpu", "5"), ("entity", "1"), ("tenant", "1"), ("clienttype", "1")]),
    ] {
        let fault = Fault::Throttled(RetryAfter::CostManagement(quota, 5));
        simulator.next_faults_at(Step::Query, [fault]);
        let answer = client.query(ACCOUNT, &november()).await;
        for (name, wait) in waits {
            let header = format!("x-ms-ratelimit-microsoft.costmanagement-{name}-retry-after");
            assert_eq!(answer.headers[header], *wait, "{quota:?}");
        }
        assert_eq!(answer.headers.get("retry-after"), None);
    }
}

#[tokio::test]
async fn links_and_columns_of_a_query_go_wrong() {
    let control = ControlOptions { query_page: 9, ..ControlOptions::default() };
    let (simulator, _) = simulator(with(control));
    let client = Client(simulator.router());
    let (all, _) = client.lines(ACCOUNT, &november()).await;
    simulator.next_faults_at(
        Step::Query,
        [Fault::ForeignNextLink, Fault::RepeatedNextLink, Fault::UnknownColumns],
    );
    let link = |answer: &super::Answer| {
        answer.json()["properties"]["nextLink"].as_str().unwrap().to_owned()
    };
    let foreign = link(&client.query(ACCOUNT, &november()).await);
    assert!(foreign.starts_with("https://management.elsewhere.example.com/"));
    let repeated = link(&client.query(ACCOUNT, &november()).await);
    assert!(lines_of(&client.query(ACCOUNT, &november()).await)[0].contains_key("Amount"));
    let target = repeated.replace(super::BASE, "");
    for _ in 0..2 {
        let again = client.ask("POST", &target, true, november().to_string()).await;
        assert_eq!(link(&again), repeated, "for ever");
    }
    simulator.next_faults_at(Step::Query, [Fault::EmptyPageWithNextLink]);
    assert_eq!(client.lines(ACCOUNT, &november()).await.0, all);
}

#[tokio::test]
async fn hidden_prices_are_said_to_be_hidden() {
    let balances = month("202610", ACCOUNT, "balances");
    let hidden =
        |text: &str| text.contains("\"priceHidden\":true") && text.contains("\"totalUsage\":0,");
    let (shown, _) = simulator(with(ControlOptions::default()));
    let client = Client(shown.router());
    let good = client.read(&balances).await.text;
    assert!(good.contains("\"priceHidden\":false") && !good.contains("\"totalUsage\":0,"));
    shown.next_faults_at(Step::Balances, [Fault::PriceHidden]);
    assert!(hidden(&client.read(&balances).await.text));
    let option = ControlOptions { price_hidden: true, ..ControlOptions::default() };
    let policy = Options { hide_charges: true, ..with(ControlOptions::default()) };
    for options in [with(option), policy] {
        let client = Client(simulator(options).0.router());
        assert!(hidden(&client.read(&balances).await.text));
    }
}
