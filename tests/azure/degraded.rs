//! Rows with unreadable fields, and regions that a cloud names in its own way, over real HTTP:
//! their money is counted.

use std::sync::Arc;

use azure_billing_exporter::billing::metric_families::{FAMILIES, Value};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::config::{Cloud, Config};
use azure_billing_exporter::source::{Access, ReadRequest, Source, read};

use crate::exporter::{Exporter, PATIENCE, client, config, november, published};
use crate::server::{Answer, Server};

#[tokio::test]
async fn a_page_with_half_a_surrogate_pair_is_read_at_once_and_counts_once() {
    let page = |name: &str| {
        let row = |name: &str| {
            format!(
                r#"{{"properties":{{"date":"2026-11-20","cost":1.5,"quantity":1,"billingCurrency":"EUR","resourceId":"/subscriptions/0/resourceGroups/a/providers/b/c/{name}","resourceName":"{name}"}}}}"#
            )
        };
        Answer::page(format!(r#"{{"value":[{},{}]}}"#, row("web"), row(name)))
    };
    for (sent, shown) in
        [(r"vm\ud83d", "vm\u{fffd}"), (r"v\qm", "v\u{fffd}m"), ("v\tm", "v\u{fffd}m")]
    {
        let server = Server::start(vec![page(sent)]).await;
        let mut exporter = Exporter::new(&config(&server.endpoint, "department: \"1\""), PATIENCE);
        assert!(exporter.poller.poll().await, "{sent}: {:?}", exporter.failure());
        assert_eq!(server.requests().len(), 1, "{sent}");
        let costs = exporter.costs();
        let of = |text: &str| costs.iter().filter(|line| line.contains(text)).count();
        assert!(of(&format!("=\"{shown}\"")) > 0, "{sent}: {costs:?}");
        let total = costs.last().expect("a cost of the scope");
        assert!(total.starts_with("azure_billing_scope_") && total.ends_with("} 3.0"), "{costs:?}");
    }
}

/// Returns the regions that a scope's cost is published for.
async fn regions(config: &Config, by_report: bool) -> Vec<String> {
    let client = client(config, PATIENCE, Arc::default());
    let (id, span, no_tags) = (&config.scopes[0].id, Span::Period(november()), Vec::new().into());
    let source = if by_report { Source::CostDetails } else { Source::UsageDetails };
    let access = Access::new(&client, id, &no_tags);
    let reading = read(&access, &ReadRequest::new(source, span)).await;
    let snapshot = published(reading.expect("a reading"), &Rules::default());
    let mut regions = Vec::new();
    for family in FAMILIES.iter().filter(|it| it.name == "azure_billing_location_pretax_cost") {
        family.each(&snapshot, &mut |labels, value| {
            assert!(matches!(value, Value::Exact(_)));
            regions.push(labels[0].to_owned());
        });
    }
    regions
}

#[tokio::test]
async fn a_region_is_named_as_its_cloud_means_it() {
    let list = r#"{"value":[{"properties":{"date":"2026-11-20","cost":1,"billingCurrency":"CNY","resourceLocation":"CH North"}}]}"#;
    let report = "Date,Cost,BillingCurrency,ResourceLocation\n11/20/2026,1,CNY,CH North\n";
    let manifest =
        r#"{"status":"Completed","manifest":{"blobs":[{"blobLink":"{{endpoint}}/file"}]}}"#;
    for cloud in Cloud::ALL {
        let region = match cloud {
            Cloud::China => "chinanorth",
            Cloud::Public | Cloud::UsGovernment => "switzerlandnorth",
        };
        for (by_report, script) in [(false, vec![list]), (true, vec![manifest, report])] {
            let server = Server::start(script.into_iter().map(Answer::page).collect()).await;
            let mut config = config(&server.endpoint, "department: \"1\"");
            config.azure.cloud = cloud;
            let regions = regions(&config, by_report).await;
            assert_eq!(regions, [region], "{}, by report: {by_report}", cloud.as_str());
        }
    }
}
