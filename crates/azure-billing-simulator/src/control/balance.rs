//! Answers a request for the balance of a month: what was used of the prepayment, and what is
//! invoiced beyond it.

use axum::response::Response;
use http::{Method, request::Parts as Request};
use jiff::civil::Date;

use super::{
    super::{
        calendar::{date_of, day_of},
        chance::{guid, mix},
        enrollment::{BILLING_ACCOUNT, Scope},
        fault::Fault,
        json::Object,
        ledger::Ledger,
        money::decimal,
        refusal::{REMAINING, Refusal},
        response::answer,
        rounding::{Parts, minor_unit, months_of},
        row::Row,
        selection::View,
        simulator::Simulator,
    },
    order::month_days,
    parameters::{parameters, version},
    transactions::refunds,
};

/// The first version whose path has the month.
const OLDEST_VERSION: &str = "2019-10-01";
/// The months from one prepayment to the next.
const YEAR: usize = 12;

/// The balance of a month, in minor units of its currency. Marketplace charges are paid apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) beginning: i128,
    pub(super) purchases: i128,
    pub(super) adjustments: i128,
    pub(super) utilized: i128,
    pub(super) overage: i128,
    pub(super) separate: i128,
    pub(super) marketplace: i128,
}

impl Balance {
    fn ending(&self) -> i128 {
        self.beginning + self.purchases + self.adjustments - self.utilized
    }
}

/// Returns the balance of the month that begins with `month`. The enrollment begins with the month
/// of its first day; a month before that is empty.
pub(super) fn balance(simulator: &Simulator, month: Date, as_of: i64) -> Balance {
    let ledger = simulator.ledger();
    let mut balance = Balance::default();
    for (place, month) in months_of(date_of(ledger.first_day), month).into_iter().enumerate() {
        let trimmed = ledger.trimmed(Scope::BillingAccount, month, as_of);
        let parts = trimmed.get(ledger.billing_currency()).copied().unwrap_or_default();
        let bought = place.is_multiple_of(YEAR);
        let prepayment = i128::from(simulator.0.options.control.prepayment)
            * 10_i128.pow(ledger.decimals(ledger.billing_currency()));
        let purchases = if bought { prepayment } else { 0 };
        balance = next(&balance, parts, purchases, returned(ledger, month, as_of));
    }
    balance
}

/// Returns the balance of the month after one. The prepayment pays while there is any; usage below
/// zero goes back to it.
fn next(before: &Balance, parts: Parts, purchases: i128, adjustments: i128) -> Balance {
    let beginning = before.ending();
    let available = (beginning + purchases + adjustments).max(0);
    let utilized = parts.credit.min(available);
    Balance {
        beginning,
        purchases,
        adjustments,
        utilized,
        overage: parts.credit - utilized,
        separate: parts.separate,
        marketplace: parts.marketplace,
    }
}

/// Returns what refunds gave back to the prepayment, where they are no rows.
fn returned(ledger: &Ledger, month: Date, as_of: i64) -> i128 {
    let (first, last) = month_days(Some(month), month).1;
    let unit = minor_unit(ledger.decimals(ledger.billing_currency()));
    let back = |row: Row| -row.cost(View::Actual).units() / unit;
    refunds(ledger, (first, last), as_of).map(back).sum()
}

/// Answers with one object.
pub(in super::super) fn balances(
    simulator: &Simulator,
    parts: &Request,
    month: Option<Date>,
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.method != Method::GET {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only GET is supported."));
    }
    let left = simulator.admit_control("balances")?;
    version(&parameters(parts), OLDEST_VERSION)?;
    let today = simulator.context().today;
    let month = month_days(month, today).0;
    let told = if day_of(month) > day_of(today) {
        Refusal::html(204, "")
    } else {
        let hidden = fault == Some(&Fault::PriceHidden)
            || simulator.0.options.control.price_hidden
            || simulator.ledger().hide_charges;
        let balance = if hidden {
            Balance::default()
        } else {
            balance(simulator, month, simulator.totals_as_of(fault))
        };
        let text = written(simulator, month, &balance, hidden);
        Refusal::written(text)
    };
    Ok(answer(told.with(REMAINING, left), fault))
}

fn written(simulator: &Simulator, month: Date, balance: &Balance, hidden: bool) -> String {
    let ledger = simulator.ledger();
    let (code, decimals) = (ledger.billing_currency(), ledger.decimals(ledger.billing_currency()));
    let name = guid(mix(ledger.seed ^ 0xBA1A, day_of(month).unsigned_abs()));
    let period = month.strftime("%Y%m");
    let id = format!(
        "providers/Microsoft.Billing/billingAccounts/{BILLING_ACCOUNT}/providers/Microsoft.Billing/billingPeriods/{period}/providers/Microsoft.Consumption/balances/{name}"
    );
    let overage = balance.overage + balance.separate;
    let amounts = [
        ("beginningBalance", balance.beginning),
        ("endingBalance", balance.ending()),
        ("newPurchases", balance.purchases),
        ("adjustments", balance.adjustments),
        ("utilized", balance.utilized),
        ("serviceOverage", balance.overage),
        ("chargesBilledSeparately", balance.separate),
        ("totalOverage", overage),
        ("totalUsage", balance.utilized + overage),
        ("azureMarketplaceServiceCharges", balance.marketplace),
        ("overageRefund", 0),
    ];
    let mut text = String::new();
    let mut object = Object::open(&mut text);
    object.text("id", &id).text("name", &name).text("type", "Microsoft.Consumption/balances");
    let mut properties = object.object("properties");
    // Codes are padded to five characters, as recorded.
    properties.text("currency", &format!("{code:<5}")).text("billingFrequency", "Month");
    for (name, minor) in amounts {
        properties.raw(name, &decimal(minor, decimals));
    }
    let details = |name: &str, minor: i128| match minor {
        0 => "[]".to_owned(),
        _ => format!("[{{\"name\":\"{name}\",\"value\":{}}}]", decimal(minor, decimals)),
    };
    properties
        .raw("newPurchasesDetails", &details("Azure Prepayment", balance.purchases))
        .raw("adjustmentDetails", &details("Reservation Return", balance.adjustments))
        .boolean("priceHidden", hidden);
    properties.close();
    object.close();
    text
}
