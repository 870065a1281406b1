//! The configurations of `docs/examples`, checked by the program in the surroundings that they are
//! made for.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::pages::{pages, read};
use crate::process::run;
use crate::snippets::write;

/// The surroundings that the comments of an example require: variables and files.
struct Surroundings {
    example: &'static str,
    environment: &'static [(&'static str, &'static str)],
    files: &'static [&'static str],
    /// Scopes and identity as `check` reports them.
    found: &'static [&'static str],
}

const ID: &str = "00000000-0000-0000-0000-000000000001";
const CA: &str = "proxy-ca.pem";

const EXAMPLES: &[Surroundings] = &[
    Surroundings {
        example: "minimal.yaml",
        environment: &[
            ("AZURE_TENANT_ID", ID),
            ("AZURE_CLIENT_ID", ID),
            ("AZURE_CLIENT_SECRET", "secret"),
        ],
        files: &[],
        found: &["1 scope", "department/1234"],
    },
    Surroundings {
        example: "departments.yaml",
        environment: &[],
        files: &["client-secret"],
        found: &["4 scopes", "contoso (billing_account/8611537)", "retail (department/1234)"],
    },
    Surroundings {
        example: "aks-workload-identity.yaml",
        // The variables as the webhook sets them.
        environment: &[
            ("AZURE_TENANT_ID", ID),
            ("AZURE_CLIENT_ID", ID),
            ("AZURE_FEDERATED_TOKEN_FILE", "token"),
            ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"),
        ],
        files: &["token"],
        found: &["1 scope", "contoso (billing_account/8611537)"],
    },
    Surroundings {
        example: "proxy.yaml",
        environment: &[("HTTPS_PROXY", "http://proxy.example.com:3128")],
        files: &["client-secret", CA],
        found: &["1 scope", "contoso (billing_account/8611537)"],
    },
    Surroundings {
        example: "us-government.yaml",
        environment: &[],
        files: &["client.pem"],
        found: &["1 scope", "contoso (billing_account/8611537)"],
    },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples")
}

/// Prepares the machine that an example is made for: its folders are those of a test.
fn machine(of: &Surroundings) -> (TempDir, String) {
    let machine = tempfile::tempdir().expect("a folder");
    let root = machine.path().to_str().expect("a path").to_owned();
    let mut text = read(&format!("docs/examples/{}", of.example));
    for folder in ["/etc/azure-billing-exporter", "/var/lib/azure-billing-exporter"] {
        text = text.replace(folder, &root);
    }
    for file in of.files {
        let content = match *file {
            CA => rcgen::generate_simple_self_signed(Vec::new()).expect("a certificate").cert.pem(),
            "client.pem" => read("tests/fixtures/client_certificate.pem"),
            _ => "secret\n".to_owned(),
        };
        write(&machine, file, &content);
    }
    let configuration = write(&machine, "config.yaml", &text);
    (machine, configuration)
}

#[test]
fn every_example_is_valid_and_says_what_it_is_meant_to() {
    for of in EXAMPLES {
        let (machine, configuration) = machine(of);
        let absolute = |value: &&str| match machine.path().join(value) {
            file if file.exists() => file.to_str().expect("a path").to_owned(),
            _ => (*value).to_owned(),
        };
        let environment: Vec<(&str, String)> =
            of.environment.iter().map(|(name, value)| (*name, absolute(value))).collect();
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (code, output, error) = run(&["check", "--config.file", &configuration], &environment);
        assert_eq!((code, error.as_str()), (0, ""), "{}: {output}", of.example);
        assert!(!output.contains("warning"), "{}: {output}", of.example);
        for found in of.found {
            assert!(output.contains(found), "{}: no {found:?} in {output}", of.example);
        }
    }
}

#[test]
fn every_example_is_checked_and_linked_from_the_list_beside_it() {
    let entries = fs::read_dir(folder()).expect("the examples");
    let names = entries.map(|entry| entry.expect("an entry").file_name().display().to_string());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    let mut checked: Vec<&str> = EXAMPLES.iter().map(|of| of.example).collect();
    checked.sort_unstable();
    assert_eq!(names, checked);
    let pages = pages();
    let list = pages.iter().find(|page| page.path == "docs/examples/README.md").expect("a list");
    let linked: Vec<String> = list.links().into_iter().map(|link| link.target).collect();
    for name in names {
        assert!(linked.contains(&name), "{name} is not in the list");
    }
}
