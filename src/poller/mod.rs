//! WHEN: which days are read now, and what happens to the answer.
//!
//! The only clock. A reading is published whole or not at all; after a failure everything stays as
//! it was. How to ask is `azure`'s, what to publish is `billing`'s.

mod answer;
mod clock;
mod desk;
mod outcome;
mod plan;
mod reload;
mod resume;
mod run;

pub use clock::Clock;
pub use reload::{Handle, Wanted, reload, scope_info};
pub use run::{Poller, World};
