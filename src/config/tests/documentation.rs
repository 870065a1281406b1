//! `docs/configuration.md` names exactly the keys that exist.

use std::collections::{BTreeMap, BTreeSet};

use exporter_web::WebConfig;

use super::load;
use crate::billing::limits::Limit;
use crate::billing::metric_families::{FAMILIES, limits};
use crate::config::Config;

const PAGE: &str = include_str!("../../../docs/configuration.md");
/// The page whose list of families has a row for each limit.
const METRICS_PAGE: &str = include_str!("../../../docs/metrics.md");
/// What stands on the page in the place of the limits.
const LIMITS: &str = "metrics.<limit>.max_series";
const WEB_PAGE: &str = include_str!("../../../docs/web.md");

#[test]
fn the_page_documents_every_key_and_no_other() {
    let documented: BTreeSet<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|first| !first.starts_with("AZURE_") && !first.starts_with("--"))
        .map(str::to_owned)
        .collect();
    let limits = limits().into_iter().map(|limit| LIMITS.replace("<limit>", limit.key));
    let limits: BTreeSet<String> = limits.collect();
    let mut known = Config::keys().paths();
    assert!(limits.is_subset(&known), "{limits:?}");
    known.retain(|path| !limits.contains(path));
    known.insert(LIMITS.to_owned());
    assert_eq!(documented, known);
}

#[test]
fn the_list_of_families_has_the_limit_of_each_and_its_default() {
    let (_, list) = METRICS_PAGE.split_once("| family | labels | limit | meaning |").unwrap();
    let rows = list.lines().skip(2).take_while(|line| line.starts_with("| `"));
    let documented: BTreeMap<&str, &str> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`'), cells[3])
        })
        .collect();
    let limit = |limit: Option<Limit>| {
        limit.map_or("none".to_owned(), |Limit { key, default }| format!("`{key}` {default}"))
    };
    // The previous period has the limits of the current one.
    let open = FAMILIES.iter().filter(|family| family.labels[0] != "period");
    for family in open.filter(|it| it.limit.is_some() || documented.contains_key(it.name)) {
        assert_eq!(documented.get(family.name), Some(&&*limit(family.limit)), "{}", family.name);
    }
    assert!(documented.len() > 10, "{documented:?}");
}

#[test]
fn the_page_about_the_web_documents_every_key_and_no_other() {
    let mut known = WebConfig::keys().paths();
    // Its keys are names of users.
    assert!(known.remove("basic_auth_users"));
    let rows = WEB_PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    // Other tables are about paths and flags.
    let documented = rows.filter(|first| !first.starts_with(['/', '-'])).map(str::to_owned);
    assert_eq!(documented.collect::<BTreeSet<_>>(), known);
}

#[test]
fn the_examples_of_the_page_load() {
    let mut examples = 0;
    for part in PAGE.split("```yaml\n").skip(1) {
        let example = part.split("```").next().unwrap();
        load(example).map_err(|error| format!("{error}\n{example}")).unwrap();
        examples += 1;
    }
    assert!(examples >= 2, "the page has {examples} examples");
}
