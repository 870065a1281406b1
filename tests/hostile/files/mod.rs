//! Unexpected files that others prepared: links, pipes, devices, rights and disks. Each is made
//! with the system's own tools, and the program receives it by its own flags.

mod outputs;
mod secrets;
mod states;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::process::{Running, program};

/// A folder with a configuration for a simulated Azure, which is another process of the program.
struct Place {
    folder: TempDir,
    _azure: Running,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let flags = ["--resources", "20", "--days", "100"];
        let listen = ["simulate", "--web.listen-address", "127.0.0.1:0"];
        let mut azure = Running::start(&[&listen[..], &flags].concat());
        let address = azure.address();
        let text = format!(
            "azure:\n  endpoint: http://{address}\n  requests_per_minute: {{billing_account: 6000}}\n  auth: {{method: token, token: a-token}}\nscopes:\n  - {{billing_account: \"100000\", name: contoso}}\n"
        );
        fs::write(folder.path().join("config.yaml"), text).expect("the file can be written");
        Self { folder, _azure: azure }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> String {
        text(&self.path("config.yaml"))
    }

    /// Adds lines to the configuration.
    fn configure(&self, lines: &str) {
        let path = self.path("config.yaml");
        let before = fs::read_to_string(&path).expect("the file");
        fs::write(path, before + lines).expect("the file can be written");
    }

    /// Makes a folder in it.
    fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).expect("a folder");
        path
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path").to_owned()
}

/// Returns the names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file").permissions().mode() & 0o7777
}

/// Runs a tool of the system, which has to succeed.
fn tool(name: &str, arguments: &[&str]) {
    assert!(try_tool(name, arguments), "{name} {arguments:?}");
}

fn try_tool(name: &str, arguments: &[&str]) -> bool {
    Command::new(name).args(arguments).status().expect("a tool").success()
}

fn pipe(path: &Path) {
    tool("mkfifo", &[&text(path)]);
}

/// Makes a device of the system's memory driver for the test: nothing here may harm those of the
/// machine. A user other than root can make none, and cannot harm the machine's own.
fn device(place: &Place, kind: Device) -> Option<PathBuf> {
    let (name, minor) = match kind {
        Device::Null => ("null", "3"),
        Device::Zero => ("zero", "5"),
        Device::Full => ("full", "7"),
    };
    let (own, of_machine) = (place.path(name), Path::new("/dev").join(name));
    let made = own.exists() || try_tool("mknod", &[&text(&own), "c", "1", minor]);
    // Some mounts allow making a device but not using it.
    if made && fs::File::options().write(true).open(&own).is_ok() {
        return Some(own);
    }
    let is_root = fs::metadata("/proc/self").expect("this process").uid() == 0;
    if is_root {
        println!("no device of its own can be made here");
    }
    (!is_root).then_some(of_machine)
}

#[derive(Clone, Copy)]
enum Device {
    Null,
    Zero,
    Full,
}

fn is_device(path: &Path) -> bool {
    fs::symlink_metadata(path).expect("the device").file_type().is_char_device()
}

/// Returns the program, started by a line of bash, in which it is `"$0" "$@"`.
fn in_bash(line: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", line]).arg(program().get_program()).args(arguments).env_clear();
    command
}

/// Waits for a command that ends by itself, and ends it if it hangs: returns exit code, standard
/// output and standard error.
fn ended(command: Command) -> (Option<i32>, String, String) {
    let mut timed = Command::new("timeout");
    timed.args(["-k", "5", "60"]).arg(command.get_program()).args(command.get_args()).env_clear();
    timed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let Output { status, stdout, stderr } =
        timed.stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// Runs the program alone and returns exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = program();
    command.args(arguments);
    ended(command)
}
