//! A cache from texts of rows to their symbols. Rows repeat the same services, regions and units,
//! so that most texts need no normalising and no look-up among all others.

use crate::billing::column::Column;
use crate::billing::interner::{Interner, Symbol};
use crate::billing::short_str_eq::short_str_eq;
use crate::billing::text_form::TextForm;

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
    ResourceGroup,
    Location,
    Currency,
    Unit,
    ChargeType,
    Column(Column),
}

impl Field {
    /// The number of fields.
    const COUNT: usize = Column::COUNT + 8;

    /// Returns its number.
    fn index(self) -> usize {
        match self {
            Self::Column(column) => column as usize,
            Self::OwnSubscription => Column::COUNT,
            Self::OwnGroup => Column::COUNT + 1,
            Self::SubscriptionId => Column::COUNT + 2,
            Self::ResourceGroup => Column::COUNT + 3,
            Self::Location => Column::COUNT + 4,
            Self::Currency => Column::COUNT + 5,
            Self::Unit => Column::COUNT + 6,
            Self::ChargeType => Column::COUNT + 7,
        }
    }

    /// Returns how its texts are normalised.
    fn form(self) -> TextForm {
        match self {
            Self::OwnSubscription | Self::OwnGroup => TextForm::IdPart,
            Self::SubscriptionId | Self::ResourceGroup => TextForm::Lower,
            Self::Location => TextForm::Region,
            Self::Currency => TextForm::Upper,
            Self::Unit | Self::ChargeType => TextForm::Trimmed,
            Self::Column(column) => column.form(),
        }
    }
}

/// The texts that were seen last, by field, as they were sent, with their symbols.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnCache(Vec<Option<(Box<str>, Symbol)>>);

impl ColumnCache {
    /// Returns the symbol of the normalised text.
    pub(super) fn symbol(&mut self, field: Field, sent: &str, strings: &mut Interner) -> Symbol {
        if self.0.is_empty() {
            self.0.resize(Field::COUNT * REMEMBERED, None);
        }
        let known = &mut self.0[field.index() * REMEMBERED + place(sent)];
        match known {
            Some((text, symbol)) if short_str_eq(text, sent) => *symbol,
            _ => {
                let symbol = strings.intern(&field.form().of(sent));
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
