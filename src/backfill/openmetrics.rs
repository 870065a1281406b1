//! An OpenMetrics file with timestamps, which promtool and VictoriaMetrics read directly.

use std::io::{self, Write};

use anyhow::{Context, Result};

use super::merge::{Extent, Family, History};
use super::progress::Progress;
use super::series::Series;
use crate::billing::period::Period;
use crate::files::Output;

/// The size of the write buffer: few system calls for a file of gigabytes.
const BUFFER: usize = 1 << 20;

/// Writes all series to the output and completes it.
pub(super) async fn write(
    mut output: Output,
    history: &History<'_>,
    progress: &Progress,
    extent: Extent,
) -> Result<()> {
    let cannot = || format!("cannot write {}", history.order.target);
    let writing = progress.writing(extent.samples);
    let months: Vec<Period> = history.order.months.iter().collect();
    let mut text = Vec::with_capacity(BUFFER);
    for family in &history.families {
        head(&mut text, family)?;
        for scope in 0..history.order.scopes.len() {
            let mut series = history.series(family, scope, &months)?;
            while let Some(series) = series.next().await? {
                samples(&mut text, family.described.name, &series)?;
                if text.len() >= BUFFER {
                    output.write(&text).await.with_context(cannot)?;
                    text.clear();
                }
                writing.done(series.samples.len() as u64);
            }
        }
    }
    text.extend(b"# EOF\n");
    output.write(&text).await.with_context(cannot)?;
    output.finish().with_context(cannot)
}

fn head(file: &mut impl Write, family: &Family) -> io::Result<()> {
    let name = family.described.name;
    write!(file, "# HELP {name} {}\n# TYPE {name} gauge\n", escaped(family.described.help))
}

/// Writes the samples of a series. The start of each line is the same.
fn samples(file: &mut impl Write, name: &str, series: &Series<'_>) -> io::Result<()> {
    let labels = series.labels.iter();
    let labels: Vec<String> =
        labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    let start = format!("{name}{{{}}}", labels.join(","));
    for (at, value) in &series.samples {
        writeln!(file, "{start} {value} {at}")?;
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_series_with_a_value_and_a_second() {
        let series = Series {
            labels: vec![("scope", "a\"b\\c\nd".to_owned()), ("tag", String::new())],
            samples: vec![(1_709_251_199, 12.5), (1_709_337_599, -0.1)],
        };
        let mut text = Vec::new();
        samples(&mut text, "cost", &series).unwrap();
        let labels = r#"{scope="a\"b\\c\nd",tag=""}"#;
        let expected = format!("cost{labels} 12.5 1709251199\ncost{labels} -0.1 1709337599\n");
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
