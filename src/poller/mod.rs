//! WHEN: which days are read now, and what happens to the answer.
//!
//! Only this module has a clock. A reading is published whole or not at all; after a failure
//! everything stays as it was. [`crate::azure`] decides how to request, [`crate::billing`] what to
//! publish.

mod answer;
mod clock;
mod outcome;
mod plan;
mod reload;
mod restore;
mod run;
mod scope_cell;

pub use clock::Clock;
pub use reload::{Handle, ScopeSpec, reload, scope_info};
pub use run::{PollContext, Poller};
