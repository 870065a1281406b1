//! The container image: its last stage, built with the tested program, and run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Running, get};
use crate::{output, root, tool};

const NAME: &str = "azure-billing-exporter";
const PROGRAM: &str = "usr/bin/azure-billing-exporter";

/// The variables that decide how cargo builds.
const KEPT: [&str; 7] = [
    "PATH",
    "HOME",
    "CARGO_HOME",
    "CARGO_TARGET_DIR",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "RUSTFLAGS",
];

fn dockerfile() -> String {
    fs::read_to_string(root().join("Dockerfile")).expect("the Dockerfile")
}

/// Returns the libraries of the project and one of its dependencies, as cargo has built them
/// already.
fn built(crates: [&str; 2]) -> [String; 2] {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--locked", "--test", "packaging", "--message-format", "json"]);
    // The variables that cargo sets for this test would make build scripts run again.
    cargo
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
    let messages = output(cargo.current_dir(root()));
    crates.map(|name| {
        let artifact = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).find(
            |message: &serde_json::Value| {
                message["target"]["name"] == name && message["target"]["kind"][0] == "lib"
            },
        );
        let files = artifact.unwrap_or_else(|| panic!("no {name} in:\n{messages}"));
        let files = files["filenames"].as_array().expect("files").clone();
        let mut library = files.iter().filter_map(|file| file.as_str());
        library.rfind(|file| file.ends_with(".rlib")).expect("a library").to_owned()
    })
}

/// Links the program without shared libraries, as the image requires: from the libraries that it
/// was tested with, as another build would take minutes.
fn link_static_program(to: &Path) {
    let [library, tokio] = built(["azure_billing_exporter", "tokio"]);
    let dependencies = Path::new(&tokio).parent().expect("a folder").display().to_string();
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition=2024", "-Ctarget-feature=+crt-static", "-Cstrip=debuginfo", "-o"])
        .arg(to);
    rustc.args(["--extern", &format!("azure_billing_exporter={library}")]);
    rustc.args(["--extern", &format!("tokio={tokio}"), "-L"]);
    rustc.arg(format!("dependency={dependencies}")).arg(root().join("src/main.rs"));
    output(&mut rustc);
}

/// Images and containers in a folder of their own.
struct Buildah {
    folder: TempDir,
}

impl Buildah {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut buildah = Command::new("buildah");
        buildah.env("BUILDAH_ISOLATION", "chroot").env("TMPDIR", self.folder.path()).args([
            "--storage-driver",
            "vfs",
            "--root",
        ]);
        buildah.arg(self.path("images")).arg("--runroot").arg(self.path("run")).args(arguments);
        buildah
    }

    fn output(&self, arguments: &[&str]) -> String {
        output(&mut self.command(arguments)).trim().to_owned()
    }

    /// Builds the last stage on a stage that has what the first would have built.
    fn image(&self) -> String {
        let program = self.path("image").join(PROGRAM);
        for folder in ["state", "image/tmp", "image/usr/bin", "image/etc/ssl/certs"] {
            fs::create_dir_all(self.path(folder)).expect("a folder");
        }
        link_static_program(&program);
        let dockerfile = dockerfile();
        let (_, last) = dockerfile.split_once("\nFROM scratch\n").expect("a last stage");
        let stages = format!(
            "FROM scratch AS build\nCOPY image /image\nCOPY state /state\nFROM scratch\n{last}"
        );
        fs::write(self.path("Dockerfile"), stages).expect("room for a file");
        let context = self.folder.path().display().to_string();
        let revision = ["--build-arg", "BUILD_REVISION=0123456789ab"];
        let build = ["build", "--quiet", "--format", "docker", "--tag", "exporter"];
        self.output(&[&build[..], &revision, &[&context]].concat());
        self.output(&["from", "exporter"])
    }
}

/// A program in a container. It may outlive the `buildah run` that started it, but not this value.
struct Contained {
    run: Running,
}

impl Contained {
    /// Returns the id of the innermost of the processes that were started.
    fn id(&self) -> u32 {
        std::iter::successors(Some(self.run.id()), |parent| child_of(*parent))
            .last()
            .expect("a process")
    }
}

/// Returns the value that `/proc` has for a process under a name.
fn told(process: &Path, name: &str) -> Option<String> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Some(line?.trim().to_owned())
}

fn child_of(parent: u32) -> Option<u32> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
    let parent = parent.to_string();
    let mut children = processes.filter(|process| told(process, "PPid").as_ref() == Some(&parent));
    told(&children.next()?, "Pid")?.parse().ok()
}

impl Drop for Contained {
    fn drop(&mut self) {
        let id = self.id();
        if id != self.run.id() {
            let _ = Command::new("kill").arg(id.to_string()).status();
        }
    }
}

#[test]
fn the_image_answers_as_an_ordinary_user_and_knows_that_it_is_healthy() {
    let buildah = Buildah::new();
    let container = buildah.image();
    let program = format!("/{PROGRAM}");
    let described: serde_json::Value =
        serde_json::from_str(&buildah.output(&["inspect", &container])).expect("JSON");
    let config = &described["Docker"]["config"];
    assert_eq!(config["Entrypoint"], serde_json::json!([program]));
    assert_eq!(config["Healthcheck"]["Test"], serde_json::json!(["CMD", program, "healthcheck"]));
    let labels = &config["Labels"];
    assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(labels["org.opencontainers.image.revision"], "0123456789ab");
    let state = Path::new(&buildah.output(&["mount", &container])).join("var/lib").join(NAME);
    assert_eq!(fs::metadata(state).expect("a place for state").uid(), 65532);
    let demo = ["run", &container, "--", &program, "demo", "--web.listen-address=127.0.0.1:0"];
    let mut exporter = Contained { run: Running::of(buildah.command(&demo)) };
    let address = exporter.run.address();
    exporter.run.line_with("msg=read");
    let (status, metrics) = get(&address, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("azure_billing_exporter_demo 1\n"), "{metrics}");
    let question = [&program, "healthcheck", "--web.listen-address", &address];
    assert_eq!(buildah.output(&[&["run", &container, "--"], &question[..]].concat()), "healthy");
    let process = format!("/proc/{}", exporter.id());
    let users = told(Path::new(&process), "Uid").expect("a process");
    assert_eq!(users, "65532\t65532\t65532\t65532");
    let stopped = Command::new("kill").arg(exporter.id().to_string()).status().expect("kill");
    assert!(stopped.success() && exporter.run.end().success(), "it stops when it is told to");
}

#[test]
fn all_crates_are_among_what_the_image_is_built_from() {
    let sent = fs::read_to_string(root().join(".dockerignore")).expect("a file");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let paths = manifest.split("path = \"").skip(1).filter_map(|rest| rest.split('/').next());
    let folders: BTreeSet<&str> = paths.chain(["src"]).collect();
    assert!(folders.len() > 1, "{folders:?}");
    for folder in folders {
        assert!(sent.lines().any(|line| line == format!("!{folder}")), "{folder} is not sent");
    }
}

#[test]
fn hadolint_has_nothing_to_say() {
    output(Command::new(tool("hadolint")).arg(root().join("Dockerfile")));
}
