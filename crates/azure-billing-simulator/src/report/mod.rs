//! The asynchronous cost details report: requested, checked until it is ready, downloaded.
//!
//! Its rows equal the list's, to the last digit: they come from the same ledger, and only their
//! text differs. A blob is generated while it is sent, so that a gigabyte takes no memory; its
//! length is found beforehand by writing it once without sending it. Not here: the list, and the
//! meaning of paths (`target`).

mod answer;
mod blob;
mod cell;
mod columns;
mod desk;
mod format;
mod lines;
mod options;
mod order;

pub use self::options::{ColumnNames, EmptyReport, HeaderCase, ReportFormat, ReportOptions};
pub(super) use self::{
    answer::{download, request, status},
    desk::Desk,
    format::Format,
};
