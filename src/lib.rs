//! The map.
pub mod billing;
pub mod cli;
pub mod config;
pub mod simulator;
