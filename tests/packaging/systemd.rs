//! The systemd unit, as systemd itself rates it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::{output, root, run};

/// The most exposed that the unit may be, of 100: systemd calls up to 20 "OK".
const THRESHOLD: &str = "--threshold=20";

/// Returns the unit with a changed text, and the program where it was built.
fn unit(change: impl Fn(&str) -> String) -> (TempDir, PathBuf) {
    let text = fs::read_to_string(root().join("deploy/systemd/azure-billing-exporter.service"));
    let program = "/usr/bin/azure-billing-exporter";
    let text = text.expect("the unit");
    assert!(text.contains(&format!("ExecStart={program} serve ")), "where packages have it");
    let text = text.replace(program, env!("CARGO_BIN_EXE_azure-billing-exporter"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("azure-billing-exporter.service");
    fs::write(&path, change(&text)).expect("room for a file");
    (folder, path)
}

fn analyze(arguments: &[&str], unit: &PathBuf) -> Command {
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(arguments).arg(unit);
    analyze
}

/// Returns what is wrong with the unit: `verify` succeeds whatever it finds.
fn complaints(unit: &PathBuf) -> String {
    run(&mut analyze(&["verify", "--man=no"], unit)).1
}

#[test]
fn systemd_understands_each_line_of_the_unit() {
    let (_folder, good) = unit(str::to_owned);
    assert_eq!(complaints(&good), "");
    let (_folder, misspelled) = unit(|text| text.replace("ProtectClock", "ProtectClok"));
    assert!(complaints(&misspelled).contains("ProtectClok"), "it would see a mistake");
}

#[test]
fn the_unit_is_exposed_no_more_than_2_of_10() {
    let secure = ["security", "--offline=true", THRESHOLD];
    let (_folder, good) = unit(str::to_owned);
    output(&mut analyze(&secure, &good));
    let (_folder, weaker) = unit(|text| text.replace("CapabilityBoundingSet=", "#"));
    assert!(!run(&mut analyze(&secure, &weaker)).0, "it would see a hole");
}
