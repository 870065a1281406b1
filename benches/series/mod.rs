//! A scope with any number of resources, made without Azure: two series each.

use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::charge::Charge;
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::{DayBucket, TagKeys};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::snapshot::Snapshot;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::ingest::SpillBuffer;
use azure_billing_exporter::metrics::{BuildFlags, Exposition};
use azure_billing_exporter::status::ApiCalls;
use azure_billing_exporter::status::{ScopeInfo, Status};
use azure_billing_exporter::store::{CompletedRead, RetentionPolicy, ScopeStore};
use jiff::SignedDuration;
use jiff::civil::date;

/// Returns the totals of a scope that has read some resources, and the rules by which they are
/// published.
pub(crate) fn read(resources: usize) -> (ScopeStore, Rules) {
    let keys: TagKeys = Vec::new().into();
    let mut rows = SpillBuffer::new(&keys);
    for number in 0..resources {
        let group = number / 20;
        let id = format!(
            "/subscriptions/00000000-0000-0000-0000-{:012}/resourceGroups/rg-{group:06}/providers/Microsoft.Compute/virtualMachines/vm-{number:07}",
            group % 200
        );
        let cost = format!("{}.{:06}", number % 977, number * 7919 % 1_000_000);
        let amount = |text: &str| Amount::parse(text).expect("an amount").amount;
        let charge = Charge {
            cost: amount(&cost),
            quantity: amount("24"),
            currency: "EUR".into(),
            unit: "1 Hour".into(),
            instance_id: id.into(),
            location: ["westeurope", "northeurope", "eastus2"][number % 3].into(),
            ..Charge::default()
        }
        .with(Column::ServiceName, "Virtual Machines")
        .with(Column::Meter, ["D2s v3", "D4s v3"][number % 2]);
        rows.push(&charge, DayBucket::own(date(2026, 11, 1)));
        if number % 1000 == 999 {
            rows.commit_page();
        }
    }
    rows.commit_page();
    let began = "2026-11-20T12:00:00Z".parse().expect("a time");
    let span = Span::Period(Period::of(date(2026, 11, 1)));
    let answer = CompletedRead { span, rows, facts: Default::default(), began };
    let keeping = RetentionPolicy {
        since: date(2026, 11, 1),
        complete_after: SignedDuration::from_hours(72),
    };
    let mut scope_store = ScopeStore::default();
    scope_store.keep(&answer, &[], keeping).expect("room");
    let limits =
        Limits::default().with("instances", usize::MAX).with("resource_groups", usize::MAX);
    (scope_store, Rules { limits, ..Rules::default() })
}

/// Returns the snapshot that is published of such a scope.
pub(crate) fn snapshot((scope_store, rules): &(ScopeStore, Rules)) -> Snapshot {
    scope_store.scope_totals.snapshot(rules, &Vec::new().into(), true).expect("a reading")
}

/// Returns the id of the scope.
pub(crate) fn scope() -> ScopeId {
    ScopeId { scope_type: ScopeType::BillingAccount, id: "1".to_owned(), cost: CostType::Actual }
}

/// Returns a new exposition to publish to.
pub(crate) fn exposition() -> Exposition {
    let info = ScopeInfo { label: "contoso".to_owned(), id: scope(), enrollment: None };
    let status = Arc::new(Status::new([info], Duration::from_secs(3600)));
    let about = BuildFlags { demo: false, process: false };
    Exposition::new(status, Arc::<ApiCalls>::default(), about).expect("an exposition")
}
