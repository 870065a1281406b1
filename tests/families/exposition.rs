//! From pages of rows to the text that is scraped.

use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::metrics::{BuildFlags, Exposition, Format};
use azure_billing_exporter::status::{ScopeInfo, Status};
use azure_billing_exporter::store::ScopeStore;

use crate::list::List;
use crate::rows::{amount, at, charge, day, keep, usage};

/// Returns everything that is scraped of a store with a scope named shop.
fn scraped(scope_store: &ScopeStore, keys: &TagKeys) -> String {
    let id =
        ScopeId { scope_type: ScopeType::Department, id: "1".to_owned(), cost: CostType::Actual };
    let info = ScopeInfo { label: "shop".to_owned(), id: id.clone(), enrollment: None };
    let status = Arc::new(Status::new([info], Duration::from_secs(60)));
    let about = BuildFlags { demo: false, process: false };
    let exposition = Exposition::new(status, Arc::default(), about).expect("an exposition");
    let snapshot = scope_store.scope_totals.snapshot(&Rules::default(), keys, false);
    exposition.publish(&id, snapshot.expect("something was read")).expect("a text");
    exposition.scrape(Format::Text).expect("a text")
}

#[test]
fn rows_of_several_pages_are_scraped_as_what_they_add_up_to() {
    let keys: TagKeys = ["team".to_owned()].into();
    let web = |cost: &str| {
        Charge {
            instance_id: "/subscriptions/S1/resourceGroups/RG/x/Web".into(),
            location: "EU West".into(),
            quantity: amount("1.5"),
            unit: "1 Hour".into(),
            tags: vec![("Team".into(), "\"a\\b\"".into())],
            ..usage(cost)
        }
        .with(Column::ServiceName, "Compute")
    };
    let mut list = List::new(&keys).in_pages_of(2);
    for cost in ["0.1", "0.2", "0.3", "0.0000000000000000000000000001"] {
        list.add(day("2026-11-10"), &web(cost));
    }
    list.add(day("2026-11-11"), &charge(ChargeType::Purchase, "-7"));
    let mut scope_store = ScopeStore::default();
    let november = Period::of(day("2026-11-01"));
    keep(&mut scope_store, Span::Period(november), &list, at("2026-11-20T12:00:00Z"));
    let text = scraped(&scope_store, &keys);
    for line in [
        r#"azure_billing_instance_pretax_cost{scope="shop",subscription_id="",resource_group="",instance_id="",instance_name="",location="",currency="EUR"} -7.0"#,
        r#"azure_billing_instance_pretax_cost{scope="shop",subscription_id="s1",resource_group="rg",instance_id="/subscriptions/s1/resourcegroups/rg/x/web",instance_name="Web",location="westeurope",currency="EUR"} 0.6"#,
        r#"azure_billing_instance_usage_quantity{scope="shop",subscription_id="s1",resource_group="rg",instance_id="/subscriptions/s1/resourcegroups/rg/x/web",instance_name="Web",location="westeurope",unit="1 Hour"} 6.0"#,
        r#"azure_billing_scope_pretax_cost{scope="shop",charge_type="purchase",publisher_type="",pricing_model="",currency="EUR"} -7.0"#,
        r#"azure_billing_scope_pretax_cost{scope="shop",charge_type="usage",publisher_type="",pricing_model="",currency="EUR"} 0.6"#,
        r#"azure_billing_service_pretax_cost{scope="shop",subscription_id="s1",service_name="Compute",currency="EUR"} 0.6"#,
        r#"azure_billing_tag_pretax_cost{scope="shop",tag="team",value="\"a\\b\"",currency="EUR"} 0.6"#,
        r#"azure_billing_scope_daily_pretax_cost{scope="shop",date="2026-11-10",charge_type="usage",currency="EUR"} 0.6"#,
    ] {
        assert!(text.lines().any(|published| published == line), "no {line} in\n{text}");
    }
}
