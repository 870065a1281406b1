//! What resources and subscriptions are called. Part of a day's sums, so that a replaced day takes
//! its names along.

use std::collections::HashMap;

use super::strings::{Strings, Symbol};

/// What has an id and a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    /// A resource.
    Instance,
    /// A subscription.
    Subscription,
}

/// Names by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashMap<(Named, Symbol), Symbol, foldhash::fast::RandomState>);

impl Names {
    /// The name of an id; empty where there is none.
    pub(crate) fn of<'a>(&self, what: Named, id: Symbol, strings: &'a Strings) -> &'a str {
        self.0.get(&(what, id)).map_or("", |&name| strings.get(name))
    }

    /// Where rows of one day disagree the lesser spelling wins, so that their order means nothing.
    pub(crate) fn add<'a>(
        &mut self,
        what: Named,
        id: Symbol,
        name: Symbol,
        text: impl Fn(Symbol) -> &'a str,
    ) {
        let known = self.0.entry((what, id)).or_insert(name);
        if *known != name && text(name) < text(*known) {
            *known = name;
        }
    }

    /// The spelling of a later day wins.
    pub(crate) fn supersede(&mut self, later: &Self, mut symbol: impl FnMut(Symbol) -> Symbol) {
        let names = later.0.iter();
        self.0.extend(names.map(|(&(what, id), &name)| ((what, symbol(id)), symbol(name))));
    }

    /// Empty again, with its memory kept.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets the names of resources.
    pub(crate) fn thin(&mut self) {
        self.0.retain(|(what, _), _| *what != Named::Instance);
        self.0.shrink_to_fit();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Named, Symbol, Symbol)> {
        self.0.iter().map(|(&(what, id), &name)| (what, id, name))
    }
}
