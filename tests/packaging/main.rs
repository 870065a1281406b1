//! The deployed files, checked by the tools that read them: man pages and completions, the systemd
//! unit, the image, compose, the Helm chart and the plain manifests.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod chart;
mod compose;
mod debian;
mod generated;
mod image;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod process;
mod systemd;

use std::path::Path;
use std::process::{Command, Stdio};

/// Returns the root of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the output of a tool, which must succeed.
fn output(command: &mut Command) -> String {
    let (succeeded, text) = run(command);
    assert!(succeeded, "{command:?}:\n{text}");
    text
}

/// Returns whether a tool succeeds, and its output, errors at the end.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("cannot start {:?} ({error}): run `make tools`", command.get_program())
    });
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), text.concat())
}

/// Returns the path of a tool of PyPI.
fn tool(name: &str) -> std::path::PathBuf {
    root().join("target/tools/venv/bin").join(name)
}
