//! The domain.
pub mod scope;
