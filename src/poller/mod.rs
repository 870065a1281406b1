//! WHEN: which days are read now, and what happens to the answer.
//!
//! Only this module has a clock. A reading is published whole or not at all; after a failure
//! everything stays as it was. [`crate::azure`] decides how to request, [`crate::billing`] what to
//! publish.

mod answer;
mod clock;
mod context;
mod outcome;
mod plan;
mod reload;
mod restore;
mod run;
mod scope_cell;
mod scope_spec;

pub use clock::Clock;
pub use context::PollContext;
pub use plan::last_rereading;
pub use reload::reload;
pub use run::Poller;
pub use scope_cell::Handle;
pub use scope_spec::{ScopeSpec, scope_info};
