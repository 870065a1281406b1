//! An OpenMetrics file with timestamps, which promtool and VictoriaMetrics read as it is.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::progress::Progress;
use super::series::{Extent, Family, History, Series};
use crate::billing::period::Period;

/// Few calls of the system for a file of gigabytes.
const BUFFER: usize = 1 << 20;

/// A file that will be there whole or not at all.
pub(super) struct Output {
    path: PathBuf,
    unfinished: PathBuf,
}

impl Output {
    /// Makes sure that it can be written. Its unfinished form has one name, so that none of a run
    /// that was killed stays behind; the lock of the state keeps others away.
    pub(super) fn prepare(path: &Path) -> Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".backfill-tmp");
        let output = Self { path: path.to_owned(), unfinished: path.with_file_name(name) };
        let cannot = || format!("cannot write {}", path.display());
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory)).with_context(cannot);
        }
        output.create().and_then(|_| fs::remove_file(&output.unfinished)).with_context(cannot)?;
        Ok(output)
    }

    /// Readable as any file of the user: who loads it is often another one.
    fn create(&self) -> io::Result<File> {
        File::create(&self.unfinished)
    }

    /// Writes all of it and puts it in its place.
    pub(super) async fn write(
        self,
        history: &History<'_>,
        progress: &Progress,
        extent: Extent,
    ) -> Result<()> {
        let cannot = || format!("cannot write {}", self.path.display());
        let mut file = BufWriter::with_capacity(BUFFER, self.create().with_context(cannot)?);
        let writing = progress.writing(extent.samples);
        let months: Vec<Period> = history.order.months.iter().collect();
        for family in &history.families {
            head(&mut file, family).with_context(cannot)?;
            for scope in 0..history.order.scopes.len() {
                let mut series = history.series(family, scope, &months)?;
                while let Some(series) = series.next().await? {
                    samples(&mut file, family.described.name, &series).with_context(cannot)?;
                    writing.done(series.samples.len() as u64);
                }
            }
        }
        let ended = file.write_all(b"# EOF\n").and_then(|()| file.flush());
        let ended = ended.and_then(|()| file.get_ref().sync_all());
        ended.and_then(|()| fs::rename(&self.unfinished, &self.path)).with_context(cannot)
    }
}

fn head(file: &mut impl Write, family: &Family) -> io::Result<()> {
    let name = family.described.name;
    write!(file, "# HELP {name} {}\n# TYPE {name} gauge\n", escaped(family.described.help))
}

/// The samples of a series. Its text is the same on each line but for its end.
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
