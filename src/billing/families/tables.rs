//! The sums of every family over one set of rows, from one list of the families.

use serde::{Deserialize, Serialize};

use super::accounts::AccountCost;
use super::bound::Folded;
use super::charge_lines::{ChargeLines, line_key};
use super::cost_centers::CostCenterCost;
use super::estimated::EstimatedCost;
use super::family::{Family, Keep};
use super::instances::{InstanceCost, InstanceUsage};
use super::key::Key;
use super::locations::LocationCost;
use super::measure::Measure;
use super::meters::{MeterCost, MeterUsage};
use super::ranking::Ranking;
use super::resource_groups::ResourceGroupCost;
use super::scopes::{RecurringCost, ScopeCost};
use super::services::{ServiceCharge, ServiceCost};
use super::spelling::spelled;
use super::subscriptions::SubscriptionCost;
use super::sums::{Sum, Sums};
use super::tags::TagCost;
use crate::billing::interner::{Interner, Sorted, Symbol};
use crate::billing::limits::Limits;
use crate::billing::names::Spellings;
use crate::billing::row::{Amounts, ChargeAmounts, ChargeKey, ResourceKey, Tag};

/// The sums of one family.
pub(crate) type Table<F> = Sums<<F as Family>::Key>;

/// A family that has a table.
pub(crate) trait Tabled: Family + Sized {
    /// Returns its table.
    fn table(tables: &Tables) -> &Table<Self>;
}

/// Declares [`Tables`] and whatever is done with every table, from the list of families below. A
/// table has a type of its own, so no loop can do it; each line in `$(…)*` is written for each
/// family.
macro_rules! tables {
    ($($add:ident of $part:ty { $($field:ident: $family:ty,)* })*) => {
        /// The sums of every family over one set of rows.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        pub(crate) struct Tables {
            $($(pub(crate) $field: Table<$family>,)*)*
            /// The sums that no family publishes.
            pub(crate) charge_lines: ChargeLines,
        }

        $($(impl Tabled for $family {
            fn table(tables: &Tables) -> &Table<Self> {
                &tables.$field
            }
        })*)*

        impl Tables {
            $(
                /// Adds rows to the families that use this part of them.
                pub(crate) fn $add(&mut self, part: &$part, amounts: Amounts) {
                    $(count::<$family>(&mut self.$field, part, amounts);)*
                }
            )*

            fn combine_kept(
                &mut self,
                keep: Keep,
                how: Combine,
                other: &Self,
                symbol: &mut impl FnMut(Symbol) -> Symbol,
            ) {
                $($(if <$family>::KEEP >= keep {
                    merge(how, &mut self.$field, &other.$field, symbol);
                })*)*
                merge(how, &mut self.charge_lines, &other.charge_lines, symbol);
            }

            /// Frees the sums that are used for the open period only.
            pub(crate) fn drop_open_only(&mut self) {
                $($(if <$family>::KEEP == Keep::Open {
                    self.$field.clear();
                })*)*
            }

            /// Replaces caseless names with their spellings. An entity has one spelling, so that no
            /// two sums get the same key.
            pub(crate) fn spell(&mut self, spellings: &Spellings) {
                $($(if !<$family>::SPELLED.is_empty() {
                    self.$field = spelled(&self.$field, <$family>::SPELLED, spellings);
                })*)*
            }

            /// Folds what exceeds the limits into `__other__`, and returns the entities that keep
            /// their series. Symbols must be in the order of their texts, which decides ties.
            pub(crate) fn fold(
                &mut self,
                limits: &Limits,
                strings: &Sorted,
                folded: &mut Folded,
            ) -> Ranking {
                let mut ranking = Ranking::default();
                $($(if let Some(bound) = <$family>::BOUND {
                    ranking.fold(bound.of(limits, strings), &mut self.$field, folded);
                })*)*
                ranking
            }

            /// Folds sums of some of the rows in the same way as those of all rows: an entity keeps
            /// its series, whatever its share of these rows is.
            pub(crate) fn fold_like(
                &mut self,
                ranking: &Ranking,
                limits: &Limits,
                strings: &Sorted,
            ) {
                $($(if let Some(bound) = <$family>::BOUND {
                    ranking.fold_like(bound.of(limits, strings), &mut self.$field);
                })*)*
            }

            /// Passes every sum with the name of its table.
            #[cfg(test)]
            pub(crate) fn each(&self, sink: &mut dyn FnMut(&str, &[Symbol], &Sum)) {
                $($(self.$field.iter().for_each(|(key, sum)| sink(stringify!($field), key, &sum));)*)*
            }
        }
    };
}

// Every family, by the part of a row that it uses. The file of a family says the rest: how long it
// is kept, how it is bounded, which names it has.
tables! {
    add_resource of ResourceKey {
        instance_cost: InstanceCost,
        instance_usage: InstanceUsage,
        subscription_cost: SubscriptionCost,
        resource_group_cost: ResourceGroupCost,
        location_cost: LocationCost,
    }
    add_item of ChargeKey {
        scope_cost: ScopeCost,
        estimated_cost: EstimatedCost,
        account_cost: AccountCost,
        cost_center_cost: CostCenterCost,
        service_cost: ServiceCost,
        service_charge: ServiceCharge,
        meter_cost: MeterCost,
        meter_usage: MeterUsage,
        recurring_cost: RecurringCost,
    }
    add_tag of Tag {
        tag_cost: TagCost,
    }
}

/// The ways to combine sums with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combine {
    /// Adds the others.
    Add,
    /// Subtracts the others, which were added before. This is lossless because sums are exact.
    Deduct,
}

impl Tables {
    /// Adds rows to the lines of charges.
    pub(crate) fn add_line(
        &mut self,
        item: &ChargeKey,
        amounts: ChargeAmounts,
        strings: &mut Interner,
    ) {
        let rows = amounts.sums.rows;
        self.charge_lines.add(line_key(item, strings), Sum { amount: amounts.into(), rows });
    }

    /// Adds or subtracts other sums, whose symbols are translated.
    pub(crate) fn combine(
        &mut self,
        how: Combine,
        other: &Self,
        mut symbol: impl FnMut(Symbol) -> Symbol,
    ) {
        self.combine_kept(Keep::Open, how, other, &mut symbol);
    }

    /// Adds or subtracts only the sums that are still used when a period has closed.
    pub(crate) fn combine_bill(
        &mut self,
        how: Combine,
        other: &Self,
        mut symbol: impl FnMut(Symbol) -> Symbol,
    ) {
        self.combine_kept(Keep::Bill, how, other, &mut symbol);
    }
}

fn count<F: Family>(table: &mut Table<F>, part: &F::Part, amounts: Amounts) {
    let rows = amounts.rows;
    F::each(part, amounts, |key, amount| table.add(key, Sum { amount, rows }));
}

fn merge<K: Key, A: Measure>(
    how: Combine,
    table: &mut Sums<K, A>,
    other: &Sums<K, A>,
    symbol: &mut impl FnMut(Symbol) -> Symbol,
) {
    if table.len() == 0 {
        // Growing step by step would cost as much as adding all sums.
        table.reserve(other.len());
    }
    for (key, sum) in other.iter() {
        let mut key = *key;
        key.as_mut().iter_mut().for_each(|part| *part = symbol(*part));
        match how {
            Combine::Add => table.add(key, sum),
            Combine::Deduct => table.deduct(key, sum),
        }
    }
}
