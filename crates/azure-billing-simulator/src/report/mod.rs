//! The asynchronous cost details report: asked for, looked at until it is ready, downloaded.
//!
//! Its rows are the list's, to the last digit: they come from the same ledger, and only what is
//! written of them differs. A blob is made while it is sent, so a gigabyte takes no memory; its
//! length is found beforehand by writing it once for nobody.
//! Not here: the list, and what a path means (`target`).

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
