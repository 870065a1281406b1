//! IN: rows as they are read, added up to daily sums.
//!
//! A reading pushes charges, commits each page that was read to its end, and rolls back the others.
//! A row accumulator normalises rows and adds them up; a [`SpillBuffer`] moves its sums to the
//! disk when there are too many for memory. Nothing here knows where rows come from.

mod column_cache;
mod normalizer;
mod row_accumulator;
mod spill_buffer;

pub use spill_buffer::{SpillBuffer, SpillError};
