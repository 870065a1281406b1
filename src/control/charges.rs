//! The charges of a month of a department or an enrollment account.
//!
//! Facts: `charges` of `Microsoft.Consumption`, version 2024-08-01, of kind `legacy`. Only the path
//! through the billing account exists. A month without charges has amounts of zero.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::access::of_period;
use super::value::{amount, bad, currency, day, shown, text};
use super::{Answer, ControlAccess, Gap};
use crate::azure::{Call, Error};
use crate::billing::amount::Amount;
use crate::billing::period::{DayRange, Period};
use crate::billing::scope::{CostType, ScopeId, ScopeType};
use crate::billing::statement::{CHARGES, Fact};
use crate::status::Api;

/// The charges, as calls for them are counted.
const API: Api = Api::new(5, "charges");
/// The service whose quota Azure throttles.
const SERVICE: &str = "Microsoft.Consumption";
const API_VERSION: &str = "2024-08-01";

/// The charges of some days, which are a month or what has passed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charges {
    /// The currency of all amounts, in capitals.
    pub currency: String,
    /// The first and the last day of the usage.
    pub days: DayRange,
    /// The charges of Azure without the other two.
    pub azure: Amount,
    /// The charges for services that no prepayment covers.
    pub charged_separately: Amount,
    /// The charges of the Marketplace. A department has no purchases, so that they are for usage.
    pub marketplace: Amount,
}

impl Charges {
    /// Returns the parts as facts of a period.
    pub fn facts(&self, period: Period) -> Vec<Fact> {
        let amounts = [self.azure, self.charged_separately, self.marketplace];
        CHARGES.facts(period, &self.currency, amounts)
    }

    /// Returns the sum of all parts, which the rows add up to.
    pub fn total(&self) -> Amount {
        self.azure + self.charged_separately + self.marketplace
    }
}

/// Returns whether a scope has charges: a department or an account in the view of actual costs.
pub(super) fn has_charges(scope: &ScopeId) -> bool {
    let is_nested =
        matches!(scope.scope_type, ScopeType::Department | ScopeType::EnrollmentAccount);
    is_nested && scope.cost == CostType::Actual
}

/// Asks for the charges of a period, or without one of the month that is current for Azure. The
/// answer is usually one element; each has its own days and currency.
///
/// # Errors
/// Every [`Error`] of a request. [`Error::BadAnswer`] if there are days outside the period.
pub async fn charges(
    access: &ControlAccess<'_>,
    period: Option<Period>,
) -> Result<Answer<Vec<Charges>>, Error> {
    if !has_charges(access.scope) {
        return Ok(Answer::NotAvailable(Gap::OtherScope));
    }
    let Some(scope) = access.path() else {
        return Ok(Answer::NotAvailable(Gap::AccountUnknown));
    };
    let named = period.map(Period::name);
    // The billing periods belong to another provider than the charges, which balances leave out.
    let between = ["providers", "Microsoft.Billing"];
    let path = of_period(&scope, &between, named.as_deref(), [SERVICE, "charges"]);
    let url = access.url(&path, API_VERSION)?;
    let call = Call::get(API, SERVICE, &url);
    let Some(body) = access.in_time(access.ask(&call)).await? else {
        return Ok(Answer::NoData);
    };
    let charges = read_charges(&body, period).map_err(|why| bad("charges", &why))?;
    Ok(if charges.is_empty() { Answer::NoData } else { Answer::Known(charges) })
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    value: Vec<Element<'a>>,
}

#[derive(Deserialize)]
struct Element<'a> {
    #[serde(borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
    #[serde(borrow)]
    usage_start: Option<&'a RawValue>,
    #[serde(borrow)]
    usage_end: Option<&'a RawValue>,
    #[serde(borrow)]
    azure_charges: Option<&'a RawValue>,
    #[serde(borrow)]
    charges_billed_separately: Option<&'a RawValue>,
    #[serde(borrow)]
    azure_marketplace_charges: Option<&'a RawValue>,
}

/// Reads the answer, whose days must be of the period.
pub(crate) fn read_charges(body: &[u8], period: Option<Period>) -> Result<Vec<Charges>, String> {
    let wire: Wire<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let read = |(index, element): (usize, &Element<'_>)| {
        element.read(period).map_err(|why| format!("element {}: {why}", index + 1))
    };
    wire.value.iter().enumerate().map(read).collect()
}

impl Element<'_> {
    fn read(&self, period: Option<Period>) -> Result<Charges, String> {
        let kind = text(self.kind);
        if !kind.is_empty() && !kind.eq_ignore_ascii_case("legacy") {
            return Err(format!("the kind {} is not of an Enterprise Agreement", shown(kind)));
        }
        let sent = &self.properties;
        let first: Date = day("usageStart", sent.usage_start)?;
        let last: Date = day("usageEnd", sent.usage_end)?;
        let asked = period.map(Period::days);
        if first > last || asked.is_some_and(|it| !it.contains(first) || !it.contains(last)) {
            let asked = asked.map_or_else(|| "the current month".to_owned(), |it| it.to_string());
            return Err(format!("{first}..{last} was not asked for, but {asked}"));
        }
        Ok(Charges {
            currency: currency(sent.currency)?,
            days: DayRange { first, last },
            azure: amount("azureCharges", sent.azure_charges)?,
            charged_separately: amount("chargesBilledSeparately", sent.charges_billed_separately)?,
            marketplace: amount("azureMarketplaceCharges", sent.azure_marketplace_charges)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::{Value, json};

    fn november() -> Period {
        Period::of(date(2026, 11, 20))
    }

    fn element() -> Value {
        json!({
            "id": "/x", "kind": "legacy",
            "properties": {
                "azureCharges": 5000, "chargesBilledSeparately": 60.9, "azureMarketplaceCharges": 1e2,
                "currency": "usd ", "usageStart": "2026-11-01", "usageEnd": "2026-11-30T00:00:00Z",
                "billingPeriodId": "/providers/Microsoft.Billing/billingAccounts/1/billingPeriods/202611",
            },
        })
    }

    fn read(elements: &[Value]) -> Result<Vec<Charges>, String> {
        read_charges(json!({ "value": elements }).to_string().as_bytes(), Some(november()))
    }

    #[test]
    fn the_parts_add_up_to_the_total() {
        let read = read(&[element()]).unwrap();
        let [charges] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(charges.total().to_string(), "5160.9");
        assert_eq!(charges.currency, "USD");
        assert_eq!(charges.days, november().days());
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        for (field, value, why) in [
            (
                "usageStart",
                json!("2026-10-31"),
                "element 2: 2026-10-31..2026-11-30 was not asked for, but 2026-11-01..2026-11-30",
            ),
            ("usageEnd", json!(null), "element 2: usageEnd `` is not a date"),
            ("currency", json!("?"), "element 2: `?` is not a currency"),
            ("azureCharges", json!(null), "element 2: azureCharges is missing"),
        ] {
            let mut wrong = element();
            wrong["properties"][field] = value;
            assert_eq!(read(&[element(), wrong]).unwrap_err(), why);
        }
        let mut modern = element();
        modern["kind"] = json!("modern");
        let why = "element 1: the kind `modern` is not of an Enterprise Agreement";
        assert_eq!(read(&[modern]).unwrap_err(), why);
        assert!(read(&[]).unwrap().is_empty());
    }
}
