//! The calls about months: one list, which the poller and `reconcile` go through.

use super::balances::{balances, has_balances};
use super::charges::{charges, has_charges};
use super::{Answer, ControlAccess, Gap};
use crate::azure::Error;
use crate::billing::period::Period;
use crate::billing::scope::ScopeId;
use crate::billing::statement::Fact;
use crate::config::Control;
use crate::status::ControlSource;

/// Returns the calls about months that a scope has, as far as they are wanted.
pub fn month_sources(scope: &ScopeId, wanted: Control) -> Vec<ControlSource> {
    let all = [
        (ControlSource::Balances, wanted.balances && has_balances(scope)),
        (ControlSource::Charges, wanted.charges && has_charges(scope)),
    ];
    all.into_iter().filter(|(_, asked)| *asked).map(|(source, _)| source).collect()
}

/// Asks for what a call states of a month, as facts.
///
/// # Errors
/// Every [`Error`] of a request. [`Error::BadAnswer`] if the answer contradicts itself.
pub async fn month_facts(
    access: &ControlAccess<'_>,
    source: ControlSource,
    period: Period,
) -> Result<Answer<Vec<Fact>>, Error> {
    match source {
        ControlSource::Balances => {
            let answer = balances(access, Some(period)).await?;
            Ok(answer.map(|balances| balances.facts(period)))
        }
        ControlSource::Charges => {
            let answer = charges(access, Some(period)).await?;
            Ok(answer.map(|charges| charges.iter().flat_map(|it| it.facts(period)).collect()))
        }
        ControlSource::Query => Ok(Answer::NotAvailable(Gap::OtherScope)),
    }
}
