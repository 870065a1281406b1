//! The balance of a month: what an enrollment was charged, in parts, and what its prepayment paid.
//!
//! Facts: `balances` of `Microsoft.Consumption`, version 2024-08-01. One object for each month,
//! rounded to the minor unit; open months are updated daily, closed ones move with credits.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::access::of_period;
use super::value::{amount, bad, currency, text};
use super::{Answer, ControlAccess, Gap};
use crate::azure::{Call, Error};
use crate::billing::amount::Amount;
use crate::billing::period::Period;
use crate::billing::scope::{CostType, ScopeId, ScopeType};
use crate::billing::statement::{BALANCES, Fact};
use crate::status::Api;

/// The balances, as calls for them are counted.
const API: Api = Api::new(4, "balances");
/// The service whose quota Azure throttles.
const SERVICE: &str = "Microsoft.Consumption";
const API_VERSION: &str = "2024-08-01";

/// The balance of a month of an enrollment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balances {
    /// The currency of all amounts, in capitals. An enrollment has one.
    pub currency: String,
    /// The prepayment that was left when the month began.
    pub beginning_balance: Amount,
    /// The prepayment that is left.
    pub ending_balance: Amount,
    /// The prepayment that was bought in the month.
    pub new_purchases: Amount,
    /// Credits and corrections of the prepayment.
    pub adjustments: Amount,
    /// The usage that the prepayment has paid.
    pub utilized: Amount,
    /// The usage beyond the prepayment, which is invoiced.
    pub service_overage: Amount,
    /// The charges for services that no prepayment covers, which are invoiced.
    pub charged_separately: Amount,
    /// The charges of the Marketplace, usage and purchases.
    pub marketplace: Amount,
}

impl Balances {
    /// Returns the usage that prepayment can pay, whether it did or not.
    pub fn usage(&self) -> Amount {
        self.utilized + self.service_overage
    }

    /// Returns the parts as facts of a period.
    pub fn facts(&self, period: Period) -> Vec<Fact> {
        let amounts = [self.usage(), self.charged_separately, self.marketplace];
        BALANCES.facts(period, &self.currency, amounts)
    }

    /// Returns the sum of all parts, which the rows of a closed month add up to.
    pub fn total(&self) -> Amount {
        self.usage() + self.charged_separately + self.marketplace
    }
}

/// Returns whether a scope has balances: an enrollment in the view of actual costs.
pub(super) fn has_balances(scope: &ScopeId) -> bool {
    scope.scope_type == ScopeType::BillingAccount && scope.cost == CostType::Actual
}

