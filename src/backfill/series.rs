//! One series, ready to be written or sent.

/// A series with all its labels, in the order of the live series.
#[derive(Debug, PartialEq)]
pub(super) struct Series<'a> {
    pub(super) labels: Vec<(&'a str, String)>,
    /// Pairs of seconds since 1970, ascending, and values.
    pub(super) samples: Vec<(i64, f64)>,
}
