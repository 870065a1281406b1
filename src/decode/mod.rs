//! The bytes that Azure sends. Their shapes never leave `decode`: the rest of the program sees
//! [`crate::billing::charge::Charge`].
//!
//! A row counts even if a text that the sum does not need is unreadable: the text is left out and
//! named in `Charge::degraded`. List and report produce the same charge for the same row.

mod amounts;
mod dates;
mod fields;
mod layout;
mod meter;
mod options;
mod page;
mod properties;
mod repair;
mod report;
mod row;
mod tags;
mod text;

pub(crate) use options::RowOptions;
pub(crate) use page::{Page, PageError, read_page, read_repaired_page};
pub(crate) use report::{Report, ReportReader};

#[cfg(test)]
mod tests;
