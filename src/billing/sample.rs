//! A sample of a family.

use super::amount::Amount;

/// The value of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A sum of rows.
    Exact(Amount),
    /// A value computed from sums: a mean, a forecast.
    Derived(f64),
}

impl Value {
    /// Returns the value as it is written.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Exact(amount) => amount.to_f64(),
            Self::Derived(value) => value,
        }
    }
}

/// A function that takes the samples of a family: label values, and the value.
pub type Sink<'a> = dyn FnMut(&[&str], Value) + 'a;
