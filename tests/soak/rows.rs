//! The rows of the source, read one by one without faults, with the labels that the documents
//! promise.
//!
//! Nothing of the exporter is used: neither its parser nor its amounts, so that no bug of theirs
//! can cancel itself out.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use azure_billing_simulator::Money;
use http_body_util::BodyExt;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt;
use url::Url;

use crate::labels::{Labels, TAG_KEYS, named_after};
use crate::scopes::Scope;

/// A row: its day, its amounts, its labels.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) date: Date,
    pub(crate) cost: Money,
    pub(crate) quantity: Money,
    pub(crate) labels: Arc<Labels>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Row>,
    #[serde(rename = "nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    tags: serde_json::Value,
    properties: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    date: String,
    cost: Box<RawValue>,
    quantity: Box<RawValue>,
    billing_currency: String,
    resource_id: Option<String>,
    resource_name: Option<String>,
    resource_group: Option<String>,
    resource_location: Option<String>,
    consumed_service: Option<String>,
    subscription_id: String,
    subscription_name: String,
    invoice_section: String,
    account_name: String,
    cost_center: Option<String>,
    charge_type: String,
    frequency: String,
    publisher_type: String,
    pricing_model: Option<String>,
    product: Option<String>,
    product_order_id: Option<String>,
    reservation_id: Option<String>,
    meter_details: Option<Meter>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meter {
    meter_name: String,
    meter_category: String,
    meter_sub_category: String,
    unit_of_measure: String,
}

/// Returns all rows of some dates of a scope, as the router's source shows them now, with some
/// labels.
pub(crate) async fn read(
    router: &Router,
    scope: &Scope,
    (first, last): (Date, Date),
    labels: &[&'static str],
) -> Vec<Fact> {
    let link = format!(
        "http://127.0.0.1{}/providers/Microsoft.Consumption/usageDetails?api-version=2021-10-01&metric={}&$expand=meterDetails&$filter=properties/usageStart ge '{first}' and properties/usageEnd le '{last}'",
        scope.path(),
        scope.metric(),
    );
    let further = Labels::without_rules(labels);
    let (mut next, mut known, mut facts) = (Some(link), HashSet::new(), Vec::new());
    while let Some(link) = next.take() {
        let address = Url::parse(&link).expect("a link");
        let request = http::Request::get(address.as_str()).header("authorization", "Bearer x");
        let request = request.body(Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{link}");
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let page: Page = serde_json::from_slice(&body).expect("a page");
        facts.extend(page.value.into_iter().map(|row| fact(row, &further, &mut known)));
        next = page.next;
    }
    facts
}

fn fact(row: Row, further: &[&'static str], known: &mut HashSet<Arc<Labels>>) -> Fact {
    let sent: Properties = serde_json::from_str(row.properties.get()).expect("properties");
    let date = sent.date[..10].parse().expect("a date");
    let (cost, quantity) = (money(sent.cost.get()), money(sent.quantity.get()));
    let further = named_after(further, row.properties.get());
    let labels = Arc::new(Labels { further, ..labels(&sent, &row.tags) });
    let labels = match known.get(&labels) {
        Some(labels) => labels.clone(),
        None => {
            known.insert(labels.clone());
            labels
        }
    };
    Fact { date, cost, quantity, labels }
}

fn labels(sent: &Properties, tags: &serde_json::Value) -> Labels {
    let text = |sent: &Option<String>| sent.clone().unwrap_or_default();
    let id = text(&sent.resource_id).trim_end_matches('/').to_lowercase();
    let parts: Vec<&str> = id.split('/').collect();
    let (subscription_id, resource_group) = match parts[..] {
        ["", "subscriptions", subscription, "resourcegroups", group, ..] => (subscription, group),
        _ => (sent.subscription_id.as_str(), sent.resource_group.as_deref().unwrap_or_default()),
    };
    let nothing = Meter::default();
    let meter = sent.meter_details.as_ref().unwrap_or(&nothing);
    let category = Some(&meter.meter_category).filter(|category| !category.is_empty());
    let tag = |key: &str| tags.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let products = [&sent.product_order_id, &sent.reservation_id, &sent.product];
    let comes_again = sent.charge_type == "Purchase" && sent.frequency == "Recurring";
    Labels {
        subscription_id: subscription_id.to_lowercase(),
        resource_group: resource_group.to_lowercase(),
        instance_name: if id.is_empty() { String::new() } else { text(&sent.resource_name) },
        instance_id: id,
        subscription_name: sent.subscription_name.clone(),
        location: region(&text(&sent.resource_location)),
        currency: sent.billing_currency.clone(),
        unit: meter.unit_of_measure.clone(),
        department: sent.invoice_section.clone(),
        account: sent.account_name.clone(),
        cost_center: text(&sent.cost_center).to_uppercase(),
        service_name: category.cloned().unwrap_or_else(|| text(&sent.consumed_service)),
        subcategory: meter.meter_sub_category.clone(),
        meter: meter.meter_name.clone(),
        charge_type: charge_type(&sent.charge_type).to_owned(),
        publisher_type: sent.publisher_type.to_lowercase(),
        pricing_model: match sent.pricing_model.as_deref() {
            Some("OnDemand") => "on_demand".to_owned(),
            model => model.unwrap_or_default().to_lowercase(),
        },
        tags: TAG_KEYS.map(|key| tag(key).to_owned()),
        recurring: comes_again.then(|| {
            let named = products.into_iter().flatten().find(|name| !name.is_empty());
            named.cloned().unwrap_or_default()
        }),
        ..Labels::default()
    }
}

fn charge_type(sent: &str) -> &'static str {
    match sent {
        "Usage" => "usage",
        "Purchase" => "purchase",
        "Refund" => "refund",
        "UnusedReservation" => "unused_reservation",
        "RoundingAdjustment" => "rounding_adjustment",
        kind => panic!("the source has no charge type {kind}"),
    }
}

/// Returns the ARM name of a region in the spellings that the simulated bills use.
fn region(sent: &str) -> String {
    let squeezed = sent.to_lowercase().replace(' ', "");
    let name = match squeezed.as_str() {
        "useast2" => "eastus2",
        "euwest" => "westeurope",
        "uswest2" => "westus2",
        "uscentral" => "centralus",
        "eunorth" => "northeurope",
        "apsoutheast" => "southeastasia",
        "unassigned" => "global",
        name => name,
    };
    name.to_owned()
}

/// Reads a decimal number of JSON exactly: the source has no more than 15 decimals.
fn money(text: &str) -> Money {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().expect("an exponent")),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let units: i128 = format!("{whole}{fraction}").parse().expect("digits");
    let zeros = 15 + exponent - i32::try_from(fraction.len()).expect("a short text");
    let scale = 10_i128.pow(zeros.unsigned_abs());
    if zeros < 0 {
        assert_eq!(units % scale, 0, "{text} has more than 15 decimals");
        return Money::from_units(units / scale);
    }
    Money::from_units(units * scale)
}

/// Returns a text as the exposition writes it between quotes.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['\\', '"', '\n']) {
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").into()
    } else {
        text.into()
    }
}

#[test]
fn decimal_numbers_are_read_to_their_last_digit() {
    for (text, units) in [
        ("0", 0),
        ("3.0", 3_000_000_000_000_000),
        ("-12.5", -12_500_000_000_000_000),
        ("1.5E-05", 15_000_000_000),
        ("1E-15", 1),
        ("0.10000000000000000", 100_000_000_000_000),
    ] {
        assert_eq!(money(text), Money::from_units(units), "{text}");
    }
}
