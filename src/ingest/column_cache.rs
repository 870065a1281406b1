//! A cache from texts of rows to their symbols. Rows repeat the same services, regions and units,
//! so that most texts need no normalising and no look-up among all others.

use std::borrow::Cow;

use crate::billing::interner::{Interner, Symbol};
use crate::billing::short_str_eq::short_str_eq;

/// The number of texts that are cached for each field; a power of two.
const REMEMBERED: usize = 256;
/// The length of the longest text that is cached. All real names are shorter.
const LONGEST: usize = 256;

/// A field of a row that has few different values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// The subscription in the id of the resource.
    OwnSubscription,
    /// The resource group in the id of the resource.
    OwnGroup,
    SubscriptionId,
    SubscriptionName,
    ResourceGroup,
    Location,
    Department,
    Account,
    CostCenter,
    ServiceName,
    Subcategory,
    Meter,
    MeterId,
    Product,
    Frequency,
    Term,
    Benefit,
    BenefitName,
    Currency,
    Unit,
    ListPrice,
    ChargeType,
    PublisherType,
    PricingModel,
}

/// The texts that were seen last, by field, as they were sent, with their symbols.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnCache(Vec<Option<(Box<str>, Symbol)>>);

impl ColumnCache {
    /// Returns the symbol of the normalised text.
    pub(super) fn symbol(
        &mut self,
        field: Field,
        sent: &str,
        strings: &mut Interner,
        normal: fn(&str) -> Cow<'_, str>,
    ) -> Symbol {
        if self.0.is_empty() {
            self.0.resize((Field::PricingModel as usize + 1) * REMEMBERED, None);
        }
        let known = &mut self.0[field as usize * REMEMBERED + place(sent)];
        match known {
            Some((text, symbol)) if short_str_eq(text, sent) => *symbol,
            _ => {
                let symbol = strings.intern(&normal(sent));
                if sent.len() <= LONGEST {
                    *known = Some((sent.into(), symbol));
                }
                symbol
            }
        }
    }
}

/// Returns the place of a text in the cache, from its length and its ends, in which most texts
/// differ.
fn place(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mixed = match bytes.first_chunk().zip(bytes.last_chunk()) {
        Some((head, tail)) => u64::from_le_bytes(*head) ^ u64::from_le_bytes(*tail).rotate_left(29),
        None => bytes.iter().fold(0, |mixed, byte| mixed << 8 | u64::from(*byte)),
    };
    let mixed = (mixed ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 56) as usize % REMEMBERED
}
