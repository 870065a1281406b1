//! Totals that Azure refuses, has not or gives late: the same for each of the calls.

use super::*;

#[tokio::test]
async fn each_refusal_has_its_reason_and_its_remedy() {
    let secret = "see https://example.com/x?sig=planted";
    for (fault, says, remedy, calls) in [
        (
            refused(401, "401", "No claims present for the caller in the system"),
            "not allowed: HTTP 401 \"No claims present for the caller in the system\"",
            "assign EnrollmentReader",
            2,
        ),
        (
            refused(401, "InvalidAuthenticationToken", "x"),
            "not authenticated: HTTP 401",
            "check azure.auth",
            2,
        ),
        (refused(403, "RBACAccessDenied", secret), "not allowed: HTTP 403", "EnrollmentReader", 1),
        (refused(404, "InvalidResourceType", "x"), "not found: HTTP 404", "check the type", 1),
        (
            refused(424, "FailedDependency", "x"),
            "not supported: HTTP 424 FailedDependency \"x\"",
            "Enterprise Agreement",
            1,
        ),
        (
            refused(429, "429", "Too many requests.").with("retry-after", "3600"),
            "throttled: HTTP 429 \"Too many requests.\"; next call in 3600 s",
            "requests_per_minute",
            1,
        ),
        (refused(400, "BadRequest", "x"), "bad answer: HTTP 400 BadRequest \"x\"", "report", 1),
        (Answer::status(202, ""), "bad answer: HTTP 202", "report", 1),
        (Answer::page("<html>sign in</html>"), "bad answer: ", "report", 1),
        (Answer::status(302, "").with("location", "{{endpoint}}/x"), "redirect is refused", "", 1),
        (Answer::Reset, "unavailable: ", "tries again", 3),
    ] {
        for call in ["query", "balances", "charges"] {
            let world = World::of(vec![fault.clone()]).await;
            let error = match call {
                "query" => world.query().await.err(),
                "balances" => world.balances().await.err(),
                _ => world.charges().await.err(),
            };
            let error = error.expect("an error");
            let what = error.to_string();
            assert!(what.contains(says), "{call}: {what}");
            assert!(error.remedy().contains(remedy), "{call}: {}", error.remedy());
            assert!(!what.contains("planted") && !what.contains("a-token"), "{what}");
            assert_eq!(world.lines().len(), calls, "{call}: {what}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_passes_costs_a_second_try() {
    let rows = json!([[1, 20_261_101, "EUR"]]);
    for fault in [
        Answer::status(500, ""),
        Answer::Reset,
        Answer::status(429, "").with("retry-after", "0"),
        refused(401, "ExpiredAuthenticationToken", "expired"),
    ] {
        let world = World::of(vec![fault, page(None, &rows)]).await;
        assert_eq!(lines(&known(world.query().await)), ["2026-11-01 EUR 1"]);
        assert_eq!(world.lines().len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_allowed_is_given_up() {
    let world = World::of(vec![Answer::Stall]).await;
    let account = account();
    let access =
        ControlAccess { longest: Duration::from_millis(200), ..world.access(&account, None) };
    let late = query(&access, NOVEMBER).await;
    assert!(matches!(late, Err(Error::Timeout(_))), "{late:?}");
}

#[tokio::test]
async fn no_data_is_no_total_of_zero() {
    let world = World::of(vec![Answer::status(204, "")]).await;
    assert!(matches!(world.query().await, Ok(Told::NoData)));
    assert!(matches!(world.balances().await, Ok(Told::NoData)));
    assert!(matches!(world.charges().await, Ok(Told::NoData)));
    assert_eq!(world.lines().len(), 3);
    let empty = World::of(vec![Answer::page(r#"{"value":[]}"#)]).await;
    assert!(matches!(empty.charges().await, Ok(Told::NoData)));
}

#[tokio::test]
async fn a_total_without_a_way_to_it_costs_no_call() {
    let world = World::of(vec![no_cost()]).await;
    let [department, owner] = [(ScopeType::Department, "1"), (ScopeType::EnrollmentAccount, "1")]
        .map(|(scope_type, id)| scope(scope_type, id));
    for scope in [&department, &owner] {
        for account in [None, Some("")] {
            let access = world.access(scope, account);
            let unknown = query(&access, NOVEMBER).await;
            assert!(matches!(unknown, Ok(Told::NotAvailable(Gap::AccountUnknown))), "{unknown:?}");
            let unknown = charges(&access, None).await;
            assert!(matches!(unknown, Ok(Told::NotAvailable(Gap::AccountUnknown))), "{unknown:?}");
        }
        let other = balances(&world.access(scope, Some("1000000")), None).await;
        assert!(matches!(other, Ok(Told::NotAvailable(Gap::OtherScope))), "{other:?}");
    }
    let amortized = ScopeId { cost: CostType::Amortized, ..account() };
    let other = balances(&world.access(&amortized, None), None).await;
    assert!(matches!(other, Ok(Told::NotAvailable(Gap::OtherScope))), "{other:?}");
    let other = charges(&world.access(&account(), None), None).await;
    assert!(matches!(other, Ok(Told::NotAvailable(Gap::OtherScope))), "{other:?}");
    assert!(world.lines().is_empty());
}
