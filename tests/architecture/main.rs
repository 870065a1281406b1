//! The project's own rules, checked by reading its text.
//!
//! Import rules keep data flowing one way; a rule that only a document states is broken within
//! months. They do not apply to code behind `#[cfg(test)]`.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod graph;
mod house;
mod picture;
mod source;

use source::{SourceFile, sources};

/// The modules of the crate that each module may import, in the order data flows: only modules
/// listed above it.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("billing", &[]),
    // Parts of `exporter-web`, for modules that deal with the system or with outsiders.
    ("descriptors", &[]),
    ("log_limit", &[]),
    ("files", &[]),
    ("config", &["billing", "files"]),
    ("status", &["billing"]),
    ("metrics", &["billing", "status"]),
    ("decode", &["billing"]),
    ("ingest", &["billing"]),
    ("azure", &["billing", "config", "descriptors", "status"]),
    ("control", &["azure", "billing", "config", "status"]),
    ("source", &["azure", "billing", "config", "decode", "ingest", "status"]),
    ("store", &["billing", "config", "descriptors", "files", "ingest"]),
    (
        "poller",
        &[
            "azure",
            "billing",
            "config",
            "control",
            "descriptors",
            "metrics",
            "source",
            "status",
            "store",
        ],
    ),
    ("backfill", &["azure", "billing", "config", "files", "metrics", "source", "status"]),
    ("reconcile", &["azure", "billing", "config", "control", "source", "status", "store"]),
    ("statements", &["billing"]),
    ("server", &["billing", "metrics", "statements", "status"]),
    ("cli", &["billing", "config"]),
    (
        "fuzzing",
        &[
            "azure", "billing", "config", "control", "decode", "ingest", "metrics", "source",
            "status", "store",
        ],
    ),
];

/// Modules that connect the others and may import all of them.
const WIRING: &[&str] = &["commands", "lib", "main"];

/// Paths that only some modules may name.
struct Owned {
    paths: &'static [&'static str],
    by: &'static [&'static str],
    because: &'static str,
}

const OWNED: &[Owned] = &[
    Owned { paths: &["axum"], by: &["server"], because: "HTTP is served in one place" },
    Owned {
        paths: &["prometheus_client"],
        by: &["metrics"],
        because: "names and labels of metrics live in one module",
    },
    Owned {
        paths: &["exporter_web"],
        by: &["cli", "commands", "fuzzing", "lib", "metrics", "server"],
        because: "what the port needs ends at the port",
    },
    Owned {
        paths: &["strict_config"],
        by: &["config", "files"],
        because: "files that people write are read in one module",
    },
    Owned {
        paths: &["clap", "clap_complete", "clap_mangen"],
        by: &["cli"],
        because: "flags live in one module",
    },
    Owned {
        paths: &["prost", "snap"],
        by: &["backfill::remote_write"],
        because: "one protocol is spoken in one module",
    },
    Owned {
        paths: &["indicatif"],
        by: &["backfill::progress"],
        because: "progress is shown in one place",
    },
    Owned {
        paths: &[
            "tokio::spawn",
            "tokio::task::spawn",
            "tokio::task::JoinSet",
            "tokio::task::LocalSet",
            "std::thread::spawn",
        ],
        by: &["commands", "main", "poller::run"],
        because: "every task has an owner that ends it",
    },
    Owned {
        paths: &["std::time::SystemTime::now", "jiff::Timestamp::now", "jiff::Zoned::now"],
        by: &["poller::clock", "azure::assertion"],
        because: "the wall clock is handed down, but signatures are dated by the real one",
    },
    Owned {
        paths: &["std::env::var", "std::env::var_os", "std::env::vars", "std::env::vars_os"],
        by: &["config"],
        because: "one module reads the environment",
    },
];

/// Time-outs, proxies, redirects and TLS must not differ from client to client, so one file makes them.
const HTTP_CLIENTS: &[&str] = &[
    "reqwest::Client::new",
    "reqwest::Client::builder",
    "reqwest::Client::default",
    "reqwest::ClientBuilder",
];

/// Returns what breaks a rule, one line each.
fn complaints(files: &[SourceFile]) -> Vec<String> {
    let mut complaints: Vec<String> = files.iter().flat_map(complaints_about).collect();
    complaints.extend(second_builder_of_clients(files));
    complaints
}

