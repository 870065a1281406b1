//! How texts of rows are normalised: what Azure spells in several ways gets one text.

use std::borrow::Cow;

use super::amount::Amount;
use super::caseless::caseless;
use super::label_value::{bounded, bounded_name};
use super::regions::location;
use super::squeezed::squeezed;

/// A way to normalise a text. All of them limit its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// A part of an id, which is normalised already.
    IdPart,
    /// A text without blanks around it.
    Trimmed,
    /// A name that is compared without regard to case, as it was sent.
    Name,
    /// A name in upper case, so that names which differ in case alone become equal.
    UpperName,
    /// An id or a word in lower case.
    Lower,
    /// A code in upper case.
    Upper,
    /// A word that Azure writes with blanks, dashes or neither.
    Word,
    /// A price: one price is one text. What is no price is none.
    Decimal,
    /// A region in any of Azure's spellings.
    Region,
    /// A pricing model.
    PricingModel,
}

impl TextForm {
    /// Returns the normalised text.
    pub(crate) fn of(self, sent: &str) -> Cow<'_, str> {
        match self {
            Self::IdPart => bounded(sent.into()),
            Self::Trimmed => bounded(sent.trim().into()),
            Self::Name => bounded_name(sent.trim()),
            // Folds first, because `ß` becomes two letters.
            Self::UpperName => bounded(caseless(sent.trim()).to_uppercase().into()),
            Self::Lower => bounded(sent.trim().to_lowercase().into()),
            Self::Upper => bounded(sent.trim().to_uppercase().into()),
            Self::Word => bounded(squeezed(sent.trim())),
            Self::Decimal => {
                Amount::parse(sent).map_or("".into(), |price| price.amount.to_string().into())
            }
            Self::Region => bounded(location(sent)),
            Self::PricingModel => bounded(pricing_model(sent)),
        }
    }
}

/// Returns the label value of a pricing model: Azure writes `OnDemand` and documents `On Demand`.
fn pricing_model(text: &str) -> Cow<'_, str> {
    match squeezed(text) {
        model if model == "ondemand" => Cow::Borrowed("on_demand"),
        model if model == "savingsplan" => Cow::Borrowed("savings_plan"),
        model => model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pricing_models_are_written_in_one_spelling() {
        for (sent, label) in [
            ("", ""),
            ("OnDemand", "on_demand"),
            ("On Demand", "on_demand"),
            ("Reservation", "reservation"),
            ("SavingsPlan", "savings_plan"),
            ("Spot", "spot"),
        ] {
            assert_eq!(TextForm::PricingModel.of(sent), label);
        }
    }
}
