//! The sums of every family over one set of rows, from one list of the families.

use std::any::Any;

use serde::{Deserialize, Serialize};

use super::bound::Folded;
use super::charge_lines::{ChargeLines, line_key};
use super::families;
use super::family::{Family, Keep, Part};
use super::key::Key;
use super::measure::Measure;
use super::ranking::Ranking;
use super::spelling::spelled;
use super::sums::{Sum, Sums};
use crate::billing::interner::{Interner, Sorted, Symbol};
use crate::billing::limits::Limits;
use crate::billing::names::Spellings;
use crate::billing::row::{Amounts, ChargeAmounts, ChargeKey};

/// The sums of one family.
pub(crate) type Table<F> = Sums<<F as Family>::Key>;

/// A family that has a table.
pub(crate) trait Tabled: Family + Sized {
    /// Returns its table.
    fn table(tables: &Tables) -> &Table<Self>;
}

/// Declares [`Tables`] and whatever is done with every table, from the list of families. A table has
/// a type of its own, so no loop can do it; what is in `$(…)*` is written for each family.
macro_rules! tables {
    ($($table:ident: $module:ident::$family:ident $(, $period:ident)*;)*) => {
        /// The sums of every family over one set of rows.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        pub(crate) struct Tables {
            $(pub(crate) $table: Table<super::$module::$family>,)*
            /// The sums that no family publishes.
            pub(crate) charge_lines: ChargeLines,
        }

        $(impl Tabled for super::$module::$family {
            fn table(tables: &Tables) -> &Table<Self> {
                &tables.$table
            }
        })*

        impl Tables {
            /// Returns the shape of each table.
            pub(crate) fn shapes() -> Vec<String> {
                vec![$(shape::<super::$module::$family>(stringify!($table)),)*]
            }

            /// Adds rows to the families that use this part of them.
            pub(crate) fn add<P: Part>(&mut self, part: &P, amounts: Amounts) {
                $(count::<super::$module::$family, P>(&mut self.$table, part, amounts);)*
            }

            fn combine_kept(
                &mut self,
                keep: Keep,
                how: Combine,
                other: &Self,
                symbol: &mut impl FnMut(Symbol) -> Symbol,
            ) {
                $(if <super::$module::$family>::KEEP >= keep {
                    merge(how, &mut self.$table, &other.$table, symbol);
                })*
                merge(how, &mut self.charge_lines, &other.charge_lines, symbol);
            }

            /// Frees the sums that are used for the open period only.
            pub(crate) fn drop_open_only(&mut self) {
                $(if <super::$module::$family>::KEEP == Keep::Open {
                    self.$table.clear();
                })*
            }

            /// Replaces caseless names with their spellings. An entity has one spelling, so that no
            /// two sums get the same key.
            pub(crate) fn spell(&mut self, spellings: &Spellings) {
                $(if !<super::$module::$family>::SPELLED.is_empty() {
                    self.$table = spelled(&self.$table, <super::$module::$family>::SPELLED, spellings);
                })*
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
                $(if let Some(bound) = <super::$module::$family>::BOUND {
                    ranking.fold(bound.of(limits, strings), &mut self.$table, folded);
                })*
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
                $(if let Some(bound) = <super::$module::$family>::BOUND {
                    ranking.fold_like(bound.of(limits, strings), &mut self.$table);
                })*
            }

            /// Passes every sum with the name of its table.
            #[cfg(test)]
            pub(crate) fn each(&self, sink: &mut dyn FnMut(&str, &[Symbol], &Sum)) {
                $(self.$table.iter().for_each(|(key, sum)| sink(stringify!($table), key, &sum));)*
            }
        }
    };
}

families!(tables);

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

/// Returns what decides which sums a table has: its name, the length of its keys, and how long it
/// keeps them.
fn shape<F: Family>(name: &str) -> String {
    format!("{name} {} {:?}", F::Key::LENGTH, F::KEEP)
}

/// Adds rows to a family if this is the part of them that it uses, which the compiler decides.
fn count<F: Family, P: Part>(table: &mut Table<F>, part: &P, amounts: Amounts) {
    let Some(part) = (part as &dyn Any).downcast_ref::<F::Part>() else { return };
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
