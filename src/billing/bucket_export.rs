//! A part of a bucket by itself, which can be written and added to other sums.

use serde::{Deserialize, Serialize};

use super::interner::{Encoding, Symbol};
use super::row::{Amounts, ChargeAmounts, ChargeKey, ResourceKey, Tag};

/// A part of a bucket by itself: its texts, and its sums, whose symbols are indexes of these texts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct BucketExport<'a> {
    #[serde(borrow)]
    pub(crate) texts: Vec<Encoding<'a>>,
    /// The sums by resource, with its name.
    pub(crate) resources: Vec<(ResourceKey, Amounts, Symbol)>,
    pub(crate) items: Vec<(ChargeKey, ChargeAmounts)>,
    pub(crate) tags: Vec<(Tag, Amounts)>,
}
