//! The total of months that a scope has: balances or charges.

use super::balances::{balances, has_balances};
use super::charges::{charges, has_charges};
use super::{Answer, ControlAccess, Gap};
use crate::azure::Error;
use crate::billing::period::Period;
use crate::billing::scope::ScopeId;
use crate::billing::statement::Fact;
use crate::status::ControlSource;

/// Returns which total of months a scope has, if any.
pub fn month_source(scope: &ScopeId) -> Option<ControlSource> {
    if has_balances(scope) {
        Some(ControlSource::Balances)
    } else {
        has_charges(scope).then_some(ControlSource::Charges)
    }
}

/// Asks for the total of a month that a scope has, as facts.
///
/// # Errors
/// Every [`Error`] of a request. [`Error::BadAnswer`] if the answer contradicts itself.
pub async fn month_facts(
    access: &ControlAccess<'_>,
    period: Period,
) -> Result<Answer<Vec<Fact>>, Error> {
    match month_source(access.scope) {
        Some(ControlSource::Balances) => {
            let answer = balances(access, Some(period)).await?;
            Ok(answer.map(|balances| balances.facts(period)))
        }
        Some(ControlSource::Charges) => {
            let answer = charges(access, Some(period)).await?;
            Ok(answer.map(|charges| charges.iter().flat_map(|it| it.facts(period)).collect()))
        }
        Some(ControlSource::Query) | None => Ok(Answer::NotAvailable(Gap::OtherScope)),
    }
}
