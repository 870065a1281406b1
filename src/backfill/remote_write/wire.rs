//! The messages of remote write 1.0, with the field numbers of its specification, in the snappy
//! block format.

use bytes::Bytes;
use prost::Message;

use crate::backfill::series::Series;

/// The label that carries the name of a metric.
const NAME: &str = "__name__";

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// The milliseconds since 1970.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The series of one request.
#[derive(Default)]
pub(super) struct Batch {
    request: WriteRequest,
    samples: usize,
}

impl Batch {
    /// Adds a series. The protocol requires sorted labels without empty ones.
    pub(super) fn add(&mut self, name: &str, series: &Series<'_>) {
        let label = |(name, value): (&str, &str)| Label { name: name.into(), value: value.into() };
        let own = series.labels.iter().filter(|(_, value)| !value.is_empty());
        let own = own.map(|(name, value)| (*name, value.as_str()));
        let mut labels: Vec<Label> = own.chain([(NAME, name)]).map(label).collect();
        labels.sort_unstable();
        let samples = series.samples.iter();
        let samples: Vec<Sample> =
            samples.map(|(at, value)| Sample { value: *value, timestamp: at * 1000 }).collect();
        self.samples += samples.len();
        self.request.timeseries.push(TimeSeries { labels, samples });
    }

    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Returns the body of a request.
    pub(super) fn to_body(&self) -> Result<Bytes, snap::Error> {
        snap::raw::Encoder::new().compress_vec(&self.request.encode_to_vec()).map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_the_bytes_of_the_specification() {
        let mut batch = Batch::default();
        let labels =
            vec![("scope", "a".to_owned()), ("empty", String::new()), ("b", "c".to_owned())];
        batch.add("m", &Series { labels, samples: vec![(1, 1.5)] });
        let message = [
            // timeseries, 49 bytes
            &[0x0a, 49][..],
            // labels, each with name and value
            b"\x0a\x0d\x0a\x08__name__\x12\x01m",
            b"\x0a\x06\x0a\x01b\x12\x01c",
            b"\x0a\x0a\x0a\x05scope\x12\x01a",
            // a sample: a double of 1.5, and 1000 ms
            b"\x12\x0c\x09\0\0\0\0\0\0\xf8\x3f\x10\xe8\x07",
        ]
        .concat();
        let body = batch.to_body().unwrap();
        assert_eq!(snap::raw::Decoder::new().decompress_vec(&body).unwrap(), message);
        assert_eq!(batch.samples(), 1);
    }
}