/// Asks for the balance of a period, or without one of the month that is current for Azure. Only
/// an enrollment in the view of actual costs has it.
///
/// # Errors
/// Every [`Error`] of a request. [`Error::BadAnswer`] if the amounts contradict each other.
pub async fn balances(
    access: &ControlAccess<'_>,
    period: Option<Period>,
) -> Result<Answer<Balances>, Error> {
    if !has_balances(access.scope) {
        return Ok(Answer::NotAvailable(Gap::OtherScope));
    }
    let Some(account) = access.path() else {
        return Ok(Answer::NotAvailable(Gap::AccountUnknown));
    };
    let period = period.map(Period::name);
    let path = of_period(&account, &[], period.as_deref(), [SERVICE, "balances"]);
    let url = access.url(&path, API_VERSION)?;
    let call = Call::get(API, SERVICE, &url);
    match access.in_time(access.ask(&call)).await? {
        None => Ok(Answer::NoData),
        Some(body) => read_balances(&body).map_err(|why| bad("balances", &why)),
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
    #[serde(borrow)]
    beginning_balance: Option<&'a RawValue>,
    #[serde(borrow)]
    ending_balance: Option<&'a RawValue>,
    #[serde(borrow)]
    new_purchases: Option<&'a RawValue>,
    #[serde(borrow)]
    adjustments: Option<&'a RawValue>,
    #[serde(borrow)]
    utilized: Option<&'a RawValue>,
    #[serde(borrow)]
    service_overage: Option<&'a RawValue>,
    #[serde(borrow)]
    charges_billed_separately: Option<&'a RawValue>,
    #[serde(borrow)]
    total_overage: Option<&'a RawValue>,
    #[serde(borrow)]
    total_usage: Option<&'a RawValue>,
    #[serde(borrow)]
    azure_marketplace_service_charges: Option<&'a RawValue>,
    #[serde(borrow)]
    price_hidden: Option<&'a RawValue>,
}

/// Reads the answer, whose amounts must agree with each other: others would be of another meaning.
pub(crate) fn read_balances(body: &[u8]) -> Result<Answer<Balances>, String> {
    let wire: Wire<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let sent = wire.properties;
    if text(sent.price_hidden).eq_ignore_ascii_case("true") {
        return Ok(Answer::NotAvailable(Gap::PricesHidden));
    }
    let balances = Balances {
        currency: currency(sent.currency)?,
        beginning_balance: amount("beginningBalance", sent.beginning_balance)?,
        ending_balance: amount("endingBalance", sent.ending_balance)?,
        new_purchases: amount("newPurchases", sent.new_purchases)?,
        adjustments: amount("adjustments", sent.adjustments)?,
        utilized: amount("utilized", sent.utilized)?,
        service_overage: amount("serviceOverage", sent.service_overage)?,
        charged_separately: amount("chargesBilledSeparately", sent.charges_billed_separately)?,
        marketplace: amount(
            "azureMarketplaceServiceCharges",
            sent.azure_marketplace_service_charges,
        )?,
    };
    let total_overage = amount("totalOverage", sent.total_overage)?;
    let total_usage = amount("totalUsage", sent.total_usage)?;
    balances.check(total_overage, total_usage)?;
    Ok(Answer::Known(balances))
}

impl Balances {
    fn check(&self, total_overage: Amount, total_usage: Amount) -> Result<(), String> {
        let before = self.beginning_balance + self.new_purchases + self.adjustments;
        equal(
            "endingBalance = beginningBalance + newPurchases + adjustments - utilized",
            self.ending_balance,
            before - self.utilized,
        )?;
        equal(
            "totalOverage = serviceOverage + chargesBilledSeparately",
            total_overage,
            self.service_overage + self.charged_separately,
        )?;
        equal("totalUsage = utilized + totalOverage", total_usage, self.utilized + total_overage)
    }
}

/// Compares the sides of an identity. They may differ by less than a hundredth: Azure may have
/// added binary fractions.
fn equal(identity: &str, left: Amount, right: Amount) -> Result<(), String> {
    if (left - right).abs().times(100) < Amount::ONE {
        return Ok(());
    }
    Err(format!("{identity} does not hold: {left} is not {right}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sent() -> Value {
        json!({
            "beginningBalance": 1000.5, "endingBalance": 800.25, "newPurchases": 100, "adjustments": -0.25,
            "utilized": 300.0, "serviceOverage": 20.1, "chargesBilledSeparately": 5, "totalOverage": 25.1,
            "totalUsage": 325.1, "azureMarketplaceServiceCharges": 1.5e1, "overageRefund": 7, "priceHidden": false,
            "currency": "usd  ", "billingFrequency": "Month", "newPurchasesDetails": [], "adjustmentDetails": null,
        })
    }

    fn read(properties: &Value) -> Result<Answer<Balances>, String> {
        read_balances(json!({ "name": "x", "properties": properties }).to_string().as_bytes())
    }

    #[test]
    fn the_parts_add_up_to_the_total() {
        let Ok(Answer::Known(balances)) = read(&sent()) else { panic!("{:?}", read(&sent())) };
        let parts = [balances.usage(), balances.charged_separately, balances.marketplace];
        assert_eq!(parts.map(|part| part.to_string()), ["320.1", "5", "15"]);
        assert_eq!(balances.total().to_string(), "340.1");
        assert_eq!(balances.currency, "USD");
        assert_eq!(balances.ending_balance.to_string(), "800.25");
    }

    #[test]
    fn amounts_that_contradict_each_other_are_refused_with_the_numbers() {
        for (field, value, why) in [
            (
                "endingBalance",
                json!(800.26),
                "endingBalance = beginningBalance + newPurchases + adjustments - utilized does not hold: 800.26 is not 800.25",
            ),
            (
                "totalOverage",
                json!(0),
                "totalOverage = serviceOverage + chargesBilledSeparately does not hold: 0 is not 25.1",
            ),
            (
                "totalUsage",
                json!(325.09),
                "totalUsage = utilized + totalOverage does not hold: 325.09 is not 325.1",
            ),
            ("utilized", json!(null), "utilized is missing"),
            ("utilized", json!("much"), "utilized `much`: not a decimal number"),
            ("currency", json!(""), "`` is not a currency"),
        ] {
            let mut sent = sent();
            sent[field] = value;
            assert_eq!(read(&sent).unwrap_err(), why);
        }
        let mut noisy = sent();
        noisy["totalUsage"] = json!(325.099_999_999_999_97);
        assert!(read(&noisy).is_ok(), "binary fractions are no contradiction");
    }

    #[test]
    fn hidden_prices_are_no_balance_of_zero() {
        for hidden in [json!(true), json!("True")] {
            let hidden = json!({ "priceHidden": hidden, "utilized": 0 });
            assert_eq!(read(&hidden), Ok(Answer::NotAvailable(Gap::PricesHidden)));
        }
        for none in ["{}", "[]", "null", r#"{"properties":[]}"#] {
            assert!(read_balances(none.as_bytes()).is_err(), "{none}");
        }
    }
}
