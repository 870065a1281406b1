//! What Azure sends, in bytes. Nothing of it leaves `azure`: the rest of the program sees
//! [`crate::billing::charge::Charge`].

mod dates;
mod fields;
mod layout;
mod page;
mod properties;
mod report;
mod tags;
mod text;

pub(crate) use page::{Page, read_page};
pub(crate) use report::{Report, ReportReader, Wanted};
