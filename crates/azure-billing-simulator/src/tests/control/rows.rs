//! The rows of the list, added up by this code alone.

use std::collections::BTreeMap;

use super::super::client::{Client, LIST, path, units};

/// A row, as far as totals depend on it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) date: String,
    pub(super) currency: String,
    pub(super) subscription: String,
    pub(super) meter: String,
    pub(super) charge_type: String,
    /// `credit`, `separate` or `marketplace`.
    pub(super) part: &'static str,
    pub(super) cost: i128,
}

/// Sums in 10^-15 of a currency.
pub(super) type Sums = BTreeMap<(String, String), i128>;

impl Row {
    fn parse(text: &str) -> Self {
        #[derive(serde::Deserialize)]
        struct Whole {
            properties: BTreeMap<String, Box<serde_json::value::RawValue>>,
        }
        let properties = serde_json::from_str::<Whole>(text).unwrap().properties;
        let field = |name: &str| properties[name].get().trim_matches('"').to_owned();
        let part = match (&*field("publisherType"), &*field("isAzureCreditEligible")) {
            ("Marketplace", _) => "marketplace",
            (_, "false") => "separate",
            _ => "credit",
        };
        Self {
            date: field("date")[..10].replace('-', ""),
            currency: field("billingCurrency"),
            subscription: field("subscriptionId"),
            meter: field("meterId"),
            charge_type: field("chargeType"),
            part,
            cost: units(&field("cost")),
        }
    }
}

impl Client {
    /// Returns the rows of a reading by date.
    pub(super) async fn dated(&self, (kind, id): (&str, &str), from: &str, to: &str) -> Vec<Row> {
        self.of_metric((kind, id), from, to, "actualcost").await
    }

    pub(super) async fn of_metric(
        &self,
        (kind, id): (&str, &str),
        from: &str,
        to: &str,
        metric: &str,
    ) -> Vec<Row> {
        let filter = format!("properties/usageStart ge '{from}' and properties/usageEnd le '{to}'");
        let target =
            format!("{}?$filter={filter}&api-version=2021-10-01&metric={metric}", path(kind, id));
        self.rows(&target).await.iter().map(|row| Row::parse(row)).collect()
    }

    /// Returns the rows of a billing period.
    pub(super) async fn billed(&self, (kind, id): (&str, &str), period: &str) -> Vec<Row> {
        let path = path(kind, id)
            .replace(LIST, &format!("/providers/Microsoft.Billing/billingPeriods/{period}"));
        let rows = self.rows(&format!("{path}{LIST}?api-version=2021-10-01")).await;
        rows.iter().map(|row| Row::parse(row)).collect()
    }
}

/// Adds up rows by date and currency.
pub(super) fn by_day(rows: &[Row]) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        *sums.entry((row.date.clone(), row.currency.clone())).or_default() += row.cost;
    }
    sums
}

/// Adds up all rows of a currency.
pub(super) fn total(rows: &[Row], currency: &str) -> i128 {
    rows.iter().filter(|row| row.currency == currency).map(|row| row.cost).sum()
}

/// Trims rows as an invoice is trimmed: each subscription and meter to so many decimals. Returns the
/// sum of each part, in 10^-15.
pub(super) fn trimmed(rows: &[Row], currency: &str, decimals: u32) -> BTreeMap<&'static str, i128> {
    let mut groups = BTreeMap::<_, i128>::new();
    for row in rows {
        if row.currency == currency && row.charge_type != "RoundingAdjustment" {
            *groups.entry((row.part, &row.subscription, &row.meter)).or_default() += row.cost;
        }
    }
    let unit = 10_i128.pow(15 - decimals);
    let mut parts = BTreeMap::from([("credit", 0), ("separate", 0), ("marketplace", 0)]);
    for ((part, ..), sum) in groups {
        *parts.entry(part).or_default() += sum - sum % unit;
    }
    parts
}
