//! `docs/configuration.md` names exactly the keys that exist.

use std::collections::BTreeSet;

use exporter_web::WebConfig;

use super::load;
use crate::config::Config;

const PAGE: &str = include_str!("../../../docs/configuration.md");
const WEB_PAGE: &str = include_str!("../../../docs/web.md");

#[test]
fn the_page_documents_every_key_and_no_other() {
    let documented: BTreeSet<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|first| !first.starts_with("AZURE_") && !first.starts_with("--"))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, Config::keys().paths());
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
