//! Remote write 1.0, to a receiver that accepts samples of the past.

mod months;
mod receiver;
mod refusal;
mod wire;

pub(super) use months::send;
pub use receiver::{Persistence, Receiver};
