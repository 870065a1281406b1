//! What resources and subscriptions are called, and how the names are spelled that are compared
//! without regard to case. Part of a day's sums, so that a replaced day takes its names along.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::interner::Symbol;

/// What has a name: a resource or subscription by its id, all others by [`super::caseless`] texts,
/// and what lies in another by that as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Named {
    /// A resource.
    Instance(Symbol),
    /// A subscription.
    Subscription(Symbol),
    /// A department.
    Department(Symbol),
    /// An enrollment account.
    Account(Symbol),
    /// A service.
    Service(Symbol),
    /// A subcategory, behind its service.
    Subcategory([Symbol; 2]),
    /// A meter, behind its service and subcategory.
    Meter([Symbol; 3]),
    /// A value, behind its tag key, which is spelled as configured.
    TagValue([Symbol; 2]),
}

impl Named {
    /// The same in other symbols.
    pub(crate) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        match self {
            Self::Instance(id) => Self::Instance(symbol(id)),
            Self::Subscription(id) => Self::Subscription(symbol(id)),
            Self::Department(name) => Self::Department(symbol(name)),
            Self::Account(name) => Self::Account(symbol(name)),
            Self::Service(name) => Self::Service(symbol(name)),
            Self::Subcategory(path) => Self::Subcategory(path.map(symbol)),
            Self::Meter(path) => Self::Meter(path.map(symbol)),
            Self::TagValue(path) => Self::TagValue(path.map(symbol)),
        }
    }

    /// Its symbols.
    pub(crate) fn symbols(&self) -> &[Symbol] {
        match self {
            Self::Instance(one)
            | Self::Subscription(one)
            | Self::Department(one)
            | Self::Account(one)
            | Self::Service(one) => std::slice::from_ref(one),
            Self::Subcategory(path) | Self::TagValue(path) => path,
            Self::Meter(path) => path,
        }
    }

    /// Whether only the open period has series of it.
    pub(crate) fn is_open_only(&self) -> bool {
        matches!(self, Self::Instance(_) | Self::Subcategory(_) | Self::Meter(_))
    }
}

/// The names of one day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names(HashMap<Named, Symbol, foldhash::fast::RandomState>);

impl Names {
    /// Where rows of one day disagree the lesser spelling wins, so that their order means nothing.
    pub(crate) fn add<'a>(
        &mut self,
        named: Named,
        name: Symbol,
        text: impl Fn(Symbol) -> Cow<'a, str>,
    ) {
        let known = self.0.entry(named).or_insert(name);
        if *known != name && text(name) < text(*known) {
            *known = name;
        }
    }

    /// Forgets the names of what only the open period has series of.
    pub(crate) fn drop_open_only(&mut self) {
        self.0.retain(|named, _| !named.is_open_only());
        self.0.shrink_to_fit();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Named, Symbol)> {
        self.0.iter().map(|(&named, &name)| (named, name))
    }
}

/// Names by the places of their ids: all of them are asked for, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameList {
    instances: Vec<Option<Symbol>>,
    subscriptions: Vec<Option<Symbol>>,
}

impl NameList {
    /// The name of what has an id; `None` where there is none.
    pub(crate) fn of(&self, named: Named) -> Option<Symbol> {
        let (names, id) = match named {
            Named::Instance(id) => (&self.instances, id),
            Named::Subscription(id) => (&self.subscriptions, id),
            _ => return None,
        };
        names.get(id.index()).copied().flatten()
    }

    fn subscriptions(&self) -> impl Iterator<Item = (Named, Symbol)> {
        let names = self.subscriptions.iter().enumerate();
        names.filter_map(|(id, name)| Some((Named::Subscription(Symbol::at(id)), (*name)?)))
    }

    fn add(&mut self, named: Named, name: Symbol) {
        let (names, id) = match named {
            Named::Instance(id) => (&mut self.instances, id),
            Named::Subscription(id) => (&mut self.subscriptions, id),
            _ => return,
        };
        if names.len() <= id.index() {
            names.resize(id.index() + 1, None);
        }
        names[id.index()] = Some(name);
    }
}

/// How names are spelled that keys have without their case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spellings(HashMap<Named, Symbol, foldhash::fast::RandomState>);

impl Spellings {
    /// The spelling of a name; `None` where it has none, as the empty one.
    pub(crate) fn of(&self, named: Named) -> Option<Symbol> {
        self.0.get(&named).copied()
    }

    /// What a closed period has names of, in other symbols.
    pub(crate) fn of_bill(
        &self,
        names: &NameList,
        mut symbol: impl FnMut(Symbol) -> Symbol,
    ) -> Names {
        let spelled = self.0.iter().map(|(&named, &name)| (named, name));
        let kept = spelled.chain(names.subscriptions()).filter(|(named, _)| !named.is_open_only());
        Names(kept.map(|(named, name)| (named.translated(&mut symbol), symbol(name))).collect())
    }
}

/// The newest name of each entity, and the day it stands on: where spellings differ the newest
/// day's wins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DatedNames(HashMap<Named, (Symbol, Date), foldhash::fast::RandomState>);

impl DatedNames {
    /// The names alone, in other symbols.
    pub(crate) fn undated(&self, symbol: impl Fn(Symbol) -> Symbol) -> (NameList, Spellings) {
        let (mut names, mut spellings) = (NameList::default(), Spellings::default());
        for (&named, &(name, _)) in &self.0 {
            let (named, name) = (named.translated(&symbol), symbol(name));
            match named {
                Named::Instance(_) | Named::Subscription(_) => names.add(named, name),
                _ => _ = spellings.0.insert(named, name),
            }
        }
        (names, spellings)
    }

    /// Takes the name of a day into account.
    pub(crate) fn add<'a>(
        &mut self,
        named: Named,
        name: Symbol,
        date: Date,
        text: impl Fn(Symbol) -> Cow<'a, str>,
    ) {
        let known = self.0.entry(named).or_insert((name, date));
        let lesser = || text(name) < text(known.0);
        if date > known.1 || date == known.1 && known.0 != name && lesser() {
            *known = (name, date);
        }
    }

    /// Forgets the name of an entity if it stands on a day that is taken away. Whether it did.
    pub(crate) fn remove(&mut self, named: Named, date: Date) -> bool {
        let stands = self.0.get(&named).is_some_and(|(_, known)| *known == date);
        if stands {
            self.0.remove(&named);
        }
        stands
    }

    /// Forgets the names of what only the open period has series of, where they stand on days
    /// before it.
    pub(crate) fn thin_before(&mut self, open: Date) {
        self.0.retain(|named, (_, date)| *date >= open || !named.is_open_only());
    }

    /// Forgets the names that stand on a day or after it, and says of what.
    pub(crate) fn forget_from(&mut self, day: Date) -> Nameless {
        self.0.extract_if(|_, (_, date)| *date >= day).map(|(named, _)| named).collect()
    }

    /// Forgets the names of what has no sums any more.
    pub(crate) fn retain(&mut self, is_used: impl Fn(Symbol) -> bool) {
        self.0.retain(|named, _| named.symbols().iter().all(|symbol| is_used(*symbol)));
    }

    pub(crate) fn contains(&self, named: &Named) -> bool {
        self.0.contains_key(named)
    }

    /// The same names in other symbols.
    pub(crate) fn translated(&self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        let names = self.0.iter();
        let translated = |(named, &(name, date)): (&Named, &(Symbol, Date))| {
            (named.translated(&mut symbol), (symbol(name), date))
        };
        Self(names.map(translated).collect())
    }
}

/// What lost its name with a day that is gone, to be looked for on older days.
pub(crate) type Nameless = HashSet<Named>;
