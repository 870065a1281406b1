//! The map.
pub mod billing;
pub mod config;
pub mod simulator;
