//! The faults that were asked for.

use std::collections::{HashMap, VecDeque};

use super::{enrollment::Scope, fault::Fault, target::Step};

/// One queue for each step, and what fails until it is told to stop.
#[derive(Default)]
pub(super) struct Faults {
    next: HashMap<Step, VecDeque<Option<Fault>>>,
    /// Without a step: all of them.
    standing: HashMap<(Scope, Option<Step>), Fault>,
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

    /// What the next request of that step at that scope was told to be: `None` if nothing was.
    pub(super) fn take(&mut self, scope: Scope, step: Step) -> Option<Option<Fault>> {
        if let Some(scripted) = self.next.get_mut(&step).and_then(VecDeque::pop_front) {
            return Some(scripted);
        }
        let of = |step| self.standing.get(&(scope, step)).cloned();
        of(Some(step)).or_else(|| of(None)).map(Some)
    }
}