fn complaints_about(file: &SourceFile) -> Vec<String> {
    let top = file.top_module();
    let allowed = MAY_IMPORT.iter().find(|(module, _)| *module == top).map(|(_, allowed)| *allowed);
    if allowed.is_none() && !WIRING.contains(&top) {
        return vec![format!("{}: module `{top}` has no rule: add one to MAY_IMPORT", file.path)];
    }
    let mut complaints = Vec::new();
    for named in file.named_paths() {
        let place = format!("{}:{}", file.path, named.line);
        if let (Some(allowed), Some(imported)) = (allowed, named.crate_module())
            && imported != top
            && !allowed.contains(&imported)
        {
            complaints.push(format!("{place}: `{top}` may not import `{imported}`"));
        }
        for Owned { paths, by, because } in OWNED {
            if named.is_one_of(paths) && !by.iter().any(|owner| file.is_in(owner)) {
                complaints.push(format!(
                    "{place}: `{}` is for {} only: {because}",
                    named.path,
                    by.join(", ")
                ));
            }
        }
    }
    complaints
}

fn second_builder_of_clients(files: &[SourceFile]) -> Option<String> {
    let builders: Vec<&str> = files
        .iter()
        .filter(|file| file.named_paths().iter().any(|named| named.is_one_of(HTTP_CLIENTS)))
        .map(|file| file.path.as_str())
        .collect();
    (builders.len() > 1)
        .then(|| format!("more than one file makes HTTP clients: {}", builders.join(", ")))
}

#[test]
fn every_module_keeps_to_its_imports() {
    let files = sources();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "no sources were read");
    let complaints = complaints(&files);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_import_rules_follow_the_flow_of_data() {
    for (position, (module, allowed)) in MAY_IMPORT.iter().enumerate() {
        for imported in *allowed {
            let above = MAY_IMPORT[..position].iter().any(|(earlier, _)| earlier == imported);
            assert!(above, "`{imported}` must stand above `{module}`");
        }
    }
}

/// Returns the complaints about one file of the given text, without the place that they begin with.
fn complaints_about_text(path: &str, text: &str) -> Vec<String> {
    let complaints = complaints(&[SourceFile::new(path, text)]);
    complaints
        .iter()
        .map(|complaint| complaint.split_once(": ").expect("a place").1.to_owned())
        .collect()
}

#[test]
fn an_import_against_the_flow_is_reported_however_it_is_written() {
    let expected = ["`metrics` may not import `azure`"];
    for text in [
        "use crate::azure;",
        "pub(crate) use crate::azure::Client as Renamed;",
        "use crate::{billing::Scope, azure::{self, Client}};",
        "use crate::{\n    billing::Scope,\n    // why\n    azure,\n};",
        "fn f() { crate::azure::send(); }",
        "fn f<'a>(x: &'a str) -> Option<crate::azure::Client> { let c = '\"'; None }",
        "use super::azure::Client;",
        "mod inner { use super::super::azure::Client; }",
        "use azure_billing_exporter::azure;",
        "#[cfg(test)] mod tests { fn f() {} } use crate::azure;",
        "#[cfg(test)] use crate::poller::Plan; fn f(client: crate::azure::Client) {}",
    ] {
        let mut complaints = complaints_about_text("src/metrics/mod.rs", text);
        complaints.dedup();
        assert_eq!(complaints, expected, "{text}");
    }
}

#[test]
fn a_complaint_says_where() {
    let file = SourceFile::new("src/billing/day.rs", "//! Days.\n\nuse crate::store::Store;\n");
    assert_eq!(complaints(&[file]), ["src/billing/day.rs:3: `billing` may not import `store`"]);
}

