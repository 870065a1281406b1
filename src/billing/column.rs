//! The text columns of a charge: one list, which the charge, its key, normalising and the cache
//! go through. A new column is a line here, and its field in `decode/fields.rs`.
//!
//! What identifies a resource, the currency and the unit are no columns: keys without a charge have
//! them as well.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::text_form::TextForm;

/// Declares [`Column`] from the list below: of each column its name, and how it is normalised.
macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident: $name:literal, $form:ident;)+) => {
        /// A text column of a charge. Its number is its position in [`Columns`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Column {
            $($(#[$doc])* $column,)+
        }

        impl Column {
            /// All columns, in order.
            pub const ALL: [Self; [$(Self::$column),+].len()] = [$(Self::$column),+];

            /// Returns the name, which is that of a label where a family publishes the column.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)+
                }
            }

            /// Returns how its texts are normalised.
            pub(crate) const fn form(self) -> TextForm {
                match self {
                    $(Self::$column => TextForm::$form,)+
                }
            }
        }
    };
}

columns! {
    /// The name of the subscription.
    SubscriptionName: "subscription_name", Trimmed;
    /// The department it is charged to. An enrollment's invoice sections are its departments.
    Department: "department", Name;
    /// The enrollment account it is charged to.
    Account: "account", Name;
    /// The cost center of the department or account.
    CostCenter: "cost_center", UpperName;
    /// The category of the meter; if it has none, the consumed service.
    ServiceName: "service_name", Name;
    /// The subcategory of the meter.
    Subcategory: "subcategory", Name;
    /// The name of the meter.
    Meter: "meter", Name;
    /// The id of the meter: meters of several regions or offers can have one name.
    MeterId: "meter_id", Lower;
    /// The id of the order or reservation that was bought; if there is none, the product's name.
    /// The key of a charge has it of purchases and refunds only, as the next two.
    Product: "product", Trimmed;
    /// How often it is charged, in Azure's words.
    Frequency: "frequency", Word;
    /// The term of a reservation or savings plan: a number of months.
    Term: "term", Lower;
    /// The id of the reservation or savings plan that pays for the usage, or that was bought.
    Benefit: "benefit", Lower;
    /// The name of that reservation or savings plan.
    BenefitName: "benefit_name", Trimmed;
    /// The kind of publisher, that is, of seller.
    PublisherType: "publisher_type", Lower;
    /// The pricing model.
    PricingModel: "pricing_model", PricingModel;
    /// The pay-as-you-go price. It is empty for Marketplace and for most usage that a reservation
    /// pays for.
    ListPrice: "list_price", Decimal;
}

impl Column {
    /// The number of columns.
    pub const COUNT: usize = Self::ALL.len();

    /// Returns whether charges are counted under the caseless form of its texts.
    pub(crate) const fn is_caseless(self) -> bool {
        matches!(self.form(), TextForm::Name)
    }

    /// Returns whether a caseless text of it identifies what it names. A subcategory belongs to a
    /// service, and a meter to both.
    pub(crate) const fn is_named_alone(self) -> bool {
        self.is_caseless() && !matches!(self, Self::Subcategory | Self::Meter)
    }
}

/// One value for each column.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Columns<T>([T; Column::COUNT]);

impl<T> Columns<T> {
    /// Returns the values that a function has for the columns.
    pub(crate) fn from_fn(value: impl FnMut(Column) -> T) -> Self {
        Self(Column::ALL.map(value))
    }
}

impl<T> Index<Column> for Columns<T> {
    type Output = T;

    fn index(&self, column: Column) -> &T {
        &self.0[column as usize]
    }
}

impl<T> IndexMut<Column> for Columns<T> {
    fn index_mut(&mut self, column: Column) -> &mut T {
        &mut self.0[column as usize]
    }
}

/// Writes the values with the names of their columns.
impl<T: fmt::Debug> fmt::Debug for Columns<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns = f.debug_struct("Columns");
        for column in Column::ALL {
            columns.field(column.name(), &self[column]);
        }
        columns.finish()
    }
}
