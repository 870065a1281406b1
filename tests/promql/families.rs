//! Every family with its labels, as the program itself reports them: documentation and queries are
//! compared with these.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use azure_billing_exporter::billing::metric_families::FAMILIES;

/// Returns a file of the project.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file")
}

/// Returns the labels of each family in order, without `scope`. Families of the bill may have no
/// sample in the golden exposition, so that they come from the list that writes them. Another
/// family without a sample describes a state of a whole scope that is not present there.
pub(crate) fn families() -> BTreeMap<String, Vec<String>> {
    let golden = read("tests/azure/golden.prom");
    let samples = golden.lines().filter(|line| !line.starts_with('#'));
    let mut families: BTreeMap<String, Vec<String>> = samples
        .map(|sample| series(sample.rsplit_once(' ').expect("a value").0))
        .map(|(name, labels)| (name, labels.into_iter().filter(|label| label != "scope").collect()))
        .collect();
    let described =
        golden.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next());
    for name in described {
        families.entry(name.to_owned()).or_default();
    }
    for family in FAMILIES {
        let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
        families.insert(family.name.to_owned(), labels);
    }
    families
}

/// Returns the name of a series, and those of its labels.
pub(crate) fn series(text: &str) -> (String, Vec<String>) {
    let (name, labels) = text.trim_end_matches('}').split_once('{').unwrap_or((text, ""));
    let labels = labels.split("\",").filter_map(|label| label.split_once("=\""));
    (name.to_owned(), labels.map(|(label, _)| label.to_owned()).collect())
}
