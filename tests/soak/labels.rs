//! The labels of a row, and where those come from that have no rules of their own.

use std::collections::{BTreeMap, HashMap};

/// The tag keys that are configured.
pub(crate) const TAG_KEYS: [&str; 2] = ["team", "env"];

/// All parts of a row that labels are made of, normalised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Labels {
    pub(crate) instance_id: String,
    pub(crate) instance_name: String,
    pub(crate) subscription_id: String,
    pub(crate) subscription_name: String,
    pub(crate) resource_group: String,
    pub(crate) location: String,
    pub(crate) currency: String,
    pub(crate) unit: String,
    pub(crate) department: String,
    pub(crate) account: String,
    pub(crate) cost_center: String,
    pub(crate) service_name: String,
    pub(crate) subcategory: String,
    pub(crate) meter: String,
    pub(crate) charge_type: String,
    pub(crate) publisher_type: String,
    pub(crate) pricing_model: String,
    /// The values in the order of [`TAG_KEYS`].
    pub(crate) tags: [String; TAG_KEYS.len()],
    /// The product that recurs each month, if any.
    pub(crate) recurring: Option<String>,
    /// The properties that further labels are named after, as they are sent.
    pub(crate) further: BTreeMap<&'static str, String>,
}

impl Labels {
    pub(crate) fn get(&self, label: &str) -> &str {
        let own = self.own(label);
        let value = own.or_else(|| self.further.get(label).map(String::as_str));
        value.unwrap_or_else(|| panic!("no label of a row: {label}"))
    }

    /// Returns the value of a label that has rules of its own.
    fn own(&self, label: &str) -> Option<&str> {
        Some(match label {
            "instance_id" => &self.instance_id,
            "instance_name" => &self.instance_name,
            "subscription_id" => &self.subscription_id,
            "subscription_name" => &self.subscription_name,
            "resource_group" => &self.resource_group,
            "location" => &self.location,
            "currency" => &self.currency,
            "unit" => &self.unit,
            "department" => &self.department,
            "account" => &self.account,
            "cost_center" => &self.cost_center,
            "service_name" => &self.service_name,
            "subcategory" => &self.subcategory,
            "meter" => &self.meter,
            "charge_type" => &self.charge_type,
            "publisher_type" => &self.publisher_type,
            "pricing_model" => &self.pricing_model,
            _ => return None,
        })
    }

    /// Returns those of some labels that have no rules of their own.
    pub(crate) fn without_rules(labels: &[&'static str]) -> Vec<&'static str> {
        let nothing = Self::default();
        labels.iter().copied().filter(|label| nothing.own(label).is_none()).collect()
    }
}

/// Returns the texts of the properties that labels are named after: `billing_profile` after
/// `billingProfile`.
pub(crate) fn named_after(
    labels: &[&'static str],
    properties: &str,
) -> BTreeMap<&'static str, String> {
    if labels.is_empty() {
        return BTreeMap::new();
    }
    let sent: HashMap<String, serde_json::Value> =
        serde_json::from_str(properties).expect("properties");
    let value = |label: &str| {
        let text = sent.get(&in_camel_case(label)).and_then(|value| value.as_str());
        text.unwrap_or_default().trim().to_owned()
    };
    labels.iter().map(|&label| (label, value(label))).collect()
}

fn in_camel_case(label: &str) -> String {
    let mut parts = label.split('_');
    let first = parts.next().unwrap_or_default();
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    first.to_owned() + &parts.map(capital).collect::<String>()
}

#[test]
fn a_label_without_rules_is_the_property_that_it_is_named_after() {
    let labels = Labels::without_rules(&["account", "plan_name", "offer", "currency"]);
    assert_eq!(labels, ["plan_name", "offer"]);
    let values = named_after(&labels, r#"{"planName": " Gold ", "plan_name": "x", "cost": 1}"#);
    assert_eq!(values, [("plan_name", "Gold".to_owned()), ("offer", String::new())].into());
    let row = Labels { account: "Shop".to_owned(), further: values, ..Labels::default() };
    assert_eq!(["account", "plan_name", "offer"].map(|label| row.get(label)), ["Shop", "Gold", ""]);
}
