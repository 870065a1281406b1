//! Links lead somewhere: to a file and a heading of the project, or to an address that could be one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use url::Url;

use crate::pages::{Page, pages};

#[test]
fn every_link_within_the_project_leads_to_a_file_and_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = pages();
    let anchors: BTreeMap<&str, BTreeSet<String>> =
        pages.iter().map(|page| (page.path.as_str(), page.anchors())).collect();
    let mut broken = Vec::new();
    let mut followed = 0;
    for page in &pages {
        for link in page.links().into_iter().filter(|link| !link.target.contains(':')) {
            followed += 1;
            let (file, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
            let target = if file.is_empty() { page.path.clone() } else { beside(page, file) };
            let known = anchors.get(target.as_str());
            let heading = anchor.is_empty() || known.is_some_and(|known| known.contains(anchor));
            if !root.join(&target).exists() || !heading {
                broken.push(format!("{}: {}", link.place, link.target));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(followed > 20, "{followed} links are too few to believe it");
}

/// Returns the path from the root of a file that a page names relative to itself.
fn beside(page: &Page, file: &str) -> String {
    let folder = Path::new(&page.path).parent().expect("a file is in a folder");
    let mut path: Vec<String> = Vec::new();
    for part in folder.join(file).components() {
        match part.as_os_str().to_str().expect("text") {
            ".." => drop(path.pop()),
            part => path.push(part.to_owned()),
        }
    }
    path.join("/")
}

#[test]
fn every_link_out_of_the_project_is_an_address() {
    let hosts_of_the_reader = ["localhost", "127.0.0.1"];
    for link in pages().iter().flat_map(Page::links).filter(|link| link.target.contains(':')) {
        let url = Url::parse(&link.target);
        let url = url.unwrap_or_else(|error| panic!("{}: {}: {error}", link.place, link.target));
        let host = url.host_str().unwrap_or_default();
        let good = url.scheme() == "https" && host.contains('.')
            || url.scheme() == "http" && hosts_of_the_reader.contains(&host);
        assert!(good, "{}: {}: use https and a host", link.place, link.target);
    }
}

#[test]
fn headings_are_called_as_github_calls_them() {
    let page =
        Page::new("a.md", "# `azure.auth`: who asks?\n## Same\n## Same\ntext\n### A _b_ c-d\n");
    let anchors = ["azureauth-who-asks", "same", "same-1", "a-b-c-d"].map(str::to_owned);
    assert_eq!(page.anchors(), BTreeSet::from(anchors));
}
