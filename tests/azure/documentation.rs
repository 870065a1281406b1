//! `docs/metrics.md` names what is exposed, no more and no less.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_documentation_lists_every_family_with_its_labels() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden =
        std::fs::read_to_string(root.join("tests/azure/golden.prom")).expect("a golden file");
    let exposed: BTreeSet<(String, String)> = golden
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|sample| {
            let (name, labels) = sample
                .rsplit_once(' ')
                .expect("a value")
                .0
                .split_once('{')
                .unwrap_or((sample, "}"));
            (name.to_owned(), labels_of(labels))
        })
        .collect();
    let text = std::fs::read_to_string(root.join("docs/metrics.md")).expect("the documentation");
    let documented: BTreeSet<(String, String)> = text
        .lines()
        .filter(|line| line.starts_with("| `azure_"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].replace('`', ""))
        })
        // Only in `demo`.
        .filter(|(name, _)| name != "azure_billing_exporter_demo")
        .collect();
    assert_eq!(documented, exposed);
}

/// Label names in order, without `scope`, which the documentation says once.
fn labels_of(labels: &str) -> String {
    let names =
        labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(name, _)| name);
    names.filter(|name| *name != "scope").collect::<Vec<_>>().join(" ")
}
