//! The faults that are scheduled, and counts of those that happened.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{enrollment::Scope, fault::Fault, target::Step};

/// A queue of faults for each step, and the standing faults, which stay until they are removed.
#[derive(Default)]
pub(super) struct Faults {
    next: HashMap<Step, VecDeque<Option<Fault>>>,
    /// The standing faults. Without a step: of all steps.
    standing: HashMap<(Scope, Option<Step>), Fault>,
    happened: BTreeMap<Fault, u64>,
}

impl Faults {
    /// Adds to the queue of a step; `None` is a good answer.
    pub(super) fn script(&mut self, step: Step, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.next.entry(step).or_default().extend(faults);
    }

    pub(super) fn set(&mut self, scope: Scope, step: Option<Step>, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.standing.insert((scope, step), fault),
            None => self.standing.remove(&(scope, step)),
        };
    }

    /// Counts a fault that is about to happen.
    pub(super) fn count(&mut self, fault: &Fault) {
        *self.happened.entry(fault.clone()).or_default() += 1;
    }

    pub(super) fn happened(&self) -> &BTreeMap<Fault, u64> {
        &self.happened
    }

    /// Takes what is scheduled for the next request of a step at a scope: `None` if nothing is.
    pub(super) fn take(&mut self, scope: Scope, step: Step) -> Option<Option<Fault>> {
        if let Some(scripted) = self.next.get_mut(&step).and_then(VecDeque::pop_front) {
            return Some(scripted);
        }
        let of = |step| self.standing.get(&(scope, step)).cloned();
        of(Some(step)).or_else(|| of(None)).map(Some)
    }
}
