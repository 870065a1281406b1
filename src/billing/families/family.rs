//! What a metric family is: the symbols of its series, what rows add to them, and its name, help
//! and labels if it is published.

use super::bound::Bound;
use super::key::Key;
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, ChargeKey, ResourceKey, Tag};

/// The index of a caseless name in a key, and what it names.
pub(crate) type Spelled<K> = (usize, fn(&K) -> Named);

/// The index in a key of an id that has a name, and the kind of thing it identifies.
pub(crate) type NamedId = (usize, fn(Symbol) -> Named);

/// How long the sums of a family are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keep {
    /// While their period is open.
    Open,
    /// As long as their day is stored. The totals of a closed period lack them.
    Days,
    /// As long as their period is known: they are part of its bill, which shows who pays.
    Bill,
}

/// A part of a row. The families that use it are found by its type.
pub(crate) trait Part: 'static {}

impl Part for ResourceKey {}
impl Part for ChargeKey {}
impl Part for Tag {}

/// A family: sums of rows by some of their properties.
pub(crate) trait Family {
    /// The symbols of one series.
    type Key: Key;
    /// The part of a row that it uses. Rows with equal parts are added up first.
    type Part: Part;
    /// How long its sums are used.
    const KEEP: Keep;
    /// The bound of its series. Of the families that share a bound, the first in the list of
    /// tables is ranked, and the others keep the same entities.
    const BOUND: Option<Bound> = None;
    /// The names in the key, which are caseless there. Series have their spellings instead.
    const SPELLED: &'static [Spelled<Self::Key>] = &[];

    /// Adds rows to the series to which they belong, if any.
    fn each(part: &Self::Part, amounts: Amounts, add: impl FnMut(Self::Key, Amount));
}

/// The families that a history of closed months has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InHistory {
    /// A history lacks the family.
    No,
    /// A history has the family if it has series of resources.
    Resources,
    /// A history has the family.
    Yes,
}

/// A family that is published as a metric.
pub(crate) trait Metric: Family {
    /// The metric's name.
    const NAME: &'static str;
    /// The help text: what the metric counts, and how not to use it.
    const HELP: &'static str;
    /// The labels besides `scope`: those of the key, and that of a name if `NAMED` is set.
    const LABELS: &'static [&'static str];
    /// The id in the key that has a name. The label of the name follows that of the id.
    const NAMED: Option<NamedId> = None;
    /// Whether a history has the metric.
    const HISTORY: InHistory = InHistory::No;
}

/// A metric that is also published for the previous period.
pub(crate) trait Previous: Metric {
    /// The metric's name for the previous period.
    const NAME: &'static str;
    /// The help text for the previous period.
    const HELP: &'static str;
    /// The labels besides `scope`: `period`, then those of the open period.
    const LABELS: &'static [&'static str];
}
