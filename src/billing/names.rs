//! The names of resources and subscriptions, and the spellings of names that are compared without
//! regard to case. They are part of a day's sums, so that they are replaced with the day.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::interner::Symbol;

/// A thing that has a name: a resource, subscription, meter or benefit by its id, everything else
/// by its [`super::caseless`] name, and by those of what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Named {
    /// A resource.
    Instance(Symbol),
    /// A subscription.
    Subscription(Symbol),
    /// A thing that is identified by its name in a column alone, such as a department.
    Column(Column, Symbol),
    /// A subcategory, after its service.
    Subcategory([Symbol; 2]),
    /// A meter, after its service and subcategory.
    Meter([Symbol; 3]),
    /// A meter, by its id.
    MeterId(Symbol),
    /// A reservation or savings plan, by its id.
    Benefit(Symbol),
    /// A value, after its tag key, which is spelled as configured.
    TagValue([Symbol; 2]),
}

impl Named {
    /// Replaces every symbol.
    pub(crate) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        match self {
            Self::Instance(id) => Self::Instance(symbol(id)),
            Self::Subscription(id) => Self::Subscription(symbol(id)),
            Self::Column(column, name) => Self::Column(column, symbol(name)),
            Self::Subcategory(path) => Self::Subcategory(path.map(symbol)),
            Self::Meter(path) => Self::Meter(path.map(symbol)),
            Self::MeterId(id) => Self::MeterId(symbol(id)),
            Self::Benefit(id) => Self::Benefit(symbol(id)),
            Self::TagValue(path) => Self::TagValue(path.map(symbol)),
        }
    }

    /// Returns its symbols.
    pub(crate) fn symbols(&self) -> &[Symbol] {
        match self {
            Self::Instance(one)
            | Self::Subscription(one)
            | Self::Column(_, one)
            | Self::MeterId(one)
            | Self::Benefit(one) => std::slice::from_ref(one),
            Self::Subcategory(path) | Self::TagValue(path) => path,
            Self::Meter(path) => path,
        }
    }

    /// Returns whether only the open period has series of it.
    pub(crate) fn is_open_only(&self) -> bool {
        matches!(self, Self::Instance(_) | Self::Subcategory(_) | Self::Meter(_))
    }
}

/// The names of one day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names(HashMap<Named, Symbol, foldhash::fast::RandomState>);

impl Names {
    /// Adds a name. If rows of one day disagree, the spelling that sorts first wins, so that the
    /// order of rows does not matter.
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

    /// Removes the names of entities of which only the open period has series.
    pub(crate) fn drop_open_only(&mut self) {
        self.0.retain(|named, _| !named.is_open_only());
        self.0.shrink_to_fit();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Named, Symbol)> {
        self.0.iter().map(|(&named, &name)| (named, name))
    }
}

/// Names by the index of their ids: all of them are looked up, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameList {
    instances: Vec<Option<Symbol>>,
    subscriptions: Vec<Option<Symbol>>,
}

impl NameList {
    /// Returns the name of a resource or subscription; `None` if it has none.
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

/// The spellings of the names that are caseless in keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spellings(HashMap<Named, Symbol, foldhash::fast::RandomState>);

impl Spellings {
    /// Returns the spelling of a name; `None` if it has none, as the empty name.
    pub(crate) fn of(&self, named: Named) -> Option<Symbol> {
        self.0.get(&named).copied()
    }

    /// Returns the names that a closed period needs, with every symbol replaced.
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

/// The newest name of each entity, and the day it is from: if spellings differ, that of the newest
/// day wins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DatedNames(HashMap<Named, (Symbol, Date), foldhash::fast::RandomState>);

impl DatedNames {
    /// Returns the names without their days, with every symbol replaced.
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

    /// Adds the name from a day, unless a newer one is known.
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

    /// Removes the name of an entity if it is from a day. Returns whether it was.
    pub(crate) fn remove(&mut self, named: Named, date: Date) -> bool {
        let stands = self.0.get(&named).is_some_and(|(_, known)| *known == date);
        if stands {
            self.0.remove(&named);
        }
        stands
    }

    /// Removes the names of entities of which only the open period has series, if they are from
    /// days before it.
    pub(crate) fn thin_before(&mut self, open: Date) {
        self.0.retain(|named, (_, date)| *date >= open || !named.is_open_only());
    }

    /// Removes the names that are from a day or later, and returns whose names they were.
    pub(crate) fn forget_from(&mut self, day: Date) -> Nameless {
        self.0.extract_if(|_, (_, date)| *date >= day).map(|(named, _)| named).collect()
    }

    /// Removes the names of things that have no sums any more.
    pub(crate) fn retain(&mut self, is_used: impl Fn(Symbol) -> bool) {
        self.0.retain(|named, _| named.symbols().iter().all(|symbol| is_used(*symbol)));
    }

    pub(crate) fn contains(&self, named: &Named) -> bool {
        self.0.contains_key(named)
    }

    /// Returns the names with every symbol replaced.
    pub(crate) fn translated(&self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        let names = self.0.iter();
        let translated = |(named, &(name, date)): (&Named, &(Symbol, Date))| {
            (named.translated(&mut symbol), (symbol(name), date))
        };
        Self(names.map(translated).collect())
    }
}

/// The things that lost their name with a removed day. Their names are looked up on older days.
pub(crate) type Nameless = HashSet<Named>;
