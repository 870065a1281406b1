//! One row of what Azure bills, in whatever format it was read.

use std::borrow::Cow;
use std::ops::Index;

use jiff::civil::Date;

use super::amount::Amount;
use super::column::{Column, Columns};
use super::squeezed::squeezed;

/// A row, borrowed from the page or report that contains it. Texts are as sent;
/// [`crate::ingest`] normalises them. An absent text is empty.
#[derive(Clone, Debug, Default)]
pub struct Charge<'a> {
    /// The day of the usage or purchase.
    pub date: Option<Date>,
    /// Cost before tax in `currency`; zero where the row has none.
    pub cost: Amount,
    /// Usage in `unit`; zero where the row has none.
    pub quantity: Amount,
    /// The cost at the effective price: the cost itself, or where that is zero, the quantity at
    /// the price that the row names nevertheless.
    pub effective_cost: Amount,
    /// The texts that have a column.
    pub columns: Columns<Cow<'a, str>>,
    /// The billing currency.
    pub currency: Cow<'a, str>,
    /// The unit of measure of the meter.
    pub unit: Cow<'a, str>,
    /// The ARM id of the resource.
    pub instance_id: Cow<'a, str>,
    /// The name of the resource.
    pub instance_name: Cow<'a, str>,
    /// The subscription, for rows whose `instance_id` does not contain it.
    pub subscription_id: Cow<'a, str>,
    /// The resource group, for rows whose `instance_id` does not contain it.
    pub resource_group: Cow<'a, str>,
    /// The region in any of Azure's spellings.
    pub location: Cow<'a, str>,
    /// Tag keys and values as sent.
    pub tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// True if Azure calls the cost estimated; `None` if it does not say.
    pub estimated: Option<bool>,
    /// True if an Azure prepayment can pay for it; `None` if the row does not say.
    pub credit_eligible: Option<bool>,
    /// True if the charge recurs in each period.
    pub recurring: bool,
    /// The kind of charge.
    pub charge_type: ChargeType,
    /// The first day of the billing period it is billed in; `None` where the row does not say.
    pub billing_period_start: Option<Date>,
    /// The billing account it is billed to, as sent: an enrollment number or an id.
    pub billing_account: Cow<'a, str>,
    /// The price of usage that costs nothing; ignored for other rows.
    pub price: Price,
    /// The parts of the row that could not be read. The row counts nevertheless.
    pub degraded: Degraded,
}

impl<'a> Charge<'a> {
    /// Returns the charge with another text in a column.
    pub fn with(mut self, column: Column, text: impl Into<Cow<'a, str>>) -> Self {
        self.columns[column] = text.into();
        self
    }
}

impl<'a> Index<Column> for Charge<'a> {
    type Output = Cow<'a, str>;

    fn index(&self, column: Column) -> &Cow<'a, str> {
        &self.columns[column]
    }
}

/// The price in a row of usage without cost. It distinguishes free usage from a hidden cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Price {
    /// No price above zero.
    #[default]
    Unnamed,
    /// A list price above zero, of which nothing is to be paid: a free grant.
    Listed,
    /// A price above zero that is to be paid: the effective price or, where the row has none, the
    /// unit price.
    Payable,
}

/// A part of a row that could not be read, although the row counts. The variants are all values of
/// the `reason` label of `azure_billing_degraded_rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degradation {
    /// The tags, or some of them.
    Tags,
    /// Another text: bytes that are not UTF-8, half a surrogate pair, a list where a text belongs.
    Text,
    /// The row has no cost, and counts as 0.
    NoCost,
    /// The row has no date, and counts on the first day of its billing period.
    NoDate,
}

impl Degradation {
    /// All degradations, in the order of publication.
    pub const ALL: [Self; 4] = [Self::Tags, Self::Text, Self::NoCost, Self::NoDate];

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Text => "text",
            Self::NoCost => "no_cost",
            Self::NoDate => "no_date",
        }
    }
}

/// The degradations of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Degraded(u8);

impl Degraded {
    /// Adds a degradation.
    pub fn add(&mut self, degradation: Degradation) {
        self.0 |= 1 << degradation as u8;
    }

    /// Returns whether a degradation is among them.
    pub fn contains(self, degradation: Degradation) -> bool {
        self.0 & 1 << degradation as u8 != 0
    }

    /// Returns whether there are none, as for nearly all rows.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The kinds of charge of Azure's cost data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChargeType {
    /// A correction.
    Adjustment,
    /// Money that is credited.
    Credit,
    /// A kind that this version does not know.
    Other,
    /// A reservation, savings plan or Marketplace offer that was bought.
    Purchase,
    /// Money that is paid back.
    Refund,
    /// The remainder of rounding.
    RoundingAdjustment,
    /// Tax.
    Tax,
    /// The idle part of a reservation, in amortized cost.
    UnusedReservation,
    /// The idle part of a savings plan, in amortized cost.
    UnusedSavingsPlan,
    /// Metered usage. Rows of the old format have no kind and are usage.
    #[default]
    Usage,
}

impl ChargeType {
    /// Reads Azure's spelling in any case; an empty text means usage.
    pub fn parse(text: &str) -> Self {
        if text == "Usage" {
            // Nearly all rows have this spelling.
            return Self::Usage;
        }
        match squeezed(text).as_ref() {
            "" | "usage" => Self::Usage,
            "purchase" => Self::Purchase,
            "refund" => Self::Refund,
            "unusedreservation" => Self::UnusedReservation,
            "unusedsavingsplan" => Self::UnusedSavingsPlan,
            "roundingadjustment" => Self::RoundingAdjustment,
            "credit" => Self::Credit,
            "tax" => Self::Tax,
            "adjustment" => Self::Adjustment,
            _ => Self::Other,
        }
    }

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adjustment => "adjustment",
            Self::Credit => "credit",
            Self::Other => "other",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::RoundingAdjustment => "rounding_adjustment",
            Self::Tax => "tax",
            Self::UnusedReservation => "unused_reservation",
            Self::UnusedSavingsPlan => "unused_savings_plan",
            Self::Usage => "usage",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charge_types_are_read_in_every_spelling_and_written_in_one() {
        for (sent, label) in [
            ("", "usage"),
            ("Usage", "usage"),
            ("USAGE", "usage"),
            ("Purchase", "purchase"),
            ("Refund", "refund"),
            ("UnusedReservation", "unused_reservation"),
            ("UnusedSavingsPlan", "unused_savings_plan"),
            ("Rounding Adjustment", "rounding_adjustment"),
            ("roundingAdjustment", "rounding_adjustment"),
            ("Credit", "credit"),
            ("Tax", "tax"),
            ("Adjustment", "adjustment"),
            ("Donation", "other"),
        ] {
            assert_eq!(ChargeType::parse(sent).as_str(), label, "{sent:?}");
        }
    }
}
