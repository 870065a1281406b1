//! The body of a query, and Azure's errors about a bad one.

use jiff::{Span, civil::Date};
use serde_json::Value;

use super::super::{
    calendar::{day_of, month_of},
    refusal::Refusal,
    rounding::months_of,
    selection::{Days, View},
};

/// The names under which a cost can be asked for. Those in US dollars are known to Azure as well,
/// but the simulator has no rates.
const COSTS: [&str; 2] = ["Cost", "PreTaxCost"];

/// The content that a query asks for.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) view: View,
    /// True for the type `Usage`, which lacks purchases and refunds.
    pub(super) usage_only: bool,
    pub(super) days: Days,
    /// The number of months that it reads, each of which spends a unit.
    pub(super) months: u32,
    pub(super) granularity: Granularity,
    /// The name of the cost, as asked.
    pub(super) cost: &'static str,
    pub(super) grouping: Vec<Dimension>,
}

/// The time that one row of the answer is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granularity {
    None,
    Daily,
    Monthly,
}

/// A property by which an answer can be grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    ChargeType,
    PublisherType,
    SubscriptionId,
}

impl Dimension {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ChargeType => "ChargeType",
            Self::PublisherType => "PublisherType",
            Self::SubscriptionId => "SubscriptionId",
        }
    }
}

impl Order {
    pub(super) fn parse(body: &[u8], today: Date) -> Result<Self, Refusal> {
        let Ok(given @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
            return Err(invalid("The request body is not valid JSON."));
        };
        let (view, usage_only) = match text(&given["type"]).as_str() {
            "actualcost" => (View::Actual, false),
            "usage" => (View::Actual, true),
            "amortizedcost" => (View::Amortized, false),
            _ => return Err(invalid("Invalid query definition: invalid type.")),
        };
        let (first, last) = period(&given, today)?;
        let dataset = &given["dataset"];
        if !dataset["filter"].is_null() {
            return Err(invalid("Invalid dataset filter: no filter is simulated."));
        }
        let granularity = match text(&dataset["granularity"]).as_str() {
            "none" | "" => Granularity::None,
            "daily" => Granularity::Daily,
            "monthly" => Granularity::Monthly,
            _ => return Err(invalid("Invalid dataset granularity; valid values: 'Daily'.")),
        };
        Ok(Self {
            view,
            usage_only,
            days: (day_of(first), day_of(last)),
            months: months_of(first, last).len() as u32,
            granularity,
            cost: aggregation(&dataset["aggregation"])?,
            grouping: grouping(&dataset["grouping"])?,
        })
    }
}

/// Returns a text in lower case, as Azure compares them; empty for anything else.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_ascii_lowercase()
}

fn invalid(why: &str) -> Refusal {
    Refusal::error(400, "BadRequest", why)
}

/// Returns the first and the last date, both included.
fn period(given: &Value, today: Date) -> Result<(Date, Date), Refusal> {
    let month = |date: Date| (date.first_of_month(), date.last_of_month());
    let (first, last) = match text(&given["timeframe"]).as_str() {
        "custom" => {
            let date = |name: &str| {
                let text = given["timePeriod"][name].as_str().and_then(|text| text.get(..10));
                text.and_then(|text| text.parse::<Date>().ok())
                    .ok_or_else(|| invalid(&format!("Invalid query definition: invalid {name}.")))
            };
            (date("from")?, date("to")?)
        }
        "monthtodate" | "billingmonthtodate" => (today.first_of_month(), today),
        "thelastmonth" | "thelastbillingmonth" => {
            month(today.saturating_sub(Span::new().months(1)))
        }
        _ => return Err(invalid("Invalid query definition: invalid timeframe.")),
    };
    if last < first {
        return Err(invalid("Invalid query definition: from is after to."));
    }
    if last > first.saturating_add(Span::new().years(1)) {
        let message = "The time period for pulling the data cannot exceed 1 year(s).";
        return Err(invalid(message));
    }
    Ok((first, last))
}

/// Returns the name of the cost that is added up: exactly one, as a sum.
fn aggregation(given: &Value) -> Result<&'static str, Refusal> {
    let refused = || invalid("Invalid dataset aggregation: one Sum of Cost or PreTaxCost.");
    let aggregations = given.as_object().ok_or_else(refused)?;
    let mut sums = aggregations.values();
    let (Some(sum), None) = (sums.next(), sums.next()) else { return Err(refused()) };
    let name = text(&sum["name"]);
    let cost = COSTS.into_iter().find(|cost| cost.eq_ignore_ascii_case(&name));
    cost.filter(|_| text(&sum["function"]) == "sum").ok_or_else(refused)
}

fn grouping(given: &Value) -> Result<Vec<Dimension>, Refusal> {
    let groups = match given {
        Value::Null => &[][..],
        Value::Array(groups) if groups.len() <= 2 => groups,
        _ => return Err(invalid("Invalid dataset grouping: at most two.")),
    };
    let dimension = |group: &Value| {
        let known = [Dimension::ChargeType, Dimension::PublisherType, Dimension::SubscriptionId];
        let (kind, name) = (text(&group["type"]), text(&group["name"]));
        let found = known.into_iter().find(|known| known.name().eq_ignore_ascii_case(&name));
        found.filter(|_| kind == "dimension").ok_or_else(|| {
            invalid(&format!("Invalid dataset grouping: '{name}'; valid values: 'ChargeType'."))
        })
    };
    groups.iter().map(dimension).collect()
}

/// Returns the days of a month, or of the month of `today`.
pub(super) fn month_days(month: Option<Date>, today: Date) -> (Date, Days) {
    let first = month.unwrap_or(today).first_of_month();
    (first, month_of(first))
}
