//! Asks once a day for what Azure states beside rows: the balance or the charges of a month.

use jiff::{SignedDuration, Timestamp};
use tracing::{Instrument, warn_span};

use super::Poller;
use super::control::LONGEST;
use crate::azure::Error;
use crate::billing::period::{Period, day_of};
use crate::billing::statement::Fact;
use crate::control::{self, Answer, ControlAccess};
use crate::status::ControlSource;

/// The time between two requests: Azure updates these once a day.
const INTERVAL: SignedDuration = SignedDuration::from_hours(24);

impl Poller {
    /// Asks for the facts of the open and the previous period that are due, and enters them.
    /// Returns whether there are any.
    pub(super) async fn ask_for_statements(&mut self, began: Timestamp) -> bool {
        let mut any = false;
        for source in [ControlSource::Balances, ControlSource::Charges] {
            if self.is_stated(source) && !self.is_held_back(source, began) {
                any |= self.ask_for_facts(source, Period::of(day_of(began))).await;
            }
        }
        any
    }

    /// Returns whether a scope of this type has such facts, and whether they are wanted.
    fn is_stated(&self, source: ControlSource) -> bool {
        let settings = self.settings();
        let (wanted, has) = match source {
            ControlSource::Query => (false, false),
            ControlSource::Balances => {
                (settings.control.balances, control::has_balances(&settings.scope.id))
            }
            ControlSource::Charges => {
                (settings.control.charges, control::has_charges(&settings.scope.id))
            }
        };
        wanted && has
    }

    async fn ask_for_facts(&mut self, source: ControlSource, open: Period) -> bool {
        let mut facts = Vec::new();
        for period in [open, open.before()] {
            let span = warn_span!("control", scope = self.label());
            match self.facts_of(source, period).instrument(span).await {
                Ok(Answer::Known(more)) => facts.extend(more),
                Ok(Answer::NoData) => {}
                Ok(Answer::NotAvailable(gap)) => {
                    self.control_gap(source, gap);
                    return false;
                }
                Err(error) => {
                    self.control_failed(source, error);
                    return false;
                }
            }
        }
        let now = self.context.clock.now();
        let mut state = self.scope_cell.lock();
        state.scope_store.scope_totals.state(source.as_str(), facts);
        state.control_after[source as usize] = now.checked_add(INTERVAL).ok();
        drop(state);
        self.tell(|status, scope| status.controlled(scope, source, now));
        true
    }

    async fn facts_of(
        &self,
        source: ControlSource,
        period: Period,
    ) -> Result<Answer<Vec<Fact>>, Error> {
        let (settings, account) = (self.settings(), self.account());
        let access = ControlAccess {
            client: &settings.client,
            scope: &settings.scope.id,
            account: account.as_deref(),
            longest: LONGEST,
        };
        match source {
            ControlSource::Query => Ok(Answer::NoData),
            ControlSource::Balances => {
                let answer = control::balances(&access, Some(period)).await?;
                Ok(answer.map(|balances| balances.facts(period)))
            }
            ControlSource::Charges => {
                let answer = control::charges(&access, Some(period)).await?;
                Ok(answer.map(|charges| charges.iter().flat_map(|it| it.facts(period)).collect()))
            }
        }
    }
}
