//! The contents of the Debian package, as `cargo deb` reads them. It is built by hand: cargo-deb
//! takes minutes to install.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::generated::package_files;
use crate::process::program;
use crate::{output, root};

/// Returns `[package.metadata.deb]` of `Cargo.toml`.
fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root());
    let metadata: Value = serde_json::from_str(&output(&mut cargo)).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let exporter = packages.iter().find(|package| package["name"] == "azure-billing-exporter");
    exporter.expect("the exporter's package")["metadata"]["deb"].clone()
}

/// Returns the number of files that a source below a folder names, which may end in `*.SUFFIX`.
fn files(root: &Path, source: &str) -> usize {
    match source.split_once('*') {
        Some((folder, suffix)) => {
            let entries = fs::read_dir(root.join(folder)).expect("a folder").flatten();
            entries
                .filter(|entry| entry.file_name().display().to_string().ends_with(suffix))
                .count()
        }
        None => usize::from(root.join(source).is_file()),
    }
}

#[test]
fn what_the_package_is_made_of_is_there() {
    let deb = metadata();
    let written = package_files();
    let assets = deb["assets"].as_array().expect("assets");
    for asset in assets {
        let source = asset[0].as_str().expect("a source");
        let found = match source.strip_prefix("target/packaging/") {
            Some(source) => files(written.path(), source),
            None => files(root(), source),
        };
        assert!(source == "target/release/azure-billing-exporter" || found > 0, "{source}");
    }
    for file in deb["conf-files"].as_array().expect("files") {
        let file = file.as_str().expect("a path").trim_start_matches('/');
        let installed = assets.iter().any(|asset| {
            let target = asset[1].as_str().expect("a target");
            target == file || target.ends_with('/') && file.starts_with(target)
        });
        assert!(installed, "{file}");
    }
    let units = deb["systemd-units"]["unit-scripts"].as_str().expect("a folder");
    assert_eq!(files(root(), &format!("{units}/*.service")), 1);
}

#[test]
fn the_configuration_that_is_installed_is_valid_and_finds_the_credential() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("client-secret");
    fs::write(&secret, "a-secret\n").expect("room for a file");
    let given = "/run/credentials/azure-billing-exporter.service/client-secret";
    let unit = fs::read_to_string(root().join("deploy/systemd/azure-billing-exporter.service"));
    assert!(unit.expect("the unit").contains("\nLoadCredential=client-secret:/etc/"));
    let config = fs::read_to_string(root().join("deploy/debian/config.yaml")).expect("a file");
    assert!(config.contains(given));
    let file = folder.path().join("config.yaml");
    let config = config.replace(given, &secret.display().to_string());
    fs::write(&file, config).expect("room for a file");
    output(program().args(["check", "--config.file"]).arg(file));
}
