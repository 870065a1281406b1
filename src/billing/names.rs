//! What resources and subscriptions are called. Part of a day's sums, so that a replaced day takes
//! its names along.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::strings::Symbol;

/// What has an id and a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Named {
    /// A resource.
    Instance,
    /// A subscription.
    Subscription,
}

/// Names by id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names(HashMap<(Named, Symbol), Symbol, foldhash::fast::RandomState>);

impl Names {
    /// Where rows of one day disagree the lesser spelling wins, so that their order means nothing.
    pub(crate) fn add<'a>(
        &mut self,
        what: Named,
        id: Symbol,
        name: Symbol,
        text: impl Fn(Symbol) -> Cow<'a, str>,
    ) {
        let known = self.0.entry((what, id)).or_insert(name);
        if *known != name && text(name) < text(*known) {
            *known = name;
        }
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

/// Names by the places of their ids: all of them are asked for, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameList {
    instances: Vec<Option<Symbol>>,
    subscriptions: Vec<Option<Symbol>>,
}

impl NameList {
    /// The name of an id; `None` where there is none.
    pub(crate) fn of(&self, what: Named, id: Symbol) -> Option<Symbol> {
        let names = match what {
            Named::Instance => &self.instances,
            Named::Subscription => &self.subscriptions,
        };
        names.get(id.index()).copied().flatten()
    }

    /// What subscriptions are called, in other symbols.
    pub(crate) fn of_subscriptions(&self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Names {
        let names = self.subscriptions.iter().enumerate();
        let names = names.filter_map(|(id, name)| Some((Symbol::at(id), (*name)?)));
        Names(names.map(|(id, name)| ((Named::Subscription, symbol(id)), symbol(name))).collect())
    }

    fn list(&mut self, what: Named) -> &mut Vec<Option<Symbol>> {
        match what {
            Named::Instance => &mut self.instances,
            Named::Subscription => &mut self.subscriptions,
        }
    }
}

/// What has a name.
pub(crate) type NamedId = (Named, Symbol);

/// The newest name of each id, and the day it stands on: where spellings differ the newest day's
/// wins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DatedNames(HashMap<NamedId, (Symbol, Date), foldhash::fast::RandomState>);

impl DatedNames {
    /// The names alone, in other symbols.
    pub(crate) fn undated(&self, symbol: impl Fn(Symbol) -> Symbol) -> NameList {
        let mut names = NameList::default();
        for (&(what, id), &(name, _)) in &self.0 {
            let (names, place) = (names.list(what), symbol(id).index());
            if names.len() <= place {
                names.resize(place + 1, None);
            }
            names[place] = Some(symbol(name));
        }
        names
    }

    /// Takes the name of a day into account.
    pub(crate) fn add<'a>(
        &mut self,
        id: NamedId,
        name: Symbol,
        date: Date,
        text: impl Fn(Symbol) -> Cow<'a, str>,
    ) {
        let known = self.0.entry(id).or_insert((name, date));
        let lesser = || text(name) < text(known.0);
        if date > known.1 || date == known.1 && known.0 != name && lesser() {
            *known = (name, date);
        }
    }

    /// Forgets the name of an id if it stands on a day that is taken away. Whether it did.
    pub(crate) fn remove(&mut self, id: NamedId, date: Date) -> bool {
        let stands = self.0.get(&id).is_some_and(|(_, known)| *known == date);
        if stands {
            self.0.remove(&id);
        }
        stands
    }

    /// Forgets the names that stand on days before one, of resources or of all.
    pub(crate) fn forget_before(&mut self, day: Date, only: Option<Named>) {
        self.0.retain(|(what, _), (_, date)| {
            *date >= day || only.is_some_and(|forgotten| forgotten != *what)
        });
    }

    /// Forgets the names that stand on a day or after it.
    pub(crate) fn forget_from(&mut self, day: Date) {
        self.0.retain(|_, (_, date)| *date < day);
    }

    pub(crate) fn contains(&self, id: &NamedId) -> bool {
        self.0.contains_key(id)
    }

    /// The same names in other symbols.
    pub(crate) fn translated(&self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        let names = self.0.iter();
        let translated = |(&(what, id), &(name, date)): (&NamedId, &(Symbol, Date))| {
            ((what, symbol(id)), (symbol(name), date))
        };
        Self(names.map(translated).collect())
    }
}

/// Ids whose name was on a day that is gone, to be looked for on older days.
pub(crate) type Nameless = HashSet<NamedId>;
