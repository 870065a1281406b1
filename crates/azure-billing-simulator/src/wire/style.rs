//! The shape that a request asks for.

use super::super::selection::View;

/// The properties of every row that a request's parameters decide.
pub(in super::super) struct Style {
    /// The api-version, whose order is that of its text.
    pub(in super::super) version: String,
    /// True if `$expand` requests `meterDetails`, which is null otherwise.
    pub(in super::super) meter_details: bool,
    /// True if `$expand` requests `additionalInfo` or, in the old shape, `additionalProperties`.
    pub(in super::super) additional_info: bool,
    pub(in super::super) view: View,
    /// `20261101`, the month in ids: as recorded, that of the refresh, not of the row.
    pub(in super::super) named_period: String,
}

impl Style {
    pub(super) fn is_new(&self) -> bool {
        self.version.as_str() >= "2019-04"
    }
}
