//! What Azure sends, in bytes. Nothing of it leaves `azure`: the rest of the program sees
//! [`crate::billing::charge::Charge`].

mod page;
mod properties;
mod tags;
mod text;

pub(crate) use page::{Page, read_page};
