//! The configuration of `docker compose`. No Docker runs here: its client reads the file, and the
//! programs that would be started read theirs.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{output, root, tool};

/// Returns the services of the file as compose understands it.
fn services(flags: &[&str]) -> Value {
    let mut compose = Command::new("docker-compose");
    compose.env_clear().env("PATH", "/usr/bin:/bin").args(flags);
    let yaml = output(compose.arg("--file").arg(root().join("deploy/compose.yaml")).arg("config"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("compose.yaml");
    fs::write(&file, yaml).expect("room for a file");
    let convert =
        "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))['services']))";
    let json = output(Command::new(tool("python")).args(["-c", convert]).arg(file));
    serde_json::from_str(&json).expect("JSON")
}

/// Returns the folders and files of the project that a service receives, and where it finds them.
fn mounts(service: &Value) -> Vec<(String, String)> {
    let volumes = service["volumes"].as_array().cloned().unwrap_or_default();
    let pairs = volumes.iter().filter_map(|volume| volume.as_str()?.strip_suffix(":ro"));
    pairs
        .map(|pair| {
            let (from, to) = pair.split_once(':').expect("two paths");
            (from.to_owned(), to.to_owned())
        })
        .collect()
}

fn exporter(flags: &[&str]) -> String {
    services(flags)["exporter"]["command"].as_str().expect("a command").to_owned()
}

#[test]
fn the_exporter_is_a_demo_unless_an_environment_file_says_otherwise() {
    assert_eq!(exporter(&[]), "demo --web.listen-address=:10540");
    let environment = root().join("deploy/compose/enrollment.env").display().to_string();
    let config = "/etc/azure-billing-exporter/config.yaml";
    let serve = exporter(&["--env-file", &environment]);
    assert_eq!(serve, format!("serve --config.file={config}"));
    let given = mounts(&services(&[])["exporter"]);
    let (file, _) = given.iter().find(|(_, to)| to == config).expect("the configuration");
    output(crate::process::program().args(["check", "--config.file", file]));
}

#[test]
fn everything_that_is_mounted_is_there_and_found_where_it_is_looked_for() {
    let services = services(&[]);
    for (name, service) in services.as_object().expect("services") {
        for (from, _) in mounts(service) {
            assert!(Path::new(&from).exists(), "{name}: {from}");
        }
        let flags =
            service["command"].as_array().into_iter().chain(service["entrypoint"].as_array());
        let files =
            flags.flatten().filter_map(|flag| flag.as_str()?.strip_prefix("--config.file="));
        for file in files {
            let mounted = mounts(service).into_iter().any(|(from, to)| {
                let inside = Path::new(file).strip_prefix(&to);
                inside.is_ok_and(|inside| {
                    Path::new(&from).join(inside).is_file() || Path::new(&from).is_file()
                })
            });
            assert!(mounted, "{name}: {file}");
        }
    }
}

#[test]
fn the_programs_read_what_they_are_given() {
    let read = |name: &str| root().join("deploy").join(name);
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "config", "--syntax-only"]).arg(read("compose/prometheus.yml"));
    output(&mut promtool);
    output(
        crate::process::program()
            .args(["check", "--config.file"])
            .arg(read("compose/history.yaml")),
    );
}
