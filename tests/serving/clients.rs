//! The command-line clients that people have.

use std::process::{Command, Stdio};

/// The answer that curl got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&start)).map(str::trim)
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("text")
    }
}

/// Returns the answer that curl gets, or why it gets none.
pub(crate) fn curl(arguments: &[&str]) -> Result<Answer, String> {
    let head = tempfile::NamedTempFile::new().expect("a file");
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60", "--dump-header"])
        .arg(head.path())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot start curl ({error}): run `make tools`"));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let head = std::fs::read_to_string(head.path()).expect("a head").to_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.trim().parse().ok());
    Ok(Answer { status: status.expect("a status"), head, body: output.stdout })
}

/// Runs a Python program with arguments and returns its output.
pub(crate) fn python(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("python3")
        .args(["-c", program])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot start python3 ({error}): run `make tools`"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
