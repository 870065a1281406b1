//! The two text formats. `prometheus-client` writes OpenMetrics; the older format is the same text
//! with the counters' full names in their metadata and without `# EOF`.

use std::collections::HashSet;
use std::fmt::Write;

/// A text format of the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4, the default.
    Text,
    /// OpenMetrics text 1.0.
    OpenMetrics,
}

/// The compression of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// No compression.
    Identity,
    /// One gzip member.
    Gzip,
}

/// Converts OpenMetrics text into text 0.0.4.
pub fn to_text(open_metrics: &str) -> String {
    let types = open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let counters: HashSet<&str> = types.filter_map(|line| line.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let metadata = ["# HELP ", "# TYPE "]
            .into_iter()
            .find_map(|kind| Some((kind, line.strip_prefix(kind)?)));
        // Writing to a String does not fail.
        let _ = match metadata {
            Some((kind, rest)) => match rest.split_once(' ') {
                Some((name, rest)) if counters.contains(name) => {
                    writeln!(text, "{kind}{name}_total {rest}")
                }
                _ => writeln!(text, "{line}"),
            },
            None if line.starts_with("# ") => Ok(()),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn counters_carry_their_full_name_in_text_0_0_4() {
        let open_metrics = "# HELP polls Polls.\n# TYPE polls counter\npolls_total{scope=\"a # TYPE b counter\"} 1\n# HELP x_seconds X.\n# TYPE x_seconds gauge\n# UNIT x_seconds seconds\nx_seconds 2.0\n# EOF\n";
        let text = "# HELP polls_total Polls.\n# TYPE polls_total counter\npolls_total{scope=\"a # TYPE b counter\"} 1\n# HELP x_seconds X.\n# TYPE x_seconds gauge\nx_seconds 2.0\n";
        assert_eq!(super::to_text(open_metrics), text);
    }
}
