//! The asynchronous cost details report: what was requested, and the bytes of its blobs.
//!
//! Its rows equal the list's, to the last digit: they come from the same ledger, and only their
//! text differs. A blob is generated while it is sent, so that a gigabyte takes no memory; its
//! length is found beforehand by writing it once without sending it. Not here: the answers to
//! requests (`report_steps`).

mod blob;
mod cell;
mod columns;
mod desk;
mod format;
mod lines;
mod order;

pub(super) use self::{
    blob::{Chunks, Part, inside_quotes, measure},
    desk::{Desk, Ready, Report},
    format::Format,
    lines::{Lines, Reading},
    order::Order,
};
