//! The simulated enrollment.
