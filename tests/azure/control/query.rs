//! The query: what is asked, pages, and what is left of its quota.

use super::*;
use azure_billing_exporter::control::is_query_quota_scarce;
use azure_billing_exporter::status::QuotaUnit;

#[tokio::test]
async fn each_kind_of_scope_is_queried_through_its_billing_account() {
    const QUERY: &str = "providers/Microsoft.CostManagement/query?api-version=2025-03-01";
    const ACCOUNT: &str = "/providers/Microsoft.Billing/billingAccounts/1000000";
    let department = format!("{ACCOUNT}/departments/1234");
    let owner = format!("{ACCOUNT}/enrollmentAccounts/42");
    let subscription = "00000000-0000-0000-0000-000000000001";
    for (scope, account, path) in [
        (account(), None, ACCOUNT.to_owned()),
        (scope(ScopeType::Department, "1234"), Some("1000000"), department),
        (scope(ScopeType::EnrollmentAccount, "42"), Some("1000000"), owner),
        (
            scope(ScopeType::Subscription, subscription),
            None,
            format!("/subscriptions/{subscription}"),
        ),
    ] {
        let world = World::of(vec![no_cost()]).await;
        let access = world.access(&scope, account);
        let totals = known(query(&access, NOVEMBER).await);
        assert_eq!((totals.calls, totals.costs.len(), totals.asked), (1, 0, NOVEMBER));
        assert_eq!(world.lines(), [format!("POST {path}/{QUERY}")]);
        let request = &world.server.requests()[0];
        assert!(request.to_lowercase().contains("clienttype: azure-billing-exporter"), "{request}");
        assert!(request.contains(r#""type":"ActualCost""#), "{request}");
    }
}

#[tokio::test]
async fn a_billing_account_of_the_rows_cannot_change_the_address() {
    let world = World::of(vec![no_cost()]).await;
    let department = scope(ScopeType::Department, "1234");
    let access = world.access(&department, Some("1/../../x?y#z"));
    known(query(&access, NOVEMBER).await);
    let expected = "POST /providers/Microsoft.Billing/billingAccounts/1%2F..%2F..%2Fx%3Fy%23z/departments/1234/providers/Microsoft.CostManagement/query?api-version=2025-03-01";
    assert_eq!(world.lines(), [expected]);
}

#[tokio::test]
async fn further_pages_are_posted_with_the_same_body_and_add_up() {
    let link = "{{endpoint}}/next?api-version=2025-03-01&$skiptoken=AQ%3D%3D";
    let first = json!([[0.1, 20_261_101, "EUR"], [1.5E-5, 20_261_102, "EUR"]]);
    let second = json!([[0.2, 20_261_101, "eur "], [-3, 20_261_101, "USD"]]);
    let world = World::of(vec![page(Some(link), &first), page(None, &second)]).await;
    let totals = known(world.query().await);
    assert_eq!(
        lines(&totals),
        ["2026-11-01 EUR 0.3", "2026-11-01 USD -3", "2026-11-02 EUR 0.000015"]
    );
    assert_eq!(totals.calls, 2);
    let requests = world.server.requests();
    let body = |request: &String| request.split("\r\n\r\n").nth(1).map(str::to_owned);
    assert_eq!(body(&requests[0]), body(&requests[1]));
    let next = "POST /next?api-version=2025-03-01&$skiptoken=AQ%3D%3D";
    assert_eq!(world.lines()[1..], [next]);
}

#[tokio::test]
async fn pages_that_lead_elsewhere_or_do_not_end_are_refused() {
    let rows = json!([[1, 20_261_101, "EUR"]]);
    let link = |link: &str| page(Some(link), &rows);
    let here = "{{endpoint}}/providers/Microsoft.Billing/billingAccounts/1000000/providers/Microsoft.CostManagement/query?api-version=2025-03-01";
    for (script, calls, says) in [
        (vec![link("https://example.com/next")], 1, "nextLink leads to example.com"),
        (vec![link("http://127.0.0.1:1/next")], 1, "nextLink leads to 127.0.0.1"),
        (vec![link(here)], 1, "page 1 of the query: it links to an earlier page"),
        (
            vec![link("{{endpoint}}/a"), link("{{endpoint}}/b"), link("{{endpoint}}/a")],
            3,
            "page 3 of the query: it links to an earlier page",
        ),
        (
            vec![link("{{endpoint}}/a"), Answer::status(204, "")],
            2,
            "page 2 of the query: it is missing (HTTP 204)",
        ),
        (
            (0..200).map(|page| link(&format!("{{{{endpoint}}}}/{page}"))).collect(),
            100,
            "more than 100 pages",
        ),
        (
            vec![page(None, &json!([[1, 20_251_101, "EUR"]]))],
            1,
            "row 1: 2025-11-01 was not asked for, but 2026-11-01..2026-11-30",
        ),
    ] {
        let world = World::of(script).await;
        let Err(Error::BadAnswer(what)) = world.query().await else { panic!("{says}") };
        assert!(what.contains(says), "{what}");
        assert_eq!(world.lines().len(), calls, "{what}");
        assert!(!what.contains("a-token"), "{what}");
    }
}

#[tokio::test]
async fn calls_are_counted_and_what_is_left_of_the_quota_is_known() {
    const UNITS: &str = "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining";
    let answer = |left: &str| no_cost().with(UNITS, left);
    let world = World::of(vec![
        no_cost(),
        answer("QueriesPerHour:577,QueriesPerMin:59,QueriesPer10Sec:11"),
        refused(404, "NotFound", "x").with(UNITS, "QueriesPerHour:199,QueriesPerMin:0"),
    ])
    .await;
    let scarce = || is_query_quota_scarce(&world.client);
    known(world.query().await);
    assert!(!scarce() && world.calls.counts().quotas.is_empty(), "nothing is known");
    known(world.query().await);
    let counts = world.calls.counts();
    let quotas: Vec<_> = counts.quotas.iter().map(|(api, left)| (api.as_str(), left)).collect();
    let [("query", quota)] = quotas.as_slice() else { panic!("{quotas:?}") };
    assert_eq!((quota.left, quota.whole, quota.unit), (577, 600, QuotaUnit::QueryUnits));
    assert!(!scarce());
    assert!(world.query().await.is_err());
    assert!(scarce(), "199 of 600 is less than a third");
    let requests = world.calls.counts().requests;
    let requests = requests.iter().map(|((api, code), n)| format!("{} {code} {n}", api.as_str()));
    assert_eq!(requests.collect::<Vec<_>>(), ["query 200 2", "query 404 1"]);
}
