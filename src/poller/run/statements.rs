//! Asks once a day for what Azure states beside rows: the balance or the charges of a month.

use jiff::{SignedDuration, Timestamp};
use tracing::{Instrument, warn_span};

use super::Poller;
use super::control::LONGEST;
use crate::billing::period::{Period, day_of};
use crate::control::{self, Answer, ControlAccess};
use crate::status::ControlSource;

/// The time between two requests: Azure updates these once a day.
const INTERVAL: SignedDuration = SignedDuration::from_hours(24);

impl Poller {
    /// Asks for the facts of the open and the previous period that are due, and enters them.
    /// Returns whether there are any.
    pub(super) async fn ask_for_statements(&mut self, began: Timestamp) -> bool {
        let wanted = self.settings().control;
        let mut any = false;
        for source in control::month_sources(&self.scope_cell.id, wanted) {
            if !self.is_held_back(source, began) {
                any |= self.ask_for_facts(source, Period::of(day_of(began))).await;
            }
        }
        any
    }

    async fn ask_for_facts(&mut self, source: ControlSource, open: Period) -> bool {
        let (settings, account) = (self.settings(), self.account());
        let access = ControlAccess {
            client: &settings.client,
            scope: &settings.scope.id,
            account: account.as_deref(),
            longest: LONGEST,
        };
        let mut stated = Vec::new();
        for period in [open, open.before()] {
            let span = warn_span!("control", scope = self.label());
            match control::month_facts(&access, source, period).instrument(span).await {
                Ok(Answer::Known(facts)) => stated.push((period, facts)),
                Ok(Answer::NoData) => stated.push((period, Vec::new())),
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
        for (period, facts) in stated {
            state.scope_store.scope_totals.state(source.as_str(), period, facts);
        }
        state.control_after[source as usize] = now.checked_add(INTERVAL).ok();
        drop(state);
        self.tell(|status, scope| status.controlled(scope, source, now));
        true
    }
}
