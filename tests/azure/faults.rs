//! Faults, each through a real socket: each has the right reason, a log line that a user can act
//! on, and leaves the costs as they were.

use std::time::Duration;

use azure_billing_exporter::azure::Timeouts;
use azure_billing_exporter::metrics::Format;

use crate::exporter::{Exporter, PATIENCE, config, with_token_file};
use crate::server::{Answer, Server};

const GOOD: &str = r#"{"value":[{"properties":{"date":"2026-11-20","cost":12.5,"quantity":2,"billingCurrency":"EUR"}}]}"#;

fn good() -> Answer {
    Answer::page(GOOD)
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::status(status, &format!(r#"{{"error":{{"code":"{code}","message":"{message}"}}}}"#))
}

/// Returns enough rows for a page that can be cut in its middle.
fn rows(count: usize) -> String {
    let row =
        r#"{"properties":{"date":"2026-11-20","cost":0.1,"quantity":1,"billingCurrency":"EUR"}}"#;
    vec![row; count].join(",")
}

/// Polls once well, then into a fault. Returns the reason, text and requests of the second poll.
async fn poll_into(fault: Vec<Answer>) -> (String, String, usize) {
    let mut script = vec![good()];
    script.extend(fault);
    let server = Server::start(script).await;
    let mut exporter =
        Exporter::new(&config(&server.endpoint, "department: \"1234\", name: shop"), PATIENCE);
    assert!(exporter.poller.poll().await, "the first poll: {:?}", exporter.failure());
    let costs = exporter.costs();
    assert!(costs.iter().any(|line| line.ends_with("} 12.5")), "{costs:?}");
    let asked = server.requests().len();
    assert!(!exporter.poller.poll().await, "the second poll must fail");
    assert_eq!(exporter.costs(), costs, "a failed poll changes no cost");
    let (reason, what) = exporter.failure().expect("a failure");
    let text = exporter.exposition.scrape(Format::Text).expect("an exposition");
    let counted =
        format!("azure_billing_poll_failures_total{{scope=\"shop\",reason=\"{reason}\"}} 1");
    assert!(text.contains(&counted), "{counted} is not in\n{text}");
    assert!(text.contains("azure_billing_poll_success{scope=\"shop\"} 0.0"), "{text}");
    assert!(what.contains("What to do: "), "{what}");
    (reason, what, server.requests().len() - asked)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn each_fault_that_lasts_ends_in_its_reason() {
    let link = |link: &str| Answer::page(format!(r#"{{"nextLink":"{link}","value":[]}}"#));
    for (fault, reason, says, requests) in [
        (
            error(401, "ExpiredAuthenticationToken", "expired"),
            "auth",
            "HTTP 401 ExpiredAuthenticationToken \"expired\"",
            2,
        ),
        (
            error(401, "401", "No claims present for the caller in the system"),
            "forbidden",
            "EnrollmentReader",
            2,
        ),
        (error(401, "DepartmentCostDisabled", "off"), "forbidden", "view charges", 1),
        (
            error(403, "RBACAccessDenied", "no"),
            "forbidden",
            "object id of the enterprise application",
            1,
        ),
        (
            Answer::status(404, r#"{"code":"NotFound","message":"no such department"}"#),
            "not_found",
            "no such department",
            1,
        ),
        (error(400, "AccountCostDisabled", "off"), "forbidden", "view charges", 1),
        (error(400, "AuthorizationFailed", "no"), "forbidden", "EnrollmentReader", 1),
        (error(400, "ServerTimeout", "busy"), "timeout", "HTTP 400 ServerTimeout", 3),
        (
            error(400, "429", "Too many requests.").with("retry-after", "3600"),
            "throttled",
            "next call in 3600 s",
            1,
        ),
        (error(400, "BadRequest", "no"), "bad_answer", "HTTP 400 BadRequest", 1),
        (
            Answer::status(400, "<html>The request is badly formed.</html>"),
            "bad_answer",
            "badly formed",
            1,
        ),
        (
            error(429, "429", "Too many requests.").with("retry-after", "3600"),
            "throttled",
            "next call in 3600 s",
            1,
        ),
        (
            error(503, "x", "busy")
                .with("x-ms-ratelimit-microsoft.consumption-tenant-retry-after", "7200"),
            "throttled",
            "7200",
            1,
        ),
        (
            error(500, "InternalServerError", "internal"),
            "unavailable",
            "HTTP 500 InternalServerError",
            3,
        ),
        (
            Answer::status(502, "<html>bad gateway</html>"),
            "unavailable",
            "HTTP 502 \"<html>bad gateway</html>\"",
            3,
        ),
        (Answer::status(503, ""), "unavailable", "HTTP 503", 3),
        (Answer::Reset, "unavailable", "unavailable: ", 3),
        (Answer::Stall, "timeout", "no complete answer within", 3),
        (Answer::Trickle, "timeout", "no complete answer within", 3),
        (Answer::Cut(GOOD.into()), "unavailable", "unavailable: ", 3),
        (Answer::page("<html>sign in</html>"), "bad_answer", "expected value at line 1", 3),
        (Answer::page(""), "bad_answer", "page 1 of 0 bytes", 3),
        (Answer::page("{}"), "bad_answer", "no `value` in the answer", 3),
        (
            Answer::page(r#"{"value":[{"properties":{"cost":"dear"}}]}"#),
            "bad_answer",
            "row 1 of the page: cost",
            3,
        ),
        (
            Answer::page(r#"{"value":[{"properties":{"cost":1e400}}]}"#),
            "bad_answer",
            "more than 30 digits",
            3,
        ),
        (
            Answer::page(
                r#"{"value":[{"properties":{"cost":1}},{"properties":{"quantity":NaN}}]}"#,
            ),
            "bad_answer",
            "after row 1",
            3,
        ),
        (
            // If it were repaired, its cost would fail too; the first error is reported.
            Answer::page(r#"{"value":[{"properties":{"resourceName":"\q","cost":"dear"}}]}"#),
            "bad_answer",
            "invalid escape",
            3,
        ),
        (
            Answer::page(r#"{"value":[{"properties":{"cost":1,"date":"yesterday"}}]}"#),
            "bad_answer",
            "none of 1 rows has a date that can be read",
            1,
        ),
        (
            Answer::page(r#"{"value":[{"properties":{"date":"2026-11-10"}}]}"#),
            "bad_answer",
            "none of 1 rows has a cost",
            1,
        ),
        (Answer::page(format!("{{\"value\":[{}", rows(500))), "bad_answer", "after row 500", 3),
        (link("https://example.com/next"), "bad_answer", "leads to example.com", 1),
        (link("http://127.0.0.1:1/next"), "bad_answer", "leads to 127.0.0.1", 1),
        (link("{{endpoint}}/again?id=1"), "bad_answer", "links to an earlier page", 2),
        (
            Answer::status(302, "").with("location", "{{endpoint}}/elsewhere"),
            "bad_answer",
            "redirect is refused",
            1,
        ),
        (
            Answer::status(307, "").with("location", "http://example.com/"),
            "bad_answer",
            "redirect is refused",
            1,
        ),
    ] {
        let case = format!("{fault:?}");
        let case = &case[..case.len().min(150)];
        let (got, what, asked) = poll_into(vec![fault.clone()]).await;
        assert_eq!((got.as_str(), asked), (reason, requests), "{case}: {what}");
        assert!(what.contains(says), "{case}: {what}");
        assert!(!what.contains("a-token"), "{what}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unavailable() {
    let nobody =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let mut exporter =
        Exporter::new(&config(&format!("http://{nobody}"), "department: \"1\""), PATIENCE);
    assert!(!exporter.poller.poll().await);
    let (reason, what) = exporter.failure().expect("a failure");
    assert_eq!(reason, "unavailable");
    assert!(what.contains("onnection refused"), "{what}");
}

#[tokio::test]
async fn a_fault_that_passes_costs_a_second_try_and_no_money() {
    let quick = |fault: Answer| fault.with("retry-after", "0");
    for fault in [
        Answer::Reset,
        Answer::Stall,
        Answer::Cut(GOOD.into()),
        Answer::status(500, ""),
        quick(Answer::status(429, "")),
        quick(Answer::status(503, "")),
        error(401, "ExpiredAuthenticationToken", "expired"),
        Answer::page(&GOOD[..GOOD.len() - 2]),
    ] {
        let server = Server::start(vec![fault.clone(), good()]).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
        assert!(exporter.poller.poll().await, "{fault:?}: {:?}", exporter.failure());
        assert_eq!(server.requests().len(), 2, "{fault:?}");
        let costs = exporter.costs();
        assert!(costs.iter().any(|line| line.ends_with("currency=\"EUR\"} 12.5")), "{costs:?}");
    }
}

#[tokio::test]
async fn a_page_cut_in_its_middle_and_then_served_whole_counts_once() {
    let first = Answer::page(r#"{"nextLink":"{{endpoint}}/two?id=1","value":[]}"#);
    let whole = format!("{{\"value\":[{}]}}", rows(1000));
    let cut = format!("{{\"value\":[{}", rows(500));
    let undisturbed = sum(vec![first.clone(), Answer::page(&whole)], 2).await;
    assert!(undisturbed.iter().any(|line| line.ends_with("} 100.0")), "{undisturbed:?}");
    let disturbed =
        sum(vec![first, Answer::page(&cut), Answer::Cut(cut), Answer::page(&whole)], 4).await;
    assert_eq!(disturbed, undisturbed);
}

async fn sum(script: Vec<Answer>, requests: usize) -> Vec<String> {
    let server = Server::start(script).await;
    let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
    assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
    assert_eq!(server.requests().len(), requests);
    exporter.costs()
}

#[tokio::test]
async fn no_content_is_an_empty_success() {
    let server =
        Server::start(vec![good(), Answer::status(204, ""), Answer::status(204, "")]).await;
    let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
    assert!(exporter.poller.poll().await);
    assert!(!exporter.costs().is_empty());
    assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
    assert!(!exporter.costs().is_empty(), "so much less is not believed at once");
    assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
    assert!(exporter.costs().is_empty(), "the days are read again, and nothing is there");
}

#[tokio::test]
async fn links_without_end_are_given_up() {
    let next = |number: u64| {
        Answer::page(format!(r#"{{"nextLink":"{{{{endpoint}}}}/next?id={number}","value":[]}}"#))
    };
    let server = Server::start((0..10_001).map(next).collect()).await;
    let mut exporter = Exporter::new(
        &config(&server.endpoint, "department: \"1\", read: usage_details"),
        PATIENCE,
    );
    assert!(!exporter.poller.poll().await);
    let (reason, what) = exporter.failure().expect("a failure");
    assert_eq!(reason, "bad_answer");
    assert!(what.contains("more than 10000 pages"), "{what}");
    assert_eq!(server.requests().len(), 10_000);
}

#[tokio::test]
async fn a_body_larger_than_any_page_is_refused_before_it_is_whole() {
    let blanks = " ".repeat(65 * 1024 * 1024);
    let timeouts = Timeouts { answer: Duration::from_secs(60), ..PATIENCE };
    let server = Server::start(vec![Answer::page(blanks)]).await;
    let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), timeouts);
    assert!(!exporter.poller.poll().await);
    let (reason, what) = exporter.failure().expect("a failure");
    assert_eq!(reason, "bad_answer");
    assert!(what.contains("larger than 64 MiB"), "{what}");
}

#[tokio::test]
async fn usage_that_is_all_free_is_taken_for_hidden_charges() {
    let free = |count: usize| {
        let row =
            r#"{"properties":{"date":"2026-11-20","cost":0,"quantity":1,"billingCurrency":"EUR"}}"#;
        Answer::page(format!("{{\"value\":[{}]}}", vec![row; count].join(",")))
    };
    let (reason, what, _) = poll_into(vec![free(100)]).await;
    assert_eq!(reason, "forbidden");
    assert!(what.contains("view charges"), "{what}");
    let server = Server::start(vec![free(99)]).await;
    let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
    assert!(exporter.poller.poll().await, "a few free rows are free");
    assert!(exporter.costs().iter().any(|line| line.ends_with("currency=\"EUR\"} 0.0")));
}

#[tokio::test]
async fn while_azure_wants_to_be_left_alone_for_long_polls_fail_at_once_and_ask_nothing() {
    let busy = error(429, "429", "Too many requests.").with("retry-after", "3600");
    let server = Server::start(vec![busy, good()]).await;
    let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
    for _ in 0..3 {
        assert!(!exporter.poller.poll().await);
        let (reason, what) = exporter.failure().expect("a failure");
        assert_eq!(reason, "throttled");
        assert!(what.contains("next call in 3"), "{what}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_missing_for_a_moment_costs_no_page_that_was_read() {
    let first = r#"{"nextLink":"{{endpoint}}/two?id=1","value":[]}"#;
    // Leaves time to remove the token before the second page is requested.
    let first = Answer::Slow(first.to_owned(), Duration::from_millis(300));
    let server = Server::start(vec![first, good()]).await;
    let token = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(token.path(), "a-token").expect("the file can be written");
    let config = with_token_file(&server.endpoint, token.path());
    let timeouts = Timeouts { tries: 12, ..PATIENCE };
    let mut exporter = Exporter::new(&config, timeouts);
    let gone = token.path().with_extension("gone");
    let hide_and_restore = async {
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::rename(token.path(), &gone).expect("the token goes");
        tokio::time::sleep(Duration::from_millis(500)).await;
        std::fs::rename(&gone, token.path()).expect("the token comes back");
    };
    let (polled, ()) = tokio::join!(exporter.poller.poll(), hide_and_restore);
    assert!(polled, "{:?}", exporter.failure());
    assert_eq!(server.requests().len(), 2, "no page is read twice");
    // On a first page the error is reported at once.
    std::fs::rename(token.path(), &gone).expect("the token goes");
    assert!(!exporter.poller.poll().await);
    assert_eq!(exporter.failure().expect("a failure").0, "auth");
    assert_eq!(server.requests().len(), 2);
    std::fs::rename(&gone, token.path()).expect("the token comes back");
}

#[tokio::test]
async fn a_list_that_breaks_off_without_content_is_asked_for_once_more() {
    let first = || {
        Answer::page(
            r#"{"nextLink":"{{endpoint}}/two?id=1","value":[{"properties":{"date":"2026-11-20","cost":8,"billingCurrency":"EUR"}}]}"#,
        )
    };
    let second = Answer::page(
        r#"{"value":[{"properties":{"date":"2026-11-20","cost":1,"billingCurrency":"EUR"}}]}"#,
    );
    let empty = || Answer::status(204, "");
    for (script, cost) in [
        (vec![first(), empty(), second], "} 9.0"),
        // Received twice, it is the end.
        (vec![first(), empty(), empty()], "} 8.0"),
    ] {
        let costs = sum(script, 3).await;
        assert!(costs.last().expect("a cost").ends_with(cost), "{costs:?}");
    }
}
