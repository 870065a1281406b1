//! The exposition is the contract: the whole of it, for a fixed enrollment.

use std::path::Path;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::budget::{Budget, Grain, Only};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::metrics::Format;
use azure_billing_exporter::status::ControlSource;
use jiff::civil::date;

use crate::exporter::{Exporter, NOW, PATIENCE, config};
use crate::fixtures::fixture;
use crate::server::{Answer, Server};

/// Returns the previous period: usage that grows by the day, and a purchase that comes every month.
fn october() -> Answer {
    let row = |day: usize, rest: String| {
        format!(
            r#"{{"tags":{{"TEAM":"shop"}},"properties":{{"date":"2026-10-{day:02}T00:00:00Z","billingCurrency":"EUR","subscriptionId":"00000000-0000-0000-0000-000000000001","subscriptionName":"shop","invoiceSection":"Retail","accountName":"Stores","costCenter":"ret1",{rest}}}}}"#
        )
    };
    let usage = |day: usize| {
        row(
            day,
            format!(
                r#""chargeType":"Usage","publisherType":"Azure","pricingModel":"OnDemand","resourceGroup":"shop","cost":{}.5,"quantity":24,"meterDetails":{{"meterName":"D2","meterCategory":"Virtual Machines","meterSubCategory":"D","unitOfMeasure":"1 Hour"}}"#,
                day % 7
            ),
        )
    };
    let purchase = row(3, r#""chargeType":"Purchase","frequency":"Recurring","publisherType":"Marketplace","product":"Support","cost":99.9"#.to_owned());
    let rows: Vec<String> = (1..=31).map(usage).chain([purchase]).collect();
    Answer::page(format!(r#"{{"value":[{}]}}"#, rows.join(",")))
}

/// Returns rules with limits that fold, and a budget of each grain.
fn rules() -> Rules {
    let budget = |name: &str, grain, only| Budget {
        name: name.to_owned(),
        amount: Amount::parse("1000").expect("an amount").amount,
        currency: "EUR".to_owned(),
        grain,
        start: date(2026, 10, 1),
        only,
    };
    let shop = Only::Tag { key: "team".to_owned(), value: "shop".to_owned() };
    Rules {
        limits: Limits::default().with("instances", 6).with("subscriptions", 1),
        budgets: vec![budget("all", Grain::Month, Only::All), budget("shop", Grain::Quarter, shop)],
        ..Rules::default()
    }
}

async fn exposition(format: Format) -> String {
    // One page of each shape, so that every family has a sample.
    let link = r#"{"nextLink": "{{endpoint}}/three?id=3","#;
    let second = fixture("legacy_page_2.json").replacen('{', link, 1);
    let pages = [fixture("legacy_page_1.json"), second, fixture("old_shape_page.json")];
    let left = "x-ms-ratelimit-remaining-microsoft.consumption-tenant-requests";
    let pages = pages.map(|page| Answer::page(page).with(left, "9"));
    let server = Server::with_history(pages.to_vec(), october()).await;
    let scope = "billing_account: \"1000000\", name: contoso";
    let mut exporter =
        Exporter::with_rules(&config(&server.endpoint, scope), PATIENCE, rules(), &["team", "env"]);
    exporter.status.configured(NOW.parse().expect("a time"));
    exporter.status.serves_certificate_until(Some("2027-11-24T12:00:00Z".parse().expect("a time")));
    assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
    // The server has no totals of days. How it goes with them has labels of its own all the same.
    let scope = exporter.status.scopes()[0].info.id.clone();
    let now = NOW.parse().expect("a time");
    exporter.status.controlled(&scope, ControlSource::Query, now);
    let text = exporter.exposition.scrape(format).expect("an exposition");
    let lines = text.lines().map(|line| match line.split_once(' ') {
        // Values that differ between runs or builds.
        Some(("azure_billing_poll_duration_seconds{scope=\"contoso\"}", _)) => {
            "azure_billing_poll_duration_seconds{scope=\"contoso\"} 0.0".to_owned()
        }
        _ if line.starts_with("azure_billing_exporter_build_info{") => {
            "azure_billing_exporter_build_info{version=\"…\",revision=\"…\",rustversion=\"…\"} 1"
                .to_owned()
        }
        _ => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

/// Compares with a golden file. `UPDATE_GOLDEN=1` writes it anew; read the difference before you
/// commit it.
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure").join(name);
    #[expect(clippy::disallowed_methods, reason = "a switch for people, not for the program")]
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(&path, text).expect("the file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("a golden file");
    for (number, (is, was)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, was, "{name}, line {}", number + 1);
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "{name}");
}

#[tokio::test]
async fn the_exposition_in_text_0_0_4_is_the_golden_one() {
    assert_golden("golden.prom", &exposition(Format::Text).await);
}

#[tokio::test]
async fn the_exposition_in_openmetrics_differs_by_the_rules_of_the_format_alone() {
    let text = exposition(Format::Text).await;
    let expected = text.lines().map(as_openmetrics).chain(["# EOF".to_owned()]);
    let is = exposition(Format::OpenMetrics).await;
    assert_eq!(is.lines().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// Returns a line of text 0.0.4 as OpenMetrics has it: the family of a counter has no `_total`.
fn as_openmetrics(line: &str) -> String {
    let mut words: Vec<&str> = line.splitn(4, ' ').collect();
    if let ["#", _, name, _] = words.as_mut_slice() {
        *name = name.strip_suffix("_total").unwrap_or(name);
    }
    words.join(" ")
}

#[tokio::test]
async fn the_newest_usage_ends_with_the_newest_day_of_usage_and_never_in_the_future() {
    let row = |day: &str, kind: &str| {
        format!(
            r#"{{"properties":{{"date":"2026-11-{day}","cost":1,"billingCurrency":"EUR","chargeType":"{kind}"}}}}"#
        )
    };
    let end_of_the_20th = "2026-11-21T00:00:00Z";
    for (rows, newest) in [
        ([row("19", "Usage"), row("20", "Usage")], end_of_the_20th),
        ([row("20", "Usage"), row("22", "Purchase")], end_of_the_20th),
        ([row("20", "Usage"), row("23", "Usage")], NOW),
        ([row("20", "Usage"), row("24", "Usage")], end_of_the_20th),
        ([row("20", "Usage"), row("30", "Usage")], end_of_the_20th),
    ] {
        let page = Answer::page(format!(r#"{{"value":[{}]}}"#, rows.join(",")));
        let server = Server::start(vec![page]).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
        assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
        let text = exporter.exposition.scrape(Format::Text).expect("an exposition");
        let newest = newest.parse::<jiff::Timestamp>().expect("a time").as_second();
        let line = format!(
            "azure_billing_newest_usage_timestamp_seconds{{scope=\"department/1\"}} {newest}\n"
        );
        assert!(text.contains(&line), "{rows:?}: {line} is not in\n{text}");
    }
}
