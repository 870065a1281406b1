//! Label sets of borrowed values. `prometheus-client` derives them for owned ones only.

use std::fmt::Error;

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// The labels of one sample: names and values in the order in which they are written.
pub(super) struct Labels<'a> {
    scope: &'a str,
    names: &'a [&'static str],
    values: &'a [&'a str],
}

impl<'a> Labels<'a> {
    /// Returns the labels: `scope`, then those of the family.
    pub(super) fn new(scope: &'a str, names: &'a [&'static str], values: &'a [&'a str]) -> Self {
        Self { scope, names, values }
    }

    /// Returns the labels of a family that has only `scope`.
    pub(super) fn scope(scope: &'a str) -> Self {
        Self { scope, names: &[], values: &[] }
    }
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        ("scope", self.scope).encode(encoder.encode_label())?;
        for label in self.names.iter().copied().zip(self.values.iter().copied()) {
            label.encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

/// A single label that is not the scope.
pub(super) struct OneLabel<'a>(pub(super) &'static str, pub(super) &'a str);

impl EncodeLabelSet for OneLabel<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        (self.0, self.1).encode(encoder.encode_label())
    }
}
