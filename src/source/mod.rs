//! IN: the sources of rows, which are APIs of Azure.
//!
//! Only this module knows their URLs, limits and quirks. [`crate::poller`] and [`crate::backfill`]
//! say what they need; [`Sources`] chooses by what each [`Source`] offers, and [`read`] reads it.
//! What is learnt on the way is in a [`SourceMemory`]. The shapes of rows are for
//! [`crate::decode`], and requests go through [`crate::azure`].
//!
//! A new source is a variant of [`Source`], a folder with its `offer` and its `read`, and its
//! place in the chooser.

mod chooser;
mod cost_details;
mod interpret;
mod kind;
mod memory;
mod month;
mod need;
mod offer;
mod page_counts;
mod question;
mod reading;
mod request;
mod scope_path;
mod sink;
mod usage_details;

use tokio::time::timeout;

pub use chooser::Sources;
#[cfg(any(test, fuzzing))]
pub(crate) use cost_details::report_files;
pub use interpret::{Understood, interpret};
pub use kind::Source;
pub use memory::SourceMemory;
pub use month::MonthReader;
pub use need::{CostModel, Due, Known};
pub use offer::Offer;
pub use page_counts::RowCounts;
use question::Question;
pub use reading::{ChargesShown, Reading};
pub use request::{Access, ReadRequest};
use sink::Sink;
pub use usage_details::{Probe, probe};

use crate::azure::Error;

/// Makes a reading: all rows of what was requested, or none.
///
/// # Errors
/// Every [`Error`]; all tries and waits are over by then. [`Error::TooLong`] if it has more pages
/// than requested, [`Error::Unsupported`] if the source has nothing for the scope.
pub async fn read(access: &Access<'_>, request: &ReadRequest) -> Result<Reading, Error> {
    let reading = read_in_time(access, request).await;
    access.client.ended(access.scope, &reading);
    reading
}

async fn read_in_time(access: &Access<'_>, request: &ReadRequest) -> Result<Reading, Error> {
    let source = request.source;
    let mut sink = Sink::new(Question::new(access.scope, request.span), access.tag_keys);
    let timeouts = &access.client.timeouts;
    match timeout(timeouts.reading, read_into(access, request, &mut sink)).await {
        Ok(ended) => ended?,
        Err(_) => return Err(timeouts.no_end(&format!("{} {}", sink.pages(), source.pages()))),
    }
    sink.finish()
}

async fn read_into(
    access: &Access<'_>,
    request: &ReadRequest,
    sink: &mut Sink,
) -> Result<(), Error> {
    match request.source {
        Source::UsageDetails => usage_details::read(access, request, sink).await,
        Source::CostDetails => cost_details::read(access, request, sink).await,
    }
}
