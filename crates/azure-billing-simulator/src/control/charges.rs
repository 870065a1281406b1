//! Answers a request for the charges of a department or an enrollment account: one object for a
//! month and currency.

use axum::response::Response;
use http::{Method, request::Parts as Request};
use jiff::civil::Date;

use super::{
    super::{
        calendar::{date_of, day_of},
        chance::{guid, mix},
        enrollment::{ACCOUNTS, BILLING_ACCOUNT, Scope},
        fault::Fault,
        json::Object,
        money::decimal,
        refusal::{REMAINING, Refusal},
        response::answer,
        rounding::Parts,
        simulator::Simulator,
    },
    order::month_days,
    parameters::{parameters, version},
};

/// The oldest version of charges that is answered.
const OLDEST_VERSION: &str = "2018-10-01";

/// Answers with the month's charges, trimmed as balances are; zeros for a month without any.
pub(in super::super) fn charges(
    simulator: &Simulator,
    parts: &Request,
    (scope, month): (Scope, Option<Date>),
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.method != Method::GET {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only GET is supported."));
    }
    let left = simulator.admit_control("charges")?;
    let given = parameters(parts);
    version(&given, OLDEST_VERSION)?;
    if let Some((name, _)) = given.iter().find(|(name, _)| name != "api-version") {
        return Err(Refusal::bad_request(&format!("{name} is not simulated.")));
    }
    let (ledger, today) = (simulator.ledger(), simulator.context().today);
    let (first, (_, last)) = month_days(month, today);
    let as_of = simulator.totals_as_of(fault);
    let mut trimmed = ledger.trimmed(scope, first, as_of);
    if trimmed.is_empty() {
        let own = match scope {
            Scope::Account(place) => ACCOUNTS[usize::from(place)].currency,
            _ => "USD",
        };
        let code = ledger.currency.map_or(own, |_| ledger.billing_currency());
        trimmed.insert(code, Parts::default());
    }
    let owner = parts.uri.path().to_ascii_lowercase();
    let owner = owner.split("/providers/microsoft.consumption/").next().unwrap_or_default();
    let written = trimmed.into_iter().map(|(code, parts)| {
        let name = guid(mix(ledger.seed ^ 0xC4A6, day_of(first).unsigned_abs()));
        written((owner, &name), (code, ledger.decimals(code)), (first, date_of(last)), parts)
    });
    let text = format!("{{\"value\":[{}]}}", written.collect::<Vec<_>>().join(","));
    let told = Refusal::written(text);
    Ok(answer(told.with(REMAINING, left), fault))
}

fn written(
    (owner, name): (&str, &str),
    (code, decimals): (&str, u32),
    (first, last): (Date, Date),
    parts: Parts,
) -> String {
    let period = format!(
        "/providers/Microsoft.Billing/BillingAccounts/{BILLING_ACCOUNT}/providers/Microsoft.Billing/billingPeriods/{}",
        first.strftime("%Y%m")
    );
    let mut text = String::new();
    let mut object = Object::open(&mut text);
    object
        .text("id", &[owner, "/providers/Microsoft.Consumption/charges/", name].concat())
        .text("name", name)
        .text("type", "Microsoft.Consumption/charges")
        .text("kind", "legacy");
    let mut properties = object.object("properties");
    properties
        .text("billingPeriodId", &period)
        .text("usageStart", &first.to_string())
        .text("usageEnd", &last.to_string())
        .raw("azureCharges", &decimal(parts.credit, decimals))
        .raw("chargesBilledSeparately", &decimal(parts.separate, decimals))
        .raw("azureMarketplaceCharges", &decimal(parts.marketplace, decimals))
        .text("currency", code);
    properties.close();
    object.close();
    text
}
