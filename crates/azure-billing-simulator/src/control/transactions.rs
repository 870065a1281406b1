//! Answers a request for reservation transactions: only the refunds that are no rows. Purchases are
//! left out, because the rows have them.

use axum::response::Response;
use http::{Method, request::Parts as Request};

use super::{
    super::{
        calendar::date_of,
        chance::{guid, mix},
        charges::{self, Charge},
        enrollment::BILLING_ACCOUNT,
        fault::Fault,
        json::Object,
        ledger::Ledger,
        money::json_number,
        query::dates,
        refusal::{REMAINING, Refusal},
        response::answer,
        row::Row,
        selection::{Days, View},
        simulator::Simulator,
    },
    parameters::{parameters, version},
};

/// The oldest version of transactions that is answered.
const OLDEST_VERSION: &str = "2018-10-01";

/// Returns the refunds of some days as the rows that they would be, if they are none.
pub(super) fn refunds(ledger: &Ledger, days: Days, as_of: i64) -> impl Iterator<Item = Row> {
    let usage = ledger.rows_per_day - charges::PLACES;
    let days = ledger.existing(days, as_of).filter(|_| ledger.refunds_elsewhere);
    days.flat_map(move |day| (usage..ledger.rows_per_day).map(move |index| (day, index)))
        .filter(move |(day, index)| {
            let origin = ledger.origin(*day, *index);
            origin.charge == Charge::Refund && ledger.has_appeared(*day, origin.source, as_of)
        })
        .map(move |(day, index)| Row::new(ledger, day, index, as_of))
}

/// Answers with the refunds of the dates in `$filter`.
pub(in super::super) fn transactions(
    simulator: &Simulator,
    parts: &Request,
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.method != Method::GET {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only GET is supported."));
    }
    let left = simulator.admit_control("transactions")?;
    let given = parameters(parts);
    version(&given, OLDEST_VERSION)?;
    let filter = given.iter().find(|(name, _)| name.eq_ignore_ascii_case("$filter"));
    let days = match filter {
        Some((_, filter)) => dates(filter, &["properties/eventDate"])?,
        None => (i64::MIN, i64::MAX),
    };
    let refunds = refunds(simulator.ledger(), days, simulator.totals_as_of(fault));
    let text = refunds.map(|row| written(&row)).collect::<Vec<_>>().join(",");
    let text = format!("{{\"value\":[{text}]}}");
    let told = Refusal::written(text);
    Ok(answer(told.with(REMAINING, left), fault))
}

fn written(row: &Row) -> String {
    let date = date_of(row.day);
    let name = date.strftime("%Y%m%d0900").to_string();
    let account = ["/billingAccounts/", BILLING_ACCOUNT].concat();
    let mut text = String::new();
    let mut object = Object::open(&mut text);
    object
        .text(
            "id",
            &[&account, "/providers/Microsoft.Consumption/reservationtransactions/", &name]
                .concat(),
        )
        .text("name", &name)
        .text("type", "Microsoft.Consumption/reservationTransactions");
    let mut properties = object.object("properties");
    properties
        .text("eventDate", &format!("{date}T09:00:00Z"))
        .text("reservationOrderId", &guid(mix(8, row.spelling % 4)))
        .text("description", "Standard_D4s_v5 eastus2 1 Year")
        .text("eventType", "Refund")
        .raw("quantity", "1")
        .raw("amount", &json_number(row.cost(View::Actual).units(), 15))
        .text("currency", row.currency)
        .text("armSkuName", "Standard_D4s_v5")
        .text("term", "P1Y")
        .text("accountOwnerEmail", "admin@contoso.com")
        .text("purchasingEnrollment", BILLING_ACCOUNT)
        .text("currentEnrollment", BILLING_ACCOUNT)
        .raw("billingMonth", &date.strftime("%Y%m01").to_string());
    properties.close();
    object.close();
    text
}