#[test]
fn comments_strings_tests_and_own_parts_are_no_imports() {
    for text in [
        "// use crate::azure;\n/// See [`crate::azure`].\n/* crate::azure::x /* */ crate::azure::x */",
        "const TEXT: &str = \"crate::azure::x \\\" crate::azure::x\";",
        "const RAW: &str = r#\"\" crate::azure::x\"#;",
        "#[cfg(test)]\nmod tests {\n    use crate::azure::Client;\n    fn f() { if true { axum::serve(); } }\n}",
        "#[cfg(test)]\n#[path = \"x\"]\nfn f(a: [u8; 2]) { crate::azure::x() }",
        "use crate::{billing::Scope, metrics::names, status::Status};",
        "use self::azure::x; mod inner { use super::azure::y; }",
        "fn f(own: azure::Local) {}",
    ] {
        assert_eq!(complaints_about_text("src/metrics/mod.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn a_module_without_a_rule_is_reported() {
    assert_eq!(
        complaints_about_text("src/helpers.rs", ""),
        ["module `helpers` has no rule: add one to MAY_IMPORT"]
    );
    assert_eq!(
        complaints_about_text("src/store.rs", "use crate::helpers::x; use crate::*;"),
        ["`store` may not import `helpers`", "`store` may not import `*`"]
    );
}

#[test]
fn what_a_module_owns_is_named_by_no_other() {
    for (path, text, owner) in [
        ("src/poller/run.rs", "use axum::Router;", "server"),
        ("src/server/mod.rs", "use prometheus_client::registry::Registry;", "metrics"),
        ("src/config/mod.rs", "#[derive(clap::Args)] struct Flags;", "cli"),
        ("src/azure/mod.rs", "fn f() { tokio::spawn(async {}); }", "commands"),
        (
            "src/poller/plan.rs",
            "use tokio::{task::{self, JoinHandle}}; fn f() { task::spawn(g()); }",
            "commands",
        ),
        ("src/server/mod.rs", "use tokio::task as t; fn f() { t::JoinSet::new(); }", "commands"),
        (
            "src/poller/run.rs",
            "use std::time::SystemTime; fn f() { SystemTime::now(); }",
            "poller::clock",
        ),
        (
            "src/commands/serve.rs",
            "use jiff::Timestamp as T; fn f() { T::now(); }",
            "poller::clock",
        ),
        ("src/cli.rs", "use std::env; fn f() { env::var(\"X\"); }", "config"),
        ("src/main.rs", "fn f() { ::std::env::var_os(\"X\"); }", "config"),
    ] {
        let complaints = complaints_about_text(path, text);
        assert_eq!(complaints.len(), 1, "{text}: {complaints:?}");
        assert!(complaints[0].contains(&format!("is for {owner}")), "{text}: {complaints:?}");
    }
}

#[test]
fn owners_may_name_what_they_own() {
    for (path, text) in [
        ("src/server/mod.rs", "use axum::Router;"),
        ("src/poller/run.rs", "use tokio::task::JoinSet; fn f() { tokio::spawn(async {}); }"),
        ("src/poller/clock.rs", "fn f() { jiff::Timestamp::now(); }"),
        ("src/config/environment.rs", "fn f() { std::env::var(\"X\"); }"),
        (
            "src/azure/mod.rs",
            "use std::time::SystemTime; use std::env::VarError; use tokio::task::spawn_blocking;",
        ),
    ] {
        assert_eq!(complaints_about_text(path, text), [""; 0], "{text}");
    }
}

/// Modules that may name a source of rows. All others take whatever the chooser gives them.
const NAME_SOURCES: &[&str] = &["source", "decode", "config", "cli", "commands", "fuzzing"];

#[test]
fn no_source_is_named_where_any_would_do() {
    for file in sources().iter().filter(|file| !NAME_SOURCES.contains(&file.top_module())) {
        let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in ["UsageDetails", "CostDetails", "Microsoft.Consumption/"] {
            assert!(!code.contains(name), "{} names the source {name}", file.path);
        }
    }
}

#[test]
fn a_second_maker_of_http_clients_is_reported() {
    let transport = SourceFile::new("src/azure/http.rs", "fn f() { reqwest::Client::builder(); }");
    let user = SourceFile::new(
        "src/azure/client.rs",
        "use reqwest::Client; struct Azure { client: Client }",
    );
    let second =
        SourceFile::new("src/backfill/write.rs", "use reqwest::Client; fn f() { Client::new(); }");
    assert_eq!(complaints(&[transport.clone(), user.clone()]), [""; 0]);
    assert_eq!(
        complaints(&[transport, user, second]),
        ["more than one file makes HTTP clients: src/azure/http.rs, src/backfill/write.rs"]
    );
}
