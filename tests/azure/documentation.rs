//! `docs/metrics.md` names exactly the families that are exposed.

use std::collections::BTreeMap;

#[path = "../promql/families.rs"]
mod families;

use families::{families, read};

#[test]
fn the_documentation_lists_every_family_with_its_labels() {
    let text = read("docs/metrics.md");
    let rows = text.lines().filter(|line| line.starts_with("| `azure_")).map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let labels = cells[2].replace('`', "").split_whitespace().map(str::to_owned).collect();
        (cells[1].trim_matches('`').to_owned(), labels)
    });
    let mut documented = BTreeMap::<String, Vec<String>>::new();
    for (name, labels) in rows {
        assert!(!documented.contains_key(&name), "{name} is documented twice");
        documented.insert(name, labels);
    }
    // This family is only in `demo`.
    documented.remove("azure_billing_exporter_demo");
    assert_eq!(documented, families());
}
