//! The faults that were asked for, and counts of those that happened.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{enrollment::Scope, fault::Fault, target::Step};

/// One queue for each step, and what fails until it is told to stop.
#[derive(Default)]
pub(super) struct Faults {
    next: HashMap<Step, VecDeque<Option<Fault>>>,
    /// Without a step: all of them.
    standing: HashMap<(Scope, Option<Step>), Fault>,
    happened: BTreeMap<Fault, u64>,
}

impl Faults {
    /// Adds to what comes at a step; `None` is a good answer.
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

    /// What the next request of that step at that scope was told to be: `None` if nothing was.
    pub(super) fn take(&mut self, scope: Scope, step: Step) -> Option<Option<Fault>> {
        if let Some(scripted) = self.next.get_mut(&step).and_then(VecDeque::pop_front) {
            return Some(scripted);
        }
        let of = |step| self.standing.get(&(scope, step)).cloned();
        of(Some(step)).or_else(|| of(None)).map(Some)
    }
}
