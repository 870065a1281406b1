//! The body of a request for a report, and Azure's errors about a bad one.

use jiff::{Span, civil::Date};
use serde_json::{Map, Value};

use super::super::{
    calendar::{day_of, month_of},
    refusal::Refusal,
    selection::{Days, Rows, View},
};

/// The age, in months, of the oldest usage that Azure reports.
const OLDEST_MONTHS: i32 = 13;

/// The content that is requested of a report.
#[derive(Debug)]
pub(in super::super) struct Order {
    pub(in super::super) view: View,
    pub(in super::super) days: Days,
    pub(in super::super) rows: Rows,
    /// The body as the manifest repeats it.
    pub(in super::super) body: Value,
}

impl Order {
    pub(in super::super) fn parse(body: &[u8], today: Date) -> Result<Self, Refusal> {
        let Ok(Value::Object(given)) = serde_json::from_slice(body) else {
            return Err(invalid("Request payload is not in a json format."));
        };
        let known = ["metric", "timePeriod", "billingPeriod", "invoiceId"];
        if let Some(unknown) = given.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(invalid(&format!("Could not find member '{unknown}'.")));
        }
        let periods = &known[1..];
        if periods.iter().filter(|key| present(&given, key).is_some()).count() > 1 {
            let message = "Invalid request payload: can only have either timePeriod or invoiceId or billingPeriod.";
            return Err(Refusal::error(400, "400", message));
        }
        if present(&given, "invoiceId").is_some() {
            return Err(invalid("invoiceId is for Microsoft Customer Agreements."));
        }
        let view = view(&given)?;
        let (days, rows) = if let Some(period) = present(&given, "billingPeriod") {
            (billing_period(period, today)?, Rows::Billed)
        } else if let Some(period) = present(&given, "timePeriod") {
            (time_period(period, today)?, Rows::Dated)
        } else {
            (month_of(today), Rows::Billed)
        };
        Ok(Self { view, days, rows, body: Value::Object(given) })
    }
}

fn present<'a>(given: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    given.get(key).filter(|value| !value.is_null())
}

fn invalid(why: &str) -> Refusal {
    Refusal::error(400, "400", &format!("Invalid Request Payload. {why}"))
}

fn view(given: &Map<String, Value>) -> Result<View, Refusal> {
    let Some(metric) = present(given, "metric") else { return Ok(View::Actual) };
    match metric.as_str() {
        Some(metric) if metric.eq_ignore_ascii_case("ActualCost") => Ok(View::Actual),
        Some(metric) if metric.eq_ignore_ascii_case("AmortizedCost") => Ok(View::Amortized),
        _ => Err(invalid("metric must be ActualCost or AmortizedCost.")),
    }
}

/// Returns the days of a month written as `202611`.
fn billing_period(given: &Value, today: Date) -> Result<Days, Refusal> {
    let name = given.as_str().filter(|name| name.len() == 6);
    let first = name.and_then(|name| Date::strptime("%Y%m%d", format!("{name}01")).ok());
    let Some(first) = first else {
        return Err(invalid("billingPeriod must be in the format yyyyMM."));
    };
    not_before(first, oldest(today).first_of_month())?;
    Ok(month_of(first))
}

fn time_period(given: &Value, today: Date) -> Result<Days, Refusal> {
    let date = |name: &str| {
        let text = given.get(name).and_then(Value::as_str);
        let date = text.and_then(|text| text.get(..10)).and_then(|date| date.parse::<Date>().ok());
        date.ok_or_else(|| invalid(&format!("timePeriod.{name} must be a date.")))
    };
    let (start, end) = (date("start")?, date("end")?);
    if end < start {
        return Err(invalid("Start date must be before end date."));
    }
    not_before(start, oldest(today))?;
    if end > start.saturating_add(Span::new().months(1)) {
        return Err(Refusal::error(400, "400", "The maximum allowed date range is 1 months."));
    }
    Ok((day_of(start), day_of(end)))
}

fn oldest(today: Date) -> Date {
    today.saturating_sub(Span::new().months(OLDEST_MONTHS))
}

fn not_before(start: Date, oldest: Date) -> Result<(), Refusal> {
    if start >= oldest {
        return Ok(());
    }
    let message = format!("Start date must be after {}.", oldest.strftime("%m/%d/%Y"));
    Err(Refusal::error(400, "400", &message))
}
